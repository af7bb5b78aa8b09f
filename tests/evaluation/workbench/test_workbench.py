"""The prompt workbench: the grid, its resumption, scores, comparisons, the bill."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cancellation import Cancelled, CancelToken, cancelled_by
from img2music.errors import DocumentError
from img2music.evaluation.ratings import find_ratings, load_ratings
from img2music.evaluation.workbench import CellStore, estimate_run, run_cells, summarize_variants
from img2music.evaluation.workbench.cell_scores import score_record
from img2music.evaluation.workbench.cost_estimate import expected_cost, missing_cells
from img2music.evaluation.workbench.document_lines import plan_lines
from img2music.evaluation.workbench.prompt_grid import Cell, cell_config
from img2music.evaluation.workbench.runner import add_missing_sounds
from tests.support import extras
from tests.support.prompt_trials import (
    attribute_answer,
    cell_record,
    model_use,
    prompt_file,
    record_cell_answers,
    records_of,
    small_grid,
)
from tests.support.stub_server import StubServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.evaluation.workbench import CellRecord, Grid
    from img2music.provenance import Event

    MakePicture = Callable[..., Path]

GOOD = attribute_answer()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts what models that answer from a record are asked."""
    extras.require("llm")
    from img2music.models.providers.replay_model import ReplayModel

    count = [0]
    original = ReplayModel._generate

    def counted(self: ReplayModel, *arguments: Any, **options: Any) -> Any:
        count[0] += 1
        return original(self, *arguments, **options)

    monkeypatch.setattr(ReplayModel, "_generate", counted)
    return count


@pytest.fixture
def pictures(make_picture: MakePicture) -> list[Path]:
    return [make_picture("one.png"), make_picture("two.png", tint=2)]


def make_all(grid: Grid, store: CellStore, *, retry_failed: bool = False, **options: Any) -> dict[str, CellRecord]:
    run_cells(missing_cells(grid, store.records(), retry_failed=retry_failed), store, **options)
    return store.records()


def test_a_grid_is_made_once_and_never_asked_again(tmp_path: Path, pictures: list[Path], asked: list[int]) -> None:
    prompts = [prompt_file(tmp_path, "a"), prompt_file(tmp_path, "b", "Look again.")]
    grid = small_grid(prompts, pictures, [record_cell_answers(tmp_path / "answers.jsonl", [GOOD] * 2)])
    store = CellStore(tmp_path / "out")
    records = make_all(grid, store)
    assert len(records) == 4 == asked[0]
    assert all(one.status == "done" and not one.fell_back for one in records.values())
    lines = (tmp_path / "out" / "cells.jsonl").read_bytes()
    assert make_all(grid, store) == records
    assert asked[0] == 4
    assert (tmp_path / "out" / "cells.jsonl").read_bytes() == lines
    assert "nobody is asked" in estimate_run(grid, records, []).words


def test_only_what_changed_is_made_again(tmp_path: Path, pictures: list[Path], asked: list[int]) -> None:
    a, b = prompt_file(tmp_path, "a"), prompt_file(tmp_path, "b", "Look again.")
    line = record_cell_answers(tmp_path / "answers.jsonl", [GOOD] * 4)
    store = CellStore(tmp_path / "out")
    make_all(small_grid([a, b], pictures, [line]), store)
    prompt_file(tmp_path, "b", "Look a third time.")
    make_all(small_grid([a, b], pictures, [line]), store)
    assert asked[0] == 4 + 2


def test_a_cell_is_named_by_what_changes_its_piece(tmp_path: Path, make_picture: MakePicture) -> None:
    path = prompt_file(tmp_path, "a")
    picture = make_picture("one.png")
    line = "openai:x?base_url=http://localhost:1/v1"

    def name(line: str = line, prompt: Path = path, picture: Path = picture, **more: Any) -> str:
        return next(small_grid([prompt], [picture], [line], **more).cells()).name

    same = name()
    copied = tmp_path / "elsewhere"
    copied.mkdir()
    renamed = copied / "other.png"
    renamed.write_bytes(picture.read_bytes())
    moved = copied / "b.md"
    moved.write_text(path.read_text())
    assert name(picture=renamed, prompt=moved) == same
    assert name(f"{line}&price_in=3&retries=0&timeout=3&per_minute=9") == same
    assert name(per_minute=4) == same
    others = [
        name(f"{line}&temperature=0"),
        name(f"{line}&max_tokens=9"),
        name(seconds=5.0),
        name(picture=make_picture("x.png", tint=1)),
    ]
    assert len({same, *others}) == 5
    assert len({cell.name for cell in small_grid([path], [picture], [line], seeds=3).cells()}) == 3


