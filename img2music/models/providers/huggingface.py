"""Models for pictures and text in this process, by transformers: a folder, or a name on the Hugging Face hub.

Code that comes with a model is never run and weights are read from safetensors only, never from a pickle. An answer is held to its
schema by llguidance: of every next word only those remain that the schema still allows. Drawing is our own (the largest of the
scores with Gumbel noise is a draw from their softmax), by a generator that belongs to the question: it neither changes torch's
random numbers for others nor depends on them.
Conventions: one question at a time for each loaded model; the number of threads is torch's own (OMP_NUM_THREADS). The same seed
gives the same text on the same device and dtype only.
"""

from __future__ import annotations

import contextlib
import copy
import io
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.cancellation import checkpoint
from img2music.errors import BackendError, Img2MusicError, MissingPackageError, UsageError
from img2music.models.providers.local_model import (
    TOP_P,
    ChatRequest,
    LocalChatModel,
    ModelPool,
    chat_result,
    cut_off_by_context,
    error_line_of,
    picture_bytes,
)
from img2music.models.providers.sampling import Draw, KeepSchema
from img2music.models.providers.weight_files import check_name, folder_of, stamps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.outputs import ChatResult

    from img2music.models.model_spec import ModelSpec

__all__ = ["HfModel", "make"]

_EXTRAS = ("torchvision", "num2words", "sentencepiece", "tiktoken", "accelerate", "mistral-common", "pillow", "jinja2")
"""Packages that some families need beyond the extra "vlm"."""
_PICTURE_FORMATS = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS = 50_000_000
_loaded: ModelPool[_Loaded] = ModelPool()
_quiet_lock = threading.Lock()


def make(spec: ModelSpec) -> HfModel:
    """The chat model for `spec`, whose name is a folder or a name on the hub. It is loaded at the first question.

    Raises:
        UsageError: neither a folder nor a name. BackendError: a folder whose weights are a pickle, or that holds no model.
    """
    check_name(spec.name)
    return HfModel(spec=spec)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A model with what belongs to it."""

    model: Any
    processor: Any
    tokenizer: Any
    words: Any
    """The tokenizer as llguidance has it."""
    ends: tuple[int, ...]
    """Tokens that end an answer."""
    context: int | None
    """How many tokens it holds; None where it does not say."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class HfModel(LocalChatModel):
    """A chat model that answers by transformers in this process."""

    @property
    def _llm_type(self) -> str:
        return "img2music-hf"

    def _answer(self, request: ChatRequest) -> ChatResult:
        loaded = _loaded.get(self._key(), self._load, request.until)
        if not loaded.lock.acquire(timeout=request.left_seconds):
            raise TimeoutError("the model is still busy with another question")
        try:
            with _faults(self.spec, "failed"), _quiet():
                return self._ask(loaded, request)
        finally:
            loaded.lock.release()

    def _ask(self, loaded: _Loaded, request: ChatRequest) -> ChatResult:
        inputs = loaded.processor.apply_chat_template(
            _conversation(request), add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        tokens_in = inputs["input_ids"].shape[1]
        longest = self.spec.options.max_tokens
        if loaded.context is not None and tokens_in >= loaded.context:
            raise BackendError(
                f"the question has {tokens_in} tokens, model {self.spec.label!r} holds {loaded.context}; ask more shortly"
            )
        room = longest if loaded.context is None else min(longest, loaded.context - tokens_in)
        request.check_time()
        made = loaded.model.generate(
            **inputs.to(loaded.model.device, dtype=loaded.model.dtype),
            generation_config=self._settings(loaded, request, room),
            logits_processor=self._steps(loaded, request, tokens_in),
            tokenizer=loaded.tokenizer,
        )
        tokens = made[0, tokens_in:].tolist()
        text = loaded.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        stopped = [text.find(word) for word in request.stop if word in text]
        if stopped:
            return chat_result(text[: min(stopped)], "stop", tokens_in, len(tokens))
        if tokens and tokens[-1] in loaded.ends:
            return chat_result(text, "stop", tokens_in, len(tokens))
        if len(tokens) < room:
            raise TimeoutError("no answer within the time limit")
        if room < longest:
            raise cut_off_by_context(self.spec.label, loaded.context or 0, "ask more shortly")
        return chat_result(text, "length", tokens_in, len(tokens))

    def _settings(self, loaded: _Loaded, request: ChatRequest, room: int) -> Any:
        """The model's own settings, but for drawing, which `_steps` does, and lengths."""
        settings = copy.deepcopy(loaded.model.generation_config)
        settings.update(
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            min_p=None,
            num_beams=1,
            max_length=None,
            max_new_tokens=room,
            max_time=request.left_seconds,
            eos_token_id=list(loaded.ends),
            pad_token_id=loaded.tokenizer.pad_token_id if loaded.tokenizer.pad_token_id is not None else loaded.ends[0],
            stop_strings=list(request.stop) or None,
        )
        return settings

    def _steps(self, loaded: _Loaded, request: ChatRequest, tokens_in: int) -> list[Any]:
        """What happens to the scores of the next word, in this order: schema, temperature, the unlikely left out, a draw."""
        from transformers import TemperatureLogitsWarper, TopPLogitsWarper

        steps: list[Any] = [_stop_when_cancelled]
        if request.schema is not None:
            steps.append(KeepSchema(loaded.words, request.schema, loaded.ends, tokens_in))
        own = loaded.model.generation_config
        temperature, top_p = self.spec.options.temperature, TOP_P
        if temperature is None:  # as the model's makers advise
            temperature = (own.temperature or 1.0) if own.do_sample else 0.0
            top_p = own.top_p or 1.0
        if temperature > 0:
            steps += [TemperatureLogitsWarper(float(temperature)), TopPLogitsWarper(top_p), Draw(request.seed)]
        return steps

    def _key(self) -> tuple[Any, ...]:
        """A folder that was written again is another model."""
        return (self.spec.name, stamps(self.spec.name), self.spec.options.device, self.spec.options.dtype)

    def _load(self) -> _Loaded:
        from importlib import import_module

        options = self.spec.options
        with _faults(self.spec, "can't be loaded"), _quiet():
            transformers, llguidance = import_module("transformers"), import_module("llguidance.hf")
            import torch

            folder = folder_of(self.spec.name)
            safe: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
            dtype = "auto" if options.dtype == "auto" else getattr(torch, options.dtype)
            processor = transformers.AutoProcessor.from_pretrained(folder, **safe)
            model = transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype, use_safetensors=True, **safe)
            model = model.to(torch.device(options.device)).eval()
            text = model.config.get_text_config()
            tokenizer = processor.tokenizer
            ends = _ends(model.generation_config.eos_token_id, tokenizer.eos_token_id)
            words = llguidance.from_tokenizer(tokenizer, n_vocab=max(text.vocab_size, len(tokenizer)), eos_token=list(ends))
            return _Loaded(model, processor, tokenizer, words, ends, getattr(text, "max_position_embeddings", None))


