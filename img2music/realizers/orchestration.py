"""Who plays what in a section that says so: the tune in other hands, silence, solo, unison, stop-time.

The composer writes every part as if no section said anything; then the tune goes to whoever has it there, and the others give way. Conventions: those
of `timeline`; lines are lists of events by the id of their part. A kept line stays as it is.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan, PartPlan, Section
    from img2music.realizers.timeline import NoteEvent
    from img2music.theory import Instrument

__all__ = ["has_tune", "octave_shifts", "orchestrate", "phrase_onset", "playing_energies", "tune_for_others"]

_MOST_OCTAVES = 5
_BELOW_CHORDS = 55
"""G3: a tune that lies lower on average has the accompaniment above it, so that nobody keeps under it."""


def has_tune(plan: CompositionPlan, section: Section) -> bool:
    """Whether there is a tune in a section; in an introduction only where it says who plays it, or leaves nobody but the lead."""
    if section.role != "intro" or section.tune_by or section.texture in {"solo", "unison"}:
        return True
    lead = plan.lead
    return lead is not None and {part.id for part in plan.parts} - {lead.id} <= set(section.silent)


def playing_energies(plan: CompositionPlan, part: PartPlan, energies: Sequence[float]) -> list[float]:
    """The part's energies, -1 also in sections where it is silent, leaves the tune a solo, or has the tune instead of its own line.

    Where the section silences whoever would carry it, the calmest of the others does.
    """
    playing = list(energies)
    lead = plan.lead
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        if section.silent and _is_calmest(plan, part, section):
            playing[first : first + section.bars] = section.bar_energies
        carries = _carrier(section, lead)
        solo = section.texture == "solo" and carries is not None and part.id != carries
        elsewhere = section.tune_by == part.id and part is not lead and lead is not None
        if part.id in section.silent or solo or elsewhere:
            playing[first : first + section.bars] = [-1.0] * section.bars
    return playing


def tune_for_others(plan: CompositionPlan, tune: Sequence[NoteEvent]) -> list[NoteEvent]:
    """The tune where it sounds, for those who play round it: nothing where nobody has it or where it lies under the chords."""
    heard: list[NoteEvent] = []
    lead = plan.lead
    for section, begin, end in _stretches(plan):
        here = _inside(tune, begin, end)
        carrier = _carrier(section, lead)
        if carrier is None or carrier in section.silent:
            continue
        if lead is not None and carrier != lead.id:
            here = _for_player(here, next(part for part in plan.parts if part.id == carrier))
            if here and fmean(event.pitches[-1] for event in here) < _BELOW_CHORDS:
                continue
        heard += here
    return heard


def orchestrate(
    plan: CompositionPlan, lines: Mapping[str, Sequence[NoteEvent]], kept: Collection[str]
) -> dict[str, list[NoteEvent]]:
    """The lines as the sections ask for them; those of `kept` ids stay."""
    changed = {part: list(events) for part, events in lines.items()}
    lead = plan.lead
    tune = changed[lead.id] if lead is not None else []
    for section, begin, end in _stretches(plan):
        carrier = _carrier(section, lead)
        here = _inside(tune, begin, end)
        for part in plan.parts:
            if part.id in kept:
                continue
            now: list[NoteEvent] | None = None
            if part.id in section.silent:
                now = []
            elif lead is not None and (part.id == carrier or section.texture == "unison") and not _is_kit(part):
                now = here if part is lead else _for_player(here, part)
            elif part is lead and carrier != part.id:
                now = []
            elif section.texture == "stop_time" and part.id != carrier:
                now = _only_downbeats(plan, _inside(changed[part.id], begin, end))
            if now is not None:
                changed[part.id] = _with_stretch(changed[part.id], begin, end, now)
    return changed


def _carrier(section: Section, lead: PartPlan | None) -> str | None:
    return section.tune_by or (lead.id if lead is not None else None)


def _is_calmest(plan: CompositionPlan, part: PartPlan, section: Section) -> bool:
    """Whether nobody under the tune who may play in a section needs less energy than the part."""
    under = [other for other in plan.parts if other.role != "melody" and other.id not in section.silent]
    return part in under and all(part.from_energy <= other.from_energy for other in under)


def _is_kit(part: PartPlan) -> bool:
    return bool(instrument(part.instrument).kit)


def _stretches(plan: CompositionPlan) -> list[tuple[Section, Fraction, Fraction]]:
    """Every section with where it begins and ends."""
    bars = plan.meter_map.bar_onset
    return [
        (section, bars(first), bars(first + section.bars)) for first, section in zip(plan.first_bars, plan.sections, strict=True)
    ]


def _inside(events: Sequence[NoteEvent], begin: Fraction, end: Fraction) -> list[NoteEvent]:
    return [event for event in events if begin <= event.onset < end]


def _with_stretch(events: Sequence[NoteEvent], begin: Fraction, end: Fraction, now: Sequence[NoteEvent]) -> list[NoteEvent]:
    """The line with other events from `begin` to `end`; what rings into them ends there, and they end before what follows."""
    before = [replace(event, duration=min(event.duration, begin - event.onset)) for event in events if event.onset < begin]
    after = [event for event in events if event.onset >= end]
    limit = after[0].onset if after else end
    return [*before, *(replace(event, duration=min(event.duration, limit - event.onset)) for event in now), *after]


def _for_player(tune: Sequence[NoteEvent], part: PartPlan) -> list[NoteEvent]:
    """The tune by octaves into a player's range; a note that no octave brings there is left out."""
    player = instrument(part.instrument)
    line = [replace(event, pitches=event.pitches[-1:]) for event in tune]
    shifts = octave_shifts(line, player, (line[0].onset,)) if line else None
    if shifts is not None:
        return [replace(event, pitches=(event.pitches[0] + 12 * shifts[0],)) for event in line]
    found = []
    for event in line:
        octaves = [
            event.pitches[0] + shift for shift in range(-60, 61, 12) if player.low <= event.pitches[0] + shift <= player.high
        ]
        if octaves:
            found.append(replace(event, pitches=(min(octaves, key=lambda pitch: abs(pitch - player.tessitura_centre)),)))
    return found