def test_recorded_answers_are_what_they_hold(tmp_path: Path, make_picture: MakePicture) -> None:
    prompt, picture = prompt_file(tmp_path, "a"), make_picture()
    first = next(small_grid([prompt], [picture], [record_cell_answers(tmp_path / "x.jsonl", [GOOD])]).cells()).name
    assert (
        next(small_grid([prompt], [picture], [record_cell_answers(tmp_path / "y.jsonl", [GOOD])]).cells()).name != first
    )  # another path
    assert next(small_grid([prompt], [picture], [record_cell_answers(tmp_path / "x.jsonl", [GOOD, GOOD])]).cells()).name != first


def test_a_torn_line_is_one_missing_cell(tmp_path: Path, pictures: list[Path], asked: list[int]) -> None:
    grid = small_grid([prompt_file(tmp_path, "a")], pictures, [record_cell_answers(tmp_path / "answers.jsonl", [GOOD] * 2)])
    store = CellStore(tmp_path / "out")
    make_all(grid, store)
    path = tmp_path / "out" / "cells.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert len(store.records()) == 1
    assert store.skipped_lines == 1
    assert len(make_all(grid, store)) == 2
    assert asked[0] == 3
    assert path.read_bytes().endswith(b"}\n")
    assert store.skipped_lines == 1


def test_lines_from_outside_are_checked(tmp_path: Path) -> None:
    store = CellStore(tmp_path)
    good = cell_record(cell="a" * 16).model_dump_json()
    hostile = [
        good.replace('"cell":"' + "a" * 16, '"cell":"../../etc/passwd'),
        good.replace('"seed":0', '"seed":0,"more":1'),
        "[]",
        "\x00",
    ]
    (tmp_path / "cells.jsonl").write_text("\n".join([good, *hostile]) + "\n")
    assert [*store.records()] == ["a" * 16]
    assert store.skipped_lines == 4


def test_the_last_line_of_a_cell_wins(tmp_path: Path) -> None:
    store = CellStore(tmp_path)
    store.save(cell_record(status="failed", why="busy"), {})
    store.save(cell_record(), {"plan.json": b"{}"})
    assert [one.status for one in store.records().values()] == ["done"]
    assert (tmp_path / "pieces" / cell_record().cell / "plan.json").read_bytes() == b"{}"


def test_no_answer_is_a_failure_that_is_tried_again_only_when_asked(
    tmp_path: Path, pictures: list[Path], asked: list[int]
) -> None:
    prompt = prompt_file(tmp_path, "a")
    grid = small_grid([prompt], pictures, [record_cell_answers(tmp_path / "answers.jsonl", [GOOD])])
    store = CellStore(tmp_path / "out")
    records = make_all(grid, store)
    failed = [one for one in records.values() if one.status == "failed"]
    assert len(failed) == 1
    assert "holds no answer" in failed[0].why
    assert set(score_record(failed[0]).values()) == {None}
    before = asked[0]
    assert make_all(grid, store) == records
    assert asked[0] == before
    records = make_all(grid, store, retry_failed=True)
    assert asked[0] == before + 1
    assert {one.status for one in records.values()} == {"done"}


def test_answers_of_no_use_are_not_valid_and_nothing_else_is_measured(
    tmp_path: Path, pictures: list[Path], asked: list[int]
) -> None:
    grid = small_grid(
        [prompt_file(tmp_path, "a")], pictures[:1], [record_cell_answers(tmp_path / "answers.jsonl", ["a lovely waltz"] * 3)]
    )
    (made,) = make_all(grid, CellStore(tmp_path / "out")).values()
    assert asked[0] == 3
    assert made.fell_back
    assert made.made is not None  # the cell ends in a piece all the same
    scores = score_record(made)
    assert (scores["validity"], scores["first try"], scores["repairs"]) == (0.0, 0.0, 2.0)
    assert scores["tokens in"] == 300
    assert {scores[name] for name in ("mends", "compliance", "citations", "affect")} == {None}
    assert made.traits == {}
    assert "no JSON" in made.why


