"""One visitor: pictures, takes, their sound, stopping, and nothing left behind."""

from __future__ import annotations

import stat
import threading
import time
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from img2music.app.session.choices import Choices
from img2music.app.session.limits import Limits
from img2music.app.session.visit import Visit
from img2music.app.session.visits import Visits
from img2music.cancellation import Cancelled
from img2music.errors import BriefError, PictureError, UsageError
from img2music.pipeline import Pipeline
from img2music.pipeline.progress import DocumentMade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHORT = Choices(seconds=6)


@pytest.fixture
def visit(tmp_path: Path, make_picture: Callable[..., Path]) -> Iterator[Visit]:
    """A visit with a picture."""
    made = Visit(root=tmp_path / "served")
    made.open_picture(make_picture().read_bytes(), "hills.png")
    yield made
    made.close()


def done(visit: Visit, choices: Choices = SHORT) -> list[str]:
    """Composes; the documents that came."""
    return [type(step.document).__name__ for step in visit.compose(choices) if isinstance(step, DocumentMade)]


def test_a_picture_becomes_a_take_that_sounds(visit: Visit) -> None:
    assert done(visit) == ["Scene", "CompositionPlan", "Score", "Take", "Performance", "Rendering", "Piece"]
    take = visit.current
    assert take is not None
    assert take.number == 1
    assert take.piece.audio is None, "samples lie on the disk"
    media = visit.media(take, stems=False)
    assert media.mix.is_relative_to(visit.folder)
    assert stat.S_IMODE(visit.folder.stat().st_mode) == 0o700
    samples, rate = soundfile.read(media.mix)
    assert (len(samples), rate) == (6 * 48_000, 48_000)
    assert max(media.peaks) == 1
    whole = visit.media(take)
    assert [stem.part for stem in whole.stems] == [part.id for part in take.piece.plan.parts]
    together = sum(soundfile.read(stem.path)[0] for stem in whole.stems)
    assert np.abs(together - samples).max() < 2e-3, "all stems together are the mix"
    before = {path: path.stat().st_mtime_ns for path in visit.folder.rglob("*")}
    assert visit.media(take) == whole
    assert {path: path.stat().st_mtime_ns for path in visit.folder.rglob("*")} == before, "made once"


def test_the_piece_is_that_of_the_command_line(visit: Visit, make_picture: Callable[..., Path]) -> None:
    """Also where the scene was seen before."""
    for choices in (SHORT, replace(SHORT, words="slow, in the evening", seed=3)):
        done(visit, choices)
        assert visit.current is not None
        piece = visit.current.piece
        other = Pipeline.load("offline").compose(make_picture(), seconds=6, words=choices.words or None, seed=choices.seed)
        assert piece.manifest.model_dump(exclude={"timing"}) == other.manifest.model_dump(exclude={"timing"})
        assert replace(piece, audio=other.audio) == other


def test_a_mode_or_a_tonic_alone_takes_the_other_from_the_picture(visit: Visit) -> None:
    done(visit, replace(SHORT, mode="phrygian"))
    assert visit.current is not None
    scene = visit.current.piece.scene
    assert scene is not None
    assert visit.current.piece.plan.parsed_key.mode == "phrygian"
    done(visit, replace(SHORT, key="Eb"))
    assert visit.current.piece.plan.key == f"Eb {scene.attributes.mode.value}"
    assert ("key", "brief", True) in {(row.promise, row.by, row.passed) for row in visit.current.piece.manifest.compliance}


def test_density_is_the_visitors(visit: Visit) -> None:
    densities = []
    for density in (-1.0, 1.0):
        done(visit, replace(SHORT, density=density))
        assert visit.current is not None
        densities.append(visit.current.piece.plan.density)
    assert densities[0] < densities[1]


@pytest.mark.parametrize(
    ("choices", "error"),
    [
        (Choices(seconds=601), BriefError),
        (Choices(words="so " * 1000), BriefError),
        (Choices(tempo=900), BriefError),
        (Choices(density=4), BriefError),
        (Choices(seed=-1), BriefError),
        (Choices(style="/etc/passwd.yaml"), UsageError),
        (Choices(pipeline="../own.yaml"), UsageError),
        (Choices(prompt="own.md"), UsageError),
        (Choices(model="openai:x?base_url=http://10.0.0.1"), UsageError),
        (Choices(key="H moll"), UsageError),
        (Choices(key="D minor", mode="major"), UsageError),
        (Choices(mode="locrian"), UsageError),
    ],
)
def test_what_can_not_be_met_is_told_before_any_work(visit: Visit, choices: Choices, error: type[Exception]) -> None:
    with pytest.raises(error):
        visit.compose(choices)
    assert not visit.working


def test_pictures_are_bounded(visit: Visit, make_picture: Callable[..., Path]) -> None:
    before = visit.picture
    small = Visit(root=visit.folder.parent, limits=Limits(picture_bytes=10, picture_pixels=10))
    with pytest.raises(PictureError, match="limit"):
        small.open_picture(b"x" * 11, "a.png")
    with pytest.raises(PictureError):
        visit.open_picture(b"no picture", "../../a.png")
    assert visit.picture is before
    with pytest.raises(PictureError, match=r"has more than 10 pixels; scale it down$"):
        Visit(root=visit.folder.parent, limits=Limits(picture_pixels=10)).open_picture(make_picture().read_bytes(), "a")
    with pytest.raises(UsageError, match="no picture"):
        small.compose(SHORT)


