"""What is found in a model's words, and schemas as servers get them."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from img2music.models import AnswerError, parse_json_answer, schema_of, validate_record
from tests.support.stub_server import sample_of_schema

TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=8), TREES, max_size=5)
PROSE = st.text(st.characters(exclude_characters="{}"), max_size=60)
SOUND = '{"title": "Moor", "n": 3}'


class Bar(BaseModel):
    model_config = ConfigDict(extra="forbid")

    chord: Annotated[str, Field(max_length=8)]
    quarters: Annotated[float, Field(gt=0, le=8)] = 4


class Tune(BaseModel):
    """An answer as stages define them."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=40)]
    mode: Literal["major", "minor"] = "major"
    bars: Annotated[tuple[Bar, ...], Field(min_length=2, max_length=4)]
    last: Bar | None = None

    @field_validator("title")
    @classmethod
    def _no_shouting(cls, title: str) -> str:
        if title.isupper():
            raise ValueError("write the title in small letters")
        return title


def shown(tree: Any) -> Any:
    """The tree as it is read: without characters that no one sees, blanks of other kinds as plain ones."""
    if isinstance(tree, str):
        return "".join(letter if letter.isprintable() else " " if letter.isspace() else "" for letter in tree)
    if isinstance(tree, dict):
        return {shown(name): shown(value) for name, value in tree.items()}
    return list(map(shown, tree)) if isinstance(tree, list) else tree


def test_marks_that_turn_writing_round_are_left_out() -> None:
    assert parse_json_answer(json.dumps({"title": "../../x \u202eevil\x07"})) == {"title": "../../x evil"}


@given(OBJECTS, PROSE, PROSE)
def test_an_object_is_found_in_any_prose(tree: dict[str, Any], before: str, after: str) -> None:
    assert parse_json_answer(f"{before}{json.dumps(tree)}{after}") == shown(tree)


@given(OBJECTS)
def test_an_object_is_found_in_a_fence_among_braces_of_prose(tree: dict[str, Any]) -> None:
    text = f"Sure {{really}}, here:\n```json\n{json.dumps(tree, indent=2)}\n```\nAnything {{else}}?"
    assert parse_json_answer(text) == shown(tree)


@given(st.text(max_size=300))
def test_any_text_gives_an_object_or_faults(text: str) -> None:
    faults: tuple[str, ...] = ()
    try:
        found: object = parse_json_answer(text)
    except AnswerError as error:
        found, faults = None, error.faults
    assert isinstance(found, dict) != bool(faults)
    assert all("\n" not in fault for fault in faults)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SOUND, {"title": "Moor", "n": 3}),
        (f"{SOUND} and {{}}", {"title": "Moor", "n": 3}),
        (f"{{}} {SOUND}", {"title": "Moor", "n": 3}),
        ('{"a": {"b": {"c": 1}}, "d": "}"}', {"a": {"b": {"c": 1}}, "d": "}"}),
        ('{"a": "he said \\"{\\" and left"}', {"a": 'he said "{" and left'}),
        (f"I open a brace {{ and go on: {SOUND}", {"title": "Moor", "n": 3}),
        (f'{{"a": NaN}} but rather {SOUND}', {"title": "Moor", "n": 3}),
        (f"{{'a': 1}} is Python; {SOUND} is JSON", {"title": "Moor", "n": 3}),
        ('[{"a": 1}, {"a": 22}]', {"a": 22}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ('{"a": "long, and a draft"} then {"a": 1}', {"a": 1}),
        ("{'a': 1}", {"a": 1}),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": 1 // one\n}', {"a": 1}),
        ('{"a": "x\\ud83d"}', {"a": "x"}),
    ],
)
def test_the_last_whole_object_counts(text: str, found: dict[str, Any]) -> None:
    assert parse_json_answer(text) == found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("A slow waltz.", "no JSON object"),
        ("[1, 2, 3]", "no JSON object"),
        ('"just a string"', "no JSON object"),
        ('{"title": "Mo', "not complete"),
        ('{"title": "Moor", "n": ', "cut off in 'n'"),
        ('{"title": "Moor", "bars": [{"chord": "I"}, {"chord": "V', "cut off in 'bars.1.chord'"),
        ('{"title": "Moor", "bars": ["I", ...]}', "dots stand for what was left out"),
        ('{"title": "Moor",\n "bars" ["I"]}', "in line 2: a colon after 'bars' is missing"),
        ('{"$schema": "x", "properties": {"a": {"type": "number"}}}', "that is the schema"),
        ("<think>{} is not it, so", "the thinking goes on to the end"),
        ('{"a": NaN}', "not sound"),
        ('{"a": Infinity}', "not sound"),
        ('{"a": -Infinity}', "not sound"),
        ('{"a": 1e999}', "not sound"),
        ('{"a": [1, {"b": -1e999}]}', "not sound"),
        ("{" * 50_000, "not complete"),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, "not sound"),
        ('{"a":' * 5_000, "not complete"),
        ('{"a": "' + "x" * 250_000 + '"}', "250009 characters"),
    ],
)
def test_what_is_no_answer_is_a_fault_that_a_model_can_mend(text: str, fault: str) -> None:
    with pytest.raises(AnswerError, match=fault) as caught:
        parse_json_answer(text)
    assert "answer with one" in caught.value.faults[0]


