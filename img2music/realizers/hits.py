"""Hits: moments that the music must mark, put into the finished lines.

    accent    whoever plays strikes at that place, louder; a drum kit adds a crash and its lowest drum
    entry     a part that comes in there, after resting up to two bars before it
    stop      from there to the next bar line nobody sounds

A hit never moves: what sounds across it is struck again, and where nobody would strike, those who hold the harmony do. Conventions: those of
`timeline`; lines by the id of their part; kept lines stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.chords.voice_leading import nearest_pitch
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.realizers.timeline import NoteEvent, chord_at, note_at
from img2music.score import index_at
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.timeline import ChordSpan
    from img2music.section import Hit

__all__ = ["mark_hits"]

_ORCHESTRAL = 48
_LOUDER, _LOUDEST = 12, 30
"""Added to the velocity of an accent of strength 0 and of strength 1 (our choice)."""
_STRONGER_BY = 0.5
"""Likewise for a drummer's stroke, as a share of its weight."""
_STRUCK_WEIGHT, _OVER_NEIGHBOURS = 1.1, 1.1
"""Weight of a stroke that is added, and how much stronger than those beside it an accent is at least (our choice)."""
_REST_BARS = 2
"""How long somebody rests before an entry."""
_LINES = {"melody", "counter"}
"""Roles that sing: a long note of theirs is not struck again."""


@dataclass(frozen=True, slots=True)
class _Band:
    """Who plays, and over what."""

    plan: CompositionPlan
    spans: Sequence[ChordSpan]
    lines: dict[str, list[NoteEvent]]
    kept: Collection[str]
    entered: dict[str, Fraction] = field(default_factory=dict)
    """Where parts came in last, by id."""

    def free(self) -> list[PartPlan]:
        """The parts whose lines may change."""
        return [part for part in self.plan.parts if part.id not in self.kept]


def mark_hits(
    plan: CompositionPlan, spans: Sequence[ChordSpan], lines: Mapping[str, Sequence[NoteEvent]], kept: Collection[str]
) -> dict[str, list[NoteEvent]]:
    """The lines with every hit of the plan; those of `kept` ids stay."""
    band = _Band(plan, spans, {part: list(events) for part, events in lines.items()}, kept)
    order = {"entry": 0, "stop": 1, "accent": 2}
    for hit in sorted(plan.hits, key=lambda hit: (order[hit.action], hit.bar, hit.place_quarters)):
        onset = plan.meter_map.onset(hit.bar - 1, hit.place_quarters)
        bounds = plan.meter_map.bar_onset(hit.bar - 1), plan.meter_map.bar_onset(hit.bar)
        if hit.action == "entry":
            _enter(band, hit, onset)
        elif hit.action == "stop":
            _stop(band, onset, bounds[1])
        else:
            _accent(band, hit, onset, bounds)
    return band.lines


def _accent(band: _Band, hit: Hit, onset: Fraction, bar: tuple[Fraction, Fraction]) -> None:
    struck = False
    sounding = [part for part in band.free() if _plays_in(band.lines[part.id], *bar)]
    for part in sounding:
        line = band.lines[part.id]
        if instrument(part.instrument).kit:
            band.lines[part.id] = _crashed(line, onset, bar[1], hit.strength, part)
            struck = True
        elif (event := note_at(line, onset)) is not None and (event.onset == onset or part.role not in _LINES):
            band.lines[part.id] = _struck_again(line, event, onset, hit.strength)
            struck = True
    if struck:
        return
    for part in [part for part in sounding if part.role not in _LINES] or sounding or band.free()[:1]:
        band.lines[part.id] = _with_stroke(band, part, onset, bar[1], hit.strength)


def _enter(band: _Band, hit: Hit, onset: Fraction) -> None:
    meters = band.plan.meter_map
    begin = meters.bar_onset(max(0, hit.bar - 1 - _REST_BARS))
    end = meters.bar_onset(hit.bar)
    lead = band.plan.lead
    section = band.plan.section_of(hit.bar - 1)
    carrier = section.tune_by or (lead.id if lead is not None else None)
    playing = [part for part in band.free() if part.id not in section.silent and _plays_in(band.lines[part.id], onset, end)]
    others = [part for part in playing if part.id != carrier] or playing
    # Who has just come in is not silenced for the next one's sake, where there is anybody else.
    others = [part for part in others if band.entered.get(part.id, Fraction(-1)) < begin] or others
    # The colour of the band waits: who needs the most energy to play, the last of equals.
    waiting = sorted(others, key=lambda part: (part.from_energy, band.plan.parts.index(part)), reverse=True)[
        : 1 if hit.strength < 2 / 3 else 2
    ]
    if len(waiting) == len(playing) > 1:
        waiting = waiting[:1]
    for part in waiting:
        line = band.lines[part.id]
        sounding = note_at(line, onset)
        if (last := band.entered.get(part.id, Fraction(-1))) >= begin:
            begin = last + (onset - last) / 2
        band.entered[part.id] = onset
        before = [replace(event, duration=min(event.duration, begin - event.onset)) for event in line if event.onset < begin]
        after = [event for event in line if event.onset >= onset]
        if sounding is not None and sounding.onset < onset:
            after = [replace(sounding, onset=onset, duration=sounding.end - onset), *after]
        band.lines[part.id] = [*before, *after]
        if not after or after[0].onset > onset:
            band.lines[part.id] = _with_stroke(band, part, onset, end, hit.strength)
        else:
            band.lines[part.id] = _struck_again(band.lines[part.id], after[0], onset, hit.strength)


