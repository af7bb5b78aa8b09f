"""Faults a strict teacher marks in red: parallels, crossings, notes out of range, one string struck twice.

Parallel fifths and octaves: two voices that move in the same direction from one perfect fifth (or octave, unison) into another.
Hidden ones: they reach it from something else in the same direction, the upper voice by a leap. Both are looked for between the
tune and the bass, where both strike at once; parallels also between all lines of a part-writing texture (three or more lines, every
part one note at a time, or a choir, strings or winds of two or three), unless one doubles the other (two thirds of their common
notes are octaves), which is a colour and no fault.
Conventions: faults a bar or a share, in [0, 1]. Rules after W. Piston, *Harmony* (5th ed., 1987), ch. 2 and 3.
Knows nothing of style: rock guitars live on parallel fifths, and as chords of one part they are not looked at.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.measurement import card, cards_by_name
from img2music.metrics.symbolic.melody_view import top_line
from img2music.metrics.symbolic.norms import fill_cards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.measurement import Measurement
    from img2music.score import Note, Part, Score

__all__ = [
    "CARDS",
    "count_crossings",
    "count_hidden",
    "count_parallels",
    "measure_voice_leading",
    "overlapping_unisons",
    "strikes_together",
]

_PERFECT = frozenset({0, 7})
_DOUBLING = 2 / 3
_FEWEST_LINES, _MOST_VOICES = 3, 3
_SINGERS = frozenset({"voices", "strings", "winds", "brass"})
"""Families in which a chord is a line for each player; on keys and strings that are plucked it is a handful of notes."""
_LEAP = 3
"""Semitones from which the upper voice's move makes a hidden fifth audible."""

CARDS = cards_by_name(
    card(
        "parallel perfect intervals", "a bar", "Parallel fifths and octaves of tune and bass, a bar, at most 1.",
        "Looks where both strike at once; parallels through a syncopation escape.", version=2, better="lower",
    ),
    card(
        "inner parallels", "a bar", "Parallel fifths and octaves between any two lines of a part-writing texture, a bar, at most 1.",
        "Only scores in which every part is made of lines are looked at; octave doublings are left out.", better="lower",
    ),
    card(
        "hidden perfect intervals", "a bar",
        "Fifths and octaves of tune and bass reached in the same direction, the tune leaping, a bar, at most 1.",
        "Common in songs; only strict part-writing avoids them.", better="neither",
    ),
    card(
        "voice crossing", "0..1", "Share of common strikes of tune and bass in which the tune lies below.", "Blind to inner voices.",
        better="lower",
    ),
    card(
        "overlapping unisons", "0..1", "Share of notes struck while the same key of the same player still sounds.",
        "Two hands of one keyboard are one player; two violins are two.", better="lower",
    ),
    card(
        "range faults", "0..1", "Share of notes outside their instrument's range.", "Says nothing of what is hard to play inside it.",
        better="lower",
    ),
)  # fmt: skip
Pairs = list[tuple[int, int]]
"""Upper and lower pitch wherever two voices strike together, in order."""


def strikes_together(upper: Part, lower: Part) -> Pairs:
    """Pitches of two lines (the highest and the lowest note of each onset) where both strike."""
    high = {tone.onset: tone.pitch for tone in top_line(upper)}
    low = {note.onset_quarters: note.pitch for note in reversed(lower.notes)}
    return [(high[onset], low[onset]) for onset in sorted(high.keys() & low.keys())]


def count_parallels(pairs: Pairs) -> int:
    """Parallel fifths, octaves and unisons in a row of pairs."""
    return sum(
        _together(one, other) and (one[0] - one[1]) % 12 == (other[0] - other[1]) % 12 and (one[0] - one[1]) % 12 in _PERFECT
        for one, other in pairwise(pairs)
    )


def count_hidden(pairs: Pairs) -> int:
    """Fifths and octaves reached from another interval in the same direction, the upper voice leaping."""
    return sum(
        _together(one, other)
        and other[0] - one[0] not in range(1 - _LEAP, _LEAP)
        and (one[0] - one[1]) % 12 != (other[0] - other[1]) % 12
        and (other[0] - other[1]) % 12 in _PERFECT
        for one, other in pairwise(pairs)
    )


