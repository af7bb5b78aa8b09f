"""Measurements of a tune and its chords together: which notes sit on the chord, what becomes of the others, how usual both moves are.

The same functions measure this program's tunes and people's songs (`evals/learn/learn_take_mark.py`). Conventions: those of `melody_view`; a long
note lasts a quarter and a half or more; a phrase ends where a note is followed by a rest of half a quarter, or is three times as long as
the tune's usual note. A value is None where there are too few notes, or no chords, to say.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from img2music.measurement import card, cards_by_name
from img2music.metrics.symbolic.norms import fill_cards

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.measurement import Measurement
    from img2music.metrics.symbolic.melody_view import MelodyNote, MelodyView

__all__ = ["CARDS", "chord_values", "measure_tune_over_chords", "phrase_ends"]

_FEW = 8
_LONG = Fraction(3, 2)
_REST = Fraction(1, 2)
_STEP = 2


def phrase_ends(tune: MelodyView) -> list[MelodyNote]:
    """The notes on which the tune comes to rest, the last of all among them."""
    if not tune.tones:
        return []
    usual: Fraction = median([tone.end - tone.onset for tone in tune.tones])
    held = max(3 * usual, Fraction(2))
    ends = [one for one, after in pairwise(tune.tones) if after.onset - one.end >= _REST or after.onset - one.onset >= held]
    return [*ends, tune.tones[-1]]


def _share(tune: MelodyView, notes: Sequence[MelodyNote], least: int) -> float | None:
    known = [fit for fit in map(tune.fits, notes) if fit is not None]
    return sum(known) / len(known) if len(known) >= least else None


def _long_fit(tune: MelodyView) -> float | None:
    return _share(tune, [tone for tone in tune.tones if tone.end - tone.onset >= _LONG], 4)


def _end_fit(tune: MelodyView) -> float | None:
    return _share(tune, phrase_ends(tune), 3)


def _resolved(tune: MelodyView) -> float | None:
    """Strangers that move on by step, or are repeated until they do."""
    strange = [abs(after.pitch - one.pitch) <= _STEP for one, after in pairwise(tune.tones) if tune.fits(one) is False]
    return sum(strange) / len(strange) if len(strange) >= _FEW else None


def _falling_ends(tune: MelodyView) -> float | None:
    ends = set(phrase_ends(tune))
    moves = [after.pitch - one.pitch for one, after in pairwise(tune.tones) if after in ends and after.pitch != one.pitch]
    return sum(move < 0 for move in moves) / len(moves) if len(moves) >= 3 else None


def _bar_line_moves(tune: MelodyView) -> float | None:
    """Mean interval over bar lines beside the mean inside bars, in semitones."""
    over: list[int] = []
    inside: list[int] = []
    for one, after in pairwise(tune.tones):
        crossing = tune.meters.bar_at(one.onset) != tune.meters.bar_at(after.onset)
        (over if crossing else inside).append(abs(after.pitch - one.pitch))
    return sum(over) / len(over) - sum(inside) / len(inside) if len(over) >= 4 and len(inside) >= _FEW else None


def _harmonic_pace(tune: MelodyView) -> float | None:
    """Changes of chord a bar."""
    if len(tune.harmonies) < 2 or not tune.tones:
        return None
    changes = sum(one.pitch_classes != after.pitch_classes for one, after in pairwise(tune.harmonies))
    last = max(tune.tones[-1].onset, tune.harmonies[-1].onset)
    return changes / (tune.meters.bar_at(last) - tune.meters.bar_at(tune.harmonies[0].onset) + 1)


def _common_tones(tune: MelodyView) -> float | None:
    """Share of each chord that the next one keeps, at changes."""
    kept = [
        len(one.pitch_classes & after.pitch_classes) / max(1, len(one.pitch_classes))
        for one, after in pairwise(tune.harmonies)
        if one.pitch_classes != after.pitch_classes
    ]
    return sum(kept) / len(kept) if len(kept) >= 4 else None


def _chords_on_beats(tune: MelodyView) -> float | None:
    """Share of changes of chord at which the tune moves to, or holds, a note of the new chord."""
    onsets = [tone.onset for tone in tune.tones]
    fits = []
    for one, after in pairwise(tune.harmonies):
        if one.pitch_classes == after.pitch_classes:
            continue
        place = bisect_right(onsets, after.onset) - 1
        if place >= 0 and tune.tones[place].end > after.onset:
            fits.append(tune.tones[place].pitch % 12 in after.pitch_classes)
    return sum(fits) / len(fits) if len(fits) >= 4 else None


_CARD_OF: dict[Callable[[MelodyView], float | None], Measurement] = {
    _long_fit: card(
        "long notes on the chord", "0..1", "Share of the tune's notes of a quarter and a half or more that belong to their chord.",
        "Suspensions count against it.", better="inside",
    ),
    _end_fit: card(
        "phrase ends on the chord", "0..1", "Share of the notes on which the tune comes to rest that belong to their chord.",
        "A phrase may end on a colour on purpose.", better="inside",
    ),
    _resolved: card(
        "strangers resolved", "0..1", "Share of the tune's notes outside the chord that go on by step or stay.",
        "A colour of the chord that is not in its symbol counts as a stranger.", better="inside",
    ),
    _falling_ends: card(
        "falling ends", "0..1", "Share of the tune's phrases that come to rest by going down.",
        "Questions rise.", better="inside",
    ),
    _bar_line_moves: card(
        "moves over bar lines", "semitones", "Mean interval over bar lines less the mean inside bars: how smoothly bars follow each other.",
        "Pick-ups of one note count as inside.", low=-127.0, high=127.0, better="inside",
    ),
    _harmonic_pace: card(
        "chord changes", "a bar", "Changes of chord a bar.", "Songs differ by kind and tempo.", high=16.0, better="inside",
    ),
    _common_tones: card(
        "common tones", "0..1", "Share of a chord's notes that the next chord keeps.",
        "Sevenths raise it.", better="inside",
    ),
    _chords_on_beats: card(
        "tune at chord changes", "0..1", "Share of changes of chord at which the tune sounds a note of the new chord.",
        "Anticipated notes count where they are held over.", better="inside",
    ),
}  # fmt: skip
"""By the function that measures it."""
CARDS = cards_by_name(*_CARD_OF.values())


def chord_values(tune: MelodyView) -> dict[str, float | None]:
    """Every measurement as a bare number."""
    return {one.name: measured(tune) for measured, one in _CARD_OF.items()}


def measure_tune_over_chords(tune: MelodyView | None) -> tuple[Measurement, ...]:
    """Every measurement with its card; all None where there is no tune."""
    return fill_cards(CARDS, dict.fromkeys(CARDS) if tune is None or not tune.tones else chord_values(tune))
