"""Integrated loudness after ITU-R BS.1770-4 (2015), as EBU R 128 uses it.

Conventions: sound is float32 of shape (channels, frames), one or two channels, full scale at 1; loudness in LUFS (absolute)
or LU (differences). The filter is applied in the frequency domain, block by block (overlap-save): exact to about 1e-6 of
the recursive one, without a loop over frames.

`k_weighted_energy` gives energy a hundredth of a second, so that the loudness of the same sound under a changing gain
follows without filtering again (`integrated_loudness(energy * gain**2)`). Does not know surround channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["STEPS_PER_SECOND", "integrated_loudness", "k_weighted_energy"]

STEPS_PER_SECOND = 100
"""How many values of energy a second has."""
_BLOCK_STEPS, _HOP_STEPS = 40, 10
"""Gating blocks of 400 ms that begin every 100 ms."""
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET_LUFS = -0.691
_LEAST_FFT_FRAMES = 1 << 15
_BATCH = 4
_LOWEST_RATE_HZ = 8_000
_MEMORY_SECONDS = 0.085
"""After this long the filter's answer to an impulse is below 1e-7."""


def k_weighted_energy(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Mean square after K-weighting, summed over channels, in steps of 10 ms: shape (steps,); a last short step counts whole.

    Args:
        samples: shape (1 or 2, frames).
        sample_rate: at least 8000 Hz.

    Raises:
        ValueError: a lower sample rate.
    """
    if sample_rate < _LOWEST_RATE_HZ:
        raise ValueError(f"loudness is measured from {_LOWEST_RATE_HZ} Hz up, not at {sample_rate}; resample the sound")
    frames = samples.shape[1]
    steps = -(-frames * STEPS_PER_SECOND // sample_rate)
    edges = np.minimum(np.arange(steps + 1) * sample_rate // STEPS_PER_SECOND, frames)
    memory = int(_MEMORY_SECONDS * sample_rate)
    size = _LEAST_FFT_FRAMES
    while size < 2 * memory:  # above 192 kHz
        size *= 2
    stride = (size - memory) * STEPS_PER_SECOND // sample_rate - 1  # steps that fit into a block beside the memory
    response = _k_response(sample_rate, size).astype(np.complex64)
    energy = np.zeros(steps)
    blocks = np.zeros((_BATCH, size), np.complex64)
    for first in range(0, steps, stride * _BATCH):
        checkpoint()
        rows = range(first, min(first + stride * _BATCH, steps), stride)
        blocks[:] = 0
        for block, row in zip(blocks, rows, strict=False):
            begin, stop = int(edges[row]) - memory, int(edges[min(row + stride, steps)])
            # Two real channels ride as one complex signal: the filter is real, so they stay apart, and |.|^2 adds their power.
            part = block[max(-begin, 0) : stop - begin]
            part.real = samples[0, max(begin, 0) : stop]
            if len(samples) == 2:
                part.imag = samples[1, max(begin, 0) : stop]
        filtered = np.fft.ifft(np.fft.fft(blocks[: len(rows)]) * response).astype(np.complex64, copy=False)
        for block, row in zip(filtered, rows, strict=False):
            last = min(row + stride, steps)
            inside = edges[row : last + 1] - edges[row]
            power = np.square(block[memory : memory + inside[-1]].view(np.float32))
            energy[row:last] = np.add.reduceat(power, 2 * inside[:-1])
    energy /= np.maximum(np.diff(edges), 1)
    return energy


def integrated_loudness(energy: NDArray[np.float64]) -> float | None:
    """Gated loudness in LUFS of `k_weighted_energy`'s values; None if nothing is above -70 LUFS.

    Sound shorter than one block of 400 ms is measured as one block.
    """
    if not len(energy):
        return None
    running = np.concatenate([[0.0], np.cumsum(energy)])
    size = min(_BLOCK_STEPS, len(energy))
    starts = np.arange(0, len(energy) - size + 1, _HOP_STEPS)
    power = (running[starts + size] - running[starts]) / size
    power = power[power > _to_power(_ABSOLUTE_GATE_LUFS)]
    if not len(power):
        return None
    gate = _to_lufs(float(power.mean())) + _RELATIVE_GATE_LU
    return _to_lufs(float(power[power > _to_power(gate)].mean()))


def _to_power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))


def _to_lufs(power: float) -> float:
    return float(_OFFSET_LUFS + 10 * np.log10(power))


def _k_response(sample_rate: int, size: int) -> NDArray[np.complex128]:
    """The K filter at the frequencies of an FFT of `size` frames: a shelf of +4 dB above 1.7 kHz (the head), then a high-pass at 38 Hz.

    The constants make the standard's 48 kHz coefficients at any rate (B. De Man, "Evaluation of implementations of the EBU
    R128 loudness measurement", AES convention paper 10259, 2019).
    """
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(size))

    def polynomial(first: float, second: float, third: float) -> NDArray[np.complex128]:
        values: NDArray[np.complex128] = first + delay * (second + delay * third)
        return values

    warped = np.tan(np.pi * 1681.9744509555319 / sample_rate)
    bent = warped / 0.7071752369554193
    high = 10 ** (3.99984385397 / 20)
    band = high**0.499666774155
    shelf = polynomial(high + band * bent + warped**2, 2 * (warped**2 - high), high - band * bent + warped**2)
    shelf /= polynomial(1 + bent + warped**2, 2 * (warped**2 - 1), 1 - bent + warped**2)
    warped = np.tan(np.pi * 38.13547087613982 / sample_rate)
    bent = warped / 0.5003270373253953
    # The standard's high-pass has the numerator 1, -2, 1 as it stands; only the poles are divided by their first coefficient.
    high_pass = polynomial(1, -2, 1) * (1 + bent + warped**2)
    high_pass /= polynomial(1 + bent + warped**2, 2 * (warped**2 - 1), 1 - bent + warped**2)
    half = shelf * high_pass
    response: NDArray[np.complex128] = np.concatenate([half, half[-2:0:-1].conj()])  # a real filter: mirrored
    return response
