"""What the notes say of their key, in words: "are E major: G# in 14 of 16 bars, from bar 1".

Conventions as in `tonality`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.measurement import LEAST_SCALE
from img2music.metrics.compliance.tonality import longest_outside, neighbour_mode, other_third, spelled_name
from img2music.theory.pitch import pitch_class_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.measurement import Tonality
    from img2music.metrics.compliance.file_notes import SoundingNote
    from img2music.metrics.compliance.tonality import SectionEnd
    from img2music.theory import Key
    from img2music.theory.meter_map import MeterMap

__all__ = ["tonality_words"]


def tonality_words(
    found: Tonality,
    key: Key,
    notes: Sequence[SoundingNote],
    meters: MeterMap | None,
    sections: Sequence[SectionEnd],
    *,
    begin: float = 0.0,
) -> str:
    """The end of a sentence that begins with "the notes".

    Args:
        found: what they are.
        key: what is promised.
        notes: all pitched notes of the piece, or of the stretch of it that is to be in this key.
        meters: where bars lie; None where no one knows, and then no bars are named.
        sections: those that the notes lie in, in order.
        begin: where the first of them begins, in quarter notes.
    """
    leaving = _departures(found, key, notes, meters, sections, begin)
    if found.kept:
        return _as_promised(found, key) + (f"; but those {' and those '.join(leaving)}" if leaving else "")
    faults = [] if found.tonic else [f"rest on {found.rests_on}"]
    tonic = pitch_class_name(key.tonic)
    beside = neighbour_mode(key)
    if not found.third_kept:
        faults.append(f"are {tonic} {_other_mode(key)}: {_bars(notes, other_third(key), key, meters)}")
    elif not found.degree_kept and beside is not None:
        faults.append(f"are {tonic} {beside[0]}: {_bars(notes, beside[1], key, meters)}")
    elif found.scale < LEAST_SCALE:
        outside = _bars(notes, longest_outside(notes, key), key, meters)
        faults.append(f"lie only to {_percent(found.scale)} in {key.name}: {outside}")
    if found.third_kept:
        faults += leaving
    return ", and ".join(faults)


def _departures(
    found: Tonality,
    key: Key,
    notes: Sequence[SoundingNote],
    meters: MeterMap | None,
    sections: Sequence[SectionEnd],
    begin: float,
) -> list[str]:
    """The sections in the other mode."""
    told = []
    for (name, end, _), section in zip(sections, found.sections, strict=False):
        if section.departs:
            inside = [note for note in notes if begin <= note.onset_quarters < end]
            bars = _bars(inside, other_third(key), key, meters)
            told.append(f"of section {name} are {pitch_class_name(key.tonic)} {_other_mode(key)}: {bars}")
        begin = end
    return told


def _other_mode(key: Key) -> str:
    return "major" if key.is_minor else "minor"


def _as_promised(found: Tonality, key: Key) -> str:
    tonic = pitch_class_name(key.tonic)
    rest = f"rest on {tonic}" if found.rests_on == tonic else f"centre on {tonic}, though they rest on {found.rests_on}"
    third = f"{'minor' if key.is_minor else 'major'} third" if found.third is not None else "third not measured, as none sounds"
    return f"{rest}, {third}, {_percent(found.scale)} in {key.name}"


def _bars(notes: Sequence[SoundingNote], pitch: int, key: Key, meters: MeterMap | None) -> str:
    """A pitch class and how many of the bars with notes hold it."""
    name = spelled_name(notes, pitch, key)
    if meters is None:
        return name
    held = [_bars_of(note, meters) for note in notes if note.pitch % 12 == pitch]
    bars = sorted({bar for span in held for bar in span})
    every = {bar for note in notes for bar in _bars_of(note, meters)}
    return f"{name} in {len(bars)} of {len(every)} bars, from bar {bars[0] + 1}" if bars else name


def _bars_of(note: SoundingNote, meters: MeterMap) -> range:
    """The bars, from 0, in which a note sounds; what a player brings a little early belongs to the bar that follows."""
    early = min(0.125, note.duration_quarters / 4)
    first = meters.bar_at(note.onset_quarters + early)
    return range(first, max(first, meters.bar_at(note.end_quarters - early)) + 1)


def _percent(share: float) -> str:
    """Rounded down: 100 % is all."""
    return f"{int(100 * share + 1e-9)} %"
