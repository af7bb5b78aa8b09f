"""From a model's wish to a plan that keeps every promise.

The brief is settled before the model is asked: what it differs in is a fault, and the draft, which keeps the brief, stands. Harmony is
read bar by bar as it is meant, the form is made to fill the length, players get roles they can play (`band_assignment`). Each departure is a
sentence; the first two answers have them quoted back, the last is taken with them on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from img2music.errors import Img2MusicError
from img2music.io.style_files import load_style, style_names
from img2music.models.parsing.json_answer import AnswerError
from img2music.plan import CompositionPlan
from img2music.planners.llm.band_assignment import assign_band
from img2music.planners.llm.cited_reasons import check_reasons
from img2music.planners.llm.fit_length import fit_bars, fit_length, sections_seconds
from img2music.planners.llm.moves.asked_movement import goes_through, keys_of, with_asked_tempi
from img2music.planners.llm.moves.draft_remains import hits_left, materials_left, not_yet, still_true
from img2music.planners.llm.moves.local_choices import LocalWish, end_at_home, settle_local_choices
from img2music.planners.llm.moves.local_keys import moved_key
from img2music.planners.llm.moves.moving_length import Glide, MovingForm
from img2music.planners.llm.moves.moving_sections import materials_of, move_sections
from img2music.planners.llm.normalize_numerals import numerals_as_meant
from img2music.style import is_style_file
from img2music.theory import METERS, Key, Meter, parse_bar
from img2music.theory.mode_check import find_mode_contradiction

if TYPE_CHECKING:
    from img2music.plan import Section
    from img2music.planners.llm.fixed_choices import FixedChoices
    from img2music.planners.llm.plan_from_answer import PlanProposal
    from img2music.style import Style

__all__ = ["SettledPlan", "settle_plan"]


@dataclass(frozen=True, slots=True)
class SettledPlan:
    """A plan from a wish."""

    plan: CompositionPlan
    faults: tuple[str, ...]
    """What the model should mend."""
    remarks: tuple[str, ...]
    """What was adapted without being a fault: an open tempo moved a little, a fifth voice that can't hold chords."""
    citations: int
    unfounded: int


def settle_plan(wish: PlanProposal, draft: CompositionPlan, settled: FixedChoices, known: frozenset[str]) -> SettledPlan:
    """The plan of `wish`, laid over `draft`; `known` are the names that reasons may cite.

    Raises:
        AnswerError: no plan comes of it.
    """
    settler = _PlanSettler(wish, draft, settled)
    style_name, style = settler.style()
    meter = settler.meter()
    key = settler.key()
    sections = settler.harmony(key, meter)
    tempo, sections = settler.length(sections, meter, key)
    seats = assign_band(wish, draft, style, asked=settled.band, without=settled.without)
    moved = move_sections(sections, settler.wishes, seats.parts, meter, known, loop=settled.loop)
    given = check_reasons(wish, draft, known, settled)
    wish.faults += seats.faults
    materials = materials_of(wish.materials, sections, settler.remarks)
    low, high = style.density
    density = draft.density if wish.density is None else low + wish.density * (high - low)
    try:
        plan = CompositionPlan(
            title=wish.title or draft.title,
            idea=wish.idea or draft.idea,
            style=style_name,
            key=key.name,
            meter=meter.name,
            tempo_bpm=tempo,
            seconds=sections_seconds(sections, tempo, meter) if settled.loop else settled.seconds,
            valence=draft.valence,
            arousal=draft.arousal,
            density=round(min(1.0, max(0.0, density)), 3),
            articulation=draft.articulation,
            height=draft.height,
            motif=wish.motif or draft.motif,
            contour=wish.contour or draft.contour,
            materials=materials or materials_left(draft.materials, sections),
            sections=moved.sections,
            parts=seats.parts,
            hits=moved.hits or hits_left(draft, moved.sections),
            reasons=given.reasons,
            conflicts=(
                *still_true(draft, seats.parts, settler.own_style),
                *seats.conflicts,
                *settler.conflicts,
                *moved.conflicts,
                *not_yet(wish.wanted),
            ),
            seed=draft.seed,
            seeds=draft.seeds,
            loop=draft.loop,
        )
    except ValidationError as error:
        raise AnswerError(*(fault["msg"].removeprefix("Value error, ") for fault in error.errors())) from None
    remarks = (*wish.remarks, *settler.remarks, *seats.remarks, *moved.remarks, *given.remarks)
    citations, unfounded = given.citations + moved.citations, given.unfounded + moved.unfounded
    return SettledPlan(plan, tuple(wish.faults), remarks, citations, unfounded)


