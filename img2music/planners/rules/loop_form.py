"""The form of a loop: whole bars whose end leads back into their beginning.

A loop has no introduction, since it would come round again, and no ending. The homecoming of the first idea is the next pass;
so a loop ends away from it (`harmonize` puts its last bar on the dominant; what is shorter than a phrase is written here).
Energy swells and ebbs once, so that the seam is no step in loudness.

The bars fill the length exactly. An open tempo is chosen for that (a whole number of phrases, so the tempo is seldom a whole
number); an asked tempo is kept and the length becomes the nearest whole number of bars.
Conventions: tempo in quarter notes a minute; energies 0..1.
"""

from __future__ import annotations

from math import ceil, cos, floor, log2, pi
from typing import TYPE_CHECKING, Literal

import numpy as np

from img2music.brief import SECONDS_RANGE
from img2music.planners.form import SectionLayout, name_sections, share_bars
from img2music.theory.meter_map import bars_quarters, bars_seconds
from img2music.theory.tempo_map import bpm_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory import Meter

__all__ = [
    "count_loop_bars",
    "fit_loop_tempo",
    "layout_loop",
    "loop_energies",
    "loop_tempo",
    "odd_loop_length",
    "short_loop_harmony",
]

_LETTERS = {1: "A", 2: "AB", 3: "AAB", 4: "AABC", 5: "ABACB", 6: "AABACB", 7: "AABACAB", 8: "AABCABCB"}
_PHRASE = 4
_TOLERANCE_SECONDS = 0.001
"""Less is rounding."""
_ODD_BARS = {0: 0.0, 2: 0.06, 1: 0.12, 3: 0.12}
"""What bars beside whole phrases cost, in octaves of tempo (our choice: a loop of six bars has to spare a twentieth of the tempo)."""
_OUTSIDE = 4.0
"""How much more it costs to leave the style's tempo range than to leave the wished tempo."""

_SHORT = {
    "major": ("I", "ii65", "V7"),
    "lydian": ("I", "II", "V"),
    "mixolydian": ("I", "IV", "VII"),
    "dorian": ("i", "IV", "VII"),
    "minor": ("i", "iv", "V7"),
    "phrygian": ("i", "iv", "II"),
}
"""By mode: home, what prepares, what leads back. Where the fifth degree has no leading note, the chord a step from the tonic does
its work (our choice)."""


def short_loop_harmony(bars: int, mode: str) -> tuple[str, ...] | None:
    """The numerals of a loop that has no room for a phrase, one string a bar; None for one that has."""
    home, prepares, leads = _SHORT[mode]
    return {1: (f"{home} {leads}",), 2: (home, leads), 3: (home, prepares, leads)}.get(bars)


def count_loop_bars(seconds: float, tempo_bpm: float, meter: Meter) -> int:
    """The nearest whole number of bars, at least one, inside the lengths that a piece can have."""
    return meter.whole_bars(seconds, tempo_bpm, SECONDS_RANGE)


def odd_loop_length(seconds: float, bars: int, tempo_bpm: float, meter: Meter) -> tuple[str, ...]:
    """Says where so many whole bars do not last the asked `seconds`; nothing where they do."""
    lasts = bars_seconds(bars, meter, tempo_bpm)
    if abs(lasts - seconds) <= _TOLERANCE_SECONDS:
        return ()
    said = (
        f"{seconds:g} s at {tempo_bpm:g} quarter notes a minute are no whole bars of {meter.name}, as a loop needs; "
        f"it has {bars} {'bar' if bars == 1 else 'bars'}, {lasts:.6g} s"
    )
    return (said,)


def fit_loop_tempo(seconds: float, tempo_bpm: float, meter: Meter, limits: tuple[float, float]) -> float:
    """The tempo at which whole bars, if it can be whole phrases, last exactly `seconds`: near `tempo_bpm` and inside `limits`."""
    most = max(1, floor(seconds / bars_seconds(1, meter, 300.0)))
    low, high = limits

    def loss(bars: int) -> float:
        tempo = loop_tempo(bars, meter, seconds)
        outside = max(0.0, log2(low / tempo), log2(tempo / high))
        rest = _ODD_BARS[bars % _PHRASE] if bars > 2 else 0.0
        return abs(log2(tempo / tempo_bpm)) + _OUTSIDE * outside + rest

    least = max(1, ceil(seconds / bars_seconds(1, meter, 20.0)))
    bars = min(range(min(least, most), most + 1), key=loss)
    return min(300.0, max(20.0, loop_tempo(bars, meter, seconds)))


def loop_tempo(bars: int, meter: Meter, seconds: float) -> float:
    """The tempo at which so many bars last exactly `seconds`."""
    return bpm_between(bars_quarters(bars, meter), seconds)


def layout_loop(bars: int, least: int = 1) -> tuple[SectionLayout, ...]:
    """Sections for a loop of `bars` bars, at least `least`; they add up exactly, and none is an introduction or an ending.

    Raises:
        ValueError: fewer than two bars a section.
    """
    if bars < 2 * _PHRASE and least == 1:
        return (SectionLayout("A", "A", "theme", _phrases(bars)),)
    units = bars // _PHRASE  # phrases
    size = 1 if units < 5 else 2  # phrases a section
    while -(-units // size) > max(_LETTERS):
        size *= 2
    sections = -(-units // size)
    if sections < least:
        letters = _LETTERS.get(least) or "AABACB" + "AB" * ((least - 5) // 2)
        letters, lengths = letters[:least], share_bars(bars, least)
    else:
        letters = _LETTERS[sections]
        lengths = [_PHRASE * size] * sections
        lengths[-1] -= _PHRASE * (size * sections - units) - bars % _PHRASE
    layouts = []
    for index, (letter, name, length) in enumerate(zip(letters, name_sections(letters), lengths, strict=True)):
        role: Literal["theme", "contrast", "return"] = "theme" if letter == "A" else "contrast"
        if role == "theme" and letters[:index].strip("A"):
            role = "return"
        layouts.append(SectionLayout(name, letter, role, _phrases(length)))
    return tuple(layouts)


def _phrases(bars: int) -> tuple[int, ...]:
    """Phrases of four; a single bar over lengthens the last one."""
    whole, rest = divmod(bars, _PHRASE)
    if rest == 1 and whole:
        return (*(_PHRASE,) * (whole - 1), _PHRASE + 1)
    return (_PHRASE,) * whole + ((rest,) if rest else ())


def loop_energies(layouts: Sequence[SectionLayout], arousal: float, profile: Sequence[float]) -> tuple[float, ...]:
    """Energy of each section: one swell a pass, coloured by `profile`; the more aroused the picture, the higher it lies."""
    total = sum(layout.bars for layout in layouts)
    centre = (arousal + 1) / 2
    low, high = 0.2 + 0.3 * centre, 0.45 + 0.45 * centre
    curve = np.asarray(profile if len(profile) > 1 else (0.5, 0.5), dtype=float)
    spread = float(curve.max() - curve.min())
    curve = (curve - curve.min()) / spread if spread > 1e-6 else np.full_like(curve, 0.5)
    energies, begin = [], 0
    for layout in layouts:
        place = (2 * begin + layout.bars) / (2 * total)
        light = float(np.interp(place, np.linspace(0, 1, len(curve)), curve))
        swell = 0.5 - 0.5 * cos(2 * pi * place)
        energies.append(round(low + (high - low) * (0.75 * swell + 0.25 * light), 3))
        begin += layout.bars
    return tuple(energies)
