"""How many beats a bar has: where accents, new chords and repetitions come back.

Conventions: beats in seconds; bars of 2, 3, 4 or 6 beats are told apart; strengths are differences of standardised accents.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features import chroma as chroma_module
from img2music.listening.features.onset_curves import FRAMES_A_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.listening.features.chroma import Chroma
    from img2music.listening.features.onset_curves import OnsetCurves

    Rows = NDArray[np.float64]

__all__ = ["BARS", "HeardMeter", "beat_accents", "heard_meter"]

BARS = (2, 3, 4, 6)
_NEAR_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class HeardMeter:
    """A number of beats a bar, and where bars begin."""

    beats: int | None
    confidence: float
    first_downbeat: int
    """Index of the first beat that begins a bar."""


def beat_accents(beats_seconds: NDArray[np.float64], curves: OnsetCurves, chroma: Chroma) -> Rows:
    """How strongly each beat is marked, standardised: shape (beats, 7): onsets in four registers, loudness, new chord, new bass."""
    frames = np.clip(np.rint(beats_seconds * FRAMES_A_SECOND).astype(int), 0, max(0, len(curves.all) - 1))
    near = round(_NEAR_SECONDS * FRAMES_A_SECOND)
    rows = [[curve[max(0, frame - near) : frame + near + 1].max(initial=0.0) for frame in frames] for curve in curves.registers]
    rows.append([curves.loudness[a:b].mean() if b > a else 0.0 for a, b in pairwise([*frames, len(curves.loudness)])])
    for kind in (chroma.all, chroma.bass):
        between = np.append(beats_seconds, beats_seconds[-1] + np.median(np.diff(beats_seconds))) * chroma_module.FRAMES_A_SECOND
        held = chroma_module.unit_rows(_means(kind, between))
        change = np.zeros(len(held))
        change[1:] = 1 - (held[1:] * held[:-1]).sum(1)
        rows.append(change.tolist())
    accents = np.array(rows, np.float64).T
    spread = accents.std(0)
    standard: Rows = (accents - accents.mean(0)) / np.where(spread > 1e-9, spread, 1.0)
    return standard


def _means(chroma: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float32]:
    """The mean chroma between edges, which are in frames and may lie between two."""
    running = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, 0, dtype=np.float64)])
    places = np.arange(len(running))
    at = np.stack([np.interp(edges, places, running[:, pitch]) for pitch in range(12)], 1)
    means: NDArray[np.float32] = np.diff(at, axis=0).astype(np.float32)
    return means


_WEIGHTS = np.array([1.0, 0.5, 0.5, 0.3, 0.5, 1.0, 1.0])


def heard_meter(accents: Rows) -> HeardMeter:
    """The bar whose first beats stand out most; nothing for fewer than eight beats."""
    if len(accents) < 8:
        return HeardMeter(None, 0.0, 0)
    marks = accents @ (_WEIGHTS / _WEIGHTS.sum())
    scores: dict[int, tuple[float, int]] = {}
    for bar in BARS:
        means = [marks[phase::bar].mean() for phase in range(bar)]
        phase = int(np.argmax(means))
        rest = [mean for place, mean in enumerate(means) if place != phase]
        spread = marks.std() / np.sqrt(len(marks) / bar) + 1e-9
        scores[bar] = ((means[phase] - max(rest)) / spread, phase)
    order = sorted(scores, key=lambda bar: -scores[bar][0])
    best = order[0]
    margin = scores[best][0] - scores[order[1]][0]
    return HeardMeter(best, float(np.clip(margin / 4, 0, 1)), scores[best][1])
