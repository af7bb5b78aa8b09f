"""The composition before its notes: key, metre, tempo, form, harmony, parts, motif, and a reason for each choice.

A plan is meant to be read, edited and written by people and by language models, so harmony is text (one string of roman
numerals a bar) and everything is checked when it comes in.

Conventions: tempo in quarter notes a minute; rhythm in quarter notes; scale degrees are steps, 0 the tonic; energies,
contour and densities in [0, 1]. Knows nothing of notes and files.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from img2music.rng import Craft, Seed
from img2music.strict_model import DocumentModel, StrictModel
from img2music.theory import Chord, Key, Meter, instrument, parse_bar
from img2music.theory.instruments import Hand, hand_in_name
from img2music.theory.mode_check import find_mode_contradiction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.theory.mode_check import ModeContradiction

__all__ = ["MOST_PARTS", "MOST_PITCHED_PARTS", "MOST_SECTIONS", "CompositionPlan", "Motif", "PartPlan", "Reason", "Section"]

Unit = Annotated[float, Field(ge=0, le=1)]
Role = Literal["melody", "counter", "chords", "arpeggio", "pad", "bass", "drums"]
_MOST_BARS = 9000
MOST_PARTS, MOST_PITCHED_PARTS, MOST_SECTIONS = 16, 15, 64
"""Of a plan; MIDI has sixteen channels, one of them for all drums."""


class Reason(StrictModel):
    """Why one choice was made."""

    choice: str
    """What was chosen: "tempo", "mode", "motif" ..."""
    text: str
    """One sentence for people."""
    because: tuple[str, ...] = ()
    """Names of the scene's cues behind it; empty where the user asked for it."""
    strengths: Annotated[dict[str, Unit], Field(max_length=20)] = Field(default_factory=dict)
    """How much of the choice each of them made, 0..1; what is missing to 1 was no cue's: the style's habit, the length, a word."""
    source: Literal["rules", "model"] = "rules"
    """Who gives the reason."""
    unfounded: Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(max_length=12)] = ()
    """What a model gave as its reason though no cue of that name is there."""

    def __hash__(self) -> int:
        return hash((self.choice, self.text, self.because))  # `strengths` is a dictionary, which has no hash of its own


class Motif(StrictModel):
    """The smallest idea the piece grows from."""

    steps: Annotated[tuple[Annotated[int, Field(ge=-14, le=14)], ...], Field(min_length=2, max_length=12)]
    """Scale steps above the motif's first note, which is 0."""
    rhythm: Annotated[tuple[Annotated[float, Field(ge=1 / 24, le=8)], ...], Field(min_length=2, max_length=12)]
    """Durations in quarter notes, one for each step; on a grid of 1/24."""

    @model_validator(mode="after")
    def _same_length(self) -> Motif:
        if len(self.steps) != len(self.rhythm):
            raise ValueError(
                f"a motif needs as many durations as steps, not {len(self.rhythm)} and {len(self.steps)}; make them equal"
            )
        return self

    @property
    def durations(self) -> tuple[Fraction, ...]:
        """The rhythm as exact quarter notes."""
        return tuple(Fraction(round(duration * 24), 24) for duration in self.rhythm)


class Section(StrictModel):
    """A stretch of the form."""

    name: str
    """Unique in the plan: "A1", "B", "intro"."""
    material: str
    """Sections of the same letter share their tune: "A", "B"; "intro" and "outro" have none of their own."""
    role: Literal["intro", "theme", "contrast", "return", "outro"]
    energy: Unit
    harmony: Annotated[tuple[str, ...], Field(min_length=1, max_length=512)]
    """One string of roman numerals a bar: ("I", "vi", "ii7 V7", "I")."""
    phrase_bars: Annotated[tuple[Annotated[int, Field(ge=1, le=16)], ...], Field(min_length=1)]
    """How the bars group into phrases; they add up to the section's bars."""

    @property
    def bars(self) -> int:
        """Length of the section."""
        return len(self.harmony)

    @model_validator(mode="after")
    def _phrases_fill_the_section(self) -> Section:
        if sum(self.phrase_bars) != self.bars:
            raise ValueError(
                f"section {self.name!r}: its phrases hold {sum(self.phrase_bars)} bars and its harmony {self.bars}; make them equal"
            )
        return self


