"""What programs that know nothing of img2music find in a piece's files: mido in the MIDI file, music21 in the MusicXML document,
abc2midi in the ABC tune, and what verovio says of the document.

Conventions: tempo in microseconds a quarter note (what MIDI keeps), key signatures in sharps (negative: flats), lengths in seconds
for the MIDI file and in quarter notes for the written ones. A value is None where a file says nothing or contradicts itself.
Programs of drum channels are left out; `drums` says whether there are any. Of a page the parts' names count.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import mido

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "FileContents",
    "read_abc_with_abc2midi",
    "read_midi_with_mido",
    "read_musicxml_with_music21",
    "sharps_of_key",
    "verovio_complaints",
]

_DRUMS = 9
VERY_FULL = "Justification is highly compressed"
"""What verovio says of a bar with very many notes, which is no fault."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileContents:
    """What one program found in one file."""

    tempo: float | None
    meter: str | None
    sharps: int | None
    programs: frozenset[int]
    drums: bool
    length: float
    """Seconds, or quarter notes (see the module)."""
    notes: int
    complaints: tuple[str, ...] = ()
    """Bars that are not full, keys struck twice, words of warning."""
    pitches: tuple[tuple[int, int, int], ...] = ()
    """Program, lowest and highest pitch of each channel or part that has notes."""
    key: tuple[str, str] | None = None
    """Tonic (0..11 above C) and mode by the program's own analysis of the notes; music21's default, Aarden & Essen's weights."""
    krumhansl: tuple[str, str] | None = None
    """The same with Krumhansl & Kessler's weights."""
    names: tuple[str, ...] = ()
    """Of the parts, in the order of the page."""


def _only(values: Iterable[T]) -> T | None:
    different = set(values)
    return next(iter(different)) if len(different) == 1 else None


def sharps_of_key(key: str) -> int:
    """Sharps of a key as mido names it."""
    import music21

    return int(music21.key.Key(key.rstrip("m").replace("b", "-"), "minor" if key.endswith("m") else "major").sharps)


def read_midi_with_mido(content: bytes) -> FileContents:
    """The MIDI file; it is a complaint if a key of a channel is struck while it sounds, or never let go."""
    file = mido.MidiFile(file=io.BytesIO(content))
    return _midi(file, float(file.length))


def _midi(file: mido.MidiFile, length: float) -> FileContents:
    messages = [message for track in file.tracks for message in track]
    programs = {message.channel: message.program for message in messages if message.type == "program_change"}
    struck: dict[int, list[int]] = defaultdict(list)
    complaints = []
    for track in file.tracks:
        sounding: set[tuple[int, int]] = set()
        for message in track:
            if message.type == "note_on" and message.velocity:
                if (message.channel, message.note) in sounding:
                    complaints.append(f"channel {message.channel} strikes {message.note} twice")
                sounding.add((message.channel, message.note))
                struck[message.channel].append(message.note)
            elif message.type in {"note_off", "note_on"}:
                sounding.discard((message.channel, message.note))
        complaints += [f"channel {channel} never lets go of {note}" for channel, note in sorted(sounding)]
    keys = {sharps_of_key(message.key) for message in messages if message.type == "key_signature"}
    meters = {f"{one.numerator}/{one.denominator}" for one in messages if one.type == "time_signature"}
    pitched = {channel: notes for channel, notes in struck.items() if channel != _DRUMS}
    return FileContents(
        tempo=_only(float(message.tempo) for message in messages if message.type == "set_tempo"),
        meter=_only(meters),
        sharps=_only(keys),
        programs=frozenset(programs.get(channel, 0) for channel in pitched),
        drums=_DRUMS in struck,
        length=length,
        notes=sum(map(len, struck.values())),
        complaints=tuple(complaints),
        pitches=tuple((programs.get(channel, 0), min(notes), max(notes)) for channel, notes in sorted(pitched.items())),
    )


