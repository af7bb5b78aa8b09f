"""Measurements of form: do sections of one letter sound alike, those of different letters not, and how much repeats?

Sections are compared by the moves of their tunes (interval, time to the next note), so an octave shift costs one move;
likeness is one minus the edit distance in parts of the longer section. The structure indicator is the largest fitness of a
segment of 8 to 15 seconds (Wu & Yang, ISMIR 2020; fitness after Müller, Jiang & Grosche, IEEE TASLP 21, 2013), here of written
bars instead of sound: as bars don't drift, a path is a diagonal, and no warping is searched.
Conventions: shares in [0, 1]; None where there is nothing to compare. Does not hear harmony or instruments in sections.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint
from img2music.measurement import card, cards_by_name
from img2music.metrics.symbolic.norms import fill_cards
from img2music.metrics.symbolic.sequence_similarity import edit_likeness
from img2music.theory.pitch import pitch_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from img2music.measurement import Measurement
    from img2music.metrics.symbolic.melody_view import MelodyView, SectionSpan
    from img2music.score import Score

__all__ = ["CARDS", "measure_structure", "section_likenesses", "structure_indicator"]

_FEWEST_MOVES = 4
_MOST_SECTIONS = 16
"""Of a very long rondo the first sixteen sections speak for all."""
_SECONDS = (8.0, 15.0)
_UNLIKE, _PENALTY = 0.8, -2.0
"""Bars less alike than `_UNLIKE` count as `_PENALTY` (Müller et al.'s penalty; the threshold is our choice)."""

CARDS = cards_by_name(
    card(
        "likeness of one letter", "0..1", "How far the tunes of sections with the same letter agree, move by move: 1 is a copy.",
        "Ornaments of a return cost as much as wrong notes.", better="inside",
    ),
    card(
        "likeness of different letters", "0..1", "How far the tunes of sections with different letters agree, move by move.",
        "A tune of one note value in steps resembles every other such tune.", better="lower",
    ),
    card(
        "structure indicator", "0..1", "How well and how widely the best segment of 8 to 15 seconds comes again, in pitch classes.",
        "A piece that repeats one bar has the highest value; papers take it from sound, so theirs are not comparable.", better="neither",
    ),
)  # fmt: skip


def section_likenesses(tune: MelodyView) -> tuple[list[float], list[float]]:
    """Likeness of every pair of sections of one letter, and of every pair of different letters."""
    moves = [(section.letter, _moves(tune, section)) for section in tune.sections[:_MOST_SECTIONS]]
    alike: list[float] = []
    unlike: list[float] = []
    for (letter, one), (other_letter, other) in combinations(moves, 2):
        if min(len(one), len(other)) >= _FEWEST_MOVES:
            (alike if letter == other_letter else unlike).append(edit_likeness(one, other))
    return alike, unlike


def _moves(tune: MelodyView, section: SectionSpan) -> list[tuple[int, int]]:
    return [move for tone, move in zip(tune.tones, tune.moves, strict=False) if section.begin <= tone.onset < section.end]


def structure_indicator(features: NDArray[np.float64], shortest: int, longest: int) -> float:
    """The largest fitness of a segment of `shortest` to `longest` rows; 0 where nothing repeats.

    Args:
        features: one row a bar, none negative; rows are compared by their cosine.
        shortest: rows of the shortest segment, from 1.
        longest: rows of the longest segment.
    """
    bars = len(features)
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, norms, out=np.zeros_like(features), where=norms > 0)
    alike = np.round(unit @ unit.T, 6)  # rounded, so that the last bits of a product don't decide
    alike[alike < _UNLIKE] = _PENALTY
    np.fill_diagonal(alike, 1.0)
    best = 0.0
    for length in range(shortest, min(longest, bars // 2) + 1):
        best = max(best, *(_fitness(scores, length, bars) for scores in _diagonals(alike, length)), 0.0)
    return best


def _diagonals(alike: NDArray[np.float64], length: int) -> Iterator[NDArray[np.float64]]:
    """For each segment of `length` bars, how well the segment at every other place repeats it."""
    bars = len(alike)
    starts = bars - length + 1
    sums = np.zeros((starts, starts))
    for step in range(length):
        sums += alike[step : step + starts, step : step + starts]
    yield from sums


def _fitness(scores: NDArray[np.float64], length: int, bars: int) -> float:
    """Harmonic mean of how well and how widely a segment is repeated by places that don't overlap, itself not counted."""
    # Best score of all places up to a bar, and how many paths it takes.
    best: list[tuple[float, int]] = [(0.0, 0)] * (bars + 1)
    checkpoint()
    for end in range(1, bars + 1):
        best[end] = best[end - 1]
        if end >= length and scores[end - length] > 0:
            score, paths = best[end - length]
            best[end] = max(best[end], (score + float(scores[end - length]), paths + 1))
    score, paths = best[bars]
    if paths < 2:
        return 0.0
    quality, coverage = (score - length) / (paths * length), (paths - 1) * length / bars
    return 2 * quality * coverage / (quality + coverage) if quality > 0 else 0.0


def _bar_features(score: Score) -> NDArray[np.float64]:
    """Pitch classes of each bar's halves, weighed by length: a row of 24 a bar.

    In other keys than the first they are counted from that key's tonic, so that a theme is known again there.
    """
    bars, home = score.meter_map, pitch_class(score.key.tonic)
    features = np.zeros((score.bars, 24))
    for part in score.parts:
        checkpoint()
        if part.instrument.kit:
            continue
        for note in part.notes:
            where, place = bars.place_in_bar(note.onset_quarters)
            if where < score.bars:
                half = 12 * (place >= bars.bar_quarters(where) / 2)
                pitch = note.pitch - pitch_class(score.key_map.key_at(note.onset_quarters).tonic) + home
                features[where, half + pitch % 12] += float(note.duration_quarters)
    return features


def measure_structure(score: Score, tune: MelodyView | None) -> tuple[Measurement, ...]:
    """Likeness of sections, and the structure indicator."""
    alike, unlike = section_likenesses(tune) if tune is not None else ([], [])
    lines = [score.meter_map.bar_onset(bar) for bar in range(score.bars + 1)]
    usual = median(score.tempo_map.seconds_between(begin, end) for begin, end in pairwise(lines))
    shortest, longest = (max(1, round(seconds / usual)) for seconds in _SECONDS)
    features = _bar_features(score)
    return fill_cards(
        CARDS,
        {
            "likeness of one letter": sum(alike) / len(alike) if alike else None,
            "likeness of different letters": sum(unlike) / len(unlike) if unlike else None,
            "structure indicator": (
                structure_indicator(features, shortest, longest) if features.any() and score.bars >= 2 * shortest else None
            ),
        },
    )
