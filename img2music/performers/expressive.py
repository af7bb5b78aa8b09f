"""The expressive performer: dynamics that breathe, articulation, swing and rubato, pedal, swells, human timing.

The page stays clean; everything here is in the playing. Rules after A. Friberg, R. Bresin & J. Sundberg, *Overview of the KTH rule
system for musical performance* (Advances in Cognitive Psychology 2, 2006): phrase arch, metrical accent, high loud,
duration contrast, final ritard; amounts are our choice. Chance is seeded by part, so that one part can be played anew
while the others stay. Conventions as in `performance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import pi, sin
from statistics import median
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.io.style_files import playing_style
from img2music.performance import Control, PlayedNote, PlayedPart
from img2music.performers.balance import balance_volumes
from img2music.performers.performance_builder import (
    EXPRESSION,
    PEDAL,
    assign_channels,
    build_performance,
    mix_controls,
    quarters_to_ticks,
    trim_notes,
)
from img2music.performers.timing import PerformanceClock
from img2music.rng import generator
from img2music.theory.meter_map import steps_in_bar
from img2music.theory.tempo_map import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.playing_style import Playing
    from img2music.score import Note, Part, Score

__all__ = ["ExpressivePerformer"]

_ACCENT = {3: 5.0, 2: 2.0, 1: 0.0, 0: -4.0}
_MOST_BOUND = 1.0
"""However bound the touch, a note that the style lets ring no longer ends with its written length (our choice: overlaps blur)."""
_DRY = 0.82
"""From this sounding length down no pedal is taken (our choice)."""
_SINGING = 0.08
"""A tune is this much more bound than the others, so that a moderately detached piece still sings (our choice)."""
_ARTICULATION = {"staccato": 0.5, "tenuto": 1.0, "accent": 0.9}
_PEDALLED = ("piano", "electric piano", "vibraphone", "celesta", "harp")
_STRUMMED = {"plucked": 0.014, "keys": 0.003, "mallets": 0.002}
"""Seconds between the notes of a chord, low to high."""
_MOST_LEANING = 12.0
"""Velocity by which a bar's end may differ from its beginning where the energy is a curve: about one dynamic mark."""
_RELEASE_SECONDS = 0.7
"""The last chord is let go this long before the end, so that its release and the room are heard."""


@dataclass(frozen=True)
class _PlayerContext:
    """What every player knows of the piece."""

    score: Score
    plan: CompositionPlan
    style: Playing
    clock: PerformanceClock
    end_ticks: int
    stops: tuple[tuple[Fraction, Fraction], ...]
    """Where everybody stops, and until where: the bar line."""
    curved: frozenset[int]
    """Bars of sections whose energy is a curve."""

    @classmethod
    def of(cls, score: Score, plan: CompositionPlan) -> _PlayerContext:
        style = playing_style(plan)
        clock, bars = PerformanceClock.of(score, plan, style), score.meter_map
        stops = [(hit.bar, bars.onset(hit.bar - 1, hit.place_quarters)) for hit in plan.hits if hit.action == "stop"]
        silences = tuple(sorted((place, bars.bar_onset(bar)) for bar, place in stops))
        curved = frozenset(
            first + bar
            for first, section in zip(plan.first_bars, plan.sections, strict=True)
            if section.energy_curve
            for bar in range(section.bars)
        )
        return cls(score, plan, style, clock, clock.ticks(plan.seconds), silences, curved)

    def weight(self, place: Fraction) -> int:
        """How strong a place in its bar is, 0..3; a hit is as strong as a downbeat."""
        if place in self.clock.hits:
            return 3
        bar, inside = self.score.meter_map.place_in_bar(place)
        return self.score.meter_map.meter_at(bar).weight(inside)

    def is_silent(self, place: Fraction) -> bool:
        """Whether a stop has silenced everybody there."""
        return any(begin <= place < end for begin, end in self.stops)

    def last_tick(self, place: Fraction) -> int:
        """When what is struck at a place is silenced at the latest: by the next stop, or at the end."""
        return next((self.clock.ticks(self.clock.seconds(begin)) for begin, _ in self.stops if begin > place), self.end_ticks)


class ExpressivePerformer:
    """Plays like a careful musician; see the module's docstring."""

    def __call__(self, score: Score, plan: CompositionPlan, /) -> Performance:
        """The performance of `score`, as long as the plan says; the same score always sounds the same."""
        context = _PlayerContext.of(score, plan)
        parts: list[PlayedPart] = []
        for part, channel, volume in zip(
            score.parts, assign_channels(score.parts), balance_volumes(score.parts, score.tempo_map), strict=True
        ):
            checkpoint(len(parts), len(score.parts))
            notes = _play(context, part)
            controls = (*mix_controls(part, volume, context.style.reverb), *_pedal(context, part), *_swells(context, part))
            parts.append(
                PlayedPart(
                    part.name,
                    part.instrument.program,
                    channel,
                    trim_notes(notes, context.end_ticks),
                    tuple(sorted(controls)),
                    id=part.id,
                )
            )
        return build_performance(score, plan, parts)


