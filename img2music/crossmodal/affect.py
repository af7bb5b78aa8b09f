"""Valence and arousal of a picture from its cues, so that they can be read again when a cue is edited.

What can be named comes first: the recognised groups by how people would feel about them, the look of faces, and the mood of colours. The eye
adds what the networks' features say beyond that as two cues of their own, `feels_valence` and `feels_arousal` (see `affect_regression`), so that
the sum is its whole reading. Where there is little to see, colours alone speak:

    valence   mood of the single colours (Palmer et al. 2013, see `colour_cues`), colourfulness (Hasler & Suesstrunk 2003)
    arousal   -.31 brightness + .60 saturation (Valdez & Mehrabian, J. Exp. Psychology: General 123, 1994, standardised
              variables), colourfulness, contrast, light against dark masses

Weights of the named cues are least squares on the mean ratings of OASIS (Kurdi, Lozano & Banaji 2017;
`evals/studies/seeing/affect_oasis.py` prints them).
Conventions: both in [-1, 1], 0 neutral (Russell, J. Personality and Social Psychology 39, 1980), on people's scale (a rating of 1..7, less
4, over 3). Confidence is the correlation with people to expect.
"""

from __future__ import annotations

from math import tanh
from typing import TYPE_CHECKING

from img2music.scene import Attribute

if TYPE_CHECKING:
    from img2music.crossmodal.cue_evidence import CueEvidence

__all__ = ["FEELINGS", "MEANS", "AffectAttribute", "named_affect", "read_affect", "spread_affect"]

AffectAttribute = Attribute[float]

MEANS = (0.14, -0.13)
"""Where people's mean ratings of photographs lie (OASIS)."""

# How people would feel at what a group holds: valence and arousal, the mean over its classes of `assets/seeing/classes.tsv`
# (our judgement from the class names alone). What a scene sees beyond these rows moves nothing.
FEELINGS: dict[str, tuple[float, float]] = {
    "sea": (0.57, -0.19), "freshwater": (0.50, -0.10), "mountain": (0.61, 0.01), "forest": (0.50, -0.35), "field": (0.38, -0.33),
    "desert": (0.30, -0.20), "snow": (0.44, 0.21), "volcano": (0.18, 0.32), "flower": (0.49, -0.26), "plant": (0.18, -0.31),
    "food": (0.35, -0.17), "drink": (0.34, -0.17), "pet": (0.57, -0.01), "farm_animal": (0.28, -0.09), "wild_animal": (0.37, 0.02),
    "predator": (0.32, 0.23), "bird": (0.43, -0.17), "sealife": (0.20, -0.01), "reptile": (-0.05, 0.12), "insect": (-0.10, 0.06),
    "road_vehicle": (0.15, -0.04), "train": (0.18, -0.11), "aircraft": (0.27, 0.17), "ship": (0.29, 0.01), "spacecraft": (0.37, 0.35),
    "machine": (0.03, -0.20), "tool": (0.04, -0.27), "weapon": (-0.20, 0.18), "building": (0.30, -0.25), "street": (0.01, -0.33),
    "bridge": (0.38, -0.10), "sacred_place": (0.35, -0.24), "ruin": (0.32, -0.14), "home": (0.26, -0.42), "kitchen": (0.15, -0.39),
    "office": (0.03, -0.50), "clothing": (0.23, -0.15), "person": (0.19, -0.05), "celebration": (0.53, 0.12), "sport": (0.29, 0.13),
    "toy": (0.36, -0.17), "instrument": (0.31, -0.10), "stage": (0.25, 0.07), "art": (0.17, -0.21), "medical": (-0.25, 0.03),
    "electronics": (0.08, -0.37), "screen": (0.10, -0.26), "text": (0.12, -0.30), "light_fire": (0.21, -0.17), "container": (0.10, -0.39),
    "household": (0.08, -0.39), "jewellery": (0.25, -0.30), "prison": (-0.53, 0.14),
}  # fmt: skip
_USUAL = (0.25, -0.15)
"""The mean of all classes: a group is felt by how it differs from that."""
_GROUPS, _SMILES = (1.07, 1.02), (0.22, 0.0)
"""What a recognised group's difference counts, and a face's look by how large the face is."""

