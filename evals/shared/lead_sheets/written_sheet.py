"""Lead sheets of pieces of ours, read back from the files that were written: MusicXML for the notes, the plan for key and introduction.

`sheet_of_files` reads the document's elements with the lines that read OpenEWLD's songs; `sheet_by_music21` asks music21, which knows
nothing of either, and is slow: it is for a sample.
"""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from evals.corpora.song import SongChord, SongNote, pitch_class_of
from evals.shared.lead_sheets.lead_sheet import LeadSheet, whole_sheet, window
from evals.shared.lead_sheets.written_part import read_part
from img2music.theory import Meter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["sheet_by_music21", "sheet_of_files"]

_MINOR = frozenset({"minor", "dorian", "phrygian", "aeolian"})


def sheet_of_files(name: str, plan: Mapping[str, Any], musicxml: str) -> LeadSheet | None:
    """The window of a piece; None where it has no tune."""
    root = ET.fromstring(musicxml)  # noqa: S314  a document of ours
    names = {entry.get("id"): entry.findtext("part-name") for entry in root.iter("score-part")}
    wanted = _tune_name(plan)
    parts = root.findall("part")
    if wanted is None or not parts:
        return None
    tune = next((part for part in parts if names.get(part.get("id")) == wanted), parts[0])
    chords: dict[Fraction, SongChord] = {}
    for part in parts:
        for chord in read_part(part).chords:
            chords.setdefault(chord.onset, chord)
    written = read_part(tune)
    return _sheet(name, plan, written.notes, [chords[onset] for onset in sorted(chords)])


def sheet_by_music21(name: str, plan: Mapping[str, Any], musicxml: str) -> LeadSheet | None:
    """The same as music21 reads the document."""
    import music21

    wanted = _tune_name(plan)
    if wanted is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = music21.converter.parseData(musicxml, format="musicxml")
        part = next((part for part in score.parts if part.partName == wanted), score.parts[0])
        symbols = music21.harmony.ChordSymbol
        notes = [
            SongNote(
                Fraction(sound.offset).limit_denominator(24),
                Fraction(sound.quarterLength).limit_denominator(24),
                max(pitch.midi for pitch in sound.pitches),
            )
            for sound in part.stripTies().flatten().notes
            if not isinstance(sound, symbols) and sound.quarterLength
        ]
        found = {Fraction(symbol.offset): symbol for symbol in score.flatten().getElementsByClass(symbols)}
        chords = [
            SongChord(
                onset,
                symbol.root().pitchClass,
                _quality(symbol.figure),
                tuple(pitch.pitchClass for pitch in symbol.pitches),
                symbol.bass().pitchClass,
            )
            for onset, symbol in sorted(found.items())
        ]
    return _sheet(name, plan, notes, chords)


def _quality(figure: str) -> str:
    """From music21's figure ("B-m7/D") what decides the label of a chord."""
    kind = figure.partition("/")[0][1:].lstrip("#-")
    if kind.startswith(("dim", "o")):
        return "dim7" if "7" in kind else "dim"
    minor = kind.startswith("m") and not kind.startswith("maj") and "b5" not in kind
    return ("min" if minor else "maj") + ("7" if "7" in kind else "")


def _tune_name(plan: Mapping[str, Any]) -> str | None:
    return next((str(part["name"]) for part in plan["parts"] if part["role"] == "melody"), None)


def _sheet(name: str, plan: Mapping[str, Any], notes: Iterable[SongNote], chords: Iterable[SongChord]) -> LeadSheet:
    tonic, mode = plan["key"].split()[:2]
    bars = sum(len(section["harmony"]) for section in plan["sections"])
    start = 0
    for section in plan["sections"]:
        if section["role"] != "intro":
            break
        start += len(section["harmony"])
    full = Meter.parse(plan["meter"]).bar_quarters
    end = bars * full
    sheet = whole_sheet(
        name,
        plan["meter"],
        (pitch_class_of(tonic), mode in _MINOR),
        [note for note in notes if note.onset < end],
        [chord for chord in chords if chord.onset < end],
        bars,
    )
    return window(sheet, start)
