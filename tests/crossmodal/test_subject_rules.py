"""What is recognised chooses music, every decision says why and how strongly, and an edited scene is suggested again."""

from __future__ import annotations

import json
from itertools import pairwise, product
from pathlib import Path

import pytest
from PIL import Image

from img2music.brief import Brief
from img2music.crossmodal import genre_rules, genre_tables
from img2music.crossmodal.affect import AffectAttribute, read_affect
from img2music.crossmodal.context_rules import CIRCUMSTANCES
from img2music.crossmodal.cue_evidence import CueEvidence
from img2music.crossmodal.musical_attributes import suggest_attributes
from img2music.crossmodal.scene_edits import refresh_edited_scene, seal_scene
from img2music.crossmodal.subject_rules import SUBJECTS, CueRule, subject_group
from img2music.io.documents import dump_json
from img2music.io.pictures import open_picture
from img2music.io.style_files import style_names
from img2music.perceivers.offline import OfflinePerceiver
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.resources import data_folder
from img2music.scene import Cue, MusicalAttributes, Scene
from tests.support.commands import run_cli
from tests.support.made_pictures import example_scenes, typical_evidence
from tests.support.made_scenes import make_scene

EXAMPLES = sorted(entry.name for entry in data_folder("demo/examples").iterdir() if entry.name.endswith(".jpg"))
ROWS = {**{(f"sees_{group}", "more"): row for group, row in SUBJECTS.items()}, **CIRCUMSTANCES}


def cue(name: str, value: float | str) -> Cue:
    return Cue(name=name, value=value, unit="", text=str(value))


def seen(**cues: float | str) -> CueEvidence:
    evidence = typical_evidence()
    ordinary = [cue(name, value) for name, value in evidence.values.items()]
    return CueEvidence([*ordinary, *(cue(name, value) for name, value in cues.items())], (), 1.0)


def music(evidence: CueEvidence, valence: float = 0.1, arousal: float = -0.1) -> MusicalAttributes:
    felt = [AffectAttribute(value=value, because=("lightness",), confidence=0.5) for value in (valence, arousal)]
    return suggest_attributes(evidence, *felt)


def written() -> Scene:
    """A scene as an eye writes it."""
    scene = make_scene()
    evidence = CueEvidence.of(scene)
    return seal_scene(scene.model_copy(update={"attributes": suggest_attributes(evidence, *read_affect(evidence))}))


def with_cues(scene: Scene, **cues: float | str) -> Scene:
    return scene.model_copy(update={"cues": (*scene.cues, *(cue(name, value) for name, value in cues.items()))})


def with_value(scene: Scene, name: str, value: object) -> Scene:
    attribute = getattr(scene.attributes, name).model_copy(update={"value": value})
    return scene.model_copy(update={"attributes": scene.attributes.model_copy(update={name: attribute})})


@pytest.mark.parametrize("row", ROWS.values(), ids=["-".join(key) for key in ROWS])
def test_rows_name_what_exists_and_can_be_heard(row: CueRule) -> None:
    styles, players, meters, density, height, _, source = row
    assert set(styles) <= set(style_names())
    assert set(meters) <= set(genre_tables.METERS)
    assert set(players) <= {player for style in styles for seat in genre_tables.PLAYERS[style] for player in seat}
    assert abs(density) <= 1
    assert abs(height) <= 6
    assert source


def test_every_style_is_reachable_by_a_subject() -> None:
    steps = (-0.8, -0.4, 0.0, 0.4, 0.8)
    found = {
        genre_rules.choose_genre(seen(**{f"sees_{group}": 0.9}), valence, arousal).value
        for group, valence, arousal in product(SUBJECTS, steps, steps)
    }
    assert found == set(style_names())


