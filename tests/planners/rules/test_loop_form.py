"""Loops: whole bars that fill the length, notes that lead back, and a seam that can't be found in the samples."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from img2music.audio import Audio
from img2music.brief import Brief
from img2music.io.audio_files import encode
from img2music.io.midi.export_midi import write_midi
from img2music.io.midi.import_midi import read_midi
from img2music.io.style_files import style_names
from img2music.metrics.compliance.compliance_check import check_compliance
from img2music.performers.performance_builder import EXPRESSION, PEDAL
from img2music.pipeline import Pipeline, replay
from img2music.planners.rules.loop_form import fit_loop_tempo, layout_loop, loop_energies
from img2music.renderers.post.loop_seam import TAIL_SECONDS, extend_around, fold_tail
from img2music.renderers.post.mastering import master
from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer
from img2music.renderers.soundfont.synthesis import SAMPLE_RATE
from img2music.theory import METERS, MODES, Meter
from img2music.theory.meter_map import bars_seconds
from tests.support.made_pipelines import files_of
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from img2music.piece import Piece
    from img2music.stages import Rendering

STYLES = ("ambient", "synthwave", "rock", "solo-piano")
"""Pads, arpeggios, drums, pedal."""
SECONDS = 6.0


@cache
def looped(style: str) -> Piece:
    return Pipeline.load().compose_from(make_scene(genre=style, arousal=0.4), Brief.of(seconds=SECONDS, loop=True), audio=None)


@cache
def rendered(style: str) -> Rendering:
    return SoundfontRenderer()(looped(style).performance, stems=True)


# The plan


@given(seconds=st.floats(1, 1800), tempo=st.floats(60, 200), meter=st.sampled_from(METERS))
def test_an_open_tempo_lets_whole_bars_fill_the_length(seconds: float, tempo: float, meter: str) -> None:
    beat = Meter.parse(meter)
    assume(seconds >= float(beat.bar_quarters) / 5)  # one bar at 300 quarters a minute, the fastest there is
    found = fit_loop_tempo(seconds, tempo, beat, (50, 220))
    assert 20 <= found <= 300
    bars = beat.whole_bars(seconds, found, (1, 1800))
    assert bars_seconds(bars, beat, found) == pytest.approx(seconds, abs=1e-6)
    if bars > 60:  # where the nearest whole phrases are near
        assert bars % 4 == 0
        assert found == pytest.approx(tempo, rel=0.12)


@given(bars=st.integers(1, 3000))
def test_sections_fill_the_bars_and_end_away_from_home(bars: int) -> None:
    layouts = layout_loop(bars)
    assert sum(layout.bars for layout in layouts) == bars
    assert not {layout.role for layout in layouts} & {"intro", "outro"}
    assert layouts[0].role == "theme"
    assert len({layout.name for layout in layouts}) == len(layouts)
    if len(layouts) > 1:
        assert layouts[-1].role == "contrast"
    energies = loop_energies(layouts, 0.0, (0.1, 0.9, 0.4))
    assert all(0 <= energy <= 1 for energy in energies)


def test_energy_meets_itself_at_the_seam() -> None:
    energies = loop_energies(layout_loop(64), 0.5, ())
    assert abs(energies[0] - energies[-1]) < 0.05
    assert max(energies) > energies[0] + 0.2


@pytest.mark.parametrize("style", STYLES)
def test_the_last_bar_leads_on(style: str) -> None:
    plan = looped(style).plan
    assert plan.loop
    assert plan.final_bar is None
    assert plan.seconds == pytest.approx(SECONDS, abs=1e-9)
    assert plan.bars * float(plan.parsed_meter.bar_quarters) * 60 / plan.tempo_bpm == pytest.approx(SECONDS, abs=1e-9)
    chords = plan.chords()
    assert chords[0][0].pitch_classes[0] == plan.parsed_key.pitch_classes[0]
    assert chords[-1][-1].pitch_classes[0] != chords[0][0].pitch_classes[0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seconds", [3, 5, 8, 16, 40])
def test_every_mode_begins_at_home_and_ends_away_from_it(mode: str, seconds: float) -> None:
    for style in ("pop", "chamber-strings"):
        plan = Pipeline.load().plan(make_scene(genre=style), Brief.of(seconds=seconds, key=f"D {mode}", loop=True))
        chords = plan.chords()
        tonic = plan.parsed_key.pitch_classes[0]
        assert chords[-1][-1].pitch_classes[0] != tonic
        if plan.bars < 4:
            assert chords[0][0].pitch_classes[0] == tonic


def test_an_asked_tempo_gives_the_nearest_bars_and_says_so() -> None:
    brief = Brief.of(seconds=10, tempo_bpm=97, meter="4/4", loop=True)
    piece = Pipeline.load().compose_from(make_scene(), brief, audio=None)
    assert piece.plan.tempo_bpm == 97
    assert piece.plan.bars == 4
    assert piece.plan.seconds == pytest.approx(16 * 60 / 97)
    assert "10 s at 97 quarter notes a minute are no whole bars of 4/4, as a loop needs; it has 4 bars, 9.89691 s" in (
        piece.plan.conflicts
    )
    length = next(row for row in piece.manifest.compliance if row.promise == "length")
    assert (length.asked, length.found, length.passed) == ("10.00 s, in whole bars 9.90 s", "9.90 s", True)


def test_another_number_of_bars_is_not_what_was_asked() -> None:
    piece = looped("rock")
    longer = piece.plan.model_copy(update={"seconds": piece.plan.seconds * 1.5})
    performance = replace(piece.performance, seconds=longer.seconds)
    files = files_of(piece)
    rows = check_compliance(longer, piece.brief, midi=write_midi(performance), musicxml=files["score.musicxml"].decode())
    assert not next(row for row in rows if row.promise == "length").passed


def test_an_edited_tempo_moves_the_length_with_its_bars() -> None:
    plan = looped("rock").plan.model_copy(update={"tempo_bpm": 100.0})
    piece = Pipeline.load().compose_from(plan, audio=None)
    assert piece.plan.seconds == pytest.approx(plan.bars * float(plan.parsed_meter.bar_quarters) * 0.6)
    assert any("so the length became" in conflict for conflict in piece.plan.conflicts)
    assert all(row.passed for row in piece.manifest.compliance)


@pytest.mark.parametrize("seconds", [1, 2.5, 1800])
def test_the_shortest_and_the_longest_loop(seconds: float) -> None:
    pipeline = Pipeline.load()
    for brief in (Brief.of(seconds=seconds, loop=True), Brief.of(seconds=seconds, tempo_bpm=290, meter="7/8", loop=True)):
        plan = pipeline.plan(make_scene(), brief)
        assert 1 <= plan.seconds <= 1800
        assert abs(plan.seconds - seconds) <= float(plan.parsed_meter.bar_quarters) * 60 / plan.tempo_bpm


# The notes


@pytest.mark.parametrize("style", style_names())
def test_every_style_loops_and_keeps_its_promises(style: str) -> None:
    """A bass held over the bar line ran over the end of the piece, and no page could be written."""
    piece = Pipeline.load().compose_from(make_scene(genre=style), Brief.of(seconds=8, loop=True), audio=None)
    assert piece.plan.style == style
    assert [row for row in piece.manifest.compliance if row.passed is False] == []
    assert piece.manifest.compliance[-1].promise == "loop"


@pytest.mark.parametrize("style", STYLES)
def test_the_file_ends_with_its_last_bar_and_begins_as_if_it_had_ended(style: str) -> None:
    piece = looped(style)
    file = mido.MidiFile(file=io.BytesIO(write_midi(piece.performance)))
    ticks = {sum(message.time for message in track) for track in file.tracks}
    assert ticks == {piece.plan.bars * int(piece.plan.parsed_meter.bar_quarters * 480)}
    microseconds = 0.5 * piece.plan.bars * float(piece.plan.parsed_meter.bar_quarters)
    assert file.length == pytest.approx(SECONDS, abs=1e-6 * (microseconds + 1))
    end = piece.performance.end_ticks
    for part in piece.performance.parts:
        pedal = [control for control in part.controls if control.controller == PEDAL]
        if pedal:
            assert (pedal[-1].ticks, pedal[-1].value) == (end, 0)
        swells = [control for control in part.controls if control.controller == EXPRESSION]
        assert not swells or swells[0].ticks == 0
        assert all(note.onset_ticks + note.duration_ticks <= end for note in part.notes)


def test_nothing_slows_down_or_rings_out() -> None:
    loop = looped("solo-piano")
    plan = loop.plan.model_copy(update={"loop": False, "seconds": loop.plan.seconds + 3})
    ending = Pipeline.load().perform(loop.score, plan)
    last = [max(note.onset_ticks + note.duration_ticks for note in part.notes) for part in loop.performance.parts]
    rung = [max(note.onset_ticks + note.duration_ticks for note in part.notes) for part in ending.parts]
    assert max(last) <= loop.performance.end_ticks < max(rung)


# The sound


def jumps(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far the sound moves from each frame of the doubled loop to the next, the larger of both channels."""
    twice = np.concatenate([samples, samples], axis=1).astype(np.float64)
    steps: NDArray[np.float64] = np.abs(np.diff(twice, axis=1)).max(0)
    return steps


