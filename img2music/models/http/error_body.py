"""What a server says when it gives no answer, read in one place whatever shape its body has.

There is no one shape: OpenAI's ``{"error": {"message": ..}}``, a plain string behind "error" (LM Studio), "message" at the top (vLLM,
Mistral), "detail" as a text or a list of parameters and faults (FastAPI), a list of errors (Gemini), JSON inside a text (gateways), a page
of a proxy, or nothing. All of it is hostile: depth, number and length of what is read are bounded, and keys are cut out.
Conventions: seconds; `status` is HTTP's, None where there was no answer at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic_core import from_json

from img2music.models.http.redaction import redact_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ServerMessage", "read_error_body"]

_MOST_BYTES = 64_000
_DEEPEST = 9
_MOST_ITEMS = 6
_LONGEST = 2000
_WORDS = (
    "error",
    "message",
    "detail",
    "details",
    "errors",
    "error_message",
    "error_description",
    "msg",
    "title",
    "reason",
    "raw",
    "metadata",
)
"""Where servers put what they have to say, the likeliest first."""
_CODES = ("code", "type", "status")
_PAGE = re.compile(r"\A\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1)[^>]*>(.{1,300}?)</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(script|style)\b.{0,20000}?</\1>|<[^>]{0,1000}>", re.IGNORECASE | re.DOTALL)
_AGAIN_IN = re.compile(
    r"(?:try again|retry(?: again)?) (?:in|after) (?:(\d{1,4})m)?([\d.]{1,12}) ?(ms|s\b|sec|min)", re.IGNORECASE
)
_UNITS = {"ms": 0.001, "min": 60.0}
_NOTHING = frozenset(
    {*(status.phrase.lower() for status in HTTPStatus), "error", "unknown error", "invalid request", "none", "null"}
)
"""Words that say no more than the status does."""


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """What came instead of an answer."""

    status: int | None = None
    text: str = ""
    """One line without keys, at most 2000 characters; "" where the server says no more than its status does."""
    codes: frozenset[str] = frozenset()
    """What it calls the fault: "json_validate_failed", "insufficient_quota"."""
    parameters: tuple[str, ...] = ()
    """Parameters that it names as the place of the fault."""
    wait_seconds: float | None = None
    """How long it asks to wait."""
    page: bool = False
    """Whether it is a page for people."""
    location: str = ""
    """Where it sends us: an address without login, query and fragment."""

    @property
    def short(self) -> str:
        """The words for a message."""
        return self.text[:300]


def read_error_body(error: BaseException, *, secret_variable: str | None = None) -> ServerMessage:
    """What is said by the response or the body that `error` carries; an empty record where it carries none."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None)
    tree = _tree_of(error, response)
    page = isinstance(tree, str) and _PAGE.match(tree) is not None
    codes: list[str] = []
    parameters: list[str] = []
    if page:
        words = [_title(str(tree))]
    else:
        words = list(dict.fromkeys(_words(tree, _DEEPEST, codes, parameters)))
        words = [word for word in words if not _is_nothing(word)] or []
    text = redact_secrets(" ".join("; ".join(words).split())[: 2 * _LONGEST], secret_variable)[:_LONGEST]
    headers = getattr(response, "headers", None) or {}
    if not isinstance(status, int):
        status = next((int(code) for code in codes if re.fullmatch(r"[45]\d\d", code)), None)
    return ServerMessage(
        status=status,
        text=text,
        codes=frozenset(code[:80] for code in codes),
        parameters=tuple(parameters[:_MOST_ITEMS]),
        wait_seconds=_wait(headers, tree, text),
        page=page,
        location=redact_secrets(_location(headers), secret_variable),
    )


def _tree_of(error: BaseException, response: Any) -> Any:
    """The body as JSON, or as text where it is none."""
    try:
        content = response.content[:_MOST_BYTES]
    except Exception:  # none, or a stream that was never read: every HTTP package has errors of its own
        content = None
    if not isinstance(content, bytes):
        body = getattr(error, "body", None)
        return body if not isinstance(body, str) else _parsed(body[:_MOST_BYTES])
    return _parsed(content.decode("utf-8", "replace"))


def _parsed(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return text


def _words(tree: Any, deepest: int, codes: list[str], parameters: list[str]) -> Iterator[str]:
    """What is said anywhere in a body, in its order; codes and parameters are added to their lists."""
    if deepest == 0:
        return
    if isinstance(tree, str):
        inside = _parsed(tree[:_MOST_BYTES]) if tree.lstrip().startswith(("{", "[{")) else tree
        if isinstance(inside, str):
            yield tree[:_LONGEST].strip()
        else:
            yield from _words(inside, deepest - 1, codes, parameters)
    elif isinstance(tree, list):
        for item in tree[:_MOST_ITEMS]:
            yield from _words(item, deepest - 1, codes, parameters)
    elif isinstance(tree, dict):
        codes += [str(tree[name]) for name in _CODES if isinstance(tree.get(name), str | int)]
        if isinstance(tree.get("param"), str):
            parameters.append(tree["param"])
        place = tree.get("loc")
        if isinstance(place, list | tuple | str) and isinstance(tree.get("msg"), str):
            steps = [str(step)[:60] for step in place[:12]] if isinstance(place, list | tuple) else [place[:200]]
            parameters += steps
            yield f"{'.'.join(steps)}: {tree['msg'][:300]}"
            return
        for name in _WORDS:
            if name in tree:
                yield from _words(tree[name], deepest - 1, codes, parameters)


def _is_nothing(word: str) -> bool:
    return not word or re.sub(r"^\d{3}\s+|[.!]$", "", word).strip().lower() in _NOTHING


def _title(page: str) -> str:
    """What a page says in short: its title or first heading, else its first words."""
    found = _TITLE.search(page)
    return " ".join(_TAG.sub(" ", found[2] if found else page[:_LONGEST]).split())[:120]


def _wait(headers: Mapping[str, str], tree: Any, text: str) -> float | None:
    """How long a server asks to wait, by its headers (RFC 9110, section 10.2.3), its body or its words."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = str(headers.get(name, ""))[:60]
        try:
            return max(0.0, float(value) * unit)
        except ValueError:
            pass
        try:
            return max(0.0, (parsedate_to_datetime(value) - _now(headers)).total_seconds())
        except (ValueError, TypeError, OverflowError):
            continue
    estimate = tree.get("estimated_time") if isinstance(tree, dict) else None
    if isinstance(estimate, int | float) and not isinstance(estimate, bool) and 0 <= estimate < 1e6:
        return float(estimate)
    found = _AGAIN_IN.search(text)
    try:
        return None if found is None else 60 * int(found[1] or 0) + float(found[2]) * _UNITS.get(found[3].lower(), 1.0)
    except ValueError:
        return None


def _now(headers: Mapping[str, str]) -> datetime:
    """By the server's own clock where it tells, because ours may differ."""
    try:
        return parsedate_to_datetime(str(headers.get("date", ""))[:60])
    except (ValueError, TypeError):
        return datetime.now(UTC)


def _location(headers: Mapping[str, str]) -> str:
    try:
        parts = urlsplit(str(headers.get("location", ""))[:500])
        host = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "") if parts.hostname else ""
    except ValueError:
        return ""
    return "".join(letter for letter in host + parts.path if letter.isprintable())[:200]
