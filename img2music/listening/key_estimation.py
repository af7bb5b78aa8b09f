"""Which key is heard: how strongly each pitch class sounds, against profiles of keys.

Two sets of profiles vote: what listeners rated (`theory.key_finding`) and what was counted in music with chords (D. Temperley, *Music and
Probability*, 2007, Kostka-Payne corpus), which knows the leading tone of minor better. How they are weighed was chosen on 83 pieces of ours.

Conventions: chroma as in `listening.features.chroma`. Major and minor only: mixolydian is heard as major, dorian as minor, or either as the
key of the same signature. The confidence is how much better the key and its relative fit than any other pair, 0..1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features.chroma import unit_rows
from img2music.theory import Key
from img2music.theory.key_finding import MAJOR_PROFILE, MINOR_PROFILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.listening.features.chroma import Chroma

__all__ = ["estimate_key", "key_scores", "pitch_class_weights"]

_COUNTED_MAJOR = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
_COUNTED_MINOR = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)
_COUNTED_SHARE = 0.3
"""Of the counted profiles in the vote."""
_MODAL_MALUS = 0.05
"""Of the same profiles with the flat seventh of mixolydian and the raised sixth of dorian; in correlation."""
_SURE_MARGIN = 0.25
"""From here on the key is as sure as it gets."""
_BASS = 0.5
"""What the bass counts beside all."""
_LEAST_FRAMES = 5


def pitch_class_weights(chroma: Chroma) -> NDArray[np.float64]:
    """How strongly each pitch class above C sounds, loud and soft moments alike; zeros for silence."""
    weights: NDArray[np.float64] = (unit_rows(chroma.all).sum(0) + _BASS * unit_rows(chroma.bass).sum(0)).astype(np.float64)
    return weights


def key_scores(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """How well each key fits: shape (2, 12), major and minor by tonic above C; correlations, the better of a mode and its neighbour."""
    rows = []
    for rated, counted, degrees in (
        (MAJOR_PROFILE, _COUNTED_MAJOR, (10, 11)),
        (MINOR_PROFILE, _COUNTED_MINOR, (8, 9)),
    ):
        profile = (1 - _COUNTED_SHARE) * np.array(rated) / np.std(rated) + _COUNTED_SHARE * np.array(counted) / np.std(counted)
        modal = profile.copy()
        modal[list(degrees)] = profile[list(degrees[::-1])]
        fits = [[np.corrcoef(np.roll(one, tonic), weights)[0, 1] for tonic in range(12)] for one in (profile, modal)]
        rows.append(np.maximum(fits[0], np.array(fits[1]) - _MODAL_MALUS))
    return np.array(rows)


def estimate_key(chroma: Chroma) -> tuple[Key | None, float]:
    """The key and how sure it is; None where hardly anything has a pitch."""
    weights = pitch_class_weights(chroma)
    if int((chroma.all.max(1, initial=0) > 0).sum()) < _LEAST_FRAMES or not weights.std() > 0:
        return None, 0.0
    scores = key_scores(weights)
    mode, tonic = np.unravel_index(int(scores.argmax()), scores.shape)
    major = (tonic + 3) % 12 if mode else tonic
    pairs = np.maximum(scores[0], np.roll(scores[1], 3))  # a major key and its relative minor, three semitones below
    margin = pairs[major] - max(pair for place, pair in enumerate(pairs) if place != major)
    fifths = (7 * int(tonic) + 5) % 12 - 5  # the place on the line of fifths that is nearest to C
    return Key.readable(fifths, "minor" if mode else "major"), float(np.clip(margin / _SURE_MARGIN, 0, 1))
