"""A server in one situation, and what came of asking it.

    outcome = go(situation, Path("cache"))   # against a server on the loopback
    outcome.answered, outcome.line, outcome.asked

The situations themselves are in `server_refusals` and `server_failures`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any
from unittest.mock import patch

from PIL import Image

from img2music.errors import Img2MusicError
from img2music.models import Client, ModelSpec, Question
from img2music.models.answer_cache import AnswerCache
from img2music.templates import Message
from tests.support.stub_server import CannedResponse, StubServer

__all__ = ["ANSWER_SCHEMA", "GOOD_ANSWER", "Outcome", "Situation", "certificate", "play_situation", "question", "said_error"]

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"tempo_bpm": {"type": "integer", "minimum": 40, "maximum": 200}, "mode": {"enum": ["minor", "major"]}},
    "required": ["tempo_bpm", "mode"],
    "additionalProperties": False,
}
GOOD_ANSWER = {"tempo_bpm": 40, "mode": "minor"}
PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
FAR = "http://models.example.invalid/v1"


@dataclass(frozen=True)
class Situation:
    """One situation."""

    name: str
    always: str | CannedResponse = "good"
    """What the server does with every request ..."""
    first: tuple[str | CannedResponse, ...] = ()
    """... after these."""
    said: str | None = None
    """What the one line must say; None where the model's answer must come."""
    asked: int = 1
    """Requests that may be spent."""
    asked_later: int = 1
    """Requests for the same client's next question, where an answer comes."""
    noted: str = ""
    """What the record must tell of it."""
    shown: bool = False
    """Whether a picture is shown."""
    address: Callable[[str], str] = lambda url: url
    """What is written as base_url."""
    options: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    """"{server}" stands for the stub server's host and port."""
    limit_seconds: float = 60.0
    tls: bool = False
    nameless: bool = False
    """Whether no name is found in the network."""
    elsewhere: bool = False
    """Whether an address is asked for that is not this machine's: by a proxy, or in vain."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    answered: bool
    line: str
    """The one line where there is no answer."""
    asked: int
    asked_later: int
    troubles: tuple[str, ...]
    waits: tuple[float, ...]
    bodies: tuple[dict[str, Any], ...]
    """What was sent."""


def question(text: str = "Which tempo?", *, shown: bool = False) -> Question:
    """A question, perhaps about a picture of 768 pixels."""
    return Question(
        (Message("system", "You hear pictures."), Message("user", text)),
        ANSWER_SCHEMA,
        "scene/1",
        "0" * 16,
        picture_jpeg=_jpeg() if shown else None,
    )


def _jpeg() -> bytes:
    packed = BytesIO()
    Image.new("RGB", (768, 512), (90, 120, 150)).save(packed, "JPEG")
    return packed.getvalue()


def play_situation(situation: Situation, folder: Path) -> Outcome:
    """Asks one question in that situation, and another where an answer came. `folder` is for the cache and a certificate."""
    waits: list[float] = []
    pem = certificate(folder) if situation.tls else None
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and not name.startswith("OPENAI_")}
    with StubServer(faults=situation.first, default=situation.always, certificate=pem) as server:
        host = server.base_url.split("//")[1].removesuffix("/v1")
        own = {name: value.format(server=host) for name, value in situation.environment.items()}
        resolver = patch("socket.getaddrinfo", _no_name) if situation.nameless else patch.dict(os.environ)
        with patch.dict(os.environ, {**kept, **own}, clear=True), resolver:
            client = Client(
                ModelSpec.parse("openai:stub", **{"base_url": situation.address(server.base_url), **situation.options}),
                cache=AnswerCache(folder / "answers"),
                sleeper=waits.append,
            )
            try:
                answer = client.ask(question(shown=situation.shown), until=monotonic() + situation.limit_seconds)
            except Img2MusicError as error:
                return Outcome(False, str(error), client.asked, 0, (), tuple(waits), tuple(each.body for each in server.requests))
            asked, server.faults = client.asked, []
            if json.loads(answer.text) != GOOD_ANSWER:
                raise AssertionError(f"another answer came: {answer.text[:200]!r}")
            client.ask(question("And now?", shown=situation.shown), until=monotonic() + situation.limit_seconds)
            bodies = tuple(each.body for each in server.requests)
            return Outcome(True, "", asked, client.asked - asked, answer.incidents, tuple(waits), bodies)


def _no_name(*_: object, **__: object) -> object:
    raise socket.gaierror(-2, "Name or service not known")


def certificate(folder: Path) -> str:
    """A PEM file with a key and a certificate that nobody vouches for."""
    path = folder / "self_signed.pem"
    if not path.exists():
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
        subprocess.run([*command, "-keyout", str(path), "-out", str(folder / "c.pem")], check=True, capture_output=True)
        path.write_bytes(path.read_bytes() + (folder / "c.pem").read_bytes())
    return str(path)


def said_error(message: str, **more: Any) -> dict[str, Any]:
    """An error as OpenAI has it."""
    return {"error": {"message": message, **more}}
