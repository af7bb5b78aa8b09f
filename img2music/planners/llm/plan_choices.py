"""Some whole plans for one picture, so that a model that can't compose can still choose.

Every one is a valid plan by rules; they differ in kind of music, and where that is settled in chance alone. So whatever is chosen is
sound: a small model's choice costs nothing, a good one's gains. The kinds are those that fit the picture next best by the rules'
own measure. Knows nothing of models.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.crossmodal.affect import spread_affect
from img2music.crossmodal.cue_evidence import CueEvidence
from img2music.crossmodal.genre_rules import rank_genres
from img2music.crossmodal.musical_attributes import suggest_attributes
from img2music.crossmodal.scene_edits import refresh_edited_scene
from img2music.planners.llm.plan_schema import MOST_CHOICES
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.rng import spawn_seeds
from img2music.words import read_words

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.plan import CompositionPlan
    from img2music.planners.llm.plan_schema import ChoiceAnswer
    from img2music.scene import Scene

__all__ = ["candidate_plans", "choice_lines", "fault_of_words", "likely_genres"]

_SLOW_BPM, _FAST_BPM = 76, 120
_FEWEST_WORDS, _SHARE_OF_OWN = 5, 0.65
"""A note has so many words, and so many of them are not repetitions. Our choice."""
_MOST_COMMAS = 2
_STEM = 4
"""Words count as the same from so many letters on: "dancing" is about the dance. Our choice."""


def candidate_plans(scene: Scene, brief: Brief, first: CompositionPlan) -> tuple[CompositionPlan, ...]:
    """`first` and up to three others for the same scene and brief."""
    plans = [first]
    planner = RulesPlanner()
    if brief.style is None and read_words(brief.words, brief.glosses).style is None:
        for name in likely_genres(scene, MOST_CHOICES):
            if len(plans) < MOST_CHOICES and name not in {plan.style for plan in plans}:
                plans.append(planner(_in_genre(scene, name), brief))
    for seed in spawn_seeds(brief.seed, MOST_CHOICES)[1:]:
        if len(plans) < MOST_CHOICES:
            plans.append(planner(scene, brief.model_copy(update={"seed": seed})).model_copy(update={"seed": brief.seed}))
    return tuple(plans)


def choice_lines(plans: tuple[CompositionPlan, ...]) -> str:
    """The plans in a few words each, numbered from 1."""
    lines = []
    for number, plan in enumerate(plans, 1):
        players = ", ".join(dict.fromkeys(part.instrument for part in plan.parts))
        pace = "slow" if plan.tempo_bpm < _SLOW_BPM else "fast" if plan.tempo_bpm > _FAST_BPM else "moderate"
        lines.append(f"{number}: {plan.style.replace('-', ' ')} for {players}, {pace}, {plan.parsed_key.mode}")
    return "\n".join(lines)


def fault_of_words(answer: ChoiceAnswer, gist: str, examples: str) -> str | None:
    """What is wrong with a title and a note; None where they are the model's own, not the same, and about the picture."""
    title, note = answer.title.strip().rstrip("."), answer.note.strip().rstrip(".")
    if note.lower() == title.lower():
        return "the note says no more than the title"
    words = re.findall(r"[a-z']+", note.lower())
    if len(words) < _FEWEST_WORDS or len(set(words)) < _SHARE_OF_OWN * len(words):
        return "the note says the same again and again"
    if note.count(",") > _MOST_COMMAS:
        return "the note is a list; write a sentence"
    if title.lower() in examples.lower() or note.lower() in examples.lower():
        return "that is copied from the examples; write your own about this picture"
    told = {word[:_STEM] for word in re.findall(r"[a-z]{4,}", f"{title} {note}".lower())}
    seen = re.findall(r"[a-z]{4,}", gist.lower())
    if seen and not any(word[:_STEM] in told for word in seen):
        return f"nothing of it is about this picture; name something of it, such as {', '.join(dict.fromkeys(seen[:4]))}"
    return None


def likely_genres(scene: Scene, most: int) -> tuple[str, ...]:
    """Kinds of music by how well they fit the scene, the first the one that the rules suggest."""
    attributes = scene.attributes
    return rank_genres(CueEvidence.of(scene), *spread_affect(attributes.valence.value, attributes.arousal.value))[:most]


def _in_genre(scene: Scene, name: str) -> Scene:
    """The scene as if that kind of music had been suggested; who wrote the other suggestions keeps them."""
    basis, _ = refresh_edited_scene(scene)
    own = basis.attributes
    fresh = suggest_attributes(CueEvidence.of(basis), own.valence, own.arousal, genre=name, mode=own.mode.value)
    changed = {field: getattr(fresh, field) for field in ("genre", "meter", "instruments")}
    return basis.model_copy(update={"attributes": own.model_copy(update=changed), "seal": None})
