"""What an ear could judge feeling by in symbolic music: eighteen numbers from onsets, lengths and pitches alone.

Left out on purpose: velocity and the tempo a file names (either can be turned like a knob without changing the music), drums,
instruments, the pedal and the key signature. What is kept are the cues that listeners are known to use: speed, length and
articulation of notes, register, mode, dissonance (A. Gabrielsson & E. Lindström, in *Handbook of Music and Emotion*, 2010;
Eerola, Friberg & Bresin, *Frontiers in Psychology* 4:487, 2013).

Conventions: times in seconds, pitches in MIDI numbers, entropy in bits. Onsets within 30 ms are one attack, as players of a
chord are never exactly together (that is also why the grid of a file does not matter). Knows nothing of metre, form
and timbre; cannot tell a tune from a broken chord that lies above it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from img2music.io.midi.import_midi import read_midi
from img2music.theory.key_finding import MAJOR_PROFILE, MINOR_PROFILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.performance import Performance

__all__ = ["FEWEST_NOTES", "AffectFeatures", "heard_notes", "read_features"]

FEWEST_NOTES = 8
"""Fewer notes say nothing about feeling."""
_TOGETHER_SECONDS = 0.03
"""Attacks nearer than this are one: their order can't be told (about 20 ms: I. Hirsh, JASA 31, 1959) and players spread so far."""
_LONGEST_SECONDS = 4.0
"""A note counts no longer than this for the key: a held bass must not drown the harmony."""
_MOST_MOMENTS = 200
_ROUGH = (1, 2, 6)
"""Interval classes that count as dissonant: seconds, sevenths, the tritone."""

_MAJOR, _MINOR = np.array(MAJOR_PROFILE), np.array(MINOR_PROFILE)


