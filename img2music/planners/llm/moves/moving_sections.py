"""A form whose bars are settled gets what moves in it: loudness, who has the tune and who rests, textures, endings, hits.

Endings become what a plan can say: a cut stops everybody on the last beat, a fade is a falling energy, a ritardando a glide of the tempo (that is
`moving_length`'s). What the plan has no word for is said in a conflict. Conventions: bars from 1 as on the page, beats from 1 up to the
metre's upper number. Knows nothing of harmony.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.movement import first_bars, meter_map_of
from img2music.plan import Hit, Material, Motif
from img2music.planners.llm.moves.dynamic_marks import energy_of, falling_curve, straight_curve
from img2music.planners.llm.moves.named_players import lead_of, parts_named
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.plan import PartPlan, Section
    from img2music.planners.llm.moves.local_choices import LocalWish
    from img2music.planners.llm.plan_schema import MovingSection, WireHit, WireMaterial
    from img2music.theory import Meter

__all__ = ["MovedSections", "materials_of", "move_sections"]

_FADE_BARS = 8
"""A fade takes the whole section, or its last bars where it is longer. Our choice."""
_MOST_SAID = 40


@dataclass(slots=True)
class MovedSections:
    """The sections as they will be played, and what there is to say."""

    sections: tuple[Section, ...] = ()
    hits: tuple[Hit, ...] = ()
    conflicts: list[str] = field(default_factory=list)
    """What can't be played as the model wished, for people."""
    remarks: list[str] = field(default_factory=list)
    citations: int = 0
    unfounded: int = 0

    def say(self, text: str) -> None:
        """Puts a sentence for people on record, at most forty of them."""
        if text not in self.conflicts and len(self.conflicts) < _MOST_SAID:
            self.conflicts.append(text)


def move_sections(
    sections: Sequence[Section],
    wishes: Mapping[str, LocalWish],
    parts: Sequence[PartPlan],
    meter: Meter,
    known: frozenset[str],
    *,
    loop: bool,
) -> MovedSections:
    """The sections with everything else that their wishes ask for.

    Args:
        sections: with the bars that they will have.
        wishes: by the names of sections; those of sections that are no longer there are passed over.
        parts: the band.
        meter: the piece's.
        known: names that may be cited.
        loop: whether the piece has no ending.
    """
    moved = MovedSections()
    meters = meter_map_of(sections, meter)
    made: list[Section] = []
    hits: dict[tuple[int, Fraction], Hit] = {}
    for first_bar, section in zip(first_bars(sections), sections, strict=True):
        wish = wishes.get(section.name)
        if wish is None or wish.said is None:
            made.append(section)
            continue
        is_last = section.name == sections[-1].name and not loop
        made.append(_with_players(_with_energies(section, wish, wish.said), wish.said, parts, moved))
        own_meter = meters.meter_at(first_bar)
        found = [_hit(hit, section, first_bar, own_meter, known, moved) for hit in wish.said.hits]
        if wish.cuts:
            found.append(Hit(bar=first_bar + section.bars, place=float(own_meter.onsets[-1]), action="stop"))
        for hit in found:
            if hit is not None:
                hits[hit.bar, hit.place_quarters] = hit  # two at one place: the last, so a cut wins
        if wish.said.ending in {"ring", "hold"} and not is_last:
            what = "let its last sound ring" if wish.said.ending == "ring" else "hold its last chord"
            moved.say(f"section {section.name}: the model wanted to {what}, which can only be done at the end of a piece so far")
    moved.sections = tuple(made)
    stops = {hit.bar: hit.place_quarters for hit in hits.values() if hit.action == "stop"}
    for place in sorted(hits):
        hit = hits[place]
        if hit.action != "stop" and hit.bar in stops and place[1] >= stops[hit.bar]:
            moved.say(f"bar {hit.bar}: the model wanted an {hit.action} where a stop makes silence; the stop was taken")
        else:
            moved.hits += (hit,)
    return moved


def materials_of(wished: Sequence[WireMaterial], sections: Sequence[Section], remarks: list[str]) -> tuple[Material, ...]:
    """What letters of the form have of their own; a letter that no section has, or nothing of its own, is left out."""
    letters = {section.material for section in sections}
    made: dict[str, Material] = {}
    for wish in wished:
        if wish.letter not in letters:
            remarks.append(f"materials: no section has the letter {wish.letter}; what it was to have was left out")
            continue
        motif = None
        if wish.motif is not None:
            count = min(len(wish.motif.steps), len(wish.motif.lengths))
            if len(wish.motif.steps) != len(wish.motif.lengths):
                remarks.append(
                    f"materials.{wish.letter}.motif: it has {len(wish.motif.steps)} steps and {len(wish.motif.lengths)} lengths"
                )
            first = wish.motif.steps[0]
            steps = tuple(max(-14, min(14, step - first)) for step in wish.motif.steps[:count])
            motif = Motif(steps=steps, rhythm=tuple(wish.motif.lengths[:count]))
        contour = None if wish.contour is None else tuple(wish.contour)
        if motif is not None or contour is not None or wish.development:
            made[wish.letter] = Material(letter=wish.letter, motif=motif, contour=contour, development=tuple(wish.development))
    return tuple(made.values())


