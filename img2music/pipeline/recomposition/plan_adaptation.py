"""What is kept of an earlier piece, put into a new plan: its form, its chords, its parts and their notes.

Conventions as in `img2music.plan`; `crafts` are those of `img2music.rng`, with all that they are written over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from img2music.errors import BriefError
from img2music.io.style_files import load_style
from img2music.pipeline.recomposition.form_fitting import fit_form, form_body, regroup_bars
from img2music.pipeline.recomposition.kept_keys import assign_kept_keys, with_known_players
from img2music.pipeline.recomposition.kept_parts import assign_kept_parts, craft_of
from img2music.plan import MOST_SECTIONS, CompositionPlan, Reason
from img2music.realizers.kept_notes import transfer_part
from img2music.report.planner_phrases import is_about_loop_bars, tempo_without_fill
from img2music.rng import generator
from img2music.theory.meter_map import bars_seconds
from img2music.theory.transposition import bars_in_mode
from img2music.words import read_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.brief import Brief
    from img2music.pipeline.recomposition.form_fitting import FittedForm
    from img2music.plan import Section
    from img2music.realizers.timeline import NoteEvent
    from img2music.rng import Craft
    from img2music.score import Part, Score
    from img2music.style import Style
    from img2music.theory import Key

__all__ = ["AdaptedPlan", "adapt_plan", "keep_plan"]

_ROUNDING_SECONDS = 1e-3


@dataclass(frozen=True, slots=True)
class AdaptedPlan:
    """A plan with what is kept in it."""

    plan: CompositionPlan
    form: tuple[Section, ...]
    """The kept form in bars of the new plan's metre, before anything of it is repeated or left out."""
    places: tuple[int, ...]
    """For every bar of the plan the bar of `form` that it repeats."""
    kept: Mapping[str, tuple[NoteEvent, ...]]
    """The kept lines by the id of their part."""
    seats: Mapping[str, str]
    """For every kept line the earlier part that it is."""


def adapt_plan(
    new: CompositionPlan,
    brief: Brief,
    old: CompositionPlan,
    written: Score,
    crafts: Sequence[Craft],
    wished: set[str],
) -> AdaptedPlan:
    """The plan `new` with everything kept in it.

    Args:
        new: the planner's plan for `brief`.
        brief: what is asked.
        old: the plan of the piece on record.
        written: its notes.
        crafts: what is kept, "form" among it.
        wished: names of the brief's fields that were given now, and of those that new words say exactly.

    Raises:
        BriefError: what is kept can't be kept with these wishes; the message says why and what to do.
    """
    carried = [part for part in written.parts if craft_of(part) in crafts]
    sections = regroup_bars(old, new.parsed_meter) if carried else _in_meter(old, new)
    style = load_style(new.style)
    words = _steering(new, brief, style, are_new="words" in wished)
    course = _fitted(sections, new, brief, old, style, words, wished)
    laid = _laid(course, new, old, style, crafts)
    updates: dict[str, Any] = {"sections": laid, "tempo_bpm": course.tempo_bpm, "seconds": course.seconds}
    if any(part.role == "melody" for part in carried):
        updates |= {"motif": old.motif, "contour": old.contour}
    if _form(laid) != _form(new.sections):
        letters = {section.material for section in laid}
        updates |= {"hits": (), "materials": tuple(one for one in new.materials if one.letter in letters)}
    updates["reasons"] = _reasons(new, old, crafts, course, laid, carried)
    updates["conflicts"] = (
        *(note for note in new.conflicts if not is_about_loop_bars(note)),  # the planner's own form is not played
        *_gave_way(new, brief, course),
        *_words_gave_way(words, brief, course),
    )
    plan = new.model_copy(update=updates)
    plan, seats = assign_kept_parts(plan, brief, old, carried, course.places)
    plan = CompositionPlan.model_validate(with_known_players(plan).model_dump())
    earlier = {part.id: part for part in written.parts}
    kept = {
        seat.id: tuple(transfer_part(earlier[seats[seat.id]], old, plan, seat, course.places))
        for seat in plan.parts
        if seat.id in seats
    }
    return AdaptedPlan(plan, sections, course.places, kept, seats)


