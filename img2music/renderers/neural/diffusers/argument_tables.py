"""Which argument of a pipeline of diffusers takes what: one table a pipeline class, read from the code of diffusers 0.42.

A pipeline without a table is asked by its signature where that has a prompt and a length (`table_by_signature`): it is then told in words
alone. Pipelines that make pictures have no length and are refused before their weights are loaded.

Conventions: start audio is float32 of shape (takes, channels, frames) at the pipeline's own sample rate; seconds from the beginning of what
is asked for at once. `noise` of a start is 0..1: 0 keeps it as it is, 1 keeps nothing of it.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from img2music.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TABLES", "TASKS", "PipelineTable", "Task", "TaskTable", "table_by_signature"]

Task = Literal["text2music", "cover", "repaint"]
TASKS: tuple[Task, ...] = get_args(Task)
"""From words; from a sound that is played anew; one span of a sound played anew, the rest kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTable:
    """How one task is asked for."""

    pipeline: str
    """The class whose call does it. Where it is not the loaded one, it is made of the same components."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that are always the same."""
    start: str = ""
    """Takes the sound to begin from."""
    start_a_take: bool = False
    """Whether it wants one for each take, though they are the same."""
    start_rate: str = ""
    """Takes that sound's sample rate."""
    closeness: str = ""
    """Takes how close it keeps to the start, 0..1: 1 - noise."""
    noise: str = ""
    """Takes how much of the start is noise, 0..1."""
    noise_by_sigma: bool = False
    """Whether that noise is the highest sigma of the scheduler instead of an argument."""
    timbre: str = ""
    """Takes a sound whose timbre is taken over, of shape (channels, frames)."""
    span: tuple[str, str] | None = None
    """Take begin and end, in seconds, of what is played anew."""
    negative: str = ""
    """Takes what not to play, in words."""
    guidance: str = ""
    """Takes how firmly the words are followed."""
    needs: tuple[str, ...] = ()
    """Optional components of the pipeline without which the task can't be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineTable:
    """How a pipeline is asked for music."""

    name: str
    """Of its class."""
    seconds: str
    """Takes the length."""
    tasks: Mapping[Task, TaskTable]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that are always the same, whatever the task."""
    a_take: Mapping[str, Any] = field(default_factory=dict)
    """The same, of those that are a list with an item a take."""
    bpm: str = ""
    """Takes felt beats a minute, a whole number from 30 to 300."""
    key: str = ""
    """Takes "A minor": major or minor, no other mode."""
    metre: str = ""
    """Takes "2", "3", "4" or "6"."""
    steps: Callable[[Any], int]
    """How many steps the loaded pipeline takes where nobody says."""
    sample_rate: Callable[[Any], int]
    """Of the loaded pipeline, in Hz."""
    longest_seconds: Callable[[Any], float]
    """That the loaded pipeline plays at once."""
    shortest_seconds: float = 0.0
    """What is shorter is asked for at this length, and cut."""
    multiple: Callable[[Any], int] = lambda _: 1
    """Frames of a start come in multiples of this: those of one latent."""
    encoding_draws: bool = False
    """Whether its autoencoder draws, and not from the generators of the takes: then starts of their own are encoded take by take."""
    noise: float = 0.6
    """Of a start where nobody says."""
    callback: str = "callback_on_step_end"
    """Takes the function that is called after each step."""
    by_signature: bool = False
    """Whether nobody has read that pipeline: its arguments were guessed by their names."""


def _ace_rate(pipeline: Any) -> int:
    return int(pipeline.sample_rate)


def _rate_of_vae(pipeline: Any) -> int:
    return int(pipeline.vae.config.sampling_rate)


def _stable_audio_longest(pipeline: Any) -> float:
    return float(pipeline.transformer.config.sample_size * pipeline.vae.hop_length / pipeline.vae.config.sampling_rate)


_ACE: dict[str, Any] = {"pipeline": "AceStepPipeline", "guidance": "guidance_scale"}
_PAIR = ("audio_tokenizer", "audio_token_detokenizer")

