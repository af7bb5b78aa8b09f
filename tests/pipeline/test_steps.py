"""The stream of steps, and stopping it at every checkpoint. No test asserts a time: stages that must be stopped would wait for minutes."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cancellation import Cancelled, CancelToken, cancelled_by, checkpoint, sleep
from img2music.errors import BackendError, BriefError, UsageError
from img2music.manifest import Take
from img2music.output_folder import save_files
from img2music.performance import Performance
from img2music.piece import Piece
from img2music.pipeline import DocumentMade, Event, Pipeline
from img2music.pipeline.progress import Log
from img2music.plan import CompositionPlan
from img2music.scene import Scene
from img2music.score import Score
from img2music.stages import Rendering
from tests.support.made_pipelines import SHORT, make_pipeline
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from img2music.pipeline.progress import Step

MINUTES = 600.0
STEPS = ("perceiver", "planner", "realizer", "performer", "renderer", "files")


class CountingToken(CancelToken):
    """A token that counts how often it is looked at, and is cancelled from the look number `at` on."""

    __slots__ = ("at", "looks", "on_look")

    def __init__(self, at: int = 10**9, on_look: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.at, self.looks, self.on_look = at, 0, on_look

    @property
    def cancelled(self) -> bool:
        self.looks += 1
        self.on_look()
        if self.looks >= self.at:
            self.cancel()
        return self._cancelled


def documents(steps: Iterable[Step]) -> list[object]:
    return [step.document for step in steps if isinstance(step, DocumentMade)]


def events(steps: Iterable[Step]) -> list[Event]:
    return [step for step in steps if isinstance(step, Event)]


def working_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "img2music-steps"]


# What comes


@pytest.mark.usefixtures("stand_ins")
def test_each_document_comes_as_it_is_made_the_piece_last(make_picture: Callable[..., Path]) -> None:
    pipeline, picture = make_pipeline(renderer={"use": "hum"}), make_picture()
    steps = list(pipeline.steps(picture, SHORT, takes=2))
    made = documents(steps)
    assert [type(one) for one in made] == [
        Scene, CompositionPlan, Score, Take, CompositionPlan, Score, Take, Performance, Rendering, Piece,
    ]  # fmt: skip
    piece = made[-1]
    assert isinstance(piece, Piece)
    assert steps[-1] == DocumentMade("files", piece)
    again = pipeline.compose(picture, SHORT, takes=2)
    assert (piece.plan, piece.score, piece.performance) == (again.plan, again.score, again.performance)
    assert piece.manifest.model_copy(update={"timing": {}}) == again.manifest.model_copy(update={"timing": {}})
    assert piece.performance is made[-3]
    assert [take.mark for take in piece.manifest.takes] == [take.mark for take in made if isinstance(take, Take)]


def test_a_document_comes_between_the_end_of_its_step_and_the_next(make_picture: Callable[..., Path]) -> None:
    steps = list(Pipeline.load().steps(make_picture(), SHORT, audio=None))
    for before, step in pairwise(steps):
        if isinstance(step, DocumentMade) and not isinstance(step.document, Take | Piece):
            assert isinstance(before, Event)
            assert (before.stage, before.state) == (step.stage, "finished")


def test_a_listener_is_told_the_events_of_the_stream(make_picture: Callable[..., Path]) -> None:
    told: list[Event] = []
    heard: list[Event] = []
    picture, pipeline = make_picture(), Pipeline.load()
    steps = list(pipeline.steps(picture, SHORT, audio=None, on_event=heard.append))
    pipeline.compose(picture, SHORT, audio=None, on_event=told.append)
    assert events(steps) == heard
    assert [(one.stage, one.state, one.message, one.fraction) for one in heard] == [
        (one.stage, one.state, one.message, one.fraction) for one in told
    ]


def test_progress_only_grows_from_the_begin_of_a_step_to_its_end(make_picture: Callable[..., Path]) -> None:
    told: list[Event] = []
    piece = Pipeline.load().compose(make_picture(), SHORT, audio="flac", embed_audio=True, on_event=told.append)
    for _ in piece.files(told.append):
        pass
    assert {one.stage for one in told if one.state == "progress"} >= {"perceiver", "realizer", "performer", "renderer", "files"}
    last = 1.0
    for one in told:
        assert one.fraction is not None
        if one.state == "started":
            assert (one.fraction, last) == (0.0, 1.0)
        else:
            assert last < one.fraction <= 1
        last = one.fraction


def test_a_step_tells_no_more_than_every_hundredth() -> None:
    told: list[Event] = []
    with Log(told.append).step("files", "counting"):
        for number in range(5000):
            checkpoint(number, 4999)
        checkpoint(1, 2)  # a loop inside that counts anew
    assert [one.fraction for one in told] == [number / 100 for number in range(101)]


def test_progress_comes_out_while_the_stage_still_works() -> None:
    seen = threading.Event()

    def realize(plan: CompositionPlan) -> Score:
        checkpoint(1, 2, "half of it")
        assert seen.wait(MINUTES), "nobody was told"
        return pipeline.realize(plan)

    pipeline = Pipeline.load()
    for step in pipeline.with_stage("realizer", realize).steps_from(make_scene(), SHORT, audio=None):
        if isinstance(step, Event) and step.message == "half of it":
            assert (step.stage, step.state, step.fraction) == ("realizer", "progress", 0.5)
            seen.set()
    assert seen.is_set()


def test_a_plan_is_a_beginning_too() -> None:
    plan = Pipeline.load().plan(make_scene(), SHORT)
    made = documents(Pipeline.load().steps_from(plan, audio=None))
    assert [type(one) for one in made] == [Score, Take, Performance, Piece]


@pytest.mark.usefixtures("stand_ins")
def test_a_fallback_is_in_the_stream() -> None:
    pipeline = make_pipeline(performer={"use": "lacking", "fallback": {"use": "strict"}})
    told = [one for one in events(pipeline.steps_from(make_scene(), SHORT, audio=None)) if one.state == "fallback"]
    assert [(one.stage, one.fraction) for one in told] == [("performer", None)]
    assert "'lacking' could not work, 'strict' did" in told[0].message


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize(("use", "error"), [("lacking", BackendError), ("broken", KeyError)])
def test_errors_come_to_the_reader(use: str, error: type[Exception]) -> None:
    steps = make_pipeline(performer={"use": use}).steps_from(make_scene(), SHORT, audio=None)
    seen: list[Step] = []
    with pytest.raises(error):
        seen.extend(steps)
    assert not working_threads()


def test_what_is_asked_is_checked_before_any_step_is_asked_for() -> None:
    with pytest.raises(BriefError, match="takes 0"):
        Pipeline.load().steps("nothing.png", takes=0)
    with pytest.raises(UsageError, match="no audio format"):
        Pipeline.load().steps_from(make_scene(), audio="aac")  # type: ignore[arg-type]  # what a program might pass


def test_nothing_is_done_before_the_first_step_is_asked_for() -> None:
    steps = Pipeline.load().steps("nothing.png", SHORT)
    assert not working_threads()
    steps.close()  # type: ignore[attr-defined]  # a generator


def test_the_work_runs_in_the_context_of_its_reader() -> None:
    named: ContextVar[str] = ContextVar("named", default="nobody's")
    found = []

    def realize(plan: CompositionPlan) -> Score:
        found.append(named.get())
        return pipeline.realize(plan)

    pipeline = Pipeline.load()
    named.set("the reader's")
    list(pipeline.with_stage("realizer", realize).steps_from(make_scene(), SHORT, audio=None))
    assert found == ["the reader's"]


# Stopping


class Waiting:
    """A stage that begins, and waits for minutes in which it can be stopped."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended: list[str] = []

    def __call__(self, *_: object, **__: object) -> Any:
        self.begun.set()
        try:
            sleep(MINUTES)
        except Cancelled:
            self.ended.append("stopped")
            raise


