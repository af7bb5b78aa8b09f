"""Accompaniment patterns: where in a bar a role strikes and which notes of the voicing it takes.

A pattern is a function of the metre, the bar's number, its energy (0..1) and the plan's density (0..1), and returns
hits `(place, duration, pick)` in exact quarter notes, in order and without overlap. `pick` is "all", "root" or
an index into the voicing, counted from below and running on into the next octave. Every pattern works in every metre,
because it is written in beats. Knows nothing of chords.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.theory import Meter

__all__ = ["ARPEGGIO", "CHORDS", "PAD", "Hit", "Pick", "pattern"]

Pick = int | str
Hit = tuple[Fraction, Fraction, Pick]
_HALF, _QUARTER = Fraction(1, 2), Fraction(1, 4)


def _grid(meter: Meter, step: Fraction) -> list[Fraction]:
    return [step * index for index in range(int(meter.bar_quarters / step))]


def _fill(places: Sequence[Fraction], meter: Meter, picks: Sequence[Pick], *, longest: Fraction | None = None) -> list[Hit]:
    """Hits that each last until the next one (or `longest`)."""
    ends = [*places[1:], meter.bar_quarters]
    return [
        (place, min(end - place, longest) if longest else end - place, picks[index % len(picks)])
        for index, (place, end) in enumerate(zip(places, ends, strict=True))
    ]


def _sustain(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    return [(Fraction(0), meter.bar_quarters, "all")]


def _block(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    if energy + density < 0.7:
        return _sustain(meter, bar, energy, density)
    return _fill([Fraction(0), meter.half_quarters] if meter.half_quarters else [Fraction(0)], meter, ["all"])


def _pulse(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    places = _grid(meter, _HALF) if energy + density > 0.95 else list(meter.onsets)
    return _fill(places, meter, ["all"])


def _power(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    places = _grid(meter, _HALF) if energy > 0.35 else list(meter.onsets)
    return _fill(places, meter, ["all"])


def _waltz(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    beats = meter.onsets[1:] or (Fraction(0),)
    return [(place, min(Fraction(1), meter.bar_quarters - place), "all") for place in beats]


def _offbeat(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    return [
        (place + beat / 2, _HALF, "all") if beat == 1 else (place + 1, _HALF, "all")
        for place, beat in zip(meter.onsets, meter.beats, strict=True)
    ]


def _strum(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """Down on the beat, down-up on every second one; sparser when calm."""
    hits: list[Hit] = []
    for index, (place, beat) in enumerate(zip(meter.onsets, meter.beats, strict=True)):
        if beat != 1:
            hits += [(place, Fraction(1), "all"), (place + 1, beat - 1, "all")]
        elif index % 2 or energy > 0.75:
            hits += [(place, _HALF, "all"), (place + _HALF, _HALF, "all")]
        else:
            hits.append((place, Fraction(1), "all"))
    return hits


def _comp(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """Jazz comping: the Charleston figure, displaced every other bar."""
    second = meter.onsets[1] if len(meter.onsets) > 1 else Fraction(1)
    if bar % 2 == 0 or meter.bar_quarters < 3:
        return [(Fraction(0), Fraction(1), "all"), (second + _HALF, _HALF, "all")]
    late = meter.bar_quarters - Fraction(3, 2)
    return [(_HALF, Fraction(1), "all"), (late, Fraction(1), "all")]


def _bossa(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """The two-bar guitar figure of bossa nova; in other metres, beats and their off-beats."""
    if meter.bar_quarters != 4:
        return _offbeat(meter, bar, energy, density)
    places = ("0", "1", "5/2") if bar % 2 == 0 else ("1/2", "3/2", "3")
    return [(Fraction(place), _HALF, "all") for place in places]


def _lazy(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """Two long chords a bar, the second late."""
    if meter.bar_quarters < 3:
        return _sustain(meter, bar, energy, density)
    late = meter.half_quarters + _HALF
    return _fill([Fraction(0), late], meter, ["all"])


def _chorale(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    return _fill(list(meter.onsets), meter, ["all"])


def _broken(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """Eighths up and down the chord; quarters when very calm."""
    if energy + density < 0.3 and not meter.is_compound:
        return _fill(list(meter.onsets), meter, [0, 1, 2, 1])
    order = [0, 1, 2, 3, 2, 1] if meter.is_compound or meter.bar_quarters == 3 else [0, 1, 2, 3, 2, 1, 2, 1]
    return _fill(_grid(meter, _HALF), meter, order)


def _wide(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """A pianist's left hand: root, then the chord above it, up and down; the bar's end is left to ring when calm."""
    if energy + density < 0.45:
        places = list(meter.onsets) if len(meter.onsets) > 2 else _grid(meter, _HALF)[:4]
        return _fill(places, meter, ["root", 1, 2, 1])
    order: list[Pick] = ["root", 1, 2, 3, 2, 1] if meter.is_compound or meter.bar_quarters == 3 else ["root", 1, 2, 3, 4, 3, 2, 1]
    places = _grid(meter, _HALF)
    if energy < 0.55 and len(places) > 5:
        places = places[:-2] if bar % 2 else places
    return _fill(places, meter, order)


def _alberti(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    return _fill(_grid(meter, _HALF), meter, [0, 2, 1, 2])


def _sixteenths(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    step = _QUARTER if energy > 0.45 else _HALF
    return _fill(_grid(meter, step), meter, [0, 1, 2, 3, 1, 2, 3, 4] if bar % 2 == 0 else [0, 2, 1, 3, 2, 4, 3, 1])


def _interlock(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """A cell of three against the metre, so that its accents wander from bar to bar."""
    places = _grid(meter, _HALF if energy < 0.6 else _QUARTER)
    shift = bar * len(places)
    cell = [0, 2, 1] if (bar // 4) % 2 == 0 else [0, 1, 3, 2, 1]
    return [
        (place, length, cell[(shift + index) % len(cell)]) for index, (place, length, _) in enumerate(_fill(places, meter, [0]))
    ]


def _ostinato(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """Repeated notes of a film score's strings: eighths, with a galloping first beat when the energy is up."""
    places = _grid(meter, _HALF)
    if energy > 0.6:
        places = sorted({*places, *(onset + Fraction(3, 4) for onset in meter.onsets[::2])})
    picks: list[Pick] = [2 if place in meter.onsets[1::2] else 0 for place in places]
    return _fill(places, meter, picks)


