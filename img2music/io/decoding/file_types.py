"""What kind of file it is, by its bytes alone; the name's ending decides nothing.

A file is read by Pillow (one plug-in, named here, so that no other is tried), by resvg (SVG) or by libheif (HEIF); or it is one
that people take for a readable picture, and is refused by its name.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from img2music.errors import PictureError
from img2music.io.decoding import isobmff, svg, svg_sanitizer, tiff_directories

__all__ = ["READS", "PictureFileType", "detect_file_type"]

READS = "JPEG, PNG, GIF, WebP, BMP, TIFF, PPM, ICO, AVIF, QOI or SVG"

# First bytes (offset, text), Pillow's name of the format, its module.
_FORMATS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\xff\xd8\xff", "JPEG", "JpegImagePlugin"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG", "PngImagePlugin"),
    (0, b"GIF87a", "GIF", "GifImagePlugin"),
    (0, b"GIF89a", "GIF", "GifImagePlugin"),
    (8, b"WEBP", "WEBP", "WebPImagePlugin"),
    (0, b"BM", "BMP", "BmpImagePlugin"),
    *((0, b"P" + kind, "PPM", "PpmImagePlugin") for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"F", b"f")),
    (0, b"\0\0\1\0", "ICO", "IcoImagePlugin"),
    (0, b"qoif", "QOI", "QoiImagePlugin"),
)
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF
_EXPORT = "save it as JPEG or PNG"
# Files that people take for readable pictures: first bytes (offset, text) and what they are.
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"gimp xcf", "a GIMP file"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance HDR picture"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (0, b"\0\0\1\xba", "a video"),
)
# Cameras' raw files that are no TIFF, or a TIFF with a mark of its own: first bytes and whose.
_RAW: tuple[tuple[int, bytes, str], ...] = (
    (8, b"CR\2\0", "Canon CR2"),
    (6, b"HEAPCCDR", "Canon CRW"),
    (4, b"ftypcrx ", "Canon CR3"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (0, b"IIRO", "Olympus ORF"),
    (0, b"IIRS", "Olympus ORF"),
    (0, b"MMOR", "Olympus ORF"),
    (0, b"IIU\0", "Panasonic RW2"),
    (0, b"FOVb", "Sigma X3F"),
    (0, b"\0MRM", "Minolta MRW"),
    (0, b"ARRI", "ARRI"),
)
_AV1_BRANDS = frozenset({b"avif", b"avis"})
_STILL_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_SEQUENCE_BRANDS = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})
_OTHER_STILLS = frozenset({b"mif1", b"mif2", b"mif3", b"miaf", b"MiPr", b"jpeg", b"j2ki", b"vvic", b"avci"})
_HEVC_ITEMS = frozenset({b"hvc1", b"grid", b"iden", b"iovl"})


class PictureFileType(NamedTuple):
    """Who reads a file, what it is called, Pillow's module for it, and the bytes to read (a head may have been turned)."""

    reader: Literal["pillow", "svg", "heif"]
    name: str
    module: str
    content: bytes
    note: str | None = None
    orientation: int | None = None
    """EXIF's number, where the small copy has it and the picture itself doesn't."""


def detect_file_type(content: bytes) -> PictureFileType:
    """Who reads the file.

    Raises:
        PictureError: no picture that can be read; the text continues the file's name.
    """
    for offset, text, whose in _RAW:
        if content.startswith(text, offset):
            raise _refused_raw(whose)
    for offset, text, format_name, module in _FORMATS:
        if content.startswith(text, offset):
            return PictureFileType("pillow", format_name, module, content)
    if content.startswith(_TIFF):
        return _tiff(content)
    if content[4:8] == b"ftyp":
        return _media(content)
    for offset, text, what in _FOREIGN:
        if content.startswith(text, offset):
            raise PictureError(f"is {what}; {_EXPORT}")
    return _text(content)


def _refused_raw(whose: str) -> PictureError:
    return PictureError(f"is a camera's raw file ({whose}); develop it: export it as JPEG or TIFF from the camera's program")


def _tiff(content: bytes) -> PictureFileType:
    found = tiff_directories.directories(content)
    camera = tiff_directories.raw_camera(found)
    if camera is not None:
        raise _refused_raw(f"of {camera}" if camera else "TIFF with a sensor's values")
    main = tiff_directories.main_picture(found)
    if main is None:
        return PictureFileType("pillow", "TIFF", "TiffImagePlugin", content)
    note = f"picture {found.index(main) + 1} of {len(found)}, as the first is only a small copy"
    turned = None if tiff_directories.ORIENTATION in main.tags else found[0].number(tiff_directories.ORIENTATION) or None
    return PictureFileType("pillow", "TIFF", "TiffImagePlugin", tiff_directories.headed_at(content, main.place), note, turned)


def _media(content: bytes) -> PictureFileType:
    """AVIF, HEIF, or a video, by the brands; a file of general brands by what its items are."""
    major, all_brands = isobmff.brands(content)
    avif = bool(all_brands & _AV1_BRANDS)
    if not avif and all_brands & _OTHER_STILLS and not all_brands & _STILL_BRANDS:
        avif = b"av01" in isobmff.item_kinds(content)
    if avif:
        # Pillow's plug-in knows some major brands only, and its decoder wants one of its own among them.
        turned = content if major in _AV1_BRANDS else content[:8] + b"avif" + content[12:]
        return PictureFileType("pillow", "AVIF", "AvifImagePlugin", turned)
    if all_brands & _STILL_BRANDS or (all_brands & _OTHER_STILLS and isobmff.item_kinds(content) & _HEVC_ITEMS):
        return PictureFileType("heif", "HEIF", "", content)
    if all_brands & _SEQUENCE_BRANDS:
        raise PictureError("is a HEIF sequence (a burst or an animation); save one of its pictures as JPEG or PNG")
    if all_brands & _OTHER_STILLS:
        return PictureFileType("heif", "HEIF", "", content)
    raise PictureError(f"is a video; {_EXPORT.replace('it', 'a frame of it')}")


def _text(content: bytes) -> PictureFileType:
    """A drawing, packed or not, or something else."""
    packed = content[:2] == b"\x1f\x8b"
    if svg.is_svg(svg_sanitizer.unzipped(content, 65536) if packed else content):
        return PictureFileType("svg", "SVG", "", content)
    if packed:
        raise PictureError("is a packed file; unpack it and give the picture in it")
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise PictureError("is a web page, not a picture; save the picture itself")
    if start.startswith(b"<?xml"):
        raise PictureError("is an XML file but no SVG drawing; give a picture")
    raise PictureError(f"is no picture that can be read; give {READS}")
