"""A planner that asks: the rules make a whole valid draft, a language model plans over it, and what it plans is checked.

The template says how much the model is asked (see `plan_schema`): a whole plan, changes to the draft, or a choice among whole plans.
Whatever it answers, the brief is kept and the plan is valid: faults are quoted back at most twice, then the best answer is mended by
rule and the mends go on record. An answer without any composition in it fails the stage, and the pipeline's fallback (the
rules) takes over. What leaves the machine, where the model is not on it: the words for what was seen, and the brief; no picture.
"""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from img2music.crossmodal.menus import instrument_lines, player_lines, style_lines
from img2music.crossmodal.verbalize import attribute_lines, citable, scene_gist, scene_prompt_text
from img2music.io.style_files import load_style
from img2music.models import AnswerError, Client, converse, parse_json_answer, schema_of
from img2music.models.model_spec import check_time_limit
from img2music.models.parsing.json_schema import limits_of, without_lists
from img2music.planners.form import count_bars
from img2music.planners.llm.fixed_choices import FixedChoices, brief_lines
from img2music.planners.llm.plan_from_answer import draft_as_answer, read_changes_answer, read_choice_answer, read_plan_answer
from img2music.planners.llm.plan_schema import ChangesAnswer, ChoiceAnswer, MovingPlanAnswer, PlanAnswer
from img2music.planners.llm.settle_plan import SettledPlan, settle_plan
from img2music.planners.rules.gradual_tempo import GradualTempo
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.provenance import record_model_use
from img2music.templates import load_prompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from img2music.brief import Brief
    from img2music.models import Reply
    from img2music.models.parsing.json_schema import JsonObject
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene
    from img2music.style import Style

__all__ = ["ModelPlanner"]

_SCHEMAS: dict[str, type[BaseModel]] = {
    "plan/1": PlanAnswer,
    "plan/2": MovingPlanAnswer,
    "changes/1": ChangesAnswer,
    "choice/1": ChoiceAnswer,
}
T = TypeVar("T")
_WORDS_SECONDS = 120.0
"""For explaining words, which are few."""
_CHORDS = """\
One string a bar: one to four roman numerals parted by spaces, such as "I", "ii7 V7". No chord names, no bar lines. Chords of one bar change on
its beats, the earlier ones stay longer: three in 4/4 last 2, 1 and 1.
Upper case is major, lower case minor; o diminished, ø half-diminished, + augmented. Then 7 maj7 9 maj9 add6 add9 sus2 sus4 7sus4, or an
inversion 6 64 65 43 42; nothing else. V7/ii: the dominant of another degree. V and V7 are the major dominant in every mode. b or # moves a
root out of the scale (bVII in major); but degrees are the mode's own, what it lowers takes no b: minor III VI VII, dorian III VII, phrygian
II III VI VII, mixolydian VII. So are sevenths: I7 in mixolydian, IV7 in dorian, VImaj7 in minor."""
_OTHER_STYLES, _TEMPOS, _METERS = 4, 5, 2
"""How many styles are told beside the one that is likeliest, and for how many tempos and metres the bars are counted."""


class ModelPlanner:
    """A planner (see `img2music.stages`) that asks a language model."""

    def __init__(self, *, model: str, prompt: str = "plan/compose", time_limit_seconds: float = 600.0) -> None:
        """The stage.

        Args:
            model: the line that names the model, see `img2music.models`.
            prompt: name or file of a template for planning.
            time_limit_seconds: for all that is asked about one plan, 1 to 3600.

        Raises:
            UsageError: an unknown model or template, or a limit out of range. DocumentError: a template that can't be read.
        """
        self._limit = check_time_limit(time_limit_seconds)
        self._template = load_prompt(prompt, "plan")
        self._client = Client(model)

    def __call__(self, scene: Scene, brief: Brief, /) -> CompositionPlan:
        """The composition for `scene` that keeps every wish of `brief`.

        Raises:
            BackendError: the model gave nothing usable in time.
            UsageError, DocumentError: as for the rules: a style that is not there or can't be read.
        """
        until = monotonic() + self._limit
        draft = RulesPlanner()(scene, brief)
        if self._template.schema_name == "choice/1":
            return self._choose(scene, brief, draft, until)
        settled, known = FixedChoices.by(brief), citable(scene.cues, scene.colours)
        asked = _SCHEMAS[self._template.schema_name]

        def read(text: str) -> SettledPlan:
            tree = parse_json_answer(text, asked)
            proposal = read_changes_answer(tree, draft) if asked is ChangesAnswer else read_plan_answer(tree, asked)
            return settle_plan(proposal, draft, settled, known)

        reply = self._converse(scene, brief, draft, until, read, lambda planned: planned.faults)
        planned = reply.value
        if planned is None:
            raise reply.unusable("plan")
        use = reply.use.with_outcome(
            accepted=True,
            mended=(*planned.faults, *planned.remarks),
            citations=planned.citations,
            unfounded=planned.unfounded,
        )
        record_model_use(use)
        return planned.plan

    def explain_words(self, brief: Brief, /) -> Brief:
        """`brief` with glosses for words that the tables do not know; see `word_glosses`. Never fails for want of an answer."""
        from img2music.planners.llm.word_glosses import gloss_words

        return gloss_words(self._client, brief, monotonic() + min(self._limit, _WORDS_SECONDS))

    def _choose(self, scene: Scene, brief: Brief, draft: CompositionPlan, until: float) -> CompositionPlan:
        """One of some whole plans, named by the model; a name that says nothing of the picture gives way to the rules' own."""
        from img2music.planners.llm.plan_choices import candidate_plans, choice_lines, fault_of_words

        plans = candidate_plans(scene, brief, draft)

        def read(text: str) -> _Chosen:
            answer, remarks = read_choice_answer(parse_json_answer(text, ChoiceAnswer))
            if answer.choice > len(plans):
                raise AnswerError(f"choice: there are {len(plans)} plans, and you chose number {answer.choice}")
            fault = fault_of_words(answer, scene_gist(scene), self._template.system)
            return _Chosen(plans[answer.choice - 1], answer, remarks, (fault,) if fault else ())

        more = {"choices": choice_lines(plans), "most": str(len(plans))}
        reply = self._converse(scene, brief, draft, until, read, lambda chosen: chosen.faults, more)
        chosen = reply.value
        if chosen is None:
            raise reply.unusable("plan")
        if chosen.faults:
            mended = f"title and note: {chosen.faults[0]}; the rules' own stand"
            record_model_use(reply.use.with_outcome(accepted=True, mended=(mended,)))
            return chosen.plan
        record_model_use(reply.use.with_outcome(accepted=True, mended=chosen.remarks))
        title, note = (" ".join(text.split()) for text in (chosen.answer.title, chosen.answer.note))
        return chosen.plan.model_copy(update={"title": title, "idea": note if note.endswith(".") else f"{note}."})

    def _converse(
        self,
        scene: Scene,
        brief: Brief,
        draft: CompositionPlan,
        until: float,
        read: Callable[[str], T],
        faults_of: Callable[[T], tuple[str, ...]],
        more: dict[str, str] | None = None,
    ) -> Reply[T]:
        told = self._template.variables()
        vocabulary = schema_of(_SCHEMAS[self._template.schema_name])
        values = {
            name: make()
            for name, make in _values(scene, brief, draft, load_style(draft.style), vocabulary).items()
            if name in told
        }
        # Lists that the prompt holds need no second place, but where the schema is a grammar, which nobody reads.
        listed = (*(("style",) if "styles" in told else ()), *(("instrument",) if told & {"players", "instruments"} else ()))
        return converse(
            self._client,
            self._template,
            values | (more or {}),
            stage="planner",
            schema=vocabulary if self._client.spec.has_local_grammar else without_lists(vocabulary, listed),
            check=read,
            faults_of=faults_of,
            until=until,
            seed=brief.seed,
            picture_sha256=scene.picture.sha256,
            quote=self._template.schema_name != "choice/1",
            patched=tuple(vocabulary["properties"]),
            vocabulary=vocabulary,
        )


