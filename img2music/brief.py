"""What the user asks for. Everything left out is decided from the picture; everything given always wins.

One key and one tempo hold for the whole piece. Several keys, or two tempi, ask for a piece that moves: through the keys in their order, from the
first tempo to the second.

Conventions: tempo in quarter notes a minute whatever the metre, length in seconds of the finished sound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence  # noqa: TC003  whoever asks for the hints of `Wishes` needs them
from difflib import get_close_matches
from itertools import pairwise
from typing import Annotated, Any, ClassVar, TypedDict, Unpack, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from img2music.errors import BriefError, UsageError, unknown_name
from img2music.rng import Craft, Seed
from img2music.strict_model import StrictModel
from img2music.theory import Key, Meter, instrument
from img2music.theory.tempo_map import SECONDS_A_MINUTE

__all__ = ["DEFAULT_SECONDS", "SECONDS_RANGE", "TEMPO_RANGE_BPM", "Brief", "Wishes", "read_tempi", "with_wishes"]

TEMPO_RANGE_BPM = (20.0, 300.0)
SECONDS_RANGE = (1.0, 1800.0)
DEFAULT_SECONDS = 60.0
LONGEST_WORDS = 10_000
_SECONDS_AN_HOUR = 3600
MOST_KEYS = 12
Gloss = Annotated[str, Field(min_length=1, max_length=200)]
_CLOCK = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,4}):([0-5]?[0-9](?:\.[0-9]{1,6})?)")
_TEMPI = re.compile(r"\s*([0-9]{1,4}(?:\.[0-9]{1,6})?)\s*(?:[-‐‑–—]|\.\.|to)\s*([0-9]{1,4}(?:\.[0-9]{1,6})?)\s*")
_MEANT = {
    "tempo": "tempo_bpm", "bpm": "tempo_bpm", "speed": "tempo_bpm", "length": "seconds", "duration": "seconds", "time": "seconds",
    "minutes": "seconds", "metre": "meter", "time_signature": "meter", "signature": "meter", "mode": "key", "scale": "key",
    "tonic": "key", "genre": "style", "instrument": "instruments", "instrumentation": "instruments", "band": "instruments",
    "mood": "words", "prompt": "words", "text": "words", "description": "words", "random_state": "seed", "random_seed": "seed",
    "looping": "loop", "format": "audio", "picture_path": "picture", "image": "picture", "max_pixel": "max_pixels",
}  # fmt: skip
"""What other programs call a field, and what it is called here."""
_OPTIONS = (
    "audio", "cancel", "embed_audio", "max_pixels", "model", "on_event", "parts", "pdf", "pipeline", "prompts", "stems", "takes", "video",
    "video_shape",
)  # fmt: skip
"""Options of `compose`, which are no wishes."""


class Wishes(TypedDict, total=False):
    """The fields of a `Brief` as keyword arguments, for editors and type checkers; None means "not asked"."""

    seconds: float | str | None
    tempo_bpm: float | str | tuple[float, float] | None
    tempo_to_bpm: float | None
    key: str | Sequence[str] | None
    later_keys: Sequence[str] | None
    meter: str | None
    style: str | None
    instruments: Sequence[str] | str | None
    words: str | None
    glosses: Mapping[str, str] | None
    seed: int | None
    seeds: Mapping[Craft, Seed] | None
    loop: bool | None


def _seconds(value: Any) -> Any:
    """A length as on a clock, "1:30" or "1:02:03", in seconds; anything else as it is."""
    clock = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if clock is None:
        return value
    hours, minutes, seconds = clock.groups()
    return int(hours or 0) * _SECONDS_AN_HOUR + int(minutes) * SECONDS_A_MINUTE + float(seconds)


def read_tempi(text: str) -> tuple[float, float] | None:
    """Two tempi as a movement is written, "72-96"; None for anything else."""
    match = _TEMPI.fullmatch(text)
    return None if match is None else (float(match[1]), float(match[2]))


def _text(value: Any) -> Any:
    """A text whose bytes were no UTF-8 with signs for what could not be read; anything else as it is."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _names(value: Any) -> Any:
    """One name, or several parted by commas, as a list; anything else as it is."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


def _later_key(before: str | None, name: str) -> bool:
    return before is None or Key.parse(before) != Key.parse(name)


class Brief(StrictModel):
    """A wish list. Make one with `Brief.of`, which turns a wish that can't be met into one clear `BriefError`."""

    shown_where_set: ClassVar[tuple[str, ...]] = ("tempo_to_bpm", "later_keys")

    seconds: Annotated[float, BeforeValidator(_seconds), Field(ge=SECONDS_RANGE[0], le=SECONDS_RANGE[1])] = DEFAULT_SECONDS
    """Length of the finished sound, 1 to 1800 seconds; "1:30" is read as on a clock."""
    tempo_bpm: Annotated[float, Field(ge=TEMPO_RANGE_BPM[0], le=TEMPO_RANGE_BPM[1])] | None = None
    """Quarter notes a minute, 20 to 300, of the whole piece; where `tempo_to_bpm` is given too, of its beginning.
    "72-96" and (72, 96) are read as both."""
    tempo_to_bpm: Annotated[float, Field(ge=TEMPO_RANGE_BPM[0], le=TEMPO_RANGE_BPM[1])] | None = None
    """The tempo that the piece ends in, where it moves there from `tempo_bpm`."""
    key: Annotated[str, AfterValidator(lambda text: Key.parse(text).name)] | None = None
    """Such as "D minor" or "F# dorian". "D minor, F major" is read as this key and those of `later_keys`."""
    later_keys: Annotated[
        tuple[Annotated[str, AfterValidator(lambda text: Key.parse(text).name)], ...], Field(max_length=MOST_KEYS - 1)
    ] = ()
    """The keys that the piece goes to after `key`, in this order; the last one is that of its end."""
    meter: Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)] | None = None
    """Such as "3/4"."""
    style: str | None = None
    """The name of a style, or the path of a style file."""
    instruments: Annotated[
        tuple[Annotated[str, AfterValidator(lambda name: instrument(name).name)], ...],
        BeforeValidator(_names),
        Field(max_length=12),
    ] = ()
    """Exactly these instruments play, the first one the melody. Up to 12; "flute, harp" is read too."""
    words: Annotated[str, BeforeValidator(_text), Field(max_length=LONGEST_WORDS)] = ""
    """Plain words that steer, such as "calm, at night, with strings", in any of ten languages; see `img2music.words`."""
    glosses: Annotated[dict[Gloss, Gloss], Field(max_length=64)] = Field(default_factory=dict)
    """Phrases of `words` in words that the tables know, {"in der Früh": "morning"}: what a model, or you, explained."""
    seed: Seed = 0
    """The one source of chance: same picture, brief and seed, same notes."""
    seeds: dict[Craft, Seed] = Field(default_factory=dict)
    """A craft's own seed where it is not `seed`: what is kept while the rest is made anew."""
    loop: bool = False
    """Whether the end leads back into the beginning: whole bars, no ringing out, no last slowing down."""

    @model_validator(mode="before")
    @classmethod
    def _names_only_fields(cls, given: Any) -> Any:
        for name in given if isinstance(given, dict) else ():
            if name not in cls.model_fields:
                raise _unknown_field(str(name), tuple(cls.model_fields))
        return _spelled_out(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _moves_from_somewhere(self) -> Brief:
        if self.later_keys and self.key is None:
            raise BriefError(f"later_keys {', '.join(self.later_keys)} come after a first key; give it with key")
        if self.tempo_to_bpm is not None and self.tempo_bpm is None:
            raise BriefError(f"the tempo has no beginning from where it goes to {self.tempo_to_bpm:g}; give it with tempo_bpm")
        if self.loop and self.tempo_to_bpm is not None:
            raise BriefError(
                f"a loop ends as it begins, so its tempo can't go from {self.tempo_bpm:g} to {self.tempo_to_bpm:g}; "
                "give one tempo, or no loop"
            )
        return self

    @model_serializer(mode="wrap")
    def _without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is new since documents were first written is not written where nobody asked for it."""
        return {name: value for name, value in handler(self).items() if value or name not in self.shown_where_set}

    def __hash__(self) -> int:
        return hash(
            (self.seconds, self.key, self.seed)
        )  # `seeds` and `glosses` are dictionaries, which have no hash of their own

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys in their order; none where the key is left open."""
        return () if self.key is None else (self.key, *self.later_keys)

    @property
    def tempo_words(self) -> str:
        """The asked tempo, or tempi, as an option takes them; empty where the tempo is left open."""
        if self.tempo_bpm is None:
            return ""
        return f"{self.tempo_bpm:g}" + ("" if self.tempo_to_bpm is None else f"-{self.tempo_to_bpm:g}")

    def seed_for(self, craft: Craft) -> int:
        """The seed that a craft draws from: its own, or the piece's."""
        return self.seeds.get(craft, self.seed)

    @classmethod
    def of(cls, **wishes: Unpack[Wishes]) -> Brief:
        """A brief from keyword arguments; None means "not asked".

        Raises:
            BriefError: a wish out of range.
            UsageError: an unknown key, mode, metre, instrument or field; it names the nearest right one.
        """
        try:
            return cls.model_validate({name: wish for name, wish in wishes.items() if wish is not None})
        except ValidationError as error:
            raise _explain(error) from None


def with_wishes(stays: Mapping[str, Any], wishes: Wishes) -> Wishes:
    """The fields `stays` of a brief, and `wishes`, which win: a key or a tempo takes the place of the whole movement."""
    movements = {"key": "later_keys", "tempo_bpm": "tempo_to_bpm"}
    left_out = {movements[name] for name, wish in wishes.items() if name in movements and wish is not None}
    return cast("Wishes", {**{name: wish for name, wish in stays.items() if name not in left_out}, **wishes})


def _spelled_out(given: dict[str, Any]) -> dict[str, Any]:
    """Several keys and two tempi that stand in one field, each in its own; a movement from a thing to itself is none."""
    found = dict(given)
    tempo = given.get("tempo_bpm")
    tempi = read_tempi(tempo) if isinstance(tempo, str) else tuple(tempo) if isinstance(tempo, tuple | list) else None
    if tempi is not None and len(tempi) == 2:
        found["tempo_bpm"], found["tempo_to_bpm"] = tempi
    if found.get("tempo_to_bpm") is not None and found["tempo_to_bpm"] == found.get("tempo_bpm"):
        del found["tempo_to_bpm"]
    key = given.get("key")
    names = _names(key) if isinstance(key, str) and "," in key else list(key) if isinstance(key, tuple | list) else []
    if names and all(isinstance(name, str) for name in names):
        parted = [name for before, name in pairwise([None, *names]) if _later_key(before, name)]
        found["key"] = parted[0]
        if len(parted) > 1:
            found["later_keys"] = parted[1:]
    return found


def _unknown_field(name: str, fields: tuple[str, ...]) -> Exception:
    if name in _OPTIONS:
        return UsageError(f"{name!r} is an option of compose(), not a wish; leave it out here, or give it to compose()")
    known = {**{option: option for option in (*_OPTIONS, *fields)}, **_MEANT}
    nearest = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    meant = known[nearest[0]] if nearest else None
    if meant is None:
        return unknown_name("wish", name, fields)
    return UsageError(f"no wish {name!r} (did you mean {meant!r}?); there are: {', '.join(sorted(fields))}")


def _explain(error: ValidationError) -> Exception:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Exception):
        return cause
    name = str(first["loc"][0]) if first["loc"] else ""
    tempo = "give a tempo of 20 to 300 quarter notes a minute, or two such as 72-96 for one that moves"
    ranges = {
        "tempo_bpm": tempo,
        "tempo_to_bpm": tempo,
        "later_keys": f"name at most {MOST_KEYS} keys",
        "seconds": "give a length of 1 to 1800 seconds, such as 90 or 1:30",
        "seed": "give a whole number from 0 up",
        "instruments": "name at most 12 instruments",
        "words": f"give a text of at most {LONGEST_WORDS} characters",
        "glosses": "give at most 64 phrases of 1 to 200 characters, each with words of `img2music words ls`",
    }
    remedy = ranges.get(name, "see `img2music compose --help`")
    wish = repr(first["input"])
    wish = wish if len(wish) <= 80 else f"{wish[:80]}..."
    said = {"tempo_bpm": "tempo", "tempo_to_bpm": "tempo", "later_keys": "keys after the first,"}.get(name, name)
    return BriefError(f"{said} {wish} can't be met: {remedy}")
