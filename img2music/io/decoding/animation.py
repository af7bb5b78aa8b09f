"""The first frame of an animation that shows something.

A frame is blank where nearly all of it is one colour: in a copy of `_SIDE` pixels the values of no channel spread. Fades begin
like that. The first frame that is not blank is taken; where it is the beginning of a fade (the next frames show the same with
more contrast), the frame where the fade is over.
Bounded: at most `_MOST_FRAMES` frames and `_MOST_PIXELS` decoded pixels are looked at.
Does not know: which frame is the best one.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["first_with_content", "is_blank", "note_frames", "seek_content"]

_SIDE, _THINNED = 48, 960
_SPREAD = 6.0
"""Standard deviation (of 255) under which a channel counts as one colour: noise of a lossy codec stays under 2."""
_MOST_FRAMES = 150
_MOST_PIXELS = 300_000_000
_SAME_SCENE = 0.9  # correlation of two frames of one fade
_STRONGER = 1.03
_COUNTED_BYTES = 8_000_000  # frames are counted only in files up to this size: counting walks through the whole file
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def is_blank(image: Image) -> bool:
    """Whether nearly all of a frame is one colour, or nothing."""
    return _spread(_sample(image)) < _SPREAD


def _sample(image: Image) -> NDArray[np.float32]:
    """A small copy, (rows, columns, 4): colour over white, and how opaque it is."""
    import numpy as np
    from PIL import Image as PillowImage

    box = (min(_SIDE, image.width), min(_SIDE, image.height))
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image.resize(box, PillowImage.Resampling.NEAREST), dtype=np.float32)
        top = max(1.0, float(np.nanmax(np.abs(values), initial=0)))
        return np.nan_to_num(np.repeat((255 / top * values)[..., None], 4, axis=2))
    if max(image.size) > _THINNED:  # no second full-size copy
        image = image.resize((min(_THINNED, image.width), min(_THINNED, image.height)), PillowImage.Resampling.NEAREST)
    small = image.convert("RGBA").resize(box, PillowImage.Resampling.BOX)
    values = np.asarray(small, dtype=np.float32)
    alpha = values[..., 3:] / 255
    return np.concatenate([values[..., :3] * alpha + 255 * (1 - alpha), values[..., 3:]], axis=-1)


def _spread(sample: NDArray[np.float32]) -> float:
    return float(sample.std(axis=(0, 1)).max())


def _alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Correlation of two samples of the same size."""
    a, b = one - one.mean(axis=(0, 1)), other - other.mean(axis=(0, 1))
    size = float((a * a).sum() * (b * b).sum()) ** 0.5
    return float((a * b).sum()) / size if size else 0.0


def seek_content(image: Image) -> tuple[int, int] | None:
    """Moves `image`, whose first frame is blank, to the frame that is taken; how many frames before it are blank, and its number from 0.

    None where all are blank: then the image stands at a later frame, and the caller opens it anew.
    """
    most = min(_MOST_FRAMES, _MOST_PIXELS // max(1, image.width * image.height))
    best: NDArray[np.float32] | None = None
    for number in range(1, most):
        try:
            image.seek(number)
            image.load()
            sample = _sample(image)
        except Exception:  # the end, or a damaged frame; what came before may be whole
            break
        if best is None:
            if _spread(sample) >= _SPREAD:
                best, place, blank = sample, number, number
        elif _spread(sample) > _STRONGER * _spread(best) and _alike(best, sample) > _SAME_SCENE:
            best, place = sample, number
        else:
            break
    if best is None:
        return None
    image.seek(place)
    image.load()
    return blank, place


def note_frames(image: Image, file_bytes: int) -> Iterator[str]:
    """A note where there is more than one frame or page."""
    if not getattr(image, "is_animated", False):
        return
    try:
        count = getattr(image, "n_frames", 2) if file_bytes <= _COUNTED_BYTES else None
    except Exception:  # a later frame is damaged, in any way; the first may be whole
        count = None
    yield f"first of {count} frames" if count else "first of many frames"


def first_with_content(image: Image, content: bytes, format: str, notes: list[str]) -> tuple[Image, list[str]]:  # noqa: A002
    """The first frame that shows something, instead of a blank first one, and the notes with its number; that one again where none does.

    `content` is the file, `format` Pillow's name of what it is, and `notes` begin with that of `note_frames`.
    """
    from PIL import Image as PillowImage

    found = seek_content(image)
    if found is None:
        again = PillowImage.open(io.BytesIO(content), formats=(format,))
        again.load()
        return again, notes
    of = notes[0].removeprefix("first of ").removesuffix(" frames")
    blank, place = found
    count = _NUMBERS[blank] if blank < len(_NUMBERS) else str(blank)
    before = "the first is blank" if blank == 1 else f"the first {count} are blank"
    fading = "" if blank == place else ", then it fades in"
    return image, [f"frame {place + 1} of {of}: {before}{fading}", *notes[1:]]
