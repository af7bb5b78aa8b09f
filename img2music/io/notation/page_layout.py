"""From notes to a page: every part as gap-free bars of printed values, with clefs, dynamics and chord symbols in place.

Conventions: a bar is a tuple of `NotatedEvent` whose durations add up to the bar's length exactly, each bar in its own metre; places
in a bar and durations are `Fraction` quarter notes; `value_quarters` is what is printed (3/2 of the duration inside a triplet). An
event without notes is a rest. Dynamics are marked where sections begin, not where the energy changes inside one. One part is one
voice on one staff. A drum stroke is not held: where its length would need tied values, it gets the first and rests follow. Both
writers (MusicXML and ABC) print these events and nothing else. Knows nothing of file formats and of sound.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.io.notation.clefs import clef_of
from img2music.io.notation.note_values import UNITS_PER_QUARTER, split_into_values, tuplets

if TYPE_CHECKING:
    from img2music.io.notation.clefs import Clef
    from img2music.io.notation.note_values import NoteValue
    from img2music.score import Note, Part, Score
    from img2music.theory import Meter

__all__ = ["NotatedEvent", "Staff", "chords_by_bar", "layout_score", "sections_by_bar"]

_FINEST = 96  # places are multiples of 1/32 or 1/48 quarter


@dataclass(frozen=True, slots=True)
class NotatedEvent:
    """One printed value: a note, a chord or a rest."""

    onset_quarters: Fraction
    """From the start of its bar."""
    duration_quarters: Fraction
    value_quarters: Fraction
    """The printed value, plain or with one dot."""
    notes: tuple[Note, ...]
    """From low to high; empty for a rest."""
    tie_from: bool = False
    """Whether it goes on from the event before."""
    tie_to: bool = False
    """Whether it goes on into the event after."""
    articulation: str = ""
    """On the first event of a tied note only."""
    dynamic: str = ""
    """The mark written under it."""
    tuplet: str = ""
    """"" outside triplets, else "start", "inside" or "stop"."""
    beam_group: int = 0
    """Flagged neighbours with the same number share a beam: the beat, or the triplet that spans several."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A part as printed."""

    part: Part
    clef: Clef
    bars: tuple[tuple[NotatedEvent, ...], ...]


def layout_score(score: Score) -> tuple[Staff, ...]:
    """Every part of the score as bars of printed values.

    Raises:
        ValueError: notes of one part overlap, leave the piece, lie off the grid of 1/96 quarter, or are spelled as
            another pitch; the message names part and place.
    """
    return tuple(Staff(part, clef_of(part), _bars(part, score)) for part in score.parts)


def chords_by_bar(score: Score) -> dict[int, list[tuple[Fraction, str]]]:
    """Chord symbols by bar as (place in the bar, symbol), in order; those outside the piece are left out."""
    found: dict[int, list[tuple[Fraction, str]]] = {}
    for chord in sorted(score.chords, key=lambda chord: chord.onset_quarters):
        if 0 <= chord.onset_quarters < score.duration_quarters:
            bar, place = score.meter_map.place_in_bar(chord.onset_quarters)
            found.setdefault(bar, []).append((place, chord.symbol))
    return found


def sections_by_bar(score: Score) -> dict[int, str]:
    """Names of sections by the bar in which they begin."""
    return {section.first_bar: section.name for section in score.sections}