def test_a_mended_first_answer(tmp_path: Path, pictures: list[Path], asked: list[int]) -> None:
    answers = ["no json", attribute_answer(because=["lantern", "unicorn"], valence=0.6, arousal=0.0)]
    grid = small_grid([prompt_file(tmp_path, "a")], pictures[:1], [record_cell_answers(tmp_path / "answers.jsonl", answers)])
    (made,) = make_all(grid, CellStore(tmp_path / "out")).values()
    scores = score_record(made, {"one.png": (0.6, 0.0)})
    assert (scores["validity"], scores["first try"], scores["repairs"]) == (1.0, 0.0, 1.0)
    assert scores["citations"] == 0.5
    assert scores["affect"] == 1.0
    assert made.feeling == (0.6, 0.0)
    assert made.eye is not None
    assert made.eye != made.feeling
    assert made.made is not None
    assert {cited.because for cited in made.made.cited} == {("lantern",)}
    assert scores["seconds"] is None  # reading a file is no waiting
    assert asked[0] == 2


def test_the_same_answer_for_every_picture_has_no_diversity(tmp_path: Path, pictures: list[Path], asked: list[int]) -> None:
    prompt = prompt_file(tmp_path, "a")
    for answers, varied in (([GOOD, GOOD], False), ([GOOD, attribute_answer(tempo_bpm=160, mode="major", genre="folk")], True)):
        grid = small_grid([prompt], pictures, [record_cell_answers(tmp_path / f"{varied}.jsonl", answers)])
        (summary,) = summarize_variants(grid, make_all(grid, CellStore(tmp_path / str(varied))), None)
        mean = summary.means["diversity"]
        assert mean.count == 1
        assert mean.value is not None
        assert (mean.value > 0.2) is varied
        assert (mean.value == 0) is not varied
    assert asked[0] == 4


@pytest.mark.parametrize(
    ("purpose", "kind", "asks"), [("see", "perceiver", "vlm"), ("plan", "planner", "llm"), ("abc", "realizer", "abc")]
)
def test_a_purpose_decides_which_stage_asks(
    tmp_path: Path, make_picture: MakePicture, purpose: str, kind: str, asks: str
) -> None:
    schema = {"see": "scene/1", "plan": "plan/1", "abc": "abc/1"}[purpose]
    grid = small_grid(
        [prompt_file(tmp_path, "a", purpose=purpose, schema=schema)], [make_picture()], ["openai:x?price_in=1"], seeds=2
    )
    config = cell_config([*grid.cells()][1])
    asking = getattr(config.stages, kind)
    assert asking.use == asks
    assert asking.options["prompt"].endswith("a.md")
    assert asking.options["model"] == "openai:x?price_in=1"
    assert asking.options.get("seed") == (1 if purpose == "see" else None)
    assert asking.fallback.fallback is None
    stages = {name: getattr(config.stages, name).use for name in ("perceiver", "planner", "realizer", "performer", "renderer")}
    usual = {
        "perceiver": "offline",
        "planner": "rules",
        "realizer": "composer",
        "performer": "expressive",
        "renderer": "soundfont",
    }
    assert {name: used for name, used in stages.items() if name != kind} == {
        name: used for name, used in usual.items() if name != kind
    }
    assert asking.fallback.use == usual[kind]


def test_a_planning_prompt_is_judged_by_what_its_plan_implies(tmp_path: Path, pictures: list[Path], asked: list[int]) -> None:
    answer = {"choice": 1, "title": "Hills", "note": "A piece about the blue hills."}
    prompt = prompt_file(tmp_path, "a", purpose="plan", schema="choice/1")
    grid = small_grid([prompt], pictures[:1], [record_cell_answers(tmp_path / "answers.jsonl", [answer] * 3)])
    (made,) = make_all(grid, CellStore(tmp_path / "out")).values()
    assert score_record(made)["validity"] == 1.0
    assert score_record(made)["citations"] is None  # a choice names no cues
    assert made.feeling is not None
    assert made.made is not None
    assert made.made.cited == ()  # what the plan cites, the rules cite
    assert any(line.startswith("tempo: ") for line in made.made.text)


