"""Chords under the tune, a counter-melody against it, and parts that rest."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.metrics.symbolic.voice_leading_faults import overlapping_unisons
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.chords.chord_spacing import (
    LOW_LIMITS,
    avoid_shared_keys,
    keep_below_melody,
    respects_low_limits,
    widen_low_intervals,
)
from img2music.realizers.composer import Composer
from img2music.realizers.timeline import NoteEvent, layout_chords
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.score import Note, Part, Score


def compose(line: int = 1, **wishes: Any) -> tuple[CompositionPlan, Score]:
    plan = RulesPlanner()(make_scene(line=line), Brief.of(**wishes))
    return plan, Composer()(plan)


def by_onset(part: Part) -> dict[Fraction, list[Note]]:
    strokes: dict[Fraction, list[Note]] = {}
    for note in part.notes:
        strokes.setdefault(note.onset_quarters, []).append(note)
    return strokes


def sung_at(tune: Part, place: Fraction) -> int | None:
    return next((note.pitch for note in tune.notes if note.onset_quarters <= place < note.end_quarters), None)


def test_muddy_chords_are_opened() -> None:
    assert LOW_LIMITS[3] == 48  # no third below C3
    assert not respects_low_limits((40, 43, 47))
    assert widen_low_intervals((40, 43, 47), 72) == (40, 47, 55)
    assert widen_low_intervals((48, 52, 55), 72) == (48, 52, 55)
    assert widen_low_intervals((38, 42, 45), 46) == (38, 45)  # no room above: the third is left out


@pytest.mark.parametrize("style", style_names())
def test_chords_keep_to_the_low_interval_limits(style: str) -> None:
    plan, score = compose(style=style, seconds=40)
    last_bar = (plan.bars - 1) * score.meter.bar_quarters
    for part, planned in zip(score.parts, plan.parts, strict=True):
        if part.role in {"chords", "pad"} and planned.pattern not in {"power", "boogie", "drone"}:
            for onset, chord in by_onset(part).items():
                if onset < last_bar:
                    assert respects_low_limits([note.pitch for note in chord]), (part.name, onset)


@pytest.mark.parametrize("style", style_names())
def test_the_tune_is_not_covered(style: str) -> None:
    plan, score = compose(style=style, seconds=60)
    tune = next(part for part in score.parts if part.role == "melody")
    over = total = 0
    for part, planned in zip(score.parts, plan.parts, strict=True):
        if part.role in {"chords", "pad"} and planned.octave <= 0 and part.instrument.low < 50:
            for onset, chord in by_onset(part).items():
                sung = sung_at(tune, onset)
                if sung is not None:
                    total += 1
                    over += max(note.pitch for note in chord) > sung
    assert over <= 0.02 * total


def test_a_chord_note_at_the_tune_goes_an_octave_down() -> None:
    from fractions import Fraction

    tune = [NoteEvent(Fraction(0), Fraction(4), (64,))]
    (moved,) = keep_below_melody([NoteEvent(Fraction(1), Fraction(1), (60, 64, 67))], tune, 40)
    assert moved.pitches == (52, 55, 60)
    (single,) = keep_below_melody([NoteEvent(Fraction(1), Fraction(1), (70,))], tune, 65)
    assert single.pitches == (70,)  # nowhere else to go
    (free,) = keep_below_melody([NoteEvent(Fraction(5), Fraction(1), (70,))], tune, 40)
    assert free.pitches == (70,)


@pytest.mark.parametrize(
    ("instrument", "seed", "wishes"),
    [
        ("kalimba", 7096, {"seconds": 82.42, "tempo_bpm": 169.0, "key": "Eb major", "meter": "3/4"}),
        ("celesta", 7570, {"seconds": 131.26, "tempo_bpm": 127.0, "key": "F phrygian", "meter": "4/4"}),
        ("koto", 3, {"seconds": 60.0}),
    ],
)
def test_two_hands_never_strike_one_key(instrument: str, seed: int, wishes: dict[str, object]) -> None:
    for line in range(8):
        _, score = compose(line=line, instruments=(instrument,), seed=seed, **wishes)
        assert len(score.parts) == 2
        assert overlapping_unisons(score.parts) == 0


def test_a_hand_leaves_out_the_keys_that_the_other_holds() -> None:
    tune = [NoteEvent(Fraction(0), Fraction(2), (64,)), NoteEvent(Fraction(2), Fraction(1), (67,))]
    chord, single, free = (
        NoteEvent(Fraction(at), Fraction(1), pitches) for at, pitches in ((0, (60, 64)), (1, (64,)), (2, (64,)))
    )
    assert [event.pitches for event in avoid_shared_keys([chord, single, free], tune)] == [(60,), (64,)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("style", ["baroque", "tango", "romantic", "waltz"])
def test_the_counter_melody_is_a_second_tune(style: str, seed: int) -> None:
    plan, score = compose(style=style, seconds=75, seed=seed, words="lively")
    tune = next(part for part in score.parts if part.role == "melody")
    counter = next(part for part in score.parts if part.role == "counter")
    spans = {span.onset for span in layout_chords(plan)}
    sung = {note.onset_quarters for note in tune.notes}
    own = [note for note in counter.notes if note.onset_quarters not in spans]
    # Between chord changes it speaks mostly where the tune does not begin a note.
    assert sum(note.onset_quarters in sung for note in own) <= 0.25 * len(own)
    assert len({note.pitch for note in counter.notes}) >= 5
    steps = [abs(after.pitch - before.pitch) for before, after in pairwise(counter.notes)]
    assert sum(step == 0 for step in steps) <= 0.3 * len(steps)
    assert max(steps) <= 14
    parallels = together = contrary = 0
    for before, after in pairwise(counter.notes):
        one, other = sung_at(tune, before.onset_quarters), sung_at(tune, after.onset_quarters)
        if one is None or other is None or one == other or before.pitch == after.pitch:
            continue
        together += 1
        contrary += (other - one) * (after.pitch - before.pitch) < 0
        parallels += (one - before.pitch) % 12 == (other - after.pitch) % 12 and (other - after.pitch) % 12 in {0, 7}
    assert parallels <= 0.03 * max(1, together)
    assert contrary >= 0.4 * together


def test_parts_come_and_go() -> None:
    late = 0
    for seed in range(4):
        plan, score = compose(style="romantic", seconds=90, seed=seed, words="lively")
        first = {part.name: part.notes[0].onset_quarters for part in score.parts if part.notes}
        counter = next(part.name for part in score.parts if part.role == "counter")
        theme = next(section for section in score.sections if section.name.startswith("A"))
        assert first[counter] >= (theme.first_bar + theme.phrase_bars[0]) * score.meter.bar_quarters
        optional = [part for part in score.parts if part.role in {"chords", "arpeggio", "pad"}]
        late += len({first[part.name] for part in optional if part.notes}) > 1
        bar = score.meter.bar_quarters
        for number in range(plan.bars):  # and yet nobody is ever alone
            begin = number * bar
            playing = [
                part for part in score.parts if any(n.onset_quarters < begin + bar and n.end_quarters > begin for n in part.notes)
            ]
            assert len(playing) >= 2
    assert late >= 2


def test_two_phrases_over_the_same_chords_are_not_played_alike() -> None:
    _, score = compose(style="pop", seconds=60, tempo_bpm=110, meter="4/4")
    chords = next(part for part in score.parts if part.role in {"chords", "arpeggio"})
    figures = set()
    for section in score.sections:
        begin = section.first_bar * 4
        figures.add(tuple((n.onset_quarters - begin) for n in chords.notes if begin <= n.onset_quarters < begin + 16))
    assert len(figures) >= max(2, len(score.sections) // 2)


@pytest.mark.parametrize("style", ["pop", "solo-piano", "folk", "classical", "country", "epic", "funk"])
def test_accompaniment_thickens_with_energy_and_density(style: str) -> None:
    plan, _ = compose(style=style, seconds=40)
    played = []
    for level in (0.15, 0.35, 0.55, 0.75, 0.95):
        sections = tuple(section.model_copy(update={"energy": level}) for section in plan.sections)
        score = Composer()(plan.model_copy(update={"sections": sections, "density": level}))
        played.append(sum(len(by_onset(part)) for part in score.parts if part.role in {"chords", "arpeggio", "pad", "bass"}))
    assert played == sorted(played)
    assert played[-1] >= 1.6 * played[0]
