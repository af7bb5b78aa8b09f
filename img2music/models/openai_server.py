"""Servers that speak OpenAI's protocol: OpenAI itself, vLLM, Ollama, llama.cpp, and many hosts.

The client waits no longer than it is told, reads no more than a bounded answer, follows no redirect and never retries by itself
(`asking.Client` does). Knows nothing of what is asked.
"""

from __future__ import annotations

import os
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from img2music.errors import UsageError
from img2music.models.registry import LOCAL_HOSTS, key_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.language_models.chat_models import BaseChatModel

    from img2music.models.spec import ModelSpec

__all__ = ["make"]

_HOME = "https://api.openai.com/v1"
_NO_KEY = "none"
_MOST_BYTES = 4_000_000
"""A longer answer is no answer: the longest plan is some 20 kB."""


def make(spec: ModelSpec) -> BaseChatModel:
    """The chat model for `spec`.

    Raises:
        UsageError: the key is missing in the environment, or can't be sent.
    """
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    variable = key_variable(spec)
    key = os.environ.get(variable, "").strip() if variable is not None else _NO_KEY
    if not key:
        raise UsageError(f"model {spec.label!r} needs a key: set {variable} in the environment")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"the key in {variable} holds characters that can't be sent; copy it again, without line breaks")
    options = spec.options
    return ChatOpenAI(
        model=spec.name,
        base_url=options.base_url or _HOME,
        api_key=SecretStr(key),
        temperature=options.temperature,
        max_tokens=options.max_tokens,  # type: ignore[call-arg]  # the field's other name
        timeout=options.timeout,
        max_retries=0,
        use_responses_api=False,
        openai_proxy=None,  # ours goes by the environment itself; LangChain refuses a proxy beside a client of one's own
        default_headers={"Accept-Encoding": "identity"},
        http_client=_bounded_client(
            options.timeout, key=key, at_home=options.base_url is None, proxy=_proxy_for(options.base_url or _HOME)
        ),
    )


_SENT = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"})
"""Headers that go to servers other than OpenAI's, beside the key that the model's line names."""


def _bounded_client(timeout_seconds: float, *, key: str, at_home: bool, proxy: str | None) -> Any:
    """An HTTP client whose answers are bounded in size and time; what names an account at OpenAI goes to OpenAI only."""
    import openai

    # openai changed its HTTP package once (httpx, then httpx2): take the one that this release is made with.
    client = next(base for base in openai.DefaultHttpxClient.__mro__ if base.__name__ == "Client")
    http = import_module(client.__module__.partition(".")[0])

    class Bounded(http.SyncByteStream):  # type: ignore[name-defined, misc]  # its package is known when it runs
        def __init__(self, stream: Any, until: float) -> None:
            self._stream, self._until = stream, until

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for chunk in self._stream:
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise http.ReadError(f"the answer is longer than {_MOST_BYTES} bytes")
                if monotonic() > self._until:
                    raise http.ReadTimeout("the answer takes too long")
                yield chunk

        def close(self) -> None:
            self._stream.close()

    class BoundedTransport(http.HTTPTransport):  # type: ignore[name-defined, misc]  # likewise
        def handle_request(self, request: Any) -> Any:
            allowed = request.extensions.get("timeout", {}).get("read") or timeout_seconds
            until = monotonic() + allowed
            if not at_home:  # the client adds what the environment names for OpenAI: an account, headers of one's own
                for name in [name for name in request.headers if name not in _SENT and not name.startswith("x-stainless-")]:
                    request.headers.pop(name, None)
                request.headers["authorization"] = f"Bearer {key}"
            response = super().handle_request(request)
            if response.headers.get("content-encoding", "identity") != "identity":
                response.close()
                raise http.ReadError("the answer is packed, so that its size can't be told")
            response.stream = Bounded(response.stream, until)
            return response

    return openai.DefaultHttpxClient(transport=BoundedTransport(proxy=proxy), timeout=timeout_seconds, follow_redirects=False)


def _proxy_for(address: str) -> str | None:
    """The proxy that the environment names for an address (HTTPS_PROXY, NO_PROXY ...); this machine is reached without one."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in LOCAL_HOSTS or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