def _together(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return (other[0] - one[0]) * (other[1] - one[1]) > 0


def count_crossings(pairs: Pairs) -> int:
    """How often the upper voice lies below the lower one."""
    return sum(high < low for high, low in pairs)


def _lines(part: Part) -> list[dict[Fraction, int]] | None:
    """The voices of a part, by rank from the top, if their number never changes and their notes don't overlap; else None."""
    struck: dict[Fraction, list[Note]] = {}
    for note in part.notes:
        struck.setdefault(note.onset_quarters, []).append(note)
    sizes = {len(notes) for notes in struck.values()}
    onsets = sorted(struck)
    if len(sizes) != 1 or max(sizes) > (_MOST_VOICES if part.instrument.family in _SINGERS else 1):
        return None
    if any(note.end_quarters > following for onset, following in pairwise(onsets) for note in struck[onset]):
        return None
    ranked = {onset: sorted((note.pitch for note in notes), reverse=True) for onset, notes in struck.items()}
    return [{onset: pitches[rank] for onset, pitches in ranked.items()} for rank in range(max(sizes))]


def _inner_parallels(score: Score) -> int | None:
    """Parallels between any two lines of a part-writing texture; None where the score is no such texture."""
    parts = [_lines(part) for part in score.parts if part.notes and not part.instrument.kit]
    lines = [line for part in parts for line in part or ()]
    if len(lines) < _FEWEST_LINES or None in parts:
        return None
    faults = 0
    for one, other in combinations(lines, 2):
        checkpoint()
        pairs = [(one[onset], other[onset]) for onset in sorted(one.keys() & other.keys())]
        octaves = sum((high - low) % 12 == 0 for high, low in pairs)
        if octaves < _DOUBLING * len(pairs):
            faults += count_parallels(pairs)
    return faults


def overlapping_unisons(parts: Sequence[Part]) -> int:
    """Notes struck while the same key of the same player still sounds.

    A player is a part; the hands of one instrument are one player. Two violins in unison are two players, and no fault.
    """
    players: dict[tuple[str, bool], list[Note]] = {}
    for part in parts:
        if not part.instrument.kit:
            player = (part.id, False) if part.hand is None else (part.instrument.name, True)
            players.setdefault(player, []).extend(part.notes)
    faults = 0
    for notes in players.values():
        ends: dict[int, Fraction] = {}
        for note in sorted(notes, key=lambda note: note.onset_quarters):
            end = ends.get(note.pitch, Fraction(-1))
            faults += note.onset_quarters < end
            ends[note.pitch] = max(end, note.end_quarters)
    return faults


def _range_faults(parts: Sequence[Part]) -> float | None:
    notes = [(part.instrument, note.pitch) for part in parts if not part.instrument.kit for note in part.notes]
    return sum(not player.low <= pitch <= player.high for player, pitch in notes) / len(notes) if notes else None


def measure_voice_leading(score: Score) -> tuple[Measurement, ...]:
    """All faults of a score; None where there are no two voices, or no pitches, to look at."""
    tune = next((part for part in score.parts if part.role == "melody" and not part.instrument.kit and part.notes), None)
    bass = next((part for part in score.parts if part.role == "bass" and not part.instrument.kit and part.notes), None)
    pairs = strikes_together(tune, bass) if tune is not None and bass is not None else []
    checkpoint()
    inner = _inner_parallels(score)
    checkpoint()
    pitched = sum(len(part.notes) for part in score.parts if not part.instrument.kit)

    def per_bar(faults: int | None) -> float | None:
        return None if faults is None else min(1.0, faults / score.bars)

    return fill_cards(
        CARDS,
        {
            "parallel perfect intervals": per_bar(count_parallels(pairs) if pairs else None),
            "inner parallels": per_bar(inner),
            "hidden perfect intervals": per_bar(count_hidden(pairs) if pairs else None),
            "voice crossing": count_crossings(pairs) / len(pairs) if pairs else None,
            "overlapping unisons": min(1.0, overlapping_unisons(score.parts) / pitched) if pitched else None,
            "range faults": _range_faults(score.parts),
        },
    )
