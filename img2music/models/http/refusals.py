"""What a server does not take, told by its words: servers name it in many ways, and hardly ever by a code.

The wordings are those of OpenAI, vLLM, llama.cpp, Ollama, LM Studio, Mistral, Groq, Gemini, DeepSeek and OpenRouter, as they stand in
the bug reports of programs that ask them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.models.http.failed_request import RequestFailure

if TYPE_CHECKING:
    from img2music.models.http.error_body import ServerMessage
    from img2music.models.http.failed_request import RequestContext

__all__ = ["classify_refusal"]

_PICTURES = re.compile(r"\bimages?\b|image_url|multi-?modal|\bvision\b|mmproj|\bpictures?\b", re.IGNORECASE)
_NOT = re.compile(r"\b(no|not|non|0|cannot|missing|unsupported|unknown|only|doesn't|isn't|can't|invalid)\b", re.IGNORECASE)
_TEXTS_ONLY = re.compile(r"content\S*.{0,80}(must be a string|valid string|should be '?text)|expected `?text\b", re.IGNORECASE)
_PICTURE_TOO_LARGE = re.compile(
    r"(image|picture).{0,80}(too large|too big|exceed|maximum|at most (?!0 )|larger than)", re.IGNORECASE
)
_NO_SYSTEM = re.compile(
    r"system (role|message|prompt|instruction)s?\b.{0,60}\bnot\b|developer instruction is not|roles must alternate|only user.{0,40}roles"
    r"|unexpected role|role '?\"?system|must start with a user", re.IGNORECASE,
)  # fmt: skip
_TOO_MANY_TOKENS = re.compile(
    r"max_(completion_)?tokens\W.{0,80}(too (large|high|big)|at most|exceed|less than|maximum|must be|range)"
    r"|maximum context length|context (size|window|length)|context_length|exceeds? the (available )?context", re.IGNORECASE,
)  # fmt: skip
_PARAMETERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "response_format",
            r"response_?(format|schema)|json[_ -]?(schema|object|mode)|structured[_ -]?output|guided|grammar|\bschema\b|requested parameters",
        ),
        ("seed", r"\bseed\b"),
        ("temperature", r"\btemperature\b"),
        ("max_completion_tokens", r"\bmax_completion_tokens\b"),
        ("max_tokens", r"\bmax_tokens\b"),
    )
)


def classify_refusal(said: ServerMessage, named: str, known: RequestContext) -> RequestFailure | None:
    """A request that would be taken if something in it were otherwise."""
    text = said.text
    refuses: list[str] = []
    if "json_validate_failed" in said.codes or "json_validate_failed" in text:
        return RequestFailure(
            f"the server of model {named} threw an answer away that was no sound JSON ({said.short})",
            retryable=False,
            remedy="ask with structured=none, or ask another model",
            answer_discarded=True,
        )
    if "content_filter" in said.codes or "content management policy" in text:
        return RequestFailure(
            f"model {named} refuses to answer ({said.short})", retryable=False, remedy="change the picture or the words"
        )
    if known.has_picture and (said.status == 413 or _PICTURE_TOO_LARGE.search(text)):
        refuses.append("picture_size")
    elif known.has_picture and (_TEXTS_ONLY.search(text) or (_PICTURES.search(text) and _NOT.search(text))):
        return RequestFailure(
            f"model {named} can't see pictures ({said.short})",
            retryable=False,
            remedy="name a model that sees (on llama.cpp its mmproj too), or an eye that asks none",
            rejected=("picture",),
            server_message=said,
        )
    if "exceed_context_size_error" in said.codes:  # llama.cpp counts the question alone
        return RequestFailure(
            f"the question alone is longer than what model {named} holds ({said.short})",
            retryable=False,
            remedy="start its server with a longer context (-c), or take a shorter template",
        )
    if _NO_SYSTEM.search(text):
        refuses.append("system")
    if _TOO_MANY_TOKENS.search(text):
        refuses.append("tokens")
    named_there = [name for name, _ in _PARAMETERS if name in said.parameters]
    found = sorted((match.start(), name) for name, pattern in _PARAMETERS if (match := pattern.search(text)))
    others = dict.fromkeys((*named_there, *(name for _, name in found)))
    refuses += [name for name in others if not (name.startswith("max_") and "tokens" in refuses)]
    if not refuses:
        return None
    if refuses[0] == "tokens":
        cause, remedy = (
            f"question and answer don't fit into what model {named} holds ({said.short})",
            "give it a longer context, or lower max_tokens",
        )
    else:
        cause, remedy = f"model {named} refuses the request ({said.short or f'status {said.status}'})", "check its options"
    return RequestFailure(
        cause,
        retryable=said.status is not None and said.status >= 500,
        remedy=remedy,
        rejected=tuple(refuses),
        server_message=said,
    )
