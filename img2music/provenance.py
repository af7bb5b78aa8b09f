"""What is told of the work beside its result: each step as it happens, which model was asked with which prompt, what had to be mended.

A stage notes, whoever runs it collects; where nobody collects, the note is dropped:

    with collect_model_uses() as uses:
        scene = perceiver(picture)

Knows nothing of models and of stages.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from img2music.strict_model import StrictModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "MODEL_THREAD",
    "MOST_TOKENS",
    "Event",
    "ModelUse",
    "RecordedExchange",
    "SoundTake",
    "SoundUse",
    "collect_answers",
    "collect_model_uses",
    "collect_sound_uses",
    "notices_to",
    "record_answer",
    "record_model_use",
    "record_sound_use",
    "tell_notice",
]

MODEL_THREAD = "img2music-model"
"""Name of the threads in which models are asked."""

Short = Annotated[str, Field(max_length=300)]
_LONGEST_LINE, _MOST_MENDS = 2000, 120
Line = Annotated[str, Field(max_length=_LONGEST_LINE)]
MOST_TOKENS = 10**12
"""No conversation is longer: a larger count is a server's mistake."""
Count = Annotated[int, Field(ge=0, le=MOST_TOKENS)]


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the work."""

    stage: str
    """A kind of stage ("perceiver", "planner" ...), or "files"."""
    state: Literal["started", "progress", "finished", "fallback", "notice"]
    """"progress" comes between the first and the third, at most a hundred times a step, where the step knows how far it is; "notice" tells
    what binds the user, or what is about to be fetched, before it is."""
    seconds: float
    """How long the step took; 0 unless it is finished."""
    message: str
    """For people: what is being done, or what was done instead of what was asked, and why."""
    fraction: float | None = None
    """How much of the step is done, 0..1, never less than before in the same step; None of a fallback and of a notice."""


class ModelUse(StrictModel):
    """One conversation of a stage with a model."""

    stage: Short
    """Its kind: "perceiver", "planner", "realizer"."""
    model: Line
    """The line that names it, "openai:gpt-4o-mini"; never with a secret."""
    prompt: Short
    """Name of the template."""
    prompt_digest: Short
    """Of the template's text: sixteen hexadecimal digits."""
    schema_name: Short
    """What the answer had to be, with its version: "scene/1"."""
    accepted: bool
    """Whether an answer was used, perhaps a mended one."""
    answers: Count
    """How many answers came, those from the cache too."""
    asked: Count
    """How many requests went out, retries too; 0 when every answer came from the cache."""
    repairs: Count
    """How often faults were quoted back."""
    faults: Annotated[tuple[Line, ...], Field(max_length=60)] = ()
    """What was wrong with the answers, in the order found."""
    mended: Annotated[tuple[Line, ...], Field(max_length=_MOST_MENDS)] = ()
    """What was put right without the model."""
    citations: Count = 0
    """How often the answer named a cue as its reason."""
    unfounded: Count = 0
    """How many of those name nothing that is there."""
    tokens_in: Count = 0
    tokens_out: Count = 0
    """Tokens that were read and written for the requests that went out, as the model's server counts them."""
    cost_usd: Annotated[float, Field(ge=0, le=1e9)] | None = None
    """None where no price is configured."""
    seconds: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    """Waiting for the model, by the wall clock."""
    answer: Annotated[str, Field(max_length=200_000)] = ""
    """The answer that was used, where the result can't be told without it: a tune that a model wrote."""

    def with_outcome(
        self, *, accepted: bool, mended: Iterable[str] = (), citations: int = 0, unfounded: int = 0, answer: str = ""
    ) -> ModelUse:
        """The same with what its stage made of the answers; of mends no more than there is room for."""
        told = tuple(mend[:_LONGEST_LINE] for mend in mended)[:_MOST_MENDS]
        outcome = {"accepted": accepted, "mended": told, "citations": citations, "unfounded": unfounded, "answer": answer}
        return self.model_copy(update=outcome)


