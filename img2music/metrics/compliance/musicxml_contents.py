"""What a written MusicXML document says, and what stands in its bars, read by Python's own parser.

Conventions: onsets and durations in quarter notes, programs 0-based, bars from 0. A value is None where a document says nothing, or several
things; the marks say what holds where. Knows nothing of what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.metrics.compliance.file_notes import (
    FilePart,
    Mark,
    Marks,
    SoundingNote,
    ordered_marks,
    pitched_notes,
    single_value,
)
from img2music.theory import MODES, Meter
from img2music.theory.meter_map import MeterMap, MeterPoint

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["MusicXmlContents"]

_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_FED_LETTERS = 1 << 16
"""Of a document at a time, so that reading can be stopped."""


@dataclass(frozen=True)
class MusicXmlContents:
    """What a MusicXML document says and what stands in its bars."""

    tempo_bpm: float | None
    """Of all tempos, the first of which stands in the first bar."""
    meter: tuple[int, int] | None
    pitched_parts: bool
    """Whether any part has pitches."""
    key: tuple[int, bool] | None
    """Of the pitched parts: sharps (positive) or flats, and whether the third is minor."""
    bars: int | None
    """In every part; None where parts differ."""
    full: bool
    """Whether the notes and rests of every bar add up to the metre."""
    lines: tuple[FilePart, ...]
    """A part each; only those with notes."""
    tempi: Marks[float]
    """Every tempo that programs play, in quarter notes a minute."""
    meters: Marks[tuple[int, int]]
    keys: Marks[tuple[int, bool]]
    """Of the pitched parts."""
    unfilled: frozenset[int]
    """Bars, from 0, that are not full in every part."""

    @cached_property
    def meter_map(self) -> MeterMap | None:
        """Where bars lie by the time signatures; None where there is none at the beginning, or none that bars can have."""
        if (
            not self.meters
            or self.meters[0].onset_quarters != 0
            or any(unit <= 0 or count <= 0 for _, (count, unit) in self.meters)
        ):
            return None
        last = {Fraction(onset): MeterPoint(Fraction(onset), Meter(*meter)) for onset, meter in self.meters}
        return MeterMap(tuple(last.values()))

    @classmethod
    def read(cls, document: str) -> MusicXmlContents:
        """From a partwise document."""
        from xml.etree import ElementTree as ET

        parser = ET.XMLParser()  # noqa: S314  written by this program a moment ago
        for start in range(0, len(document), _FED_LETTERS):
            checkpoint()
            parser.feed(document[start : start + _FED_LETTERS])
        root: Element = parser.close()
        parts = root.findall("part")
        pitched = [part for part in parts if part.find("measure/note/pitch") is not None]
        programs = {
            entry.get("id", ""): int(entry.findtext("midi-instrument/midi-program", "1")) - 1 for entry in root.iter("score-part")
        }
        staves = [_read_staff(part) for part in parts]
        tempi = ordered_marks(mark for staff in staves for mark in staff.tempi)
        meters = ordered_marks(mark for staff in staves for mark in staff.meters)
        keys = ordered_marks(mark for part, staff in zip(parts, staves, strict=True) if part in pitched for mark in staff.keys)
        opens = bool(tempi) and tempi[0].onset_quarters == 0
        unfilled = frozenset(bar for staff in staves for bar in staff.unfilled)
        return cls(
            tempo_bpm=single_value({mark.value for mark in tempi}) if opens else None,
            meter=single_value({mark.value for mark in meters}),
            pitched_parts=bool(pitched),
            key=single_value({mark.value for mark in keys}),
            bars=single_value({staff.bars for staff in staves}),
            full=bool(parts) and not unfilled,
            lines=tuple(
                FilePart(programs.get(part.get("id", ""), 0), part not in pitched, staff.notes)
                for part, staff in zip(parts, staves, strict=True)
                if staff.notes
            ),
            tempi=tempi,
            meters=meters,
            keys=keys,
            unfilled=unfilled,
        )

    @property
    def pitched(self) -> tuple[SoundingNote, ...]:
        """Every note but the drums', in order."""
        return pitched_notes(self.lines)


@dataclass(frozen=True, slots=True)
class _Staff:
    """One part as its bars say."""

    bars: int
    notes: tuple[SoundingNote, ...]
    unfilled: frozenset[int]
    tempi: Marks[float]
    meters: Marks[tuple[int, int]]
    keys: Marks[tuple[int, bool]]


def _read_staff(part: Element) -> _Staff:
    """The notes of a part, what stands above them, and which bars are not filled, all by their durations."""
    divisions, length = 1, Fraction(0)
    begin = Fraction(0)
    notes: list[SoundingNote] = []
    unfilled: set[int] = set()
    tempi: list[Mark[float]] = []
    meters: list[Mark[tuple[int, int]]] = []
    keys: list[Mark[tuple[int, bool]]] = []
    measures = part.findall("measure")
    for number, bar in enumerate(measures):
        checkpoint()
        place = last = Fraction(0)
        for element in bar:
            if element.tag == "attributes":
                divisions = int(element.findtext("divisions", str(divisions)))
                meters += [Mark(float(begin + place), meter) for meter in map(_meter, element.findall("time"))]
                keys += [Mark(float(begin + place), _key(key)) for key in element.findall("key")]
                count, unit = meters[-1].value if meters else (0, 0)
                length = Fraction(4 * count, unit) if unit else Fraction(0)
            tempi += [
                Mark(float(begin + place), float(sound.get("tempo", "0")))
                for sound in element.iter("sound")
                if "tempo" in sound.attrib
            ]
            if element.tag not in {"note", "forward", "backup"}:
                continue
            quarters = Fraction(int(element.findtext("duration", "0")), divisions)
            if element.tag == "backup":
                place -= quarters
                continue
            in_chord = element.find("chord") is not None
            onset = last if in_chord else place
            if not in_chord:
                last, place = place, place + quarters
            sounding = _sounding(element, float(begin + onset), float(quarters))
            if sounding is not None:
                notes.append(sounding)
        if place != length:
            unfilled.add(number)
        begin += place
    return _Staff(len(measures), tuple(sorted(notes)), frozenset(unfilled), tuple(tempi), tuple(meters), tuple(keys))


def _meter(time: Element) -> tuple[int, int]:
    return int(time.findtext("beats", "0")), int(time.findtext("beat-type", "0"))


def _key(key: Element) -> tuple[int, bool]:
    return int(key.findtext("fifths", "0")), MODES.get(key.findtext("mode", "major"), 0) >= MODES["dorian"]


def _sounding(element: Element, onset: float, quarters: float) -> SoundingNote | None:
    """A note's element as a note; None for rests and for what has no length."""
    pitch, drum = element.find("pitch"), element.find("unpitched")
    if quarters <= 0 or (pitch is None and drum is None):
        return None
    if pitch is None:
        return SoundingNote(onset, quarters, 0)
    step, alter = pitch.findtext("step", "C"), int(pitch.findtext("alter", "0"))
    number = 12 * (int(pitch.findtext("octave", "4")) + 1) + _NATURAL[step] + alter
    return SoundingNote(onset, quarters, number, step + _SIGNS.get(alter, ""))
