"""Plans that move, drawn at random: everything a plan of version 2 can say, in every combination that it may be said in.

Drawn by a seed and not by hypothesis itself, so that a number is one plan for ever, whatever else a test run has loaded.
"""

from __future__ import annotations

import random
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

__all__ = ["draw_moving_plan", "random_moving_plans"]

STYLES = ("folk", "pop", "chamber-strings", "solo-piano", "choral", "jazz-ballad", "cinematic")
"""Bands of one player to six: recorded grooves, strings for an orchestra's drums, choirs, keys."""
_TONICS = ("C", "D", "Eb", "F#", "G", "A", "Bb")
_DEVELOPMENTS = ("repetition", "sequence", "inversion", "fragment", "augmentation")


def random_moving_plans(**wishes: Any) -> st.SearchStrategy[CompositionPlan]:
    """The plans of `draw_moving_plan`, as a strategy."""
    return st.integers(0, 99_999).map(lambda seed: draw_moving_plan(seed, **wishes))


@cache
def _still_plan(style: str, mode: str, meter: str, *, loop: bool) -> CompositionPlan:
    """What the rules plan for a picture that stays in one key and tempo."""
    wishes: dict[str, Any] = {"seconds": 24, "tempo_bpm": 120, "key": f"D {mode}", "meter": meter, "style": style, "loop": loop}
    return RulesPlanner()(make_scene(), Brief.of(**wishes, seed=5))


def draw_moving_plan(
    seed: int, *, hits: bool = True, players: bool = True, loops: bool = True, styles: Sequence[str] = STYLES
) -> CompositionPlan:
    """A plan of the rules whose sections get keys, metres, tempi and energies of their own; a seed is always the same plan.

    Args:
        seed: which plan.
        hits: whether it may hold hits.
        players: whether sections may say who has the tune, who rests and how they play together, and letters have material of their own.
        loops: whether it may be a loop.
        styles: to choose from.
    """
    chance = random.Random(seed)
    style, mode, meter = chance.choice(styles), chance.choice(sorted(MODES)), chance.choice(METERS)
    still = _still_plan(style, mode, meter, loop=loops and chance.random() < 0.3)
    sections = [_drawn_section(chance, still, section, players=players) for section in still.sections]
    tree = still.model_dump() | {"sections": sections, "reasons": (), "seed": chance.randint(0, 999)}
    if players and chance.random() < 0.5:
        tree["materials"] = _drawn_materials(chance, still)
    plan = CompositionPlan.model_validate(tree)
    if hits:
        drawn = [_drawn_hit(chance, plan) for _ in range(chance.randint(0, 4))]
        stops = [(hit["bar"], hit["place"]) for hit in drawn if hit["action"] == "stop"]
        tree["hits"] = [hit for hit in drawn if hit["action"] == "stop" or not _falls_silent(hit, stops)]
    tree["seconds"] = plan.bars_seconds + (0 if still.loop else 2)
    return CompositionPlan.model_validate(tree)


def _unit(chance: random.Random) -> float:
    return chance.randint(0, 20) / 20


def _tempo(chance: random.Random) -> float:
    return float(chance.randint(40, 200)) if chance.random() < 0.5 else round(chance.uniform(40, 200), 2)


def _drawn_section(chance: random.Random, plan: CompositionPlan, section: Section, *, players: bool) -> dict[str, Any]:
    tree = section.model_dump()
    if chance.random() < 0.5:
        # Numerals mean something in every mode; as often the section stays in its own.
        mode = plan.parsed_key.mode if chance.random() < 0.5 else chance.choice(sorted(MODES))
        tree["key"] = chance.choice(_keys(mode))
    if chance.random() < 0.5:
        tree["meter"] = chance.choice(METERS)
    if chance.random() < 0.5:
        tree["tempo_bpm"] = _tempo(chance)
    tree["tempo_changes"] = _drawn_tempi(chance, section.bars, Meter.parse(tree.get("meter") or plan.meter))
    if chance.random() < 0.5:
        tree["energy_curve"] = [_unit(chance) for _ in range(section.bars)]
    if players:
        ids = [part.id for part in plan.parts]
        if chance.random() < 0.5:
            tree["tune_by"] = chance.choice([part.id for part in plan.parts if not instrument(part.instrument).kit])
        carrier = tree.get("tune_by") or (plan.lead.id if plan.lead else None)
        others = [one for one in ids if one != carrier]
        tree["silent"] = chance.sample(others, chance.randint(0, min(2, len(others))))
        tree["texture"] = chance.choice([None, "solo", "unison", "stop_time"])
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


def _drawn_tempi(chance: random.Random, bars: int, meter: Meter) -> list[dict[str, Any]]:
    """Up to two jumps or glides, one after the other, at places on a grid of 1/24."""
    length = int(bars * meter.bar_quarters * 24)
    changes: list[dict[str, Any]] = []
    free = 0
    for _ in range(chance.randint(0, 2)):
        if free >= length:
            break
        begin = chance.randint(free, length - 1)
        bar, place = divmod(begin, int(meter.bar_quarters * 24))
        room = (length - begin) / 24 / float(meter.bar_quarters)
        over = chance.choice([bars for bars in (0.0, 0.5, 1.0, 1.75, 3.0) if bars <= room])
        changes.append({"bar": bar + 1, "place": place / 24, "bpm": _tempo(chance), "over_bars": over})
        free = begin + round(over * float(meter.bar_quarters) * 24) + 1
    return changes


def _drawn_materials(chance: random.Random, plan: CompositionPlan) -> list[dict[str, Any]]:
    """For one of its letters a motif, a contour, a development, or some of them."""
    size = chance.randint(2, 5)
    steps = [0, *(chance.randint(-4, 4) for _ in range(size - 1))]
    motif = {"steps": steps, "rhythm": [chance.choice([0.5, 1.0, 1.5, 1 / 3]) for _ in steps]}
    return [
        {
            "letter": chance.choice(plan.sections).material,
            "motif": motif if chance.random() < 0.5 else None,
            "contour": [_unit(chance) for _ in range(chance.randint(2, 5))] if chance.random() < 0.5 else None,
            "development": [chance.choice(_DEVELOPMENTS) for _ in range(chance.randint(0, 3))],
        }
    ]


def _falls_silent(hit: dict[str, Any], stops: Sequence[tuple[int, float]]) -> bool:
    """Whether a stop has silenced everybody there."""
    return any(hit["bar"] == bar and hit["place"] >= place for bar, place in stops)


def _drawn_hit(chance: random.Random, plan: CompositionPlan) -> dict[str, Any]:
    """Anywhere on a grid of 1/24, more often on a beat or between two."""
    bar = chance.randint(1, plan.bars)
    meter = plan.meter_map.meter_at(bar - 1)
    halves = [float(place + half) for place in meter.onsets for half in (0, 0.5)]
    place = chance.choice(halves) if chance.random() < 0.6 else chance.randint(0, int(meter.bar_quarters * 24) - 1) / 24
    return {"bar": bar, "place": place, "action": chance.choice(["accent", "entry", "stop"]), "strength": _unit(chance)}
