"""How each bass pattern goes: one chord's worth of notes.

What each is called and means stands in `theory.patterns`. Figures written out in sixteenths belong to 4/4; another metre cuts them
to its bar or takes its beats. Conventions: events in quarter notes from the start of the piece; a figure's degrees count
semitones or are chord members ("3", "5"), resolved against the chord that sounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.bass.walking_bass import walk
from img2music.realizers.chords.patterns.pattern_grid import EIGHTH, SIXTEENTH, level, strongest_places
from img2music.realizers.chords.voice_leading import nearest_pitch
from img2music.realizers.timeline import NoteEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from img2music.realizers.timeline import ChordSpan
    from img2music.theory import Meter

__all__ = ["BASS", "BassContext"]


@dataclass(frozen=True, slots=True)
class BassContext:
    """A chord as the bass sees it."""

    span: ChordSpan
    root: int
    """The chord's bass note, in the octave where the line plays it."""
    goal: int
    """The next chord's."""
    limits: tuple[int, int]
    meter: Meter
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
    def fills_bar(self) -> bool:
        """Whether the chord has its bar to itself."""
        return self.span.duration == self.meter.bar_quarters

    @property
    def beats(self) -> list[Fraction]:
        """Where the beats of the chord's time begin."""
        return self._within(self.meter.onsets)

    def grid(self, count: int, step: Fraction = EIGHTH) -> list[Fraction]:
        """The `count` most needed places a bar that fall into the chord's time, its first always."""
        return self._within(strongest_places(self.meter, count, step))

    def _within(self, places: Sequence[Fraction]) -> list[Fraction]:
        bar = self.span.bar * self.meter.bar_quarters
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

    def _plays(self, pitch: int) -> bool:
        return self.limits[0] <= pitch <= self.limits[1]


def _line(
    ground: BassContext, places: Sequence[Fraction], pitches: Sequence[int], *, longest: Fraction | None = None
) -> list[NoteEvent]:
    """Notes that each last until the next one (or `longest`), taking `pitches` in turn."""
    ends = [*places[1:], ground.span.end]
    return [
        NoteEvent(place, min(end - place, longest) if longest else end - place, (pitches[index % len(pitches)],))
        for index, (place, end) in enumerate(zip(places, ends, strict=True))
    ]


