"""The progressions that a style writes out (`Style.harmony`): choosing one for a phrase, and making it as long as the phrase.

A written row is four bars parted by "|"; here a row is a tuple of bars, one string of numerals each. Knows nothing of form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.planners.harmony.chord_vocabulary import triad_brightness
from img2music.rng import draw_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.style import StyleProgressions

__all__ = ["BarNumerals", "StyleRows"]

BarNumerals = tuple[str, ...]
"""The bars of a phrase or a section, a string of roman numerals each: ("I", "vi", "ii7 V7", "I")."""


class StyleRows:
    """The rows of a style in one mode, for one piece; the lighter ones are likelier where `brightness` (-1..1) is high."""

    def __init__(self, written: StyleProgressions, mode: str, brightness: float, chance: np.random.Generator) -> None:
        self._written = written
        self._mode = mode
        self._brightness = brightness
        self._chance = chance

    def intro(self, bars: int) -> BarNumerals:
        """How a theme begins, for an introduction of `bars` bars."""
        return _fit(self._choose(self._written.opening), bars, keep_end=False)

    def answer(self, bars: int) -> BarNumerals:
        """A phrase of `bars` bars that comes home."""
        return _fit(self._choose(self._written.closing), bars)

    def phrase(self, bars: int, number: int, count: int, home: str, *, contrast: bool) -> BarNumerals:
        """Phrase `number` (from 0) of the `count` of a section: theme or contrast, question or answer."""
        if count == 1 and not contrast:
            # A theme of one phrase is question and answer at once: it leaves from home, whatever the row answers to.
            return _fit((home, *self._choose(self._written.closing)[1:]), bars)
        if not contrast and number % 2:
            return self.answer(bars)
        return _fit(self._choose(self._written.contrast if contrast else self._written.opening), bars)

    def _choose(self, bank: Sequence[str]) -> BarNumerals:
        lights = [2.0 ** round(4 * self._brightness * _mean_light(row, self._mode)) for row in bank]
        return tuple(" ".join(bar.split()) for bar in bank[draw_index(lights, self._chance)].split("|"))


def _fit(row: BarNumerals, length: int, *, keep_end: bool = True) -> BarNumerals:
    """A row as long as its phrase: a short one keeps its end (the cadence), a long one lingers on its first chord."""
    if length <= len(row):
        return row[len(row) - length :] if keep_end else row[:length]
    return (*((row[0],) * (length - len(row))), *row)


def _mean_light(row: str, mode: str) -> float:
    """How light a written row is: the mean of its plain triads."""
    lights = []
    for numeral in row.replace("|", " ").split():
        head = numeral.partition("/")[0].replace("ø", "o").replace("+", "")
        stem = head.rstrip("0123456789").removesuffix("sus").removesuffix("maj").removesuffix("add").rstrip("0123456789")
        lights.append(triad_brightness(stem.removesuffix("sus"), mode) if "/" not in numeral else 0.3)
    return sum(lights) / len(lights)
