"""A pipeline of diffusers, loaded from a folder: the real classes, weights in safetensors, no code of others, no network.

What the folder names is looked at before anything is loaded: a pipeline that makes no music costs no minutes of loading. One pipeline is kept,
so that the takes and pieces of one run share it; another one takes its place. Conventions: sample rates in Hz. Imports diffusers when asked.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from img2music.cancellation import checkpoint
from img2music.errors import BackendError, Img2MusicError, MissingPackageError
from img2music.renderers.neural.device import check_memory, is_memory_fault
from img2music.renderers.neural.diffusers.argument_tables import TABLES, PipelineTable, Task, TaskTable, table_by_signature
from img2music.renderers.neural.weights import check_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from img2music.renderers.neural.device import Device

__all__ = ["LoadedPipeline", "load_pipeline", "one_line", "quiet_libraries", "table_of_folder"]

_LARGEST_INDEX_BYTES = 1 << 20
_LONGEST_FAULT = 200
_RATES = range(1000, 400_001)
_CLASS = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_SAFE: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False, "local_files_only": True}
_EXTRA = "pip install 'img2music[diffusers]'"


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPipeline:
    """A pipeline that can be asked."""

    pipeline: Any
    """The `DiffusionPipeline` that the folder names."""
    table: PipelineTable
    _others: dict[str, Any] = field(default_factory=dict)

    @property
    def sample_rate(self) -> int:
        """Of what it plays, and of what it begins from."""
        return self.table.sample_rate(self.pipeline)

    @property
    def longest_seconds(self) -> float:
        """That it plays at once."""
        return self.table.longest_seconds(self.pipeline)

    @property
    def multiple(self) -> int:
        """Frames of a start come in multiples of this."""
        return max(1, self.table.multiple(self.pipeline))

    def can(self, task: Task) -> bool:
        """Whether this pipeline, with the components that it has, does a task."""
        found = self.table.tasks.get(task)
        return found is not None and all(getattr(self.pipeline, part, None) is not None for part in found.needs)

    def task_table(self, task: Task) -> TaskTable:
        """How a task is asked for.

        Raises:
            BackendError: this pipeline can't do it; the message says what it can.
        """
        if self.can(task):
            return self.table.tasks[task]
        able = [one for one in self.table.tasks if self.can(one)]
        found = self.table.tasks.get(task)
        lacks = f" without its {' and '.join(found.needs)}, which these weights lack" if found is not None and found.needs else ""
        raise BackendError(f"{self.table.name} can't {task}{lacks}; use task: {' or '.join(able)}")

    def of_task(self, task: Task) -> Any:
        """The pipeline object whose call does a task, over the same weights."""
        name = self.task_table(task).pipeline
        if name == type(self.pipeline).__name__:
            return self.pipeline
        if name not in self._others:
            import diffusers

            with quiet_libraries():
                other = getattr(diffusers, name)(**self.pipeline.components)
                other.set_progress_bar_config(disable=True)
            self._others[name] = other
        return self._others[name]


def table_of_folder(folder: Path) -> PipelineTable:
    """The table of the pipeline that a folder holds, without loading it.

    Raises:
        BackendError: no pipeline of diffusers, a broken index, or a pipeline that makes no music.
        MissingPackageError: diffusers is not installed.
    """
    index = folder / "model_index.json"
    if not index.is_file():
        if (folder / "model_config.json").is_file():
            raise BackendError(
                f"weights {folder.name} are in their maker's own format; convert them with diffusers' script "
                "convert_stable_audio_3_to_diffusers.py, and give its output folder"
            )
        raise BackendError(
            f"weights {folder.name} have no model_index.json; give a folder in diffusers' format, or a name on the hub"
        )
    try:
        made = json.loads(index.read_bytes()) if index.stat().st_size <= _LARGEST_INDEX_BYTES else None
    except (OSError, ValueError, RecursionError):
        made = None
    name = made.get("_class_name") if isinstance(made, dict) else None
    if not isinstance(name, str) or not _CLASS.fullmatch(name):
        raise BackendError(f"model_index.json of weights {folder.name} names no pipeline; fetch the weights again")
    if name in TABLES:
        return TABLES[name]
    try:
        with quiet_libraries():
            import diffusers

            found = getattr(diffusers, name, None)
            is_pipeline = isinstance(found, type) and issubclass(found, diffusers.DiffusionPipeline)
    except ImportError:
        raise MissingPackageError(f"the renderer diffusers needs diffusers: {_EXTRA}") from None
    if found is None or not is_pipeline:
        raise BackendError(f"weights {folder.name} need {name}, which is no pipeline of this diffusers; take {', '.join(TABLES)}")
    return table_by_signature(found)


@dataclass(slots=True)
class _Kept:
    key: tuple[object, ...] = ()
    loaded: LoadedPipeline | None = None


_kept = _Kept()
_loading = threading.Lock()


def load_pipeline(folder: Path, device: Device, *, smaller: str) -> LoadedPipeline:
    """The pipeline of a folder, on a device; that of the last call where it is the same one.

    Args:
        folder: in diffusers' format.
        device: where it computes, with which numbers.
        smaller: what needs less memory, for the message where there is too little.

    Raises:
        BackendError: it can't be loaded; one line.
        MissingPackageError: a package that it needs is not installed.
    """
    table = table_of_folder(folder)
    index = (folder / "model_index.json").stat()
    key = (str(folder.resolve()), index.st_mtime_ns, index.st_size, device.name, str(device.dtype))
    with _loading:
        if _kept.loaded is None or _kept.key != key:
            _kept.key, _kept.loaded = (), None  # first let the old one go: two may not fit
            checkpoint(0, 1, f"loading {folder.name}")
            check_memory(folder, device, smaller)
            loaded = LoadedPipeline(_from_folder(folder, device), table)
            _check_sound(loaded, folder.name)
            _kept.key, _kept.loaded = key, loaded
        checkpoint()
        return _kept.loaded


def _from_folder(folder: Path, device: Device) -> Any:
    try:
        with quiet_libraries():
            from diffusers import DiffusionPipeline

            pipeline = DiffusionPipeline.from_pretrained(
                folder, torch_dtype=device.dtype, **_SAFE, **_text_models(folder, device)
            )
            for name, part in pipeline.components.items():
                tensors: dict[str, Any] = getattr(part, "state_dict", dict)()
                # What a file lacks, diffusers leaves without values.
                check_whole(
                    f"{folder.name} ({name})", sum(getattr(one, "is_meta", False) for one in tensors.values()), len(tensors)
                )
            pipeline.set_progress_bar_config(disable=True)
            tile = getattr(getattr(pipeline, "vae", None), "enable_tiling", None)
            if tile is not None:
                tile()  # minutes at once would take gigabytes
            return pipeline.to(device.torch_device)
    except Img2MusicError:
        raise
    except Exception as error:
        if is_memory_fault(error):
            raise
        if "torchsde" in str(error):
            raise MissingPackageError(f"the scheduler of weights {folder.name} needs torchsde: pip install torchsde") from None
        if isinstance(error, ImportError):
            package = (error.name or "").partition(".")[0] or "a package"
            raise MissingPackageError(f"weights {folder.name} need {package}, which can't be imported: {_EXTRA}") from None
        raise BackendError(f"weights {folder.name} can't be loaded ({one_line(error)}); fetch them again") from None


def _text_models(folder: Path, device: Device) -> dict[str, Any]:
    """The components that transformers makes: loaded here, because by way of diffusers nobody is told what their files lack."""
    import transformers

    made: dict[str, Any] = {}
    index = json.loads((folder / "model_index.json").read_bytes())
    for part, made_by in index.items():
        if not (isinstance(made_by, list) and made_by[:1] == ["transformers"] and len(made_by) == 2):
            continue
        loader: Any = getattr(transformers, str(made_by[1]), None)
        if transformers.PreTrainedModel in getattr(loader, "__mro__", ()):
            made[part], told = loader.from_pretrained(folder / part, dtype=device.dtype, output_loading_info=True, **_SAFE)
            check_whole(f"{folder.name} ({part})", len(told["missing_keys"]), len(made[part].state_dict()))
    return made


def _check_sound(loaded: LoadedPipeline, name: str) -> None:
    """Refuses a pipeline whose own configuration says nothing that can be sound."""
    try:
        sound = loaded.sample_rate in _RATES and loaded.longest_seconds >= 1 and loaded.multiple <= loaded.sample_rate
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        sound = False
    if not sound:
        raise BackendError(f"weights {name} have no usable sample rate or length in their config; fetch them again")


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """While the block runs diffusers and transformers show no bars and no hints: what they say is not for musicians."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    libraries = (of_diffusers, of_transformers)
    before = [(library.get_verbosity(), library.is_progress_bar_enabled()) for library in libraries]
    for library in libraries:
        library.set_verbosity(logging.CRITICAL)
        library.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for library, (verbosity, had_bars) in zip(libraries, before, strict=True):
            library.set_verbosity(verbosity)
            if had_bars:
                library.enable_progress_bar()


def one_line(error: BaseException) -> str:
    """What a library says, short enough for a message."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_FAULT else f"{text[:_LONGEST_FAULT]}..."
