"""What is kept of an earlier piece, put into a new plan: its form, its chords, its parts and their notes.

Conventions as in `img2music.plan`; `crafts` are those of `img2music.rng`, with all that they are written over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from img2music.errors import BriefError
from img2music.io.style_files import load_style
from img2music.pipeline.recomposition.form_fitting import fit_form, form_body, regroup_bars
from img2music.pipeline.recomposition.kept_parts import assign_kept_parts, craft_of
from img2music.plan import MOST_SECTIONS, CompositionPlan, Reason
from img2music.realizers.kept_notes import transfer_part
from img2music.report.planner_phrases import is_about_loop_bars, tempo_without_fill
from img2music.rng import generator
from img2music.theory.transposition import numeral_in_mode
from img2music.words import read_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.brief import Brief
    from img2music.pipeline.recomposition.form_fitting import FittedForm
    from img2music.plan import Section
    from img2music.realizers.timeline import NoteEvent
    from img2music.rng import Craft
    from img2music.score import Part, Score

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
    sections = regroup_bars(old, new.parsed_meter) if carried else old.sections
    words = _steering(new, brief, are_new="words" in wished)
    course = _fitted(sections, new, brief, words, wished)
    laid = _laid(course, new, old, crafts)
    updates: dict[str, Any] = {"sections": laid, "tempo_bpm": course.tempo_bpm, "seconds": course.seconds}
    if any(part.role == "melody" for part in carried):
        updates |= {"motif": old.motif, "contour": old.contour}
    updates["reasons"] = _reasons(new, old, crafts, course, laid, carried)
    updates["conflicts"] = (
        *(note for note in new.conflicts if not is_about_loop_bars(note)),  # the planner's own form is not played
        *_gave_way(new, brief, course),
        *_words_gave_way(words, brief, course),
    )
    plan = new.model_copy(update=updates)
    plan, seats = assign_kept_parts(plan, brief, old, carried, course.places)
    plan = CompositionPlan.model_validate(plan.model_dump())
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
    words: tuple[float, float] | None,
    wished: set[str],
) -> FittedForm:
    """The kept form in the new plan's length and tempo; its places are bars of `sections`.

    Raises:
        BriefError: no such form, or one of too many sections.
    """
    style_limits = load_style(new.style).tempo_bpm
    played, bars = form_body(sections) if new.loop else (sections, tuple(range(sum(section.bars for section in sections))))
    seconds = new.seconds if not new.loop else brief.seconds
    if new.loop and "seconds" not in wished:  # what a loop leaves out takes its time with it
        seconds *= len(bars) / sum(section.bars for section in sections)
    course = fit_form(
        played,
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


def _laid(course: FittedForm, new: CompositionPlan, old: CompositionPlan, crafts: Sequence[Craft]) -> tuple[Section, ...]:
    """The sections of the new plan, with the kept harmony or one of their own."""
    if _form(new.sections) == _form(course.sections):
        laid = new.sections
    else:
        laid = course.sections if "harmony" in crafts else _harmonized(course.sections, new)
    if "harmony" not in crafts:
        return laid
    old_mode, mode = old.parsed_key.mode, new.parsed_key.mode
    return tuple(
        section.model_copy(
            update={
                "harmony": tuple(
                    " ".join(numeral_in_mode(word, old_mode, mode) for word in bar.split()) for bar in fitted.harmony
                )
            }
        )
        for section, fitted in zip(laid, course.sections, strict=True)
    )


def keep_plan(plan: CompositionPlan, written: Score, crafts: Sequence[Craft]) -> AdaptedPlan:
    """The plan that `written` was written for, with its kept lines."""
    seats = {part.id: part.id for part in written.parts if craft_of(part) in crafts}
    earlier = {part.id: part for part in written.parts}
    places = tuple(range(plan.bars))
    kept = {seat.id: tuple(transfer_part(earlier[seat.id], plan, plan, seat, places)) for seat in plan.parts if seat.id in seats}
    return AdaptedPlan(plan, plan.sections, places, kept, seats)


def _form(sections: Sequence[Section]) -> list[tuple[str, str, str, tuple[int, ...]]]:
    return [(section.name, section.material, section.role, section.phrase_bars) for section in sections]


def _harmonized(sections: Sequence[Section], plan: CompositionPlan) -> tuple[Section, ...]:
    """The kept sections with chords of their own, drawn as the planner of rules draws them."""
    from img2music.planners.form import SectionLayout
    from img2music.planners.harmony.harmonize import harmonize
    from img2music.planners.rules.affect_mapping import adapt_vocabulary

    style, meter = load_style(plan.style), plan.parsed_meter
    rows = harmonize(
        [SectionLayout(section.name, section.material, section.role, section.phrase_bars) for section in sections],
        plan.parsed_key.mode,
        style.model_copy(update={"vocabulary": adapt_vocabulary(style.vocabulary, plan.valence, plan.arousal)}),
        generator(plan.seed_for("harmony"), "harmony"),
        brightness=plan.valence,
        most=len(meter.beats),
        bar_seconds=float(meter.bar_quarters) * 60 / plan.tempo_bpm,
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


def _steering(new: CompositionPlan, brief: Brief, *, are_new: bool) -> tuple[float, float] | None:
    """How slow and how fast the brief's words allow the tempo to be; None where they say nothing of it, or the tempo is asked for.

    Words on record moved the kept piece already: of them only a range of tempo binds, and no more the energy that they name.
    """
    from img2music.planners.rules.word_steering import steers_tempo, tempo_limits

    reading = read_words(brief.words, brief.glosses)
    if brief.tempo_bpm is not None or not (steers_tempo(reading) if are_new else reading.tempo_range):
        return None
    return tempo_limits(new.tempo_bpm, reading, load_style(new.style))


def _words_gave_way(words: tuple[float, float] | None, brief: Brief, course: FittedForm) -> list[str]:
    """Says where no tempo that the words allow fills an asked length."""
    if words is None or words[0] <= course.tempo_bpm <= words[1]:
        return []
    there = f"between {words[0]:.0f} and {words[1]:.0f} quarter notes a minute"
    taken = f"the length was kept, and {course.tempo_bpm:.4g} was taken"
    return [f"your words put the tempo {there}, where no whole phrases of what is kept fill {brief.seconds:g} s; {taken}"]
