"""Where the melodies of people lie: 10th and 90th percentile of each measurement over two song corpora.

The figures are statistics of OpenEWLD and POP909 (`assets/statistics/bands.json`, which names the sets, their licences and the
script that makes it). Inside the band means "like most songs", outside "unlike most", neither good nor bad by itself.
Does not know other kinds of music: a fugue or a drone has every right to lie outside.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.measurement import Measurement

__all__ = ["band", "beside_people", "fill_cards"]

_BAND_OF = "songs of OpenEWLD and POP909"


def band(name: str) -> tuple[float, float] | None:
    """The 10-90 % band of a measurement of that name; None where people's songs were not measured so."""
    return _bands().get(name)


def fill_cards(cards: Mapping[str, Measurement], values: Mapping[str, float | None]) -> tuple[Measurement, ...]:
    """The cards with their values, each beside the band of people's songs where those were measured so; a value for every card."""
    return tuple(replace(beside_people(one), value=values[name]) for name, one in cards.items())


def beside_people(one: Measurement) -> Measurement:
    """A card or a measurement with the band of people's songs, where those were measured so."""
    people = band(one.name)
    return replace(one, band=people, band_of=_BAND_OF) if people else one


@cache
def _bands() -> Mapping[str, tuple[float, float]]:
    content = json.loads(asset_path("statistics/bands.json").read_text(encoding="utf-8"))
    return {name: (row["both"]["p10"], row["both"]["p90"]) for name, row in content["bands"].items()}
