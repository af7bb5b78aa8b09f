"""What is asked for from Python and on the command line: typed, and told right where it is nearly right."""

from __future__ import annotations

import json
from inspect import signature
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

import img2music
from img2music import Brief, Pipeline
from img2music.brief import Wishes, with_wishes
from img2music.errors import BriefError, UsageError
from img2music.pipeline import recompose
from img2music.pipeline.output_options import PieceOptions
from img2music.theory import Key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_typed_wishes_are_the_fields_of_a_brief() -> None:
    assert set(Wishes.__annotations__) == set(Brief.model_fields)
    assert get_type_hints(Wishes)["tempo_bpm"] == float | str | tuple[float, float] | None


@pytest.mark.parametrize(
    ("function", "options"),
    [(img2music.compose, PieceOptions), (Pipeline.compose, PieceOptions), (recompose, PieceOptions), (Brief.of, Wishes)],
)
def test_editors_know_the_wishes(function: Callable[..., object], options: type) -> None:
    (given,) = (one for one in signature(function).parameters.values() if one.kind is one.VAR_KEYWORD)
    assert given.annotation == f"Unpack[{options.__name__}]"
    assert get_type_hints(Wishes).items() <= get_type_hints(options).items()


def test_type_checkers_find_a_wrong_wish() -> None:
    """mypy, in `make check`, complains where one of these remarks is not needed."""
    with pytest.raises(UsageError):
        Brief.of(tempo=90)  # type: ignore[call-arg]
    with pytest.raises(BriefError):
        Brief.of(tempo_bpm=["fast"])  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        img2music.compose("x.png", tempo=90)  # type: ignore[call-arg]
    with pytest.raises(UsageError):
        Pipeline.load().compose("x.png", beat=90)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("tempo", "tempo_bpm"), ("bpm", "tempo_bpm"), ("tempo_bmp", "tempo_bpm"), ("length", "seconds"), ("second", "seconds"),
        ("duration", "seconds"), ("metre", "meter"), ("time_signature", "meter"), ("mode", "key"), ("genre", "style"), ("styl", "style"),
        ("instrument", "instruments"), ("mood", "words"), ("prompt", "words"), ("random_seed", "seed"), ("Tempo", "tempo_bpm"),
        ("stem", "stems"), ("take", "takes"), ("stlye", "style"), ("styles", "style"), ("tempos", "tempo_bpm"), ("secs", "seconds"),
        ("keys", "key"), ("lenght", "seconds"), ("bmp", "tempo_bpm"),
    ],
)  # fmt: skip
def test_a_near_miss_names_the_right_field(wrong: str, right: str) -> None:
    wishes: Any = {wrong: 1}
    for call in (Brief.of, lambda **given: img2music.compose("x.png", **given)):
        with pytest.raises(UsageError, match=rf"no wish '{wrong}' \(did you mean '{right}'\?\)"):
            call(**wishes)
    with pytest.raises(ValueError, match=f"did you mean '{right}'"):
        Brief(**wishes)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1:30", 90), ("0:07.5", 7.5), ("90", 90), (" 2:00 ", 120), ("0:30:00", 1800), ("12.5", 12.5)]
)
def test_a_length_as_on_a_clock(text: str, seconds: float) -> None:
    assert Brief.of(seconds=text).seconds == seconds


@pytest.mark.parametrize(
    "text", ["1:60", "1:2:3:4", ":30", "1:", "one", "", "-1:30", "31:00", "1:30:00", "0:00.5", "1;30", "٣:٠٠"]
)
def test_no_length_is_told(text: str) -> None:
    with pytest.raises(BriefError, match="such as 90 or 1:30"):
        Brief.of(seconds=text)


