"""Tags of sound files, read back by libsndfile, by a small parser of our own and by whatever programs are on the path."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import wave
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from img2music.audio import Audio
from img2music.errors import BackendError
from img2music.io.audio_files import FORMATS, encode
from img2music.io.audio_tags import Tags, id3, riff_info, tagged_flac, tagged_ogg
from img2music.io.escape import one_line
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.made_notes import band_score
from tests.support.moving_scores import moving_score

if TYPE_CHECKING:
    from pathlib import Path

RATE = 48_000
FRAMES = 24_001
TAGS = Tags("Abend am See – 湖の夕べ שלום 🎵", "Eb lydian", "6/8", 96.5)
COMMENT = "Eb lydian, 6/8, 96.5 quarter notes a minute"
SOUND = Audio((np.random.default_rng(3).normal(0, 0.1, (2, FRAMES))).astype(np.float32), RATE)
COMMENTS = {"TITLE": TAGS.title, "COMMENT": COMMENT, "BPM": "64", "KEY": "Eb", "ENCODER": "img2music"}
LOOP = {"LOOPSTART": "0", "LOOPLENGTH": str(FRAMES)}
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=400)


# A small parser, after the standards and not after our writer


def chunks_of(wav: bytes) -> list[tuple[bytes, bytes]]:
    assert (wav[:4], wav[8:12]) == (b"RIFF", b"WAVE")
    assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
    return _chunks(wav[12:])


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], 0
    while place < len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        assert place + 8 + size + size % 2 <= len(content)
        found.append((content[place : place + 4], content[place + 8 : place + 8 + size]))
        place += 8 + size + size % 2
    return found


def info_of(wav: bytes) -> dict[str, str]:
    (content,) = [content for name, content in chunks_of(wav) if name == b"LIST"]
    assert content[:4] == b"INFO"
    fields = _chunks(content[4:])
    assert all(text[-1:] == b"\0" for _, text in fields)
    return {name.decode(): text[:-1].decode() for name, text in fields}


def comments_of(block: bytes) -> tuple[str, dict[str, str], bytes]:
    """Vendor, comments and what stands behind them."""
    stream = io.BytesIO(block)

    def text() -> str:
        return stream.read(int.from_bytes(stream.read(4), "little")).decode()

    vendor = text()
    lines = [text() for _ in range(int.from_bytes(stream.read(4), "little"))]
    return vendor, dict(line.split("=", 1) for line in lines), stream.read()


def flac_blocks(flac: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Metadata blocks and the frames."""
    assert flac[:4] == b"fLaC"
    place, found, last = 4, [], False
    while not last:
        last, kind, size = bool(flac[place] & 128), flac[place] & 127, int.from_bytes(flac[place + 1 : place + 4], "big")
        found.append((kind, flac[place + 4 : place + 4 + size]))
        place += 4 + size
    assert flac[place : place + 2] in {b"\xff\xf8", b"\xff\xf9"}
    return found, flac[place:]


class Ogg:
    """Pages of an Ogg file: checked, with the packets they carry."""

    def __init__(self, content: bytes) -> None:
        self.granules: list[int] = []
        self.flags: list[int] = []
        self.packets: list[bytes] = []
        self.ends: list[int] = []
        """Page on which each packet ends."""
        place, open_ = 0, b""
        while place < len(content):
            magic, version, flags, granule, serial, number, _, count = struct.unpack_from("<4sBBqIIIB", content, place)
            assert (magic, version, serial, number) == (b"OggS", 0, 1, len(self.flags))
            assert bool(flags & 1) == bool(open_)
            body = place + 27 + count
            for size in content[place + 27 : body]:
                open_ += content[body : body + size]
                body += size
                if size < 255:
                    self.packets.append(open_)
                    self.ends.append(len(self.flags))
                    open_ = b""
            self.flags.append(flags)
            self.granules.append(granule)
            place = body
        assert not open_
        assert self.flags[0] & 2
        assert self.flags[-1] & 4