class PartPlan(StrictModel):
    """One instrument's line and job."""

    id: Annotated[str, Field(max_length=200)] = ""
    """What the part is known by: its chance, its kept notes and what a model writes for it go by the id, and nobody is shown it.
    Unique in the plan. A part without one, as plans had none at first, takes its name, and then its hand too from the name."""
    name: Annotated[str, Field(max_length=200)]
    """Unique in the plan, only shown: "Violin", "Piano (left hand)". It decides no note."""
    hand: Hand | None = None
    """Which hand of a player plays it; the hands of one instrument are one player. None for a player of its own."""
    instrument: Annotated[str, AfterValidator(lambda name: instrument(name).name)]
    role: Role
    pattern: str = ""
    """How the role is played, one of the style's patterns; empty lets the composer choose."""
    from_energy: Unit = 0.0
    """The part rests in sections of less energy."""
    octave: Annotated[int, Field(ge=-3, le=3)] = 0
    """Shift of its usual register."""
    level_db: Annotated[float, Field(ge=-40, le=12)] = 0.0
    pan: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """-1 left .. 1 right."""

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, tree: Any) -> Any:
        """The id of a part that has none, and its hand, from the name."""
        if not isinstance(tree, dict):
            return tree
        name = tree.get("name")
        if "id" not in tree:
            return {"id": name, "hand": hand_in_name(name), **tree} if isinstance(name, str) else tree
        known = tree["id"]
        # The name of a part is taken as it is, whatever it holds: it was the part's id before there were any.
        if known != name and not (isinstance(known, str) and known.strip() and known.isprintable()):
            raise ValueError(f"part {name!r}: its id {known!r} is no plain text; give a word that no other part has")
        return tree

    @model_validator(mode="after")
    def _drums_on_kits(self) -> PartPlan:
        if self.role == "drums" and not instrument(self.instrument).kit:
            raise ValueError(
                f"part {self.name!r}: {self.instrument} can't play the role 'drums'; give it another role or a drum kit"
            )
        return self


