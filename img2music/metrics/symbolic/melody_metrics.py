"""Measurements of a tune: what a teacher would say of the line alone, and how it compares with songs by people.

The same functions measure this program's tunes and people's songs (`evals/learn/learn_norms.py`), so the bands are like for like.
Conventions: shares in [0, 1]; intervals in semitones; strong beats are those of metrical weight 2 or 3; a value is None where the
tune is too short to say. Does not know whether a tune is beautiful: a dull one may pass everything here.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import log2
from statistics import median
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.measurement import card, cards_by_name
from img2music.metrics.symbolic.norms import fill_cards
from img2music.metrics.symbolic.sequence_similarity import longest_repeat, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from img2music.measurement import Measurement
    from img2music.metrics.symbolic.melody_view import MelodyView

__all__ = ["CARDS", "entropy", "measure_tune", "tune_values"]

_LEAP = 5
"""Semitones from which an interval is a leap (a fourth)."""
_THEME_BARS = 8
_FEW, _SOME = 8, 16
"""Tones below which a shape, or a share of shapes, says nothing (our choice)."""


def entropy(items: Iterable[object]) -> float | None:
    """Shannon's entropy of how often each item comes, in bits; None of nothing."""
    counts = sorted(Counter(items).values())
    total = sum(counts)
    return -sum(count / total * log2(count / total) for count in counts) + 0.0 if total else None


def _consonance(tune: MelodyView) -> float | None:
    fits = [tune.fits(tone) for tone in tune.tones if tune.weight(tone) >= 2]
    known = [fit for fit in fits if fit is not None]
    return sum(known) / len(known) if known else None


def _leap_recovery(tune: MelodyView) -> float | None:
    leaps = [(one, other) for (one, _), (other, _) in pairwise(tune.moves) if abs(one) >= _LEAP]
    return sum(one * other < 0 and abs(other) < _LEAP for one, other in leaps) / len(leaps) if leaps else None


