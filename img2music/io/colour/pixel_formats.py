"""Any decoded Pillow raster, made a small sRGB picture: palettes, greys of 1 to 32 bits, CMYK, transparency, colour profiles
and spaces.

A large raster is converted and averaged strip by strip, so that no second full-size copy is made.
Transparent pictures are laid on white, unless what is drawn would vanish on it: where most of it is nearly white, and so is most of its edge
against the transparent parts (or that is a faint shadow), and where those parts are more than rounded corners. It is then laid on dark grey;
on middle grey where a part of it is dark too. Nearly white: luminance over `_LIGHT` (WCAG contrast with white under 1.5), hardly any colour.
Conventions: whatever was done beyond a plain conversion is appended to `notes` in words for people.
Does not know: spot colours, the real range of floating point pictures (guessed from the values), and for
which page a logo was drawn.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from img2music.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    from img2music.io.colour.colour_spaces import ColourSpace

__all__ = ["shrink", "to_srgb"]

_STRIP_PIXELS = 4_000_000
_DIRECT = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
"""Modes of eight bits that can be averaged as they are."""
_LIGHT, _DARK = 0.65, 0.05  # luminance; (1 + .05) / (.65 + .05) = 1.5, WCAG 2.2, "contrast ratio"
_COLOURLESS = 60
_SIDE = 512
_OPAQUE = 64
_LEAST_TRANSPARENT = 0.05
_FAINT = 0.35
"""Contrast (standard deviation) on white, in parts of that on dark grey, under which a soft shadow is all that is seen."""


def shrink(image: Image, longest: int, notes: list[str]) -> Image:
    """`image` in one of the modes L, LA, RGB, RGBA, CMYK, averaged by a whole factor to at least half of `longest`.

    Raises:
        PictureError: no pixels; its text continues the picture's name.
        ValueError: a colour mode that Pillow can't convert.
    """
    from PIL import Image as PillowImage

    factor = max(1, max(image.size) // longest)
    scale = _grey_scale(image, notes)
    small: Image | None = None
    for top, strip in _strips(image, factor):
        plain = _plain(strip, scale)
        if factor > 1:
            plain = plain.reduce(factor)
        if small is None:
            small = PillowImage.new(plain.mode, (-(-image.width // factor), -(-image.height // factor)))
        small.paste(plain, (0, top // factor))
    if small is None:
        raise PictureError("has no pixels; give another picture")
    return small


def to_srgb(image: Image, profile: object, notes: list[str], space: ColourSpace | None = None) -> Image:
    """`image` (a mode of `shrink`) as opaque RGB: its colour profile or else its colour `space` applied, transparency on a ground."""
    from PIL import Image as PillowImage

    from img2music.io.colour import colour_spaces

    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colour = image.convert({"LA": "L", "RGBA": "RGB"}[image.mode]) if alpha is not None else image
    if isinstance(profile, bytes) and profile:
        colour = _apply_profile(colour, profile, notes)
    elif space is not None and colour.mode != "CMYK":
        colour = colour_spaces.to_srgb(colour, space)
        pressed = ", its highlights pressed into what a screen shows" if space.hdr else ""
        notes.append(f"colours of {space.name} turned into sRGB{pressed}")
    if colour.mode == "CMYK":
        notes.append("CMYK ink turned into screen colours")
    colour = colour.convert("RGB")
    if alpha is None or alpha.getextrema() == (255, 255):
        return colour
    ground, called = _choose_background(PillowImage.merge("RGBA", (*colour.split(), alpha)))
    notes.append(f"transparent parts laid on {called}")
    laid = PillowImage.new("RGB", colour.size, ground)
    laid.paste(colour, mask=alpha)
    return laid


def _strips(image: Image, factor: int) -> Iterator[tuple[int, Image]]:
    """The picture in strips of whole multiples of `factor` rows, each with its first row."""
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // (width * factor)) * factor
    if rows >= height:
        yield 0, image
        return
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(height, top + rows)))


def _grey_scale(image: Image, notes: list[str]) -> tuple[float, float] | None:
    """(lowest, highest) value of a deep grey picture, to be spread over 0..255; None for ordinary pictures."""
    import numpy as np

    if image.mode.startswith("I;16"):
        notes.append("16-bit greys scaled to 8 bits")
        return 0.0, 65535.0
    if image.mode not in {"I", "F"}:
        return None
    low, high = np.inf, -np.inf
    for _, strip in _strips(image, 1):
        values = np.asarray(strip)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    kind = "32-bit" if image.mode == "I" else "floating point"
    ceilings = (255.0, 65535.0) if image.mode == "I" else (1.0, 255.0, 65535.0)
    for ceiling in ceilings:
        if low >= 0 and high <= ceiling:
            notes.append(f"{kind} greys from 0 to {ceiling:g} scaled to 8 bits")
            return 0.0, ceiling
    notes.append(f"{kind} greys stretched from darkest to lightest")
    return (low, high) if low < high else (0.0, 1.0)


def _plain(strip: Image, scale: tuple[float, float] | None) -> Image:
    """A strip in one of the modes `_DIRECT`."""
    import numpy as np
    from PIL import Image as PillowImage

    if scale is not None:
        low, high = scale
        values = np.nan_to_num(np.asarray(strip).astype(np.float32), nan=low, posinf=high, neginf=low)
        return PillowImage.fromarray(np.clip((values - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8))
    if strip.has_transparency_data:
        return strip if strip.mode in {"LA", "RGBA"} else strip.convert("RGBA")
    if strip.mode in _DIRECT:
        return strip
    return strip.convert("L" if strip.mode == "1" else "RGB")


def _apply_profile(image: Image, profile: bytes, notes: list[str]) -> Image:
    """`image` (L, RGB or CMYK) carried from its colour profile to sRGB; unchanged, with a note, where that fails."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = " ".join((ImageCms.getProfileDescription(source) or "").split())[:60]
        if "sRGB" in name and image.mode == "RGB":
            return image
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except Exception:  # profiles are parsed by littlecms, which refuses broken and mismatched ones in many ways
        notes.append("its colour profile can't be used and was ignored")
        return image
    if converted is None:
        return image
    notes.append(f"colour profile {name or 'without a name'} turned into sRGB")
    return converted


