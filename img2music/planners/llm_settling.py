"""From a model's wish to a plan that keeps every promise.

The brief is settled before the model is asked: what it differs in is a fault, and the draft, which keeps the brief, stands. Harmony is
checked bar by bar, the form is made to fill the length, players get roles they can play. Each departure is a sentence; the first two
answers have them quoted back, the last is taken with them on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from img2music.errors import Img2MusicError
from img2music.io.styles import load_style, style_names
from img2music.models.answers import AnswerError
from img2music.plan import CompositionPlan, Reason
from img2music.planners.ensemble import kept_out, missing_harmony, seat_band
from img2music.planners.form import count_bars
from img2music.planners.llm_bars import fit_bars
from img2music.planners.loops import loop_bars, loop_seconds
from img2music.planners.words import read_words
from img2music.style import is_style_file
from img2music.theory import METERS, Key, Meter, instrument, parse_bar

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.plan import PartPlan, Role, Section
    from img2music.planners.llm_answer import WirePart
    from img2music.planners.llm_reading import Wish
    from img2music.style import Style
    from img2music.theory import Instrument

__all__ = ["Planned", "Settled", "settle"]

_NEAR = 0.08
"""An open tempo may move so far that the model's own bars fill the length: little more than what listeners notice in a beat (about
6 %: Drake & Botte, Perception & Psychophysics 54, 1993), because a whole form is worth more than a tempo to the digit."""
_RING_SECONDS = (0.1, 4.0)
_HARMONY = frozenset({"chords", "arpeggio", "pad"})
_MOST_PLAYERS = 12


@dataclass(frozen=True, slots=True)
class Settled:
    """What is not the model's to choose, because the user asked for it."""

    style: bool
    key: bool
    meter: bool
    tempo: bool
    band: bool
    without: tuple[str, ...]
    loop: bool
    seconds: float

    @classmethod
    def by(cls, brief: Brief) -> Settled:
        """What `brief` settles, its plain words included where they name a key, a metre or a style."""
        words = read_words(brief.words)
        return cls(
            style=brief.style is not None or words.style is not None,
            key=brief.key is not None or words.key is not None,
            meter=brief.meter is not None or words.meter is not None,
            tempo=brief.tempo_bpm is not None,
            band=bool(brief.instruments),
            without=words.without,
            loop=brief.loop,
            seconds=brief.seconds,
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan from a wish."""

    plan: CompositionPlan
    faults: tuple[str, ...]
    """What the model should mend."""
    remarks: tuple[str, ...]
    """What was adapted without being a fault: an open tempo moved a little, a fifth voice that can't hold chords."""
    citations: int
    unfounded: int


def settle(wish: Wish, draft: CompositionPlan, settled: Settled, known: frozenset[str]) -> Planned:
    """The plan of `wish`, laid over `draft`; `known` are the names that reasons may cite.

    Raises:
        AnswerError: no plan comes of it.
    """
    desk = _Desk(wish, draft, settled)
    style_name, style = desk.style()
    meter = desk.meter()
    key = desk.key()
    sections = desk.harmony(key)
    tempo, sections = desk.length(sections, meter, style)
    parts = desk.band(style)
    reasons, citations, unfounded = desk.reasons(known)
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
            seconds=loop_seconds(sum(section.bars for section in sections), tempo, meter) if settled.loop else settled.seconds,
            valence=draft.valence,
            arousal=draft.arousal,
            density=round(min(1.0, max(0.0, density)), 3),
            articulation=draft.articulation,
            height=draft.height,
            motif=wish.motif or draft.motif,
            contour=wish.contour or draft.contour,
            sections=sections,
            parts=parts,
            reasons=reasons,
            conflicts=(*draft.conflicts, *desk.conflicts),
            seed=draft.seed,
            seeds=draft.seeds,
            loop=draft.loop,
        )
    except ValidationError as error:
        raise AnswerError(*(fault["msg"].removeprefix("Value error, ") for fault in error.errors())) from None
    return Planned(plan, tuple(wish.faults), tuple(desk.remarks), citations, unfounded)


