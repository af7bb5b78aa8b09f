"""What is found out about a piece: numbers that say what they mean, and promises with what became of them.

Conventions: "not measured" is None, never 0. `low`..`high` is the range the value can take, not the range that is good;
`better` says which way is good, where one is. A change of definition raises `version`, and a number is quoted with it.
`band` is where the middle four fifths of people's music lie: inside is like people, which is not the same as good.
A promise is checked in the written files (`img2music.metrics.compliance`). Knows nothing of how anything is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "LEAST_SCALE",
    "LEAST_THIRD",
    "Better",
    "ComplianceRow",
    "Measurement",
    "Promise",
    "SectionTonality",
    "Source",
    "Tonality",
    "card",
    "cards_by_name",
    "sure_words",
]

Better = Literal["higher", "lower", "inside", "neither"]
""""inside" is good inside `band`; "neither" is for comparison only."""
Source = Literal["MIDI", "MusicXML", "audio"]
Promise = Literal[
    "tempo", "metre", "key", "length", "instruments", "bars", "words", "hits", "loop",
    "tempo of the sound", "metre of the sound", "key of the sound", "notes in the sound", "rhythm of the sound", "loudness", "sound as written",
]  # fmt: skip
"""The second line is heard in sound that may depart from the score (`img2music.metrics.compliance.sound_rows`)."""
LEAST_THIRD = 0.55
"""Of 297 pieces none had less than .73 under its own label. With the mode changed and the numerals left, 87 of 88 with chords had less
than .40; one had .85, because its two lines keep to the scale."""
LEAST_DEGREE = 0.5
"""Of 210 pieces in these modes none had less than .62 under its own label. Under a neighbour's label none had more than .30, but for pieces
in minor as dorian (one of 56 had .65: minor has both sixths)."""
LEAST_SCALE = 0.8
"""Of 297 pieces none had less than .86 under its own label; a semitone higher none had more than .80."""
_SUREST = 0.95
"""Estimators say 1 where they are as sure as they ever are; they err there too."""
MOST_DEPARTING = 1 / 3
"""Of 788 pieces three had a section whose borrowed chords look like the other mode; none was more than .31 of its piece."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number and its card."""

    name: str
    value: float | None
    unit: str
    """What 1 means: "0..1", "semitones", "notes a beat"."""
    explanation: str
    """One sentence for people: what was counted and what this value says."""
    version: int = 1
    low: float = 0.0
    high: float = 1.0
    better: Better = "higher"
    traps: str = ""
    """How the number misleads."""
    band: tuple[float, float] | None = None
    """10th and 90th percentile of the same measurement in music by people; None where there is no such figure."""
    band_of: str = ""
    """Whose music the band was taken from."""


def card(
    name: str,
    unit: str,
    explanation: str,
    traps: str,
    *,
    version: int = 1,
    low: float = 0.0,
    high: float = 1.0,
    better: Better = "higher",
) -> Measurement:
    """What a number means, before anything is measured; fields as `Measurement` explains them."""
    return Measurement(name, None, unit, explanation, version, low, high, better, traps)


def cards_by_name(*cards: Measurement) -> Mapping[str, Measurement]:
    """The cards of one family, in the order in which they are shown."""
    return {one.name: one for one in cards}


@dataclass(frozen=True, slots=True)
class SectionTonality:
    """How far one section is in the key."""

    name: str
    third: float | None
    """As of the whole."""
    diatonic: float | None
    """Share of the sounding in the scale, nothing raised; None where nothing sounds."""
    departs: bool
    """Whether it is in the other mode: two bars or more, whose third and whose scale are not the key's."""


@dataclass(frozen=True, slots=True)
class Tonality:
    """How far the notes are in a key."""

    tonic: bool
    """Whether they rest on its tonic, or centre on it."""
    rests_on: str
    """The note they rest on."""
    third: float | None
    """Share of the mode's third among both thirds over the tonic; None where neither sounds."""
    degree: float | None
    """Share of the mode's own degree among it and its neighbour; None where neither sounds, and in major and minor."""
    scale: float
    """Share of the sounding in the scale."""
    departing: float
    """Share of the piece that is made of sections in the other mode."""
    sections: tuple[SectionTonality, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the notes are in the key; a section may leave it for the other mode, and is named then."""
        fits = self.third_kept and self.degree_kept and self.scale >= LEAST_SCALE
        return self.tonic and fits and self.departing <= MOST_DEPARTING

    @property
    def third_kept(self) -> bool:
        """Whether the third is the mode's, or none sounds."""
        return self.third is None or self.third >= LEAST_THIRD

    @property
    def degree_kept(self) -> bool:
        """Whether the mode's own degree is, or it has none to show."""
        return self.degree is None or self.degree >= LEAST_DEGREE


@dataclass(frozen=True, slots=True)
class ComplianceRow:
    """One promise and what became of it."""

    promise: Promise
    by: Literal["brief", "plan"]
    """Who asked: the user, or the plan where the user left it open."""
    asked: str
    found: str
    """What the files say; where they differ, what each says."""
    read_from: tuple[Source, ...]
    passed: bool | None
    """Whether every file says what was asked, and its notes do too; None where there is nothing to measure."""
    tonality: Tonality | None = None
    """Of the key: what the written notes say, in figures; None of other promises, and where no pitch sounds."""
    confidence: float | None = None
    """How sure it is, 0..1, where it is guessed from sound; None, and then not in the record, where it is read or measured."""

    @property
    def is_guess(self) -> bool:
        """Whether an ear guessed it, which may be wrong."""
        return self.confidence is not None

    @property
    def shortfall(self) -> str:
        """One line where it was not kept: "tempo should be 92 bpm, the files say 100 bpm"; a guess is told as one."""
        if self.confidence is None:
            who = "the sound has" if self.read_from == ("audio",) else "the files say"
            return f"{self.promise} should be {self.asked}, {who} {self.found}"
        return f"{self.promise} should be {self.asked}; heard: {self.found} (a guess, {sure_words(self.confidence)})"


def sure_words(confidence: float) -> str:
    """How sure a guess is, 0..1, for people: "80% sure". No ear is surer than 95%."""
    return f"{min(confidence, _SUREST):.0%} sure"
