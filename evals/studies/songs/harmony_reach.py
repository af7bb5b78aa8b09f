"""Does harmony travel? Same style and other picture, other keys inside a piece, and the key as an outside program hears it.

    OMP_NUM_THREADS=1 python -m evals.studies.songs.harmony_reach PHOTOGRAPHS [--pieces-folder FOLDER] [--pictures 10] [--heard 1]

PHOTOGRAPHS: any pictures (those that come with img2music are taken first). Every style is planned for so many pictures, 75 s, no key and no
seed asked; nothing but the plan is needed for the first two figures:

- **the same theme**: share of pairs of pictures, of one style, mode and metre, whose theme (the first section that is no introduction)
  has the same harmony, numeral by numeral; the same for the first four bars, and for the themes of two letters together. The interval is a
  bootstrap over pictures, because pairs that share one are not independent.
- **modulates**: share of pieces with a section in another key, with Wilson's interval; by style where any does.

For `--heard` pictures a style (in turn, so that all pictures have their say) the piece is written, and music21 finds its key in the
MusicXML (its default, Aarden & Essen's weights, all parts): the same tonic and mode, or the relative key. Counted for pieces of major and
minor in one key; modes with another scale and blues, whose sevenths belong to no key, and pieces that modulate are told apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.shared.independent_readers import read_musicxml_with_music21
from evals.shared.lead_sheets.made_pieces import PieceMaker, kept_in, pieces_parser, study_pictures
from img2music.evaluation.statistics import wilson_interval
from img2music.io.style_files import style_names
from img2music.theory import Key

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SECONDS = 75
_DRAWS = 1000
_APART = frozenset({"blues", "drone"})
"""Styles without a key in the sense of major and minor."""
Theme = tuple[tuple[str, ...], tuple[str, ...]]
Themes = dict[tuple[str, str, str], dict[int, Theme]]
"""By style, mode and metre: the number of a picture, and the harmony of its first letter and of its second."""


def themes_of(plan: Mapping[str, Any]) -> Theme:
    """The harmony of the first two letters that are no introduction; the second is empty where there is one letter."""
    found: dict[str, tuple[str, ...]] = {}
    for section in plan["sections"]:
        if section["role"] not in {"intro", "outro"}:
            found.setdefault(section["material"], tuple(section["harmony"]))
    first, second = (*list(found.values())[:2], (), ())[:2]
    return first, second


def keys_of(plan: Mapping[str, Any]) -> set[str]:
    """The keys of its sections."""
    return {section.get("key") or plan["key"] for section in plan["sections"]}


def _same_theme(one: Theme, two: Theme) -> bool:
    return one[0] == two[0]


def _same_opening(one: Theme, two: Theme) -> bool:
    return one[0][:4] == two[0][:4]


def _same_letters(one: Theme, two: Theme) -> bool:
    return bool(one[1]) and one == two


_SAME = {"theme": _same_theme, "first four bars": _same_opening, "both letters": _same_letters}


def share_of_same_themes(themes: Themes) -> None:
    """Prints the shares of pairs that have the same harmony."""
    pairs = [(a, b, group[a], group[b]) for group in themes.values() for a, b in combinations(sorted(group), 2)]
    pictures = sorted({number for group in themes.values() for number in group})
    print(f"pairs of pictures of one style, mode and metre: {len(pairs)}")
    chance = np.random.default_rng(0)
    draws = [np.bincount(chance.integers(len(pictures), size=len(pictures)), minlength=len(pictures)) for _ in range(_DRAWS)]
    ends = np.array([(pictures.index(a), pictures.index(b)) for a, b, _, _ in pairs]).reshape(-1, 2)
    for name, is_same in _SAME.items():
        hits = np.array([is_same(one, two) for _, _, one, two in pairs], dtype=float)
        weighted = [drawn[ends].prod(axis=1).astype(float) for drawn in draws]
        shares = [float(hits @ weights / weights.sum()) for weights in weighted if weights.sum()]
        low, high = np.percentile(shares, (2.5, 97.5))
        print(f"  the same {name:16} {hits.mean():.3f} [{low:.3f}, {high:.3f}]")


def share_with_interval(hits: int, count: int) -> str:
    """A share with Wilson's interval."""
    if not count:
        return "none"
    low, high = wilson_interval(hits, count)
    return f"{hits}/{count} = {hits / count:.2f} [{low:.2f}, {high:.2f}]"


def heard_as(plan: Mapping[str, Any], musicxml: str) -> str:
    """How the key is heard: "exact", "relative" or "wrong"."""
    tonic, mode = read_musicxml_with_music21(musicxml).key or ("", "")
    key = Key.parse(plan["key"])
    asked = (key.pitch_classes[0], key.is_minor)
    heard = (int(tonic or -1), mode == "minor")
    if heard == asked:
        return "exact"
    relative = ((asked[0] + 3) % 12, False) if key.is_minor else ((asked[0] + 9) % 12, True)
    return "relative" if heard == relative else "wrong"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = pieces_parser(__doc__, songs=False)
    parser.add_argument("--pictures", type=int, default=10, help="a style (%(default)s)")
    parser.add_argument("--heard", type=int, default=1, help="pieces a style that music21 hears (%(default)s)")
    parser.need_packages("music21", install="pip install -e '.[test]'")
    options = parser.parse_args(arguments)
    with kept_in(options.pieces_folder) as folder:
        study(options, folder)


def study(options: Namespace, folder: Path) -> None:
    """Prints what the options ask for; what is made or read is kept in `folder`."""
    maker = PieceMaker(folder)
    pictures = study_pictures(options.photographs, options.pictures)
    themes: Themes = defaultdict(dict)
    moving: Counter[str] = Counter()
    for style in style_names():
        for number, picture in enumerate(pictures):
            plan = maker.plan(picture, style=style, seconds=_SECONDS)
            themes[style, plan["key"].split()[1], plan["meter"]][number] = themes_of(plan)
            moving[style] += len(keys_of(plan)) > 1
    share_of_same_themes(themes)
    print(f"modulates: {share_with_interval(moving.total(), len(pictures) * len(style_names()))}")
    print("  " + ", ".join(f"{style} {count}/{len(pictures)}" for style, count in moving.items() if count), flush=True)
    _print_heard(maker, pictures, options.heard)


def _print_heard(maker: PieceMaker, pictures: Sequence[Path], count: int) -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = []
    for place, style in enumerate(style_names()):
        for number in range(min(count, len(pictures))):
            picture = pictures[(place + number) % len(pictures)]
            piece = maker.make(picture, style=style, seconds=_SECONDS)
            mode = piece.plan["key"].split()[1]
            kind = (
                "modulating" if len(keys_of(piece.plan)) > 1 else "modal or blues" if mode not in {"major", "minor"} or style in _APART
                else "major or minor, one key"
            )  # fmt: skip
            heard = heard_as(piece.plan, piece.musicxml)
            found[kind][heard] += 1
            if heard == "wrong":
                wrong.append(f"{style} ({piece.plan['key']})")
    print("key heard by music21")
    for kind, counts in sorted(found.items()):
        right = counts["exact"] + counts["relative"]
        print(f"  {kind:24} exact {counts['exact']}, relative {counts['relative']}: {share_with_interval(right, counts.total())}")
    if wrong:
        print(f"  otherwise: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