def _fitted(
    sections: tuple[Section, ...],
    new: CompositionPlan,
    brief: Brief,
    old: CompositionPlan,
    style: Style,
    words: tuple[float, float] | None,
    wished: set[str],
) -> FittedForm:
    """The kept form in the new plan's length and tempo; its places are bars of `sections`.

    Raises:
        BriefError: no such form, or one of too many sections.
    """
    style_limits = style.tempo_bpm
    played, bars = form_body(sections) if new.loop else (sections, tuple(range(sum(section.bars for section in sections))))
    seconds = new.seconds if not new.loop else brief.seconds
    if new.loop and "seconds" not in wished:  # what a loop leaves out takes its time with it
        seconds *= len(bars) / sum(section.bars for section in sections)
    moving = _fitted_moving(played, new, brief, old, seconds, seconds_are_asked="seconds" in wished)
    course = moving or fit_form(
        [section.model_copy(update={"tempo_bpm": None, "tempo_changes": ()}) for section in played],
        new.parsed_meter,
        tempo_bpm=new.tempo_bpm,
        seconds=seconds,
        limits=words or style_limits,
        outer_limits=words and (min(words[0], style_limits[0]), max(words[1], style_limits[1])),
        tempo_is_asked=brief.tempo_bpm is not None,
        tempo_is_worded=words is not None and "words" in wished,
        seconds_are_asked="seconds" in wished,
        loop=new.loop,
    )
    if len(course.sections) > MOST_SECTIONS:
        raise BriefError(
            f"the kept form would have {len(course.sections)} sections, and {MOST_SECTIONS} is the limit; ask for less time"
        )
    return replace(course, places=tuple(bars[place] for place in course.places))


def _fitted_moving(
    sections: Sequence[Section],
    new: CompositionPlan,
    brief: Brief,
    old: CompositionPlan,
    seconds: float,
    *,
    seconds_are_asked: bool,
) -> FittedForm | None:
    """The kept form where its tempo moves, because the brief asks for it or of itself; None where it does not."""
    from img2music.pipeline.recomposition.moving_form import fit_gradual_form, fit_own_tempi
    from img2music.planners.rules.gradual_tempo import GradualTempo

    asked = brief.tempo_to_bpm is not None or read_words(brief.words, brief.glosses).tempo_trend is not None
    if asked and not new.tempo_map.is_constant:
        tempo = GradualTempo(new.tempo_bpm, new.tempo_map.steps[-1].bpm)
        return fit_gradual_form(sections, new.parsed_meter, tempo, seconds=seconds, seconds_are_asked=seconds_are_asked)
    if brief.tempo_bpm is None and any(section.tempo_changes or section.tempo_bpm is not None for section in sections):
        meter, bpm = new.parsed_meter, old.tempo_bpm
        return fit_own_tempi(sections, meter, bpm, seconds=seconds, seconds_are_asked=seconds_are_asked, loop=new.loop)
    return None


def _laid(
    course: FittedForm, new: CompositionPlan, old: CompositionPlan, style: Style, crafts: Sequence[Craft]
) -> tuple[Section, ...]:
    """The sections of the new plan, with the kept harmony or one of their own, in the new keys, at the tempi of `course`."""
    keys = assign_kept_keys(course.sections, new, old, crafts)
    if _form(new.sections) == _form(course.sections):
        laid = new.sections
    else:
        laid = course.sections if "harmony" in crafts else _harmonized(course.sections, keys, style, new)
    return tuple(
        section.model_copy(
            update={
                "key": None if key == new.parsed_key else key.name,
                "harmony": bars_in_mode(fitted.harmony, old.key_of(fitted).mode, key.mode)
                if "harmony" in crafts
                else section.harmony,
                "meter": fitted.meter,
                "tempo_bpm": fitted.tempo_bpm,
                "tempo_changes": fitted.tempo_changes,
            }
        )
        for section, fitted, key in zip(laid, course.sections, keys, strict=True)
    )


def _in_meter(old: CompositionPlan, new: CompositionPlan) -> tuple[Section, ...]:
    """The sections of `old` where no notes are kept: in metres of their own only in the same piece's."""
    if old.parsed_meter == new.parsed_meter:
        return old.sections
    return tuple(section.model_copy(update={"meter": None}) if section.meter else section for section in old.sections)


def keep_plan(plan: CompositionPlan, written: Score, crafts: Sequence[Craft]) -> AdaptedPlan:
    """The plan that `written` was written for, with its kept lines."""
    seats = {part.id: part.id for part in written.parts if craft_of(part) in crafts}
    earlier = {part.id: part for part in written.parts}
    places = tuple(range(plan.bars))
    kept = {seat.id: tuple(transfer_part(earlier[seat.id], plan, plan, seat, places)) for seat in plan.parts if seat.id in seats}
    return AdaptedPlan(plan, plan.sections, places, kept, seats)


def _form(sections: Sequence[Section]) -> list[tuple[str, str, str, tuple[int, ...]]]:
    return [(section.name, section.material, section.role, section.phrase_bars) for section in sections]


