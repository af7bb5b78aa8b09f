"""Chords, arpeggios, pads and the counter-melody: voiced chords put into patterns.

Conventions: events in quarter notes from the start of the piece, in order and without overlap. Knows nothing of loudness.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from img2music.realizers.form import Event
from img2music.realizers.harmony import nearest_pitch, voice_chords
from img2music.realizers.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.form import Span
    from img2music.theory import Instrument

__all__ = ["write_chords", "write_counter"]

_CENTRE = {"chords": 58, "arpeggio": 60, "pad": 57}
"""Middle of each role's register (MIDI): under the tune, over the bass (our choice)."""


def write_chords(
    plan: CompositionPlan, part: PartPlan, player: Instrument, spans: Sequence[Span], energies: Sequence[float], ceiling: int
) -> list[Event]:
    """The whole part for a role of chords; `energies` a bar, bars of energy -1 are rests; nothing sounds above `ceiling`."""
    meter = plan.parsed_meter
    low, high = _register(part, player, ceiling)
    count = {"pad": 4, "chords": 3, "arpeggio": 3}[part.role]
    if part.pattern == "power":
        count = 2
    if part.role != "arpeggio":  # broken chords come one note at a time
        count = min(count, player.voices)
    voicings = voice_chords([span.chord for span in spans], low, high, count)
    if part.pattern == "power":
        voicings = tuple(_power(span.chord.pitch_classes, low, high) for span in spans)
    play = pattern(part.role, part.pattern)
    onsets = [span.onset for span in spans]
    grounded = part.role == "arpeggio" and _is_ground(plan, part)
    events: list[Event] = []
    for bar, energy in enumerate(energies):
        if energy < 0:
            continue
        begin = bar * meter.bar_quarters
        if bar == len(energies) - 1:
            events.append(
                Event(begin, meter.bar_quarters, _last_chord(plan, part, voicings[-1][-player.voices :], spans[-1], player))
            )
            continue
        for place, duration, asked in play(meter, bar, energy, plan.density):
            onset, end = begin + place, begin + place + duration
            index = bisect_right(onsets, onset) - 1
            pick = "root" if grounded and onset == spans[index].onset else asked
            while True:  # a hit that reaches into the next chord is struck again there, if it is a whole chord
                stop = min(end, spans[index].end)
                events.append(Event(onset, stop - onset, _picked(pick, voicings[index], spans[index], player, high)))
                if stop >= end or pick != "all":
                    break
                onset, index = stop, index + 1
    return _merge(events) if part.role == "pad" else events


def _last_chord(
    plan: CompositionPlan, part: PartPlan, voicing: tuple[int, ...], span: Span, player: Instrument
) -> tuple[int, ...]:
    """The final chord; with no bass in the band, the part that lies lowest puts the root underneath."""
    if not _is_ground(plan, part):
        return voicing
    root = nearest_pitch(span.chord.bass * 7 % 12, voicing[0] - 8, player.low, max(voicing[0], player.low + 11))
    above = [pitch for pitch in voicing if pitch > root]
    return (root, *above[: player.voices - 1])


def _is_ground(plan: CompositionPlan, part: PartPlan) -> bool:
    """Whether a part has to carry the bass notes: the lowest of its kind in a band without a bass."""
    lowest = min(
        (other for other in plan.parts if other.role in _CENTRE), key=lambda other: (other.octave, plan.parts.index(other))
    )
    return part is lowest and all(other.role != "bass" for other in plan.parts)


def _register(part: PartPlan, player: Instrument, ceiling: int) -> tuple[int, int]:
    centre = _CENTRE[part.role] + 12 * part.octave
    if player.low > centre - 4:  # a high instrument plays where it can
        centre = player.low + 9
    low = max(player.low, centre - 9)
    high = min(player.high, max(ceiling, low + 12), centre + 10)
    return min(low, high - 12) if high - 12 >= player.low else low, high