def frames_of(tag: bytes) -> dict[str, str]:
    """Frames of an ID3v2.3 tag; of one with a description by both names."""
    assert tag[:6] == b"ID3\3\0\0"
    assert max(tag[6:10]) < 128
    assert sum(byte << shift for byte, shift in zip(tag[6:10], (21, 14, 7, 0), strict=True)) == len(tag) - 10
    found, place = {}, 10
    while place < len(tag):
        name, size = tag[place : place + 4].decode(), int.from_bytes(tag[place + 4 : place + 8], "big")
        content = tag[place + 10 : place + 10 + size]
        text = content[4 if name == "COMM" else 1 :]
        words = text.decode("utf-16-le" if content[0] else "latin1").replace("\ufeff", "", 2 if name in {"COMM", "TXXX"} else 1)
        described = words.split("\0") if name in {"COMM", "TXXX"} else [words]
        found[":".join([name, *described[:-1]])] = described[-1]
        place += 10 + size
    return found


# What is written


@pytest.mark.parametrize("loop", [False, True])
def test_comments_of_ogg_and_flac(loop: bool) -> None:
    wanted = COMMENTS | (LOOP if loop else {})
    vendor, found, rest = comments_of(Ogg(encode(SOUND, "ogg", tags=TAGS, loop=loop)).packets[1].removeprefix(b"\x03vorbis"))
    assert (found, rest) == (wanted, b"\1")
    assert "Vorbis" in vendor
    blocks, _ = flac_blocks(encode(SOUND, "flac", tags=TAGS, loop=loop))
    assert [kind for kind, _ in blocks][:2] == [0, 4]
    vendor, found, rest = comments_of(dict(blocks)[4])
    assert (found, rest) == (wanted, b"")
    assert "FLAC" in vendor


@pytest.mark.parametrize("loop", [False, True])
def test_chunks_of_wav(loop: bool) -> None:
    content = encode(SOUND, "wav", tags=TAGS, loop=loop)
    assert info_of(content) == {"INAM": TAGS.title, "ICMT": COMMENT, "ISFT": "img2music"}
    names = [name for name, _ in chunks_of(content)]
    assert names == [b"fmt ", b"data", b"CSET", b"LIST", *([b"smpl"] if loop else [])]
    assert content.index(b"data") == 36  # where simple readers look for it
    chunks = dict(chunks_of(content))
    assert struct.unpack("<4H", chunks[b"CSET"])[0] == 65001
    if loop:
        facts = struct.unpack("<15I", chunks[b"smpl"])
        assert facts == (0, 0, round(1e9 / RATE), 60, 0, 0, 0, 1, 0, 0, 0, 0, FRAMES - 1, 0, 0)
    assert b"CSET" not in encode(SOUND, "wav", tags=Tags("Evening"))


@pytest.mark.parametrize("loop", [False, True])
def test_frames_of_mp3(loop: bool) -> None:
    content = encode(SOUND, "mp3", tags=TAGS, loop=loop)
    found = frames_of(content[: content.index(b"\xff\xfb")])
    wanted = {"TIT2": TAGS.title, "TBPM": "64", "TKEY": "Eb", "TSSE": "img2music", "COMM:": COMMENT}
    assert found == wanted | ({f"TXXX:{name}": value for name, value in LOOP.items()} if loop else {})


@pytest.mark.parametrize("name", FORMATS)
def test_libsndfile_reads_title_and_comment(name: str) -> None:
    with soundfile.SoundFile(io.BytesIO(encode(SOUND, name, tags=TAGS, loop=True))) as file:
        assert (file.title, file.comment, file.frames) == (TAGS.title, COMMENT, FRAMES)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("loop", [False, True])
def test_the_sound_is_the_same_with_any_tags(name: str, loop: bool) -> None:
    plain, tagged = encode(SOUND, name), encode(SOUND, name, tags=TAGS, loop=loop)
    one, other = (soundfile.read(io.BytesIO(content), dtype="float32")[0] for content in (plain, tagged))
    assert np.array_equal(one, other)
    if name == "wav":
        with wave.open(io.BytesIO(tagged)) as file:
            assert file.readframes(FRAMES + 1) == plain[44 : 44 + 4 * FRAMES]
    elif name == "ogg":
        before, after = Ogg(plain), Ogg(tagged)
        assert [before.packets[0], *before.packets[2:]] == [after.packets[0], *after.packets[2:]]
        assert before.granules[-3:] == after.granules[-3:]
    elif name == "flac":
        assert flac_blocks(plain)[1] == flac_blocks(tagged)[1]
    else:
        assert tagged.endswith(plain[plain.index(b"\xff\xfb") :])


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_not_known_is_left_out(name: str) -> None:
    content = encode(SOUND, name)
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        assert (file.title, file.comment) == ("", "")
    assert b"LOOP" not in content
    assert b"smpl" not in content


