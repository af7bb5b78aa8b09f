"""A server on the loopback that speaks OpenAI's protocol, well or badly, for tests and evaluations of whatever asks models.

    with StubServer(faults=["429:0.1", "half"]) as server:
        Client(f"openai:stub?base_url={server.base_url}")   # first is busy, then answers half a JSON, then does as it should
        server.requests[0].body["messages"]

Each request takes the next fault; when none is left, `default` counts ("good" unless told otherwise). A fault is a name of
`BEHAVIOURS`, perhaps with an argument behind a colon: "slow:2" waits two seconds, "429:1" asks for one, "redirect:URL" sends there.
Where a server's very words matter, a fault is a `CannedResponse`: status, headers and body, for as long as the request is one that it refuses.
A good answer is what `answer` makes of the request's body (text, or what is written as JSON); without it, the smallest sample that
the request's JSON schema allows. Every thread has ended when the block is left.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = [
    "BEHAVIOURS",
    "CannedResponse",
    "Request",
    "StubServer",
    "completion",
    "sample_answer",
    "sample_of_schema",
    "schema_of_request",
]

_SAMPLES = ("a", "aa", "A", "C", "I", "i", "4/4", "C major", "1", "a-b", "a/1", "#000000", "0" * 12, "0" * 16, "0" * 64)
_HUGE = 10_000_000
_BOMB_MEGABYTES = 150  # come as 700 kB
_ERRORS = {
    "429": (429, "Rate limit reached", "rate_limit_exceeded"),
    "500": (500, "The server had an error", "server_error"),
    "503": (503, "Overloaded", "overloaded"),
    "404": (404, "The model does not exist", "model_not_found"),
    "400_seed": (400, "Unsupported parameter: 'seed' is not supported with this model.", "unsupported_parameter"),
    "400_schema": (400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported.", "invalid_request"),
    "400_format": (400, "Unsupported parameter: 'response_format'.", "unsupported_parameter"),
    "400_temperature": (400, "Unsupported value: 'temperature' does not support 0.7.", "unsupported_value"),
    "400": (400, "Bad request", "invalid_request"),
}
_BODIES: dict[str, tuple[bytes, str]] = {
    "html": (b"<!doctype html><html><body><h1>It works!</h1></body></html>", "text/html"),
    "not_json": (b'{"choices": [', "application/json"),
    "no_choices": (b'{"id": "x", "object": "chat.completion", "model": "stub", "choices": []}', "application/json"),
    "null_body": (b"null", "application/json"),
    "list_body": (b"[1, 2]", "application/json"),
    "deep_body": (b'{"a":' * 50_000, "application/json"),
    "not_text": (b"\xff\xfe\x00\x01" * 100, "application/json"),
}
BEHAVIOURS = (
    "good", "slow", "drip", "drip_headers", "endless", "half", "wrong_types", "prose", "no_json", "refusal", "content_filter",
    "empty", "null_content", "truncated", "closed", "cut", "401", "extra_fields", "huge", "deep", "nan", "surrogate", "echo",
    "redirect", "bomb", *_ERRORS, *_BODIES,
)  # fmt: skip
"""Everything that a server can be told to do."""


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    """Names in small letters."""
    body: dict[str, Any]


@dataclass(frozen=True)
class CannedResponse:
    """What a server says word for word."""

    body: Any = b""
    """Bytes, a text, what is written as JSON, or what a function makes of the good answer and the request."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    when: Callable[[Request], bool] = lambda _: True
    """To which requests; others are answered well."""


