"""Figures: what is written after the triads of a progression. Sevenths, ninths and sixths as the style uses them, secondary dominants
named by the degree they lead to, suspensions before they resolve, inversions for a bass that steps, tonic and dominant pedals.

A seventh or ninth is the one of the mode's own scale, so that no figure brings in a foreign note; dominants (V, V/x) take the
minor seventh. Inversions are chosen for a whole phrase at once by dynamic programming over the bass: a step costs least, a leap of
a fourth or fifth between roots is good too, an inversion has its price (Aldwell & Schachter 2011, ch. 7 to 9 and 15: first inversions are
free, six-four chords only as cadential or passing ones, the third inversion where the bass then falls by step).
Conventions: numerals as in `theory.chords`. Knows nothing of parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.planners.harmony.chord_vocabulary import applied_target, triad_kind
from img2music.theory import Chord, Key
from img2music.viterbi import cheapest_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.style import Vocabulary

__all__ = ["ChordFigures", "choose_inversions", "pedal_chord"]

_INVERTED = {"": ("", "6", "64"), "7": ("7", "65", "43", "42")}
_MEMBERS = {"": (0, 1, 2), "7": (0, 1, 2, 3)}


class ChordFigures:
    """The figures of one piece: the same triad always gets the same colour, so that a theme sounds like itself."""

    def __init__(self, mode: str, words: Vocabulary, chance: np.random.Generator) -> None:
        self._mode = mode
        self._words = words
        self._chance = chance
        self._figures: dict[str, str] = {}

    def numeral(self, triad: str, following: str | None, *, dominant_at_cadence: bool = False) -> str:
        """The triad with its figures; named as an applied dominant where `following` is its goal."""
        goal = applied_target(triad, self._mode) if triad_kind(triad, self._mode) == "secondary" else None
        applied = goal is not None and following is not None and following.lower() == goal.lower()
        figures = self._figure(triad)
        if dominant_at_cadence and triad == "V" and self._words.chords == "triads":
            figures = "7"
        if applied:
            return f"V{figures or self._seventh_of_applied()}/{following}"
        if "o" in triad and figures == "7":
            # A half-diminished seventh where the scale gives a minor one, a diminished one else.
            return triad.replace("o", "ø7" if self._scale_seventh(triad) == -2 else "o7")
        return triad + figures

    def final(self, home: str) -> str:
        """The last chord: plain, or with an added sixth or ninth where the style never plays plain chords."""
        return home + "add9" if self._words.chords == "extended" and self._has_ninth(home) else home

    def _seventh_of_applied(self) -> str:
        return "7" if self._words.chords in {"triads", "sevenths", "extended"} else ""

    def _figure(self, triad: str) -> str:
        if triad not in self._figures:
            first, second = self._chance.random(2)
            self._figures[triad] = self._draw(triad, float(first), float(second))
        return self._figures[triad]

    def _draw(self, triad: str, first: float, second: float) -> str:
        """Shares are our choice; lead sheets of standards write a seventh or more on three chords out of four."""
        kind, words = triad_kind(triad, self._mode), self._words.chords
        if words in {"power", "triads"}:
            leads = kind == "secondary" or ("o" in triad and first < 0.5)
            return "7" if leads and words == "triads" else ""
        if kind in {"dominant", "secondary"} or (triad == "V" and self._mode in {"major", "minor"}):
            return "9" if words == "extended" and second < 0.35 else "7"
        seventh = {5: "maj7", -2: "7"}.get(self._scale_seventh(triad), "7")
        if seventh == "maj7" and triad.lstrip("b#")[0].islower():
            return "add6"  # a borrowed minor chord under a scale with the major seventh: iv in major
        home, rich = triad.lower() == "i", words == "extended" and "o" not in triad and self._has_ninth(triad)
        if first > (0.75 if home else 0.92) and "o" not in triad:
            return "add9" if rich else ""
        if rich and second < 0.45:
            return {"maj7": "maj9", "7": "9"}[seventh]
        return "add6" if rich and triad == "I" and second > 0.8 else seventh

    def _scale_seventh(self, triad: str) -> int:
        """The seventh above the root in the mode's scale, in fifths (5 major, -2 minor, -9 diminished)."""
        return self._above(triad, 6, {5, -2, -9} if "o" in triad else {5, -2})

    def _has_ninth(self, triad: str) -> bool:
        return self._above(triad, 1, {2}) == 2

    def _above(self, triad: str, steps: int, known: set[int]) -> int:
        key = Key(0, self._mode)
        root = Chord.parse(triad, key).root
        letter = (root + 1 + 2 * steps) % 7
        scale = {(fifths + 1) % 7: fifths for fifths in key.scale}
        interval = scale[letter] - root
        if interval in known:
            return interval
        return -2 if "o" in triad else (5 if steps == 6 and triad.lstrip("b#")[0].isupper() else -2)


