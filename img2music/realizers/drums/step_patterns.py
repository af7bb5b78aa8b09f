"""Grooves from rhythm strings: what a style's file writes out, and a plain beat for metres that nobody wrote one for.

One character a step, the steps dividing the bar evenly: . rest, g ghost, x stroke, X accent. Such grooves are exact and even, as
machines and orchestras play; for drummers see `grooves`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.errors import DocumentError, unknown_name
from img2music.playing_style import DrumGroove
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.theory.meter_map import steps_in_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.theory import Meter

__all__ = ["StepHits", "plain_beat", "read_step_strings"]

StepHits = dict[Fraction, tuple[tuple[int, int], ...]]
"""(key, emphasis) pairs by place in the bar."""
_EMPHASIS = {"g": -34, "x": 0, "X": 16}


def read_step_strings(strings: Mapping[str, str], meter: Meter, style: str) -> StepHits:
    """One bar of strings by drum as strokes by place.

    Raises:
        UsageError: a drum that does not exist.
        DocumentError: a string that does not divide the bar; the message names `style`.
    """
    hits: dict[Fraction, list[tuple[int, int]]] = {}
    for drum, rhythm in strings.items():
        if drum not in DRUMS:
            raise unknown_name("drum", drum, DRUMS)
        if not rhythm or steps_in_bar(meter, 24) % len(rhythm) or set(rhythm) - {".", "g", "x", "X"}:
            raise DocumentError(
                f"style {style}: the {drum} rhythm {rhythm[:40]!r} does not divide a bar of {meter.name}; "
                f"write {steps_in_bar(meter, 4)} characters of . g x X"
            )
        step = meter.bar_quarters / len(rhythm)
        for index, sign in enumerate(rhythm):
            if sign != ".":
                hits.setdefault(index * step, []).append((DRUMS[drum][0], _EMPHASIS[sign]))
    return {place: tuple(sorted(strokes)) for place, strokes in sorted(hits.items())}


def plain_beat(meter: Meter, *, orchestral: bool) -> DrumGroove:
    """A beat for any metre: low on the strong beats, high on the others, eighths above."""
    steps = steps_in_bar(meter, 4)
    low, high, top = ["."] * steps, ["."] * steps, ["."] * steps
    for index, onset in enumerate(meter.onsets):
        (low if index % 2 == 0 else high)[int(onset * 4)] = "X" if index == 0 else "x"
    for index in range(0, steps, 2):
        top[index] = "x"
    fill = ["."] * steps
    for index in range(int(meter.onsets[-1] * 4), steps):
        fill[index] = "x"
    if orchestral:
        return DrumGroove(calm={"bass drum": "".join(low)}, full={"bass drum": "".join(low), "snare": "".join(high)}, fill={})
    full = {"kick": "".join(low), "snare": "".join(high), "closed hat": "".join(top)}
    return DrumGroove(
        calm={"kick": "".join(low), "closed hat": "".join(top)}, full=full, fill={"kick": "".join(low), "snare": "".join(fill)}
    )
