"""What the user asks for. Everything left out is decided from the picture; everything given always wins.

Conventions: tempo in quarter notes a minute whatever the metre, length in seconds of the finished sound.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from img2music.chance import Craft, Seed  # noqa: TC001  pydantic reads the annotations when a class is made
from img2music.errors import BriefError
from img2music.theory import Key, Meter, instrument

__all__ = ["DEFAULT_SECONDS", "SECONDS_RANGE", "TEMPO_RANGE_BPM", "Brief"]

TEMPO_RANGE_BPM = (20.0, 300.0)
SECONDS_RANGE = (1.0, 1800.0)
DEFAULT_SECONDS = 60.0


class Brief(BaseModel):
    """A wish list. Make one with `Brief.of`, which turns a wish that can't be met into one clear `BriefError`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: Annotated[float, Field(ge=SECONDS_RANGE[0], le=SECONDS_RANGE[1])] = DEFAULT_SECONDS
    """Length of the finished sound, 1 to 1800 seconds."""
    tempo_bpm: Annotated[float, Field(ge=TEMPO_RANGE_BPM[0], le=TEMPO_RANGE_BPM[1])] | None = None
    """Quarter notes a minute, 20 to 300."""
    key: Annotated[str, AfterValidator(lambda text: Key.parse(text).name)] | None = None
    """Such as "D minor" or "F# dorian"."""
    meter: Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)] | None = None
    """Such as "3/4"."""
    style: str | None = None
    """The name of a style, or the path of a style file."""
    instruments: Annotated[
        tuple[Annotated[str, AfterValidator(lambda name: instrument(name).name)], ...], Field(max_length=12)
    ] = ()
    """Exactly these instruments play, the first one the melody. Up to 12."""
    words: Annotated[str, Field(max_length=400)] = ""
    """Plain words that steer, such as "calm, at night, with strings"."""
    seed: Seed = 0
    """The one source of chance: same picture, brief and seed, same notes."""
    seeds: dict[Craft, Seed] = {}
    """A craft's own seed where it is not `seed`: what is kept while the rest is made anew."""
    loop: bool = False
    """Whether the end leads back into the beginning: whole bars, no ringing out, no last slowing down."""

    def __hash__(self) -> int:
        return hash((self.seconds, self.key, self.seed))  # `seeds` is a dictionary, which has no hash of its own

    def seed_for(self, craft: Craft) -> int:
        """The seed that a craft draws from: its own, or the piece's."""
        return self.seeds.get(craft, self.seed)

    @classmethod
    def of(cls, **wishes: object) -> Brief:
        """A brief from keyword arguments; None means "not asked".

        Raises:
            BriefError: a wish out of range.
            UsageError: an unknown key, mode, metre, instrument or field.
        """
        try:
            return cls.model_validate({name: wish for name, wish in wishes.items() if wish is not None})
        except ValidationError as error:
            raise _explain(error) from None


def _explain(error: ValidationError) -> Exception:
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Exception):
        return cause
    name = ".".join(str(place) for place in first["loc"])
    ranges = {
        "tempo_bpm": "give a tempo of 20 to 300 quarter notes a minute",
        "seconds": "give a length of 1 to 1800 seconds",
        "seed": "give a whole number from 0 up",
        "instruments": "name at most 12 instruments",
        "words": "give at most 400 characters",
    }
    remedy = ranges.get(name, "see `img2music compose --help`")
    wish = repr(first["input"])
    wish = wish if len(wish) <= 80 else f"{wish[:80]}..."
    return BriefError(f"{name.removesuffix('_bpm')} {wish} can't be met: {remedy}")
