"""The soundfont renderer: fonts read and converted, parts played, stems, and what happens when something is missing."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import struct
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import midirenderer
import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from img2music.cancellation import Cancelled, CancelToken, cancelled_by, sleep
from img2music.errors import BackendError, DocumentError, MissingPackageError, UsageError
from img2music.io.midi.export_midi import write_midi
from img2music.performance import Control, Performance, PlayedNote, PlayedPart
from img2music.renderers.post.mastering import master
from img2music.renderers.soundfont import font_cache, synthesis
from img2music.renderers.soundfont.font_cache import cached_font
from img2music.renderers.soundfont.sf2_writer import write_sf2
from img2music.renderers.soundfont.sf3 import SoundFont, open_font
from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer
from img2music.resources import asset_path, cache_folder
from img2music.stages import load_stage
from img2music.theory import Key, Meter

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 48_000
NOTES = tuple(PlayedNote(step * 240, 220, pitch, 90) for step, pitch in enumerate((60, 64, 67, 72, 67, 64, 60, 55)))


def part(
    name: str = "flute", program: int = 73, channel: int = 0, pan: int = 64, notes: tuple[PlayedNote, ...] = NOTES
) -> PlayedPart:
    return PlayedPart(name, program, channel, notes, (Control(0, 7, 100), Control(0, 10, pan), Control(0, 91, 40)))


def song(*parts: PlayedPart, seconds: float = 2.6) -> Performance:
    return Performance.steady("song", Key.parse("C"), Meter(4, 4), 120.0, seconds, parts)


TRIO = song(part(), part("piano", 0, 1), part("drums", 0, 9, notes=tuple(replace(note, pitch=38) for note in NOTES)))


# A font of our own: three sines, the first two compressed.


def sine(hz: float, frames: int = 9000) -> np.ndarray[Any, np.dtype[np.float32]]:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(frames) / 44100)).astype(np.float32)


def vorbis(samples: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, 44100, format="OGG", subtype="VORBIS")
    return stream.getvalue()


def tiny_font(*, tidy: bool = True, loud: float = 1.0) -> bytes:
    """An SF3 font with programs 0 and 73 and a drum kit; an untidy one has unknown fields and forgets to pad odd chunks."""
    streams = [vorbis(loud * sine(440.0)), vorbis(loud * sine(880.0))]
    smpl, headers = b"", b""
    for name, stream in zip((b"A4", b"A5"), streams, strict=True):
        headers += struct.pack(
            "<20sIIIIIBbHH", name, len(smpl), len(smpl) + len(stream), 1000, 8000, 44100, 69 if name == b"A4" else 81, 0, 0, 0x11
        )
        smpl += stream
    if len(smpl) % 2:
        smpl += b"\0"
    start = len(smpl) // 2
    smpl += (loud * sine(220.0) * 32767).astype("<i2").tobytes()
    headers += struct.pack("<20sIIIIIBbHH", b"A3", start, start + 9000, start + 1000, start + 8000, 44100, 57, 0, 0, 1)
    headers += struct.pack("<20sIIIIIBbHH", b"EOS", *[0] * 9)

    def chunk(label: bytes, content: bytes) -> bytes:
        return label + struct.pack("<I", len(content)) + content + (b"\0" * (len(content) % 2) if tidy else b"")

    info = chunk(b"ifil", struct.pack("<HH", 3, 1)) + chunk(b"isng", b"EMU8000\0") + chunk(b"INAM", b"tiny" if tidy else b"tin")
    if not tidy:
        info += chunk(b"Zzzz", b"never heard of") + chunk(b"ICOP", b"nobody\0")
        smpl += b"\0"
    presets = struct.pack("<20sHHHIII", b"one", 0, 0, 0, 0, 0, 0) + struct.pack("<20sHHHIII", b"two", 73, 0, 1, 0, 0, 0)
    presets += struct.pack("<20sHHHIII", b"kit", 0, 128, 2, 0, 0, 0) + struct.pack("<20sHHHIII", b"EOP", 0, 0, 3, 0, 0, 0)
    tables = {
        b"phdr": presets,
        b"pbag": struct.pack("<8H", 0, 0, 1, 0, 2, 0, 3, 0),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<8H", 41, 0, 41, 1, 41, 2, 0, 0),
        b"inst": b"".join(struct.pack("<20sH", name, index) for index, name in enumerate((b"i", b"j", b"k", b"EOI"))),
        b"ibag": struct.pack("<8H", 0, 0, 2, 0, 4, 0, 6, 0),
        b"imod": bytes(10),
        b"igen": struct.pack("<14H", 54, 1, 53, 0, 54, 1, 53, 1, 54, 1, 53, 2, 0, 0),
        b"shdr": headers,
    }
    body = chunk(b"LIST", b"INFO" + info) + chunk(b"LIST", b"sdta" + chunk(b"smpl", smpl))
    body += chunk(b"LIST", b"pdta" + b"".join(chunk(label, content) for label, content in tables.items()))
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"sfbk" + body


TINY = tiny_font()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.sf3"
    path.write_bytes(TINY)
    return path


def converted(path: Path, presets: set[tuple[int, int]] | None = None) -> bytes:
    stream = io.BytesIO()
    write_sf2(open_font(path), stream, presets)
    return stream.getvalue()


def chunks(font: bytes) -> dict[bytes, bytes]:
    """A strict reader: every chunk begins at an even place, and lengths add up."""
    assert font[:4] == b"RIFF"
    assert struct.unpack_from("<I", font, 4)[0] == len(font) - 8
    found, place = {}, 12
    while place < len(font):
        assert place % 2 == 0
        label, length = font[place : place + 4], struct.unpack_from("<I", font, place + 4)[0]
        if label == b"LIST":
            place += 12
            continue
        found[label] = font[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
    assert place == len(font)
    return found


def loudest_hz(samples: np.ndarray[Any, Any]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


def pcm(wave: bytes) -> np.ndarray[Any, Any]:
    samples: np.ndarray[Any, Any] = soundfile.read(io.BytesIO(wave), dtype="float32")[0]
    return samples


def test_sf3_becomes_sf2(tiny: Path) -> None:
    found = chunks(converted(tiny))
    assert struct.unpack("<HH", found[b"ifil"]) == (2, 1)
    records = list(struct.iter_unpack("<20sIIIIIBbHH", found[b"shdr"]))
    assert [record[0].rstrip(b"\0") for record in records] == [b"A4", b"A5", b"A3", b"EOS"]
    smpl = np.frombuffer(found[b"smpl"], "<i2")
    for record, hz in zip(records[:-1], (440.0, 880.0, 220.0), strict=True):
        _, start, end, loop_start, loop_end, rate, *_, kind = record
        assert (end - start, loop_start - start, loop_end - start, rate, kind) == (9000, 1000, 8000, 44100, 1)
        assert np.corrcoef(smpl[start:end], sine(hz))[0, 1] > 0.999
        assert not smpl[end : end + 46].any()


def test_untidy_font_is_understood(tiny: Path, tmp_path: Path) -> None:
    untidy = tmp_path / "untidy.sf3"
    untidy.write_bytes(tiny_font(tidy=False))
    ours, theirs = chunks(converted(tiny)), chunks(converted(untidy))
    assert b"Zzzz" not in theirs
    assert theirs[b"ICOP"] == b"nobody\0\0"
    for label in (b"phdr", b"inst", b"igen", b"shdr"):
        assert ours[label] == theirs[label]
    midirenderer.render_wave_from(converted(untidy), write_midi(TRIO))


def test_synthesizer_plays_what_was_converted(tiny: Path) -> None:
    held = (PlayedNote(0, 960, 69, 100),)
    for program, hz in ((0, 440.0), (73, 440.0)):  # program 73's sample is an octave higher, and tuned so
        wave = midirenderer.render_wave_from(converted(tiny), write_midi(song(part(program=program, notes=held))))
        assert loudest_hz(pcm(wave)[2000:40000, 0]) == pytest.approx(hz, abs=2)


def test_some_presets_only(tiny: Path) -> None:
    some = converted(tiny, {(0, 73)})
    found = chunks(some)
    assert struct.unpack_from("<20sHH", found[b"phdr"])[1:] == (73, 0)
    assert len(found[b"shdr"]) == 2 * 46
    midi = write_midi(song(part()))
    assert midirenderer.render_wave_from(some, midi) == midirenderer.render_wave_from(converted(tiny), midi)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"not a font at all", "does not begin as one"),
        (TINY[:5000], "cut off"),
        (TINY[:-2], "cut off"),
        (TINY.replace(b"smpl", b"smpq"), "no samples"),
        (TINY.replace(b"ibag", b"ibxx"), "ibag is missing"),
        (TINY.replace(b"pgen\x10", b"pgen\x0f"), "cut off"),
        (
            TINY.replace(struct.pack("<8H", 41, 0, 41, 1, 41, 2, 0, 0), struct.pack("<8H", 41, 9, 41, 1, 41, 2, 0, 0)),
            "point outside",
        ),
        (TINY.replace(struct.pack("<8H", 0, 0, 2, 0, 4, 0, 6, 0), struct.pack("<8H", 3, 0, 2, 0, 4, 0, 6, 0)), "point outside"),
        (TINY.replace(b"vorbis", b"sibrov"), "can't be decoded"),
    ],
)
def test_broken_fonts_are_refused_in_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "bad.sf3"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=why) as caught:
        converted(path)
    assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(TINY) - 1), st.binary(min_size=1, max_size=6), st.integers(len(TINY) // 2, len(TINY)))
def test_hostile_fonts_raise_nothing_else(tmp_path: Path, place: int, noise: bytes, length: int) -> None:
    path = tmp_path / "hostile.sf3"
    path.write_bytes((TINY[:place] + noise + TINY[place + len(noise) :])[:length])
    try:
        found = chunks(converted(path))
    except DocumentError:
        return
    for record in struct.iter_unpack("<20sIIIIIBbHH", found[b"shdr"]):
        _, start, end, loop_start, loop_end, *_ = record
        assert start <= loop_start <= loop_end <= end <= len(found[b"smpl"]) // 2


def test_font_that_is_not_there() -> None:
    with pytest.raises(DocumentError, match=r"can't read the soundfont .*nowhere.sf2"):
        SoundfontRenderer(soundfont="nowhere.sf2")(TRIO)


# The built-in font.


def test_built_in_font_has_every_program() -> None:
    font = cached_font(asset_path("FluidR3Mono_GM.sf3"))
    assert not font.is_compressed
    assert {program for bank, program in font.presets if bank == 0} == set(range(128))
    assert (128, 0) in font.presets
    again = open_font(asset_path("FluidR3Mono_GM.sf3"))
    assert again.presets.keys() == font.presets.keys()
    assert len(again.tables[b"shdr"]) == len(font.tables[b"shdr"])


def test_font_is_converted_once(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "cache"))
    first = cached_font(tiny)

    def never(*_: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(font_cache, "_convert", never)
        assert cached_font(tiny).path == first.path
    assert first.path.read_bytes() == converted(tiny)
    kept = first.path
    assert kept.is_relative_to(cache_folder())
    assert hashlib.sha256(TINY).hexdigest()[:32] in kept.name
    kept.write_bytes(b"damaged")
    cached_font(tiny)
    assert kept.read_bytes() == converted(tiny)


def test_two_programs_convert_at_once(tiny: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from img2music.renderers.soundfont.font_cache import cached_font; cached_font(Path(sys.argv[1]))"
    environment = {**os.environ, "IMG2MUSIC_CACHE": str(tmp_path / "cache")}
    both = [subprocess.Popen([sys.executable, "-c", code, str(tiny)], env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    (kept,) = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept.read_bytes() == converted(tiny)


def test_cache_that_cannot_be_written(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = SoundfontRenderer(soundfont=tiny)(TRIO)
    (tmp_path / "file").touch()
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "file"))
    assert cached_font(tiny).is_compressed
    assert np.array_equal(SoundfontRenderer(soundfont=tiny)(TRIO).mix.samples, usual.mix.samples)


@pytest.mark.skipif(not shutil.which("fluidsynth"), reason="fluidsynth is not installed")
def test_fluidsynth_hears_no_difference_after_conversion(tmp_path: Path) -> None:
    midi = tmp_path / "song.mid"
    midi.write_bytes(write_midi(TRIO))
    small = tmp_path / "small.sf2"
    small.write_bytes(converted(asset_path("FluidR3Mono_GM.sf3"), {(0, 73), (0, 0), (128, 0)}))
    sounds = []
    for font in (asset_path("FluidR3Mono_GM.sf3"), small):
        out = tmp_path / "out.wav"
        command = [
            "fluidsynth",
            "-niq",
            "-g",
            "0.4",
            "-r",
            "48000",
            "-O",
            "s16",
            "-T",
            "wav",
            "-F",
            str(out),
            str(font),
            str(midi),
        ]
        subprocess.run(command, check=True, capture_output=True)
        sounds.append(soundfile.read(out)[0])
    assert np.abs(sounds[0]).max() > 0.05
    assert np.abs(sounds[0] - sounds[1]).max() < 2e-3  # fluidsynth's own dither and decoder rounding


# Rendering.


def test_mix_of_the_built_in_font() -> None:
    renderer = load_stage("renderer", "soundfont")
    audio = renderer(TRIO).mix
    assert audio.sample_rate == RATE
    assert audio.samples.shape == (2, round(2.6 * RATE))
    assert pyloudnorm.Meter(RATE).integrated_loudness(audio.samples.T.astype(float)) == pytest.approx(-14, abs=0.3)
    assert audio.samples[:, -1] == pytest.approx([0, 0], abs=1e-6)
    assert np.array_equal(renderer(TRIO).mix.samples, audio.samples)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.floats(1.0, 4.0))
def test_length_is_exact(tiny: Path, seconds: float) -> None:
    notes = tuple(note for note in NOTES if note.onset_ticks / 960 < seconds)
    rendering = SoundfontRenderer(soundfont=tiny)(song(part(notes=notes), seconds=seconds))
    assert rendering.mix.samples.shape == (2, round(seconds * RATE))


def test_stems_add_up(tiny: Path) -> None:
    twins = song(*TRIO.parts, part(channel=2, program=0), part("tacet", channel=3, notes=()))
    rendering = SoundfontRenderer(soundfont=tiny)(twins, stems=True)
    assert list(rendering.stems) == ["flute", "piano", "drums", "flute 2", "tacet"]
    assert all(stem.samples.shape == rendering.mix.samples.shape for stem in rendering.stems.values())
    total = np.zeros_like(rendering.mix.samples)
    for stem in rendering.stems.values():
        total += stem.samples
    master(total, RATE)
    assert np.abs(total - rendering.mix.samples).max() < 1e-6
    assert rendering.stems["flute"].peak > 0.01
    assert rendering.stems["tacet"].peak == 0
    at_once = SoundfontRenderer(soundfont=tiny)(twins)
    assert not at_once.stems
    assert np.abs(at_once.mix.samples - rendering.mix.samples).max() < 1e-2
    again = SoundfontRenderer(soundfont=tiny)(twins, stems=True)
    assert np.array_equal(again.mix.samples, rendering.mix.samples)


def test_script_without_a_main_guard(tiny: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from img2music.performance import Performance, PlayedNote, PlayedPart\n"
        "from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer\n"
        "parts = tuple(PlayedPart(n, 0, c, (PlayedNote(0, 480, 60, 90),), ()) for c, n in enumerate('ab'))\n"
        "from img2music.theory import Key, Meter\n"
        "song = Performance.steady('', Key.parse('C'), Meter(4, 4), 120, 1.0, parts)\n"
        "print(len(SoundfontRenderer(soundfont=sys.argv[1])(song, stems=True).stems))\n"
    )
    done = subprocess.run([sys.executable, str(script), str(tiny)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_pan_is_heard(tiny: Path) -> None:
    left, right = SoundfontRenderer(soundfont=tiny)(song(part(pan=10))).mix.samples
    assert np.sqrt((left**2).mean()) > 3 * np.sqrt((right**2).mean())


def test_drums_use_the_kit(tiny: Path) -> None:
    (stem,) = SoundfontRenderer(soundfont=tiny)(song(part("drums", 25, 9)), stems=True).stems.values()
    assert stem.peak > 0.01  # the font has no kit 25: the standard kit plays


def test_missing_instrument_is_named(tiny: Path) -> None:
    with pytest.raises(DocumentError, match=r"tiny.sf3|-1\.sf2.*program 40 \(part 'violin'\)"):
        SoundfontRenderer(soundfont=tiny)(song(part("violin", 40)))


def test_loud_parts_do_not_clip(tmp_path: Path) -> None:
    path = tmp_path / "loud.sf3"
    path.write_bytes(tiny_font(loud=1.9))
    crowd = tuple(PlayedNote(0, 960, 57 + step, 127) for step in range(13))
    loud = replace(part(notes=crowd), controls=(Control(0, 7, 127),))
    small = converted(path, {(0, 73)})
    assert np.abs(pcm(midirenderer.render_wave_from(small, write_midi(song(loud))))).max() >= 32767 / 32768  # alone it would
    sounds = synthesis.play_with_midirenderer(open_font(path), [song(loud), song(part(notes=NOTES[:1]))], 2 * RATE)
    assert 0.3 < np.abs(sounds[0]).max() < 0.999
    quiet = synthesis.play_with_midirenderer(open_font(path), [song(part(notes=NOTES[:1]))], 2 * RATE)[0]
    ratio = np.abs(sounds[1]).max() / np.abs(quiet).max()
    assert min(abs(ratio / level - 1) for level in (0.5, 0.25, 0.125)) < 0.15  # the other stem went down alike


def test_end_is_faded(tiny: Path) -> None:
    ringing = song(part(notes=(PlayedNote(0, 9600, 69, 100),)), seconds=5.0)
    samples = np.abs(SoundfontRenderer(soundfont=tiny)(ringing).mix.samples[0])
    blocks = samples[-RATE:].reshape(20, -1).max(1)
    assert blocks[-1] < 0.1 * blocks[0]
    assert np.abs(np.diff(blocks)).max() < 0.3 * blocks[0]  # no cliff


def test_nothing_to_play() -> None:
    for parts in ((), (part(notes=()),)):
        rendering = SoundfontRenderer()(song(*parts, seconds=1.5), stems=True)
        assert rendering.mix.samples.shape == (2, 72_000)
        assert rendering.mix.peak == 0
        assert len(rendering.stems) == len(parts)


def test_note_beyond_the_end_is_cut(tiny: Path) -> None:
    late = song(part(notes=(PlayedNote(0, 100_000, 69, 100),)), seconds=1.0)
    assert SoundfontRenderer(soundfont=tiny)(late).mix.samples.shape == (2, RATE)


@pytest.mark.skipif(not shutil.which("fluidsynth"), reason="fluidsynth is not installed")
def test_fluidsynth_plays_the_same_piece(tiny: Path) -> None:
    ours = SoundfontRenderer(soundfont=tiny)(TRIO).mix.samples
    rendering = SoundfontRenderer(soundfont=tiny, engine="fluidsynth")(TRIO, stems=True)
    theirs = rendering.mix.samples
    assert theirs.shape == ours.shape
    assert list(rendering.stems) == ["flute", "piano", "drums"]
    steps = [np.abs(sound[0]).reshape(-1, 2400).max(1) for sound in (ours, theirs)]
    assert np.corrcoef(*steps)[0, 1] > 0.8  # notes begin and end together
    assert pyloudnorm.Meter(RATE).integrated_loudness(theirs.T.astype(float)) == pytest.approx(-14, abs=0.3)


# Options and missing programs.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "midirendrer"}, "did you mean 'midirenderer'"),
        ({"loudness_lufs": 3}, "loudness_lufs is a number from -40 to -5"),
        ({"peak_dbtp": "loud"}, "peak_dbtp is a number from -12 to 0"),
        ({"peak_dbtp": float("nan")}, "peak_dbtp is a number"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SoundfontRenderer(**options)


def test_fluidsynth_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPackageError, match="fluidsynth is not on the path"):
        SoundfontRenderer(engine="fluidsynth")(TRIO)


def test_midirenderer_is_not_there(tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "midirenderer", None)
    with pytest.raises(MissingPackageError, match="pip install midirenderer"):
        SoundfontRenderer(soundfont=tiny)(TRIO)


def program(folder: Path, lines: str) -> Path:
    path = folder / "fluidsynth"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("lines", "message"), [("echo no card >&2; exit 1", "no card"), ("exit 0", "made no sound")])
def test_fluidsynth_fails(tiny: Path, tmp_path: Path, lines: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, lines)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BackendError, match=message):
        SoundfontRenderer(soundfont=tiny, engine="fluidsynth")(TRIO)


def test_synthesizer_refuses_the_font(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nonsense: Callable[..., bytes] = lambda *_: b"RIFFnonsense"  # noqa: E731
    monkeypatch.setattr(synthesis, "_small_font", nonsense)
    for stems in (False, True):
        with pytest.raises(DocumentError, match="can't be played"):
            SoundfontRenderer(soundfont=tiny)(TRIO, stems=stems)


def test_a_long_piece_is_played_by_a_program_of_its_own_and_sounds_the_same(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = SoundfontRenderer(soundfont=tiny)(TRIO)
    monkeypatch.setattr(synthesis, "_MOST_FRAMES_HERE", 0)
    monkeypatch.setattr(midirenderer, "render_wave_from", None)
    assert np.array_equal(SoundfontRenderer(soundfont=tiny)(TRIO).mix.samples, here.mix.samples)


@pytest.mark.parametrize("stems", [False, True])
def test_the_programs_that_play_end_with_the_work(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stems: bool
) -> None:
    begun, token = tmp_path / "begun", CancelToken()
    command = [sys.executable, "-c", f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(600)"]
    monkeypatch.setattr(synthesis, "_MOST_FRAMES_HERE", 0)
    monkeypatch.setattr(synthesis, "python_command", lambda *_: command)

    def cancel() -> None:
        while not begun.exists():
            sleep(0.01)
        token.cancel()

    other = threading.Thread(target=cancel)
    other.start()
    with pytest.raises(Cancelled), cancelled_by(token):
        SoundfontRenderer(soundfont=tiny)(TRIO, stems=stems)
    other.join()


def test_a_font_that_is_being_converted_leaves_nothing_when_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMG2MUSIC_CACHE", str(tmp_path / "cache"))
    path, token = tmp_path / "tiny.sf3", CancelToken()
    path.write_bytes(tiny_font())
    original = SoundFont.sample

    def sample(self: SoundFont, index: int, file: Any) -> Any:
        token.cancel()
        return original(self, index, file)

    monkeypatch.setattr(SoundFont, "sample", sample)
    with pytest.raises(Cancelled), cancelled_by(token):
        cached_font(path)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_sound_costs_no_import() -> None:
    code = (
        "import sys, img2music.renderers.soundfont; print([n for n in ('midirenderer', 'soundfile', 'mido') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
