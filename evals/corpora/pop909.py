"""Reader of POP909: melodies of Chinese pop songs with chords and phrases (Wang et al., ISMIR 2020; structure labels by Dai, Zhang &
Dannenberg 2020; both MIT; the songs are commercial, so only statistics may be kept).

`FOLDER/NNN/`: `melody.txt` (pitch or 0, length in sixteenths), `finalized_chord.txt` (chord, tones, root, bass or beats),
`human_label1.txt` (phrases: letter and bars), `analyzed_key.txt`. Songs whose phrases do not add up to 4/4 bars are left out.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from evals.corpora.song import Song, SongChord, SongNote, pitch_class_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read"]

_SIXTEENTH = Fraction(1, 4)
_BAR = 4
_CHORD = re.compile(r"(?P<name>\S+)\s+\[(?P<tones>[^\]]*)\]\s+(?P<bass>-?\d+)\s+(?P<beats>\d+)")
_SLACK_BARS = 1
"""How far the chords' length may be from the labelled phrases', and the melody run beyond them."""


def read(folder: Path) -> Iterator[Song]:
    """Every usable song of the corpus in `folder`, in the order of numbers."""
    for path in sorted(path for path in folder.iterdir() if (path / "melody.txt").is_file()):
        song = _song(path)
        if song is not None:
            yield song


def _song(path: Path) -> Song | None:
    notes, end = _melody(path / "melody.txt")
    labels = re.findall(r"([A-Za-z])(\d+)", (path / "human_label1.txt").read_text())
    bars = sum(int(length) for _, length in labels)
    chords, chords_end = _chords(path / "finalized_chord.txt")
    if not notes or end > _BAR * (bars + _SLACK_BARS) or abs(chords_end - _BAR * bars) > _BAR * _SLACK_BARS:
        return None
    key, _, mode = (path / "analyzed_key.txt").read_text().strip().partition(":")
    starts, letters, place = [], [], Fraction(0)
    for letter, length in labels:
        if letter.isupper():  # small letters are phrases without a melody
            starts.append(place)
            letters.append(letter)
        place += int(length) * _BAR
    return Song(
        "pop909",
        path.name,
        "4/4",
        pitch_class_of(key),
        mode.startswith("min"),
        tuple(notes),
        tuple(chords),
        tuple(Fraction(_BAR * bar) for bar in range(bars)),
        Fraction(_BAR * bars),
        tuple(starts),
        tuple(letters),
    )


def _melody(path: Path) -> tuple[list[SongNote], Fraction]:
    notes, place = [], Fraction(0)
    for line in path.read_text().split("\n"):
        fields = line.split()
        if len(fields) == 2:
            pitch, length = int(fields[0]), int(fields[1]) * _SIXTEENTH
            if pitch:
                notes.append(SongNote(place, length, pitch))
            place += length
    return notes, place


def _chords(path: Path) -> tuple[list[SongChord], Fraction]:
    chords, place = [], Fraction(0)
    for line in path.read_text().split("\n"):
        match = _CHORD.match(line)
        if match is None:
            continue
        beats = int(match["beats"])
        root_name, _, quality = match["name"].partition(":")
        if root_name != "N":
            root = pitch_class_of(root_name)
            tones = {int(tone) % 12 for tone in match["tones"].split(",") if tone.strip()}
            ordered = tuple(sorted(tones, key=lambda tone: (tone - root) % 12))
            chords.append(SongChord(place, root, quality.partition("/")[0], ordered, int(match["bass"]) % 12))
        place += beats
    return chords, place
