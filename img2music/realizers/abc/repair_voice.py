"""Makes a voice as a model wrote it keep the plan: its bars (`repair_bars`), then its pitches, in the key and the range of its instrument.

Every mend is a rule, told in a sentence. Conventions: MIDI pitches; onsets in exact quarter notes from the start of the piece.
Does not know whether the music is good.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img2music.io.abc.abc_fields import format_key_field
from img2music.realizers.abc.repair_bars import RepairedVoice, count_of, describe_bars, repair_bars
from img2music.realizers.timeline import NoteEvent
from img2music.theory import SpelledPitch, pitch_class_name
from img2music.theory.pitch import fifths_of

if TYPE_CHECKING:
    from img2music.io.abc.import_abc import AbcNote, AbcVoice
    from img2music.plan import CompositionPlan, PartPlan
    from img2music.theory import Instrument, Key

__all__ = ["repair_voice", "wrong_key_fault"]

_STEPS = "CDEFGAB"


def repair_voice(
    voice: AbcVoice, part: PartPlan, player: Instrument, plan: CompositionPlan, *, key: Key | None = None, label: str = ""
) -> RepairedVoice:
    """The events of a voice, mended.

    Args:
        voice: as it was read.
        part: whose line it is.
        player: the part's instrument.
        plan: what it must keep.
        key: the head's key, if that is not the plan's; notes that are written in it move to the same degrees of the plan's key.
        label: how faults call the voice, the part's name if empty.
    """
    result = RepairedVoice(part.name)
    label = label or part.name
    notes = repair_bars(voice, plan, result, label)
    events = [
        NoteEvent(
            sound.onset_quarters,
            sound.duration_quarters,
            _pitches(sound, key if _is_in(sound, key, plan, result) else None, plan),
            emphasis=_emphasis(sound, part, plan),
            articulation=sound.articulation,
        )
        for sound in notes
    ]
    _tell_keys(plan, result, key)
    if not player.kit:
        events = _move_into_range(_thin_chords(events, part, player, result), player, result)
    result.events = events
    return result


def _is_in(sound: AbcNote, key: Key | None, plan: CompositionPlan, result: RepairedVoice) -> bool:
    """Whether a sound is written in the head's key, and not after a K: of its own bars."""
    bar = plan.meter_map.bar_at(sound.onset_quarters)
    written = result.keys[bar] if bar < len(result.keys) else None
    return written is None or written == key


def _tell_keys(plan: CompositionPlan, result: RepairedVoice, head: Key | None) -> None:
    """Says where K: inside the tune names another signature than the plan's; the notes are kept as they sound."""
    if plan.key_map.is_constant:
        return
    strange = [
        bar
        for bar, key in enumerate(result.keys)
        if key not in {None, head, result.keys[0]}
        and key.signature != plan.key_map.key_at(plan.meter_map.bar_onset(bar)).signature
    ]
    if strange:
        result.mends.append(f"{result.name}: another key than the plan's in {describe_bars(strange)}; the notes kept.")


def _emphasis(sound: AbcNote, part: PartPlan, plan: CompositionPlan) -> int:
    """A melody leans on the strong beats, as the composer's does."""
    bar, place = plan.meter_map.place_in_bar(sound.onset_quarters)
    return 2 if part.role == "melody" and plan.meter_map.meter_at(bar).weight(place) > 1 else 0


def _pitches(sound: AbcNote, key: Key | None, plan: CompositionPlan) -> tuple[int, ...]:
    sounding = {pitch.midi if key is None else _transpose_by_degree(pitch, key, plan.key_map.key) for pitch in sound.pitches}
    return tuple(sorted(sounding))


def _transpose_by_degree(pitch: SpelledPitch, home: Key, away: Key) -> int:
    """A pitch of one key in another, the nearer way: degrees of the scale become degrees, altered notes keep their distance."""
    letter, alter = pitch_class_name(home.tonic)[0], (home.tonic - fifths_of(pitch_class_name(home.tonic)[0], 0)) // 7
    tonic = SpelledPitch(letter, alter, 4).midi
    shift = (away.degree(0) - tonic + 5) % 12 - 5
    steps = 7 * pitch.octave + _STEPS.index(pitch.step) - 28 - _STEPS.index(letter)
    if fifths_of(pitch.step, pitch.alter) not in home.scale:
        return pitch.midi + shift
    return tonic + shift + away.degree(steps) - away.degree(0)


def _thin_chords(events: list[NoteEvent], part: PartPlan, player: Instrument, result: RepairedVoice) -> list[NoteEvent]:
    """No chord with more notes than the instrument can play: a bass keeps the lowest, the others the highest."""
    most = player.voices
    many = sum(len(event.pitches) > most for event in events)
    if not many:
        return events
    result.mends.append(f"{result.name}: {count_of(many, 'chord')} had more notes than {player.name} can play, {most} kept.")
    return [replace(event, pitches=event.pitches[:most] if part.role == "bass" else event.pitches[-most:]) for event in events]


def _move_into_range(events: list[NoteEvent], player: Instrument, result: RepairedVoice) -> list[NoteEvent]:
    """Every note within the instrument's range: first the whole line by octaves, then single notes."""

    def outside(shift: int) -> int:
        return sum(not player.low <= pitch + shift <= player.high for event in events for pitch in event.pitches)

    total = sum(len(event.pitches) for event in events)
    best = min(range(-48, 49, 12), key=lambda shift: (outside(shift), abs(shift)))
    if best and outside(0) * 2 > total:
        way = "up" if best > 0 else "down"
        octaves = count_of(abs(best) // 12, "octave")
        result.mends.append(f"{result.name}: moved {way} {octaves} into the range of {player.name}.")
        events = [replace(event, pitches=tuple(pitch + best for pitch in event.pitches)) for event in events]
    far = outside(0)
    if far:
        result.mends.append(f"{result.name}: {count_of(far, 'note')} out of the range of {player.name} moved by octaves.")
        near = player.tessitura_centre
        for index, event in enumerate(events):
            pitches = tuple(sorted({_into_range(pitch, near, player) for pitch in event.pitches}))
            events[index] = replace(event, pitches=pitches)
            near = pitches[-1]
    return events


def _into_range(pitch: int, near: int, player: Instrument) -> int:
    """A pitch in the range, which always spans an octave: itself, or its octave nearest to the note before."""
    if player.low <= pitch <= player.high:
        return pitch
    octaves = range(player.low + (pitch - player.low) % 12, player.high + 1, 12)
    return min(octaves, key=lambda other: abs(other - near))


def wrong_key_fault(key: Key, plan: CompositionPlan) -> str:
    """What a model is told that wrote in another key."""
    return f"the head says K:{format_key_field(key)}; write the tune in K:{format_key_field(plan.key_map.key)}"