class _Chosen(NamedTuple):
    """A whole plan that the model chose, with its words for it."""

    plan: CompositionPlan
    answer: ChoiceAnswer
    remarks: tuple[str, ...]
    faults: tuple[str, ...]
    """What is wrong with the words."""


def _values(scene: Scene, brief: Brief, draft: CompositionPlan, style: Style, schema: JsonObject) -> dict[str, Callable[[], str]]:
    """What each variable is filled with, made when it is wanted; `style` is the draft's."""
    return {
        "scene": lambda: scene_prompt_text(scene),
        "gist": lambda: scene_gist(scene),
        "attributes": lambda: attribute_lines(scene.attributes),
        "brief": lambda: brief_lines(brief),
        "words": lambda: brief.words or "(none)",
        "styles": lambda: style_lines(_likely_styles(scene, brief, style)),
        "instruments": instrument_lines,
        "players": player_lines,
        "limits": lambda: limits_of(schema),
        "chords": lambda: _CHORDS,
        "lengths": lambda: _lengths(brief, draft, style),
        "draft": lambda: json.dumps(draft_as_answer(draft, _inside(draft, style)), separators=(",", ":")),
        "choices": lambda: "",
        "most": lambda: "",
    }


def _inside(draft: CompositionPlan, style: Style) -> float:
    """The draft's density, 0..1 inside its style's range."""
    low, high = style.density
    return min(1.0, max(0.0, (draft.density - low) / (high - low))) if high > low else 0.5


def _likely_styles(scene: Scene, brief: Brief, style: Style) -> tuple[str, ...]:
    """The style that is settled, alone; or the draft's and those that fit the picture next best."""
    own = style.name
    if FixedChoices.by(brief).style:
        return (own,)
    from img2music.planners.llm.plan_choices import likely_genres

    return (own, *[name for name in likely_genres(scene, 1 + _OTHER_STYLES) if name != own][:_OTHER_STYLES])


def _lengths(brief: Brief, draft: CompositionPlan, style: Style) -> str:
    """How many bars fill the length, by metre and tempo: of the draft's style, whose limits are its own."""
    from img2music.planners.rules.loop_form import count_loop_bars
    from img2music.theory import Meter

    count = count_loop_bars if brief.loop else count_bars
    low, high = style.tempo_bpm
    steps = [round(low * (high / low) ** (step / (_TEMPOS - 1))) for step in range(_TEMPOS)]
    asked = brief.tempo_bpm
    if asked is not None and brief.tempo_to_bpm is not None:
        asked = round(GradualTempo(asked, brief.tempo_to_bpm).middle_bpm, 1)
    tempos = steps if asked is None else [asked]
    meters = [draft.meter] if FixedChoices.by(brief).meter else [*dict.fromkeys((draft.meter, *style.meters))][:_METERS]
    lines = []
    for name in meters:
        meter = Meter.parse(name)
        bars = ", ".join(f"{tempo:g} bpm {count(brief.seconds, tempo, meter)}" for tempo in tempos)
        lines.append(f"{name}, {float(meter.bar_quarters):g} quarters: {bars}")
    return "\n".join(lines)
