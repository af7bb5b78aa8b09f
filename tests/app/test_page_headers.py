"""What is taken out of the frame's page and said with every answer; streams pass as they come."""

from __future__ import annotations

import asyncio
from typing import Any

from img2music.app.page_headers import PageHeaders, cleaned_page

FRAME = """<html><head><meta charset="utf-8" />
<meta property="og:url" content="https://example.org/" />
<meta
  property="og:image"
  content="https://example.org/a.jpg"
/>
<meta name="twitter:image" content="" />
<link rel="manifest" href="/manifest.json" /><title>A</title></head><body><meta property="og:x" content="stays"></body></html>"""


def answered(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the middleware sends of an application that sends these."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(PageHeaders(app)({"type": "http"}, None, send))
    return sent


def test_what_names_other_hosts_is_taken_out_of_the_head() -> None:
    page = cleaned_page(FRAME)
    head, _, body = page.partition("</head>")
    assert "og:" not in head
    assert "example.org" not in head
    assert "manifest" not in head
    assert "<title>A</title>" in head
    assert "og:x" in body
    assert cleaned_page("no head") == "no head"


def test_a_page_is_sent_whole_with_its_new_length_and_policy() -> None:
    half = len(FRAME) // 2
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"1")],
    }
    parts = [(FRAME[:half], True), (FRAME[half:], False)]
    bodies = [{"type": "http.response.body", "body": text.encode(), "more_body": more} for text, more in parts]
    begun, body = answered([start, *bodies])
    headers = dict(begun["headers"])
    assert int(headers[b"content-length"]) == len(body["body"])
    assert b"default-src 'self'" in headers[b"content-security-policy"]
    assert b"http" not in headers[b"content-security-policy"]
    assert body["body"].decode() == cleaned_page(FRAME)


def test_a_stream_is_passed_on_piece_by_piece() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
    parts = [{"type": "http.response.body", "body": bytes([65 + n]), "more_body": n < 2} for n in range(3)]
    begun, *bodies = answered([start, *parts])
    assert bodies == parts
    assert (b"referrer-policy", b"no-referrer") in begun["headers"]


def test_an_answer_that_is_packed_stays_packed() -> None:
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"text/html"), (b"content-encoding", b"gzip")],
    }
    body = {"type": "http.response.body", "body": b"\x1f\x8b", "more_body": False}
    assert answered([start, body])[1] == body
