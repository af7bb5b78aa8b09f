"""Songs spoiled in ways that a listener hears: what a mark for tunes must tell from the songs themselves.

Each function takes a tune and a generator and gives another tune of the same length, or None where the tune is too short to be spoiled so.
Conventions: those of `img2music.metrics.symbolic.melody_view`; bars are those of a constant metre.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img2music.metrics.symbolic.melody_view import MelodyNote, MelodyView, TimedChord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

__all__ = ["CORRUPTIONS", "over_other_chords"]

_FEW_BARS = 12
_PHRASE = 4
_LOOP = 2


def _bar_numbers(tune: MelodyView) -> tuple[int, int]:
    return tune.meters.bar_at(tune.tones[0].onset), tune.meters.bar_at(tune.tones[-1].onset) + 1


def _rebarred(tune: MelodyView, order: Sequence[int], first: int) -> MelodyView:
    """The tune with bar `order[i]` at place `first + i`; the chords stay."""
    length = tune.meters.bar_quarters(first)
    by_bar: dict[int, list[MelodyNote]] = {}
    for tone in tune.tones:
        by_bar.setdefault(tune.meters.bar_at(tone.onset), []).append(tone)
    moved: list[MelodyNote] = []
    for place, source in enumerate(order):
        shift = (first + place - source) * length
        moved += [MelodyNote(tone.onset + shift, tone.end + shift, tone.pitch) for tone in by_bar.get(source, ())]
    ends = [*(tone.onset for tone in moved[1:]), None] if moved else []
    cut = [tone if end is None or tone.end <= end else tone._replace(end=end) for tone, end in zip(moved, ends, strict=True)]
    return replace(tune, tones=tuple(cut))


def bars_shuffled(tune: MelodyView, chance: np.random.Generator) -> MelodyView | None:
    """The bars of the tune in another order."""
    first, last = _bar_numbers(tune)
    if last - first < _FEW_BARS:
        return None
    return _rebarred(tune, [first + int(bar) for bar in chance.permutation(last - first)], first)


def phrases_swapped(tune: MelodyView, chance: np.random.Generator) -> MelodyView | None:
    """Groups of four bars of the tune in another order."""
    first, last = _bar_numbers(tune)
    groups = (last - first) // _PHRASE
    if groups < 4:
        return None
    order = [first + _PHRASE * int(group) + bar for group in chance.permutation(groups) for bar in range(_PHRASE)]
    return _rebarred(tune, order, first)


def looped(tune: MelodyView, chance: np.random.Generator) -> MelodyView | None:
    """Two bars of the tune all along."""
    first, last = _bar_numbers(tune)
    if last - first < _FEW_BARS:
        return None
    begin = first + _LOOP * int(chance.integers((last - first) // _LOOP))
    order = [begin + bar % _LOOP for bar in range(last - first)]
    found = _rebarred(tune, order, first)
    return found if len(found.tones) >= _FEW_BARS else None


def random_walk(tune: MelodyView, chance: np.random.Generator) -> MelodyView | None:
    """The tune's rhythm with steps up and down its own notes."""
    pitches = sorted({tone.pitch for tone in tune.tones})
    if len(pitches) < 4:
        return None
    place, walked = len(pitches) // 2, []
    for tone in tune.tones:
        place = min(len(pitches) - 1, max(0, place + int(chance.integers(-2, 3))))
        walked.append(tone._replace(pitch=pitches[place]))
    return replace(tune, tones=tuple(walked))


def intervals_shuffled(tune: MelodyView, chance: np.random.Generator) -> MelodyView | None:
    """The tune's rhythm with its own pitches in another order."""
    order = chance.permutation(len(tune.tones))
    return replace(
        tune,
        tones=tuple(tone._replace(pitch=tune.tones[int(other)].pitch) for tone, other in zip(tune.tones, order, strict=True)),
    )


def harmony_shuffled(tune: MelodyView, chance: np.random.Generator) -> MelodyView | None:
    """The tune over its own chords in another order."""
    if len({chord.pitch_classes for chord in tune.harmonies}) < 3:
        return None
    order = chance.permutation(len(tune.harmonies))
    return replace(
        tune,
        harmonies=tuple(
            TimedChord(chord.onset, tune.harmonies[int(other)].pitch_classes)
            for chord, other in zip(tune.harmonies, order, strict=True)
        ),
    )


def over_other_chords(tune: MelodyView, other: MelodyView) -> MelodyView | None:
    """The tune over another song's chords; both are meant to be in one key."""
    return replace(tune, harmonies=other.harmonies) if other.harmonies else None


CORRUPTIONS: Mapping[str, Callable[[MelodyView, np.random.Generator], MelodyView | None]] = {
    "bars shuffled": bars_shuffled,
    "phrases swapped": phrases_swapped,
    "loop": looped,
    "random walk": random_walk,
    "pitches shuffled": intervals_shuffled,
    "harmony shuffled": harmony_shuffled,
}
"""By the name that tables show; another song's chords (`over_other_chords`) stand beside them."""
