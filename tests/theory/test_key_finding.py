"""The key that an ear would hear."""

from __future__ import annotations

import pytest

from img2music.io.style_files import load_style
from img2music.planners.form import layout_sections
from img2music.planners.harmony.harmonize import harmonize
from img2music.rng import generator
from img2music.theory import Key, parse_bar
from img2music.theory.key_finding import key_margin


def of_chords(*numerals: str, key: Key) -> list[float]:
    histogram = [0.0] * 12
    for numeral in numerals:
        for member in parse_bar(numeral, key)[0].pitch_classes:
            histogram[member] += 1
    return histogram


@pytest.mark.parametrize("name", ["C major", "F# major", "Eb minor", "A minor"])
def test_a_cadence_names_its_key_in_every_key(name: str) -> None:
    key = Key.parse(name)
    cadence = ("i", "iv", "V", "i") if key.is_minor else ("I", "IV", "V", "I")
    assert key_margin(of_chords(*cadence, key=key), key) > 0.1


def test_the_same_chords_do_not_name_another_key() -> None:
    key = Key.parse("C major")
    histogram = of_chords("I", "IV", "V", "I", key=key)
    assert key_margin(histogram, Key.parse("E major")) < -0.5
    assert key_margin(histogram, Key.parse("A minor")) == pytest.approx(key_margin(histogram, key))  # its relative


def test_silence_has_no_key() -> None:
    assert key_margin([0.0] * 12, Key.parse("C major")) == 0


def test_drawn_harmony_points_to_its_tonic() -> None:
    clear = 0
    for seed in range(40):
        mode = ("major", "minor")[seed % 2]
        sections = harmonize(layout_sections(24), mode, load_style("pop"), generator(seed, "harmony"))
        key = Key(0, mode)
        chords = [numeral for section in sections for bar in section for numeral in bar.split()]
        clear += key_margin(of_chords(*chords, key=key), key) > 0
    assert clear >= 38
