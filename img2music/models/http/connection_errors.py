"""What fails on the way to a server: its name, its certificate, the proxy, the connection, the time.

Libraries wrap these causes several times over ("Connection error."), so the whole chain is looked at, by names of classes and words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.models.http.failed_request import RequestFailure, cause_chain
from img2music.models.http.redaction import redact_secrets

if TYPE_CHECKING:
    from img2music.models.http.failed_request import RequestContext

__all__ = ["classify_connection_error"]

_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|CertificateError", re.IGNORECASE)
_NO_TLS = re.compile(
    r"WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|record layer failure|wrong version number", re.IGNORECASE
)
_NO_NAME = re.compile(
    r"gaierror|name or service not known|nodename nor servname|name resolution|getaddrinfo|no address associated", re.IGNORECASE
)
_CUT = re.compile(r"RemoteProtocolError|IncompleteRead|ReadError|ConnectionReset|disconnected|peer closed|BrokenPipe|WriteError")
_SIGNS = ("Connect", "Timeout", "Proxy", "SSL", "Protocol", "gaierror", "ReadError")
_LONGEST = 200


def classify_connection_error(error: BaseException, label: str, known: RequestContext) -> RequestFailure | None:
    """The failure, where `error` came of the connection or of the time limit; None for another."""
    chain = cause_chain(error)
    names = " ".join(type(each).__name__ for each in chain)
    if not any(sign in names for sign in _SIGNS):
        return None
    whole = " ".join(f"{type(each).__name__} {each}" for each in chain)[:4000]
    text = _told(chain[-1], known)
    named = repr(label)
    if "ProxyError" in names:
        said = _told(next(each for each in chain if "ProxyError" in type(each).__name__), known)
        variable = known.proxy or "the environment"
        return RequestFailure(
            f"the proxy that {variable} names does not let us through to model {named} ({said})",
            retryable=False,
            remedy=f"check {variable}, or name the server in NO_PROXY",
        )
    if _CERTIFICATE.search(whole) or _NO_TLS.search(whole):
        return _unsafe(named, re.sub(r"\s*\(_ssl\.c:\d+\)", "", text), has_tls=not _NO_TLS.search(whole))
    if "Timeout" in names and "ConnectTimeout" not in names:
        after = "" if known.limit_seconds is None else f" within {known.limit_seconds:.3g} s"
        return RequestFailure(
            f"model {named} did not answer in time{after}; it may still be writing, so the same was not sent again",
            retryable=False,
            remedy=f"raise {known.limit_name}, or ask a faster model",
        )
    if _CUT.search(whole):
        return RequestFailure(
            f"the connection to model {named} was cut before its answer was whole ({text})",
            retryable=True,
            remedy="look into the server's log: it may have crashed, or run out of memory",
        )
    return _unconnected(
        named, "no answer to the connection" if "Timeout" in names else text, known, nameless=bool(_NO_NAME.search(whole))
    )


def _told(error: BaseException, known: RequestContext) -> str:
    """What an error says, or its name."""
    return redact_secrets(" ".join(str(error).split())[:2000] or type(error).__name__, known.secret_variable)[:_LONGEST]


def _unsafe(named: str, text: str, *, has_tls: bool) -> RequestFailure:
    if not has_tls:
        return RequestFailure(
            f"the server of model {named} does not speak TLS ({text})", retryable=False, remedy="write http:// in base_url"
        )
    return RequestFailure(
        f"the certificate of the server of model {named} can't be verified ({text})",
        retryable=False,
        remedy="name the file of its authority in SSL_CERT_FILE, or check base_url",
    )


def _unconnected(named: str, text: str, known: RequestContext, *, nameless: bool) -> RequestFailure:
    """Nobody there; `nameless` where not even the name is known."""
    if nameless:
        text = f"the name of its {'proxy' if known.proxy else 'server'} can't be found: {text}"
    if known.proxy:
        return RequestFailure(
            f"no connection to the proxy that {known.proxy} names, so none to model {named} ({text})",
            retryable=True,
            remedy=f"check {known.proxy}, or name the server in NO_PROXY",
        )
    remedy = "check base_url and the network" if nameless else "start its server, or check base_url"
    return RequestFailure(f"no connection to model {named} ({text})", retryable=True, remedy=remedy)