def _play(context: _PlayerContext, part: Part) -> list[PlayedNote]:
    """All notes of one part."""
    chance = generator(context.plan.seed_for("performance"), "performance", part.id)
    mean = sum(note.pitch for note in part.notes) / max(1, len(part.notes))
    last_bar = context.score.meter_map.bar_onset(context.score.bars - 1)
    levels = _curved_levels(context, part)
    spread = (
        _STRUMMED.get(part.instrument.family, 0.0) if part.role in {"chords", "pad"} or part.instrument.name == "harp" else 0.0
    )
    played: list[PlayedNote] = []
    index = 0
    while index < len(part.notes):
        checkpoint()
        stop = index
        while stop < len(part.notes) and part.notes[stop].onset_quarters == part.notes[index].onset_quarters:
            stop += 1
        chord = part.notes[index:stop]
        if chord[0].microtiming_quarters is not None:
            played += [_replayed(context, note, lag) for note in chord if (lag := note.microtiming_quarters) is not None]
            index = stop
            continue
        following = part.notes[stop] if stop < len(part.notes) else None
        onset = context.clock.seconds(chord[0].onset_quarters)
        # Players anticipate and lag by a few milliseconds, never far; the first note is together.
        human = 0.0 if not index else float(chance.normal(0, context.style.humanize_ms / 1000))
        together = chord[0].onset_quarters in context.clock.hits
        onset = max(0.0, onset + (0.0 if together else max(-0.03, min(0.03, human))))
        downstroke = context.weight(chord[0].onset_quarters) > 0
        for number, note in enumerate(chord):
            rank = number if downstroke else len(chord) - 1 - number
            begin = onset + (0.0 if together else rank * spread)
            end = _end(context, part, note, following, is_last=not context.plan.loop and note.onset_quarters >= last_bar)
            velocity = (
                _velocity(context, part, note, mean) + _towards_next_bar(context, levels, note) + float(chance.normal(0, 2.0))
            )
            start = context.clock.ticks(begin)
            length = max(1, min(context.clock.ticks(end), context.last_tick(note.onset_quarters)) - start)
            played.append(PlayedNote(start, length, note.pitch, min(127, max(8, round(velocity)))))
        index = stop
    return played


def _replayed(context: _PlayerContext, note: Note, lag_quarters: float) -> PlayedNote:
    """A stroke as it was recorded: its own timing and loudness instead of the performer's, within the ensemble's time and dynamics."""
    clock = context.clock
    lag = 0.0 if note.onset_quarters in clock.hits else seconds_of(lag_quarters, clock.tempo_map.bpm_at(note.onset_quarters))
    begin = clock.ticks(clock.seconds(note.onset_quarters) + lag)
    end = begin + quarters_to_ticks(float(note.duration_quarters) * context.style.articulation)
    length = max(1, min(end, context.last_tick(note.onset_quarters)) - begin)
    velocity = note.velocity + 4 * sin(pi * clock.through_phrase(note.onset_quarters)) - 2 + _lead_in(context, note)
    return PlayedNote(begin, length, note.pitch, min(127, max(4, round(velocity))))


def _end(context: _PlayerContext, part: Part, note: Note, following: Note | None, *, is_last: bool) -> float:
    """When a note is let go."""
    clock = context.clock
    begin, written = clock.seconds(note.onset_quarters), clock.seconds(note.end_quarters)
    if is_last and not part.instrument.kit:
        return max(begin + 0.1, context.plan.seconds - _RELEASE_SECONDS)
    touch = context.plan.articulation
    share = _ARTICULATION.get(note.articulation, min(_MOST_BOUND, context.style.articulation * touch))
    connected = following is not None and following.onset_quarters == note.end_quarters
    if part.role == "pad":
        share = 1.0
    elif part.role == "arpeggio" and not part.instrument.sustains:
        share = min(1.0, touch)
    elif part.role in {"melody", "counter"} and connected and note.articulation != "staccato":
        # A singing line: steps are bound, leaps lifted a little; a detached touch lifts both.
        bound = min(1.0, touch + _SINGING)
        share = bound if following is not None and abs(following.pitch - note.pitch) <= 4 else max(share, 0.9 * bound)
    return begin + (written - begin) * share


