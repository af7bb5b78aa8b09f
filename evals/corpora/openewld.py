"""Reader of OpenEWLD: lead sheets of popular songs (F. Simonetta 2018; MIT licence, the songs said to be in the public domain).

`FOLDER/dataset/<authors>/<title>/<title>.mxl`, one melody staff with chord symbols. The key's mode in the files is nearly always
"major", so the reader decides between the signature's major and minor by Krumhansl's profiles and the last chord.
Songs that change metre, and those whose bars do not add up, are left out.
"""

from __future__ import annotations

import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from evals.corpora.song import Song, SongChord, SongNote
from img2music.theory.key_finding import profile_correlation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read"]

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
}
_METERS = {"2/2": "4/4", "3/2": None, "6/4": None}
"""Cut time is counted in quarters; the rare long metres are left out."""


def read(folder: Path) -> Iterator[Song]:
    """Every usable song of the corpus in `folder`, in the order of paths."""
    for path in sorted((folder / "dataset").glob("*/*/*.mxl")):
        song = _song(path)
        if song is not None:
            yield song


def _song(path: Path) -> Song | None:
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".xml") and not name.startswith("META-INF"))
        part = ET.fromstring(archive.read(name)).find("part")  # noqa: S314  a corpus that the user has chosen
    if part is None:
        return None
    meters = {f"{time.findtext('beats')}/{time.findtext('beat-type')}" for time in part.iter("time")}
    signatures = [int(text) for key in part.iter("key") if (text := key.findtext("fifths"))]
    if len(meters) != 1 or len(set(signatures)) > 1:
        return None
    written = next(iter(meters))
    meter = _METERS.get(written, written)
    if meter is None:
        return None
    notes, chords, bars, end = _walk(part)
    if len(notes) < 16 or len(chords) < 4:
        return None
    tonic, is_minor = _key(signatures[0] if signatures else 0, notes, chords)
    name = f"{path.parent.parent.name}/{path.parent.name}"
    return Song("openewld", name, meter, tonic, is_minor, tuple(notes), tuple(chords), tuple(bars), end)


def _walk(part: ET.Element) -> tuple[list[SongNote], list[SongChord], list[Fraction], Fraction]:
    """Notes, chords and where bars begin, in order."""
    divisions, place = 1, Fraction(0)
    notes: list[SongNote] = []
    chords: list[SongChord] = []
    bars: list[Fraction] = []
    for bar in part.findall("measure"):
        bars.append(place)
        for element in bar:
            if element.tag == "attributes":
                divisions = int(element.findtext("divisions", str(divisions)))
            elif element.tag == "harmony":
                chord = _chord(element, place + Fraction(int(element.findtext("offset", "0")), divisions))
                if chord is not None:
                    chords.append(chord)
            elif element.tag == "note" and element.find("grace") is None and element.find("chord") is None:
                duration = Fraction(int(element.findtext("duration", "0")), divisions).limit_denominator(24)
                pitch = _pitch(element)
                tied = any(tie.get("type") == "stop" for tie in element.findall("tie"))
                if pitch is not None and tied and notes and notes[-1].pitch == pitch and notes[-1].end == place:
                    notes[-1] = SongNote(notes[-1].onset, notes[-1].duration + duration, pitch)
                elif pitch is not None and duration:
                    notes.append(SongNote(place, duration, pitch))
                place += duration
    chords.sort(key=lambda chord: chord.onset)
    return notes, chords, bars, place


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


def _key(fifths: int, notes: list[SongNote], chords: list[SongChord]) -> tuple[int, bool]:
    """Tonic and whether the mode is minor: the signature's major or its relative minor, whichever tune and last chord support."""
    histogram = [0.0] * 12
    for note in notes:
        histogram[note.pitch % 12] += float(note.duration)
    major = fifths * 7 % 12
    minor = (major + 9) % 12
    last = chords[-1]
    fit_major = profile_correlation(histogram, major, is_minor=False) + 0.3 * (last.root == major)
    fit_minor = profile_correlation(histogram, minor, is_minor=True) + 0.3 * (last.root == minor)
    return (minor, True) if fit_minor > fit_major else (major, False)
