"""ABC that people write: clefs with octaves, transposition, keys with accidentals of their own, a missing L:, the order of parts."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from img2music.io.abc.abc_fields import parse_key_field, parse_part_order, parse_transposition
from img2music.io.abc.import_abc import AbcNote, expand_repeats, read_abc
from img2music.realizers.abc.repair_bars import join_ties
from img2music.theory import Key

needs_abc2midi = pytest.mark.skipif(shutil.which("abc2midi") is None, reason="needs abc2midi (Debian: abcmidi)")
HEAD = "X:1\nM:4/4\nL:1/4\nQ:1/4=120\n"
Heard = list[tuple[Fraction, int, Fraction]]


def sounded(text: str) -> Heard:
    """(onset, pitch, duration) of all voices, repeats played and ties joined."""
    found: Heard = []
    for voice in read_abc(text).voices:
        place, sounds = Fraction(0), list[AbcNote]()
        for bar in expand_repeats(voice.bars):
            sounds += [replace(sound, onset_quarters=place + sound.onset_quarters) for sound in bar.sounds]
            place += bar.length_quarters
        for sound in join_ties(sounds):
            found += [(sound.onset_quarters, pitch.midi, sound.duration_quarters) for pitch in sound.pitches]
    return sorted(found)


def by_abc2midi(text: str) -> list[tuple[float, int, float]]:
    """The same as abc2midi reads it; it shortens every note a little."""
    import mido

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "tune.abc", Path(folder) / "tune.mid"
        source.write_text(text, encoding="utf-8")
        subprocess.run(["abc2midi", str(source), "-o", str(target)], capture_output=True, check=False, timeout=20)
        file = mido.MidiFile(target)
    heard: list[tuple[float, int, float]] = []
    for track in file.tracks:
        ticks, begun = 0, dict[int, int]()
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                begun[message.note] = ticks
            elif message.type in {"note_on", "note_off"} and message.note in begun:
                onset = begun.pop(message.note)
                heard.append((onset / file.ticks_per_beat, message.note, (ticks - onset) / file.ticks_per_beat))
    return sorted(heard)


def differs(text: str) -> bool:
    """Whether we hear other notes, or at other places, than abc2midi (to a 24th of a quarter)."""
    mine = sorted((round(onset * 24), pitch) for onset, pitch, _ in sounded(text))
    other = sorted((round(onset * 24), pitch) for onset, pitch, _ in by_abc2midi(text))
    return mine != other


def pitches(text: str) -> list[int]:
    return [pitch for _, pitch, _ in sounded(text)]


C, LOW, HIGH = [60, 64, 67, 72], [48, 52, 55, 60], [72, 76, 79, 84]
IN_K: list[tuple[str, list[int]]] = [
    ("C", C), ("C clef=treble-8", LOW), ("C treble-8", LOW), ("C clef=treble+8", HIGH), ("C bass", C), ("C bass-8", LOW),
    ("C clef=bass+8", HIGH), ("C alto-8", LOW), ("C soprano-8", LOW), ("C baritone+8", HIGH), ("C clef=G2-8", LOW),
    ("C treble_8", C), ("C clef=treble^8", C), ("C clef=none", C), ("C clef=perc", C), ("C clef = treble-8", LOW),
    ("C treble-15", [36, 40, 43, 48]), ("C octave=-1", LOW), ("C octave = -1", LOW), ("C octave=1", HIGH),
    ("C octave=-2", [36, 40, 43, 48]), ("C octave=-1 clef=treble-8", LOW), ("C clef=treble-8 octave=-1", LOW),
    ("C clef=bass octave=-1", LOW), ("C middle=b", C), ("C clef=bass middle=d", C), ("C stafflines=1 treble-8", LOW),
    ("C transpose=-2", [58, 62, 65, 70]), ("C transpose=3", [63, 67, 70, 75]), ("C treble-8 transpose=12", C),
    ("Cm clef=treble-8", [48, 51, 55, 60]), ("Ddor treble-8", LOW), ("C major treble-8", LOW), ("C maj bass", C),
]  # fmt: skip
KEYS: list[tuple[str, list[int]]] = [  # what CDEFGAB sound like
    ("C exp _B _e ^f", [60, 62, 63, 66, 67, 69, 70]), ("D exp _b_e^f", [60, 62, 63, 66, 67, 69, 70]),
    ("D =c", [60, 62, 64, 66, 67, 69, 71]), ("D ^g", [61, 62, 64, 66, 68, 69, 71]), ("D Phr ^f", [60, 62, 63, 66, 67, 69, 70]),
    ("DPhr^f", [60, 62, 63, 66, 67, 69, 70]), ("D maj =c _b", [60, 62, 64, 66, 67, 69, 70]), ("Am ^g ^f", [60, 62, 64, 66, 68, 69, 71]),
    ("A exp ^c ^f =g", [61, 62, 64, 66, 67, 69, 71]), ("C ^^f", [60, 62, 64, 67, 67, 69, 71]), ("C __b", [60, 62, 64, 65, 67, 69, 69]),
    ("D exp", [60, 62, 64, 65, 67, 69, 71]), ("Ddor =b", [60, 62, 64, 65, 67, 69, 71]), ("G _b =f", [60, 62, 64, 65, 67, 69, 70]),
    ("C exp ^f clef=bass-8", [48, 50, 52, 54, 55, 57, 59]), ("D MIX ^g", [60, 62, 64, 66, 68, 69, 71]),
    ("Hp", [61, 62, 64, 66, 67, 69, 71]), ("HP", [61, 62, 64, 66, 67, 69, 71]), ("Hp treble", [61, 62, 64, 66, 67, 69, 71]),
    ("none", [60, 62, 64, 65, 67, 69, 71]), ("Cloc", [60, 61, 63, 65, 66, 68, 70]), ("B locrian", [60, 62, 64, 65, 67, 69, 71]),
    ("C exp =f ^f", [60, 62, 64, 66, 67, 69, 71]), ("C mix _a", [60, 62, 64, 65, 67, 68, 70]),
]  # fmt: skip
TUNES: dict[str, tuple[str, list[int]]] = {
    "V in the head": ("V:1 clef=treble-8\nK:C\nV:1\nCEGc|\n", LOW),
    "V in the body": ("K:C\nV:1 clef=treble-8\nCEGc|\n", LOW),
    "V in brackets": ("K:C\n[V:1 clef=treble-8]CEGc|\n", LOW),
    "V named again": ("K:C\nV:1 clef=treble-8\nCE|\nV:1\nGc|\n", LOW),
    "the head's clef is every voice's": ("K:C clef=treble-8\nV:1\nC4|\nV:2\nE4|\n", [48, 52]),
    "a voice's clef is nearer": ("K:C clef=treble-8\nV:1\nC4|\nV:2 clef=treble\nE4|\n", [48, 64]),
    "even over a later K": ("V:1 bass-8\nK:C treble\nV:1\nCEGc|\n", LOW),
    "K: keeps the clef": ("K:C treble-8\nCE|\nK:D\nFc|\n", [48, 52, 54, 61]),
    "[K:] keeps the clef": ("K:C treble-8\nCE|[K:D]Fc|\n", [48, 52, 54, 61]),
    "a clef alone keeps the key": ("K:G\nFEGc|[K:clef=treble-8]FEGc|\n", [66, 64, 67, 72, 54, 52, 55, 60]),
    "a clef in [K:] alone": ("K:G\nFEGc|[K:treble-8]FEGc|\n", [66, 64, 67, 72, 54, 52, 55, 60]),
    "octave= stays over K:": ("K:C octave=-1\nCE|\nK:G\nGc|\n", LOW),
    "transpose= of one voice": ("K:C\nV:1 transpose=-2\nC4|\nV:2\nE4|\n", [58, 64]),
    "transpose= of K: and of V:": ("K:C transpose=-2\nV:1\nC4|\nV:2 transpose=3\nE4|\n", [58, 65]),
    "octave= stays over a clef": ("K:C octave=-1\nCE|[K:bass]Gc|\n", LOW),
    "octave= after a clef": ("K:C\nV:1 treble-8\nCE|\nV:1 octave=1\nGc|\n", [48, 52, 79, 84]),
    "transpose= later": ("K:C\nCE|\nK:C transpose=-2\nGc|\nK:G\nFc|\n", [60, 64, 65, 70, 64, 70]),
    "a voice's own K:": ("K:C\nV:1\nK:C transpose=-1\nC4|\nV:2\nK:G\nF4|\n", [59, 66]),
    "%%MIDI transpose": ("%%MIDI transpose 2\nK:C\nCEGc|\n", [62, 66, 69, 74]),
    "%%MIDI transpose later": ("K:C\nCE|\n%%MIDI transpose 2\nGc|\n", [60, 64, 69, 74]),
    "K:none later": ("K:D\nFc|[K:none]Fc|\n", [66, 73, 65, 72]),
    "accidentals and an octave clef": ("K:C treble-8\n^CCC|C|\n", [49, 49, 49, 48]),
    "a tie over transposed bars": ("K:C transpose=2\n^F4-|F2 F2|\n", [68, 67]),
}
METERS = {
    "2/4": (1, 4), "3/4": (1, 2), "3/8": (1, 4), "5/8": (1, 4), "6/8": (1, 2), "C": (1, 2), "C|": (1, 2), "none": (1, 2), "1/2": (1, 4),
    "2/2": (1, 2), "(2+3)/8": (1, 4), "2+3/8": (1, 4), "9/16": (1, 4), "12/16": (1, 2), "5/4": (1, 2),
}  # fmt: skip
PARTS = {
    "AB": "AB", "A2B": "AAB", "(AB)2A": "ABABA", "A.B.A": "ABA", "A (B A)2": "ABABA", "((AB)2A)2": "ABABAABABA", "A.3": "AAA",
    "A2.B2": "AABB", "BA": "BA", "(AB2)2": "ABBABB", "A(B": "AB", "A)B": "AB", "A,B": "AB", "(AB)12": "AB" * 12,
}  # fmt: skip
A_AND_B = "P:A\nCDEF|\nP:B\nGABc|\n"
ORDERED: dict[str, tuple[str, list[int]]] = {
    "repeats": ("P:A2B\nK:C\nP:A\n|:C4:|\nP:B\nG4:|\n", [60] * 4 + [67] * 2),
    "endings": ("P:AB\nK:C\nP:A\n|:C4|1D4:|2E4|\nP:B\nG4|\n", [60, 62, 60, 64, 67]),
    "a beginning without a name": ("P:ABA\nK:C\nc4|\nP:A\nC4|\nP:B\nG4|\n", [72, 60, 67, 60]),
    "in brackets": ("P:BA\nK:C\n[P:A]C4|[P:B]G4|\n", [67, 60]),
    "of voices": ("P:ABA\nK:C\nP:A\nV:1\nC4|\nV:2\nE4|\nP:B\nV:1\nG4|\nV:2\nB4|\n", [60, 64, 67, 71, 60, 64]),
    "no order": ("K:C\nP:B\nC4|\nP:A\nG4|\n", [60, 67]),
    "a part named twice": ("P:ABA\nK:C\nP:A\nV:1\nC4|\nP:B\nV:1\nG4|\n", [60, 67, 60]),
}


@pytest.mark.parametrize(("key", "wanted"), IN_K)
def test_clefs_and_transposition_in_k(key: str, wanted: list[int]) -> None:
    assert pitches(f"{HEAD}K:{key}\nCEGc|\n") == wanted


@pytest.mark.parametrize(("key", "wanted"), KEYS)
def test_keys_with_accidentals(key: str, wanted: list[int]) -> None:
    assert pitches(f"{HEAD}K:{key}\nCDEF|GAB|\n") == wanted
    assert pitches(f"{HEAD}K:E\nZ|[K:{key}]CDEF|GAB|\n") == wanted


@pytest.mark.parametrize("name", TUNES)
def test_whose_a_clef_is(name: str) -> None:
    text, wanted = TUNES[name]
    assert pitches(HEAD + text) == wanted


@pytest.mark.parametrize("meter", METERS)
def test_the_metre_decides_a_missing_unit(meter: str) -> None:
    unit = Fraction(*METERS[meter])
    text = f"X:1\nM:{meter}\nK:C\n{{}}C2D|\n"
    assert sounded(text.format("")) == [(Fraction(0), 60, 2 * unit), (2 * unit, 62, unit)]
    # Once for all: a metre or a unit within the tune changes it no more, or alone.
    assert sounded(text.format("[M:4/4]"))[0][2] == 2 * unit
    assert sounded(text.format("[M:3/8]"))[0][2] == 2 * unit
    assert sounded(text.format("[L:1/1]"))[0][2] == 8
    assert sounded(f"X:1\nL:1/4\nM:{meter}\nK:C\nC|\n")[0][2] == 1


def test_the_unit_without_a_metre() -> None:
    assert sounded("K:C\nC|\n")[0][2] == Fraction(1, 2)
    assert sounded("K:C\nM:2/4\nC|\n")[0][2] == Fraction(1, 2)  # too late: K: ends the head
    assert sounded("M:4/4\nM:2/4\nK:C\nC|\n")[0][2] == Fraction(1, 4)
    assert {heard[2] for heard in sounded("M:2/4\nK:C\nV:1\nC|\nV:2\nE|\n")} == {Fraction(1, 4)}
    assert read_abc("M:2/4\nK:C\nC|\n").unit_quarters is None
    assert read_abc("C|\n", meter="2/4").voices[0].bars[0].length_quarters == Fraction(1, 2)


@pytest.mark.parametrize("order", PARTS)
def test_parts_are_put_in_order(order: str) -> None:
    played = pitches(f"{HEAD}P:{order}\nK:C\n{A_AND_B}")[::4]
    assert "".join("A" if pitch == 60 else "B" for pitch in played) == PARTS[order]


@pytest.mark.parametrize("name", ORDERED)
def test_parts_with_repeats_and_voices(name: str) -> None:
    text, wanted = ORDERED[name]
    assert pitches(HEAD + text) == wanted


def test_a_voice_without_a_part_rests() -> None:
    text = HEAD + "P:ABA\nK:C\nP:A\nV:1\nC4|\nV:2\nE4|\nP:B\nV:1\nG4|\n"
    assert [(float(onset), pitch) for onset, pitch, _ in sounded(text)] == [(0, 60), (0, 64), (4, 67), (8, 60), (8, 64)]


@pytest.mark.parametrize(
    ("order", "fault", "played"),
    [
        ("AC", "there is no part C, which P: names", "A"),
        ("XY", "there is no part X, which P: names", "AB"),
        ("A,B", "in P: ',' can't be read", "AB"),
        ("2A", "P: has the number 2 behind nothing", "A"),
        ("A(B", "P: has a bracket that is not closed", "AB"),
        ("A)B", "P: has a bracket too many", "AB"),
    ],
)
def test_what_is_wrong_with_an_order_is_told(order: str, fault: str, played: str) -> None:
    (voice,) = read_abc(f"{HEAD}P:{order}\nK:C\n{A_AND_B}").voices
    assert fault in voice.bars[0].faults
    assert "".join(bar.part for bar in voice.bars) == played


def test_an_order_does_not_explode() -> None:
    start = time.process_time()
    for text in ("(((A99)99)99)99", "(" * 400, "A" * 400, "A999999999", "(A9)" * 90, "((((((((((AB)9)9)9)9)9)9)9)9)9)9"):
        order, _ = parse_part_order(text)
        assert len(order) <= 1000
    long = read_abc(f"{HEAD}P:(A999)9\nK:C\nP:A\n" + "C4|" * 500 + "\nP:B\nC4|").voices[0]
    assert len(long.bars) == 9000
    assert time.process_time() - start < 5


def test_where_we_differ_from_abc2midi() -> None:
    """A later clef, octave= or transpose= takes the place of an earlier one; +1 is a number; a part that is missing is left out."""
    assert pitches(HEAD + "K:C treble-8\nCE|[K:D treble]Fc|\n") == [48, 52, 66, 73]
    assert pitches(HEAD + "K:C octave=-1\nCE|[K:D octave=0]Fc|\n") == [48, 52, 66, 73]
    assert pitches(HEAD + "K:C treble+8\nCE|[K:treble-8]Gc|\n") == [72, 76, 55, 60]
    assert pitches(HEAD + "K:C transpose=-2\nCE|[K:C transpose=3]Gc|\n") == [58, 62, 70, 75]
    assert pitches(HEAD + "V:1\nK:C octave=-1\nV:1\nCEGc|\n") == LOW
    assert pitches(HEAD + "K:D\nFc|[K:C exp _e]FE|\n") == [66, 73, 65, 63]
    assert pitches(HEAD + "K:C octave=+1 transpose=+2\nCEGc|\n") == [74, 78, 81, 86]
    assert pitches(HEAD + "K:B♭\nB|\n") == pitches(HEAD + "K:Bb\nB|\n") == [70]
    assert pitches(HEAD + "K:C ♯f ♭e\nFE|\n") == [66, 63]
    assert pitches(HEAD + f"P:ACB\nK:C\n{A_AND_B}")[4] == 67


def test_keys_have_names_where_there_are() -> None:
    assert parse_key_field("C exp _b _e").key == Key.parse("C dorian")
    assert parse_key_field("D exp _b _e ^f").key is None
    assert parse_key_field("D =c").key == Key.parse("D major")
    assert parse_key_field("C clef=bass octave=-1").key == Key.parse("C major")
    assert [parse_key_field(text).signature for text in ("", "?", "Q minor", "A# major", "clef=treble-8", "C foo")] == [None] * 6
    assert read_abc("K:D transpose=-2\nA|").key == Key.parse("C major")
    assert read_abc("K:D transpose=-2\nFA|").voices[0].bars[0].sounds[0].pitches[0].name == "E4"
    assert (
        parse_transposition("none").clef,
        parse_transposition("C none").clef,
        parse_transposition('C clef="treble-8"').clef,
    ) == (None, 0, -1)


@needs_abc2midi
def test_abc2midi_hears_the_tables_the_same() -> None:
    tunes = [f"{HEAD}K:{key}\nCEGc|\n" for key, _ in IN_K] + [f"{HEAD}K:{key}\nCDEF|GAB|\n" for key, _ in KEYS]
    tunes += [HEAD + text for text, _ in (*TUNES.values(), *ORDERED.values())]
    tunes += [f"X:1\nM:{meter}\nK:C\nC2D|\n" for meter in METERS]
    tunes += [f"{HEAD}P:{order}\nK:C\n{A_AND_B}" for order in PARTS]
    assert [tune for tune in tunes if differs(tune)] == []


def random_tune(chance: random.Random) -> str:
    """A tune of what this file is about, but for what `test_where_we_differ_from_abc2midi` is about."""
    some = chance.choice
    clef = some(
        [
            "",
            "",
            " treble",
            " bass",
            " clef=treble-8",
            " treble+8",
            " bass-8",
            " octave=-1",
            " octave=1 clef=alto",
            " transpose=-3",
        ]
    )
    mode = some(["", "m", "dor", " mix", " Lydian", " phr"])
    signs = some(["", "", " =c", " ^g", " _b =f", " exp _b _e ^f", " exp ^c"])
    key = some(["C", "G", "D", "F", "Bb", "Am", "Hp", "none"])
    key = key if key in {"Hp", "none", "Am"} else key + ("" if "exp" in signs else mode) + signs
    head = ["X:1", f"M:{some(['4/4', 'C', '3/4', '2/4', '6/8', '3/8', '5/8', 'C|', '(2+3)/8'])}"]
    head += [f"L:{some(['1/8', '1/4', '1/16'])}"] if chance.random() < 0.5 else []
    labels = some(["", "", "AB", "ABC"])
    if labels:
        head.append("P:" + some(["A2B", "(AB)2A", "ABA", "A.B2.A", "B(AB)2", "AABB", "A(BA2)2"]))
    voices = some(["", "", "12"])
    shifted = clef not in {"", " treble", " bass"}
    if voices and not shifted and chance.random() < 0.5:
        shifted = True
        head.append("V:1" + some(["", " clef=treble-8", " octave=-1", " transpose=2", " bass"]))
    lines = [*head, "Q:1/4=120", f"K:{key}{clef}"]

    def music() -> str:
        bars = []
        for _ in range(2):
            notes = [
                some(["", "", "", "^", "_", "="])
                + some("CDEFGABcdefg")
                + some(["", "", "", ",", "'"])
                + some(["", "", "2", "/2", "3"])
                for _ in range(3)
            ]
            bars.append(some(["", "", "", "[K:D]", "[K:Gm ^f]", "[L:1/8]", "" if shifted else "[K:treble-8]"]) + " ".join(notes))
        # Parts and voices of equal length keep in step everywhere.
        return f"|:{bars[0]}|{bars[1]}:|" if chance.random() < 0.3 and not voices else f"{bars[0]}|{bars[1]}|"

    for label in labels or " ":
        lines += [f"P:{label}"] if labels else []
        lines += [row for voice in voices for row in (f"V:{voice}", music())] if voices and not labels else [music()]
    return "\n".join(lines) + "\n"


@needs_abc2midi
def test_abc2midi_hears_random_tunes_the_same() -> None:
    chance = random.Random(7)
    tunes = [random_tune(chance) for _ in range(150)]
    assert [tune for tune in tunes if differs(tune)] == []
