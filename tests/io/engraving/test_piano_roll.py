from __future__ import annotations

import re
import time
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from img2music.io.engraving.piano_roll import PART_COLOURS, pianoroll_svg
from img2music.io.engraving.verovio_pages import to_png
from img2music.performance import PlayedNote
from img2music.score import Score
from img2music.theory import Meter
from img2music.theory.meter_map import MeterMap, MeterPoint
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.made_notes import band_score, perform_exactly, random_scores
from tests.support.moving_scores import moving_score, random_moving_scores

SVG = "{http://www.w3.org/2000/svg}"
ROLL = perform_exactly(band_score())


def drawn(svg: str) -> list[tuple[str, float, float, float]]:
    """Every note's box: (colour, left, top, width)."""
    boxes = []
    for group in ET.fromstring(svg).iter(f"{SVG}g"):  # noqa: S314  our own
        for path in group.iter(f"{SVG}path"):
            for left, top, width in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v", path.get("d", "")):
                boxes.append((group.get("fill", ""), float(left), float(top), float(width)))
    return boxes


def test_every_note_is_drawn_in_its_parts_colour() -> None:
    boxes = drawn(pianoroll_svg(ROLL))
    for index, part in enumerate(ROLL.parts[:4]):
        assert sum(colour == PART_COLOURS[index] for colour, *_ in boxes) == len(part.notes)
    strokes = pianoroll_svg(ROLL).count("l2.5 4.5l")
    assert strokes == len(ROLL.parts[4].notes)


def test_time_runs_right_and_pitch_runs_up() -> None:
    notes = (PlayedNote(0, 480, 60, 80), PlayedNote(480, 960, 72, 80))
    (_, left, low, short), (_, right, high, long) = drawn(
        pianoroll_svg(replace(ROLL, parts=(replace(ROLL.parts[0], notes=notes),)))
    )
    assert right > left
    assert low - high == pytest.approx(12 * 5, abs=0.2)
    assert long == pytest.approx(2 * short, abs=1)


def test_names_octaves_sections_and_drums_are_labelled() -> None:
    text = "".join(ET.fromstring(pianoroll_svg(ROLL)).itertext())  # noqa: S314
    for word in ("Flute", "Acoustic Bass", "C2", "C5", "intro", "A1", "B", "Bass Drum", "Closed Hi-Hat", "0:30"):
        assert word in text


