"""Damaged and hostile files of every kind: a picture or one `PictureError`, never anything else, and in bounded time."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from img2music.errors import PictureError
from img2music.io.decoding import isobmff, jpeg_header, svg, svg_sanitizer, tiff_directories
from img2music.io.pictures import open_picture
from tests.support.commands import assert_one_line
from tests.support.picture_files import HEIC, encode_picture, png_chunk, png_file, sky_and_grass, tiff_file

HAS_AVIF = "avif" in features.modules and bool(features.check("avif"))
MOST_SECONDS = 20
DRAWING = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "red">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40">'
    b'<style>rect { fill: url(#g) }</style><g id="g"><rect width="60" height="40" style="fill:&a;"/></g><use href="#g"/></svg>'
)


def whole_files() -> dict[str, bytes]:
    image = Image.fromarray(sky_and_grass(20, 24))
    frames = [Image.new("RGB", (24, 20)), Image.new("RGB", (24, 20), "white"), image]
    exif = Image.Exif()
    exif[0x0112] = 6
    exif._ifds[0x8769] = {0xA001: 65535, 0xA005: {1: "R03"}}
    found = {
        "Adobe RGB": encode_picture(image, "JPEG", exif=exif),
        "progressive": encode_picture(image, "JPEG", progressive=True),
        "code points": png_file(
            sky_and_grass(20, 24), (b"cICP", b"\x09\x10\0\1"), (b"gAMA", b"\0\0\xb1\x8f"), (b"cHRM", bytes(range(32)))
        ),
        "grey gamma": png_file(sky_and_grass(20, 24)[..., 0], (b"gAMA", b"\0\1\x86\xa0")),
        "small copy first": tiff_file((sky_and_grass(6, 8), {254: (4, 1)}), (sky_and_grass(20, 24), {254: (4, 0)}), sub=(1,)),
        "BigTIFF": encode_picture(image, "TIFF", big_tiff=True),
        "transparent": encode_picture(image.convert("RGBA").quantize(8), "PNG", transparency=1),
        "animated GIF": encode_picture(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "animated WebP": encode_picture(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
        "animated PNG": encode_picture(frames[0], "PNG", save_all=True, append_images=frames[1:]),
    }
    if HAS_AVIF:
        found["AVIF"] = encode_picture(image, "AVIF")
        found["animated AVIF"] = encode_picture(frames[0], "AVIF", save_all=True, append_images=frames[1:])
    return found


WHOLE = whole_files()


def read_or_refused(content: bytes) -> None:
    begun = time.monotonic()
    try:
        picture = open_picture(content, max_pixels=1_000_000)
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017  refusing is as good as reading
        assert ";" in str(error)  # noqa: PT017
        assert "0x" not in str(error).replace("0x0", "")  # noqa: PT017  no memory address
    else:
        assert picture.rgb.dtype == np.uint8
        assert picture.rgb.shape[2] == 3
    assert time.monotonic() - begun < MOST_SECONDS


def changed(content: bytes, changes: list[tuple[int, int]]) -> bytes:
    made = bytearray(content)
    for place, value in changes:
        made[place % len(made)] = value
    return bytes(made)


CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6)
HEADS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), min_size=1, max_size=3)


@settings(max_examples=250, deadline=None)
@given(which=st.sampled_from(sorted(WHOLE)), changes=CHANGES | HEADS)
def test_changed_bytes(which: str, changes: list[tuple[int, int]]) -> None:
    read_or_refused(changed(WHOLE[which], changes))


@pytest.mark.parametrize("which", sorted(WHOLE))
def test_cut_off_anywhere(which: str) -> None:
    content = WHOLE[which]
    for length in sorted({*range(0, 60, 7), *range(60, len(content), max(1, len(content) // 25))}):
        read_or_refused(content[:length])


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf", b"tRNS", b"acTL", b"fcTL"]),
    body=st.binary(max_size=48),
)
def test_any_chunk(kind: bytes, body: bytes) -> None:
    whole = png_file(sky_and_grass(20, 24))
    read_or_refused(whole[:33] + png_chunk(kind, body) + whole[33:])


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=300),
    start=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"]),
)
def test_directories_of_any_bytes(content: bytes, start: bytes) -> None:
    found = tiff_directories.directories(start + content)
    tiff_directories.raw_camera(found)
    main = tiff_directories.main_picture(found)
    assert main is None or main.pixels > 0


@settings(max_examples=300, deadline=None)
@given(changes=CHANGES | HEADS, content=st.sampled_from([HEIC, *([WHOLE["AVIF"], WHOLE["animated AVIF"]] if HAS_AVIF else [])]))
def test_boxes_of_any_bytes(changes: list[tuple[int, int]], content: bytes) -> None:
    made = changed(content, changes)
    isobmff.brands(made)
    isobmff.item_kinds(made)
    isobmff.coded_colours(made)


@settings(max_examples=300, deadline=None)
@given(changes=CHANGES | HEADS)
def test_heads_of_jpegs_of_any_bytes(changes: list[tuple[int, int]]) -> None:
    jpeg_header.read_head(changed(WHOLE["progressive"], changes))


@settings(max_examples=300, deadline=None)
@given(changes=CHANGES | HEADS, cut=st.integers(1, len(DRAWING)))
def test_drawings_of_any_bytes(changes: list[tuple[int, int]], cut: int) -> None:
    for content in (changed(DRAWING, changes), DRAWING[:cut]):
        svg.is_svg(content)
        try:
            svg_sanitizer.sanitize_svg(content, 768)
        except PictureError as error:
            assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_drawings_in_their_own_program(packed: bool) -> None:
    import gzip

    content = gzip.compress(DRAWING) if packed else DRAWING
    generator = np.random.default_rng(5)
    for _ in range(8):
        place, value = int(generator.integers(len(content))), int(generator.integers(256))
        read_or_refused(changed(content, [(place, value)]))
        read_or_refused(content[:place])


@pytest.mark.usefixtures("has_heic")
def test_damaged_heic_in_its_own_program() -> None:
    generator = np.random.default_rng(6)
    for _ in range(15):
        place, value = int(generator.integers(len(HEIC))), int(generator.integers(256))
        read_or_refused(changed(HEIC, [(place, value)]))


def test_files_that_claim_many_frames_or_nothing() -> None:
    def control(width: int, height: int) -> bytes:
        return (0).to_bytes(4, "big") + width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(8) + b"\0\1\0\1\0\0"

    whole = png_file(sky_and_grass(20, 24))
    for frames in (2, 2**31 - 1):
        counted = png_chunk(b"acTL", frames.to_bytes(4, "big") + bytes(4))
        read_or_refused(whole[:33] + counted + png_chunk(b"fcTL", control(24, 20)) + whole[33:])
    gif = io.BytesIO()
    Image.new("P", (500, 500)).save(gif, "GIF")
    body = gif.getvalue()
    read_or_refused(body[:-1] + body[body.index(b",") : -1] * 3000 + b";")


def test_a_hostile_read_is_one_error() -> None:
    class Liar:
        def read(self, _: Any = None) -> object:
            return 5

    with pytest.raises(ValueError, match="mode 'rb'"):
        open_picture(Liar())  # type: ignore[arg-type]


def test_nothing_is_printed_beside_the_one_line(tmp_path: Path) -> None:
    path = tmp_path / "samples.tif"
    path.write_bytes(tiff_file((sky_and_grass(20, 24), {277: (3, 93)})))
    done = subprocess.run([sys.executable, "-m", "img2music", "see", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "damaged or truncated TIFF" in assert_one_line(done.stderr)
