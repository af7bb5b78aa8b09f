"""Keeps keys and passwords out of messages: whatever a server or a library says may repeat what it was sent."""

from __future__ import annotations

import os
import re

__all__ = ["redact_secrets", "redact_value"]

_KEYLIKE = re.compile(r"\b(sk|pk|hf|gsk|xai|key)[-_][A-Za-z0-9*_-]{6,}|\bBearer\s+\S+", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^\s/@]{1,200}@")
"""User and password in an address, such as a proxy's."""
_SECRET_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")
_SHORTEST_KEY = 6


def redact_value(text: str, variable: str | None) -> str:
    """`text` without the value of an environment variable."""
    value = os.environ.get(variable, "").strip() if variable is not None else ""
    return text.replace(value, "***") if len(value) >= _SHORTEST_KEY else text


def redact_secrets(text: str, variable: str | None = None) -> str:
    """`text` without the values of environment variables that hold keys, `variable` too, and without what looks like one."""
    for name in (variable, *(name for name in os.environ if _SECRET_NAMES.search(name.upper()))):
        text = redact_value(text, name)
    return _LOGIN.sub("***@", _KEYLIKE.sub("***", text))
