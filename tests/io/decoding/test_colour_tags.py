"""Colours told by EXIF, by PNG chunks, by code points of AVIF: every variant shows the same three colours."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from img2music.io.colour.colour_tags import Cicp
from img2music.io.decoding.isobmff import coded_colours
from img2music.io.pictures import Picture, open_picture
from tests.support.picture_files import encode_picture, png_file, sky_and_grass

Values = np.ndarray[Any, np.dtype[np.float64]]

HAS_AVIF = "avif" in features.modules and bool(features.check("avif"))
# xy of red, green, blue and white, from the standards themselves: BT.709, BT.2020, SMPTE EG 432-1, Adobe RGB (1998).
D65 = (0.3127, 0.3290)
SRGB = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *D65)
BT2020 = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *D65)
P3 = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *D65)
ADOBE = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *D65)


def to_xyz(places: tuple[float, ...]) -> Values:
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(places[::2], places[1::2], strict=True)]).T
    return np.asarray(columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3]))


def light(places: tuple[float, ...]) -> Values:
    """The scene's linear light in other primaries."""
    codes = sky_and_grass() / 255
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.clip(linear @ np.linalg.solve(to_xyz(places), to_xyz(SRGB)).T, 0, 1))


def srgb_curve(linear: Values) -> Values:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def bt709_curve(linear: Values) -> Values:
    return np.where(linear < 0.018, 4.5 * linear, 1.099 * linear**0.45 - 0.099)


