"""Does a harmless re-encoding change the music? How often style, metre, mode, key and lead of the plan are others.

    python -m evals.studies.seeing.reencoding FOLDER [--pictures 100] [--part odd|even|all] [--edges]

FOLDER holds photographs (JPEG, PNG, WebP); in the order of their names the even ones are for tuning and the odd ones for reporting, and
every n-th of the part is taken, so that N remain (0: all). Each is stored again as JPEG of quality 40, at half its size, as WebP of quality
80, and without its last four columns and rows, and planned with default wishes, seed 0. With --edges also without the first four, and
without two all round. Printed for each change: the share of plans with another style, metre, mode, key, lead and band, of styles with
their 95 % Wilson interval; then how many styles the untouched pictures got, and the entropy of their shares in bits.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING

from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import PHOTOGRAPHS
from evals.shared.pictures import evenly, pictures_in, save_copy
from img2music.brief import Brief
from img2music.evaluation.statistics import wilson_interval
from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver
from img2music.planners.rules.rules_planner import RulesPlanner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHANGES = ("JPEG quality 40", "half the size", "WebP quality 80", "four pixels less")
EDGES = ("first four off", "two off all round")
CHOICES = ("style", "metre", "mode", "key", "lead", "band")


def chosen(path: Path, see: OfflinePerceiver, plan: RulesPlanner) -> tuple[str, ...]:
    """What the plan of a picture says, in the order of `CHOICES`."""
    made = plan(see(open_picture(path)), Brief())
    lead = next((part.instrument for part in made.parts if part.role == "melody"), "")
    band = ", ".join(part.instrument for part in made.parts)
    return made.style, made.meter, made.parsed_key.mode, made.key, lead, band


def part_of(folder: Path, part: str, count: int) -> list[Path]:
    """The pictures to look at."""
    every = pictures_in(folder)
    return evenly({"even": every[::2], "odd": every[1::2], "all": every}[part], count)


def rows(flips: dict[str, Counter[str]], pictures: int) -> Iterator[str]:
    """One line a change, and one for all of them."""
    whole: Counter[str] = sum((flips[change] for change in CHANGES), Counter())
    for change, counted, of in (*((name, count, pictures) for name, count in flips.items()), ("the four", whole, 4 * pictures)):
        low, high = wilson_interval(counted["style"], of)
        others = "   ".join(f"{counted[choice] / of:.3f}" for choice in CHOICES[1:])
        yield f"  {change:18s} {counted['style']:4d} of {of:4d}  {counted['style'] / of:.3f} [{low:.3f}, {high:.3f}]   {others}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_data("folder", PHOTOGRAPHS)
    parser.add_argument("--pictures", type=int, default=100, help="how many; 0 takes all")
    parser.add_argument("--part", choices=("odd", "even", "all"), default="odd")
    parser.add_argument("--edges", action="store_true", help="cut at other edges too")
    options = parser.parse_args(arguments)
    pictures = part_of(options.folder, options.part, options.pictures)
    if not pictures:
        parser.error(f"{options.folder} holds one picture, and --part {options.part} leaves none; take --part all")
    see, plan = OfflinePerceiver(), RulesPlanner()
    flips = {change: Counter[str]() for change in (*CHANGES, *(EDGES if options.edges else ()))}
    styles: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for picture in pictures:
            before = chosen(picture, see, plan)
            styles[before[0]] += 1
            for change, counted in flips.items():
                after = chosen(save_copy(picture, change, Path(scratch)), see, plan)
                counted.update(choice for choice, old, new in zip(CHOICES, before, after, strict=True) if old != new)
    print(f"{len(pictures)} pictures; another choice".ljust(35), "style [95 %]             metre   mode    key     lead    band")
    print(*rows(flips, len(pictures)), sep="\n")
    shares = [count / len(pictures) for count in styles.values()]
    print(f"{len(styles)} styles, {-sum(share * log2(share) for share in shares):.2f} bits: {dict(styles.most_common())}")


if __name__ == "__main__":
    main()
