from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import key as m21key
from music21 import roman

from img2music.errors import DocumentError, UsageError
from img2music.theory import (
    METERS,
    MODES,
    Chord,
    Key,
    Meter,
    instrument,
    instrument_names,
    parse_bar,
    parse_pitch_class,
    pitch_class,
    pitch_class_name,
    spell,
)

TONICS = ["C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B"]


def readable_keys() -> list[Key]:
    keys = [Key(parse_pitch_class(tonic), mode) for tonic in TONICS for mode in MODES]
    return [key for key in keys if abs(key.signature) <= 7]


@pytest.mark.parametrize("key", readable_keys(), ids=lambda key: key.name)
def test_scale_and_signature_agree_with_music21(key: Key) -> None:
    theirs = m21key.Key(pitch_class_name(key.tonic).replace("b", "-"), key.mode)
    assert key.signature == theirs.sharps
    assert [pitch_class_name(fifths) for fifths in key.scale] == [pitch.name.replace("-", "b") for pitch in theirs.pitches[:7]]


@pytest.mark.parametrize(
    "numeral",
    [
        "I",
        "i",
        "ii",
        "II",
        "iii",
        "IV",
        "iv",
        "V",
        "v",
        "vi",
        "VI",
        "VII",
        "ii7",
        "iv7",
        "I6",
        "i64",
        "viio7",
        "iiø65",
        "bVII",
        "bVI",
        "V7/V",
        "V/vi",
        "#ivo7",
        "V+",
    ],
)
@pytest.mark.parametrize(
    ("tonic", "mode"), [("C", "major"), ("E", "minor"), ("Eb", "major"), ("D", "dorian"), ("G", "mixolydian"), ("F", "lydian")]
)
def test_chords_agree_with_music21(numeral: str, tonic: str, mode: str) -> None:
    flat = roman.Minor67Default.FLAT  # music21 guesses VI and VII of minor otherwise; ours are the scale's own
    theirs = roman.RomanNumeral(numeral, m21key.Key(tonic.replace("b", "-"), mode), sixthMinor=flat, seventhMinor=flat)
    ours = Chord.parse(numeral, Key.parse(f"{tonic} {mode}"))
    assert sorted(set(ours.pitch_classes)) == sorted({pitch.pitchClass for pitch in theirs.pitches})
    assert pitch_class(ours.bass) == theirs.bass().pitchClass


@pytest.mark.parametrize(
    ("numeral", "key", "symbol"),
    [
        ("V7", "C minor", "G7"),
        ("V7", "F lydian", "C7"),  # a written V7 is a dominant seventh in every mode
        ("Imaj7", "E minor", "Emaj7"),
        ("ii7", "Bb major", "Cm7"),
        ("iiø7", "A minor", "Bm7b5"),
        ("viio7", "C major", "Bdim7"),
        ("IVadd9", "G major", "Cadd9"),
        ("Iadd6", "C major", "C6"),
        ("V9", "D major", "A9"),
        ("V7sus4", "C major", "G7sus4"),
        ("Isus4", "C major", "Csus4"),
        ("I6", "F major", "F/A"),
        ("V42", "C major", "G7/F"),
    ],
)
def test_symbols_a_lead_sheet_shows(numeral: str, key: str, symbol: str) -> None:
    assert Chord.parse(numeral, Key.parse(key)).symbol == symbol


@pytest.mark.parametrize("text", ["", "H", "IIX", "V7/", "8", "I | V", "v" * 50])
def test_wrong_numerals_say_what_is_right(text: str) -> None:
    with pytest.raises(DocumentError, match=r"roman numeral|one to four chords"):
        parse_bar(text, Key.parse("C"))


@pytest.mark.parametrize(
    ("text", "name"),
    [("Dm", "D minor"), ("f# dorian", "F# dorian"), ("Bb", "Bb major"), ("A-minor", "A minor"), ("C ionian", "C major")],
)
def test_keys_are_read_as_people_write_them(text: str, name: str) -> None:
    assert Key.parse(text).name == name


@pytest.mark.parametrize(
    ("text", "match"),
    [("H minor", "pitch name"), ("C foo", "no mode 'foo'"), ("G# major", "write it as 'Ab major'"), ("", "is no key")],
)
def test_wrong_keys_say_what_is_right(text: str, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        Key.parse(text)


@given(st.integers(0, 127), st.sampled_from(readable_keys()), st.sampled_from(["I", "V7/V", "bVI", "viio7", "V/vi", "i"]))
def test_spelling_keeps_the_sound(midi: int, key: Key, numeral: str) -> None:
    spelled = key.spell(midi, Chord.parse(numeral, key).members)
    assert spelled.midi == midi
    assert abs(spelled.alter) <= 1


def test_leading_tones_and_borrowed_notes_are_spelled_by_their_chord() -> None:
    minor = Key.parse("D minor")
    assert minor.spell(61, Chord.parse("V", minor).members).name == "C#4"
    major = Key.parse("C major")
    assert major.spell(68, Chord.parse("V/vi", major).members).name == "G#4"
    assert major.spell(68, Chord.parse("bVI", major).members).name == "Ab4"


def test_spelling_a_pitch_as_another_is_refused() -> None:
    with pytest.raises(ValueError, match="can't be written as"):
        spell(60, 1)


@given(st.integers(-20, 20), st.sampled_from(readable_keys()))
def test_degrees_climb_the_scale(index: int, key: Key) -> None:
    assert 1 <= key.degree(index + 1) - key.degree(index) <= 3
    assert key.degree(index + 7) - key.degree(index) == 12


@pytest.mark.parametrize("name", METERS)
def test_beats_fill_every_metre(name: str) -> None:
    meter = Meter.parse(name)
    assert sum(meter.beats) == meter.bar_quarters
    assert meter.weight(Fraction(0)) == 3
    assert meter.weight(meter.half_quarters) >= 1
    for step in range(int(meter.bar_quarters * 4)):
        begin, end = meter.beat_at(Fraction(step, 4))
        assert begin <= Fraction(step, 4) < end


def test_unknown_metre_names_the_known() -> None:
    with pytest.raises(UsageError, match="there are: 12/8"):
        Meter.parse("13/16")


@pytest.mark.parametrize("name", instrument_names())
def test_instruments_are_playable(name: str) -> None:
    player = instrument(name)
    assert 0 <= player.program <= 127
    assert 21 <= player.low < player.high <= 108
    assert player.kit or player.low <= player.tessitura_centre <= player.high
    assert player.high - player.low >= 12


def test_instruments_are_found_by_common_names() -> None:
    assert instrument("French_Horn").name == "horn"
    assert instrument("Rhodes").name == "electric piano"
    with pytest.raises(UsageError, match="did you mean 'violin'"):
        instrument("vilin")
