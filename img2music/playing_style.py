"""How a style is played: what the composer and the performer need of it, so that it travels in the plan and is looked up once.

Conventions: shares in [0, 1]; rhythm strings have one character a step, the steps dividing the bar evenly: . rest, g ghost, x stroke,
X accent. Knows nothing of harmony, bands and pictures.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from img2music.strict_model import StrictModel
from img2music.theory import Meter
from img2music.theory.pattern_names import check_drum

__all__ = ["DrumGroove", "GrooveFamily", "MeterName", "Playing", "PlayingStyle", "Unit"]

Unit = Annotated[float, Field(ge=0, le=1)]
MeterName = Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)]
Rhythm = Annotated[str, Field(max_length=96)]
DrumName = Annotated[str, AfterValidator(check_drum)]
GrooveFamily = Literal[
    "afro", "bossa", "country", "disco", "funk", "halftime", "hiphop", "jazz", "latin", "neworleans", "pop", "punk", "reggae",
    "rock", "samba", "shuffle", "soul",
]  # fmt: skip
"""Families of recorded grooves (`realizers/drums/grooves.py`)."""


class DrumGroove(StrictModel):
    """Rhythm strings by drum ("kick", "snare", "closed hat" ...): . rest, g ghost, x stroke, X accent."""

    calm: dict[DrumName, Rhythm]
    full: dict[DrumName, Rhythm]
    fill: dict[DrumName, Rhythm] = Field(default_factory=dict)


class Playing(StrictModel):
    """How notes are played."""

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
    grooves: tuple[GrooveFamily, ...] = ()
    """What drummers play in this style, the most typical family first: recorded grooves with their timing. Where they swing, so must
    the style."""
    drums: dict[MeterName, DrumGroove] = Field(default_factory=dict)
    """Grooves written out by metre, exact and even; they go before `grooves`."""


class PlayingStyle(Playing):
    """The same as a plan carries it."""

    style: Annotated[str, Field(max_length=1000)]
    """What the plan calls the style; where `CompositionPlan.style` says something else by now, that is looked up instead."""