def _picked(pick: int | str, voicing: tuple[int, ...], span: Span, player: Instrument, high: int) -> tuple[int, ...]:
    if pick == "all":
        return voicing
    if pick == "root":
        root = nearest_pitch(span.chord.bass * 7 % 12, voicing[0] - 8, max(player.low, voicing[0] - 16), voicing[0])
        return (root if root >= player.low else voicing[0],)
    # The chord as a ladder as far up as the register goes; beyond its top the figure turns back downwards.
    top = min(player.high, max(high, voicing[-1]))
    ladder = sorted({pitch + octave for pitch in voicing for octave in (0, 12, 24) if pitch + octave <= top})
    turn = 2 * (len(ladder) - 1)
    index = int(pick) % turn if turn else 0
    return (ladder[index if index < len(ladder) else turn - index],)


def _power(pitch_classes: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    root = nearest_pitch(pitch_classes[0], low + 5, low, high)
    return (root, root + 7) if root + 7 <= high else (root,)


def _merge(events: list[Event]) -> list[Event]:
    """A pad does not strike a chord again that it already holds, within four bars' breath."""
    merged: list[Event] = []
    for event in events:
        last = merged[-1] if merged else None
        if last and last.pitches == event.pitches and last.end == event.onset and last.duration < 2 * event.duration:
            merged[-1] = Event(last.onset, last.duration + event.duration, last.pitches)
        else:
            merged.append(event)
    return merged


def write_counter(
    plan: CompositionPlan,
    part: PartPlan,
    player: Instrument,
    spans: Sequence[Span],
    energies: Sequence[float],
    tune: Sequence[Event],
) -> list[Event]:
    """A second voice of guide tones (thirds and sevenths before roots), one or two notes a chord, against the tune.

    It moves by least motion, prefers the opposite direction of the tune, and keeps out of its way: never in unison with it,
    no perfect fifth or octave reached in the same direction.
    """
    centre = player.heart + 12 * part.octave
    mean = sum(event.pitches[0] for event in tune) / len(tune) if tune else centre
    if player.heart >= mean - 3:
        centre = max(player.low + 6, round(mean) - 9)
    low, high = max(player.low, centre - 9), min(player.high, centre + 9)
    if high - low < 8:
        low, high = max(player.low, high - 12), min(player.high, low + 12)
    onsets = [event.onset for event in tune]
    events: list[Event] = []
    previous, previous_tune = centre, round(mean)
    for span in spans:
        energy = energies[span.bar]
        if energy < 0:
            continue
        for onset, duration in _pieces(span, energy, plan):
            index = bisect_right(onsets, onset) - 1
            sung = tune[index].pitches[0] if index >= 0 and tune[index].end > onset else None
            members = span.chord.pitch_classes
            is_last = span is spans[-1]
            candidates = [pitch for pitch in range(low, high + 1) if pitch % 12 in members]
            if not candidates:
                candidates = [min(max(previous, low), high)]
            pitch = min(candidates, key=lambda one: (_counter_cost(one, previous, sung, previous_tune, members, is_last), one))
            events.append(Event(onset, duration, (pitch,)))
            previous, previous_tune = pitch, sung if sung is not None else previous_tune
    return events


def _pieces(span: Span, energy: float, plan: CompositionPlan) -> list[tuple[Fraction, Fraction]]:
    meter = plan.parsed_meter
    half = meter.half_quarters
    if energy > 0.55 and span.duration == meter.bar_quarters and half and span.bar + 1 < plan.bars:
        return [(span.onset, half), (span.onset + half, span.duration - half)]
    return [(span.onset, span.duration)]


def _counter_cost(
    pitch: int, previous: int, sung: int | None, previous_sung: int, members: tuple[int, ...], is_last: bool
) -> float:
    cost = float(abs(pitch - previous)) + (3.0 if pitch == previous else 0.0)
    role = members.index(pitch % 12)
    cost += (1.0 if is_last else 2.0, 0.0, 1.5, -0.5, 0.5)[min(role, 4)]
    if sung is not None:
        interval = sung - pitch
        if interval <= 0:
            cost += 8
        if interval % 12 == 0:
            cost += 5
        elif interval % 12 == 7 and (sung - previous_sung) * (pitch - previous) > 0:
            cost += 4
        if (sung - previous_sung) * (pitch - previous) < 0:
            cost -= 1
    return cost
