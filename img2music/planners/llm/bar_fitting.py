"""Makes a form of bars fit a length: the model's sections, with phrases taken out or told again until they fill it.

Phrases go from where they are missed least (the longest sections) and come where they are wanted most (the shortest); what is no
whole phrase is taken from or added to the tonic at the end. The last bar stays the last. Knows nothing of tempo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.planners.rules.form import split_into_phrases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import Section

__all__ = ["fit_bars"]

_PHRASE = 4
_LONGEST_BARS = 500


def fit_bars(sections: Sequence[Section], bars: int) -> tuple[Section, ...]:
    """`sections` with exactly `bars` bars in all, at least one."""
    rows = [list(section.harmony) for section in sections]
    while sum(map(len, rows)) > bars:
        _shorten(rows, sum(map(len, rows)) - bars)
    while sum(map(len, rows)) < bars:
        _lengthen(rows, bars - sum(map(len, rows)))
    return tuple(
        section
        if tuple(row) == section.harmony
        else section.model_copy(update={"harmony": tuple(row), "phrase_bars": split_into_phrases(len(row))})
        for section, row in zip(sections, rows, strict=True)
        if row
    )


def _shorten(rows: list[list[str]], over: int) -> None:
    """Takes out up to `over` bars, from the middle of the piece where it can be, never the last bar."""
    longest = max(range(len(rows)), key=lambda place: (len(rows[place]) - (place == len(rows) - 1), place < len(rows) - 1))
    row = rows[longest]
    is_last = longest == len(rows) - 1
    spare = len(row) - 1 if is_last else len(row)
    count = min(over, spare, _PHRASE if len(row) > _PHRASE else spare)
    if is_last:
        del row[len(row) - 1 - count : len(row) - 1]
    else:
        del row[len(row) - count :]


def _lengthen(rows: list[list[str]], under: int) -> None:
    """Adds up to a phrase: the shortest section tells its first phrase again, or the last chord is held."""
    if under < _PHRASE and len(rows[-1]) < _LONGEST_BARS:
        rows[-1] += [rows[-1][-1]] * under
        return
    shortest = min(range(len(rows)), key=lambda place: (len(rows[place]), place))
    row = rows[shortest]
    phrase = (row * _PHRASE)[:_PHRASE]
    rows[shortest] = phrase + row