def test_a_minute_of_dense_music_stays_small() -> None:
    part = ROLL.parts[0]
    dense = tuple(PlayedNote(tick, 60, 48 + tick // 60 % 40, 40 + tick % 80) for tick in range(0, 480 * 112, 60))
    crowded = replace(ROLL, seconds=60.0, parts=tuple(replace(part, name=f"Part {n}", notes=dense) for n in range(8)))
    assert len(pianoroll_svg(crowded)) < 400_000


def test_loud_notes_are_darker() -> None:
    def ink(velocity: int) -> float:
        part = replace(ROLL.parts[0], notes=(PlayedNote(0, 4800, 60, velocity),))
        picture = Image.open(BytesIO(to_png(pianoroll_svg(replace(ROLL, parts=(part,), markers=())), width_px=800)))
        return float(np.asarray(picture.convert("RGB"), dtype=float)[..., 0].mean())

    assert ink(120) < ink(60) < ink(10)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(random_scores())
def test_any_performance_can_be_drawn_inside_the_frame(score: Score) -> None:
    svg = pianoroll_svg(perform_exactly(score))
    root = ET.fromstring(svg)  # noqa: S314
    for _, left, top, width in drawn(svg):
        assert left >= 64
        assert left + width <= 1200
        assert 0 < top < float(root.get("height", "0"))


def test_hostile_names_stay_text() -> None:
    part = replace(ROLL.parts[0], name="</svg><script>&")
    svg = pianoroll_svg(replace(ROLL, parts=(part,), markers=((0, "<b>"),), title="\x00<i>"))
    assert "<script>" not in svg
    assert "</svg><script>&" in "".join(ET.fromstring(svg).itertext())  # noqa: S314


MOVING = perform_exactly(moving_score(), tail_seconds=0.5)


def test_time_is_seconds_where_the_tempo_changes() -> None:
    """The report's playhead runs evenly over the drawing."""
    svg = pianoroll_svg(MOVING)
    root = ET.fromstring(svg)  # noqa: S314
    seconds = {
        int(text.split(":")[1]): float(one.get("x", "0"))
        for one in root.iter(f"{SVG}text")
        if (text := one.text or "").startswith("0:")
    }
    pixels = (seconds[24] - seconds[0]) / 24
    assert all(x == pytest.approx(seconds[0] + pixels * second, abs=0.2) for second, x in seconds.items())
    flute = [(left, width) for colour, left, _, width in drawn(svg) if colour == PART_COLOURS[0]]
    for note, (left, width) in zip(MOVING.parts[0].notes, flute, strict=True):
        begin, end = MOVING.seconds_at(note.onset_ticks), MOVING.seconds_at(note.onset_ticks + note.duration_ticks)
        assert left == pytest.approx(64 + pixels * begin, abs=0.2)
        assert width == pytest.approx(pixels * (end - begin) - 0.4, abs=0.2)


def test_bar_lines_stand_where_bars_begin() -> None:
    score, svg = moving_score(), pianoroll_svg(MOVING)
    numbers = {
        int(one.text or 0): float(one.get("x", "0"))
        for one in ET.fromstring(svg).iter(f"{SVG}text")  # noqa: S314
        if (one.text or "").isdecimal()
    }
    assert sorted(numbers) == list(range(1, 13))
    pixels = 1120 / MOVING.seconds
    for bar, x in numbers.items():
        assert x - 2 == pytest.approx(64 + pixels * score.tempo_map.seconds_at(score.meter_map.bar_onset(bar - 1)), abs=0.2)


def test_what_changes_is_said_where_it_does() -> None:
    found = [one.text for one in ET.fromstring(pianoroll_svg(MOVING)).iter(f"{SVG}text")]  # noqa: S314
    for words in ("D minor, 4/4, ♩ = 96", "F major, 3/4, ♩ = 112", "E major, 6/8, ♩. = 60", "rit."):
        assert words in found
    assert not any("♩" in (text or "") for text in ET.fromstring(pianoroll_svg(ROLL)).itertext())  # noqa: S314


@settings(max_examples=25, deadline=None, derandomize=True)
@given(random_moving_scores())
def test_what_moves_can_be_drawn_inside_the_frame(score: Score) -> None:
    for _, left, top, width in drawn(pianoroll_svg(perform_exactly(score))):
        assert left >= 64
        assert left + width <= 1200
        assert top > 0


def test_foreign_tempi_and_metres_are_drawn_soon_and_small() -> None:
    tempi = TempoMap(tuple(TempoPoint(Fraction(place, 4), 100.0 + place % 7) for place in range(8000)))
    meters = MeterMap(tuple(MeterPoint(Fraction(place), Meter(3 + place % 2, 32)) for place in range(2000)))
    crowded = replace(ROLL, tempo_map=tempi, meter_map=meters, seconds=tempi.seconds_at(2000))
    start = time.process_time()
    assert len(pianoroll_svg(crowded)) < 400_000
    assert time.process_time() - start < 5


def test_what_rings_out_after_the_last_bar_is_no_bar() -> None:
    score = band_score()
    played = perform_exactly(score)
    first, *others = played.parts
    ring = PlayedNote(score.bars * 4 * 480 - 480, 3 * 4 * 480, 60, 80)
    ringing = replace(played, parts=(replace(first, notes=(*first.notes, ring)), *others))
    for bars in (score.bars, None):
        roll = ET.fromstring(pianoroll_svg(ringing, bars=bars))  # noqa: S314  our own
        grey = next(group for group in roll.iter(f"{SVG}g") if group.get("font-size") == "9" and group.get("text-anchor") is None)
        assert max(int(text.text or 0) for text in grey) == score.bars


def test_every_section_and_drum_is_named_in_full() -> None:
    played = replace(ROLL, markers=tuple((place * 480, f"interlude {place}") for place in range(6)))
    texts = [text.text for text in ET.fromstring(pianoroll_svg(played)).iter(f"{SVG}text")]  # noqa: S314  our own
    assert [text for text in texts if text and text.startswith("interlude")] == [f"interlude {place}" for place in range(6)]
    assert not any("…" in (text or "") for text in texts)
