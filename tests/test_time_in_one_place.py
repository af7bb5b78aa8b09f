"""Only the tempo map knows how long a quarter note lasts, only the metre map how long bars are; nobody else computes either."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "img2music"
KNOW_IT = {"theory/tempo_map.py", "theory/meter_map.py", "theory/meter.py"}
BARS = r"(?:[\w.\[\]]+\.)?bar_quarters"
COMPUTED = re.compile(
    r"\b60(?:\.0)? ?/|[*/] ?60(?:\.0)?\b(?!e)|60e6"  # minutes and seconds
    rf"|[*/%]=? ?(?:float\()?{BARS}|{BARS}\)? ?[*%]|divmod\([^)]*{BARS}"  # bars and quarter notes
)
OTHER = {
    "io/midi/tempo_of_file.py": "a MIDI file has microseconds a quarter note",
    "metrics/compliance/heard_audio.py": "sixty decibels",
}
"""Lines that look like it and are something else, or the format's own unit."""


def offences(source: str) -> list[str]:
    code = (line.partition("#")[0] for line in source.splitlines())
    return [line.strip() for line in code if COMPUTED.search(line) and not line.lstrip().startswith('"""')]


@pytest.mark.parametrize(
    "line",
    ["quarter = 60 / bpm", "seconds = quarters * 60 / bpm", "x = bpm / 60", "at = bar * meter.bar_quarters", "b = float(meter.bar_quarters) * 2",
     "bar = int(onset / bar_quarters)", "bar, place = divmod(onset, score.meter.bar_quarters)", "p %= self.bar_quarters"],
)  # fmt: skip
def test_the_test_sees_it(line: str) -> None:
    assert offences(line)


def test_nobody_else_computes_time() -> None:
    found = {
        name: lines
        for path in sorted(PACKAGE.rglob("*.py"))
        if (name := path.relative_to(PACKAGE).as_posix()) not in KNOW_IT | OTHER.keys()
        and (lines := offences(path.read_text("utf-8")))
    }
    assert found == {}
