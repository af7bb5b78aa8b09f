"""Joins what was played in windows: beats over beats, as loud as before, faded over just before the bar line.

The new window is moved by the lag measured in the stretch that it shares with the old one, but no window ever lies further from its place than
half a sixteenth. At the bar line it is made as loud as the old one still is there; a moment later its gain goes slowly, `RAMP_DB_PER_SECOND`, to the
one at which both are equally loud over all that they share: so there is no step, and what one beat was by chance is not kept for a whole
window. No window is ever changed by more than `MOST_GAIN_DB`. The fade ends on the bar line, so that the first beat is played by one of them
alone. It keeps the power whatever the two
have in common: with the correlation r the gains cos and sin are divided by sqrt(1 + 2 r cos sin), which is a fade of equal power for sounds
that have nothing in common and one of equal gain for the same sound.

A piece that is shorter than its window is joined earlier; where nothing is left to join the sound dies away and comes back, without a click.
Windows that share nothing are put together as they are: a model that goes on from its own state leaves no seam.

Conventions: sound is float32 (channels, frames), full scale at 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.errors import BackendError
from img2music.listening.features.resampling import resample
from img2music.renderers.neural.joins.seam_match import likeness, louder_db, measured_lag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.renderers.neural.joins.bar_windows import Window

__all__ = ["FADE_SECONDS", "MOST_GAIN_DB", "RAMP_DB_PER_SECOND", "cut", "join", "stereo"]

FADE_SECONDS = 0.2
"""Of a cross-fade at a bar line, where there is room for it. Our choice: hides a change of timbre, and blurs no more than a beat."""
MOST_GAIN_DB = 6.0
RAMP_DB_PER_SECOND = 0.75
"""Our choice: a crescendo from p to mf, some 10 dB, in four bars of a quick piece is three times as steep."""
_SEAM_SECONDS, _LEAST_SECONDS = 1.5, 1.0
"""After the bar line, as far as both play there, loudness is compared; where that is too short, before it as well."""
_LOOP_FADE_SECONDS = 0.05
"""From what goes on after a loop's end into its beginning: short, because both play the first beat."""
_EDGE_SECONDS = 0.01
"""How quickly sound dies away where nothing follows it."""


def join(pieces: Sequence[Audio], windows: Sequence[Window], seconds: float, sample_rate: int) -> Audio:
    """The sound of a whole piece from what was played in each of its windows.

    Args:
        pieces: one for each window, in order; mono and stereo may be mixed, other sample rates are changed.
        windows: those of `img2music.renderers.neural.joins.windows`.
        seconds: length of the piece. The result has exactly ``round(seconds * sample_rate)`` frames.
        sample_rate: of the result, in Hz.

    Raises:
        ValueError: not one piece a window, or no window.
        BackendError: a piece holds values that are no numbers.
    """
    if not windows or len(pieces) != len(windows):
        raise ValueError(f"{len(pieces)} pieces for {len(windows)} windows")
    channels = 2 if any(len(piece.samples) > 1 for piece in pieces) else 1
    tail = max(windows[-1].end_seconds - seconds, 0.0) if windows[-1].returns else 0.0
    total = round(seconds * sample_rate)
    track = _Track(channels, total + round(tail * sample_rate), sample_rate)
    for piece, window in zip(pieces, windows, strict=True):
        checkpoint()
        if not np.isfinite(piece.samples).all():
            raise BackendError(
                "the model gave samples that are no numbers; use another seed, or precision: float32 in the pipeline"
            )
        track.add(stereo(resample(piece, sample_rate).samples, channels), window)
    return Audio(track.finished(total), sample_rate)


def cut(audio: Audio, window: Window) -> Audio:
    """What a sound of the whole piece holds in a window, with silence where it has ended: a guide for the model."""
    first, frames = round(window.begin_seconds * audio.sample_rate), round(window.seconds * audio.sample_rate)
    part = np.zeros((len(audio.samples), frames), np.float32)
    held = audio.samples[:, first : first + frames]
    part[:, : held.shape[1]] = held
    return Audio(part, audio.sample_rate)


def stereo(samples: NDArray[np.float32], channels: int = 2) -> NDArray[np.float32]:
    """`samples` with so many channels: one is doubled, of more than wanted the first are kept."""
    if len(samples) == channels:
        return samples
    wider: NDArray[np.float32] = np.repeat(samples[:1], channels, axis=0) if len(samples) == 1 else samples[:channels].copy()
    return wider


