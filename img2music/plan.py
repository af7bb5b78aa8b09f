"""The composition before its notes: key, metre, tempo, form, harmony, parts, motif, and a reason for each choice.

A plan is meant to be read, edited and written by people and by language models, so harmony is text (one string of roman
numerals a bar) and everything is checked when it comes in.

Conventions: tempo in quarter notes a minute; rhythm in quarter notes; scale degrees are steps, 0 the tonic; energies,
contour and densities in [0, 1]. Knows nothing of notes and files.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from img2music.movement import check_hits, first_bars, key_map_of, meter_map_of, place_in_words, tempo_map_of
from img2music.part_plan import PartPlan, Role
from img2music.playing_style import PlayingStyle
from img2music.rng import Craft, Seed
from img2music.section import BPM_RANGE, Hit, Material, Motif, Section, TempoChange
from img2music.strict_model import DocumentModel, StrictModel
from img2music.theory import Chord, Key, Meter, instrument, parse_bar
from img2music.theory.mode_check import find_mode_contradiction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from img2music.theory.key_map import KeyMap
    from img2music.theory.meter_map import MeterMap
    from img2music.theory.mode_check import ModeContradiction
    from img2music.theory.tempo_map import TempoMap

__all__ = [
    "MOST_PARTS",
    "MOST_PITCHED_PARTS",
    "MOST_SECTIONS",
    "CompositionPlan",
    "Hit",
    "Material",
    "Motif",
    "PartPlan",
    "Reason",
    "Role",
    "Section",
    "TempoChange",
]

Unit = Annotated[float, Field(ge=0, le=1)]
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


class CompositionPlan(DocumentModel):
    """Everything decided before the first note."""

    oldest_version: ClassVar[int | None] = 1
    shown_where_set: ClassVar[tuple[str, ...]] = ("playing", "materials", "hits")

    version: Literal[2] = 2
    title: Annotated[str, Field(min_length=1, max_length=200)]
    idea: str = ""
    """One or two sentences: what the piece is about."""
    style: Annotated[str, Field(max_length=1000)]
    playing: PlayingStyle | None = None
    """How the style is played; None, as in plans that had it not yet, has it looked up by its name."""
    key: Annotated[str, AfterValidator(lambda text: Key.parse(text).name)]
    meter: Annotated[str, AfterValidator(lambda text: Meter.parse(text).name)]
    tempo_bpm: Annotated[float, Field(ge=BPM_RANGE[0], le=BPM_RANGE[1])]
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
    materials: Annotated[tuple[Material, ...], Field(max_length=26)] = ()
    """What letters of the form have of their own."""
    sections: Annotated[tuple[Section, ...], Field(min_length=1, max_length=MOST_SECTIONS)]
    parts: Annotated[tuple[PartPlan, ...], Field(min_length=1, max_length=MOST_PARTS)]
    hits: Annotated[tuple[Hit, ...], Field(max_length=2000)] = ()
    """Moments that the music must mark."""
    reasons: Annotated[tuple[Reason, ...], Field(max_length=200)] = ()
    conflicts: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(max_length=150)] = ()
    """Where the brief and the picture, or two wishes, disagreed, and what was done."""
    seed: Seed = 0
    seeds: dict[Craft, Seed] = Field(default_factory=dict)
    """A craft's own seed where it is not `seed`; "harmony" and "form" are settled in a plan and only say where they came from."""
    loop: bool = False
    """Whether the end leads back into the beginning; then `seconds` is exactly the length of the bars."""

    @classmethod
    def place_in_words(cls, tree: Any, path: Sequence[int | str]) -> str:
        """The section and the bar of a fault; see `movement.place_in_words`."""
        return place_in_words(tree, path)

    @model_validator(mode="after")
    def _consistent(self) -> CompositionPlan:
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
            key = self.key_of(section)
            for number, bar in enumerate(section.harmony, 1):
                try:
                    parse_bar(bar, key)
                except ValueError as error:
                    raise ValueError(f"section {section.name!r}, bar {number}: {error}") from None
        if sum(not instrument(part.instrument).kit for part in self.parts) > MOST_PITCHED_PARTS:
            raise ValueError(f"MIDI has room for {MOST_PITCHED_PARTS} pitched parts; take some out")
        if self.bars > _MOST_BARS:
            raise ValueError(f"a plan holds at most {_MOST_BARS} bars, not {self.bars}; take some out")
        self._check_players()
        self._check_materials()
        check_hits(self.hits, self.sections, self.meter_map)
        _ = self.tempo_map  # raises where changes overlap
        return self

    def _check_players(self) -> None:
        kits = {part.id: bool(instrument(part.instrument).kit) for part in self.parts}
        lead = self.lead.id if self.lead else None
        for section in self.sections:
            for known, id_ in [("tune", section.tune_by), *(("silence", silent) for silent in section.silent)]:
                if id_ is not None and id_ not in kits:
                    raise ValueError(
                        f"section {section.name!r}: its {known} names a part {id_!r}, which is none; choose from {', '.join(kits)}"
                    )
            if section.tune_by is not None and kits[section.tune_by]:
                raise ValueError(
                    f"section {section.name!r}: drums ({section.tune_by!r}) can't have the tune; name a pitched part"
                )
            alone = (section.tune_by or lead) if section.texture == "solo" else section.tune_by
            if alone in section.silent or set(kits) <= set(section.silent):
                raise ValueError(f"section {section.name!r}: who has the tune is silent, or everybody is; let somebody play")

    def _check_materials(self) -> None:
        letters = [material.letter for material in self.materials]
        for letter in letters:
            if letters.count(letter) > 1:
                raise ValueError(f"two materials are for the letter {letter!r}; keep one")
            if all(section.material != letter for section in self.sections):
                raise ValueError(f"a material is for the letter {letter!r}, which no section has; take it out")

    @model_serializer(mode="wrap")
    def _without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value or name not in self.shown_where_set}

    def __hash__(self) -> int:
        return hash((self.title, self.seconds, self.seed))  # `seeds` is a dictionary, which has no hash of its own

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> CompositionPlan:
        """A copy with other fields; what was worked out from the old ones is not taken along."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("bars", "parsed_key", "parsed_meter", "key_map", "meter_map", "tempo_map"):
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
    def lead(self) -> PartPlan | None:
        """The part that has the melody where a section says nothing else; None in a plan without one."""
        return next((part for part in self.parts if part.role == "melody" and not instrument(part.instrument).kit), None)

    @property
    def phrase_starts(self) -> tuple[Fraction, ...]:
        """Where the phrases begin, in quarter notes from the start of the piece; the first is 0."""
        starts, bar = [], 0
        for section in self.sections:
            for bars in section.phrase_bars:
                starts.append(self.meter_map.bar_onset(bar))
                bar += bars
        return tuple(starts)

    @property
    def bar_energies(self) -> list[float]:
        """The energy of every bar, 0..1."""
        return [energy for section in self.sections for energy in section.bar_energies]

    @property
    def first_bars(self) -> tuple[int, ...]:
        """The bar, from 0, in which each section begins."""
        return first_bars(self.sections)

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

    def key_of(self, section: Section) -> Key:
        """The key of a section: its own, or the piece's."""
        return Key.parse(section.key) if section.key else self.parsed_key

    def meter_of(self, section: Section) -> Meter:
        """The metre of a section: its own, or the piece's."""
        return Meter.parse(section.meter) if section.meter else self.parsed_meter

    @cached_property
    def meter_map(self) -> MeterMap:
        """Where bars begin, and the metre of each."""
        return meter_map_of(self.sections, self.parsed_meter)

    @cached_property
    def key_map(self) -> KeyMap:
        """Which key holds where."""
        return key_map_of(self.sections, self.parsed_key, self.meter_map)

    @cached_property
    def tempo_map(self) -> TempoMap:
        """The tempo of every place, without a player's freedom."""
        return tempo_map_of(self.sections, self.tempo_bpm, self.meter_map)

    @property
    def duration_quarters(self) -> Fraction:
        """Length of all bars."""
        return self.meter_map.bar_onset(self.bars)

    @property
    def bars_seconds(self) -> float:
        """How long the bars last, without what rings after them."""
        return self.tempo_map.seconds_at(self.duration_quarters)

    def section_of(self, bar: int) -> Section:
        """The section that holds a bar, counted from 0."""
        return self.sections[bisect_right(self.first_bars, bar) - 1]

    def material_of(self, section: Section) -> Material | None:
        """What the section's letter has of its own, if anything."""
        return next((one for one in self.materials if one.letter == section.material), None)

    def contradiction(self) -> ModeContradiction | None:
        """Where the numerals contradict the mode of their key; None where they don't."""
        for key in dict.fromkeys(self.key_of(section) for section in self.sections):
            bars = [bar for section in self.sections if self.key_of(section) == key for bar in section.harmony]
            found = find_mode_contradiction(bars, key)
            if found is not None:
                return found
        return None

    def chords(self) -> tuple[tuple[Chord, ...], ...]:
        """The chords of every bar of the piece, in order."""
        return tuple(parse_bar(bar, self.key_of(section)) for section in self.sections for bar in section.harmony)
