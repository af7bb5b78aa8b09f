from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.io.engraving.score_following import follow_score
from img2music.piece import Piece
from img2music.report.music_data import PEAKS, music_data, sound_peaks
from tests.support.report_pages import HOSTILE, report_piece

PIECE = report_piece()


def data_of(piece: Piece, **changes: Any) -> dict[str, Any]:
    following = follow_score(piece.score, piece.performance, prefix="a-")
    data: dict[str, Any] = json.loads(json.dumps(music_data(piece, following, **changes)))
    return data


def test_everything_a_player_needs_is_there_and_short() -> None:
    data = data_of(PIECE, audio_url="audio.ogg", peaks=[0.123456, 1])
    assert set(data) == {
        "title", "seconds", "loop", "audio", "stems", "pages", "notes", "bars", "roll", "parts", "sections", "chords", "peaks",
    }  # fmt: skip
    assert (data["title"], data["seconds"], data["audio"], data["loop"]) == ("Low Sun", 42, "audio.ogg", False)
    assert data["peaks"] == [0.123, 1]
    numbers = [value for row in (*data["notes"], *data["bars"], *data["roll"]) for value in row if isinstance(value, float)]
    assert numbers
    assert all(round(number, 3) == number for number in numbers)
    assert len(data["roll"]) == sum(len(part.notes) for part in PIECE.performance.parts)
    assert data["roll"] == sorted(data["roll"], key=lambda note: note[2])
    assert data["notes"] == sorted(data["notes"], key=lambda note: note[2])
    assert [bar[1] for bar in data["bars"]] == list(range(PIECE.score.bars))


def test_pages_hold_the_notes_and_bars_and_no_style() -> None:
    data = data_of(PIECE)
    drawn = [set(re.findall(r' id="([^"]*)"', page)) for page in data["pages"]]
    assert all(note[0] in drawn[note[4]] for note in data["notes"])
    assert all(bar[0] in drawn[bar[3]] for bar in data["bars"])
    assert not any("<style" in page or "style=" in page for page in data["pages"])


def test_parts_are_named_and_coloured_and_their_notes_called_as_the_page_spells_them() -> None:
    parts = data_of(PIECE)["parts"]
    assert [part["name"] for part in parts] == ["Violin", "Piano", "Brushes"]
    assert [part["drums"] for part in parts] == [False, False, True]
    assert len({part["colour"] for part in parts}) == 3
    assert parts[0]["names"]["70"] == "B♭4", "B flat is no A sharp here"
    assert parts[2]["names"] == {"38": "Snare"}


def test_sections_follow_each_other_to_the_end() -> None:
    sections = data_of(PIECE)["sections"]
    assert [section["name"] for section in sections] == ["intro", "A1", "B", "A2", "outro"]
    assert sections[0]["from"] == 0
    assert all(before["to"] == after["from"] for before, after in pairwise(sections))
    assert sections[-1]["to"] == 42
    assert [section["first_bar"] for section in sections] == [0, 2, 6, 10, 14]
    assert [section["bars"] for section in sections] == [2, 4, 4, 4, 2]
    assert sections[2]["energy"] == 0.75


def test_without_pages_bars_still_have_their_seconds() -> None:
    data = music_data(PIECE, None)
    assert data["pages"] == data["notes"] == []
    assert [bar[2] for bar in data["bars"]] == [bar[2] for bar in data_of(PIECE)["bars"]]


def test_stems_belong_to_the_parts() -> None:
    urls = {"Violin": "v.ogg", "Piano": "p.ogg", "Brushes": "b.ogg"}
    data = data_of(PIECE, stems=urls, stem_level_db=7.904)
    assert data["stems"][2] == {"part": 2, "name": "Brushes", "url": "b.ogg", "level_db": 7.9}
    with pytest.raises(ValueError, match="2 stems of 3 parts"):
        music_data(PIECE, None, stems={"Violin": "v.ogg", "Piano": "p.ogg"})


def test_hostile_names_are_only_text() -> None:
    piece = report_piece(HOSTILE)
    data = data_of(piece)
    assert data["parts"][0]["name"] == "Violin" + HOSTILE
    assert not any("<script" in page or "<img" in page for page in data["pages"])


def test_peaks_are_the_outline_of_the_sound() -> None:
    samples = np.zeros((2, 60000), np.float32)
    samples[0, 100], samples[1, 59999] = -0.5, 0.25
    peaks = sound_peaks(Audio(samples, 48000))
    assert len(peaks) == PEAKS
    assert (peaks[1], peaks[-1], sum(peaks)) == (1, 0.5, 1.5)
    assert sound_peaks(Audio(0 * samples, 48000)) == [0] * PEAKS
    assert sound_peaks(Audio(samples[:, :7], 48000), 100) == [0] * 7
    assert sound_peaks(Audio(samples[:, :0], 48000)) == [0]