def _choose_background(image: Image) -> tuple[tuple[int, int, int], str]:
    """The ground's colour and its name for people."""
    import numpy as np
    from PIL import Image as PillowImage

    white, black, grey = ((255, 255, 255), "white"), ((32, 32, 32), "dark grey"), ((128, 128, 128), "grey")
    small = image.convert("RGBA")
    if max(small.size) > _SIDE:
        small.thumbnail((_SIDE, _SIDE), PillowImage.Resampling.BOX)
    values = np.asarray(small, dtype=np.float32)
    alpha = values[..., 3]
    shown = alpha >= min(_OPAQUE, float(alpha.max()) / 2)
    shown &= alpha > 0
    if not shown.any() or np.mean(~shown) < _LEAST_TRANSPARENT:
        return white
    colour = values[..., :3]
    luminance = ((colour / 255) ** 2.2) @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    light = (luminance > _LIGHT) & (np.ptp(colour, axis=-1) < _COLOURLESS)
    padded = np.pad(shown, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge = shown & ~inner
    weight = np.where(shown, alpha, 0)
    if float((weight * light).sum()) < 0.5 * float(weight.sum()):
        return white
    grey_levels, opacity = colour.mean(axis=-1), alpha / 255
    on_white, on_black = (float((grey_levels * opacity + level * (1 - opacity)).std()) for level in (255, black[0][0]))
    if float((edge & light).sum()) < 0.5 * float(edge.sum()) and on_white > _FAINT * on_black:
        return white
    return grey if float((weight * (luminance < _DARK)).sum()) > 0.05 * float(weight.sum()) else black
