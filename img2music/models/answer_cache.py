"""Answers kept on the disk, so that no question is paid for twice.

One JSON file an answer in `<cache folder>/answers/`, named by the hash of everything that makes the question what it is: the
picture's file, what is asked, the schema and its version, the model and its parameters, the seed. No secret is part of it. A
damaged file counts as missing. The folder can be deleted at any time.
"""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from img2music.atomic_files import write_file
from img2music.errors import DocumentError, Img2MusicError, OutputError
from img2music.io.documents import read_file
from img2music.provenance import MOST_TOKENS
from img2music.resources import cache_folder
from img2music.strict_model import StrictModel

if TYPE_CHECKING:
    from img2music.models.model_spec import ModelSpec
    from img2music.models.question import Question

__all__ = ["AnswerCache", "CachedAnswer", "cache_key"]

_FORMAT = 1
_LARGEST_BYTES = 5_000_000


class CachedAnswer(StrictModel):
    """An answer as it is kept."""

    text: Annotated[str, Field(max_length=_LARGEST_BYTES)]
    finish: Annotated[str, Field(max_length=40)]
    tokens_in: Annotated[int, Field(ge=0, le=MOST_TOKENS)]
    tokens_out: Annotated[int, Field(ge=0, le=MOST_TOKENS)]
    question: Annotated[str, Field(max_length=64)]
    """Digest of what was asked, as recorded answers name it."""
    model: Annotated[str, Field(max_length=2000)]


def cache_key(spec: ModelSpec, question: Question) -> str:
    """The name of the answer: a hash over all that may change it, and the format of the cache."""
    options = spec.options
    parts = {
        "format": _FORMAT,
        "model": [spec.provider, spec.name, options.base_url, options.mmproj, _weight_stamps(spec)],
        "parameters": [
            options.temperature,
            options.max_tokens,
            options.structured,
            options.context,
            options.device,
            options.dtype,
            question.seed,
        ],
        "picture": question.picture_sha256,
        "sent": sha256(question.picture_jpeg or b"").hexdigest(),
        "prompt": question.prompt_digest,
        "messages": [[message.role, message.text] for message in question.messages],
        "schema": [question.schema_name, question.schema],
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _weight_stamps(spec: ModelSpec) -> list[tuple[str, int, int]]:
    """Names, sizes and times of a local model's files: a model that was replaced under its name is another model."""
    from img2music.models.providers.weight_files import find_file, stamps

    if spec.provider == "gguf":
        # One that is not there is told of when the model is made, after the packages that it needs.
        with suppress(Img2MusicError):
            eyes = spec.options.mmproj
            return [*stamps(find_file(spec.name)), *(stamps(eyes) if eyes else ())]
    elif spec.provider in {"hf", "vllm"} and Path(spec.name).is_dir():
        return [*stamps(spec.name)]
    return []


class AnswerCache:
    """Answers by key. Without a folder that can be written it keeps nothing, and nothing fails."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is the cache's own; None takes the one in img2music's cache folder."""
        self._folder = folder if folder is not None else cache_folder() / "answers"

    def get(self, key: str) -> CachedAnswer | None:
        """The answer of that key, or None."""
        try:
            return CachedAnswer.model_validate_json(read_file(self._path(key), largest_bytes=_LARGEST_BYTES))
        except (DocumentError, ValidationError):
            return None

    def put(self, key: str, kept: CachedAnswer) -> None:
        """Keeps an answer."""
        with suppress(OutputError):
            write_file(self._path(key), kept.model_dump_json().encode())

    def forget(self, key: str) -> None:
        """Drops an answer that was of no use, so that the same question may bring a better one."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
