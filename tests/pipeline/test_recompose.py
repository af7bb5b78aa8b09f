"""Locks and takes: what is kept stays note for note, the rest is new, and where that can't be is said."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import pytest

from img2music.brief import Brief
from img2music.errors import BriefError, DocumentError, UsageError
from img2music.manifest import Take
from img2music.measurement import Measurement
from img2music.pipeline import Pipeline, recompose, replay
from img2music.pipeline.recomposition.recompose import CRAFT_DEPENDENCIES, with_dependencies
from img2music.report.page.takes_table import takes_table
from img2music.rng import CRAFTS
from tests.support.made_pipelines import files_of, kept_of, manifest_of
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from img2music.piece import Piece
    from img2music.score import Part

STYLES = ("jazz-ballad", "rock", "waltz", "chamber-strings", "solo-piano", "synthwave")
CRAFT_OF = {"arpeggio": "chords", "pad": "chords"}


@cache
def original(style: str) -> Piece:
    scene = make_scene(genre=style, arousal=0.6, meter="3/4" if style == "waltz" else "4/4")
    return Pipeline.load().compose_from(scene, Brief.of(seconds=30, seed=3), audio=None)


def notes(part: Part) -> list[tuple[object, ...]]:
    return [(note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes]


def lines(piece: Piece) -> dict[str, list[list[tuple[object, ...]]]]:
    """The notes of every part, by craft."""
    found: dict[str, list[list[tuple[object, ...]]]] = {}
    for part in piece.score.parts:
        found.setdefault(CRAFT_OF.get(part.role, part.role), []).append(notes(part))
    return found


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("craft", ["harmony", "melody", "counter", "chords", "bass", "drums"])
def test_what_is_kept_stays_note_for_note(style: str, craft: str) -> None:
    before, old = original(style), lines(original(style))
    after = recompose(before, keep=[craft], audio=None)
    kept = kept_of(after)
    for name in kept.crafts:
        if name in old:
            assert lines(after)[name] == old[name], name
    if "harmony" in kept.crafts:
        assert after.plan.chords() == before.plan.chords()
    nothing = f"the piece on record has no part for {craft}, so there was nothing to keep"
    assert (nothing in kept.notes) is (craft not in old and craft != "harmony")
    assert not any("could not be kept" in remark for remark in kept.notes)
    # The remark that nothing is new is there exactly where nothing is.
    assert any("every note is as it was" in remark for remark in kept.notes) is (lines(after) == old)


@pytest.mark.parametrize("style", STYLES)
def test_the_rest_is_made_anew(style: str) -> None:
    before = original(style)
    after = recompose(before, keep=["harmony"], audio=None)
    assert lines(after)["melody"] != lines(before)["melody"]
    assert (after.plan.seed, after.plan.seeds) == (4, {"form": 3, "harmony": 3})
    assert after.manifest.seed == 4


@pytest.mark.parametrize("style", [style for style in STYLES if style != "chamber-strings"])
def test_others_play_something_else_under_a_kept_tune(style: str) -> None:
    # Not in chamber strings: voices led by rule follow from the tune and its chords, and leave nothing to chance.
    before = original(style)
    old, new = lines(before), lines(recompose(before, keep=["melody"], audio=None))
    assert new["melody"] == old["melody"]
    assert any(new[craft] != old[craft] for craft in old if craft != "melody")


def test_a_kept_performance_plays_a_kept_tune_to_the_tick() -> None:
    before = original("solo-piano")
    played = [
        next(part.notes for part, plan in zip(piece.performance.parts, piece.plan.parts, strict=True) if plan.role == "melody")
        for piece in (
            before,
            recompose(before, keep=["melody", "performance"], audio=None),
            recompose(before, keep=["melody"], audio=None),
        )
    ]
    assert played[0] == played[1]
    assert played[0] != played[2]


def test_a_craft_brings_what_it_is_written_over() -> None:
    assert with_dependencies(["melody"]) == ("form", "harmony", "melody")
    assert with_dependencies(["drums", "bass"]) == ("form", "harmony", "bass", "drums")
    assert with_dependencies([]) == ()
    assert tuple(CRAFT_DEPENDENCIES) == CRAFTS or set(CRAFT_DEPENDENCIES) == set(CRAFTS)
    with pytest.raises(UsageError, match="no craft 'tune'; there are: bass, chords, counter"):
        with_dependencies(["tune"])


def test_nothing_kept_is_another_piece_from_the_same_evidence() -> None:
    before = original("rock")
    after = recompose(before, audio=None)
    assert after.scene == before.scene
    assert lines(after)["melody"] != lines(before)["melody"]
    same = recompose(before, seed=3, audio=None)
    assert lines(same) == lines(before)


def test_keeping_twice_goes_back_to_the_first_seed() -> None:
    before = original("jazz-ballad")
    second = recompose(before, keep=["melody"], audio=None)
    third = recompose(second, keep=["melody"], takes=2, audio=None)
    assert lines(third)["melody"] == lines(before)["melody"]
    assert third.plan.seeds["melody"] == 3
    assert third.manifest.takes[0].seed == 5


def test_a_wish_that_breaks_a_lock_is_refused() -> None:
    with pytest.raises(BriefError, match="notes that were written in 4/4 can't be kept in 3/4; keep them in 4/4 or 2/4"):
        recompose(original("rock"), keep=["melody"], meter="3/4", audio=None)
    after = recompose(original("rock"), keep=["harmony"], meter="3/4", audio=None)  # chords are no notes: a bar is a bar
    assert [(row.same, row.total) for row in kept_of(after).measured] == [(12, 12), (12, 12)]


def test_another_length_repeats_the_form_and_counts_it() -> None:
    before = original("waltz")
    after = recompose(before, keep=["drums"], seconds=50, audio=None)
    (form,) = kept_of(after).measured
    assert form.craft == "form"
    assert form.same == form.total == before.plan.bars < after.plan.bars
    assert "played again in part" in form.how
    assert after.plan.seconds == 50


def test_another_tempo_with_as_many_bars_keeps_every_note() -> None:
    before = original("waltz")
    wished = round(before.plan.tempo_bpm * 1.05)
    after = recompose(
        before,
        keep=["melody", "bass"],
        tempo_bpm=wished,
        seconds=before.plan.seconds * before.plan.tempo_bpm / wished,
        audio=None,
    )
    assert after.plan.tempo_bpm == wished
    assert lines(after)["melody"] == lines(before)["melody"]
    assert not any("could not be kept" in remark for remark in after.manifest.conflicts)


def test_a_plan_keeps_its_chords_and_takes_a_seed(tmp_path: Path) -> None:
    plan = original("jazz-ballad").plan
    after = recompose(plan, keep=["bass"], seed=77, audio=None)
    assert after.plan.sections == plan.sections
    assert lines(after)["bass"] == lines(original("jazz-ballad"))["bass"]
    assert lines(after)["melody"] != lines(original("jazz-ballad"))["melody"]
    again = recompose(after, keep=["bass"], audio=None)  # its record holds a plan and no scene
    assert again.plan.seed == 78
    assert lines(again)["bass"] == lines(after)["bass"]
    with pytest.raises(UsageError, match="made from a plan, which has settled its key"):
        recompose(after, key="D minor", audio=None)


def test_a_piece_made_anew_replays_to_the_same_bytes(tmp_path: Path) -> None:
    before = original("jazz-ballad")
    before.save(tmp_path / "first")
    after = recompose(tmp_path / "first" / "piece.json", keep=["melody"], key="F minor", style="tango", audio=None)
    after.save(tmp_path / "second")
    record = manifest_of(tmp_path / "second")
    assert record["kept"]["seed"] == 3
    assert record["kept"]["named"] == ["melody"]
    assert set(record["kept"]["notes"]) <= set(record["conflicts"])
    result = replay(tmp_path / "second" / "piece.json", tmp_path / "third")
    assert result.same
    assert manifest_of(tmp_path / "third")["kept"] == record["kept"]
    page = files_of(after)["report.html"].decode()
    assert "img2music compose --from piece.json --keep melody" in page
    count = len(lines(before)["melody"][0])
    assert f"Melody kept: {count} of {count} notes, by scale degrees from D major to F minor, played by " in page


def test_a_record_of_another_version_is_noticed(tmp_path: Path) -> None:
    folder = original("rock").save(tmp_path / "first")
    record = manifest_of(folder)
    record["files"]["score.musicxml"] = "0" * 64
    (folder / "piece.json").write_text(json.dumps(record))
    after = recompose(folder / "piece.json", keep=["melody"], audio=None)
    assert kept_of(after).notes[0].startswith("the piece on record was written by another version")


def test_a_style_file_on_record_is_not_opened(tmp_path: Path) -> None:
    folder = original("rock").save(tmp_path / "first")
    record = manifest_of(folder)
    record["brief"]["style"] = str(tmp_path / "mine.yaml")
    (folder / "piece.json").write_text(json.dumps(record))
    with pytest.raises(DocumentError, match="give that file with --style"):
        recompose(folder / "piece.json", audio=None)
    assert recompose(folder / "piece.json", style="rock", audio=None).plan.style == "rock"


def test_the_command_leaves_the_first_piece_alone(
    tmp_path: Path, make_picture: Callable[..., Path], run: Callable[..., tuple[int, str, str]]
) -> None:
    picture, out = make_picture(), tmp_path / "out"
    wishes = ["--seconds", "20", "--style", "jazz-ballad", "--audio", "none", "-o", out]
    assert run("compose", picture, *wishes)[0] == 0
    first = (out / "hills" / "score.mid").read_bytes()
    record = out / "hills" / "piece.json"
    code, said, _ = run("compose", picture, "--from", record, "--keep", "melody,bass", "--audio", "none", "-o", out)
    assert code == 0
    for craft in ("melody", "bass"):
        row = next(row for row in manifest_of(out / "hills-2")["kept"]["measured"] if row["craft"] == craft)
        assert row["same"] == row["total"]
        assert f"  {craft} kept: {row['same']} of {row['total']} notes, played by " in said
    assert "  with it form (" in said
    assert "; all else is new, from seed 1 (it was 0)" in said
    assert (out / "hills" / "score.mid").read_bytes() == first
    assert manifest_of(out / "hills-2")["kept"]["named"] == ["melody", "bass"]
    code, said, _ = run(
        "realize", out / "hills" / "plan.json", "--keep", "melody", "--seed", "9", "--json", "-o", tmp_path / "again"
    )
    assert code == 0
    assert json.loads(said)["seed"] == 9
    assert json.loads(said)["kept"]["crafts"] == ["form", "harmony", "melody"]
    other = make_picture("sea.png", tint=2)
    code, _, fault = run("compose", other, "--from", record, "--audio", "none", "-o", out)
    assert code == BriefError.exit_code
    assert "sea.png is not the picture on record (hills.png)" in fault


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["compose", "--keep", "melody"], "--keep needs the piece"),
        (["compose"], "missing argument PICTURE"),
        (["compose", "a.png", "b.png", "--from", "piece.json"], "one picture at most"),
        (["compose", "--from", "nowhere.json"], "nowhere.json"),
    ],
)
def test_wrong_use_is_one_line(run: Callable[..., tuple[int, str, str]], arguments: list[str], fault: str) -> None:
    code, _, said = run(*arguments)
    assert code in {2, 3}
    assert fault in said
    assert said.count("\n") == 1


# Takes


def test_the_screen_says_which_take_and_why(
    tmp_path: Path, make_picture: Callable[..., Path], run: Callable[..., tuple[int, str, str]]
) -> None:
    code, said, _ = run("compose", make_picture(), "--seconds", "20", "--takes", "12", "--audio", "none", "-o", tmp_path)
    assert code == 0
    record = manifest_of(tmp_path / "hills")
    place = next(place for place, take in enumerate(record["takes"]) if take["kept"])
    told = said.splitlines()
    head = next(index for index, line in enumerate(told) if line.split()[:3] == ["take", "seed", "mark"])
    rows = told[head + 1 : head + 12]
    assert next(row for row in rows if "*" in row).split()[1:4] == [
        str(place + 1), str(record["takes"][place]["seed"]), f"{record['takes'][place]['mark']:.3f}",
    ]  # fmt: skip
    assert f"Take {place + 1} is kept: its mark is the highest" in said
    assert "more, in piece.json" in said
    page = (tmp_path / "hills" / "report.html").read_text()
    assert f"Take {place + 1} is kept: its mark is the highest" in page


def one(name: str, value: float | None, better: Literal["higher", "lower", "neither"] = "higher") -> Measurement:
    return Measurement(name, value, "0..1", "e", better=better)


def test_the_table_shows_what_parts_the_takes() -> None:
    first, second = (
        (one("alike", 0.5), one("faults", faults, "lower"), one("aside", aside, "neither"))
        for faults, aside in ((0.9, 0.1), (0.1, 0.9))
    )
    takes = [
        Take(seed=1, kept=False, mark=0.5, measurements=first),
        Take(seed=2, kept=True, mark=0.9, measurements=second),
    ]
    table = takes_table(takes)
    assert table is not None
    assert table.heads == ("take", "seed", "mark", "faults")
    assert table.rows == (("1", "1", "0.500", "0.90"), ("2", "2", "0.900", "0.10"))
    assert table.why == (
        "Take 2 is kept: its mark is the highest, 0.400 above the next. Most of that comes from faults: 0.10, the "
        "others have 0.90 on average."
    )
    assert table.lines(1)[-1] != "and 1 more, in piece.json"  # the kept one is always shown
    assert takes_table(takes[:1]) is None
    assert takes_table([take.model_copy(update={"kept": False}) for take in takes]) is None
    tied = takes_table([take.model_copy(update={"mark": 0.5, "kept": take.seed == 1}) for take in takes])
    assert tied is not None
    assert tied.why == "All takes have the same mark, so the first is kept, take 1."


def test_pieces_differ_in_what_their_seeds_say() -> None:
    """A plan's own seeds are what the crafts draw from, nothing else."""
    plan = original("jazz-ballad").plan
    pipeline = Pipeline.load()
    score = pipeline.realize(plan)
    moved = pipeline.realize(plan.model_copy(update={"seeds": {"melody": 1234}}))
    old, new = ({part.role: notes(part) for part in written.parts} for written in (score, moved))
    assert old["melody"] != new["melody"]
    assert old["bass"] == new["bass"]
    assert replace(score, parts=()) == replace(moved, parts=())
