from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.io.abc.abc_fields import format_key_field, format_pitch
from img2music.io.abc.export_abc import write_abc
from img2music.io.abc.import_abc import AbcBar, AbcNote, expand_repeats, read_abc
from img2music.realizers.abc.repair_bars import join_ties
from img2music.score import Score
from img2music.theory import MODES, Key, SpelledPitch
from tests.support.made_notes import random_scores

needs_abc2midi = pytest.mark.skipif(shutil.which("abc2midi") is None, reason="needs abc2midi (Debian: abcmidi)")
HEAD = "X:1\nT:Velvet evening\nM:4/4\nL:1/8\nQ:1/4=100\nK:{key}\n"


def said(bar: AbcBar) -> str:
    """A bar in words: "F#4 1/2, C5+E5 1"."""
    return ", ".join(
        f"{'+'.join(pitch.name for pitch in sound.pitches)} {sound.duration_quarters}{'~' * bool(sound.tied)}"
        f"{' ' * bool(sound.articulation)}{sound.articulation}"
        for sound in bar.sounds
    )


def bars_of(music: str, key: str = "D") -> list[str]:
    (voice,) = read_abc(HEAD.format(key=key) + music).voices
    return [said(bar) for bar in voice.bars]


@pytest.mark.parametrize(
    ("music", "bars"),
    [
        ("FGAB c2 d2|", ["F#4 1/2, G4 1/2, A4 1/2, B4 1/2, C#5 1, D5 1"]),
        ("A,,2 a''2 c'|", ["A2 1, A7 1, C#6 1/2"]),
        ("A//B/2 c3/2 d/ e3/|", ["A4 1/8, B4 1/4, C#5 3/4, D5 1/4, E5 3/4"]),
        ("^GG=cf | G", ["G#4 1/2, G#4 1/2, C5 1/2, F#5 1/2", "G4 1/2"]),
        ("^Gg|", ["G#4 1/2, G#5 1/2"]),  # in every octave
        ("__B2 ^^c2|", ["Bbb4 1, C##5 1"]),
        ("^F4-|F2 F2|", ["F#4 2~", "F#4 1, F#4 1"]),
        ("=F4-|F2 F2|", ["F4 2~", "F4 1, F#4 1"]),
        ("A -A|", ["A4 1/2~, A4 1/2"]),
        ("[DFA]2-[DFA]2|[D2F2A2] [D/A/]4|", ["D4+F#4+A4 1~, D4+F#4+A4 1", "D4+F#4+A4 1, D4+A4 1"]),
        ("[A-c-]2 [Ac]2|", ["A4+C#5 1~, A4+C#5 1"]),
        ("(3abc (3a2b2c2|", ["A5 1/3, B5 1/3, C#5 1/3, A5 2/3, B5 2/3, C#5 2/3"]),
        ("(3z2ab (3:2:2d2e|", ["A5 1/3, B5 1/3, D5 2/3, E5 1/3"]),
        ("(2ab (4abcd|", ["A5 3/4, B5 3/4, A5 3/8, B5 3/8, C#5 3/8, D5 3/8"]),
        ("A>B c<d e>>f [CE]>[DF]|", ["A4 3/4, B4 1/4, C#5 1/4, D5 3/4, E5 7/8, F#5 1/8, C#4+E4 3/4, D4+F#4 1/4"]),
        ("A>z B2|", ["A4 3/4, B4 1"]),
        ('"Am"!f!A2 "^slowly"!trill!B {g}c2 (d~e) Tf|', ["A4 1, B4 1/2, C#5 1, D5 1/2, E5 1/2, F#5 1/2"]),
        ('.A !accent!B LC "^ten."D !tenuto!E|', ["A4 1/2 staccato, B4 1/2 accent, C#4 1/2 accent, D4 1/2 tenuto, E4 1/2 tenuto"]),
        ("z4 x4|Z2|A8|", ["", "", "", "A4 4"]),
        ("A8\nB8\n[|c8||d8|]", ["A4 4", "B4 4", "C#5 4", "D5 4"]),
        ("A4 \\\n B4|y3 c8 `|", ["A4 2, B4 2", "C#5 4"]),
        ("| | A8 |: B8 | [CEG]8 :|", ["A4 4", "B4 4", "C#4+E4+G4 4"]),
        ("F2 [K:G]c2 [L:1/4]c [I:abc-include x]B|", ["F#4 1, C5 1, C5 1, B4 1"]),
    ],
)  # fmt: skip
def test_music_is_read_as_it_is_meant(music: str, bars: list[str]) -> None:
    assert bars_of(music) == bars


