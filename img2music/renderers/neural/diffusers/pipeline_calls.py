"""One call of a pipeline: what it is told, by its table, becomes arguments; what it answers becomes sounds.

Conventions: a call makes one sound a take, all of the asked length, at the pipeline's sample rate. Each take has a generator of its own, on the
processor, so that a seed means the same noise on every device and beside any other takes. Steps are told to `checkpoint`, which stops
the work between two of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint
from img2music.errors import BackendError, Img2MusicError
from img2music.renderers.neural.device import is_memory_fault
from img2music.renderers.neural.diffusers.loaded_pipeline import LoadedPipeline, one_line, quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.renderers.neural.diffusers.argument_tables import Task, TaskTable
    from img2music.renderers.neural.diffusers.score_facts import ScoreFacts

__all__ = ["Ask", "frames_of", "play"]

_ENCODING_SEED = 0
"""Autoencoders draw, too: what a start becomes must not hang on how many takes there are."""
_LEAST_SIGMA_RATIO = 2.0
"""How far the highest sigma stays above the scheduler's lowest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a pipeline is told, beside the seeds."""

    task: Task
    text: str
    negative: str = ""
    seconds: float
    facts: ScoreFacts | None = None
    starts: Sequence[Audio] = ()
    """A sound to begin from for each take, or one for all; as long as `seconds`, or shorter: then silence follows."""
    timbres: Sequence[Audio] = ()
    """A sound for each take whose timbre is taken over, where the pipeline can; takes are then made one after the other."""
    span: tuple[float, float] | None = None
    """In seconds: what is played anew; only of a repaint."""
    noise: float | None = None
    """Of the start, 0..1; None takes the table's."""
    steps: int | None = None
    guidance: float | None = None


def frames_of(seconds: float, sample_rate: int) -> int:
    """How many frames so many seconds have."""
    return round(seconds * sample_rate)


def play(loaded: LoadedPipeline, ask: Ask, seeds: Sequence[int], *, message: str = "", together: bool = True) -> list[Audio]:
    """One sound a seed, each with exactly ``round(ask.seconds * sample_rate)`` frames.

    Args:
        loaded: the pipeline.
        ask: what it is told.
        seeds: of the takes.
        message: what is being done, for whoever is told how far it is.
        together: whether all takes are made at once; else one after the other, which needs less memory.

    Raises:
        BackendError: the pipeline failed, or its sound is none. Cancelled: the work was stopped.
        Exception: memory ran out (`device.is_memory_fault`).
    """
    takes_timbre = bool(ask.timbres) and bool(loaded.task_table(ask.task).timbre)
    drawn_apart = len(ask.starts) > 1 and loaded.table.encoding_draws
    if len(seeds) == 1 or (together and not takes_timbre and not drawn_apart):
        return _call(loaded, ask, seeds, (0, 1), message)
    alone = []
    for index, seed in enumerate(seeds):
        starts = ask.starts[index : index + 1] if len(ask.starts) > 1 else ask.starts
        one = replace(ask, starts=starts, timbres=ask.timbres[index : index + 1])
        alone += _call(loaded, one, [seed], (index, len(seeds)), message)
    return alone


def _call(loaded: LoadedPipeline, ask: Ask, seeds: Sequence[int], part: tuple[int, int], message: str) -> list[Audio]:
    import torch

    table = loaded.table
    task = loaded.task_table(ask.task)
    pipeline = loaded.of_task(ask.task)
    steps = ask.steps or table.steps(loaded.pipeline)
    # A latent more: autoencoders may give back a little less than they are asked for.
    asked_seconds = max(ask.seconds, table.shortest_seconds)
    asked_seconds = min(asked_seconds + loaded.multiple / loaded.sample_rate, max(asked_seconds, loaded.longest_seconds))

    def after_step(*told: Any) -> dict[str, Any]:
        # Newer pipelines give themselves first and take changed tensors back, older ones begin with the number of the step.
        step = next((one for one in told if isinstance(one, int)), 0)
        checkpoint(part[0] * steps + step + 1, part[1] * steps, message)
        return {}

    arguments: dict[str, Any] = {
        "prompt": [ask.text] * len(seeds),
        table.seconds: asked_seconds,
        "num_inference_steps": steps,
        "generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds],
        **table.fixed,
        **{name: [value] * len(seeds) for name, value in table.a_take.items()},
        **task.fixed,
        **_told_facts(loaded, ask),
        **_told_start(loaded, task, ask, len(seeds), asked_seconds),
    }
    if table.callback:
        arguments[table.callback] = after_step
    if task.guidance and ask.guidance is not None:
        arguments[task.guidance] = ask.guidance
    if task.negative and ask.negative:
        arguments[task.negative] = [ask.negative] * len(seeds)
    sigma_before = _lower_sigma(pipeline, ask, table.noise) if task.noise_by_sigma and ask.starts else None
    checkpoint()
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    try:
        with quiet_libraries(), torch.random.fork_rng(devices=devices):
            torch.manual_seed(_ENCODING_SEED)
            made = pipeline(**arguments).audios
            sounds = _as_array(made, len(seeds))
    except Img2MusicError:
        raise
    except Exception as error:
        if is_memory_fault(error):
            raise
        raise BackendError(f"{table.name} failed ({one_line(error)}); try other options, or another renderer") from error
    finally:
        if sigma_before is not None:
            pipeline.scheduler = sigma_before
    checkpoint()
    return [Audio(_exactly(sound, frames_of(ask.seconds, loaded.sample_rate)), loaded.sample_rate) for sound in sounds]


