"""What the server says with every answer, and what it takes out of the frame's own page: nothing may be loaded from another host.

The policy of the page names no other host, so a browser would refuse such a request even if some part asked for one. Scripts are allowed from
the page itself, as the frame and its components are built of them. The frame's page also names a picture on another host for link previews
and a manifest at a fixed place: both are taken out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    App = Callable[
        [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
    ]

__all__ = ["PageHeaders", "cleaned_page"]

POLICY = "; ".join((
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
))  # fmt: skip
HEADERS = (
    (b"content-security-policy", POLICY.encode("ascii")),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_PREVIEWS = re.compile(r'\s*<meta\s+(?:property|name)="(?:og|twitter):[^"]*"\s+content="[^"]*"\s*/?>')
_MANIFEST = re.compile(r'\s*<link rel="manifest"[^>]*>')


def cleaned_page(page: str) -> str:
    """The frame's page without what names other hosts or a fixed place."""
    head, mark, rest = page.partition("</head>")
    return _MANIFEST.sub("", _PREVIEWS.sub("", head)) + mark + rest


class PageHeaders:
    """An ASGI middleware; streams pass through as they are, only pages are read whole."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Passes a request on and answers with our headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        held = bytearray()

        async def answer(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                coded = any(name.lower() == b"content-encoding" for name, _ in message["headers"])
                if kinds and kinds[0].startswith(b"text/html") and not coded:
                    start = message
                    return
            elif start is not None and message["type"] == "http.response.body":
                held.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                body = cleaned_page(held.decode("utf-8", "replace")).encode("utf-8")
                kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
                begun, start = {**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]}, None
                await send(begun)
                await send({**message, "body": body, "more_body": False})
                return
            await send(message)

        await self._app(scope, receive, answer)