def test_voices_come_one_after_another_or_in_turns_or_in_brackets() -> None:
    after = read_abc(HEAD.format(key="D") + 'V:1 name="Vi o"\nA8|B8|\nV:2 clef=treble-8\nC8|D8|')
    turns = read_abc(HEAD.format(key="D") + 'V:1 name="Vi o"\nV:2 clef=treble-8\nV:1\nA8|\nV:2\nC8|\nV:1\nB8|\nV:2\nD8|')
    inside = read_abc(HEAD.format(key="D") + 'V:1 name="Vi o"\nV:2 clef=treble-8\n[V:1] A8|[V:2] C8|\n[V:1] B8|\n[V:2] D8|')
    assert after == turns == inside
    assert [(voice.label, voice.name) for voice in after.voices] == [("1", "Vi o"), ("2", "")]
    assert [said(bar) for bar in after.voices[1].bars] == ["C#3 4", "D3 4"]  # an octave clef


def test_the_head_is_read_and_what_is_missing_is_none() -> None:
    tune = read_abc("M:C|\nL:1/4\nQ:3/8=60\nK:F# minor clef=bass\nA4|")
    assert (tune.meter, tune.unit_quarters, tune.tempo_bpm, tune.key) == ("2/2", Fraction(1), 90.0, Key.parse("F# minor"))
    bare = read_abc("A4|", unit_quarters=Fraction(1), key=Key.parse("D major"))
    assert (bare.meter, bare.unit_quarters, bare.tempo_bpm, bare.key) == (None, None, None, None)
    assert bare.voices[0].bars[0].length_quarters == 4


@pytest.mark.parametrize("tonic", [-3, 0, 2])
@pytest.mark.parametrize("mode", MODES)
def test_keys_are_read_as_they_are_written(tonic: int, mode: str) -> None:
    key = Key(tonic, mode)
    assert read_abc(f"K:{format_key_field(key)}\nA|").key == key
    assert read_abc(f"K: {key.name} octave=0\nA|").key == key


@pytest.mark.parametrize("text", ["HP", "none", "A# major", "", "?", "Q minor"])
def test_no_key_is_none(text: str) -> None:
    assert read_abc(f"K:{text}\nA|").key is None


@pytest.mark.parametrize(
    ("music", "fault"),
    [
        ("A & B|", "a second layer"),
        ("Aq|", "'q' can't be read"),
        ("A0|", "the length in 'A0' can't be read"),
        ("A 2|", "'2' can't be read"),
        ("> A|", "stands at the beginning of a bar"),
        ("[AQ]2|", "'Q' in the chord"),
    ],
)
def test_faults_name_what_is_not_understood(music: str, fault: str) -> None:
    (voice,) = read_abc(HEAD.format(key="D") + music).voices
    assert any(fault in one for one in voice.bars[0].faults)
    assert voice.bars[0].sounds[0].pitches[0].name == "A4"  # the rest is kept


def test_repeats_are_written_out() -> None:
    (voice,) = read_abc(HEAD.format(key="C") + "|: A8 | B8 |1 c8 :|2 d8 |: e8 :| f8 |]").voices
    assert [said(bar)[:2] for bar in expand_repeats(voice.bars)] == ["A4", "B4", "C5", "A4", "B4", "D5", "E5", "E5", "F5"]


def test_enormous_rests_and_many_voices_end() -> None:
    tune = read_abc("K:C\n" + "Z999 " * 500 + "\n" + "\n".join(f"V:{number}\nA8|" for number in range(100)))
    assert max(len(voice.bars) for voice in tune.voices) == 9000
    assert len(tune.voices) <= 41


def test_pitches_are_written_as_they_are_read() -> None:
    for pitch in (SpelledPitch("C", 0, 2), SpelledPitch("F", 1, 5), SpelledPitch("B", -1, 4), SpelledPitch("G", 0, 7)):
        assert bars_of(f"{format_pitch(pitch)}2|", "C") == [f"{pitch.name} 1"]


