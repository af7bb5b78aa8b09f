"""How a model is made from its line, and why one can't be asked here.

`chat_model` gives the LangChain chat model itself, for whoever wants to use it without img2music; stages ask through
`img2music.models.Client`, which adds time limits, retries, a cache and counts. `unavailable_reason` says, without loading anything, why a model
can't be used here.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.models.http.proxies import proxy_for
from img2music.models.model_spec import ModelSpec
from img2music.registry import find_provider, load_factory

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

__all__ = ["chat_model", "unavailable_reason"]


def chat_model(line: str | ModelSpec, **options: object) -> BaseChatModel:
    """The LangChain chat model that a line names.

    Args:
        line: such as ``"openai:gpt-4o-mini"``; see the package's docstring.
        options: such as ``temperature=0.2``; they win over those in the line.

    Raises:
        UsageError: an unknown provider or option, or a key that is missing in the environment.
        MissingPackageError: a package is not installed; the message holds the pip command.
        BackendError: the model can't be loaded.
    """
    spec = line if isinstance(line, ModelSpec) else ModelSpec.parse(line, **options)
    provider = find_provider(spec.provider)
    lacking = provider.lacking()
    if lacking:
        raise MissingPackageError(f"model {spec.label!r} {lacking}")
    made: BaseChatModel = load_factory("provider", spec.provider)(spec)
    return made


def unavailable_reason(spec: ModelSpec) -> str | None:
    """Why this model can't be asked here, with the remedy; None where nothing speaks against it.

    Looks at packages, files and the environment only: it loads nothing and asks no server.
    """
    provider = find_provider(spec.provider)
    lacking = provider.lacking()
    if lacking:
        return lacking
    if spec.provider == "openai":
        return _why_not_server(spec)
    if spec.provider in {"gguf", "hf", "vllm"}:
        from img2music.models.providers.weight_files import check_name, find_file

        try:
            find_file(spec.name) if spec.provider == "gguf" else check_name(spec.name)
        except (UsageError, BackendError) as error:
            return str(error)
    if spec.provider == "hf":
        return _why_not_hf(spec.name)
    if spec.provider == "replay" and not _is_file(spec.name):
        return f"no file {spec.name[:200]}; give a file of recorded answers"
    return None


def _why_not_server(spec: ModelSpec) -> str | None:
    """A key that is missing, or a proxy that can't be used."""
    variable = spec.key_variable
    if variable is not None and not os.environ.get(variable):
        return f"needs a key: set {variable} in the environment"
    proxy = proxy_for(spec.server_address)
    try:
        if proxy is not None:
            proxy.check()
    except BackendError as error:
        return str(error)
    return None


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # a name that no file can have
        return False


_FAMILIES = {"smolvlm": ("torchvision", "num2words"), "qwen": ("torchvision",)}
"""Families of models whose processors read video too and need more, by part of their names."""


def _why_not_hf(name: str) -> str | None:
    more = [package for family, packages in _FAMILIES.items() if family in name.lower() for package in packages]
    missing = [package for package in more if find_spec(package) is None]
    if missing:
        return f"models of this family need {', '.join(missing)}: pip install {' '.join(missing)}"
    if Path(name).is_dir():
        return None
    from huggingface_hub import try_to_load_from_cache

    is_here = isinstance(try_to_load_from_cache(name, "config.json"), str)
    return None if is_here else f"the weights of {name} are not on this machine; the first use downloads them"
