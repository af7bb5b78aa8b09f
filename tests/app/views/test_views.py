"""What the page draws is what the documents say, and JSON can hold all of it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from img2music.app.session.choices import Choices
from img2music.app.session.files import downloads
from img2music.app.session.limits import Limits
from img2music.app.session.visit import Visit
from img2music.app.views.affect_view import affect_view
from img2music.app.views.choice_lists import choice_lists, pipeline_rows
from img2music.app.views.picture_view import picture_view
from img2music.app.views.plan_view import plan_view, players_instead
from img2music.app.views.take_view import caption, media_view, take_view
from img2music.resources import data_folder
from img2music.theory import Key, instrument
from tests.support.moving_plans import moving_plan, with_hits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.app.session.takes import MadeTake


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visit, MadeTake]]:
    visit = Visit(root=tmp_path_factory.mktemp("served"))
    visit.open_picture(data_folder("demo").joinpath("examples", "coffee.jpg").read_bytes(), "coffee.jpg")
    list(visit.compose(Choices(seconds=20, tempo=90)))
    assert visit.current is not None
    yield visit, visit.current
    visit.close()


def as_json(view: Any) -> Any:
    """The view as a browser gets it; nothing is lost."""
    back = json.loads(json.dumps(view, allow_nan=False))
    assert back == view
    return back


def test_cues_have_places_and_strengths(made: tuple[Visit, MadeTake]) -> None:
    scene = made[1].piece.scene
    assert scene is not None
    view = as_json(picture_view(scene, made[1].piece.plan))
    assert len(view["cues"]) == len(scene.cues)
    assert len(view["colours"]) == len(scene.colours)
    by_name = {cue["name"]: cue for cue in (*view["cues"], *view["colours"])}
    attribute = scene.attributes.genre
    for name, share in attribute.strengths.items():
        assert {"quality": "style", "share": share} in by_name[name]["used_for"]
        assert by_name[name]["strength"] >= share
    strengths = [cue["strength"] or 0 for cue in view["cues"]]
    assert strengths == sorted(strengths, reverse=True)
    places = [cue["place"] for cue in by_name.values() if cue["place"]]
    assert places
    assert all(0 <= place["x"] <= 1 and 0 < place["width"] <= 1 for place in places)
    assert view["sentences"]
    assert view["suggestions"][0].keys() == {"quality", "value", "sure", "because"}


def test_the_plane_has_both_points(made: tuple[Visit, MadeTake]) -> None:
    scene, plan = made[1].piece.scene, made[1].piece.plan
    assert scene is not None
    view = as_json(affect_view(scene, plan))
    assert view["picture"]["valence"] == pytest.approx(scene.attributes.valence.value, abs=1e-3)
    assert view["piece"]["arousal"] == pytest.approx(plan.arousal, abs=1e-3)
    assert view["picture"]["words"][0] in {one["word"] for one in view["words"]}
    assert len(view["styles"]) > 20
    assert affect_view(None)["picture"] is None


@pytest.mark.parametrize("moving", [False, True])
def test_a_plan_has_all_bars_in_seconds(made: tuple[Visit, MadeTake], moving: bool) -> None:
    plan = with_hits(moving_plan()) if moving else made[1].piece.plan
    view = as_json(plan_view(plan, None if moving else made[1].piece.scene))
    bars = [bar for section in view["sections"] for bar in section["bars"]]
    assert [bar["bar"] for bar in bars] == list(range(1, plan.bars + 1))
    assert bars[0]["from"] == 0
    assert bars[-1]["to"] == pytest.approx(plan.bars_seconds, abs=2e-3)
    assert all(one["to"] == other["from"] for one, other in pairwise(bars))
    assert [bar["numerals"] for bar in bars] == [bar for section in plan.sections for bar in section.harmony]
    assert [len(bar["symbols"]) for bar in bars] == [len(bar["numerals"].split()) for bar in bars]
    assert len(view["hits"]) == len(plan.hits)
    assert [part["id"] for part in view["parts"]] == [part.id for part in plan.parts]
    assert len(view["reasons"]) == len(plan.reasons)
    assert any(reason["because"] for reason in view["reasons"])


def test_players_instead_can_do_the_job(made: tuple[Visit, MadeTake]) -> None:
    for part in (*made[1].piece.plan.parts, *moving_plan().parts):
        names = players_instead(part)
        assert part.instrument not in names
        assert names
        for name in names:
            player = instrument(name)
            assert player.kit == instrument(part.instrument).kit
            assert part.role not in {"chords", "pad"} or player.voices >= 3


def test_all_that_can_be_chosen_is_listed() -> None:
    lists = as_json(choice_lists(Limits(seconds=90)))
    assert lists["pipelines"][0]["name"] == "offline"
    assert lists["pipelines"][0]["available"]
    assert lists["pipelines"][0]["sends"] == ""
    assert lists["ranges"]["seconds"] == [1, 90]
    for mode in lists["modes"]:
        assert mode["words"]
    for tonic in lists["tonics"]:
        assert Key.parse(f"{tonic} minor" if tonic in {"D#", "G#", "A#"} else f"{tonic} major")
    for choices in (
        Choices(style=lists["styles"][0]["name"], meter=lists["meters"][0], instruments=(lists["instruments"][0]["name"],)),
        *(Choices(pipeline=row["name"]) for row in lists["pipelines"]),
    ):
        choices.check(Limits())
    assert {"name": "melody", "words": "the tune", "with": ["form", "harmony"]} in lists["crafts"]


def test_what_is_missing_is_greyed_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "has_extra", lambda _: False)
    rows = {row["what"]: row for row in choice_lists()["downloads"]}
    assert rows["midi"] == {"what": "midi", "available": True, "remedy": ""}
    assert not rows["pdf"]["available"]
    assert "pip install" in rows["pdf"]["remedy"]
    monkeypatch.setattr("img2music.registry.registry_entry.find_spec", lambda _: None)
    grey = {row["name"]: row for row in pipeline_rows()}
    assert grey["offline"]["available"]
    assert not grey["openai"]["available"]
    assert "pip install" in grey["openai"]["remedy"]
    assert grey["openai"]["sends"]


def test_a_take_tells_what_was_promised(made: tuple[Visit, MadeTake]) -> None:
    visit, take = made
    view = as_json(take_view(take, take))
    assert view["current"]
    assert {"promise": "tempo", "by": "brief", "kept": True} in [
        {name: row[name] for name in ("promise", "by", "kept")} for row in view["promises"]
    ]
    assert Choices(**{**view["choices"], "instruments": tuple(view["choices"]["instruments"])}) == take.choices
    media = as_json(media_view(visit.media(take, stems=False)))
    assert media["stems"] == []
    assert media["peaks"]


def test_a_caption_tells_the_music_to_who_can_not_hear_it(made: tuple[Visit, MadeTake]) -> None:
    piece = made[1].piece
    text = caption(piece)
    assert text.startswith("A piece of 0:20 in ")
    assert "♩ = 90" in text
    lead = piece.plan.lead
    assert lead is not None
    assert f"{lead.instrument} plays the tune" in text
    assert "Why: the picture was read as: " in text
    assert "you asked for the tempo" in text
    assert len(text) < 700