def sounded(tune_text: str, meter: str = "4/4") -> list[list[tuple[Fraction, Fraction, int]]]:
    """Every voice as (onset, duration, pitch), ties joined."""
    found = []
    for voice in read_abc(tune_text, meter=meter).voices:
        place, sounds = Fraction(0), list[AbcNote]()
        for bar in voice.bars:
            sounds += [replace(sound, onset_quarters=place + sound.onset_quarters) for sound in bar.sounds]
            place += bar.length_quarters
        found.append(
            sorted(
                (sound.onset_quarters, sound.duration_quarters, pitch.midi)
                for sound in join_ties(sounds)
                for pitch in sound.pitches
            )
        )
    return [voice for voice in found if voice]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(random_scores())
def test_what_we_write_is_read_exactly(score: Score) -> None:
    written = [
        sorted((note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes)
        for part in score.parts
        if part.notes and not part.instrument.kit
    ]
    text = write_abc(score)
    drums = {number for number, part in enumerate(score.parts, 1) if part.instrument.kit}
    voices = re.split(r"^V:(\d+).*$", text, flags=re.MULTILINE)
    kept = voices[0] + "".join(
        f"V:{label}{music}" for label, music in zip(voices[1::2], voices[2::2], strict=True) if int(label) not in drums
    )
    assert sounded(kept, score.meter.name) == written
    assert all(not bar.faults for voice in read_abc(text).voices for bar in voice.bars)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.one_of(st.text(max_size=300), st.text(alphabet="ABCabcz|:[](){}<>-'/,^_=!\"&%0123456789 \nVKLMQZxyT.~+$", max_size=300))
)
def test_no_text_breaks_the_reader(text: str) -> None:
    for voice in read_abc(text).voices:
        assert voice.bars
        expand_repeats(voice.bars)
        for bar in voice.bars:
            places = [(sound.onset_quarters, sound.onset_quarters + sound.duration_quarters) for sound in bar.sounds]
            assert all(end <= begin for (_, end), (begin, _) in pairwise(places))
            assert not places or places[-1][1] <= bar.length_quarters


_PITCH = st.builds(
    lambda *words: "".join(words),
    st.sampled_from(["", "", "", "^", "_", "="]), st.sampled_from("ABCDEFGabcdefg"), st.sampled_from(["", "", ",", "'"]),
)  # fmt: skip
_EIGHTHS_2 = st.one_of(
    st.builds("(3{}{}{}".format, _PITCH, _PITCH, _PITCH),
    st.builds("{}>{}".format, _PITCH, _PITCH),
    st.builds("{}<{}".format, _PITCH, _PITCH),
    st.builds("{0}/{1}/{2}".format, _PITCH, _PITCH, _PITCH),
    st.builds("{0}-{0}".format, st.sampled_from("ABCDEFGabcdefg")),
    st.builds("[{}{}]2".format, st.sampled_from("ACEG"), st.sampled_from("ceg")),
    st.builds("{}2".format, _PITCH),
    st.just("z2"),
)
_BAR = st.lists(_EIGHTHS_2, min_size=4, max_size=4).map(" ".join)


@needs_abc2midi
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(_BAR, min_size=1, max_size=3), st.sampled_from(["D", "Cm", "Ador", "Bb", "F#m", "Elyd", "Gmix"]))
def test_abc2midi_hears_the_same(bars: list[str], key: str) -> None:
    import mido

    text = HEAD.format(key=key) + " | ".join(bars) + " |]\n"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "tune.abc", Path(folder) / "tune.mid"
        source.write_text(text, encoding="utf-8")
        subprocess.run(["abc2midi", str(source), "-o", str(target)], capture_output=True, check=True)
        file = mido.MidiFile(target)
    heard: list[tuple[float, int]] = []
    for track in file.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                heard.append((ticks / file.ticks_per_beat, message.note))
    mine = [(float(onset), pitch) for voice in sounded(text) for onset, _, pitch in voice]
    by_place = sorted((round(onset * 12), pitch) for onset, pitch in heard)
    assert by_place == sorted((round(onset * 12), pitch) for onset, pitch in mine)
