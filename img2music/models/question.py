"""What a model is asked and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.models.parsing.json_schema import JsonObject
    from img2music.templates import Message

__all__ = ["Answer", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    messages: tuple[Message, ...]
    schema: JsonObject | None
    """JSON schema of the answer: every field required, nothing else allowed, everything bounded. None for plain text."""
    schema_name: str
    """With its version: "scene/1"."""
    prompt_digest: str
    picture_jpeg: bytes | None = None
    """Goes with the first message of the user."""
    picture_sha256: str = ""
    """Hash of the picture's file: what is asked about another picture is another question, whatever is sent."""
    seed: int = 0


@dataclass(slots=True)
class Answer:
    """What came back."""

    text: str
    finish: str = "stop"
    """"stop", "length" (cut off) or "refusal"."""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    """Spent on waiting for the model, retries and back-off included."""
    asked: int = 0
    """Requests that went out; 0 when it came from the cache."""
    question: str = ""
    """Digest by which recorded answers name the question."""
    incidents: tuple[str, ...] = field(default=())
    """What failed before it came, and what was done about it."""

    @property
    def cached(self) -> bool:
        """Whether nobody was asked."""
        return self.asked == 0
