from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from img2music.io.abc.export_abc import write_abc
from img2music.score import ChordSymbol
from img2music.theory import METERS, MODES, Key
from tests.support.made_notes import band_score, make_note, make_part, make_score, random_scores, score_from_words

if TYPE_CHECKING:
    from img2music.score import Score

GOLDEN = Path(__file__).parents[2] / "goldens" / "band.abc"
NEAR = 1 / 40  # quarters
needs_abc2midi = pytest.mark.skipif(shutil.which("abc2midi") is None, reason="needs abc2midi (Debian: abcmidi)")

Sound = tuple[float, float, int]


def played(text: str) -> tuple[list[list[Sound]], Any]:
    """The notes of every voice as abc2midi plays them, in quarters, and the MIDI file. It must have nothing to say."""
    import mido

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "score.abc", Path(folder) / "score.mid"
        source.write_text(text, encoding="utf-8")
        done = subprocess.run(["abc2midi", str(source), "-o", str(target)], capture_output=True, text=True, check=True)
        assert not re.search("warning|error", done.stdout + done.stderr, re.IGNORECASE), done.stdout
        file = mido.MidiFile(target)
    voices = []
    for track in file.tracks:
        voice: list[Sound] = []
        begun: dict[int, float] = {}
        ticks = 0
        for message in track:
            ticks += message.time
            place = ticks / file.ticks_per_beat
            if message.type == "note_on" and message.velocity:
                begun[message.note] = place
            elif message.type in {"note_on", "note_off"}:
                voice.append((begun[message.note], place - begun.pop(message.note), message.note))
        if voice:
            voices.append(sorted(voice, key=lambda sound: (round(sound[0] * 12), sound[2])))
    return voices, file


def written(score: Score) -> list[list[Sound]]:
    voices = [
        [(float(note.onset_quarters), float(note.duration_quarters), note.pitch) for note in part.notes] for part in score.parts
    ]
    return [sorted(voice, key=lambda sound: (round(sound[0] * 12), sound[2])) for voice in voices if voice]


def assert_same(found: list[list[Sound]], wanted: list[list[Sound]], *, lengths: bool = True) -> None:
    assert [[pitch for *_, pitch in voice] for voice in found] == [[pitch for *_, pitch in voice] for voice in wanted]
    for mine, theirs in zip(wanted, found, strict=True):
        assert [onset for onset, *_ in theirs] == pytest.approx([onset for onset, *_ in mine], abs=NEAR)
        if lengths:
            assert [length for _, length, _ in theirs] == pytest.approx([length for _, length, _ in mine], abs=NEAR)


@needs_abc2midi
@settings(max_examples=40, deadline=None, derandomize=True)
@given(random_scores())
def test_abc2midi_plays_every_note(score: Score) -> None:
    if any(part.notes for part in score.parts):
        found, _ = played(write_abc(score))
        assert_same(found, written(score), lengths=not any(part.instrument.kit for part in score.parts))


@needs_abc2midi
def test_abc2midi_plays_the_band() -> None:
    found, file = played(write_abc(band_score()))
    assert_same(found, written(band_score()), lengths=False)  # staccato is played short
    programs = {
        message.channel: message.program for track in file.tracks for message in track if message.type == "program_change"
    }
    assert programs == {0: 73, 1: 48, 2: 4, 3: 32, 9: 0}
    assert {message.tempo for track in file.tracks for message in track if message.type == "set_tempo"} == {535714}


@needs_abc2midi
def test_abc2midi_knows_every_chord_symbol() -> None:
    suffixes = [
        "", "m", "dim", "aug", "sus2", "sus4", "6", "m6", "7", "maj7", "m7", "mmaj7", "dim7", "m7b5", "aug7", "9", "maj9", "m9",
        "add9", "madd9", "7sus4", "augmaj13%",
    ]  # fmt: skip
    for suffix in suffixes:
        chords = tuple(ChordSymbol(Fraction(place), f"{root}{suffix}", "I") for place, root in enumerate(("C", "F#", "Bb")))
        text = write_abc(replace(score_from_words("60:4"), chords=(*chords, ChordSymbol(Fraction(3), f"D{suffix}/F#", "I6"))))
        played(text)
        assert f'F#{suffix.removesuffix("%")}"' in text


@needs_abc2midi
@pytest.mark.parametrize("tempo_bpm", [60, 92.5, 71.3, 300, 20.02, 113.33333])
def test_abc2midi_keeps_the_tempo(tempo_bpm: float) -> None:
    _, file = played(write_abc(score_from_words("60:4", tempo_bpm=tempo_bpm)))
    (tempo,) = (message.tempo for track in file.tracks for message in track if message.type == "set_tempo")
    assert 60e6 / tempo == pytest.approx(tempo_bpm, rel=4e-4)


