"""Which key, metre and tempo each section may have: the model's own wish, unless you asked for one throughout.

What is taken out is said in a sentence, and nobody is asked again for it. A loop comes home: its last section is in the first one's key, and
glides back into its tempo. Conventions: quarter notes a minute. Knows nothing of notes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from img2music.planners.llm.moves.local_keys import bars_in_other_key, belongs_rather_to
from img2music.theory import Key

if TYPE_CHECKING:
    from img2music.plan import Section
    from img2music.planners.llm.fixed_choices import FixedChoices
    from img2music.planners.llm.plan_schema import MovingSection
    from img2music.theory import Meter

__all__ = ["LocalChoices", "LocalWish", "end_at_home", "settle_local_choices"]


@dataclass(frozen=True, slots=True)
class LocalWish:
    """What a section wants beside its bars, its key, metre and tempo settled."""

    said: MovingSection | None = None
    tempo_end_bpm: float | None = None
    slows: bool = False
    """Whether it ends with a ritardando."""
    fades: bool = False
    cuts: bool = False


@dataclass(slots=True)
class LocalChoices:
    """Sections with what they may have, and what there is to say."""

    sections: list[Section] = field(default_factory=list)
    wishes: list[LocalWish] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def settle_local_choices(
    sections: tuple[Section, ...],
    moves: tuple[MovingSection, ...],
    key: Key,
    meter: Meter,
    tempo_bpm: float,
    settled: FixedChoices,
) -> LocalChoices:
    """The sections with their own keys, metres and tempi.

    Args:
        sections: as they were read, their bars in their own keys.
        moves: what each of them wants, in the same order.
        key: the piece's.
        meter: likewise.
        tempo_bpm: likewise.
        settled: what you asked for.
    """
    local = LocalChoices()
    for section, said in zip(sections, moves, strict=True):
        meant = key if said.key is None else belongs_rather_to(section.harmony, Key.parse(said.key), key)
        own = _key(section, said, meant, key, settled, local)
        changed = {
            "harmony": bars_in_other_key(section.harmony, meant, own),
            "key": None if own == key else own.name,
            "meter": _meter(section, said, meter, settled, local),
            "tempo_bpm": _tempo(section, said, tempo_bpm, settled, local),
        }
        local.sections.append(section.model_copy(update=changed))
        end = None if settled.tempo else said.tempo_end_bpm
        local.wishes.append(
            LocalWish(
                said,
                None if end is None else float(end),
                slows=said.ending == "ritardando" and not settled.tempo,
                fades=said.ending == "fade",
                cuts=said.ending == "cut",
            )
        )
    if settled.tempo and settled.tempo_to_bpm is None and any(said.ending == "ritardando" for said in moves[:-1]):
        local.conflicts.append(
            f"you asked for {tempo_bpm:g} throughout, so the model's ritardandos inside the piece were left out"
        )
    if settled.loop:
        _come_home(local, key, tempo_bpm, settled)
    return local


def _key(section: Section, said: MovingSection, meant: Key, key: Key, settled: FixedChoices, local: LocalChoices) -> Key:
    """The section's key; its numerals are written in `meant`."""
    if said.key is None or Key.parse(said.key) == key:
        return key
    named = Key.parse(said.key)
    if settled.key and len(settled.keys) < 2:
        local.conflicts.append(f"section {section.name}: you asked for {key.name}, so the model's {named.name} was taken out")
        return key
    if meant != named:
        local.conflicts.append(
            f"section {section.name}: its numerals are those of {meant.name}, not of {named.name}, so it is in {meant.name}"
        )
    return meant


def _meter(section: Section, said: MovingSection, meter: Meter, settled: FixedChoices, local: LocalChoices) -> str | None:
    if said.meter is None or said.meter == meter.name:
        return None
    if settled.tempo_to_bpm is not None:
        local.conflicts.append(
            f"section {section.name}: its {said.meter} was taken out, as the tempo moves through one metre where you ask for it"
        )
        return None
    if settled.meter:
        local.conflicts.append(f"section {section.name}: you asked for {meter.name}, so the model's {said.meter} was taken out")
        return None
    return said.meter


def _tempo(section: Section, said: MovingSection, tempo_bpm: float, settled: FixedChoices, local: LocalChoices) -> float | None:
    if settled.tempo:
        tempi = [tempo for tempo in (said.tempo_bpm, said.tempo_end_bpm) if tempo is not None and abs(tempo - tempo_bpm) > 0.5]
        if tempi and settled.tempo_to_bpm is None:
            wanted = " to ".join(f"{tempo:g}" for tempo in tempi)
            local.conflicts.append(f"section {section.name}: you asked for {tempo_bpm:g}, so the model's {wanted} was taken out")
        return None
    return None if said.tempo_bpm is None or said.tempo_bpm == tempo_bpm else float(said.tempo_bpm)


def end_at_home(last: Section, own: Key, home: Key, key: Key) -> tuple[Section, str]:
    """The last section of a loop, which is in `own`, in the key `home` of the first; `key` is the piece's. With what is said of it."""
    bars = bars_in_other_key(last.harmony, own, home)
    moved = last.model_copy(update={"harmony": bars, "key": None if home == key else home.name})
    return moved, f"section {last.name}: a loop ends where it begins, so {home.name} takes the place of {own.name}"


def _come_home(local: LocalChoices, key: Key, tempo_bpm: float, settled: FixedChoices) -> None:
    """The end of a loop leads into its beginning: in its key, at its tempo, without an ending."""
    first, last, wish = local.sections[0], local.sections[-1], local.wishes[-1]
    home = Key.parse(first.key) if first.key else key
    own = Key.parse(last.key) if last.key else key
    if own != home and len(settled.keys) < 2:
        last, said = end_at_home(last, own, home, key)
        local.conflicts.append(said)
    begins = tempo_bpm if first.tempo_bpm is None else first.tempo_bpm
    ends = wish.tempo_end_bpm or (tempo_bpm if last.tempo_bpm is None else last.tempo_bpm)
    back = wish.tempo_end_bpm
    if ends != begins and not settled.tempo and len(local.sections) > 1:
        back = begins
        local.conflicts.append(f"section {last.name}: a loop comes home, so its tempo leads back to that of the beginning")
    elif len(local.sections) == 1 and wish.tempo_end_bpm is not None and ends != begins:
        back = None
        local.conflicts.append(f"section {last.name}: a loop comes home, so its tempo stays as it begins")
    if wish.slows or wish.fades:
        local.conflicts.append(
            f"section {last.name}: a loop has no ending, so its {wish.said.ending if wish.said else 'ending'} was left out"
        )
    local.sections[-1] = last
    local.wishes[-1] = LocalWish(wish.said, back, cuts=wish.cuts)
