"""Which triads a style may use in a mode, and how much: the factors that bend the statistics.

A triad is *diatonic* (of the mode's scale), *dominant* (V and #viio of minor, whose leading tone is borrowed as a matter of course),
*secondary* (a dominant of another degree), *borrowed* (from the parallel mode) or *strange* (all others; never drawn). Raised leading
tones are strange in dorian, phrygian and mixolydian: there they would turn the mode into coloured minor or major.

`brightness` (-1..1) says how light the harmony is inside its mode: every triad has a light from -1 to 1 (major triads of the
scale 1, minor ones and diminished ones below 0, borrowed ones lowest, the tonic between), and its factor grows by e with light x brightness.
That major and minor triads carry valence beside the mode: Crowder, *Psychomusicology* 4, 1984; the figures are our choice.
Knows nothing of where in a phrase a triad stands.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from img2music.theory import Chord, Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.planners.harmony.markov import HarmonyModel
    from img2music.style import Vocabulary

__all__ = ["Kind", "applied_target", "resolution_factors", "triad_brightness", "triad_kind", "triad_weights"]

Kind = Literal["diatonic", "dominant", "secondary", "borrowed", "strange"]
_BORROWED = {
    "major": {"iv", "bVI", "bVII", "bIII", "bII", "v", "iio"},
    "lydian": {"IV", "bVII"},
    "mixolydian": {"bIII", "bVI", "iv"},
    "dorian": {"bVI", "iv"},
    "minor": {"IV", "ii", "bII", "#vio"},
    "phrygian": set(),
}
_PASSING = {"major": {"#ivo", "#io"}, "minor": {"#ivo"}}
"""Diminished triads that lead up by a semitone: secondary leading-tone chords."""
_OWN_LIGHT = {("minor", "IV"): 0.4, ("phrygian", "II"): -0.3}
"""Major triads that are lighter or darker than their kind."""
_TONIC_LIGHT = {"I": 0.6, "i": -0.4}
"""With no light of its own the tonic gave way: at full brightness I fell from 57 % of the bars of pieces in major to 40 %."""
_REACH = 1.3
"""A triad of full light is e^1.3 = 3.7 times as likely in the brightest harmony as in the middle."""
_UNRESOLVED = 0.2
"""What is left of a secondary dominant that does not go where it leads, where the style keeps to common practice."""


@lru_cache(maxsize=1024)
def triad_kind(triad: str, mode: str) -> Kind:
    """What a triad is in a mode."""
    key = Key(0, mode)
    chord = Chord.parse(triad, key)
    if "+" in triad or "?" in triad:
        return "strange"
    if set(chord.pitch_classes) <= set(key.pitch_classes):
        # The diminished triads of dorian and mixolydian hold the tritone of another key.
        return "strange" if "o" in triad and mode not in {"major", "minor"} else "diatonic"
    if mode == "minor" and triad in {"V", "#viio"}:
        return "dominant"
    if triad in _BORROWED[mode]:
        return "borrowed"
    if triad in _PASSING.get(mode, set()) or (mode in {"major", "minor"} and applied_target(triad, mode)):
        return "secondary"
    return "strange"


@lru_cache(maxsize=1024)
def applied_target(triad: str, mode: str) -> str | None:
    """The degree that a major triad is the dominant of ("II" in major: "V"); None where it leads to no chord of the scale."""
    key = Key(0, mode)
    chord = Chord.parse(triad, key)
    if chord.members[1] - chord.root != 4 or chord.members[2] - chord.root != 1:
        return None
    goal = chord.root - 1
    degrees = ("I", "II", "III", "IV", "V", "VI", "VII")
    for degree, name in enumerate(degrees):
        if key.scale[degree] == goal and degree:
            third, fifth = key.scale[(degree + 2) % 7] - goal, key.scale[(degree + 4) % 7] - goal
            if fifth == 1:
                return name if third == 4 else name.lower()
    return None


@lru_cache(maxsize=1024)
def triad_brightness(triad: str, mode: str) -> float:
    """How light a triad is in its mode, -1..1; the tonic goes a part of the way with its kind, so that no light drives it out."""
    kind = triad_kind(triad, mode)
    if "o" in triad:
        return -1.0
    if triad in _TONIC_LIGHT:
        return _TONIC_LIGHT[triad]
    if (mode, triad) in _OWN_LIGHT:
        return _OWN_LIGHT[mode, triad]
    of_kind = {"borrowed": -1.0, "secondary": 0.3, "dominant": 0.2}
    return of_kind.get(kind, 1.0 if triad.lstrip("b#")[0].isupper() else -0.7)


def triad_weights(model: HarmonyModel, mode: str, words: Vocabulary, brightness: float) -> dict[str, float]:
    """A factor for every triad of `model`, 0 where the style or the mode does not know it."""
    return {triad: _weight(triad, mode, words, brightness) for triad in model.triads}


def resolution_factors(model: HarmonyModel, mode: str) -> Mapping[tuple[str, str], float]:
    """Factors for pairs: secondary dominants and leading-tone chords that do not resolve are rarer than they were counted."""
    factors: dict[tuple[str, str], float] = {}
    for one in model.triads:
        goals = _goals(one, mode)
        if goals:
            for two in model.triads:
                if two not in goals:
                    factors[one, two] = _UNRESOLVED
    return factors


def _goals(triad: str, mode: str) -> set[str]:
    """Where a triad wants to go: a fifth down, or a semitone up for diminished ones; empty for those that are free."""
    kind = triad_kind(triad, mode)
    key = Key(0, mode)
    chord = Chord.parse(triad, key)
    if kind == "secondary" and "o" not in triad:
        goal = applied_target(triad, mode) or ""
        return {goal, goal.upper(), goal.lower()}
    if "o" in triad and kind != "strange":
        up = [degree for degree, fifths in enumerate(key.scale) if (fifths - chord.root) * 7 % 12 == 1]
        names = ("I", "II", "III", "IV", "V", "VI", "VII")
        goals = {form for degree in up for form in (names[degree], names[degree].lower())}
        return goals | ({"V", "v"} if triad == "iio" else set()) | ({"iii"} if triad == "viio" else set())
    return set()


def _weight(triad: str, mode: str, words: Vocabulary, brightness: float) -> float:
    kind = triad_kind(triad, mode)
    if kind == "strange" or (words.chords == "power" and "o" in triad):
        return 0.0
    share = {"secondary": 2 * words.secondary, "borrowed": 2 * words.borrowed}.get(kind, 1.0)
    if kind == "borrowed" and mode not in {"major", "minor"}:
        share *= 0.5  # a mode is known by its scale
    return share * _growth(_REACH * brightness * triad_brightness(triad, mode))


def _growth(x: float) -> float:
    """About e to the `x` for -1.5..1.5, by four operations that every machine does alike (Padé approximant)."""
    return ((12 + 6 * x + x * x) / (12 - 6 * x + x * x)) if x else 1.0
