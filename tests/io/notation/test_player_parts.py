"""What each player has on the stand, and that nothing of the score is lost on the way; read back by music21."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import music21
import pytest
from hypothesis import given, settings

from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.notation.player_parts import file_stem, player_parts, right_hands
from img2music.theory import instrument
from tests.support.made_notes import band_score, make_part, make_score, random_scores, score_from_words
from tests.support.moving_scores import moving_score, random_moving_scores

if TYPE_CHECKING:
    from img2music.score import Score

RESTS = re.compile(r'<measure number="(\d+)">(?:(?!</measure>).)*?<multiple-rest>(\d+)</multiple-rest>', re.DOTALL)


def two_hands() -> Score:
    """A piano between a clarinet and a second piano of one line."""
    tune, low = score_from_words("72:4 r:4 r:4 74:4").parts[0].notes, score_from_words("48:4 r:4 r:4 r:4").parts[0].notes
    return make_score(
        [
            make_part("Clarinet", tune, plays="clarinet"),
            make_part("Piano (right hand)", tune, plays="piano", hand="right"),
            make_part("Piano (left hand)", low, plays="piano", role="chords", hand="left"),
            make_part("Piano", low, plays="piano", role="bass"),
        ],
        bars=4,
    )


def sounding(musicxml: str) -> Counter[tuple[float, float, int]]:
    """Onset, length and pitch of every note as music21 reads them, ties joined; unpitched ones by their place on the staff."""
    found: Counter[tuple[float, float, int]] = Counter()
    read: Any = music21.converter.parse(musicxml, format="musicxml")
    for part in read.parts:
        for note in part.stripTies().flatten().notes:
            pitches = (
                [one.midi for one in note.pitches] if not isinstance(note, music21.note.Unpitched) else [note.displayPitch().midi]
            )
            if isinstance(note, music21.percussion.PercussionChord):
                pitches = [one.displayPitch().midi for one in note.notes if isinstance(one, music21.note.Unpitched)]
            if isinstance(note, music21.harmony.ChordSymbol):
                continue
            found.update((float(note.offset), float(note.quarterLength), pitch) for pitch in pitches)
    return found


def test_the_two_hands_of_one_player_are_one_part() -> None:
    score = two_hands()
    assert right_hands(score.parts) == {2}
    players = player_parts(score)
    assert [(player.name, player.stem) for player in players] == [
        ("Clarinet", "01-clarinet"), ("Piano", "02-piano"), ("Piano", "03-piano"),
    ]  # fmt: skip
    assert [len(player.score.parts) for player in players] == [1, 2, 1]
    written = write_musicxml(players[1].score, for_player=True)
    assert "<group-symbol>brace</group-symbol>" in written
    assert RESTS.findall(written) == [("2", "2"), ("2", "2")], (
        "both staves rest together, so each says it; bar 4 has a note above"
    )


def test_who_reads_transposed_parts_is_told_the_pitch() -> None:
    assert [player.remark for player in player_parts(two_hands())] == ["concert pitch", "", ""]
    for name in ("violin", "clarinet", "horn"):
        assert instrument(name)  # a name that is none would be no remark


@pytest.mark.parametrize("score", [band_score(), moving_score(), two_hands()], ids=["band", "moving", "hands"])
def test_every_note_of_the_score_is_in_one_part(score: Score) -> None:
    players = player_parts(score)
    assert [part for player in players for part in player.score.parts] == list(score.parts)
    parts = sum((sounding(write_musicxml(player.score, for_player=True)) for player in players), Counter())
    assert parts == sounding(write_musicxml(score))
    assert sum(parts.values()) > 0


@settings(max_examples=15, deadline=None)
@given(score=random_scores() | random_moving_scores())
def test_a_part_of_any_score_says_what_the_score_says(score: Score) -> None:
    for player in player_parts(score):
        own, whole = write_musicxml(player.score, for_player=True), write_musicxml(replace(score, parts=player.score.parts))
        notes = re.compile(r"<note>(?!<rest).*?</note>|<time>.*?</time>|<key>.*?</key>|<sound tempo=[^>]*>|<rehearsal>.*?<")
        assert notes.findall(own) == notes.findall(whole)
        covered: set[int] = set()
        bars = re.findall(r"<measure number.*?</measure>", own, re.DOTALL)
        for first, count in ((int(first), int(count)) for first, count in RESTS.findall(own)):
            run = set(range(first, first + count))
            assert count >= 2
            assert not run & covered
            covered |= run
            for bar in sorted(run):
                inside = bars[bar - 1]
                assert 'rest measure="yes"' in inside
                assert "<pitch>" not in inside
                assert "<unpitched>" not in inside
                assert bar == first or not re.search("<rehearsal|<sound|<key|<time|<metronome", inside), "a rest hides nothing"


def test_what_concerns_everybody_stands_in_every_part() -> None:
    for player in player_parts(moving_score()):
        read: Any = music21.converter.parse(write_musicxml(player.score, for_player=True), format="musicxml")
        flat = read.parts[0].flatten()
        assert [mark.content for mark in flat[music21.expressions.RehearsalMark]] == [one.name for one in moving_score().sections]
        assert [one.ratioString for one in flat[music21.meter.TimeSignature]] == ["4/4", "3/4", "6/8"]
        assert read.metadata.title == moving_score().title
        assert read.parts[0].partName == player.name
        assert len(read.parts[0][music21.stream.Measure]) == 12


def test_long_rests_end_where_something_is_to_be_seen() -> None:
    flute, *_, drums = (write_musicxml(player.score, for_player=True) for player in player_parts(band_score()))
    assert RESTS.findall(flute) == [("1", "2")]
    assert RESTS.findall(drums) == [("1", "2"), ("3", "6")]
    assert drums.index("<rehearsal>intro") < drums.index("<multiple-rest>"), "else verovio leaves the name out"


def test_chord_symbols_stay_with_those_who_make_harmony() -> None:
    shown = {player.name: "<harmony" in write_musicxml(player.score) for player in player_parts(band_score())}
    assert shown == {"Flute": False, "Strings": True, "Electric Piano": True, "Acoustic Bass": True, "Drums": False}


def test_the_score_itself_is_written_as_ever() -> None:
    assert "multiple-rest" not in write_musicxml(band_score())
    assert 'print-object="no">Flute' not in write_musicxml(band_score())


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Violin", "01-violin"),
        ("../../etc/passwd", "01-etc-passwd"),
        ("Скрипка", "01-part"),
        ("", "01-part"),
        ("CON", "01-con"),
        ("x" * 99, "01-" + "x" * 40),
    ],
)
def test_names_of_files_are_plain(name: str, stem: str) -> None:
    assert file_stem(1, name) == stem
