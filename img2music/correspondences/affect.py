"""Valence and arousal of a picture from its light and colour alone.

Two sums of standardised cues with equal weights (an improper linear model: R. Dawes, American Psychologist 34, 1979),
so that nothing is fitted to the photographs it is measured on:

    valence   mood of the single colours (Palmer et al. 2013, see `colour`), colourfulness (Hasler & Suesstrunk 2003)
    arousal   -.31 brightness + .60 saturation (Valdez & Mehrabian, J. Exp. Psychology: General 123, 1994, standardised
              variables), colourfulness, contrast, light against dark masses

Measured with `evals/affect_oasis.py` on 553 photographs with human ratings (Pearson r, 95 % interval): valence .23
(.15 to .32), arousal .23 (.15 to .31); Valdez & Mehrabian's two equations alone reach .19 and .12. What a picture shows
matters far more than its colours, and this module does not know what it shows: hence the confidence.
Conventions: both in [-1, 1], 0 neutral (Russell, J. Personality and Social Psychology 39, 1980).
"""

from __future__ import annotations

from math import tanh
from typing import TYPE_CHECKING

from img2music.scene import Attribute

if TYPE_CHECKING:
    from img2music.correspondences.evidence import Evidence

__all__ = ["Affect", "read_affect"]

Affect = Attribute[float]

_BRIGHTNESS, _SATURATION = -0.31, 0.60
"""Arousal of colours (Valdez & Mehrabian 1994, abstract)."""
_VM_DEVIATION = 0.68
# Standard deviations of the two sums over the same photographs, and where their mean rating lies on a scale from -1 to 1
# (OASIS: 4.43 and 3.62 on 1..7). evals/affect_oasis.py prints all five.
_VALENCE_DEVIATION, _AROUSAL_DEVIATION = 1.80, 2.60
_VALENCE_MEAN, _AROUSAL_MEAN = 0.14, -0.13
_SPREAD = 0.62
"""Our choice: one standard deviation moves the reading by about half of the scale, so that pictures part clearly."""
_VALENCE_CONFIDENCE, _AROUSAL_CONFIDENCE = 0.23, 0.23
"""The correlations measured."""
_COLOURED = 0.015
"""Mean chroma from which a picture counts as coloured."""
_PLAIN_WEIGHT = 0.45
"""How much of the reading an empty picture keeps: a single colour has a mood, but says little."""


def read_affect(evidence: Evidence) -> tuple[Affect, Affect]:
    """Valence and arousal with the cues behind them."""
    # In a black-and-white picture the greys are the medium's, not the scene's: its colour cues count half (our choice; it
    # keeps photographs from all sounding sad and costs .02 of the correlation with valence).
    told = 0.5 + 0.5 * min(1.0, evidence.values["chroma"] / _COLOURED)
    happy = {"colour_mood": told * evidence.z("colour_mood"), "colourfulness": told * evidence.z("colourfulness")}
    excited = {
        "saturation": told * _SATURATION * evidence.z("saturation") / _VM_DEVIATION,
        "brightness": _BRIGHTNESS * evidence.z("brightness") / _VM_DEVIATION,
        "colourfulness": told * evidence.z("colourfulness"),
        "contrast": evidence.z("contrast"),
        "masses": evidence.z("masses"),
    }
    return (
        _reading(happy, _VALENCE_MEAN, _VALENCE_DEVIATION, _VALENCE_CONFIDENCE, evidence.content),
        _reading(excited, _AROUSAL_MEAN, _AROUSAL_DEVIATION, _AROUSAL_CONFIDENCE, evidence.content),
    )


def _reading(terms: dict[str, float], mean: float, deviation: float, confidence: float, content: float) -> Affect:
    total = sum(terms.values())
    kept = _PLAIN_WEIGHT + (1 - _PLAIN_WEIGHT) * content
    value = tanh(mean + _SPREAD * total / deviation) * kept
    # Cited are the terms that pull the way the sum went, the strongest first; where all balance, all.
    pulling = [name for name in sorted(terms, key=lambda name: -abs(terms[name])) if terms[name] * total > 0]
    return Affect(
        value=round(value, 3) + 0.0,
        because=tuple(pulling[:3]) or tuple(terms),
        confidence=round(confidence * (0.3 + 0.7 * content), 3),
    )
