"""A full disk is said where temporary files lie, and is nobody's fault."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from img2music.atomic_files import temporary_folder
from img2music.errors import OutputError


def test_it_is_there_while_it_is_needed() -> None:
    with temporary_folder("img2music-test-") as folder:
        (folder / "a").write_bytes(b"a")
    assert not folder.exists()


def test_what_can_not_be_written_there_is_one_sentence_and_nothing_stays() -> None:
    places = []

    def fill() -> None:
        with temporary_folder("img2music-test-") as folder:
            places.append(folder)
            raise OSError(28, os.strerror(28))

    with pytest.raises(OutputError, match=r"No space left.*make room there, or set TMPDIR"):
        fill()
    assert not places[0].exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no bound for files there")
def test_a_piece_whose_sound_has_no_room_says_so(tmp_path: Path) -> None:
    picture = Path(__file__).parents[1] / "demo" / "examples" / "moon.jpg"
    command = [
        sys.executable,
        "-m",
        "img2music",
        "compose",
        str(picture),
        "-o",
        str(tmp_path / "out"),
        "--seconds",
        "8",
        "--audio",
        "wav",
    ]

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=small, check=False)
    assert done.returncode == 3
    assert "no temporary files can be kept in" in done.stderr
    assert "fault of img2music" not in done.stderr
    assert not list(tmp_path.glob("out/*/*"))