def _bars(part: Part, score: Score) -> tuple[tuple[NotatedEvent, ...], ...]:
    lines = [_units(score.meter_map.bar_onset(bar), part) for bar in range(score.bars + 1)]
    by_bar: list[list[_Sound]] = [[] for _ in range(score.bars)]
    for sound in _sounds(part, lines[-1]):
        for bar in range(bisect_right(lines, sound.begin) - 1, bisect_left(lines, sound.end)):
            by_bar[bar].append(sound)
    frames = [_Frame(begin, end - begin, score.meter_map.meter_at(bar)) for bar, (begin, end) in enumerate(pairwise(lines))]
    if part.instrument.kit:
        by_bar = [_strokes(sounds, frame) for sounds, frame in zip(by_bar, frames, strict=True)]
    dynamics = _dynamics(part, score)
    return tuple(_bar(sounds, frame, dynamics) for sounds, frame in zip(by_bar, frames, strict=True))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A bar: where it begins and how long it is, in units, and its metre."""

    start: int
    length: int
    meter: Meter


@dataclass(frozen=True, slots=True)
class _Sound:
    """Notes that begin and end together, in units from the start of the piece."""

    begin: int
    end: int
    notes: tuple[Note, ...]


def _sounds(part: Part, length: int) -> list[_Sound]:
    groups: dict[tuple[int, int], list[Note]] = {}
    for note in part.notes:
        if not part.instrument.kit and note.spelling.midi != note.pitch:
            raise ValueError(f"part {part.name!r}: pitch {note.pitch} is spelled {note.spelling.name}; spell it as it sounds")
        begin = _units(note.onset_quarters, part)
        groups.setdefault((begin, begin + _units(note.duration_quarters, part)), []).append(note)
    sounds = [_Sound(begin, end, tuple(sorted(notes, key=_height))) for (begin, end), notes in sorted(groups.items())]
    reached = 0
    for sound in sounds:
        where = f"part {part.name!r}, quarter {float(Fraction(sound.begin, UNITS_PER_QUARTER)):g}"
        if not 0 <= sound.begin < sound.end <= length:
            raise ValueError(f"{where}: a note has no length or leaves the piece; keep it within the bars")
        if sound.begin < reached:
            raise ValueError(f"{where}: notes overlap; one part is one voice, so end or move one of them")
        pitches = [note.pitch for note in sound.notes]
        if len(set(pitches)) < len(pitches):
            raise ValueError(f"{where}: a chord holds the same pitch twice; keep one of them")
        reached = sound.end
    return sounds


def _height(note: Note) -> tuple[int, str]:
    return note.pitch, note.spelling.step


def _dynamics(part: Part, score: Score) -> dict[int, str]:
    """The marks of a part by the unit where its first note of a section begins; a mark still in force is not repeated."""
    marks: dict[int, str] = {}
    onsets = sorted({note.onset_quarters for note in part.notes})
    last = ""
    for section in sorted(score.sections, key=lambda section: section.first_bar):
        begin = score.meter_map.bar_onset(section.first_bar)
        end = score.meter_map.bar_onset(section.first_bar + section.bars)
        first = next((onset for onset in onsets if begin <= onset < end), None)
        if first is not None and section.dynamic not in {"", last}:
            last = section.dynamic
            marks[_units(first, part)] = last
    return marks


def _filled(sounds: list[_Sound], frame: _Frame) -> list[tuple[int, int, _Sound | None]]:
    """A bar without gaps, as (begin, end, what sounds); `sounds` are all that touch it."""
    filled: list[tuple[int, int, _Sound | None]] = []
    place = 0
    for sound in sounds:
        begin, end = max(sound.begin - frame.start, 0), min(sound.end - frame.start, frame.length)
        if begin > place:
            filled.append((place, begin, None))
        filled.append((begin, end, sound))
        place = end
    if place < frame.length:
        filled.append((place, frame.length, None))
    return filled


def _strokes(sounds: list[_Sound], frame: _Frame) -> list[_Sound]:
    """The drum strokes that begin in a bar, each as long as its first printed value."""
    filled = _filled(sounds, frame)
    groups = tuplets([(begin, end) for begin, end, _ in filled], frame.meter)
    strokes = []
    for begin, end, sound in filled:
        if sound is not None and frame.start + begin == sound.begin:
            first = split_into_values(begin, end, frame.meter, groups)[0]
            strokes.append(_Sound(sound.begin, frame.start + first.end, sound.notes))
    return strokes


def _bar(sounds: list[_Sound], frame: _Frame, dynamics: dict[int, str]) -> tuple[NotatedEvent, ...]:
    """One bar of events."""
    checkpoint()
    whole = _quarters(frame.length)
    if not sounds:
        return (NotatedEvent(Fraction(0), whole, whole, ()),)
    filled = _filled(sounds, frame)
    groups = tuplets([(begin, end) for begin, end, _ in filled], frame.meter)
    events: list[NotatedEvent] = []
    for begin, end, held in filled:
        pieces = split_into_values(begin, end, frame.meter, groups, rest=held is None)
        events.extend(_event(piece, frame, held, dynamics) for piece in pieces)
    if sum(event.duration_quarters for event in events) != whole:
        raise AssertionError("the events of a bar add up to its length")
    return _beamed(events, frame.meter)


# Runs of plain eighths are beamed by the half bar of 4/4 and by the bar of 2/4 and 3/4 (E. Gould, *Behind Bars*, 2011, p. 153).
_RUNS = {"4/4": (Fraction(2), Fraction(4)), "3/4": (Fraction(3),), "2/4": (Fraction(2),)}


def _beamed(events: list[NotatedEvent], meter: Meter) -> tuple[NotatedEvent, ...]:
    """The events, with one beam over each stretch of the bar that is nothing but plain eighths."""
    beamed: list[NotatedEvent] = []
    for end in _RUNS.get(meter.name, ()):
        stretch = [event for event in events[len(beamed) :] if event.onset_quarters < end]
        whole = bool(stretch) and stretch[-1].onset_quarters + stretch[-1].duration_quarters == end
        if whole and all(event.notes and event.value_quarters == Fraction(1, 2) and not event.tuplet for event in stretch):
            stretch = [replace(event, beam_group=stretch[0].beam_group) for event in stretch]
        beamed += stretch
    return (*beamed, *events[len(beamed) :])


def _event(piece: NoteValue, frame: _Frame, sound: _Sound | None, dynamics: dict[int, str]) -> NotatedEvent:
    start, beats = frame.start, _beats(frame.meter)
    tuplet, group = "", bisect_right(beats, piece.begin)
    if piece.tuplet:
        edge = {piece.tuplet.begin: "start", piece.tuplet.end: "stop"}
        tuplet = edge.get(piece.begin) or edge.get(piece.end) or "inside"
        group = bisect_right(beats, piece.tuplet.begin)
    onset, duration, value = _quarters(piece.begin), _quarters(piece.end - piece.begin), _quarters(piece.value)
    if sound is None:
        return NotatedEvent(onset, duration, value, (), tuplet=tuplet, beam_group=group)
    first = start + piece.begin == sound.begin
    return NotatedEvent(
        onset,
        duration,
        value,
        sound.notes,
        tie_from=not first,
        tie_to=start + piece.end < sound.end,
        articulation=next((note.articulation for note in sound.notes if note.articulation), "") if first else "",
        dynamic=dynamics.get(start + piece.begin, "") if first else "",
        tuplet=tuplet,
        beam_group=group,
    )


@lru_cache(maxsize=64)
def _beats(meter: Meter) -> tuple[int, ...]:
    return tuple(int(onset * UNITS_PER_QUARTER) for onset in meter.onsets)


@lru_cache(maxsize=4096)
def _quarters(units: int) -> Fraction:
    return Fraction(units, UNITS_PER_QUARTER)


def _units(quarters: Fraction, part: Part) -> int:
    """Quarter notes as whole units, exactly."""
    if _FINEST % quarters.denominator:
        raise ValueError(f"part {part.name!r}: {quarters} quarter can't be written; use a grid of 1/32 or 1/48 quarter")
    return quarters.numerator * (UNITS_PER_QUARTER // quarters.denominator)
