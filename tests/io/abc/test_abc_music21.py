"""Our reader of ABC beside music21's, on what music21 reads as the standard has it: clean tunes of every metre and mode."""

from __future__ import annotations

from fractions import Fraction

import pytest
from music21 import converter, stream

from img2music import Brief
from img2music.io.abc.export_abc import write_abc
from img2music.io.abc.import_abc import read_abc
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.abc.abc_realizer import read_tune
from img2music.realizers.composer import Composer
from tests.support.made_scenes import make_scene


@pytest.mark.parametrize(
    ("key", "meter", "instruments"),
    [
        ("C major", "4/4", ("flute",)),
        ("E minor", "3/4", ("violin", "cello")),
        ("Bb major", "6/8", ("clarinet", "bassoon")),
        ("D dorian", "2/4", ("oboe",)),
        ("F# minor", "5/4", ("violin",)),
    ],
)
def test_both_readers_find_the_same_notes(key: str, meter: str, instruments: tuple[str, ...]) -> None:
    plan = RulesPlanner()(make_scene(), Brief(seconds=20, key=key, meter=meter, instruments=instruments))
    text = write_abc(Composer()(plan))
    score, mends = read_tune(text, plan)
    assert mends == ()
    other = converter.parseData(text, format="abc")
    assert isinstance(other, stream.Score)
    assert read_abc(text).voices
    assert len(other.parts) == len(score.parts)
    for part, theirs in zip(score.parts, other.parts, strict=True):
        ours = sorted((note.onset_quarters, note.pitch) for note in part.notes)
        found = sorted(
            (Fraction(note.getOffsetInHierarchy(theirs)).limit_denominator(96), pitch.midi)
            for note in theirs.stripTies().recurse().notes
            if "ChordSymbol" not in note.classes
            for pitch in note.pitches
        )
        assert ours == found
