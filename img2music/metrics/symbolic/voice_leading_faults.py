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
from typing import TYPE_CHECKING, NamedTuple

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
    "Strike",
    "VoiceFault",
    "find_crossings",
    "find_hidden",
    "find_parallels",
    "measure_voice_leading",
    "overlapping_unisons",
    "strikes_together",
    "voice_leading_faults",
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


class Strike(NamedTuple):
    """Two voices that strike together."""

    onset: Fraction
    high: int
    low: int

    @property
    def interval(self) -> int:
        """From the lower to the upper voice, in semitones above the octaves."""
        return (self.high - self.low) % 12


class VoiceFault(NamedTuple):
    """One fault, where it is heard."""

    kind: str
    """The name of its card."""
    onset: Fraction
    bar: int
    """From 0."""
    over_key_change: bool
    """Whether the move leads from one key into another."""


def strikes_together(upper: Sequence[Note], lower: Sequence[Note]) -> list[Strike]:
    """Two lines (the highest and the lowest note of each onset) wherever both strike, in order."""
    high = {tone.onset: tone.pitch for tone in top_line(upper)}
    low = {note.onset_quarters: note.pitch for note in reversed(lower)}
    return [Strike(onset, high[onset], low[onset]) for onset in sorted(high.keys() & low.keys())]


def find_parallels(strikes: Sequence[Strike]) -> list[tuple[Strike, Strike]]:
    """Parallel fifths, octaves and unisons in a row of strikes: from which to which."""
    return [
        (one, other)
        for one, other in pairwise(strikes)
        if _together(one, other) and one.interval == other.interval and one.interval in _PERFECT
    ]


def find_hidden(strikes: Sequence[Strike]) -> list[tuple[Strike, Strike]]:
    """Fifths and octaves reached from another interval in the same direction, the upper voice leaping."""
    return [
        (one, other)
        for one, other in pairwise(strikes)
        if _together(one, other)
        and other.high - one.high not in range(1 - _LEAP, _LEAP)
        and one.interval != other.interval
        and other.interval in _PERFECT
    ]


def _together(one: Strike, other: Strike) -> bool:
    return (other.high - one.high) * (other.low - one.low) > 0


def find_crossings(strikes: Sequence[Strike]) -> list[tuple[Strike, Strike]]:
    """Where the upper voice lies below the lower one: from the strike before it."""
    return [(before, one) for before, one in zip([*strikes[:1], *strikes], strikes, strict=False) if one.high < one.low]


def _lines(part: Part) -> list[dict[Fraction, int]] | None:
    """The voices of a part, by rank from the top, if their number never changes and their notes don't overlap; else None."""
    checkpoint()
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


def _inner_parallels(score: Score) -> list[tuple[Strike, Strike]] | None:
    """Parallels between any two lines of a part-writing texture; None where the score is no such texture."""
    parts = [_lines(part) for part in score.parts if part.notes and not part.instrument.kit]
    lines = [line for part in parts for line in part or ()]
    if len(lines) < _FEWEST_LINES or None in parts:
        return None
    faults = []
    for one, other in combinations(lines, 2):
        checkpoint()
        strikes = [Strike(onset, one[onset], other[onset]) for onset in sorted(one.keys() & other.keys())]
        octaves = sum(strike.interval == 0 for strike in strikes)
        if octaves < _DOUBLING * len(strikes):
            faults += find_parallels(strikes)
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
        checkpoint()
        ends: dict[int, Fraction] = {}
        for note in sorted(notes, key=lambda note: note.onset_quarters):
            end = ends.get(note.pitch, Fraction(-1))
            faults += note.onset_quarters < end
            ends[note.pitch] = max(end, note.end_quarters)
    return faults


def _range_faults(parts: Sequence[Part]) -> float | None:
    notes = [(part.instrument, note.pitch) for part in parts if not part.instrument.kit for note in part.notes]
    return sum(not player.low <= pitch <= player.high for player, pitch in notes) / len(notes) if notes else None


def _tune_over_bass(score: Score) -> list[Strike]:
    """Tune and bass where they strike together; empty where one of them is missing."""
    tune, bass = (
        next((part for part in score.parts if part.role == role and not part.instrument.kit and part.notes), None)
        for role in ("melody", "bass")
    )
    return strikes_together(tune.notes, bass.notes) if tune is not None and bass is not None else []


def voice_leading_faults(score: Score) -> tuple[VoiceFault, ...]:
    """Every parallel and every crossing of a score with its bar, in order; moves from one key into another are looked at like all others."""
    strikes = _tune_over_bass(score)
    found = {
        "parallel perfect intervals": find_parallels(strikes),
        "inner parallels": _inner_parallels(score) or [],
        "hidden perfect intervals": find_hidden(strikes),
        "voice crossing": find_crossings(strikes),
    }
    changes = [point.onset_quarters for point in score.key_map.points[1:]]
    faults = [
        VoiceFault(
            kind,
            after.onset,
            score.meter_map.bar_at(after.onset),
            any(before.onset < change <= after.onset for change in changes),
        )
        for kind, moves in found.items()
        for before, after in moves
    ]
    return tuple(sorted(faults, key=lambda fault: (fault.onset, fault.kind)))


def measure_voice_leading(score: Score) -> tuple[Measurement, ...]:
    """All faults of a score; None where there are no two voices, or no pitches, to look at."""
    strikes = _tune_over_bass(score)
    checkpoint()
    inner = _inner_parallels(score)
    checkpoint()
    pitched = sum(len(part.notes) for part in score.parts if not part.instrument.kit)

    def per_bar(faults: Sequence[object] | None) -> float | None:
        return None if faults is None else min(1.0, len(faults) / score.bars)

    return fill_cards(
        CARDS,
        {
            "parallel perfect intervals": per_bar(find_parallels(strikes) if strikes else None),
            "inner parallels": per_bar(inner),
            "hidden perfect intervals": per_bar(find_hidden(strikes) if strikes else None),
            "voice crossing": len(find_crossings(strikes)) / len(strikes) if strikes else None,
            "overlapping unisons": min(1.0, overlapping_unisons(score.parts) / pitched) if pitched else None,
            "range faults": _range_faults(score.parts),
        },
    )