def test_sound_is_for_the_first_seed_and_comes_later_from_the_notes(
    tmp_path: Path, pictures: list[Path], asked: list[int]
) -> None:
    grid = small_grid(
        [prompt_file(tmp_path, "a")], pictures[:1], [record_cell_answers(tmp_path / "answers.jsonl", [GOOD])], seeds=2
    )
    store = CellStore(tmp_path / "out")
    records = make_all(grid, store)
    first, second = (cell.name for cell in grid.cells())
    assert store.read_file(first, "audio.ogg") is None
    assert add_missing_sounds(grid, records, store) == 1
    assert (store.read_file(first, "audio.ogg") or b"").startswith(b"OggS")
    assert store.read_file(second, "audio.ogg") is None
    assert add_missing_sounds(grid, records, store) == 0
    assert asked[0] == 2


def test_an_interrupted_run_keeps_what_is_finished(tmp_path: Path, pictures: list[Path], asked: list[int]) -> None:
    grid = small_grid([prompt_file(tmp_path, "a")], pictures, [record_cell_answers(tmp_path / "answers.jsonl", [GOOD] * 2)])
    store = CellStore(tmp_path / "out")

    def stop(place: int, _: Cell) -> None:
        if place == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_all(grid, store, on_start=stop)
    assert len(store.records()) == 1
    assert len(make_all(grid, store)) == 2
    assert asked[0] == 2


def test_a_run_that_is_stopped_inside_a_cell_keeps_what_is_finished_and_calls_no_cell_failed(
    tmp_path: Path, pictures: list[Path], asked: list[int]
) -> None:
    grid = small_grid([prompt_file(tmp_path, "a")], pictures, [record_cell_answers(tmp_path / "answers.jsonl", [GOOD] * 2)])
    store, token = CellStore(tmp_path / "out"), CancelToken()
    steps: list[tuple[str, str]] = []

    def listen(event: Event) -> None:
        steps.append((event.stage, event.state))
        if steps.count(("performer", "started")) == 2:
            token.cancel()

    with pytest.raises(Cancelled), cancelled_by(token):
        make_all(grid, store, on_event=listen)
    assert steps[-1] == ("performer", "started")
    assert [record.status for record in store.records().values()] == ["done"]
    assert len(make_all(grid, store)) == 2
    assert asked[0] <= 3  # the answer of the cell that was stopped had come


