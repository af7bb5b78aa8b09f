"""The bass line: roots under their chords, leading notes before them, no wild leaps."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from img2music.brief import Brief
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.realizers.timeline import ChordSpan, layout_chords, layout_phrases
from img2music.theory import METERS
from img2music.theory.pattern_names import PATTERNS
from tests.support.made_notes import check_page
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.score import Note, Score

OCTAVES = {"octave", "offbeat", "funk"}


def with_bass(pattern: str, **wishes: Any) -> tuple[CompositionPlan, Score]:
    plan = RulesPlanner()(make_scene(), Brief.of(**{"style": "folk", "seconds": 40, **wishes}))
    parts = tuple(part.model_copy(update={"pattern": pattern}) if part.role == "bass" else part for part in plan.parts)
    plan = plan.model_copy(update={"parts": parts})
    return plan, Composer()(plan)


def bass_of(score: Score) -> tuple[Note, ...]:
    return next(part for part in score.parts if part.role == "bass").notes


def span_at(spans: tuple[ChordSpan, ...], note: Note) -> ChordSpan:
    return next(span for span in spans if span.onset <= note.onset_quarters < span.end)


@pytest.mark.parametrize("name", [name for name in PATTERNS["bass"] if name != "drone"])
def test_every_bass_pattern_plays_the_root_under_the_chord(name: str) -> None:
    plan, score = with_bass(name)
    check_page(plan, score)
    on_change = {note.onset_quarters: note.pitch % 12 for note in bass_of(score)}
    spans = [span for span in layout_chords(plan) if span.onset in on_change]
    right = sum(on_change[span.onset] in (span.chord.bass * 7 % 12, span.chord.pitch_classes[2]) for span in spans)
    assert right >= 0.95 * len(spans)
    assert len(spans) >= (1 if name in {"offbeat", "reggae", "tumbao"} else 10)


@pytest.mark.parametrize("name", PATTERNS["bass"])
@pytest.mark.parametrize("meter", METERS)
def test_every_bass_pattern_plays_in_every_metre_without_wild_leaps(name: str, meter: str) -> None:
    plan, score = with_bass(name, meter=meter, seconds=30)
    check_page(plan, score)
    for before, after in pairwise(bass_of(score)):
        assert abs(after.pitch - before.pitch) <= 12, (before, after)


def test_a_drone_stays_on_the_tonic() -> None:
    plan, score = with_bass("drone", key="D dorian")
    assert {note.pitch % 12 for note in bass_of(score)} == {plan.parsed_key.pitch_classes[0]}


@pytest.mark.parametrize("seed", range(4))
def test_a_walking_bass_walks_by_the_rules(seed: int) -> None:
    plan, score = with_bass("walking", style="jazz-ballad", meter="4/4", seconds=60, seed=seed)
    spans = layout_chords(plan)
    body = [note for note in bass_of(score) if note.onset_quarters < (plan.bars - 1) * 4]
    assert all(note.duration_quarters == 1 for note in body)
    repeated = sum(before.pitch == after.pitch for before, after in pairwise(body))
    assert repeated <= 0.02 * len(body)
    steps = sum(abs(after.pitch - before.pitch) <= 4 for before, after in pairwise(body))
    assert steps >= 0.6 * len(body)
    for note, following in pairwise(body):
        span = span_at(spans, note)
        if note.onset_quarters == span.onset:
            assert note.pitch % 12 == span.chord.bass * 7 % 12
        elif score.meter.weight(note.onset_quarters) >= 2 and note.end_quarters < span.end:
            assert note.pitch % 12 in span.chord.pitch_classes
        if note.end_quarters == span.end:  # the last note of a chord leads into the next one
            assert abs(following.pitch - note.pitch) in {1, 2, 5, 7}


def test_phrases_lead_into_each_other() -> None:
    plan, score = with_bass("pulse", style="rock", seconds=60, meter="4/4")
    notes = bass_of(score)
    led = total = 0
    for phrase in layout_phrases(plan)[1:]:
        begin = phrase.first_bar * 4
        at = next((i for i, note in enumerate(notes) if note.onset_quarters == begin), 0)
        if at:
            total += 1
            led += abs(notes[at].pitch - notes[at - 1].pitch) in {1, 2} and notes[at - 1].end_quarters == begin
    assert total >= 3
    assert led >= 0.6 * total


def test_the_bass_plays_more_when_more_is_asked() -> None:
    plan, _ = with_bass("pulse", style="rock", meter="4/4")
    played = []
    for energy in (0.1, 0.4, 0.7, 1.0):
        sections = tuple(section.model_copy(update={"energy": energy}) for section in plan.sections)
        played.append(len(bass_of(Composer()(plan.model_copy(update={"sections": sections, "density": energy})))))
    assert played == sorted(played)
    assert played[-1] > 1.5 * played[0]
