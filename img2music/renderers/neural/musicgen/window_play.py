"""A piece of any length from MusicGen: window after window, each going on from the tokens with which the last one ended.

All takes are one batch. What a window plays begins with the last one's own tokens, so the two sound the same where they overlap and can be joined.
The number of frames is exact: a sequence of L tokens is L less the delays of the codebooks and the start token.

Conventions: codes are integers of shape (takes, codebooks, frames); a list with an item a take holds that take's sounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.audio import Audio
from img2music.cancellation import checkpoint, share_of_step
from img2music.errors import BackendError, Img2MusicError
from img2music.renderers.neural.device import is_memory_fault
from img2music.renderers.neural.musicgen.loaded_musicgen import LoadedMusicGen, error_line, quiet_transformers
from img2music.renderers.neural.musicgen.token_sampling import DrawTakes, KeepTokens, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from img2music.renderers.neural.joins import Window

__all__ = ["Sampling", "play_windows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are drawn."""

    guidance: float
    temperature: float
    top_k: int


def play_windows(
    loaded: LoadedMusicGen,
    windows: Sequence[Window],
    text: str,
    chroma_at: Callable[[float], NDArray[np.float32]] | None,
    seeds: Sequence[int],
    sampling: Sampling,
) -> list[list[Audio]]:
    """The sounds of all windows, for each take, each exactly as long as its window.

    Args:
        loaded: the model.
        windows: in order, each beginning in the one before where they overlap.
        text: what is told.
        chroma_at: the chroma from a time on, or None where none is told.
        seeds: of the takes.
        sampling: how tokens are drawn.

    Raises:
        BackendError: the model failed, or its sound is none. Cancelled: the work was stopped. Exception: memory ran out.
    """
    import torch

    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    made: list[list[Audio]] = [[] for _ in seeds]
    rate, origin, codes = loaded.frames_a_second, 0.0, None
    for index, window in enumerate(windows):
        start = floor(round((window.begin_seconds - origin) * rate, 6))
        tail = codes[..., start:] if codes is not None and start < codes.shape[-1] else None
        origin += start / rate  # a frame begins there, a fraction of one before the window
        frames = max(1, ceil(round((window.end_seconds - origin) * rate, 6)))
        message = f"playing window {index + 1} of {len(windows)}" if len(windows) > 1 else "playing"
        with share_of_step(index / len(windows), (index + 1) / len(windows)):
            chroma = None if chroma_at is None else chroma_at(origin)
            sounds, codes = _generate(loaded, text, chroma, tail, frames, generators, sampling, message)
        skipped = round((window.begin_seconds - origin) * loaded.sample_rate)
        length = round(window.seconds * loaded.sample_rate)
        for take, sound in zip(made, sounds, strict=True):
            kept = sound[:, skipped : skipped + length]
            exact = np.pad(kept, ((0, 0), (0, length - kept.shape[1])))
            take.append(Audio(np.ascontiguousarray(exact, np.float32), loaded.sample_rate))
    return made


def _generate(
    loaded: LoadedMusicGen,
    text: str,
    chroma: NDArray[np.float32] | None,
    tail: Any,
    frames: int,
    generators: Sequence[Any],
    sampling: Sampling,
    message: str,
) -> tuple[NDArray[np.float32], Any]:
    """The sounds of one window, shape (takes, channels, samples), and their codes."""
    import torch

    model, device, takes = loaded.model, loaded.device, len(generators)
    kept_frames = 0 if tail is None else min(int(tail.shape[-1]), frames - 1)
    length = frames + loaded.delays[-1] + 1
    keep = KeepTokens()
    draw = DrawTakes(generators, temperature=sampling.temperature, top_k=sampling.top_k, length=length, message=message)
    checkpoint()
    try:
        with quiet_transformers(), torch.inference_mode():
            read = loaded.tokenizer([text], return_tensors="pt", truncation=True, max_length=512)
            arguments: dict[str, Any] = {
                "input_ids": read["input_ids"].expand(takes, -1).to(device.torch_device),
                "attention_mask": read["attention_mask"].expand(takes, -1).to(device.torch_device),
            }
            if chroma is not None:
                arguments["input_features"] = (
                    torch.from_numpy(chroma).to(device.torch_device, device.dtype).expand(takes, -1, -1).clone()
                )
            if kept_frames:
                arguments["decoder_input_ids"] = tail[..., :kept_frames].reshape(takes * loaded.codebooks, -1)
            sound = model.generate(
                **arguments,
                generation_config=_configuration(model, length, sampling.guidance),
                logits_processor=processors(draw),
                stopping_criteria=_criteria(keep),
            )
            codes = _undelayed(keep.tokens, loaded, takes, frames)
            if kept_frames:
                codes[..., :kept_frames] = tail[..., :kept_frames]
            samples = sound.float().cpu().numpy()
    except Img2MusicError:
        raise
    except Exception as error:
        if is_memory_fault(error):
            raise
        raise BackendError(f"MusicGen failed ({error_line(error)}); try other options, or another renderer") from error
    checkpoint()
    if samples.ndim != 3 or samples.shape[:2] != (takes, loaded.channels) or not samples.shape[2]:
        raise BackendError(f"MusicGen gave back no usable sound (shape {samples.shape}); take other weights")
    if not np.isfinite(samples).all():
        raise BackendError("the model gave samples that are no numbers; use precision: float32 in the pipeline")
    return samples, codes


def _configuration(model: Any, length: int, guidance: float) -> Any:
    """The model's own marks, and nothing else of what it says about drawing."""
    from transformers import GenerationConfig

    own = model.generation_config
    padding = model.config.decoder.pad_token_id if own.pad_token_id is None else own.pad_token_id
    start = padding if own.decoder_start_token_id is None else own.decoder_start_token_id
    return GenerationConfig(
        max_length=length,
        do_sample=False,
        guidance_scale=guidance,
        pad_token_id=padding,
        bos_token_id=padding if own.bos_token_id is None else own.bos_token_id,
        decoder_start_token_id=start,
        use_cache=True,
    )


def _criteria(keep: KeepTokens) -> Any:
    from transformers import StoppingCriteriaList

    return StoppingCriteriaList([keep])


def _undelayed(tokens: Any, loaded: LoadedMusicGen, takes: int, frames: int) -> Any:
    """Codes from the tokens of a sequence, in which each codebook comes later than the one before."""
    import torch

    rows = tokens.reshape(takes, loaded.codebooks, -1)
    books = [rows[:, book, delay + 1 : delay + 1 + frames] for book, delay in enumerate(loaded.delays)]
    return torch.stack(books, dim=1)
