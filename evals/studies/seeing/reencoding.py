"""Does a harmless re-encoding change the music? How often style, metre, mode, key and lead of the plan are others.

    python evals/studies/seeing/reencoding.py FOLDER [--pictures 100] [--part odd|even|all] [--edges]

FOLDER holds photographs (``*.jpg``, ``*.png``); in the order of their names the even ones are for tuning and the odd ones for reporting, and
every n-th of the part is taken, so that N remain (0: all). Each is stored again as JPEG of quality 40, at half its size, as WebP of quality
80, and without its last four columns and rows, and planned with default wishes, seed 0. With --edges also without the first four, and
without two all round. Printed for each change: the share of plans with another style, metre, mode, key, lead and band, of styles with
their 95 % Wilson interval; then how many styles the untouched pictures got, and the entropy of their shares in bits.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from evals.studies.promises.random_briefs import wilson
from img2music.brief import Brief
from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver
from img2music.planners.rules.rules_planner import RulesPlanner

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGES = ("JPEG quality 40", "half the size", "WebP quality 80", "four pixels less")
EDGES = ("first four off", "two off all round")
CHOICES = ("style", "metre", "mode", "key", "lead", "band")


def stored(picture: Path, change: str, folder: Path) -> Path:
    """The changed picture as a file."""
    with Image.open(picture) as file:
        image = file.convert("RGB")
    width, height = image.size
    out = folder / "changed.png"
    if change == "JPEG quality 40":
        image.save(out := folder / "changed.jpg", quality=40)
    elif change == "WebP quality 80":
        image.save(out := folder / "changed.webp", quality=80)
    elif change == "half the size":
        image.resize((max(1, width // 2), max(1, height // 2)), Image.Resampling.LANCZOS).save(out)
    else:
        left, right = {"four pixels less": (0, 4), "first four off": (4, 0)}.get(change, (2, 2))
        image.crop((left, left, max(left + 1, width - right), max(left + 1, height - right))).save(out)
    return out


def chosen(path: Path, see: OfflinePerceiver, plan: RulesPlanner) -> tuple[str, ...]:
    """What the plan of a picture says, in the order of `CHOICES`."""
    made = plan(see(open_picture(path)), Brief())
    lead = next((part.instrument for part in made.parts if part.role == "melody"), "")
    band = ", ".join(part.instrument for part in made.parts)
    return made.style, made.meter, made.parsed_key.mode, made.key, lead, band


def part_of(folder: Path, part: str, count: int) -> list[Path]:
    """The pictures to look at."""
    every = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".png"})
    some = {"even": every[::2], "odd": every[1::2], "all": every}[part]
    taken = min(count or len(some), len(some))
    return [some[index * len(some) // taken] for index in range(taken)]


def rows(flips: dict[str, Counter[str]], pictures: int) -> Iterator[str]:
    """One line a change, and one for all of them."""
    whole: Counter[str] = sum((flips[change] for change in CHANGES), Counter())
    for change, counted, of in (*((name, count, pictures) for name, count in flips.items()), ("the four", whole, 4 * pictures)):
        low, high = wilson(counted["style"], of)
        others = "   ".join(f"{counted[choice] / of:.3f}" for choice in CHOICES[1:])
        yield f"  {change:18s} {counted['style']:4d} of {of:4d}  {counted['style'] / of:.3f} [{low:.3f}, {high:.3f}]   {others}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=100, help="how many; 0 takes all")
    parser.add_argument("--part", choices=("odd", "even", "all"), default="odd")
    parser.add_argument("--edges", action="store_true", help="cut at other edges too")
    arguments = parser.parse_args()
    pictures = part_of(arguments.folder, arguments.part, arguments.pictures)
    if not pictures:
        raise SystemExit(f"no *.jpg or *.png in {arguments.folder}; give a folder of photographs")
    see, plan = OfflinePerceiver(), RulesPlanner()
    flips = {change: Counter[str]() for change in (*CHANGES, *(EDGES if arguments.edges else ()))}
    styles: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for picture in pictures:
            before = chosen(picture, see, plan)
            styles[before[0]] += 1
            for change, counted in flips.items():
                after = chosen(stored(picture, change, Path(scratch)), see, plan)
                counted.update(choice for choice, old, new in zip(CHOICES, before, after, strict=True) if old != new)
    print(f"{len(pictures)} pictures; another choice".ljust(35), "style [95 %]             metre   mode    key     lead    band")
    print(*rows(flips, len(pictures)), sep="\n")
    shares = [count / len(pictures) for count in styles.values()]
    print(f"{len(styles)} styles, {-sum(share * log2(share) for share in shares):.2f} bits: {dict(styles.most_common())}")


if __name__ == "__main__":
    main()
