"""Numbers, keys, tempi, lengths and names as models write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from img2music.io.style_files import style_names
from img2music.models.parsing.loose_music import length_of, meter_of, mode_of, parse_key_name, tempo_of, tonic_of
from img2music.models.parsing.loose_names import instrument_of, one_of, style_of
from img2music.models.parsing.loose_values import (
    LenientReader,
    items_of,
    number_of,
    plain_text,
    scalar_of,
    share_of,
    shares_of,
    whole_number_of,
)
from img2music.theory import METERS, MODES, Key, instrument_names

TONICS = ("C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B")

KEYS = {
    "D minor": [
        "Dm", "dm", "D min", "D mi", "Dmin", "D-minor", "D_minor", "D – minor", "d-moll", "D Moll", "ré mineur", "re menor", "re minore",
        "D Minor (natural)", "D natural minor", "D harmonic minor", "D minor scale", "key of D minor", "in the key of D minor", "Ｄ minor",
        "D aeolian", "d‑moll", "D♮ minor", "ре минор", "ニ短調", "D小调", "Dmoll", "ré moll", "Re m",
    ],
    "A minor": ["Amoll", "la m"],
    "Bb major": ["A# major", "A♯ major", "B♭ major", "B flat", "B-flat major", "Bflat maj", "B-Dur", "si bémol majeur", "BB MAJOR", "Bb"],
    "B minor": ["H-moll", "h moll", "B min", "si mineur", "Bm", "Cb minor"],
    "F# minor": ["F♯ minor", "F#m", "F sharp minor", "Fsharp min", "fis-moll", "fa dièse mineur", "F-sharp minor", "Fis min", "fismoll", "fa# minor"],
    "Eb minor": ["es-moll", "Ebm", "E♭ minor", "mi bemol menor"],
    "Eb major": ["D# major", "Es-Dur", "E flat major", "Eb-Dur", "EB MAJOR", "es maj"],
    "C major": ["Cmaj", "C", "CM", "do majeur", "do mayor", "c-Dur", "C ionian", "C M", "Cdur", "Do M"],
    "G# minor": ["G♯ minor", "gis-moll", "G#m", "sol dièse mineur"],
    "Ab major": ["G# major", "As-Dur", "A♭", "la bémol majeur"],
    "D dorian": ["d dorisch", "D DORIAN", "D dorian mode"],
    "G minor": ["F## minor", "sol minor", "Sol m", "solmineur"],
    "Bb dorian": ["B dorisch"],
    "B phrygian": ["H phrygisch"],
}  # fmt: skip
LENGTHS = {
    4.0: ["whole", "semibreve", "whole note", "1/1", "1n", "Ganze"],
    3.0: ["dotted half", "dotted minim", "3/4"],
    2.0: ["half", "minim", "1/2", "half-note", "2", "2 beats", "2nd"],
    1.5: [
        "dotted quarter",
        "Dotted-Quarter",
        "dotted crotchet",
        "q.",
        "1/4.",
        "dotted 1/4",
        "3/8",
        "1½",
        "1,5",
        "1.5 quarters",
        "♩.",
    ],
    1.0: ["quarter", "Quarter Note", "quarter-note", "crotchets", "1/4", "4th", "4n", "♩", "Viertel", "noire", "q"],
    0.75: ["dotted eighth", "dotted quaver", "3/16"],
    0.5: ["eighth", "8th", "1/8", "1/8 note", "1/8th", "quaver", "eighth notes", "½", "0,5", "♪", "croche", "8n"],
    0.25: ["sixteenth", "16th", "semiquaver", "1/16", "0.25"],
    0.333333: ["triplet eighth", "eighth-note triplet", "eighth triplet"],
}
TEMPI: dict[float, list[Any]] = {
    72.0: [
        72, "72", "72 bpm", "72BPM", "♩ = 72", "♩=72", "q=72", "quarter = 72", "Andante (♩ = 72)", "andante, 72", "~72", "c. 72",
        "tempo: 72", "♩. = 48", "dotted quarter = 48 bpm", "half = 36", "eighth = 144", "72 beats per minute", "72/min", "７２",
        "72 quarter notes a minute", "70-74", "between 70 and 74",
    ],
    74.0: ["72-76", "72–76", "72 to 76 bpm", "Andante (72-76)"],
    72.5: [72.5, "72.5", "72,5"],
}  # fmt: skip
SHARES: dict[float, list[Any]] = {
    0.4: [
        0.4,
        ".4",
        "0,4",
        40,
        "40",
        "40%",
        "40 %",
        "40 percent",
        "４０％",
        "4/10",
        "4 of 10",
        "40 out of 100",
        "0.3-0.5",
        "30-50%",
        [0.4],
    ],
    0.5: ["medium", "Moderate", "1/2", "½"],
    1.0: [1, 100, "100 %"],
}
PLAYERS = {
    "cello": ["Cello", "CELLO", "Cello (arco)", "solo_cello", "Solo Cello", "2 cellos", "the cello"],
    "violin": ["Violins", "Violin II", "violin 1", "1st violin", "first violin"],
    "warm pad": ["Warm Pad", "warm-pad", "warmPad", "Synth Pad (soft)", "pad"],
    "steel guitar": ["Acoustic Guitar", "acoustic_guitar", "Steel-String Guitar"],
    "piano": ["Felt Piano", "Grand Piano", "soft piano", "Upright Piano"],
    "strings": ["String Section", "Strings", "string ensemble"],
    "drums": ["Drum Kit", "drumkit", "Percussion"],
}


@pytest.mark.parametrize(("meant", "written"), [(meant, one) for meant, row in KEYS.items() for one in row])
def test_keys(meant: str, written: str) -> None:
    assert parse_key_name(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "H major",
        "H",
        "C major / A minor",
        "Am7",
        "D blues",
        "C/E",
        "minor",
        "",
        "Dorian D",
        "K minor",
        "xmoll",
        "Amaj7",
        "blues",
        "D locrian",
        5,
        None,
    ],
)
def test_no_keys(written: Any) -> None:
    assert parse_key_name(written) is None


@pytest.mark.parametrize("mode", MODES)
def test_every_key_has_a_name_that_can_be_written(mode: str) -> None:
    for letter in "CDEFGAB":
        for sign in ("", "#", "b", "##", "bb"):
            name = parse_key_name(f"{letter}{sign} {mode}")
            assert name is not None
            assert Key.parse(name).name == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [("D minor", "D"), ("G#", "Ab"), ("G#m", "Ab"), ("Cb", "B"), ("es-moll", "Eb"), ("F♯", "F#"), ("H", None)],
)
def test_tonics(written: str, meant: str | None) -> None:
    assert tonic_of(written, TONICS) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Dorian", "dorian"),
        ("D minor", "minor"),
        ("natural minor", "minor"),
        ("Aeolian", "minor"),
        ("maj", "major"),
        ("dorisch", "dorian"),
        ("mineur", "minor"),
        ("m", None),
        ("C", None),
    ],
)
def test_modes(written: str, meant: str | None) -> None:
    assert mode_of(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("4/4 time", "4/4"),
        ("3 / 4", "3/4"),
        ("6 over 8", "6/8"),
        ("common time", "4/4"),
        ("2/2", None),
        ("3/4 or 4/4", None),
        ("12／8", "12/8"),
    ],
)
def test_meters(written: str, meant: str | None) -> None:
    assert meter_of(written) == meant


@pytest.mark.parametrize(("meant", "written"), [(meant, one) for meant, row in LENGTHS.items() for one in row])
def test_lengths(meant: float, written: str) -> None:
    assert length_of(written) == pytest.approx(meant, abs=1e-6)


@pytest.mark.parametrize(("meant", "written"), [(meant, one) for meant, row in TEMPI.items() for one in row])
def test_tempi(meant: float, written: Any) -> None:
    assert tempo_of(written) == pytest.approx(meant)


@pytest.mark.parametrize("written", ["fast", "72 or 90", "1,200", "", None, True, "x = 72"])
def test_no_tempi(written: Any) -> None:
    assert tempo_of(written) is None


@pytest.mark.parametrize(("meant", "written"), [(meant, one) for meant, row in SHARES.items() for one in row])
def test_shares(meant: float, written: Any) -> None:
    assert share_of(written) == pytest.approx(meant)


def test_a_share_that_leaves_a_doubt_stays_out_of_range() -> None:
    assert share_of(7) == 7
    assert share_of(1.5) == 1.5
    assert share_of("loud") is None
    assert share_of("high", signed=True) is None
    assert share_of("−0.4", signed=True) == -0.4
    assert shares_of([5, 40, 80]) == [0.05, 0.4, 0.8]
    assert shares_of([0.5, "x", 1]) == [0.5, "x", 1]


@pytest.mark.parametrize(("meant", "written"), [(meant, one) for meant, row in PLAYERS.items() for one in row])
def test_players(meant: str, written: str) -> None:
    assert instrument_of(written) == meant


@pytest.mark.parametrize("written", ["kazoo orchestra", "theremin", "", "piano, violin", "file:///x", 7])
def test_no_players(written: Any) -> None:
    assert instrument_of(written) is None


def test_names_of_our_own_are_always_understood() -> None:
    for name in instrument_names():
        assert instrument_of(name) == instrument_of(name.title()) == instrument_of(name.replace(" ", "_").upper()) == name
    for name in style_names():
        assert style_of(name) == style_of(name.title()) == style_of(name.replace("-", "_")) == style_of(f"{name} music") == name
    for name in METERS:
        assert meter_of(f" {name} ") == name


def test_small_readers() -> None:
    assert plain_text("Ⅳ⁷ – “x”\u00a0＃½ 1½ ٣") == 'IV7 - "x" #1/2 1 1/2 3'
    assert scalar_of([[["x"]]]) == "x"
    assert scalar_of([1, 2]) == [1, 2]
    assert items_of("a, b; c", split=",;") == ["a", "b", "c"]
    assert items_of("a") == ["a"]
    assert [whole_number_of(one) for one in ("2", "+2", "−1", 2.0, "#2", 2.5, "1-3", "two", True)] == [
        2,
        2,
        -1,
        2,
        2,
        None,
        None,
        None,
        None,
    ]
    assert [number_of(one) for one in ("1 1/2", "3/4", "1/0", "9" * 50, True, None, [3])] == [
        1.5,
        0.75,
        None,
        None,
        None,
        None,
        3,
    ]
    assert one_of("Lead Melody", ("melody", "bass"), {"lead": "melody"}) == "melody"
    assert one_of("melody and bass", ("melody", "bass"), {}) is None


def test_slips_are_noted_once_and_not_without_end() -> None:
    slips = LenientReader()
    assert slips.read("key", "Dm", parse_key_name) == "D minor"
    assert slips.read("key", "Dm", parse_key_name) == "D minor"
    assert slips.read("key", "D minor", parse_key_name) == "D minor"
    assert slips.read("key", "nonsense", parse_key_name) == "nonsense"
    assert slips.remarks == ["key: 'Dm' read as 'D minor'"]
    for number in range(200):
        slips.note(str(number))
    assert len(slips.remarks) == 60


@given(st.text(max_size=100) | st.lists(st.text(max_size=5), max_size=3) | st.floats() | st.integers() | st.none())
def test_any_value_is_read_or_left(value: Any) -> None:
    for reader in (
        parse_key_name,
        mode_of,
        meter_of,
        tempo_of,
        length_of,
        style_of,
        instrument_of,
        share_of,
        number_of,
        whole_number_of,
    ):
        assert reader(value) is None or reader(value) == reader(value)
    tonic_of(value, TONICS)
    one_of(value, ("melody",), {})
    shares_of([value, value])