def choose_inversions(numerals: Sequence[str], key: Key, share: float, *, fixed: Sequence[bool]) -> tuple[str, ...]:
    """The numerals with inversions where they make the bass step; `share` 0..1 how readily, `fixed` keeps a chord as it is."""
    if share <= 0 or len(numerals) < 3:
        return tuple(numerals)
    layers = [_forms(numeral, key) if not still else [(numeral, Chord.parse(numeral, key).bass, 0)]
              for numeral, still in zip(numerals, fixed, strict=True)]  # fmt: skip
    path = cheapest_path(
        [[(form, _price(form[2], share)) for form in layer] for layer in layers],
        lambda _, before, after: _motion(before[1], after[1], before[2], after[2]),
        least_step_cost=0.0,
    )
    return tuple(text for text, _, _ in path)


def pedal_chord(triad: str, degree: str, mode: str) -> str | None:
    """The triad (or its seventh chord) with the tonic ("1") or the dominant ("5") of the mode lowest; None where it has neither."""
    key = Key(0, mode)
    note = key.scale[0 if degree == "1" else 4]
    plain = Chord.parse(triad, key)
    for member, figures in enumerate(("", "6", "64")):
        if plain.members[member] == note:
            return triad + figures
    third_inversion = triad.replace("o", "ø") + "42"
    chord = Chord.parse(third_inversion, key)
    return third_inversion if chord.bass == note and "o" not in triad[-1:] else None


def _forms(numeral: str, key: Key) -> list[tuple[str, int, int]]:
    """The numeral in root position and in its inversions: text, bass (line of fifths), member."""
    head, slash, goal = numeral.partition("/")
    seventh = head.endswith("7") and not head.endswith("maj7")
    figures = "7" if seventh else ""
    if not seventh and head[-1:].isdigit():
        return [(numeral, Chord.parse(numeral, key).bass, 0)]
    stem = head.removesuffix("7") if seventh else head
    forms = []
    for member, figure in enumerate(_INVERTED[figures]):
        text = f"{stem}{figure}{slash}{goal}"
        forms.append((text, Chord.parse(text, key).bass, member))
    return forms


def _price(member: int, share: float) -> float:
    """What an inversion costs by itself; the readier, the less."""
    return (0.0, 0.75, 3.5, 1.2)[member] * (1.25 - share)


def _motion(before: int, after: int, held: int, member: int) -> float:
    """What the bass pays from one chord to the next."""
    semitones = (after - before) * 7 % 12
    semitones = min(semitones, 12 - semitones)
    letters = min((after - before) * 4 % 7, (before - after) * 4 % 7)
    cost = (0.9, 0.0, 0.8, 0.6, 0.6, 1.2, 1.2)[letters] if letters < 7 else 1.2
    if semitones == 6:
        cost += 1.0
    falls = (before - after) * 4 % 7 == 1
    if held == 3 and not falls:
        cost += 6.0  # the seventh in the bass resolves down by step
    if held == 2 and letters > 1:
        cost += 3.0  # a passing six-four moves on by step
    if member == 2 and letters > 1:
        cost += 3.0
    return cost
