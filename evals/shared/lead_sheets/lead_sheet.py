"""A lead sheet on a grid of sixteenths: the tune and its chords, moved to C major or A minor, whoever wrote it.

A window of at most `WINDOW_BARS` bars is taken, from the first sung phrase on (introductions are left out, an upbeat too); rests of one
sixteenth are joined to the note before, since transcriptions differ there. Songs of all corpora and pieces of ours become sheets by the
same code, which is what makes them comparable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from img2music.theory import Meter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evals.corpora.song import Song, SongChord, SongNote

__all__ = ["WINDOW_BARS", "LeadSheet", "SheetChord", "sheet_of_song", "whole_sheet", "window"]

WINDOW_BARS = 32
_A_MINOR = 9


@dataclass(frozen=True, slots=True)
class SheetChord:
    """A chord symbol."""

    at: int
    """Sixteenths from the sheet's start."""
    root: int
    """Pitch class, 0 the tonic of a major key, 9 that of a minor one."""
    quality: str
    """In Harte's short names."""
    pitch_classes: frozenset[int] = frozenset()

    @property
    def label(self) -> str:
        """Root with "m" or "dim" and "7", as the features count chords: finer qualities are spelled differently by each corpus."""
        kind = "m" if self.quality.startswith("min") else "dim" if self.quality.startswith("dim") else ""
        return f"{self.root}{kind}{'7' if '7' in self.quality else ''}"


@dataclass(frozen=True, slots=True)
class LeadSheet:
    """The tune as it runs on, without gaps, over its chords."""

    name: str
    meter: str
    is_minor: bool
    melody: tuple[tuple[int, int], ...]
    """Pitch (0: a rest) and sixteenths, one after another."""
    chords: tuple[SheetChord, ...]
    bars: int
    shift: int = 0
    """Semitones by which it was moved."""

    @property
    def bar_sixteenths(self) -> int:
        """Of its metre: 16 in 4/4, 12 in 3/4 and 6/8."""
        return int(Meter.parse(self.meter).bar_quarters * 4)

    @property
    def notes(self) -> tuple[tuple[int, int, int], ...]:
        """Onset in sixteenths, pitch and length of every note."""
        found, now = [], 0
        for pitch, length in self.melody:
            if pitch:
                found.append((now, pitch, length))
            now += length
        return tuple(found)


def whole_sheet(
    name: str, meter: str, key: tuple[int, bool], notes: Iterable[SongNote], chords: Iterable[SongChord], bars: int
) -> LeadSheet:
    """A sheet of everything, from the first bar line on; `key` is the tonic's pitch class and whether the mode is minor."""
    tonic, is_minor = key
    shift = (_A_MINOR if is_minor else 0) - tonic
    melody: list[tuple[int, int]] = []
    now = 0
    for note in notes:
        begin, end = max(now, round(note.onset * 4)), round(note.end * 4)
        if end <= begin:
            continue
        if begin > now:
            melody.append((0, begin - now))
        melody.append((note.pitch + shift, end - begin))
        now = end
    signs = tuple(
        SheetChord(
            round(chord.onset * 4),
            (chord.root + shift) % 12,
            chord.quality,
            frozenset((pitch + shift) % 12 for pitch in chord.pitch_classes),
        )
        for chord in chords
    )
    return LeadSheet(name, meter, is_minor, tuple(melody), signs, bars, shift)


def window(sheet: LeadSheet, start_bar: int, bars: int = WINDOW_BARS) -> LeadSheet:
    """At most so many bars from `start_bar` on, places counted from there."""
    bars = max(0, min(bars, sheet.bars - start_bar))
    start = start_bar * sheet.bar_sixteenths
    end = start + bars * sheet.bar_sixteenths
    cut: list[tuple[int, int]] = []
    now = 0
    for pitch, length in sheet.melody:
        inside = min(now + length, end) - max(now, start)
        now += length
        if inside <= 0:
            continue
        if pitch == 0 and inside == 1 and cut and cut[-1][0]:
            cut[-1] = (cut[-1][0], cut[-1][1] + 1)
        else:
            cut.append((pitch, inside))
    chords: list[SheetChord] = []
    for chord in sheet.chords:
        if start <= chord.at < end and not (chords and chords[-1].label == chord.label):
            chords.append(replace(chord, at=chord.at - start))
    return replace(sheet, melody=tuple(cut), chords=tuple(chords), bars=bars)


def sheet_of_song(song: Song) -> LeadSheet:
    """The window of a song: from its first sung phrase where the corpus marks phrases, else from its first whole bar."""
    full = Meter.parse(song.meter).bar_quarters
    begin = song.bars[0]
    if len(song.bars) > 1 and song.bars[1] - song.bars[0] < full:
        begin = song.bars[1]
    notes = [replace(note, onset=note.onset - begin) for note in song.notes if note.onset >= begin]
    chords = [replace(chord, onset=chord.onset - begin) for chord in song.chords if chord.onset >= begin]
    bars = round((song.end - begin) / full)
    sheet = whole_sheet(f"{song.corpus}/{song.name}", song.meter, (song.tonic, song.is_minor), notes, chords, bars)
    return window(sheet, int((song.phrases[0] - begin) // full) if song.phrases else 0)
