"""A conversation that ends: ask, check, quote the faults back, at most twice, and tell the journal.

The check is the caller's: it gets the text of an answer and returns what it is worth, or raises `AnswerError`. Cut-off answers
and refusals are faults like others; a refusal is not argued with. Where the faults lie in fields that can be mended by themselves, only
those are asked again (`repairing`); else the whole question goes out once more, with the answer and its faults.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from img2music.errors import BackendError
from img2music.models.client import Answer, Client, Question, refusal_error
from img2music.models.parsing.json_answer import AnswerError, parse_json_answer
from img2music.models.parsing.json_schema import narrowed
from img2music.models.repair_patch import fields_at_fault, merged, patch_request
from img2music.provenance import ModelUse
from img2music.templates import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
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
    """The last answer; patches are laid over what they mend."""
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
    patched: Collection[str] = (),
    vocabulary: Mapping[str, Any] | None = None,
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
        patched: the fields that can be asked again by themselves, without the rest of the question and without the picture.
        vocabulary: the schema with every list of names, for saying what is allowed; None where `schema` has them all.

    Raises:
        BackendError: no answer came, or the model refuses. The journal has been told.
    """
    from img2music.provenance import record_model_use

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
    whole = question
    so_far: dict[str, Any] | None = None  # the answer that a patch is asked for
    asked_before = client.asked
    begin = monotonic()
    for round_number in range(repairs + 1):
        try:
            answer = client.ask(question, until=until)
            if answer.finish == "refusal":
                client.forget(question)
                raise refusal_error(answer, client.spec.label)
        except BackendError as error:
            seconds = monotonic() - begin
            record_model_use(
                use.model_copy(
                    update={"asked": client.asked - asked_before, "faults": (*told, str(error)[:2000])[:60], "seconds": seconds}
                )
            )
            raise
        told += answer.incidents
        use = _counted(use, answer, client, client.asked - asked_before, told)
        text = answer.text
        try:
            if so_far is not None:
                text = json.dumps(merged(so_far, parse_json_answer(text)), ensure_ascii=False)
            value = check(text)
        except AnswerError as error:
            faults = error.faults
            if answer.finish == "length":
                faults = ("the answer was cut off: it is too long; answer more briefly", *faults)
            told += faults
            use = use.model_copy(update={"faults": tuple(told)[:60], "repairs": min(round_number + 1, repairs)})
            if round_number == repairs:
                for each in questions:  # a bad answer that stays would be the first of the next conversation too
                    client.forget(each)
                return Reply(None, text, faults, use)
            so_far, fields = _to_patch(text, faults, schema, patched) if quote else (None, ())
            if so_far is not None:
                asked = patch_request(template.system, so_far, faults, fields, vocabulary or schema or {})
                question = replace(whole, messages=asked, schema=narrowed(schema or {}, fields), picture_jpeg=None)
            elif quote:
                question = whole = replace(whole, messages=(*whole.messages, *_quoted(text, faults)))
            else:
                question = whole = replace(whole, seed=(whole.seed + _OTHER_SEED) % 2**31)
            questions.append(question)
        else:
            return Reply(value, text, (), use.model_copy(update={"accepted": True}))
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


def _to_patch(
    text: str, faults: tuple[str, ...], schema: Mapping[str, Any] | None, patched: Collection[str]
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The answer so far and the fields to be asked again; None where the whole question has to be."""
    fields = fields_at_fault(faults, schema) if schema is not None else ()
    if not fields or not all(field in patched for field in fields):
        return None, ()
    try:
        return parse_json_answer(text), fields
    except AnswerError:
        return None, ()


def _quoted(text: str, faults: tuple[str, ...]) -> tuple[Message, Message]:
    """The model's own answer, then what is wrong with it."""
    wrong = "\n".join(f"- {fault}" for fault in faults)
    return (
        Message("assistant", text[:_LONGEST_QUOTED] or "(empty)"),
        Message("user", f"That answer can't be used:\n{wrong}\nAnswer again, the whole of it, with these faults mended."),
    )
