"""Makes a voice as a model wrote it keep the plan: bars of the right length, as many as planned, in the key, in the range.

Every mend is a rule, told in a sentence. What a model could put right itself is also told as a fault with its bar, so that it may be
asked first. Conventions: onsets in exact quarter notes from the start of the piece, bars counted from 0 (told from 1), lengths told
in eighths, which is the unit of the head that models are given. Places that no page can show are moved to the nearest 32nd.
Does not know whether the music is good.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.io.abc.import_abc import AbcBar, AbcNote, expand_repeats, key_field
from img2music.realizers.timeline import NoteEvent
from img2music.theory import SpelledPitch, pitch_class_name
from img2music.theory.pitch import fifths_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from img2music.io.abc.import_abc import AbcVoice
    from img2music.plan import CompositionPlan, PartPlan
    from img2music.theory import Instrument, Key

__all__ = ["RepairedVoice", "join_ties", "key_fault", "numbers", "repair_voice"]

_STEPS = "CDEFGAB"
_SCALES = (Fraction(2), Fraction(1, 2), Fraction(4), Fraction(1, 4))
_MOST_BARS_WRONG_LENGTH = Fraction(1, 5)  # of a voice whose unit was misread; our choice
_NEAR = Fraction(1, 8)
"""A 32nd note: five or seven in a quarter stay apart on it and can still be read."""


@dataclass
class RepairedVoice:
    """A voice that keeps the plan."""

    name: str
    events: list[NoteEvent] = field(default_factory=list)
    bars: int = 0
    """How many bars it fills; what the plan has beyond them is missing."""
    wrong: int = 0
    """Bars that were missing, too many, too short, too long or hard to read."""
    mends: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """The same for the model that wrote it, bar by bar."""


def repair_voice(
    voice: AbcVoice, part: PartPlan, player: Instrument, plan: CompositionPlan, *, key: Key | None = None, label: str = ""
) -> RepairedVoice:
    """The events of a voice, mended.

    Args:
        voice: as it was read.
        part: whose line it is.
        player: the part's instrument.
        plan: what it must keep.
        key: the key in which it was written, if that is not the plan's; its notes move to the same degrees of the plan's key.
        label: how faults call the voice, the part's name if empty.
    """
    result = RepairedVoice(part.name)
    label = label or part.name
    bars = _as_many(_ordered(voice, plan, result), plan, result, label)
    sounds = _filled(bars, plan.parsed_meter.bar_quarters, result, label)
    result.bars = min(len(bars), plan.bars)
    sounds = join_ties(_snapped(sounds, result))
    events = [
        NoteEvent(
            sound.onset_quarters,
            sound.duration_quarters,
            _pitches(sound, key, plan),
            emphasis=_emphasis(sound, part, plan),
            articulation=sound.articulation,
        )
        for sound in sounds
    ]
    if not player.kit:
        events = _reached(_thinned(events, part, player, result), player, result)
    result.events = events
    return result


def numbers(bars: Iterable[int]) -> str:
    """Bars as people count them.

    >>> numbers([0, 1, 2, 6])
    'bars 1-3, 7'
    """
    runs: list[list[int]] = []
    for bar in sorted(bars):
        if runs and bar == runs[-1][1] + 1:
            runs[-1][1] = bar
        else:
            runs.append([bar, bar])
    words = [f"{first + 1}" if first == last else f"{first + 1}-{last + 1}" for first, last in runs[:12]]
    many = len(runs) > 1 or (runs and runs[0][0] != runs[0][1])
    return f"{'bars' if many else 'bar'} {', '.join(words)}{' ...' if len(runs) > 12 else ''}"


def _ordered(voice: AbcVoice, plan: CompositionPlan, result: RepairedVoice) -> tuple[AbcBar, ...]:
    """The bars in the order of their parts (P:), or as written if these are enough for the plan."""
    if not voice.written or len(voice.written) < plan.bars:
        return voice.bars
    if voice.written != voice.bars:
        result.mends.append(f"{result.name}: the order of parts left out.")
    return voice.written


def _as_many(bars: tuple[AbcBar, ...], plan: CompositionPlan, result: RepairedVoice, label: str) -> tuple[AbcBar, ...]:
    """As many bars as planned, or what there is."""
    if any(bar.ends_repeat for bar in bars):
        if len(bars) < plan.bars:
            bars = expand_repeats(bars)
            result.mends.append(f"{result.name}: repeats written out.")
        else:
            result.mends.append(f"{result.name}: repeat signs left out.")
    if len(bars) == plan.bars + 1 and bars[0].sounds and bars[0].length_quarters < plan.parsed_meter.bar_quarters:
        bars = bars[1:]
        result.mends.append(f"{result.name}: the upbeat left out.")
    if len(bars) != plan.bars:
        result.wrong += abs(len(bars) - plan.bars)
        result.faults.append(f"{label} has {len(bars)} bars; write {plan.bars}")
    if len(bars) > plan.bars:
        result.mends.append(f"{result.name}: {len(bars)} bars cut to {plan.bars}.")
    return bars[: plan.bars]


def _filled(bars: Sequence[AbcBar], length: Fraction, result: RepairedVoice, label: str) -> list[AbcNote]:
    """The sounds of all bars at their places in the piece; every bar is made as long as the metre says."""
    bars = _rescaled(bars, length, result)
    sounds: list[AbcNote] = []
    short: list[int] = []
    long: list[int] = []
    strange: list[int] = []
    for index, bar in enumerate(bars):
        begin = index * length
        for sound in bar.sounds:
            left = length - sound.onset_quarters
            if left > 0 and sound.duration_quarters > 0:
                tied = sound.tied if sound.duration_quarters <= left else frozenset()
                sounds.append(
                    replace(
                        sound,
                        onset_quarters=begin + sound.onset_quarters,
                        duration_quarters=min(sound.duration_quarters, left),
                        tied=tied,
                    )
                )
        if bar.faults:
            strange.append(index)
            result.faults += [f"{label}, bar {index + 1}: {fault}" for fault in bar.faults]
        if bar.sounds and bar.length_quarters != length:
            (short if bar.length_quarters < length else long).append(index)
            result.faults.append(f"{label}, bar {index + 1} lasts {bar.length_quarters * 2} eighths; it must last {length * 2}")
    result.wrong += len({*short, *long, *strange})
    for which, words in (
        (short, "too short, rests added"),
        (long, "too long, cut"),
        (strange, "partly unreadable, the rest kept"),
    ):
        if which:
            result.mends.append(f"{result.name}: {numbers(which)} {words}.")
    return sounds


def _rescaled(bars: Sequence[AbcBar], length: Fraction, result: RepairedVoice) -> Sequence[AbcBar]:
    """Bars that are nearly all twice or half as long as they should be have a misread unit length."""
    lengths = [bar.length_quarters for bar in bars if bar.sounds]
    for factor in _SCALES:
        wrong = sum(one * factor != length for one in lengths)
        if lengths and wrong <= _MOST_BARS_WRONG_LENGTH * len(lengths) and wrong < sum(one != length for one in lengths):
            result.mends.append(f"{result.name}: all lengths times {factor}, the unit length was misread.")
            return [
                replace(
                    bar,
                    length_quarters=bar.length_quarters * factor,
                    sounds=tuple(
                        replace(
                            sound,
                            onset_quarters=sound.onset_quarters * factor,
                            duration_quarters=sound.duration_quarters * factor,
                        )
                        for sound in bar.sounds
                    ),
                )
                for bar in bars
            ]
    return bars


def _snapped(sounds: Sequence[AbcNote], result: RepairedVoice) -> list[AbcNote]:
    """Times that a page can show."""
    kept: list[AbcNote] = []
    moved, free = 0, Fraction(0)
    for sound in sounds:
        end = sound.onset_quarters + sound.duration_quarters
        # Of two near places one may move past the other.
        begin, stop = max(free, _on_grid(sound.onset_quarters)), _on_grid(end)
        moved += (begin, stop) != (sound.onset_quarters, end)
        if begin < stop:
            kept.append(replace(sound, onset_quarters=begin, duration_quarters=stop - begin))
            free = stop
    if moved:
        result.mends.append(f"{result.name}: the rhythm of {_some(moved, 'note')} rounded to what can be written.")
    return kept


def _on_grid(place: Fraction) -> Fraction:
    fine = 32 % place.denominator == 0 or 24 % place.denominator == 0
    return place if fine else Fraction(round(place / _NEAR)) * _NEAR


def join_ties(sounds: Sequence[AbcNote]) -> list[AbcNote]:
    """Tied notes as one; a chord is joined where all its notes are tied to the same chord."""
    whole: list[AbcNote] = []
    for sound in sounds:
        last = whole[-1] if whole else None
        if (
            last is not None
            and last.onset_quarters + last.duration_quarters == sound.onset_quarters
            and {pitch.midi for pitch in last.pitches} == {pitch.midi for pitch in sound.pitches}
            and last.tied >= set(last.pitches)
        ):
            longer = last.duration_quarters + sound.duration_quarters
            whole[-1] = replace(last, duration_quarters=longer, pitches=sound.pitches, tied=sound.tied)
        else:
            whole.append(sound)
    return whole


def _emphasis(sound: AbcNote, part: PartPlan, plan: CompositionPlan) -> int:
    """A melody leans on the strong beats, as the composer's does."""
    return 2 if part.role == "melody" and plan.parsed_meter.weight(sound.onset_quarters) > 1 else 0


