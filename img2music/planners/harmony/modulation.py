"""From one key to the next: the chords that lead there, written as numerals of the key that is left.

The section before a new key ends on the new key's dominant (in a mode without a leading tone, on the chord that does its work), before it
stands a chord that both keys know, if there is one that prepares that dominant: the pivot. The new section begins at home, or with a chord that
prepares its own dominant (Aldwell & Schachter, *Harmony and Voice Leading*, 2011, ch. 27: modulation by a common chord, and without one).
Conventions: one string of numerals a bar; keys as in `theory.keys`. Draws nothing by chance. Knows nothing of form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.theory.chords import NUMERAL, Chord, parse_bar
from img2music.theory.pitch import pitch_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from img2music.planners.harmony.style_rows import BarNumerals
    from img2music.theory import Key

__all__ = ["begin_at_home", "lead_to_key", "numeral_in_key", "pivot_triads"]

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")
_SIGNS = ("", "b", "#")
_PREPARES = {3: 0, 1: 1, 5: 2, 2: 3}
"""Degrees whose chords prepare a dominant, from 0, and how well: the fourth, the second, the sixth, the third."""
_SHORT = 2
"""Bars of a section in which the new key's dominant gets no more than half a bar (our choice)."""
_OPENS = (0, 1, 3)
"""Degrees with which a new key may begin."""


def numeral_in_key(numeral: str, own: Key, key: Key) -> str | None:
    """The chord that `numeral` names in `own`, as a numeral of `key`; None where no numeral writes it.

    A dominant is named by the degree that it leads to: C7, "V7" of F major, is "V7/III" in D minor. Of two spellings of one sound that of
    `own` is preferred.

    Raises:
        DocumentError: not a roman numeral (see `theory.chords`).
    """
    chord = Chord.parse(numeral, own)
    match = NUMERAL.fullmatch(numeral)
    if match is None or match["target"]:
        return None
    ending = f"{match['quality']}{match['figures']}"
    small = match["numeral"].islower()
    names = [f"{sign}{name.lower() if small else name}{ending}" for name in _ROMAN for sign in _SIGNS]
    if match["numeral"] == "V" and own.tonic != key.tonic:
        goals = [f"{sign}{name.lower() if own.is_minor else name}" for name in _ROMAN for sign in _SIGNS]
        names = [*(f"V{ending}/{goal}" for goal in goals), *names]
    sounding = (pitch_class(chord.root), chord.pitch_classes, pitch_class(chord.bass))
    found = [(name, Chord.parse(name, key)) for name in names]
    same = (name for name, one in found if (one.root, one.members, one.bass) == (chord.root, chord.members, chord.bass))
    alike = (name for name, one in found if (pitch_class(one.root), one.pitch_classes, pitch_class(one.bass)) == sounding)
    return next(same, None) or next(alike, None)


def pivot_triads(triads: Iterable[str], key: Key, goal: Key) -> list[str]:
    """Those of `triads`, numerals of `key`, that belong to `goal` too and prepare its dominant, the best first."""
    degrees = {pitch_class(place): degree for degree, place in enumerate(goal.scale)}
    found = []
    for place, triad in enumerate(triads):
        chord = Chord.parse(triad, key)
        degree = degrees.get(pitch_class(chord.root))
        if degree in _PREPARES and set(chord.pitch_classes) <= set(goal.pitch_classes) and "o" not in triad:
            found.append((_PREPARES[degree], place, triad))
    return [triad for _, _, triad in sorted(found)]


def lead_to_key(bars: BarNumerals, key: Key, goal: Key, leading: str, pivots: Sequence[str], most: int) -> BarNumerals:
    """The bars of a section in `key` with an end that leads to `goal`.

    Args:
        bars: the section's.
        key: its key.
        goal: the key that comes next.
        leading: the numeral of `goal` that leads home there.
        pivots: chords of `key` that prepare it, the best first.
        most: chords that a bar has room for.
    """
    dominant = numeral_in_key(leading, goal, key)
    if dominant is None:  # keys too far apart for any numeral: then what both know is all there is
        dominant = next(iter(pivots), bars[-1].split()[-1])
    rows = list(bars)
    if len(rows) == 1:
        first = rows[0].split()[0]
        return (f"{first} {dominant}" if most > 1 and first != dominant else dominant,)
    own = rows[-1].split()[0]
    # Two bars are too few to give half of them to another key.
    if len(rows) == _SHORT and most > 1 and own != dominant:
        return (*rows[:-1], f"{own} {dominant}")
    rows[-1] = dominant
    before = rows[-2].split()
    last = Chord.parse(before[-1], key)
    if _prepares(last, goal) or not pivots:
        return tuple(rows)
    earlier = (
        Chord.parse(before[-2] if len(before) > 1 else rows[-3].split()[-1], key) if len(before) > 1 or len(rows) > 2 else last
    )
    pivot = next((one for one in pivots if Chord.parse(one, key).root != earlier.root), pivots[0])
    if len(rows) > 2 or len(before) > 1:
        rows[-2] = " ".join((*before[:-1], pivot))
    elif most > 1 and before[0] != pivot:
        rows[-2] = f"{before[0]} {pivot}"  # the section's first chord stays
    return tuple(rows)


def begin_at_home(bars: BarNumerals, home: str, key: Key) -> BarNumerals:
    """The bars of a section, its first chord `home` where it is neither the tonic nor prepares a dominant."""
    first, *rest = bars[0].split()
    root = parse_bar(first, key)[0].root
    if root in {key.scale[degree] for degree in _OPENS}:
        return bars
    return (" ".join((home, *(one for one in rest if one != home))), *bars[1:])


def _prepares(chord: Chord, goal: Key) -> bool:
    """Whether a chord belongs to `goal` and prepares its dominant."""
    degrees = {pitch_class(place): degree for degree, place in enumerate(goal.scale)}
    return degrees.get(pitch_class(chord.root)) in _PREPARES and set(chord.pitch_classes) <= set(goal.pitch_classes)
