"""What is asked for from Python and on the command line: typed, and told right where it is nearly right."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

import img2music
from img2music import Brief, Pipeline
from img2music.brief import Wishes
from img2music.errors import BriefError, UsageError
from img2music.pipeline import recompose
from img2music.pipeline.output_options import PieceOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_typed_wishes_are_the_fields_of_a_brief() -> None:
    assert set(Wishes.__annotations__) == set(Brief.model_fields)
    assert get_type_hints(Wishes)["tempo_bpm"] == float | None


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
        Brief.of(tempo_bpm="fast")  # type: ignore[arg-type]
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