class _Track:
    """The sound so far."""

    def __init__(self, channels: int, frames: int, sample_rate: int) -> None:
        self.samples = np.zeros((channels, frames), np.float32)
        self.sample_rate = sample_rate
        self.end = 0
        """Frames that hold sound."""
        self.gain_db = 0.0
        self.shift = 0
        """By how many frames the last window lies later than its place."""

    def add(self, piece: NDArray[np.float32], window: Window) -> None:
        """Joins the sound of the next window."""
        begin, takes_over = self._frame(window.begin_seconds), self._frame(window.join_seconds)
        if not begin and not self.end:
            self._write(piece, 0, 0)
            return
        if begin >= takes_over and self.end >= begin:
            self._write(piece, begin, begin)
            return
        piece = self._matched(piece, begin, window)
        start = begin + self.shift
        stop = min(takes_over, self.end)
        fade = min(round(FADE_SECONDS * self.sample_rate), stop - max(start, 0))
        if fade <= 0:
            self._end_here(self.end)
            piece[:, : self._edge(piece)] *= _ramp(self._edge(piece))
            self._write(piece, start, max(start, 0))
            return
        old = self.samples[:, stop - fade : stop].copy()
        self._write(piece, start, stop - fade)
        _blend(old, self.samples[:, stop - fade : stop])

    def finished(self, total: int) -> NDArray[np.float32]:
        """The whole in `total` frames; what was played after them fades into the beginning."""
        if self.end < self.samples.shape[1]:
            self._end_here(self.end)
        fade = min(self.end - total, round(_LOOP_FADE_SECONDS * self.sample_rate), total)
        if fade > 0:
            _blend(self.samples[:, total : total + fade].copy(), self.samples[:, :fade])
        return self.samples[:, :total].copy() if total < self.samples.shape[1] else self.samples

    def _matched(self, piece: NDArray[np.float32], begin: int, window: Window) -> NDArray[np.float32]:
        """The piece under its gain; its shift is set, too."""
        shared = min(self.end - begin, piece.shape[1])
        slack = self._frame(window.slack_seconds)
        self.shift = 0
        if shared > 0:
            before = self.samples[:, begin : begin + shared]
            lag = measured_lag(before, piece[:, :shared], self.sample_rate, 2 * slack)
            self.shift = -lag if abs(lag) <= slack else 0
            first, last = max(self.shift, 0), min(shared, shared + self.shift)
            seam = self._frame(window.join_seconds) - begin
            stop = min(seam + self._frame(_SEAM_SECONDS), last)
            near = max(min(seam - self._frame(FADE_SECONDS), stop - self._frame(_LEAST_SECONDS)), first)
            steady, at_seam = (
                louder_db(before[:, part], piece[:, part.start - self.shift : part.stop - self.shift], self.sample_rate)
                if part.stop > part.start
                else 0.0
                for part in (slice(first, last), slice(near, stop))
            )
            self.gain_db = float(np.clip(steady, -MOST_GAIN_DB, MOST_GAIN_DB))
            beyond = float(np.clip(at_seam, -MOST_GAIN_DB, MOST_GAIN_DB)) - self.gain_db
            return piece * self._gains(piece.shape[1], seam - self.shift, beyond)
        return piece * np.float32(10 ** (self.gain_db / 20))

    def _gains(self, frames: int, seam: int, beyond_db: float) -> NDArray[np.float32]:
        """Of every frame of a piece: `beyond_db` more than its own gain where the two were compared, and then slowly no more."""
        seconds = np.maximum(np.arange(frames) - seam - self._frame(_SEAM_SECONDS), 0) / self.sample_rate
        left_db = np.sign(beyond_db) * np.maximum(abs(beyond_db) - RAMP_DB_PER_SECOND * seconds, 0)
        gains: NDArray[np.float32] = (10 ** ((self.gain_db + left_db) / 20)).astype(np.float32)
        return gains

    def _write(self, piece: NDArray[np.float32], start: int, first: int) -> None:
        """Puts a piece that begins at the frame `start` in place of everything from `first` on."""
        self.samples[:, first : self.end] = 0
        kept = piece[:, first - start : self.samples.shape[1] - start]
        self.samples[:, first : first + kept.shape[1]] = kept
        self.end = first + kept.shape[1]

    def _end_here(self, end: int) -> None:
        edge = min(self._edge(self.samples), end)
        self.samples[:, end - edge : end] *= _ramp(edge)[::-1]

    def _edge(self, samples: NDArray[np.float32]) -> int:
        return min(round(_EDGE_SECONDS * self.sample_rate), int(samples.shape[1]))

    def _frame(self, seconds: float) -> int:
        return round(seconds * self.sample_rate)


def _ramp(frames: int) -> NDArray[np.float32]:
    """Gains from just above 0 to just below 1, along a sine's square."""
    ramp: NDArray[np.float32] = (np.sin(np.pi / 2 * (np.arange(frames) + 0.5) / max(frames, 1)) ** 2).astype(np.float32)
    return ramp


def _blend(old: NDArray[np.float32], new: NDArray[np.float32]) -> None:
    """Fades from `old` to `new`, shape (channels, frames) both, in place of `new`."""
    angle = np.pi / 2 * (np.arange(new.shape[1]) + 0.5) / new.shape[1]
    out, into = np.cos(angle), np.sin(angle)
    power = np.sqrt(1 + 2 * likeness(old, new) * out * into)
    new *= (into / power).astype(np.float32)
    new += old * (out / power).astype(np.float32)
