"""What one player has on the stand: the score's parts as separate scores, the two hands of a keyboard together.

Conventions: a player's score has the piece's title, keys, metres, tempi, sections and bars, and only this player's lines, so that bar 17 is
bar 17 for everybody. Pitches stay as they sound, as in the score: nothing is transposed, and players of B flat or F instruments are told
so on the page. Chord symbols stay with those who make harmony. Every part of the score is in exactly one player's. Knows
nothing of file formats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from img2music.io.notation.page_layout import Staff
    from img2music.score import Part, Score

__all__ = ["PlayerPart", "file_stem", "long_rests", "player_parts", "right_hands"]

_HAND = re.compile(r"\s*\((?:left|right) hand\)")
_MAKES_HARMONY = frozenset({"chords", "arpeggio", "pad", "bass"})
_READS_TRANSPOSED = frozenset({
    "clarinet", "soprano saxophone", "alto saxophone", "tenor saxophone", "trumpet", "muted trumpet", "horn", "english horn",
})  # fmt: skip
"""Whose players are used to parts in another key than they sound in (S. Adler, *The Study of Orchestration*, 4th ed., 2016); octaves
are the clef's business."""
_FEWEST_BARS = 2
"""From how many bars on rests are written as one."""


@dataclass(frozen=True, slots=True)
class PlayerPart:
    """One player's part."""

    name: str
    """For people: "Violin", or "Piano" for both hands."""
    stem: str
    """Of its files' names: "01-violin"."""
    score: Score
    remark: str = ""
    """What the player must know before the first note; empty where nothing is unusual."""


def player_parts(score: Score) -> tuple[PlayerPart, ...]:
    """The players of a score in its order."""
    found: list[PlayerPart] = []
    waiting = list(score.parts)
    while waiting:
        lines = waiting[: 2 if right_hands(waiting[:2]) else 1]
        del waiting[: len(lines)]
        name = _HAND.sub("", lines[0].name).strip() if len(lines) > 1 else lines[0].name
        harmonic = any(part.role in _MAKES_HARMONY for part in lines)
        own = replace(score, parts=tuple(lines), chords=score.chords if harmonic else ())
        remark = "concert pitch" if lines[0].instrument.name in _READS_TRANSPOSED else ""
        found.append(PlayerPart(name or "Part", file_stem(len(found) + 1, name), own, remark))
    return tuple(found)


def right_hands(parts: Sequence[Part]) -> set[int]:
    """The numbers, from 1, of the right hands that are followed by the left one of their instrument: one player's."""
    return {
        number
        for number, (one, other) in enumerate(pairwise(parts), 1)
        if (one.hand, other.hand) == ("right", "left") and one.instrument == other.instrument
    }


def file_stem(number: int, name: str) -> str:
    """A file's name without its ending for the `number`-th part, safe on every file system: "01-violin"."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"{number:02}-{plain or 'part'}"


def long_rests(staves: Sequence[Staff], breaks: set[int]) -> dict[int, int]:
    """Where all staves rest for several bars: how many, by the first of them.

    `breaks` are the bars, from 0, at whose beginning something stands that has to be seen. They begin another rest.
    """
    found: dict[int, int] = {}
    for begin, end in _silences(staves, breaks):
        if end - begin >= _FEWEST_BARS:
            found[begin] = end - begin
    return found


def _silences(staves: Sequence[Staff], breaks: set[int]) -> Iterator[tuple[int, int]]:
    """Stretches of bars without notes, (first, the one after the last)."""
    bars = len(staves[0].bars) if staves else 0
    begin: int | None = None
    for bar in range(bars):
        silent = not any(event.notes for staff in staves for event in staff.bars[bar])
        if begin is not None and (not silent or bar in breaks):
            yield begin, bar
            begin = None
        if silent and begin is None:
            begin = bar
    if begin is not None:
        yield begin, bars