def _told_facts(loaded: LoadedPipeline, ask: Ask) -> dict[str, Any]:
    if ask.facts is None:
        return {}
    pairs = ((loaded.table.bpm, ask.facts.bpm), (loaded.table.key, ask.facts.key), (loaded.table.metre, ask.facts.metre))
    return {argument: value for argument, value in pairs if argument and value is not None}


def _told_start(loaded: LoadedPipeline, task: TaskTable, ask: Ask, takes: int, asked_seconds: float) -> dict[str, Any]:
    """Arguments of the sounds that a task begins from; the start is padded so that what comes out is never too short."""
    import torch

    told: dict[str, Any] = {}
    if task.start and ask.starts:
        frames = -(-frames_of(asked_seconds, loaded.sample_rate) // loaded.multiple) * loaded.multiple
        tensor = torch.from_numpy(np.stack([_exactly(start.samples, frames) for start in ask.starts])).to(_dtype_of(loaded))
        told[task.start] = tensor.expand(takes, -1, -1) if task.start_a_take else tensor
        if task.start_rate:
            told[task.start_rate] = loaded.sample_rate
        noise = loaded.table.noise if ask.noise is None else ask.noise
        if task.closeness:
            told[task.closeness] = 1.0 - noise
        if task.noise:
            told[task.noise] = max(noise, 0.01)
    if task.span and ask.span is not None:
        told.update(zip(task.span, ask.span, strict=True))
    if task.timbre and ask.timbres:
        told[task.timbre] = torch.from_numpy(ask.timbres[0].samples).to(_dtype_of(loaded))
    return told


def _dtype_of(loaded: LoadedPipeline) -> Any:
    vae = getattr(loaded.pipeline, "vae", None)
    return getattr(vae, "dtype", None) or next(vae.parameters()).dtype  # type: ignore[union-attr]  # whoever takes a start encodes it


def _lower_sigma(pipeline: Any, ask: Ask, noise_by_default: float) -> Any:
    """Sets the scheduler to begin at the sigma that the wanted noise means; returns the scheduler as it was."""
    before = pipeline.scheduler
    noise = noise_by_default if ask.noise is None else ask.noise
    highest, lowest = float(before.config.sigma_max), float(before.config.sigma_min)
    sigma = highest if noise >= 1 else min(highest, max(lowest * _LEAST_SIGMA_RATIO, noise / (1.0 - noise)))
    with quiet_libraries():
        pipeline.scheduler = type(before).from_config(before.config, sigma_max=sigma)
    return before


def _as_array(made: Any, takes: int) -> NDArray[np.float32]:
    """What a pipeline gave back, shape (takes, channels, frames)."""
    sounds = made.detach().float().cpu().numpy() if hasattr(made, "detach") else np.asarray(made, np.float32)
    sounds = sounds[:, None, :] if sounds.ndim == 2 else sounds
    if sounds.ndim != 3 or sounds.shape[0] != takes or not 1 <= sounds.shape[1] <= 2:
        raise BackendError(f"the model gave back no usable sound (shape {sounds.shape}); take other weights")
    if not np.isfinite(sounds).all():
        raise BackendError("the model gave samples that are no numbers; use precision: float32 in the pipeline")
    return np.ascontiguousarray(sounds, np.float32)


def _exactly(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Cut, or followed by silence."""
    kept = samples[:, :frames]
    return np.pad(kept, ((0, 0), (0, frames - kept.shape[1]))) if kept.shape[1] < frames else np.ascontiguousarray(kept)
