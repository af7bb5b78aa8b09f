"""Edits of a plan in place: what becomes of it, and how far the notes that were written for it go on.

Every function takes the plan of a take and gives the edited one with the sentence that says what was changed. The plan stays valid: it is
checked whole as if it had been read. Knows nothing of scenes and of sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from img2music.app.session.edits import SetChord, SetEnergy, SetInstrument, SetKey, SetLevel, SetTempo, Transpose
from img2music.brief import TEMPO_RANGE_BPM
from img2music.errors import BriefError, DocumentError, UsageError
from img2music.plan import CompositionPlan, PartPlan, Reason, Section
from img2music.report.text_format import format_number
from img2music.section import BPM_RANGE
from img2music.theory import Key, instrument, parse_bar
from img2music.theory.transposition import bars_in_mode, interval_name, key_interval

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

__all__ = ["EditedPlan", "PlanEdit", "edit_plan"]

PlanEdit: TypeAlias = SetTempo | SetKey | Transpose | SetEnergy | SetChord | SetInstrument | SetLevel
_MOST_SEMITONES = 24
_LEVELS_DB, _PANS = (-40.0, 12.0), (-1.0, 1.0)


@dataclass(frozen=True, slots=True)
class EditedPlan:
    """A plan after an edit."""

    plan: CompositionPlan
    words: str
    """What was changed: "tempo 96 instead of 72"."""
    wishes: tuple[tuple[str, Any], ...] = ()
    """What the edit asks for, as fields of a brief: the result is checked against it."""
    semitones: int | None = None
    """By how much pitched notes shall move; None leaves that to the keys."""
    bar: int | None = None
    """The one bar, from 0, whose notes are written anew."""
    new_crafts: tuple[str, ...] = ()
    """Crafts whose notes are written anew."""


def edit_plan(plan: CompositionPlan, edit: PlanEdit) -> EditedPlan:
    """The plan after an edit.

    Raises:
        UsageError: a section, part, key or instrument that is not there. BriefError: a number out of range. DocumentError: chords that
            are none.
    """
    found: EditedPlan
    match edit:
        case SetTempo():
            found = _tempo(plan, edit.bpm)
        case SetKey():
            key = Key.parse(edit.key)
            found = _key(plan, key, f"key {key.name} instead of {plan.key}", None)
        case Transpose():
            found = _transposed(plan, edit.semitones)
        case SetEnergy():
            found = _energy(plan, edit)
        case SetChord():
            found = _chord(plan, edit)
        case SetInstrument():
            found = _instrument(plan, edit)
        case SetLevel():
            found = _level(plan, edit)
    return found


def _tempo(plan: CompositionPlan, bpm: float) -> EditedPlan:
    low, high = TEMPO_RANGE_BPM
    if not low <= bpm <= high:
        raise BriefError(f"a tempo of {bpm:g} can't be met: give {low:g} to {high:g} quarter notes a minute")
    bpm = float(bpm)
    ratio = bpm / plan.tempo_bpm

    def scaled(tempo: float) -> float:
        return min(BPM_RANGE[1], max(BPM_RANGE[0], tempo * ratio))

    sections = tuple(
        section.model_copy(
            update={
                "tempo_bpm": None if section.tempo_bpm is None else scaled(section.tempo_bpm),
                "tempo_changes": tuple(change.model_copy(update={"bpm": scaled(change.bpm)}) for change in section.tempo_changes),
            }
        )
        for section in plan.sections
    )
    new = plan.model_copy(update={"tempo_bpm": bpm, "sections": sections})
    ring = plan.seconds - plan.bars_seconds
    seconds = new.bars_seconds + ring if ring >= 0 else plan.seconds / ratio
    if not 1 <= seconds <= 1800:
        raise BriefError(f"at {bpm:g} the piece would last {seconds:.0f} s, and 1 to 1800 s can be; choose another tempo")
    seconds = new.bars_seconds if plan.loop else round(seconds, 2)
    new = _checked(new, {"seconds": seconds}, _asked("tempo", f"{bpm:g} quarter notes a minute"))
    words = f"tempo {format_number(bpm)} instead of {format_number(round(plan.tempo_bpm, 1))}"
    return EditedPlan(new, words, (("tempo_bpm", bpm),))


def _key(plan: CompositionPlan, key: Key, words: str, semitones: int | None) -> EditedPlan:
    old = plan.parsed_key
    if key == old and not semitones:
        raise BriefError(f"the piece is in {plan.key} already; choose another key")
    sections = []
    for section in plan.sections:
        was = plan.key_of(section)
        mode = key.mode if was.mode == old.mode else was.mode
        now = Key.readable(was.tonic + key.tonic - old.tonic, mode) if section.key else key
        harmony = bars_in_mode(section.harmony, was.mode, now.mode)
        sections.append(section.model_copy(update={"key": now.name if section.key else None, "harmony": harmony}))
    new = _checked(plan, {"key": key.name, "sections": tuple(sections)}, _asked("key", key.name), gone=("mode",))
    return EditedPlan(new, words, (("key", key.name),), semitones)


def _transposed(plan: CompositionPlan, semitones: int) -> EditedPlan:
    if not (-_MOST_SEMITONES <= semitones <= _MOST_SEMITONES and semitones):
        raise BriefError(f"{semitones} semitones can't be: give a number from -{_MOST_SEMITONES} to {_MOST_SEMITONES}, but not 0")
    old = plan.parsed_key
    key = Key.readable(old.tonic + (7 * semitones + 5) % 12 - 5, old.mode)
    where = f" to {key.name}" if key_interval(old, key) else ""
    return _key(plan, key, f"transposed {interval_name(semitones)}{where}", semitones)


def _energy(plan: CompositionPlan, edit: SetEnergy) -> EditedPlan:
    section = _section(plan, edit.section)
    curve = edit.energy if isinstance(edit.energy, tuple) else None
    values = curve or (edit.energy,)
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in values):
        raise BriefError("an energy is a number from 0 (still) to 1 (full)")
    if curve is not None and len(curve) != section.bars:
        raise BriefError(
            f"section {section.name} has {section.bars} bars and the curve {len(curve)} values; give one value a bar"
        )
    mean = float(edit.energy) if curve is None else sum(curve) / len(curve)  # type: ignore[arg-type]
    update = {"energy": round(mean, 3), "energy_curve": None if curve is None else tuple(round(one, 3) for one in curve)}
    new = _checked(plan, {"sections": _with_section(plan, section, update)})
    words = f"energy of {section.name} {mean:.0%} instead of {sum(section.bar_energies) / section.bars:.0%}"
    return EditedPlan(new, words, new_crafts=("counter", "chords", "bass", "drums"))


def _chord(plan: CompositionPlan, edit: SetChord) -> EditedPlan:
    section = _section(plan, edit.section)
    if not 1 <= edit.bar <= section.bars:
        raise UsageError(f"section {section.name} has bars 1 to {section.bars}, and no bar {edit.bar}")
    numerals, key = " ".join(edit.numerals.split()), plan.key_of(section)
    before = section.harmony[edit.bar - 1]
    if numerals == before:
        raise BriefError(f"bar {edit.bar} of {section.name} has {before} already; write other chords")
    try:
        parse_bar(numerals, key)
    except DocumentError as error:
        raise DocumentError(f"section {section.name}, bar {edit.bar}: {error}") from None
    harmony = (*section.harmony[: edit.bar - 1], numerals, *section.harmony[edit.bar :])
    new = _checked(plan, {"sections": _with_section(plan, section, {"harmony": harmony})})
    place = plan.first_bars[plan.sections.index(section)] + edit.bar - 1
    return EditedPlan(new, f"bar {place + 1} has {numerals} instead of {before}", bar=place)


def _instrument(plan: CompositionPlan, edit: SetInstrument) -> EditedPlan:
    part, player = _part(plan, edit.part), instrument(edit.name)
    if player.name == part.instrument:
        raise BriefError(f"{part.name} is played by {player.name} already; choose another instrument")
    if bool(player.kit) != bool(instrument(part.instrument).kit):
        what = "drums are played by a drum kit" if not player.kit else "a drum kit plays drums alone"
        raise BriefError(f"{player.name} can't play the part of {part.name}: {what}; choose another instrument")
    # The hands of a player change together.
    hands = {one.id for one in plan.parts if part.hand and one.hand and one.instrument == part.instrument} or {part.id}
    parts: list[PartPlan] = []
    for one in plan.parts:
        if one.id in hands:
            title = player.name[:1].upper() + player.name[1:] + (f" ({one.hand} hand)" if one.hand else "")
            taken = {other.name for other in (*parts, *plan.parts) if other.id not in hands or other in parts}
            name = next(name for number in range(1, 99) if (name := title if number == 1 else f"{title} {number}") not in taken)
            parts.append(one.model_copy(update={"instrument": player.name, "name": name}))
        else:
            parts.append(one)
    new = _checked(plan, {"parts": tuple(parts)})
    return EditedPlan(new, f"{player.name} instead of {part.instrument}")


def _level(plan: CompositionPlan, edit: SetLevel) -> EditedPlan:
    part = _part(plan, edit.part)
    update: dict[str, float] = {}
    words = []
    for name, value, (low, high), unit in (
        ("level_db", edit.level_db, _LEVELS_DB, " dB"),
        ("pan", edit.pan, _PANS, ""),
    ):
        if value is None:
            continue
        if not low <= value <= high:
            raise BriefError(f"{name.removesuffix('_db')} {value:g} can't be: give a number from {low:g} to {high:g}")
        update[name] = float(value)
        words.append(f"{name.removesuffix('_db')} of {part.name} {value:+.2g}{unit} instead of {getattr(part, name):+.2g}{unit}")
    if not update:
        raise UsageError("give a level or a pan to change")
    parts = tuple(one.model_copy(update=update) if one.id == part.id else one for one in plan.parts)
    return EditedPlan(_checked(plan, {"parts": parts}), " and ".join(words))


def _section(plan: CompositionPlan, name: str) -> Section:
    found = next((section for section in plan.sections if section.name == name), None)
    if found is None:
        raise UsageError(f"there is no section {name[:60]!r}; choose from: {', '.join(one.name for one in plan.sections)}")
    return found


def _part(plan: CompositionPlan, id_: str) -> PartPlan:
    found = next((part for part in plan.parts if part.id == id_), None)
    if found is None:
        raise UsageError(f"there is no part {id_[:60]!r}; choose from: {', '.join(one.id for one in plan.parts)}")
    return found


def _with_section(plan: CompositionPlan, section: Section, update: dict[str, Any]) -> tuple[Section, ...]:
    return tuple(one.model_copy(update=update) if one is section else one for one in plan.sections)


def _asked(choice: str, what: str) -> Reason:
    return Reason(choice=choice, text=f"{what}: you asked for it.")


def _checked(
    plan: CompositionPlan, update: dict[str, Any], reason: Reason | None = None, gone: Iterable[str] = ()
) -> CompositionPlan:
    """The plan with other fields, checked whole; `reason` takes the place of the one for the same choice."""
    if reason is not None:
        left_out = {reason.choice, *gone}
        places = [place for place, one in enumerate(plan.reasons) if one.choice in left_out]
        first = places[0] if places else len(plan.reasons)
        before = [one for one in plan.reasons[:first] if one.choice not in left_out]
        update["reasons"] = (*before, reason, *(one for one in plan.reasons[first:] if one.choice not in left_out))
    return CompositionPlan.model_validate(plan.model_copy(update=update).model_dump())
