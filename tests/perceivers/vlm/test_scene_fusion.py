"""One scene of two eyes: what the model's view supersedes, what follows from that, and whose feelings count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from img2music.crossmodal.verbalize import citable
from img2music.perceivers.vlm.scene_from_answer import read_scene
from img2music.perceivers.vlm.scene_fusion import AROUSAL_CUE, EYE, MODEL, PEOPLE, arousal_of_both, fuse_scenes, superseded
from img2music.scene import Attribute, Cue, Scene
from tests.support.made_scenes import make_scene
from tests.support.model_answers import scene_answer

if TYPE_CHECKING:
    from img2music.perceivers.vlm.scene_from_answer import SceneReading

URCHIN = (
    Cue(name="subject", value="sea animal", unit="word", text="sea animal (sea urchin, anemone), 64% sure"),
    Cue(name="sees_sealife", value=0.64, unit="0..1", text="sea animal: sea urchin 0.60"),
    Cue(name="likely_animals", value=0.7, unit="0..1", text="animals of any kind: 70% likely"),
    Cue(name="smiles", value=-0.8, unit="-1..1", text="the face looks troubled"),
)


def firework(**changes: Any) -> Scene:
    """What the eye makes of a firework: a sea urchin, and waves in the tune for it."""
    scene = make_scene()
    drawn = scene.attributes.model_copy(
        update={
            "contour": Attribute(value="wave", because=("sees_sealife",), confidence=0.15, strengths={"sees_sealife": 0.64}),
            "height": Attribute(value=-2.0, because=("sees_sealife", "smiles"), confidence=0.15),
            "arousal": Attribute(value=0.2, because=("lightness", "sees_sealife"), confidence=0.5),
        }
    )
    return scene.model_copy(update={"cues": (*scene.cues, *URCHIN), "attributes": drawn, **changes})


def seen(measured: Scene, **changes: Any) -> SceneReading:
    return read_scene(scene_answer(**changes), measured, citable(measured.cues, measured.colours))


def names(scene: Scene) -> set[str]:
    return {cue.name for cue in scene.cues}


def test_what_the_eye_took_it_for_goes_and_so_does_what_followed() -> None:
    measured = firework()
    both = fuse_scenes(seen(measured), measured)
    assert not {"subject", "sees_sealife", "likely_animals", "smiles"} & names(both.scene)
    assert both.scene.attributes.contour.value == "own"
    assert both.scene.attributes.height.value == 0
    assert any("superseded by what the model saw: sees_sealife, smiles, subject" in note for note in both.mended)
    alone = both.scene.measured
    assert alone is not None
    assert (alone.contour.value, alone.contour.because, alone.contour.strengths) == ("wave", (), {})  # on record as what it was
    Scene.model_validate(both.scene.model_dump())


def test_what_the_model_saw_too_or_cites_stays() -> None:
    measured = firework()
    urchin = {"name": "spiny_urchin", "text": "a sea urchin under water", "box": [0, 0, 1, 1]}
    agreed = fuse_scenes(seen(measured, observations=[urchin]), measured)
    assert {"subject", "sees_sealife"} <= names(agreed.scene)
    assert agreed.scene.attributes.contour.value == "wave"
    cited = fuse_scenes(seen(measured, genre={"because": ["subject"], "value": "ambient", "confidence": 0.5}), measured)
    assert "subject" in names(cited.scene)
    assert "sees_sealife" not in names(cited.scene)


def test_without_observations_nothing_is_superseded() -> None:
    measured = firework()
    assert superseded(measured) == frozenset()


def test_a_fact_that_the_model_calls_wrong_goes_with_its_kin() -> None:
    scene = make_scene()
    night = tuple(Cue(name=name, value=0.9, unit="0..1", text=name) for name in ("night", "low_sun", "fog"))
    hour = Cue(name="time_of_day", value="night", unit="word", text="night")
    drawn = scene.attributes.model_copy(update={"density": Attribute(value=-0.2, because=("night",), confidence=0.15)})
    measured = scene.model_copy(update={"cues": (*scene.cues, *night, hour), "attributes": drawn})
    both = fuse_scenes(seen(measured), measured, frozenset({"time_of_day"}))
    assert {"night", "low_sun", "time_of_day"}.isdisjoint(names(both.scene))
    assert "fog" in names(both.scene)
    assert "night" not in both.scene.attributes.density.because


def test_valence_is_the_models_and_arousal_the_mean_of_both() -> None:
    measured = firework()
    own = {"because": ["lone_boat"], "value": 0.6, "confidence": 0.7}
    scene = fuse_scenes(seen(measured, arousal=own), measured).scene
    arousal = scene.attributes.arousal
    assert scene.attributes.valence.value == 0.4
    assert arousal.value == arousal_of_both(0.6, 0.2)
    assert 0.2 < arousal.value < 0.6
    assert arousal.because == (AROUSAL_CUE, "lone_boat")
    assert arousal.strengths == {AROUSAL_CUE: 0.5, "lone_boat": 0.5}
    assert arousal.source == "model"
    cue = scene.cue(AROUSAL_CUE)
    assert cue is not None
    assert (cue.value, cue.source) == (0.6, "measured")
    assert "the mean of the model's +0.60 and the eye's +0.20" in cue.text
    assert scene.measured is not None
    assert (scene.measured.arousal.value, scene.measured.arousal.because) == (0.2, ("lightness",))


def test_where_the_model_says_no_arousal_the_eyes_stands() -> None:
    measured = firework()
    scene = fuse_scenes(seen(measured, arousal={"because": [], "value": 9, "confidence": 0.5}), measured).scene
    assert (scene.attributes.arousal.value, scene.attributes.arousal.source) == (0.2, "measured")
    assert scene.cue(AROUSAL_CUE) is None


def test_each_reading_counts_by_its_own_spread() -> None:
    assert arousal_of_both(MODEL[0], EYE[0]) == PEOPLE[0]
    assert arousal_of_both(MODEL[0] + MODEL[1], EYE[0] + EYE[1]) == pytest.approx(sum(PEOPLE), abs=0.001)
    # A deviation of the eye, who goes less far, counts as much as a larger one of the model.
    assert arousal_of_both(MODEL[0] + MODEL[1], EYE[0]) == arousal_of_both(MODEL[0], EYE[0] + EYE[1])


@given(model=st.floats(-1, 1), eye=st.floats(-1, 1), more=st.floats(0, 1))
def test_the_mean_stays_in_range_and_follows_both(model: float, eye: float, more: float) -> None:
    value = arousal_of_both(model, eye)
    assert -1 <= value <= 1
    assert arousal_of_both(min(1.0, model + more), eye) >= value
    assert arousal_of_both(model, min(1.0, eye + more)) >= value
