"""How far a sound follows a performance: the same pitch classes at the same time, onsets where notes begin.

Chroma agreement is the mean cosine of the pitch classes that sound and those that are played, a tenth of a second at a time; onsets agree
where one stands within 70 ms of one that is played, as beats are usually judged (M. Davies, N. Degara & M. Plumbley, "Evaluation methods
for musical audio beat tracking algorithms", tech. report C4DM-TR-09-06, 2009). Both stand beside what chance gives: the same performance
moved in time by parts of its length, going round.

Knows nothing of timbre, and nothing of bends: a note sounds at its written pitch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.listening.features import chroma as chroma_module
from img2music.listening.features.chroma import chroma_of, unit_rows
from img2music.listening.features.onset_curves import FRAMES_A_SECOND, onset_curves, onsets_in
from img2music.listening.features.spectra import LONGEST_SECONDS, listen_to
from img2music.listening.features.tempogram import sharpened
from img2music.listening.heard_music import ScoreAgreement
from img2music.listening.lag import best_lag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.audio import Audio
    from img2music.performance import Performance

    Numbers = NDArray[np.float32]
    Times = NDArray[np.float64]

__all__ = ["NEAR_SECONDS", "agreement", "onset_f_measure", "played_chroma", "played_onsets"]

NEAR_SECONDS = 0.07
_MOVES = (0.13, 0.29, 0.41, 0.57, 0.71, 0.87)
"""Parts of the length by which the performance is moved to learn what chance gives; none is a simple fraction, which would be a bar."""
_TOGETHER_SECONDS = 0.03
"""Notes that begin within this are one onset."""
_CLEAR_ONSETS = 0.35
"""Threshold of `onsets_in`: what is found in eleven styles as written is .39 above chance, with every faint onset (.06) only .23."""
_RING_SECONDS = 1.5
"""After this long a held note counts a third."""
_HELD_SHARE = 0.3
"""What it counts at least."""


def agreement(audio: Audio, performance: Performance) -> ScoreAgreement:
    """How far `audio` follows `performance`, at the lag that fits best. Never raises for what sounds odd: what can't be measured is None."""
    sound = listen_to(audio)
    seconds = min(performance.seconds, LONGEST_SECONDS)
    curves = onset_curves(sound)
    heard = unit_rows(chroma_of(sound).all)
    played = played_chroma(performance, seconds)
    times = played_onsets(performance, seconds)
    lag = best_lag(sharpened(curves.all), _curve(times, seconds), heard, played)
    shift = lag or 0.0
    moves = [part * seconds for part in _MOVES]
    chroma = _chroma_cosine(heard, played, shift)
    onsets = onsets_in(curves.all, _CLEAR_ONSETS)
    f_measure = onset_f_measure(onsets - shift, times) if len(times) else None
    return ScoreAgreement(
        chroma=chroma,
        chroma_by_chance=None
        if chroma is None
        else _mean(
            _chroma_cosine(heard, np.roll(played, round(move * chroma_module.FRAMES_A_SECOND), 0), shift) for move in moves
        ),
        onsets=f_measure,
        onsets_by_chance=None
        if f_measure is None
        else _mean(onset_f_measure(onsets - shift, np.sort((times + move) % seconds)) for move in moves),
        lag_seconds=lag,
    )


def played_chroma(performance: Performance, seconds: float) -> Numbers:
    """Pitch classes as they are played, of unit length a frame: shape (frames, 12), ten a second. Drums have no pitch."""
    rate = chroma_module.FRAMES_A_SECOND
    chroma = np.zeros((max(1, int(np.ceil(seconds * rate))), 12), np.float32)
    for part in performance.parts:
        if part.is_drums:
            continue
        for note in part.notes:
            onset = performance.seconds_at(note.onset_ticks)
            end = min(performance.seconds_at(note.onset_ticks + note.duration_ticks), seconds)
            frames = np.arange(round(onset * rate), max(round(end * rate), round(onset * rate) + 1))
            frames = frames[frames < len(chroma)]
            age = np.maximum(frames / rate - onset, 0)
            chroma[frames, note.pitch % 12] += note.velocity / 127 * np.maximum(np.exp(-age / _RING_SECONDS), _HELD_SHARE)
    return unit_rows(np.sqrt(chroma))


def played_onsets(performance: Performance, seconds: float) -> Times:
    """When notes begin, each moment once: seconds, in order."""
    starts = {note.onset_ticks for part in performance.parts for note in part.notes}
    times = np.array([performance.seconds_at(ticks) for ticks in sorted(starts)])
    times = times[times < seconds] if len(times) else times
    kept: list[float] = []
    for time in times.tolist():
        if not kept or time - kept[-1] > _TOGETHER_SECONDS:
            kept.append(time)
    return np.array(kept)


def onset_f_measure(found: Times, wanted: Times, near_seconds: float = NEAR_SECONDS) -> float:
    """Harmonic mean of precision and recall, each onset matched once to the next free one within `near_seconds`: 0..1."""
    hits = first = 0
    for time in np.sort(found).tolist():
        while first < len(wanted) and wanted[first] < time - near_seconds:
            first += 1
        if first < len(wanted) and wanted[first] <= time + near_seconds:
            hits += 1
            first += 1
    return 2 * hits / (len(found) + len(wanted)) if hits else 0.0


def _curve(times: Times, seconds: float) -> Numbers:
    """An onset curve of impulses."""
    curve = np.zeros(max(1, int(np.ceil(seconds * FRAMES_A_SECOND))), np.float32)
    np.add.at(curve, np.minimum(np.rint(times * FRAMES_A_SECOND).astype(int), len(curve) - 1), 1.0)
    return curve


def _chroma_cosine(heard: Numbers, played: Numbers, lag_seconds: float) -> float | None:
    """Mean over the frames in which something is played; what is played and not heard counts 0."""
    places = np.flatnonzero(played.any(1))
    if not len(places):
        return None
    at = places + round(lag_seconds * chroma_module.FRAMES_A_SECOND)
    inside = (at >= 0) & (at < len(heard))
    if not inside.any():
        return 0.0
    return float((heard[at[inside]] * played[places[inside]]).sum(1).mean())


def _mean(values: object) -> float | None:
    found = [value for value in values if value is not None]  # type: ignore[attr-defined]
    return float(np.mean(found)) if found else None
