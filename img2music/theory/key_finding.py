"""Which key an ear would hear: pitch classes against probe-tone profiles.

C. Krumhansl & E. Kessler, *Psychological Review* 89 (1982) had listeners rate how well each pitch class fits after a context in a key;
the key whose profile correlates best with how long each pitch class sounds is the one heard (C. Krumhansl, *Cognitive
Foundations of Musical Pitch*, 1990, ch. 4). Major and minor only. Knows nothing of the order of notes, so that it can't
tell a piece from one with the same notes the other way round.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory.keys import Key

__all__ = ["MAJOR_PROFILE", "MINOR_PROFILE", "heard_key", "key_margin", "profile_correlation"]

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Ratings of the twelve pitch classes from the tonic upwards."""


def key_margin(histogram: Sequence[float], key: Key) -> float:
    """How much better `key` (or its relative, which has the same notes) fits than every other major and minor key, -2..2.

    Args:
        histogram: How long each of the twelve pitch classes above C sounds, in any unit.
        key: In major or minor; other modes are taken by their third.
    """
    tonic = key.pitch_classes[0]
    relative = (tonic + 3) % 12 if key.is_minor else (tonic + 9) % 12
    ours = max(
        profile_correlation(histogram, tonic, is_minor=key.is_minor),
        profile_correlation(histogram, relative, is_minor=not key.is_minor),
    )
    others = max(
        profile_correlation(histogram, other, is_minor=is_minor)
        for other in range(12)
        for is_minor in (False, True)
        if (other, is_minor) not in {(tonic, key.is_minor), (relative, not key.is_minor)}
    )
    return ours - others


def heard_key(histogram: Sequence[float]) -> tuple[int, bool]:
    """The key that fits best: its tonic in semitones above C, and whether it is minor.

    Args:
        histogram: How long each of the twelve pitch classes above C sounds, in any unit.
    """
    keys = [(tonic, is_minor) for tonic in range(12) for is_minor in (False, True)]
    return max(keys, key=lambda key: profile_correlation(histogram, key[0], is_minor=key[1]))


def profile_correlation(histogram: Sequence[float], tonic: int, *, is_minor: bool) -> float:
    """Pearson's r of the histogram with the profile on `tonic`; 0 where all pitch classes sound alike."""
    profile = MINOR_PROFILE if is_minor else MAJOR_PROFILE
    turned = [histogram[(tonic + step) % 12] for step in range(12)]
    mean, middle = sum(turned) / 12, sum(profile) / 12
    spread = sqrt(sum((one - mean) ** 2 for one in turned) * sum((other - middle) ** 2 for other in profile))
    shared = sum((one - mean) * (other - middle) for one, other in zip(turned, profile, strict=True))
    return shared / spread if spread else 0.0
