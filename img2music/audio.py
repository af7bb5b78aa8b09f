"""Sound in memory.

Conventions: float32, shape (channels, frames), full scale at 1; sample rate in Hz. Knows nothing of files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Audio"]


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """A piece of sound."""

    samples: NDArray[np.float32]
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ValueError(
                f"audio is float32 of shape (channels, frames), not {self.samples.dtype} of shape {self.samples.shape}"
            )

    def __eq__(self, other: object) -> bool:
        """Whether every sample and the sample rate are the same."""
        if not isinstance(other, Audio):
            return NotImplemented
        return self.sample_rate == other.sample_rate and np.array_equal(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash((self.samples.shape, self.sample_rate))  # samples have no hash of their own

    def __repr__(self) -> str:
        channels, frames = self.samples.shape
        return f"Audio({channels} x {frames} samples at {self.sample_rate} Hz, {self.seconds:.2f} s)"

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[1]) / self.sample_rate

    @property
    def peak(self) -> float:
        """Largest absolute sample; 0 for no samples."""
        # Two passes without a copy of the whole sound.
        return max(float(self.samples.max(initial=0.0)), -float(self.samples.min(initial=0.0)))
