"""Colour spaces that a file names by numbers, and the way from them to sRGB.

A space is its primaries and white (CIE xy), its transfer function, and its range. The way: code values to linear light, by the
primaries to XYZ, adapted to D65 (Bradford), to sRGB's primaries, cut at 0 and 1, and through sRGB's curve (IEC 61966-2-1).
HDR (PQ and HLG, ITU-R BT.2100) is laid out for a screen whose white is 203 cd/m2 (BT.2408, reference white): what lies below
stays as it is, and highlights are pressed together by the knee of BT.2390 (section 5.4), from the brightest value in this
picture. A picture with no value above its white is therefore only translated.
Sources: code points and formulas of ITU-T H.273 (tables 2 and 3); Adobe RGB (1998), version 2005-05, section 4.3.
Conventions: images of mode L or RGB, eight bits; linear light 1.0 is the screen's white.
Does not know: colours outside sRGB (they are cut), and HDR10+ or Dolby metadata.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["ADOBE_RGB", "ColourSpace", "from_code_points", "from_gamma", "to_srgb"]

_D65 = (0.3127, 0.3290)
_SRGB = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *_D65)
_C = (0.310, 0.316)
# H.273 table 2: red, green, blue, white.
_PRIMARIES: dict[int, tuple[str, tuple[float, ...]]] = {
    1: ("BT.709", _SRGB),
    4: ("BT.470 M", (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *_C)),
    5: ("BT.470 BG", (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65)),
    6: ("SMPTE 170M", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65)),
    7: ("SMPTE 240M", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65)),
    8: ("generic film", (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C)),
    9: ("BT.2020", (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65)),
    11: ("DCI P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351)),
    12: ("Display P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65)),
    22: ("EBU 3213", (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65)),
}
# H.273 table 3. A number is the exponent of a pure power.
_TRANSFERS: dict[int, str | float] = {
    1: "BT.709",
    4: 2.2,
    5: 2.8,
    6: "BT.709",
    7: "SMPTE 240M",
    8: 1.0,
    11: "BT.709",
    12: "BT.709",
    13: "sRGB",
    14: "BT.709",
    15: "BT.709",
    16: "PQ",
    18: "HLG",
}
# XYZ of linear sRGB, and Bradford's cone responses (Lam 1985, as in ICC.1:2022 annex E).
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_REFERENCE_WHITE = 203.0  # cd/m2, BT.2408-7 table 1
_PQ_PEAK = 10_000.0
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2  # BT.2100-2 table 5, nominal display
_STRIP_VALUES = 3_000_000
_STEPS = 65536


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """Primaries and white as eight CIE xy coordinates (red, green, blue, white), and how code values become light.

    `transfer` is "sRGB", "BT.709", "SMPTE 240M", "PQ", "HLG", or the exponent of a power. With `full_range` False black is 16
    and white 235.
    """

    name: str
    primaries: tuple[float, ...]
    transfer: str | float
    full_range: bool = True

    @property
    def is_srgb(self) -> bool:
        """Whether nothing is to be done."""
        near = all(abs(one - other) <= 0.002 for one, other in zip(self.primaries, _SRGB, strict=True))
        return near and self.transfer == "sRGB" and self.full_range

    @property
    def hdr(self) -> bool:
        """Whether its white is not its brightest."""
        return self.transfer in {"PQ", "HLG"}


ADOBE_RGB = ColourSpace("Adobe RGB", (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *_D65), 563 / 256)


def from_code_points(primaries: int, transfer: int, *, full_range: bool = True) -> ColourSpace | None:
    """The space of two code points of H.273; None where one of them says nothing or is not known here."""
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return None
    name, places = _PRIMARIES[primaries]
    curve = _TRANSFERS[transfer]
    if curve in {"PQ", "HLG"}:
        name += f" {curve}"
    elif primaries == 1 and curve != "sRGB":
        name += f" with the curve of {curve}" if isinstance(curve, str) else f" with a gamma of {curve:g}"
    return ColourSpace(name, places, curve, full_range)


def from_gamma(exponent: float | None, primaries: tuple[float, ...] | None) -> ColourSpace | None:
    """The space of PNG's gAMA (the exponent that the file was encoded with) and cHRM (eight coordinates, red first).

    None where they say no more than sRGB does, or make no sense.
    """
    if exponent is not None and not 0.05 <= exponent <= 5:
        exponent = None
    if primaries is not None and not _sensible(primaries):
        primaries = None
    # libpng's threshold: a gamma within 5 % of the screen's is the screen's (png.h, PNG_GAMMA_THRESHOLD).
    usual = exponent is None or abs(exponent * 2.2 - 1) < 0.05
    curve: str | float = "sRGB" if usual or exponent is None else 1 / exponent
    space = ColourSpace("the file's own gamma and primaries", primaries or _SRGB, curve)
    return None if space.is_srgb else space


def _sensible(primaries: tuple[float, ...]) -> bool:
    """Whether eight coordinates span a triangle with the white in it."""
    if len(primaries) != 8 or not all(0 <= value <= 1 for value in primaries):
        return False
    rx, ry, gx, gy, bx, by, wx, wy = primaries
    area = (gx - rx) * (by - ry) - (bx - rx) * (gy - ry)
    parts = (
        (gx - wx) * (by - wy) - (bx - wx) * (gy - wy),
        (bx - wx) * (ry - wy) - (rx - wx) * (by - wy),
        (rx - wx) * (gy - wy) - (gx - wx) * (ry - wy),
    )
    return min(abs(area), wy, ry + gy + by) > 0.01 and all(part * area > 0 for part in parts)


def to_srgb(image: Image, space: ColourSpace) -> Image:
    """`image` (L or RGB) carried from `space` to sRGB, as RGB."""
    import numpy as np
    from PIL import Image as PillowImage

    from img2music.io.colour.oklab import srgb_from_linear

    image = image.convert("RGB")
    light = _light(space)
    matrix = _matrix(space.primaries)
    rows = max(1, _STRIP_VALUES // (3 * image.width))
    knee = _Knee(_peak(image, space, light)) if space.hdr else None
    encode = np.rint(255 * srgb_from_linear(np.linspace(0, 1, _STEPS))).astype(np.uint8)
    made = PillowImage.new("RGB", image.size)
    for top in range(0, image.height, rows):
        strip = np.asarray(image.crop((0, top, image.width, min(image.height, top + rows))))
        linear = light[strip]
        if space.transfer == "HLG":
            linear = _displayed(linear)
        if knee is not None:
            linear = knee(linear)
        linear = np.clip(linear @ matrix.T, 0, 1)
        made.paste(PillowImage.fromarray(encode[np.rint(linear * (_STEPS - 1)).astype(np.intp)]), (0, top))
    return made


def _light(space: ColourSpace) -> NDArray[np.float32]:
    """Linear light of the 256 code values; of HLG the scene's, of PQ in units of the reference white."""
    import numpy as np

    from img2music.io.colour.oklab import linear_from_srgb

    codes = np.arange(256) / 255
    if not space.full_range:
        codes = np.clip((np.arange(256) - 16) / 219, 0, 1)
    transfer = space.transfer
    if isinstance(transfer, float):
        linear = codes**transfer
    elif transfer == "sRGB":
        linear = linear_from_srgb(codes)
    elif transfer == "BT.709":
        linear = np.where(codes < 0.081, codes / 4.5, ((codes + 0.099) / 1.099) ** (1 / 0.45))
    elif transfer == "SMPTE 240M":
        linear = np.where(codes < 0.0913, codes / 4, ((codes + 0.1115) / 1.1115) ** (1 / 0.45))
    elif transfer == "PQ":
        linear = _from_pq(codes) / _REFERENCE_WHITE
    else:  # HLG, BT.2100-2 table 5, inverse OETF
        a = 0.17883277
        b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
        linear = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    return linear.astype(np.float32)


