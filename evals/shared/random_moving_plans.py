"""Random plans that move, and what a plan's own words say of time.

A plan is made of plans that the rules make for an example picture, one for each mode and metre that is drawn: its sections are taken from
them, with their numerals and phrases, and get keys, metres and tempi of their own. So every section is music that the planner might have
planned, and only the piece as a whole is not.

`own_seconds` reads a plan as its documentation says, without the program's maps: a glide is linear in quarter notes a minute over quarter
notes, and lasts as long as the integral says. Conventions: quarter notes from the start of the piece, seconds.
"""

from __future__ import annotations

from functools import cache
from math import log
from typing import TYPE_CHECKING, Any

import img2music
from evals.shared.paths import example_pictures
from img2music.io.style_files import style_names
from img2music.plan import CompositionPlan
from img2music.theory import METERS, MODES, Key, Meter

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from fractions import Fraction

    from img2music.plan import Section

__all__ = ["CHANGES", "draw_plan", "own_seconds"]

CHANGES = ("key", "mode", "metre", "tempo of a section", "jump", "glide")
_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_SLOWEST, _FASTEST, _MOST_RATIO = 40, 208, 1.6
_RING_SECONDS = 2.0


@cache
def _scenes() -> list[img2music.Scene]:
    pipeline = img2music.Pipeline.load("offline")
    return [pipeline.see(picture) for picture in example_pictures()]


@cache
def _keys(mode: str) -> tuple[str, ...]:
    """The tonics that are written with at most seven accidentals in a mode."""
    found = []
    for tonic in _TONICS:
        try:
            found.append(Key.parse(f"{tonic} {mode}").name)
        except img2music.Img2MusicError:
            continue
    return tuple(found)


class _Sources:
    """Plans of one piece in any mode and metre."""

    def __init__(self, chance: random.Random, *, loop: bool) -> None:
        self._stages = img2music.Pipeline.load("offline")
        self._scene = chance.choice(_scenes())
        self._wishes: dict[str, Any] = {
            "style": chance.choice(style_names()),
            "seconds": round(chance.uniform(14, 30), 2),
            "tempo_bpm": float(chance.randint(56, 160)),
            "seed": chance.randint(0, 9999),
            "loop": loop,
        }
        self._made: dict[tuple[str, str, int], CompositionPlan] = {}

    def plan(self, mode: str, meter: str, more: int = 0) -> CompositionPlan:
        """The plan in a mode and a metre; `more` is added to its seed."""
        if (mode, meter, more) not in self._made:
            wishes = self._wishes | {"key": _keys(mode)[0], "meter": meter, "seed": self._wishes["seed"] + more}
            self._made[mode, meter, more] = self._stages.plan(self._scene, img2music.Brief.of(**wishes))
        return self._made[mode, meter, more]


def draw_plan(chance: random.Random, *, loop: bool = False, hits: bool = False) -> CompositionPlan:
    """A plan with two to five changes of `CHANGES`; with `hits`, one to four hits too."""
    sources = _Sources(chance, loop=loop)
    mode, meter = chance.choice(sorted(MODES)), chance.choice(METERS)
    base = sources.plan(mode, meter)
    key = chance.choice(_keys(mode))
    kinds = [chance.choice(CHANGES) for _ in range(chance.randint(2, 5))]
    sections = _enough(list(base.sections), sources, mode, meter, count=3 + (len(kinds) > 3))
    state: list[dict[str, Any]] = [{"key": key, "meter": meter} for _ in sections]
    for kind in kinds:
        place = chance.randint(1, len(sections) - 1)
        until = len(sections) if chance.random() < 0.5 else place + 1  # for good, or for one section
        change = _drawn(kind, state[place], base.tempo_bpm, chance)
        for held in state[place:until]:
            held.update(change)
        if kind in {"jump", "glide"}:
            state[place].setdefault("changes", []).append(kind)
    trees = []
    for number, (section, held) in enumerate(zip(sections, state, strict=True)):
        found = section if held["meter"] == meter and _mode(held["key"]) == mode else _like(section, sources, held)
        tree = found.model_dump() | {"name": section.name, "material": section.material, "role": section.role}
        tree |= {"key": held["key"] if held["key"] != key else None, "meter": held["meter"] if held["meter"] != meter else None}
        tree["tempo_bpm"] = held.get("tempo")
        now = held.get("tempo", base.tempo_bpm)
        tree["tempo_changes"] = _tempo_changes(held.get("changes", []), now, found.bars, Meter.parse(held["meter"]), chance)
        if number and chance.random() < 0.2:
            tree["energy_curve"] = [round(chance.random(), 2) for _ in range(found.bars)]
        trees.append(tree)
    whole = base.model_dump() | {"key": key, "sections": trees, "reasons": (), "conflicts": ()}
    plan = CompositionPlan.model_validate(whole)
    seconds = plan.bars_seconds if loop else round(plan.bars_seconds + _RING_SECONDS, 2)
    whole["seconds"] = seconds
    if hits:
        whole["hits"] = _hits(plan, chance)
    return CompositionPlan.model_validate(whole)


def _mode(key: str) -> str:
    return Key.parse(key).mode


