"""Servers that fail, load, are busy, think for long, stand elsewhere or answer in shapes of their own; and what must come of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from email.utils import formatdate
from time import time
from typing import Any

from tests.support.server_situations import FAR, PAGE, Situation, said_error
from tests.support.stub_server import CannedResponse, Request, completion

__all__ = ["FAILING", "REACHED", "SHAPES"]


def _form(*kinds: str) -> Callable[[Request], bool]:
    return lambda request: request.body.get("response_format", {}).get("type") in kinds


def _tokens(request: Request) -> int:
    return int(request.body.get("max_tokens") or request.body.get("max_completion_tokens") or 0)


def _missing_v1(request: Request) -> bool:
    return not request.path.startswith("/v1/")


def _part(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def _called(good: str) -> list[dict[str, Any]]:
    return [{"id": "c", "type": "function", "function": {"name": "answer", "arguments": good}}]


def _bare(url: str) -> str:
    return url.removesuffix("/v1")


LOADING = said_error("Loading model", code=503, type="unavailable_error")
GROQ = said_error(
    "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
    type="invalid_request_error", code="json_validate_failed", failed_generation="{",
)  # fmt: skip
THINKING = CannedResponse(
    lambda good, request: (
        completion("", finish="length", tokens=_tokens(request), reasoning_content="Hmm. " * 50)
        if _tokens(request) <= 4000
        else completion(good)
    )
)
HALF = CannedResponse(
    lambda good, request: completion(good[: len(good) // 2], finish="length") if _tokens(request) <= 4000 else completion(good)
)
FAILING: tuple[Situation, ...] = (
    # Servers that fail, are busy, or load.
    Situation(
        "a fault once, in the server's words",
        first=(CannedResponse({"error": "llama runner process has terminated"}, 500),),
        asked=2,
        noted="llama runner process has terminated",
    ),
    Situation(
        "a fault always, in the server's words",
        CannedResponse({"error": "CUDA out of memory"}, 500),
        asked=3,
        said="fault .status 500: CUDA out of memory",
    ),
    Situation("a page of a proxy", CannedResponse(PAGE, 502, kind="text/html"), asked=3, said="status 502: 502 Bad Gateway"),
    Situation(
        "a gateway gives up waiting",
        CannedResponse(PAGE.replace("502 Bad Gateway", "504 Gateway Time-out"), 504, kind="text/html"),
        said="gave up waiting .*raise that gateway's",
    ),
    Situation(
        "a model that loads (llama.cpp)", first=(CannedResponse(LOADING, 503),) * 5, asked=6, noted="loading its model; 17 s"
    ),
    Situation(
        "a model that loads (HF, estimated_time)",
        first=(CannedResponse({"error": "Model org/m is currently loading", "estimated_time": 9.5}, 503),),
        asked=2,
        noted="loading its model; 10 s",
    ),
    Situation(
        "a model that loads for ever",
        CannedResponse(LOADING, 503),
        limit_seconds=30,
        asked=8,
        said="still loading it .*after 27 s.*raise time_limit_seconds",
    ),
    Situation(
        "busy, Retry-After in seconds",
        first=(CannedResponse(said_error("Rate limit reached"), 429, {"retry-after": "40"}),),
        asked=2,
        noted="Rate limit reached",
    ),
    Situation(
        "busy, Retry-After as a date",
        first=(CannedResponse(said_error("slow down"), 429, {"retry-after": formatdate(time() + 30, usegmt=True)}),),
        asked=2,
        noted="slow down",
    ),
    Situation(
        "busy, in words only (Groq)",
        first=(CannedResponse(said_error("Rate limit reached for model. Please try again in 7.66s."), 429),),
        asked=2,
        noted="7.66s",
    ),
    Situation(
        "busy for longer than there is time",
        CannedResponse(said_error("Rate limit reached"), 429, {"retry-after": "3600"}),
        said="busy .status 429.* asks to wait 3600 s, and [56]. s are left; .*raise time_limit",
    ),
    Situation(
        "nothing left on the account",
        CannedResponse(
            said_error("You exceeded your current quota, please check your plan and billing details.", code="insufficient_quota"),
            429,
        ),
        said="exceeded your current quota.*; check the account",
    ),
    Situation("an answer thrown away once (Groq)", first=(CannedResponse(GROQ, 400),), asked=2, noted="no sound JSON"),
    Situation(
        "answers thrown away while a form is asked for (Groq)",
        CannedResponse(GROQ, 400, when=_form("json_schema", "json_object")),
        asked=3,
        noted="without response_format",
    ),
    # Lengths.
    Situation(
        "thinking takes all tokens", THINKING, asked=2, noted="thinking took all 4000 tokens; asked again with max_tokens=16000"
    ),
    Situation(
        "thinking takes all tokens, twice",
        CannedResponse(lambda _, request: completion(None, finish="length", reasoning="Hmm")),
        asked=2,
        said="spent all of its 16000 tokens on thinking.*raise max_tokens",
    ),
    Situation(
        "thinking takes all that the user allows",
        THINKING,
        options={"max_tokens": 500},
        said="spent all of its 500 tokens on thinking",
    ),
    Situation("half an answer", HALF, asked=2, noted="cut off after 4000 tokens; asked again with max_tokens=8000"),
)
REACHED: tuple[Situation, ...] = (
    # Addresses.
    Situation(
        "base_url without /v1, 404 (Ollama)",
        CannedResponse("404 page not found", 404, kind="text/plain", when=_missing_v1),
        address=_bare,
        asked=2,
        noted="/v1; write that as base_url",
    ),
    Situation(
        "base_url without /v1, 404 (vLLM)",
        CannedResponse({"detail": "Not Found"}, 404, when=_missing_v1),
        address=_bare,
        asked=2,
        noted="write that as base_url",
    ),
    Situation(
        "base_url without /v1, a page",
        CannedResponse(PAGE, 200, kind="text/html", when=_missing_v1),
        address=_bare,
        asked=2,
        noted="write that as base_url",
    ),
    Situation(
        "base_url without /v1 (LM Studio, status 200)",
        CannedResponse({"error": "Unexpected endpoint or method. (POST /chat/completions)"}, 200, when=_missing_v1),
        address=_bare,
        asked=2,
        noted="write that as base_url",
    ),
    Situation(
        "base_url of something else",
        CannedResponse("404 page not found", 404, kind="text/plain"),
        address=_bare,
        asked=2,
        said="neither at http.* nor at http.*/v1; check base_url",
    ),
    Situation("base_url with a slash at its end", address=lambda url: f"{url}/"),
    Situation("base_url that ends in /chat/completions", address=lambda url: f"{url}/chat/completions"),
    Situation(
        "a model that is not there (Ollama)",
        CannedResponse(said_error('model "stub" not found, try pulling it first', type="not_found_error"), 404),
        address=_bare,
        said="try pulling it first.*check the model's name",
    ),
    Situation(
        "sent on to https",
        CannedResponse(b"", 308, {"location": "https://models.example.invalid/v1/chat/completions?x=1"}),
        said="308 to https://models.example.invalid/v1.*write base_url=https://models.example.invalid/v1$",
    ),
    Situation(
        "sent on, POST to GET", CannedResponse(b"", 301, {"location": "/login"}), said="status 301 to /login.*write the address"
    ),
    Situation(
        "http to a server that wants https",
        CannedResponse("Client sent an HTTP request to an HTTPS server.\n", 400, kind="text/plain"),
        said="HTTPS server.*; write https://",
    ),
    Situation(
        "https to a server that does not",
        address=lambda url: url.replace("http:", "https:"),
        said="does not speak TLS.*; write http://",
    ),
    Situation(
        "a certificate that nobody vouches for",
        tls=True,
        said="certificate of the server of model .* can't be verified .*self-signed.*SSL_CERT_FILE",
    ),
    Situation(
        "a name that is not found",
        address=lambda _: "http://models.example.invalid/v1",
        nameless=True,
        elsewhere=True,
        asked=3,
        said="the name of its server can't be found.*; check base_url and the network",
    ),
    # Proxies.
    Situation(
        "SOCKS without its package",
        address=lambda _: FAR,
        environment={"ALL_PROXY": "socks5://user:hidden@{server}"},
        elsewhere=True,
        asked=0,
        said="ALL_PROXY names a SOCKS proxy.*pip install 'httpx.socks.'",
    ),
    Situation(
        "a proxy of an unknown kind",
        address=lambda _: FAR,
        environment={"ALL_PROXY": "socks4://{server}"},
        elsewhere=True,
        asked=0,
        said="'socks4', which can't be used; write",
    ),
    Situation("SOCKS, but the server is this machine", environment={"ALL_PROXY": "socks5://{server}"}),
    Situation(
        "a proxy that wants a login",
        CannedResponse(PAGE, 407, kind="text/html"),
        address=lambda _: FAR,
        environment={"http_proxy": "http://{server}"},
        elsewhere=True,
        said="the proxy that http_proxy names wants a login.*USER:PASSWORD",
    ),
    Situation(
        "a proxy that refuses",
        CannedResponse("<html><title>Forbidden by policy</title></html>", 403, kind="text/html"),
        address=lambda _: FAR,
        environment={"http_proxy": "http://{server}"},
        elsewhere=True,
        said="status 403: Forbidden by policy, by way of the proxy that http_proxy names.*; check http_proxy",
    ),
    Situation(
        "a proxy that refuses TLS",
        CannedResponse(b"", 403),
        address=lambda _: FAR.replace("http:", "https:"),
        environment={"https_proxy": "http://user:hidden@{server}"},
        elsewhere=True,
        said="proxy that https_proxy names does not let us through.*403.*NO_PROXY",
    ),
    Situation(
        "a proxy that is not there",
        address=lambda _: FAR,
        environment={"http_proxy": "http://127.0.0.1:9"},
        elsewhere=True,
        asked=3,
        said="no connection to the proxy that http_proxy names",
    ),
)
SHAPES: tuple[Situation, ...] = (
    # Answers in other shapes.
    Situation(
        "packed, sound",
        CannedResponse(
            lambda good, _: gzip.compress(json.dumps(completion(good)).encode()), headers={"content-encoding": "gzip"}
        ),
    ),
    Situation(
        "packed, cut off",
        CannedResponse(
            lambda good, _: gzip.compress(json.dumps(completion(good)).encode())[:-12], headers={"content-encoding": "gzip"}
        ),
        asked=3,
        said="came packed and is damaged; try again",
    ),
    Situation(
        "packed, damaged",
        CannedResponse(b"\x1f\x8b\x08" + b"\x00" * 60, headers={"content-encoding": "gzip"}),
        asked=3,
        said="came packed and is damaged",
    ),
    Situation(
        "packed otherwise",
        CannedResponse(b"\x00" * 60, headers={"content-encoding": "br"}),
        said="packed in a way that was not asked for .br.",
    ),
    Situation(
        "a page for an answer",
        CannedResponse(PAGE, kind="text/html"),
        asked=3,
        said="sent a page and no answer .502 Bad Gateway.; check base_url",
    ),
    Situation(
        "an error with status 200",
        CannedResponse(said_error("Provider returned error", metadata={"raw": '{"error": "upstream is down"}'}), 200),
        asked=3,
        said="upstream is down",
    ),
    Situation("a connection cut in the middle", first=("cut",), asked=2, noted="cut before its answer was whole"),
    Situation(
        "the answer as a tool call",
        CannedResponse(lambda good, _: completion(None, finish="tool_calls", tool_calls=_called(good))),
    ),
    Situation(
        "the answer as a function call",
        CannedResponse(lambda good, _: completion(None, function_call={"name": "f", "arguments": good})),
    ),
    Situation(
        "the answer in parts",
        CannedResponse(lambda good, _: completion([{"type": "thinking", "thinking": "{}"}, _part(good[:9]), _part(good[9:])])),
    ),
    Situation("the answer as JSON, read already", CannedResponse(lambda good, _: completion(json.loads(good)))),
    Situation("the answer where thoughts belong", CannedResponse(lambda good, _: completion("", reasoning_content=good))),
    Situation(
        "odd counts of tokens",
        CannedResponse(lambda good, _: {**completion(good), "usage": {"prompt_tokens": "many", "completion_tokens": None}}),
    ),
    Situation(
        "the server breaks off",
        CannedResponse(lambda _, __: completion("Generation failed: no pixel_values", finish="error")),
        asked=3,
        said="Generation failed: no pixel_values",
    ),
    Situation(
        "a filter before the model (Azure)",
        CannedResponse(
            said_error(
                "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
                code="content_filter",
            ),
            400,
        ),
        said="refuses to answer .*change the picture",
    ),
    # Time.
    Situation(
        "no answer in time",
        "slow",
        limit_seconds=0.6,
        said="did not answer in time within .* may still be writing, so the same was not sent again; raise time_limit_seconds",
    ),
    Situation(
        "no answer in its own time",
        "slow",
        options={"timeout": 0.4},
        said="did not answer in time within 0.4 s.*raise its timeout",
    ),
)
