"""Weights of neural renderers: where they lie, whether they are whole, what their licence allows, and fetching them.

A name is that of a folder, of weights in `img2music.registry.sound_models`, or of any others on the Hugging Face hub. Weights are read from
safetensors only, because reading a pickle can run code; load them with `use_safetensors=True` and `trust_remote_code=False`. A folder
holds one model (config.json) or a pipeline of several (model_index.json and a folder for each).
Says before anything is fetched how much that is and under which licence. Knows nothing of what the weights play.
"""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.errors import BackendError, UsageError
from img2music.registry.commercial_use import is_commercial_use
from img2music.registry.sound_models import SOUND_MODELS, find_sound_model
from img2music.renderers.neural.hub_download import cached_folder, fetch, fetching_step
from img2music.renderers.neural.model_card import CARD_FILE, NOT_KNOWN, licence_on_card

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "check_licence",
    "check_name",
    "check_whole",
    "commercial_fault",
    "is_here",
    "licence_facts",
    "licence_of",
    "not_here",
    "readiness",
    "weights_folder",
    "weights_label",
]

_LONGEST_NAME = 1000
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_HUB = "Hugging Face hub"
_STEMS = ("model", "diffusion_pytorch_model")
"""How transformers and diffusers call their files of weights."""
_COMPONENT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
_LARGEST_JSON = 20_000_000
"""The index of the largest sharded model has a tenth of it."""
_MOST_MISSING = 0.01
_CONVERT = "a pickle can run code and is never read: convert it with save_pretrained(..., safe_serialization=True)"


def weights_folder(name: str, *, renderer: str, commercial: bool = False) -> Path:
    """Where the weights lie, fetched where they are not here yet; the hub is not asked for what is.

    Args:
        name: a folder, or a name.
        renderer: who wants to play them, by its name in the registry.
        commercial: whether weights that forbid commercial use are refused; so they are where the work is held to it.

    Raises:
        UsageError: neither a folder nor a name, or weights of another renderer.
        BackendError: a licence against commercial use, no network, a full disk, weights that are a pickle or not whole: one line.
        Cancelled: the work was stopped while they were fetched.
    """
    check_name(name, renderer)
    check_licence(name, commercial=commercial)
    own = _own_folder(name)
    if own is not None:
        return _checked(own, name)
    model = find_sound_model(name)
    if model is not None and model.source != _HUB:
        raise BackendError(f"weights {name} are not here; {_install(name)} ({model.facts})")
    found = cached_folder(name)
    if found is None or _fault(found):
        fetch(name, CARD_FILE, lambda: licence_facts(name))
        found = cached_folder(name)
    if found is None:
        raise BackendError(
            f"{name} on the {_HUB} holds no model that can be loaded (no config.json, no model_index.json); see `img2music models ls`"
        )
    return _checked(found, name)


def check_name(name: str, renderer: str) -> None:
    """Looks at a name without asking anybody.

    Raises:
        UsageError: neither a folder nor a name, or weights that another renderer plays.
    """
    if _own_folder(name) is not None:
        return
    model = find_sound_model(name)
    if model is None:
        if not _HUB_NAME.fullmatch(name) or ".." in name or len(name) > _LONGEST_NAME:
            raise UsageError(f"weights {name[:80]!r} are neither a folder nor a name; see `img2music models ls`")
    elif model.renderer != renderer:
        own = [one.name for one in SOUND_MODELS.values() if one.renderer == renderer]
        plays = f"; it plays {', '.join(own[:4])}" if own else ""
        raise UsageError(f"weights {name} are for the renderer {model.renderer!r}, not {renderer!r}{plays}")


def check_licence(name: str, *, commercial: bool = False) -> None:
    """Refuses weights that may not be used for what is made.

    Raises:
        BackendError: commercial use is meant (`commercial`, or what the work is held to), and the licence forbids it or is not known.
    """
    if not (commercial or is_commercial_use()):
        return
    fault = commercial_fault(name)
    if fault:
        raise BackendError(fault)


def check_whole(label: str, missing: int, tensors: int) -> None:
    """Refuses a model whose file lacks tensors: libraries fill them with random numbers, and say so to nobody.

    Args:
        label: how messages call the weights.
        missing: how many tensors the file lacks.
        tensors: how many the model has.

    Raises:
        BackendError: more than a hundredth lack: so many may in files of older formats, because today they are worked out.
    """
    if missing > _MOST_MISSING * tensors:
        raise BackendError(f"weights {label} lack {missing} of {tensors} tensors; fetch them again")


def commercial_fault(name: str) -> str:
    """Why weights can't be used commercially, with the remedy; empty where they can."""
    licence, allowed = licence_of(name)
    if allowed:
        return ""
    # Pipelines, not weights: each renderer plays its own, and this one may have none that allow it.
    remedy = "take a pipeline whose weights allow it, such as magenta-rt or ace-step, or leave out --commercial"
    if allowed is None:
        return f"weights {weights_label(name)} may not be used for what is sold, as far as is known: their licence is {licence!r}; {remedy}"
    return f"weights {weights_label(name)} forbid commercial use (licence {licence}); {remedy}"


