"""A failed request, as whoever asks has to know it: the cause, the remedy, and what may help."""

from __future__ import annotations

from dataclasses import dataclass, field

from img2music.errors import BackendError
from img2music.models.http.error_body import ServerMessage

__all__ = ["RequestContext", "RequestFailure", "UnusableResponseError", "backend_error", "cause_chain"]

_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class RequestFailure:
    """One failed request."""

    cause: str
    retryable: bool
    """Whether the same request may succeed later."""
    remedy: str = ""
    rejected: tuple[str, ...] = ()
    """What the server does not take, the likeliest first: a parameter, "system", "picture", "picture_size" or "tokens" (too many)."""
    wait_seconds: float | None = None
    """How long the server asks to wait."""
    loading: bool = False
    """Whether the model is not there yet, so that waiting is all that helps."""
    answer_discarded: bool = False
    """Whether the server threw an answer away because it did not keep its form."""
    unexplained: bool = False
    """Whether the request was refused without a word."""
    wrong_address: bool = False
    """Whether nothing that answers questions seems to be at that address."""
    server_message: ServerMessage = field(default_factory=ServerMessage)

    @property
    def text(self) -> str:
        """One line with the remedy."""
        return f"{self.cause}; {self.remedy}" if self.remedy else self.cause

    def with_action(self, action: str) -> str:
        """One line for the record that tells what was done about it."""
        return f"{self.cause}; {action}"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What is known of a request that failed."""

    secret_variable: str | None = None
    """The environment variable whose value is not told."""
    has_picture: bool = False
    """Whether a picture went along."""
    proxy: str = ""
    """The environment variable that names the proxy in between."""
    limit_name: str = "its timeout"
    """What ends the waiting for an answer."""
    limit_seconds: float | None = None
    """And after how long."""


class UnusableResponseError(Exception):
    """An answer that can't be taken in: the cause after "the answer", and the remedy."""

    def __init__(self, cause: str, remedy: str, *, retryable: bool = False) -> None:
        """`retryable` says whether asking the same again may help."""
        super().__init__(cause)
        self.cause, self.remedy, self.retryable = cause, remedy, retryable


def cause_chain(error: BaseException) -> list[BaseException]:
    """The error and what it came of, the outermost first."""
    chain = [error]
    while len(chain) < _DEEPEST and (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    return chain


def backend_error(failure: RequestFailure) -> BackendError:
    """The error that a stage fails with."""
    return BackendError(failure.text)