# Cues of colour with their weight, as standard deviations; the sums have a standard deviation of 1 over photographs.
_COLOURS: tuple[dict[str, float], dict[str, float]] = (
    {"colour_mood": 0.56, "colourfulness": 0.56},
    {"saturation": 0.34, "brightness": -0.175, "colourfulness": 0.385, "contrast": 0.385, "masses": 0.385},
)
_FULL, _PLAIN = (0.08, 0.07), (0.28, 0.28)
"""What a standard deviation of colour counts in a full picture (people's ratings hardly follow it) and in an empty one (our choice: a
single colour has a mood, and nothing else is there to speak)."""
_COLOURS_ALONE = 0.3
"""How far colours go at most, so that an empty picture stays near neutral."""
_COLOURED = 0.015
"""Mean chroma from which a picture counts as coloured; below it the greys are the medium's, and colour cues count half."""
_BENDS = (1.5, 2.0)
"""How strongly `spread_affect` spreads the middle of valence and of arousal: slopes of 1.7 and 2.1 there. Our choice."""
_RATED_SPREAD = 0.39
"""Standard deviation of people's mean ratings of valence."""
_COLOUR_CONFIDENCE, _MOST_CONFIDENCE = 0.2, 0.6
"""r with people's ratings of colours alone, and of the whole reading on subjects it was not fitted to."""


def named_affect(evidence: CueEvidence) -> tuple[dict[str, float], dict[str, float]]:
    """What each cue that has a name adds to valence and to arousal."""
    told = 0.5 + 0.5 * min(1.0, evidence.values["chroma"] / _COLOURED)
    face = evidence.values.get("smiles", 0.0) * (0.5 + evidence.values.get("face_size", 0.0))
    both = []
    for axis in (0, 1):
        colour = _PLAIN[axis] + (_FULL[axis] - _PLAIN[axis]) * evidence.content
        terms = {
            name: colour * weight * evidence.z(name) * (1.0 if name in {"contrast", "masses"} else told)
            for name, weight in _COLOURS[axis].items()
        }
        whole = sum(terms.values())
        if whole:
            limited = _COLOURS_ALONE * tanh(whole / _COLOURS_ALONE) / whole
            terms = {name: term * limited for name, term in terms.items()}
        for group, feeling in FEELINGS.items():
            if evidence.sees(group):
                terms[f"sees_{group}"] = _GROUPS[axis] * evidence.sees(group) * (feeling[axis] - _USUAL[axis])
        if face:
            terms["smiles"] = _SMILES[axis] * face
        both.append(terms)
    return both[0], both[1]


def read_affect(evidence: CueEvidence) -> tuple[AffectAttribute, AffectAttribute]:
    """Valence and arousal with the cues behind them, the strongest first, and how much of the reading each made."""
    both = []
    for axis, terms in enumerate(named_affect(evidence)):
        name = ("feels_valence", "feels_arousal")[axis]
        if name in evidence.values:
            terms[name] = evidence.values[name]
        both.append(_reading(terms, MEANS[axis] * (0.4 + 0.6 * evidence.content), _confidence(evidence)))
    return both[0], both[1]


def spread_affect(valence: float, arousal: float) -> tuple[float, float]:
    """What music makes of a feeling on people's scale: neutral and the ends stay where they are, what lies between is spread.

    People rate most photographs near the middle (standard deviations .39 and .27), while music is used from end to end; so
    distances count more near it, those of arousal most.
    """
    return tanh(_BENDS[0] * valence) / tanh(_BENDS[0]), tanh(_BENDS[1] * arousal) / tanh(_BENDS[1])


def _confidence(evidence: CueEvidence) -> float:
    spread = evidence.values.get("feels_spread")
    full = _COLOUR_CONFIDENCE if spread is None else min(_MOST_CONFIDENCE, max(0.0, 1 - (spread / _RATED_SPREAD) ** 2) ** 0.5)
    return full * (0.3 + 0.7 * evidence.content)


def _reading(terms: dict[str, float], mean: float, confidence: float) -> AffectAttribute:
    total = sum(terms.values())
    # Cited are the terms that pull the way the sum went, the strongest first; where all balance, all.
    pulling = [name for name in sorted(terms, key=lambda name: -abs(terms[name])) if terms[name] * total > 0]
    cited = tuple(pulling[:3]) or tuple(terms)
    whole = sum(abs(term) for term in terms.values()) or 1.0
    return AffectAttribute(
        value=round(min(1.0, max(-1.0, mean + total)), 3) + 0.0,
        because=cited,
        confidence=round(confidence, 3),
        strengths={name: round(abs(terms[name]) / whole, 3) for name in cited},
    )
