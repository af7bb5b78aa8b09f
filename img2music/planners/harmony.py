"""Harmony of a plan: four-bar progressions chosen by mode, place in the phrase and affect, joined into sections.

Common-practice and popular schemata, written in roman numerals relative to the mode; a style may bring its own. That
V-I and IV-I close, and that I, IV, V, vi carry most of the weight, follows the counts of McGill Billboard (Burgoyne, Wild
& Fujinaga, ISMIR 2011); which schema stands in which row is our choice.
Knows nothing of voicing and of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.style import Harmony

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.planners.form import Layout
    from img2music.style import Style

__all__ = ["COMMON", "harmonize"]

COMMON: dict[str, Harmony] = {
    mode: Harmony(opening=opening, closing=closing, contrast=contrast)
    for mode, (opening, closing, contrast) in {
        "major": (
            ("I | IV | I6 | V", "I | vi | ii6 | V", "I | V6 | vi | V", "I | iii | IV | V", "I | V43 | I6 | ii65 V"),
            ("I | IV | V7 | I", "vi | IV | I64 V7 | I", "I6 | ii65 | V7 | I", "IV | I6 | ii65 V7 | I"),
            ("vi | iii | IV | V", "IV | I6 | ii | V", "vi | V/V | ii | V7", "ii | V/vi | vi | V"),
        ),
        "lydian": (
            ("I | II | I | II", "I | II | vii | II", "Imaj7 | II | iii | II"),
            ("vi | II | vii | I", "iii | II | V | I", "Imaj7 | II | V | I"),
            ("iii | vi | II | V", "vi | vii | II | II", "V | II | vi | II"),
        ),
        "mixolydian": (
            ("I | VII | IV | I", "I | v | IV | VII", "I | IV | VII | IV"),
            ("I | IV | VII | I", "IV | VII | IV | I", "vi | IV | VII | I"),
            ("IV | ii | v | VII", "v | IV | VII | IV", "VII | IV | ii | VII"),
        ),
        "dorian": (
            ("i | IV | i | IV", "i | VII | IV | v", "i | ii | III | IV"),
            ("III | IV | VII | i", "VII | IV | v | i", "i | IV | VII | i"),
            ("III | VII | IV | v", "VII | III | ii | v", "IV | VII | III | v"),
        ),
        "minor": (
            ("i | VI | iv | V", "i | iv6 | V65 | i V", "i | III | VI | V", "i | v6 | VI | V", "i | iv | i64 | V"),
            ("i6 | iv | V7 | i", "VI | iv | i64 V7 | i", "i | iiø65 | V7 | i", "iv | i6 | iiø65 V7 | i"),
            ("III | VII | VI | V", "VI | III | iv | V", "iv | VII | III | V", "VI | VII | v | V"),
        ),
        "phrygian": (
            ("i | II | i | vii", "i | II | III | II", "i | vii | II | i"),
            ("iv | II | vii | i", "III | II | vii | i", "VI | vii | II | i"),
            ("VI | III | iv | II", "iv | vii | VI | II", "III | vii | iv | II"),
        ),
    }.items()
}


def harmonize(layouts: Sequence[Layout], mode: str, style: Style, chance: np.random.Generator) -> tuple[tuple[str, ...], ...]:
    """The numerals of every bar, section by section.

    Sections of one material share their harmony, so that a tune that returns returns over its own chords; the last
    bar of the piece is the tonic.
    """
    bank = style.harmony.get(mode) or COMMON[mode]  # type: ignore[call-overload]
    tonic = "i" if mode in {"minor", "dorian", "phrygian"} else "I"
    first = _pick(bank.opening, chance)
    second = _pick([row for row in bank.opening if row != first] or [first], chance)
    last = _pick(bank.closing, chance)
    contrasts = [_pick(bank.contrast, chance) for _ in range(3)]
    written: dict[str, tuple[str, ...]] = {}
    sections = []
    for index, layout in enumerate(layouts):
        is_last = index == len(layouts) - 1
        if layout.role == "intro":
            bars = _fit(_bars(first), layout.bars, keep_end=False)
        elif layout.role == "outro":
            bars = _outro(layout.bars, _bars(last), tonic)
        elif layout.material in written and len(written[layout.material]) == layout.bars:
            bars = written[layout.material]
        else:
            rows = _rows(layout, (first, second), last, contrasts)
            bars = tuple(bar for row, length in zip(rows, layout.phrase_bars, strict=True) for bar in _fit(_bars(row), length))
            written[layout.material] = bars
        if is_last:
            bars = (*bars[:-1], tonic)
        sections.append(bars)
    return tuple(sections)


def _rows(layout: Layout, openings: tuple[str, str], closing: str, contrasts: list[str]) -> list[str]:
    """A four-bar row for each phrase: open and answer in pairs; contrast sections stay open to the end."""
    count = len(layout.phrase_bars)
    if layout.role == "contrast":
        # Each letter after A has its own colour; the last phrase leads back.
        shift = max(0, ord(layout.material[0]) - ord("B"))
        return [contrasts[(shift + number) % 3] for number in range(count)]
    if count == 1:
        return [closing]
    return [closing if number % 2 else openings[(number // 2) % 2] for number in range(count)]


def _outro(bars: int, closing: tuple[str, ...], tonic: str) -> tuple[str, ...]:
    if bars == 1:
        return (tonic,)
    return (*((tonic,) * max(0, bars - 4)), *closing[-min(4, bars) :])


def _fit(row: tuple[str, ...], length: int, *, keep_end: bool = True) -> tuple[str, ...]:
    """A row as long as its phrase: a short one keeps its end (the cadence), a long one lingers on its first chord."""
    if length <= len(row):
        return row[len(row) - length :] if keep_end else row[:length]
    return (*((row[0],) * (length - len(row))), *row)


def _bars(row: str) -> tuple[str, ...]:
    return tuple(" ".join(bar.split()) for bar in row.split("|"))


def _pick(rows: Sequence[str], chance: np.random.Generator) -> str:
    return rows[int(chance.integers(len(rows)))]