def _stop_when_cancelled(_tokens: Any, scores: Any) -> Any:
    """A step that changes nothing, and raises `Cancelled` when the work was stopped."""
    checkpoint()
    return scores


def _ends(*named: Any) -> tuple[int, ...]:
    """All tokens that end an answer, each once."""
    found = [token for one in named for token in (one if isinstance(one, list | tuple) else [one]) if token is not None]
    if not found:
        raise BackendError("the model names no token that ends an answer (eos_token_id); set it in generation_config.json")
    return tuple(dict.fromkeys(int(token) for token in found))


def _conversation(request: ChatRequest) -> list[dict[str, Any]]:
    """The messages as processors have them."""
    told: list[dict[str, Any]] = []
    for message in request.messages:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        told.append(
            {
                "role": message["role"],
                "content": [
                    {"type": "image", "image": _image(picture_bytes(block))} if block["type"] == "image_url" else block
                    for block in blocks
                ],
            }
        )
    return told


def _image(content: bytes) -> Any:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=_PICTURE_FORMATS) as image:
            if image.width * image.height <= _MOST_PIXELS:
                return image.convert("RGB")
    except Exception as error:  # a damaged file makes decoders raise anything
        raise UsageError(f"a picture in a message can't be read ({error_line_of(error)}); send a JPEG, PNG or WEBP") from None
    raise UsageError(f"a picture in a message has more than {_MOST_PIXELS} pixels; scale it down")


@contextlib.contextmanager
def _faults(spec: ModelSpec, what: str) -> Iterator[None]:
    """Whatever goes wrong in the libraries, as one line without folders."""
    label = repr(spec.label)
    try:
        yield
    except (Img2MusicError, TimeoutError):
        raise
    except Exception as error:  # transformers, torch and the hub raise errors of every kind
        text = (
            error_line_of(str(error).replace(spec.name, Path(spec.name).name).replace(str(Path.home()), "~"))
            or type(error).__name__
        )
        if isinstance(error, MemoryError):
            raise BackendError(f"model {label} does not fit into memory; use a smaller one, or dtype=bfloat16") from None
        needed = next((name for name in _EXTRAS if name in str(error).lower()), None)
        if needed is not None and (isinstance(error, ImportError) or "install" in str(error)):
            raise MissingPackageError(f"model {label} needs {needed}: pip install {needed}") from None
        remedy = next((remedy for sign, remedy in _REMEDIES if sign in str(error)), "check its name and options, or try another")
        raise BackendError(f"model {label} {what} ({text}); {remedy}") from None


_ONLINE = "download the model while online (hf download), or give a folder"
_REMEDIES: tuple[tuple[str, str], ...] = (
    ("out of memory", "use a smaller model, or dtype=bfloat16"),
    ("trust_remote_code", "code that comes with a model is never run: use a model that transformers knows"),
    ("Unrecognized", "use a model for pictures and text, or serve it and ask it by openai:NAME?base_url=..."),
    ("chat template", "use a model that was trained to chat"),
    ("deserializing", "the weights are damaged: download them again"),
    ("outgoing traffic", _ONLINE),
    ("onnect", _ONLINE),
    ("not resolve", _ONLINE),
    ("not known", _ONLINE),
)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings, log lines and progress bars of transformers and of the hub; afterwards they are as they were."""
    from huggingface_hub.utils import logging as hub
    from transformers.utils import logging

    with _quiet_lock:
        before = logging.get_verbosity(), logging.is_progress_bar_enabled(), hub.get_verbosity()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        hub.set_verbosity(50)  # logging.CRITICAL: what it has to say is in the error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        with _quiet_lock:
            logging.set_verbosity(before[0])
            (logging.enable_progress_bar if before[1] else logging.disable_progress_bar)()
            hub.set_verbosity(before[2])