TABLES: dict[str, PipelineTable] = {
    table.name: table
    for table in (
        # ACE-Step 1.5. Lyrics "[Instrumental]" and the language "unknown" are what its makers use where nobody sings; bpm, keys, metres and
        # lengths (10 s to 10 min) are those of their constants. A cover is as long as its source, whatever length is asked for.
        PipelineTable(
            name="AceStepPipeline",
            seconds="audio_duration",
            bpm="bpm",
            key="keyscale",
            metre="timesignature",
            a_take={"lyrics": "[Instrumental]", "vocal_language": "unknown"},
            tasks={
                "text2music": TaskTable(fixed={"task_type": "text2music"}, timbre="reference_audio", **_ACE),
                "cover": TaskTable(
                    fixed={"task_type": "cover"},
                    start="src_audio",
                    closeness="audio_cover_strength",
                    timbre="reference_audio",
                    needs=_PAIR,
                    **_ACE,
                ),
                "repaint": TaskTable(
                    fixed={"task_type": "repaint"},
                    start="src_audio",
                    span=("repainting_start", "repainting_end"),
                    timbre="reference_audio",
                    **_ACE,
                ),
            },
            steps=lambda pipeline: 8 if pipeline.is_turbo else 50,
            sample_rate=_ace_rate,
            longest_seconds=lambda _: 600.0,
            shortest_seconds=10.0,
            multiple=lambda pipeline: round(pipeline.sample_rate / pipeline.latents_per_second),
            encoding_draws=True,
            noise=0.0,
        ),
        # Stable Audio Open 1.0. Its pipeline adds the start to noise of the scheduler's highest sigma, 500 as it comes, which drowns it: so
        # that sigma is set to what the wanted noise means (sigma = noise / (1 - noise)), as its makers' own variations do.
        PipelineTable(
            name="StableAudioPipeline",
            seconds="audio_end_in_s",
            tasks={
                "text2music": TaskTable(pipeline="StableAudioPipeline", negative="negative_prompt", guidance="guidance_scale"),
                "cover": TaskTable(
                    pipeline="StableAudioPipeline",
                    negative="negative_prompt",
                    guidance="guidance_scale",
                    start="initial_audio_waveforms",
                    start_a_take=True,
                    start_rate="initial_audio_sampling_rate",
                    noise_by_sigma=True,
                ),
            },
            steps=lambda _: 100,
            sample_rate=_rate_of_vae,
            longest_seconds=_stable_audio_longest,
            callback="callback",
        ),
        # Stable Audio 3, small and medium. Guidance and a negative prompt are for the base weights, and for words alone.
        PipelineTable(
            name="StableAudio3Pipeline",
            seconds="duration",
            tasks={
                "text2music": TaskTable(pipeline="StableAudio3Pipeline", negative="negative_prompt", guidance="guidance_scale"),
                "cover": TaskTable(pipeline="StableAudio3AudioToAudioPipeline", start="audio", noise="init_noise_level"),
                "repaint": TaskTable(
                    pipeline="StableAudio3InpaintPipeline", start="audio", span=("mask_start_seconds", "mask_end_seconds")
                ),
            },
            steps=lambda pipeline: 8 if pipeline.scheduler.config.stochastic_sampling else 100,
            sample_rate=_rate_of_vae,
            longest_seconds=lambda pipeline: float(pipeline.duration_embedder.config.max_val),
            multiple=lambda pipeline: int(pipeline.vae.downsampling_ratio),
        ),
        # AudioLDM 2: words alone, mono. Trained on ten seconds.
        PipelineTable(
            name="AudioLDM2Pipeline",
            seconds="audio_length_in_s",
            tasks={"text2music": TaskTable(pipeline="AudioLDM2Pipeline", negative="negative_prompt", guidance="guidance_scale")},
            steps=lambda _: 200,
            sample_rate=lambda pipeline: int(pipeline.vocoder.config.sampling_rate),
            longest_seconds=lambda _: 10.24,
            callback="callback",
        ),
    )
}
"""By the name of the class that `model_index.json` names."""

_LENGTHS = ("audio_duration", "duration", "audio_length_in_s", "audio_end_in_s", "seconds")
_LONGEST_UNREAD_SECONDS = 30.0
"""Of a pipeline that nobody has read: a guess on the safe side, said in the record."""


def table_by_signature(pipeline_class: type) -> PipelineTable:
    """How to ask a pipeline that has no table, where its call takes a prompt and a length in seconds.

    Raises:
        BackendError: it takes no such things, so it makes no music of a length.
    """
    name = pipeline_class.__name__
    takes = inspect.signature(pipeline_class.__call__).parameters
    seconds = next((length for length in _LENGTHS if length in takes), "")
    if "prompt" not in takes or not seconds:
        raise BackendError(
            f"{name} takes no prompt with a length in seconds, so it makes no music; take weights of {', '.join(TABLES)}"
        )

    def named(argument: str) -> str:
        return argument if argument in takes else ""

    task = TaskTable(pipeline=name, negative=named("negative_prompt"), guidance=named("guidance_scale"))
    default = takes["num_inference_steps"].default if "num_inference_steps" in takes else None
    return PipelineTable(
        name=name,
        seconds=seconds,
        tasks={"text2music": task},
        steps=lambda _: default if isinstance(default, int) else 50,
        sample_rate=_guessed_rate,
        longest_seconds=lambda _: _LONGEST_UNREAD_SECONDS,
        callback=named("callback_on_step_end") or named("callback"),
        by_signature=True,
    )


def _guessed_rate(pipeline: Any) -> int:
    """From the component that ends in samples: the vocoder where there is one, else the autoencoder."""
    for place in (pipeline, *(getattr(getattr(pipeline, part, None), "config", None) for part in ("vocoder", "vae"))):
        for name in ("sample_rate", "sampling_rate"):
            rate = getattr(place, name, None)
            if isinstance(rate, int) and rate > 0:
                return rate
    raise BackendError(f"{type(pipeline).__name__} does not say its sample rate; take weights of {', '.join(TABLES)}")
