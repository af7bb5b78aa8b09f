"""The table of providers: every kind of model that can be asked, what it needs and which options it takes.

A new one is a row here, a module in `providers/` with `make(spec)`, and its options in `ModelOptions`.

A package adds a row of its own by an entry point of the group ``img2music.provider``, whose name is the provider's and whose value is a
`Provider`. A built-in name can't be taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from img2music.errors import BackendError, unknown_name

__all__ = ["COMMON_OPTIONS", "ENTRY_POINT_GROUP", "PROVIDERS", "Provider", "find_provider", "provider_names"]

COMMON_OPTIONS = frozenset(
    {"temperature", "max_tokens", "timeout", "retries", "structured", "price_in", "price_out", "per_minute"}
)
"""Options of `img2music.models.model_spec.ModelOptions` that every provider takes."""


@dataclass(frozen=True, slots=True)
class Provider:
    """How one kind of model is made."""

    module: str
    """Where `make(spec)` is, which returns a LangChain chat model; imported on first use."""
    packages: tuple[str, ...] = ()
    """Import names of what it needs."""
    install: str = ""
    """The command that brings them."""
    about: str = ""
    options: frozenset[str] = frozenset()
    """Options of `img2music.models.model_spec.ModelOptions` that it takes beside the common ones."""
    local: bool = False
    """Whether asking keeps everything on this machine."""
    names_file: bool = False
    """Whether a model's name is the path of a file, of which only the last part goes on record."""


PROVIDERS: dict[str, Provider] = {
    "openai": Provider(
        "img2music.models.providers.openai_server",
        ("langchain_openai",),
        "pip install 'img2music[llm]'",
        "a server that speaks OpenAI's protocol",
        options=frozenset({"base_url", "key_env"}),
    ),
    "gguf": Provider(
        "img2music.models.providers.gguf",
        ("langchain_core", "xllamacpp"),
        "pip install 'img2music[gguf]'",
        "a GGUF file in this process",
        options=frozenset({"context", "threads", "mmproj"}),
        local=True,
        names_file=True,
    ),
    "hf": Provider(
        "img2music.models.providers.huggingface",
        ("langchain_core", "torch", "transformers", "llguidance"),
        "pip install 'img2music[vlm]'",
        "transformers in this process",
        options=frozenset({"device", "dtype"}),
        local=True,
    ),
    "vllm": Provider(
        "img2music.models.providers.vllm_offline",
        ("langchain_core", "vllm"),
        "pip install 'img2music[vllm]'",
        "vLLM in this process",
        options=frozenset({"dtype", "context", "eager"}),
        local=True,
    ),
    "replay": Provider(
        "img2music.models.providers.replay_model",
        ("langchain_core",),
        "pip install 'img2music[llm]'",
        "answers recorded earlier",
        local=True,
        names_file=True,
    ),
}
ENTRY_POINT_GROUP = "img2music.provider"
"""Of entry points."""


def provider_names() -> tuple[str, ...]:
    """Every provider's name, sorted; those of other packages too, unloaded."""
    return tuple(sorted({*PROVIDERS, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP))}))


def find_provider(name: str) -> Provider:
    """The provider of that name.

    Raises:
        UsageError: there is none.
        BackendError: another package's row can't be read.
    """
    if name in PROVIDERS:
        return PROVIDERS[name]
    if name not in provider_names():
        raise unknown_name("model provider", name, provider_names())
    return _of_another_package(name)


@cache
def _of_another_package(name: str) -> Provider:
    (point, *_) = entry_points(group=ENTRY_POINT_GROUP, name=name)
    try:
        found = point.load()
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise BackendError(
            f"model provider {name!r} can't be loaded ({type(error).__name__}: {reason}); tell the plug-in's author"
        ) from error
    if not isinstance(found, Provider):
        raise BackendError(f"model provider {name!r} is {type(found).__name__}, not Provider; tell the plug-in's author")
    return found
