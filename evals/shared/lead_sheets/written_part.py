"""A part of a MusicXML document as a lead sheet: its top line and the chord symbols, read from the elements themselves.

Knows nothing of who wrote the document: songs of OpenEWLD and pieces of ours are read by the same lines. Conventions as in
`evals.corpora.song`; times in quarter notes. Of several voices the first counts, of a chord its first note; grace notes are left out.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from evals.corpora.song import SongChord, SongNote

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

__all__ = ["WrittenPart", "read_part"]

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# MusicXML kind: Harte's short name, members in semitones above the root.
_KINDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "major": ("maj", (0, 4, 7)),
    "dominant": ("7", (0, 4, 7, 10)),
    "minor-seventh": ("min7", (0, 3, 7, 10)),
    "minor": ("min", (0, 3, 7)),
    "major-seventh": ("maj7", (0, 4, 7, 11)),
    "diminished": ("dim", (0, 3, 6)),
    "major-sixth": ("maj6", (0, 4, 7, 9)),
    "dominant-ninth": ("9", (0, 4, 7, 10, 2)),
    "minor-sixth": ("min6", (0, 3, 7, 9)),
    "diminished-seventh": ("dim7", (0, 3, 6, 9)),
    "augmented-seventh": ("aug7", (0, 4, 8, 10)),
    "augmented": ("aug", (0, 4, 8)),
    "half-diminished": ("hdim7", (0, 3, 6, 10)),
    "suspended-fourth": ("sus4", (0, 5, 7)),
    "dominant-13th": ("13", (0, 4, 7, 10, 9)),
    "minor-ninth": ("min9", (0, 3, 7, 10, 2)),
    "augmented-ninth": ("aug9", (0, 4, 8, 10, 2)),
    "major-ninth": ("maj9", (0, 4, 7, 11, 2)),
    "dominant-11th": ("11", (0, 4, 7, 10, 5)),
    "major-minor": ("minmaj7", (0, 3, 7, 11)),
    "minor-major": ("minmaj7", (0, 3, 7, 11)),
    "minor-11th": ("min11", (0, 3, 7, 10, 5)),
    "maj69": ("maj69", (0, 4, 7, 9, 2)),
    "minor-13th": ("min13", (0, 3, 7, 10, 9)),
    "power": ("5", (0, 7)),
    "suspended-second": ("sus2", (0, 2, 7)),
}


class WrittenPart(NamedTuple):
    """What one part holds."""

    notes: list[SongNote]
    chords: list[SongChord]
    """In order, wherever chord symbols stand in this part."""
    bars: list[Fraction]
    """Where bars begin."""
    end: Fraction


def read_part(part: ET.Element) -> WrittenPart:
    """Notes, chords and where bars begin, in order."""
    divisions, place = 1, Fraction(0)
    notes: list[SongNote] = []
    chords: list[SongChord] = []
    bars: list[Fraction] = []
    for bar in part.findall("measure"):
        bars.append(place)
        end = place
        for element in bar:
            if element.tag == "attributes":
                divisions = int(element.findtext("divisions", str(divisions)))
            elif element.tag == "harmony":
                chord = _chord(element, place + Fraction(int(element.findtext("offset", "0")), divisions))
                if chord is not None:
                    chords.append(chord)
            elif element.tag in {"backup", "forward"}:
                moved = Fraction(int(element.findtext("duration", "0")), divisions)
                place += moved if element.tag == "forward" else -moved
            elif element.tag == "note" and element.find("grace") is None and element.find("chord") is None:
                duration = Fraction(int(element.findtext("duration", "0")), divisions).limit_denominator(24)
                if element.findtext("voice", "1") == "1":
                    _add_note(notes, element, place, duration)
                place += duration
            end = max(end, place)
        place = end
    chords.sort(key=lambda chord: chord.onset)
    return WrittenPart(notes, chords, bars, place)


def _add_note(notes: list[SongNote], element: ET.Element, place: Fraction, duration: Fraction) -> None:
    pitch = _pitch(element)
    tied = any(tie.get("type") == "stop" for tie in element.findall("tie"))
    if pitch is not None and tied and notes and notes[-1].pitch == pitch and notes[-1].end == place:
        notes[-1] = SongNote(notes[-1].onset, notes[-1].duration + duration, pitch)
    elif pitch is not None and duration:
        notes.append(SongNote(place, duration, pitch))


def _pitch(note: ET.Element) -> int | None:
    step = note.findtext("pitch/step")
    if step is None:
        return None
    alter = round(float(note.findtext("pitch/alter", "0")))
    return 12 * (int(note.findtext("pitch/octave", "4")) + 1) + _STEPS[step] + alter


def _chord(harmony: ET.Element, onset: Fraction) -> SongChord | None:
    step = harmony.findtext("root/root-step")
    kind = _KINDS.get(harmony.findtext("kind") or "")
    if step is None or kind is None:
        return None
    root = (_STEPS[step] + round(float(harmony.findtext("root/root-alter", "0")))) % 12
    bass_step = harmony.findtext("bass/bass-step")
    bass = root if bass_step is None else (_STEPS[bass_step] + round(float(harmony.findtext("bass/bass-alter", "0")))) % 12
    return SongChord(onset, root, kind[0], tuple((root + member) % 12 for member in kind[1]), bass)
