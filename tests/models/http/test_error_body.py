"""What a server says is read whatever shape its body has, bounded and without keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from img2music.models.http.error_body import read_error_body


class Response:
    """As HTTP packages have it."""

    def __init__(self, body: Any, headers: dict[str, str] | None = None) -> None:
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = headers or {}


class StatusError(Exception):
    """As openai has it."""

    def __init__(self, body: Any, headers: dict[str, str] | None = None, status: int = 400) -> None:
        super().__init__("Error code: 400")
        self.response, self.status_code = Response(body, headers), status


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": "a plain string"}, "a plain string"),
        ({"error": {"message": "OpenAI's", "type": "t", "param": None, "code": "c"}}, "OpenAI's"),
        ({"detail": "FastAPI's"}, "FastAPI's"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "not known"}]}, "body.seed: not known"),
        ({"detail": "Validation Error", "errors": [{"loc": "body -> seed", "msg": "no"}]}, "Validation Error; body -> seed: no"),
        ([{"error": {"code": 400, "message": "Gemini's", "status": "INVALID_ARGUMENT"}}], "Gemini's"),
        ({"object": "error", "message": "vLLM's", "code": 40001}, "vLLM's"),
        ({"message": '{"detail": "inside a text"}'}, "inside a text"),
        ({"error": {"message": "outer", "metadata": {"raw": '{"error": {"message": "inner"}}'}}}, "outer; inner"),
        ({"error": {"message": "twice"}, "message": "twice"}, "twice"),
        (b"plain words\nin two lines", "plain words in two lines"),
        (b"<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
        (b"<!DOCTYPE html><p>no <b>title</b> here", "no title here"),
        (b'{"error": "cut off in the mid', "cut off in the mid"),
        (b"", ""), (b"null", ""), (b"{}", ""), ({"error": "Bad Request"}, ""), ({"detail": "Not Found"}, ""), (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)  # fmt: skip
def test_words(body: Any, text: str) -> None:
    assert read_error_body(StatusError(body)).text == text


def test_codes_and_places() -> None:
    said = read_error_body(StatusError({"error": {"message": "m", "code": "json_validate_failed", "param": "seed"}}))
    assert ("json_validate_failed" in said.codes, said.parameters, said.status) == (True, ("seed",), 400)


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (b"", {"retry-after": "3.5"}, 3.5),
        (b"", {"retry-after": "-4"}, 0),
        (b"", {"retry-after": "soon"}, None),
        (b"", {"retry-after-ms": "1500"}, 1.5),
        (b"", {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30),
        ({"error": "loading", "estimated_time": 20.5}, {}, 20.5),
        ({"error": "loading", "estimated_time": True}, {}, None),
        ({"error": "Please try again in 7.66s."}, {}, 7.66),
        ({"error": "Please try again in 1m30s"}, {}, 90),
        ({"error": "try again in 20ms"}, {}, 0.02),
        ({"error": "Please retry in 34.5s."}, {}, 34.5),
        ({"error": "try again in 1.2.3s"}, {}, None),
    ],
)
def test_how_long_to_wait(body: Any, headers: dict[str, str], seconds: float | None) -> None:
    assert read_error_body(StatusError(body, headers)).wait_seconds == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "body",
    [b'{"error":' * 30_000, b"[" * 60_000, b"x" * 3_000_000, b"<html>" + b"<script>" * 300_000, {"message": ["a" * 5000] * 5000}],
)
def test_hostile_bodies_are_bounded(body: Any) -> None:
    said = read_error_body(StatusError(body))
    assert len(said.text) <= 2000
    assert len(said.short) <= 300


def test_no_login_and_no_query_goes_on() -> None:
    said = read_error_body(StatusError(b"", {"location": "https://user:secret@host:8/v1/chat/completions?key=1#x"}, 308))
    assert said.location == "https://host:8/v1/chat/completions"
    assert read_error_body(StatusError({"error": "http://me:secret@proxy:1 failed"})).text == "http://***@proxy:1 failed"


def test_an_error_without_a_body_says_nothing() -> None:
    said = read_error_body(ValueError("x"))
    assert (said.text, said.status, said.wait_seconds) == ("", None, None)
