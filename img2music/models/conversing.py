"""A conversation that ends: ask, check, quote the faults back, at most twice, and tell the journal.

The check is the caller's: it gets the text of an answer and returns what it is worth, or raises `AnswerError`. Cut-off answers
and refusals are faults like others; a refusal is not argued with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from img2music.errors import BackendError
from img2music.journal import ModelUse
from img2music.models.answers import AnswerError
from img2music.models.asking import Answer, Client, Question, refused
from img2music.templates import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from img2music.io.pictures import Picture
    from img2music.templates import PromptTemplate

__all__ = ["MOST_REPAIRS", "Reply", "converse"]

MOST_REPAIRS = 2
_LONGEST_QUOTED = 6000
_OTHER_SEED = 1_000_003
"""Far from the seeds that people take next."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """How a conversation ended."""

    value: T | None
    """What the last answer is worth; None where every answer had faults."""
    text: str
    """The last answer."""
    faults: tuple[str, ...]
    """What was wrong with the last answer; () when it was accepted."""
    use: ModelUse
    """For the journal: the caller adds what it mended and whether it used the answer, and tells it."""


def converse(
    client: Client,
    template: PromptTemplate,
    values: Mapping[str, str],
    *,
    stage: str,
    schema: Mapping[str, Any] | None,
    check: Callable[[str], T],
    until: float,
    seed: int = 0,
    picture: Picture | None = None,
    picture_sha256: str = "",
    repairs: int = MOST_REPAIRS,
    quote: bool = True,
) -> Reply[T]:
    """Asks until an answer passes `check`, quoting its faults at most `repairs` times.

    Args:
        client: who is asked.
        template: what is asked.
        values: what its variables are filled with.
        stage: kind of the stage that asks, for the journal.
        schema: JSON schema of the answer, None for plain text; its name is the template's.
        check: what an answer's text is worth; raises `AnswerError`.
        until: time limit of the whole conversation, of `time.monotonic`.
        seed: another seed is another question.
        picture: shown to the model.
        picture_sha256: which picture it is about, where it is not shown.
        repairs: how often faults are quoted.
        quote: whether they are; else the same question is asked anew with another seed, because a very small model copies its faults.

    Raises:
        BackendError: no answer came, or the model refuses. The journal has been told.
    """
    from img2music.journal import tell

    question = _question(template, values, schema, seed, picture, picture_sha256)
    use = ModelUse(
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
    told: list[str] = []
    questions = [question]
    asked_before = client.asked
    begin = monotonic()
    for round_number in range(repairs + 1):
        try:
            answer = client.ask(question, until=until)
            if answer.finish == "refusal":
                client.forget(question)
                raise refused(answer, client.spec.label)
        except BackendError as error:
            seconds = monotonic() - begin
            tell(
                use.model_copy(
                    update={"asked": client.asked - asked_before, "faults": (*told, str(error)[:2000])[:60], "seconds": seconds}
                )
            )
            raise
        told += answer.troubles
        use = _counted(use, answer, client, client.asked - asked_before, told)
        try:
            value = check(answer.text)
        except AnswerError as error:
            faults = error.faults
            if answer.finish == "length":
                faults = ("the answer was cut off: it is too long; answer more briefly", *faults)
            told += faults
            use = use.model_copy(update={"faults": tuple(told)[:60], "repairs": min(round_number + 1, repairs)})
            if round_number == repairs:
                for each in questions:  # a bad answer that stays would be the first of the next conversation too
                    client.forget(each)
                return Reply(None, answer.text, faults, use)
            if quote:
                question = replace(question, messages=(*question.messages, *_quoted(answer, faults)))
            else:
                question = replace(question, seed=(question.seed + _OTHER_SEED) % 2**31)
            questions.append(question)
        else:
            return Reply(value, answer.text, (), use.model_copy(update={"accepted": True}))
    raise AssertionError("the last round returns")


def _question(
    template: PromptTemplate,
    values: Mapping[str, str],
    schema: Mapping[str, Any] | None,
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


def _counted(use: ModelUse, answer: Answer, client: Client, asked: int, told: list[str]) -> ModelUse:
    tokens_in, tokens_out = use.tokens_in + answer.tokens_in, use.tokens_out + answer.tokens_out
    return use.model_copy(
        update={
            "answers": use.answers + 1,
            "asked": asked,
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "cost_usd": client.spec.cost_usd(tokens_in, tokens_out),
            "seconds": use.seconds + answer.seconds,
            "faults": tuple(told)[:60],
        }
    )


def _quoted(answer: Answer, faults: tuple[str, ...]) -> tuple[Message, Message]:
    """The model's own answer, then what is wrong with it."""
    wrong = "\n".join(f"- {fault}" for fault in faults)
    return (
        Message("assistant", answer.text[:_LONGEST_QUOTED] or "(empty)"),
        Message("user", f"That answer can't be used:\n{wrong}\nAnswer again, the whole of it, with these faults mended."),
    )