def _climax(tune: MelodyView) -> float | None:
    """The mean over stretches of eight bars, the usual length of a theme, from the bar in which the tune begins."""
    bars = [tune.meters.bar_at(tone.onset) for tone in tune.tones]
    stretches: dict[int, list[int]] = {}
    for bar, tone in zip(bars, tune.tones, strict=True):
        stretches.setdefault((bar - bars[0]) // _THEME_BARS, []).append(tone.pitch)
    marks = []
    for pitches in stretches.values():
        if len(pitches) >= _FEW:
            top = max(pitches)
            arrivals = (pitches[0] == top) + sum(before != top and after == top for before, after in pairwise(pitches))
            marks.append(1 / arrivals)
    return sum(marks) / len(marks) if marks else None


def _variety(tune: MelodyView) -> float | None:
    if len(tune.tones) < _SOME:
        return None
    threes = runs(tune.moves, 3)
    return len(set(threes)) / len(threes)


def _repeat(tune: MelodyView) -> float | None:
    return (longest_repeat(tune.moves) + 1) / len(tune.tones) if len(tune.tones) >= _SOME else None


def _breath(tune: MelodyView) -> float | None:
    """A phrase breathes where its last bar holds a rest of half a quarter, or a wait of twice the tune's usual one."""
    if len(tune.tones) < _FEW or len(tune.phrases) < 2:
        return None
    usual = median(step for _, step in tune.moves) / tune.unit
    nexts = [*(tone.onset for tone in tune.tones[1:]), None]
    breaths = []
    for begin, end in pairwise(tune.phrases):
        checkpoint()
        last_bar = max(begin, end - tune.meters.bar_quarters(tune.meters.bar_at(end) - 1))
        last = [
            (tone, after)
            for tone, after in zip(tune.tones, nexts, strict=True)
            if last_bar <= tone.onset < end and after is not None
        ]
        if not any(begin <= tone.onset < end for tone in tune.tones) or not any(tone.onset >= end for tone in tune.tones):
            continue  # the tune is silent on one side: no boundary of the tune's
        breaths.append(
            not last or any(after - tone.end >= Fraction(1, 2) or after - tone.onset >= 2 * usual for tone, after in last)
        )
    return sum(breaths) / len(breaths) if breaths else None


def _interval_size(tune: MelodyView) -> float | None:
    return sum(abs(step) for step, _ in tune.moves) / len(tune.moves) if len(tune.tones) >= _FEW else None


def _steps(tune: MelodyView) -> float | None:
    moving = [abs(step) for step, _ in tune.moves if step]
    return sum(step <= 2 for step in moving) / len(moving) if len(moving) >= _FEW else None


def _held(tune: MelodyView) -> float | None:
    return sum(step == 0 for step, _ in tune.moves) / len(tune.moves) if len(tune.tones) >= _FEW else None


def _compass(tune: MelodyView) -> float | None:
    pitches = [tone.pitch for tone in tune.tones]
    return float(max(pitches) - min(pitches)) if len(pitches) >= _FEW else None


def _rhythm(tune: MelodyView) -> float | None:
    return entropy(Fraction(wait, tune.unit) for _, wait in tune.moves) if len(tune.tones) >= _SOME else None


def _tones(tune: MelodyView) -> float | None:
    return entropy(tone.pitch % 12 for tone in tune.tones) if len(tune.tones) >= _SOME else None


_CARD_OF: dict[Callable[[MelodyView], float | None], Measurement] = {
    _consonance: card(
        "strong-beat consonance", "0..1", "Share of the tune's strong beats that hold a note of their chord.",
        "Suspensions and appoggiaturas count against it; a tune of nothing but chord notes gets 1.", version=2, better="inside",
    ),
    _leap_recovery: card(
        "leap recovery", "0..1", "Share of the tune's leaps of a fourth and more that turn back by less.",
        "Unsteady where there are few leaps.",
    ),
    _climax: card(
        "single climax", "0..1", "1 divided by how often the tune arrives at its highest note, the mean over stretches of eight bars.",
        "A phrase repeated note for note halves it.", version=2,
    ),
    _variety: card(
        "variety", "0..1", "Share of the tune's three-note moves that are new: near 0 repeats itself, near 1 never does.",
        "Falls with length: compare pieces of like length.", version=2, better="inside",
    ),
    _repeat: card(
        "longest repeat", "0..1", "Longest run of notes that comes again, transposed or not, in parts of the whole tune (0.5 at most).",
        "A return written out note for note counts like a motif repeated often.", better="inside",
    ),
    _breath: card(
        "phrase breath", "0..1", "Share of phrase ends with a rest or a long note in their last bar.",
        "Needs to know where phrases end; a tune of one note value breathes only by rests.",
    ),
    _interval_size: card(
        "interval size", "semitones", "Mean size of the tune's intervals, repeated notes included.",
        "An octave shift between sections counts as one large interval.", high=127.0, better="inside",
    ),
    _steps: card(
        "steps", "0..1", "Share of the tune's moving intervals that are seconds.",
        "Does not see where the steps lead.", better="inside",
    ),
    _held: card(
        "held pitch", "0..1", "Share of notes that repeat the pitch before them.",
        "A style of speech-song has many.", better="inside",
    ),
    _compass: card(
        "compass", "semitones", "From the tune's lowest to its highest note.",
        "One stray note or an octave shift sets it.", high=127.0, better="inside",
    ),
    _rhythm: card(
        "rhythm entropy", "bits", "Entropy of the times between the tune's onsets: 0 is one value all along.",
        "Knows how often values come, not in which order.", high=8.0, better="inside",
    ),
    _tones: card(
        "tune pitch-class entropy", "bits", "Entropy of the tune's pitch classes: 2.8 is a whole scale used evenly, 3.6 all twelve.",
        "Blind to order and to the key.", high=3.59, better="inside",
    ),
}  # fmt: skip
"""By the function that measures it."""
CARDS = cards_by_name(*_CARD_OF.values())


def tune_values(tune: MelodyView) -> dict[str, float | None]:
    """Every measurement of a tune as a bare number."""
    return {one.name: measured(tune) for measured, one in _CARD_OF.items()}


def measure_tune(tune: MelodyView | None) -> tuple[Measurement, ...]:
    """Every measurement of a tune with its card; all None where there is no tune."""
    return fill_cards(CARDS, dict.fromkeys(CARDS) if tune is None or not tune.tones else tune_values(tune))
