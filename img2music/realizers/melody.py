"""The melody: rhythm by phrase, pitches by beam search.

Each phrase gets its strokes from `rhythm`, then a beam search picks the pitches that best obey, all at once: chord tones on
strong beats, dissonance left by step, leaps answered by steps back, the motif's shape in the motif's bars, the picture's
contour over the whole theme, and an ending where the phrase opens or closes. Sections of one letter share their tune;
returns are ornamented. The weights are our choice, set by reading and hearing the results; the preferences are
those of D. Huron, *Sweet Anticipation* (2006), ch. 5, and D. Temperley, *Music and Probability* (2007), ch. 4.

Conventions: onsets in quarter notes from the start of the piece; pitches MIDI numbers; `degree` counts letters (7 an octave).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from img2music.chance import generator
from img2music.realizers.form import Event
from img2music.realizers.harmony import nearest_pitch
from img2music.realizers.rhythm import bar_kinds, cadence_strokes, motif_strokes, vary_strokes
from img2music.realizers.search import Slot, best_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, Section
    from img2music.realizers.form import Phrase, Span
    from img2music.realizers.rhythm import Stroke
    from img2music.theory import Instrument

__all__ = ["write_melody"]

_ABOVE_CHORDS = 62
"""D4: the chords' register ends about there."""


@dataclass(frozen=True, slots=True)
class _Tune:
    """What a letter of the form has to repeat: its events, where they began, and the chords they were written over."""

    events: tuple[Event, ...]
    start: Fraction
    harmony: tuple[str, ...]

    def fits(self, section: Section) -> bool:
        """Whether a section has the same chords, its last bar aside, and is not longer."""
        return section.bars <= len(self.harmony) and section.harmony[:-1] == self.harmony[: section.bars - 1]


@dataclass(frozen=True, slots=True)
class _Material:
    """What a section's tune is made of: strokes by kind of bar, the motif's steps, the line it follows (0..1)."""

    rhythms: dict[str, tuple[Stroke, ...]]
    steps: tuple[int, ...]
    contour: tuple[float, ...]

    def height(self, through: float) -> float:
        """The line at a place in the section, 0..1."""
        return float(np.interp(through, np.linspace(0, 1, len(self.contour)), self.contour))


def write_melody(
    plan: CompositionPlan, phrases: Sequence[Phrase], spans: Sequence[Span], player: Instrument, octave: int, *, alone: bool
) -> list[Event]:
    """The tune of the whole piece for `player`, shifted by `octave`.

    `alone` says that nobody else plays, so the tune fills introduction and ending too.
    """
    low, high = _register(plan, player, octave)
    bar = plan.parsed_meter.bar_quarters
    tunes: dict[str, _Tune] = {}
    line: list[Event] = []
    for number, section in enumerate(plan.sections):
        own = [phrase for phrase in phrases if phrase.section_index == number]
        start = own[0].first_bar * bar
        if section.role == "intro" and not alone:
            continue
        known = tunes.get(section.material)
        if known is not None and section.role not in {"intro", "outro"} and known.fits(section):
            events = _return(plan, known, start, section.bars * bar, player, number)
            if own[-1].is_last:
                events = _come_home(plan, events, own[-1], spans, player)
        else:  # a new letter, or an old one over other chords: the same rhythms and chances, other pitches
            events = _compose(plan, own, spans, (low, high), line[-1].pitches[0] if line else None)
            tunes.setdefault(section.material, _Tune(tuple(events), start, section.harmony))
        line.extend(_pickup(plan, line, events, player, number))
        line.extend(events)
    return line


def _register(plan: CompositionPlan, player: Instrument, octave: int) -> tuple[int, int]:
    """A singable range of about an octave and a half round the instrument's heart, higher for brighter moods."""
    centre = player.heart + 12 * octave + round(2 * plan.valence)
    reach = 8 + round(2 * (plan.arousal + 1))
    low, high = max(player.low, centre - reach), min(player.high, centre + reach)
    if any(part.role in {"chords", "arpeggio", "pad"} for part in plan.parts):
        # Above the chords, as far as the instrument reaches: a tune inside its accompaniment is not heard.
        lift = max(0, min(_ABOVE_CHORDS, player.high - 14) - low)
        low, high = low + lift, min(player.high, high + lift)
    if high - low < 12:
        low, high = max(player.low, high - 14), min(player.high, max(high, low + 14))
    return low, high


