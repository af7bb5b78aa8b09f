"""A conversation that ends: ask, check, quote the faults back, at most twice, keep the best answer, and put it on record.

The check is the caller's: it gets the text of an answer and returns what it is worth, or raises `AnswerError` where it is worth nothing.
What is worth something may still have faults: then they are quoted, and of all answers the one with the fewest is kept, the first among
equals. Cut-off answers and refusals are faults like others; a refusal is not argued with. Where the faults lie in fields that can be
mended by themselves, only those are asked again (`repair_question`); else the whole question goes out once more, with the answer and its
faults.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from img2music.errors import BackendError
from img2music.models.chat_response import refusal_error
from img2music.models.parsing.json_answer import AnswerError, parse_json_answer
from img2music.models.question import Answer, Question
from img2music.models.repair_question import RepairQuestions, merge_patch
from img2music.provenance import ModelUse, record_model_use

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from img2music.io.pictures import Picture
    from img2music.models.client import Client
    from img2music.models.parsing.json_schema import JsonObject
    from img2music.templates import PromptTemplate

__all__ = ["MOST_REPAIRS", "Reply", "converse"]

MOST_REPAIRS = 2
_MOST_FAULTS_ON_RECORD, _LONGEST_FAULT_ON_RECORD = 60, 2000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """How a conversation ended."""

    value: T | None
    """What the answer without faults is worth, else the best of those with faults; None where no answer is worth anything."""
    text: str
    """The answer that `value` came of, else the last one; patches are laid over what they mend."""
    faults: tuple[str, ...]
    """What is wrong with that answer; () when it was accepted."""
    use: ModelUse
    """For the record: the caller adds what it mended (`ModelUse.with_outcome`) and records it."""

    def unusable(self, what: str, remedy: str = "try another model or prompt") -> BackendError:
        """The error for a conversation that came to nothing. It is put on record."""
        record_model_use(self.use)
        tries = f"{self.use.answers} {'try' if self.use.answers == 1 else 'tries'}"
        return BackendError(f"model {self.use.model!r} gave no usable {what} in {tries} ({self.faults[0]}); {remedy}")


def _no_faults(_: object) -> tuple[str, ...]:
    return ()


def converse(
    client: Client,
    template: PromptTemplate,
    values: Mapping[str, str],
    *,
    stage: str,
    schema: JsonObject | None,
    check: Callable[[str], T],
    until: float,
    faults_of: Callable[[T], tuple[str, ...]] = _no_faults,
    weight_of: Callable[[T], int] | None = None,
    seed: int = 0,
    picture: Picture | None = None,
    picture_sha256: str = "",
    repairs: int = MOST_REPAIRS,
    quote: bool = True,
    patched: Collection[str] = (),
    vocabulary: JsonObject | None = None,
) -> Reply[T]:
    """Asks until an answer passes `check` without faults, quoting its faults at most `repairs` times.

    Args:
        client: who is asked.
        template: what is asked.
        values: what its variables are filled with.
        stage: kind of the stage that asks, for the record.
        schema: JSON schema of the answer, None for plain text; its name is the template's.
        check: what an answer's text is worth; raises `AnswerError` where it is worth nothing.
        until: time limit of the whole conversation, of `time.monotonic`.
        faults_of: what the model should mend in what `check` returned, each fault beginning with its place.
        weight_of: how bad those faults are, to choose the best answer by; None counts them.
        seed: another seed is another question.
        picture: shown to the model.
        picture_sha256: which picture it is about, where it is not shown.
        repairs: how often faults are quoted.
        quote: whether they are; else the same question is asked anew with another seed, because a very small model copies its faults.
        patched: the fields that can be asked again by themselves, without the rest of the question and without the picture.
        vocabulary: the schema with every list of names, for saying what is allowed; None where `schema` has them all.

    Raises:
        BackendError: no answer came, or the model refuses, and no earlier answer is worth anything. It has been put on record.
    """
    question = _question(template, values, schema, seed, picture, picture_sha256)
    repair = RepairQuestions(template.system, quote, frozenset(patched), vocabulary or schema or {})
    conversation: _Conversation[T] = _Conversation(client, _first_use(client, template, stage), question, repair)
    for last in (*[False] * repairs, True):
        try:
            answer = conversation.ask(until)
        except BackendError:
            if conversation.best is None:
                raise
            break
        attempt = _checked(answer, conversation.to_patch, check, faults_of, weight_of)
        if not attempt.faults:
            return Reply(attempt.value, attempt.text, (), conversation.use.with_outcome(accepted=True))
        conversation.note(attempt, last=last)
    return conversation.close()


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[T]):
    """One answer, checked."""

    text: str
    value: T | None
    faults: tuple[str, ...]
    weight: int


def _checked(
    answer: Answer,
    to_patch: JsonObject | None,
    check: Callable[[str], T],
    faults_of: Callable[[T], tuple[str, ...]],
    weight_of: Callable[[T], int] | None,
) -> _Attempt[T]:
    """What an answer is worth; where it is a patch, the answer that it mends with the patch laid over it."""
    text, weight = answer.text, 0
    value: T | None = None
    try:
        if to_patch is not None:
            text = json.dumps(merge_patch(to_patch, parse_json_answer(text)), ensure_ascii=False)
        value = check(text)
    except AnswerError as error:
        faults = error.faults
    else:
        faults = AnswerError(*faults_of(value)).faults  # no more of them than a model is told
        weight = len(faults) if weight_of is None else weight_of(value)
    if faults and answer.finish == "length":
        faults = ("the answer was cut off: it is too long; answer more briefly", *faults)
    return _Attempt(text, value, faults, weight)


@dataclass(slots=True)
class _Conversation(Generic[T]):
    """What was asked and answered so far."""

    client: Client
    use: ModelUse
    whole: Question
    """The whole question, as it stands after the answers so far."""
    repair: RepairQuestions
    to_patch: JsonObject | None = None
    """The answer that a patch was asked for."""
    best: _Attempt[T] | None = None
    last: _Attempt[T] | None = None
    told: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    begin: float = field(default_factory=monotonic)
    asked_before: int = 0

    def __post_init__(self) -> None:
        self.questions.append(self.whole)
        self.asked_before = self.client.asked

    def ask(self, until: float) -> Answer:
        """The answer to the question that is next.

        Raises:
            BackendError: none, or a refusal. It is put on record where no earlier answer can be used.
        """
        question = self.questions[-1]
        try:
            answer = self.client.ask(question, until=until)
            if answer.finish == "refusal":
                self.client.forget(question)
                raise refusal_error(answer, self.client.spec.label)
        except BackendError as error:
            self.told.append(str(error)[:_LONGEST_FAULT_ON_RECORD])
            # The reason why it ended stands on record, however many faults came before.
            kept = (*self.told[:-1][: _MOST_FAULTS_ON_RECORD - 1], self.told[-1])
            asked, seconds = self.client.asked - self.asked_before, monotonic() - self.begin
            self.use = self.use.model_copy(update={"asked": asked, "faults": kept, "seconds": seconds})
            if self.best is None:
                record_model_use(self.use)
            raise
        self.told += answer.incidents
        self.use = _counted(self.use, answer, self.client, self.client.asked - self.asked_before)
        self._put_on_record()
        return answer

    def note(self, attempt: _Attempt[T], *, last: bool) -> None:
        """Keeps an answer with faults if it is the best so far, and prepares the next question unless it was the last."""
        self.last = attempt
        if attempt.value is not None and (self.best is None or attempt.weight < self.best.weight):
            self.best = attempt
        self.told += attempt.faults
        self._put_on_record()
        if last:
            for question in self.questions:  # a bad answer that stays would be the first of the next conversation too
                self.client.forget(question)
            return
        self.use = self.use.model_copy(update={"repairs": self.use.repairs + 1})
        question, self.to_patch = self.repair.next_question(self.whole, attempt.text, attempt.faults)
        self.questions.append(question)
        if self.to_patch is None:
            self.whole = question

    def close(self) -> Reply[T]:
        """The best answer where none was without faults."""
        attempt = self.best or self.last
        assert attempt is not None  # noqa: S101  a conversation has an answer, or has raised
        return Reply(attempt.value, attempt.text, attempt.faults, self.use.with_outcome(accepted=attempt.value is not None))

    def _put_on_record(self) -> None:
        self.use = self.use.model_copy(update={"faults": tuple(self.told)[:_MOST_FAULTS_ON_RECORD]})


def _first_use(client: Client, template: PromptTemplate, stage: str) -> ModelUse:
    return ModelUse(
        stage=stage,
        model=client.spec.label,
        prompt=template.name,
        prompt_digest=template.digest,
        schema_name=template.schema_name,
        accepted=False,
        answers=0,
        asked=0,
        repairs=0,
    )


def _question(
    template: PromptTemplate,
    values: Mapping[str, str],
    schema: JsonObject | None,
    seed: int,
    picture: Picture | None,
    sha256: str,
) -> Question:
    from img2music.io.pictures import preview_jpeg

    return Question(
        messages=template.render(values),
        schema=schema,
        schema_name=template.schema_name,
        prompt_digest=template.digest,
        picture_jpeg=None if picture is None else preview_jpeg(picture, longest=768),
        picture_sha256=sha256 if picture is None else picture.sha256,
        seed=seed,
    )


def _counted(use: ModelUse, answer: Answer, client: Client, asked: int) -> ModelUse:
    tokens_in, tokens_out = use.tokens_in + answer.tokens_in, use.tokens_out + answer.tokens_out
    return use.model_copy(
        update={
            "answers": use.answers + 1,
            "asked": asked,
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "cost_usd": client.spec.cost_usd(tokens_in, tokens_out),
            "seconds": use.seconds + answer.seconds,
        }
    )