def _stop(band: _Band, onset: Fraction, bar_end: Fraction) -> None:
    for part in band.free():
        band.lines[part.id] = [
            replace(event, duration=min(event.duration, onset - event.onset)) if event.onset < onset else event
            for event in band.lines[part.id]
            if not onset <= event.onset < bar_end
        ]


def _plays_in(line: Sequence[NoteEvent], begin: Fraction, end: Fraction) -> bool:
    """Whether anything of a line sounds between two places."""
    return any(event.onset < end and event.end > begin for event in line)


def _louder(event: NoteEvent, strength: float) -> NoteEvent:
    """The event as an accent of that strength."""
    if event.weights:
        return replace(event, weights=tuple(weight * (1 + _STRONGER_BY * (0.5 + strength / 2)) for weight in event.weights))
    more = round(_LOUDER + (_LOUDEST - _LOUDER) * strength)
    return replace(event, emphasis=max(event.emphasis, 0) + more, articulation="accent")


def _struck_again(line: Sequence[NoteEvent], event: NoteEvent, onset: Fraction, strength: float) -> list[NoteEvent]:
    """The line with `event`, which sounds at `onset`, struck there as an accent."""
    index = index_at(line, onset)
    if event.onset == onset:
        return [*line[:index], _louder(event, strength), *line[index + 1 :]]
    first = replace(event, duration=onset - event.onset)
    second = _louder(replace(event, onset=onset, duration=event.end - onset, emphasis=0), strength)
    return [*line[:index], first, second, *line[index + 1 :]]


def _inserted(line: Sequence[NoteEvent], onset: Fraction, longest: Fraction) -> tuple[list[NoteEvent], list[NoteEvent], Fraction]:
    """What comes before `onset`, cut there, what comes after it, and where a note between the two has to end."""
    before = [replace(one, duration=min(one.duration, onset - one.onset)) for one in line if one.onset < onset]
    after = [one for one in line if one.onset > onset]
    return before, after, min(longest, after[0].onset) if after else longest


def _with_stroke(band: _Band, part: PartPlan, onset: Fraction, bar_end: Fraction, strength: float) -> list[NoteEvent]:
    """The line with the chord struck at a place where it rests."""
    line = band.lines[part.id]
    player = instrument(part.instrument)
    if player.kit:
        return _crashed(line, onset, bar_end, strength, part)
    chord = chord_at(band.spans, onset).chord
    before, after, end = _inserted(line, onset, min(bar_end, onset + 1))
    near = (before or after)[-1 if before else 0].pitches[0] if before or after else player.tessitura_centre
    if part.role == "bass":
        pitches = {nearest_pitch(chord.bass * 7 % 12, near, player.low, player.high)}
    elif part.role in _LINES or player.voices == 1:
        classes = chord.pitch_classes
        pitches = {
            min((nearest_pitch(one, near, player.low, player.high) for one in classes), key=lambda pitch: abs(pitch - near))
        }
    else:
        pitches = {nearest_pitch(one, near + 4, player.low, player.high) for one in chord.pitch_classes[: min(3, player.voices)]}
    stroke = _louder(NoteEvent(onset, end - onset, tuple(sorted(pitches))), strength)
    return [*before, stroke, *after]


def _crashed(line: Sequence[NoteEvent], onset: Fraction, bar_end: Fraction, strength: float, part: PartPlan) -> list[NoteEvent]:
    """The drum line with cymbal and lowest drum at a place."""
    orchestral = instrument(part.instrument).program == _ORCHESTRAL
    added = [DRUMS["concert cymbal" if orchestral else "crash"][0], DRUMS["bass drum" if orchestral else "kick"][0]]
    before, after, end = _inserted(line, onset, min(bar_end, onset + 1))
    here = next((event for event in line if event.onset == onset), NoteEvent(onset, end - onset, ()))
    pitches = tuple(sorted({*here.pitches, *added}))
    beside = [weight for event in (*before[-2:], *after[:2]) for weight in event.weights]
    if here.weights or (beside and not here.pitches):
        played = dict(zip(here.pitches, zip(here.weights, here.lags, strict=True), strict=True))
        lag = min(here.lags, default=0.0)
        strokes = [played.get(pitch, (_STRUCK_WEIGHT, lag)) for pitch in pitches]
        here = replace(here, weights=tuple(weight for weight, _ in strokes), lags=tuple(lag for _, lag in strokes))
    here = _louder(replace(here, pitches=pitches), strength)
    if here.weights and beside:  # a ghost note that grows may still be one
        least = _OVER_NEIGHBOURS * max(beside)
        here = replace(here, weights=tuple(max(weight, least) for weight in here.weights))
    return [*before, replace(here, articulation=""), *after]