def test_the_sea_changes_style_band_and_metre_and_is_cited() -> None:
    before, after = music(seen(), 0.1, -0.75), music(seen(sees_sea=0.9), 0.2, 0.0)
    assert after.genre.value == "romantic"
    assert "harp" in after.instruments.value
    assert after.meter.value == "6/8" != before.meter.value
    assert (after.contour.value, after.contour.because) == ("wave", ("sees_sea",))
    for attribute in (after.genre, after.instruments, after.meter, after.density):
        assert "sees_sea" in attribute.because
        assert 0.1 < attribute.strengths["sees_sea"] <= 1


def test_the_surer_the_stronger() -> None:
    fits = [
        genre_rules.choose_genre(seen(sees_sacred_place=sure), 0.1, -0.4).terms.get("sees_sacred_place", 0)
        for sure in (0, 0.8, 0.95)
    ]
    assert fits == sorted(set(fits))
    heights = [music(seen(sees_bird=sure)).height.value for sure in (0.0, 0.4, 0.9)]
    assert heights == sorted(set(heights))


def test_words_and_signs_count_and_uncertain_words_do_not() -> None:
    assert music(seen(smiles=-0.9)).contour.value == "fall"
    assert music(seen(weather="storm")).density.value > 0
    assert music(seen(weather="unclear", subject="not sure")) == music(seen())


@pytest.mark.parametrize("cues", [{}, {"sees_sea": 0.9}, {"sees_train": 0.5, "night": 0.8}, {"sees_toy": 1.0, "smiles": 1.0}])
def test_strengths_are_shares_of_cited_cues(cues: dict[str, float]) -> None:
    attributes = music(seen(**cues), 0.5, 0.4)
    for name in MusicalAttributes.model_fields:
        attribute = getattr(attributes, name)
        assert set(attribute.strengths) <= set(attribute.because)
        assert sum(attribute.strengths.values()) <= 1 + 1e-9


def test_the_plan_says_how_strongly() -> None:
    scene = refresh_edited_scene(with_cues(written(), sees_bird=0.9))[0]
    plan = RulesPlanner()(scene, Brief())
    reasons = {reason.choice: reason for reason in plan.reasons}
    for choice in ("style", "density", "register", "motif", "mode", "tempo", "metre", "instruments", "key"):
        assert reasons[choice].strengths, choice
        assert sum(reasons[choice].strengths.values()) <= 1 + 1e-9
    assert "sees_bird" in reasons["register"].strengths
    plain = RulesPlanner()(refresh_edited_scene(written())[0], Brief.of(style=plan.style))
    assert plan.height > plain.height
    assert CompositionPlan.model_validate_json(plan.model_dump_json()) == plan


def test_older_documents_still_load() -> None:
    tree = json.loads(make_scene().model_dump_json())
    del tree["seal"]
    for name in ("density", "height", "contour"):
        del tree["attributes"][name]
    for attribute in tree["attributes"].values():
        del attribute["strengths"]
    assert Scene.model_validate(tree) == make_scene()


def test_what_nobody_edited_stays() -> None:
    scene = Scene.model_validate_json(written().model_dump_json())
    assert refresh_edited_scene(scene) == (scene, ())
    unsealed = with_cues(make_scene(), sees_sea=0.9)
    assert refresh_edited_scene(unsealed) == (unsealed, ())


def test_an_edited_cue_moves_what_rests_on_it_but_no_edited_attribute() -> None:
    edited = with_value(with_cues(written(), sees_sea=0.9), "tempo_bpm", 61.0)
    scene, notes = refresh_edited_scene(edited)
    assert scene.attributes.meter.value == "6/8"
    assert scene.attributes.tempo_bpm.value == 61
    assert "sees_sea, tempo_bpm" in notes[0]
    assert "metre" in notes[0]
    assert RulesPlanner()(edited, Brief()).reasons[0].choice == "scene"
    assert "sees_unicorn" in refresh_edited_scene(with_cues(written(), sees_unicorn=0.9))[1][1]


