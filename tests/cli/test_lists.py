"""What the command line can list and complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from img2music.cli.shared.completion import complete_instrument
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
        ("compose --instrument pan", ["pan-flute"]),
        ("compose --instrument Pan_f", ["Pan_flute"]),
        ("compose --instrument Flu", ["Flute"]),
        ("compose --instrument harp,cel", ["harp,celesta", "harp,cello"]),
        ("compose --prompt see/cit", ["see/cited"]),
        ("compose --keep form,har", ["form,harmony"]),
        ("styles show walt", ["waltz"]),
        ("styles cp walt", ["waltz"]),
        ("pipelines show off", ["offline"]),
        ("pipelines cp off", ["offline"]),
        ("prompts show see/cit", ["see/cited"]),
        ("prompts cp see/cit", ["see/cited"]),
    ],
)
def test_a_shell_completes(words: str, found: list[str]) -> None:
    line = f"img2music {words}"
    environment = {"_IMG2MUSIC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "img2music"], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert sorted(done.stdout.split()) == found, done.stderr


def test_every_instrument_that_a_shell_offers_is_one_word_and_understood() -> None:
    assert complete_instrument("") == [name.replace(" ", "-") for name in instrument_names()]
    for begun in ("", "PAN F", "electric_", "Jazz", "piano,Pan "):
        offered = complete_instrument(begun)
        assert offered
        assert all(offer.startswith(begun) for offer in offered)
        assert {instrument(offer.rpartition(",")[2]).name for offer in offered} <= {*instrument_names()}
