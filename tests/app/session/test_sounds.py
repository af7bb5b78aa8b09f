"""What can make a take sound: what is offered and what is refused, the same notes made to sound another way, and what is kept of that."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from img2music.app.components.sound_value import heard_rows, sound_value, sounds_offered
from img2music.app.components.takes_value import takes_value
from img2music.app.session.choices import Choices
from img2music.app.session.edits import SetTempo
from img2music.app.session.limits import Limits
from img2music.app.session.sounds.sound_wish import SoundWish, offered_sounds, other_weights, sound_fault
from img2music.app.session.visit import Visit
from img2music.app.session.warm_pipelines import WarmPipelines
from img2music.cancellation import Cancelled
from img2music.errors import BackendError, UsageError
from img2music.io.documents import dump_json
from img2music.measurement import ComplianceRow
from img2music.pipeline.presets import load_pipeline_config
from img2music.pipeline_config import StageConfig
from img2music.provenance import Event
from tests.support.sine_sound import SINE, sine_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from img2music.app.session.takes import MadeTake

CHOIR = SoundWish(SINE)


@pytest.fixture
def visit(tmp_path: Path, make_picture: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A visit with a take of six seconds, on a machine with a choir of sines."""
    with sine_package(tmp_path / "site", monkeypatch):
        made = Visit(root=tmp_path / "served", pipelines=WarmPipelines())
        made.open_picture(make_picture().read_bytes(), "hills.png")
        list(made.compose(Choices(seconds=6)))
        yield made
        made.close()


def sung(visit: Visit, wish: SoundWish = CHOIR) -> tuple[MadeTake, list[Event]]:
    """The take that the choir sings, and what was told meanwhile."""
    events = [step for step in visit.sound(wish) if isinstance(step, Event)]
    assert visit.current is not None
    return visit.current, events


def is_singing(step: object) -> bool:
    return isinstance(step, Event) and step.stage == "renderer" and step.state == "progress"


def stop_when_singing(visit: Visit) -> None:
    for step in visit.sound(CHOIR):
        if is_singing(step):
            visit.cancel()


def test_the_same_notes_sound_another_way_beside_the_old_take(visit: Visit) -> None:
    first = visit.shown()
    take, events = sung(visit)
    assert [one.number for one in visit.takes] == [1, 2]
    assert (take.parent, take.sound, take.renderer) == (1, CHOIR, SINE)
    assert (take.piece.plan, take.piece.score, take.piece.performance) == (
        first.piece.plan,
        first.piece.score,
        first.piece.performance,
    )
    assert take.piece.manifest.takes == first.piece.manifest.takes
    assert take.words == "sound by sine-choir; notes the same"
    use = take.piece.manifest.sounds[0]
    assert "hills.png" in use.text, "the renderer is told the plan and the scene"
    assert [one.message for one in events if one.state == "progress" and one.stage == "renderer"][-1] == "step 4 of 4"
    samples, rate = soundfile.read(visit.media(take).mix)
    assert (rate, len(samples)) == (32_000, 6 * 32_000)
    assert visit.media(take).stems == ()
    with pytest.raises(UsageError, match="no stems"):
        visit.download(take, "stems")
    assert visit.download(take, "wav").stat().st_size > 100_000
    card = takes_value(visit)
    assert card["compare"] == 1
    assert "sound: sine-choir" in card["takes"][1]["figures"]
    with pytest.raises(UsageError, match="sounds so already"):
        visit.sound(CHOIR)
    other, _ = sung(visit, replace(CHOIR, seed=7))
    assert other.piece.manifest.sounds[0].takes[0].seed == 7


