"""The checks of `moving_plans` for hits: each has to be found in the MIDI file at its place, as its action says.

    accent   somebody strikes there, and nobody's chord or bass note sounds across it (a line that sings may hold its note); who strikes is
             louder than at its own strokes before and after in the same section
    entry    somebody who was silent for the bar before begins exactly there
    stop     nothing begins or sounds from there to the next bar line

They are looked for in the MIDI file of the strict performance to the tick, and accents in the piece's own too, within a thirty-second.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evals.bench.made_files import Made
    from evals.shared.timeline_readers import ReadNote, Timeline
    from img2music.plan import Hit

__all__ = ["HIT_CHECKS"]

_LINES, _LOUDEST = {"melody", "counter"}, 127
_PLAYED_QUARTERS = Fraction(1, 8)
"""How far from its place a played note may lie: swing, rubato, a spread chord."""


def _hits(made: Made, action: str) -> Iterator[tuple[Hit, Fraction, str]]:
    for hit in made.plan.hits:
        if hit.action == action:
            onset = made.plan.meter_map.onset(hit.bar - 1, hit.place_quarters)
            yield hit, onset, made.place(onset)


def _loudest(notes: list[ReadNote]) -> int:
    return max((note.velocity for note in notes), default=0)


def _accents(made: Made, read: Timeline, tolerance: Fraction) -> Iterator[str]:
    for hit, onset, place in _hits(made, "accent"):
        section = made.plan.section_of(hit.bar - 1)
        first = made.plan.first_bars[made.plan.sections.index(section)]
        begin, end = (made.plan.meter_map.bar_onset(bar) for bar in (first, first + section.bars))
        strikes = False
        for part, line in zip(made.score.parts, read.parts, strict=True):
            there = [note for note in line if abs(note.onset - onset) <= tolerance]
            strikes = strikes or bool(there)
            if not there:
                if part.role not in _LINES and any(
                    note.onset < onset - tolerance and note.end > onset + tolerance for note in line
                ):
                    yield f"{place}: {part.name} sounds across it and does not strike"
                continue
            before = [note for note in line if begin <= note.onset < onset - tolerance]
            after = [note for note in line if onset + tolerance < note.onset < end]
            beside = [note for note in before if note.onset == before[-1].onset] if before else []
            beside += [note for note in after if note.onset == after[0].onset] if after else []
            if _loudest(there) <= min(_loudest(beside), _LOUDEST - 1):
                yield f"{place}: {part.name} strikes with {_loudest(there)} and beside it with {_loudest(beside)}"
        if not strikes:
            yield f"{place}: nobody strikes"


def _entries(made: Made) -> Iterator[str]:
    for hit, onset, place in _hits(made, "entry"):
        silent_from = onset - made.plan.meter_map.bar_quarters(max(0, hit.bar - 2))
        entering = [
            part.name
            for part, notes in zip(made.score.parts, made.by_mido.parts, strict=True)
            if any(note.onset == onset for note in notes)
            and not any(note.onset < onset and note.end > silent_from for note in notes)
        ]
        if not entering:
            yield f"{place}: nobody comes in who was silent for a bar"


def _stops(made: Made) -> Iterator[str]:
    for hit, onset, place in _hits(made, "stop"):
        end = made.plan.meter_map.bar_onset(hit.bar)
        for part, notes in zip(made.score.parts, made.by_mido.parts, strict=True):
            begun = [note for note in notes if onset <= note.onset < end]
            if begun:
                yield f"{place}: {part.name} strikes {len(begun)} notes before the bar line"
            elif any(note.onset < onset < note.end for note in notes):
                yield f"{place}: {part.name} sounds on"


HIT_CHECKS: dict[str, Callable[[Made], Iterator[str]]] = {
    "accents where they are planned, mido in strict MIDI": lambda made: _accents(made, made.by_mido, Fraction(0)),
    "accents where they are planned, mido in played MIDI": lambda made: _accents(made, made.played_by_mido, _PLAYED_QUARTERS),
    "entries where they are planned, mido in strict MIDI": _entries,
    "stops where they are planned, mido in strict MIDI": _stops,
}
