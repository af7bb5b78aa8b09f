from __future__ import annotations

import re
from dataclasses import replace
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
from tests.support.made_notes import band_score, perform_exactly, random_scores

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
