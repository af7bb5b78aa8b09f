"""Engraving: MusicXML as pages of SVG by verovio, stacked under a title, and SVG as PNG by resvg.

Conventions: lengths in SVG pixels; a page is self-contained, and every id in it begins with its own number, so that
pages may stand in one document. The same MusicXML always gives the same bytes: verovio's random ids are taken out.
Text is set in whatever serif face the reader has; a PNG uses the face that comes with img2music (Latin, Greek,
Cyrillic and musical signs; other scripts show as boxes there). Knows nothing of scores.
"""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.child_process import can_run_python, python_command, python_environment, run_program
from img2music.errors import BackendError, MissingPackageError
from img2music.io.engraving.engraving_worker import draw_pages
from img2music.io.escape import xml_text
from img2music.io.musicxml.tempo_directions import BLANK_WORDS
from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PAGE_WIDTH", "SERIF", "engrave", "page_size", "stack", "to_png"]

PAGE_WIDTH = 840
"""Width of a page in pixels, at which a staff is 29 px high."""

_SCALE = 40  # percent: a verovio unit is 0.4 px
_PAGE_HEIGHT = 2970  # verovio units, at least one system; pages are cut to their content
_LARGEST_PAGE = 60000  # verovio's own limit
_STAFF_HEIGHT = 220  # verovio units that a staff needs with its distance and marks
SERIF = "Times, 'Times New Roman', 'DejaVu Serif', serif"
"""Faces of all words on a page, as they stand in it."""
_FONT_FILES = ("DejaVuSerifCondensed.ttf", "DejaVuSerifCondensed-Bold.ttf")
_FONT_FAMILY = "DejaVu Serif Condensed"
# Accidentals of chord symbols and notes of metronome marks: verovio takes them from a music font's text, which few readers have (SMuFL
# *Figured bass* and *Metronome marks*).
_SIGNS = {
    "\uea63": "♭♭", "\uea64": "♭", "\uea65": "♮", "\uea66": "♯", "\uea67": "♯♯", "\ueca5": "♩", "\ueca5 \uecb7": "♩.",
}  # fmt: skip
_MUSIC_TEXT = re.compile(r'<tspan font-family="Leipzig" font-size="(\d+)px">([\uea63-\uea67]|\ueca5(?: \uecb7)?)</tspan>')
_MUSIC_TEXT_SCALE = 9 / 16  # size of verovio's plain text against its musical text
_NARROW, _WIDE = set(" ,.;:!'|iljtI"), set("MWmw@%—…")
_TITLE_MARGIN = 30
_TITLE_HEIGHT, _SUBTITLE_HEIGHT = 74, 28


_LONGEST_HERE = 150_000
"""Letters of MusicXML. What is longer is drawn in a process of its own, because verovio can't be stopped and lets no other thread run:
a million letters take it some 1.5 s. Starting that process takes .1 s."""
_SILENT_DEGREE = re.compile(r'<degree print-object="no">.*?</degree>')
"""Degrees that only programs need; verovio prints them all the same ("E7sus4(7)")."""
_UNSEEN_TEMPO = re.compile(rf"^<direction [^>]*><direction-type>{BLANK_WORDS}</direction-type>.*\n", re.MULTILINE)
"""Tempi that only programs need, as in a glide; verovio makes room for each as if it had a mark."""
_KEY = re.compile(r"<part id=|<key><fifths>(-?\d+)</fifths><mode>\w+</mode></key>")
_PART = re.compile(r"<part id=.*?</part>", re.DOTALL)
_KEY_SIGNATURE = re.compile(r'<g class="keySig">(?:<g class="keyAccid"><use [^>]*/></g>)*</g>')


def engrave(musicxml: str, *, width: int = PAGE_WIDTH, height: int | None = None, prefix: str = "") -> tuple[str, ...]:
    """The score as pages of SVG, each `width` pixels wide and as high as its systems.

    Args:
        musicxml: the document.
        width: of a page, in pixels.
        height: how many pixels a page may fill with systems, one at least; None takes that of a sheet of paper.
        prefix: what all ids of the pages begin with. Where it is not empty, ids of the document that begin with it are kept, so that
            an element can be found again.

    Raises:
        MissingPackageError: verovio is not installed.
        BackendError: verovio can't read the document.
    """
    musicxml = _UNSEEN_TEMPO.sub("", _SILENT_DEGREE.sub("", _without_repeated_keys(musicxml)))
    # A system must fit on a page, however many parts play.
    units = _PAGE_HEIGHT if height is None else round(height * 100 / _SCALE)
    units = max(units, _STAFF_HEIGHT * (musicxml.count("<score-part ") + 1))
    options = {
        "adjustPageHeight": True,
        "breaks": "auto",
        "footer": "none",
        "header": "none",  # resvg misplaces verovio's centred title
        "pageHeight": min(units, _LARGEST_PAGE),
        "pageWidth": round(width * 100 / _SCALE),
        "scale": _SCALE,
        "smuflTextFont": "none",
        "svgFormatRaw": True,
        "svgRemoveXlink": True,
    }
    pages = _drawn(musicxml, options)
    if not any('class="measure"' in page for page in pages):
        raise BackendError("verovio can't engrave this score; open score.musicxml in a notation program instead")
    kits = ["<sign>percussion</sign>" in part for part in _PART.findall(musicxml)]
    cleaned = []
    for number, page in enumerate(pages, 1):
        cleaned.append(_without_kit_keys(_clean(page, number, prefix), kits))
        checkpoint(number, len(pages))
    return tuple(cleaned)