def licence_of(name: str) -> tuple[str, bool | None]:
    """Licence of the weights, and whether it allows commercial use; ("not known", None) where neither the table nor their card says."""
    model = find_sound_model(name)
    if model is not None:
        return model.licence, model.commercial
    folder = _own_folder(name) or cached_folder(name)
    return (NOT_KNOWN, None) if folder is None else licence_on_card(folder)


def licence_facts(name: str) -> str:
    """Licence, conditions, size and source in one line: what is said before the weights are fetched or played."""
    model = find_sound_model(name)
    if model is not None:
        return model.facts
    licence, allowed = licence_of(name)
    use = {True: "commercial use allowed", False: "no commercial use", None: "whether commercial use is allowed is not known"}
    return f"licence {licence}: {use[allowed]}"


def is_here(name: str) -> bool:
    """Whether the weights are on this machine and whole. Nothing is loaded, and nobody asked. Weights that come by a program are its business."""
    folder = _own_folder(name) or cached_folder(name)
    return folder is not None and not _fault(folder)


def not_here(name: str) -> str:
    """That the weights are not here yet, how they come and what they are; empty where they are here."""
    if is_here(name):
        return ""
    own = _own_folder(name)
    if own is not None:
        return f"weights {weights_label(name)} {_fault(own)}"
    if find_sound_model(name) is None and not _HUB_NAME.fullmatch(name):
        return f"no folder of weights lies where the option weights says ({_last_part(name)}); check the path, or see `img2music models ls`"
    return f"weights {name} are not here yet: {_install(name)} ({licence_facts(name)})"


def readiness(options: Mapping[str, Any]) -> str:
    """`not_here` of a stage's option `weights`, as `RegistryEntry.readiness` wants it; empty where none are named."""
    name = options.get("weights")
    return not_here(name) if isinstance(name, str) else ""


def weights_label(name: str) -> str:
    """The weights as they go on record: their name, or the last part of a folder."""
    return name if _own_folder(name) is None else Path(name).resolve().name or name


def _last_part(name: str) -> str:
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1][:80]


def _install(name: str) -> str:
    return f"{fetching_step(name)} fetches them"


def _own_folder(name: str) -> Path | None:
    """The folder that a name is; None where it is none."""
    try:
        return Path(name) if name and len(name) <= _LONGEST_NAME and Path(name).is_dir() else None
    except (OSError, ValueError):  # a name that no folder can have
        return None


def _checked(folder: Path, name: str) -> Path:
    fault = _fault(folder)
    if fault:
        raise BackendError(f"weights {weights_label(name)} {fault}")
    return folder


def _fault(folder: Path) -> str:
    """What is wrong with a folder of weights, and what to do; empty where it can be loaded."""
    index = folder / "model_index.json"
    if not index.is_file():
        return _model_fault(folder)
    pipeline = _read_json(index)
    if pipeline is None:
        return "can't be loaded, as model_index.json is not valid JSON; fetch them again"
    parts = {key: value for key, value in pipeline.items() if not key.startswith("_") and isinstance(value, list)}
    for part, made_by in parts.items():
        library = made_by[0] if made_by else None
        if library is None:
            continue
        if not _COMPONENT.fullmatch(part) or not isinstance(library, str) or not _is_known_library(library):
            return f"name code of others ({part[:60]!r}), which is never run; take weights that diffusers and transformers know"
        if not (folder / part).is_dir():
            return f"are not whole: {part} is missing; fetch them again"
        if (folder / part / "config.json").is_file() and (fault := _model_fault(folder / part)):
            return f"{fault} ({part})"
    return "" if parts else "name no components in model_index.json; fetch them again"


def _model_fault(folder: Path) -> str:
    """What is wrong with the folder of one model; empty where it can be loaded."""
    if not (folder / "config.json").is_file():
        return "have no config.json; give a folder made by save_pretrained, or a name on the hub"
    files = {file.name for file in folder.glob("*.safetensors")}
    for index in (folder / f"{stem}.safetensors.index.json" for stem in _STEMS):
        if not index.is_file() or index.name.removesuffix(".index.json") in files:
            continue
        table = (_read_json(index) or {}).get("weight_map")
        if not isinstance(table, dict):
            return f"can't be loaded, as {index.name} is not valid; fetch them again"
        if {str(one) for one in table.values()} - files:
            return "are not whole: some of their files are missing; fetch them again"
    if files:
        return ""
    pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.ckpt")) or any(folder.glob("*.th"))
    return f"are a pickle; {_CONVERT}" if pickled else "are not whole: there is no file in safetensors; fetch them again"


def _is_known_library(library: str) -> bool:
    """Whether a component is made by diffusers or transformers: by their names, or by one that no other package here has."""
    if library in {"diffusers", "transformers"}:
        return True
    try:
        return _COMPONENT.fullmatch(library) is not None and find_spec(library) is None
    except (ImportError, ValueError):
        return False


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        if file.stat().st_size > _LARGEST_JSON:
            return None
        made = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return made if isinstance(made, dict) else None
