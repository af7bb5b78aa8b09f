"""A whole piece from a model that plays a few minutes at most: window after window, each going on from the last; or one section anew.

What is kept is kept exactly: a model only means to keep the sound outside the span that it plays anew, so outside of it the source itself stands,
and the new sound is brought to the source's level and cross-faded inside the span.

Conventions: windows are (begin, end) in seconds from the beginning of the piece and may overlap; sounds at the pipeline's sample rate; a list with an
item a take holds that take's sounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import share_of_step
from img2music.errors import BackendError
from img2music.renderers.neural.diffusers.pipeline_calls import Ask, frames_of, play
from img2music.renderers.neural.diffusers.score_facts import facts_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance
    from img2music.renderers.neural.diffusers.argument_tables import Task
    from img2music.renderers.neural.diffusers.loaded_pipeline import LoadedPipeline

__all__ = ["Told", "going_round", "play_section", "play_windows"]

_FADE_SECONDS = 0.02
"""Of what is played anew into what is kept."""
_LEVEL_SECONDS = 5.0
"""How much of what is kept tells its level."""
_MOST_GAIN = 4.0
_LEAST_CONTEXT = 0.1
"""Part of what a model plays at once that is left for what stands around a section."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the model is told, whichever window it plays."""

    task: Task
    text: str
    negative: str = ""
    noise: float | None = None
    steps: int | None = None
    guidance: float | None = None

    def ask(
        self,
        performance: Performance,
        window: tuple[float, float],
        *,
        task: Task | None = None,
        starts: Sequence[Audio] = (),
        timbres: Sequence[Audio] = (),
        span: tuple[float, float] | None = None,
    ) -> Ask:
        """The same for one window."""
        return Ask(
            task=task or self.task,
            text=self.text,
            negative=self.negative,
            seconds=window[1] - window[0],
            facts=facts_between(performance, *window),
            starts=starts,
            timbres=timbres,
            span=span,
            noise=self.noise,
            steps=self.steps,
            guidance=self.guidance,
        )


def play_windows(
    loaded: LoadedPipeline,
    performance: Performance,
    windows: Sequence[tuple[float, float]],
    told: Told,
    guide: Audio | None,
    seeds: Sequence[int],
    *,
    together: bool = True,
) -> list[list[Audio]]:
    """The sounds of all windows, for each take.

    With a `guide` every window begins from its stretch of it, whose first seconds are the end of the last window where they overlap. From words alone
    a window goes on from that end where the pipeline repaints; else it knows nothing of it.

    Raises:
        BackendError: the pipeline failed. Cancelled: the work was stopped. Exception: memory ran out.
    """
    rate = loaded.sample_rate
    made: list[list[Audio]] = [[] for _ in seeds]
    for index, window in enumerate(windows):
        kept_seconds = max(0.0, windows[index - 1][1] - window[0]) if index else 0.0
        tails = [_last(sounds[-1], kept_seconds) for sounds in made] if kept_seconds else []
        message = f"playing window {index + 1} of {len(windows)}" if len(windows) > 1 else "playing"
        with share_of_step(index / len(windows), (index + 1) / len(windows)):
            if guide is not None:
                stretch = _between(guide, *window)
                starts = [_followed(tail, stretch) for tail in tails] or [stretch]
                timbres = [sounds[0] for sounds in made] if index else []
                sounds = play(
                    loaded,
                    told.ask(performance, window, starts=starts, timbres=timbres),
                    seeds,
                    message=message,
                    together=together,
                )
            elif tails and loaded.can("repaint"):
                ask = told.ask(performance, window, task="repaint", starts=tails, span=(kept_seconds, window[1] - window[0]))
                sounds = play(loaded, ask, seeds, message=message, together=together)
                span = frames_of(kept_seconds, rate), sounds[0].samples.shape[1]
                sounds = [_replaced(_padded(tail, span[1]), sound, span) for tail, sound in zip(tails, sounds, strict=True)]
            else:
                sounds = play(loaded, told.ask(performance, window), seeds, message=message, together=together)
        for take, sound in zip(made, sounds, strict=True):
            take.append(sound)
    return made


