"""Weights from the Hugging Face hub: which files are needed, how much that is, and fetching them so that it can be stopped and gone on with.

Only configuration, vocabularies and weights in safetensors are fetched: no pickle, no code, no second copy. What a broken download has
brought stays in the hub's cache, and the next one goes on from there. The names of files are the hub's, so they are checked.
Conventions: sizes in bytes.
"""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import threading
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from img2music.cancellation import Alarm, checkpoint
from img2music.errors import BackendError, Img2MusicError, MissingPackageError
from img2music.provenance import tell_notice
from img2music.registry.sound_models import find_sound_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["cached_folder", "fetch", "fetching_step", "needed_files"]

_SUFFIXES = (".json", ".safetensors", ".txt", ".model", ".jinja")
_FILE = re.compile(r"(?:\w[\w.+-]*/)?\w[\w.+-]*", re.ASCII)
_SHARD = re.compile(r"(.*)-\d{5}-of-\d{5}\.safetensors")
_SECOND_COPY = re.compile(r".*[.-](fp16|bf16|fp8|non_ema)([.-].*)?\.(safetensors|json)|consolidated.*")
_KEPT_FREE_BYTES = 200_000_000
"""What has to be left of the disk."""
_LOOK_SECONDS = 0.3
_LONGEST_REASON = 160


def needed_files(names: Iterable[str], card: str) -> tuple[str, ...]:
    """Which of a repository's files are needed, in order: those of the model's own folder, or of a pipeline's components.

    A repository with model_index.json holds a pipeline: of its top folder that file alone is needed, and every folder in it. `card` is
    the model card, which is always taken. Weights come last: where they are whole, so is the rest.
    """
    all_names = sorted(name for name in names if _FILE.fullmatch(name))
    is_pipeline = "model_index.json" in all_names
    whole = {name.removesuffix(".safetensors") for name in all_names if not _SHARD.fullmatch(name)}
    chosen = []
    for name in all_names:
        place = PurePosixPath(name)
        shard = _SHARD.fullmatch(name)
        if name in {card, "model_index.json"} or (
            place.suffix in _SUFFIXES
            and (len(place.parts) == 2) == is_pipeline
            and not _SECOND_COPY.fullmatch(place.name)
            and not (shard is not None and shard[1] in whole)
        ):
            chosen.append(name)
    return tuple(sorted(chosen, key=lambda name: (name.endswith(".safetensors"), name)))


