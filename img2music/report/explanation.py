"""The explanation as plain sentences.

Everything is quoted from the scene and the plan. A reason may cite a cue that the scene does not hold (an edited plan);
then only its name is shown. Knows nothing of HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.report.course import hit_words, key_course, meter_course, tempo_course, tempo_range_words
from img2music.report.cue_words import cue_name, cue_statement, find_cue, swatch_figure
from img2music.report.plain_words import plain_conflict, plain_idea, plain_reason
from img2music.report.scene_text import scene_sentences
from img2music.report.text_format import as_sentence, format_clock, join_words, style_words

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = ["explain_text"]


def explain_text(scene: Scene | None, plan: CompositionPlan) -> str:
    """Why the piece is as it is: its frame, what was seen and what it led to, then every reason with the cues it cites and their values.

    Args:
        scene: what was seen, or None when the piece began from a plan; cues are then cited by name only.
        plan: the composition whose reasons are quoted.

    Returns:
        Lines of plain text, the last one ending in a newline.
    """
    lines = [plan.title] + ([plain_idea(plan.idea)] if plan.idea else [])
    players = join_words(tuple(dict.fromkeys(part.instrument for part in plan.parts)))
    lines.append(
        f"{key_course(plan)}, {meter_course(plan)}, {_tempo(plan)}, "
        f"{style_words(plan.style)}, {format_clock(plan.seconds)}, for {players}."
    )
    if scene is not None:
        first, *others = scene_sentences(scene, plan)
        colours = join_words(tuple(f"{swatch.words} ({swatch.share:.0%})" for swatch in scene.colours[:4]))
        lines.append(f"Seen in {scene.picture.file}: {first[:1].lower()}{first[1:]}")
        lines += [*others, f"Its colours: {colours or 'none leads'}."]
    if plan.reasons:
        lines += ["", "Why:"]
    for reason in plan.reasons:
        lines.append(f"- {reason.choice.capitalize()}: {as_sentence(plain_reason(reason))}")
        lines += [f"    {_citation(scene, name)}" for name in reason.because]
        lines += [f"    names {cue_name(name)}, which was not seen" for name in reason.unfounded]
    if plan.hits:
        lines += ["", "Moments that it marks:"]
    for hit in plan.hits:
        lines.append(f"- {as_sentence(hit_words(plan, hit))}")
        lines += [f"    {_citation(scene, name)}" for name in hit.because]
    if plan.conflicts:
        lines += ["", "Where wishes disagreed:", *(f"- {as_sentence(plain_conflict(conflict))}" for conflict in plan.conflicts)]
    return "\n".join(lines) + "\n"


def _tempo(plan: CompositionPlan) -> str:
    course = tempo_course(plan, " quarter notes a minute")
    return f"{course.begins} ({tempo_range_words(plan)}{f'; {course.then}' if course.then else ''})"


def _citation(scene: Scene | None, name: str) -> str:
    cue, swatch = find_cue(scene, name)
    if swatch is not None:
        return f"{cue_name(name)} {swatch_figure(swatch)}"
    if cue is not None:
        return f"{cue_name(name)} {cue_statement(cue)}"
    return cue_name(name)
