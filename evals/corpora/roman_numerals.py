"""From chords of a corpus to the project's roman numerals: the mode of a piece, the numeral of a triad, what is added to it.

A chord is parted in two: its triad, which is what progressions are counted in ("V", "ii", "bVII"), and its colour, the figures
after it ("7", "maj7", "sus4"). Roots are semitones above the tonic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.theory import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.corpora.progression import BarChord, ChordPhrase, Progression

__all__ = ["colour_of", "mode_of", "numeral_of", "triads_of"]

_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_TRIADS = {"maj": (0, 4, 7), "min": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "5": (0, 7), "sus": (0, 7)}
# Where a root outside the scale is written: as the flattened degree above it, but #iv and, in minor, #vi and #vii.
_RAISED = {"major": (6,), "lydian": (), "mixolydian": (6, 11), "dorian": (6, 11), "minor": (6, 9, 11), "phrygian": (6, 9, 11)}
_COLOURS = {
    "maj7": "maj7", "maj9": "maj9", "maj13": "maj9", "7": "7", "9": "9", "11": "7sus4", "13": "9", "min7": "7", "min9": "9",
    "min11": "9", "hdim7": "7", "dim7": "7", "maj6": "add6", "maj69": "add6", "min6": "add6", "add9": "add9", "minadd9": "add9",
    "sus4": "sus4", "sus2": "sus2", "7sus4": "7sus4", "aug7": "7",
}  # fmt: skip


def mode_of(piece: Progression) -> str:
    """The mode whose scale the piece's chords fit: by the third over the tonic, then by its marks.

    Mixolydian has the flat seventh at least three times as often as the leading tone, dorian the natural sixth twice as
    often as the flat one, lydian and phrygian more of their second or fourth than of the common one; shares of chord time,
    sevenths left out (our thresholds). A reader that knows major from minor is believed.
    """
    weights = [0.0] * 12
    minor = major = 0.0
    for phrase in piece.phrases:
        for bar in phrase.bars:
            for chord in bar:
                for member in _members(chord.quality):
                    weights[(chord.root - phrase.tonic + member) % 12] += 1 / len(bar)
                if chord.root == phrase.tonic:
                    minor += chord.quality.startswith("min") / len(bar)
                    major += (not chord.quality.startswith("min")) / len(bar)
    total = sum(weights) or 1.0
    is_minor = piece.is_minor
    if is_minor is None:
        is_minor = minor > major if minor + major else weights[3] > weights[4]
    if piece.corpus == "jsb":
        return "minor" if is_minor else "major"  # in common practice the sixth and seventh of minor are movable
    if is_minor:
        if weights[1] > weights[2]:
            return "phrygian"
        return "dorian" if weights[9] >= 2 * weights[8] and weights[9] > 0.03 * total else "minor"
    if weights[10] >= 3 * weights[11] and weights[10] > 0.04 * total:
        return "mixolydian"
    return "lydian" if weights[6] > weights[5] else "major"


def numeral_of(root: int, quality: str, mode: str) -> str:
    """The triad on `root` (semitones above the tonic) in `mode`; a fifth alone or a suspension gets the scale's third."""
    scale = Key(0, mode).pitch_classes
    kind = _kind(quality)
    if kind in {"5", "sus"}:
        third_is_minor = (root + 3) % 12 in scale and (root + 4) % 12 not in scale
        kind = "min" if third_is_minor and root != 7 else "maj"
    shift = ""
    if root not in scale:
        raised = root in _RAISED[mode] and kind in {"dim", "min"}
        root, shift = ((root - 1) % 12, "#") if raised else ((root + 1) % 12, "b")
    numeral = _NUMERALS[scale.index(root)] if root in scale else "?"
    if kind in {"min", "dim"}:
        numeral = numeral.lower()
    return shift + numeral + {"dim": "o", "aug": "+"}.get(kind, "")


def colour_of(quality: str) -> str:
    """What is written after the triad's numeral: "", "7", "maj7", "sus4" ..."""
    return _COLOURS.get(quality, "")


def triads_of(phrase: ChordPhrase, mode: str) -> list[tuple[int, str, BarChord]]:
    """Bar, numeral and chord at every change of triad in a phrase."""
    found: list[tuple[int, str, BarChord]] = []
    for number, bar in enumerate(phrase.bars):
        for chord in bar:
            numeral = numeral_of((chord.root - phrase.tonic) % 12, chord.quality, mode)
            if not found or found[-1][1] != numeral:
                found.append((number, numeral, chord))
    return found


def _kind(quality: str) -> str:
    if quality.startswith(("dim", "hdim")):
        return "dim"
    if quality.startswith("min"):
        return "min"
    if quality.startswith("aug"):
        return "aug"
    return "sus" if "sus" in quality or quality == "11" else ("5" if quality == "5" else "maj")


def _members(quality: str) -> Sequence[int]:
    return _TRIADS[_kind(quality)]