def test_a_whole_tempo_is_written_plainly() -> None:
    assert "\nQ:1/4=112\n" in write_abc(score_from_words("60:4", tempo_bpm=112.0))
    assert "\nQ:1/8=185\n" in write_abc(score_from_words("60:4", tempo_bpm=92.5))


def read(score: Score) -> Any:
    import music21

    return music21.converter.parseData(write_abc(score), format="abc")


def covered(sounds: list[tuple[Fraction, Fraction, int]]) -> list[tuple[int, Fraction, Fraction]]:
    """When each pitch sounds, as (pitch, begin, end); what touches is joined, because music21 reads no ties of chords."""
    joined: list[tuple[int, Fraction, Fraction]] = []
    for pitch, begin, end in sorted((pitch, onset, onset + length) for onset, length, pitch in sounds):
        if joined and joined[-1][0] == pitch and joined[-1][2] == begin:
            joined[-1] = (pitch, joined[-1][1], end)
        else:
            joined.append((pitch, begin, end))
    return joined


@settings(max_examples=12, deadline=None, derandomize=True)
@given(random_scores(drums=False))
def test_music21_reads_every_note(score: Score) -> None:
    for part, voice in zip(read(score).parts, score.parts, strict=True):
        found: list[tuple[Fraction, Fraction, int]] = []
        for element in part.flatten().notes:
            if "ChordSymbol" not in element.classes:
                notes = element.notes if element.isChord else [element]
                found += [(Fraction(element.offset), Fraction(element.quarterLength), note.pitch.midi) for note in notes]
        assert covered(found) == covered([(note.onset_quarters, note.duration_quarters, note.pitch) for note in voice.notes])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("72:2/3 74:1/3 r:1/3 76:2/3 72,76:1", "(3=c-=c=d (3z=e-=e [=c=e]2 |]"),
        ("72:2/3 74:2/3 76:2/3 77:1", "(3=c2 =d2 =e2 =f2 |]"),
        ("72,76:1/3 74:1/6 76:1/6 77:1/3 74:2", "(3[=c/2=e/2]-[=c/2=e/2]=d/2(3=e/2=f/2-=f/2 =d4 |]"),
        ("72:1/2 74:1/6 76:1/3 77:2", "=c(3=d/2=e/2-=e/2 =f4 |]"),
    ],
)
def test_triplets_come_in_threes_of_equal_values(text: str, written: str) -> None:
    assert write_abc(score_from_words(text, meter="3/4")).splitlines()[-1] == written


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("meter", METERS)
def test_music21_reads_key_and_metre(mode: str, meter: str) -> None:
    import music21

    key = Key(6, mode) if mode != "lydian" else Key(-1, mode)
    score = make_score([make_part("A", [make_note(0, 1, 60, key)])], key=key.name, meter=meter)
    pages = read(score)
    found = pages.recurse().getElementsByClass(music21.key.Key)[0]
    assert (found.sharps, found.mode) == (key.signature, mode)
    assert pages.recurse().getElementsByClass(music21.meter.TimeSignature)[0].ratioString == meter


def test_every_note_carries_its_accidental() -> None:
    body = write_abc(band_score()).partition("K:G\n")[2]
    music = re.sub(r'"[^"]*"|![^!]*!|^(?:V:|P:|%%).*$', "", body, flags=re.MULTILINE)
    letters = re.findall(r"(__?|\^\^?|=|)([A-Ga-g])", music)
    assert len(letters) > 400
    assert all(accidental for accidental, _ in letters)


@needs_abc2midi
def test_hostile_text_stays_text() -> None:
    score = replace(band_score(), title='100 % "of\nK:C \\it', sections=())
    score = replace(score, parts=tuple(replace(part, name='A "B" %\nV:9') for part in score.parts))
    found, _ = played(write_abc(score))
    assert_same(found, written(score), lengths=False)


def test_lines_hold_four_bars_and_begin_anew_with_a_section() -> None:
    voice = write_abc(band_score()).partition("V:2")[2].partition("V:3")[0].splitlines()[3:]
    assert [len(re.findall(r"\|", line.replace("||", "|").replace("|]", "|"))) for line in voice] == [2, 4, 2, 4, 4]


def test_the_band_is_written_as_ever() -> None:
    assert write_abc(band_score()) == GOLDEN.read_text(encoding="utf-8")
