from __future__ import annotations

import io
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from img2music.io.engraving.score_following import ScoreFollowing, follow_score
from img2music.io.engraving.verovio_pages import engrave, to_png
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.video.engraved_positions import PageBox, engraved_positions
from tests.support.made_notes import band_score, perform_exactly, score_from_words

SCALE = 2
"""Pixels of the look a pixel of the page."""
SVG = "{http://www.w3.org/2000/svg}"


@cache
def band() -> ScoreFollowing:
    """Chords, drums with crosses, accidentals, ledger lines, several systems and pages."""
    score = band_score()
    return follow_score(score, perform_exactly(score), width=900, height=500)


@cache
def looks(page: str) -> np.ndarray:
    with Image.open(io.BytesIO(to_png(page, width_px=900 * SCALE))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def changed(page: str, groups: set[str], kind: str) -> np.ndarray:
    """Where the look changes when what is of a class in some groups is drawn in another colour."""
    root = ET.fromstring(page)  # noqa: S314  our own
    for group in root.iter(f"{SVG}g"):
        if group.get("id") in groups:
            for element in group.iter(f"{SVG}g"):
                for drawn in element.iter() if kind == "notehead" else element.iterfind(f"{SVG}path"):
                    if element.get("class") == kind:
                        drawn.set("style", "fill:#ff0000;stroke:#ff0000;color:#ff0000")
    difference: np.ndarray = np.abs(looks(ET.tostring(root, "unicode")) - looks(page)).max(axis=2) > 40
    return difference


def outline(look: np.ndarray, left: float = 0, top: float = 0) -> PageBox:
    """The smallest box, in pixels of the page, that holds all that changed in a piece of a look that begins at `left`, `top`."""
    rows, columns = np.nonzero(look)
    edges = columns.min() + left, rows.min() + top, columns.max() + 1 + left, rows.max() + 1 + top
    return PageBox(*(float(edge) / SCALE for edge in edges))


@pytest.mark.parametrize("number", [0, 1])
def test_heads_stand_where_a_change_of_their_colour_is_seen(number: int) -> None:
    page = band().pages[number]
    positions = engraved_positions(page)
    assert {note.id for note in band().notes if note.page == number} == positions.heads.keys()
    apart: dict[str, PageBox] = {}
    for name, box in positions.heads.items():
        if all(abs(box.left - other.left) + abs(box.top - other.top) > 50 for other in apart.values()):
            apart[name] = box
    assert len(apart) > 15
    look = changed(page, set(apart), "notehead")
    for name, said in apart.items():
        left, top = (max(0, round((edge - 8) * SCALE)) for edge in said[:2])
        window = np.s_[top : round((said.bottom + 8) * SCALE), left : round((said.right + 8) * SCALE)]
        assert np.abs(np.subtract(outline(look[window], left, top), said)).max() < 0.7, name
        look[window] = False
    assert not look.any(), "nothing else has changed"


def test_bars_stand_where_their_staff_lines_are_seen() -> None:
    page = band().pages[0]
    positions = engraved_positions(page)
    here = [bar.id for bar in band().bars if bar.page == 0]
    assert here == list(positions.bars)
    for name in here[1:3]:
        seen = outline(changed(page, {name}, "staff"))
        assert np.abs(np.subtract(seen, positions.bars[name])).max() < 0.7, name


def test_every_note_of_every_page_stands_in_its_bar() -> None:
    for number, page in enumerate(band().pages):
        positions = engraved_positions(page)
        onsets = {bar.id: bar.onset_seconds for bar in band().bars if bar.page == number}
        names = sorted(onsets, key=lambda name: onsets[name])
        for note in (one for one in band().notes if one.page == number):
            bar = [name for name in names if onsets[name] <= note.onset_seconds + 1e-6][-1]
            box, head = positions.bars[bar], positions.heads[note.id]
            assert box.left < head.left < head.right < box.right, (note, bar)
            assert -30 < head.top - box.top < box.bottom - box.top + 30


def test_a_page_without_ids_has_no_places_and_something_else_is_refused() -> None:
    (page,) = engrave(write_musicxml(score_from_words("60:1 62:1 64:2")))
    positions = engraved_positions(page)
    assert positions.width == 840
    assert (positions.heads, positions.bars) == ({}, {})
    with pytest.raises(ValueError, match="what `engrave` returns"):
        engraved_positions('<svg xmlns="http://www.w3.org/2000/svg" width="10px" height="10px"/>')
