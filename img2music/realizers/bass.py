"""The bass line: the chords' bass notes in the rhythm of the style.

Patterns: root, root-fifth, melodic, walking, pulse, octave, offbeat, bossa, waltz, lazy, pedal. Each works in every metre.
Conventions: events in quarter notes from the start of the piece, one note at a time.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.chance import generator
from img2music.errors import unknown_name
from img2music.realizers.form import Event
from img2music.realizers.harmony import nearest_pitch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.form import Phrase, Span
    from img2music.theory import Instrument, Meter

__all__ = ["PATTERNS", "write_bass"]

PATTERNS = ("bossa", "lazy", "melodic", "octave", "offbeat", "pedal", "pulse", "root", "root-fifth", "walking", "waltz")
_HALF = Fraction(1, 2)
_CEILING = 52
"""A bass climbs no higher than E3, where the chords begin."""


def write_bass(
    plan: CompositionPlan,
    part: PartPlan,
    player: Instrument,
    phrases: Sequence[Phrase],
    spans: Sequence[Span],
    energies: Sequence[float],
) -> list[Event]:
    """The whole bass part; `energies` a bar, bars of energy -1 are rests.

    Raises:
        UsageError: no such pattern.
    """
    name = part.pattern or "root-fifth"
    if name not in PATTERNS:
        raise unknown_name("bass pattern", name, PATTERNS)
    meter = plan.parsed_meter
    low = player.low
    high = max(low + 12, min(player.high, low + 24, _CEILING))
    centre = max(low + 5, min(player.heart + 12 * part.octave, high - 5))
    # Patterns that leap an octave up need room above the root.
    root_high = max(low + 11, high - 12) if name in {"octave", "offbeat"} else high
    last_bars = {phrase.first_bar + phrase.bars - 1 for phrase in phrases}
    chance = generator(plan.seed_for("bass"), "bass", part.name)
    events: list[Event] = []
    previous = centre
    for index, span in enumerate(spans):
        energy = energies[span.bar]
        if energy < 0:
            continue
        root = nearest_pitch(span.chord.bass * 7 % 12, round(0.6 * previous + 0.4 * centre), low, root_high)
        following = spans[index + 1].chord if index + 1 < len(spans) else None
        # The note a line walks to is the one that will really be played next.
        goal = nearest_pitch(following.bass * 7 % 12, round(0.6 * root + 0.4 * centre), low, root_high) if following else root
        held = index > 0 and spans[index - 1].chord == span.chord and span.bar not in last_bars
        if span.bar == plan.bars - 1:
            events.append(Event(span.onset, span.duration, (root,)))
        else:
            events.extend(_play(name, span, root, goal, (low, high), meter, energy, plan, chance, held=held))
        previous = root
    return events


def _play(
    name: str,
    span: Span,
    root: int,
    goal: int,
    limits: tuple[int, int],
    meter: Meter,
    energy: float,
    plan: CompositionPlan,
    chance: np.random.Generator,
    *,
    held: bool,
) -> list[Event]:
    """One chord's worth of bass; `held` says that the chord has sounded in the bar before."""
    bar = span.bar * meter.bar_quarters
    beats = [bar + onset for onset in meter.onsets if span.onset <= bar + onset < span.end] or [span.onset]
    octave = root + 12 if root + 12 <= limits[1] else root
    fifth = _fifth(span, root, limits)
    late = Fraction(3, 2) if name == "bossa" else meter.half_quarters + _HALF
    match name:
        case "walking":
            return _walk(span, root, goal, limits, plan, beats, chance)
        case "melodic":
            events = _melodic(span, root, goal, plan, energy, beats)
        case "root" | "pedal":
            events = [Event(span.onset, span.duration, (root,))]
        case "waltz":
            length = min(span.duration, Fraction(2) if energy < 0.6 else Fraction(1))
            events = [Event(span.onset, length, (fifth if held and span.bar % 2 else root,))]
        case "offbeat":
            places = [place + (_HALF if length == 1 else 1) for place, length in _beats_of(span, meter, beats)]
            events = [
                Event(place, _HALF, (octave if index % 4 == 3 else root,))
                for index, place in enumerate(places)
                if place < span.end
            ]
        case "octave":
            events = _repeat(span, [root, octave], _HALF)
        case "pulse":
            events = _repeat(span, [root], _HALF if energy > 0.4 or plan.density > 0.55 else Fraction(1))
        case "bossa" | "lazy" if span.duration >= late + _HALF:
            second = Event(span.onset + late, _HALF, (root if name == "lazy" else fifth,))
            events = [Event(span.onset, late, (root,)), second]
            if span.duration - late > _HALF:
                events.append(Event(second.end, span.end - second.end, (fifth,)))
        case _:  # root-fifth, and what is left of bossa and lazy in short chords
            middle = beats[(len(beats) + 1) // 2] if len(beats) > 1 else span.end
            events = [Event(span.onset, middle - span.onset, (root,))]
            if middle < span.end:
                events.append(Event(middle, span.end - middle, (fifth,)))
    return events


def _fifth(span: Span, root: int, limits: tuple[int, int]) -> int:
    """The chord's fifth nearest above or below its bass note."""
    fifth = next((root + step for step in (7, -5) if limits[0] <= root + step <= limits[1]), root)
    # A diminished chord, or one in inversion, has its fifth elsewhere.
    return fifth if fifth % 12 in span.chord.pitch_classes else nearest_pitch(span.chord.pitch_classes[2], root + 6, *limits)


def _beats_of(span: Span, meter: Meter, beats: list[Fraction]) -> list[tuple[Fraction, Fraction]]:
    bar = span.bar * meter.bar_quarters
    return [(bar + onset, length) for onset, length in zip(meter.onsets, meter.beats, strict=True) if bar + onset in beats]


def _repeat(span: Span, pitches: Sequence[int], step: Fraction) -> list[Event]:
    count = max(1, int(span.duration / step))
    events = [Event(span.onset + index * step, step, (pitches[index % len(pitches)],)) for index in range(count)]
    rest = span.end - events[-1].end
    if rest > 0:
        events[-1] = Event(events[-1].onset, events[-1].duration + rest, events[-1].pitches)
    return events


def _walk(
    span: Span,
    root: int,
    goal: int,
    limits: tuple[int, int],
    plan: CompositionPlan,
    beats: list[Fraction],
    chance: np.random.Generator,
) -> list[Event]:
    """A note a beat: the root, chord and scale tones on the way, a half or whole step into the next root."""
    scale = set(plan.parsed_key.pitch_classes) | set(span.chord.pitch_classes)
    ends = [*beats[1:], span.end]
    pitches = [root]
    for index in range(1, len(beats)):
        last = pitches[-1]
        if index == len(beats) - 1:
            near = [goal + step for step in (-1, 1, -2, 2) if limits[0] <= goal + step <= limits[1] and goal + step != last]
            pitches.append(near[int(chance.integers(min(2, len(near))))] if near else last)
            continue
        members = span.chord.pitch_classes if index % 2 == 0 else scale
        choices = [
            one for one in range(max(limits[0], last - 5), min(limits[1], last + 5) + 1) if one % 12 in members and one != last
        ]
        towards = sorted(choices, key=lambda one: (abs(one - (last + (2 if goal >= last else -2))), one))
        pitches.append(towards[int(chance.integers(min(2, len(towards))))] if towards else last)
    return [Event(begin, end - begin, (pitch,)) for begin, end, pitch in zip(beats, ends, pitches, strict=True)]


def _melodic(span: Span, root: int, goal: int, plan: CompositionPlan, energy: float, beats: list[Fraction]) -> list[Event]:
    """A cellist's bass: long roots that walk by step into the next chord in their last beat."""
    if len(beats) < 2 or abs(goal - root) < 3 or energy < 0.3:
        return [Event(span.onset, span.duration, (root,))]
    scale = set(plan.parsed_key.pitch_classes)
    direction = 1 if goal > root else -1
    step = next((goal - direction * size for size in (1, 2) if (goal - direction * size) % 12 in scale), None)
    if step is None:
        return [Event(span.onset, span.duration, (root,))]
    return [Event(span.onset, beats[-1] - span.onset, (root,)), Event(beats[-1], span.end - beats[-1], (step,))]
