"""Opening pictures: every format and mode, what is done to them, and everything that is refused."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, features

from img2music.errors import PictureError, UsageError
from img2music.io.colour import pixel_formats
from img2music.io.decoding import animation, picture_sources
from img2music.io.pictures import WORKING_PIXELS, open_picture, preview_jpeg

HAS_AVIF = "avif" in features.modules and bool(features.check("avif"))


def scenery(height: int = 40, width: int = 60) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A picture that no turn or mirror maps onto itself."""
    y, x = np.mgrid[0:height, 0:width]
    red, green, blue = 255 * x // width, 255 * y // height, 120 + 0 * x
    picture = np.stack([red, green, blue], axis=-1).astype(np.uint8)
    picture[: height // 4, : width // 3] = (250, 240, 30)
    return picture


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


# ---------------------------------------------------------------- formats and modes


@pytest.mark.parametrize(
    ("suffix", "format_name", "options"),
    [
        ("png", "PNG", {}),
        ("bmp", "BMP", {}),
        ("tif", "TIFF", {}),
        ("tiff", "TIFF", {"compression": "tiff_lzw"}),
        ("ppm", "PPM", {}),
        ("webp", "WEBP", {"lossless": True}),
        ("ico", "ICO", {"sizes": [(60, 40)]}),
    ],
)
def test_lossless_formats_keep_every_pixel(tmp_path: Path, suffix: str, format_name: str, options: dict[str, Any]) -> None:
    path = saved(tmp_path / f"view.{suffix}", Image.fromarray(scenery()), **options)
    picture = open_picture(path)
    assert picture.format == format_name
    assert (picture.width, picture.height, picture.file) == (60, 40, f"view.{suffix}")
    assert picture.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    np.testing.assert_array_equal(picture.rgb, scenery())
    assert picture.notes == ()


@pytest.mark.parametrize(
    "suffix", ["jpg", "gif", "webp", pytest.param("avif", marks=pytest.mark.skipif(not HAS_AVIF, reason="no AVIF"))]
)
def test_lossy_formats_come_close(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"view.{suffix}", Image.fromarray(scenery()), **({} if suffix == "gif" else {"quality": 95}))
    picture = open_picture(path)
    assert picture.rgb.dtype == np.uint8
    assert picture.rgb.shape == (40, 60, 3)
    assert np.abs(picture.rgb.astype(int) - scenery()).mean() < 12


def test_qoi_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "view.qoi"
    pixels = b"".join(b"\xfe" + bytes(pixel) for pixel in scenery().reshape(-1, 3).tolist())
    path.write_bytes(b"qoif" + struct.pack(">IIBB", 60, 40, 3, 0) + pixels + b"\0" * 7 + b"\1")
    np.testing.assert_array_equal(open_picture(path).rgb, scenery())


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    path = saved(tmp_path / "view.jpg", Image.fromarray(scenery()), format="PNG")
    assert open_picture(str(path)).format == "PNG"


def test_the_working_copy_is_read_only(tmp_path: Path) -> None:
    picture = open_picture(saved(tmp_path / "a.png", Image.fromarray(scenery())))
    with pytest.raises(ValueError, match="read-only"):
        picture.rgb[0, 0] = 0


def test_greys_palettes_and_bits(tmp_path: Path) -> None:
    grey = Image.fromarray(scenery()).convert("L")
    expected = np.repeat(np.asarray(grey)[..., None], 3, axis=2)
    np.testing.assert_array_equal(open_picture(saved(tmp_path / "l.png", grey)).rgb, expected)

    palette = Image.fromarray(scenery()).quantize(16)
    np.testing.assert_array_equal(open_picture(saved(tmp_path / "p.png", palette)).rgb, np.asarray(palette.convert("RGB")))

    bits = grey.point(lambda value: 255 * (value > 120)).convert("1")
    found = open_picture(saved(tmp_path / "b.png", bits))
    assert set(np.unique(found.rgb)) == {0, 255}
    np.testing.assert_array_equal(found.rgb[..., 0], np.asarray(bits) * 255)


def test_transparency_is_laid_on_white_and_noted(tmp_path: Path) -> None:
    colours = np.dstack([scenery(), np.full((40, 60), 255, np.uint8)])
    opaque = open_picture(saved(tmp_path / "opaque.png", Image.fromarray(colours)))
    np.testing.assert_array_equal(opaque.rgb, scenery())
    assert opaque.notes == ()

    colours[:, :30, 3] = 0
    colours[:, 30:, 3] = 128
    half = open_picture(saved(tmp_path / "half.png", Image.fromarray(colours)))
    assert half.notes == ("transparent parts laid on white",)
    assert (half.rgb[:, :30] == 255).all()
    mixed = scenery()[:, 30:] * (128 / 255) + 255 * (127 / 255)
    assert np.abs(half.rgb[:, 30:] - mixed).max() <= 1.01

    grey = Image.fromarray(scenery()).convert("LA")
    grey.putalpha(0)
    assert (open_picture(saved(tmp_path / "la.png", grey)).rgb == 255).all()

    keyed = Image.new("P", (4, 4), 1)
    keyed.putpalette([255, 0, 0, 0, 0, 255])
    keyed.putpixel((0, 0), 0)
    found = open_picture(saved(tmp_path / "keyed.png", keyed, transparency=0))
    assert found.rgb[0, 0].tolist() == [255, 255, 255]
    assert found.rgb[1, 1].tolist() == [0, 0, 255]


def test_cmyk_is_noted(tmp_path: Path) -> None:
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for path in (saved(tmp_path / "ink.tif", ink), saved(tmp_path / "ink.jpg", ink, quality=95)):
        found = open_picture(path)
        assert found.notes == ("CMYK ink turned into screen colours",)
        red, green, blue = found.rgb[4, 4].tolist()
        assert red > 240
        assert max(green, blue) < 15


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_greys_are_scaled(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 257 * 64, 257 * 128, 65535]], dtype=np.uint16).repeat(4, axis=0)
    found = open_picture(saved(tmp_path / f"deep.{suffix}", Image.fromarray(values)))
    assert found.rgb[0, :, 0].tolist() == [0, 64, 128, 255]
    assert found.notes == ("16-bit greys scaled to 8 bits",)


