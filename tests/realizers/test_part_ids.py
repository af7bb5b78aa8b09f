"""What a part is known by decides its notes; what it is called is only shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.brief import Brief
from img2music.errors import DocumentError
from img2music.io.abc import write_abc
from img2music.io.documents import dump_json, load_plan
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.metrics.symbolic.voice_leading_faults import measure_voice_leading
from img2music.output_folder import plan_identity
from img2music.performers.expressive import ExpressivePerformer
from img2music.pipeline import recompose, replay
from img2music.plan import CompositionPlan, PartPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.abc.abc_realizer import read_tune
from img2music.realizers.composer import Composer
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from img2music.score import Score

OLD = Path(__file__).parents[1] / "documents" / "version_1"
STYLES = ("solo-piano", "pop", "jazz", "orchestral", "waltz")


def plan_of(style: str, **wishes: Any) -> CompositionPlan:
    return RulesPlanner()(make_scene(), Brief.of(style=style, seconds=24, **wishes))


def renamed(plan: CompositionPlan, names: list[str]) -> CompositionPlan:
    tree = json.loads(dump_json(plan))
    for part, name in zip(tree["parts"], names, strict=True):
        part["name"] = name
    return CompositionPlan.model_validate(tree)


def notes(score: Score) -> list[object]:
    return [part.notes for part in score.parts]


def made_alike(plan: CompositionPlan, other: CompositionPlan) -> None:
    """Written, played, measured and laid out alike, names aside."""
    scores = [Composer()(one) for one in (plan, other)]
    assert notes(scores[0]) == notes(scores[1])
    played = [ExpressivePerformer()(score, one) for score, one in zip(scores, (plan, other), strict=True)]
    assert [(part.notes, part.controls) for part in played[0].parts] == [(part.notes, part.controls) for part in played[1].parts]
    assert measure_voice_leading(scores[0]) == measure_voice_leading(scores[1])
    pages = [write_musicxml(score) for score in scores]
    assert pages[0].count("brace") == pages[1].count("brace")


@pytest.mark.parametrize("style", STYLES)
def test_a_name_decides_no_note(style: str) -> None:
    plan = plan_of(style)
    made_alike(plan, renamed(plan, [f"Desk {number}" for number in range(len(plan.parts))]))


def test_nor_do_the_names_of_two_hands() -> None:
    plan = plan_of("solo-piano")
    assert [part.hand for part in plan.parts] == ["right", "left"]
    assert "brace" in write_musicxml(Composer()(plan))
    made_alike(plan, renamed(plan, [part.name for part in reversed(plan.parts)]))


@pytest.mark.parametrize("instruments", [("harpsichord",), ("violin", "cello"), ("piano", "piano")])
def test_an_asked_band_has_ids_of_its_own(instruments: tuple[str, ...]) -> None:
    plan = plan_of("classical", instruments=instruments)
    assert len({part.id for part in plan.parts}) == len(plan.parts)
    made_alike(plan, renamed(plan, [f"Desk {number}" for number in range(len(plan.parts))]))


def test_what_a_model_wrote_goes_by_id() -> None:
    plan = plan_of("pop")
    text = write_abc(Composer()(plan))
    score, _ = read_tune(text, plan)
    names = [part.name for part in plan.parts]
    again, _ = read_tune(text, renamed(plan, [*names[1:], names[0]]))
    assert notes(again) == notes(score)


def test_what_is_kept_goes_by_id(tmp_path: Path) -> None:
    pieces = []
    plan = plan_of("pop")
    for one in (plan, renamed(plan, [f"Desk {number}" for number in range(len(plan.parts))])):
        path = tmp_path / "plan.json"
        path.write_text(dump_json(one), encoding="utf-8")
        pieces.append(recompose(load_plan(path), keep=["melody", "bass"], audio=None))
    assert notes(pieces[0].score) == notes(pieces[1].score)
    counts = [[count.same for count in piece.manifest.kept.measured] for piece in pieces if piece.manifest.kept]
    assert counts[0] == counts[1]
    other = pieces[1]
    ids = {part.id for part in other.plan.parts}
    assert other.manifest.kept is not None
    assert {part.part for part in other.manifest.kept.parts} <= ids
    other.save(tmp_path / "kept")
    assert replay(tmp_path / "kept" / "piece.json").same


def test_a_part_without_id_takes_its_name_and_the_hand_that_it_tells_of() -> None:
    part = PartPlan.model_validate({"name": "Piano (left hand)", "instrument": "piano", "role": "chords"})
    assert (part.id, part.hand) == ("Piano (left hand)", "left")
    known = PartPlan.model_validate({"id": "piano", "name": "Piano (left hand)", "instrument": "piano", "role": "chords"})
    assert (known.id, known.hand) == ("piano", None), "a part with an id says its hand itself"


@pytest.mark.parametrize("folder", ["plain", "kept", "edited-plan"])
def test_pieces_from_before_there_were_ids_have_them_now(folder: str) -> None:
    made = replay(OLD / folder / "piece.json")
    assert made.same, "a plan.json without ids is compared as it was written then"
    assert [part.id for part in made.piece.plan.parts] == [part.name for part in made.piece.plan.parts]
    assert b'"id": ' in dict(made.piece.files())["plan.json"]


def test_another_id_is_no_piece_from_before(tmp_path: Path) -> None:
    tree = json.loads((OLD / "plain" / "piece.json").read_text(encoding="utf-8"))
    tree["plan"] = json.loads((OLD / "plain" / "plan.json").read_text(encoding="utf-8"))
    for part in tree["plan"]["parts"]:
        part["id"] = f"the {part['name']}"
    path = tmp_path / "piece.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    assert {file.name: file.status for file in replay(path).files}["plan.json"] == "different"


@pytest.mark.parametrize(
    ("number", "wrong", "fault"),
    [
        (1, "A", "parts 'Above' and 'Below' have one id, 'A'"),
        (0, "", "part 'Above': its id '' is no plain text"),
        (0, " ", "part 'Above': its id ' ' is no plain text"),
        (0, 7, "part 'Above': its id 7 is no plain text"),
        (0, None, "part 'Above': its id None is no plain text"),
        (0, ["A"], r"part 'Above': its id \['A'\] is no plain text"),
        (1, "B\n\x1b[2J", r"part 'Below': its id 'B\\n\\x1b\[2J' is no plain text"),
    ],
)
def test_an_id_that_is_none_is_one_line(number: int, wrong: object, fault: str, tmp_path: Path) -> None:
    tree = json.loads(dump_json(renamed(plan_of("solo-piano"), ["Above", "Below"])))
    for part, known in zip(tree["parts"], "AB", strict=True):
        part["id"] = known
    tree["parts"][number]["id"] = wrong
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(DocumentError, match=fault) as caught:
        load_plan(path)
    assert "\n" not in str(caught.value)


def test_a_folder_of_a_plan_without_ids_makes_room_for_the_same_plan_today(tmp_path: Path) -> None:
    old = json.loads((OLD / "edited-plan" / "piece.json").read_text(encoding="utf-8"))["plan"]
    assert not any("id" in part for part in old["parts"])
    today = CompositionPlan.model_validate(old)
    assert plan_identity(json.dumps(old)) == plan_identity(today.model_dump_json())
    other = today.model_copy(update={"parts": (today.parts[0].model_copy(update={"id": "another"}), *today.parts[1:])})
    assert plan_identity(other.model_dump_json()) != plan_identity(today.model_dump_json())
