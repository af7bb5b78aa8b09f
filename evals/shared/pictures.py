"""Pictures for studies: an even choice from a folder, and copies of one picture that should be read like it.

Copies that are not compressed on purpose are stored as PNG, without loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = ["COPIES", "PICTURE_ENDINGS", "evenly", "pictures_in", "save_copy"]

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_ORIENTATION, _TURNED = 0x0112, 6  # 6: the stored rows are to be turned a quarter clockwise


def pictures_in(folder: Path, endings: frozenset[str] = PICTURE_ENDINGS) -> list[Path]:
    """The pictures of a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in endings)


def evenly(items: Sequence[T], count: int) -> list[T]:
    """`count` of the items at even distances; all of them where there are fewer, or where `count` is 0."""
    taken = min(count or len(items), len(items))
    return [items[index * len(items) // taken] for index in range(taken)]


def _scaled(share: float, whole: Callable[[float], int]) -> Callable[[Image.Image, Path], Path]:
    def save(image: Image.Image, folder: Path) -> Path:
        width, height = (max(1, whole(side * share)) for side in image.size)
        return _stored(image.resize((width, height), Image.Resampling.LANCZOS), folder / "changed.png")

    return save


def _compressed(ending: str, quality: int) -> Callable[[Image.Image, Path], Path]:
    return lambda image, folder: _stored(image, folder / f"changed.{ending}", quality=quality)


def _cut(first: int, last: int) -> Callable[[Image.Image, Path], Path]:
    """Without so many of its first and last columns and rows."""

    def save(image: Image.Image, folder: Path) -> Path:
        width, height = image.size
        box = (first, first, max(first + 1, width - last), max(first + 1, height - last))
        return _stored(image.crop(box), folder / "changed.png")

    return save


def _cropped(share: float) -> Callable[[Image.Image, Path], Path]:
    """Without so much of its width and height, half at each side."""

    def save(image: Image.Image, folder: Path) -> Path:
        across, down = (round(side * share / 2) for side in image.size)
        return _stored(image.crop((across, down, image.width - across, image.height - down)), folder / "changed.png")

    return save


def _turned(image: Image.Image, folder: Path) -> Path:
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURNED
    return _stored(image.transpose(Image.Transpose.ROTATE_90), folder / "changed.png", exif=exif)


def _stored(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


COPIES: dict[str, Callable[[Image.Image, Path], Path]] = {
    "JPEG quality 40": _compressed("jpg", 40),
    "JPEG quality 60": _compressed("jpg", 60),
    "WebP quality 80": _compressed("webp", 80),
    "half the size": _scaled(0.5, int),
    "resized to 60 %": _scaled(0.6, round),
    "four pixels less": _cut(0, 4),
    "first four off": _cut(4, 0),
    "two off all round": _cut(2, 2),
    "cropped by 5 %": _cropped(0.05),
    "EXIF-turned": _turned,
}
"""What is done to a picture, by the name that tables show."""


def save_copy(picture: Path, change: str, folder: Path) -> Path:
    """A copy of the picture with one of `COPIES` done to it, as a file in `folder` that the next copy replaces."""
    with Image.open(picture) as file:
        return COPIES[change](file.convert("RGB"), folder)
