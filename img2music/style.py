"""Styles: how a kind of music is played. One YAML file a style in `styles/`; adding one needs no code.

Conventions: tempo in quarter notes a minute; `affect` is where the style feels at home in the plane of valence and
arousal (our choice, by ear); rhythm strings have one character a step, the steps dividing the bar evenly.
Knows nothing of pictures and of notes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from img2music.errors import DocumentError, unknown_name
from img2music.resources import data
from img2music.theory import Key, Meter, instrument, parse_bar

__all__ = ["DrumGroove", "Harmony", "Style", "StylePart", "load_style", "style_names"]

Unit = Annotated[float, Field(ge=0, le=1)]
Mode = Literal["lydian", "major", "mixolydian", "dorian", "minor", "phrygian"]
MeterName = Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)]
_LARGEST_FILE = 200_000


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StylePart(_Record):
    """A seat in the band."""

    name: str = ""
    """Shown in the score; empty takes the instrument's name."""
    role: Literal["melody", "counter", "chords", "arpeggio", "pad", "bass", "drums"]
    instruments: Annotated[tuple[Annotated[str, AfterValidator(lambda name: instrument(name).name)], ...], Field(min_length=1)]
    """Who may take the seat, the most typical first."""
    pattern: str = ""
    from_energy: Unit = 0.0
    octave: Annotated[int, Field(ge=-3, le=3)] = 0
    level_db: Annotated[float, Field(ge=-40, le=12)] = 0.0
    pan: Annotated[float, Field(ge=-1, le=1)] = 0.0


class Harmony(_Record):
    """Four-bar progressions of one mode, bars parted by ``|``."""

    opening: Annotated[tuple[str, ...], Field(min_length=1)]
    """Begin a theme; end openly."""
    closing: Annotated[tuple[str, ...], Field(min_length=1)]
    """Answer it; end on the tonic."""
    contrast: Annotated[tuple[str, ...], Field(min_length=1)]
    """Begin elsewhere; end on the dominant or its like."""


class DrumGroove(_Record):
    """Rhythm strings by drum ("kick", "snare", "closed hat" ...): . rest, g ghost, x stroke, X accent."""

    calm: dict[str, str]
    full: dict[str, str]
    fill: dict[str, str] = {}


class Style(_Record):
    """A way of playing."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    summary: str
    affect: dict[Literal["valence", "arousal"], Annotated[float, Field(ge=-1, le=1)]]
    words: tuple[str, ...] = ()
    """Words of a brief that call this style."""
    tempo_bpm: tuple[float, float]
    meters: Annotated[tuple[MeterName, ...], Field(min_length=1)]
    """Metres it is at home in, the most typical first; others are possible when asked for."""
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)]
    swing: Unit = 0.0
    """0 plays eighths straight, 1 as triplets."""
    rubato: Unit = 0.0
    humanize_ms: Annotated[float, Field(ge=0, le=40)] = 8.0
    articulation: Annotated[float, Field(ge=0.2, le=1.1)] = 0.92
    """Sounding part of a note's written length."""
    reverb: Unit = 0.35
    ending: Literal["ritardando", "hit", "fade"] = "ritardando"
    density: tuple[Unit, Unit] = (0.2, 0.8)
    """Density of the calmest and of the most aroused piece."""
    harmony: dict[Mode, Harmony] = {}
    """Own progressions by mode; a mode left out uses the common ones."""
    parts: Annotated[tuple[StylePart, ...], Field(min_length=1)]
    drums: dict[MeterName, DrumGroove] = {}

    @model_validator(mode="after")
    def _progressions_parse(self) -> Style:
        for mode, harmony in self.harmony.items():
            for progression in (*harmony.opening, *harmony.closing, *harmony.contrast):
                bars = progression.split("|")
                if len(bars) != 4:
                    raise ValueError(f"harmony.{mode}: {progression!r} has {len(bars)} bars; write four, parted by |")
                for bar in bars:
                    parse_bar(bar, Key(0, mode))
        return self


@cache
def style_names() -> tuple[str, ...]:
    """The styles that come with the program, in alphabetical order."""
    return tuple(sorted(file.name.removesuffix(".yaml") for file in data("styles").iterdir() if file.name.endswith(".yaml")))


@cache
def load_style(name: str) -> Style:
    """The style called `name`, or the one in the YAML file at that path.

    Raises:
        UsageError: no such style; the message names the nearest one.
        DocumentError: a style file that can't be read; the message names file, place and fault.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise DocumentError(
                    f"{name} is too large for a style ({path.stat().st_size} bytes); see `img2music styles show waltz`"
                )
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DocumentError(f"style file {name} can't be read ({error}); give the path of a YAML text file") from None
        return _read(text, name)
    plain = name.strip().lower().replace(" ", "-").replace("_", "-")
    if plain not in style_names():
        raise unknown_name("style", name, style_names())
    return _read(data("styles").joinpath(f"{plain}.yaml").read_text(encoding="utf-8"), f"{plain}.yaml")


def _read(text: str, source: str) -> Style:
    # The C loader is several times faster; both are the safe loader.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content: Any = yaml.load(text, loader)  # noqa: S506  safe loader, chosen above
        return Style.model_validate(content)
    except yaml.YAMLError as error:
        raise DocumentError(f"style file {source} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "file"
        raise DocumentError(f"style file {source}, {place}: {first['msg']}; compare with `img2music styles show waltz`") from None