def read_musicxml_with_music21(document: str) -> FileContents:
    """The MusicXML document; it is a complaint if the notes and rests of a voice don't fill a bar, or parts differ in length."""
    import music21

    page = music21.converter.parseData(document, format="musicxml")
    if not isinstance(page, music21.stream.Score):
        raise SystemExit("music21 read no score")
    meters, sharps, complaints, drums, notes = set(), set(), [], False, 0
    for part in page.parts:
        bars = list(part.getElementsByClass(music21.stream.Measure))
        flat = part.flatten()
        meters |= {mark.ratioString for mark in flat.getElementsByClass(music21.meter.TimeSignature)}
        unpitched = not any(note.pitches for note in flat.notes if not isinstance(note, music21.harmony.ChordSymbol))
        drums = drums or unpitched
        if not unpitched:
            sharps |= {mark.sharps for mark in flat.getElementsByClass(music21.key.KeySignature)}
        full = Fraction(bars[0].timeSignature.barDuration.quarterLength) if bars and bars[0].timeSignature else None
        for bar in bars:
            for voice in list(bar.voices) or [bar]:
                filled = sum(
                    (
                        Fraction(one.quarterLength)
                        for one in voice.notesAndRests
                        if not isinstance(one, music21.harmony.ChordSymbol)
                    ),
                    Fraction(0),
                )
                if filled != full:
                    complaints.append(f"{part.partName}, bar {bar.number}: {filled} of {full} quarter notes")
        notes += sum(
            1 if one.tie is None or one.tie.type == "start" else 0
            for one in flat.notes
            if not isinstance(one, music21.harmony.ChordSymbol)
            for _ in getattr(one, "notes", (one,))
        )
    lengths = {float(part.duration.quarterLength) for part in page.parts}
    if len(lengths) > 1:
        complaints.append(f"parts last {sorted(lengths)} quarter notes")
    marks = [mark.getQuarterBPM() for mark in page.recurse().getElementsByClass(music21.tempo.MetronomeMark)]
    tempo = _only(round(60e6 / bpm, 3) for bpm in marks if bpm)
    weights = (music21.analysis.discrete.AardenEssen, music21.analysis.discrete.KrumhanslKessler)
    keys = [kind().getSolution(page) if sharps else None for kind in weights]  # type: ignore[no-untyped-call]  # music21
    key, krumhansl = (None if key is None else (str(key.tonic.pitchClass), str(key.mode)) for key in keys)
    return FileContents(
        tempo=tempo,
        meter=_only(meters),
        sharps=_only(sharps),
        programs=frozenset(),  # music21 puts its own programs in the place of those it reads
        drums=drums,
        length=max(lengths, default=0.0),
        notes=notes,
        complaints=tuple(complaints),
        key=key,
        krumhansl=krumhansl,
        names=tuple(str(part.partName) for part in page.parts),
    )


def read_abc_with_abc2midi(tune: bytes) -> FileContents:
    """The ABC tune as abc2midi plays it; every line in which it warns is a complaint."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "score.abc").write_bytes(tune)
        command = ["abc2midi", "score.abc", "-o", "score.mid"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        file = mido.MidiFile(Path(folder) / "score.mid")
    # The program puts a few ticks before the first note, so the length is rounded to a sixteenth.
    ticks = max(sum(message.time for message in track) for track in file.tracks)
    found = _midi(file, round(4 * ticks / file.ticks_per_beat) / 4)
    words = tuple(line for line in done.stdout.splitlines() if "rror" in line or "arning" in line)
    return FileContents(
        found.tempo, found.meter, found.sharps, found.programs, found.drums, found.length, found.notes, words, found.pitches
    )


def verovio_complaints(musicxml: str) -> list[str]:
    """What verovio says on standard error while it engraves a document, one line each; figures that follow are left out."""
    import verovio

    verovio.enableLog(verovio.LOG_WARNING)
    with tempfile.TemporaryFile() as log:
        kept = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            toolkit = verovio.toolkit()
            if not toolkit.loadData(musicxml):
                return ["verovio can't read it"]
            for page in range(1, toolkit.getPageCount() + 1):
                toolkit.renderToSVG(page)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        log.seek(0)
        return [line for line in log.read().decode().splitlines() if not line.startswith("[Warning] \t")]
