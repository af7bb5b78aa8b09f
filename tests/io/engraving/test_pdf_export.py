"""The PDF of engraved pages, read back by pypdf."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from img2music.errors import BackendError, MissingPackageError
from img2music.io.musicxml.export_musicxml import write_musicxml
from tests.support.extras import require
from tests.support.made_notes import band_score, make_part, score_from_words
from tests.support.moving_scores import moving_score

require("pdf")

import pypdf

from img2music.io.engraving.pdf_export import PART_PAGE_HEIGHT, PART_PAGE_WIDTH, pdf_of_pages
from img2music.io.engraving.verovio_pages import engrave, page_size

BAND = band_score()
PAGES = engrave(write_musicxml(BAND))
A4_POINTS = (595.28, 841.89)


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content), strict=True)


def fonts(reader: pypdf.PdfReader) -> dict[str, Any]:
    """Every font of the file by its name without the subset's letters, also those of drawings inside a page."""
    found: dict[str, Any] = {}

    def look(resources: Any) -> None:
        for font in (resources.get("/Font") or {}).values():
            found[font.get_object()["/BaseFont"].partition("+")[2]] = font.get_object()
        for inside in (resources.get("/XObject") or {}).values():
            look(inside.get_object().get("/Resources") or {})

    for page in reader.pages:
        look(page["/Resources"])
    return found


def test_as_many_sheets_of_a4_as_pages() -> None:
    reader = read(pdf_of_pages(PAGES, BAND.title, BAND.subtitle))
    assert len(reader.pages) == len(PAGES) >= 3
    for page in reader.pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4_POINTS, abs=0.1)


def test_words_are_text_and_their_fonts_are_inside() -> None:
    reader = read(pdf_of_pages(PAGES, BAND.title, BAND.subtitle, part="Everybody", remark="concert pitch"))
    text = [page.extract_text() for page in reader.pages]
    for word in (
        "Evening at the Lake",
        "after a photograph",
        "Everybody",
        "concert pitch",
        "Flute",
        "intro",
        "♩ = 112",
        f"1 / {len(PAGES)}",
    ):
        assert word in text[0]
    assert f"Evening at the Lake · Everybody · 2 / {len(PAGES)}" in text[1]
    assert reader.metadata is not None
    assert reader.metadata.title == "Evening at the Lake"
    used = fonts(reader)
    assert {name.partition("-")[0] for name in used} == {"LibertinusSerif"}, "no font of the system"
    for font in used.values():
        (below,) = font["/DescendantFonts"]
        descriptor = below.get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & descriptor.keys(), "the font's outlines come along"


def test_notes_are_vectors() -> None:
    reader = read(pdf_of_pages(PAGES, BAND.title))
    assert not any(page.images for page in reader.pages)


def test_there_is_no_date_and_the_same_bytes_come_again_from_another_process() -> None:
    content = pdf_of_pages(PAGES, BAND.title, BAND.subtitle)
    assert pdf_of_pages(PAGES, BAND.title, BAND.subtitle) == content
    metadata = read(content).metadata
    assert metadata is not None
    assert not {"/CreationDate", "/ModDate"} & metadata.keys()
    code = (
        "import hashlib; from img2music.io.engraving.pdf_export import pdf_of_pages; from img2music.io.engraving.verovio_pages import engrave;"
        "from img2music.io.musicxml.export_musicxml import write_musicxml; from tests.support.made_notes import band_score; s = band_score();"
        "print(hashlib.sha256(pdf_of_pages(engrave(write_musicxml(s)), s.title, s.subtitle)).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ('#panic("x") $x$ *b* \\ "quoted" @cite', '#panic("x") $x$ *b* \\ "quoted" @cite'),
        ("Évening Ночь λ ♭ ♯", "Évening Ночь λ ♭ ♯"),
        ("a\x00b\ud800c\nd", "a b c d"),
        ("", "Flute"),
    ],
)
def test_words_from_outside_are_no_program(title: str, shown: str) -> None:
    assert shown in read(pdf_of_pages(PAGES[:1], title, title, part=title)).pages[0].extract_text()


def test_a_long_title_stays_on_its_line_and_on_the_sheet() -> None:
    title = "word after word " * 12
    reader = read(pdf_of_pages(PAGES[:1], title))
    assert title.strip() in reader.pages[0].extract_text()


def test_the_tallest_page_fits_on_its_sheet() -> None:
    parts = [make_part(f"Part {number}", score_from_words("60:4").parts[0].notes) for number in range(16)]
    (page,) = engrave(write_musicxml(replace(score_from_words("60:4"), parts=tuple(parts))))
    assert page_size(page)[1] > page_size(page)[0] * 1.2
    reader = read(pdf_of_pages([page], "Sixteen"))
    assert len(reader.pages) == 1, "what is higher than its sheet would go to a second one"
    assert "Part 15" in reader.pages[0].extract_text()


def test_pages_for_a_player_fill_the_sheet_without_being_made_smaller() -> None:
    pages = engrave(write_musicxml(BAND), width=PART_PAGE_WIDTH, height=PART_PAGE_HEIGHT)
    assert all(page_size(page)[1] <= PART_PAGE_HEIGHT for page in pages)
    assert len(read(pdf_of_pages(pages, "Band")).pages) == len(pages)


def test_what_moves_is_set() -> None:
    text = "".join(page.extract_text() for page in read(pdf_of_pages(engrave(write_musicxml(moving_score())), "Moving")).pages)
    for words in ("♩ = 96", "♩. = 60", "accel.", "rit."):
        assert words in text.replace("\xa0", " ")


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"needs typst: pip install 'img2music\[pdf\]'"):
        pdf_of_pages(PAGES, "Title")


def test_what_can_not_be_set_is_one_line() -> None:
    with pytest.raises(BackendError, match=r"^typst can't set this score \([^\n]*\); open score\.svg") as caught:
        pdf_of_pages(['<svg width="10px" height="10px"><g>'], "Title")
    assert "\n" not in str(caught.value)