def test_the_only_words_without_tags() -> None:
    assert info_of(encode(SOUND, "wav")) == {"ISFT": "img2music"}
    assert comments_of(Ogg(encode(SOUND, "ogg")).packets[1][7:])[1] == {"ENCODER": "img2music"}
    assert frames_of(id3(Tags())) == {"TSSE": "img2music"}


@pytest.mark.parametrize(
    ("tags", "beats", "key", "comment"),
    [
        (Tags(key="F# dorian", meter="4/4", tempo_bpm=103.4), "103", "F#m", "F# dorian, 4/4, 103.4 quarter notes a minute"),
        (Tags(key="Bb mixolydian", tempo_bpm=59.6), "60", "Bb", "Bb mixolydian, 59.6 quarter notes a minute"),
        (Tags(meter="12/8", tempo_bpm=90), "60", "", "12/8, 90 quarter notes a minute"),
        (Tags("only this"), "", "", ""),
    ],
)
def test_key_and_tempo_as_readers_know_them(tags: Tags, beats: str, key: str, comment: str) -> None:
    assert (tags.beats, tags.short_key, tags.comment) == (beats, key, comment)


def test_a_part_names_piece_and_part() -> None:
    assert Tags("Evening").of_part("Violin 2").title == "Evening – Violin 2"
    assert Tags().of_part("Violin").title == "Violin"
    long = Tags("x" * 200, "D minor").of_part("y" * 200)
    assert (len(long.title) <= 200, "y" in one_line(long.title), long.key) == (True, True, "D minor")


@settings(max_examples=60, deadline=None)
@given(texts)
@example("a\x00b\nc\ud800=\x1b[31m")
@example("🎵" * 400)
def test_any_title_is_one_bounded_line(title: str) -> None:
    wanted = one_line(title)
    tags = Tags(title, "C major", "4/4", 120)
    assert len(wanted) <= 200
    whole = b"RIFF" + struct.pack("<I", len(riff_info(tags)) + 4) + b"WAVE" + riff_info(tags)
    assert info_of(whole).get("INAM", "") == wanted
    assert frames_of(id3(tags, 5)).get("TIT2", "") == wanted
    assert dict(tags.vorbis(0)).get("TITLE", "") == wanted


# Ogg pages


def ogg_of(comment: int, setup: int) -> bytes:
    """A stream with headers of any size and two packets that pass for sound."""

    def page(flags: int, granule: int, number: int, *packets: bytes) -> bytes:
        lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
        head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, 77, number, 0, len(lacing))
        return head + lacing + b"".join(packets)

    name = b"v" * comment
    words = b"\x03vorbis" + struct.pack("<I", len(name)) + name + bytes(4) + b"\1"
    heads = [page(2, 0, 0, b"\x01vorbis"), page(0, 0, 1, words, b"\x05vorbis" + b"s" * setup)]
    return b"".join([*heads, page(0, 1000, 2, b"one"), page(4, 2000, 3, b"two")])


@pytest.mark.parametrize("setup", [0, 100, 248, 503, 20_000, 50_000])
@pytest.mark.parametrize("title", [0, 1, 200])
def test_headers_of_any_size_are_laid_on_pages(setup: int, title: int) -> None:
    """255 segments of 255 bytes are a page; a packet of a multiple of 255 bytes ends with an empty segment."""
    before = ogg_of(3, setup)
    found = Ogg(tagged_ogg(before, Tags("湖" * title), 9))
    assert found.packets[2:] == [b"\x05vorbis" + b"s" * setup, b"one", b"two"]
    assert comments_of(found.packets[1][7:])[1].get("TITLE", "") == "湖" * title
    assert found.granules[-2:] == [1000, 2000]
    assert found.ends[2] < found.ends[3]  # sound begins on a page of its own


def test_a_comment_may_go_on_over_pages() -> None:
    """The vendor's line is passed on however long it is; a page on which no packet ends has no position."""
    found = Ogg(tagged_ogg(_doubled(ogg_of(60_000, 3)), Tags("x" * 200)))
    assert len(found.packets[1]) > 180_000
    assert found.granules[:4] == [0, -1, -1, 0]
    assert found.flags[1:4] == [0, 1, 1]