def test_a_new_picture_clears_the_takes(visit: Visit, make_picture: Callable[..., Path]) -> None:
    done(visit)
    visit.open_picture(make_picture("other.png", tint=1).read_bytes(), "C:\\pictures\\other.png")
    assert visit.takes == ()
    assert visit.picture is not None
    assert visit.picture.file == "other.png"
    assert not [path for path in visit.folder.rglob("*") if path.is_file()]


def test_only_what_can_be_undone_is_offered(visit: Visit) -> None:
    assert (visit.can_undo, visit.can_redo) == (False, False)
    for seed in (1, 2):
        list(visit.compose(replace(SHORT, seed=seed)))
    able = [(visit.can_undo, visit.can_redo)]
    for move in (visit.undo, visit.redo):
        move()
        able.append((visit.can_undo, visit.can_redo))
    assert able == [(True, False), (False, True), (True, False)]
    visit.keep_only(2)
    assert (visit.can_undo, visit.can_redo) == (False, False)


def test_undo_redo_choose_drop(visit: Visit) -> None:
    for seed in range(3):
        done(visit, replace(SHORT, seed=seed))
    shown = [take.number if (take := move()) else None for move in (visit.undo, visit.undo, visit.undo, visit.redo)]
    assert shown == [2, 1, 1, 2]
    assert visit.choose(1).number == 1
    assert visit.redo() is visit.current, "a choice forgets what could be redone"
    gone = visit.take(1)
    visit.drop(1)
    assert visit.current is not None
    assert visit.current.number == 2
    with pytest.raises(UsageError, match="choose from: 2, 3"):
        visit.media(gone)
    visit.keep_only(3)
    assert [take.number for take in visit.takes] == [3]
    assert visit.current.number == 3
    assert {path.parent.name for path in visit.folder.rglob("*") if path.is_file()} == {"take-3"}


def test_takes_and_disk_are_bounded(tmp_path: Path, make_picture: Callable[..., Path]) -> None:
    visit = Visit(root=tmp_path, limits=Limits(takes=2, disk_bytes=4_000_000))
    visit.open_picture(make_picture().read_bytes(), "hills.png")
    for seed in range(3):
        done(visit, replace(SHORT, seed=seed))
    assert [take.number for take in visit.takes] == [2, 3]
    first = visit.takes[0]
    whole = visit.media(first)
    assert whole.mix.is_file(), "what had to make room is made again"
    assert sum(path.stat().st_size for path in visit.folder.rglob("*") if path.is_file()) <= 4_000_000 + 2_500_000
    visit.close()


@pytest.mark.parametrize("seconds", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("ending", ["cancel", "close", "leave"])
def test_stopping_leaves_nothing(visit: Visit, seconds: float, ending: str) -> None:
    """Neither a take nor a file nor a thread, within .3 s of this machine's time."""
    before = {thread.name for thread in threading.enumerate()}
    steps = visit.compose(Choices(seconds=40))
    next(steps)
    time.sleep(seconds)
    begin = time.perf_counter()
    if ending == "leave":
        steps.close()  # type: ignore[attr-defined]
    else:
        getattr(visit, ending)()
        with pytest.raises(Cancelled):
            list(steps)
    assert time.perf_counter() - begin < 0.6
    assert {thread.name for thread in threading.enumerate()} <= before
    assert visit.takes == ()
    if ending == "close":
        assert not visit.folder.exists()
        with pytest.raises(Cancelled):
            visit.undo()
        return
    assert not [path for path in visit.folder.rglob("*") if path.is_file()]
    done(visit)
    assert len(visit.takes) == 1, "the next run is unharmed"


def test_a_new_job_stops_the_one_before(visit: Visit) -> None:
    first = visit.compose(Choices(seconds=40))
    next(first)
    done(visit)
    with pytest.raises(Cancelled):
        list(first)
    assert len(visit.takes) == 1


def test_closing_stops_stems_too(visit: Visit) -> None:
    done(visit, Choices(seconds=40))
    take = visit.current
    assert take is not None
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            visit.media(take)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    visit.close()
    thread.join(2)
    assert not thread.is_alive()
    assert [type(error) for error in raised] == [Cancelled]
    assert not visit.folder.exists()


def test_several_visitors_at_once_make_what_each_alone_makes(tmp_path: Path, make_picture: Callable[..., Path]) -> None:
    visits = Visits(root=tmp_path / "served", at_once=2)
    hashes: dict[int, str] = {}

    def work(number: int) -> None:
        visit = visits.get(f"visitor {number}")
        visit.open_picture(make_picture(f"{number}.png", tint=number % 2).read_bytes(), "hills.png")
        done(visit, SHORT)
        assert visit.current is not None
        hashes[number] = sha256(visit.media(visit.current, stems=False).mix.read_bytes()).hexdigest()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hashes) == 4
    assert hashes[0] == hashes[2] != hashes[1] == hashes[3]
    visits.close("visitor 0")
    assert len(visits) == 3
    visits.close_all()
    assert list((tmp_path / "served").iterdir()) == []


def test_visits_that_never_end_make_room(tmp_path: Path) -> None:
    visits = Visits(root=tmp_path, most=2)
    first, second = visits.get("a"), visits.get("b")
    assert visits.get("a") is first
    visits.get("c")
    assert not second.folder.exists()
    assert first.folder.exists()
    with suppress(KeyError):
        visits.close("unknown")
    visits.close_all()


def test_who_names_no_session_has_no_visit(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="load the page again"):
        Visits(root=tmp_path).get("")
