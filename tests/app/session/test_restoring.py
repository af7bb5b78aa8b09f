"""A visit brought back from a record: the whole state, or one kind sentence and everything as it was."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from img2music.app.session.choices import Choices
from img2music.app.session.edits import SetAffect, SetChord
from img2music.app.session.limits import Limits
from img2music.app.session.visit import Visit
from img2music.errors import DocumentError, Img2MusicError, InputError, PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHOICES = Choices(seconds=8, style="folk", key="D minor", words="calm", seed=5, instruments=("flute", "harp"))


@pytest.fixture
def visit(tmp_path: Path, make_picture: Callable[..., Path]) -> Iterator[Visit]:
    made = Visit(root=tmp_path / "served")
    made.open_picture(make_picture().read_bytes(), "hills.png")
    list(made.compose(CHOICES))
    yield made
    made.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Visit]:
    made = Visit(root=tmp_path / "served")
    yield made
    made.close()


def record_of(visit: Visit) -> bytes:
    assert visit.current is not None
    return visit.download(visit.current, "manifest").read_bytes()


def test_the_whole_state_comes_back(visit: Visit, other: Visit, make_picture: Callable[..., Path]) -> None:
    assert visit.current is not None
    list(other.restore(record_of(visit), make_picture().read_bytes()))
    take = other.current
    assert take is not None
    assert other.picture is not None
    assert take.choices == CHOICES
    assert take.piece.score == visit.current.piece.score
    assert take.piece.scene == visit.current.piece.scene
    assert take.piece.manifest.model_dump(exclude={"plan"}) == visit.current.piece.manifest.model_dump(exclude={"plan"})
    assert take.piece.preview_jpeg == visit.current.piece.preview_jpeg
    assert other.media(take, stems=False).mix.read_bytes() == visit.media(visit.current, stems=False).mix.read_bytes()


def test_it_comes_back_without_its_picture_and_can_be_edited(visit: Visit, other: Visit) -> None:
    section = visit.take(1).piece.plan.sections[0]
    list(visit.edit(SetChord(section.name, 1, "iv")))
    assert visit.current is not None
    list(other.restore(record_of(visit)))
    assert other.picture is None
    take = other.current
    assert take is not None
    assert take.piece.score == visit.current.piece.score, "kept lines are on record"
    list(other.edit(SetAffect(0.5, 0.5)))
    assert [one.number for one in other.takes] == [1, 2]
    with pytest.raises(UsageError, match="no picture"):
        other.compose(CHOICES)


def test_another_picture_is_refused(visit: Visit, other: Visit, make_picture: Callable[..., Path]) -> None:
    with pytest.raises(PictureError, match="is not the picture of this piece"):
        other.restore(record_of(visit), make_picture("b.png", tint=1).read_bytes())
    with pytest.raises(PictureError):
        other.restore(record_of(visit), b"no picture")
    assert other.current is None
    assert other.picture is None


def test_takes_of_before_go_only_when_it_is_there(visit: Visit) -> None:
    before = visit.takes
    data = record_of(visit)
    with pytest.raises(DocumentError):
        visit.restore(data[:-10])
    steps = visit.restore(data)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert visit.takes == before
    list(visit.restore(data))
    assert [take.words for take in visit.takes] == ["restored from piece.json"]


def edited(data: bytes, edit: Callable[[Any], object]) -> bytes:
    tree = json.loads(data)
    edit(tree)
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    "edit",
    [
        lambda tree: tree.update(scene=None),
        lambda tree: tree["brief"].update(style="/etc/passwd.yaml"),
        lambda tree: tree["brief"].update(seconds=1700),
        lambda tree: tree["brief"].update(words="x" * 9000),
        lambda tree: tree["brief"].update(unknown=1),
        lambda tree: tree.update(format=99),
        lambda tree: tree["scene"]["cues"][0].update(value=1e300),
        lambda tree: tree["pipeline"].update(name="own"),
        lambda tree: tree["pipeline"]["stages"]["renderer"].update(options={"soundfont": "/etc/passwd"}),
        lambda tree: tree["pipeline"]["stages"]["planner"].update(
            use="llm", options={"model": "openai:x?base_url=http://10.0.0.1"}
        ),
        lambda tree: tree["stages"].update(planner="__import__"),
        lambda tree: tree.update(kept={"crafts": [], "named": [], "seed": 0, "parts": [{"part": "x", "bars": []}]}),
    ],
)
def test_hostile_records_are_one_sentence(visit: Visit, other: Visit, edit: Callable[[Any], object]) -> None:
    """Or do no harm: a record may be edited and still be sound."""
    told = refused(other, edited(record_of(visit), edit))
    assert (told == "") == (other.current is not None)
    assert "--pipeline" not in told  # a page has no options of the command line
    if other.current is not None:
        assert other.current.choices.pipeline == "offline"
        assert not other.current.choices.model


def refused(visit: Visit, data: bytes) -> str:
    """The sentence in which a record is refused; empty where it is restored."""
    told = ""
    try:
        list(visit.restore(data))
    except Img2MusicError as error:
        told = str(error)
    assert "\n" not in told
    return told


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{" * 100_000, b'{"a": 1, "a": 2}', b"[" * 3000 + b"]" * 3000]
)
def test_nonsense_is_one_sentence(other: Visit, data: bytes) -> None:
    with pytest.raises(DocumentError) as error:
        other.restore(data)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_large_records_are_not_read(tmp_path: Path) -> None:
    visit = Visit(root=tmp_path, limits=Limits(manifest_bytes=10))
    with pytest.raises(DocumentError, match="too large"):
        visit.restore(b"{" + b" " * 10 + b"}")
    visit.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_torn_records_raise_only_ours(visit: Visit, other: Visit, data: st.DataObject) -> None:
    record = record_of(visit)
    begin = data.draw(st.integers(0, len(record) - 1))
    torn = record[:begin] + data.draw(st.binary(max_size=6)) + record[begin + data.draw(st.integers(1, 60)) :]
    with suppress(InputError, UsageError):
        other.restore(torn)


def test_a_density_comes_back_in_the_scene(visit: Visit, other: Visit) -> None:
    list(visit.compose(replace(CHOICES, density=0.8)))
    assert visit.current is not None
    list(other.restore(record_of(visit)))
    assert other.current is not None
    assert other.current.piece.scene is not None
    assert other.current.piece.scene.attributes.density.value == 0.8
