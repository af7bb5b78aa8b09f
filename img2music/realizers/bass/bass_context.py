"""A chord as the bass sees it: what every bass pattern and the walking bass are told of a chord, and the notes round its bass note.

Conventions: places in quarter notes from the start of the piece, pitches MIDI numbers, drive and the like 0..1. Knows nothing of patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.pattern_grid import EIGHTH, strongest_places
from img2music.realizers.chords.voice_leading import nearest_pitch
from img2music.realizers.timeline import NoteEvent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    import numpy as np

    from img2music.realizers.timeline import ChordSpan
    from img2music.theory import Meter

__all__ = ["BassContext"]


@dataclass(frozen=True, slots=True)
class BassContext:
    """A chord as the bass sees it."""

    span: ChordSpan
    root: int
    """The chord's bass note, in the octave where the line plays it."""
    goal: int
    """The next chord's."""
    limits: tuple[int, int]
    drive: float
    """How busy to be, 0..1."""
    scale: frozenset[int]
    """Pitch classes of the key."""
    bar: int
    """Counted from the start of the phrase."""
    variant: int
    """0..3, drawn once a phrase."""
    held: bool
    """Whether the chord has sounded in the bar before."""
    chance: np.random.Generator

    @property
    def meter(self) -> Meter:
        """The metre of the chord's bar."""
        return self.span.meter

    @property
    def fills_bar(self) -> bool:
        """Whether the chord has its bar to itself."""
        return self.span.duration == self.span.meter.bar_quarters

    @property
    def beats(self) -> list[Fraction]:
        """Where the beats of the chord's time begin."""
        return self._within(self.meter.onsets)

    def grid(self, count: int, step: Fraction = EIGHTH) -> list[Fraction]:
        """The `count` most needed places a bar that fall into the chord's time, its first always."""
        return self._within(strongest_places(self.meter, count, step))

    def _within(self, places: Sequence[Fraction]) -> list[Fraction]:
        bar = self.span.bar_onset
        inside = [bar + place for place in places if self.span.onset <= bar + place < self.span.end]
        return inside if inside and inside[0] == self.span.onset else [self.span.onset, *inside]

    def above(self, interval: int) -> int:
        """The root plus `interval`, an octave lower where that is too high, else the root."""
        return next((self.root + one for one in (interval, interval - 12) if self._plays(self.root + one)), self.root)

    def member(self, index: int) -> int:
        """A chord member (1 third, 2 fifth, 3 seventh where there is one) near above the root."""
        classes = self.span.chord.pitch_classes
        wanted = classes[min(index, len(classes) - 1)]
        return nearest_pitch(wanted, self.root + 5, *self.limits)

    @property
    def fifth(self) -> int:
        """The chord's fifth nearest above or below its bass note."""
        fifth = next((self.root + step for step in (7, -5) if self._plays(self.root + step)), self.root)
        # A diminished chord, or one in inversion, has its fifth elsewhere.
        return (
            fifth
            if fifth % 12 in self.span.chord.pitch_classes
            else nearest_pitch(self.span.chord.pitch_classes[2], self.root + 6, *self.limits)
        )

    @property
    def octave(self) -> int:
        """The root an octave up where there is room."""
        return self.root + 12 if self._plays(self.root + 12) else self.root

    def line(self, places: Sequence[Fraction], pitches: Sequence[int], *, longest: Fraction | None = None) -> list[NoteEvent]:
        """Notes that each last until the next one (or `longest`), taking `pitches` in turn."""
        ends = [*places[1:], self.span.end]
        return [
            NoteEvent(place, min(end - place, longest) if longest else end - place, (pitches[index % len(pitches)],))
            for index, (place, end) in enumerate(zip(places, ends, strict=True))
        ]

    def _plays(self, pitch: int) -> bool:
        return self.limits[0] <= pitch <= self.limits[1]
