"""Engraved pages as PDF, set by typst (extra ``[pdf]``): A4, the drawing as vectors, every word as text that can be searched.

Conventions: `pages` are those of `img2music.io.engraving.verovio_pages.engrave`, one a sheet, all at one scale; lengths here are mm. The same
pages give the same bytes on every machine with the same typst: there is no date, no system font is looked at, and no package is
fetched. Text is set in Libertinus, which comes inside typst, and DejaVu, which comes with img2music (Latin, Greek, Cyrillic and
musical signs; other scripts show as boxes). Words from outside are handed over as data, never as a part of typst's program.
Knows nothing of scores.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from img2music.cancellation import checkpoint
from img2music.errors import BackendError
from img2music.io.engraving.verovio_pages import PAGE_WIDTH, SERIF, page_size
from img2music.io.escape import one_line
from img2music.registry.extras import require_extra
from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PART_PAGE_HEIGHT", "PART_PAGE_WIDTH", "pdf_of_pages"]

_SHEET_WIDTH, _SHEET_HEIGHT = 210.0, 297.0
_MARGIN, _SIDE_MARGIN = 12.0, 7.0
"""The drawings bring some 5 mm of white of their own at each side."""
_TITLE_HEIGHT, _FOOT_HEIGHT = 24.0, 6.0
_SPARE = 0.5
"""What is left free, so that rounding pushes no page over to another sheet."""
PART_PAGE_WIDTH = 740
"""Pixels at which a player's own part is engraved: its staves come out 7.5 mm high, as players are used to."""
PART_PAGE_HEIGHT = int(
    (_SHEET_HEIGHT - 2 * _MARGIN - _TITLE_HEIGHT - _FOOT_HEIGHT) / (_SHEET_WIDTH - 2 * _SIDE_MARGIN) * PART_PAGE_WIDTH
)
"""And the pixels of such a page that fit under a title."""
_FAMILIES = ("Libertinus Serif", "DejaVu Serif")
"""The DejaVu files are of the condensed width, which typst counts to the family."""
_PROGRAM = """
#set page(width: %(sheet_width)smm, height: %(sheet_height)smm, margin: (x: %(side_margin)smm, y: %(margin)smm))
#set document(title: sys.inputs.title, date: none)
#set text(font: (%(families)s), size: 10pt, lang: "en", hyphenate: false)
#set par(spacing: 0pt)
#let count = int(sys.inputs.pages)
#let fitted(words, size, widest, ..how) = context {
  let set-at(size) = text(size: size, ..how, words)
  let width = measure(set-at(size)).width
  set-at(if width > widest { size * (widest / width) } else { size })
}
#let inside = %(sheet_width)smm - 2 * %(side_margin)smm - 10mm
#for number in range(count) {
  if number > 0 { pagebreak() }
  if number == 0 {
    block(width: 100%%, height: %(title_height)smm, {
      place(top + center, fitted(sys.inputs.title, 20pt, inside, weight: "bold"))
      place(top + center, dy: 10mm, fitted(sys.inputs.subtitle, 10.5pt, inside, fill: luma(80)))
      place(top + left, dx: 5mm, dy: 16mm, fitted(sys.inputs.part, 13pt, inside / 2, weight: "bold"))
      place(top + right, dx: -5mm, dy: 16.5mm, fitted(sys.inputs.remark, 10pt, inside / 2, style: "italic"))
    })
  }
  align(center, image("/page" + str(number) + ".svg", width: float(sys.inputs.at("width" + str(number))) * 1mm,
    alt: "Page " + str(number + 1) + " of " + str(count) + " of the notes"))
  if count > 1 {
    place(bottom + center, text(size: 9pt, fill: luma(80), {
      if number > 0 { sys.inputs.running + " · " }
      str(number + 1) + " / " + str(count)
    }))
  }
}
"""
_SERIF_ATTRIBUTE = f'font-family="{SERIF}"'


def pdf_of_pages(pages: Sequence[str], title: str, subtitle: str = "", *, part: str = "", remark: str = "") -> bytes:
    """The pages as a PDF of as many sheets.

    Args:
        pages: SVG of `engrave`, at least one.
        title: above the first page; also the document's own title.
        subtitle: below it.
        part: whose part it is, at the left above the notes.
        remark: in italics at the right above the notes.

    Raises:
        MissingPackageError: typst is not installed.
        BackendError: typst can't set these pages.
    """
    require_extra("pdf")
    import typst

    checkpoint()
    sizes = [page_size(page) for page in pages]
    scale = _scale(sizes)
    numbers = {
        "sheet_width": _SHEET_WIDTH, "sheet_height": _SHEET_HEIGHT, "margin": _MARGIN, "side_margin": _SIDE_MARGIN, "title_height": _TITLE_HEIGHT,
        "families": ", ".join(f'"{family}"' for family in _FAMILIES),
    }  # fmt: skip
    files = {"main.typ": (_PROGRAM % numbers).encode()}
    words = {
        "title": title,
        "subtitle": subtitle,
        "part": part,
        "remark": remark,
        "running": f"{title} · {part}" if part else title,
    }
    inputs = {name: one_line(text) for name, text in words.items()} | {"pages": str(len(pages))}
    for number, (page, (width, _)) in enumerate(zip(pages, sizes, strict=True)):
        files[f"page{number}.svg"] = page.replace(_SERIF_ATTRIBUTE, f'font-family="{_FAMILIES[0]}, {_FAMILIES[1]}"').encode()
        inputs[f"width{number}"] = f"{width * scale:.3f}"
    set_document: Any = typst.compile  # its annotations don't know yet that it takes several files
    try:
        content = set_document(
            files,
            format="pdf",
            sys_inputs=inputs,
            ignore_system_fonts=True,
            font_paths=[str(asset_path("DejaVuSerifCondensed.ttf").parent)],
            timestamp=0,
        )
    except typst.TypstError as error:
        reason = re.sub(r"\s+", " ", str(error))[:200]
        raise BackendError(f"typst can't set this score ({reason}); open score.svg in a browser and print it instead") from None
    checkpoint()
    return bytes(content)


def _scale(sizes: Sequence[tuple[int, int]]) -> float:
    """Mm a pixel, at which every page fits on its sheet: the first one below the title."""
    foot = _FOOT_HEIGHT if len(sizes) > 1 else 0.0
    room = _SHEET_HEIGHT - 2 * _MARGIN - foot - _SPARE
    rooms = [room - (_TITLE_HEIGHT if number == 0 else 0.0) for number in range(len(sizes))]
    widest = max((width for width, _ in sizes), default=PAGE_WIDTH)
    fitting = [place / height for place, (_, height) in zip(rooms, sizes, strict=True)]
    return min((_SHEET_WIDTH - 2 * _SIDE_MARGIN) / widest, *fitting)
