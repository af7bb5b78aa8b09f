"""Do plans that move come out of the files as they are planned? Random plans, read back by programs that know nothing of img2music.

    nice python -m evals.bench.moving_plans [--plans 200] [--hits 50] [--seed 1] [--jobs 2] [--print NUMBER]

Each plan has two to five changes of key, mode, metre and tempo (of a section, jumps and glides) in any style; every tenth is a loop, every
fourth is replayed, every fourth is made anew with its tune and bass kept. As many further plans as `--hits` says hold accents, entries and
stops too. mido and music21 read the MIDI file of the strict performance, music21 and verovio the MusicXML document, abc2midi (Debian:
abcmidi) the ABC tune. Onsets have to agree to a millisecond with the score's tempo map, to two with the plan's own words, glides taken as
integrals; bar lines, metres, keys and tempi have to stand where they are planned; bars have to be full; no fault of voice leading may lie
over a change of key.

Prints a row for each check: how many plans it held for, of how many it was asked, and the first that failed. Plans are numbered; `--print`
prints one as JSON. Plans with hits follow those without. Leaves with 1 where a check failed.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter, defaultdict
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

from evals.bench.moving_checks import check_plan
from evals.shared.command_line import ScriptParser
from evals.shared.random_moving_plans import draw_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan

_LOOPS_EVERY, _SHOWN = 10, 3


def plan_of(number: int, *, seed: int, plans: int) -> CompositionPlan:
    """The plan of that number: one with hits from `plans` on."""
    chance = random.Random(f"{seed}/{number}")
    return draw_plan(chance, loop=number < plans and number % _LOOPS_EVERY == _LOOPS_EVERY - 1, hits=number >= plans)


def run(number: int, *, seed: int, plans: int) -> tuple[int, dict[str, list[str]]]:
    """The faults of one plan, by check."""
    try:
        plan = plan_of(number, seed=seed, plans=plans)
    except Exception as error:  # the others still count
        return number, {"plan can be drawn": [f"{type(error).__name__}: {error}"]}
    return number, {"plan can be drawn": []} | check_plan(plan, number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the plans, make them and read them back."""
    parser = ScriptParser(__doc__)
    parser.add_argument("--plans", type=int, default=200, help="how many without hits (%(default)s)")
    parser.add_argument("--hits", type=int, default=50, help="how many with hits (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the plans (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (%(default)s)")
    parser.add_argument("--print", type=int, dest="shown", metavar="NUMBER", help="print the plan of that number, no more")
    parser.need_packages("music21", install="pip install -e '.[test]'")
    parser.need_program("abc2midi", install="apt install abcmidi")
    options = parser.parse_args(arguments)
    if options.shown is not None:
        print(plan_of(options.shown, seed=options.seed, plans=options.plans).model_dump_json(indent=2))
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    asked: Counter[str] = Counter()
    failed: dict[str, list[tuple[int, str]]] = defaultdict(list)
    numbers = range(options.plans + options.hits)
    # "spawn" and few plans a worker: music21 keeps what it has read.
    with get_context("spawn").Pool(options.jobs, maxtasksperchild=25) as pool:
        for count, (number, faults) in enumerate(
            pool.imap_unordered(partial(run, seed=options.seed, plans=options.plans), numbers), 1
        ):
            for check, found in faults.items():
                asked[check] += 1
                if found:
                    failed[check].append((number, found[0] + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")))
            if sys.stderr.isatty():
                print(f"\r{count} of {len(numbers)}", end="", file=sys.stderr)
    for check, count in asked.items():
        wrong = sorted(failed[check])
        print(f"{check:58} {count - len(wrong):4} of {count:4}")
        for number, fault in wrong[:_SHOWN]:
            print(f"    plan {number}: {fault}")
    bad = sum(1 for found in failed.values() if found)
    print(f"{len(numbers)} plans, {len(asked)} checks, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
