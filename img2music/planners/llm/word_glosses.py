"""What a language model makes of words that the tables do not know: each phrase explained in words that they do.

The model is asked only where something was left aside, once for a brief. Its answer is checked by the reader of the tables: a phrase that
does not stand in the wish, or an explanation that the tables can't read, is dropped. What stays becomes `Brief.glosses`, so a piece is made
again without the model, and a person may edit what it understood. If the model gives nothing, the tables' own reading stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from img2music.errors import BackendError
from img2music.io.lexicon_files import lexicon_language, meanings
from img2music.models import converse, parse_json_answer, schema_of, validate_record
from img2music.models.parsing.json_schema import limits_of
from img2music.provenance import record_model_use
from img2music.strict_model import StrictModel
from img2music.templates import load_prompt
from img2music.words import read_words
from img2music.words.tokenizer import fold

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.models import Client
    from img2music.words import WordsReading

__all__ = ["GlossesAnswer", "gloss_words", "known_words"]

_TOLD_GROUPS = (
    "moods", "tempos", "genres", "occasions", "places", "times", "seasons", "weather", "modes", "groups", "instruments", "shape",
)  # fmt: skip
_UNKNOWN = "not in the tables"


class WireGloss(StrictModel):
    """A phrase of the wish and the same in words of the tables."""

    words: Annotated[str, Field(min_length=1, max_length=120)]
    means: Annotated[str, Field(min_length=1, max_length=120)]


class GlossesAnswer(StrictModel):
    """The schema "glosses/1"."""

    glosses: Annotated[list[WireGloss], Field(max_length=20)]


def gloss_words(client: Client, brief: Brief, until: float) -> Brief:
    """`brief` with glosses for words that the tables leave aside, as the model explains them; unchanged where there are none.

    Args:
        client: the model that is asked.
        brief: the wish. One that has glosses already is not asked about again.
        until: time limit, of `time.monotonic`.
    """
    unknown = _unknown(read_words(brief.words))
    if not unknown or brief.glosses:
        return brief
    template = load_prompt("words/gloss", "words")

    def check(text: str) -> _Glosses:
        answer = validate_record(parse_json_answer(text, GlossesAnswer), GlossesAnswer)
        faults = [(gloss, _fault(gloss, brief.words)) for gloss in answer.glosses]
        kept = {gloss.words: gloss.means for gloss, fault in faults if not fault}
        return _Glosses(kept, tuple(fault for _, fault in faults if fault))

    values = {
        "words": brief.words,
        "unknown": "\n".join(unknown),
        "meanings": known_words(),
        "limits": limits_of(schema_of(GlossesAnswer)),
    }
    try:
        reply = converse(
            client, template, values, stage="planner", schema=schema_of(GlossesAnswer), check=check,
            faults_of=lambda glosses: glosses.faults, until=until, seed=brief.seed, repairs=1,
        )  # fmt: skip
    except BackendError:
        return brief  # it has been put on record; the tables' reading stands
    kept = reply.value.kept if reply.value is not None else {}
    accepted = bool(kept) or (reply.value is not None and not reply.faults)
    record_model_use(reply.use.with_outcome(accepted=accepted, mended=[f"left out: {fault}" for fault in reply.faults]))
    return brief.model_copy(update={"glosses": kept}) if kept else brief


class _Glosses(NamedTuple):
    """The explanations that can be used, and what is wrong with the others."""

    kept: dict[str, str]
    faults: tuple[str, ...]


def _unknown(reading: WordsReading) -> list[str]:
    return [one.words for one in reading.aside if one.reason == _UNKNOWN][:20]


def _fault(gloss: WireGloss, words: str) -> str:
    """What is wrong with an explanation; "" where the tables read all of it."""
    if fold(gloss.words) not in fold(words):
        return f"{gloss.words!r} does not stand in the wish; copy its words letter by letter"
    reading = read_words(gloss.means)
    if reading.read and not any(one.by for one in read_words(words, {gloss.words: gloss.means}).read):
        return f"{gloss.words!r} is a piece of a word; copy whole words"
    if not reading.read:
        return f"{gloss.words!r}: {gloss.means!r} is not in the list; explain it in words of the list, or leave it out"
    if reading.aside:
        return f"{gloss.words!r}: {reading.aside[0].words!r} is not in the list"
    return ""


def known_words() -> str:
    """An English word for each meaning, which the tables read as just that, a group of meanings a line."""
    phrases: dict[str, list[str]] = {}
    for phrase, name in lexicon_language("en").phrases():
        phrases.setdefault(name, []).append(phrase)
    lines = []
    for group in _TOLD_GROUPS:
        words = []
        for name in (name for name, meaning in meanings().items() if meaning.group == group):
            spoken = (name.replace("_", " "), *phrases.get(name, ()))
            words += [word for word in spoken if [read.meaning for read in read_words(word).read] == [name]][:1]
        lines.append(f"{group}: {', '.join(words)}")
    return "\n".join(lines)
