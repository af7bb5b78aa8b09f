"""A MusicGen, loaded from a folder: the real classes of transformers, weights in safetensors, no code of others, no network.

What the folder says of itself is looked at before anything is loaded. One model is kept, so that the takes, windows and pieces of one run share
it; another one takes its place. The feature extractors are never made: texts need the tokenizer alone, and chroma comes from the score.

Conventions: sample rates in Hz. Imports transformers when asked.
"""

from __future__ import annotations

import json
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from img2music.cancellation import checkpoint
from img2music.errors import BackendError, MissingPackageError
from img2music.renderers.neural.device import check_memory, is_memory_fault
from img2music.renderers.neural.musicgen.chroma_frames import ChromaGrid
from img2music.renderers.neural.weights import check_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from img2music.renderers.neural.device import Device

__all__ = ["Kind", "LoadedMusicGen", "error_line", "kind_of_folder", "load_musicgen", "quiet_transformers"]

Kind = Literal["text", "melody"]
_KINDS: dict[str, tuple[Kind, str]] = {
    "musicgen": ("text", "MusicgenForConditionalGeneration"),
    "musicgen_melody": ("melody", "MusicgenMelodyForConditionalGeneration"),
}
"""By `model_type` of the configuration: what it takes, and its class."""
_LARGEST_JSON = 1 << 20
_LONGEST_FAULT = 200
_CHROMA_HOP = 4096
"""Samples a frame of chroma, of every published model."""
_TRAINED_SECONDS = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class LoadedMusicGen:
    """A model that can be asked."""

    model: Any
    tokenizer: Any
    kind: Kind
    chroma: ChromaGrid | None
    """Of the kind "melody"."""
    device: Device

    @property
    def sample_rate(self) -> int:
        """Of what it plays."""
        return int(self.model.config.audio_encoder.sampling_rate)

    @property
    def channels(self) -> int:
        """1 or 2."""
        return int(self.model.config.decoder.audio_channels)

    @property
    def codebooks(self) -> int:
        """Tokens a frame, of both channels together."""
        return int(self.model.config.decoder.num_codebooks)

    @property
    def delays(self) -> tuple[int, ...]:
        """By how many frames each codebook comes later than the first."""
        return tuple(number // self.channels for number in range(self.codebooks))

    @property
    def frames_a_second(self) -> float:
        """Frames of tokens."""
        return self.sample_rate / self.samples_a_frame

    @property
    def samples_a_frame(self) -> int:
        """Samples that a frame of tokens becomes."""
        made = 1
        for ratio in self.model.config.audio_encoder.upsampling_ratios:
            made *= int(ratio)
        return made

    @property
    def longest_seconds(self) -> float:
        """That it was trained to play at once."""
        if self.chroma is not None:
            return min(_TRAINED_SECONDS, self.chroma.frames / self.chroma.frames_a_second)
        return _TRAINED_SECONDS


def kind_of_folder(folder: Path) -> Kind:
    """What a folder's model takes, without loading it.

    Raises:
        BackendError: no MusicGen, or a configuration that can't be read.
    """
    if (folder / "model_index.json").is_file():
        raise BackendError(
            f"weights {folder.name} are a pipeline of diffusers, no MusicGen; play them with the renderer diffusers"
        )
    model_type = _read(folder / "config.json").get("model_type")
    if not isinstance(model_type, str) or model_type not in _KINDS:
        raise BackendError(f"weights {folder.name} are no MusicGen ({str(model_type)[:40]!r}); see `img2music models ls`")
    return _KINDS[model_type][0]


@dataclass(slots=True)
class _Kept:
    key: tuple[object, ...] = ()
    loaded: LoadedMusicGen | None = None


_kept = _Kept()
_loading = threading.Lock()


def load_musicgen(folder: Path, device: Device, *, smaller: str) -> LoadedMusicGen:
    """The model of a folder, on a device; that of the last call where it is the same one.

    Args:
        folder: as `save_pretrained` writes it.
        device: where it computes, with which numbers.
        smaller: what needs less memory, for the message where there is too little.

    Raises:
        BackendError: it can't be loaded; one line. MissingPackageError: transformers is not installed.
        Exception: memory ran out (`device.is_memory_fault`).
    """
    kind = kind_of_folder(folder)
    stamps = tuple(sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in folder.glob("*.*")))
    key = (str(folder.resolve()), stamps, device.name, str(device.dtype))
    with _loading:
        if _kept.loaded is None or _kept.key != key:
            _kept.key, _kept.loaded = (), None  # first let the old one go: two may not fit
            checkpoint(0, 1, f"loading {folder.name}")
            check_memory(folder, device, smaller)
            loaded = _from_folder(folder, kind, device)
            _check_sound(loaded, folder.name)
            _kept.key, _kept.loaded = key, loaded
        checkpoint()
        return _kept.loaded