def _pitches(sound: AbcNote, key: Key | None, plan: CompositionPlan) -> tuple[int, ...]:
    sounding = {pitch.midi if key is None else _carried(pitch, key, plan.parsed_key) for pitch in sound.pitches}
    return tuple(sorted(sounding))


def _carried(pitch: SpelledPitch, home: Key, away: Key) -> int:
    """A pitch of one key in another, the nearer way: degrees of the scale become degrees, altered notes keep their distance."""
    letter, alter = pitch_class_name(home.tonic)[0], (home.tonic - fifths_of(pitch_class_name(home.tonic)[0], 0)) // 7
    tonic = SpelledPitch(letter, alter, 4).midi
    shift = (away.degree(0) - tonic + 5) % 12 - 5
    steps = 7 * pitch.octave + _STEPS.index(pitch.step) - 28 - _STEPS.index(letter)
    if fifths_of(pitch.step, pitch.alter) not in home.scale:
        return pitch.midi + shift
    return tonic + shift + away.degree(steps) - away.degree(0)


def _thinned(events: list[NoteEvent], part: PartPlan, player: Instrument, result: RepairedVoice) -> list[NoteEvent]:
    """No chord with more notes than the instrument can play: a bass keeps the lowest, the others the highest."""
    most = player.voices
    many = sum(len(event.pitches) > most for event in events)
    if not many:
        return events
    result.mends.append(f"{result.name}: {_some(many, 'chord')} had more notes than {player.name} can play, {most} kept.")
    return [replace(event, pitches=event.pitches[:most] if part.role == "bass" else event.pitches[-most:]) for event in events]


