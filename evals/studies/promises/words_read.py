"""How well plain words are read: short wishes in ten languages, with the fields a person would expect.

    python -m evals.studies.promises.words_read FILE [--show] [--plans]

FILE is `evals/wishes/open.jsonl` or `evals/wishes/held.jsonl`. The wishes were written, before the tables that read them, by
somebody who had not seen the program; half of them (`held.jsonl`) stayed closed until the tables were frozen. A wish is right if
every field it settles is read as expected and no exact field is read that nobody asked for. `--plans` also plans each wish for
two pictures, a bright one and a dark one, and looks whether the plan holds what a person expects: words that are read but not
followed count as wrong there.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from evals.shared.command_line import ScriptParser
from evals.shared.paths import EXAMPLES
from img2music import Brief, Pipeline
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.theory import instrument, instrument_names
from img2music.words import WordsReading, read_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.plan import CompositionPlan

EXACT = ("bpm", "seconds", "key", "meter", "style", "instruments", "without", "loop")
SLOW_BELOW, FAST_ABOVE = 92.0, 112.0
ROLES = frozenset({"drums", "bass", "melody", "chords", "pad", "arpeggio"})


def fields(reading: WordsReading) -> dict[str, Any]:
    """The fields of a reading that are set, under the names that the wishes use."""
    found: dict[str, Any] = {
        "bpm": reading.tempo_bpm, "seconds": reading.seconds, "key": reading.key, "meter": reading.meter, "style": reading.style,
        "instruments": reading.instruments, "without": reading.without, "loop": reading.loop, "mode": reading.mode,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in (None, (), False)}


def kept_out(names: list[str] | tuple[str, ...]) -> set[str]:
    """Roles and instruments that a list of roles, families and instruments keeps out."""
    out: set[str] = set()
    for name in names:
        out |= {name} if name in ROLES else set()
        out |= {
            one for one in instrument_names() if name in {one, instrument(one).family} or (name == "guitars" and "guitar" in one)
        }
        out |= {one for one in instrument_names() if name == "drums" and instrument(one).kit}
    return out


def faults(wish: dict[str, Any], reading: WordsReading) -> list[str]:
    """What is read otherwise than expected."""
    expect, free, found = wish["expect"], set(wish.get("free", ())), fields(reading)
    wrong = [f"{name}={found[name]} not asked" for name in EXACT if name in found and name not in expect and name not in free]
    for name, value in expect.items():
        right = True
        if name in {"bpm", "seconds", "key", "meter", "mode", "loop"}:
            right = found.get(name) == value
        elif name == "style":
            right = found.get("style") in value
        elif name == "instruments":
            got = set(found.get("instruments", ()))
            right = all(got & ({one} if isinstance(one, str) else set(one)) for one in value)
        elif name == "without":
            right = kept_out(value) <= kept_out(reading.without)
        elif name in {"valence", "arousal"}:
            number = getattr(reading, name)
            right = number is not None and (number > 0) == (value == "+") and number != 0
        elif name == "tempo":
            low, high = reading.tempo_range or (0.0, 999.0)
            right = high <= SLOW_BELOW if value == "slow" else low >= FAST_ABOVE
            right = right or ((reading.tempo_factor < 1) == (value == "slow") and reading.tempo_factor != 1)
        elif name == "left":
            said = " | ".join(one.words for one in reading.aside)
            right = all(word in said for word in value)
        if not right:
            wrong.append(f"{name}: expected {value}, got {found.get(name, getattr(reading, name, None))}")
    return wrong


def faults_of_plan(wish: dict[str, Any], plan: CompositionPlan) -> list[str]:
    """What of a wish's expectations a plan does not hold."""
    expect = wish["expect"]
    third = plan.parsed_key.is_minor
    players = {part.instrument for part in plan.parts}
    roles = {part.role for part in plan.parts}
    held: dict[str, Callable[[Any], bool]] = {
        "bpm": lambda value: plan.tempo_bpm == value,
        "seconds": lambda value: plan.loop or plan.seconds == value,
        "key": lambda value: plan.key == value,
        "mode": lambda value: plan.parsed_key.mode == value,
        "meter": lambda value: plan.meter == value,
        "style": lambda value: plan.style in value,
        "loop": lambda value: plan.loop == value,
        "instruments": lambda value: all(players & ({one} if isinstance(one, str) else set(one)) for one in value),
        "without": lambda value: not kept_out(value) & (players | roles),
        "tempo": lambda value: plan.tempo_bpm <= SLOW_BELOW if value == "slow" else plan.tempo_bpm >= FAST_ABOVE,
        "valence": lambda value: (plan.valence > 0) == (value == "+") and ("key" in expect or "mode" in expect or third == (value == "-")),
        "arousal": lambda value: (plan.arousal > 0) == (value == "+"),
    }  # fmt: skip
    return [f"{name}: {value} is not held" for name, value in expect.items() if name in held and not held[name](value)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_file("file", help="wishes, one JSON object a line")
    parser.add_argument("--show", action="store_true", help="print each wish that is read wrongly")
    parser.add_argument("--plans", action="store_true", help="also plan each wish for two pictures")
    options = parser.parse_args(arguments)
    planner = RulesPlanner()
    scenes = [Pipeline.load().see(EXAMPLES / f"{name}.jpg") for name in ("cat", "moon")] if options.plans else []
    held = 0
    right: Counter[str] = Counter()
    count: Counter[str] = Counter()
    by_field: dict[str, int] = defaultdict(int)
    for line in options.file.read_text(encoding="utf-8").splitlines():
        wish = json.loads(line)
        wrong = faults(wish, read_words(wish["text"]))
        count[wish["lang"]] += 1
        right[wish["lang"]] += not wrong
        unkept = [
            f"{scene.picture.file}: {fault}"
            for scene in scenes
            for fault in faults_of_plan(wish, planner(scene, Brief.of(words=wish["text"])))
        ]
        held += not unkept
        if unkept and options.show:
            print(f"{wish['lang']} {wish['text']!r}: plan: {'; '.join(unkept)}")
        for fault in wrong:
            by_field[fault.split("=")[0].split(":")[0]] += 1
        if wrong and options.show:
            left = ", ".join(one.words for one in read_words(wish["text"]).aside)
            print(f"{wish['lang']} {wish['text']!r}: {'; '.join(wrong)} (left aside: {left})")
    print("  ".join(f"{code} {right[code]}/{count[code]}" for code in count))
    total = sum(count.values())
    print(f"right: {sum(right.values())} of {total} = {sum(right.values()) / total:.3f}; faults by field: {dict(by_field)}")
    if scenes:
        print(f"held by the plans for both pictures: {held} of {total} = {held / total:.3f}")


if __name__ == "__main__":
    main()
