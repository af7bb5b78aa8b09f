"""What the user asks for. Everything left out is decided from the picture; everything given always wins.

Conventions: tempo in quarter notes a minute whatever the metre, length in seconds of the finished sound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence  # noqa: TC003  whoever asks for the hints of `Wishes` needs them
from difflib import get_close_matches
from typing import Annotated, Any, TypedDict, Unpack

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from img2music.errors import BriefError, UsageError, unknown_name
from img2music.rng import Craft, Seed
from img2music.strict_model import StrictModel
from img2music.theory import Key, Meter, instrument

__all__ = ["DEFAULT_SECONDS", "SECONDS_RANGE", "TEMPO_RANGE_BPM", "Brief", "Wishes"]

TEMPO_RANGE_BPM = (20.0, 300.0)
SECONDS_RANGE = (1.0, 1800.0)
DEFAULT_SECONDS = 60.0
LONGEST_WORDS = 10_000
Gloss = Annotated[str, Field(min_length=1, max_length=200)]
_CLOCK = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,4}):([0-5]?[0-9](?:\.[0-9]{1,6})?)")
_MEANT = {
    "tempo": "tempo_bpm", "bpm": "tempo_bpm", "speed": "tempo_bpm", "length": "seconds", "duration": "seconds", "time": "seconds",
    "minutes": "seconds", "metre": "meter", "time_signature": "meter", "signature": "meter", "mode": "key", "scale": "key",
    "tonic": "key", "genre": "style", "instrument": "instruments", "instrumentation": "instruments", "band": "instruments",
    "mood": "words", "prompt": "words", "text": "words", "description": "words", "random_state": "seed", "random_seed": "seed",
    "looping": "loop", "format": "audio", "picture_path": "picture", "image": "picture", "max_pixel": "max_pixels",
}  # fmt: skip
"""What other programs call a field, and what it is called here."""
_OPTIONS = ("audio", "embed_audio", "max_pixels", "model", "on_event", "pipeline", "prompts", "stems", "takes")
"""Options of `compose`, which are no wishes."""


class Wishes(TypedDict, total=False):
    """The fields of a `Brief` as keyword arguments, for editors and type checkers; None means "not asked"."""

    seconds: float | str | None
    tempo_bpm: float | None
    key: str | None
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
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def _text(value: Any) -> Any:
    """A text whose bytes were no UTF-8 with signs for what could not be read; anything else as it is."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _names(value: Any) -> Any:
    """One name, or several parted by commas, as a list; anything else as it is."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


class Brief(StrictModel):
    """A wish list. Make one with `Brief.of`, which turns a wish that can't be met into one clear `BriefError`."""

    seconds: Annotated[float, BeforeValidator(_seconds), Field(ge=SECONDS_RANGE[0], le=SECONDS_RANGE[1])] = DEFAULT_SECONDS
    """Length of the finished sound, 1 to 1800 seconds; "1:30" is read as on a clock."""
    tempo_bpm: Annotated[float, Field(ge=TEMPO_RANGE_BPM[0], le=TEMPO_RANGE_BPM[1])] | None = None
    """Quarter notes a minute, 20 to 300."""
    key: Annotated[str, AfterValidator(lambda text: Key.parse(text).name)] | None = None
    """Such as "D minor" or "F# dorian"."""
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
        return given

    def __hash__(self) -> int:
        return hash(
            (self.seconds, self.key, self.seed)
        )  # `seeds` and `glosses` are dictionaries, which have no hash of their own

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
    ranges = {
        "tempo_bpm": "give a tempo of 20 to 300 quarter notes a minute",
        "seconds": "give a length of 1 to 1800 seconds, such as 90 or 1:30",
        "seed": "give a whole number from 0 up",
        "instruments": "name at most 12 instruments",
        "words": f"give a text of at most {LONGEST_WORDS} characters",
        "glosses": "give at most 64 phrases of 1 to 200 characters, each with words of `img2music words ls`",
    }
    remedy = ranges.get(name, "see `img2music compose --help`")
    wish = repr(first["input"])
    wish = wish if len(wish) <= 80 else f"{wish[:80]}..."
    return BriefError(f"{name.removesuffix('_bpm')} {wish} can't be met: {remedy}")
