"""Makes the bars of a voice as a model wrote it keep the plan: as many as planned, each as long as the metre says, on a grid.

Every mend is a rule, told in a sentence. What a model could put right itself is also told as a fault with its bar, so that it may be
asked first. Conventions: onsets in exact quarter notes from the start of the piece, bars counted from 0 (told from 1), lengths told
in eighths, which is the unit of the head that models are given. Places that no page can show are moved to the nearest 32nd.
Knows nothing of keys and instruments (`repair_voice` does).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.io.abc.import_abc import AbcBar, AbcNote, expand_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from img2music.io.abc.import_abc import AbcVoice
    from img2music.plan import CompositionPlan
    from img2music.realizers.timeline import NoteEvent
    from img2music.theory import Key
    from img2music.theory.meter_map import MeterMap

__all__ = ["TEMPO_NEAR", "RepairedVoice", "count_of", "describe_bars", "join_ties", "repair_bars"]

TEMPO_NEAR = 1.0
"""Quarters a minute: heads and Q: fields tell tempi in whole ones."""
_FACTORS = (Fraction(2), Fraction(1, 2), Fraction(4), Fraction(1, 4))
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
    keys: tuple[Key | None, ...] = ()
    """In which each of them was written; None where that is not known."""
    wrong: int = 0
    """Bars that were missing, too many, too short, too long or hard to read."""
    mends: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """The same for the model that wrote it, bar by bar."""


def repair_bars(voice: AbcVoice, plan: CompositionPlan, result: RepairedVoice, label: str) -> list[AbcNote]:
    """The notes of a voice at their places in the piece, tied ones as one; mends and faults are added to `result`.

    `label` is how faults call the voice.
    """
    bars = _fit_bar_count(_in_order(voice, plan, result), plan, result, label)
    notes = _fill_bars(bars, plan.meter_map, result, label)
    result.bars = min(len(bars), plan.bars)
    result.keys = tuple(bar.key for bar in bars)
    _tell_tempi(bars, plan, result)
    return join_ties(_round_to_grid(notes, result))


def _tell_tempi(bars: Sequence[AbcBar], plan: CompositionPlan, result: RepairedVoice) -> None:
    """Says where the tune has another tempo than the plan, which keeps its own."""
    strange = [
        index
        for index, bar in enumerate(bars)
        for place, bpm in bar.tempi
        if abs(bpm - plan.tempo_map.bpm_at(plan.meter_map.onset(index, place))) > TEMPO_NEAR
    ]
    if strange:
        result.mends.append(f"{result.name}: another tempo in {describe_bars(strange)}; the plan's kept.")


def describe_bars(bars: Iterable[int]) -> str:
    """Bars as people count them.

    >>> describe_bars([0, 1, 2, 6])
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


def _in_order(voice: AbcVoice, plan: CompositionPlan, result: RepairedVoice) -> tuple[AbcBar, ...]:
    """The bars in the order of their parts (P:), or as written if these are enough for the plan."""
    if not voice.written or len(voice.written) < plan.bars:
        return voice.bars
    if voice.written != voice.bars:
        result.mends.append(f"{result.name}: the order of parts left out.")
    return voice.written


def _fit_bar_count(bars: tuple[AbcBar, ...], plan: CompositionPlan, result: RepairedVoice, label: str) -> tuple[AbcBar, ...]:
    """As many bars as planned, or what there is."""
    if any(bar.ends_repeat for bar in bars):
        if len(bars) < plan.bars:
            bars = expand_repeats(bars)
            result.mends.append(f"{result.name}: repeats written out.")
        else:
            result.mends.append(f"{result.name}: repeat signs left out.")
    if len(bars) == plan.bars + 1 and bars[0].sounds and bars[0].length_quarters < plan.meter_map.bar_quarters(0):
        bars = bars[1:]
        result.mends.append(f"{result.name}: the upbeat left out.")
    if len(bars) != plan.bars:
        result.wrong += abs(len(bars) - plan.bars)
        result.faults.append(f"{label} has {len(bars)} bars; write {plan.bars}")
    if len(bars) > plan.bars:
        result.mends.append(f"{result.name}: {len(bars)} bars cut to {plan.bars}.")
    return bars[: plan.bars]


def _fill_bars(bars: Sequence[AbcBar], meters: MeterMap, result: RepairedVoice, label: str) -> list[AbcNote]:
    """The sounds of all bars at their places in the piece; every bar is made as long as its own metre says."""
    bars = _rescale_lengths(bars, meters, result)
    sounds: list[AbcNote] = []
    short: list[int] = []
    long: list[int] = []
    strange: list[int] = []
    for index, bar in enumerate(bars):
        begin, length = meters.bar_onset(index), meters.bar_quarters(index)
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
            result.mends.append(f"{result.name}: {describe_bars(which)} {words}.")
    return sounds


def _rescale_lengths(bars: Sequence[AbcBar], meters: MeterMap, result: RepairedVoice) -> Sequence[AbcBar]:
    """Bars that are nearly all twice or half as long as they should be have a misread unit length."""
    lengths = [(bar.length_quarters, meters.bar_quarters(index)) for index, bar in enumerate(bars) if bar.sounds]
    for factor in _FACTORS:
        wrong = sum(one * factor != length for one, length in lengths)
        if lengths and wrong <= _MOST_BARS_WRONG_LENGTH * len(lengths) and wrong < sum(one != length for one, length in lengths):
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


def _round_to_grid(sounds: Sequence[AbcNote], result: RepairedVoice) -> list[AbcNote]:
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
        result.mends.append(f"{result.name}: the rhythm of {count_of(moved, 'note')} rounded to what can be written.")
    return kept


def _on_grid(place: Fraction) -> Fraction:
    fine = 32 % place.denominator == 0 or 24 % place.denominator == 0
    return place if fine else Fraction(round(place / _NEAR)) * _NEAR


def join_ties(sounds: Sequence[AbcNote]) -> list[AbcNote]:
    """Tied notes as one; a chord is join_ties where all its notes are tied to the same chord."""
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


def count_of(count: int, what: str) -> str:
    """So many of a thing, in words.

    >>> count_of(1, "note"), count_of(2, "note")
    ('1 note', '2 notes')
    """
    return f"{count} {what}{'s' * (count != 1)}"