def _sparse(meter: Meter, bar: int, energy: float, density: float) -> list[Hit]:
    """Three notes a bar that ring into each other, and every fourth bar silent."""
    if bar % 4 == 3 and energy < 0.6:
        return []
    places = [Fraction(0), meter.onsets[len(meter.onsets) // 3] + _HALF, meter.onsets[-1]]
    return _fill(sorted(set(places)), meter, [0, 2, 1] if bar % 2 == 0 else [1, 3, 2])


CHORDS: dict[str, Callable[[Meter, int, float, float], list[Hit]]] = {
    "block": _block,
    "bossa": _bossa,
    "chorale": _chorale,
    "comp": _comp,
    "lazy": _lazy,
    "offbeat": _offbeat,
    "power": _power,
    "pulse": _pulse,
    "strum": _strum,
    "waltz": _waltz,
}
ARPEGGIO: dict[str, Callable[[Meter, int, float, float], list[Hit]]] = {
    "alberti": _alberti,
    "broken": _broken,
    "interlock": _interlock,
    "ostinato": _ostinato,
    "sixteenths": _sixteenths,
    "sparse": _sparse,
    "wide": _wide,
}
PAD: dict[str, Callable[[Meter, int, float, float], list[Hit]]] = {"sustain": _sustain}


def pattern(role: str, name: str) -> Callable[[Meter, int, float, float], list[Hit]]:
    """The pattern of a role; an empty name takes the role's plainest.

    Raises:
        UsageError: no such pattern.
    """
    table = {"chords": CHORDS, "arpeggio": ARPEGGIO, "pad": PAD}[role]
    plain = {"chords": "block", "arpeggio": "broken", "pad": "sustain"}[role]
    if name and name not in table:
        raise unknown_name(f"{role} pattern", name, table)
    return table[name or plain]
