"""Originality: no run of eight notes that a song of the corpora has.

A run is seven intervals in semitones and the seven times between its onsets in quarter notes, so that a transposed copy is a copy.
The known runs are kept as 32-bit hashes (BLAKE2b), never as notes; a run is taken for known wrongly about once in twenty
thousand. There is no exception for scales or repeated notes: such a run is bent like any other.

`runs.bin` is made by `evals/learn/learn_melody.py`: hashes sorted and parted by their upper 16 bits; 65536 counts of one byte each, then the
lower halves as little-endian 16-bit numbers. Knows nothing of harmony.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from img2music.realizers.timeline import chord_at
from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from img2music.realizers.timeline import ChordSpan, NoteEvent

__all__ = ["RUN", "avoid_known_runs", "copied_runs", "is_known_run", "pack_hashes", "run_hashes"]

RUN = 8
"""Notes of a run."""


def run_hashes(notes: Sequence[tuple[Fraction, int]]) -> list[int]:
    """A hash for each run of eight successive notes, given as (onset in quarter notes, pitch)."""
    signs = [f"{after[1] - before[1]},{round((after[0] - before[0]) * 24)};" for before, after in pairwise(notes)]
    return [
        int.from_bytes(blake2b("".join(signs[index : index + RUN - 1]).encode(), digest_size=4).digest(), "big")
        for index in range(len(signs) - RUN + 2)
    ]


def pack_hashes(hashes: Iterable[int]) -> bytes:
    """The file's bytes for a set of hashes; at most 255 may share their upper half."""
    ordered = sorted(set(hashes))
    counts = bytearray(65536)
    for value in ordered:
        counts[value >> 16] += 1
    return bytes(counts) + b"".join((value & 0xFFFF).to_bytes(2, "little") for value in ordered)


def is_known_run(value: int) -> bool:
    """Whether some song of the corpora has a run with this hash."""
    starts, lower = _known()
    upper, low = value >> 16, value & 0xFFFF
    place = bisect_left(lower, low, starts[upper], starts[upper + 1])
    return place < starts[upper + 1] and lower[place] == low


def copied_runs(notes: Sequence[tuple[Fraction, int]]) -> list[int]:
    """Numbers of the notes with which a known run ends."""
    return [index + RUN - 1 for index, value in enumerate(run_hashes(notes)) if is_known_run(value)]


@lru_cache(maxsize=1)
def _known() -> tuple[list[int], array[int]]:
    """Where each upper half's hashes begin, and the lower halves."""
    data = asset_path("statistics/runs.bin").read_bytes()
    lower = array("H", (low | high << 8 for low, high in zip(data[65536::2], data[65537::2], strict=True)))
    return [0, *accumulate(data[:65536])], lower


def avoid_known_runs(events: Sequence[NoteEvent], spans: Sequence[ChordSpan], low: int, high: int) -> list[NoteEvent]:
    """The line with one note of every known run moved: the weakest that has a neighbour which fits and makes no other known run.

    The first and the last note stay, and so do the notes a phrase rests on.
    """
    line = list(events)
    for end in copied_runs([(event.onset, event.pitches[0]) for event in line]):
        window = range(end, end - RUN, -1)
        weak = sorted(window, key=lambda number: (_weight(line[number], spans), line[number].duration, -number))
        changed = next(
            (
                (number, pitch)
                for number in weak
                if 0 < number < len(line) - 1 and line[number].articulation != "tenuto"
                for pitch in _neighbours(line, number, spans)
                if low <= pitch <= high and not _makes_run(line, number, pitch)
            ),
            None,
        )
        if changed is not None:
            line[changed[0]] = replace(line[changed[0]], pitches=(changed[1],))
    return line


def _weight(event: NoteEvent, spans: Sequence[ChordSpan]) -> int:
    span = chord_at(spans, event.onset)
    return span.meter.weight(event.onset - span.bar_onset)


def _neighbours(line: Sequence[NoteEvent], number: int, spans: Sequence[ChordSpan]) -> list[int]:
    """Other pitches for a note, the nearest first: members of the chord on strong beats, of the scale elsewhere."""
    pitch = line[number].pitches[0]
    span = chord_at(spans, line[number].onset)
    classes = span.chord.pitch_classes if _weight(line[number], spans) >= 2 else span.key.pitch_classes
    around = [other for other in range(pitch - 5, pitch + 6) if other != pitch and other % 12 in classes]
    before, after = line[number - 1].pitches[0], line[number + 1].pitches[0]
    return sorted(around, key=lambda other: (abs(other - before) + abs(other - after), other))


def _makes_run(line: Sequence[NoteEvent], number: int, pitch: int) -> bool:
    """Whether a known run would go through a note of that pitch."""
    begin = max(0, number - RUN + 1)
    notes = [
        (event.onset, pitch if begin + index == number else event.pitches[0])
        for index, event in enumerate(line[begin : number + RUN])
    ]
    return bool(copied_runs(notes))
