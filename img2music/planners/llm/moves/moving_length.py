"""Makes a form whose tempi and metres move fill the length of the piece.

As for one that stands still (`fit_length`): all tempi move together by at most 8 % where they are open, else bars come or go; a loop fills its
length to the microsecond where its tempo is open. A section's glide lies over all its bars, its ritardando over the last. Conventions: quarter notes
a minute, 20 to 300; lengths in seconds. Knows nothing of harmony and of what was said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from img2music.movement import meter_map_of, tempo_map_of
from img2music.section import BPM_RANGE, TempoChange
from img2music.theory.meter_map import bars_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from img2music.plan import Section
    from img2music.theory import Meter

__all__ = ["Glide", "MovingForm", "moves_in_time"]

RITARDANDO = 0.75
"""What is left of the tempo at the end of a ritardando inside a piece: less than at its very end, where runners stop at about a third (Friberg &
Sundberg, JASA 105, 1999), because the music goes on. Our choice."""
_RITARDANDO_BARS = 2
_NEAR = 0.08
_RING_SECONDS = (0.1, 4.0)
_MOST_BARS = 6000


class Glide(NamedTuple):
    """How the tempo of a section moves."""

    to_bpm: float | None = None
    slows: bool = False


def moves_in_time(sections: Sequence[Section], glides: Mapping[str, Glide]) -> bool:
    """Whether tempo or metre change anywhere."""
    return any(one.meter or one.tempo_bpm is not None or one.tempo_changes for one in sections) or any(
        glide.to_bpm is not None or glide.slows for glide in glides.values()
    )


class MovingForm:
    """Sections, a tempo and how they move, whose length can be asked and fitted."""

    def __init__(self, sections: Sequence[Section], tempo_bpm: float, meter: Meter, glides: Mapping[str, Glide]) -> None:
        """`glides` by the names of sections; a section without one keeps the tempo changes that it has."""
        self.sections, self.tempo_bpm, self.meter, self.glides = tuple(sections), tempo_bpm, meter, glides

    def at(self, factor: float) -> tuple[float, tuple[Section, ...]]:
        """The tempo and the sections, all tempi times `factor`."""
        return self.tempo_bpm * factor, tuple(self._moved(section, factor) for section in self.sections)

    def seconds(self, factor: float = 1.0) -> float:
        """How long the bars last."""
        tempo, sections = self.at(factor)
        meters = meter_map_of(sections, self.meter)
        return tempo_map_of(sections, tempo, meters).seconds_at(meters.bar_onset(sum(one.bars for one in sections)))

    def tempi(self, factor: float = 1.0) -> Iterator[float]:
        """Every tempo that is reached."""
        tempo, sections = self.at(factor)
        yield tempo
        for section in sections:
            yield from (one.bpm for one in section.tempo_changes)
            if section.tempo_bpm is not None:
                yield section.tempo_bpm

    def with_bars(self, sections: Sequence[Section]) -> MovingForm:
        """The same with other bars."""
        return MovingForm(sections, self.tempo_bpm, self.meter, self.glides)

    def nearest_factor(self, seconds: float, *, loop: bool) -> float | None:
        """The factor nearest to 1, within 8 %, at which the bars fill the length; None if there is none."""
        lasts = self.seconds()
        if loop:
            factor = self.factor_for(seconds)
            return factor if abs(factor - 1) <= _NEAR else None
        last = self.sections[-1]
        meter, tempo = self._meter_of(last), self._tempo_of(last)
        longest = seconds - _RING_SECONDS[0]
        shortest = seconds - _RING_SECONDS[1] - min(bars_seconds(1, meter, tempo), 1.0)
        factor = 1.0 if shortest <= lasts <= longest else lasts / (longest if lasts > longest else max(shortest, 1e-3))
        return factor if abs(factor - 1) <= _NEAR and self.is_playable(factor) else None

    def factor_for(self, seconds: float) -> float:
        """The factor at which the bars last exactly so long, or as near as tempi from 20 to 300 come."""
        factor = self.seconds() / seconds
        tempi = list(self.tempi())
        return min(BPM_RANGE[1] / max(tempi), max(BPM_RANGE[0] / min(tempi), factor))

    def is_playable(self, factor: float) -> bool:
        """Whether every tempo stays from 20 to 300."""
        return all(BPM_RANGE[0] <= tempo <= BPM_RANGE[1] for tempo in self.tempi(factor))

    def bars_for(self, seconds: float, fit: Callable[[Sequence[Section], int], tuple[Section, ...]], *, loop: bool) -> int:
        """How many bars fill the length best: as many as leave the last chord time to ring, in a loop the nearest; at least one."""

        def lasts(bars: int) -> float:
            return self.with_bars(fit(self.sections, bars)).seconds()

        target = seconds if loop else seconds - min(1.2, seconds * 0.12)
        low, high = 1, 2
        while high < _MOST_BARS and lasts(high) <= target:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if lasts(middle) <= target else (low, middle)
        if loop and abs(lasts(high) - target) < abs(lasts(low) - target):
            return high
        return low

    def _moved(self, section: Section, factor: float) -> Section:
        own = None if section.tempo_bpm is None else section.tempo_bpm * factor
        glide = self.glides.get(section.name)
        if glide is None:
            kept = section.tempo_changes if _inside(section) else ()
            changes = tuple(one.model_copy(update={"bpm": one.bpm * factor}) for one in kept)
        else:
            begin = self.tempo_bpm * factor if own is None else own
            changes = _tempo_changes(
                section.bars, begin, None if glide.to_bpm is None else glide.to_bpm * factor, slows=glide.slows
            )
        if own == section.tempo_bpm and changes == section.tempo_changes:
            return section
        return section.model_copy(update={"tempo_bpm": own, "tempo_changes": changes})

    def _meter_of(self, section: Section) -> Meter:
        return meter_map_of([section], self.meter).meter

    def _tempo_of(self, section: Section) -> float:
        return self.tempo_bpm if section.tempo_bpm is None else section.tempo_bpm


def _inside(section: Section) -> bool:
    """Whether the tempo changes that a section has still lie in it."""
    return all(one.bar + one.over_bars <= section.bars + 1 for one in section.tempo_changes)


def _tempo_changes(bars: int, begin_bpm: float, end_bpm: float | None, *, slows: bool) -> tuple[TempoChange, ...]:
    """A glide over the section, and a ritardando over its last bars, one where it is short."""
    slow = 0 if not slows else min(_RITARDANDO_BARS, max(1, bars // 4))
    changes = []
    now, free = begin_bpm, bars - slow
    if end_bpm is not None and end_bpm != begin_bpm and free > 0:
        changes.append(TempoChange(bar=1, bpm=end_bpm, over_bars=free))
        now = end_bpm
    if slow:
        changes.append(TempoChange(bar=free + 1, bpm=max(BPM_RANGE[0], now * RITARDANDO), over_bars=slow))
    return tuple(changes)