def test_the_record_says_who_plays_and_what_binds(visit: Visit) -> None:
    take, _ = sung(visit)
    config = take.piece.manifest.pipeline
    assert config.stages.renderer.use == SINE
    assert config.stages.renderer.fallback is None
    assert "of the weights" in config.licence
    assert take.piece.manifest.stages["renderer"] == SINE
    back, _ = sung(visit, SoundWish())
    assert back.piece.manifest.pipeline == load_pipeline_config("offline")
    assert back.piece.manifest.sounds == ()
    before = visit.take(1).piece.manifest
    assert back.piece.manifest.compliance == before.compliance
    assert soundfile.read(visit.media(back, stems=False).mix)[0] == pytest.approx(
        soundfile.read(visit.media(visit.take(1), stems=False).mix)[0]
    )


def test_what_was_heard_is_told_in_plain_words(visit: Visit) -> None:
    plain = sound_value(visit)
    assert plain["playing"]["lines"] == ["Soundfont plays every note as it is written."]
    assert plain["wish"]["name"] == "soundfont"
    sung(visit)
    value = sound_value(visit)
    rows = {promise: (words, state) for promise, words, state in value["playing"]["heard"]}
    assert {"tempo of the sound", "key of the sound", "notes in the sound", "sound as written"} <= set(rows)
    assert {state for _, state in rows.values()} <= {"kept", "broken", "unclear", "unknown"}
    words, _ = rows["notes in the sound"]
    assert words.startswith("asked ")
    assert "; heard " in words
    assert words.endswith("% sure)")
    assert value["playing"]["sell"] is False
    assert "CC-BY-NC-4.0. You may not sell" in " ".join(value["playing"]["lines"])
    assert "71 %" in " ".join(value["playing"]["lines"])
    assert value["wish"] == {"name": SINE, "weights": "", "seed": 0}


def test_an_edit_of_a_sung_take_is_heard_at_once(visit: Visit) -> None:
    sung(visit)
    list(visit.edit(SetTempo(100.0)))
    assert visit.shown().renderer == "soundfont"
    assert len(visit.media(visit.shown()).stems) == len(visit.shown().piece.performance.parts)


