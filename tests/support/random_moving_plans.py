"""Plans that move, drawn at random by hypothesis: everything a plan of version 2 can say, in every combination that it may be said in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.theory import METERS, MODES, Key, Meter, instrument
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.section import Section

__all__ = ["random_moving_plans"]

STYLES = ("folk", "pop", "chamber-strings", "solo-piano", "choral", "jazz-ballad", "cinematic")
"""Bands of one player to six: recorded grooves, strings for an orchestra's drums, choirs, keys."""
_TONICS = ("C", "D", "Eb", "F#", "G", "A", "Bb")
_TEMPI = st.integers(40, 200).map(float) | st.floats(40, 200).map(lambda bpm: round(bpm, 2))
_UNITS = st.integers(0, 20).map(lambda twentieth: twentieth / 20)


@cache
def _still_plan(style: str, mode: str, meter: str, *, loop: bool) -> CompositionPlan:
    """What the rules plan for a picture that stays in one key and tempo."""
    wishes: dict[str, Any] = {
        "seconds": 24,
        "tempo_bpm": 120,
        "key": f"D {mode}",
        "meter": meter,
        "style": style,
        "loop": loop,
        "seed": 5,
    }
    return RulesPlanner()(make_scene(), Brief.of(**wishes))


@st.composite
def random_moving_plans(
    draw: st.DrawFn, *, hits: bool = True, players: bool = True, loops: bool = True, styles: Sequence[str] = STYLES
) -> CompositionPlan:
    """A plan of the rules whose sections get keys, metres, tempi and energies of their own.

    Args:
        hits: whether it may hold hits.
        players: whether sections may say who has the tune, who rests and how they play together, and letters have material of their own.
        loops: whether it may be a loop.
        styles: to choose from.
    """
    style, mode, meter = (draw(st.sampled_from(kind)) for kind in (styles, sorted(MODES), METERS))
    still = _still_plan(style, mode, meter, loop=loops and draw(st.booleans()))
    sections = [_drawn_section(draw, still, section, players=players) for section in still.sections]
    tree = still.model_dump() | {"sections": sections, "reasons": (), "seed": draw(st.integers(0, 999))}
    if players and draw(st.booleans()):
        tree["materials"] = _drawn_materials(draw, still)
    plan = CompositionPlan.model_validate(tree)
    if hits:
        tree["hits"] = [_drawn_hit(draw, plan) for _ in range(draw(st.integers(0, 4)))]
    tree["seconds"] = plan.bars_seconds + (0 if still.loop else 2)
    return CompositionPlan.model_validate(tree)


def _drawn_section(draw: st.DrawFn, plan: CompositionPlan, section: Section, *, players: bool) -> dict[str, Any]:
    tree = section.model_dump()
    if draw(st.booleans()):
        # Numerals mean something in every mode; now and then the section stays in its own.
        mode = plan.parsed_key.mode if draw(st.booleans()) else draw(st.sampled_from(sorted(MODES)))
        tree["key"] = draw(st.sampled_from(_keys(mode)))
    if draw(st.booleans()):
        tree["meter"] = draw(st.sampled_from(METERS))
    tree["tempo_bpm"] = draw(st.none() | _TEMPI)
    meter = Meter.parse(tree.get("meter") or plan.meter)
    tree["tempo_changes"] = _drawn_tempi(draw, section.bars, meter)
    if draw(st.booleans()):
        tree["energy_curve"] = draw(st.lists(_UNITS, min_size=section.bars, max_size=section.bars))
    if players:
        ids = [part.id for part in plan.parts]
        pitched = [part.id for part in plan.parts if not instrument(part.instrument).kit]
        lead = next((part.id for part in plan.parts if part.role == "melody"), None)
        tree["tune_by"] = draw(st.none() | st.sampled_from(pitched))
        carrier = tree["tune_by"] or lead
        others = [one for one in ids if one != carrier]
        tree["silent"] = draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
        tree["texture"] = draw(st.none() | st.sampled_from(["solo", "unison", "stop_time"]))
    return tree


@cache
def _keys(mode: str) -> tuple[str, ...]:
    """Keys of a mode that can be written."""
    found = []
    for tonic in _TONICS:
        try:
            found.append(Key.parse(f"{tonic} {mode}").name)
        except ValueError:
            continue
    return tuple(found)


def _drawn_tempi(draw: st.DrawFn, bars: int, meter: Meter) -> list[dict[str, Any]]:
    """Up to two jumps or glides, one after the other, at places on a grid of 1/24."""
    length = int(bars * meter.bar_quarters * 24)
    changes: list[dict[str, Any]] = []
    free = 0
    for _ in range(draw(st.integers(0, 2))):
        if free >= length:
            break
        begin = draw(st.integers(free, length - 1))
        bar, place = divmod(begin, int(meter.bar_quarters * 24))
        room = (length - begin) / 24 / float(meter.bar_quarters)
        over = draw(st.sampled_from([bars for bars in (0.0, 0.5, 1.0, 1.75, 3.0) if bars <= room]))
        changes.append({"bar": bar + 1, "place": place / 24, "bpm": draw(_TEMPI), "over_bars": over})
        free = begin + round(over * float(meter.bar_quarters) * 24) + 1
    return changes


def _drawn_materials(draw: st.DrawFn, plan: CompositionPlan) -> list[dict[str, Any]]:
    """For one of its letters a motif, a contour, a development, or some of them."""
    size = draw(st.integers(2, 5))
    motif = {
        "steps": [0, *draw(st.lists(st.integers(-4, 4), min_size=size - 1, max_size=size - 1))],
        "rhythm": draw(st.lists(st.sampled_from([0.5, 1.0, 1.5, 1 / 3]), min_size=size, max_size=size)),
    }
    development = st.sampled_from(["repetition", "sequence", "inversion", "fragment", "augmentation"])
    return [
        {
            "letter": draw(st.sampled_from([section.material for section in plan.sections])),
            "motif": draw(st.none() | st.just(motif)),
            "contour": draw(st.none() | st.lists(_UNITS, min_size=2, max_size=5)),
            "development": draw(st.lists(development, max_size=3)),
        }
    ]


def _drawn_hit(draw: st.DrawFn, plan: CompositionPlan) -> dict[str, Any]:
    """Anywhere on a grid of 1/24, more often on a beat or between two."""
    bar = draw(st.integers(1, plan.bars))
    meter = plan.meter_map.meter_at(bar - 1)
    halves = [float(place + half) for place in meter.onsets for half in (0, 0.5)]
    last = int(meter.bar_quarters * 24) - 1
    place = draw(st.sampled_from(halves) | st.integers(0, last).map(lambda count: count / 24))
    return {"bar": bar, "place": place, "action": draw(st.sampled_from(["accent", "entry", "stop"])), "strength": draw(_UNITS)}