def _harmonized(sections: Sequence[Section], keys: Sequence[Key], style: Style, plan: CompositionPlan) -> tuple[Section, ...]:
    """The kept sections with chords of their own, drawn as the planner of rules draws them."""
    from img2music.planners.form import SectionLayout
    from img2music.planners.harmony.harmonize import HarmonySetting, harmonize_keys
    from img2music.planners.rules.affect_mapping import adapt_vocabulary

    meters = [plan.meter_of(section) for section in sections]
    rows = harmonize_keys(
        [SectionLayout.of(section) for section in sections],
        [
            HarmonySetting(key, len(meter.beats), bars_seconds(1, meter, plan.tempo_bpm))
            for key, meter in zip(keys, meters, strict=True)
        ],
        style.model_copy(update={"vocabulary": adapt_vocabulary(style.vocabulary, plan.valence, plan.arousal)}),
        generator(plan.seed_for("harmony"), "harmony"),
        brightness=plan.valence,
        loop=plan.loop,
    )
    return tuple(section.model_copy(update={"harmony": row}) for section, row in zip(sections, rows, strict=True))


def _reasons(
    new: CompositionPlan,
    old: CompositionPlan,
    crafts: Sequence[Craft],
    course: FittedForm,
    sections: Sequence[Section],
    carried: Sequence[Part],
) -> tuple[Reason, ...]:
    """The planner's reasons, but for what was kept instead of its choice."""
    kept: dict[str, str] = {}
    if _form(sections) != _form(new.sections):
        bars = sum(section.bars for section in sections)
        kept["form"] = (
            f"{bars} {'bar' if bars == 1 else 'bars'}: {' '.join(section.name for section in sections)}, kept of an earlier piece."
        )
    if "harmony" in crafts and [section.harmony for section in sections] != [section.harmony for section in new.sections]:
        same_mode = old.parsed_key.mode == new.parsed_key.mode
        kept["harmony"] = "The chords of an earlier piece" + (
            "." if same_mode else f", by their degrees in {new.parsed_key.mode}."
        )
    if any(part.role == "melody" for part in carried) and (old.motif, old.contour) != (new.motif, new.contour):
        kept["motif"] = "Kept of an earlier piece with its tune."
    tempo = next((reason for reason in new.reasons if reason.choice == "tempo"), None)
    if course.tempo_bpm != new.tempo_bpm:
        kept["tempo"] = f"{course.tempo_bpm:.4g} quarter notes a minute: at this tempo the kept bars fill the length."
    elif tempo is not None and abs(course.seconds - new.seconds) > _ROUNDING_SECONDS:
        text = tempo_without_fill(tempo.text)
        if text is not None:
            kept["tempo"] = f"{text}, and the length follows from the kept bars."
    reasons = [reason for reason in new.reasons if reason.choice not in kept]
    return (*reasons, *(Reason(choice=choice, text=text) for choice, text in kept.items()))


def _gave_way(new: CompositionPlan, brief: Brief, course: FittedForm) -> list[str]:
    """Says where the length of what is kept decided."""
    if abs(course.seconds - brief.seconds) <= _ROUNDING_SECONDS:
        return []
    ring = "" if new.loop else " with the last chord's ring"
    return [
        f"{course.bars} kept bars of {new.meter} at {course.tempo_bpm:.4g} last {course.seconds:.6g} s{ring}, instead of {brief.seconds:g} s"
    ]


def _steering(new: CompositionPlan, brief: Brief, style: Style, *, are_new: bool) -> tuple[float, float] | None:
    """How slow and how fast the brief's words allow the tempo to be; None where they say nothing of it, or the tempo is asked for.

    Words on record moved the kept piece already: of them only a range of tempo binds, and no more the energy that they name.
    """
    from img2music.planners.rules.word_steering import steers_tempo, tempo_limits

    reading = read_words(brief.words, brief.glosses)
    if brief.tempo_bpm is not None or not (steers_tempo(reading) if are_new else reading.tempo_range):
        return None
    return tempo_limits(new.tempo_bpm, reading, style)


def _words_gave_way(words: tuple[float, float] | None, brief: Brief, course: FittedForm) -> list[str]:
    """Says where no tempo that the words allow fills an asked length."""
    if words is None or words[0] <= course.tempo_bpm <= words[1]:
        return []
    there = f"between {words[0]:.0f} and {words[1]:.0f} quarter notes a minute"
    taken = f"the length was kept, and {course.tempo_bpm:.4g} was taken"
    return [f"your words put the tempo {there}, where no whole phrases of what is kept fill {brief.seconds:g} s; {taken}"]