def test_feeling_and_style_take_along_what_follows_them() -> None:
    moved = refresh_edited_scene(with_value(written(), "arousal", 0.9))[0].attributes
    assert moved.arousal.value == 0.9
    assert moved.tempo_bpm.value > written().attributes.tempo_bpm.value + 20
    assert moved.valence == written().attributes.valence
    waltz = refresh_edited_scene(with_value(written(), "genre", "waltz"))[0].attributes
    assert (waltz.genre.value, waltz.meter.value) == ("waltz", "3/4")


def test_a_subject_said_in_words_is_believed() -> None:
    scene = written()
    eye = seal_scene(with_cues(scene, subject="sea", sees_sea=0.8))
    cues = tuple(one.model_copy(update={"value": "candle or fire"}) if one.name == "subject" else one for one in eye.cues)
    said = refresh_edited_scene(eye.model_copy(update={"cues": cues}))[0]
    assert said.cue("sees_sea") is None
    assert said.number("sees_light_fire", 0) == 0.9
    assert said.attributes.contour.value == "rise"
    assert [subject_group(words) for words in ("Road  vehicle", "sea animal", "unicorn")] == ["road_vehicle", "sealife", None]


def test_an_edited_file_changes_the_plan_of_the_real_command(tmp_path: Path) -> None:
    plans = []
    for number, scene in enumerate((written(), with_cues(written(), sees_sea=0.9))):
        path = tmp_path / f"scene{number}.json"
        path.write_text(dump_json(scene))
        done = run_cli(["plan", path, "--json"])
        assert done.returncode == 0, done.stderr
        plans.append(json.loads(done.stdout))
    assert (plans[0]["meter"], plans[1]["meter"]) == ("4/4", "6/8")
    assert any("sees_sea" in reason["because"] for reason in plans[1]["reasons"])


def test_near_the_certain_a_subject_counts_the_same_and_near_the_faint_hardly() -> None:
    def says(share: float) -> float:
        return genre_rules._genre_terms(seen(sees_sacred_place=share))["choral"]["sees_sacred_place"]

    shares = [number / 100 for number in range(1, 101)]
    said = [says(share) for share in shares]
    assert said == sorted(said)
    assert says(0.6) < 0.1 * says(1.0), "what is not certain does not choose a style"
    assert max(after - before for before, after in pairwise(said)) < 0.05 * said[-1], "nothing jumps"


def test_what_moves_when_a_picture_is_stored_again_weighs_little() -> None:
    steady, moving = ("warmth", "chroma", "dark_share", "lightness"), ("texture", "edges_diagonal", "tones", "edge_order")
    weights = [(name, abs(weight)) for _, _, signs in genre_tables.GENRES.values() for name, weight in signs.items()]
    assert min(weight for name, weight in weights if name in steady) >= 0.29
    assert max(weight for name, weight in weights if name in moving) <= 0.8
    lengths = [sum(weight**2 for weight in signs.values()) ** 0.5 for _, _, signs in genre_tables.GENRES.values()]
    assert max(lengths) < 1.5 * min(lengths), "no style is chosen for having more cues"


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_picture_stored_in_another_way_keeps_its_style(name: str, tmp_path: Path) -> None:
    with Image.open(str(data_folder("demo/examples").joinpath(name))) as file:
        image = file.convert("RGB")
    width, height = image.size
    image.save(tmp_path / "hard.jpg", quality=40)
    image.save(tmp_path / "web.webp", quality=80)
    image.resize((width // 2, height // 2), Image.Resampling.LANCZOS).save(tmp_path / "half.png")
    image.crop((0, 0, width - 4, height - 4)).save(tmp_path / "cut.png")
    style = example_scenes()[name].attributes.genre.value
    assert {
        path.name: OfflinePerceiver()(open_picture(path)).attributes.genre.value for path in tmp_path.iterdir()
    } == dict.fromkeys(("hard.jpg", "web.webp", "half.png", "cut.png"), style)


def test_ten_pictures_still_get_eight_styles() -> None:
    assert len({scene.attributes.genre.value for scene in example_scenes().values()}) >= 8
