"""Every promise, read back from the written files by programs that know nothing of img2music."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import mido
import music21
import pytest

from img2music.brief import Brief
from img2music.io.abc.export_abc import write_abc
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.style_files import style_names
from img2music.performance import Performance
from img2music.performers.expressive import ExpressivePerformer
from img2music.performers.strict import StrictPerformer
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.score import Score
from img2music.theory import METERS, instrument, instrument_names
from tests.support.made_scenes import make_scene
from tests.support.random_briefs import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

MODAL = ["E phrygian", "D dorian", "F lydian", "G mixolydian", "B dorian", "Ab lydian"]


def random_brief(seed: int) -> Brief:
    chance = random.Random(seed)
    return Brief.of(
        seconds=round(chance.uniform(4, 45), 2),
        tempo_bpm=chance.choice([40, 63, 72.5, 96, 120, 144, 208]),
        key=chance.choice(KEYS + MODAL),
        meter=chance.choice(METERS),
        style=chance.choice([None, *style_names()]),
        instruments=tuple(chance.sample(instrument_names(), chance.randint(1, 5))) if chance.random() < 0.6 else None,
        seed=seed,
    )


def make(seed: int) -> tuple[Brief, CompositionPlan, Score, Performance]:
    brief = random_brief(seed)
    plan = RulesPlanner()(make_scene(line=seed, valence=0.2, arousal=(seed % 9 - 4) / 5), brief)
    score = Composer()(plan)
    return brief, plan, score, ExpressivePerformer()(score, plan)


@pytest.mark.parametrize("seed", range(24))
def test_midi_keeps_every_promise(seed: int) -> None:
    brief, plan, score, performance = make(seed)
    file = mido.MidiFile(file=io.BytesIO(write_midi(performance)))
    first = [message for message in file.tracks[0] if message.is_meta]
    tempos = [message.tempo for track in file.tracks for message in track if message.type == "set_tempo"]
    assert tempos == [round(60e6 / plan.tempo_bpm)]
    meter = next(message for message in first if message.type == "time_signature")
    assert f"{meter.numerator}/{meter.denominator}" == brief.meter
    key = next(message for message in first if message.type == "key_signature")
    assert (
        music21.key.Key(key.key.rstrip("m").replace("b", "-"), "minor" if key.key.endswith("m") else "major").sharps
        == score.key.signature
    )
    assert file.length == pytest.approx(brief.seconds, abs=0.01)
    programs = {message.program for track in file.tracks for message in track if message.type == "program_change"}
    assert programs == {instrument(part.instrument).program for part in plan.parts}
    for track in file.tracks:
        sounding: set[int] = set()
        for message in track:
            if message.type == "note_on" and message.velocity:
                assert message.note not in sounding
                sounding.add(message.note)
            elif message.type in {"note_off", "note_on"}:
                sounding.discard(message.note)
        assert not sounding


@pytest.mark.parametrize("seed", range(24, 34))
def test_musicxml_keeps_every_promise(seed: int) -> None:
    brief, plan, score, _ = make(seed)
    page = music21.converter.parseData(write_musicxml(score), format="musicxml")
    assert isinstance(page, music21.stream.Score)
    assert len(page.parts) == len(plan.parts)
    for part, written in zip(page.parts, score.parts, strict=True):
        bars = part.getElementsByClass("Measure")
        assert len(bars) == score.bars
        first = bars[0]
        assert first.timeSignature.ratioString == brief.meter
        assert first.keySignature is None or written.instrument.kit or first.keySignature.sharps == score.key.signature
        for bar in bars:
            assert bar.duration.quarterLength == score.meter.bar_quarters
        notes = sorted(
            (note.getOffsetInHierarchy(part), pitch.midi)
            for note in part.flatten().notes
            if not isinstance(note, music21.harmony.ChordSymbol) and (note.tie is None or note.tie.type == "start")
            for pitch in getattr(note, "pitches", ())
        )
        if not written.instrument.kit:
            assert notes == sorted((note.onset_quarters, note.pitch) for note in written.notes)
    marks = list(page.recurse().getElementsByClass("MetronomeMark"))
    sounding = {round(float(mark.getQuarterBPM()), 2) for mark in marks if mark.getQuarterBPM()}
    assert not sounding or sounding == {round(plan.tempo_bpm, 2)}


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="needs abc2midi (Debian: abcmidi)")
@pytest.mark.parametrize("seed", range(34, 46))
def test_abc_keeps_every_promise(seed: int, tmp_path: Path) -> None:
    brief, plan, score, _ = make(seed)
    (tmp_path / "score.abc").write_text(write_abc(score), encoding="utf-8")
    done = subprocess.run(
        ["abc2midi", "score.abc", "-o", "score.mid"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert "rror" not in done.stdout, done.stdout
    assert "arning" not in done.stdout, done.stdout
    file = mido.MidiFile(tmp_path / "score.mid")
    meter = next(message for track in file.tracks for message in track if message.type == "time_signature")
    assert f"{meter.numerator}/{meter.denominator}" == brief.meter
    tempo = next(message.tempo for track in file.tracks for message in track if message.type == "set_tempo")
    assert mido.tempo2bpm(tempo) == pytest.approx(plan.tempo_bpm, rel=0.01)
    theirs = sorted(message.note for track in file.tracks for message in track if message.type == "note_on" and message.velocity)
    ours = sorted(note.pitch for part in StrictPerformer()(score, plan).parts for note in part.notes)
    assert theirs == ours or plan.seconds * plan.tempo_bpm / 60 < score.duration_quarters


def test_an_edited_key_over_old_numerals_is_not_called_kept(
    run: Callable[..., tuple[int, str, str]], make_picture: Callable[..., Path], tmp_path: Path
) -> None:
    """The page of such a plan said that E minor was kept, over G sharps."""
    assert run("plan", make_picture(), "-o", tmp_path / "one", "--seconds", "40", "--key", "D major")[0] == 0
    path = tmp_path / "one" / "hills" / "plan.json"
    text = path.read_text()
    assert text.count('"key": "D major"') == 1
    path.write_text(text.replace('"key": "D major"', '"key": "E minor"'))
    code, out, _ = run("realize", path, "-o", tmp_path / "two", "--json")
    assert code == 0
    folder = tmp_path / "two" / "hills"
    for told in (json.loads(out), json.loads((folder / "piece.json").read_text())):
        key = next(row for row in told["compliance"] if row["promise"] == "key")
        assert key["passed"] is False
        assert key["found"].startswith("labelled E minor; the notes are E major: G# in ")
        assert key["tonality"]["third"] < 0.5
        assert any("the numerals are those of major (I" in line for line in told["conflicts"]), told["conflicts"]
    assert "numerals are those of" not in (folder / "plan.json").read_text()  # which is the plan as it was edited
    page = (folder / "report.html").read_text()
    line = re.search(r"<tr><t[hd][^>]*>Key<.*?</tr>", page[page.index("What was promised") :], re.DOTALL)
    assert line is not None
    assert "✗ not kept" in line[0]
    assert "the notes are E major: G♯ in" in line[0]
    assert "✓ kept" not in line[0]
    assert "Notes in the scale, by section: " in line[0]
    assert "The key says E minor, but the numerals are those of major (I" in page
    assert page.count("The plan was edited and now says E minor.") == 1  # beside "D major: you asked for it."
    code, out, _ = run("realize", path, "-o", tmp_path / "three")
    assert "note: the key says E minor, but the numerals are those of major (I" in out
    assert "not kept: key should be E minor (1 sharp), the files say labelled E minor; the notes are E major: G# in" in out
    assert run("replay", folder / "piece.json")[0] == 0
    code, _, err = run("render", path, "-o", tmp_path / "four", "--audio", "flac")
    assert code == 0
    assert "the key says E minor, but the numerals are those of major (I" in err
    path.write_text(text)
    code, out, _ = run("realize", path, "-o", tmp_path / "five", "--json")
    assert not any("numerals" in line for line in json.loads(out)["conflicts"])
    assert all(row["passed"] for row in json.loads(out)["compliance"])
    assert "The plan was edited" not in (tmp_path / "five" / "hills" / "report.html").read_text()
