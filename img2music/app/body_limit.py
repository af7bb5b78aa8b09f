"""A bound for what a request may bring: whatever is larger is refused while it comes, before anybody keeps it.

Gradio bounds each uploaded file. It bounds neither the other fields of a form nor the JSON of an event, which it would take into memory whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    App = Callable[
        [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
    ]

__all__ = ["BodyLimit"]

_REFUSAL = b"The request is too large for this page."


class _TooLargeError(Exception):
    """More came than may come."""


class BodyLimit:
    """An ASGI middleware that answers 413 to a request whose body has more than `most_bytes`, whether or not its length is told."""

    def __init__(self, app: App, most_bytes: int) -> None:
        self._app, self._most = app, most_bytes

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Passes a request on as far as it is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope.get("headers", ())).get(b"content-length", b"")
        if told.isdigit() and int(told[:20]) > self._most:
            await _refuse(send)
            return
        came, answered, too_large = 0, False, False

        async def counted() -> Message:
            nonlocal came, too_large
            message: Message = await receive()
            came += len(message.get("body", b""))
            if came > self._most:
                too_large = True
                raise _TooLargeError
            return message

        async def answer(message: Message) -> None:
            nonlocal answered
            if too_large:  # whatever the program makes of it, the answer is ours
                return
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, answer)
        except Exception:
            if not too_large:
                raise
        if too_large and not answered:
            await _refuse(send)


async def _refuse(send: Any) -> None:
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(_REFUSAL)).encode("ascii")),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
