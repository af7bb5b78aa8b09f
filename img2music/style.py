"""Styles: how a kind of music is played. One YAML file a style in `styles/`, read by `io.style_files`; adding one needs no code.

Conventions: tempo in quarter notes a minute; `affect` is where the style feels at home in the plane of valence and
arousal (our choice, by ear); rhythm strings have one character a step, the steps dividing the bar evenly.
Knows nothing of pictures and of notes.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from img2music.playing_style import DrumGroove, MeterName, Playing, PlayingStyle, Unit
from img2music.strict_model import DocumentModel, StrictModel
from img2music.theory import Key, instrument, parse_bar
from img2music.theory.instruments import Hand, hand_in_name
from img2music.theory.pattern_names import check_pattern

__all__ = ["DrumGroove", "Style", "StyleAffect", "StylePart", "StyleProgressions", "Vocabulary", "is_style_file"]

Mode = Literal["lydian", "major", "mixolydian", "dorian", "minor", "phrygian"]
Tempo = Annotated[float, Field(ge=20, le=300)]


def _check_row(row: str) -> str:
    """Four bars of roman numerals; that they also stand in their own mode is checked where that is known."""
    bars = row.split("|")
    if len(bars) != 4:
        raise ValueError(f"{row!r} has {len(bars)} bars; write four, parted by |")
    for bar in bars:
        parse_bar(bar, Key(0, "major"))
    return row


RhythmRow = Annotated[str, Field(max_length=200), AfterValidator(_check_row)]


class StylePart(StrictModel):
    """A seat in the band."""

    name: Annotated[str, Field(max_length=200)] = ""
    """Shown in the score; empty takes the instrument's name."""
    hand: Hand | None = None
    """Which hand of its first player plays it; a seat that does not say so, as none did at first, has the hand that its name tells of."""
    role: Literal["melody", "counter", "chords", "arpeggio", "pad", "bass", "drums"]
    instruments: Annotated[tuple[Annotated[str, AfterValidator(lambda name: instrument(name).name)], ...], Field(min_length=1)]
    """Who may take the seat, the most typical first."""
    pattern: str = ""
    from_energy: Unit = 0.0
    octave: Annotated[int, Field(ge=-3, le=3)] = 0
    level_db: Annotated[float, Field(ge=-40, le=12)] = 0.0
    pan: Annotated[float, Field(ge=-1, le=1)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _handed(cls, tree: Any) -> Any:
        if isinstance(tree, dict) and isinstance(tree.get("name"), str):
            return {"hand": hand_in_name(tree["name"]), **tree}
        return tree

    @model_validator(mode="after")
    def _drums_on_kits(self) -> StylePart:
        for name in self.instruments:
            if instrument(name).kit != (self.role == "drums"):
                raise ValueError(
                    f"role {self.role!r} can't be played on {name}; drum kits play drums and nothing else does, so change one of them"
                )
        return self

    @model_validator(mode="after")
    def _pattern_exists(self) -> StylePart:
        check_pattern(self.role, self.pattern)
        return self


class StyleProgressions(StrictModel):
    """Four-bar progressions of one mode, bars parted by ``|``."""

    opening: Annotated[tuple[RhythmRow, ...], Field(min_length=1)]
    """Begin a theme; end openly."""
    closing: Annotated[tuple[RhythmRow, ...], Field(min_length=1)]
    """Answer it; end on the tonic."""
    contrast: Annotated[tuple[RhythmRow, ...], Field(min_length=1)]
    """Begin elsewhere; end on the dominant or its like."""


class Vocabulary(StrictModel):
    """What harmony a style speaks. The progressions themselves are drawn from statistics (`planners.harmony.markov`).

    Shares are relative to the music the statistics come from: 0 never, 0.5 as often as there, 1 twice as often.
    """

    source: Literal["chart", "standards", "chorales"] = "standards"
    """Whose progressions: "chart" songs since 1958, "standards" and songs before 1930, or four-part "chorales"."""
    chords: Literal["power", "triads", "sevenths", "extended"] = "triads"
    """"power" plain major and minor chords (played as root and fifth), "triads" with sevenths on dominants only, "sevenths" on
    every chord, "extended" with ninths and added sixths too."""
    cadence: Literal["authentic", "plagal", "modal", "any"] = "authentic"
    """How phrases come home: V-I, IV-I, by the mode's own chords (bVII-I, II-I ...), or as the statistics have it. Modes
    without a leading tone close modally whatever is written here."""
    rhythm: Annotated[float, Field(ge=0.25, le=3)] = 1.0
    """Chords a bar, on average."""
    own: Unit = 1.0
    """Share of phrases that take one of the style's own rows (`Style.harmony`) where it has any for the mode; the others are
    drawn."""
    secondary: Unit = 0.5
    """Dominants of other degrees than the tonic, such as V/V (a share, see above)."""
    borrowed: Unit = 0.5
    """Chords of the parallel mode, such as iv and bVI in major (a share, see above)."""
    inversions: Unit = 0.3
    """How readily chords are inverted so that the bass moves by step: 0 never, 1 wherever it helps."""
    suspensions: Unit = 0.1
    """Chance that a dominant at a cadence, or a held tonic, is delayed by its fourth."""
    pedal: Unit = 0.0
    """Chance that introduction and ending stand on a held tonic."""


class StyleAffect(StrictModel):
    """A place in the plane of valence and arousal (Russell 1980)."""

    valence: Annotated[float, Field(ge=-1, le=1)]
    arousal: Annotated[float, Field(ge=-1, le=1)]


class Style(Playing, DocumentModel):
    """A way of playing."""

    old_fields: ClassVar[dict[str, str]] = {"words": ""}
    """Which words call a style is in `img2music/lexicon` now."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    summary: Annotated[str, Field(max_length=300)]
    affect: StyleAffect
    tempo_bpm: tuple[Tempo, Tempo]
    """Slowest and fastest."""
    meters: Annotated[tuple[MeterName, ...], Field(min_length=1)]
    """Metres it is at home in, the most typical first; others are possible when asked for."""
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)]
    form: Literal["song", "verse-refrain", "rondo", "arch", "strophic"] = "song"
    """How sections follow each other; see `planners/form.py`."""
    harmony: dict[Mode, StyleProgressions] = Field(default_factory=dict)
    """Own progressions by mode, used as often as `vocabulary.own` says; in a mode left out all are drawn."""
    vocabulary: Vocabulary = Vocabulary()
    parts: Annotated[tuple[StylePart, ...], Field(min_length=1, max_length=16)]

    def playing(self, called: str) -> PlayingStyle:
        """What a plan carries of this style, which it calls by that name or path."""
        return PlayingStyle(style=called, **{name: getattr(self, name) for name in Playing.model_fields})

    @model_validator(mode="after")
    def _ranges_run_upwards(self) -> Style:
        for name, (low, high) in (("tempo_bpm", self.tempo_bpm), ("density", self.density)):
            if low > high:
                raise ValueError(f"{name}: {low:g} is above {high:g}; write the smaller number first")
        return self

    @model_validator(mode="after")
    def _progressions_parse(self) -> Style:
        for mode, harmony in self.harmony.items():
            for progression in (*harmony.opening, *harmony.closing, *harmony.contrast):
                for bar in progression.split("|"):
                    parse_bar(bar, Key(0, mode))
        return self


def is_style_file(name: str) -> bool:
    """Whether a style is given by its path instead of its name."""
    return name.endswith((".yaml", ".yml"))
