"""Twenty-five numbers of a lead sheet by which songs and pieces are compared, and the families that they belong to.

Places and lengths are sixteenths; "cell" is a bar's onsets, whatever their pitches. The same definitions serve every metre: bars of 3/4 and
6/8 have twelve sixteenths. Chords count only where the set has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

__all__ = ["FAMILIES", "FEWEST_NOTES", "features", "phrase_ends"]

FEWEST_NOTES = 40
"""A sheet with fewer says too little."""
FAMILIES: dict[str, tuple[str, ...]] = {
    "rhythm": (
        "bar_line_crossed", "downbeat_onsets", "onsets_a_bar_sd", "bars_of_four", "bars_of_1_to_3", "odd_sixteenths", "commonest_cell",
        "distinct_cells", "rests", "long_notes", "dotted_quarters", "quarters",
    ),
    "structure": ("same_as_16_before", "same_as_8_before", "same_as_4_before", "same_as_2_before"),
    "pitch": ("lift_semitones", "range_semitones", "repeated_pitch", "semitone_moves", "leaps", "non_pentatonic"),
    "harmony": ("chords_inside_bar", "chords_different", "chords_a_bar"),
}  # fmt: skip
_PENTATONIC = frozenset({0, 2, 4, 7, 9})
_LONG, _FOURTH = 8, 5
_GROUP_BARS = 8


def features(sheet: LeadSheet, *, with_chords: bool = True) -> dict[str, float] | None:
    """Name to number; None for fewer than `FEWEST_NOTES` notes."""
    notes, unit, bars = sheet.notes, sheet.bar_sixteenths, sheet.bars
    if len(notes) < FEWEST_NOTES:
        return None
    onsets, pitches = [onset for onset, _, _ in notes], [pitch for _, pitch, _ in notes]
    lengths, moves = np.array([length for _, _, length in notes]), np.abs(np.diff(pitches))
    crossed = {bar for onset, _, length in notes for bar in range(onset // unit + 1, (onset + length - 1) // unit + 1)}
    cells = [tuple(onset % unit for onset in onsets if onset // unit == bar) for bar in range(bars)]
    sung = [cell for cell in cells if cell]
    counts = np.array([len(cell) for cell in cells])
    means = _group_means(notes, unit, bars)
    rests = sum(length for pitch, length in sheet.melody if not pitch)
    found = {
        "bar_line_crossed": len(crossed) / bars,
        "downbeat_onsets": _share(cell[0] == 0 for cell in sung),
        **_returns(notes, unit, bars),
        "onsets_a_bar_sd": float(counts.std()),
        "bars_of_four": _share(counts == 4),
        "bars_of_1_to_3": _share((counts > 0) & (counts < 4)),
        "odd_sixteenths": _share(onset % 2 for onset in onsets),
        "commonest_cell": max(sung.count(cell) for cell in set(sung)) / len(sung),
        "distinct_cells": len(set(sung)) / len(sung),
        "rests": rests / (bars * unit),
        "long_notes": _share(lengths >= _LONG),
        "dotted_quarters": _share(lengths == 6),
        "quarters": _share(lengths == 4),
        "lift_semitones": max(means) - min(means) if means else 0.0,
        "range_semitones": float(max(pitches) - min(pitches)),
        "repeated_pitch": _share(moves == 0),
        "semitone_moves": _share(moves == 1),
        "leaps": _share(moves >= _FOURTH),
        "non_pentatonic": _share(pitch % 12 not in _PENTATONIC for pitch in pitches),
    }
    if with_chords:
        found |= {
            "chords_inside_bar": _share(chord.at % unit != 0 for chord in sheet.chords),
            "chords_different": float(len({chord.label for chord in sheet.chords})),
            "chords_a_bar": len(sheet.chords) / bars,
        }
    return found


def phrase_ends(sheet: LeadSheet, *, with_chords: bool = True) -> dict[str, float]:
    """What cadences tell, for the table alone: phrases in eight bars, and how many of their ends, and of long notes, lie in the chord.

    A phrase ends with a note of half a bar and more, or one that a rest of a quarter follows.
    """
    ends, long_notes = [], []
    places = [chord.at for chord in sheet.chords]
    now = 0
    for (pitch, length), (next_pitch, next_length) in zip(sheet.melody, [*sheet.melody[1:], (0, 16)], strict=True):
        if pitch:
            index = int(np.searchsorted(places, now, side="right")) - 1
            inside = index >= 0 and pitch % 12 in sheet.chords[index].pitch_classes
            if length >= _LONG:
                long_notes.append(inside)
            if length >= sheet.bar_sixteenths // 2 or (not next_pitch and next_length >= 4):
                ends.append(inside)
        now += length
    found = {"phrases_in_8_bars": 8 * len(ends) / max(1, sheet.bars)}
    if with_chords:
        found |= {"phrase_ends_in_chord": _share(ends), "long_notes_in_chord": _share(long_notes)}
    return found


def _share(values: Iterable[object]) -> float:
    listed = [bool(value) for value in values]
    return sum(listed) / len(listed) if listed else 0.0


def _group_means(notes: Sequence[tuple[int, int, int]], unit: int, bars: int) -> list[float]:
    """Mean pitch of every eight bars that are whole and sung."""
    groups = [
        [pitch for onset, pitch, _ in notes if begin <= onset // unit < begin + _GROUP_BARS]
        for begin in range(0, bars - _GROUP_BARS + 1, _GROUP_BARS)
    ]
    return [sum(group) / len(group) for group in groups if group]


def _returns(notes: Sequence[tuple[int, int, int]], unit: int, bars: int) -> dict[str, float]:
    """Share of sung bars that equal, onsets and pitches, the bar so many before."""
    written = [tuple((onset % unit, pitch) for onset, pitch, _ in notes if onset // unit == bar) for bar in range(bars)]
    return {
        f"same_as_{lag}_before": _share(written[bar] == written[bar - lag] for bar in range(lag, bars) if written[bar])
        for lag in (16, 8, 4, 2)
    }
