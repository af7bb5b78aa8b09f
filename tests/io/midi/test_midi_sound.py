"""How MIDI files from elsewhere sound: pitch and level in windows, with the built-in synthesizer and beside fluidsynth."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from img2music.io.midi.import_midi import read_midi
from img2music.renderers.soundfont.font_cache import cached_font
from img2music.renderers.soundfont.sf2_writer import write_sf2
from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer
from img2music.resources import asset_path
from tests.support.commands import run_cli
from tests.support.midi_files import bend, control, midi_chunk, midi_file, note_messages, program, raw_midi_file

needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs fluidsynth")
RATE = 48_000
ORGAN, BELLS, STRINGS = 19, 14, 48
Samples = np.ndarray[Any, np.dtype[np.float32]]
RANGE = [control(101, 0), control(100, 0)]

FILES: dict[str, bytes] = {
    "bend": midi_file([program(ORGAN), *note_messages(69, 960), bend(8191), *note_messages(69, 960), bend(-4096), *note_messages(69, 960)]),
    "a bend under a note": midi_file(
        [program(ORGAN), *note_messages(69, 0)[:1], bend(8191, wait=960), mido.Message("note_off", note=69, time=1920)]
    ),
    "range of 12": midi_file([program(ORGAN), *RANGE, control(6, 12), bend(8191), *note_messages(57, 1920)]),
    "NRPN": midi_file([program(ORGAN), *RANGE, control(99, 1), control(98, 0), control(6, 12), bend(8191), *note_messages(57, 1920)]),
    "null": midi_file([program(ORGAN), *RANGE, control(101, 127), control(100, 127), control(6, 12), bend(8191), *note_messages(57, 960)]),
    "from another track": midi_file([bend(8191)], [program(ORGAN), *note_messages(57, 960)], [program(STRINGS), *note_messages(45, 960, channel=1)]),
    "tuning": midi_file([program(ORGAN), control(101, 0), control(100, 2), control(6, 69), *note_messages(57, 960)]),
    "reset": midi_file([program(STRINGS), control(11, 30), bend(8191), *note_messages(60, 960), control(121, 0), *note_messages(60, 1920)]),
    "reset leaves volume": midi_file([program(STRINGS), *note_messages(60, 1920), control(7, 50), control(121, 0), *note_messages(60, 1920)]),
    "late tempo": midi_file([program(ORGAN), *note_messages(57, 960), mido.MetaMessage("set_tempo", tempo=1_000_000), *note_messages(62, 960)]),
    "no such key": raw_midi_file(midi_chunk(b"MTrk", b"\x00\xff\x59\x02\xfe\xff\x00\xc0\x13\x00\x90\x45\x64\x8f\x00\x80\x45\x40\x00\xff\x2f\x00")),
    "a bell": midi_file([program(BELLS), *note_messages(60, 480, velocity=110)]),
    "sostenuto": midi_file([program(ORGAN), *note_messages(57, 0)[:1], control(66, 127, wait=480), mido.Message("note_off", note=57),
                          control(66, 0, wait=960), mido.MetaMessage("end_of_track", time=960)]),
    "pressure": midi_file([program(STRINGS), mido.Message("aftertouch", value=127), *note_messages(57, 1920)]),
}  # fmt: skip


def played(content: bytes) -> Samples:
    """Shape (2, frames), mastered."""
    return SoundfontRenderer()(read_midi(content, name="x.mid")).mix.samples


def by_fluidsynth(content: bytes, folder: Path) -> Samples:
    """The file itself, as that program reads it."""
    for name, data in (("song.mid", content), ("settings", b"")):
        (folder / name).write_bytes(data)
    with (folder / "font.sf2").open("wb") as stream:
        write_sf2(cached_font(asset_path("FluidR3Mono_GM.sf3")), stream, {(0, 0), (0, ORGAN), (0, BELLS), (0, STRINGS), (128, 0)})
    options = ["-f", "settings", "-niq", "-g", "0.4", "-O", "float", "-E", "little", "-T", "raw", "-r", str(RATE), "-F", "out"]
    command = ["fluidsynth", *options, "font.sf2", "song.mid"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    sound: Samples = np.fromfile(folder / "out", "<f4").reshape(-1, 2).T
    return sound


def window(samples: Samples, begin: float, seconds: float = 0.8) -> Samples:
    part: Samples = samples[:, round(begin * RATE) : round((begin + seconds) * RATE)].mean(axis=0)
    return part


def hertz(samples: Samples, begin: float, low: float, seconds: float = 0.8, *, high: float | None = None) -> float:
    """The strongest frequency from `low` to `high`, or to almost an octave above `low`."""
    part = window(samples, begin, seconds)
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 18))
    frequencies = np.fft.rfftfreq(1 << 18, 1 / RATE)
    inside = (frequencies > low) & (frequencies < (high or 1.9 * low))
    return float(frequencies[inside][spectrum[inside].argmax()])


def level(samples: Samples, begin: float, seconds: float = 0.8) -> float:
    """RMS in dB."""
    return float(10 * np.log10((window(samples, begin, seconds) ** 2).mean() + 1e-12))


def cents(one: float, other: float) -> float:
    return 1200 * float(np.log2(one / other))


@pytest.mark.parametrize(
    ("name", "begin", "wanted"),
    [
        ("bend", 0.1, 440.0), ("bend", 1.1, 493.9), ("bend", 2.1, 415.3), ("a bend under a note", 0.1, 440.0),
        ("a bend under a note", 1.2, 493.9), ("range of 12", 0.2, 440.0), ("NRPN", 0.2, 246.9), ("null", 0.1, 246.9),
        ("from another track", 0.1, 246.9), ("tuning", 0.1, 293.7), ("late tempo", 0.1, 220.0), ("late tempo", 1.2, 293.7),
        ("late tempo", 2.1, 293.7), ("no such key", 0.1, 440.0),
    ],
)  # fmt: skip
def test_pitches(name: str, begin: float, wanted: float) -> None:
    assert abs(cents(hertz(played(FILES[name]), begin, wanted / 1.3), wanted)) < 20  # the font's pipes are not in tune to a cent


def test_levels_after_a_reset() -> None:
    sound = played(FILES["reset"])
    assert level(sound, 1.5, 1.0) > level(sound, 0.2) + 20
    assert abs(cents(hertz(sound, 1.5, 200), 261.6)) < 20
    quiet = played(FILES["reset leaves volume"])
    assert level(quiet, 2.5) < level(quiet, 0.5) - 10


def test_a_bell_rings_out_and_ends() -> None:
    sound = played(FILES["a bell"])
    assert 5.5 < sound.shape[1] / RATE < 15
    assert level(sound, 5.0, 0.4) > -70
    assert np.abs(sound[:, -10:]).max() < 1e-3
    steady = played(midi_file([program(ORGAN), *note_messages(60, 480), mido.MetaMessage("end_of_track", time=2880)]))
    assert steady.shape[1] / RATE >= 3.5  # never shorter than the file


def test_stems_ring_as_long_as_the_mix() -> None:
    content = midi_file(
        [program(BELLS), *note_messages(60, 480)],
        [mido.Message("program_change", program=ORGAN, channel=1), *note_messages(50, 480, channel=1)],
    )
    rendering = SoundfontRenderer()(read_midi(content, name="x.mid"), stems=True)
    assert {stem.samples.shape for stem in rendering.stems.values()} == {rendering.mix.samples.shape}
    assert rendering.mix.seconds > 5


@needs_fluidsynth
@pytest.mark.parametrize("name", FILES)
def test_fluidsynth_hears_the_same(name: str, tmp_path: Path) -> None:
    """Pitches within 40 cents (half a second is not longer), levels of half seconds within 4.5 dB, where there is something to hear."""
    mine, other = played(FILES[name]), by_fluidsynth(FILES[name], tmp_path)
    gain = level(mine, 0.0, 3.0) - level(other, 0.0, 3.0)
    compared = 0
    for begin in np.arange(0.0, min(mine.shape[1], other.shape[1]) / RATE - 0.5, 0.5):
        loud, wanted = level(mine, begin, 0.5), level(other, begin, 0.5) + gain
        if wanted < -45:
            continue
        compared += 1
        assert abs(loud - wanted) < 4.5, (begin, loud, wanted)
        if name not in {"a bell", "pressure"} and wanted > -25:  # a bell has no harmonics, vibrato no single pitch
            apart = cents(hertz(mine, begin, 200, 0.5, high=520), hertz(other, begin, 200, 0.5, high=520))
            assert abs((apart + 600) % 1200 - 600) < 40, begin  # an octave is another harmonic of the same note
    assert compared >= 2


def test_the_command_says_what_is_not_played(tmp_path: Path) -> None:
    song = tmp_path / "song.mid"
    song.write_bytes(midi_file([mido.Message("polytouch", note=60, value=9), *note_messages(60, 480)]))
    done = run_cli(["render", song, "-o", tmp_path / "out", "--json"])
    assert done.returncode == 0
    assert json.loads(done.stdout)["notes"] == ["polyphonic aftertouch is not played (1 message)"]
    assert done.stderr == f"img2music: {song}: polyphonic aftertouch is not played (1 message)\n"