def _reached(events: list[NoteEvent], player: Instrument, result: RepairedVoice) -> list[NoteEvent]:
    """Every note within the instrument's range: first the whole line by octaves, then single notes."""

    def outside(shift: int) -> int:
        return sum(not player.low <= pitch + shift <= player.high for event in events for pitch in event.pitches)

    total = sum(len(event.pitches) for event in events)
    best = min(range(-48, 49, 12), key=lambda shift: (outside(shift), abs(shift)))
    if best and outside(0) * 2 > total:
        way = "up" if best > 0 else "down"
        octaves = _some(abs(best) // 12, "octave")
        result.mends.append(f"{result.name}: moved {way} {octaves} into the range of {player.name}.")
        events = [replace(event, pitches=tuple(pitch + best for pitch in event.pitches)) for event in events]
    far = outside(0)
    if far:
        result.mends.append(f"{result.name}: {_some(far, 'note')} out of the range of {player.name} moved by octaves.")
        near = player.tessitura_centre
        for index, event in enumerate(events):
            pitches = tuple(sorted({_within(pitch, near, player) for pitch in event.pitches}))
            events[index] = replace(event, pitches=pitches)
            near = pitches[-1]
    return events


def _within(pitch: int, near: int, player: Instrument) -> int:
    """A pitch in the range, which always spans an octave: itself, or its octave nearest to the note before."""
    if player.low <= pitch <= player.high:
        return pitch
    octaves = range(player.low + (pitch - player.low) % 12, player.high + 1, 12)
    return min(octaves, key=lambda other: abs(other - near))


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def key_fault(key: Key, plan: CompositionPlan) -> str:
    """What a model is told that wrote in another key."""
    return f"the head says K:{key_field(key)}; write the tune in K:{key_field(plan.parsed_key)}"