class StubServer:
    """The server; see the module's docstring."""

    def __init__(
        self,
        answer: Callable[[dict[str, Any]], Any] | None = None,
        faults: Sequence[str | CannedResponse] = (),
        *,
        default: str | CannedResponse = "good",
        after_seconds: float = 0.0,
        certificate: str | None = None,
    ) -> None:
        """`after_seconds` is how long each good answer takes; `certificate` is a PEM file with its key, for a server that speaks TLS."""
        for fault in (*faults, default):
            if isinstance(fault, CannedResponse):
                continue
            if fault.partition(":")[0] not in BEHAVIOURS:
                raise ValueError(f"no behaviour {fault!r}; there are: {', '.join(BEHAVIOURS)}")
            if fault == "bomb":
                _bomb()  # made before anybody waits for it
        self.answer = answer or sample_answer
        self.faults = list(faults)
        self.default = default
        self.after_seconds = after_seconds
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.sockets: set[socket.socket] = set()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.stub = self
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.base_url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="stub-server")

    def __enter__(self) -> StubServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        with self.lock:
            for connection in self.sockets:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed already
        self._http.server_close()  # waits for the threads of all requests

    @property
    def asked(self) -> int:
        """How many requests came."""
        return len(self.requests)

    def next_fault(self) -> str | CannedResponse:
        """What to do now."""
        with self.lock:
            return self.faults.pop(0) if self.faults else self.default


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    stub: StubServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone: nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  as the base class has it
        """Nothing is printed."""

    def handle(self) -> None:
        with self.server.stub.lock:
            self.server.stub.sockets.add(self.connection)
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # whoever asked has gone
        finally:
            with self.server.stub.lock:
                self.server.stub.sockets.discard(self.connection)

    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": "stub", "object": "model", "owned_by": "tests"}]})

    def do_POST(self) -> None:
        stub = self.server.stub
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.loads(sent or b"{}")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, body)
        with stub.lock:
            stub.requests.append(request)
        fault = stub.next_fault()
        if isinstance(fault, CannedResponse):
            self._say(fault, request)
            return
        name, _, argument = fault.partition(":")
        if name == "closed":
            return
        if name in {"drip", "drip_headers", "endless"}:
            self._go_on(name)
        elif name in _BODIES:
            content, kind = _BODIES[name]
            self._write(200, content, kind)
        elif name == "bomb":
            self._write(200, _bomb(), "application/json", {"content-encoding": "gzip"})
        elif name == "redirect":
            self._write(307, b"", "text/plain", {"location": argument or f"{stub.base_url}/elsewhere"})
        elif name in {*_ERRORS, "401"} and _refuses(name, body):
            self._refuse(name, argument, headers)
        else:
            if stub.stopping.wait(float(argument or 30) if name == "slow" else stub.after_seconds):
                return
            self._send(_completion(name, stub.answer(body), body, _key_of(headers)), cut=name == "cut")

    def do_CONNECT(self) -> None:
        """As a proxy that lets nobody through."""
        fault = self.server.stub.next_fault()
        self.send_error(fault.status if isinstance(fault, CannedResponse) else 403)

    def _say(self, saying: CannedResponse, request: Request) -> None:
        answer = self.server.stub.answer(request.body)
        if not saying.when(request):
            self._send(_completion("good", answer, request.body, ""))
            return
        body = saying.body
        if callable(body):
            body = body(answer if isinstance(answer, str) else json.dumps(answer), request)
        content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self._write(saying.status, content, saying.kind, dict(saying.headers))

    def _refuse(self, name: str, argument: str, headers: dict[str, str]) -> None:
        key = _key_of(headers)
        status, text, code = _ERRORS.get(name, (401, f"Incorrect API key provided: {key}.", "invalid_api_key"))
        content = json.dumps({"error": {"message": text, "type": code, "param": None, "code": code}}).encode()
        self._write(status, content, "application/json", {"retry-after": argument or "0"} if status == 429 else {})

    def _send(self, tree: Any, *, cut: bool = False) -> None:
        self._write(200, json.dumps(tree).encode(), "application/json", cut=cut)

    def _write(self, status: int, content: bytes, kind: str, more: dict[str, str] | None = None, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(content)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)

    def _go_on(self, name: str) -> None:
        """Sends without end: slowly, a byte at a time, or as fast as it is read."""
        if name == "drip_headers":
            piece = b"x-more: 1\r\n"
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
        else:
            piece = b" " if name == "drip" else b" " * 65_536
            self.wfile.write(b'HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{"id": "')
        while not self.server.stub.stopping.wait(0 if name == "endless" else 0.02):
            self.wfile.write(piece)