def _to_xyz(primaries: tuple[float, ...]) -> NDArray[np.float64]:
    """Linear RGB to XYZ with white at Y = 1 (SMPTE RP 177)."""
    import numpy as np

    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(primaries[::2], _nonzero(primaries[1::2]), strict=True)]).T
    return np.asarray(columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3]))


def _nonzero(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(max(value, 1e-6) for value in values)


def _matrix(primaries: tuple[float, ...]) -> NDArray[np.float32]:
    """Linear light of these primaries to sRGB's."""
    import numpy as np

    to_xyz, srgb, cones = _to_xyz(primaries), _to_xyz(_SRGB), np.array(_BRADFORD)
    ratio = (cones @ srgb.sum(axis=1)) / (cones @ to_xyz.sum(axis=1))
    adapted = np.linalg.inv(cones) @ np.diag(ratio) @ cones @ to_xyz
    return np.asarray(np.linalg.inv(srgb) @ adapted, dtype=np.float32)


def _from_pq(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """cd/m2 of PQ code values (SMPTE ST 2084)."""
    import numpy as np

    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = np.clip(codes, 0, 1) ** (1 / m2)
    return np.asarray(_PQ_PEAK * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))


def _displayed(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    """HLG's scene light as a display of 1000 cd/m2 shows it (BT.2100-2, OOTF), in units of the reference white."""
    import numpy as np

    luminance = scene @ np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
    gain = _HLG_PEAK / _REFERENCE_WHITE * np.maximum(luminance, 1e-6) ** (_HLG_GAMMA - 1)
    return np.asarray(scene * gain[..., None], dtype=np.float32)


def _peak(image: Image, space: ColourSpace, light: NDArray[np.float32]) -> float:
    """The brightest value of an HDR picture in units of the reference white."""
    import numpy as np

    brightest = np.asarray(image).max(axis=(0, 1))
    linear = light[brightest][None, None, :]
    return float((_displayed(linear) if space.transfer == "HLG" else linear).max())


class _Knee:
    """BT.2390's knee: what lies far below the white stays, the rest up to `peak` is pressed below the white."""

    def __init__(self, peak: float) -> None:
        import numpy as np

        codes = np.linspace(0, 1, 4096)
        levels = _from_pq(codes)
        top = float(np.interp(max(peak, 1.0) * _REFERENCE_WHITE, levels, codes))
        white = float(np.interp(_REFERENCE_WHITE, levels, codes)) / top
        start = 1.5 * white - 0.5
        scaled = np.clip(codes / top, 0, 1)
        t = np.clip((scaled - start) / max(1 - start, 1e-9), 0, 1)
        curve = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * (1 - start) + (-2 * t**3 + 3 * t**2) * white
        self._identity = peak <= 1.01
        self._before = levels / _REFERENCE_WHITE
        self._after = _from_pq(np.where(scaled < start, scaled, curve) * top) / _REFERENCE_WHITE

    def __call__(self, linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pressed by the largest of the three, so that hues stay."""
        import numpy as np

        if self._identity:
            return linear
        largest = np.maximum(linear.max(axis=-1, keepdims=True), 1e-6)
        return np.asarray(linear * (np.interp(largest, self._before, self._after) / largest), dtype=np.float32)
