"""Kept lines: notes of an earlier piece that the composer takes as they are and writes everybody else round.

A note keeps its place in the bar and its length. Its pitch goes to the new key (`theory.transposition`), and a whole line by octaves to
where the instrument reaches; where it spans too much for that, phrase by phrase. How loud it is against its section, its touch and a
drummer's timing stay. On record a line is text, a string a bar, so that a piece is made again without the earlier one:

    "0 1/2 67; 1/2 3/2 69,72 +4 tenuto"     place and length in quarter notes, pitches, louder by 4, touch
    "0 1/2 36*1.15+0.012"                   a stroke: times the section's loudness, and how much later it was played

Such text is hostile until `read_kept_line` has read it. Conventions: bars from 0, events as in `timeline`, in order, never overlapping.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from img2music.errors import DocumentError
from img2music.realizers.composer import Composer, bar_velocities, notate
from img2music.realizers.orchestration import octave_shifts, phrase_onset
from img2music.realizers.timeline import NoteEvent, chord_at, layout_chords
from img2music.theory import instrument
from img2music.theory.meter_map import MeterMap
from img2music.theory.transposition import transpose_pitch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.score import Note, Part, Score
    from img2music.theory import Key

__all__ = [
    "compose_around_kept",
    "read_kept_line",
    "replace_kept_parts",
    "transfer_part",
    "write_kept_line",
]

_TIME = r"\d{1,5}(?:/\d{1,4})?"
_DECIMAL = r"\d{1,3}(?:\.\d{1,25})?(?:e-\d{1,2})?"
_PITCH = rf"\d{{1,3}}(?:\*{_DECIMAL}[+-]{_DECIMAL})?"
_SOUND = rf"{_TIME} {_TIME} {_PITCH}(?:,{_PITCH}){{0,15}}(?: [+-]\d{{1,3}})?(?: (?:staccato|tenuto|accent))?"
_EVENT = re.compile(
    rf"(?P<place>{_TIME}) (?P<length>{_TIME}) (?P<pitches>[^ ]+)(?: (?P<emphasis>[+-]\d{{1,3}}))?(?: (?P<touch>[a-z]+))?"
)
_STROKE = re.compile(rf"(?P<pitch>\d{{1,3}})(?:\*(?P<weight>{_DECIMAL})(?P<lag>[+-]{_DECIMAL}))?")


def transfer_part(
    part: Part, old: CompositionPlan, new: CompositionPlan, seat: PartPlan, places: Sequence[int], *, same_octave: bool = False
) -> list[NoteEvent]:
    """The notes of an earlier piece's part as `seat` plays them in `new`.

    Args:
        part: the part as it was written.
        old: the plan that it was written for.
        new: the plan of the piece that keeps it; its bars are as long as `old`'s, or as several of them.
        seat: who plays it there.
        places: for every bar of `new`, the bar that it repeats, counted in bars of `new`'s length.
        same_octave: whether the line has to lie where it lay, but for the interval of the keys.

    Raises:
        ValueError: no octaves bring the line into the instrument's range, or only others where `same_octave` allows none.
    """
    player, bars = instrument(seat.instrument), new.meter_map
    # The old notes by bars of the new length: those of a plan that moves are the same bars in both.
    old_bars = MeterMap.constant(bars.meter) if bars.is_constant else old.meter_map
    bases = bar_velocities(old, part.role)
    by_bar: dict[int, list[Note]] = {}
    for note in part.notes:
        by_bar.setdefault(old_bars.bar_at(note.onset_quarters), []).append(note)
    old_spans, spans = layout_chords(old), layout_chords(new)
    events: list[NoteEvent] = []
    for bar, place in enumerate(places):
        shift = bars.bar_onset(bar) - old_bars.bar_onset(place)
        for (onset, duration), together in groupby(
            by_bar.get(place, []), key=lambda note: (note.onset_quarters, note.duration_quarters)
        ):
            notes = list(together)
            base = bases[min(len(bases) - 1, old.meter_map.bar_at(onset))]
            events.append(_event(notes, onset + shift, duration, base, kit=part.instrument.kit))
    events = _unlapped(events, new.duration_quarters)
    if player.kit:
        return events
    spelled = {(note.onset_quarters, note.pitch): note for note in part.notes}
    moved = []
    for event in events:
        bar = bars.bar_at(event.onset)
        was = event.onset - bars.bar_onset(bar) + old_bars.bar_onset(places[bar])
        there, here = chord_at(old_spans, was), chord_at(spans, event.onset)
        chords = there.chord.members, here.chord.members
        pitches = [transpose_pitch(spelled[was, pitch].spelling, there.key, here.key, *chords) for pitch in event.pitches]
        moved.append(replace(event, pitches=tuple(pitches)))
    if new.parsed_key.mode == "minor" != old.parsed_key.mode:
        moved = _melodic(moved, new.parsed_key)
    borders = new.phrase_starts
    octaves = octave_shifts(moved, player, borders)
    if octaves is None or (same_octave and any(octaves)):
        raise ValueError(f"{player.name} can't play these notes in any octave")
    shifts = dict(zip(borders, octaves, strict=True))
    return [
        replace(event, pitches=tuple(sorted(pitch + 12 * shifts[phrase_onset(event.onset, borders)] for pitch in event.pitches)))
        for event in moved
    ]


def compose_around_kept(kept: Mapping[str, Sequence[NoteEvent]], plan: CompositionPlan) -> Score:
    """The composer's score of `plan` with kept lines in the parts of those ids, the others written round them."""
    return Composer().compose_around(plan, kept)


