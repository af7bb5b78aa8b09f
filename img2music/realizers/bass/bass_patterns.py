"""How each bass pattern goes: one chord's worth of notes.

What each is called and means stands in `theory.pattern_names`. Figures written out in sixteenths belong to 4/4; another metre cuts them
to its bar or takes its beats. Conventions: events in quarter notes from the start of the piece; a figure's degrees count
semitones or are chord members ("3", "5"), resolved against the chord that sounds.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.bass.walking_bass import walking_line
from img2music.realizers.chords.patterns.pattern_grid import EIGHTH, SIXTEENTH, count_for_drive
from img2music.realizers.timeline import NoteEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.realizers.bass.bass_context import BassContext

__all__ = ["BASS_PATTERNS"]


def _figure(context: BassContext, text: str, pitches: Sequence[int], *, longest: Fraction | None = None) -> list[NoteEvent]:
    """A rhythm in sixteenths of a bar (. x), cut to the chord's time."""
    steps = int(context.span.duration / SIXTEENTH)
    fitted = (text * (steps // len(text) + 1))[:steps]
    places = [context.span.onset + index * SIXTEENTH for index, sign in enumerate(fitted) if sign == "x"]
    return context.line(places, pitches, longest=longest) if places else _root(context)


def _root(context: BassContext) -> list[NoteEvent]:
    return [NoteEvent(context.span.onset, context.span.duration, (context.root,))]


def _root_fifth(context: BassContext) -> list[NoteEvent]:
    if context.drive < 0.22 and context.fills_bar:
        return _root(context)
    beats = context.beats
    middle = beats[(len(beats) + 1) // 2] if len(beats) > 1 else context.span.end
    if middle >= context.span.end:
        return _root(context)
    if context.drive > 0.62 and context.fills_bar:  # one more stroke, before the fifth or before the next bar
        extra = context.span.end - EIGHTH if context.variant % 2 else middle - EIGHTH
        places = sorted({context.span.onset, middle, extra})
        return context.line(places, [context.root if place != middle else context.fifth for place in places])
    return context.line([context.span.onset, middle], [context.root, context.fifth])


def _waltz(context: BassContext) -> list[NoteEvent]:
    length = min(context.span.duration, Fraction(2) if context.drive < 0.55 else Fraction(1))
    return [NoteEvent(context.span.onset, length, (context.fifth if context.held and context.bar % 2 else context.root,))]


def _offbeat(context: BassContext) -> list[NoteEvent]:
    middles = [begin + (EIGHTH if context.meter.beats[0] == 1 else 2 * EIGHTH) for begin in context.beats]
    places = [place for place in middles if place < context.span.end]
    pitches = [context.octave if index % 4 == 3 else context.root for index in range(len(places))]
    return context.line(places, pitches, longest=EIGHTH) if places else _root(context)


def _octave(context: BassContext) -> list[NoteEvent]:
    eighths = int(context.meter.bar_quarters / EIGHTH)
    if context.drive < 0.25:
        return context.line(context.beats, [context.root, context.octave])
    places = context.grid(2 * eighths if context.drive > 0.75 else eighths, SIXTEENTH)
    pair = [context.root, context.octave]
    return context.line(
        places, pair if context.variant % 2 == 0 else [context.root, context.root, context.octave, context.octave]
    )


def _pulse(context: BassContext) -> list[NoteEvent]:
    beats, eighths = len(context.meter.beats), int(context.meter.bar_quarters / EIGHTH)
    return context.line(context.grid(count_for_drive(context.drive, (beats + 1) // 2, beats, eighths, eighths)), [context.root])


def _gallop(context: BassContext) -> list[NoteEvent]:
    if context.drive < 0.4:
        return _pulse(context)
    places = sorted(
        {place for beat in context.beats for place in (beat, beat + EIGHTH, beat + 3 * SIXTEENTH) if place < context.span.end}
    )
    return context.line(places, [context.root])


def _bossa(context: BassContext) -> list[NoteEvent]:
    if context.span.duration < 2:
        return _root_fifth(context)
    late = Fraction(3, 2)
    places = [context.span.onset, context.span.onset + late, context.span.onset + 2]
    pitches = [context.root, context.fifth, context.fifth]
    if context.span.duration >= 4 and context.drive > 0.3:
        places.append(context.span.onset + late + 2)
        pitches.append(context.root)
    elif context.span.duration == 2:
        places.pop()
    return context.line(places, pitches)


def _lazy(context: BassContext) -> list[NoteEvent]:
    late = context.meter.half_quarters + EIGHTH
    if context.span.duration < late + EIGHTH:
        return _root_fifth(context)
    places = [context.span.onset, context.span.onset + late]
    pitches = [context.root, context.root]
    if context.span.duration - late > EIGHTH and context.drive > 0.3:
        places.append(places[-1] + EIGHTH)
        pitches.append(context.fifth if context.variant % 2 == 0 else context.member(1))
    return context.line(places, pitches)


def _melodic(context: BassContext) -> list[NoteEvent]:
    """A cellist's bass: long roots that walk by step into the next chord in their last beat."""
    beats = context.beats
    if len(beats) < 2 or abs(context.goal - context.root) < 3 or context.drive < 0.3:
        return _root(context) if context.drive < 0.6 or len(beats) < 3 else context.line([beats[0], beats[2]], [context.root])
    direction = 1 if context.goal > context.root else -1
    steps = [context.goal - direction * size for size in range(1, 5) if (context.goal - direction * size) % 12 in context.scale]
    count = 2 if context.drive > 0.5 and len(beats) > 3 and abs(context.goal - context.root) > 4 else 1
    return context.line([beats[0], *beats[-count:]], [context.root, *reversed(steps[:count])])


def _walking(context: BassContext) -> list[NoteEvent]:
    return walking_line(context, context.beats)


def _running(context: BassContext) -> list[NoteEvent]:
    eighths = int(context.meter.bar_quarters / EIGHTH)
    return walking_line(
        context, context.grid(count_for_drive(context.drive, len(context.meter.beats), eighths, eighths)), diatonic=True
    )


def _boogie(context: BassContext) -> list[NoteEvent]:
    """Root, third, fifth, sixth and back over two bars, each note twice where the energy is up."""
    ladder = [context.root, context.member(1), context.fifth, context.above(9)]
    back = [context.octave, context.above(9), context.fifth, context.member(1)]
    notes = back if context.held and context.bar % 2 and context.fills_bar else ladder
    beats = context.beats
    walked = [notes[index % 4] for index in range(len(beats))]
    if context.drive < 0.55:
        return context.line(beats, walked)
    halves = [beat + (EIGHTH if context.meter.beats[0] == 1 else 2 * EIGHTH) for beat in beats]
    pitches = dict(zip(beats, walked, strict=True))
    pitches |= {half: note for half, note in zip(halves, walked, strict=True) if half < context.span.end}
    places = sorted(pitches)
    return context.line(places, [pitches[place] for place in places])


def _tango(context: BassContext) -> list[NoteEvent]:
    """Marcato: short notes on the beats; a leading eighth is dragged into a new chord."""
    beats = context.beats
    if context.drive < 0.45 and len(beats) > 2:
        beats = beats[::2]
    pitches = [(context.root, context.fifth)[index % 2] for index in range(len(beats))]
    events = [
        NoteEvent(beat, min(Fraction(1), context.span.end - beat), (pitch,)) for beat, pitch in zip(beats, pitches, strict=True)
    ]
    drags = abs(context.goal - context.root) > 1 and context.drive > 0.3 and context.span.duration >= 2
    if not drags:
        return events
    begin = context.span.end - EIGHTH
    lead = context.goal - 1 if context.limits[0] <= context.goal - 1 else context.goal + 1
    kept = [
        NoteEvent(event.onset, min(event.duration, begin - event.onset), event.pitches) for event in events if event.onset < begin
    ]
    return [*kept, NoteEvent(begin, EIGHTH, (lead,))]


def _habanera(context: BassContext) -> list[NoteEvent]:
    whole = context.span.duration
    if whole not in (2, 4):
        return _root_fifth(context)
    places = [context.span.onset + whole * Fraction(eighths, 8) for eighths in (0, 3, 4, 6)]
    return context.line(
        places, [context.root, context.fifth, context.octave if context.variant % 2 else context.root, context.fifth]
    )


def _reggae(context: BassContext) -> list[NoteEvent]:
    """The first beat is left to the drum; then a round, repeated figure."""
    if not context.fills_bar or len(context.meter.beats) < 3 or context.meter.is_compound:
        return _root_fifth(context)
    figures = ("....x.x.x...x...", "....x...x.x.x...", "....x.x.....x.x.", "....x.x.x.x.x...")
    text = figures[context.variant] if context.drive > 0.3 else "....x.......x..."
    return _figure(
        context, text, [context.root, context.root, context.member(1), context.fifth, context.root], longest=Fraction(1)
    )


def _funk(context: BassContext) -> list[NoteEvent]:
    figures = (
        ("x.........x.x...", "x.....x...x.x.x.", "x..x..x...x.x.xx"),
        ("x.....x.........", "x..x..x......x..", "x..x..xx..x..xx."),
        ("x.......x.x.....", "x..x....x.x...x.", "x..x..x.x.xx..x."),
        ("x...........x.x.", "x..x......x.x.x.", "x.xx......x.x.xx"),
    )
    text = figures[context.variant][count_for_drive(context.drive, 0, 1, 2)]
    pitches = [context.root, context.root, context.octave, context.above(10) if context.bar % 2 else context.fifth, context.root]
    return _figure(context, text, pitches, longest=EIGHTH)


def _tumbao(context: BassContext) -> list[NoteEvent]:
    """Fifth on the second half of two, then the next chord's root on four, held over the bar line."""
    span = context.span
    if not context.fills_bar or span.duration != 4:
        return _bossa(context)
    late = [
        NoteEvent(span.onset + Fraction(3, 2), Fraction(3, 2), (context.fifth,)),
        NoteEvent(span.onset + 3, Fraction(5, 2), (context.goal,)),
    ]
    if context.drive < 0.25 or context.bar == 0:  # a phrase begins on its root
        return [NoteEvent(span.onset, Fraction(3, 2), (context.root,)), *late]
    return late


def _drone(context: BassContext) -> list[NoteEvent]:
    places = context.grid(count_for_drive(context.drive, 1, 1, 2, 3))
    return context.line(places, [context.root])


BASS_PATTERNS: dict[str, Callable[[BassContext], list[NoteEvent]]] = {
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