def test_a_fault_of_one_cell_is_its_own(
    tmp_path: Path, pictures: list[Path], asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from img2music.perceivers.vlm.vlm_perceiver import ModelPerceiver

    original = ModelPerceiver.__call__
    monkeypatch.setattr(
        ModelPerceiver, "__call__", lambda self, picture: 1 / 0 if picture.file == "one.png" else original(self, picture)
    )
    grid = small_grid([prompt_file(tmp_path, "a")], pictures, [record_cell_answers(tmp_path / "answers.jsonl", [GOOD])])
    records = make_all(grid, CellStore(tmp_path / "out"))
    assert sorted(one.status for one in records.values()) == ["done", "failed"]
    assert any("unexpected ZeroDivisionError" in one.why for one in records.values())
    assert asked[0] == 1


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_server_is_asked_with_its_seed_and_its_answers_cost_what_it_counts(
    tmp_path: Path, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    extras.require("llm")
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "cache"))
    with StubServer(lambda _: GOOD, after_seconds=0.05) as server:
        line = f"openai:stub?base_url={server.base_url}&price_in=1000&price_out=1000"
        grid = small_grid([prompt_file(tmp_path, "a")], [make_picture()], [line], seeds=2)
        records = make_all(grid, CellStore(tmp_path / "out"))
        assert [request.body["seed"] for request in server.requests] == [0, 1]
        for made in records.values():
            scores = score_record(made)
            assert (scores["tokens in"], scores["tokens out"]) == (120, 30)
            assert scores["cost"] == pytest.approx(0.15)
            assert scores["seconds"] is not None
            assert scores["seconds"] >= 0.05
        replayed = small_grid(
            [prompt_file(tmp_path, "a")], [grid.pictures[0].path], [f"replay:{tmp_path / 'out' / 'answers.jsonl'}"]
        )
        (from_record,) = make_all(replayed, CellStore(tmp_path / "replayed")).values()
        assert from_record.made == records[next(grid.cells()).name].made
        again = make_all(grid, CellStore(tmp_path / "elsewhere"))  # another folder: the cache of answers knows them
        assert server.asked == 2
        assert [score_record(made)["validity"] for made in again.values()] == [1.0, 1.0]
        answers = [(tmp_path / folder / "answers.jsonl").read_text() for folder in ("out", "elsewhere")]
        assert answers[0] == answers[1]
        assert {score_record(made)[name] for made in again.values() for name in ("tokens in", "seconds", "cost")} == {None}


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_refusal_is_an_answer_and_a_busy_server_is_none(
    tmp_path: Path, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    extras.require("llm")
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "cache"))
    found = {}
    for fault in ("refusal", "503"):
        with StubServer(lambda _: GOOD, default=fault) as server:
            line = f"openai:stub?base_url={server.base_url}&retries=0"
            grid = small_grid([prompt_file(tmp_path, "a")], [make_picture()], [line])
            (found[fault],) = make_all(grid, CellStore(tmp_path / fault)).values()
            assert server.asked == 1
    assert (found["refusal"].status, score_record(found["refusal"])["validity"]) == ("done", 0.0)
    assert (found["503"].status, score_record(found["503"])["validity"]) == ("failed", None)
    assert "try again later" in found["503"].why


def test_the_bill_counts_from_above(tmp_path: Path, pictures: list[Path]) -> None:
    short, long = prompt_file(tmp_path, "a"), prompt_file(tmp_path, "b", "Look closely. " * 400)
    grid = small_grid([short, long], pictures, ["openai:x?price_in=2&price_out=10&retries=4"], seeds=2)
    bill = estimate_run(grid, {}, [*grid.cells()])
    assert (bill.cells, bill.done, bill.run) == (8, 0, 8)
    assert bill.most_requests == 8 * 3 * 5
    one, other = (expected_cost(variant, {}) for variant in grid.variants)
    assert other.tokens_in - one.tokens_in == pytest.approx((14 * 400 - 6) / 4, abs=1)
    assert bill.tokens_in == 4 * one.tokens_in + 4 * other.tokens_in
    assert bill.usd == pytest.approx((2 * bill.tokens_in + 10 * bill.tokens_out) / 1e6)
    assert bill.most_usd is not None
    assert bill.usd is not None
    assert bill.most_usd > 3 * bill.usd
    assert bill.remote_models == ("openai:x",)
    assert "go to openai:x" in bill.words


def test_what_was_measured_replaces_the_guess(tmp_path: Path, pictures: list[Path]) -> None:
    grid = small_grid([prompt_file(tmp_path, "a")], pictures, ["openai:x?price_in=2&price_out=10"])
    first = next(grid.cells())
    records = records_of(grid, lambda _: {"uses": (model_use(tokens_in=5000, tokens_out=70),)})
    bill = estimate_run(grid, {first.name: records[first.name]}, [*grid.cells()][1:])
    assert (bill.done, bill.run, bill.tokens_in, bill.tokens_out) == (1, 1, 5000, 70)


def test_models_here_cost_nothing_and_models_without_a_price_are_named(tmp_path: Path, pictures: list[Path]) -> None:
    prompts = [prompt_file(tmp_path, "a")]
    here = small_grid(prompts, pictures, ["openai:x?base_url=http://localhost:9/v1"])
    bill = estimate_run(here, {}, [*here.cells()])
    assert (bill.usd, bill.remote_models) == (0.0, ())
    assert "nothing leaves this machine" in bill.words
    elsewhere = small_grid(prompts, pictures, ["openai:x"])
    bill = estimate_run(elsewhere, {}, [*elsewhere.cells()])
    assert (bill.usd, bill.unpriced) == (None, ("openai:x",))