def _enough(sections: list[Section], sources: _Sources, mode: str, meter: str, *, count: int) -> list[Section]:
    """The sections and, before their last one, more of the same kind until there are `count`."""
    more = 0
    while len(sections) < count:
        more += 1
        others = [one for one in sources.plan(mode, meter, more).sections if one.role not in {"intro", "outro"}]
        extra = [one.model_copy(update={"name": f"{one.name} again {more}"}) for one in others]
        at = len(sections) - (sections[-1].role == "outro" or len(sections) > 1)
        sections = [*sections[:at], *extra, *sections[at:]] if len(sections) > 1 else [*sections, *extra]
    return sections


def _drawn(kind: str, held: dict[str, Any], bpm: float, chance: random.Random) -> dict[str, Any]:
    """What one change says of the sections that it holds for."""
    mode = _mode(held["key"])
    if kind == "key":
        return {"key": chance.choice([key for key in _keys(mode) if key != held["key"]])}
    if kind == "mode":
        other = chance.choice([one for one in sorted(MODES) if one != mode])
        parallel = f"{held['key'].split()[0]} {other}"
        return {"key": parallel if parallel in _keys(other) and chance.random() < 0.5 else chance.choice(_keys(other))}
    if kind == "metre":
        return {"meter": chance.choice([meter for meter in METERS if meter != held["meter"]])}
    return {"tempo": _other_tempo(bpm, chance)} if kind == "tempo of a section" else {}


def _other_tempo(bpm: float, chance: random.Random) -> float:
    """Another tempo, whole or broken."""
    ratio = chance.uniform(1.1, _MOST_RATIO)
    tempo = min(_FASTEST, max(_SLOWEST, bpm * ratio if chance.random() < 0.5 else bpm / ratio))
    return float(round(tempo)) if chance.random() < 0.6 else round(tempo, 2)


def _like(section: Section, sources: _Sources, held: dict[str, Any]) -> Section:
    """A section of the same role in another mode or metre."""
    there = sources.plan(_mode(held["key"]), held["meter"]).sections
    same = [one for one in there if one.role == section.role]
    return (same or [one for one in there if one.role not in {"intro", "outro"}] or list(there))[0]


def _tempo_changes(kinds: list[str], now: float, bars: int, meter: Meter, chance: random.Random) -> list[dict[str, Any]]:
    """Jumps and glides of one section, one after the other, each in a stretch of its own."""
    found = []
    stretch = bars // max(1, len(kinds))
    for number, kind in enumerate(kinds if stretch else kinds[:bars]):
        first = 1 + number * max(1, stretch)
        place = float(chance.choice(meter.onsets)) if chance.random() < 0.4 else 0.0
        room = max(1, stretch) - (1 if place else 0)
        change: dict[str, Any] = {"bar": first, "place": place, "bpm": _other_tempo(now, chance)}
        if kind == "glide":
            if room < 1:
                change["place"], room = 0.0, 1
            change["over_bars"] = float(chance.choice([length for length in (1, 1.5, 2, 4) if length <= room]))
        elif first == 1 and not place:
            change["place"] = float(meter.onsets[-1])  # where the section begins it has its own tempo
        now = change["bpm"]
        found.append(change)
    return found


def _hits(plan: CompositionPlan, chance: random.Random) -> list[dict[str, Any]]:
    """Hits on beats or half beats, two bars or more apart, none in the first bar and the last."""
    free = list(range(2, plan.bars))
    found = []
    for _ in range(chance.randint(1, 4)):
        if not free:
            break
        bar = chance.choice(free)
        free = [other for other in free if abs(other - bar) > 1]
        meter = plan.meter_map.meter_at(bar - 1)
        place = chance.choice(meter.onsets)
        place += meter.beat_at(place)[1] / 2 - place / 2 if chance.random() < 0.2 else 0
        found.append(
            {
                "bar": bar,
                "place": float(place),
                "action": chance.choice(("accent", "entry", "stop")),
                "strength": round(chance.uniform(0.4, 1), 2),
            }
        )
    return sorted(found, key=lambda hit: hit["bar"])


def own_seconds(plan: CompositionPlan) -> Callable[[Fraction], float]:
    """When each place of a plan sounds, by the plan's own words."""
    spans: list[tuple[float, float, float, float]] = []  # begin, end, tempo there and here
    onset = 0.0
    for section in plan.sections:
        bar = float(Meter.parse(section.meter or plan.meter).bar_quarters)
        end, now, reached = onset + bar * section.bars, section.tempo_bpm or plan.tempo_bpm, onset
        for change in section.tempo_changes:
            begin = onset + (change.bar - 1) * bar + change.place
            arrival = begin + change.over_bars * bar
            spans += [(reached, begin, now, now), (begin, arrival, now, change.bpm)]
            now, reached = change.bpm, arrival
        spans.append((reached, end, now, now))
        onset = end

    def seconds(quarters: Fraction) -> float:
        total = 0.0
        for begin, end, first, last in spans:
            there = min(float(quarters), end)
            if there <= begin:
                continue
            if first == last:
                total += 60 * (there - begin) / first
            else:
                slope = (last - first) / (end - begin)
                total += 60 / slope * log((first + slope * (there - begin)) / first)
        return total

    return seconds