def test_a_renderer_that_fails_or_is_stopped_leaves_all_as_it_was(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINE_FAILS", "1")
    with pytest.raises(BackendError, match="hoarse"):
        sung(visit)
    monkeypatch.delenv("SINE_FAILS")
    monkeypatch.setenv("SINE_SECONDS", "60")
    with pytest.raises(Cancelled):
        stop_when_singing(visit)
    assert [take.number for take in visit.takes] == [1]
    monkeypatch.setenv("SINE_SECONDS", "0")
    assert sung(visit)[0].number > 1


def test_one_visitor_at_a_time_is_sung_to_and_the_model_stays_in_memory(
    visit: Visit, tmp_path: Path, make_picture: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sine_choir  # type: ignore[import-not-found]

    other = Visit(root=tmp_path / "other", pipelines=visit._pipelines)
    other.open_picture(make_picture().read_bytes(), "hills.png")
    list(other.compose(Choices(seconds=6)))
    monkeypatch.setenv("SINE_SECONDS", "1.5")
    singing = threading.Event()

    def sing() -> None:
        for step in visit.sound(CHOIR):
            if is_singing(step):
                singing.set()

    first = threading.Thread(target=sing)
    first.start()
    assert singing.wait(60)
    events = [step for step in other.sound(CHOIR) if isinstance(step, Event)]
    first.join()
    other.close()
    assert [one.state for one in events if one.message.startswith("waiting")] == ["started", "finished"]
    assert sine_choir.SineChoir.made == ["facebook/musicgen-small"]


def test_no_visitor_names_weights_by_path(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    told = StageConfig(use=SINE, options={"weights": "facebook/musicgen-small"})
    monkeypatch.setattr("img2music.app.session.sounds.sound_wish.offered_sounds", lambda: {"choir": told})
    for weights in ("/etc/passwd", "../weights", "somebody/other", "mrt2_small", "facebook/musicgen-melody"):
        with pytest.raises(UsageError, match="plays no weights that a visitor names"):
            SoundWish("choir", weights).check(Limits())
    SoundWish("choir", "/my/weights").check(Limits(own_models=True))
    SoundWish("choir", "facebook/musicgen-medium").check(Limits())
    with pytest.raises(UsageError, match="are not here"):
        SoundWish("choir", "facebook/musicgen-large").check(Limits())
    with pytest.raises(UsageError, match="choir"):
        SoundWish("quire").check(Limits())
    assert {model.name for model in other_weights(told)} == {
        "facebook/musicgen-medium", "facebook/musicgen-large", "facebook/musicgen-stereo-small", "facebook/musicgen-stereo-medium",
    }  # fmt: skip


def test_what_can_not_play_here_is_greyed_with_its_remedy(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    large = StageConfig(use=SINE, options={"weights": "facebook/musicgen-large"})
    offered = {"soundfont": StageConfig(use="soundfont"), "large": large, "gone": StageConfig(use="no-such-renderer")}
    monkeypatch.setattr("img2music.app.components.sound_value.offered_sounds", lambda: offered)
    plain, choir, gone = sounds_offered()
    assert (plain["usable"], plain["departs"], plain["remedy"]) == (True, False, "")
    assert choir["usable"], "other weights of it are here"
    assert choir["variants"][0]["usable"] is False
    assert choir["variants"][0]["sell"] is False
    assert "14 GB" in " ".join(choir["variants"][0]["said"])
    assert not gone["usable"]
    assert "no-such-renderer" in gone["remedy"]


def test_every_sound_of_the_program_is_offered_once(visit: Visit) -> None:
    names = list(offered_sounds())
    assert names[0] == "soundfont"
    assert SINE in names
    assert len(names) == len(set(names))
    assert all(stage.fallback is None for stage in offered_sounds().values())


def test_sound_that_can_not_be_made_alike_stays_where_there_is_no_room(visit: Visit) -> None:
    take, _ = sung(visit)
    before = visit.media(take).mix.read_bytes()
    visit.choose(1)
    visit._sound.store.most_bytes = 1
    visit._sound.store.make_room([1])
    assert visit._sound.store.read_samples(take.number) is None
    assert visit.media(take).mix.read_bytes() == before
    visit._sound.store.most_bytes = 10**9
    samples, _ = soundfile.read(visit.download(take, "wav"))
    assert np.abs(samples).max() > 0.01
    visit.drop(take.number)
    assert not list(visit.folder.glob(f"take-{take.number}/*.flac"))


def test_a_record_of_a_sung_take_comes_back_played_by_the_soundfont(visit: Visit) -> None:
    take, _ = sung(visit)
    record = dump_json(take.piece.manifest).encode()
    visit.cancel()
    with suppress(Cancelled):
        list(visit.restore(record))
    back = visit.shown()
    assert back.renderer == "soundfont"
    assert back.piece.performance == take.piece.performance
    assert "played by the soundfont instead of sine-choir" in back.words
    assert back.choices.pipeline == "offline"


def test_a_guess_is_no_surer_than_an_ear_and_a_faint_one_is_not_clear() -> None:
    rows = [
        ComplianceRow("key of the sound", "plan", "D major", "G minor", ("audio",), passed, confidence=sure)
        for passed, sure in ((True, 1.0), (None, 0.1), (None, 0.0))
    ]
    assert [(words.rpartition("(")[2], state) for _, words, state in heard_rows(rows)] == [
        ("a guess, 95% sure)", "kept"),
        ("a guess, 10% sure)", "unclear"),
        ("a guess, 0% sure)", "unknown"),
    ]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_sound_whose_language_model_does_not_answer_can_not_be_chosen() -> None:
    stage = StageConfig(use="soundfont", options={"model": "openai:x?base_url=http://127.0.0.1:9/v1"})
    assert sound_fault(stage, "told") == (
        "no server at 127.0.0.1:9: start it (see `img2music pipelines show told`), or name another with --model"
    )
    assert sound_fault(stage.model_copy(update={"options": {}}), "told") == ""