def test_the_budget_ends_a_run(tmp_path: Path, make_picture: MakePicture, asked: list[int]) -> None:
    shown = [make_picture(f"{number}.png", tint=number) for number in range(3)]
    line = (
        record_cell_answers(tmp_path / "answers.jsonl", [GOOD] * 3, tokens=(1000, 10)) + "?price_in=100&price_out=0"
    )  # 0.10 USD each
    grid = small_grid([prompt_file(tmp_path, "a")], shown, [line])
    outcome = run_cells([*grid.cells()], CellStore(tmp_path / "out"), budget_usd=0.25)
    assert outcome.stopped
    assert (outcome.made, asked[0]) == (2, 2)
    assert outcome.spent_usd == pytest.approx(0.2)


def test_a_limit_a_minute_goes_to_the_stage_and_keeps_its_prompts_apart(tmp_path: Path, pictures: list[Path]) -> None:
    prompts = [prompt_file(tmp_path, "a"), prompt_file(tmp_path, "b", "Again.")]
    grid = small_grid(prompts, pictures, ["openai:x?temperature=0", "openai:y", "openai:z?per_minute=9"], per_minute=30)
    assert [model.line for model in grid.models] == [
        "openai:x?temperature=0&per_minute=30",
        "openai:y?per_minute=30",
        "openai:z?per_minute=9",
    ]
    cells = [*grid.cells()][:4]
    assert [cell.prompt.label for cell in cells] == ["mine/a", "mine/a", "mine/b", "mine/b"]
    free = small_grid(prompts, pictures, ["openai:x"])
    assert [cell.prompt.label for cell in free.cells()] == ["mine/a", "mine/b"] * 2
    assert len({cell.name for cell in grid.cells()}) == len(set(grid.cells())) == 12


def test_ratings(tmp_path: Path, make_picture: MakePicture) -> None:
    picture = make_picture("pics/one.png")
    assert find_ratings([picture]) is None
    path = picture.parent / "ratings.csv"
    path.write_text("picture,valence,arousal,raters\none.png,0.5,-1,12\n")
    assert find_ratings([picture, picture]) == {"one.png": (0.5, -1.0)}
    for text, match in (
        ("picture,valence\nx,1\n", "no column 'arousal'"),
        ("picture,valence,arousal\nx,1,5\n", r"ratings.csv:2: arousal '5'"),
        ("picture,valence,arousal\nx,1\n", "arousal"),
        ("picture,valence,arousal\nx,nan,0\n", "valence 'nan'"),
    ):
        path.write_text(text)
        with pytest.raises(DocumentError, match=match):
            load_ratings(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="UTF-8"):
        load_ratings(path)


def test_a_plan_as_lines(tmp_path: Path, make_picture: MakePicture) -> None:
    from img2music.brief import Brief
    from img2music.pipeline import Pipeline

    offline = Pipeline.load("offline")
    plan = offline.plan(offline.see(make_picture()), Brief.of(seconds=20, key="D minor", meter="3/4"))
    lines = plan_lines(plan)
    assert "key: D minor" in lines
    assert "metre: 3/4" in lines
    assert sum(line.count("|") - 1 for line in lines if line.startswith("  ")) == plan.bars
    assert sum(line.startswith("section ") for line in lines) == len(plan.sections)
    assert sum(line.startswith("part ") for line in lines) == len(plan.parts)


def test_a_folder_of_links_is_not_followed(tmp_path: Path) -> None:
    from img2music.errors import OutputError

    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    store = CellStore(tmp_path / "out")
    store.add_file("abc", "audio.ogg", b"OggS")
    (tmp_path / "out" / "pieces" / "abc" / "audio.ogg").unlink()
    (tmp_path / "out" / "pieces" / "abc" / "audio.ogg").symlink_to(secret)
    assert store.read_file("abc", "audio.ogg") is None
    (tmp_path / "out" / "cells.jsonl").symlink_to(secret)
    with pytest.raises(DocumentError, match="is a link and leads elsewhere"):
        store.records()
    with pytest.raises(OutputError, match="leads elsewhere"):
        store._append("cells.jsonl", "{}")
    assert secret.read_text() == "private"