def test_the_command_line_reads_a_clock(make_picture: Callable[..., Path], run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("plan", make_picture(), "--seconds", "0:08", "--json")
    assert code == 0
    assert '"seconds": 8.0' in out
    code, _, said = run("plan", make_picture(), "--seconds", "eight")
    assert code == 3
    assert "such as 90 or 1:30" in said


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ({"key": "D minor, F major"}, {"key": "D minor", "later_keys": ["F major"]}),
        ({"key": ["Dm", "F", "Dm"]}, {"key": "D minor", "later_keys": ["F major", "D minor"]}),
        ({"key": "D minor, D minor"}, {"key": "D minor"}),
        ({"key": "D minor"}, {"key": "D minor"}),
        ({"tempo_bpm": "72-96"}, {"tempo_bpm": 72, "tempo_to_bpm": 96}),
        ({"tempo_bpm": (96, 72)}, {"tempo_bpm": 96, "tempo_to_bpm": 72}),
        ({"tempo_bpm": "72 to 72"}, {"tempo_bpm": 72}),
        ({"tempo_bpm": "72"}, {"tempo_bpm": 72}),
    ],
)
def test_several_keys_and_two_tempi_are_a_movement(wish: Any, fields: dict[str, Any]) -> None:
    brief = Brief.of(**wish)
    written = json.loads(brief.model_dump_json())
    assert {name: written[name] for name in ("key", "later_keys", "tempo_bpm", "tempo_to_bpm") if written.get(name)} == fields
    assert Brief.model_validate(written) == brief
    assert brief.keys == tuple(Key.parse(key).name for key in (fields.get("key"), *fields.get("later_keys", ())) if key)


def test_a_brief_that_stays_is_written_as_ever() -> None:
    assert not {"later_keys", "tempo_to_bpm"} & Brief.of(key="D minor", tempo_bpm=90).model_dump().keys()


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"key": "D minor, H major"}, "'H' is no pitch name"),
        ({"tempo_bpm": "96-"}, "or two such as 72-96"),
        ({"tempo_bpm": "0-90"}, "give a tempo of 20 to 300"),
        ({"tempo_bpm": "90-900"}, "give a tempo of 20 to 300"),
        ({"tempo_bpm": (1, 2, 3)}, "or two such as 72-96"),
        ({"tempo_bpm": "72-96", "loop": True}, "a loop ends as it begins, so its tempo can't go from 72 to 96"),
        ({"key": ", ".join(["C", "D"] * 7)}, "name at most 12 keys"),
        ({"later_keys": ["C"]}, "give it with key"),
        ({"tempo_to_bpm": 90}, "give it with tempo_bpm"),
    ],
)
def test_a_movement_that_cant_be_is_one_line(wish: Any, message: str) -> None:
    with pytest.raises((BriefError, UsageError), match=message) as refused:
        Brief.of(**wish)
    assert "\n" not in str(refused.value)


def test_a_new_key_takes_the_place_of_all_keys() -> None:
    moving = Brief.of(key="D minor, F major", tempo_bpm="72-96").model_dump(exclude_unset=True)
    assert Brief.of(**with_wishes(moving, {"key": "C"})).keys == ("C major",)
    assert Brief.of(**with_wishes(moving, {"tempo_bpm": 60})).tempo_words == "60"
    assert Brief.of(**with_wishes(moving, {"seconds": 30})).tempo_words == "72-96"


def test_one_instrument_needs_no_list() -> None:
    assert Brief.of(instruments="flute").instruments == ("flute",)
    assert Brief.of(instruments="flute, harp").instruments == ("flute", "harp")
    assert Brief.of(instruments=["flute", "harp"]).instruments == ("flute", "harp")


def test_an_option_is_no_wish() -> None:
    with pytest.raises(UsageError, match=r"'stems' is an option of compose\(\)"):
        Brief.of(stems=True)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"words": ["sad", "slow"]}, "give a text of at most 10000 characters"),
        ({"words": "x", "glosses": {"k" * 100_000: "sad"}}, "give at most 64 phrases"),
        ({"words": "x", "glosses": {str(number): "sad" for number in range(65)}}, "give at most 64 phrases"),
        ({"words": "x", "glosses": {"": "sad"}}, "give at most 64 phrases"),
    ],
)
def test_words_that_are_none_are_one_short_line(wish: dict[str, Any], message: str) -> None:
    with pytest.raises(BriefError, match=message) as refused:
        Brief.of(**wish)
    assert len(str(refused.value)) < 300
