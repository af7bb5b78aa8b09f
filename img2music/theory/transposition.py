"""From one key to another: the same intervals where the mode stays, the same scale degrees where it changes.

A tune is known by its degrees: sung in minor, "do re mi" has a low mi. So a note of the scale goes to the same degree of the other
scale or, where it belongs to its chord, to the form of that degree which the chord has there (the leading tone over a dominant); a note
that was outside its scale keeps its distance from the tonic. Chords go the same way: those of the scale become those of the other scale,
dominants stay dominants where the other mode is major or minor, and what was borrowed stays what it was.

Conventions: keys and places on the line of fifths as in `keys` and `pitch`; intervals in semitones. Knows nothing of rhythm.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from img2music.theory.chords import NUMERAL, Chord
from img2music.theory.keys import Key
from img2music.theory.pitch import fifths_of, pitch_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory.pitch import SpelledPitch

__all__ = ["bars_in_mode", "degree_of", "interval_name", "key_interval", "numeral_in_mode", "transpose_pitch"]

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")
_STEPS = "CDEFGAB"
_NAMES = ("", "a semitone", "a tone", "a minor third", "a major third", "a fourth", "a tritone")
_LEADING = {"major", "lydian", "minor"}
"""Modes whose fifth degree carries a major chord: minor borrows its leading tone."""


def key_interval(old: Key, new: Key) -> int:
    """Semitones from one tonic to the other by the nearest way, -5..6."""
    return (pitch_class(new.tonic) - pitch_class(old.tonic) + 5) % 12 - 5


def interval_name(semitones: int) -> str:
    """``"up a fourth"``, ``"down a tone and an octave"``; empty for none."""
    octaves, rest = divmod(abs(semitones), 12)
    if rest > 6 and octaves == 0:
        names = [("a fifth", "a minor sixth", "a major sixth", "a minor seventh", "a major seventh")[rest - 7]]
    elif rest > 6:
        return f"{abs(semitones)} semitones {'up' if semitones > 0 else 'down'}"
    else:
        names = [_NAMES[rest]] if rest else []
    names += ["an octave" if octaves == 1 else f"{octaves} octaves"] if octaves else []
    return f"{'up' if semitones > 0 else 'down'} {' and '.join(names)}" if names else ""


def degree_of(pitch: SpelledPitch, key: Key) -> tuple[int, bool]:
    """Steps of the written note above the tonic, 0..6, and whether it belongs to the scale."""
    tonic = _STEPS.index("FCGDAEB"[(key.tonic + 1) % 7])
    degree = (_STEPS.index(pitch.step) - tonic) % 7
    return degree, key.scale[degree] == fifths_of(pitch.step, pitch.alter)


def transpose_pitch(pitch: SpelledPitch, old: Key, new: Key, old_chord: Sequence[int] = (), new_chord: Sequence[int] = ()) -> int:
    """The MIDI number of a note of `old` in `new`, whose tonic lies the nearest way off.

    `old_chord` and `new_chord` are the members of the chord under it here and there, on the line of fifths: a note of the one goes to
    the form of its degree that the other has.
    """
    midi = pitch.midi + key_interval(old, new)
    if old.mode == new.mode:
        return midi
    degree, in_scale = degree_of(pitch, old)
    if not in_scale:
        return midi
    target = new.scale[degree]
    if old.scale[degree] in old_chord:
        target = next((member for member in new_chord if (member - target) % 7 == 0), target)
    above = (pitch_class(target) - pitch_class(new.tonic)) % 12
    was = (pitch_class(old.scale[degree]) - pitch_class(old.tonic)) % 12
    return midi + (above - was + 6) % 12 - 6


@lru_cache(maxsize=4096)
def numeral_in_mode(numeral: str, old_mode: str, new_mode: str) -> str:
    """The numeral of a chord with the same task in another mode: ``"ii7"`` of major is ``"iiø7"`` of minor.

    Raises:
        DocumentError: not a roman numeral (see `chords`).
    """
    chord = Chord.parse(numeral, Key(0, old_mode))
    match = NUMERAL.fullmatch(numeral)
    if old_mode == new_mode or match is None:
        return numeral
    if match["target"]:
        target = numeral_in_mode(match["target"], old_mode, new_mode).rstrip("oø+")
        return f"{numeral[: match.start('target')]}{target}"
    old, new = Key(0, old_mode), Key(0, new_mode)
    degree = next((number for number, place in enumerate(old.scale) if place == chord.root), None)
    triad = chord.members[:3]
    figures = match["figures"]
    is_major = triad == (chord.root, chord.root + 4, chord.root + 1)
    if chord.root == 1 and is_major and (old_mode in _LEADING) and (new_mode in _LEADING):
        return "V" + {"maj7": "7", "maj9": "7", "9": "7", "add6": "", "add9": ""}.get(figures, figures)
    if chord.root == 5 and triad == (5, 2, -1) and new_mode in _LEADING:  # the leading tone's own chord
        raised = "#" if new.scale[6] != 5 else ""
        return f"{raised}vii{_diminished(figures, match['quality'])}"
    is_scale = set(triad) <= set(old.scale) or "sus" in figures
    subtonic = degree == 6 and triad[2] - triad[0] == 1 and new.scale[3] - new.scale[6] == -6
    if degree is not None and is_scale and not subtonic:  # a subtonic's major chord stays one: no triad of dread instead of it
        return _of_scale(degree, figures, new)
    return _borrowed(chord, match["quality"] + figures, new, small=match["numeral"].islower()) or _of_scale(
        degree or 0, figures, new
    )


def bars_in_mode(bars: Sequence[str], old_mode: str, new_mode: str) -> tuple[str, ...]:
    """Bars of numerals with chords of the same tasks in another mode."""
    return tuple(" ".join(numeral_in_mode(word, old_mode, new_mode) for word in bar.split()) for bar in bars)


def _diminished(figures: str, quality: str) -> str:
    """Quality and figures of a diminished chord: sevenths, inversions of triads, nothing else."""
    sevenths = {"7", "65", "43", "42"}
    if figures in sevenths or figures in {"maj7", "9", "maj9"}:
        return ("ø" if quality == "ø" else "o") + (figures if figures in sevenths else "7")
    return "o" + (figures if figures in {"6", "64"} else "")


def _of_scale(degree: int, figures: str, key: Key) -> str:
    """The chord of a degree of the scale, with the figures that the scale has for it."""
    scale = key.scale
    root = scale[degree]

    def above(steps: int) -> int:
        return scale[(degree + steps) % 7] - root

    is_minor, fifth = above(2) == -3, above(4)
    name = _ROMAN[degree].lower() if is_minor and "sus" not in figures else _ROMAN[degree]
    seventh = above(6)
    if fifth == -6:
        return name + _diminished(figures, "ø" if seventh == -2 else "o")
    major_seventh = {
        "7": "maj7",
        "maj7": "maj7",
        "9": "maj7",
        "maj9": "maj7",
        "65": "6",
        "43": "64",
        "42": "maj7",
        "7sus4": "sus4",
    }
    if above(1) == 2:
        major_seventh |= {"9": "maj9", "maj9": "maj9"}
    minor_seventh = {"maj7": "7", "maj9": "9" if above(1) == 2 else "7", "9": "9" if above(1) == 2 else "7"}
    figures = (major_seventh if seventh == 5 else minor_seventh).get(figures, figures)
    fits = {"add6": above(5) == 3, "add9": above(1) == 2, "sus2": above(1) == 2, "sus4": above(3) == -1, "7sus4": above(3) == -1}
    if not fits.get(figures, True):
        figures = "7" if figures == "7sus4" else ""
    return name + figures


def _borrowed(chord: Chord, ending: str, key: Key, *, small: bool) -> str | None:
    """A chord that is none of the scale, unchanged over the same tonic; None where no single sign writes it."""
    for sign, shift in (("", 0), ("b", -7), ("#", 7)):
        for degree, place in enumerate(key.scale):
            if place + shift == chord.root:
                return sign + (_ROMAN[degree].lower() if small else _ROMAN[degree]) + ending
    return None