class CompositionPlan(DocumentModel):
    """Everything decided before the first note."""

    version: Literal[1] = 1
    title: Annotated[str, Field(min_length=1, max_length=200)]
    idea: str = ""
    """One or two sentences: what the piece is about."""
    style: Annotated[str, Field(max_length=1000)]
    key: Annotated[str, AfterValidator(lambda text: Key.parse(text).name)]
    meter: Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)]
    tempo_bpm: Annotated[float, Field(ge=20, le=300)]
    seconds: Annotated[float, Field(ge=1, le=1800)]
    """Length of the finished sound; the last bar's sound rings out into what the bars leave over."""
    valence: Annotated[float, Field(ge=-1, le=1)]
    arousal: Annotated[float, Field(ge=-1, le=1)]
    density: Unit
    """How many notes a beat the parts play, as the style understands it."""
    articulation: Annotated[float, Field(ge=0.4, le=1.4)] = 1.0
    """Factor for the sounding part of written lengths: below 1 more detached than the style plays, above 1 more bound."""
    height: Annotated[int, Field(ge=-12, le=12)] = 0
    """Semitones by which tune and accompaniment lie higher than usual, as far as each instrument's range allows."""
    motif: Motif
    contour: Annotated[tuple[Unit, ...], Field(min_length=2, max_length=64)]
    """The line the melody follows through a theme, low to high."""
    sections: Annotated[tuple[Section, ...], Field(min_length=1, max_length=MOST_SECTIONS)]
    parts: Annotated[tuple[PartPlan, ...], Field(min_length=1, max_length=MOST_PARTS)]
    reasons: Annotated[tuple[Reason, ...], Field(max_length=200)] = ()
    conflicts: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(max_length=150)] = ()
    """Where the brief and the picture, or two wishes, disagreed, and what was done."""
    seed: Seed = 0
    seeds: dict[Craft, Seed] = Field(default_factory=dict)
    """A craft's own seed where it is not `seed`; "harmony" and "form" are settled in a plan and only say where they came from."""
    loop: bool = False
    """Whether the end leads back into the beginning; then `seconds` is exactly the length of the bars."""

    @model_validator(mode="after")
    def _consistent(self) -> CompositionPlan:
        key = Key.parse(self.key)
        for kind, names in (("section", [s.name for s in self.sections]), ("part", [p.name for p in self.parts])):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two {kind}s are called {twice[0]!r}; give each its own name")
        known: dict[str, str] = {}
        for part in self.parts:
            if part.id in known:
                raise ValueError(f"parts {known[part.id]!r} and {part.name!r} have one id, {part.id!r}; give each its own")
            known[part.id] = part.name
        for section in self.sections:
            for number, bar in enumerate(section.harmony, 1):
                try:
                    parse_bar(bar, key)
                except ValueError as error:
                    raise ValueError(f"section {section.name!r}, bar {number}: {error}") from None
        if sum(not instrument(part.instrument).kit for part in self.parts) > MOST_PITCHED_PARTS:
            raise ValueError(f"MIDI has room for {MOST_PITCHED_PARTS} pitched parts; take some out")
        if self.bars > _MOST_BARS:
            raise ValueError(f"a plan holds at most {_MOST_BARS} bars, not {self.bars}; take some out")
        return self

    def __hash__(self) -> int:
        return hash((self.title, self.seconds, self.seed))  # `seeds` is a dictionary, which has no hash of its own

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> CompositionPlan:
        """A copy with other fields; what was worked out from the old ones is not taken along."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("bars", "parsed_key", "parsed_meter"):
            copied.__dict__.pop(name, None)
        return copied

    def seed_for(self, craft: Craft) -> int:
        """The seed that a craft draws from: its own, or the piece's."""
        return self.seeds.get(craft, self.seed)

    @cached_property
    def bars(self) -> int:
        """Bars of the whole piece."""
        return sum(section.bars for section in self.sections)

    @property
    def phrase_starts(self) -> tuple[Fraction, ...]:
        """Where the phrases begin, in quarter notes from the start of the piece; the first is 0."""
        lengths = [bars for section in self.sections for bars in section.phrase_bars]
        return tuple(bar * self.parsed_meter.bar_quarters for bar in accumulate(lengths[:-1], initial=0))

    @property
    def bar_energies(self) -> list[float]:
        """The energy of every bar, 0..1: that of its section."""
        return [section.energy for section in self.sections for _ in range(section.bars)]

    @property
    def final_bar(self) -> int | None:
        """The bar, from 0, in which the piece comes to rest; None for a loop, which never does."""
        return None if self.loop else self.bars - 1

    @cached_property
    def parsed_key(self) -> Key:
        """The key as theory knows it."""
        return Key.parse(self.key)

    @cached_property
    def parsed_meter(self) -> Meter:
        """The metre as theory knows it."""
        return Meter.parse(self.meter)

    def contradiction(self) -> ModeContradiction | None:
        """Where the numerals contradict the mode of the key; None where they don't."""
        return find_mode_contradiction([bar for section in self.sections for bar in section.harmony], self.parsed_key)

    def chords(self) -> tuple[tuple[Chord, ...], ...]:
        """The chords of every bar of the piece, in order."""
        key = self.parsed_key
        return tuple(parse_bar(bar, key) for section in self.sections for bar in section.harmony)