def play_section(
    loaded: LoadedPipeline,
    performance: Performance,
    span: tuple[float, float],
    told: Told,
    source: Audio,
    seeds: Sequence[int],
    *,
    together: bool = True,
) -> list[Audio]:
    """The source with one span played anew, for each take; what is outside the span is the source's, sample by sample.

    Raises:
        BackendError: the span is longer than the pipeline plays at once, or the pipeline failed. Exception: memory ran out.
    """
    longest = loaded.longest_seconds
    if span[1] - span[0] > longest * (1 - _LEAST_CONTEXT):
        raise BackendError(
            f"that section lasts {span[1] - span[0]:.0f} s, and the model plays {longest:.0f} s at once, with what stands around it; "
            "choose a shorter section, or task: cover"
        )
    around = (longest - (span[1] - span[0])) / 2
    begin = max(0.0, min(span[0] - around, performance.seconds - longest))
    window = begin, min(performance.seconds, begin + longest)
    within = span[0] - begin, span[1] - begin
    ask = told.ask(performance, window, starts=[_between(source, *window)], span=within)
    sounds = play(loaded, ask, seeds, message="playing the section", together=together)
    first = frames_of(begin, loaded.sample_rate)
    edges = frames_of(span[0], loaded.sample_rate), frames_of(span[1], loaded.sample_rate)
    return [
        _replaced(source, _placed(sound, first, source), edges, heard=(first, first + sound.samples.shape[1])) for sound in sounds
    ]


def going_round(sound: Audio, seconds: float) -> Audio:
    """A loop followed by its beginning, until `seconds`; as it is where that is no longer."""
    more = frames_of(seconds, sound.sample_rate) - sound.samples.shape[1]
    return sound if more <= 0 else Audio(np.concatenate([sound.samples, sound.samples[:, :more]], axis=1), sound.sample_rate)


def _last(sound: Audio, seconds: float) -> Audio:
    frames = frames_of(seconds, sound.sample_rate)
    return Audio(np.ascontiguousarray(sound.samples[:, sound.samples.shape[1] - frames :]), sound.sample_rate)


def _between(sound: Audio, begin: float, end: float) -> Audio:
    first = frames_of(begin, sound.sample_rate)
    cut = sound.samples[:, first : first + frames_of(end - begin, sound.sample_rate)]
    return Audio(np.ascontiguousarray(cut), sound.sample_rate)


def _padded(sound: Audio, frames: int) -> Audio:
    return Audio(np.pad(sound.samples, ((0, 0), (0, max(0, frames - sound.samples.shape[1])))), sound.sample_rate)


def _placed(sound: Audio, first: int, whole: Audio) -> Audio:
    """A sound at its place in a piece of silence as long as `whole`."""
    frames = whole.samples.shape[1]
    after = max(0, frames - first - sound.samples.shape[1])
    return Audio(np.pad(sound.samples, ((0, 0), (first, after)))[:, :frames], sound.sample_rate)


def _followed(tail: Audio, stretch: Audio) -> Audio:
    """A stretch of the guide whose beginning is the end of what was played, all at the level of that."""
    frames = tail.samples.shape[1]
    gain = _gain(tail.samples, stretch.samples[:, :frames])
    joined = np.concatenate([tail.samples, stretch.samples[:, frames:] * gain], axis=1)
    return Audio(joined.astype(np.float32), tail.sample_rate)


def _replaced(source: Audio, sound: Audio, span: tuple[int, int], heard: tuple[int, int] | None = None) -> Audio:
    """The source with the frames of `span` from `sound`, at the source's level; `heard` are the frames that `sound` has at all."""
    frames = source.samples.shape[1]
    begin, end = span[0], min(span[1], frames)
    first, last = heard or (0, frames)
    near = round(_LEVEL_SECONDS * source.sample_rate)
    around = [slice(max(first, begin - near), begin), slice(end, min(last, end + near))]
    old, new = (np.concatenate([one.samples[:, part] for part in around], axis=1) for one in (source, sound))
    fresh = sound.samples[:, begin:end] * _gain(old, new)
    fade = min(round(_FADE_SECONDS * source.sample_rate), (end - begin) // 2)
    rise = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) if fade else np.ones(0, np.float32)
    into, out_of = np.ones(end - begin, np.float32), np.zeros(end - begin, np.float32)
    if begin > 0:
        into[:fade], out_of[:fade] = rise, rise[::-1]
    if end < frames:
        into[len(into) - fade :], out_of[len(into) - fade :] = rise[::-1], rise
    made = source.samples.copy()
    made[:, begin:end] = fresh * into + source.samples[:, begin:end] * out_of
    return Audio(made, source.sample_rate)


def _gain(wanted: NDArray[np.float32], found: NDArray[np.float32]) -> np.float32:
    """What brings one sound to another's level, within bounds; 1 where either is silent."""
    levels = [float(np.sqrt(np.mean(np.square(one, dtype=np.float64)))) if one.size else 0.0 for one in (wanted, found)]
    if min(levels) < 1e-5:
        return np.float32(1)
    return np.float32(min(_MOST_GAIN, max(1 / _MOST_GAIN, levels[0] / levels[1])))
