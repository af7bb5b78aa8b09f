"""The counter-melody: a second tune that speaks where the first one is silent.

It moves while the tune holds a note or breathes, and holds while the tune moves; its short notes take the motif's rhythm.
Pitches by dynamic programming: chord tones where it changes with the chord, scale tones only in passing, thirds and sevenths before
roots, against the tune's direction rather than with it, never a fifth or octave after another with the tune, never in unison
with it (J. J. Fux, *Gradus ad Parnassum*, 1725, and every book of counterpoint since; the weights are our choice).
Conventions: events in quarter notes from the start of the piece, in order and without overlap; `energies` a bar, -1 where it rests.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.chords.accompaniment import rhythmic_activity
from img2music.realizers.chords.chord_spacing import lowest_melody_pitch
from img2music.realizers.timeline import NoteEvent, note_at, reached_between
from img2music.viterbi import cheapest_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.context import CompositionContext
    from img2music.realizers.timeline import ChordSpan
    from img2music.theory import Instrument

__all__ = ["write_counter"]

_HELD = Fraction(3, 2)
"""A tune that holds or rests this long leaves room."""
_BREATH = Fraction(1, 2)
# What root, third, fifth, seventh and more cost. Alone over a bass the counter-melody has to say what chord it is: thirds and sevenths.
# Where others hold the chord, it doubles what may be doubled: the root first, the third last, never the seventh, which has to
# resolve (E. Aldwell & C. Schachter, *Harmony and Voice Leading*, ch. 5). The figures are our choice.
_GUIDES = (1.5, 0.0, 1.2, -0.3, 0.5)
_DOUBLED = (0.0, 2.0, 0.4, 2.0, 1.2)
_REACH = 10
"""Semitones each side of the middle of its register."""


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A note of the counter-melody that wants a pitch."""

    onset: Fraction
    duration: Fraction
    span: ChordSpan
    passing: bool
    """Whether it may stand outside the chord."""
    sung: int | None
    """What the tune sings at that moment."""
    attacked: bool
    """Whether the tune begins that note here."""
    held: bool
    """Whether another part holds the chord, its third included."""
    lowest: int | None
    """The lowest note of the tune before this one ends."""


def write_counter(context: CompositionContext) -> list[NoteEvent]:
    """The whole part."""
    low, high = _register(context.part, context.player, context.tune)
    strokes = _strokes(context)
    if not strokes:
        return []
    pitches = _line(strokes, low, high)
    return [
        NoteEvent(stroke.onset, stroke.duration, (pitch,), emphasis=-4 if stroke.passing else 0)
        for stroke, pitch in zip(strokes, pitches, strict=True)
    ]


def _register(part: PartPlan, player: Instrument, tune: Sequence[NoteEvent]) -> tuple[int, int]:
    """Under the tune, round the centre of the instrument's tessitura where that lies lower."""
    centre = player.tessitura_centre + 12 * part.octave
    mean = sum(event.pitches[0] for event in tune) / len(tune) if tune else centre
    if player.tessitura_centre >= mean - 3:
        centre = max(player.low + 6, round(mean) - 9)
    low, high = max(player.low, centre - _REACH), min(player.high, centre + _REACH)
    return (max(player.low, high - 12), min(player.high, low + 12)) if high - low < 8 else (low, high)


def _strokes(context: CompositionContext) -> list[_Stroke]:
    """Where it plays: at each chord, and in the motif's rhythm while the tune leaves room."""
    plan, tune, energies = context.plan, context.tune, context.energies
    onsets = {event.onset for event in tune}
    cells = [duration for duration in plan.motif.durations if duration <= 1] or [Fraction(1, 2)]
    last_bars = {phrase.first_bar + phrase.bars - 1 for phrase in context.phrases if not phrase.is_last}
    strokes: list[_Stroke] = []
    turn = 0
    for span in context.spans:
        if energies[span.bar] < 0:
            continue
        end = span.end
        meter = span.meter
        if span.bar in last_bars and end == span.bar_end and span.duration > 2 * _BREATH:
            end -= _BREATH  # it breathes where the phrase does
        places = [span.onset]
        busy = rhythmic_activity(energies[span.bar], plan.density)
        if span.bar < plan.bars - 1:
            half = span.onset + meter.half_quarters
            if busy > 0.45 and span.duration == meter.bar_quarters and half > span.onset and half not in onsets:
                places.append(half)  # where it only holds, it still moves once
            for begin, stop in _room(tune, span.onset, end):
                place = begin + (Fraction(1, 2) if busy > 0.55 else 1)
                while place < stop and stop - place >= Fraction(1, 2):
                    places.append(place)
                    step = cells[turn % len(cells)]
                    # On the grid of eighths, and in beats where it is calm: a second voice is simpler than the first.
                    place += max(Fraction(1, 2) if busy > 0.4 else Fraction(1), Fraction(int(step * 2), 2))
                    turn += 1
        places = sorted({place for place in places if place < end})
        for place, stop in zip(places, [*places[1:], end], strict=True):
            sung = note_at(tune, place)
            strokes.append(
                _Stroke(
                    place,
                    stop - place,
                    span,
                    passing=place != span.onset and meter.weight(place) < 2 and stop - place <= 1,
                    sung=sung.pitches[0] if sung is not None else None,
                    attacked=sung is not None and sung.onset == place,
                    held=_is_held(plan, energies[span.bar]),
                    lowest=lowest_melody_pitch(place, stop, tune),
                )
            )
    return strokes


