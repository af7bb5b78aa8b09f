"""What can go wrong between us and a model, told apart by what helps: wait, ask more plainly, or give up.

Providers raise their own errors; they are recognised by what all of them carry (an HTTP status, the name of the class), so no
provider's package is imported here. Messages are cleaned of anything that looks like a key.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from img2music.errors import BackendError, Img2MusicError

__all__ = ["Trouble", "trouble_of", "without_secrets"]

_KEYLIKE = re.compile(r"\b(sk|pk|hf|gsk|xai|key)[-_][A-Za-z0-9*_-]{6,}|\bBearer\s+\S+", re.IGNORECASE)
_SHORTEST_KEY = 6
_DEEPEST = 10
_BUSY = {408, 409, 425, 429}
_REMEDIES = {
    401: "check the key in the environment",
    403: "check what the key may do",
    404: "check the model's name and base_url",
    413: "ask with a shorter prompt",
}
# Part of the class's name, what to say, whether the same request may succeed later.
_BY_NAME: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("Timeout",), "model {label} did not answer in time; raise its timeout, or ask a faster model", True),
    (("Connect",), "no connection to model {label} ({text}); start its server, or check base_url", True),
    (("LengthFinish",), "the answer of model {label} was cut off; raise max_tokens", False),
    (("Refusal", "ContentFilter"), "model {label} refuses to answer ({text}); change the picture or the words", False),
    (("JSON", "Validation"), "the server of model {label} sent what is no answer ({text}); check base_url", True),
)
_PARAMETERS = (
    "response_format",
    "seed",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "guided",
    "json_schema",
    "grammar",
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failed request."""

    text: str
    """One line with the remedy."""
    again: bool
    """Whether the same request may succeed later."""
    refuses: str | None = None
    """The parameter that the server does not take, so that asking without it may help."""
    wait_seconds: float | None = None
    """How long the server asks to wait."""


def trouble_of(error: BaseException, label: str, *, secret_variable: str | None = None) -> Trouble:
    """What `error`, raised while asking the model `label`, means. The value of `secret_variable` is not told."""
    if isinstance(error, Img2MusicError):
        return Trouble(str(error), again=False)
    name = type(error).__name__
    said = _root_of(error) if "Connect" in name else error  # "Connection error." tells nothing
    text = without_secrets(" ".join(str(said).split()), secret_variable)[:300]
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _of_status(status, text, label, error)
    for signs, sentence, again in _BY_NAME:
        if any(sign in name for sign in signs):
            return Trouble(sentence.format(label=repr(label), text=text or name), again=again)
    if isinstance(error, ValueError | TypeError | LookupError | AttributeError):
        return Trouble(f"the server of model {label!r} sent what is no answer ({name}: {text}); check base_url", again=True)
    return Trouble(f"model {label!r} failed ({name}: {text}); try again, or another model", again=True)


def _root_of(error: BaseException) -> BaseException:
    """What an error came of in the end."""
    for _ in range(_DEEPEST):
        error = error.__cause__ or error.__context__ or error
    return error


def _of_status(status: int, text: str, label: str, error: BaseException) -> Trouble:
    if status in _BUSY or status >= 500:
        what = "is busy" if status in _BUSY else "has a fault"
        return Trouble(
            f"the server of model {label!r} {what} (status {status}); try again later", again=True, wait_seconds=_wait(error)
        )
    if status in {400, 422}:
        refused = next((name for name in _PARAMETERS if name in text.lower()), None)
        return Trouble(f"model {label!r} refuses the request ({text}); check its options", again=False, refuses=refused)
    return Trouble(
        f"model {label!r} can't be asked (status {status}: {text}); {_REMEDIES.get(status, 'check its options')}", again=False
    )


def _wait(error: BaseException) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        return max(0.0, float(headers["retry-after"])) if headers is not None else None
    except (KeyError, ValueError, TypeError):
        return None


def without_value(text: str, variable: str | None) -> str:
    """`text` without the value of an environment variable."""
    value = os.environ.get(variable, "").strip() if variable is not None else ""
    return text.replace(value, "***") if len(value) >= _SHORTEST_KEY else text


def without_secrets(text: str, variable: str | None = None) -> str:
    """`text` without the values of environment variables that hold keys, `variable` too, and without what looks like one."""
    for name in (variable, *(name for name in os.environ if re.search(r"KEY|TOKEN|SECRET|PASSWORD", name.upper()))):
        text = without_value(text, name)
    return _KEYLIKE.sub("***", text)


def give_up(trouble: Trouble) -> BackendError:
    """The error that a stage fails with."""
    return BackendError(trouble.text)
