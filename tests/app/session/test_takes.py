"""Undo and redo over takes, what of them is kept, and what warming up does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from img2music.app.session.choices import Choices
from img2music.app.session.editing.change_words import choice_words
from img2music.app.session.files.sound_store import SoundStore, served_folder
from img2music.app.session.takes import MadeTake, TakeRow
from img2music.app.session.warm_pipelines import WarmPipelines, warm_up
from img2music.cancellation import Cancelled
from img2music.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path


def take(number: int, parent: int | None = None) -> MadeTake:
    """A take without music."""
    return MadeTake(number, cast("Any", None), "", Choices(), parent)


@given(st.lists(st.tuples(st.sampled_from(["add", "undo", "redo", "choose", "drop"]), st.integers(1, 12)), max_size=40))
def test_there_is_always_a_current_take_where_there_are_any(moves: list[tuple[str, int]]) -> None:
    row, last = TakeRow(), 0
    for move, number in moves:
        if move == "add":
            last += 1
            row = row.added(take(last, row.current.number if row.current else None), 5)
            assert row.current == row.takes[-1]
        elif move == "choose" and row.find(number):
            row = row.chosen(number)
        elif move == "drop":
            row = row.without([number])
        else:
            row = row.moved({"undo": -1, "redo": 1}.get(move, 0))
        assert (row.current is None) == (not row.takes)
        assert len(row.takes) <= 5
        assert set(row.seen) <= {one.number for one in row.takes}
        assert not row.seen or 0 <= row.place < len(row.seen)


def test_undo_then_redo_is_where_it_was() -> None:
    row = TakeRow()
    for number in (1, 2, 3):
        row = row.added(take(number), 5)
    assert row.moved(-1).moved(1) == row
    assert row.moved(-1).added(take(4), 5).moved(-1).current == take(2)


def test_a_parent_is_not_thrown_away_by_its_child() -> None:
    row = TakeRow().added(take(1), 2).added(take(2), 2)
    assert [one.number for one in row.chosen(1).added(take(3, parent=1), 2).takes] == [1, 3]


@pytest.mark.parametrize(
    ("now", "then", "told"),
    [
        (Choices(tempo=90), Choices(), ["tempo 90"]),
        (Choices(tempo=90.5), Choices(tempo=72), ["tempo 90.5 instead of 72"]),
        (Choices(), Choices(style="waltz"), ["style as the picture has it"]),
        (Choices(words="calm"), Choices(words="loud"), ["words 'calm'"]),
        (Choices(loop=True, instruments=("flute", "harp")), Choices(), ["instruments flute and harp", "a loop"]),
        (Choices(), Choices(loop=True), ["no loop"]),
        (Choices(), Choices(), []),
    ],
)
def test_choices_are_told_in_words(now: Choices, then: Choices, told: list[str]) -> None:
    assert choice_words(now.differences(then)) == told


def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    store = SoundStore(tmp_path, 1000)
    path = store.write(1, "a/b.txt", b"x")
    assert path.read_bytes() == b"x"
    store.close()
    assert not store.folder.exists()
    with pytest.raises(Cancelled):
        store.write(1, "c.txt", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_place_without_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="GRADIO_TEMP_DIR"):
        SoundStore(tmp_path / "file", 1000)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    assert served_folder() == tmp_path / "served"
    store = SoundStore(None, 1000)
    assert store.folder.parent == tmp_path / "served"
    (store.folder / "take-1").write_bytes(b"in the way")
    with pytest.raises(OutputError, match="drop some takes"):
        store.write(1, "c.txt", b"x")
    store.close()


def test_pipelines_are_loaded_once() -> None:
    pipelines = WarmPipelines()
    assert pipelines.load(Choices()) is pipelines.load(Choices(seed=3))
    assert pipelines.load(Choices()) is not pipelines.load(Choices(pipeline="openai", model="openai:gpt-4o-mini"))
    assert warm_up() > 0
