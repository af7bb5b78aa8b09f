"""Servers that speak OpenAI's protocol: OpenAI itself, vLLM, Ollama, llama.cpp, LM Studio, and many hosts.

The client waits no longer than it is told, reads no more than a bounded answer, follows no redirect and never retries by itself
(`img2music.models.client` does). What comes back is put into the protocol's shape where servers differ. Knows nothing of what is asked.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from img2music.errors import UsageError
from img2music.models.http.http_transport import bounded_client, plain_async_client
from img2music.models.http.proxies import proxy_for
from img2music.models.model_spec import LONGEST_SECONDS

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.outputs import ChatResult

    from img2music.models.model_spec import ModelSpec

__all__ = ["NoCompletionError", "ServerChat", "make"]

_NO_KEY = "none"
_QUIET: dict[str, Any] = {"http_socket_options": ()} if "http_socket_options" in ChatOpenAI.model_fields else {}
"""Else LangChain warns, where the environment names a proxy, of a client that it does not make here."""


def make(spec: ModelSpec) -> BaseChatModel:
    """The chat model for `spec`.

    Raises:
        UsageError: the key is missing in the environment, or can't be sent.
        MissingPackageError, BackendError: the environment names a proxy that can't be used.
    """
    variable = spec.key_variable
    key = os.environ.get(variable, "").strip() if variable is not None else _NO_KEY
    if not key:
        raise UsageError(f"model {spec.label!r} needs a key: set {variable} in the environment")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"the key in {variable} holds characters that can't be sent; copy it again, without line breaks")
    options = spec.options
    seconds = options.timeout or LONGEST_SECONDS
    proxy = proxy_for(spec.server_address)
    if proxy is not None:
        proxy.check()
    return ServerChat(
        model=spec.name,
        base_url=spec.server_address,
        api_key=SecretStr(key),
        temperature=options.temperature,
        max_tokens=options.max_tokens,  # type: ignore[call-arg]  # the field's other name
        timeout=seconds,
        max_retries=0,
        use_responses_api=False,
        openai_proxy=None,  # ours goes by the environment itself; LangChain refuses a proxy beside a client of one's own
        default_headers={"Accept-Encoding": "identity"},
        http_client=bounded_client(seconds, key=key, at_home=options.base_url is None, proxy=proxy),
        http_async_client=plain_async_client(seconds, proxy),
        **_QUIET,
    )


class NoCompletionError(ValueError):
    """A server answered with status 200, and what it sent is no completion."""

    def __init__(self, body: object) -> None:
        """`body` is what it sent."""
        super().__init__("no choices in it")
        self.body = body


class ServerChat(ChatOpenAI):
    """LangChain's chat model for servers that keep the protocol loosely."""

    def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> ChatResult:
        """The answer, put into shape: contents in parts become one text, odd counts of tokens are left out, thoughts are kept.

        Raises:
            NoCompletionError: there is no answer in what came.
        """
        tree = response if isinstance(response, dict | str) else _dumped(response)
        if not isinstance(tree, dict) or tree.get("error"):
            raise NoCompletionError(tree)
        choices = tree.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        message = first.get("message") if isinstance(first, dict) else None
        if not isinstance(first, dict) or not isinstance(message, dict):
            raise NoCompletionError(tree)
        content = message.get("content")
        if first.get("finish_reason") == "error":
            raise NoCompletionError({"error": first.get("error") or _text_of(content) or "the server broke off"})
        shaped = {**message, "role": "assistant", "content": _text_of(content)}
        if not isinstance(shaped.get("tool_calls"), list):
            shaped.pop("tool_calls", None)
        usage = tree.get("usage")
        result = super()._create_chat_result(
            {**tree, "choices": [{**first, "message": shaped}], "usage": _counts(usage) if isinstance(usage, dict) else None},
            generation_info,
        )
        thought = message.get("reasoning_content") or message.get("reasoning")
        if isinstance(thought, str) and thought:
            result.generations[0].message.additional_kwargs["reasoning_content"] = thought
        return result


def _dumped(response: Any) -> Any:
    dump = getattr(response, "model_dump", None)
    return response if dump is None else dump(warnings=False)


def _text_of(content: Any) -> str:
    """A content as one text: it may come in parts, or as the JSON that it holds, read already."""
    if isinstance(content, list):
        return "".join(_part(part) for part in content)
    if isinstance(content, dict):
        return _part(content) if isinstance(content.get("text"), str) else json.dumps(content)
    return content if isinstance(content, str) else ""


def _part(part: Any) -> str:
    """The text of one part; what a model thinks is none of its answer."""
    if isinstance(part, str):
        return part
    is_text = isinstance(part, dict) and part.get("type", "text") in {"text", "output_text"} and isinstance(part.get("text"), str)
    return str(part["text"]) if is_text else ""


def _counts(usage: dict[str, Any]) -> dict[str, Any]:
    """Of what a server counts only whole numbers: another kind would make LangChain throw the answer away."""
    kept: dict[str, Any] = {}
    for name, value in usage.items():
        if isinstance(value, dict):
            kept[name] = {inner: count for inner, count in value.items() if isinstance(count, int)}
        elif isinstance(value, int):
            kept[name] = value
    return kept
