"""What was read in a text: each word with what it means, each word left aside with the reason, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass, field

from img2music.io.lexicon_files import Meaning

__all__ = ["ParseState", "ReadWord", "UnreadWord", "WordsReading"]

NOTHING = Meaning()
"""What counted and named things do by themselves: their value says it."""


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word that was understood: as it was written, what it means, and how it was taken."""

    words: str
    meaning: str
    """The meaning's name in the tables; "bpm", "seconds", "key", "meter" for what is counted or named."""
    does: Meaning = NOTHING
    degree: float = 1.0
    negated: bool = False
    value: str = ""
    """For what is counted or named: "120", "D minor", "3/4"."""
    language: str = ""
    by: str = ""
    """“gloss” where the word was read by its explanation."""


@dataclass(frozen=True, slots=True)
class UnreadWord:
    """A word that was left aside, as it was written, and why."""

    words: str
    reason: str = "not in the tables"


@dataclass(frozen=True, slots=True)
class WordsReading:
    """What a text asks for. None and empty where it says nothing."""

    read: tuple[ReadWord, ...] = ()
    aside: tuple[UnreadWord, ...] = ()
    valence: float | None = None
    """-1..1, where the words put the feeling."""
    arousal: float | None = None
    seconds: float | None = None
    tempo_bpm: float | None = None
    """An exact tempo."""
    tempo_range: tuple[float, float] | None = None
    """Quarter notes a minute that "slow" or "allegro" allow."""
    tempo_factor: float = 1.0
    tempo_trend: float | None = None
    """The last tempo beside the first, where words ask it to get faster (above 1) or slower."""
    key: str | None = None
    mode: str | None = None
    end_mode: str | None = None
    """"major" or "minor", where words ask for it at the end."""
    meter: str | None = None
    style: str | None = None
    style_words: str = ""
    """The words that name the style; `style_near` where it is only the nearest there is."""
    style_near: bool = False
    not_styles: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    only: bool = False
    """Whether the named instruments are the whole band."""
    without: tuple[str, ...] = ()
    """Roles, families and instruments to keep out."""
    loop: bool | None = None
    conflicts: tuple[str, ...] = ()
    """What in the text contradicts itself, and what became of it."""
    moods: tuple[str, ...] = ()
    """The meanings of words that name a feeling, in English."""


@dataclass(slots=True)
class ParseState:
    """What was found so far, in the order of the text."""

    text: str
    read: list[ReadWord] = field(default_factory=list)
    aside: list[tuple[int, int, str]] = field(default_factory=list)
