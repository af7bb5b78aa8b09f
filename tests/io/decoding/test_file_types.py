"""Kinds of files by their bytes: cameras' raw files, TIFF directories, AVIF and HEIF by their brands, animations, large JPEGs."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, features

from img2music.errors import PictureError
from img2music.io import pictures
from img2music.io.decoding import animation, heif, jpeg_header
from img2music.io.decoding.tiff_directories import directories
from img2music.io.pictures import Picture, open_picture
from tests.support.picture_files import (
    GRASS,
    HEIC,
    RED,
    SKY,
    encode_picture,
    iso_media_head,
    png_file,
    sky_and_grass,
    tiff_file,
    with_claimed_size,
)

HAS_AVIF = "avif" in features.modules and bool(features.check("avif"))
THUMBNAIL = sky_and_grass(12, 18)


def refused(content: bytes, **options: Any) -> str:
    """The one line that says why."""
    with pytest.raises(PictureError) as caught:
        open_picture(content, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert ";" in text, "says what to do next"
    return text


def shows_the_scene(found: Picture, most: float = 0) -> bool:
    return found.rgb.shape == (40, 60, 3) and float(np.abs(found.rgb.astype(int) - sky_and_grass()).max()) <= most


# ---------------------------------------------------------------- TIFF and raw files


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("sub", [(), (1,)])
def test_a_small_copy_before_the_picture_is_not_the_picture(order: str, sub: tuple[int, ...]) -> None:
    content = tiff_file((THUMBNAIL, {254: (4, 1), 271: (2, b"Camera\0")}), (sky_and_grass(), {254: (4, 0)}), order=order, sub=sub)
    found = open_picture(content)
    assert shows_the_scene(found)
    assert (found.width, found.height, found.format) == (60, 40, "TIFF")
    assert found.notes == ("picture 2 of 2, as the first is only a small copy",)


def test_the_largest_of_several_and_the_old_tag() -> None:
    content = tiff_file(
        (THUMBNAIL, {255: (3, 2)}), (sky_and_grass(20, 30), {}), (sky_and_grass(), {}), (sky_and_grass(80, 120), {254: (4, 4)})
    )
    assert shows_the_scene(open_picture(content)), "a mask is no picture"


def test_the_small_copy_says_how_both_are_turned() -> None:
    upright = sky_and_grass()
    stored = np.rot90(upright).copy()
    found = open_picture(tiff_file((np.rot90(THUMBNAIL).copy(), {254: (4, 1), 274: (3, 6)}), (stored, {254: (4, 0)})))
    assert shows_the_scene(found)
    assert (found.width, found.height) == (60, 40)
    own = open_picture(tiff_file((THUMBNAIL, {254: (4, 1), 274: (3, 6)}), (upright, {254: (4, 0), 274: (3, 1)})))
    assert shows_the_scene(own)


def test_pages_that_are_no_small_copies_stay_as_they_are() -> None:
    content = tiff_file((THUMBNAIL, {}), (sky_and_grass(), {}))
    found = open_picture(content)
    assert (found.width, found.height, found.notes) == (18, 12, ("first of 2 frames",))
    assert open_picture(tiff_file((sky_and_grass(), {}), (THUMBNAIL, {254: (4, 1)}))).width == 60
    alone = open_picture(tiff_file((THUMBNAIL, {254: (4, 1)})))
    assert alone.width == 18, "the only picture there is"


def test_big_tiff() -> None:
    content = encode_picture(Image.fromarray(sky_and_grass()), "TIFF", big_tiff=True)
    assert content[:4] in {b"II+\0", b"MM\0+"}
    assert shows_the_scene(open_picture(content))
    assert [directory.pixels for directory in directories(content)] == [2400]


@pytest.mark.parametrize(
    "tags",
    [{262: (3, 32803)}, {262: (3, 34892)}, {259: (3, 34713)}, {259: (3, 32767)}, {33422: (2, b"\0\1\1\2")}, {259: (3, 65535)}],
)
@pytest.mark.parametrize("sub", [(), (1,)])
@pytest.mark.parametrize("flag", [0, 1])
def test_a_sensors_values_are_no_picture(tags: dict[int, tuple[int, Any]], sub: tuple[int, ...], flag: int) -> None:
    content = tiff_file(
        (THUMBNAIL, {254: (4, flag), 271: (2, b"NIKON CORPORATION\0")}), (sky_and_grass(), {254: (4, 0), **tags}), sub=sub
    )
    text = refused(content)
    assert "a camera's raw file (of NIKON CORPORATION)" in text
    assert "export it as JPEG" in text


def test_digital_negatives_and_nameless_raw_files() -> None:
    assert "raw file" in refused(tiff_file((sky_and_grass(), {50706: (2, b"\1\4\0\0")})))
    assert "a sensor's values" in refused(tiff_file((sky_and_grass(), {262: (3, 32803)})))


@pytest.mark.parametrize(
    ("start", "whose"),
    [
        (b"II*\0\x10\0\0\0CR\2\0", "Canon CR2"),
        (b"II\x1a\0\0\0HEAPCCDR", "Canon CRW"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "Canon CR3"),
        (b"FUJIFILMCCD-RAW 0201", "Fujifilm RAF"),
        (b"IIRO\x08\0\0\0", "Olympus ORF"),
        (b"IIRS\x08\0\0\0", "Olympus ORF"),
        (b"MMOR\0\0\0\x08", "Olympus ORF"),
        (b"IIU\0\x18\0\0\0", "Panasonic RW2"),
        (b"FOVb\1\0\2\0", "Sigma X3F"),
        (b"\0MRM\0\0\0\0", "Minolta MRW"),
    ],
)
def test_raw_files_by_their_first_bytes(start: bytes, whose: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(start + bytes(200) + encode_picture(Image.fromarray(THUMBNAIL), "JPEG"))
    with pytest.raises(PictureError, match="raw file") as caught:
        open_picture(path)
    assert whose in str(caught.value)


def test_directories_that_bite_their_tail_and_nonsense_end() -> None:
    content = bytearray(tiff_file((THUMBNAIL, {254: (4, 1)}), (sky_and_grass(), {254: (4, 0)})))
    first = struct.unpack_from("<I", content, 4)[0]
    count = struct.unpack_from("<H", content, first)[0]
    struct.pack_into("<I", content, first + 2 + 12 * count, first)
    assert len(directories(bytes(content))) == 1
    for length in range(0, len(content), 97):
        assert len(directories(bytes(content[:length]))) <= 2
    assert directories(b"II*\0\xff\xff\xff\xff") == []
    assert directories(b"II+\0\x08\0\0\0" + b"\xff" * 8) == []


# ---------------------------------------------------------------- AVIF and HEIF by their brands


@pytest.mark.skipif(not HAS_AVIF, reason="no AVIF")
@pytest.mark.parametrize(
    "brands",
    [
        (b"mif1", b"avif", b"mif1", b"miaf"),
        (b"miaf", b"avif", b"mif1"),
        (b"miaf", b"mif1"),
        (b"mif1", b"miaf"),
        (b"MA1B", b"avif"),
        (b"avif", b"mif1"),
    ],
)
def test_avif_of_any_brand(brands: tuple[bytes, ...]) -> None:
    whole = encode_picture(Image.fromarray(sky_and_grass()), "AVIF", quality=95)
    old = struct.unpack_from(">I", whole)[0]
    padded = (*brands, *[brands[-1]] * ((old - 16) // 4 - len(brands) + 1))  # places in the file stay
    found = open_picture(iso_media_head(*padded) + whole[old:])
    assert (found.format, found.width, found.height) == ("AVIF", 60, 40)
    assert np.abs(found.rgb[20, 30].astype(int) - RED).max() <= 12


def test_sequences_and_videos_by_name() -> None:
    for brands in ((b"msf1", b"msf1", b"hevc"), (b"hevc", b"msf1"), (b"hevx",)):
        text = refused(iso_media_head(*brands) + bytes(64))
        assert "a HEIF sequence" in text
        assert "video" not in text
    for brands in ((b"isom", b"mp42"), (b"qt  ",), (b"mp42", b"isom"), (b"3gp5",)):
        assert "is a video" in refused(iso_media_head(*brands) + bytes(64))


def test_heic_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heif, "package", lambda: None)
    for brands in ((b"heic", b"mif1", b"heic"), (b"mif1", b"heic"), (b"heix",), (b"miaf", b"heim"), (b"mif1",)):
        assert "pip install 'img2music[heic]'" in refused(iso_media_head(*brands) + bytes(64))


needs_heif = pytest.mark.usefixtures("has_heic")


@needs_heif
def test_heic_upright_once_and_in_its_colours() -> None:
    found = open_picture(HEIC)
    assert (found.width, found.height, found.format) == (24, 16, "HEIF")
    assert found.rgb.shape == (16, 24, 3)
    assert found.notes == ("colours of Display P3 turned into sRGB",)
    sky, grass = found.rgb[2, 2].astype(int), found.rgb[-3, 2].astype(int)
    assert sky.argmax() == 2
    assert grass.argmax() == 1
    assert found.rgb[8, 12].argmax() == 0


@needs_heif
def test_heic_is_bounded_and_damage_is_one_line() -> None:
    assert "more than 300 pixels" in refused(HEIC, max_pixels=300)
    for length in (40, 200, 500, len(HEIC) - 60):
        assert "HEIF" in refused(HEIC[:length])


# ---------------------------------------------------------------- animations


def shot(shade: float = 1.0) -> Image.Image:
    return Image.fromarray((sky_and_grass(48, 72) * shade).astype(np.uint8))


def animated(suffix: str, images: list[Image.Image]) -> bytes:
    further: dict[str, dict[str, Any]] = {"GIF": {"disposal": 2}, "WEBP": {"lossless": True}, "AVIF": {"quality": 90}}
    options = further.get(suffix, {})
    return encode_picture(images[0], suffix, save_all=True, append_images=images[1:], duration=40, **options)


SUFFIXES = ["GIF", "WEBP", "PNG", pytest.param("AVIF", marks=pytest.mark.skipif(not HAS_AVIF, reason="no AVIF"))]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_first_frame_with_content(suffix: str) -> None:
    blanks = [Image.new("RGB", (72, 48), (shade, shade, shade)) for shade in (0, 255, 9)]
    other = Image.fromarray(sky_and_grass(48, 72)[::-1, ::-1].copy())
    found = open_picture(animated(suffix, [*blanks, shot(), other]))
    assert found.notes == ("frame 4 of 5: the first three are blank",)
    assert np.abs(found.rgb[24, 36].astype(int) - RED).max() <= 20
    assert np.abs(found.rgb[2, 2].astype(int) - SKY).max() <= 20
    assert np.abs(found.rgb[-3, 2].astype(int) - GRASS).max() <= 20


@pytest.mark.parametrize("suffix", ["GIF", "WEBP", "PNG"])
def test_a_transparent_first_frame_is_blank(suffix: str) -> None:
    found = open_picture(animated(suffix, [Image.new("RGBA", (72, 48), (0, 0, 0, 0)), shot().convert("RGBA")]))
    assert found.notes[0] == "frame 2 of 2: the first is blank"
    assert np.abs(found.rgb[24, 36].astype(int) - RED).max() <= 20


@pytest.mark.parametrize("suffix", ["WEBP", "PNG"])
def test_a_fade_is_over_before_it_is_looked_at(suffix: str) -> None:
    fade = [shot(step / 5) for step in range(6)]
    end = Image.fromarray(sky_and_grass(48, 72)[::-1].copy())
    found = open_picture(animated(suffix, [*fade, end]))
    assert found.notes == ("frame 6 of 7: the first is blank, then it fades in",)
    assert np.abs(found.rgb[24, 36].astype(int) - RED).max() <= 3


def test_frames_are_searched_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [Image.new("RGB", (72, 48), (shade, 0, 0)) for shade in range(6)]
    content = animated("PNG", [*images, shot()])
    assert open_picture(content).notes[0].startswith("frame 7 of 7")
    monkeypatch.setattr(animation, "_MOST_FRAMES", 4)
    assert open_picture(content).notes == ("first of 7 frames",)
    monkeypatch.setattr(animation, "_MOST_FRAMES", 150)
    monkeypatch.setattr(animation, "_MOST_PIXELS", 3 * 72 * 48)
    assert open_picture(content).notes == ("first of 7 frames",)


def test_an_animation_cut_off_after_its_blank_frames() -> None:
    content = animated("GIF", [Image.new("RGB", (72, 48)), Image.new("RGB", (72, 48), (3, 3, 3)), shot()])
    found = open_picture(content[: len(content) - 200])
    assert found.rgb.shape == (48, 72, 3)


# ---------------------------------------------------------------- the ground of transparent pictures


def drawn(*shapes: tuple[tuple[int, int, int, int], str], mode: str = "RGBA") -> Picture:
    image = Image.new("RGBA", (120, 80), (0, 0, 0, 0))
    for place, colour in shapes:
        ImageDraw.Draw(image).ellipse(place, fill=colour)
    return open_picture(encode_picture(image.convert(mode), "PNG"))


WHOLE, INNER = (20, 10, 100, 70), (26, 16, 94, 64)


@pytest.mark.parametrize("colour", ["white", "#e6e6e6", "#fff5e6", "#ffffff80"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_light_on_transparent_is_laid_on_a_dark_ground(colour: str, mode: str) -> None:
    found = drawn((WHOLE, colour), mode=mode)
    assert found.notes == ("transparent parts laid on dark grey",)
    assert int(found.rgb[40, 60].min()) - int(found.rgb[2, 2].max()) > 90


@pytest.mark.parametrize("colour", ["black", "#808080", "#d02020", "#ffe000", "#00000060"])
def test_what_is_seen_on_white_stays_on_white(colour: str) -> None:
    found = drawn((WHOLE, colour))
    assert found.notes == ("transparent parts laid on white",)
    assert (found.rgb[2, 2] == 255).all()


def test_outlines_stickers_and_black_on_white() -> None:
    assert drawn((WHOLE, "black"), (INNER, "white")).notes == ("transparent parts laid on white",)
    assert drawn((WHOLE, "white"), (INNER, "#2060a0")).notes == ("transparent parts laid on white",)
    mixed = drawn((WHOLE, "white"), ((45, 25, 75, 55), "black"))
    assert mixed.notes == ("transparent parts laid on grey",)
    assert drawn((WHOLE, "white"), ((45, 25, 75, 55), "#d02020")).notes == ("transparent parts laid on dark grey",)
    corners = Image.new("RGBA", (120, 80), "white")
    ImageDraw.Draw(corners).rectangle((40, 30, 80, 50), fill="black")
    corners.putpixel((0, 0), (0, 0, 0, 0))
    assert open_picture(corners).notes == ("transparent parts laid on white",)


def test_a_light_palette_on_transparent() -> None:
    image = Image.new("P", (40, 40), 0)
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.paste(1, (10, 10, 30, 30))
    found = open_picture(encode_picture(image, "PNG", transparency=0))
    assert found.notes == ("transparent parts laid on dark grey",)
    assert found.rgb[20, 20].tolist() == [255, 255, 255]


# ---------------------------------------------------------------- large JPEGs


def large(**options: Any) -> bytes:
    return encode_picture(Image.fromarray(sky_and_grass(600, 800)), "JPEG", subsampling="4:2:0", **options)


def test_what_a_jpeg_needs() -> None:
    plain, progressive = jpeg_header.read_head(large()), jpeg_header.read_head(large(progressive=True))
    assert plain is not None
    assert progressive is not None
    assert (plain.width, plain.height, plain.coefficient_bytes) == (800, 600, 0)
    assert progressive.scans > 4
    assert progressive.coefficient_bytes == 800 // 16 * 38 * 6 * 128  # blocks of 16 x 16 pixels, six of 8 x 8 samples in each
    grey = jpeg_header.read_head(encode_picture(Image.new("L", (64, 64)), "JPEG", progressive=True))
    assert grey is not None
    assert grey.coefficient_bytes == 64 * 128
    for length in range(0, 700, 7):
        jpeg_header.read_head(large()[:length])


def test_a_baseline_jpeg_may_be_larger_than_other_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 400_000)
    found = open_picture(large())
    assert (found.width, found.height) == (800, 600)
    assert "more than 400000 pixels" in refused(encode_picture(Image.new("RGB", (800, 600)), "PNG"))
    assert "more than 479999 pixels" in refused(large(), max_pixels=479_999), "what is asked for holds"


def test_a_large_jpeg_is_never_decoded_whole() -> None:
    panorama = Image.new("L", (24_000, 600))
    content = encode_picture(panorama, "JPEG")
    import io

    for asked, width in ((False, 24_000), (True, 3000)):
        with Image.open(io.BytesIO(content)) as image:
            pictures._draft(image, large=asked)
            assert image.width == width


def test_200_megapixels() -> None:
    baseline, progressive = with_claimed_size(large(), 16320, 12240), with_claimed_size(large(progressive=True), 16320, 12240)
    found = open_picture(baseline)
    assert (found.width, found.height, found.rgb.shape) == (16320, 12240, (576, 768, 3))
    text = refused(progressive)
    assert "--max-pixels to 199756800" in text
    assert "599 MB" in text
    assert pictures._jpeg_limit(progressive, 200_000_000) == 200_000_000, "the option lifts it"
    assert pictures._jpeg_limit(with_claimed_size(large(progressive=True), 11552, 8656), None) > 11552 * 8656, (
        "100 megapixels may be"
    )
    assert "more than 400000000 pixels" in refused(with_claimed_size(large(), 40_000, 40_000))


def test_kinds_of_jpeg_that_nobody_reads() -> None:
    content = bytearray(large())
    place = content.index(b"\xff\xc0")
    content[place + 4] = 12
    assert "a JPEG of 12 bits" in refused(bytes(content))
    content[place + 4] = 8
    content[place + 1] = 0xC5
    assert "a hierarchical JPEG" in refused(bytes(content))


def test_a_jpeg_of_thousands_of_scans_is_refused() -> None:
    content = large(progressive=True)
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    endless = with_claimed_size(content[:start] + scan[:10] * 3000 + content[start:], 8000, 8000)
    assert "scans, made to take long" in refused(endless)
    assert open_picture(content).width == 800


def test_other_formats_by_name() -> None:
    for start, what in (
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\x0a\xff\x07", "JPEG XL"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"<?xml version='1.0'?><rss/>", "no SVG drawing"),
        (b"\x1f\x8b\x08\0", "a packed file"),
    ):
        assert what in refused(start + bytes(20) if start[:1] != b"<" else start)


def test_a_png_stays_bit_for_bit() -> None:
    assert shows_the_scene(open_picture(png_file(sky_and_grass())))
