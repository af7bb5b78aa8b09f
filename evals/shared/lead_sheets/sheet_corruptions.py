"""Lead sheets spoiled, for a judge of takes: each keeps most of what a sheet counts, and breaks what holds it together.

Every function takes a sheet and a generator and gives a sheet of the same bars and chords' places, or None where there is too little to
spoil. They are others than those by which the program's own mark for takes was fitted, on purpose.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from evals.shared.lead_sheets.lead_sheet import LeadSheet

__all__ = ["SHEET_CORRUPTIONS", "patchwork"]

_SCALE = (0, 2, 4, 5, 7, 9, 11)
_PHRASE_BARS = 4
_BENT = 0.25


def _with_pitches(sheet: LeadSheet, pitches: list[int]) -> LeadSheet:
    """The rhythm with other pitches."""
    left = iter(pitches)
    return replace(sheet, melody=tuple((next(left) if pitch else 0, length) for pitch, length in sheet.melody))


def _scale_step(pitch: int, steps: int) -> int:
    """So many steps of the scale higher; a pitch outside it counts as the next below."""
    octave, tone = divmod(pitch, 12)
    degree = max(index for index, member in enumerate(_SCALE) if member <= tone)
    octaves, degree = divmod(degree + steps, 7)
    return 12 * (octave + octaves) + _SCALE[degree]


def backwards(sheet: LeadSheet, chance: np.random.Generator) -> LeadSheet | None:
    """The rhythm stays, the pitches run backwards."""
    del chance
    return _with_pitches(sheet, [pitch for _, pitch, _ in sheet.notes][::-1])


def upside_down(sheet: LeadSheet, chance: np.random.Generator) -> LeadSheet | None:
    """Every move of the scale turned round."""
    del chance
    pitches = [pitch for _, pitch, _ in sheet.notes]
    turned, place = [], 0
    for before, pitch in zip([pitches[0], *pitches[:-1]], pitches, strict=True):
        place -= _steps_between(before, pitch)
        turned.append(_scale_step(pitches[0], place))
    return _with_pitches(sheet, turned)


def _steps_between(low: int, high: int) -> int:
    def height(pitch: int) -> int:
        octave, tone = divmod(pitch, 12)
        return 7 * octave + max(index for index, member in enumerate(_SCALE) if member <= tone)

    return height(high) - height(low)


def displaced(sheet: LeadSheet, chance: np.random.Generator) -> LeadSheet | None:
    """The whole tune later by one, three or five sixteenths; what would run over the end is cut off."""
    late = int(chance.choice((1, 3, 5)))
    kept, left = [(0, late)], sheet.bars * sheet.bar_sixteenths - late
    for pitch, length in sheet.melody:
        if left > 0:
            kept.append((pitch, min(length, left)))
            left -= length
    return replace(sheet, melody=tuple(kept))


def bent(sheet: LeadSheet, chance: np.random.Generator) -> LeadSheet | None:
    """Every fourth note or so, drawn, is another note of the scale, up to a third away."""
    pitches = [
        _scale_step(pitch, int(chance.choice((-2, -1, 1, 2)))) if chance.random() < _BENT else pitch
        for _, pitch, _ in sheet.notes
    ]
    return _with_pitches(sheet, pitches)


def rhythms_exchanged(sheet: LeadSheet, chance: np.random.Generator) -> LeadSheet | None:
    """The pitches in their order to the bars' rhythms in another; the pitches go round where they do not suffice."""
    unit = sheet.bar_sixteenths
    bars: list[list[tuple[int, int]]] = [[] for _ in range(sheet.bars)]
    now = 0
    for pitch, length in sheet.melody:  # a note over the bar line ends there
        while length:
            bar, inside = now // unit, min(length, unit - now % unit)
            if bar < len(bars):
                bars[bar].append((pitch, inside))
            now, length = now + inside, length - inside  # noqa: PLW2901
    for events in bars:
        filled = sum(length for _, length in events)
        if filled < unit:
            events.append((0, unit - filled))
    shuffled = [event for index in chance.permutation(len(bars)) for event in bars[int(index)]]
    pitches = [pitch for _, pitch, _ in sheet.notes]
    count = sum(bool(pitch) for pitch, _ in shuffled)
    return _with_pitches(replace(sheet, melody=tuple(shuffled)), (pitches * (count // len(pitches) + 1))[:count])


def chords_moved(sheet: LeadSheet, chance: np.random.Generator) -> LeadSheet | None:
    """Over chords a second, a third or a fourth higher in the scale."""
    if not sheet.chords:
        return None
    steps = int(chance.choice((1, 2, 3)))
    moved = []
    for chord in sheet.chords:
        shift = _scale_step(chord.root + 60, steps) - (chord.root + 60)
        classes = frozenset((pitch + shift) % 12 for pitch in chord.pitch_classes)
        moved.append(replace(chord, root=(chord.root + shift) % 12, pitch_classes=classes))
    return replace(sheet, chords=tuple(moved))


def patchwork(sheet: LeadSheet, other: LeadSheet) -> LeadSheet | None:
    """Every second phrase of four bars is the other sheet's tune; the chords stay."""
    if sheet.bar_sixteenths != other.bar_sixteenths or other.bars < sheet.bars:
        return None
    length = _PHRASE_BARS * sheet.bar_sixteenths
    lines = [_unrolled(one, sheet.bars * sheet.bar_sixteenths) for one in (sheet, other)]
    melody: list[tuple[int, int]] = []
    for place in range(sheet.bars * sheet.bar_sixteenths):
        begins, pitch = lines[place // length % 2][place]
        if melody and not begins and place % length and melody[-1][0] == pitch:
            melody[-1] = (pitch, melody[-1][1] + 1)
        else:
            melody.append((pitch, 1))
    return replace(sheet, melody=tuple(melody))


def _unrolled(sheet: LeadSheet, count: int) -> list[tuple[bool, int]]:
    """For each sixteenth, whether something begins and what sounds."""
    line = [(place == 0, pitch) for pitch, length in sheet.melody for place in range(length)][:count]
    return line + [(False, 0)] * (count - len(line))


SHEET_CORRUPTIONS: Mapping[str, Callable[[LeadSheet, np.random.Generator], LeadSheet | None]] = {
    "backwards": backwards,
    "upside down": upside_down,
    "displaced": displaced,
    "bent": bent,
    "rhythms exchanged": rhythms_exchanged,
    "chords moved": chords_moved,
}
"""By the name that tables show; `patchwork` needs another song and stands beside them."""