def test_hostile_braces_are_read_in_bounded_time() -> None:
    begin = time.monotonic()
    for text in ("{" * 199_000, '{"' * 99_000, '{"a":[' * 33_000, "{}" * 99_000, '\\"{' * 66_000):
        try:
            parse_json_answer(text)
        except AnswerError:
            continue
    assert time.monotonic() - begin < 30


def test_faults_are_short_lines_and_few() -> None:
    error = AnswerError(*(f"bars.{number}:\n\x1b[31m{'x' * 1000}" for number in range(100)))
    assert len(error.faults) == 12
    assert all(fault.isprintable() and len(fault) < 300 for fault in error.faults)


def test_a_record_is_checked() -> None:
    tune = validate_record({"title": "Moor", "bars": [{"chord": "I"}, {"chord": "V7", "quarters": 2}]}, Tune)
    assert tune.bars[1] == Bar(chord="V7", quarters=2)


@pytest.mark.parametrize(
    ("tree", "fault"),
    [
        ({"title": "Moor", "bars": [{"chord": "I"}]}, r"^bars: Tuple should have at least 2 items"),
        ({"title": "Moor", "bars": [{"chord": "I"}, {"chord": "V", "quarters": 9}]}, r"^bars\.1\.quarters: .*\(you wrote '9'\)"),
        ({"title": "MOOR", "bars": [{"chord": "I"}] * 2}, r"^title: write the title in small letters \(you wrote 'MOOR'\)"),
        ({"title": "Moor", "bars": [{"chord": "I"}] * 2, "extra": 1}, r"^extra: Extra inputs are not permitted"),
        ({"title": "Moor", "mode": "lydian", "bars": [{"chord": "I"}] * 2}, r"^mode: Input should be 'major' or 'minor'"),
        ({"bars": [{"chord": "I"}] * 2}, r"^title: Field required"),
        ([], r"valid dictionary"),
    ],
)
def test_each_fault_names_its_place(tree: Any, fault: str) -> None:
    with pytest.raises(AnswerError, match=fault):
        validate_record(tree, Tune)


def test_what_was_written_is_quoted_briefly() -> None:
    with pytest.raises(AnswerError) as caught:
        validate_record({"title": "x" * 10_000, "bars": [{"chord": "I"}] * 2}, Tune)
    assert len(caught.value.faults[0]) < 200


def _nodes(tree: Any) -> list[dict[str, Any]]:
    if isinstance(tree, list):
        return [node for item in tree for node in _nodes(item)]
    return [tree, *(node for value in tree.values() for node in _nodes(value))] if isinstance(tree, dict) else []


def test_a_schema_is_flat_and_closed() -> None:
    schema = schema_of(Tune)
    written = json.dumps(schema)
    assert "$ref" not in written
    assert "$defs" not in written
    assert "default" not in written
    objects = [node for node in _nodes(schema) if node.get("type") == "object"]
    assert len(objects) == 3  # the tune, a bar, the last bar
    for node in objects:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
    assert schema["properties"]["title"]["maxLength"] == 40  # a field of that name stays, headings go
    assert "title" not in schema


def test_a_schema_keeps_its_bounds() -> None:
    bars = schema_of(Tune)["properties"]["bars"]
    assert (bars["minItems"], bars["maxItems"]) == (2, 4)
    assert bars["items"]["properties"]["quarters"] == {"exclusiveMinimum": 0, "maximum": 8, "type": "number"}


def test_the_smallest_answer_by_the_schema_passes() -> None:
    assert validate_record(sample_of_schema(schema_of(Tune)), Tune).mode == "major"