def _velocity(context: _PlayerContext, part: Part, note: Note, mean: float) -> float:
    """How hard a note is struck."""
    loud = float(note.velocity)
    loud += _ACCENT[context.weight(note.onset_quarters)] * (0.5 if part.role in {"melody", "pad"} else 1.0)
    loud += 7 * sin(pi * context.clock.through_phrase(note.onset_quarters)) - 3
    loud += 8 if note.articulation == "accent" else 0
    if part.role in {"melody", "counter"}:
        loud += max(-6.0, min(6.0, 0.5 * (note.pitch - mean)))
        loud += 3 * min(1.0, float(note.duration_quarters) / 2)
    return loud + _lead_in(context, note)


def _lead_in(context: _PlayerContext, note: Note) -> float:
    """The last bar before a louder or softer section already leans towards it."""
    through = context.score.meter_map.bars_through(note.onset_quarters)
    bar = int(through)
    for section, following in pairwise(context.score.sections):
        if bar == following.first_bar - 1 and bar not in context.curved:
            return max(-10.0, min(12.0, 40 * (following.energy - section.energy))) * (float(through) - bar)
    return 0.0


def _curved_levels(context: _PlayerContext, part: Part) -> dict[int, float]:
    """The written dynamic of each bar in which the part plays; nothing where no section has an energy curve."""
    if not context.curved:
        return {}
    written: dict[int, list[int]] = {}
    for note in part.notes:
        written.setdefault(context.score.meter_map.bar_at(note.onset_quarters), []).append(note.velocity)
    return {bar: median(velocities) for bar, velocities in written.items()}


def _towards_next_bar(context: _PlayerContext, levels: Mapping[int, float], note: Note) -> float:
    """How much louder or softer a note is on the way to the next bar's dynamic: a written crescendo has steps, a played one none."""
    through = context.score.meter_map.bars_through(note.onset_quarters)
    bar = int(through)
    if bar not in context.curved or bar + 1 not in levels:
        return 0.0
    return max(-_MOST_LEANING, min(_MOST_LEANING, levels[bar + 1] - levels[bar])) * (float(through) - bar)


def _pedal(context: _PlayerContext, part: Part) -> list[Control]:
    """The sustaining pedal, changed just after each new chord, where a player of the instrument would use it."""
    if part.instrument.name not in _PEDALLED or not part.notes or context.style.articulation < 0.9 or part.role == "counter":
        return []
    if context.style.articulation * context.plan.articulation < _DRY:  # a crisp touch under the pedal would be heard as none
        return []
    if part.role == "chords" and context.style.density[1] > 0.74:
        return []
    controls: list[Control] = []
    sounding = {note.onset_quarters for note in part.notes}
    places = [chord.onset_quarters for chord in context.score.chords if any(_within(context, chord.onset_quarters, sounding))]
    for place in (place for place in places if not context.is_silent(place)):
        checkpoint()
        change = context.clock.seconds(place)
        if change > 0:
            controls.append(Control(context.clock.ticks(change + 0.01), PEDAL, 0))
        controls.append(Control(context.clock.ticks(change + 0.09), PEDAL, 127))
    controls += [Control(context.clock.ticks(context.clock.seconds(stop)), PEDAL, 0) for stop, _ in context.stops]
    if context.plan.loop:  # changed with the first chord of the next pass, like any other
        return [*(one for one in controls if one.ticks < context.end_ticks), Control(context.end_ticks, PEDAL, 0)]
    controls.append(Control(max(0, context.clock.ticks(context.plan.seconds - 0.35)), PEDAL, 0))
    return [control for control in controls if control.ticks < context.end_ticks]


def _within(context: _PlayerContext, place: Fraction, sounding: set[Fraction]) -> Sequence[bool]:
    """Whether the part plays in the bar that begins the chord at `place`."""
    bars = context.score.meter_map
    steps = steps_in_bar(bars.meter_at(bars.bar_at(place)), 4)
    return [place + Fraction(step, 4) in sounding for step in range(steps)]


def _swells(context: _PlayerContext, part: Part) -> list[Control]:
    """Expression, a value a beat: sustaining instruments swell with the phrase; a fading style fades everybody out."""
    fades = context.style.ending == "fade" and not context.plan.loop
    if not (part.instrument.sustains or fades) or not part.notes:
        return []
    score, bars = context.score, context.score.meter_map
    fade_from, silence = bars.bar_onset(score.bars - 2), bars.bar_onset(score.bars + 1)
    controls: list[Control] = []
    value = -1
    for place in (bars.onset(bar, onset) for bar in range(score.bars + 1) for onset in bars.meter_at(bar).onsets):
        checkpoint()
        through = context.clock.through_phrase(place)
        level = 104 + 23 * sin(pi * through) if part.instrument.sustains and not part.instrument.kit else 127.0
        if fades and place > fade_from:
            level *= max(0.25, 1 - float((place - fade_from) / (silence - fade_from)))
        tick = context.clock.ticks(context.clock.seconds(place))
        if round(level) != value and tick < context.end_ticks:
            value = round(level)
            controls.append(Control(tick, EXPRESSION, value))
    return controls