@dataclass(frozen=True, slots=True)
class AffectFeatures:
    """Cues of feeling in one piece or clip."""

    notes_a_second: float
    """Notes of all parts, drums aside."""
    attacks_a_second: float
    """Onsets further than 30 ms apart."""
    interval_seconds: float
    """Median time between attacks."""
    interval_variation: float
    """Standard deviation of the times between attacks, divided by their mean."""
    length_seconds: float
    """Median length of a note."""
    articulation: float
    """Median length divided by the median time between attacks: below 1 detached, far above 1 bound or held."""
    polyphony: float
    """Notes sounding at once, averaged over the time: their summed lengths divided by the duration."""
    pitch_mean: float
    pitch_low: float
    """10th percentile of pitch: where the bass lies."""
    pitch_high: float
    """90th percentile of pitch: where the tune lies."""
    pitch_spread: float
    """Standard deviation of pitch, in semitones."""
    top_step: float
    """Mean size of the steps of the top line (the highest note of each attack), in semitones."""
    top_mean: float
    """Mean pitch of the top line."""
    mode: float
    """Best correlation with a major profile minus best with a minor one: positive sounds major, about -.3 .. .3."""
    clarity: float
    """Best correlation with any of the 24 profiles: how plainly the piece is in a key."""
    dissonance: float
    """Share of seconds, sevenths and tritones among all pairs of notes that sound together."""
    entropy: float
    """Entropy of the pitch classes weighted by length, 0 .. 3.58 bits."""
    semitones: float
    """Share of interval class 1 alone (minor seconds, major sevenths) among those pairs: the sharpest of the rough."""

    def vector(self) -> NDArray[np.float64]:
        """The features in the order of their names above."""
        return np.array([getattr(self, field.name) for field in fields(self)])

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names in the order of `vector`."""
        return tuple(field.name for field in fields(cls))


def heard_notes(music: Performance | bytes) -> NDArray[np.float64]:
    """Onset, length (seconds) and pitch of every note that is not a drum's, a row a note, in the order of onsets.

    Args:
        music: A performance, or the bytes of a Standard MIDI file.

    Raises:
        DocumentError: the bytes are no readable MIDI file.
    """
    performance = read_midi(music, name="the MIDI file") if isinstance(music, bytes) else music
    at = performance.seconds_at
    rows = sorted(
        (at(note.onset_ticks), at(note.onset_ticks + note.duration_ticks) - at(note.onset_ticks), float(note.pitch))
        for part in performance.parts
        if not part.is_drums
        for note in part.notes
    )
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def read_features(music: Performance | bytes) -> AffectFeatures | None:
    """The cues of a piece, or None where fewer than eight notes (or two attacks) leave nothing to judge.

    Raises:
        DocumentError: the bytes are no readable MIDI file.
    """
    notes = heard_notes(music)
    if len(notes) < FEWEST_NOTES:
        return None
    onsets, lengths, pitches = notes[:, 0], notes[:, 1], notes[:, 2]
    attack = _attacks(onsets)
    first = np.flatnonzero(np.diff(attack, prepend=-1))
    intervals = np.diff(onsets[first])
    if len(intervals) == 0:
        return None
    duration = float((onsets + lengths).max() - onsets[0])
    top = np.full(len(first), -np.inf)
    np.maximum.at(top, attack, pitches)
    shares = np.minimum(lengths, _LONGEST_SECONDS)
    classes = np.bincount(pitches.astype(int) % 12, weights=shares, minlength=12).astype(np.float64)
    np.add.at(classes, pitches.astype(int) % 12, np.minimum(lengths, _LONGEST_SECONDS))
    major, minor = _key_fits(classes)
    rough, sharp = _dissonance(notes, onsets[first] + _TOGETHER_SECONDS)
    interval = float(np.median(intervals))
    return AffectFeatures(
        notes_a_second=len(notes) / duration,
        attacks_a_second=len(first) / duration,
        interval_seconds=interval,
        interval_variation=float(intervals.std() / intervals.mean()),
        length_seconds=float(np.median(lengths)),
        articulation=float(np.median(lengths)) / interval,
        polyphony=float(lengths.sum()) / duration,
        pitch_mean=float(pitches.mean()),
        pitch_low=float(np.percentile(pitches, 10)),
        pitch_high=float(np.percentile(pitches, 90)),
        pitch_spread=float(pitches.std()),
        top_step=float(np.abs(np.diff(top)).mean()),
        top_mean=float(top.mean()),
        mode=major - minor,
        clarity=max(major, minor),
        dissonance=rough,
        entropy=_entropy(classes),
        semitones=sharp,
    )


def _attacks(onsets: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of the attack that each onset belongs to; an attack gathers what follows its first note within 30 ms."""
    numbers = np.zeros(len(onsets), dtype=np.int64)
    begin = onsets[0]
    for index in range(1, len(onsets)):
        new = onsets[index] - begin > _TOGETHER_SECONDS
        if new:
            begin = onsets[index]
        numbers[index] = numbers[index - 1] + new
    return numbers


def _key_fits(classes: NDArray[np.float64]) -> tuple[float, float]:
    """The best correlation with the twelve major and with the twelve minor profiles; 0 where all classes weigh the same."""
    if np.ptp(classes) < 1e-12:
        return 0.0, 0.0
    fits = [[float(np.corrcoef(classes, np.roll(profile, tonic))[0, 1]) for tonic in range(12)] for profile in (_MAJOR, _MINOR)]
    return max(fits[0]), max(fits[1])


def _entropy(classes: NDArray[np.float64]) -> float:
    shares = classes[classes > 0] / classes.sum()
    return float(-(shares * np.log2(shares)).sum())


def _dissonance(notes: NDArray[np.float64], moments: NDArray[np.float64]) -> tuple[float, float]:
    """The rough and the sharpest share of all pairs sounding at the moments (at most 200, evenly chosen); 0 where nothing pairs."""
    if len(moments) > _MOST_MOMENTS:
        moments = moments[np.linspace(0, len(moments) - 1, _MOST_MOMENTS).round().astype(int)]
    sounding = (notes[:, 0] <= moments[:, None]) & (notes[:, 0] + notes[:, 1] > moments[:, None])
    members = np.eye(12)[notes[:, 2].astype(int) % 12]
    chords = sounding.astype(np.float64) @ members
    count = chords.sum(axis=1)
    pairs = float((count * (count - 1) / 2).sum())
    if pairs == 0:
        return 0.0, 0.0
    classes = {size: float((chords * np.roll(chords, size, axis=1)).sum()) for size in _ROUGH}
    classes[6] /= 2  # a tritone is met from both of its ends
    return sum(classes.values()) / pairs, classes[1] / pairs