def replace_kept_parts(score: Score, plan: CompositionPlan, kept: Mapping[str, Sequence[NoteEvent]]) -> Score:
    """`score` with kept lines in place of the parts of those ids: for a realizer that writes every part by itself."""
    seats = {part.id: part for part in plan.parts}
    spans = layout_chords(plan)
    return replace(
        score,
        parts=tuple(notate(plan, seats[part.id], kept[part.id], spans) if part.id in kept else part for part in score.parts),
    )


def write_kept_line(events: Sequence[NoteEvent], bars: MeterMap, count: int) -> tuple[str, ...]:
    """The events as text, a string a bar; `count` is how many bars there are."""
    lines: list[list[str]] = [[] for _ in range(count)]
    for event in events:
        bar = bars.bar_at(event.onset)
        strokes: list[str] = [str(pitch) for pitch in event.pitches]
        if event.weights:
            strokes = [
                f"{pitch}*{weight!r}{lag:+}" for pitch, weight, lag in zip(event.pitches, event.weights, event.lags, strict=True)
            ]
        words = [str(event.onset - bars.bar_onset(bar)), str(event.duration), ",".join(strokes)]
        words += [f"{event.emphasis:+d}"] if event.emphasis else []
        lines[bar].append(" ".join([*words, *([event.articulation] if event.articulation else [])]))
    return tuple("; ".join(line) for line in lines)


def read_kept_line(lines: Sequence[str], plan: CompositionPlan, part: str) -> list[NoteEvent]:
    """The events that `write_kept_line` wrote for the part of `plan` with that id.

    Raises:
        DocumentError: no such part, other bars than the plan's, or an event that is none, overlaps, or can't be played.
    """
    seat = next((seat for seat in plan.parts if seat.id == part), None)
    if seat is None or len(lines) != plan.bars:
        raise DocumentError(
            f"the kept part {part!r} does not belong to its plan; give a piece.json as `img2music compose` wrote it"
        )
    player, bars = instrument(seat.instrument), plan.meter_map
    low, high = (0, 127) if player.kit else (player.low, player.high)
    events: list[NoteEvent] = []
    for bar, line in enumerate(lines):
        for text in line.split("; ") if line else ():
            event = _read_event(text, bars.bar_onset(bar))
            sound = (
                event is not None
                and event.onset < bars.bar_onset(bar + 1)
                and event.duration > 0
                and (not events or events[-1].end <= event.onset)
                and all(low <= pitch <= high for pitch in event.pitches)
                and len(set(event.pitches)) == len(event.pitches)
            )
            if event is None or not sound:
                raise DocumentError(
                    f"{text[:60]!r} in bar {bar + 1} of the kept part {part!r} is no event; "
                    "give a piece.json as `img2music compose` wrote it"
                )
            events.append(event)
    if events and events[-1].end > plan.duration_quarters:
        raise DocumentError(
            f"the kept part {part!r} goes on behind the last bar; give a piece.json as `img2music compose` wrote it"
        )
    return events


def _read_event(text: str, begin: Fraction) -> NoteEvent | None:
    match = _EVENT.fullmatch(text) if re.fullmatch(_SOUND, text) else None
    if match is None or "/0" in text:
        return None
    strokes = [stroke for stroke in (_STROKE.fullmatch(word) for word in match["pitches"].split(",")) if stroke is not None]
    weighted = [stroke for stroke in strokes if stroke["weight"] is not None]
    if weighted and len(weighted) < len(strokes):
        return None
    return NoteEvent(
        begin + Fraction(match["place"]),
        Fraction(match["length"]),
        tuple(int(stroke["pitch"]) for stroke in strokes),
        emphasis=int(match["emphasis"] or 0),
        articulation=match["touch"] or "",
        weights=tuple(float(stroke["weight"]) for stroke in weighted),
        lags=tuple(float(stroke["lag"]) for stroke in weighted),
    )


def _event(notes: Sequence[Note], onset: Fraction, duration: Fraction, base: int, *, kit: bool) -> NoteEvent:
    """Notes struck together as an event against the loudness of their section."""
    pitches = tuple(note.pitch for note in notes)
    lags = [note.microtiming_quarters for note in notes]
    if kit and all(lag is not None for lag in lags):
        weights = tuple(round(note.velocity / base, 6) for note in notes)
        return NoteEvent(onset, duration, pitches, weights=weights, lags=tuple(lag or 0.0 for lag in lags))
    loudest = max(notes, key=lambda note: note.velocity)
    return NoteEvent(onset, duration, pitches, emphasis=loudest.velocity - base, articulation=loudest.articulation)


def _unlapped(events: Sequence[NoteEvent], end: Fraction) -> list[NoteEvent]:
    """Nothing sounds into the next note or over the end: at the seams of repeated and left-out bars it might."""
    result = []
    for event, following in zip(events, [*events[1:], None], strict=False):
        limit = end if following is None else following.onset
        result.append(replace(event, duration=min(event.duration, limit - event.onset)))
    return [event for event in result if event.duration > 0]


def _melodic(events: Sequence[NoteEvent], key: Key) -> list[NoteEvent]:
    """A single line that climbs through the sixth to a raised seventh raises the sixth too, as singers of minor do."""
    result = list(events)
    sixth, leading = key.scale[5] * 7 % 12, (key.scale[0] * 7 - 1) % 12
    for place, (event, following) in enumerate(pairwise(events)):
        if len(event.pitches) == len(following.pitches) == 1:
            pitch, goal = event.pitches[0], following.pitches[0]
            if pitch % 12 == sixth and goal % 12 == leading and goal - pitch == 3:
                result[place] = replace(event, pitches=(pitch + 1,))
    return result