def _with_energies(section: Section, wish: LocalWish, said: MovingSection) -> Section:
    curve = (section.energy,) * section.bars
    if said.dynamics is not None:
        curve = straight_curve(energy_of(said.dynamics.start), energy_of(said.dynamics.end), section.bars)
    if wish.fades:
        curve = falling_curve(curve, _FADE_BARS)
    energy = section.energy
    if not min(curve) <= energy <= max(curve):
        energy = round(sum(curve) / len(curve), 3)
    return section.model_copy(update={"energy": energy, "energy_curve": None if set(curve) == {energy} else curve})


def _with_players(section: Section, said: MovingSection, parts: Sequence[PartPlan], moved: MovedSections) -> Section:
    """Who has the tune and who rests, by the ids of parts."""
    lead = lead_of(parts)
    named = _tune_players(section, said, parts, lead, moved)
    tune = named[0] if named else lead
    if len(named) > 1 and said.texture != "unison":
        others = " and ".join(part.name for part in named[1:])
        moved.say(
            f"section {section.name}: {others} was to play the tune along with {named[0].name}, which only a unison of all can do yet"
        )
    silent = _silent_players(section, said, parts, tune, moved)
    if named and named[0] in silent:
        moved.say(f"section {section.name}: {named[0].name} was to have the tune and to be silent; it plays")
        silent.remove(named[0])
    texture = said.texture
    if texture == "solo" and tune in silent:
        moved.say(
            f"section {section.name}: {tune.name if tune else 'nobody'} was to play alone and to be silent; the others play"
        )
        texture = None
    sings = section.role == "intro" and tune not in silent and (bool(named) or texture in {"solo", "unison"})
    if sings:
        moved.remarks.append(f"section {section.name}: an intro has no tune; it was to have one, so it is a theme")
    changed = {
        "role": "theme" if sings else section.role,
        "tune_by": None if tune is None or tune is lead else tune.id,
        "silent": tuple(part.id for part in parts if part in silent),
        "texture": texture,
    }
    return section.model_copy(update=changed)


def _tune_players(
    section: Section, said: MovingSection, parts: Sequence[PartPlan], lead: PartPlan | None, moved: MovedSections
) -> list[PartPlan]:
    """Who is named for the tune and can play it, the one that sings it best first."""
    if said.tune_by is None:
        return []
    named = parts_named(said.tune_by, parts, lead)
    pitched = [part for part in named if not instrument(part.instrument).kit]
    if not named:
        moved.say(
            f"section {section.name}: the tune was to be played by {said.tune_by[:40]!r}, and nobody in the band is called so"
        )
    elif not pitched:
        moved.say(f"section {section.name}: the tune was to be played by {named[0].name}, and drums can't")
    if len({part.instrument for part in pitched}) == 1:  # the parts of one player
        return [next((part for part in pitched if part.role == "melody"), pitched[0])]
    return pitched


def _silent_players(
    section: Section, said: MovingSection, parts: Sequence[PartPlan], tune: PartPlan | None, moved: MovedSections
) -> list[PartPlan]:
    """Who is named to be silent, but never everybody."""
    silent: list[PartPlan] = []
    for text in said.silent:
        found = parts_named(text, parts, tune)
        if not found:
            moved.remarks.append(f"section {section.name}: {text[:40]!r} was to be silent and is not in the band")
        silent += [part for part in found if part not in silent]
    if len(silent) < len(parts):
        return silent
    moved.say(f"section {section.name}: everybody was to be silent; they play")
    return []


def _hit(hit: WireHit, section: Section, first_bar: int, meter: Meter, known: frozenset[str], moved: MovedSections) -> Hit | None:
    """A hit at its place in the piece; None for one outside its section or its bar."""
    place = Fraction(round((hit.beat - 1) * 24), 24) * Fraction(4, meter.unit)
    if hit.bar > section.bars or place >= meter.bar_quarters:
        moved.say(
            f"section {section.name}: a hit in bar {hit.bar}, beat {hit.beat:g} lies outside its {section.bars} bars of {meter.name}; "
            "it was left out"
        )
        return None
    cited = dict.fromkeys(hit.because)
    there = tuple(name for name in cited if name in known)
    moved.citations += len(cited)
    moved.unfounded += len(cited) - len(there)
    return Hit(bar=first_bar + hit.bar, place=float(place), action=hit.action, strength=hit.strength, because=there)