def test_leaving_the_stream_stops_the_work() -> None:
    waiting = Waiting()
    steps = Pipeline.load().with_stage("realizer", waiting).steps_from(make_scene(), SHORT, audio=None)
    for step in steps:
        if isinstance(step, Event) and (step.stage, step.state) == ("realizer", "started"):
            waiting.begun.wait()
            break
    steps.close()  # type: ignore[attr-defined]  # a generator
    assert waiting.ended == ["stopped"]
    assert not working_threads()


@pytest.mark.parametrize("given", ["an argument", "the context"])
def test_a_token_of_another_thread_stops_the_stream(given: str) -> None:
    waiting, token = Waiting(), CancelToken()

    def cancel() -> None:
        waiting.begun.wait()
        token.cancel()

    other = threading.Thread(target=cancel)
    other.start()
    pipeline = Pipeline.load().with_stage("performer", waiting)
    seen: list[Step] = []
    with pytest.raises(Cancelled):  # noqa: PT012  the block is what is stopped
        if given == "an argument":
            seen.extend(pipeline.steps_from(make_scene(), SHORT, audio=None, cancel=token))
        else:
            with cancelled_by(token):
                seen.extend(pipeline.steps_from(make_scene(), SHORT, audio=None))
    other.join()
    assert waiting.ended == ["stopped"]
    assert [type(one) for one in documents(seen)] == [CompositionPlan, Score, Take]


