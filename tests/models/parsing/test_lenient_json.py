"""JSON as models write it, and how little time hostile text can take."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from img2music.models import AnswerError, parse_json_answer
from img2music.models.parsing.lenient_json import Budget, LenientJsonError, parse_object
from img2music.models.parsing.thinking_text import without_thinking
from img2music.planners.llm.plan_schema import PlanAnswer

TREES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=8), TREES, max_size=5)


def read(text: str) -> dict[str, Any]:
    reading = parse_object(text, 0, Budget())
    assert reading.cut is None
    assert reading.end == len(text)
    return reading.tree


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]))
def test_sound_json_is_read_as_json(tree: dict[str, Any], ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(tree, ensure_ascii=ascii_only, indent=indent)
    assert read(text) == json.loads(text)


_WORDS = st.text(st.characters(exclude_characters="\\", exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Zs"]), max_size=12)
_PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | _WORDS, lambda inner: st.lists(inner, max_size=4), max_leaves=8
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_WORDS, _PLAIN, max_size=5))
def test_what_python_prints_is_read_as_python(tree: dict[str, Any]) -> None:
    assert read(repr(tree)) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("{a: 1, b_c: [i, iv, V7], d: 4/4}", {"a": 1, "b_c": ["i", "iv", "V7"], "d": "4/4"}),
        ('{"a": 72 bpm, "b": 40%, "c": 0,4, "d": 1/8}', {"a": "72 bpm", "b": "40%", "c": "0,4", "d": "1/8"}),
        ('{"a": +1, "b": .5, "c": 5., "d": 1_000, "e": 1e3}', {"a": 1, "b": 0.5, "c": 5.0, "d": 1000, "e": 1000.0}),
        ('{"a": (1, 2), "b": undefined, "c": }', {"a": [1, 2], "b": None, "c": None}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": "the "red" sky", "b": ["a "q" b", "c"]}', {"a": 'the "red" sky', "b": ['a "q" b', "c"]}),
        ('{"a": "say "hi", then go", "b": 1}', {"a": 'say "hi", then go', "b": 1}),
        ("{'a': 'it's late', 'b': 'don't'}", {"a": "it's late", "b": "don't"}),
        ('{"a": 1 "b": 2\n"c": ["i" "iv" 3 4]}', {"a": 1, "b": 2, "c": ["i", "iv", 3, 4]}),
        ('{"a": [0 2 -1], /* {"a": 2} */ "b": 1 // so\n}', {"a": [0, 2, -1], "b": 1}),
        ("{„a“: „x“, «b»: «y», ‘c’: ‘z’}", {"a": "x", "b": "y", "c": "z"}),
        ('{"a"：１，"b"：“ｘ”}', {"a": 1, "b": "ｘ"}),
        ('{"a": "\\ud83d\\ude00", "b": "x\\ud83d", "c": "\\d\\x41"}', {"a": "😀", "b": "x", "c": "dA"}),
        ('{"a": NaN, "b": [-Infinity, 1e999]}', {"a": "NaN", "b": ["-Infinity", "Infinity"]}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ("{" + '"a":{' * 60 + "}" * 61, None),
    ],
)
def test_other_spellings_are_read(text: str, tree: dict[str, Any] | None) -> None:
    assert read(text) == (json.loads(text) if tree is None else tree)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": ["i", ...]}', "dots stand for what was left out near '...]}'"),
        ('{"a" 1}', "a colon after 'a' is missing"),
        ('{"a": [1, 2}', "a ] is missing"),
        ('{"a": {"b": 1]}', "a } is missing"),
        ('{"a": 1, oops}', "a name in quotes is missing near 'oops}'"),
        ('{"a":' * 100, "nested more than 64 deep"),
        ('{"a": [' + "1," * 200_000 + "1]}", "too long"),
    ],
)
def test_a_fault_says_what_is_missing(text: str, fault: str) -> None:
    with pytest.raises(LenientJsonError) as caught:
        parse_object(text, 0, Budget())
    assert fault in caught.value.text


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ('{"a": [1, {"b": "x', "a.1.b"),
        ('{"a": 1, "b', "b"),
        ('{"a": 1', "a"),
        ("{", "its beginning"),
    ],
)
def test_what_is_cut_off_says_where(text: str, cut: str) -> None:
    assert parse_object(text, 0, Budget()).cut == cut


_UNIT = (
    "{", '{"', '{"a":[', "{}", '\\"{', "{/*", "{#", "{“", '{"a":1,', '{"a":"x"', '{"a":"', '{"a":1,"b":"', '{\\"a\\":', "[[[[", '{"plan":',
    "<think>", "</think>", "<|channel|>analysis<|message|>", '{"idea":"x","sections":[{"a":{}}]}', '{"a":"{\\"b\\":1}"}', '{"a":1} ',
    '{"a":1 /*', '{"a":“', '{"idea":"a "', "{a:", "<   ", "{'a':'b' ",
)  # fmt: skip
HOSTILE = {
    **{f"{unit} again and again": unit * (190_000 // len(unit)) for unit in _UNIT},
    "ten million brackets": "[[[[" * 2_500_000,
    "ten million braces": "{" * 10_000_000,
    "a million thoughts": "<think>" * 140_000 + "{}",
    "a long number": '{"a":' + "9" * 180_000 + "}",
    "a long string": '{"a":"' + "\\u00e9" * 30_000 + '"}',
    "many quotes": '{"idea":"' + 'a " b ' * 30_000 + '"}',
    "many sections": '{"sections":[' + '{"name":"A"},' * 15_000 + "]}",
    "blanks": " " * 1_000_000 + "{",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_little_time(name: str) -> None:
    begin = time.process_time()
    for model in (None, PlanAnswer):
        try:
            parse_json_answer(HOSTILE[name], model)
        except AnswerError as error:
            assert error.faults  # noqa: PT017  either is right, anything else is not
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("text", "said", "thinking"),
    [
        ("a", "a", False),
        ("<think>a</think>b", "b", False),
        ("a</think>b", "b", False),
        ("<THINK >a< / think>b", "b", False),
        ("<thinking>a</thinking>b<reasoning>c</reasoning>d", "b d", False),
        ("[THINK]a[/THINK]b", "b", False),
        ("◁think▷a◁/think▷b", "b", False),
        ("<think>a", "", True),
        ("b<think>a", "b", True),
        ("<think>I open <think> twice</think>b", "b", False),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>", "b", False),
        ("<|channel|>commentary to=functions.plan <|constrain|>json<|message|>b<|call|>", "b", False),
        ("<|channel|>analysis<|message|>a", "", True),
    ],
)
def test_what_is_said_stands_behind_what_is_thought(text: str, said: str, thinking: bool) -> None:
    found, still = without_thinking(text)
    assert (" ".join(found.split()), still) == (said, thinking)
