"""What the command line can list and complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from img2music.theory import instrument, instrument_names

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


def test_instruments_are_listed(run: Run) -> None:
    code, out, _ = run("instruments", "ls")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == len(instrument_names())
    assert any(line.split() == ["cello", "strings", "C2-D5", "43", "also:", "cellos"] for line in lines)
    assert any(line.startswith("jazz drums") and "drum kit" in line for line in lines)


def test_instruments_are_listed_for_programs_and_every_other_name_is_understood(run: Run) -> None:
    rows = [json.loads(line) for line in run("instruments", "ls", "--json")[1].splitlines()]
    assert [row["name"] for row in rows] == list(instrument_names())
    for row in rows:
        assert row["program"] == instrument(row["name"]).program + 1
        assert {instrument(name).name for name in row["other_names"]} <= {row["name"]}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("comp", ["compose"]),
        ("compose --style walt", ["waltz"]),
        ("compose --pipeline off", ["offline"]),
        ("compose --instrument cel", ["celesta", "cello"]),
        ("plan --meter 6", ["6/8"]),
        ("compose --stem", ["--stems"]),
    ],
)
def test_a_shell_completes(words: str, found: list[str]) -> None:
    line = f"img2music {words}"
    environment = {"_IMG2MUSIC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "img2music"], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert sorted(done.stdout.split()) == found, done.stderr
