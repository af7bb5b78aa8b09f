"""The expressive performer: dynamics that breathe, articulation, swing and rubato, pedal, swells, human timing.

The page stays clean; everything here is in the playing. Rules after A. Friberg, R. Bresin & J. Sundberg, *Overview of the KTH rule
system for musical performance* (Advances in Cognitive Psychology 2, 2006): phrase arch, metrical accent, high loud,
duration contrast, final ritard; amounts are our choice. Chance is seeded by part, so that one part can be played anew
while the others stay. Conventions as in `performance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import pi, sin
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.io.style_files import load_style
from img2music.performance import TICKS_PER_QUARTER, Control, PlayedNote, PlayedPart
from img2music.performers.balance import balance_volumes
from img2music.performers.performance_builder import (
    EXPRESSION,
    PEDAL,
    assign_channels,
    build_performance,
    mix_controls,
    trim_notes,
)
from img2music.performers.timing import PerformanceClock
from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.score import Note, Part, Score
    from img2music.style import Style

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
_RELEASE_SECONDS = 0.7
"""The last chord is let go this long before the end, so that its release and the room are heard."""


@dataclass(frozen=True)
class _PlayerContext:
    """What every player knows of the piece."""

    score: Score
    plan: CompositionPlan
    style: Style
    clock: PerformanceClock

    def tick(self, seconds: float) -> int:
        return max(0, round(seconds / self.clock.quarter_seconds * TICKS_PER_QUARTER))

    @property
    def end_ticks(self) -> int:
        return self.tick(self.plan.seconds)


class ExpressivePerformer:
    """Plays like a careful musician; see the module's docstring."""

    def __call__(self, score: Score, plan: CompositionPlan, /) -> Performance:
        """The performance of `score` at the plan's tempo and length; the same score always sounds the same."""
        style = load_style(plan.style)
        context = _PlayerContext(score, plan, style, PerformanceClock.of(plan, style))
        parts: list[PlayedPart] = []
        for part, channel, volume in zip(
            score.parts, assign_channels(score.parts), balance_volumes(score.parts, 60 / plan.tempo_bpm), strict=True
        ):
            checkpoint(len(parts), len(score.parts))
            notes = _play(context, part)
            controls = (*mix_controls(part, volume, style.reverb), *_pedal(context, part), *_swells(context, part))
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
    last_bar = context.score.duration_quarters - context.score.meter.bar_quarters
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
        onset = max(0.0, onset + max(-0.03, min(0.03, human)))
        downstroke = context.score.meter.weight(chord[0].onset_quarters) > 0
        for number, note in enumerate(chord):
            rank = number if downstroke else len(chord) - 1 - number
            begin = onset + rank * spread
            end = _end(context, part, note, following, is_last=not context.plan.loop and note.onset_quarters >= last_bar)
            velocity = _velocity(context, part, note, mean) + float(chance.normal(0, 2.0))
            start = context.tick(begin)
            played.append(PlayedNote(start, max(1, context.tick(end) - start), note.pitch, min(127, max(8, round(velocity)))))
        index = stop
    return played


def _replayed(context: _PlayerContext, note: Note, lag_quarters: float) -> PlayedNote:
    """A stroke as it was recorded: its own timing and loudness instead of the performer's, within the ensemble's time and dynamics."""
    clock = context.clock
    begin = context.tick(clock.seconds(note.onset_quarters) + lag_quarters * clock.quarter_seconds)
    length = context.tick(float(note.duration_quarters) * clock.quarter_seconds * context.style.articulation)
    through, _ = clock.phrase(note.onset_quarters)
    velocity = note.velocity + 4 * sin(pi * through) - 2 + _lead_in(context, note)
    return PlayedNote(begin, max(1, length), note.pitch, min(127, max(4, round(velocity))))


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
    through, _ = context.clock.phrase(note.onset_quarters)
    weight = context.score.meter.weight(note.onset_quarters)
    loud = float(note.velocity)
    loud += _ACCENT[weight] * (0.5 if part.role in {"melody", "pad"} else 1.0)
    loud += 7 * sin(pi * through) - 3
    loud += 8 if note.articulation == "accent" else 0
    if part.role in {"melody", "counter"}:
        loud += max(-6.0, min(6.0, 0.5 * (note.pitch - mean)))
        loud += 3 * min(1.0, float(note.duration_quarters) / 2)
    return loud + _lead_in(context, note)


def _lead_in(context: _PlayerContext, note: Note) -> float:
    """The last bar before a louder or softer section already leans towards it."""
    bar = int(note.onset_quarters / context.score.meter.bar_quarters)
    for section, following in zip(context.score.sections, context.score.sections[1:], strict=False):
        if bar == following.first_bar - 1:
            through = float(note.onset_quarters / context.score.meter.bar_quarters) - bar
            return max(-10.0, min(12.0, 40 * (following.energy - section.energy))) * through
    return 0.0


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
    for place in places:
        checkpoint()
        change = context.clock.seconds(place)
        if change > 0:
            controls.append(Control(context.tick(change + 0.01), PEDAL, 0))
        controls.append(Control(context.tick(change + 0.09), PEDAL, 127))
    if context.plan.loop:  # changed with the first chord of the next pass, like any other
        return [*(one for one in controls if one.ticks < context.end_ticks), Control(context.end_ticks, PEDAL, 0)]
    controls.append(Control(max(0, context.tick(context.plan.seconds - 0.35)), PEDAL, 0))
    return [control for control in controls if control.ticks < context.end_ticks]


def _within(context: _PlayerContext, place: Fraction, sounding: set[Fraction]) -> Sequence[bool]:
    """Whether the part plays in the bar that begins the chord at `place`."""
    bar = context.score.meter.bar_quarters
    steps = int(bar * 4)
    return [place + Fraction(step, 4) in sounding for step in range(steps)]


def _swells(context: _PlayerContext, part: Part) -> list[Control]:
    """Expression, a value a beat: sustaining instruments swell with the phrase; a fading style fades everybody out."""
    fades = context.style.ending == "fade" and not context.plan.loop
    if not (part.instrument.sustains or fades) or not part.notes:
        return []
    meter = context.score.meter
    fade_from = context.score.duration_quarters - 2 * meter.bar_quarters
    controls: list[Control] = []
    value = -1
    for bar in range(context.score.bars + 1):
        checkpoint()
        for onset in meter.onsets:
            place = bar * meter.bar_quarters + onset
            through, _ = context.clock.phrase(place)
            level = 104 + 23 * sin(pi * through) if part.instrument.sustains and not part.instrument.kit else 127.0
            if fades and place > fade_from:
                level *= max(0.25, 1 - float((place - fade_from) / (3 * meter.bar_quarters)))
            tick = context.tick(context.clock.seconds(place))
            if round(level) != value and tick < context.end_ticks:
                value = round(level)
                controls.append(Control(tick, EXPRESSION, value))
    return controls
