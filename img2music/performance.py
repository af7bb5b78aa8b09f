"""The performance: the score as played.

Conventions: ticks count `TICKS_PER_QUARTER` a quarter note, so bar lines stay on the tempo map and a player's freedom is in where
notes fall; the tempo map turns ticks into seconds. Velocity 1..127; controllers are MIDI's (64 pedal,
11 expression ...). Channels 0..15, percussion on 9. What has no end of its own rings out (`Performance.rings`). Knows nothing of
spelling and files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from img2music.theory.key_map import KeyMap
from img2music.theory.meter_map import MeterMap
from img2music.theory.tempo_map import TempoMap

if TYPE_CHECKING:
    from img2music.theory import Key, Meter

__all__ = ["TICKS_PER_QUARTER", "Bend", "Control", "Performance", "PlayedNote", "PlayedPart"]

TICKS_PER_QUARTER = 480


@dataclass(frozen=True, order=True, slots=True)
class PlayedNote:
    """One note as it sounds."""

    onset_ticks: int
    duration_ticks: int
    pitch: int
    velocity: int


@dataclass(frozen=True, order=True, slots=True)
class Control:
    """A controller change."""

    ticks: int
    controller: int
    value: int


@dataclass(frozen=True, order=True, slots=True)
class Bend:
    """From here on the part sounds so much higher (or lower)."""

    ticks: int
    semitones: float
    """-127..127, whatever range a pitch wheel may have."""


@dataclass(frozen=True, slots=True)
class PlayedPart:
    """One instrument's playing: what a stem holds."""

    name: str
    """Only shown."""
    program: int
    channel: int
    notes: tuple[PlayedNote, ...]
    """Sorted by onset."""
    controls: tuple[Control, ...]
    """Sorted by time; volume, pan and reverb are set at tick 0."""
    bends: tuple[Bend, ...] = ()
    """Sorted by time; before the first the pitch is what is written."""
    id: str = ""
    """That of the part that is played; empty takes the name."""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", self.name)

    def __repr__(self) -> str:
        return f"PlayedPart({self.name!r}, program {self.program}, channel {self.channel}, {len(self.notes)} notes)"

    @property
    def is_drums(self) -> bool:
        """Whether the part is on the percussion channel."""
        return self.channel == 9


@dataclass(frozen=True, slots=True)
class Performance:
    """A whole piece as played."""

    title: str
    tempo_map: TempoMap
    meter_map: MeterMap
    key_map: KeyMap
    seconds: float
    """Length of the finished sound, of one that rings the least; never shorter than the last note's onset."""
    parts: tuple[PlayedPart, ...]
    markers: tuple[tuple[int, str], ...] = ()
    """Section names at their ticks."""
    loop: bool = False
    """Whether the end leads back into the beginning: then what sounds over the end belongs into the beginning."""
    rings: bool = False
    """Whether the sound goes on after `seconds` until it has died away, because nobody promised a length."""
    warnings: tuple[str, ...] = ()
    """What a foreign file asked for and is not played, one sentence each."""

    @classmethod
    def steady(
        cls, title: str, key: Key, meter: Meter, tempo_bpm: float, seconds: float, parts: tuple[PlayedPart, ...], **other: Any
    ) -> Performance:
        """A performance in one key, metre and tempo; `other` are its other fields."""
        maps = TempoMap.constant(tempo_bpm), MeterMap.constant(meter), KeyMap.constant(key)
        return cls(title, *maps, seconds, parts, **other)

    def __repr__(self) -> str:
        parts = ", ".join(f"{part.name} ({len(part.notes)} notes)" for part in self.parts)
        return f"Performance({self.title!r}, {self.tempo_bpm:.4g} bpm, {self.seconds:g} s: {parts})"

    @property
    def tempo_bpm(self) -> float:
        """The tempo at the beginning."""
        return self.tempo_map.bpm

    @property
    def meter(self) -> Meter:
        """The metre at the beginning."""
        return self.meter_map.meter

    @property
    def key(self) -> Key:
        """The key at the beginning."""
        return self.key_map.key

    def seconds_at(self, ticks: float) -> float:
        """When a tick sounds."""
        return self.tempo_map.seconds_at(ticks / TICKS_PER_QUARTER)

    def ticks_at(self, seconds: float) -> float:
        """The tick, perhaps between two, that sounds at a time."""
        return self.tempo_map.quarters_at(seconds) * TICKS_PER_QUARTER

    @property
    def end_ticks(self) -> int:
        """The tick at which the sound ends (rounded)."""
        return round(self.ticks_at(self.seconds))
