"""Loudness as musicians and models write it, as energies: "p", "mezzo-forte", "p -> ff", "crescendo", {"start": "p", "end": .8}.

Conventions: energies 0..1; a mark stands for the middle of the energies for which the composer writes it. Knows nothing of sections.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from img2music.models.parsing.loose_values import folded, is_unsaid, plain_text, scalar_of, share_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MARK_ENERGIES", "dynamics_of", "energy_of", "falling_curve", "straight_curve"]

MARK_ENERGIES: Mapping[str, float] = {"pp": 0.14, "p": 0.29, "mp": 0.43, "mf": 0.57, "f": 0.72, "ff": 0.9}
_SOFTEST = 0.05
"""Where a fade ends."""
_SWELL = 0.2
"""How far a crescendo goes up and down where no more is said than that there is one."""
_WORDS = {
    "ppp": "pp", "pppp": "pp", "fff": "ff", "ffff": "ff", "pianissimo": "pp", "pianississimo": "pp", "piano": "p", "mezzopiano": "mp",
    "mezzoforte": "mf", "forte": "f", "fortissimo": "ff", "fortississimo": "ff", "verysoft": "pp", "veryquiet": "pp", "soft": "p", "quiet": "p",
    "softly": "p", "quietly": "p", "moderate": "mf", "medium": "mf", "loud": "f", "strong": "f", "veryloud": "ff",
    **{mark: mark for mark in MARK_ENERGIES},
}  # fmt: skip
_RISES = frozenset({"crescendo", "cresc", "rising", "growing", "swell", "build", "growinglouder", "gettinglouder", "<"})
_FALLS = frozenset({"diminuendo", "dim", "decrescendo", "decresc", "falling", "softening", "gettingsofter", "fading", ">"})
_SIDES = (("start", "end"), ("from", "to"), ("begin", "end"), ("beginning", "end"), ("starts", "ends"), ("start", "stop"))
_BETWEEN = re.compile(r"\s*(?:->|-+>|→|\.\.+|…|\bto\b|\bthen\b|\binto\b|<|>|–|—|,|;|/)\s*")
_LEADING = re.compile(r"^(?:a\s+)?(?:crescendo|cresc|diminuendo|dim|decrescendo|decresc|swell)\b\.?\s*(?:from\b)?\s*|^from\b\s*")


def dynamics_of(value: Any, energy: float | None) -> dict[str, Any] | None:
    """The two ends {"start", "end"}, each a mark or an energy; None where nothing can be read.

    Args:
        value: as it stands in an answer.
        energy: that of the section, for a crescendo without marks.
    """
    value = scalar_of(value)
    if isinstance(value, dict):
        plain = {folded(str(name)): side for name, side in value.items()}
        names = next((pair for pair in _SIDES if plain.keys() & set(pair)), None)
        if names is None:
            return None
        start, end = (_side(plain.get(name)) for name in names)
    elif isinstance(value, list):
        if not value:
            return None
        start, end = _side(value[0]), _side(value[-1])
    elif isinstance(value, str):
        return _of_text(value, energy)
    else:
        start = end = _side(value)
    start = start if start is not None else energy if end is not None else None
    end = end if end is not None else start
    return None if start is None or end is None else {"start": start, "end": end}


def energy_of(side: str | float) -> float:
    """The energy of a mark; a number is one."""
    return MARK_ENERGIES[side] if isinstance(side, str) else float(side)


def straight_curve(start: float, end: float, bars: int) -> tuple[float, ...]:
    """An energy for each of `bars` bars, the first at one end and the last at the other."""
    return tuple(round(start + (end - start) * (bar / (bars - 1) if bars > 1 else 1.0), 3) for bar in range(bars))


def falling_curve(curve: tuple[float, ...], most_bars: int) -> tuple[float, ...]:
    """The curve with its last bars, at most so many, falling to next to nothing."""
    count = min(most_bars, len(curve))
    begin = curve[len(curve) - count]
    return (*curve[: len(curve) - count], *straight_curve(begin, min(begin, _SOFTEST), count))


def _of_text(text: str, energy: float | None) -> dict[str, Any] | None:
    plain = plain_text(text[:80]).casefold().strip(" .")
    alone = _side(plain)
    if alone is not None:
        return {"start": alone, "end": alone}
    if folded(plain) in _RISES | _FALLS or plain in {"<", ">"}:
        middle = 0.5 if energy is None else energy
        low, high = round(max(_SOFTEST, middle - _SWELL), 3), round(min(1.0, middle + _SWELL), 3)
        rises = folded(plain) in _RISES or plain == "<"
        return {"start": low, "end": high} if rises else {"start": high, "end": low}
    pieces = [piece for piece in _BETWEEN.split(_LEADING.sub("", plain)) if piece]
    sides = [side for side in map(_side, pieces) if side is not None]
    if not sides or len(sides) != len(pieces):
        return None
    if len(sides) == 1 and energy is not None and _LEADING.match(plain):
        return {"start": energy, "end": sides[0]}
    return {"start": sides[0], "end": sides[-1]}


def _side(value: Any) -> str | float | None:
    """One end: a mark or an energy; None where it is neither."""
    value = scalar_of(value)
    if isinstance(value, str) and not is_unsaid(value):
        mark = _WORDS.get(folded(value))
        if mark is not None:
            return mark
    number = share_of(value)
    return None if number is None or not 0 <= number <= 1 else number
