from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from img2music.errors import BackendError
from img2music.io.engraving import verovio_pages
from img2music.io.engraving.verovio_pages import PAGE_WIDTH, engrave, stack, to_png
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.score import ChordSymbol
from tests.support.made_notes import band_score, make_part, score_from_words
from tests.support.moving_scores import moving_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAGES = engrave(write_musicxml(band_score()))


def ids(svg: str) -> list[str]:
    return re.findall(r' id="([^"]*)"', svg)


def pixels(svg: str, width_px: int = 600) -> NDArray[np.float64]:
    """The drawing as lightness, rows by columns, 0 black to 1 white."""
    return np.asarray(Image.open(BytesIO(to_png(svg, width_px=width_px))).convert("L"), dtype=float) / 255


def text_of(svg: str) -> str:
    return "".join(ET.fromstring(svg).itertext())  # noqa: S314  our own


def test_a_long_score_is_drawn_by_a_program_of_its_own_and_looks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verovio_pages, "_LONGEST_HERE", 0)
    monkeypatch.setattr(verovio_pages, "draw_pages", None)
    assert engrave(write_musicxml(band_score())) == PAGES
    with pytest.raises(BackendError, match="verovio can't engrave this score"):
        engrave("<score-partwise/>")


def test_pages_are_well_formed_and_as_wide_as_asked() -> None:
    assert len(PAGES) >= 2
    for page in PAGES:
        assert ET.fromstring(page).get("width") == f"{PAGE_WIDTH}px"  # noqa: S314
    narrow = engrave(write_musicxml(score_from_words("60:4")), width=500)
    assert ET.fromstring(narrow[0]).get("width") == "500px"  # noqa: S314


def test_the_same_score_gives_the_same_bytes() -> None:
    assert engrave(write_musicxml(band_score())) == PAGES


def test_ids_of_stacked_pages_do_not_clash_and_are_all_there() -> None:
    svg = stack(PAGES, "Title")
    assert len(ids(svg)) == len(set(ids(svg)))
    wanted = set(re.findall(r'href="#([^"]*)"', svg))
    assert wanted
    assert wanted <= set(ids(svg))
    assert set(re.findall(r"#(p\d+) g", svg)) <= set(ids(svg))


def test_everything_that_is_written_is_drawn() -> None:
    text = text_of(stack(PAGES, "Evening", "after a photograph"))
    words = ("Evening", "after a photograph", "Flute", "Drums", "Fl.", "A. Bass", "intro", "A1", "♩ = 112", "Am7b5/C", "Dsus4")
    for word in words:
        assert word in text
    notes = sum(page.count('class="notehead"') for page in PAGES)
    assert notes >= sum(len(part.notes) for part in band_score().parts)


def test_chord_symbols_have_readable_accidentals() -> None:
    score = score_from_words("60:4 60:4")
    score = replace(
        score, chords=(ChordSymbol(score.duration_quarters * 0, "F#m7", "i7"), ChordSymbol(score.meter.bar_quarters, "Bb", "I"))
    )
    text = text_of(engrave(write_musicxml(score))[0])
    assert "F♯m7" in text
    assert "B♭" in text
    assert not re.search("[\ue000-\uf8ff]", text)


def test_title_and_notes_are_on_the_paper() -> None:
    paper = pixels(stack(PAGES, "Evening at the Lake"))
    assert paper[:4].min() == 1
    assert paper[:45, 150:450].min() < 0.5  # the title
    assert paper[45:, :].min() < 0.5
    assert pixels(stack(PAGES, ""))[:45].min() == 1


def test_a_long_title_stays_on_the_page() -> None:
    paper = pixels(stack(PAGES, "W" * 20 + " and so on, word after word, until the very end of a rather long title"))
    assert paper[:45, :10].min() == 1
    assert paper[:45, -10:].min() == 1


def test_hostile_titles_stay_text() -> None:
    svg = stack(PAGES[:1], "<script>alert(1)</script>", "a & b \x00")
    assert "<script>" not in svg
    assert "<script>alert(1)</script>a & b" in text_of(svg)


def test_many_parts_fit_on_a_page() -> None:
    parts = [make_part(f"Part {number}", score_from_words("60:4").parts[0].notes) for number in range(16)]
    (page,) = engrave(write_musicxml(replace(score_from_words("60:4"), parts=tuple(parts))))
    assert "P. 15" not in text_of(page)
    assert "Part 15" in text_of(page)
    paper = pixels(page)
    assert paper[-2:].min() == 1


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(BackendError, match="verovio can't engrave this score"):
        engrave("<score-partwise")
    with pytest.raises(BackendError, match="resvg can't draw this SVG"):
        to_png("<svg", width_px=100)
    with pytest.raises(ValueError, match="stack what `engrave` returns"):
        stack(["<svg/>"], "Title")


def test_a_degree_for_programs_is_not_printed() -> None:
    score = score_from_words("60:4")
    symbol = ChordSymbol(Fraction(0), "G7sus4", "V7sus4")
    page = engrave(write_musicxml(replace(score, chords=(symbol,))))[0]
    assert "7sus4" in page
    assert "(7)" not in page


def test_what_moves_is_drawn_where_it_does() -> None:
    page = "".join(engrave(write_musicxml(moving_score())))
    text = text_of(stack([page], ""))
    for words in ("♩\xa0=\xa096", "♩\xa0=\xa0112", "♩.\xa0=\xa060", "accel.", "rit."):
        assert words in text
    assert not re.search("[\ue000-\uf8ff]", text)
    assert page.count('class="meterSig"') >= 3 * 4
    assert page.count('class="tempo"') == 4, "of a glide no step is drawn"


def test_a_kit_has_no_key_and_the_same_key_is_not_drawn_again() -> None:
    page = "".join(engrave(write_musicxml(moving_score())))
    staves = page.split('<g class="staff">')[1:]
    assert len(staves) == 4 * 12
    signatures = [re.findall(r'<g class="keySig">(.*?)</g></g>', staff) for staff in staves]
    assert not any(signatures[3::4]), "the drums"
    # Flat at the beginning and at each new line until bar 8, which announces the four sharps; F major after D minor is not drawn.
    assert [len(found) for found in signatures[0::4][4:8]] == [0, 0, 0, 1]


def test_every_thread_engraves_alike() -> None:
    """A server makes pieces in many threads; verovio keeps the path to its fonts for each of them."""
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(engrave, [write_musicxml(band_score())] * 2)) == [PAGES, PAGES]
