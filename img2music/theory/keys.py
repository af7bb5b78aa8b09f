"""Keys and modes: a tonic on the line of fifths and a mode.

Modes are named as musicians say them: major, minor (natural, with the leading tone borrowed by its dominant chords),
dorian, phrygian, lydian, mixolydian. Knows nothing of chords.
"""

from __future__ import annotations

from dataclasses import dataclass

from img2music.errors import UsageError, unknown_name
from img2music.theory.pitch import SpelledPitch, parse_pitch_class, pitch_class, pitch_class_name, spell

__all__ = ["MODES", "Key"]

# Place of each mode's tonic inside its major scale, in fifths above the major tonic: D dorian has C major's signature.
MODES: dict[str, int] = {"lydian": -1, "major": 0, "mixolydian": 1, "dorian": 2, "minor": 3, "phrygian": 4}
_ALIASES = {"ionian": "major", "aeolian": "minor", "maj": "major", "min": "minor", "m": "minor", "dur": "major", "moll": "minor"}
_MOST_ACCIDENTALS = 7


@dataclass(frozen=True, slots=True)
class Key:
    """A musical key. ``tonic`` is a place on the line of fifths, ``mode`` one of `MODES`."""

    tonic: int
    mode: str

    @classmethod
    def parse(cls, text: str) -> Key:
        """``"D minor"``, ``"F# dorian"``, ``"Bb"`` (major), ``"Am"``.

        Raises:
            UsageError: no such pitch or mode, or a signature of more than seven accidentals.
        """
        words = text.replace("-", " ").replace("_", " ").split()
        if len(words) == 1 and len(words[0]) > 1 and words[0].endswith("m"):
            words = [words[0][:-1], "minor"]
        if not 1 <= len(words) <= 2:
            raise UsageError(f"{text!r} is no key; write a tonic and a mode, such as 'D minor' or 'F# dorian'")
        mode = words[1].lower() if len(words) == 2 else "major"
        mode = _ALIASES.get(mode, mode)
        if mode not in MODES:
            raise unknown_name("mode", mode, MODES)
        key = cls(parse_pitch_class(words[0]), mode)
        if abs(key.signature) > _MOST_ACCIDENTALS:
            better = cls(key.tonic - 12 if key.signature > 0 else key.tonic + 12, mode)
            raise UsageError(f"{text!r} needs {abs(key.signature)} accidentals; write it as {better.name!r}")
        return key

    @classmethod
    def readable(cls, tonic: int, mode: str) -> Key:
        """The key on a tonic (a place on the line of fifths), respelled where its signature would have more than six accidentals."""
        key = cls(tonic, mode)
        if abs(key.signature) <= 6:
            return key
        return cls(key.tonic - 12 if key.signature > 0 else key.tonic + 12, mode)

    @classmethod
    def of_signature(cls, signature: int, is_minor: bool) -> Key:
        """The major or minor key of a key signature: sharps positive, flats negative."""
        mode = "minor" if is_minor else "major"
        return cls(signature + MODES[mode], mode)

    @property
    def signature(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature."""
        return self.tonic - MODES[self.mode]

    @property
    def name(self) -> str:
        """Such as ``"D minor"``."""
        return f"{pitch_class_name(self.tonic)} {self.mode}"

    @property
    def is_minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return MODES[self.mode] >= MODES["dorian"]

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven degrees as places on the line of fifths, from the tonic upwards."""
        signature = self.signature
        # All seven lie in signature-1 .. signature+5; the step-wise order is every second fifth, folded into that window.
        return tuple(signature - 1 + (self.tonic + 2 * degree - (signature - 1)) % 7 for degree in range(7))

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The seven degrees in semitones above C, from the tonic upwards."""
        return tuple(pitch_class(fifths) for fifths in self.scale)

    def degree(self, index: int, octave: int = 4) -> int:
        """MIDI number of scale degree `index` (0 = tonic, negative and above 6 run on), tonic in `octave`."""
        octaves, step = divmod(index, 7)
        tonic = pitch_class(self.tonic)
        return 12 * (octave + 1 + octaves) + tonic + (self.pitch_classes[step] - tonic) % 12

    def spell(self, midi: int, chord: tuple[int, ...] = ()) -> SpelledPitch:
        """`midi` as written in this key: as a member of `chord` (line of fifths), of the scale, else the nearest fifth.

        Chromatic notes fall into the window tonic-5 .. tonic+6, which holds each pitch class once.
        """
        wanted = midi % 12
        for fifths in (*chord, *self.scale, *range(self.tonic - 5, self.tonic + 7)):
            # Nothing beyond a single accidental is ever printed: a double one is re-spelled by the window's neighbour.
            if pitch_class(fifths) == wanted and -8 <= fifths <= 12:
                return spell(midi, fifths)
        return next(spell(midi, fifths) for fifths in range(-6, 7) if pitch_class(fifths) == wanted)
