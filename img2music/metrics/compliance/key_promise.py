"""The key: what the files are labelled, and what their notes are, in every stretch that stays in one key.

A MIDI key signature knows no modes but major and minor, so of the labels accidentals and third are asked for. The notes of a whole piece
have to rest on the tonic where it ends (a loop where it begins). Where a plan changes its key each stretch is asked for itself; the last one
has to rest on its tonic likewise. The others end on the way to the next key: it is enough that they begin on their tonic, or sound more like
their key than like any other of the piece. Third and own degree are measured over all stretches of one key together, and the degree only where
these have eight bars: few bars may well avoid it, or borrow a chord. A section in the other mode is found by itself all the same.
A stretch of less than two bars is too short to show a key by its notes. One key in the brief is a wish for the whole piece, several are its
way in their order; a key of words that ask for the other mode at the end is one for the beginning.
Conventions: places are those of the plan, in quarter notes; bars from 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from img2music.measurement import Tonality
from img2music.metrics.compliance.compliance_rows import (
    UNCLEAR,
    SectionFinds,
    SectionInTime,
    accidentals_words,
    answer_of,
    by_section,
    by_whom,
    sections_in_time,
)
from img2music.metrics.compliance.file_notes import values_between
from img2music.metrics.compliance.tonality import FEWEST_BARS, SectionEnd, fits_best, measure_tonality
from img2music.metrics.compliance.tonality_text import tonality_words
from img2music.theory import Key
from img2music.words.exact_wishes import wishes_for_the_beginning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.brief import Brief
    from img2music.measurement import ComplianceRow, Source
    from img2music.metrics.compliance.compliance_rows import Find
    from img2music.metrics.compliance.file_notes import Marks, SoundingNote
    from img2music.metrics.compliance.midi_contents import MidiContents
    from img2music.metrics.compliance.musicxml_contents import MusicXmlContents
    from img2music.plan import CompositionPlan

__all__ = ["key_row"]

_FEWEST_DEGREE_BARS = 8
_EARLY_QUARTERS = 0.125
"""What a player brings so little before a stretch begins belongs to it."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Sections in a row that are in one key."""

    key: Key
    sections: list[SectionInTime]
    is_first: bool
    is_last: bool
    others: tuple[Key, ...]
    """The piece's other keys."""

    @property
    def name(self) -> str:
        first, last = self.sections[0].section.name, self.sections[-1].section.name
        return first if first == last else f"{first}-{last}"

    @property
    def ends(self) -> list[SectionEnd]:
        return [SectionEnd(one.section.name, float(one.end), one.section.bars) for one in self.sections]

    def notes_of(self, notes: Sequence[SoundingNote]) -> list[SoundingNote]:
        """Those that begin in the stretch."""
        begin = float("-inf") if self.is_first else float(self.sections[0].begin) - _EARLY_QUARTERS
        end = float("inf") if self.is_last else float(self.sections[-1].end) - _EARLY_QUARTERS
        return [note for note in notes if begin <= note.onset_quarters < end]


