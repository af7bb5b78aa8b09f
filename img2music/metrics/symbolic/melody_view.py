"""What the metrics of a tune look at: one voice over chords, with its phrases and sections, whoever wrote it.

Songs of people and scores of this program are judged by the same numbers, so both are first brought into this form.
Conventions: times in exact quarter notes from the first full bar (an upbeat lies before 0); of notes struck together the
highest is the tune's. Knows nothing of files.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from img2music.score import index_at
from img2music.theory import Chord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from img2music.plan import CompositionPlan
    from img2music.score import Note, Score
    from img2music.theory.meter_map import MeterMap

__all__ = ["MelodyNote", "MelodyView", "SectionSpan", "TimedChord", "top_line", "tune_notes", "view_melody"]


class MelodyNote(NamedTuple):
    """One note of the voice."""

    onset: Fraction
    end: Fraction
    pitch: int


class TimedChord(NamedTuple):
    """A chord's pitch classes and where it begins; it lasts until the next."""

    onset: Fraction
    pitch_classes: frozenset[int]


class SectionSpan(NamedTuple):
    """A section: its letter and where it begins and ends."""

    letter: str
    begin: Fraction
    end: Fraction


@dataclass(frozen=True)
class MelodyView:
    """A voice over chords."""

    tones: tuple[MelodyNote, ...]
    """In order, none overlapping."""
    meters: MeterMap
    harmonies: tuple[TimedChord, ...] = ()
    phrases: tuple[Fraction, ...] = ()
    """Where phrases begin; empty where nobody says so."""
    sections: tuple[SectionSpan, ...] = ()
    """Those with a letter of their own; introductions and endings are left out."""

    @cached_property
    def moves(self) -> tuple[tuple[int, int], ...]:
        """Interval in semitones and time to the next onset in a common small unit, for each tone but the last."""
        unit = self.unit
        return tuple(
            (after.pitch - before.pitch, int((after.onset - before.onset) * unit)) for before, after in pairwise(self.tones)
        )

    @cached_property
    def unit(self) -> int:
        """Parts of a quarter note in which all onsets are whole."""
        return lcm(1, *(tone.onset.denominator for tone in self.tones))

    def fits(self, tone: MelodyNote) -> bool | None:
        """Whether a tone belongs to the chord under its onset; None before the first chord."""
        index = index_at(self.harmonies, tone.onset)
        return tone.pitch % 12 in self.harmonies[index].pitch_classes if index >= 0 else None

    def weight(self, tone: MelodyNote) -> int:
        """How strong the tone's place in its bar is, 0..3."""
        bar, place = self.meters.place_in_bar(tone.onset)
        return self.meters.meter_at(bar).weight(place)

    def between(self, begin: Fraction, end: Fraction) -> tuple[MelodyNote, ...]:
        """The tones that are struck in a stretch of time."""
        return tuple(tone for tone in self.tones if begin <= tone.onset < end)


def view_melody(score: Score, plan: CompositionPlan) -> MelodyView | None:
    """The tune of a score: its first part of the role "melody", and who has the tune in its place; None where there is none."""
    notes = tune_notes(score, plan)
    if not notes:
        return None
    bars = score.meter_map
    phrases, sections = [], []
    for section, planned in zip(score.sections, plan.sections, strict=False):
        first = section.first_bar
        if planned.role not in {"intro", "outro"}:
            sections.append(SectionSpan(planned.material, bars.bar_onset(first), bars.bar_onset(first + section.bars)))
        for count in section.phrase_bars:
            phrases.append(bars.bar_onset(first))
            first += count
    return MelodyView(top_line(notes), score.meter_map, _harmonies(score, plan), tuple(phrases), tuple(sections))


def tune_notes(score: Score, plan: CompositionPlan) -> tuple[Note, ...]:
    """The notes of whoever has the tune: the first part of the role "melody", or whom a section names; none where nobody has it."""
    own = next((part for part in score.parts if part.role == "melody" and not part.instrument.kit and part.notes), None)
    if not any(section.tune_by for section in plan.sections):
        return () if own is None else own.notes
    players = {part.id: part for part in score.parts if not part.instrument.kit}
    tune: list[Note] = []
    for first, section in zip(plan.first_bars, plan.sections, strict=True):
        begin, end = (score.meter_map.bar_onset(bar) for bar in (first, first + section.bars))
        player = players.get(section.tune_by) if section.tune_by else own
        tune += [note for note in (player.notes if player else ()) if begin <= note.onset_quarters < end]
    return tuple(tune)


def top_line(notes: Sequence[Note]) -> tuple[MelodyNote, ...]:
    """The highest of the notes of every onset, cut off where the next begins; in order, those of one onset by pitch."""
    top: dict[Fraction, Note] = {note.onset_quarters: note for note in notes}  # sorted by pitch: the highest comes last
    tones = [MelodyNote(note.onset_quarters, note.end_quarters, note.pitch) for note in top.values()]
    return _unoverlapped(tones)


def _unoverlapped(tones: Iterable[MelodyNote]) -> tuple[MelodyNote, ...]:
    ordered = list(tones)
    ends = [*(tone.onset for tone in ordered[1:]), None]
    return tuple(
        tone if end is None or tone.end <= end else tone._replace(end=end) for tone, end in zip(ordered, ends, strict=True)
    )


def _harmonies(score: Score, plan: CompositionPlan) -> tuple[TimedChord, ...]:
    """The chords over the page; where none are printed, all chords that the plan names in a bar."""
    if score.chords:
        return tuple(
            TimedChord(
                symbol.onset_quarters,
                frozenset(Chord.parse(symbol.numeral, score.key_map.key_at(symbol.onset_quarters)).pitch_classes),
            )
            for symbol in score.chords
        )
    return tuple(
        TimedChord(score.meter_map.bar_onset(number), frozenset(tone for chord in chords for tone in chord.pitch_classes))
        for number, chords in enumerate(plan.chords())
    )
