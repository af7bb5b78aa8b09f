"""Cues as evidence: how a picture differs from an ordinary photograph.

A raw value says little ("edge density 0.31"); what counts is whether that is more or less than usual. `TYPICAL` holds the
mean and the standard deviation of each cue over the 553 photographs of OASIS (Kurdi, Lozano & Banaji, Behavior Research
Methods 49, 2017; no picture is contained); `evals/affect_oasis.py` measures them again.
Conventions: `z` counts standard deviations, `lean` is that halved and cut to -1..1. Knows nothing of music.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from img2music.scene import Cue, Swatch

__all__ = ["TYPICAL", "Evidence"]

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


class Evidence:
    """The numeric cues and the colours of one picture."""

    def __init__(self, cues: Iterable[Cue], colours: tuple[Swatch, ...], content: float) -> None:
        """`content` (0..1) is how much there is to see."""
        self.values = {cue.name: cue.value for cue in cues if isinstance(cue.value, float)}
        self.colours = colours
        self.content = content

    def z(self, name: str) -> float:
        """How many standard deviations a cue lies above that of an ordinary photograph, cut to -4..4."""
        mean, deviation = TYPICAL[name]
        return min(4.0, max(-4.0, (self.values[name] - mean) / deviation))

    def lean(self, name: str) -> float:
        """The same as -1 (far less than usual) .. 1 (far more)."""
        return min(1.0, max(-1.0, self.z(name) / 2))

    def weigh(self, signs: Mapping[str, float]) -> float:
        """How far the cues speak for something: the sum of their leans times their weights (negative: the less the better)."""
        return sum(weight * self.lean(name) for name, weight in signs.items())

    def witnesses(self, signs: Mapping[str, float], most: int = 3) -> tuple[str, ...]:
        """The cues that speak for it, the strongest first."""
        spoken = {name: weight * self.lean(name) for name, weight in signs.items()}
        return tuple(name for name in sorted(spoken, key=lambda name: -spoken[name]) if spoken[name] > 0.04)[:most]