def _doubled(ogg: bytes) -> bytes:
    """The same stream with a vendor's line three times as long, over pages of its own."""
    name = b"v" * 180_000
    words = b"\x03vorbis" + struct.pack("<I", len(name)) + name + bytes(4) + b"\1"
    segments = b"\xff" * (len(words) // 255) + bytes([len(words) % 255])
    pages, place = [], 0
    for number, start in enumerate(range(0, len(segments), 255)):
        own = segments[start : start + 255]
        head = struct.pack("<4sBBqIIIB", b"OggS", 0, int(number > 0), -1, 77, number, 0, len(own))
        pages.append(head + own + words[place : place + sum(own)])
        place += sum(own)
    first = ogg.index(b"OggS", 4)
    second = ogg.index(b"OggS", first + 4)
    setup = b"\x05vorbissss"
    last = struct.pack("<4sBBqIIIB", b"OggS", 0, 0, 0, 77, 9, 0, 1) + bytes([len(setup)]) + setup
    return ogg[:first] + b"".join(pages) + last + ogg[second:]


def test_what_is_no_vorbis_is_said() -> None:
    with pytest.raises(BackendError, match="no Vorbis headers; choose another format"):
        tagged_ogg(b"nothing", Tags())


def test_other_flac_blocks_stay() -> None:
    content = encode(SOUND, "flac", tags=TAGS)
    blocks, frames = flac_blocks(content)
    padded = b"fLaC" + b"".join(
        bytes([kind | (128 if last else 0)]) + len(block).to_bytes(3, "big") + block
        for kind, block, last in ((0, blocks[0][1], False), (1, bytes(40), True))
    )
    found, same = flac_blocks(tagged_flac(padded + frames, TAGS))
    assert [kind for kind, _ in found] == [0, 4, 1]
    assert same == frames


# Other programs


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs the program {name}")
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_ffprobe_reads_the_tags(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"x.{name}"
    path.write_bytes(encode(SOUND, name, tags=TAGS, loop=True))
    command = [program("ffprobe"), "-v", "warning", "-show_format", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    told = json.loads(done.stdout)
    tags = told["format"].get("tags", {}) | told["streams"][0].get("tags", {})
    tags = {key.lower(): value for key, value in tags.items()}
    assert (tags["title"], tags["comment"]) == (TAGS.title, COMMENT)
    if name != "wav":
        assert (tags["loopstart"], tags["looplength"]) == ("0", str(FRAMES))
    assert float(told["streams"][0]["duration"]) == pytest.approx(FRAMES / RATE, abs=0.05)


def test_vorbiscomment_reads_the_tags(tmp_path: Path) -> None:
    path = tmp_path / "x.ogg"
    path.write_bytes(encode(SOUND, "ogg", tags=TAGS, loop=True))
    done = subprocess.run([program("vorbiscomment"), "-R", "-l", path], capture_output=True, check=True)
    assert dict(line.split("=", 1) for line in done.stdout.decode().splitlines()) == COMMENTS | LOOP


def test_ogginfo_finds_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.ogg"
    path.write_bytes(encode(SOUND, "ogg", tags=TAGS, loop=True))
    done = subprocess.run([program("ogginfo"), path], capture_output=True, check=False)
    assert (done.returncode, b"WARNING" in done.stdout, b"serial: 00000001" in done.stdout) == (0, False, True)


def test_a_piece_that_moves_has_the_key_of_its_beginning_and_the_tempo_of_its_main_part() -> None:
    score = moving_score()
    tags = Tags.of_maps(score.title, score.key_map, score.meter_map, score.tempo_map, score.duration_quarters)
    # 4/4 at 96 lasts 10 s, longer than anything else.
    assert (tags.short_key, tags.beats) == ("Dm", "96")
    assert tags.comment == "D minor to F major to E major, 4/4 to 3/4 to 6/8, 61.5 to 140 quarter notes a minute"
    assert frames_of(id3(tags))["TKEY"] == "Dm"


def test_the_main_tempo_is_counted_in_its_own_metre() -> None:
    score = moving_score()
    begin = score.meter_map.bar_onset(8)
    tempi = TempoMap((TempoPoint(Fraction(0), 180.0), TempoPoint(begin, 90.0)))
    tags = Tags.of_maps("x", score.key_map, score.meter_map, tempi, begin + 24)
    assert (tags.meter, tags.tempo_bpm, tags.beats) == ("6/8", 90.0, "60")


def test_a_steady_piece_has_the_tags_it_always_had() -> None:
    score = band_score()
    tags = Tags.of_maps(score.title, score.key_map, score.meter_map, score.tempo_map, score.duration_quarters)
    assert tags == Tags(score.title, "G major", "4/4", 112.0)
