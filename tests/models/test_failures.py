"""What an error of a provider means, and that no key is told."""

from __future__ import annotations

import re

import pytest

from img2music.errors import BackendError
from img2music.models.failures import classify_failure
from img2music.models.http.redaction import redact_secrets

KEY = "Zq8-odd-looking-credential-77"


class APITimeoutError(Exception):
    pass


class ConnectError(Exception):
    pass


class LengthFinishReasonError(Exception):
    pass


class ContentFilterFinishReasonError(Exception):
    pass


class JSONDecodeError(Exception):
    pass


class Odd(Exception):  # noqa: N818  some libraries name them so
    pass


@pytest.mark.parametrize(
    ("error", "said", "again"),
    [
        (APITimeoutError("x"), "did not answer in time; it may still be writing.*; raise its timeout", False),
        (TimeoutError("x"), "did not answer in time; it may still be writing.*; raise its timeout", False),
        (ConnectError("refused"), r"no connection to model 'm' \(refused\); start its server", True),
        (LengthFinishReasonError("x"), "was cut off; raise max_tokens", False),
        (ContentFilterFinishReasonError("no"), r"refuses to answer \(no\); change", False),
        (JSONDecodeError("line 1"), r"sent what is no answer \(line 1\); check base_url", True),
        (KeyError("choices"), "no answer.*KeyError.*check base_url", True),
        (Odd("a\nb" * 500), "failed.*Odd.*; try again", True),
        (MemoryError(), "failed.*MemoryError.*; try again", True),
        (BackendError("our own line; do this"), "^our own line; do this$", False),
    ],
)
def test_what_an_error_means(error: Exception, said: str, again: bool) -> None:
    trouble = classify_failure(error, "m")
    assert re.search(said, trouble.text)
    assert "\n" not in trouble.text
    assert len(trouble.text) < 500
    assert trouble.retryable is again


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Incorrect API key: sk-proj-abcDEF123456.", "Incorrect API key: ***."),
        ("authorization: Bearer abc.def.ghi", "authorization: ***"),
        ("token hf_abcdefghijkl is wrong", "token *** is wrong"),
        ("gsk_0123456789ab and xai-0123456789ab", "*** and ***"),
        (f"you sent {KEY}", "you sent ***"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_keys_are_cut_out(text: str, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    monkeypatch.setenv("SHORT_KEY", "a")  # would cut every word
    assert redact_secrets(text) == kept
