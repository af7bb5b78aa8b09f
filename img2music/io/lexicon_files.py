"""The words that a brief may hold: one table of meanings and, for each language, one of the words that mean them.

`lexicon/meanings.yaml` says what a meaning does, `lexicon/en.yaml` and its neighbours which words call for it. This module reads and
checks both; `img2music.words` reads what people write. The names of instruments are meanings too, by themselves, and the
table of other names for instruments counts as English. Knows nothing of sentences.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from img2music.errors import DocumentError
from img2music.io.documents import parse_yaml
from img2music.resources import data_folder
from img2music.strict_model import StrictModel
from img2music.theory import instrument_names, other_names

__all__ = [
    "Grammar",
    "KeyWords",
    "Language",
    "Meaning",
    "NumberWords",
    "is_near_style",
    "languages",
    "lexicon_language",
    "meanings",
    "split_phrases",
    "style_aliases",
]

Grammar = Literal[
    "without", "not", "without_after", "not_after", "softened_after", "only", "only_after", "and", "or", "but", "filler"
]
Signed = Annotated[float, Field(ge=-1, le=1)]
_ENGLISH = "en"
_INSTRUMENTS = "instruments"
_KINDS = {
    "classical guitar": tuple(name for name in instrument_names() if name.endswith("guitar")),
    "alto saxophone": tuple(name for name in instrument_names() if name.endswith("saxophone")),
    "violin": ("violin", "fiddle"),
}
"""The instruments that a plain word such as "guitar" keeps out, by the one that it asks for."""


class Meaning(StrictModel):
    """What one meaning does; the fields are explained at the top of `meanings.yaml`."""

    valence: Signed | None = None
    arousal: Signed | None = None
    tempo_bpm: tuple[float, float] | None = None
    tempo_factor: Annotated[float, Field(gt=0, le=4)] | None = None
    tempo_trend: Annotated[float, Field(gt=0, le=4)] | None = None
    style: str | None = None
    near: bool = False
    general: bool = False
    meter: str | None = None
    mode: str | None = None
    end_mode: Literal["major", "minor"] | None = None
    loop: bool = False
    instrument: str | None = None
    leave_out: tuple[str, ...] | str | None = None
    grammar: Grammar | None = None
    degree: Annotated[float, Field(gt=0, le=4)] | None = None
    group: str = ""
    name: str = ""


class KeyWords(StrictModel):
    """How a language names keys. Phrases are parted by commas, as everywhere in these files."""

    tonics: dict[str, str] = Field(default_factory=dict)
    """A letter with its accidental, "C", "Bb", and what it is called."""
    sharp: str = ""
    flat: str = ""
    major: str = ""
    minor: str = ""
    sign_first: bool = False
    """Whether sharp and flat stand before the letter, as in Chinese, Japanese and Korean."""


class NumberWords(StrictModel):
    """Numbers and units of a language."""

    words: dict[float, str] = Field(default_factory=dict)
    half: str = ""
    half_minute: str = ""
    """Half a minute where that is one word."""
    and_a_half: str = ""
    second: str = ""
    minute: str = ""
    bpm: str = ""
    tempo: str = ""
    """What may stand before a bare number that means a tempo."""


class Language(StrictModel):
    """The words of one language: for each group, meanings and the phrases that call for them."""

    code: str = ""
    language: str
    moods: dict[str, str] = Field(default_factory=dict)
    tempos: dict[str, str] = Field(default_factory=dict)
    characters: dict[str, str] = Field(default_factory=dict)
    genres: dict[str, str] = Field(default_factory=dict)
    occasions: dict[str, str] = Field(default_factory=dict)
    places: dict[str, str] = Field(default_factory=dict)
    times: dict[str, str] = Field(default_factory=dict)
    seasons: dict[str, str] = Field(default_factory=dict)
    weather: dict[str, str] = Field(default_factory=dict)
    meters: dict[str, str] = Field(default_factory=dict)
    modes: dict[str, str] = Field(default_factory=dict)
    instruments: dict[str, str] = Field(default_factory=dict)
    groups: dict[str, str] = Field(default_factory=dict)
    shape: dict[str, str] = Field(default_factory=dict)
    grammar: dict[str, str] = Field(default_factory=dict)
    numbers: NumberWords = NumberWords()
    keys: KeyWords = KeyWords()

    def phrases(self) -> list[tuple[str, str]]:
        """Every phrase with the name of its meaning."""
        return [
            (phrase, meaning)
            for group in _GROUPS
            for meaning, text in getattr(self, group).items()
            for phrase in split_phrases(text)
        ]


_GROUPS = tuple(name for name in Language.model_fields if name not in {"code", "language", "numbers", "keys"})


class _Meanings(StrictModel):
    moods: dict[str, Meaning]
    tempos: dict[str, Meaning]
    characters: dict[str, Meaning]
    genres: dict[str, Meaning]
    occasions: dict[str, Meaning]
    places: dict[str, Meaning]
    times: dict[str, Meaning]
    seasons: dict[str, Meaning]
    weather: dict[str, Meaning]
    meters: dict[str, Meaning]
    modes: dict[str, Meaning]
    groups: dict[str, Meaning]
    shape: dict[str, Meaning]
    grammar: dict[str, Meaning]


def split_phrases(text: str) -> list[str]:
    """The phrases of a line of a table, which commas part."""
    return [phrase for phrase in (part.strip() for part in text.split(",")) if phrase]


@cache
def meanings() -> dict[str, Meaning]:
    """Every meaning by its name, instruments included; `group` and `name` are filled in."""
    table = parse_yaml(
        data_folder("lexicon").joinpath("meanings.yaml").read_bytes(), _Meanings, kind="lexicon", source="meanings.yaml"
    )
    found = {
        name: meaning.model_copy(update={"group": group, "name": name})
        for group in _Meanings.model_fields
        for name, meaning in getattr(table, group).items()
    }
    for name in instrument_names():
        found.setdefault(name, Meaning(instrument=name, leave_out=_KINDS.get(name, name), group=_INSTRUMENTS, name=name))
    return found


@cache
def languages() -> tuple[str, ...]:
    """The codes of the languages there are tables for, English first."""
    codes = sorted(file.name.removesuffix(".yaml") for file in data_folder("lexicon").iterdir() if file.name.endswith(".yaml"))
    return (_ENGLISH, *(code for code in codes if code not in {_ENGLISH, "meanings"}))


@cache
def lexicon_language(code: str) -> Language:
    """The words of one language.

    Raises:
        DocumentError: its table names a meaning that does not exist.
    """
    source = f"{code}.yaml"
    table = parse_yaml(data_folder("lexicon").joinpath(source).read_bytes(), Language, kind="lexicon", source=source)
    for group in _GROUPS:
        for name in getattr(table, group):
            if name not in meanings():
                raise DocumentError(f"{source}: {group}: there is no meaning {name!r}; add it to meanings.yaml or mend its name")
    update: dict[str, object] = {"code": code}
    if code == _ENGLISH:
        update["instruments"] = {
            name: ", ".join(dict.fromkeys([*split_phrases(table.instruments.get(name, "")), *_own_names(name, table.groups)]))
            for name in instrument_names()
            if name not in table.groups
        }
    return table.model_copy(update=update)


def _own_names(name: str, groups: dict[str, str]) -> list[str]:
    """Names of an instrument that no group has taken, and their plurals: "bass" and "choir" are first of all a role and a family."""
    taken = {phrase for text in groups.values() for phrase in split_phrases(text)}
    names = [other for other in (name, *other_names(name)) if other not in taken]
    return [*names, *(f"{one}s" for one in names if not one.endswith("s") and f"{one}s" not in taken)]


def is_near_style(name: str) -> bool:
    """Whether a style is only the nearest that there is to what people call `name`: "heavy metal"."""
    plain = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    english = lexicon_language(_ENGLISH).genres
    return any(plain in split_phrases(text.replace("-", " ")) and meanings()[meaning].near for meaning, text in english.items())


@cache
def style_aliases() -> dict[str, str]:
    """What people call the styles, "lofi", "8bit", "jazz", in English: the same names that words in a brief are read by."""
    table = meanings()
    return {
        phrase.replace("-", " "): str(table[name].style)
        for name, text in lexicon_language(_ENGLISH).genres.items()
        for phrase in split_phrases(text)
        if table[name].style
    }
