"""The one source of chance.

Every random choice comes from a generator named by its purpose, so that one part can be made anew while the rest stays:
`generator(7, "melody", "A")` always draws the same numbers and shares none with `generator(7, "drums")`. A craft may have a
seed of its own beside the piece's (`seed_for` of a brief and of a plan); then it keeps its notes while the others change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

import numpy as np
from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CRAFTS", "Craft", "Seed", "draw_index", "generator", "spawn_seeds"]

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Craft = Literal["form", "harmony", "melody", "counter", "chords", "bass", "drums", "performance"]
"""The jobs that draw by chance. "chords" is everybody who plays the harmony: chords, arpeggios and pads; the others are what they
say, "performance" being how the notes are played."""
CRAFTS: tuple[Craft, ...] = get_args(Craft)


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """A generator for one purpose; `seed` from 0 up. The stream is numpy's PCG64, stable over versions and machines."""
    key = tuple("/".join(purpose).encode())
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def spawn_seeds(seed: int, count: int) -> tuple[int, ...]:
    """`count` seeds for several takes; the first is `seed` itself."""
    others = generator(seed, "takes").integers(0, 2**31, size=max(0, count - 1))
    return (seed, *(int(other) for other in others))[:count]


def draw_index(weights: Sequence[float], chance: np.random.Generator) -> int:
    """The index of one of `weights`, each as likely as its share of their sum; one number is drawn."""
    goal = float(chance.random()) * sum(weights)
    for index, weight in enumerate(weights):
        goal -= weight
        if goal < 0:
            return index
    return max(index for index, weight in enumerate(weights) if weight > 0)
