"""What can go wrong between us and a model, told apart by what helps: wait, ask more plainly, or give up.

Providers raise their own errors; they are recognised by what all of them carry (an HTTP status, a body, the name of the class), so no
provider's package is imported here. What a server says is read by `error_body`, what fails on the way to it by `connection_errors`.
Every message is one line: the cause, then what to do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.errors import Img2MusicError
from img2music.models.http.connection_errors import classify_connection_error
from img2music.models.http.error_body import read_error_body
from img2music.models.http.failed_request import RequestContext, RequestFailure, UnusableResponseError, cause_chain
from img2music.models.http.redaction import redact_secrets
from img2music.models.http.refusals import classify_refusal

if TYPE_CHECKING:
    from img2music.models.http.error_body import ServerMessage

__all__ = ["classify_failure"]

_BUSY = {408, 409, 425, 429}
_GATEWAY_TIMEOUTS = {504, 524}
_REMEDIES = {
    401: "check the key in the environment",
    402: "check the account: nothing is left on it",
    403: "check what the key may do",
    404: "check the model's name and base_url",
    405: "check base_url",
    413: "ask with a shorter prompt",
}
# Part of the class's name, what to say, whether the same request may succeed later.
_BY_NAME: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("LengthFinish",), "the answer of model {label} was cut off; raise max_tokens", False),
    (("Refusal", "ContentFilter"), "model {label} refuses to answer ({text}); change the picture or the words", False),
    (("JSON", "Validation"), "the server of model {label} sent what is no answer ({text}); check base_url", True),
)
_LOADING = re.compile(
    r"\bloading (the )?model|model .{0,120}\bload(ing|ed)\b|\b(still|currently|being) load|warming up|starting up|not ready yet",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(r"unexpected endpoint|invalid url|no route|cannot post|page not found|method not allowed", re.IGNORECASE)
_WANTS_TLS = re.compile(r"http request.{0,40}https|https port", re.IGNORECASE)
_MODEL_MISSING = re.compile(r"\bmodels?\b|no endpoints found", re.IGNORECASE)


def classify_failure(
    error: BaseException, label: str, *, secret_variable: str | None = None, context: RequestContext | None = None
) -> RequestFailure:
    """What `error`, raised while asking the model `label`, means. The value of `secret_variable` is not told."""
    if isinstance(error, Img2MusicError):
        return RequestFailure(str(error), retryable=False)
    known = context or RequestContext(secret_variable)
    named = repr(label)
    unusable = next((each for each in cause_chain(error) if isinstance(each, UnusableResponseError)), None)
    if unusable is not None:
        return RequestFailure(
            f"the answer of model {named} {unusable.cause}", retryable=unusable.retryable, remedy=unusable.remedy
        )
    said = read_error_body(error, secret_variable=known.secret_variable)
    found = _of_words(said, named, known) or classify_connection_error(error, label, known)
    return found or _by_name(error, named, known)


def _by_name(error: BaseException, named: str, known: RequestContext) -> RequestFailure:
    """An error that only its name tells of."""
    name = type(error).__name__
    text = redact_secrets(" ".join(str(error).split())[:2000], known.secret_variable)[:300]
    for signs, sentence, again in _BY_NAME:
        if any(sign in name for sign in signs):
            cause, _, remedy = sentence.format(label=named, text=text or name).rpartition("; ")
            return RequestFailure(cause, retryable=again, remedy=remedy)
    if isinstance(error, ValueError | TypeError | LookupError | AttributeError):
        return RequestFailure(
            f"the server of model {named} sent what is no answer ({name}: {text})", retryable=True, remedy="check base_url"
        )
    return RequestFailure(f"model {named} failed ({name}: {text})", retryable=True, remedy="try again, or another model")


def _of_words(said: ServerMessage, named: str, known: RequestContext) -> RequestFailure | None:
    """What a server's own words and status mean; None where they say nothing that the error does not say better."""
    status = said.status
    if status is None or status < 300:
        return _of_answer(said, named, known) if said.text or said.page else None
    if status < 400:
        return _sent_elsewhere(said, named)
    by_way = f", by way of the proxy that {known.proxy} names" if known.proxy else ""
    told = f"status {status}{f': {said.short}' if said.text else ''}{by_way}"
    refused = None
    if status not in _BUSY | {401, 402, 403, 407}:
        refused = None if _is_loading(said) else classify_refusal(said, named, known)
    if refused is not None:
        return refused
    if status in _BUSY or status >= 500:
        return _failing(said, named, told)
    return _forbidden(said, named, told, known)