def test_big_endian_16_bit_pgm(tmp_path: Path) -> None:
    path = tmp_path / "deep.pgm"
    path.write_bytes(b"P5 2 1 65535\n" + struct.pack(">HH", 0, 65535))
    assert open_picture(path).rgb[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("values", "expected", "note"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255], "floating point greys from 0 to 1 scaled to 8 bits"),
        ([0.0, 51.0, 255.0], [0, 51, 255], "floating point greys from 0 to 255 scaled to 8 bits"),
        ([-5.0, 0.0, 5.0], [0, 128, 255], "floating point greys stretched from darkest to lightest"),
        ([0.0, float("nan"), float("inf")], [0, 0, 255], "floating point greys from 0 to 1 scaled to 8 bits"),
    ],
)
def test_floating_point_greys(tmp_path: Path, values: list[float], expected: list[int], note: str) -> None:
    found = open_picture(saved(tmp_path / "float.tif", Image.fromarray(np.array([values], dtype=np.float32))))
    assert found.rgb[0, :, 0].tolist() == expected
    assert found.notes == (note,)


def test_32_bit_greys(tmp_path: Path) -> None:
    found = open_picture(saved(tmp_path / "int.tif", Image.fromarray(np.array([[-1000, 0, 1000]], dtype=np.int32))))
    assert found.rgb[0, :, 0].tolist() == [0, 128, 255]
    assert found.notes == ("32-bit greys stretched from darkest to lightest",)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_the_first_of_several_frames(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("#c00000", "#00c000", "#0000c0")]
    extra: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
    path = saved(tmp_path / f"move.{suffix}", frames[0], save_all=True, append_images=frames[1:], **extra)
    found = open_picture(path)
    assert found.notes == ("first of 3 frames",)
    assert found.rgb[5, 5].tolist() == [0xC0, 0, 0]


def test_frames_of_a_large_file_are_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("#c00000", "#00c000")]
    path = saved(tmp_path / "move.gif", frames[0], save_all=True, append_images=frames[1:])
    monkeypatch.setattr(animation, "_COUNTED_BYTES", 10)
    assert open_picture(path).notes == ("first of many frames",)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    turns = Image.Transpose
    # How a camera stores an upright scene under each orientation (the inverse of the turn that shows it).
    store = [
        None,
        turns.FLIP_LEFT_RIGHT,
        turns.ROTATE_180,
        turns.FLIP_TOP_BOTTOM,
        turns.TRANSPOSE,
        turns.ROTATE_90,
        turns.TRANSVERSE,
    ]
    store.append(turns.ROTATE_270)
    upright = Image.fromarray(scenery())
    how = store[orientation - 1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "turned.png", upright if how is None else upright.transpose(how), exif=exif)
    found = open_picture(path)
    np.testing.assert_array_equal(found.rgb, scenery())
    assert (found.width, found.height) == (60, 40)
    assert found.notes == (() if orientation == 1 else ("turned upright as its EXIF data says",))
    with Image.open(path) as image:  # Pillow's own way to turn agrees
        np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(image)), found.rgb)


