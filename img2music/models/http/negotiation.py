"""How a server is asked, and what of it is given up when the server does not take it: content negotiation by its refusals.

One change at a time, whichever the server names, with a bound; what was learned holds for the client's later questions, so that no
refusal is paid twice. A picture is never left out: a model that answers without it would make things up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.models.http.failed_request import RequestFailure
    from img2music.models.model_spec import ModelSpec

__all__ = ["MOST_CHANGES", "RequestSettings"]

MOST_CHANGES = 8
"""More than there are things to leave out; a server that refuses in circles is left."""
_PLAINER = {"schema": "json", "json": "none"}
_OTHER_NAME = {"max_completion_tokens": "max_tokens", "max_tokens": "max_completion_tokens"}
_FEWEST_TOKENS = 256
_MOST_TOKENS = 32_000
_SMALLER_PICTURE = 384
"""Pixels of the longer side where a server finds the picture too large; usually it has 768."""
_HOLDS = re.compile(r"context (?:length|size|window)\D{0,40}(\d{3,7})", re.IGNORECASE)
_READ = re.compile(
    r"\(?(\d{1,7})(?: tokens)? (?:in the (?:messages|prompt)|input tokens|prompt tokens)|(?:request has|prompt contains)(?: at least)? (\d{1,7})"
)
_AT_MOST = re.compile(
    r"(?:at most|less than or equal to|maximum(?: value| is| of|:)*|up to|<=|range is \[\d+, ?) ?(\d{2,7})", re.IGNORECASE
)
_PRINTED = 64
"""Tokens that a server's count of the question may be short of."""


@dataclass(slots=True)
class RequestSettings:
    """How one server is asked; it changes as the server refuses."""

    structured: str
    """"schema", "json" or "none"."""
    temperature: float | None
    max_tokens: int
    tokens_name: str | None
    """What the server calls the length of an answer; None leaves it to the server."""
    seed: bool = True
    system_apart: bool = True
    """Whether the system's words are a message of their own; else they begin the user's first."""
    picture_longest: int | None = None
    """Pixels of the longer side that a picture is made smaller to; None sends it as it is."""
    too_few_tokens: int = 0
    """An answer did not fit into so many tokens."""
    picture_refusal: str = ""
    """What the server said when it was shown a picture that it can't see."""
    other_name_tried: bool = False

    @classmethod
    def of(cls, spec: ModelSpec) -> RequestSettings:
        """How the model that `spec` names is asked first.

        "max_tokens" is what all servers know but OpenAI's, whose thinking models want "max_completion_tokens".
        """
        options = spec.options
        at_home = options.base_url is None
        return cls(
            options.structured, options.temperature, options.max_tokens, "max_completion_tokens" if at_home else "max_tokens"
        )

    def adapt(self, failure: RequestFailure, *, has_schema: bool) -> str | None:
        """Changes what `failure` is about and says what was done, for the record; None where nothing is left to change."""
        if "picture" in failure.rejected:
            self.picture_refusal = failure.cause
            return None
        if failure.unexplained:
            return self._leave_out_all(has_schema=has_schema)
        for refused in failure.rejected:
            done = self._leave_out(refused, failure, has_schema=has_schema)
            if done is not None:
                return done
        return None

    def drop_response_format(self) -> str | None:
        """Asks in words alone."""
        if self.structured == "none":
            return None
        self.structured = "none"
        return "asked again without response_format"

    def raise_max_tokens(self, *, times: int) -> str | None:
        """Allows a longer answer, once for each that was too long; None at the bound."""
        more = min(self.max_tokens * times, _MOST_TOKENS)
        if self.tokens_name is None or more <= self.max_tokens:
            return None
        self.too_few_tokens, self.max_tokens = self.max_tokens, more
        return f"asked again with max_tokens={more}"

    def _leave_out_all(self, *, has_schema: bool) -> str | None:
        """Everything is left out at once that a server may not know: it does not say what it was."""
        plain = (self.structured == "none" or not has_schema) and not self.seed and self.temperature is None
        if plain:
            return None
        self.structured, self.seed, self.temperature = "none", False, None
        return "asked again without response_format, seed and temperature"

    def _leave_out(self, refused: str, failure: RequestFailure, *, has_schema: bool) -> str | None:
        """Changes one thing; None where it is changed already."""
        if refused == "tokens":
            return self._fewer_tokens(failure.server_message.text)
        if refused in _OTHER_NAME:
            return self._other_name(refused)
        done = None
        if refused == "response_format" and has_schema and self.structured in _PLAINER:
            self.structured = _PLAINER[self.structured]
            done = "without response_format" if self.structured == "none" else "with response_format json_object"
        elif refused == "seed" and self.seed:
            self.seed = False
            done = "without seed"
        elif refused == "temperature" and self.temperature is not None:
            self.temperature = None
            done = "without temperature"
        elif refused == "system" and self.system_apart:
            self.system_apart = False
            done = "with the system's words in the user's first message"
        elif refused == "picture_size" and self.picture_longest is None:
            self.picture_longest = _SMALLER_PICTURE
            done = f"with the picture at {_SMALLER_PICTURE} pixels"
        return None if done is None else f"asked again {done}"

    def _other_name(self, refused: str) -> str | None:
        """The length of an answer by its other name, then not at all."""
        if refused != self.tokens_name:
            return None
        self.tokens_name = None if self.other_name_tried else _OTHER_NAME[refused]
        self.other_name_tried = True
        return f"asked again with {self.tokens_name}" if self.tokens_name else "asked again without a longest answer"

    def _fewer_tokens(self, said: str) -> str | None:
        """As many as the server says that it has room for; half as many where it does not say."""
        holds, read, most = _HOLDS.search(said), _READ.search(said), _AT_MOST.search(said)
        if holds is not None and read is not None:
            fits = int(holds[1]) - int(read[1] or read[2]) - _PRINTED
        elif most is not None and holds is None:
            fits = int(most[1])
        else:
            fits = self.max_tokens
        if fits >= self.max_tokens:  # it says nothing, or what it says was not enough
            fits = self.max_tokens // 2
        if self.tokens_name is None or fits < _FEWEST_TOKENS or fits <= self.too_few_tokens:
            return None
        self.max_tokens = fits
        return f"asked again with max_tokens={fits}"