def cached_folder(name: str) -> Path | None:
    """Where the files of a repository lie that were fetched before, whole or in part; None where there are none. Asks no network."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    for file in ("model_index.json", "config.json", "README.md"):
        with contextlib.suppress(Exception):  # a name that can be none, a cache that can't be read
            found = try_to_load_from_cache(name, file)
            if isinstance(found, str):
                return Path(found).parent
    return None


def fetching_step(name: str) -> str:
    """What fetches weights, in a sentence: the command for those in the table, the next piece for any others."""
    return f"`img2music models install {name}`" if find_sound_model(name) else "the next piece"


def fetch(name: str, card: str, facts: Callable[[], str]) -> None:
    """Fetches what is needed of a repository and not here yet: the model card first; then says how much the rest is, and `facts`.

    Raises:
        BackendError: no network, no such repository, one whose terms have to be accepted, a full disk: one line with the remedy.
        MissingPackageError: huggingface_hub is not installed.
        Cancelled: the work was stopped; what has come stays, and the next call goes on.
    """
    try:
        from huggingface_hub import HfApi, constants
    except ImportError:
        raise MissingPackageError(
            f"weights {name} come from the Hugging Face hub, which needs huggingface_hub: pip install huggingface_hub"
        ) from None
    try:
        about = HfApi().model_info(name, files_metadata=True, timeout=20)
        sizes = {one.rfilename: int(one.size or 0) for one in about.siblings or ()}
        missing = {file: sizes[file] for file in needed_files(sizes, card) if not _is_cached(name, file)}
        _check_disk(name, sum(missing.values()), Path(constants.HF_HUB_CACHE))
        if card in missing:
            _fetch_files(name, {card: missing.pop(card)})
        if missing:
            tell_notice(f"fetching weights {name} ({_size_words(sum(missing.values()))}; {facts()})")
            _fetch_files(name, missing)
    except Img2MusicError:
        raise
    except Exception as error:  # the hub and what it asks with raise errors of every kind
        raise _fault(name, error) from None


@dataclass(slots=True)
class _Download:
    """What the thread that fetches and the one that waits share."""

    done: int = 0
    stopped: bool = False
    error: BaseException | None = None
    ended: Alarm = field(default_factory=Alarm)


class _StoppedError(Exception):
    """Ends the thread that fetches."""


def _fetch_files(name: str, missing: Mapping[str, int]) -> None:
    """Fetches the files in a thread, because nothing else wakes whoever waits for a server."""
    total = max(1, sum(missing.values()))
    state = _Download()
    thread = threading.Thread(target=_work, args=(name, tuple(missing), state), name="img2music-download", daemon=True)
    thread.start()
    message = f"fetching weights {name}"
    try:
        while thread.is_alive():
            state.ended.wait(_LOOK_SECONDS)
            checkpoint(min(state.done, total), total, message)
    finally:
        state.stopped = True  # a file that comes by way of Xet is finished first; what has come stays for the next time
    if state.error is not None:
        raise state.error


def _work(name: str, files: tuple[str, ...], state: _Download) -> None:
    from huggingface_hub import hf_hub_download

    counted = _counting(state)
    try:
        for file in files:
            if state.stopped:
                return
            hf_hub_download(name, file, tqdm_class=counted)
    except BaseException as error:
        state.error = error
    finally:
        state.ended.ring()


def _counting(state: _Download) -> Any:
    """The class of a progress bar that shows nothing, counts, and ends the download that was stopped."""
    base: Any = import_module("tqdm").tqdm

    class Counted(base):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*arguments, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> Any:
            state.done += int(n or 0)
            if state.stopped:
                raise _StoppedError
            return super().update(n)

    return Counted


def _is_cached(name: str, file: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, file), str)


def _check_disk(name: str, needed: int, cache: Path) -> None:
    place = next((one for one in (cache, *cache.parents) if one.is_dir()), Path("/"))
    free = shutil.disk_usage(place).free
    if needed and free < needed + _KEPT_FREE_BYTES:
        raise BackendError(
            f"weights {name} need {_size_words(needed)}, and {_size_words(free)} are free where they go ({_short(str(cache))}); "
            "free some, or set HF_HOME to a folder on another disk"
        )


def _fault(name: str, error: Exception) -> BackendError:
    """What went wrong, in one line with what to do."""
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    again = f"once you are online, {fetching_step(name)} goes on where it stopped"
    if isinstance(error, GatedRepoError):
        return BackendError(
            f"weights {name} are given only to those who accept their terms: do so at https://huggingface.co/{name}, then run "
            f"`hf auth login`; {fetching_step(name)} fetches them"
        )
    if isinstance(error, RepositoryNotFoundError):
        return BackendError(f"the Hugging Face hub has no weights {name}, or keeps them private; see `img2music models ls`")
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return BackendError(f"the disk is full, so weights {name} are not all here; free some, or set HF_HOME; then {again}")
    if isinstance(error, OfflineModeIsEnabled):
        return BackendError(f"weights {name} are not here, and HF_HUB_OFFLINE forbids to fetch them; unset it, or give a folder")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, HfHubHTTPError) and status is not None:
        return BackendError(f"the Hugging Face hub refused weights {name} (HTTP {status}); try again later: {again}")
    reason = _short(" ".join(str(error).split()) or type(error).__name__)[:_LONGEST_REASON]
    return BackendError(f"weights {name} could not be fetched ({reason}); {again}, or give a folder that holds them")


def _short(text: str) -> str:
    return text.replace(str(Path.home()), "~")


def _size_words(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
