"""Models in this process by vLLM, for GPUs: a folder or a name on the Hugging Face hub.

Written for vLLM 0.20 and later; the names were read in 0.33.0. Answers are held to their schema by vLLM's structured outputs with
llguidance behind them ("guided_json" is gone: newer versions take it without a word and hold nothing). Code that comes with a model
is never run, weights are read from safetensors only. Loading takes minutes and is done when the model is made, so that it does not
count as time for an answer. A question can't be called off: one that is no longer waited for runs to its end.
Conventions: one question at a time, because `vllm.LLM` is not made for several threads.
"""

from __future__ import annotations

import os
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from img2music.errors import BackendError, Img2MusicError
from img2music.models.providers.local_model import (
    TOP_P,
    ChatRequest,
    LocalChatModel,
    ModelPool,
    chat_result,
    cut_off_by_context,
    error_line_of,
)
from img2music.models.providers.weight_files import check_name, folder_of, stamps

if TYPE_CHECKING:
    from langchain_core.outputs import ChatResult

    from img2music.models.model_spec import ModelSpec

__all__ = ["VllmModel", "make"]

_LOADING_SECONDS = 3600.0  # our choice: how long one waits for another who loads
_ENVIRONMENT = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "ERROR", "VLLM_LOGGING_STREAM": "ext://sys.stderr"}
"""Unless the user sets them otherwise: nothing is reported to anybody, and standard output stays the program's own."""
_engines: ModelPool[Any] = ModelPool()
_busy = threading.Lock()


def make(spec: ModelSpec) -> VllmModel:
    """The chat model for `spec`, loaded.

    Raises:
        UsageError: neither a folder nor a name. BackendError: it can't be loaded.
    """
    check_name(spec.name)
    options = spec.options
    model = VllmModel(spec=spec)
    key = (spec.name, stamps(spec.name), options.dtype, options.context, options.eager)
    model._engine = _engines.get(key, lambda: _load(spec), monotonic() + _LOADING_SECONDS)
    return model


def _load(spec: ModelSpec) -> Any:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import vllm

        return vllm.LLM(
            model=str(folder_of(spec.name)),
            trust_remote_code=False,
            load_format="safetensors",
            dtype=spec.options.dtype,
            max_model_len=spec.options.context,
            enforce_eager=spec.options.eager,
            structured_outputs_config={"backend": "guidance", "disable_any_whitespace": True},
        )
    except Img2MusicError:
        raise
    except Exception as error:  # vLLM raises errors of every kind
        raise BackendError(
            f"model {spec.label!r} can't be loaded ({error_line_of(error)}); check its name, the GPU's memory and the option context"
        ) from None


class VllmModel(LocalChatModel):
    """A chat model that answers by vLLM in this process."""

    _engine: Any = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "img2music-vllm"

    def _answer(self, request: ChatRequest) -> ChatResult:
        options = self.spec.options
        if not _busy.acquire(timeout=request.left_seconds):
            raise TimeoutError("the model is still busy with another question")
        try:
            made = self._engine.chat(request.messages, sampling_params=self._sampling(request), use_tqdm=False)[0]
        except Exception as error:
            raise BackendError(
                f"model {self.spec.label!r} failed ({error_line_of(error)}); ask more shortly, with structured=json, or another model"
            ) from None
        finally:
            _busy.release()
        answer = made.outputs[0]
        if answer.finish_reason not in {"stop", "length"}:
            raise BackendError(f"model {self.spec.label!r} gave no whole answer ({answer.finish_reason}); try again")
        tokens_out = len(answer.token_ids)
        if answer.finish_reason == "length" and tokens_out < options.max_tokens:
            raise cut_off_by_context(self.spec.label, options.context, "raise context, or ask more shortly")
        return chat_result(answer.text, answer.finish_reason, len(made.prompt_token_ids or ()), tokens_out)

    def _sampling(self, request: ChatRequest) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        temperature, top_p = self.spec.options.temperature, TOP_P
        if temperature is None:  # as the model's makers advise
            own = self._engine.get_default_sampling_params()
            temperature, top_p = own.temperature, own.top_p
        held: dict[str, Any] = {}
        if request.schema is not None:
            constraint = {"json_object": True} if request.any_object else {"json": dict(request.schema)}
            held["structured_outputs"] = StructuredOutputsParams(**constraint)
        return SamplingParams(
            temperature=temperature,
            top_p=top_p,
            max_tokens=self.spec.options.max_tokens,
            seed=request.seed,
            stop=list(request.stop) or None,
            **held,
        )
