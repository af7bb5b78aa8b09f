"""Which of JASCO's chord labels says a chord best.

JASCO was trained on labels of Chordino: twelve roots in one spelling each, ten qualities, "N" where nothing sounds, and some major and minor
triads over another bass, 194 in all with "UNK" (`assets/chord_to_index_mapping.pkl` of audiocraft, commit ed418e4). The roots and qualities
are known here; which slash chords there are only the file itself says, so of these a label is only offered: choices are given best
first, the last is always one of `LABELS`, and who holds the file takes the first that is in it.

What the vocabulary lacks is said by its function: a suspension as the chord that it resolves to, ninths and other additions left out, an augmented
dominant as a dominant. Conventions: pitch classes in semitones above C, intervals in semitones above the root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.theory.chords import NUMERAL
from img2music.theory.pitch import pitch_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.theory import Chord

__all__ = ["LABELS", "NO_CHORD", "QUALITIES", "ROOTS", "LabelledChord", "label_chord", "label_intervals"]

ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""By pitch class, as the vocabulary spells them."""
_OTHER_SPELLING = {1: "Db", 3: "D#", 6: "Gb", 8: "G#", 10: "A#"}
"""Of basses, which Chordino spells by the chord's root."""
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "m7b5": (0, 3, 6, 10),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
}
"""What sounds in each, above the root."""
NO_CHORD = "N"
LABELS = frozenset({NO_CHORD, *(root + quality for root in ROOTS for quality in QUALITIES)})
"""Those that are certainly in the vocabulary."""
_OVER_A_BASS = ("", "m")


@dataclass(frozen=True, slots=True)
class LabelledChord:
    """A chord in the words of the vocabulary."""

    symbol: str
    """The chord as a lead sheet shows it: "Gsus4/D"."""
    choices: tuple[str, ...]
    """Labels that say it, best first; the last is one of `LABELS`."""
    simplified: bool
    """Whether the last choice is another chord than the one that was meant, its bass left aside."""

    @property
    def label(self) -> str:
        """The one that is certainly in the vocabulary."""
        return self.choices[-1]


def label_chord(chord: Chord) -> LabelledChord:
    """A chord of a plan."""
    root = pitch_class(chord.root)
    intervals = {(member - root) % 12 for member in chord.pitch_classes}
    found = NUMERAL.fullmatch(chord.numeral)
    minor = found is not None and found["numeral"].islower()
    try:
        symbol = chord.symbol
    except KeyError:  # three accidentals have no spelling there
        symbol = chord.numeral
    return label_intervals(root, intervals, bass=pitch_class(chord.bass), minor=minor, symbol=symbol)


def label_intervals(
    root: int, intervals: Iterable[int], *, bass: int | None = None, minor: bool = False, symbol: str = ""
) -> LabelledChord:
    """The chord of these intervals above a root.

    Args:
        root: pitch class of the root.
        intervals: what sounds above it; 0 may be left out.
        bass: pitch class of the lowest note; None is the root.
        minor: which third a chord without one stands for.
        symbol: how it is called; empty takes its label.
    """
    sounding = {0, *(interval % 12 for interval in intervals)}
    quality = _quality(sounding, minor=minor)
    label = ROOTS[root % 12] + quality
    choices = [label]
    if bass is not None and (bass - root) % 12 and quality in _OVER_A_BASS:
        names = [ROOTS[bass % 12], *([_OTHER_SPELLING[bass % 12]] if bass % 12 in _OTHER_SPELLING else [])]
        choices = [*(f"{label}/{name}" for name in names), label]
    return LabelledChord(symbol or label, tuple(choices), sounding != set(QUALITIES[quality]))


def _quality(sounding: set[int], *, minor: bool) -> str:
    """The quality that is nearest in function."""
    has_minor_third = 3 in sounding and 4 not in sounding
    is_minor = has_minor_third or (minor and 4 not in sounding)
    if has_minor_third and 6 in sounding and 7 not in sounding:
        return "m7b5" if 10 in sounding else "dim"
    if is_minor:
        return "m7" if 10 in sounding else "m6" if 9 in sounding else "m"
    if 8 in sounding and 7 not in sounding and 4 in sounding:
        return "7" if 10 in sounding else "aug"
    if 11 in sounding:
        return "maj7"
    return "7" if 10 in sounding else "6" if 9 in sounding else ""