def hiss(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Energy of a click's kind, above 12 kHz or so, in windows of 2 ms round each millisecond of the doubled loop."""
    twice = np.concatenate([samples, samples], axis=1).astype(np.float64)
    sharp = np.square(np.diff(twice, n=4, axis=1)).sum(0)
    running = np.concatenate([[0.0], np.cumsum(sharp)])
    places = np.arange(48, len(sharp) - 48, 48)
    energies: NDArray[np.float64] = running[places + 48] - running[places - 48]
    return energies


def seam_shows(samples: NDArray[np.float32]) -> bool:
    """Whether the seam of a loop stands out among all its places: a larger step, or a click (most parts strike a note there, too)."""
    frames = samples.shape[1]
    steps, clicks = jumps(samples), hiss(samples)
    at_seam = clicks[frames // 48 - 2 : frames // 48 + 2].max()
    return bool(steps[frames - 1] > np.percentile(steps, 99) or at_seam > max(np.percentile(clicks, 99.5), 1e-12))


@pytest.mark.parametrize("style", STYLES)
def test_the_seam_is_like_any_other_place(style: str) -> None:
    rendering = rendered(style)
    assert rendering.mix.samples.shape == (2, SECONDS * SAMPLE_RATE)
    for samples in (rendering.mix.samples, *(stem.samples for stem in rendering.stems.values())):
        assert not seam_shows(samples)


@pytest.mark.parametrize("style", ["ambient", "synthwave"])
def test_the_same_notes_cut_at_their_end_do_show_a_seam(style: str) -> None:
    performance = looped(style).performance
    longer = replace(performance, loop=False, seconds=performance.seconds + 1)
    frames = round(performance.seconds * SAMPLE_RATE)
    stems = SoundfontRenderer()(longer, stems=True).stems
    assert any(seam_shows(stem.samples[:, :frames]) for stem in stems.values())


def level_db(samples: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


@pytest.mark.parametrize("style", ["ambient", "synthwave"])
def test_the_end_does_not_die_away(style: str) -> None:
    frames = SAMPLE_RATE // 20
    loop = rendered(style).mix.samples
    ended = SoundfontRenderer()(replace(looped(style).performance, loop=False)).mix.samples
    assert level_db(loop[:, -frames:]) > level_db(loop) - 12
    assert level_db(ended[:, -frames:]) < level_db(ended) - 20


@pytest.mark.parametrize("style", STYLES)
def test_passes_played_one_over_the_other_are_the_loop(style: str) -> None:
    """A pass and the same pass begun when the first is over: the second one's time is the loop, -60 dB exact.

    But for its first and last tenth of a second, where what lies below hearing is taken out of a loop as it goes round.
    """
    performance = looped(style).performance
    frames = round(SECONDS * SAMPLE_RATE)
    long = replace(performance, loop=False, seconds=performance.seconds + TAIL_SECONDS)
    passes = SoundfontRenderer()(long, stems=True).stems
    inside = slice(SAMPLE_RATE // 10, -SAMPLE_RATE // 10)
    rung = []
    for name, stem in rendered(style).stems.items():
        once = passes[name].samples
        second = once[:, :frames].copy()
        for start in range(frames, once.shape[1], frames):
            piece = once[:, start : start + frames]
            second[:, : piece.shape[1]] += piece
        if np.any(second):
            heard = level_db(second)
            assert level_db((stem.samples - second)[:, inside]) < heard - 60, name
            rung.append(level_db((stem.samples - once[:, :frames])[:, inside]) > heard - 60)
    assert any(rung)  # without what rings over it would not be the loop


def test_stems_add_up_to_the_mix_before_mastering() -> None:
    rendering = rendered("rock")
    total = np.zeros_like(rendering.mix.samples)
    for stem in rendering.stems.values():
        total += stem.samples
    master(total, SAMPLE_RATE, goes_round=True)
    assert level_db(total - rendering.mix.samples) < -90


def test_what_rings_longer_than_the_loop_comes_round_again() -> None:
    ringing = np.ones((1, 350), np.float32)
    assert fold_tail(ringing, 100, 10).tolist()[0][:30] == [4.0] * 30
    assert fold_tail(np.ones((2, 100), np.float32), 100, 48_000).tolist() == [[1.0] * 100] * 2
    assert extend_around(np.arange(5, dtype=np.float32)[None], 2).tolist() == [[3, 4, 0, 1, 2, 3, 4, 0, 1]]
    assert extend_around(np.arange(2, dtype=np.float32)[None], 3).tolist() == [[1, 0, 1, 0, 1, 0, 1, 0]]


@pytest.mark.parametrize("frames", [48_000, 48_017, 47_953])
@pytest.mark.parametrize("place", [0, 10, -10, -400])
def test_the_limiter_goes_round(frames: int, place: int) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 5 * np.arange(frames) / frames)
    tone[np.arange(place, place + 40) % frames] = 0.9
    sound = np.stack([tone, tone]).astype(np.float32)
    before = sound.copy()
    master(sound, 48_000, -8.0, goes_round=True)
    heard = np.abs(before[0]) > 0.001
    gain_db = np.full(frames, np.nan)
    gain_db[heard] = 20 * np.log10(sound[0][heard] / before[0][heard])
    known = gain_db[~np.isnan(gain_db)]
    assert known.min() < known.max() - 1  # it has work to do
    # A gain that goes round moves no faster over the seam than the attack allows anywhere: 1.5 dB a millisecond, smoothed.
    ring = np.concatenate([gain_db[-200:], gain_db[:200]])
    ring = ring[~np.isnan(ring)]
    assert np.abs(np.diff(ring)).max() < 0.2
    assert float(np.abs(sound).max()) <= 10 ** (-1 / 20)


# The files


def test_a_wave_file_says_where_it_loops() -> None:
    audio = Audio(np.zeros((2, 4801), np.float32), 48_000)
    content = encode(audio, "wav", loop=True)
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    place = content.index(b"smpl")
    size, *facts = struct.unpack_from("<I9I6I", content, place + 4)
    assert size == 60
    assert place + 8 + size == len(content)
    assert facts[2] == round(1e9 / 48_000)
    assert facts[7] == 1  # one loop
    assert facts[9:] == [0, 0, 0, 4800, 0, 0]  # forward, from the first frame to the last, for ever
    assert b"smpl" not in encode(audio, "wav")
    read, rate = soundfile.read(io.BytesIO(content))
    assert (read.shape, rate) == ((4801, 2), 48_000)


@pytest.mark.parametrize(("style", "audio_format"), [("rock", "wav"), ("rock", "flac"), ("rock", "ogg")])
def test_formats_for_loops_hold_their_frames(style: str, audio_format: str) -> None:
    content = encode(rendered(style).mix, audio_format, loop=True)
    read, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    assert len(read) == SECONDS * SAMPLE_RATE
    assert not seam_shows(np.ascontiguousarray(read.T))


def test_the_command_makes_a_loop_that_replays(
    tmp_path: Path, make_picture: Callable[..., Path], run: Callable[..., tuple[int, str, str]]
) -> None:
    code, said, _ = run("compose", make_picture(), "--loop", "--seconds", "4", "--style", "rock", "-o", tmp_path, "--json")
    assert code == 0
    assert all(row["passed"] for row in json.loads(said)["compliance"])
    folder = tmp_path / "hills"
    assert b"smpl" in (folder / "audio.wav").read_bytes()
    assert read_midi((folder / "score.mid").read_bytes(), name="x").loop
    code, _, _ = run("render", folder / "score.mid", "-o", tmp_path / "again")
    assert code == 0
    assert b"smpl" in (tmp_path / "again" / "hills" / "audio.wav").read_bytes()
    assert json.loads((folder / "plan.json").read_text())["loop"] is True
    assert "--loop" in (folder / "report.html").read_text()
    assert replay(folder / "piece.json").same


@settings(max_examples=20)
@given(
    seconds=st.floats(1, 1800),
    tempo=st.floats(20, 300),
    meter=st.sampled_from(METERS),
)
def test_whole_bars_stay_inside_the_limits(seconds: float, tempo: float, meter: str) -> None:
    beat = Meter.parse(meter)
    bar = float(beat.bar_quarters) * 60 / tempo
    bars = beat.whole_bars(seconds, tempo, (1, 1800))
    assert bars >= 1
    if bar <= 1800:
        assert bars * bar <= 1800 * (1 + 1e-9) or bars == 1
        assert bars * bar >= 1 - 1e-9
    if 1 + bar <= seconds <= 1800 - bar:
        assert abs(bars * bar - seconds) <= bar / 2 * (1 + 1e-9)