def _only_downbeats(plan: CompositionPlan, events: Sequence[NoteEvent]) -> list[NoteEvent]:
    """What is struck where a bar begins, a beat long."""
    meters = plan.meter_map
    return [
        replace(
            event, duration=min(event.duration, meters.meter_at(meters.bar_at(event.onset)).beats[0]), articulation="staccato"
        )
        for event in events
        if event.onset == meters.bar_onset(meters.bar_at(event.onset))
    ]


def octave_shifts(events: Sequence[NoteEvent], player: Instrument, borders: Sequence[Fraction]) -> list[int] | None:
    """By how many octaves each phrase has to move for `player`: all by the same where that can be, as few as can be; None for no way.

    `borders` are the onsets at which phrases begin, the first being 0.
    """
    if any(len(set(event.pitches)) > player.voices for event in events):
        return None
    pitches = [pitch for event in events for pitch in event.pitches]
    whole = _octave(pitches, player)
    if whole is not None:
        return [whole] * len(borders)
    found = []
    for border in borders:
        own = [pitch for event in events if phrase_onset(event.onset, borders) == border for pitch in event.pitches]
        octave = _octave(own, player)
        if octave is None:
            return None
        found.append(octave)
    return found


def phrase_onset(onset: Fraction, borders: Sequence[Fraction]) -> Fraction:
    """Where the phrase that holds a place begins; `borders` are the onsets of all phrases, the first being 0."""
    return borders[bisect_right(borders, onset) - 1]


def _octave(pitches: Sequence[int], player: Instrument) -> int | None:
    """The fewest octaves that bring all pitches into the range, up rather than down where both do; None where none does."""
    if not pitches:
        return 0
    low, high = min(pitches), max(pitches)
    fits = [
        octave
        for octave in range(-_MOST_OCTAVES, _MOST_OCTAVES + 1)
        if player.low <= low + 12 * octave and high + 12 * octave <= player.high
    ]
    return min(fits, key=lambda octave: (abs(octave), -octave), default=None)
