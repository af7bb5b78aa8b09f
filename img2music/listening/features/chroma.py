"""Which pitch classes sound, frame by frame, in the tuning that the sound has.

Peaks of the spectrum between 55 Hz and 2 kHz are put between their bins by a parabola; how far they lie beside the semitones of A = 440 Hz gives
the tuning; each then counts for the pitch classes whose harmonic it may be, the less the higher (E. Gómez, "Tonal description of polyphonic
audio for music content processing", INFORMS Journal on Computing 18, 2006).

Conventions: chroma is float32 of shape (frames, 12), 0 is C; `FRAMES_A_SECOND` frames, frame i at i / FRAMES_A_SECOND; loudness is left in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features.spectra import RATE_HZ, hann, spectra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

__all__ = ["FRAMES_A_SECOND", "Chroma", "chroma_of", "unit_rows"]

_HOP = 2205
FRAMES_A_SECOND = RATE_HZ // _HOP
"""10."""
_WINDOW = 8192
_LOWEST_HZ, _BASS_HZ, _HIGHEST_HZ = 55.0, 210.0, 2000.0
_QUIETEST = 10 ** (-50 / 20)
"""Of a frame's loudest peak, below which peaks are left out."""
_HARMONICS = 6
_DECAY = 0.5
"""Of what a peak counts for the pitch whose next harmonic it may be."""


@dataclass(frozen=True, slots=True)
class Chroma:
    """Pitch classes in time."""

    all: Numbers
    """Shape (frames, 12)."""
    bass: Numbers
    """Shape (frames, 12): of peaks below 210 Hz alone."""
    tuning_semitones: float
    """How much higher than A = 440 Hz, -0.5..0.5."""


def chroma_of(sound: Numbers) -> Chroma:
    """The chroma of a sound from `listen_to`."""
    frames = -(-len(sound) // _HOP)
    places: list[NDArray[np.intp]] = []
    pitches: list[Numbers] = []
    weights: list[Numbers] = []
    for first, magnitudes in spectra(sound, hann(_WINDOW), _HOP):
        rows, semitones, heights = _peaks(magnitudes)
        places.append(rows + first)
        pitches.append(semitones)
        weights.append(heights)
    if not places:
        nothing = np.zeros((frames, 12), np.float32)
        return Chroma(nothing, nothing, 0.0)
    place, pitch, weight = np.concatenate(places), np.concatenate(pitches), np.concatenate(weights)
    turned = (weight * np.exp(2j * np.pi * pitch)).sum()
    tuning = float(np.angle(turned) / (2 * np.pi)) if turned else 0.0
    whole, bass = np.zeros((frames, 12), np.float32), np.zeros((frames, 12), np.float32)
    for harmonic in range(1, _HARMONICS + 1):
        lower = pitch - tuning - 12 * np.log2(harmonic)
        semitone = np.rint(lower)
        near = np.cos(np.pi * (lower - semitone)) ** 2 * _DECAY ** (harmonic - 1)
        np.add.at(whole, (place, semitone.astype(int) % 12), (weight * near).astype(np.float32))
    low = pitch < _midi(_BASS_HZ)
    semitone = np.rint(pitch[low] - tuning).astype(int)
    np.add.at(bass, (place[low], semitone % 12), weight[low])
    return Chroma(whole, bass, tuning)


def unit_rows(chroma: Numbers) -> Numbers:
    """Each frame of length 1; silent frames stay silent."""
    length = np.linalg.norm(chroma, axis=1, keepdims=True)
    unit: Numbers = np.divide(chroma, length, out=np.zeros_like(chroma), where=length > 1e-6)
    return unit


def _midi(hz: float) -> float:
    return float(69 + 12 * np.log2(hz / 440.0))


def _peaks(magnitudes: Numbers) -> tuple[NDArray[np.intp], Numbers, Numbers]:
    """Frame, pitch in semitones of MIDI and weight of the peaks of spectra."""
    low, high = int(_LOWEST_HZ * _WINDOW / RATE_HZ), int(_HIGHEST_HZ * _WINDOW / RATE_HZ)
    middle = magnitudes[:, low:high]
    below, above = magnitudes[:, low - 1 : high - 1], magnitudes[:, low + 1 : high + 1]
    loud = middle > np.maximum(middle.max(1, keepdims=True) * _QUIETEST, 1e-5)
    rows, columns = np.nonzero((middle > below) & (middle >= above) & loud)
    left, centre, right = (np.log(values[rows, columns] + 1e-9) for values in (below, middle, above))
    bend = left - 2 * centre + right
    shift = np.clip(0.5 * (left - right) / np.where(bend < 0, bend, -1.0), -0.5, 0.5)
    hz = (columns + low + shift) * RATE_HZ / _WINDOW
    return rows, (69 + 12 * np.log2(hz / 440.0)).astype(np.float32), np.sqrt(middle[rows, columns])