def test_damaged_exif_is_ignored(tmp_path: Path) -> None:
    for number, exif in enumerate(
        (b"Exif\0\0MM\0*\0\0\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\xff\xff\xff\xff\xff\xff")
    ):
        path = saved(tmp_path / f"bad{number}.jpg", Image.fromarray(scenery()), exif=exif)
        assert open_picture(path).rgb.shape == (40, 60, 3)


# ---------------------------------------------------------------- size


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_becomes_a_small_working_copy(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "large.jpg", Image.fromarray(scenery(2000, 3200)), exif=exif)
    found = open_picture(path)
    shape, size = ((480, WORKING_PIXELS, 3), (3200, 2000)) if orientation == 1 else ((WORKING_PIXELS, 480, 3), (2000, 3200))
    assert found.rgb.shape == shape
    assert (found.width, found.height) == size


def test_strips_give_the_same_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = Image.fromarray(np.dstack([scenery(1700, 3333), scenery(1700, 3333)[..., 0]]))
    path = saved(tmp_path / "large.png", large, compress_level=1)
    whole = open_picture(path)
    monkeypatch.setattr(pixel_formats, "_STRIP_PIXELS", 100_000)
    stripped = open_picture(path)
    np.testing.assert_array_equal(whole.rgb, stripped.rgb)
    white = Image.new("RGBA", large.size, "white")
    white.alpha_composite(large)
    plain = np.asarray(white.convert("RGB").resize((768, 392), Image.Resampling.BOX)).astype(int)
    assert np.abs(plain - whole.rgb).mean() < 2


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (20000, 1), (3, 2)])
def test_odd_shapes(tmp_path: Path, size: tuple[int, int]) -> None:
    found = open_picture(saved(tmp_path / "odd.png", Image.new("RGB", size, "#336699")))
    assert (found.width, found.height) == size
    assert max(found.rgb.shape[:2]) <= WORKING_PIXELS
    assert np.abs(found.rgb.astype(int) - (0x33, 0x66, 0x99)).max() <= 1


# ---------------------------------------------------------------- colour profiles


