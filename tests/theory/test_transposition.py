"""Notes and chords that go from one key or mode to another."""

from __future__ import annotations

import pytest

from img2music.io.style_files import load_style, style_names
from img2music.theory import MODES, Key, SpelledPitch, parse_bar
from img2music.theory.transposition import degree_of, interval_name, key_interval, numeral_in_mode, transpose_pitch

D_MAJOR, D_MINOR = Key.parse("D major"), Key.parse("D minor")


@pytest.mark.parametrize(("numeral", "old", "new", "found"), [
    ("I", "major", "minor", "i"), ("ii7", "major", "minor", "iiø7"), ("V7", "major", "minor", "V7"), ("vi", "major", "minor", "VI"),
    ("iii", "major", "minor", "III"), ("viio", "major", "minor", "#viio"), ("V7/V", "major", "minor", "V7/V"), ("bVII", "major", "minor", "VII"),
    ("V/vi", "major", "minor", "V/VI"), ("Imaj7", "major", "minor", "i7"), ("IVadd9", "major", "minor", "ivadd9"), ("I64", "major", "minor", "i64"),
    ("bII6", "major", "minor", "bII6"), ("V7sus4", "major", "minor", "V7sus4"), ("iv", "major", "minor", "iv"), ("V9", "major", "minor", "V7"),
    ("i", "minor", "major", "I"), ("VI", "minor", "major", "vi"), ("VII", "minor", "major", "bVII"), ("v", "minor", "major", "V"),
    ("V7", "minor", "major", "V7"), ("iiø7", "minor", "major", "ii7"), ("#viio7", "minor", "major", "viio7"), ("VII", "minor", "dorian", "VII"),
    ("IV", "dorian", "minor", "iv"), ("II", "phrygian", "major", "ii"), ("ii7 ", "major", "major", "ii7"),
])  # fmt: skip
def test_a_chord_keeps_its_task(numeral: str, old: str, new: str, found: str) -> None:
    assert numeral_in_mode(numeral.strip(), old, new) == found


def test_every_chord_of_every_style_goes_to_every_mode() -> None:
    numerals = {word for name in style_names() for text in _texts(load_style(name).model_dump()) for word in text.split()}
    known = [(numeral, mode) for numeral in sorted(numerals) for mode in MODES if _reads(numeral, mode)]
    assert len(known) > 50
    for numeral, mode in known:
        for other in MODES:
            assert parse_bar(numeral_in_mode(numeral, mode, other), Key(0, other)), (numeral, mode, other)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def _reads(numeral: str, mode: str) -> bool:
    try:
        return bool(parse_bar(numeral, Key(0, mode)))
    except ValueError:
        return False


def test_the_nearest_way() -> None:
    assert key_interval(D_MAJOR, Key.parse("G major")) == 5
    assert key_interval(D_MAJOR, Key.parse("A minor")) == -5
    assert key_interval(D_MAJOR, Key.parse("Ab major")) == 6
    assert [interval_name(size) for size in (0, 5, -2, -12, 17, 24, -5)] == [
        "", "up a fourth", "down a tone", "down an octave", "up a fourth and an octave", "up 2 octaves", "down a fourth",
    ]  # fmt: skip


def test_a_note_keeps_its_degree() -> None:
    third, seventh, raised = SpelledPitch("F", 1, 4), SpelledPitch("C", 1, 5), SpelledPitch("G", 1, 4)
    assert degree_of(third, D_MAJOR) == (2, True)
    assert degree_of(raised, D_MAJOR) == (3, False)
    assert transpose_pitch(third, D_MAJOR, D_MINOR) == 65
    assert transpose_pitch(seventh, D_MAJOR, D_MINOR) == 72
    bright, dark = (parse_bar("V7", key)[0].members for key in (D_MAJOR, D_MINOR))
    assert transpose_pitch(seventh, D_MAJOR, D_MINOR, bright, dark) == 73  # the leading tone of the chord under it
    second = parse_bar("V7/II", D_MAJOR)[0].members  # has a D sharp
    assert transpose_pitch(SpelledPitch("D", 0, 4), D_MAJOR, D_MINOR, second, second) == 62  # the tonic beside it stays one
    assert transpose_pitch(raised, D_MAJOR, D_MINOR) == 68  # no note of the scale: as far from the tonic as it was
    assert transpose_pitch(seventh, D_MINOR, D_MAJOR) == 73
    assert transpose_pitch(third, D_MAJOR, Key.parse("Bb major")) == 62
