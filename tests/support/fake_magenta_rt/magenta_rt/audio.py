from __future__ import annotations

import numpy as np


class Waveform:
    def __init__(self, samples: np.ndarray, sample_rate: int) -> None:
        assert samples.ndim == 2
        assert np.issubdtype(samples.dtype, np.floating)
        self.samples, self.sample_rate = np.array(samples, np.float32), sample_rate