def _drawn(musicxml: str, options: Mapping[str, object]) -> list[str]:
    """Verovio's pages as they come."""
    if len(musicxml) <= _LONGEST_HERE or not can_run_python():
        try:
            return draw_pages(musicxml, options)
        except ModuleNotFoundError:
            raise _no_verovio() from None
    if find_spec("verovio") is None:
        raise _no_verovio()
    script = Path(__file__).with_name("engraving_worker.py")
    done = run_program(python_command(script, json.dumps(options)), given=musicxml.encode(), environment=python_environment())
    pages: list[str] = [] if done.returncode else json.loads(done.stdout)
    return pages


def _no_verovio() -> MissingPackageError:
    return MissingPackageError("engraving needs verovio: pip install verovio")


def _without_repeated_keys(musicxml: str) -> str:
    """The document without keys of the signature that is there already, such as F major after D minor: verovio prints it again."""
    now = ""

    def kept(found: re.Match[str]) -> str:
        nonlocal now
        before, now = now, found[1] or ""
        return "" if found[1] and found[1] == before else found[0]

    return _KEY.sub(kept, musicxml)


def _without_kit_keys(page: str, kits: Sequence[bool]) -> str:
    """A page without key signatures on the staves of kits: where the key changes verovio gives all staves the first one's."""
    mark = '<g class="staff">'
    head, *staves = page.split(mark)
    drawn = (_KEY_SIGNATURE.sub("", staff) if kits[index % len(kits)] else staff for index, staff in enumerate(staves))
    return mark.join((head, *drawn))


def _clean(page: str, number: int, prefix: str) -> str:
    """A page without random ids, hidden marks and empty groups; its glyphs are called ``<prefix>p<number>-<code>``."""
    root = re.search(r'<svg[^>]* id="([^"]+)"', page)
    if not root:
        raise BackendError("verovio's page has no id; install a supported version: pip install 'verovio>=5.7,<7'")
    name = f"{prefix}p{number}"
    ours = prefix or f'{name}["-]'
    page = re.sub(r"<desc>.*?</desc>", "", page)
    page = re.sub(r'<g [^>]*class="[^"]*placeholder[^"]*"[^>]*>.*?</g>', "", page)
    page = re.sub(rf'(id="|href="#)([0-9A-F]+)-{root[1]}"', rf'\1{name}-\2"', page)
    page = page.replace(f'id="{root[1]}"', f'id="{name}"').replace(f"#{root[1]} ", f"#{name} ")
    page = re.sub(rf' id="(?!{ours})[^"]*"', "", page)
    page = re.sub(r' class="(\w+Milestone\w*|\w+) ?[^"]*"', r' class="\1"', page)
    page = page.replace('font-family="Times, serif"', f'font-family="{SERIF}"')
    page = _MUSIC_TEXT.sub(_plain_sign, page)
    return re.sub(r"<g[^>]*/>|<g[^>]*></g>", "", page)


def _plain_sign(found: re.Match[str]) -> str:
    return f'<tspan font-size="{int(found[1]) * _MUSIC_TEXT_SCALE:g}px">{_SIGNS[found[2]]}</tspan>'


def stack(pages: Sequence[str], title: str, subtitle: str = "") -> str:
    """All pages below each other as one SVG on white, under the title.

    `pages` come from `engrave`; the result is as wide as the widest and can be put into a page of HTML as it is.
    """
    sizes = [page_size(page) for page in pages]
    width = max((width for width, _ in sizes), default=PAGE_WIDTH)
    top = _TITLE_HEIGHT + (_SUBTITLE_HEIGHT if subtitle else 0)
    height = top + sum(height for _, height in sizes)
    heading = _centred(title, width, baseline=52, size=30)
    if subtitle:
        heading += _centred(subtitle, width, baseline=_TITLE_HEIGHT + 6, size=15, colour="#555")
    body, place = [], top
    for page, (_, page_height) in zip(pages, sizes, strict=True):
        body.append(page.replace("<svg ", f'<svg y="{place}" ', 1))
        place += page_height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="#fff"/><g font-family="{SERIF}">{heading}</g>{"".join(body)}</svg>\n'
    )


def _centred(text: str, width: int, *, baseline: int, size: float, colour: str = "#000") -> str:
    """A line in the middle, set smaller where it would not fit."""
    # Widths in parts of the letter size, on the safe side of common serif faces.
    ems = sum(0.35 if letter in _NARROW else 0.95 if letter in _WIDE or ord(letter) > 0x2E00 else 0.62 for letter in text)
    size = min(size, (width - 2 * _TITLE_MARGIN) / max(1.0, ems))
    place = f'x="{width / 2:g}" y="{baseline}" font-size="{size:.3g}"'
    return f'<text {place} text-anchor="middle" fill="{colour}">{xml_text(text)}</text>'


def page_size(page: str) -> tuple[int, int]:
    """Width and height of a page of `engrave`, in pixels."""
    found = re.match(r'<svg [^>]*?width="(\d+)px" height="(\d+)px"', page)
    if not found:
        raise ValueError("a page begins with its width and height; stack what `engrave` returns")
    return int(found[1]), int(found[2])


def to_png(svg: str, *, width_px: int) -> bytes:
    """An SVG as a PNG of `width_px` pixels on white; only fonts that come with img2music are used.

    Raises:
        MissingPackageError: resvg-py is not installed.
        BackendError: not an SVG that resvg can draw.
    """
    try:
        import resvg_py
    except ModuleNotFoundError:
        raise MissingPackageError("drawing PNG needs resvg-py: pip install resvg-py") from None
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                background="#ffffff",
                width=width_px,
                skip_system_fonts=True,
                font_files=[str(asset_path(name)) for name in _FONT_FILES],
                font_family=_FONT_FAMILY,
                serif_family=_FONT_FAMILY,
                sans_serif_family=_FONT_FAMILY,
            )
        )
    except ValueError as error:
        raise BackendError(f"resvg can't draw this SVG ({error}); open it in a browser instead") from None
