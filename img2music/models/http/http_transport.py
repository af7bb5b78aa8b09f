"""The HTTP client by which servers are asked: bounded in time and size, no redirects, no headers that were not meant for the server.

An answer is asked for unpacked, and one that comes packed all the same is unpacked while it is counted, so that a small answer can't
become a large one in memory.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, Any

from img2music.cancellation import checkpoint
from img2music.models.http.failed_request import UnusableResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.models.http.proxies import Proxy

__all__ = ["bounded_client", "plain_async_client"]

_MOST_BYTES = 4_000_000
"""A longer answer is no answer: the longest plan is some 20 kB."""
_CONNECT_SECONDS = 10.0
"""A server that is there takes the connection at once, however long its model then thinks."""
_SENT = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"})
"""Headers that go to servers other than OpenAI's, beside the key that the model's line names."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


def _http() -> Any:
    """The HTTP package of openai, which changed it once (httpx, then httpx2): the one that this release is made with."""
    import openai

    client = next(base for base in openai.DefaultHttpxClient.__mro__ if base.__name__ == "Client")
    return import_module(client.__module__.partition(".")[0])


def bounded_client(timeout_seconds: float, *, key: str, at_home: bool, proxy: Proxy | None) -> Any:
    """An HTTP client whose answers are bounded in size and time; what names an account at OpenAI goes to OpenAI only."""
    import openai

    http = _http()
    stream_of = _bounded_stream(http)

    class BoundedTransport(http.HTTPTransport):  # type: ignore[name-defined, misc]  # its package is known when it runs
        def handle_request(self, request: Any) -> Any:
            times = request.extensions.get("timeout", {})
            allowed = times.get("read") or timeout_seconds
            until = monotonic() + allowed
            request.extensions["timeout"] = {**times, "connect": min(allowed, _CONNECT_SECONDS)}
            if not at_home:  # the client adds what the environment names for OpenAI: an account, headers of one's own
                for name in [name for name in request.headers if name not in _SENT and not name.startswith("x-stainless-")]:
                    request.headers.pop(name, None)
                request.headers["authorization"] = f"Bearer {key}"
            response = super().handle_request(request)
            packing = response.headers.get("content-encoding", "identity").strip().lower() or "identity"
            if packing not in _PACKED | {"identity"}:
                response.close()
                raise UnusableResponseError(
                    f"is packed in a way that was not asked for ({packing[:20]})", "switch that off at the server or its proxy"
                )
            if packing in _PACKED:
                for name in ("content-encoding", "content-length"):
                    response.headers.pop(name, None)
            response.stream = stream_of(response.stream, until, _Unpacker() if packing in _PACKED else None)
            return response

    transport = BoundedTransport(proxy=None if proxy is None else proxy.url)
    return openai.DefaultHttpxClient(transport=transport, timeout=timeout_seconds, follow_redirects=False)


def _bounded_stream(http: Any) -> Any:
    """The class of an answer that ends in time and at its bound."""

    class Bounded(http.SyncByteStream):  # type: ignore[misc]  # its package is known when it runs
        def __init__(self, stream: Any, until: float, unpacker: _Unpacker | None) -> None:
            self._stream, self._until, self._unpacker = stream, until, unpacker

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for raw in self._stream:
                checkpoint()  # nobody waits any more: the connection is closed
                chunk = raw if self._unpacker is None else self._unpacker.more(raw)
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise UnusableResponseError(f"is longer than {_MOST_BYTES} bytes", "check base_url, or ask another server")
                if monotonic() > self._until:
                    raise http.ReadTimeout("the answer takes too long")
                yield chunk
            if self._unpacker is not None:
                self._unpacker.end()

        def close(self) -> None:
            self._stream.close()

    return Bounded


def plain_async_client(timeout_seconds: float, proxy: Proxy | None) -> Any:
    """The client for whoever awaits a chat model; without one LangChain makes its own, which fails on proxies that nobody asked it to use."""
    import openai

    transport = _http().AsyncHTTPTransport(proxy=None if proxy is None else proxy.url)
    return openai.DefaultAsyncHttpxClient(transport=transport, timeout=timeout_seconds, follow_redirects=False)


class _Unpacker:
    """Unpacks gzip and deflate piece by piece, never more than an answer may hold."""

    def __init__(self) -> None:
        self._inside = zlib.decompressobj(zlib.MAX_WBITS | 32)  # finds out by itself which of the two it is
        self._size = 0
        self._begun = False

    def more(self, raw: bytes) -> bytes:
        """What `raw` adds."""
        self._begun = self._begun or bool(raw)
        try:
            chunk = self._inside.decompress(raw, _MOST_BYTES + 1 - self._size)
        except zlib.error:
            raise _damaged() from None
        self._size += len(chunk)
        return chunk

    def end(self) -> None:
        """Raises Unusable where the rest is missing."""
        if self._begun and not self._inside.eof:
            raise _damaged()


def _damaged() -> UnusableResponseError:
    return UnusableResponseError(
        "came packed and is damaged", "try again, or switch packing off at the server or its proxy", retryable=True
    )
