"""What servers do not take, in their own words and in all the shapes that a body has; and what must come of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.server_situations import Situation, said_error
from tests.support.stub_server import CannedResponse, Request

__all__ = ["REFUSED"]


def refusing(status: int, body: Any, *names: str, **more: Any) -> CannedResponse:
    """A server that refuses requests whose body holds one of `names`."""
    return CannedResponse(body, status, when=lambda request: any(name in request.body for name in names), **more)


def _has_picture(request: Request) -> bool:
    return "image_url" in json.dumps(request.body["messages"])


def _has_system(request: Request) -> bool:
    return any(message["role"] == "system" for message in request.body["messages"])


def _form(*kinds: str) -> Callable[[Request], bool]:
    return lambda request: request.body.get("response_format", {}).get("type") in kinds


def _tokens(request: Request) -> int:
    return int(request.body.get("max_tokens") or request.body.get("max_completion_tokens") or 0)


SEED_MISTRAL = {
    "object": "error",
    "message": {
        "detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 0}]
    },
    "type": "invalid_request_error",
}
SEED_GEMINI = [
    {
        "error": {
            "code": 400,
            "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
            "status": "INVALID_ARGUMENT",
        }
    }
]
FORMAT_LM_STUDIO = {"error": "'response_format.type' must be 'json_schema' or 'text'"}
ROLES = {"object": "error", "message": "Conversation roles must alternate user/assistant/user/assistant/...", "code": 400}
CANT_SEE = "can't see pictures .*; name a model that sees"
REFUSED: tuple[Situation, ...] = (
    # What a server does not take, in the shapes that bodies have.
    Situation(
        "seed refused, OpenAI's shape",
        refusing(400, said_error("Unsupported parameter: 'seed'", param="seed"), "seed"),
        asked=2,
        noted="asked again without seed",
    ),
    Situation(
        "seed refused, a plain string (LM Studio)",
        refusing(400, {"error": "Unrecognized key: 'seed'"}, "seed"),
        asked=2,
        noted="without seed",
    ),
    Situation("seed refused, a list of places (Mistral)", refusing(422, SEED_MISTRAL, "seed"), asked=2, noted="without seed"),
    Situation("seed refused, a list of errors (Gemini)", refusing(400, SEED_GEMINI, "seed"), asked=2, noted="without seed"),
    Situation(
        "seed refused, FastAPI's detail",
        refusing(422, {"detail": "seed is not a known field"}, "seed"),
        asked=2,
        noted="without seed",
    ),
    Situation(
        "seed refused, JSON inside a text",
        refusing(422, {"message": json.dumps({"detail": [{"loc": ["body", "seed"], "msg": "no"}]})}, "seed"),
        asked=2,
        noted="without seed",
    ),
    Situation(
        "temperature takes 1 only",
        refusing(
            400,
            said_error(
                "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
                param="temperature",
                code="unsupported_value",
            ),
            "temperature",
        ),
        asked=2,
        noted="without temperature",
    ),
    Situation(
        "max_tokens refused (OpenAI's thinking models)",
        refusing(
            400,
            said_error(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                param="max_tokens",
            ),
            "max_tokens",
        ),
        asked=2,
        noted="with max_completion_tokens",
    ),
    Situation(
        "neither name of the length is taken",
        CannedResponse(
            lambda _, request: {
                "detail": [
                    {"loc": ["body", name], "msg": "Extra inputs are not permitted"}
                    for name in ("max_tokens", "max_completion_tokens")
                    if name in request.body
                ]
            },
            422,
            when=lambda request: _tokens(request) > 0,
        ),
        asked=3,
        noted="without a longest answer",
    ),
    Situation(
        "length larger than the model can write",
        CannedResponse(
            said_error("max_tokens is too large: 4000. This model supports at most 2048 completion tokens", param="max_tokens"),
            400,
            when=lambda request: _tokens(request) > 2048,
        ),
        asked=2,
        noted="max_tokens=2048",
    ),
    Situation(
        "question and length beyond the context (vLLM)",
        CannedResponse(
            {
                "object": "error",
                "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
                "(1000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
                "code": 400,
            },
            400,
            when=lambda request: _tokens(request) > 3096,
        ),
        asked=2,
        noted="max_tokens=3032",
    ),
    Situation(
        "question alone beyond the context (llama.cpp)",
        CannedResponse(
            said_error(
                "the request exceeds the available context size, try increasing it", code=400, type="exceed_context_size_error"
            ),
            400,
        ),
        said="longer than what model .*longer context",
    ),
    Situation(
        "json_schema refused (LM Studio)",
        CannedResponse(FORMAT_LM_STUDIO, 400, when=_form("json_object")),
        first=(CannedResponse(FORMAT_LM_STUDIO, 400),),
        asked=3,
        noted="without response_format",
    ),
    Situation(
        "json_schema refused",
        CannedResponse(
            said_error(
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
                param="response_format",
            ),
            400,
            when=_form("json_schema"),
        ),
        asked=2,
        noted="json_object",
    ),
    Situation(
        "no response_format at all (OpenRouter, 404)",
        CannedResponse(
            said_error("No endpoints found that can handle the requested parameters.", code=404),
            404,
            when=_form("json_schema", "json_object"),
        ),
        asked=3,
        noted="without response_format",
    ),
    Situation(
        "schema too large for a grammar (llama.cpp, 500)",
        CannedResponse(said_error("failed to parse grammar", code=500, type="server_error"), 500, when=_form("json_schema")),
        asked=2,
        noted="json_object",
    ),
    Situation(
        "seed, temperature and format refused one by one",
        CannedResponse(
            lambda _, request: said_error(
                f"Unsupported parameter: '{next(name for name in ('seed', 'temperature', 'response_format') if name in request.body)}'"
            ),
            400,
            when=lambda request: bool({"seed", "temperature", "response_format"} & request.body.keys()),
        ),
        asked=5,
        noted="without temperature",
    ),
    Situation(
        "refused without a word",
        CannedResponse(b"", 400, when=lambda request: "response_format" in request.body),
        asked=2,
        noted="without response_format, seed and temperature",
    ),
    Situation(
        "refused by a page",
        CannedResponse(
            "<html><body><h1>400 Bad Request</h1></body></html>",
            400,
            kind="text/html",
            when=lambda request: "seed" in request.body,
        ),
        asked=2,
        noted="without response_format, seed and temperature",
    ),
    Situation(
        "refused whatever is left out",
        CannedResponse({"detail": "Bad request"}, 400),
        asked=2,
        said="refuses the request .*without a word why",
    ),
    # Pictures.
    Situation(
        "no pictures (llama.cpp, 500)",
        CannedResponse(
            said_error(
                "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
                code=500,
                type="server_error",
            ),
            500,
            when=_has_picture,
        ),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "no pictures (LM Studio)",
        CannedResponse({"error": "Model does not support images. Please use a model that does."}, 400, when=_has_picture),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "no pictures (LM Studio, status 200)",
        CannedResponse(
            said_error("ValueError: Vision add-on is not loaded, but images were provided for processing"), 200, when=_has_picture
        ),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "no pictures (vLLM)",
        CannedResponse(
            {"object": "error", "message": "facebook/opt-125m is not a multimodal model None", "code": 400},
            400,
            when=_has_picture,
        ),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "no pictures (Ollama)",
        CannedResponse(said_error("this model does not support image input"), 400, when=_has_picture),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "no pictures (DeepSeek)",
        CannedResponse(
            said_error(
                "Failed to deserialize the JSON body into the target type: messages[1]: "
                "unknown variant `image_url`, expected `text` at line 1 column 90"
            ),
            422,
            when=_has_picture,
        ),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "no pictures (Groq)",
        CannedResponse(
            said_error(
                "'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : value must be a string)]"
            ),
            400,
            when=_has_picture,
        ),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "no pictures (OpenRouter, 404)",
        CannedResponse(said_error("No endpoints found that support image input", code=404), 404, when=_has_picture),
        shown=True,
        said=CANT_SEE,
    ),
    Situation(
        "picture too large",
        CannedResponse(b"", 413, when=lambda request: len(json.dumps(request.body)) > 5_000),
        shown=True,
        asked=2,
        noted="at 384 pixels",
    ),
    # Roles.
    Situation(
        "no system role (Gemma)",
        CannedResponse(said_error("System role not supported"), 400, when=_has_system),
        asked=2,
        noted="system's words in the user's first message",
    ),
    Situation(
        "no system role (llama.cpp, 500)",
        CannedResponse(said_error("Value is not callable: System role not supported", code=500), 500, when=_has_system),
        asked=2,
        noted="system's words",
    ),
    Situation(
        "roles must alternate (Mistral by vLLM)", CannedResponse(ROLES, 400, when=_has_system), asked=2, noted="system's words"
    ),
)