class SoundTake(StrictModel):
    """One sound that a neural renderer made, and what was heard in it."""

    seed: Annotated[int, Field(ge=0, lt=2**63)]
    kept: bool
    mark: Annotated[float, Field(ge=0, le=1)] | None
    """How far it does what the score says, 0..1, higher is better; None where it was not listened to."""
    heard: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """What was asked and what was found, a line each: "tempo: asked 92, found 91.6 (sure .8)"."""


class SoundUse(StrictModel):
    """What a neural renderer did: which model with which weights, what it was told, and how far it obeyed."""

    renderer: Short
    """Its name in the registry."""
    weights: Line
    """Name of the weights; of a folder only its last part."""
    licence: Short
    """Of the weights; "not known" where nobody says."""
    commercial: bool | None
    """Whether that licence allows commercial use; None where it is not known."""
    device: Short
    """"cpu", "cuda: NVIDIA L4"."""
    precision: Short
    """"float32", "bfloat16"."""
    prompt: Short = ""
    """Name of the template that the text was made with."""
    text: Annotated[str, Field(max_length=10_000)] = ""
    """What the model was told in words."""
    conditions: Annotated[tuple[Line, ...], Field(max_length=60)] = ()
    """What else it was told, a line each: "chroma of the melody, 235 frames", "bpm 92"."""
    takes: Annotated[tuple[SoundTake, ...], Field(max_length=64)] = ()
    notes: Annotated[tuple[Line, ...], Field(max_length=60)] = ()
    """What had to be done otherwise than asked, and why: "the model plays 30 s at most: four windows joined at bar lines"."""
    versions: Annotated[dict[Short, Short], Field(max_length=20)] = Field(default_factory=dict)
    """Of a program in an environment of its own: what it says it is made of, "torch": "2.1.0". What is in this one stands in the manifest."""


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One answer word for word, as a file of recorded answers holds it (`img2music.models.providers.replay_model`)."""

    question: str
    """Digest of what was asked."""
    answer: str
    tokens_in: int = 0
    tokens_out: int = 0


_answers: ContextVar[list[RecordedExchange] | None] = ContextVar("img2music_answers", default=None)
_notes: ContextVar[list[ModelUse] | None] = ContextVar("img2music_provenance", default=None)
_sounds: ContextVar[list[SoundUse] | None] = ContextVar("img2music_sounds", default=None)
_told: ContextVar[Callable[[str], None] | None] = ContextVar("img2music_notices", default=None)


@contextmanager
def collect_model_uses() -> Iterator[list[ModelUse]]:
    """A list that fills with what stages tell while the block runs, also when it ends with an error."""
    uses: list[ModelUse] = []
    token = _notes.set(uses)
    try:
        yield uses
    finally:
        _notes.reset(token)


def record_model_use(use: ModelUse) -> None:
    """Notes a conversation for whoever collects."""
    uses = _notes.get()
    if uses is not None:
        uses.append(use)


@contextmanager
def collect_answers() -> Iterator[list[RecordedExchange]]:
    """A list that fills with every answer that comes while the block runs, from the cache too."""
    answers: list[RecordedExchange] = []
    token = _answers.set(answers)
    try:
        yield answers
    finally:
        _answers.reset(token)


def record_answer(answer: RecordedExchange) -> None:
    """Notes an answer for whoever collects."""
    answers = _answers.get()
    if answers is not None:
        answers.append(answer)


@contextmanager
def collect_sound_uses() -> Iterator[list[SoundUse]]:
    """A list that fills with what neural renderers tell while the block runs, also when it ends with an error."""
    uses: list[SoundUse] = []
    token = _sounds.set(uses)
    try:
        yield uses
    finally:
        _sounds.reset(token)


def record_sound_use(use: SoundUse) -> None:
    """Notes what a neural renderer did for whoever collects."""
    uses = _sounds.get()
    if uses is not None:
        uses.append(use)


@contextmanager
def notices_to(tell: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, `tell` is given what people have to know before it happens: a licence, a download."""
    token = _told.set(tell)
    try:
        yield
    finally:
        _told.reset(token)


def tell_notice(message: str) -> None:
    """Tells whoever listens, before it happens, what binds the user or what is about to be fetched: one sentence for people."""
    tell = _told.get()
    if tell is not None:
        tell(message)