def _from_folder(folder: Path, kind: Kind, device: Device) -> LoadedMusicGen:
    try:
        import torch
        import transformers
    except ImportError:
        raise MissingPackageError(
            "the renderer musicgen needs torch and transformers: pip install 'img2music[musicgen]'"
        ) from None
    safe = {"local_files_only": True, "trust_remote_code": False}
    classes = dict(_KINDS.values())
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    try:
        with quiet_transformers(), torch.random.fork_rng(devices=devices):
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safe)
            model, told = getattr(transformers, classes[kind]).from_pretrained(
                folder, dtype=device.dtype, use_safetensors=True, output_loading_info=True, **safe
            )
            missing, tensors = len(told["missing_keys"]), len(model.state_dict())
            model = model.eval().to(device.torch_device)
    except Exception as error:
        if is_memory_fault(error):
            raise
        raise BackendError(f"weights {folder.name} can't be loaded ({error_line(error)}); fetch them again") from None
    check_whole(folder.name, missing, tensors)
    return LoadedMusicGen(model, tokenizer, kind, _chroma_grid(folder, model) if kind == "melody" else None, device)


def _chroma_grid(folder: Path, model: Any) -> ChromaGrid:
    """How the model reads chroma: its own configuration, and that of its extractor where it lies there."""
    file = folder / "preprocessor_config.json"
    said = _read(file) if file.is_file() else {}
    hop, rate = said.get("hop_length", _CHROMA_HOP), said.get("sampling_rate", model.config.audio_encoder.sampling_rate)
    if not all(isinstance(one, int) and 0 < one < 10**6 for one in (hop, rate)):
        raise BackendError(f"preprocessor_config.json of weights {folder.name} is broken; fetch them again")
    return ChromaGrid(int(model.config.chroma_length), rate / hop)


def _check_sound(loaded: LoadedMusicGen, name: str) -> None:
    """Refuses a model whose own configuration says nothing that can be sound."""
    try:
        books = loaded.codebooks / loaded.channels
        sound = (
            loaded.channels in {1, 2}
            and 1000 > loaded.frames_a_second > 0
            and 1 <= books == loaded.model.audio_encoder.config.num_quantizers
            and (loaded.chroma is None or (0 < loaded.chroma.frames < 10**5 and loaded.model.config.num_chroma == 12))
        )
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        sound = False
    if not sound:
        raise BackendError(
            f"the config.json of weights {name} fits no MusicGen (channels, codebooks or sample rate); fetch them again"
        )


def _read(file: Path) -> dict[str, Any]:
    try:
        made = json.loads(file.read_bytes()) if file.stat().st_size <= _LARGEST_JSON else None
    except (OSError, ValueError, RecursionError):
        made = None
    if not isinstance(made, dict):
        raise BackendError(f"{file.name} of weights {file.parent.name} is not valid JSON; fetch them again")
    return made


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """While the block runs transformers shows no bars and no hints: what it says is not for musicians."""
    from transformers.utils import logging

    verbosity, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bars:
            logging.enable_progress_bar()


def error_line(error: BaseException) -> str:
    """What a library says, short enough for a message."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_FAULT else f"{text[:_LONGEST_FAULT]}..."