class _PlanSettler:
    """Decides one thing after the other, and writes down what it could not take over."""

    def __init__(self, wish: PlanProposal, draft: CompositionPlan, settled: FixedChoices) -> None:
        self.wish, self.draft, self.settled = wish, draft, settled
        self.own_style = load_style(draft.style)
        self.remarks: list[str] = []
        self.conflicts: list[str] = []
        self.wishes: dict[str, LocalWish] = {}
        """What each section wants, by its name."""
        self._read: list[str] = []
        self._own_bars = True

    def _fault(self, text: str) -> None:
        self.wish.faults.append(text)

    def _follows(self, causes: tuple[str, ...], text: str) -> None:
        """Notes what is a fault unless it only follows from another one: who is told of a wrong tempo is not told of the bars too."""
        is_consequence = any(fault.startswith(f"{cause}:") for fault in self.wish.faults for cause in causes)
        (self.remarks if is_consequence else self.wish.faults).append(text)

    def style(self) -> tuple[str, Style]:
        wished = self.wish.style
        if wished is not None and wished not in style_names():
            self._fault(f"style: there is no {wished[:40]!r}; {self.draft.style} was taken")
            wished = None
        if self.settled.style and wished not in {None, self.own_style.name}:
            self._fault(f"style: the user asked for {self.own_style.name}, so it stands")
            wished = None
        if wished is None or (self.settled.style and is_style_file(self.draft.style)):
            return self.draft.style, self.own_style
        return wished, load_style(wished)

    def meter(self) -> Meter:
        wished = self.wish.meter
        if wished is not None and wished not in METERS:
            self._fault(f"meter: {wished[:10]!r} can't be played, only {', '.join(METERS)}; {self.draft.meter} was taken")
        elif self.settled.meter and wished not in {None, self.draft.meter}:
            self._fault(f"meter: the user asked for {self.draft.meter}, so it stands")
        elif wished is not None:
            return Meter.parse(wished)
        return self.draft.parsed_meter

    def key(self) -> Key:
        """The key that the model's own numerals are in: where they contradict the mode that is named, notes would follow them."""
        key = self._named_key()
        at_home = (section for section, own in self._with_own_keys() if own is None)
        read = (numerals_as_meant(bar, key)[0] for section in at_home for bar in section.harmony)
        found = find_mode_contradiction([bar for bar in read if bar], key)
        if found is None:
            return key
        if self.settled.key:
            self._fault(f"sections: the user asked for {key.name}, but {found.where}; the draft's bars were taken")
            self._own_bars = False
            return key
        self._fault(f"key: {found.text}; {found.meant.name} was taken")
        return found.meant

    def _with_own_keys(self) -> list[tuple[Section, str | None]]:
        """The wished sections, each with the key that it names, if any."""
        sections = self.wish.sections or ()
        if self.wish.moves:
            return [(section, said.key) for section, said in zip(sections, self.wish.moves, strict=True)]
        return [(section, section.key) for section in sections]

    def _named_key(self) -> Key:
        if self.wish.key is None:
            return self.draft.parsed_key
        try:
            key = Key.parse(self.wish.key)
        except Img2MusicError as error:
            self._fault(f"key: {error}; {self.draft.key} was taken")
            return self.draft.parsed_key
        if self.settled.key and key.name != self.draft.key:
            self._fault(f"key: the user asked for {self.draft.key}, so it stands")
            return self.draft.parsed_key
        return key

    def harmony(self, key: Key, meter: Meter) -> tuple[Section, ...]:
        """The sections, their names unlike, every bar sound in its section's key, the end at home."""
        sections = self.wish.sections if self._own_bars else None
        if sections is None:
            sections = self.draft.sections if key.mode == self.draft.parsed_key.mode else ()
        if not sections:
            self._fault(f"key: a change from {self.draft.key} to {key.name} needs new bars for every section; none came")
            raise AnswerError(*self.wish.faults)
        wishes: list[LocalWish] = []
        if self.wish.moves and self._own_bars:
            local = settle_local_choices(sections, self.wish.moves, key, meter, self._tempo(), self.settled)
            sections, wishes = tuple(local.sections), local.wishes
            self.conflicts += local.conflicts
        if self._own_bars and self.wish.sections is not None and not goes_through(sections, key, self.settled.keys):
            asked, found = " then ".join(self.settled.keys), " then ".join(keys_of(sections, key))
            text = f"sections: the user asked for {asked}, and they are in {found}; the draft's sections were taken"
            (self.wish.faults if self.wish.moves else self.remarks).append(text)
            self._own_bars, sections, wishes = False, self.draft.sections, []
        if not wishes:
            sections = self._along(sections, key, meter)
        made: list[Section] = []
        for place, section in enumerate(sections):
            name, number = section.name, 2
            while name in {other.name for other in made}:
                name = f"{section.name} {number}"
                number += 1
            own, rows = Key.parse(section.key) if section.key else key, list[str]()
            for number, bar in enumerate(section.harmony):
                rows.append(self._bar(section.name, number, bar, own, rows[-1] if rows else ""))
            made.append(section.model_copy(update={"name": name, "harmony": tuple(rows)}))
            if wishes:
                self.wishes[name] = wishes[place]
        if self._read:
            self.remarks.append(f"numerals read in the mode of {key.name}: {', '.join(dict.fromkeys(self._read))}")
        last = Key.parse(made[-1].key) if made[-1].key else key
        home = "i" if last.is_minor else "I"
        end = parse_bar(made[-1].harmony[-1], last)[-1]
        if not self.settled.loop and end.root != last.tonic:
            self._follows(
                ("key",),
                f"sections.{made[-1].name}: the last bar is {made[-1].harmony[-1]}; a piece ends at home, so {home} stands there",
            )
            made[-1] = made[-1].model_copy(update={"harmony": (*made[-1].harmony[:-1], home)})
        return tuple(made)

    def _along(self, sections: tuple[Section, ...], key: Key, meter: Meter) -> tuple[Section, ...]:
        """Sections of the draft, whose own keys and tempi move along with the piece's."""
        home, factor = self.draft.parsed_key, self._tempo() / self.draft.tempo_bpm
        if factor != 1:
            _, sections = MovingForm(sections, self.draft.tempo_bpm, meter, {}).at(factor)
        if key == home:
            return sections
        return tuple(
            one if one.key is None else one.model_copy(update={"key": moved_key(Key.parse(one.key), home, key).name})
            for one in sections
        )

    def _bar(self, section: str, place: int, bar: str, key: Key, before: str) -> str:
        """A bar as it is meant; where nothing in it is a chord the bar before is told again."""
        meant, read, lost = numerals_as_meant(bar, key)
        self._read += read
        if lost:
            instead = "" if meant else f"; {before or ('i' if key.is_minor else 'I')} was put there"
            self._fault(f"sections.{section}, bar {place + 1}: {', '.join(map(repr, lost[:4]))} is no roman numeral{instead}")
        return meant or before or ("i" if key.is_minor else "I")

    def length(self, sections: tuple[Section, ...], meter: Meter, key: Key) -> tuple[float, tuple[Section, ...]]:
        """The tempo, and the sections made to fill the length."""
        tempo, end = self._tempo(), self.settled.tempo_to_bpm
        is_draft = not self._own_bars or self.wish.sections is None
        if is_draft and (tempo, meter) == (self.draft.tempo_bpm, self.draft.parsed_meter) and any(one.moves for one in sections):
            return tempo, sections  # the draft fills its length, as it moves
        if end is not None and self.wish.sections is not None:
            sections = with_asked_tempi(sections, (tempo, end), meter, self.settled.seconds, fit_bars)
            return tempo, self._through_keys(sections, key)
        glides = {name: Glide(wish.tempo_end_bpm, wish.slows) for name, wish in self.wishes.items()}
        fitted = fit_length(sections, self._tempo(), meter, self.settled, glides)
        if fitted.moved:
            self.remarks.append(fitted.moved)
        if fitted.fault and not self.wish.lost_sections:  # what was lost was told already
            self._follows(("tempo_bpm", "meter"), fitted.fault)
        sections = self._through_keys(fitted.sections, key)
        tempo = fitted.tempo_bpm if sections is fitted.sections else self.draft.tempo_bpm
        return tempo, self._home_again(sections, key)

    def _home_again(self, sections: tuple[Section, ...], key: Key) -> tuple[Section, ...]:
        """The sections of a loop, the last in the key of the first: a short length may have left out the one that it was to lead back to."""
        home, own = (Key.parse(one.key) if one.key else key for one in (sections[0], sections[-1]))
        if not self.settled.loop or own == home or len(self.settled.keys) > 1:
            return sections
        last, said = end_at_home(sections[-1], own, home, key)
        self.conflicts.append(said)
        return (*sections[:-1], last)

    def _through_keys(self, sections: tuple[Section, ...], key: Key) -> tuple[Section, ...]:
        """The sections, or the draft's where too few are left for the keys that the user asked for."""
        if goes_through(sections, key, self.settled.keys):
            return sections
        self.remarks.append(f"sections: too few are left for {' then '.join(self.settled.keys)}; the draft's were taken")
        self.wishes = {}
        return self.draft.sections

    def _tempo(self) -> float:
        wished, tempo = self.wish.tempo_bpm, self.draft.tempo_bpm
        if self.settled.tempo:
            if wished is not None and abs(wished - tempo) > 0.5:
                self._fault(f"tempo_bpm: the user asked for {tempo:g}, so it stands")
            return tempo
        return float(wished) if wished is not None and abs(wished - round(tempo)) > 0.5 else tempo
