"""A walking bass, by rule.

The root on the chord's first beat, chord tones on strong beats, chord or scale tones on the others, and in the last place a
note that leads into the next root: a half step, a step of the scale, or its dominant. No note twice running, no leap of more
than an octave, steps before leaps (after the rules of M. Levine, *The Jazz Theory Book*, 1995, and of any method for bass).
Dynamic programming finds the cheapest line; a little chance in the costs keeps two choruses from being one.
Conventions: as in `bass_context`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.viterbi import cheapest_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.realizers.bass.bass_context import BassContext
    from img2music.realizers.timeline import NoteEvent

__all__ = ["walking_line"]

# Cost of an interval by its semitones: steps are the rule, thirds and fourths common, sixths rare; 0 is no walking.
_LEAP = (30.0, 0.0, 0.0, 0.5, 0.5, 0.9, 2.0, 1.4, 3.0, 3.0, 4.0, 5.0, 2.5)
_LUCK = 1.1
"""How much chance may outweigh the rules (our choice)."""


def walking_line(context: BassContext, places: Sequence[Fraction], *, diatonic: bool = False) -> list[NoteEvent]:
    """A note at each of `places`; `diatonic` leads by the scale only, as before jazz."""
    layers: list[dict[int, float]] = [{context.root: 0.0}]
    layers += [_choices(context, place) for place in places[1:-1]]
    if len(places) > 1:
        layers.append(_approaches(context, diatonic=diatonic))
    pitches = cheapest_path(_priced(layers, context), lambda _, before, after: _leap(before, after), least_step_cost=0.0)
    return context.line(places, pitches)


def _choices(context: BassContext, place: Fraction) -> dict[int, float]:
    """What may stand on a beat between first and last: chord tones, off the strong beats the scale too."""
    members = set(context.span.chord.pitch_classes)
    is_strong = context.meter.weight(place) > 0 and (context.meter.weight(place) > 1 or context.meter.is_compound)
    low, high = context.limits
    found = {}
    for pitch in range(max(low, context.root - 9), min(high, context.root + 12) + 1):
        if pitch % 12 in members:
            found[pitch] = 0.0
        elif pitch % 12 in context.scale and not is_strong:
            found[pitch] = 0.3
    return found or {context.root: 0.0}


def _approaches(context: BassContext, *, diatonic: bool) -> dict[int, float]:
    """What may lead into the next root, with how little it is liked."""
    goal, (low, high) = context.goal, context.limits
    found = {}
    for pitch in (goal - 2, goal - 1, goal + 1, goal + 2):
        inside = pitch % 12 in context.scale
        if low <= pitch <= high and (inside or (not diatonic and abs(pitch - goal) == 1)):
            found[pitch] = 0.0 if inside else 0.2
    for pitch in (goal + 7, goal - 5):  # the next chord's dominant
        if low <= pitch <= high:
            found.setdefault(pitch, 1.2)
    return found or {goal: 0.0}


def _priced(layers: Sequence[dict[int, float]], context: BassContext) -> list[list[tuple[int, float]]]:
    """The layers, lowest pitch first, with a little luck in what every pitch behind the first costs."""
    priced = [sorted(layers[0].items())]
    for layer in layers[1:]:
        luck = context.chance.random(len(layer))
        priced.append(sorted((pitch, own + _LUCK * float(draw)) for (pitch, own), draw in zip(layer.items(), luck, strict=True)))
    return priced


def _leap(before: int, after: int) -> float:
    size = abs(after - before)
    return _LEAP[size] if size < len(_LEAP) else 60.0
