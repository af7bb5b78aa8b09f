"""Where the melodies of people lie: 10th and 90th percentile of each measurement over two song corpora.

The figures are statistics of OpenEWLD and POP909 (`assets/statistics/bands.json`, which names the sets, their licences and the
script that makes it). Inside the band means "like most songs", outside "unlike most", neither good nor bad by itself.
Does not know other kinds of music: a fugue or a drone has every right to lie outside.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BAND_OF", "band"]

BAND_OF = "songs of OpenEWLD and POP909"


def band(name: str) -> tuple[float, float] | None:
    """The 10-90 % band of a measurement of that name; None where people's songs were not measured so."""
    return _bands().get(name)


@cache
def _bands() -> Mapping[str, tuple[float, float]]:
    content = json.loads(asset_path("statistics/bands.json").read_text(encoding="utf-8"))
    return {name: (row["both"]["p10"], row["both"]["p90"]) for name, row in content["bands"].items()}
