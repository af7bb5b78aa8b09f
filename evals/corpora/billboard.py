"""Reader of McGill Billboard: chords and sections of chart songs 1958-1991.

J. A. Burgoyne, J. Wild & I. Fujinaga, "An expert ground truth set for audio chord recognition and music analysis", ISMIR 2011;
CC0. `FOLDER/salami_chords/<number>/salami_chords.txt`; a line of a file is a phrase as the annotators heard it, and only lines
of two to sixteen bars of chords are given, each exactly once for every time it is written.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from evals.corpora.progression import BarChord, ChordPhrase, Progression
from evals.corpora.song import pitch_class_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read"]

_DEGREES = {"1": 0, "2": 2, "3": 4, "4": 5, "5": 7, "6": 9, "7": 11, "9": 2, "11": 5, "13": 9}
_CHORD = re.compile(r"([A-G])([#b]*):([^/]+)(?:/([#b]*)(\d+))?")
_PARTS = re.compile(r"^[A-Z]'*$")
_QUALITIES = {"5": "5", "1": "5", "sus4(b7)": "7sus4", "sus4(b7,9)": "7sus4", "5(b7)": "7", "maj(9)": "add9", "7(#9)": "7",
              "min(9)": "minadd9", "maj6(9)": "maj69", "aug(b7)": "aug7", "sus4(9)": "sus4"}  # fmt: skip
"""Names that mean more than their head; of all others the head counts ("7(b9)" is a "7")."""


def read(folder: Path) -> Iterator[Progression]:
    """Every song of the corpus in `folder`, in the order of its numbers."""
    for path in sorted((folder / "salami_chords").glob("*/salami_chords.txt")):
        yield _song(path.parent.name, path.read_text(encoding="utf-8"))


def _song(name: str, text: str) -> Progression:
    tonic, meter = 0, "4/4"
    label = ""
    phrases: list[ChordPhrase] = []
    for line in text.splitlines():
        if line.startswith("#"):
            field, _, value = line[1:].partition(":")
            if field.strip() == "tonic":
                tonic = pitch_class_of(value.strip())
            elif field.strip() == "metre" and not phrases:
                meter = value.strip()
            continue
        content = line.partition("\t")[2]
        begin, end = content.find("|"), content.rfind("|")
        head = [word.strip() for word in content[: max(begin, 0)].split(",") if word.strip()]
        labels = [word for word in head if not _PARTS.match(word)]
        label = labels[0] if labels else label
        if 0 <= begin < end:
            phrase = _phrase(content[begin + 1 : end], tonic, label)
            times = re.search(r"x(\d+)", content[end:])
            phrases += [phrase] * (int(times[1]) if times else 1) if phrase else []
    return Progression("billboard", name, meter, tuple(phrases))


def _phrase(text: str, tonic: int, label: str) -> ChordPhrase | None:
    """The bars of one line; None where it is too short, too long or has a hole."""
    bars: list[tuple[BarChord, ...]] = []
    last: tuple[int, str, int] | None = None
    for bar in text.split("|"):
        words = [word for word in bar.split() if not word.startswith("(")]  # (3/4) marks a bar of another length
        chords: list[BarChord] = []
        for index, word in enumerate(words):
            if word == ".":
                continue
            chord = _chord(word)
            if chord is None:
                return None
            if chord != last:
                chords.append(BarChord(Fraction(index, len(words)), *chord))
            last = chord
        bars.append(tuple(chords))
    return ChordPhrase(tonic, tuple(bars), label) if 2 <= len(bars) <= 16 and bars[0] else None


def _chord(word: str) -> tuple[int, str, int] | None:
    match = _CHORD.fullmatch(word)
    if not match:
        return None  # N (no chord), & and * (noises and free time)
    root = pitch_class_of(match[1] + match[2])
    quality = _QUALITIES.get(match[3], match[3].partition("(")[0])
    bass = root
    if match[5] in _DEGREES:
        bass = (root + _DEGREES[match[5]] + match[4].count("#") - match[4].count("b")) % 12
    return root, quality, bass
