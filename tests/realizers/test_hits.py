"""Hits in the finished lines: at every kind of place, by every kind of band, and nothing else changes."""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from img2music.io.abc.export_abc import write_abc
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.plan import CompositionPlan
from img2music.realizers.composer import Composer, write_part
from img2music.realizers.context import compose_context
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.realizers.hits import mark_hits
from img2music.realizers.kept_notes import transfer_part
from img2music.section import Action, Hit
from tests.support.made_notes import check_page
from tests.support.moving_plans import moving_plan, with_hits
from tests.support.random_moving_plans import draw_moving_plan

if TYPE_CHECKING:
    from img2music.score import Note, Part, Score

STILL: dict[str, Any] = {}
"""No section moves."""
BANDS = ("pop", "cinematic", "chamber-strings", "solo-piano")
"""Recorded grooves, drums by strings, no drums, one player."""
LINES = {"melody", "counter"}
ACTIONS: tuple[Action, ...] = ("accent", "stop", "entry")
TICK = Fraction(1, 1000)
KICK_AND_CRASH = {"pop": {DRUMS["kick"][0], DRUMS["crash"][0]}, "cinematic": {DRUMS["bass drum"][0], DRUMS["concert cymbal"][0]}}
PLACES = {
    "a beat": (3, 2.0), "a bar line": (4, 0.0), "between beats": (3, 1.5), "a triplet": (5, 1 / 3), "a thirty-second": (5, 2.125),
    "the first note": (1, 0.0), "the first bar": (1, 2.5), "a seam": (5, 0.0), "the last bar": (0, 1.0), "the end of the last bar": (0, 3.5),
}  # fmt: skip
"""Kinds of places, as bar (0 is the last one) and quarter notes from its bar line."""


@cache
def band(style: str) -> CompositionPlan:
    return moving_plan(STILL, style=style, seconds=24)


@cache
def composed(plan: CompositionPlan) -> Score:
    """Written once: hits change a plan's hash no more than its notes."""
    return Composer()(plan)


def marked(plan: CompositionPlan, *hits: Hit) -> Score:
    """The plan's score with hits; the page is sound and can be written."""
    struck = with_hits(plan, *hits)
    score = Composer()(struck)
    check_page(struck, score)
    write_musicxml(score)
    write_abc(score)
    return score


def hit_at(plan: CompositionPlan, place: tuple[int, float], action: Any, strength: float = 1.0) -> tuple[Hit, Fraction, Fraction]:
    """A hit, where it lies, and where its bar ends."""
    hit = Hit(bar=place[0] or plan.bars, place=place[1], action=action, strength=strength)
    return hit, plan.meter_map.onset(hit.bar - 1, hit.place_quarters), plan.meter_map.bar_onset(hit.bar)


def sounding(part: Part, begin: Fraction, end: Fraction) -> list[Note]:
    return [note for note in part.notes if note.onset_quarters < end and note.end_quarters > begin]


def struck(part: Part, onset: Fraction) -> list[Note]:
    return [note for note in part.notes if note.onset_quarters == onset]


# Accents


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("style", BANDS)
def test_an_accent_is_struck_there_by_whoever_plays_and_nothing_else_changes(style: str, place: tuple[int, float]) -> None:
    plan = band(style)
    hit, onset, bar_end = hit_at(plan, place, "accent")
    before, after = composed(plan), marked(plan, hit)
    assert any(struck(part, onset) for part in after.parts)
    for was, now in zip(before.parts, after.parts, strict=True):
        if was.instrument.kit and sounding(was, plan.meter_map.bar_onset(hit.bar - 1), bar_end):
            assert KICK_AND_CRASH[style] <= {note.pitch for note in struck(now, onset)}
        again = struck(was, onset) if was.instrument.kit or was.role in LINES else sounding(was, onset, onset + TICK)
        louder = {note.pitch: note.velocity for note in struck(now, onset)}
        for note in again:
            assert louder[note.pitch] >= min(note.velocity + 6, 124)
        assert {note for note in was.notes if note.end_quarters <= onset or note.onset_quarters > onset} <= set(now.notes)
        assert all(onset in {note.onset_quarters, note.end_quarters} for note in set(now.notes) - set(was.notes))


@pytest.mark.parametrize("style", ["pop", "solo-piano"])
def test_a_stronger_hit_is_louder(style: str) -> None:
    plan = band(style)
    loudness = []
    for strength in (0.0, 0.5, 1.0):
        hit, onset, _ = hit_at(plan, (4, 0.0), "accent", strength)
        loudness.append(sum(note.velocity for part in marked(plan, hit).parts for note in struck(part, onset)))
    assert loudness == sorted(set(loudness))


@pytest.mark.parametrize("style", BANDS)
def test_where_everybody_rests_somebody_strikes(style: str) -> None:
    plan = band(style)
    hit, onset, end = hit_at(plan, (4, 1.0), "accent")
    context = compose_context(plan)
    begin = plan.meter_map.bar_onset(3)
    lines = {
        part.id: [
            event for event in write_part(context.for_part(part, context.energies)) if event.end <= begin or event.onset >= end
        ]
        for part in plan.parts
    }
    after = mark_hits(with_hits(plan, hit), context.spans, lines, ())
    struck_by = [part for part, line in after.items() if any(event.onset == onset for event in line)]
    assert struck_by
    assert all(after[part] == lines[part] for part in after if part not in struck_by)