class _Desk:
    """Decides one thing after the other, and writes down what it could not take over."""

    def __init__(self, wish: Wish, draft: CompositionPlan, settled: Settled) -> None:
        self.wish, self.draft, self.settled = wish, draft, settled
        self.remarks: list[str] = []
        self.conflicts: list[str] = []

    def _fault(self, text: str) -> None:
        self.wish.faults.append(text)

    def style(self) -> tuple[str, Style]:
        wished = self.wish.style
        if wished is not None and wished not in style_names():
            self._fault(f"style: there is no {wished[:40]!r}; {self.draft.style} was taken")
            wished = None
        if self.settled.style and wished not in {None, load_style(self.draft.style).name}:
            self._fault(f"style: the user asked for {load_style(self.draft.style).name}, so it stands")
            wished = None
        if wished is None or (self.settled.style and is_style_file(self.draft.style)):
            return self.draft.style, load_style(self.draft.style)
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

    def harmony(self, key: Key) -> tuple[Section, ...]:
        """The sections, their names unlike, every bar sound in `key`, the end at home."""
        sections = self.wish.sections
        if sections is None:
            sections = self.draft.sections if key.mode == self.draft.parsed_key.mode else ()
        if not sections:
            self._fault(f"key: a change from {self.draft.key} to {key.name} needs new bars for every section; none came")
            raise AnswerError(*self.wish.faults)
        made: list[Section] = []
        for section in sections:
            name, number = section.name, 2
            while name in {other.name for other in made}:
                name = f"{section.name} {number}"
                number += 1
            rows = tuple(self._bar(section, place, bar, key) for place, bar in enumerate(section.harmony))
            made.append(section.model_copy(update={"name": name, "harmony": rows}))
        home = "i" if key.is_minor else "I"
        end = parse_bar(made[-1].harmony[-1], key)[-1]
        if not self.settled.loop and end.root != key.tonic:
            self._fault(
                f"sections.{made[-1].name}: the last bar is {made[-1].harmony[-1]}; a piece ends at home, so {home} stands there"
            )
            made[-1] = made[-1].model_copy(update={"harmony": (*made[-1].harmony[:-1], home)})
        return tuple(made)

    def _bar(self, section: Section, place: int, bar: str, key: Key) -> str:
        try:
            parse_bar(bar, key)
        except Img2MusicError as error:
            before = section.harmony[place - 1] if place else ""
            try:
                parse_bar(before, key)
            except Img2MusicError:
                before = "i" if key.is_minor else "I"
            self._fault(f"sections.{section.name}, bar {place + 1}: {str(error).partition(';')[0]}; {before} was put there")
            return before
        return bar

    def length(self, sections: tuple[Section, ...], meter: Meter, style: Style) -> tuple[float, tuple[Section, ...]]:
        """The tempo, and the sections made to fill the length."""
        wished = self.wish.tempo_bpm
        tempo = self.draft.tempo_bpm
        if self.settled.tempo:
            if wished is not None and abs(wished - tempo) > 0.5:
                self._fault(f"tempo_bpm: the user asked for {tempo:g}, so it stands")
        elif wished is not None and abs(wished - round(tempo)) > 0.5:
            tempo = float(wished)
        bars = sum(section.bars for section in sections)
        seconds = self.settled.seconds
        if not self.settled.tempo:
            moved = self._near(tempo, bars, meter)
            if moved is not None:
                if abs(moved - tempo) > 0.5:
                    self.remarks.append(
                        f"the tempo moved from {tempo:.4g} to {moved:.4g}, so that {bars} bars fill {seconds:g} s"
                    )
                return moved, sections
        elif self._fills(tempo, bars, meter):
            return tempo, sections
        wanted = loop_bars(seconds, tempo, meter) if self.settled.loop else count_bars(seconds, tempo, meter)
        if wanted != bars:
            self._fault(f"sections: they hold {bars} bars; {seconds:g} s of {meter.name} at {tempo:.4g} need {wanted}")
            sections = fit_bars(sections, wanted)
        if self.settled.loop and not self.settled.tempo:
            tempo = min(300.0, max(20.0, loop_seconds(wanted, 60.0, meter) * 60 / seconds))
        return tempo, sections

    def _fills(self, tempo: float, bars: int, meter: Meter) -> bool:
        lasts = loop_seconds(bars, tempo, meter)
        seconds = self.settled.seconds
        if self.settled.loop:
            return bars == loop_bars(seconds, tempo, meter)
        bar = loop_seconds(1, tempo, meter)
        return (
            bars == count_bars(seconds, tempo, meter)
            or lasts + _RING_SECONDS[0] <= seconds <= lasts + min(bar, 1.0) + _RING_SECONDS[1]
        )

    def _near(self, tempo: float, bars: int, meter: Meter) -> float | None:
        """The tempo nearest to `tempo`, within 8 %, at which `bars` fill the length; None if there is none."""
        if self.settled.loop:
            exact = loop_seconds(bars, 60.0, meter) * 60 / self.settled.seconds
            return exact if abs(exact / tempo - 1) <= _NEAR and 20 <= exact <= 300 else None
        spread = int(tempo * _NEAR)
        candidates = sorted((tempo + step for step in range(-spread, spread + 1)), key=lambda one: abs(one - tempo))
        return next((one for one in candidates if 20 <= one <= 300 and self._fills(one, bars, meter)), None)

    def band(self, style: Style) -> tuple[PartPlan, ...]:
        """Who plays: roles that each can play, one tune, nobody who was to be left out."""
        wished = self.wish.band
        if self.settled.band or wished is None:
            same = {part.instrument for part in self.draft.parts}
            if self.settled.band and wished is not None and {part.instrument for part in wished} != same:
                self._fault(f"parts: the user asked for exactly {', '.join(sorted(same))}, so these play")
            return self.draft.parts
        players: list[tuple[Instrument, Role]] = []
        joins: list[float] = []
        for part in wished[:_MOST_PLAYERS]:
            try:
                player = instrument(part.instrument)
            except Img2MusicError:
                self._fault(f"parts: there is no instrument {part.instrument[:40]!r}; it was left out")
                continue
            role = self._role(part, player)
            if role is not None:
                players.append((player, role))
                joins.append(part.from_energy)
        if not any(role == "melody" for _, role in players):
            lead = next((place for place, (player, _) in enumerate(players) if not player.kit and player.family != "bass"), None)
            if lead is None:
                self._fault("parts: nobody can play the melody, so the rules' band plays")
                return self.draft.parts
            self._fault(f"parts: nobody plays the melody, so {players[lead][0].name} does")
            players[lead] = (players[lead][0], "melody")
        parts = seat_band(players, style)
        missing = missing_harmony(parts, style)
        if missing:
            self.conflicts.append(missing)
        return tuple(
            part.model_copy(update={"from_energy": 0.0 if part.role == "melody" else energy})
            for part, energy in zip(parts, joins, strict=True)
        )

    def _role(self, part: WirePart, player: Instrument) -> Role | None:
        """What a player can do of what was wished; None where it is left out."""
        if kept_out(player, part.role, self.settled.without):
            self._fault(
                f"parts: the user wants no {part.role if part.role in self.settled.without else player.name}, so it was left out"
            )
            return None
        if player.kit != (part.role == "drums"):
            if player.kit:
                self._fault(f"parts: {player.name} can't play {part.role}, so it plays the drums")
                return "drums"
            self._fault(f"parts: {player.name} can't play the drums; it was left out")
            return None
        if part.role in {"chords", "pad"} and player.voices < 3:
            self.remarks.append(f"{player.name} has one voice, so it plays a second line instead of {part.role}")
            return "counter"
        return part.role

    def reasons(self, known: frozenset[str]) -> tuple[tuple[Reason, ...], int, int]:
        """The model's reasons, then the draft's for what the model did not explain and did not change; with the counts of citations."""
        made, citations, unfounded = [], 0, 0
        for reason in self.wish.reasons:
            cited = tuple(dict.fromkeys(reason.because))
            there = tuple(name for name in cited if name in known)
            missing = tuple(name for name in cited if name not in known)
            citations, unfounded = citations + len(cited), unfounded + len(missing)
            if missing:
                self.remarks.append(f"the reason for {reason.choice} cites {', '.join(map(repr, missing))}, which is not there")
            made.append(Reason(choice=reason.choice, text=reason.text, because=there, source="model", unfounded=missing))
        told = {reason.choice for reason in made}
        stands = {"words", "mood", "scene", "register"} | {
            name
            for name, same in (
                ("style", self.wish.style is None or self.settled.style),
                ("metre", self.wish.meter is None or self.settled.meter),
                ("key", self.wish.key is None or self.settled.key),
                ("mode", self.wish.key is None or self.settled.key),
                ("tempo", self.wish.tempo_bpm is None or self.settled.tempo),
                ("instruments", self.wish.band is None or self.settled.band),
                ("motif", self.wish.motif is None and self.wish.contour is None),
                ("density", self.wish.density is None),
                ("form", self.wish.sections is None),
                ("harmony", self.wish.sections is None),
            )
            if same
        }
        kept = [reason for reason in self.draft.reasons if reason.choice in stands and reason.choice not in told]
        return (*made, *kept), citations, unfounded
