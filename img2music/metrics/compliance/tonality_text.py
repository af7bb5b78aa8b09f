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
    from img2music.metrics.compliance.file_readers import SoundingNote
    from img2music.theory import Key

__all__ = ["tonality_words"]


def tonality_words(
    found: Tonality, key: Key, notes: Sequence[SoundingNote], bar_quarters: float, sections: Sequence[tuple[str, float]]
) -> str:
    """The end of a sentence that begins with "the notes".

    Args:
        found: what they are.
        key: what is promised.
        notes: all pitched notes of the piece.
        bar_quarters: length of a bar; 0 where no one knows, and then no bars are named.
        sections: each section's name and where it ends, in quarter notes from the start, in order.
    """
    leaving = _departures(found, key, notes, bar_quarters, sections)
    if found.kept:
        return _as_promised(found, key) + (f"; but those {' and those '.join(leaving)}" if leaving else "")
    faults = [] if found.tonic else [f"rest on {found.rests_on}"]
    tonic = pitch_class_name(key.tonic)
    beside = neighbour_mode(key)
    if not found.third_kept:
        faults.append(f"are {tonic} {_other_mode(key)}: {_bars(notes, other_third(key), key, bar_quarters)}")
    elif not found.degree_kept and beside is not None:
        faults.append(f"are {tonic} {beside[0]}: {_bars(notes, beside[1], key, bar_quarters)}")
    elif found.scale < LEAST_SCALE:
        outside = _bars(notes, longest_outside(notes, key), key, bar_quarters)
        faults.append(f"lie only to {_percent(found.scale)} in {key.name}: {outside}")
    if found.third_kept:
        faults += leaving
    return ", and ".join(faults)


def _departures(
    found: Tonality, key: Key, notes: Sequence[SoundingNote], bar_quarters: float, sections: Sequence[tuple[str, float]]
) -> list[str]:
    """The sections in the other mode."""
    told, begin = [], 0.0
    for (name, end), section in zip(sections, found.sections, strict=False):
        if section.departs:
            inside = [note for note in notes if begin <= note.onset_quarters < end]
            bars = _bars(inside, other_third(key), key, bar_quarters)
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


def _bars(notes: Sequence[SoundingNote], pitch: int, key: Key, bar_quarters: float) -> str:
    """A pitch class and how many of the bars with notes hold it."""
    name = spelled_name(notes, pitch, key)
    if bar_quarters <= 0:
        return name
    held = [_bars_of(note, bar_quarters) for note in notes if note.pitch % 12 == pitch]
    bars = sorted({bar for span in held for bar in span})
    every = {bar for note in notes for bar in _bars_of(note, bar_quarters)}
    return f"{name} in {len(bars)} of {len(every)} bars, from bar {bars[0] + 1}" if bars else name


def _bars_of(note: SoundingNote, bar_quarters: float) -> range:
    """The bars, from 0, in which a note sounds; what a player brings a little early belongs to the bar that follows."""
    early = min(0.125, note.duration_quarters / 4)
    first = int((note.onset_quarters + early) // bar_quarters)
    return range(first, max(first, int((note.end_quarters - early) // bar_quarters)) + 1)


def _percent(share: float) -> str:
    """Rounded down: 100 % is all."""
    return f"{int(100 * share + 1e-9)} %"