def test_nothing_steps_in_for_a_stage_that_was_stopped() -> None:
    token = CancelToken()
    told: list[Event] = []

    def stopped(*_: object) -> Any:
        token.cancel()
        checkpoint()

    pipeline = make_pipeline(performer={"use": "expressive", "fallback": {"use": "strict"}}).with_stage("performer", stopped)
    with pytest.raises(Cancelled):
        pipeline.compose_from(make_scene(), SHORT, audio=None, cancel=token, on_event=told.append)
    assert [one.state for one in told if one.stage == "performer"] == ["started"]


@pytest.mark.parametrize("stage", STEPS[:-1])
@pytest.mark.parametrize("place", ["between", "inside"])
def test_a_step_that_is_stopped_makes_no_document(make_picture: Callable[..., Path], stage: str, place: str) -> None:
    token = CancelToken()
    order = ["started", "progress"] if stage != "planner" else ["started"]  # the rules plan too quickly to tell how far they are
    wanted = (STEPS[STEPS.index(stage) - 1], "finished") if place == "between" and stage != STEPS[0] else (stage, order[-1])
    told: list[Event] = []

    def listen(event: Event) -> None:
        told.append(event)
        if (event.stage, event.state) == wanted:
            token.cancel()

    with pytest.raises(Cancelled):
        Pipeline.load().compose(make_picture(), SHORT, cancel=token, on_event=listen)
    assert (told[-1].stage, told[-1].state) == wanted


def test_every_step_has_checkpoints_inside_and_stops_at_each_of_them(make_picture: Callable[..., Path]) -> None:
    picture, pipeline = make_picture(), Pipeline.load()
    current, looks = "", dict.fromkeys(STEPS, 0)

    def listen(event: Event) -> None:
        nonlocal current
        current = "" if event.state == "finished" else event.stage

    def look() -> None:
        if current:
            looks[current] += 1

    whole = CountingToken(on_look=look)
    pipeline.compose(picture, SHORT, audio="ogg", cancel=whole, on_event=listen)
    assert min(looks.values()) > 3, looks
    for number in range(8):
        with pytest.raises(Cancelled):
            pipeline.compose(picture, SHORT, audio="ogg", cancel=CountingToken(at=1 + whole.looks * number // 8))


def test_a_cancelled_save_leaves_nothing_and_what_was_there(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    pipeline = Pipeline.load()
    piece = pipeline.compose(make_picture(), SHORT, audio="ogg", stems=True)
    whole = CountingToken()
    piece.save(tmp_path / "whole", cancel=whole)
    names = [name for name, _ in piece.files()]
    out, earlier = tmp_path / "results" / "new", tmp_path / "earlier"
    pipeline.compose(make_picture(), SHORT, audio=None, seed=9).save(earlier)
    before = {path.name: path.read_bytes() for path in earlier.iterdir()}
    for number in range(len(names)):
        with pytest.raises(Cancelled):
            piece.save((out, earlier)[number % 2], cancel=CountingToken(at=1 + whole.looks * number // len(names)))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["earlier", "hills.png", "whole"]
        assert {path.name: path.read_bytes() for path in earlier.iterdir()} == before


def test_a_save_is_stopped_before_each_of_its_files(make_picture: Callable[..., Path], tmp_path: Path) -> None:
    piece = Pipeline.load().compose(make_picture(), SHORT, audio=None)
    names = [name for name, _ in piece.files()]
    for last in names:
        token = CancelToken()

        def files(last: str = last, token: CancelToken = token) -> Iterator[tuple[str, bytes]]:
            for name, content in piece.files():
                if name == last:
                    token.cancel()
                yield name, content

        with pytest.raises(Cancelled), cancelled_by(token):
            save_files(tmp_path / "out", files())
        assert [path.name for path in tmp_path.iterdir()] == ["hills.png"]