def _figure(ground: BassContext, text: str, pitches: Sequence[int], *, longest: Fraction | None = None) -> list[NoteEvent]:
    """A rhythm in sixteenths of a bar (. x), cut to the chord's time."""
    steps = int(ground.span.duration / SIXTEENTH)
    fitted = (text * (steps // len(text) + 1))[:steps]
    places = [ground.span.onset + index * SIXTEENTH for index, sign in enumerate(fitted) if sign == "x"]
    return _line(ground, places, pitches, longest=longest) if places else _root(ground)


def _root(ground: BassContext) -> list[NoteEvent]:
    return [NoteEvent(ground.span.onset, ground.span.duration, (ground.root,))]


def _root_fifth(ground: BassContext) -> list[NoteEvent]:
    if ground.drive < 0.22 and ground.fills_bar:
        return _root(ground)
    beats = ground.beats
    middle = beats[(len(beats) + 1) // 2] if len(beats) > 1 else ground.span.end
    if middle >= ground.span.end:
        return _root(ground)
    if ground.drive > 0.62 and ground.fills_bar:  # one more stroke, before the fifth or before the next bar
        extra = ground.span.end - EIGHTH if ground.variant % 2 else middle - EIGHTH
        places = sorted({ground.span.onset, middle, extra})
        return _line(ground, places, [ground.root if place != middle else ground.fifth for place in places])
    return _line(ground, [ground.span.onset, middle], [ground.root, ground.fifth])


def _waltz(ground: BassContext) -> list[NoteEvent]:
    length = min(ground.span.duration, Fraction(2) if ground.drive < 0.55 else Fraction(1))
    return [NoteEvent(ground.span.onset, length, (ground.fifth if ground.held and ground.bar % 2 else ground.root,))]


def _offbeat(ground: BassContext) -> list[NoteEvent]:
    middles = [begin + (EIGHTH if ground.meter.beats[0] == 1 else 2 * EIGHTH) for begin in ground.beats]
    places = [place for place in middles if place < ground.span.end]
    pitches = [ground.octave if index % 4 == 3 else ground.root for index in range(len(places))]
    return _line(ground, places, pitches, longest=EIGHTH) if places else _root(ground)


def _octave(ground: BassContext) -> list[NoteEvent]:
    eighths = int(ground.meter.bar_quarters / EIGHTH)
    if ground.drive < 0.25:
        return _line(ground, ground.beats, [ground.root, ground.octave])
    places = ground.grid(2 * eighths if ground.drive > 0.75 else eighths, SIXTEENTH)
    pair = [ground.root, ground.octave]
    return _line(ground, places, pair if ground.variant % 2 == 0 else [ground.root, ground.root, ground.octave, ground.octave])


def _pulse(ground: BassContext) -> list[NoteEvent]:
    beats, eighths = len(ground.meter.beats), int(ground.meter.bar_quarters / EIGHTH)
    return _line(ground, ground.grid(level(ground.drive, (beats + 1) // 2, beats, eighths, eighths)), [ground.root])


def _gallop(ground: BassContext) -> list[NoteEvent]:
    if ground.drive < 0.4:
        return _pulse(ground)
    places = sorted(
        {place for beat in ground.beats for place in (beat, beat + EIGHTH, beat + 3 * SIXTEENTH) if place < ground.span.end}
    )
    return _line(ground, places, [ground.root])


def _bossa(ground: BassContext) -> list[NoteEvent]:
    if ground.span.duration < 2:
        return _root_fifth(ground)
    late = Fraction(3, 2)
    places = [ground.span.onset, ground.span.onset + late, ground.span.onset + 2]
    pitches = [ground.root, ground.fifth, ground.fifth]
    if ground.span.duration >= 4 and ground.drive > 0.3:
        places.append(ground.span.onset + late + 2)
        pitches.append(ground.root)
    elif ground.span.duration == 2:
        places.pop()
    return _line(ground, places, pitches)


def _lazy(ground: BassContext) -> list[NoteEvent]:
    late = ground.meter.half_quarters + EIGHTH
    if ground.span.duration < late + EIGHTH:
        return _root_fifth(ground)
    places = [ground.span.onset, ground.span.onset + late]
    pitches = [ground.root, ground.root]
    if ground.span.duration - late > EIGHTH and ground.drive > 0.3:
        places.append(places[-1] + EIGHTH)
        pitches.append(ground.fifth if ground.variant % 2 == 0 else ground.member(1))
    return _line(ground, places, pitches)


def _melodic(ground: BassContext) -> list[NoteEvent]:
    """A cellist's bass: long roots that walk by step into the next chord in their last beat."""
    beats = ground.beats
    if len(beats) < 2 or abs(ground.goal - ground.root) < 3 or ground.drive < 0.3:
        return _root(ground) if ground.drive < 0.6 or len(beats) < 3 else _line(ground, [beats[0], beats[2]], [ground.root])
    direction = 1 if ground.goal > ground.root else -1
    steps = [ground.goal - direction * size for size in range(1, 5) if (ground.goal - direction * size) % 12 in ground.scale]
    count = 2 if ground.drive > 0.5 and len(beats) > 3 and abs(ground.goal - ground.root) > 4 else 1
    return _line(ground, [beats[0], *beats[-count:]], [ground.root, *reversed(steps[:count])])


def _walking(ground: BassContext) -> list[NoteEvent]:
    return walk(ground, ground.beats)


def _running(ground: BassContext) -> list[NoteEvent]:
    eighths = int(ground.meter.bar_quarters / EIGHTH)
    return walk(ground, ground.grid(level(ground.drive, len(ground.meter.beats), eighths, eighths)), diatonic=True)


def _boogie(ground: BassContext) -> list[NoteEvent]:
    """Root, third, fifth, sixth and back over two bars, each note twice where the energy is up."""
    ladder = [ground.root, ground.member(1), ground.fifth, ground.above(9)]
    back = [ground.octave, ground.above(9), ground.fifth, ground.member(1)]
    notes = back if ground.held and ground.bar % 2 and ground.fills_bar else ladder
    beats = ground.beats
    walked = [notes[index % 4] for index in range(len(beats))]
    if ground.drive < 0.55:
        return _line(ground, beats, walked)
    halves = [beat + (EIGHTH if ground.meter.beats[0] == 1 else 2 * EIGHTH) for beat in beats]
    pitches = dict(zip(beats, walked, strict=True))
    pitches |= {half: note for half, note in zip(halves, walked, strict=True) if half < ground.span.end}
    places = sorted(pitches)
    return _line(ground, places, [pitches[place] for place in places])


def _tango(ground: BassContext) -> list[NoteEvent]:
    """Marcato: short notes on the beats; a leading eighth is dragged into a new chord."""
    beats = ground.beats
    if ground.drive < 0.45 and len(beats) > 2:
        beats = beats[::2]
    pitches = [(ground.root, ground.fifth)[index % 2] for index in range(len(beats))]
    events = [
        NoteEvent(beat, min(Fraction(1), ground.span.end - beat), (pitch,)) for beat, pitch in zip(beats, pitches, strict=True)
    ]
    drags = abs(ground.goal - ground.root) > 1 and ground.drive > 0.3 and ground.span.duration >= 2
    if not drags:
        return events
    begin = ground.span.end - EIGHTH
    lead = ground.goal - 1 if ground.limits[0] <= ground.goal - 1 else ground.goal + 1
    kept = [
        NoteEvent(event.onset, min(event.duration, begin - event.onset), event.pitches) for event in events if event.onset < begin
    ]
    return [*kept, NoteEvent(begin, EIGHTH, (lead,))]


def _habanera(ground: BassContext) -> list[NoteEvent]:
    whole = ground.span.duration
    if whole not in (2, 4):
        return _root_fifth(ground)
    places = [ground.span.onset + whole * Fraction(eighths, 8) for eighths in (0, 3, 4, 6)]
    return _line(ground, places, [ground.root, ground.fifth, ground.octave if ground.variant % 2 else ground.root, ground.fifth])


def _reggae(ground: BassContext) -> list[NoteEvent]:
    """The first beat is left to the drum; then a round, repeated figure."""
    if not ground.fills_bar or len(ground.meter.beats) < 3 or ground.meter.is_compound:
        return _root_fifth(ground)
    figures = ("....x.x.x...x...", "....x...x.x.x...", "....x.x.....x.x.", "....x.x.x.x.x...")
    text = figures[ground.variant] if ground.drive > 0.3 else "....x.......x..."
    return _figure(ground, text, [ground.root, ground.root, ground.member(1), ground.fifth, ground.root], longest=Fraction(1))


def _funk(ground: BassContext) -> list[NoteEvent]:
    figures = (
        ("x.........x.x...", "x.....x...x.x.x.", "x..x..x...x.x.xx"),
        ("x.....x.........", "x..x..x......x..", "x..x..xx..x..xx."),
        ("x.......x.x.....", "x..x....x.x...x.", "x..x..x.x.xx..x."),
        ("x...........x.x.", "x..x......x.x.x.", "x.xx......x.x.xx"),
    )
    text = figures[ground.variant][level(ground.drive, 0, 1, 2)]
    pitches = [ground.root, ground.root, ground.octave, ground.above(10) if ground.bar % 2 else ground.fifth, ground.root]
    return _figure(ground, text, pitches, longest=EIGHTH)


def _tumbao(ground: BassContext) -> list[NoteEvent]:
    """Fifth on the second half of two, then the next chord's root on four, held over the bar line."""
    span = ground.span
    if not ground.fills_bar or span.duration != 4:
        return _bossa(ground)
    late = [
        NoteEvent(span.onset + Fraction(3, 2), Fraction(3, 2), (ground.fifth,)),
        NoteEvent(span.onset + 3, Fraction(5, 2), (ground.goal,)),
    ]
    if ground.drive < 0.25 or ground.bar == 0:  # a phrase begins on its root
        return [NoteEvent(span.onset, Fraction(3, 2), (ground.root,)), *late]
    return late


def _drone(ground: BassContext) -> list[NoteEvent]:
    places = ground.grid(level(ground.drive, 1, 1, 2, 3))
    return _line(ground, places, [ground.root])


BASS: dict[str, Callable[[BassContext], list[NoteEvent]]] = {
    "boogie": _boogie,
    "bossa": _bossa,
    "drone": _drone,
    "funk": _funk,
    "gallop": _gallop,
    "habanera": _habanera,
    "lazy": _lazy,
    "melodic": _melodic,
    "octave": _octave,
    "offbeat": _offbeat,
    "pedal": _root,
    "pulse": _pulse,
    "reggae": _reggae,
    "root": _root,
    "root-fifth": _root_fifth,
    "running": _running,
    "tango": _tango,
    "tumbao": _tumbao,
    "walking": _walking,
    "waltz": _waltz,
}