def _compose(
    plan: CompositionPlan, phrases: Sequence[Phrase], spans: Sequence[Span], limits: tuple[int, int], previous: int | None
) -> list[Event]:
    """A new tune for one section."""
    section = phrases[0].section
    chance = generator(plan.seed_for("melody"), "melody", section.material)
    material = _material(plan, section, chance)
    middle, span = (limits[0] + limits[1]) / 2, min(14, limits[1] - limits[0])
    if section.role == "outro" and previous is not None:
        middle, span = float(previous), 5  # the ending stays where the tune has come to rest
    events: list[Event] = []
    for phrase in phrases:
        slots = _slots(plan, phrase, phrases, material, middle, span)
        pitches = best_line(slots, spans, plan.parsed_key, limits, previous, chance)
        previous = pitches[-1]
        events.extend(_event(slot, pitch) for slot, pitch in zip(slots, pitches, strict=True))
    return events


def _material(plan: CompositionPlan, section: Section, chance: np.random.Generator) -> _Material:
    """The motif as it is; for a contrast the other side of the idea: upside down, in another rhythm, under the mirrored line."""
    meter, steps, contour = plan.parsed_meter, plan.motif.steps, plan.contour
    strokes = motif_strokes(plan.motif.durations, meter)
    if section.role == "contrast":
        steps = tuple(-step for step in steps)
        contour = tuple(1 - height for height in reversed(contour))
        strokes = vary_strokes(vary_strokes(strokes, meter, plan.density, chance), meter, plan.density, chance)
    answer = vary_strokes(strokes, meter, plan.density, chance)
    develop = vary_strokes(answer, meter, min(1.0, plan.density + 0.2), chance)
    rhythms = {
        "motif": strokes,
        "again": strokes,
        "answer": answer,
        "develop": develop,
        "cadence": cadence_strokes(strokes, meter, final=False),
        "final": cadence_strokes(strokes, meter, final=True),
    }
    return _Material(rhythms, steps, contour)


def _slots(
    plan: CompositionPlan, phrase: Phrase, phrases: Sequence[Phrase], material: _Material, middle: float, span: float
) -> list[Slot]:
    """The strokes of one phrase, each with the height that the section's line wants there: `middle` and half a `span` round it."""
    meter = plan.parsed_meter
    first, total = phrases[0].first_bar, sum(other.bars for other in phrases)
    goal = "close" if phrase.closes else "open"
    slots: list[Slot] = []
    for number, kind in enumerate(bar_kinds(phrase.bars, is_second=phrase.index % 2 == 1, is_last=phrase.is_last)):
        bar = phrase.first_bar + number
        strokes = material.rhythms[kind]
        for index, (place, duration) in enumerate(strokes):
            through = float((bar - first + place / meter.bar_quarters) / total)
            slots.append(
                Slot(
                    onset=bar * meter.bar_quarters + place,
                    duration=duration,
                    weight=meter.weight(place),
                    target=middle + (material.height(through) - 0.5) * span,
                    motif_step=material.steps[index % len(material.steps)] if kind in {"motif", "again"} else None,
                    motif_start=index == 0,
                    goal=goal if kind in {"cadence", "final"} and index == len(strokes) - 1 else "",
                )
            )
    return slots


def _event(slot: Slot, pitch: int) -> Event:
    articulation = "tenuto" if slot.goal and slot.duration >= 1 else ""
    return Event(slot.onset, slot.duration, (pitch,), emphasis=2 * (slot.weight > 1), articulation=articulation)