def _is_loading(said: ServerMessage) -> bool:
    return (said.status is None or said.status < 300 or said.status in _BUSY or said.status >= 500) and bool(
        _LOADING.search(said.text)
    )


def _forbidden(said: ServerMessage, named: str, told: str, known: RequestContext) -> RequestFailure:
    """A request that this server will never take as it is."""
    status = said.status or 0
    if status == 407 and known.proxy:
        return RequestFailure(
            f"the proxy that {known.proxy} names wants a login ({told})",
            retryable=False,
            remedy=f"write it as http://USER:PASSWORD@HOST:PORT in {known.proxy}, or name the server in NO_PROXY",
        )
    if status in {400, 422}:
        what = f"{told}, without a word why" if not said.text else told if known.proxy else said.short
        remedy = "write https:// in base_url" if _WANTS_TLS.search(said.text) else "check its options"
        return RequestFailure(
            f"model {named} refuses the request ({what})",
            retryable=False,
            remedy=remedy,
            unexplained=not said.text or said.page,
            server_message=said,
        )
    usual = _REMEDIES.get(status, "check its options")
    not_there = said.page or not _MODEL_MISSING.search(said.text) or bool(_NOT_THERE.search(said.text))
    return RequestFailure(
        f"model {named} can't be asked ({told})",
        retryable=False,
        remedy=f"check {known.proxy}, or name the server in NO_PROXY" if known.proxy and said.page else usual,
        wrong_address=status in {404, 405} and not_there,
        server_message=said,
    )


def _failing(said: ServerMessage, named: str, told: str) -> RequestFailure:
    """A server that is busy, has a fault, or is not ready yet."""
    if _is_loading(said):
        return RequestFailure(
            f"the server of model {named} is still loading it ({told})",
            retryable=True,
            remedy="wait until it is ready, or raise time_limit_seconds",
            loading=True,
            wait_seconds=said.wait_seconds,
        )
    if "insufficient_quota" in said.codes or "billing" in said.text.lower():
        return RequestFailure(
            f"model {named} can't be asked ({told})", retryable=False, remedy="check the account's plan and what is left on it"
        )
    if said.status in _GATEWAY_TIMEOUTS:
        return RequestFailure(
            f"what stands before the server of model {named} gave up waiting ({told}); the model may still be writing, so the same was "
            "not sent again",
            retryable=False,
            remedy="raise that gateway's time limit, or ask a faster model",
        )
    what = "is busy" if said.status in _BUSY else "has a fault"
    return RequestFailure(
        f"the server of model {named} {what} ({told})",
        retryable=True,
        remedy="try again later",
        wait_seconds=said.wait_seconds,
        server_message=said,
    )


def _of_answer(said: ServerMessage, named: str, known: RequestContext) -> RequestFailure | None:
    """What came with a status that promises an answer, and is none."""
    if said.page:
        return RequestFailure(
            f"the server of model {named} sent a page and no answer ({said.short})",
            retryable=True,
            remedy="check base_url",
            wrong_address=True,
        )
    if not said.text:
        return None
    refused = classify_refusal(said, named, known)
    if refused is not None:
        return refused
    return RequestFailure(
        f"the server of model {named} sent an error and no answer ({said.short})",
        retryable=True,
        remedy="check base_url, or look into the server's log",
        wrong_address=bool(_NOT_THERE.search(said.text)),
        wait_seconds=said.wait_seconds,
        loading=bool(_LOADING.search(said.text)),
    )


def _sent_elsewhere(said: ServerMessage, named: str) -> RequestFailure:
    there = said.location.removesuffix("/chat/completions")
    to = f" to {there}" if there else ""
    remedy = (
        f"if that is the server you mean, write base_url={there}"
        if "://" in there
        else "write the address where it answers in base_url"
    )
    return RequestFailure(
        f"the server of model {named} sends elsewhere (status {said.status}{to}), which is not followed",
        retryable=False,
        remedy=remedy,
    )
