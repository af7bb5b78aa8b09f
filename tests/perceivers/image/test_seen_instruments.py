"""What the eye names, plays: from the networks' answer to the programs of the MIDI file, in every style."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import mido
import pytest

from img2music import onnx_networks
from img2music.brief import Brief
from img2music.crossmodal import genre_rules, genre_tables
from img2music.crossmodal.affect import AffectAttribute
from img2music.crossmodal.cue_evidence import CueEvidence
from img2music.crossmodal.musical_attributes import suggest_attributes
from img2music.crossmodal.scene_edits import refresh_edited_scene, seal_scene
from img2music.crossmodal.seen_instruments import INSTRUMENT_RULES, instrument_cue, named_instrument_cue, recognised_instruments
from img2music.io.midi.export_midi import write_midi
from img2music.io.pictures import open_picture
from img2music.io.style_files import style_names
from img2music.perceivers.image.recognition import image_classes
from img2music.perceivers.offline import OfflinePerceiver
from img2music.performers.expressive import ExpressivePerformer
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.resources import data_folder
from img2music.scene import Cue, Scene
from img2music.score import Part
from img2music.theory import instrument
from tests.support.made_pictures import typical_evidence
from tests.support.made_scenes import make_scene
from tests.support.stand_in_stages import naming

SINGING = {name: row for name, row in INSTRUMENT_RULES.items() if row.sings}


def showing(style: str = "folk", /, **shares: float) -> Scene:
    """A scene by hand in which these classes are seen ("acoustic_guitar")."""
    scene = make_scene()
    cues = [Cue(name=f"instrument_{name}", value=share, unit="0..1", text=f"{name} seen") for name, share in shares.items()]
    cues.append(Cue(name="sees_instrument", value=min(1.0, sum(shares.values())), unit="0..1", text="instrument"))
    made = scene.model_copy(update={"cues": (*scene.cues, *cues)})
    felt = [AffectAttribute(value=value, because=("lightness",), confidence=0.5) for value in (0.1, 0.0)]
    return made.model_copy(update={"attributes": suggest_attributes(CueEvidence.of(made), *felt, genre=style)})


def plan_of(scene: Scene, **wishes: Any) -> CompositionPlan:
    plan = RulesPlanner()(scene, Brief.of(**{"seconds": 20, **wishes}))
    assert CompositionPlan.model_validate_json(plan.model_dump_json()) == plan
    return plan


def leads(plan: CompositionPlan) -> str:
    tunes = [part.instrument for part in plan.parts if part.role == "melody"]
    assert len(tunes) == 1
    return tunes[0]


def plays_in_range(part: Part) -> bool:
    player = part.instrument
    return bool(part.notes) and (player.kit or all(player.low <= note.pitch <= player.high for note in part.notes))


def reasons(plan: CompositionPlan) -> str:
    return "\n".join(reason.text for reason in plan.reasons if reason.choice == "instruments")


def test_every_class_of_instrument_has_a_row() -> None:
    table = image_classes()
    instruments = {name for name, group in zip(table.names, table.leading, strict=True) if table.groups[group] == "instrument"}
    assert instruments <= set(INSTRUMENT_RULES) <= set(table.names)
    assert set(INSTRUMENT_RULES) - instruments == {"whistle"}
    for row in INSTRUMENT_RULES.values():
        assert [instrument(name).name for name in row.players] == list(row.players)
        assert all(instrument(name).kit == (not row.sings) for name in row.players)


@pytest.mark.parametrize("name", INSTRUMENT_RULES)
def test_what_the_networks_name_plays_in_the_midi_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_networks, "run_network", naming({name: 0.95}))
    scene = OfflinePerceiver()(open_picture(Path(str(data_folder("demo/examples").joinpath("temple.jpg")))))
    scene = Scene.model_validate_json(scene.model_dump_json())
    cue = instrument_cue(name)
    assert scene.number(cue, 0) == pytest.approx(0.95, abs=0.02)
    assert cue in scene.attributes.instruments.because
    plan = plan_of(scene)
    row = INSTRUMENT_RULES[name]
    reason = next(reason for reason in plan.reasons if cue in reason.because and reason.choice == "instruments")
    assert reason.text.startswith(f"{name} seen (.9")
    score = Composer()(plan)
    sounding = BytesIO(write_midi(ExpressivePerformer()(score, plan)))
    programs = {(one.channel, one.program) for one in mido.MidiFile(file=sounding) if one.type == "program_change"}
    if row.sings:
        assert leads(plan) in row.players
        assert ": plays the tune" in reason.text
        assert instrument(leads(plan)).program in {program for channel, program in programs if channel != 9}
    else:
        assert 9 in {channel for channel, _ in programs}
    assert all(plays_in_range(part) for part in score.parts)


@pytest.mark.parametrize("style", style_names())
def test_it_plays_in_every_style(style: str) -> None:
    for name, row in INSTRUMENT_RULES.items():
        plan = plan_of(showing(**{name.replace(" ", "_").lower(): 0.9}), style=style)
        assert plan.style == style
        score = Composer()(plan)
        assert all(plays_in_range(part) for part in score.parts), name
        if row.sings:
            assert leads(plan) in row.players, name
        else:
            assert any(part.role == "drums" for part in plan.parts), name
        assert f"{name} seen (.90): " in reasons(plan)


def test_a_guitar_is_no_longer_two_pianos() -> None:
    plan = plan_of(showing(acoustic_guitar=0.95), style="solo-piano")
    assert {part.name: part.role for part in plan.parts} == {"Steel guitar": "melody", "Piano": "arpeggio"}
    assert "acoustic guitar seen (.95): plays the tune, on steel guitar." in reasons(plan)
    assert leads(plan_of(showing(acoustic_guitar=0.95), style="flamenco")) == "classical guitar"


def test_the_style_is_sooner_one_that_has_the_instrument() -> None:
    ordinary = [Cue(name=name, value=value, unit="", text="") for name, value in typical_evidence().values.items()]
    with_it = 0
    for name, row in SINGING.items():
        cues = [*ordinary, *(Cue(name=one, value=0.9, unit="", text="") for one in ("sees_instrument", instrument_cue(name)))]
        chosen = genre_rules.choose_genre(CueEvidence(cues, (), 1.0), 0.1, -0.1)
        seated = {player for style in genre_tables.PLAYERS.values() for seat in style for player in seat}
        if seated & set(row.players):
            with_it += 1
            assert set(row.players) & {player for seat in genre_tables.PLAYERS[chosen.value] for player in seat}, name
            assert instrument_cue(name) in chosen.terms
    assert with_it > 10


def test_percussion_without_a_pitch_is_heard() -> None:
    for style in ("choral", "latin", "epic"):
        for thing, keys in (("maraca", {DRUMS["shaker"][0]}), ("gong", {DRUMS["chinese cymbal"][0], DRUMS["concert cymbal"][0]})):
            plan = plan_of(showing(**{thing: 0.9}), style=style)
            part = next(part for part in Composer()(plan).parts if part.name in {"Maracas", "Gong"})
            assert {note.pitch for note in part.notes} <= keys
            assert len({part.instrument for part in plan.parts if part.role == "drums"}) == 1, "one channel, one kit"


def test_how_sure_is_sure_enough() -> None:
    def heard(**shares: float) -> list[str]:
        return [one.seen for one in recognised_instruments({instrument_cue(name): share for name, share in shares.items()})]

    assert heard(banjo=0.5) == ["banjo"]
    assert heard(banjo=0.49) == []
    assert heard(violin=0.45, harp=0.4) == ["violin", "harp"], "torn between two, sure of both together"
    assert heard(violin=0.4, harp=0.15) == ["violin"]
    assert heard(trombone=0.2, oboe=0.2, harp=0.2) == []
    assert heard(grand_piano=0.3, upright_piano=0.3) == ["grand piano"], "two classes, one player"
    assert heard(cello=0.24, violin=0.23, oboe=0.1) == []
    assert heard(trombone=0.22, cornet_trumpet=0.2, french_horn=0.15) == ["trombone"], "kin, together sure"
    assert recognised_instruments({"instrument_unicorn": 1.0, "sees_sea": 1.0}) == ()


def test_an_unsure_eye_names_no_instrument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_networks, "run_network", naming({"banjo": 0.4}))
    scene = OfflinePerceiver()(open_picture(Path(str(data_folder("demo/examples").joinpath("temple.jpg")))))
    assert not [cue for cue in scene.cues if cue.name.startswith("instrument_")]


def test_several_instruments_play_together() -> None:
    plan = plan_of(showing(violin=0.4, harp=0.3, drum=0.25), style="solo-piano")
    assert leads(plan) == "violin"
    assert {"violin", "harp", "drums"} <= {part.instrument for part in plan.parts}
    assert reasons(plan).count(" seen (.") == 3


def test_wishes_go_before_what_is_seen() -> None:
    scene = showing(acoustic_guitar=0.95)
    assert {part.instrument for part in plan_of(scene, instruments=("flute", "cello")).parts} == {"flute", "cello"}
    spoken = plan_of(scene, words="with oboe")
    assert leads(spoken) == "oboe"
    assert any(part.instrument == "steel guitar" for part in spoken.parts)
    for words in ("no guitar", "without steel guitar"):
        kept = plan_of(scene, words=words, style="solo-piano")
        assert "steel guitar" not in {part.instrument for part in kept.parts}, "no guitar means none of any kind"
    assert any("acoustic guitar" in conflict for conflict in kept.conflicts)
    assert all(part.role != "drums" for part in plan_of(showing(drum=0.9), words="no drums", style="choral").parts)


def test_what_a_model_or_a_person_wrote_goes_before_what_is_seen() -> None:
    scene = showing("pop", acoustic_guitar=0.95)
    said = scene.attributes.instruments.model_copy(update={"value": ("oboe", "harp"), "confidence": 0.9, "source": "model"})
    plan = plan_of(scene.model_copy(update={"attributes": scene.attributes.model_copy(update={"instruments": said})}))
    assert leads(plan) == "oboe"
    assert "seen (" not in reasons(plan)
    written = scene.attributes.instruments.model_copy(update={"value": ("voice",)})
    plan = plan_of(scene.model_copy(update={"attributes": scene.attributes.model_copy(update={"instruments": written})}))
    assert leads(plan) == "voice"


def test_an_instrument_said_in_words_is_believed() -> None:
    scene = seal_scene(
        showing(banjo=0.95).model_copy(
            update={"cues": (*showing(banjo=0.95).cues, Cue(name="subject", value="instrument", unit="word", text="instrument"))}
        )
    )
    cues = tuple(one.model_copy(update={"value": "Violin"}) if one.name == "subject" else one for one in scene.cues)
    said, _ = refresh_edited_scene(scene.model_copy(update={"cues": cues}))
    assert said.cue("instrument_banjo") is None
    assert leads(plan_of(said)) == "violin"
    assert [named_instrument_cue(words) for words in ("Guitar", "french  horn", "unicorn")] == [
        "instrument_acoustic_guitar",
        "instrument_french_horn",
        None,
    ]