def test_two_accents_in_a_bar_are_two() -> None:
    for style in ("pop", "chamber-strings"):
        plan = band(style)
        hits = [Hit(bar=3, place=place, action="accent") for place in (1.0, 2.5)]
        after = marked(plan, *hits)
        for hit in hits:
            alone = marked(plan, hit)
            onset = plan.meter_map.onset(2, hit.place_quarters)
            assert [{note.pitch for note in struck(part, onset)} for part in after.parts] == [
                {note.pitch for note in struck(part, onset)} for part in alone.parts
            ]


# Stops


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("style", ["pop", "solo-piano"])
def test_a_stop_is_silence_to_the_bar_line_and_nothing_else_changes(style: str, place: tuple[int, float]) -> None:
    plan = band(style)
    hit, onset, bar_end = hit_at(plan, place, "stop")
    before, after = composed(plan), marked(plan, hit)
    for was, now in zip(before.parts, after.parts, strict=True):
        assert not sounding(now, onset, bar_end)
        assert {note for note in was.notes if note.end_quarters <= onset or note.onset_quarters >= bar_end} <= set(now.notes)
        assert len(now.notes) == len([note for note in was.notes if not onset <= note.onset_quarters < bar_end])


# Entries


@pytest.mark.parametrize("place", [*PLACES.values(), (2, 0.0), (0, 0.0)])
@pytest.mark.parametrize("style", ["pop", "solo-piano"])
def test_at_an_entry_somebody_comes_in_who_was_silent(style: str, place: tuple[int, float]) -> None:
    plan = band(style)
    hit, onset, _ = hit_at(plan, place, "entry")
    before, after = composed(plan), marked(plan, hit)
    silent_from = plan.meter_map.bar_onset(max(0, hit.bar - 3))
    entering = [part for part in after.parts if struck(part, onset) and not sounding(part, silent_from, onset)]
    assert entering
    for was, now in zip(before.parts, after.parts, strict=True):
        if now not in entering:
            assert was.notes == now.notes
        assert {note for note in was.notes if note.end_quarters <= silent_from or note.onset_quarters > onset} <= set(now.notes)


def test_who_enters_is_not_who_has_the_tune_where_others_play() -> None:
    for style in BANDS:
        plan = band(style)
        hit, onset, _ = hit_at(plan, (4, 0.0), "entry", 0.5)
        after = marked(plan, hit)
        silent = [part for part in after.parts if struck(part, onset) and not sounding(part, onset - 8, onset)]
        assert [part.role != "melody" for part in silent] == [True]


# Who may not be touched


@pytest.mark.parametrize("action", ["accent", "entry", "stop"])
def test_kept_parts_stay(action: str) -> None:
    plan = band("pop")
    seats = {part.id: part for part in plan.parts if part.role in {"melody", "drums"}}
    struck_plan = with_hits(plan, hit_at(plan, (4, 1.5), action)[0])
    earlier = composed(plan)
    kept = {
        part.id: transfer_part(part, plan, struck_plan, seats[part.id], range(plan.bars))
        for part in earlier.parts
        if part.id in seats
    }
    score = Composer().compose_around(struck_plan, kept)
    check_page(struck_plan, score)
    for was, now in zip(earlier.parts, score.parts, strict=True):
        if was.id in seats:
            assert [(note.onset_quarters, note.duration_quarters, note.pitch) for note in now.notes] == [
                (note.onset_quarters, note.duration_quarters, note.pitch) for note in was.notes
            ]
    assert any(was.notes != now.notes for was, now in zip(earlier.parts, score.parts, strict=True))


def test_a_single_part_is_hit_too() -> None:
    whole = band("folk")
    plan = CompositionPlan.model_validate(whole.model_dump() | {"parts": [whole.parts[0].model_dump()]})
    for place in [(1, 0.0), (3, 1.5), (0, 3.5)]:
        for action in ("accent", "entry", "stop"):
            hit, onset, bar_end = hit_at(plan, place, action)
            (part,) = marked(plan, hit).parts
            if action == "stop":
                assert not sounding(part, onset, bar_end)
            else:
                assert struck(part, onset)


# Any plan


def plan_with_hits(seed: int) -> CompositionPlan:
    """Hits so far apart that none is in another's way."""
    chance, plan = random.Random(seed), draw_moving_plan(seed, hits=False)
    hits = []
    for bar in range(chance.randint(1, 3), plan.bars + 1, 4):
        places = int(plan.meter_map.bar_quarters(bar - 1) * 24)
        place = chance.choice([0, 12, 24, 8, chance.randint(0, places - 1)]) / 24
        hits.append(Hit(bar=bar, place=place, action=chance.choice(ACTIONS)))
    return with_hits(plan, *hits)


@pytest.mark.parametrize("seed", range(15))
def test_hits_are_where_any_plan_says(seed: int) -> None:
    plan = plan_with_hits(seed)
    score = Composer()(plan)
    check_page(plan, score)
    for hit in plan.hits:
        onset, bar_end = plan.meter_map.onset(hit.bar - 1, hit.place_quarters), plan.meter_map.bar_onset(hit.bar)
        silent_from = plan.meter_map.bar_onset(max(0, hit.bar - 3))
        if hit.action == "stop":
            assert not any(sounding(part, onset, bar_end) for part in score.parts)
        elif hit.action == "accent":
            assert any(struck(part, onset) for part in score.parts)
            for part in score.parts:
                if part.role not in LINES and not part.instrument.kit:
                    assert all(note.onset_quarters == onset for note in sounding(part, onset, onset + TICK))
        else:
            assert any(struck(part, onset) and not sounding(part, silent_from, onset) for part in score.parts)