def swapping_profile() -> bytes:
    """A colour profile (ICC 2.1, matrix and gamma) whose red is sRGB's blue and whose blue is sRGB's red."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    red, green, blue = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    name = b"swapped\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78,
        b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1, 0.8249),
        b"rXYZ": b"XYZ \0\0\0\0" + fixed(*blue),
        b"gXYZ": b"XYZ \0\0\0\0" + fixed(*green),
        b"bXYZ": b"XYZ \0\0\0\0" + fixed(*red),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, place = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, plain in tags.items():
        content = plain + b"\0" * (-len(plain) % 4)
        table += tag + struct.pack(">II", place + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", place + len(body), b"test", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed(0.9642, 1, 0.8249)
    return head.ljust(128, b"\0") + table + body


def test_a_colour_profile_is_applied(tmp_path: Path) -> None:
    path = saved(tmp_path / "profile.png", Image.new("RGB", (8, 8), (255, 0, 0)), icc_profile=swapping_profile())
    found = open_picture(path)
    assert found.notes == ("colour profile swapped turned into sRGB",)
    red, green, blue = found.rgb[4, 4].tolist()
    assert blue > 240
    assert max(red, green) < 25


def test_a_broken_colour_profile_is_noted(tmp_path: Path) -> None:
    path = saved(tmp_path / "profile.png", Image.fromarray(scenery()), icc_profile=b"no profile at all")
    found = open_picture(path)
    np.testing.assert_array_equal(found.rgb, scenery())
    assert found.notes == ("its colour profile can't be used and was ignored",)


# ---------------------------------------------------------------- refusals


def refusal(path: Path | str, **options: Any) -> str:
    """The one line that says why a file is refused."""
    with pytest.raises(PictureError, match=r".") as caught:
        open_picture(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.exit_code == 3
    assert ";" in text, "says what to do next"
    return text


def test_missing_folder_empty_and_pipe(tmp_path: Path) -> None:
    assert "no picture" in refusal(tmp_path / "none.jpg")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "empty.jpg").write_bytes(b"")
    assert "is empty" in refusal(tmp_path / "empty.jpg")
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refusal(tmp_path / "pipe")
    assert "can't be opened" in refusal("a" * 5000)
    assert "can't be opened" in refusal("nul\0byte.png")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "secret.png", Image.fromarray(scenery()))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "may not be read" in refusal(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"this is a letter, not a picture", "no picture that can be read"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript file"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing that shows nothing"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", " HEI"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
        (b"8BPS\0\1", "a Photoshop file"),
        (b"\x89PNG\r\n\x1a\n", "damaged or truncated PNG"),
        (b"\xff\xd8\xff", "damaged or truncated JPEG"),
        (b"BMW is no bitmap", "damaged or truncated BMP"),
        (b"GIF89a\0\0\0\0\0\0\0", "GIF"),
        (b"P6 0 0 255\n", "PPM"),
    ],
)
def test_no_pictures(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "file.jpg"
    path.write_bytes(content)
    text = refusal(path)
    assert expected in text
    assert "0x" not in text, "no memory address"


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm"])
def test_truncated_files(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / f"whole.{suffix}", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged or truncated" in refusal(path)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ):
        parts.append(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content)))
    return b"".join(parts)


def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    for width, height in ((10001, 10000), (50000, 50000)):  # beyond Pillow's warning and beyond its error
        path.write_bytes(png_claiming(width, height))
        assert "more than 100000000 pixels" in refusal(path)
    screen = tmp_path / "bomb.gif"
    screen.write_bytes(b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b",\0\0\0\0\1\0\1\0\0\2\0;")
    assert "more than 100000000 pixels" in refusal(screen)


def test_the_pixel_limit_can_be_set(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(scenery()))
    before = Image.MAX_IMAGE_PIXELS
    assert open_picture(path, max_pixels=2400).width == 60
    assert "more than 2399 pixels" in refusal(path, max_pixels=2399)
    path.write_bytes(png_claiming(20000, 20000))
    assert "damaged or truncated" in refusal(path, max_pixels=400_000_000)  # allowed now, but it is a lie
    assert before == Image.MAX_IMAGE_PIXELS
    with pytest.raises(UsageError, match="max_pixels is 0"):
        open_picture(path, max_pixels=0)


def test_a_picture_hidden_in_an_icon_is_counted(tmp_path: Path) -> None:
    inner = png_claiming(30000, 30000)
    path = tmp_path / "bomb.ico"
    path.write_bytes(struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 22) + inner)
    assert "more than 100000000 pixels" in refusal(path)


def test_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(scenery()))
    monkeypatch.setattr(picture_sources, "LARGEST_FILE", path.stat().st_size - 1)
    assert "larger than" in refusal(path)
    monkeypatch.setattr(picture_sources, "LARGEST_FILE", path.stat().st_size)
    assert open_picture(path).width == 60


def test_other_colour_models(tmp_path: Path) -> None:
    lab = open_picture(saved(tmp_path / "lab.tif", Image.new("LAB", (8, 8), (255, 128, 128))))
    assert lab.rgb.min() > 245, "CIELAB 100, 0, 0 (a and b are stored with 128 added) is white"
    ycc = open_picture(saved(tmp_path / "ycc.tif", Image.fromarray(scenery()).convert("YCbCr")))
    assert np.abs(ycc.rgb.astype(int) - scenery()).max() <= 3


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text there")
def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png"))
    picture = open_picture(saved(path, Image.fromarray(scenery()), format="PNG"))
    assert picture.file.encode("utf-8").endswith(b".png")


def whole_files() -> list[bytes]:
    files = []
    for format_name, options in (
        ("PNG", {}),
        ("JPEG", {}),
        ("GIF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {}),
        ("ICO", {}),
    ):
        buffer = io.BytesIO()
        Image.fromarray(scenery(20, 24)).save(buffer, format_name, **options)
        files.append(buffer.getvalue())
    return files


WHOLE = whole_files()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from(range(len(WHOLE))),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_never_cause_another_error(tmp_path: Path, which: int, changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE[which])
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path / "fuzz.bin"
    path.write_bytes(content)
    try:
        picture = open_picture(path, max_pixels=1_000_000)
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017  refusing is as good as reading
    else:
        assert picture.rgb.shape[2] == 3


# ---------------------------------------------------------------- preview


def test_preview(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    picture = open_picture(saved(tmp_path / "a.jpg", Image.fromarray(scenery(1000, 1500)), exif=exif))
    small = preview_jpeg(picture)
    assert small == preview_jpeg(picture)
    with Image.open(io.BytesIO(small)) as image:
        assert image.format == "JPEG"
        assert image.size == (720, 480)
        assert not image.getexif()
    assert b"secret" not in small
    with Image.open(io.BytesIO(preview_jpeg(picture, longest=5000))) as image:
        assert image.size == (768, 512), "never larger than the working copy"
