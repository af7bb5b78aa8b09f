"""What a browser sends is checked before it reaches a visit, and what it asks for becomes choices and edits."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from img2music.app.components.page_messages import DownloadMessage, InstantMessage, WishMessage, WorkMessage, read_message
from img2music.app.session.choices import Choices
from img2music.app.session.edits import SetAffect, SetChord, SetKey, SetLevel, SetTempo, SetWishes, Transpose
from img2music.app.tabs.asked_edits import asked_choices, asked_edit
from img2music.errors import UsageError
from img2music.theory import Key

if TYPE_CHECKING:
    from img2music.app.session.takes import MadeTake

DEEP: Any = {}
for _ in range(2000):
    DEEP = {"edit": DEEP}
HOSTILE: list[Any] = [
    None, 3, "compose", [], {}, {"action": "shell"}, {"action": "compose", "path": "/etc/passwd"}, DEEP,
    {"action": "compose", "choices": {"seconds": 1e9}}, {"action": "compose", "choices": {"seconds": float("nan")}},
    {"action": "compose", "choices": {"words": "x" * 3000}}, {"action": "compose", "choices": {"seed": -1}},
    {"action": "edit", "edit": {"kind": "affect", "valence": 2, "arousal": 0}},
    {"action": "edit", "edit": {"kind": "chord", "section": "A", "bar": 0, "numerals": "I"}},
    {"action": "edit", "edit": {"kind": "level", "part": "a", "level_db": float("inf")}},
    {"action": "edit", "edit": {"kind": "text", "text": "x" * 500_000}},
    {"action": "reroll", "keep": ["everything"]}, {"action": "reroll", "keep": ["melody"] * 21},
]  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_a_message_that_is_none_is_refused_with_one_sentence(data: Any) -> None:
    with pytest.raises(UsageError, match="Reload it"):
        read_message(data, WorkMessage)


def test_other_messages_are_as_strict() -> None:
    for data in ({"action": "close"}, {"action": "drop", "number": 0}, {"action": "choose", "number": True, "more": 1}):
        with pytest.raises(UsageError):
            read_message(data, InstantMessage)
    with pytest.raises(UsageError):
        read_message({"what": "x" * 41}, DownloadMessage)
    assert read_message({"what": "midi"}, DownloadMessage).shape == "wide"


def test_choices_of_the_page() -> None:
    asked = WishMessage(seconds=45, words="slow", instruments=" cello, flute ,", key="", style=None)
    assert asked_choices(asked) == Choices(seconds=45, words="slow", instruments=("cello", "flute"))
    before = Choices(seconds=45, tempo=72.0, style="waltz")
    assert asked_choices(WishMessage(style=None), before) == replace(before, style="")
    assert asked_choices(WishMessage(pipeline=None)).pipeline == "offline"


@pytest.mark.parametrize(
    ("data", "edit"),
    [
        ({"kind": "affect", "valence": 0.5, "arousal": -1}, SetAffect(0.5, -1)),
        ({"kind": "chord", "section": "A1", "bar": 2, "numerals": "ii7 V7"}, SetChord("A1", 2, "ii7 V7")),
        ({"kind": "level", "part": "Flute", "level_db": -6}, SetLevel("Flute", level_db=-6)),
        ({"kind": "transpose", "semitones": -1}, Transpose(-1)),
        ({"kind": "wishes", "wishes": {"tempo": 96}}, SetTempo(96)),
        ({"kind": "wishes", "wishes": {"key": "F"}}, SetKey("F minor")),
        ({"kind": "wishes", "wishes": {"mode": "dorian"}}, SetKey("D dorian")),
        ({"kind": "wishes", "wishes": {"key": None}}, SetWishes(Choices(words="sad"))),
        ({"kind": "wishes", "wishes": {"style": "waltz"}}, SetWishes(Choices(words="sad", style="waltz", key="D minor"))),
    ],
)
def test_edits_of_the_page(data: dict[str, Any], edit: object) -> None:
    take = SimpleNamespace(
        choices=Choices(words="sad", key="D minor"), piece=SimpleNamespace(plan=SimpleNamespace(parsed_key=Key.parse("D minor")))
    )
    message = read_message({"action": "edit", "edit": data}, WorkMessage)
    assert asked_edit(message.edit, cast("MadeTake", take)) == edit


def test_an_edit_without_one_is_refused() -> None:
    with pytest.raises(UsageError):
        asked_edit(None, cast("MadeTake", SimpleNamespace()))