def _return(
    plan: CompositionPlan, tune: _Tune, start: Fraction, length: Fraction, player: Instrument, section: int
) -> list[Event]:
    """The tune again, moved to `start` and ornamented; the more energy, the more freely, and perhaps an octave higher."""
    chance = generator(plan.seed_for("melody"), "melody", "return", str(section))
    energy = plan.sections[section].energy
    events: list[Event] = []
    for event in tune.events:
        if event.onset - tune.start >= length:
            break
        moved = replace(event, onset=event.onset - tune.start + start)
        events.append(moved)
    lift = (
        12
        if plan.sections[section].role == "return" and energy > 0.6 and _fits(events, 12, min(player.high, player.heart + 17))
        else 0
    )
    events = [replace(event, pitches=(event.pitches[0] + lift,)) for event in events]
    result: list[Event] = []
    for event, following in zip(events, [*events[1:], None], strict=True):
        result.extend(_ornament(plan, event, following, player, chance, 0.12 + 0.3 * energy))
    return result


def _pickup(
    plan: CompositionPlan, line: Sequence[Event], events: Sequence[Event], player: Instrument, section: int
) -> list[Event]:
    """One or two eighths that lead by step into a new section, where a breath stays free before them; more often with energy."""
    if not line or not events:
        return []
    chance = generator(plan.seed_for("melody"), "melody", "pickup", str(section))
    gap = events[0].onset - line[-1].end
    half = Fraction(1, 2)
    if gap <= half or float(chance.random()) > 0.25 + 0.6 * plan.sections[section].energy:
        return []
    goal = events[0].pitches[0]
    # From the side on which the tune was resting; from below where it rests on the goal itself.
    direction = 1 if goal >= line[-1].pitches[0] else -1
    scale = set(plan.parsed_key.pitch_classes)
    steps = [goal - direction * size for size in range(1, 5) if (goal - direction * size) % 12 in scale][
        : 1 if gap < 3 * half else 2
    ]
    if not all(player.low <= pitch <= player.high for pitch in steps):
        return []
    begin = events[0].onset - half * len(steps)
    return [Event(begin + half * place, half, (pitch,), emphasis=-4) for place, pitch in enumerate(reversed(steps))]


def _fits(events: Sequence[Event], lift: int, high: int) -> bool:
    return bool(events) and max(event.pitches[0] for event in events) + lift <= high


def _ornament(
    plan: CompositionPlan,
    event: Event,
    following: Event | None,
    player: Instrument,
    chance: np.random.Generator,
    likelihood: float,
) -> list[Event]:
    """A long note before another one gets a passing or neighbour note in its last half beat, now and then."""
    draw = float(chance.random())  # drawn for every note, so that one changed note leaves the others' luck alone
    half = Fraction(1, 2)
    if following is None or following.onset != event.end or event.duration < 1 or draw > likelihood:
        return [event]
    key = plan.parsed_key
    scale = set(key.pitch_classes)
    pitch, goal = event.pitches[0], following.pitches[0]
    between = [candidate for candidate in range(min(pitch, goal) + 1, max(pitch, goal)) if candidate % 12 in scale]
    if between:
        ornament = between[-1] if goal > pitch else between[0]
    else:
        ornament = next((pitch + step for step in (2, 1, -1, -2) if (pitch + step) % 12 in scale and pitch + step != goal), pitch)
    if ornament == pitch or abs(ornament - goal) > 4 or not player.low <= ornament <= player.high:
        return [event]
    return [
        replace(event, duration=event.duration - half, articulation=""),
        Event(event.end - half, half, (ornament,), emphasis=-4),
    ]


def _come_home(
    plan: CompositionPlan, events: list[Event], phrase: Phrase, spans: Sequence[Span], player: Instrument
) -> list[Event]:
    """The last bar of the piece becomes the tonic, reached by the nearest way."""
    begin = (phrase.first_bar + phrase.bars - 1) * plan.parsed_meter.bar_quarters
    kept = [event for event in events if event.onset < begin]
    kept = [replace(event, duration=min(event.duration, begin - event.onset)) for event in kept]
    tonic = spans[-1].chord.pitch_classes[0]
    home = nearest_pitch(tonic, kept[-1].pitches[0] if kept else player.heart, player.low, player.high)
    return [*kept, Event(begin, plan.parsed_meter.bar_quarters, (home,), articulation="tenuto")]
