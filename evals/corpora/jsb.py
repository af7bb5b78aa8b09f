"""Reader of Bach's four-part chorales as sixteenth-note grids (N. Boulanger-Lewandowski et al., ICML 2012; the music is in the
public domain). `FOLDER/Jsb16thSeparated.json`; four voices from soprano to bass, -1 a rest.

Keys are found by Krumhansl's profiles and the last chord, chords by matching each quarter against triads and sevenths with the
struck notes counted twice. Bars and fermatas are not in the files, so a chorale is one phrase with one chord change a quarter at
most, and only its end is known to be a cadence.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING

from evals.corpora.progression import BarChord, ChordPhrase, Progression
from img2music.theory.key_finding import profile_correlation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["beats", "read", "voices"]

_TEMPLATES = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "dim": (0, 3, 6), "min7": (0, 3, 7, 10), "hdim7": (0, 3, 6, 10),
    "maj7": (0, 4, 7, 11), "dim7": (0, 3, 6, 9),
}  # fmt: skip
_STEPS_A_QUARTER = 4


def voices(folder: Path) -> Iterator[tuple[str, tuple[tuple[int, ...], ...]]]:
    """Every chorale: its name and its steps, each with four pitches from the top (-1 a rest)."""
    tree = json.loads((folder / "Jsb16thSeparated.json").read_text(encoding="utf-8"))
    for split in ("train", "valid", "test"):
        for number, steps in enumerate(tree[split]):
            yield f"{split}/{number:03d}", tuple(tuple(int(pitch) for pitch in step) for step in steps)


def read(folder: Path) -> Iterator[Progression]:
    """Every chorale as one phrase, four quarters a bar."""
    for name, steps in voices(folder):
        tonic, is_minor = _key(steps)
        chords = beats(steps)
        bars: list[tuple[BarChord, ...]] = []
        last: tuple[int, str, int] | None = None
        for begin in range(0, len(chords), 4):
            bar = []
            for index, chord in enumerate(chords[begin : begin + 4]):
                if chord is not None and chord != last:
                    bar.append(BarChord(Fraction(index, 4), *chord))
                    last = chord
            bars.append(tuple(bar))
        yield Progression("jsb", name, "4/4", (ChordPhrase(tonic, tuple(bars)),), is_minor)


def beats(steps: Sequence[Sequence[int]]) -> list[tuple[int, str, int] | None]:
    """Root, quality and bass pitch class of every quarter; None where nothing fits."""
    found = []
    for begin in range(0, len(steps), _STEPS_A_QUARTER):
        weights = [0.0] * 12
        for place, step in enumerate(steps[begin : begin + _STEPS_A_QUARTER]):
            for pitch in step:
                if pitch >= 0:
                    weights[pitch % 12] += 2.0 if place == 0 else 1.0
        bass = next((step[3] for step in steps[begin : begin + _STEPS_A_QUARTER] if step[3] >= 0), None)
        found.append(None if bass is None else _match(weights, bass % 12))
    return found


def _match(weights: Sequence[float], bass: int) -> tuple[int, str, int] | None:
    total = sum(weights)
    best: tuple[float, int, str] | None = None
    for quality, template in _TEMPLATES.items():
        for root in range(12):
            members = {(root + interval) % 12 for interval in template}
            inside = sum(weights[member] for member in members)
            # A member that never sounds counts against the chord; so do sevenths that are only passing.
            missing = sum(weights[member] == 0 for member in members)
            score = inside - (total - inside) - 1.6 * missing + 0.5 * (root == bass) - 0.4 * (len(template) - 3)
            if best is None or score > best[0]:
                best = (score, root, quality)
    if best is None or best[0] < 0.4 * total:
        return None
    members = {(best[1] + interval) % 12 for interval in _TEMPLATES[best[2]]}
    return best[1], best[2], bass if bass in members else best[1]


def _key(steps: Sequence[Sequence[int]]) -> tuple[int, bool]:
    histogram = [0.0] * 12
    for step in steps:
        for pitch in step:
            if pitch >= 0:
                histogram[pitch % 12] += 1
    last = next(step[3] % 12 for step in reversed(steps) if step[3] >= 0)
    fits = [
        (profile_correlation(histogram, tonic, is_minor=is_minor) + 0.3 * (tonic == last), tonic, is_minor)
        for tonic in range(12)
        for is_minor in (False, True)
    ]
    _, tonic, is_minor = max(fits)
    return tonic, is_minor
