"""Hits: are the moments that the music must mark in the MIDI file, as their action says?

    accent   somebody strikes there, and who does is louder, taken together, than at the strokes beside it
    entry    somebody strikes there who was silent for at least half a bar
    stop     nothing begins, sounds or is held by a pedal from there to the bar line

Conventions: a place is found where a note begins within a twentieth of a second of it, by the file's own tempi; loudness is MIDI velocity.
Knows nothing of the page: it has no loudness of single notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.measurement import ComplianceRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.metrics.compliance.file_notes import FilePart, SoundingNote
    from img2music.metrics.compliance.midi_contents import MidiContents
    from img2music.plan import CompositionPlan
    from img2music.section import Hit

__all__ = ["hits_row"]

NEAR_SECONDS = 0.05
"""What is so near is heard at once with a cut of the picture (a frame of film lasts 0.042 s)."""
_LOUDER = 4.0
"""Velocity that an accent has above its neighbours, the mean of who strikes: about a decibel, which is just heard."""
_LOUDEST = 124
"""Who strikes so hard can't strike harder, whatever the neighbours do."""
_LATE_QUARTERS = 0.1
"""A player lets go so much late, and is silent none the less."""
_UPBEAT_SECONDS = 0.08
"""So much before the bar line a player may come in for the next bar: drummers do so by a fiftieth of a slow bar."""
_MOST_TOLD = 6


def hits_row(plan: CompositionPlan, played: MidiContents) -> ComplianceRow:
    """The row of the hits: how many of them are found, and which are not."""
    if not played.tempi or played.tempi[0].onset_quarters != 0:
        return ComplianceRow("hits", "plan", _asked(plan), "no tempo, so no place is known", ("MIDI",), False)
    missing = [hit for hit in plan.hits if not _is_found(hit, plan, played)]
    found = f"{len(plan.hits) - len(missing)} of {len(plan.hits)}"
    if missing:
        told = [
            f"the {hit.action} in bar {hit.bar}" + (f" at {hit.place:g}" if hit.place else "") for hit in missing[:_MOST_TOLD]
        ]
        more = f" and {len(missing) - _MOST_TOLD} more" if len(missing) > _MOST_TOLD else ""
        found += f"; not {', '.join(told)}{more}"
    return ComplianceRow("hits", "plan", _asked(plan), found, ("MIDI",), not missing)


def _asked(plan: CompositionPlan) -> str:
    """How many of each action."""
    counts = {action: sum(hit.action == action for hit in plan.hits) for action in ("accent", "entry", "stop")}
    plural = {"accent": "accents", "entry": "entries", "stop": "stops"}
    return ", ".join(f"{count} {action if count == 1 else plural[action]}" for action, count in counts.items() if count)


def _is_found(hit: Hit, plan: CompositionPlan, played: MidiContents) -> bool:
    bars = plan.meter_map
    place = float(bars.onset(hit.bar - 1, hit.place_quarters))
    moment = played.seconds_at(place)
    if hit.action == "stop":
        return _is_silent(played, moment, played.seconds_at(float(bars.bar_onset(hit.bar))))
    bar = float(bars.bar_quarters(hit.bar - 1))
    strikes = [(line, there) for line in played.lines if (there := _struck(line.notes, moment, played))]
    if hit.action == "entry":
        return any(_rested(line, there, bar / 2) for line, there in strikes)
    louder = [_gain(line, there, place, bar) for line, there in strikes]
    return bool(louder) and sum(louder) / len(louder) >= _LOUDER


def _struck(notes: Sequence[SoundingNote], moment: float, played: MidiContents) -> list[SoundingNote]:
    """The notes that begin at a moment."""
    return [note for note in notes if abs(played.seconds_at(note.onset_quarters) - moment) <= NEAR_SECONDS]


def _gain(line: FilePart, there: Sequence[SoundingNote], place: float, reach: float) -> float:
    """How much louder a part strikes than at the last stroke before and the first after, within a bar; alone it is loud enough."""
    struck = set(map(id, there))
    others = [note for note in line.notes if id(note) not in struck and abs(note.onset_quarters - place) <= reach]
    before = max((note.onset_quarters for note in others if note.onset_quarters < place), default=None)
    after = min((note.onset_quarters for note in others if note.onset_quarters > place), default=None)
    beside = [note.velocity for note in others if note.onset_quarters in {before, after}]
    loudest = max(note.velocity for note in there)
    return _LOUDER if not beside or loudest >= _LOUDEST else loudest - sum(beside) / len(beside)


def _rested(line: FilePart, there: Sequence[SoundingNote], quarters: float) -> bool:
    """Whether a part was silent for so long before it strikes; at the beginning of the piece everybody was."""
    first = min(note.onset_quarters for note in there)
    ends = [note.end_quarters for note in line.notes if note.onset_quarters < first]
    return not ends or max(ends) <= first - quarters + _LATE_QUARTERS


def _is_silent(played: MidiContents, begin: float, end: float) -> bool:
    """Whether nothing begins or sounds in a stretch, but for what is just let go and what comes just before the bar line."""
    at = played.seconds_at
    sounds = [(at(note.onset_quarters), at(note.end_quarters)) for line in played.lines if not line.is_kit for note in line.notes]
    strokes = [
        at(note.onset_quarters) for line in played.lines if line.is_kit for note in line.notes
    ]  # a drum dies away by itself
    sounds += [(at(since), at(until)) for since, until in played.pedals]
    rings = any(since < end - _UPBEAT_SECONDS and until > begin + NEAR_SECONDS for since, until in sounds)
    return not rings and not any(begin <= stroke < end - _UPBEAT_SECONDS for stroke in strokes)