def key_row(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """The row of the key."""
    wish = [Key.parse(name) for name in brief.keys]
    begins = "key" in wishes_for_the_beginning(brief)
    keys = [wish[0] if len(wish) == 1 and not begins else plan.key_of(section) for section in plan.sections]
    runs = [
        (key, [one for _, one in run])
        for key, run in groupby(zip(keys, sections_in_time(plan), strict=True), lambda pair: pair[0])
    ]
    stretches = [
        _Stretch(key, run, place == 0, place == len(runs) - 1, tuple(other for other in dict.fromkeys(keys) if other != key))
        for place, (key, run) in enumerate(runs)
    ]
    told = [
        _look_at(stretch, [one for one in stretches if one.key == stretch.key], played, written, loop=plan.loop)
        for stretch in stretches
    ]
    row = by_section("key", by_whom(wish), [finds for finds, _ in told])
    if len(wish) > 1 and [stretch.key for stretch in stretches] != wish:
        row = replace(row, asked=" then ".join(brief.keys), passed=False)
    if begins and keys[0] != wish[0]:
        row = replace(row, asked=f"{brief.keys[0]} at the beginning", passed=False)
    row = replace(row, read_from=("MIDI", "MusicXML") if written.pitched_parts else ("MIDI",))
    found = [one for _, one in told if one is not None]
    if not found:
        return replace(row, passed=None if row.passed else False)
    return replace(row, tonality=found[0] if len(stretches) == 1 else _of_all(found))


def _look_at(
    stretch: _Stretch, alike: Sequence[_Stretch], played: MidiContents, written: MusicXmlContents, *, loop: bool
) -> tuple[SectionFinds, Tonality | None]:
    """What a stretch is labelled and how far its notes are in its key; None where that is not measured. `alike` are all in that key."""
    key = stretch.key
    asked = f"{key.name} ({accidentals_words(key.signature)})"
    labels = [_label("MIDI", played.keys, stretch)]
    if written.pitched_parts:  # drums alone have no key
        labels.append(_label("MusicXML", written.keys, stretch))
    label, labelled = answer_of(labels), all(kept for _, _, kept in labels)
    notes: dict[Source, list[SoundingNote]] = {
        "MIDI": stretch.notes_of(played.pitched), "MusicXML": stretch.notes_of(written.pitched)
    }  # fmt: skip
    if not stretch.is_first or not stretch.is_last:
        if not any(notes.values()):
            return SectionFinds(stretch.name, asked, (("MIDI", f"{label}; no pitch sounds", labelled),)), None
        if sum(end.bars for end in stretch.ends) < FEWEST_BARS:
            return SectionFinds(stretch.name, asked, (("MIDI", f"{label}; too short to tell by its notes", labelled),)), None
    heard: dict[Source, Tonality | None] = {
        "MIDI": _tonality(stretch, alike, played.pitched, loop=loop),
        "MusicXML": _tonality(stretch, alike, written.pitched, loop=loop),
    }
    found = {source: one for source, one in heard.items() if one is not None}
    if not found:
        return SectionFinds(
            stretch.name, asked, (("MIDI", f"{label}; no pitch sounds, so the key is not measured", labelled),)
        ), None
    # The page has the bars and spells its notes, so it is quoted; the MIDI file only where it alone says otherwise.
    told: Source = "MusicXML" if "MusicXML" in found else "MIDI"
    if found[told].kept and not all(one.kept for one in found.values()):
        told = "MIDI"
    said = tonality_words(found[told], key, notes[told], written.meter_map, stretch.ends, begin=float(stretch.sections[0].begin))
    said += "".join(f", and no pitch sounds in {source}" for source in heard if source not in found)
    kept = len(found) == len(heard) and all(one.kept for one in found.values())
    head = label if kept or not labelled else f"labelled {key.name}"
    where = " in MIDI" if told == "MIDI" and "MusicXML" in found else ""
    return SectionFinds(stretch.name, asked, (("MIDI", f"{head}; the notes{where} {said}", labelled and kept),)), found[told]


def _label(source: Source, marks: Marks[tuple[int, bool]], stretch: _Stretch) -> Find:
    found = values_between(marks, float(stretch.sections[0].begin), float(stretch.sections[-1].end))
    if len(found) != 1:
        return source, UNCLEAR, False
    fifths, is_minor = found[0]
    words = f"{accidentals_words(fifths)}, {'minor' if is_minor else 'major'} third"
    return source, words, found[0] == (stretch.key.signature, stretch.key.is_minor)


def _tonality(stretch: _Stretch, alike: Sequence[_Stretch], pitched: Sequence[SoundingNote], *, loop: bool) -> Tonality | None:
    notes = stretch.notes_of(pitched)
    whole = stretch.is_first and stretch.is_last
    begin = float(stretch.sections[0].begin)
    found = measure_tonality(notes, stretch.key, loop=whole and loop, sections=stretch.ends, begin=begin)
    if found is None or whole:
        return found
    together = measure_tonality(sorted(note for one in alike for note in one.notes_of(pitched)), stretch.key)
    if together is not None:
        bars = sum(end.bars for one in alike for end in one.ends)
        found = replace(found, third=together.third, degree=together.degree if bars >= _FEWEST_DEGREE_BARS else None)
    if found.tonic or (stretch.is_last and not loop):
        return found
    opening = measure_tonality(notes, stretch.key, loop=True)
    return replace(found, tonic=fits_best(notes, stretch.key, stretch.others) or (opening is not None and opening.tonic))


def _of_all(found: Sequence[Tonality]) -> Tonality:
    """Of a piece in several keys: where it rests at last, and the worst of each share."""
    return Tonality(
        tonic=all(one.tonic for one in found),
        rests_on=found[-1].rests_on,
        third=min((one.third for one in found if one.third is not None), default=None),
        degree=min((one.degree for one in found if one.degree is not None), default=None),
        scale=min(one.scale for one in found),
        departing=max(one.departing for one in found),
        sections=tuple(section for one in found for section in one.sections),
    )
