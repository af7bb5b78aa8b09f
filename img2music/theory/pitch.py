"""Spelled pitch on the line of fifths.

Conventions: a pitch class is an integer on the line of fifths (F = -1, C = 0, G = 1, ... B = 5, F# = 6, Bb = -2), so
that a key signature, a transposition and a spelling are additions (Temperley, *The Cognition of Basic Musical
Structures*, 2001, ch. 5). A sounding pitch is a MIDI number (60 = middle C = C4). Knows nothing of keys or chords.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from img2music.errors import UsageError

__all__ = ["SpelledPitch", "fifths_of", "parse_pitch_class", "pitch_class", "pitch_class_name", "spell"]

_STEPS = "FCGDAEB"
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


@dataclass(frozen=True, order=True, slots=True)
class SpelledPitch:
    """A pitch as written: ``SpelledPitch("F", 1, 4)`` is F#4. ``alter`` in semitones (-2..2), octave 4 holds middle C."""

    step: str
    alter: int
    octave: int

    @property
    def midi(self) -> int:
        """MIDI number; 60 is C4."""
        return 12 * (self.octave + 1) + _NATURAL[self.step] + self.alter

    @property
    def name(self) -> str:
        """Such as ``"F#4"`` or ``"Bb2"``."""
        return f"{self.step}{_ACCIDENTALS[self.alter]}{self.octave}"


def fifths_of(step: str, alter: int) -> int:
    """Place on the line of fifths: ``fifths_of("F", 1) == 6``."""
    return _STEPS.index(step) - 1 + 7 * alter


def pitch_class_name(fifths: int) -> str:
    """The pitch class's name: ``pitch_class_name(-2) == "Bb"``."""
    return _STEPS[(fifths + 1) % 7] + _ACCIDENTALS[(fifths + 1) // 7]


def pitch_class(fifths: int) -> int:
    """The pitch class in semitones above C, 0..11."""
    return fifths * 7 % 12


def spell(midi: int, fifths: int) -> SpelledPitch:
    """`midi` written as the pitch class `fifths`.

    Raises:
        ValueError: `fifths` is another pitch class than `midi`.
    """
    if pitch_class(fifths) != midi % 12:
        raise ValueError(f"pitch {midi} can't be written as {pitch_class_name(fifths)}")
    step, alter = _STEPS[(fifths + 1) % 7], (fifths + 1) // 7
    return SpelledPitch(step, alter, (midi - alter - _NATURAL[step]) // 12 - 1)


def parse_pitch_class(text: str) -> int:
    """``"F#"``, ``"Bb"``, ``"B♭"``, ``"e"`` as a place on the line of fifths.

    Raises:
        UsageError: not a pitch name, or more than one accidental.
    """
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭]?)", text.strip())
    if not match:
        raise UsageError(f"{text!r} is no pitch name; write a letter A-G and at most one # or b, such as F# or Bb")
    alter = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[match[2]]
    return fifths_of(match[1].upper(), alter)