def _is_held(plan: CompositionPlan, energy: float) -> bool:
    """Whether a part plays whole chords at that energy."""
    return any(part.role in {"chords", "arpeggio", "pad"} and part.from_energy <= energy for part in plan.parts)


def _room(tune: Sequence[NoteEvent], begin: Fraction, end: Fraction) -> list[tuple[Fraction, Fraction]]:
    """The stretches of `begin`..`end` in which the tune begins no note for a while."""
    borders = [begin, *(event.onset for event in reached_between(tune, begin, end) if event.onset > begin)]
    stretches = zip(borders, [*borders[1:], end], strict=True)
    return [(start, stop) for start, stop in stretches if stop - start >= _HELD]


def _line(strokes: Sequence[_Stroke], low: int, high: int) -> list[int]:
    """The cheapest pitches for the strokes."""
    layers = [_candidates(stroke, low, high, is_last=stroke is strokes[-1]) for stroke in strokes]
    return cheapest_path(
        [sorted(layer.items()) for layer in layers],
        lambda place, one, other: _motion(strokes[place - 1], strokes[place], one, other),
    )


def _candidates(stroke: _Stroke, low: int, high: int, *, is_last: bool) -> dict[int, float]:
    """What a stroke may sing, with what it costs by itself: the chord's roles, and its distance from the tune."""
    members, scale = stroke.span.chord.pitch_classes, stroke.span.key.pitch_classes
    middle = (low + high) / 2
    found: dict[int, float] = {}
    for pitch in range(low, high + 1):
        if pitch % 12 in members:
            role = members.index(pitch % 12)
            costs = _DOUBLED if stroke.held else _GUIDES
            cost = min(0.5, costs[0]) if is_last and not role else costs[min(role, 4)]
        elif stroke.passing and pitch % 12 in scale:
            cost = 0.8
        else:
            continue
        cost += 0.06 * abs(pitch - middle)
        if stroke.lowest is not None:
            cost += 12 if pitch >= stroke.lowest else (4 if stroke.lowest - pitch < 3 else 0)
        if stroke.sung is not None:
            apart = stroke.sung - pitch
            if apart % 12 == 0:
                cost += 3.5
            elif apart % 12 in {1, 11} and stroke.attacked:
                cost += 3
        found[pitch] = cost
    return found or {round(middle): 0.0}


def _motion(before: _Stroke, stroke: _Stroke, one: int, other: int) -> float:
    """What it costs to go from one note to the next: leaps, standing still, parallels with the tune, dissonance left by leap."""
    size = abs(other - one)
    cost = (1.8, 0.0, 0.0, 0.5, 0.6, 1.2, 3.0, 2.0, 3.5, 4.0)[size] if size < 10 else 6.0 + size / 4
    outside = one % 12 not in before.span.chord.pitch_classes or other % 12 not in stroke.span.chord.pitch_classes
    if outside and (size > 2 or size == 0):
        cost += 6
    if before.sung is None or stroke.sung is None or before.sung == stroke.sung:
        return cost
    sung = stroke.sung - before.sung
    interval = (stroke.sung - other) % 12
    if interval in {0, 7} and interval == (before.sung - one) % 12 and one != other:
        cost += 30  # by contrary motion as well: an octave and a fifteenth are one voice all the same
    elif interval in {0, 7} and sung * (other - one) > 0:
        cost += 3
    elif sung * (other - one) < 0:
        cost -= 1.2
    elif sung * (other - one) > 0:
        cost += 0.4
    return cost
