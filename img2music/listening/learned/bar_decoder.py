"""From likelihoods of beats to beats and bars: madmom's dynamic Bayesian network, as `madmom_infer` (extra `listen`) has it.

S. Böck, F. Krebs & G. Widmer, "Joint beat and downbeat tracking with recurrent neural networks", ISMIR 2016: a hidden Markov model of where in a
bar of 2, 3 or 4 beats the music is and how fast it goes, decoded by Viterbi's algorithm. Its memory grows with the length (3.5 MB a
second), so at most `MOST_SECONDS` are decoded, from the middle.

Conventions: likelihoods as in `beatnet`; times in seconds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.cancellation import checkpoint
from img2music.errors import BackendError
from img2music.listening.learned.beatnet import FRAMES_A_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BARS", "MOST_SECONDS", "DecodedBars", "can_decode", "decode_bars"]

BARS = (2, 3, 4)
MOST_SECONDS = 40.0
_THRESHOLD = 0.05


@dataclass(frozen=True, slots=True)
class DecodedBars:
    """Beats, each with its number in the bar."""

    beats_seconds: NDArray[np.float64]
    numbers: NDArray[np.intp]
    """1 is a downbeat."""
    log_likelihoods: tuple[float, ...]
    """Of each of `BARS`, a frame: how well beats in bars of so many explain what the network heard."""

    @property
    def beats_per_bar(self) -> int:
        """That of the likeliest bars."""
        return BARS[int(np.argmax(self.log_likelihoods))]


def can_decode() -> bool:
    """Whether the extra `listen` is here. Nothing is imported."""
    return find_spec("madmom_infer") is not None


def decode_bars(likelihoods: NDArray[np.float32]) -> DecodedBars | None:
    """The likeliest beats and bars; None where hardly a beat is likely.

    Raises:
        BackendError: the decoder can't be loaded or failed.
    """
    most = round(MOST_SECONDS * FRAMES_A_SECOND)
    begin = max(0, (len(likelihoods) - most) // 2)
    piece = likelihoods[begin : begin + most].astype(np.float64)
    likely = np.flatnonzero((piece >= _THRESHOLD).any(1))
    if len(likely) < 2:
        return None
    begin += int(likely[0])
    piece = piece[likely[0] : likely[-1] + 1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from madmom_infer.features.downbeats import DBNDownBeatTrackingProcessor

            found = []
            for bar in BARS:
                checkpoint()
                decoder = DBNDownBeatTrackingProcessor(beats_per_bar=[bar], fps=FRAMES_A_SECOND)
                found.append(_decoded(decoder, piece))
    except Exception as error:  # a package of somebody else: whatever goes wrong there is its fault, and plain ears are left
        raise BackendError(
            f"the decoder of beats failed ({' '.join(str(error).split())[:120]}); pip install --force-reinstall 'img2music[listen]'"
        ) from None
    best = int(np.argmax([likelihood for likelihood, _, _ in found]))
    _, beats, numbers = found[best]
    return DecodedBars(
        (beats + begin) / FRAMES_A_SECOND, numbers, tuple(float(likelihood) / len(piece) for likelihood, _, _ in found)
    )


def _decoded(decoder: Any, likelihoods: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.intp]]:
    """Log likelihood, frames of beats and their numbers for bars of one length."""
    path, likelihood = decoder.hmms[0].viterbi(likelihoods)
    decoder.hmms[0].viterbi = lambda _: (
        path,
        likelihood,
    )  # `process` would do all of that again and keep the likelihood to itself
    rows = decoder.process(likelihoods)
    return float(likelihood), np.rint(rows[:, 0] * FRAMES_A_SECOND), rows[:, 1].astype(np.intp)
