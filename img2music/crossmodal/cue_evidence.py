"""Cues as evidence: how a picture differs from an ordinary photograph.

A raw value says little ("edge density 0.31"); what counts is whether that is more or less than usual. `TYPICAL` holds the
mean and the standard deviation of each cue over the 553 photographs of OASIS (Kurdi, Lozano & Banaji, Behavior Research
Methods 49, 2017; no picture is contained); `evals/studies/seeing/affect_oasis.py` measures them again.
What is recognised comes as probabilities (`sees_sea`) and words (`time_of_day`), which are used as they are.
Conventions: `z` counts standard deviations, `lean` is that halved and cut to -1..1. Knows nothing of music.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.crossmodal.subject_rules import WIDE_FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from img2music.scene import Cue, Scene, Swatch

__all__ = ["TYPICAL", "CueEvidence"]

TYPICAL: dict[str, tuple[float, float]] = {
    "lightness": (0.548, 0.128),
    "brightness": (0.529, 0.150),
    "contrast": (0.194, 0.055),
    "dark_share": (0.230, 0.197),
    "top_light": (0.055, 0.168),
    "chroma": (0.046, 0.032),
    "saturation": (0.335, 0.202),
    "colourfulness": (0.382, 0.238),
    "warmth": (0.197, 0.404),
    "colour_mood": (-0.273, 0.201),
    "edge_density": (0.360, 0.176),
    "edges_horizontal": (0.301, 0.097),
    "edges_vertical": (0.241, 0.077),
    "edges_diagonal": (0.459, 0.068),
    "edge_order": (0.030, 0.041),
    "texture": (0.041, 0.017),
    "tones": (4.174, 0.503),
    "masses": (0.146, 0.056),
    "open_space": (0.278, 0.214),
    "symmetry": (0.286, 0.242),
    "horizon_strength": (0.178, 0.157),
    "focus": (0.186, 0.183),
}


_NOT_SEEN = frozenset({"", "unclear", "not sure"})
"""Words by which the eye says that it can't tell."""


class CueEvidence:
    """The cues and the colours of one picture. A cue that is missing counts as usual, so that nothing follows from it."""

    def __init__(self, cues: Iterable[Cue], colours: tuple[Swatch, ...], content: float | None = None) -> None:
        """`content` (0..1) is how much there is to see; None takes the cue of that name, or 1 where there is none."""
        cues = tuple(cues)
        self.values = {name: mean for name, (mean, _) in TYPICAL.items()}
        self.values |= {cue.name: cue.value for cue in cues if isinstance(cue.value, float)}
        self.words = {cue.name: cue.value for cue in cues if isinstance(cue.value, str)}
        self.colours = colours
        self.content = min(1.0, max(0.0, self.values.get("content", 1.0) if content is None else content))
        self._cues = frozenset(cue.name for cue in cues)

    @classmethod
    def of(cls, scene: Scene) -> CueEvidence:
        """The evidence that a scene holds."""
        return cls(scene.cues, scene.colours)

    @property
    def known(self) -> frozenset[str]:
        """Everything that may be cited."""
        return self._cues | {colour.name for colour in self.colours}

    def z(self, name: str) -> float:
        """How many standard deviations a cue lies above that of an ordinary photograph, cut to -4..4; 0 where it is missing."""
        mean, deviation = TYPICAL[name]
        return min(4.0, max(-4.0, (self.values[name] - mean) / deviation))

    def lean(self, name: str, width: float = 2.0) -> float:
        """The same as -1 (far less than usual) .. 1 (far more), `width` deviations being far."""
        return min(1.0, max(-1.0, self.z(name) / width))

    def likelier(self, family: str) -> float:
        """How much likelier than usual a wide family of subjects is, as a difference of shares; 0 where the eye said nothing of it."""
        return self.content * self.values[cue] - WIDE_FAMILIES[family][0] if (cue := f"likely_{family}") in self.values else 0.0

    def sees(self, group: str) -> float:
        """How sure the eye is of a group of subjects ("sea"), 0..1; 0 where it said nothing of it."""
        return min(1.0, max(0.0, self.values.get(f"sees_{group}", 0.0)))

    def word(self, name: str) -> str:
        """The value of a cue that is a word; "" where it is missing or says that the eye can't tell."""
        word = self.words.get(name, "")
        return "" if word in _NOT_SEEN else word

    def terms(self, signs: Mapping[str, float], width: float = 2.0) -> dict[str, float]:
        """What each cue says for something: its lean times its weight (negative weight: the less the better)."""
        return {name: weight * self.lean(name, width) for name, weight in signs.items()}

    def weigh(self, signs: Mapping[str, float]) -> float:
        """How far the cues speak for something: the sum of its terms."""
        return sum(self.terms(signs).values())
