"""Texture: who is silent when, so that a piece does not show everything it has in its first bar.

The tune, the bass, the drums and the first part of chords always play where the plan lets them. The others take turns: a
counter-melody waits until the tune has been heard once, colour (a second part of chords, an arpeggio, a pad) waits for
the second phrase of the first theme or makes room at the beginning of a contrast. Which of the two is drawn for each part.
Conventions: `playing` is energy a bar, -1 where the part rests already. Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.timeline import Phrase

__all__ = ["apply_rests"]

_HARMONY = ("chords", "arpeggio", "pad")
_SHORTEST = 12
"""A piece of fewer bars has no time to hold anything back."""


def apply_rests(plan: CompositionPlan, part: PartPlan, phrases: Sequence[Phrase], playing: Sequence[float]) -> list[float]:
    """The bars of one part with its rests; it never falls silent altogether."""
    if not _may_rest(plan, part) or plan.bars < _SHORTEST:
        return list(playing)
    chance = generator(plan.seed_for("chords"), "texture", part.id)
    waits = part.role == "counter" or float(chance.random()) < 0.5
    silent = set(_first_hearing(phrases) if waits else _contrast_opening(phrases))
    thinned = [-1.0 if bar in silent else energy for bar, energy in enumerate(playing)]
    return thinned if any(energy >= 0 for energy in thinned[:-1]) else list(playing)


def _may_rest(plan: CompositionPlan, part: PartPlan) -> bool:
    """Whether the harmony stands without this part."""
    carriers = [other for other in plan.parts if other.role in _HARMONY]
    if part.role == "counter":
        return bool(carriers)
    # The carrier is whoever plays from the lowest energy on, the first of equals.
    return part.role in _HARMONY and part is not min(carriers, key=lambda other: other.from_energy)


def _first_hearing(phrases: Sequence[Phrase]) -> list[int]:
    """The first phrase of the first theme, and what comes before it."""
    theme = next((phrase for phrase in phrases if phrase.section.role == "theme"), None)
    return list(range(theme.first_bar + theme.bars)) if theme else []


def _contrast_opening(phrases: Sequence[Phrase]) -> list[int]:
    """The first phrase of each contrast."""
    return [
        phrase.first_bar + number
        for phrase in phrases
        if phrase.section.role == "contrast" and phrase.index == 0
        for number in range(phrase.bars)
    ]
