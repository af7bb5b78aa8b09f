"""Plans as text: what is sound is read, what is not is told at its line and column in one sentence."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.app.session.editing.plan_text import read_plan_text, write_plan_text
from img2music.app.session.edits import PlanTextError
from img2music.app.session.limits import Limits
from img2music.plan import CompositionPlan
from tests.support.moving_plans import moving_plan

LIMITS = Limits()
PLAN = moving_plan()
JSON, YAML = write_plan_text(PLAN), write_plan_text(PLAN, as_yaml=True)


def line_with(text: str, sign: str) -> int:
    """The line, from 1, that holds a sign first."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if sign in line)


@pytest.mark.parametrize("text", [JSON, YAML, "\ufeff" + JSON, "# mine\n" + YAML, json.dumps(json.loads(JSON))])
def test_a_plan_comes_back_as_it_was_written(text: str) -> None:
    assert read_plan_text(text, LIMITS) == PLAN


@pytest.mark.parametrize("text", [JSON, YAML])
@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (r'"?arousal"?:', "arosal:", "did you mean 'arousal'"),
        (r'(tempo_bpm"?): [0-9.]+', r"\1: 900", "less than or equal to 300"),
        (r'(meter"?): .*?(,?)\n', r"\1: 9/7\2\n", "9/7"),
        (r'(style"?): .*?(,?)\n', r'\1: "/etc/own.yaml"\2\n', "a style file can't be opened here"),
        (r'(style"?): .*?(,?)\n', r'\1: "walz"\2\n', "did you mean 'waltz'"),
        (r'(seconds"?): [0-9.]+', r"\1: 1700", "600 s is the limit"),
    ],
)
def test_a_fault_is_told_where_it_stands(text: str, before: str, after: str, told: str) -> None:
    is_json = text.startswith("{")
    if is_json:
        after = re.sub(r"^arosal:", '"arosal":', after).replace("9/7", '"9/7"')
    broken, count = re.subn(before, after, text, count=1)
    assert count == 1
    line = next(
        number for number, (one, other) in enumerate(zip(text.splitlines(), broken.splitlines(), strict=True), 1) if one != other
    )
    with pytest.raises(PlanTextError) as error:
        read_plan_text(broken, LIMITS)
    assert error.value.line == line, error.value
    assert error.value.column >= 1
    assert told in error.value.message
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_a_wrong_chord_is_told_in_its_bar() -> None:
    tree = json.loads(JSON)
    tree["sections"][1]["harmony"][1] = "I Q"
    text = json.dumps(tree, indent=2)
    with pytest.raises(PlanTextError, match=r"section .*, bar 2: 'Q' is no roman numeral; write such as I") as error:
        read_plan_text(text, LIMITS)
    assert error.value.line == line_with(text, '"I Q"')


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("", "no text", 1),
        ("  \n", "no text", 1),
        ("{", "not JSON", 1),
        ('{"title": "a",\n "title": "b"}', "stands there twice", 2),
        ('{\n "title": tru}', "not JSON", 2),
        ("title: a\ntitle: b", "stands there twice", 2),
        ("- a\n- b", "something else", 1),
        ("just words", "something else", 1),
        ("a: &x 1\nb: *x", "alias", 2),
        ("a: !!python/object/apply:os.system ['true']", "not a plain value", 1),
        ("a: [1,\nb: 2", "not YAML", 2),
        ("a: " + "[" * 50 + "]" * 50, "nested too deeply", 1),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "nested", 1),
        ('{"tempo_bpm": 1e999}', "infinite", 1),
        ("tempo_bpm: .nan", "nan", 1),
        ('{"attributes": {}}', "a scene, not a plan", 1),
        ('{"files": {}}', "a piece.json, not a plan", 1),
        ("{" + " " * 500_000 + "}", "is the limit", 1),
        ("title: 2020-99-99", "", 1),
        ("\x00", "", 1),
        ("a: \ud800", "", 1),
    ],
)
def test_what_is_no_plan_is_one_sentence(text: str, told: str, line: int) -> None:
    with pytest.raises(PlanTextError) as error:
        read_plan_text(text, LIMITS)
    assert told in error.value.message
    assert error.value.line == line
    assert "\n" not in str(error.value)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_torn_plans_raise_nothing_else(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([JSON, YAML]))
    begin = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 40))
    put = data.draw(st.text(max_size=8))
    torn = text[:begin] + put + text[begin + length :]
    with suppress(PlanTextError):
        assert isinstance(read_plan_text(torn, LIMITS), CompositionPlan)