def pq_curve(linear: Values, white: float = 203.0) -> Values:
    """SMPTE ST 2084, with the scene's white at `white` cd/m2."""
    power = (white * linear / 10000) ** (2610 / 16384)
    return np.asarray(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def hlg_curve(linear: Values, white: float = 203.0) -> Values:
    """BT.2100: a display of 1000 cd/m2, its OOTF taken back, then the OETF."""
    shown = white * linear / 1000
    luminance = np.maximum(shown @ np.array([0.2627, 0.6780, 0.0593]), 1e-9)
    seen = shown * (luminance ** (1 / 1.2 - 1))[..., None]
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.asarray(np.where(seen <= 1 / 12, np.sqrt(3 * seen), a * np.log(np.maximum(12 * seen - b, 1e-9)) + c))


def codes(values: Values, top: int = 255) -> Values:
    return np.asarray(np.rint(top * values))


def off(picture: Picture) -> int:
    """The largest difference from the scene."""
    return int(np.abs(picture.rgb.astype(int) - sky_and_grass()).max())


# ---------------------------------------------------------------- EXIF


def adobe_jpeg(values: Values | None = None, **tags: Any) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    inner: dict[int, Any] = {}
    if "space" in tags:
        inner[0xA001] = tags["space"]
    if "index" in tags:
        inner[0xA005] = {1: tags["index"], 2: b"0100"}
    if "primaries" in tags:
        exif[0x013F] = tags["primaries"]
    exif._ifds[0x8769] = inner
    kept = codes(light(ADOBE) ** (256 / 563)) if values is None else values
    options = {"icc_profile": tags["profile"]} if "profile" in tags else {}
    image = Image.fromarray(kept.astype(np.uint8))
    return encode_picture(image, "JPEG", quality=100, subsampling=0, exif=exif, **options)


@pytest.mark.parametrize(
    "tags",
    [
        {"space": 65535, "index": "R03"},
        {"space": 2},
        {"index": "R03"},
        {"space": 65535, "primaries": (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)},
    ],
)
def test_adobe_rgb_told_by_exif_only(tags: dict[str, Any]) -> None:
    found = open_picture(adobe_jpeg(**tags))
    assert off(found) <= 12  # JPEG
    assert found.notes == ("colours of Adobe RGB turned into sRGB",)


def test_exif_that_says_srgb_or_nothing_changes_nothing() -> None:
    plain = sky_and_grass().astype(float)
    for tags in ({"space": 1}, {}, {"space": 1, "index": "R03"}, {"space": 1, "index": "R98"}):
        assert open_picture(adobe_jpeg(plain, **tags)).notes == ()
    unknown = open_picture(adobe_jpeg(plain, space=65535))
    assert "they were taken as sRGB" in unknown.notes[0]
    assert off(unknown) <= 6


def test_a_profile_wins_over_exif() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = open_picture(adobe_jpeg(sky_and_grass().astype(float), space=65535, index="R03", profile=profile))
    assert off(found) <= 6
    assert found.notes == ()


# ---------------------------------------------------------------- PNG


@pytest.mark.parametrize("full", [1, 0])
@pytest.mark.parametrize(
    ("code", "places", "curve", "most"),
    [
        (12, P3, 13, 5),
        (9, BT2020, 13, 6),
        (1, SRGB, 13, 3),
        (1, SRGB, 1, 3),
        (9, BT2020, 14, 8),
        (9, BT2020, 8, 12),
        (1, SRGB, 8, 12),
        (9, BT2020, 16, 14),
        (12, P3, 16, 12),
        (9, BT2020, 18, 12),
    ],
)
def test_code_points_of_png(code: int, places: tuple[float, ...], curve: int, most: int, full: int) -> None:
    curves: dict[int, Callable[[Values], Values]] = {
        13: srgb_curve,
        1: bt709_curve,
        14: bt709_curve,
        8: np.asarray,
        16: pq_curve,
        18: hlg_curve,
    }
    values = curves[curve](light(places))
    stored = codes(values) if full else np.rint(16 + 219 * values)
    found = open_picture(png_file(stored, (b"cICP", bytes([code, curve, 0, full]))))
    assert off(found) <= most
    assert len(found.notes) == (0 if (code, curve, full) == (1, 13, 1) else 1)
    assert ("highlights" in " ".join(found.notes)) == (curve in {16, 18})


def test_highlights_of_hdr_are_pressed_and_the_rest_stays() -> None:
    linear = light(BT2020)
    linear[:10, :10] = 5  # five times the white: 1015 cd/m2
    found = open_picture(png_file(codes(pq_curve(linear)), (b"cICP", bytes([9, 16, 0, 1])))).rgb.astype(int)
    assert found[2, 2].min() >= 250, "the brightest is the screen's white"
    assert np.abs(found[30, 5] - sky_and_grass()[30, 5]).max() <= 12, "what is darker than half of the white stays"
    linear[:10, :10] = 2
    middle = open_picture(png_file(codes(pq_curve(linear)), (b"cICP", bytes([9, 16, 0, 1])))).rgb.astype(int)
    assert middle[2, 2].min() >= 250
    linear[:5, :5] = 5
    both = open_picture(png_file(codes(pq_curve(linear)), (b"cICP", bytes([9, 16, 0, 1])))).rgb.astype(int)
    assert both[8, 8].max() < both[2, 2].min(), "what differs in the file differs on the screen"


def places_chunk(places: tuple[float, ...]) -> bytes:
    return struct.pack(">8I", *(round(100_000 * value) for value in (*places[6:], *places[:6])))


def gamma_chunk(exponent: float) -> bytes:
    return struct.pack(">I", round(100_000 * exponent))


@pytest.mark.parametrize("exponent", [1.0, 0.55, 0.7])
def test_gamma_of_png(exponent: float) -> None:
    stored = light(SRGB) ** exponent
    assert off(open_picture(png_file(codes(stored), (b"gAMA", gamma_chunk(exponent))))) <= 8
    deep = open_picture(png_file(codes(stored, 65535), (b"gAMA", gamma_chunk(exponent)), bits=16))
    assert off(deep) <= 8
    grey = codes(light(SRGB)[..., 1] ** exponent)
    found = open_picture(png_file(grey, (b"gAMA", gamma_chunk(exponent)))).rgb
    assert np.abs(found[..., 1].astype(int) - sky_and_grass()[..., 1]).max() <= 8


def test_gamma_of_a_palette() -> None:
    image = Image.fromarray(codes(light(SRGB)).astype(np.uint8)).quantize(8)
    plain = encode_picture(image, "PNG")
    told = plain[:33] + png_file(sky_and_grass(), (b"gAMA", gamma_chunk(1.0)))[33:49] + plain[33:]
    assert off(open_picture(told)) <= 8
    assert off(open_picture(plain)) > 40


@pytest.mark.parametrize("exponent", [0.45455, 1 / 2.2, 0.44, 0.0, 90.0])
def test_an_ordinary_or_foolish_gamma_changes_nothing(exponent: float) -> None:
    found = open_picture(png_file(sky_and_grass(), (b"gAMA", gamma_chunk(exponent))))
    assert (off(found), found.notes) == (0, ())


def test_primaries_of_png() -> None:
    stored = codes(srgb_curve(light(P3)))
    for chunks in ([(b"cHRM", places_chunk(P3))], [(b"gAMA", gamma_chunk(0.45455)), (b"cHRM", places_chunk(P3))]):
        assert off(open_picture(png_file(stored, *chunks))) <= 5
    ordinary = open_picture(png_file(sky_and_grass(), (b"gAMA", gamma_chunk(0.45455)), (b"cHRM", places_chunk(SRGB))))
    assert (off(ordinary), ordinary.notes) == (0, ())


def test_which_chunk_wins() -> None:
    import zlib

    wrong = (b"gAMA", gamma_chunk(1.0)), (b"cHRM", places_chunk(BT2020))
    assert off(open_picture(png_file(sky_and_grass(), (b"sRGB", b"\0"), *wrong))) == 0, "sRGB wins over gAMA and cHRM"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = (b"iCCP", b"p\0\0" + zlib.compress(srgb))
    assert off(open_picture(png_file(sky_and_grass(), profile, *wrong))) == 0, "a profile wins over gAMA and cHRM"
    stored = codes(srgb_curve(light(P3)))
    code = (b"cICP", bytes([12, 13, 0, 1]))
    assert off(open_picture(png_file(stored, code, profile, (b"sRGB", b"\0"), *wrong))) <= 5, "cICP wins over all"
    assert off(open_picture(png_file(sky_and_grass(), (b"cICP", bytes([1, 13, 0, 1])), *wrong))) == 0


@pytest.mark.parametrize(
    "bad",
    [
        (b"cICP", b"\xff\xff\0\1"),
        (b"cICP", b"\2\2\0\1"),
        (b"cICP", b"\x0c\x0d\1\1"),
        (b"cICP", b"\x0c"),
        (b"cHRM", b"\0" * 32),
        (b"cHRM", b"\xff" * 32),
        (b"cHRM", b"\0" * 7),
        (b"gAMA", b""),
        (b"gAMA", b"\xff" * 4),
    ],
)
def test_chunks_without_sense_are_ignored(bad: tuple[bytes, bytes]) -> None:
    try:
        found = open_picture(png_file(sky_and_grass(), bad))
    except ValueError as error:  # Pillow refuses some of them itself
        assert "damaged" in str(error)  # noqa: PT017
    else:
        assert off(found) == 0


def test_transparency_and_code_points_together() -> None:
    values = np.dstack([codes(srgb_curve(light(P3))), np.full((40, 60), 255.0)])
    plain = encode_picture(Image.fromarray(values.astype(np.uint8)), "PNG")
    found = open_picture(plain[:33] + png_file(sky_and_grass(), (b"cICP", bytes([12, 13, 0, 1])))[33:49] + plain[33:])
    assert off(found) <= 5


# ---------------------------------------------------------------- AVIF


def recoded(avif: bytes, primaries: int, transfer: int) -> bytes:
    """An AVIF whose nclx property says something else."""
    place = avif.index(b"nclx") + 4
    return avif[:place] + struct.pack(">HH", primaries, transfer) + avif[place + 4 :]


@pytest.mark.skipif(not HAS_AVIF, reason="no AVIF")
def test_code_points_of_avif() -> None:
    image = Image.fromarray(codes(srgb_curve(light(P3))).astype(np.uint8))
    avif = recoded(encode_picture(image, "AVIF", quality=100, subsampling="4:4:4"), 12, 13)
    found = open_picture(avif)
    assert off(found) <= 12
    assert found.notes == ("colours of Display P3 turned into sRGB",)
    assert open_picture(recoded(avif, 1, 13)).notes == ()
    assert open_picture(recoded(avif, 2, 2)).notes == ()
    assert "were ignored" in open_picture(recoded(avif, 77, 13)).notes[0]


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def test_the_colours_of_the_main_item_count() -> None:
    one, two = (box(b"colr", b"nclx", struct.pack(">HHHB", code, 13, 6, 0x80)) for code in (9, 12))
    shares = struct.pack(">IIHBBHBB", 0, 2, 1, 1, 1, 2, 1, 2)  # item 1 has property 1, item 2 property 2
    meta = box(
        b"meta", b"\0" * 4, box(b"pitm", struct.pack(">IH", 0, 2)), box(b"iprp", box(b"ipco", one, two), box(b"ipma", shares))
    )
    assert coded_colours(meta) == Cicp(12, 13, 6, full_range=True)
    without = box(b"meta", b"\0" * 4, box(b"iprp", box(b"ipco", one, two)))
    assert coded_colours(without) == Cicp(9, 13, 6, full_range=True)
    assert coded_colours(box(b"meta", b"\0" * 4)) is None
    assert coded_colours(meta[:-20]) in {None, Cicp(9, 13, 6, full_range=True), Cicp(12, 13, 6, full_range=True)}
