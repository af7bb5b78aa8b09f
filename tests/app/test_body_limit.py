"""What is too large is refused while it comes, told or not, and nothing else is touched."""

from __future__ import annotations

import asyncio
from typing import Any

from img2music.app.body_limit import BodyLimit


def answered(
    parts: list[bytes], *, told: int | None = None, catches: bool = False, starts: bool = False
) -> tuple[list[Any], int]:
    """What is sent for a body in parts, and how many of them the program got."""
    sent: list[Any] = []
    got = 0
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal got
        if starts:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while (await receive())["more_body"]:
                got += 1
            got += 1
        except Exception:
            if not catches:
                raise
        await send({"type": "http.response.start", "status": 200, "headers": []})

    headers = [] if told is None else [(b"content-length", str(told).encode())]
    asyncio.run(BodyLimit(app, most_bytes=10)({"type": "http", "headers": headers}, receive, send))
    return sent, got


def test_what_is_small_enough_passes() -> None:
    sent, got = answered([b"12345", b"67890"], told=10)
    assert (sent[0]["status"], got) == (200, 2)


def test_what_says_that_it_is_too_large_is_not_even_read() -> None:
    for told in (11, 10**30):
        sent, got = answered([b"1"], told=told)
        assert (sent[0]["status"], got) == (413, 0)
        assert b"too large" in sent[1]["body"]


def test_what_does_not_say_so_is_refused_as_it_comes_whatever_the_program_makes_of_it() -> None:
    for catches in (False, True):
        sent, got = answered([b"12345"] * 1000, catches=catches)
        assert ([one.get("status") for one in sent], got) == ([413, None], 2)
    sent, _ = answered([b"12345"] * 1000, starts=True)
    assert [one.get("status") for one in sent] == [200]


def test_what_is_no_request_passes_untouched() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    asyncio.run(BodyLimit(app, most_bytes=1)({"type": "lifespan"}, 1, 2))
    assert seen == [({"type": "lifespan"}, 1, 2)]