def _key_of(headers: dict[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("Bearer ")


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(level=1, wbits=31)  # as gzip has it
    return b"".join([packer.compress(bytes(1_000_000)) for _ in range(_BOMB_MEGABYTES)] + [packer.flush()])


def _refuses(name: str, body: dict[str, Any]) -> bool:
    """Whether a server that does not take something has been sent it."""
    format_sent: str | None = body.get("response_format", {}).get("type")
    if name == "400_schema":
        return format_sent == "json_schema"
    if name == "400_format":
        return format_sent is not None
    if name in {"400_seed", "400_temperature"}:
        return name.removeprefix("400_") in body
    return True


def _completion(name: str, answer: Any, body: dict[str, Any], key: str) -> dict[str, Any]:
    """The answer as the protocol wraps it, spoilt as `name` says."""
    good = answer if isinstance(answer, str) else json.dumps(answer)
    tree = sample_answer(body) if isinstance(answer, str) else answer
    refusal = "I'm sorry, I can't help with that." if name == "refusal" else None
    text = None if name in {"refusal", "null_content"} else _SPOILT.get(name, _as_it_is)(good, tree, key)
    finish = {"truncated": "length", "content_filter": "content_filter"}.get(name, "stop")
    return {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", "stub"),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": refusal},
                "finish_reason": finish,
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
    }


def _as_it_is(good: str, _tree: Any, _key: str) -> str:
    return good


_SPOILT: dict[str, Callable[[str, Any, str], str]] = {
    "half": lambda good, _tree, _key: good[: len(good) // 2],
    "truncated": lambda good, _tree, _key: good[: len(good) // 2],
    "wrong_types": lambda _good, tree, _key: json.dumps(_of_other_kinds(tree)),
    "nan": lambda _good, tree, _key: json.dumps(_with_nan(tree)),
    "extra_fields": lambda _good, tree, _key: json.dumps({**tree, "extra": 1} if isinstance(tree, dict) else {"extra": 1}),
    "prose": lambda good, _tree, _key: f"Sure! Here is what you {{asked}} for:\n\n```json\n{good}\n```\n\nAnything {{else}}?",
    "no_json": lambda _good, _tree, _key: "I think a slow waltz would be lovely.",
    "content_filter": lambda _good, _tree, _key: "",
    "empty": lambda _good, _tree, _key: "",
    "huge": lambda good, _tree, _key: " " * _HUGE + good,
    "deep": lambda _good, _tree, _key: '{"a":' * 20_000 + "1" + "}" * 20_000,
    "surrogate": lambda good, _tree, _key: f"{good} \ud83d",
    "echo": lambda good, _tree, key: f"You sent {key}. {good}",
}
"""Texts of answers that are no good, from the good text, what it says, and the key that was sent."""


def completion(text: Any, *, finish: str = "stop", tokens: int = 30, **message: Any) -> dict[str, Any]:
    """A completion as the protocol has it: a text, parts of one or None, and more fields of the message."""
    said = {"role": "assistant", "content": text, **message}
    usage = {"prompt_tokens": 120, "completion_tokens": tokens, "total_tokens": 120 + tokens}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": said, "finish_reason": finish}], "usage": usage}


def sample_answer(body: dict[str, Any]) -> Any:
    """The smallest answer to a request; plain text where it holds no schema."""
    schema = schema_of_request(body)
    return "All is well." if schema is None else sample_of_schema(schema)


def schema_of_request(body: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema that a request asks for: from its response format, or written in its words."""
    wanted = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if wanted is not None:
        return dict(wanted)
    for message in body.get("messages", ()):
        content = message.get("content") or ""
        text = content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
        _, said, rest = text.rpartition("JSON schema, and nothing else:\n")
        if said:
            found = json.JSONDecoder().raw_decode(rest)[0]
            return found if isinstance(found, dict) else None
    return None


def sample_of_schema(schema: dict[str, Any], definitions: dict[str, Any] | None = None) -> Any:
    """The smallest value that a JSON schema allows: first choices, least numbers, shortest lists."""
    known = {**(definitions or {}), **schema.get("$defs", {})}
    if "$ref" in schema:
        return sample_of_schema(known[schema["$ref"].rpartition("/")[2]], known)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return sample_of_schema(schema[choice][0], known)
    kind = schema.get("type", "object")
    return _sample_of_kind(kind[0] if isinstance(kind, list) else kind, schema, known)


def _sample_of_kind(kind: str, schema: dict[str, Any], known: dict[str, Any]) -> Any:
    if kind == "object":
        return {name: sample_of_schema(inner, known) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        first = [sample_of_schema(inner, known) for inner in schema.get("prefixItems", ())]
        return first + [sample_of_schema(schema.get("items", {}), known) for _ in range(schema.get("minItems", 0) - len(first))]
    if kind == "string":
        pattern = schema.get("pattern")
        fitting = [text for text in _SAMPLES if pattern is not None and re.search(pattern, text)]
        return fitting[0] if fitting else "a" * max(1, schema.get("minLength", 1))
    if kind in {"integer", "number"}:
        if "exclusiveMinimum" in schema:
            return schema["exclusiveMinimum"] + 1
        return schema.get("minimum", min(0, schema.get("maximum", 0)))
    return False if kind == "boolean" else None


def _of_other_kinds(tree: Any) -> Any:
    """The same with every value of another kind."""
    if isinstance(tree, dict):
        return {name: _of_other_kinds(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return {"list": [_of_other_kinds(value) for value in tree]}
    return "many" if isinstance(tree, int | float) else [7]


def _with_nan(tree: Any) -> Any:
    """The same with NaN for every number, and one more where there is none."""
    if isinstance(tree, dict):
        return {name: _with_nan(value) for name, value in tree.items()} or {"number": float("nan")}
    if isinstance(tree, list):
        return [_with_nan(value) for value in tree]
    return float("nan") if isinstance(tree, int | float) else tree
