"""Limits in text and schema are the same, vocabularies stand once, and requests are as short as they can be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from img2music.brief import Brief
from img2music.errors import BackendError
from img2music.io.pictures import open_picture
from img2music.io.style_files import load_style, style_names
from img2music.models import schema_of
from img2music.models.parsing.json_schema import limits_of, narrowed, without_lists
from img2music.perceivers.offline import OfflinePerceiver
from img2music.perceivers.vlm.flat_scene_schema import FlatSceneAnswer
from img2music.perceivers.vlm.scene_schema import SceneAnswer
from img2music.planners.llm.plan_schema import ChangesAnswer, ChoiceAnswer, MovingPlanAnswer, PlanAnswer
from img2music.planners.llm.word_glosses import GlossesAnswer
from img2music.templates import SCHEMAS, load_prompt, prompt_names
from img2music.theory import instrument_names
from tests.support import extras
from tests.support.made_scenes import make_scene

extras.require("llm")

from img2music.models.client import Client
from img2music.models.question import Question
from img2music.perceivers.vlm.vlm_perceiver import ModelPerceiver
from img2music.planners.llm.llm_planner import ModelPlanner

ANSWERS: dict[str, type[BaseModel]] = {
    "scene/1": SceneAnswer, "scene/2": FlatSceneAnswer, "plan/1": PlanAnswer, "plan/2": MovingPlanAnswer, "changes/1": ChangesAnswer,
    "choice/1": ChoiceAnswer, "glosses/1": GlossesAnswer,
}  # fmt: skip
ASKING = tuple(name for name in prompt_names() if not name.startswith(("abc/", "sound/")))
NUMBER = r"-?\d*\.?\d+|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty)\b"
# Numbers in the text of a prompt that are no limits of a field: what they say.
NO_LIMITS = {
    "see/cited": {"one", "0", "-.6", ".6", ".3"},  # sentence and metre, a corner, where most photographs lie, a guess
    "see/reviewed": {"one", "0", "-.6", ".6"},
    "see/unaided": {"one", "0"},
    "plan/compose": {
        "0",
        "one",
        "four",
        "three",
        "two",
        "1",
        "4",
        "8",
        "60",
    },  # melody, phrases, energy, motif, seconds, tempo, formula
    "plan/refine": {"0", "one"},
    "words/gloss": {"90", "45", "3", "4", "one"},  # examples of exact words
    "plan/choose": {"one", "two", "five", "1"},  # words of a title, which the schema counts in characters
}
# Limits that a prompt says in its own words: the field, as its text has them.
SAID = {"valence": (-1, 1), "arousal": (-1, 1), "density": (0, 1)}
LEGEND = r"\(1-6 how many; ≤40 characters; 0\.\.1 a range; a\|b one of\)"


class Toy(BaseModel):
    name: Annotated[str, Field(max_length=31)]
    steps: Annotated[list[Annotated[int, Field(ge=-14, le=14)]], Field(min_length=2, max_length=8)]
    box: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=4, max_length=4)]
    role: Literal["melody", "bass"]
    key: Literal["C", "D"] | None
    long: Literal["a", "b", "c", "d", "e", "f", "g", "h", "i"]


def test_limits_are_said_as_the_schema_has_them() -> None:
    said = limits_of(schema_of(Toy))
    assert said.splitlines() == [
        "name ≤31", "steps 2-8 of -14..14 whole", "box 4 of 0..1", "role melody|bass", "key C|D or null", "long",
    ]  # fmt: skip
    assert limits_of(schema_of(Toy), ["long"], lists=True) == "long a|b|c|d|e|f|g|h|i"


@pytest.mark.parametrize(
    "name", sorted({schema for schemas in SCHEMAS.values() for schema in schemas} - {"abc/1", "caption/1", "prompt/1"})
)
def test_every_limit_of_every_field_is_said(name: str) -> None:
    schema = schema_of(ANSWERS[name])
    lines = limits_of(schema).splitlines()
    assert [line.split()[0] for line in lines] == list(schema["properties"])

    def look(node: Any, line: str) -> None:
        if "maxItems" in node:
            low, high = node.get("minItems", 0), node["maxItems"]
            assert (f" {low}" if low == high else f"{low}-{high}") in line
        if "maximum" in node and "enum" not in node:
            assert f"{node['minimum']}..{node['maximum']}" in line
        if "maxLength" in node and "enum" not in node:
            assert f"≤{node['maxLength']}" in line
        for inner in (
            *node.get("properties", {}).values(),
            *node.get("anyOf", ()),
            *([node["items"]] if "items" in node else ()),
        ):
            look(inner, line)

    for line, node in zip(lines, schema["properties"].values(), strict=True):
        look(node, line)


@pytest.mark.parametrize("name", ASKING)
def test_no_shipped_prompt_says_a_limit_that_its_schema_has_not(name: str) -> None:
    template = load_prompt(name)
    text = re.sub(LEGEND, "", f"{template.system}\n{template.user}")
    assert ("limits" in template.variables()) is (name != "plan/choose")
    fields = schema_of(ANSWERS[template.schema_name])["properties"]
    limits: set[str] = set()
    for field, (low, high) in SAID.items():
        if field in fields:
            node = next((one for one in fields[field].get("anyOf", ()) if "minimum" in one), fields[field])
            assert (node["minimum"], node["maximum"]) == (low, high)
            limits |= {f"{low}", f"{high}"}
    assert set(re.findall(NUMBER, text)) <= NO_LIMITS[name] | limits


def test_every_style_can_be_played_at_a_tempo_that_may_be_answered() -> None:
    for answer in (SceneAnswer, FlatSceneAnswer, PlanAnswer, MovingPlanAnswer):
        node = schema_of(answer)["properties"]["tempo_bpm"]
        limits = node["properties"]["value"] if "properties" in node else node
        for name in style_names():
            low, high = load_style(name).tempo_bpm
            assert limits["minimum"] <= low < high <= limits["maximum"], name


def test_lists_that_the_prompt_has_need_no_second_place() -> None:
    whole = schema_of(PlanAnswer)
    shorter = without_lists(whole, ["style", "instrument"])
    part = shorter["properties"]["parts"]["items"]["properties"]
    assert part["instrument"] == {"type": "string", "maxLength": max(map(len, instrument_names()))}
    assert "enum" in part["role"]
    assert "enum" in shorter["properties"]["meter"]
    assert "enum" in whole["properties"]["parts"]["items"]["properties"]["instrument"]  # the shared one is as it was
    assert (
        list(narrowed(whole, ["key", "parts"])["properties"]) == narrowed(whole, ["key", "parts"])["required"] == ["key", "parts"]
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """The questions that are asked; nobody answers."""
    questions: list[Question] = []

    def ask(_: Client, question: Question, *, until: float) -> None:
        questions.append(question)
        raise BackendError("nobody answers")

    monkeypatch.setattr(Client, "ask", ask)
    return questions


FAR, NEAR = "openai:x", "openai:x?base_url=http://127.0.0.1:9/v1"
# Characters of the whole request in the first version of the prompt, the mean of six of the examples: system, user and schema.
FIRST = {"see/cited": 14_290, "see/reviewed": 14_361, "see/unaided": 11_405, "plan/compose": 16_278, "plan/refine": 9_721}


def request_of(name: str, asked: list[Question], model: str = FAR, picture: str = "cat") -> Question:
    shown = open_picture(Path(__file__).parents[3] / "demo" / "examples" / f"{picture}.jpg")
    if name.startswith("see/"):
        with pytest.raises(BackendError, match="nobody answers"):
            ModelPerceiver(model=model, prompt=name)(shown)
        return asked.pop()
    scene = OfflinePerceiver()(shown)
    with pytest.raises(BackendError, match="nobody answers"):
        ModelPlanner(model=model, prompt=name)(scene, Brief(seconds=60))
    return asked.pop()


def text_of(question: Question) -> str:
    return "".join(message.text for message in question.messages)


@pytest.mark.parametrize("picture", ["cat", "temple", "galaxies"])
@pytest.mark.parametrize("name", FIRST)
def test_requests_are_half_as_long_as_they_were(name: str, picture: str, asked: list[Question]) -> None:
    question = request_of(name, asked, picture=picture)
    whole = len(text_of(question)) + len(json.dumps(question.schema, separators=(",", ":")))
    # The draft of a refined plan is as long as it was; a composed one may say much more than at first: keys, metres, tempi, players, hits.
    share = {"plan/refine": 0.78, "plan/compose": 0.78}.get(name, 0.51)
    assert whole <= share * FIRST[name]


@pytest.mark.parametrize("name", [name for name in FIRST if name != "plan/refine"])
def test_every_vocabulary_is_sent_once(name: str, asked: list[Question]) -> None:
    question = request_of(name, asked)
    whole = text_of(question) + json.dumps(question.schema)
    assert len(re.findall(r"\bocarina\b", whole)) == 1
    assert len(re.findall(r"\bpizzicato strings\b", whole)) == 1
    if name.startswith("see/"):
        assert len(re.findall(r"\bchiptune\b", whole)) == 1


@pytest.mark.parametrize("name", ["see/cited", "plan/compose"])
def test_a_grammar_that_nobody_reads_keeps_the_names(name: str, asked: list[Question]) -> None:
    assert json.dumps(request_of(name, asked, NEAR).schema).count('"ocarina"') == 1
    assert "ocarina" not in json.dumps(request_of(name, asked, f"{NEAR}&structured=json").schema)  # there it is told in words


@pytest.mark.parametrize("name", [name for name in ASKING if name.startswith("see/")])
def test_a_model_is_shown_no_feelings_before_its_own(name: str, asked: list[Question]) -> None:
    data = "\n".join(re.findall(r"<data name=.*?</data>", text_of(request_of(name, asked, picture="photographer")), re.DOTALL))
    assert not re.search(r"feels_|colour_mood|smiles|^valence|^arousal|^mood|troubled|sombre", data, re.MULTILINE)
    schema = request_of(name, asked).schema
    assert schema is not None
    names = list(schema["properties"])
    assert names.index("valence") < names.index("genre") < names.index("tempo_bpm")


def test_whoever_plans_is_told_a_few_likely_styles_or_the_one_that_is_settled(asked: list[Question]) -> None:
    def told(brief: Brief) -> list[str]:
        with pytest.raises(BackendError, match="nobody answers"):
            ModelPlanner(model=FAR)(make_scene(), brief)
        part = text_of(asked.pop()).partition("Styles, the likeliest first:\n")[2].partition("\nWho may play")[0]
        return [line.partition(":")[0] for line in part.splitlines()]

    open_brief = told(Brief(seconds=30))
    assert 5 <= len(open_brief) <= 7
    assert set(open_brief) <= set(style_names())
    assert told(Brief(seconds=30, style="waltz")) == ["waltz"]
