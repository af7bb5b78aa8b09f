"""The one source of chance.

Every random choice comes from a generator named by its purpose, so that one part can be made anew while the rest stays:
`generator(7, "melody", "A")` always draws the same numbers and shares none with `generator(7, "drums")`.
"""

from __future__ import annotations

import numpy as np

__all__ = ["generator", "spawn_seeds"]


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """A generator for one purpose; `seed` from 0 up. The stream is numpy's PCG64, stable over versions and machines."""
    key = tuple("/".join(purpose).encode())
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def spawn_seeds(seed: int, count: int) -> tuple[int, ...]:
    """`count` seeds for several takes; the first is `seed` itself."""
    others = generator(seed, "takes").integers(0, 2**31, size=max(0, count - 1))
    return (seed, *(int(other) for other in others))[:count]
