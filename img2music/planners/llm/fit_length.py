"""Makes a form fill the length of the piece: the tempo moves a little where it is open, else bars come or go.

Whole phrases go from where they are missed least (the longest sections) and come where they are wanted most (the shortest); what is no
whole phrase is taken from or added to the tonic at the end. The last bar stays the last. Conventions: quarter notes a minute, 20 to
300; lengths in seconds, of which the last note's ring is a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from img2music.movement import meter_map_of, tempo_map_of
from img2music.planners.form import count_bars, split_into_phrases
from img2music.planners.llm.moves.moving_length import MovingForm, moves_in_time
from img2music.planners.rules.loop_form import count_loop_bars, loop_tempo
from img2music.theory.meter_map import bars_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.plan import Section
    from img2music.planners.llm.fixed_choices import FixedChoices
    from img2music.planners.llm.moves.moving_length import Glide
    from img2music.theory import Meter

__all__ = ["FittedLength", "fit_bars", "fit_length", "sections_seconds"]

_NEAR = 0.08
"""An open tempo may move so far that the model's own bars fill the length: little more than what listeners notice in a beat (about
6 %: Drake & Botte, Perception & Psychophysics 54, 1993), because a whole form is worth more than a tempo to the digit."""
_RING_SECONDS = (0.1, 4.0)
"""Least and most that the last chord may ring beyond the last bar."""
_SLOWEST, _FASTEST = 20.0, 300.0

_PHRASE = 4
_LONGEST_BARS = 500


class FittedLength(NamedTuple):
    """A form that fills its length."""

    tempo_bpm: float
    sections: tuple[Section, ...]
    moved: str = ""
    """A remark where the tempo moved."""
    fault: str = ""
    """What was wrong where bars had to come or go."""


def sections_seconds(sections: Sequence[Section], tempo_bpm: float, meter: Meter) -> float:
    """How long the bars last in a piece of that tempo and metre, with all that moves in them."""
    meters = meter_map_of(sections, meter)
    return tempo_map_of(sections, tempo_bpm, meters).seconds_at(meters.bar_onset(sum(section.bars for section in sections)))


def fit_length(
    sections: tuple[Section, ...],
    tempo_bpm: float,
    meter: Meter,
    fixed: FixedChoices,
    glides: Mapping[str, Glide] | None = None,
) -> FittedLength:
    """The tempo, moved by at most 8 % unless the user asked for it, and the sections with as many bars as fill the length then.

    `glides` say how the tempi of sections move, by their names; sections come back with the tempo changes that these make.
    """
    if moves_in_time(sections, glides or {}):
        return _fit_moving(MovingForm(sections, tempo_bpm, meter, glides or {}), fixed)
    bars = sum(section.bars for section in sections)
    if not fixed.tempo:
        near = _nearest_tempo(tempo_bpm, bars, meter, fixed)
        if near is not None:
            moved = f"the tempo moved from {tempo_bpm:.4g} to {near:.4g}, so that {bars} bars fill {fixed.seconds:g} s"
            return FittedLength(near, sections, moved if abs(near - tempo_bpm) > 0.5 else "")
    elif _fills(tempo_bpm, bars, meter, fixed):
        return FittedLength(tempo_bpm, sections)
    wanted = (count_loop_bars if fixed.loop else count_bars)(fixed.seconds, tempo_bpm, meter)
    fault = f"sections: they hold {bars} bars; {fixed.seconds:g} s of {meter.name} at {tempo_bpm:.4g} need {wanted}"
    if fixed.loop and not fixed.tempo:
        tempo_bpm = min(_FASTEST, max(_SLOWEST, loop_tempo(wanted, meter, fixed.seconds)))
    if wanted == bars:
        return FittedLength(tempo_bpm, sections)
    return FittedLength(tempo_bpm, fit_bars(sections, wanted), fault=fault)


def _fit_moving(form: MovingForm, fixed: FixedChoices) -> FittedLength:
    """The same for a form whose tempo or metre changes: all its tempi move together."""
    bars = sum(section.bars for section in form.sections)
    factor = 1.0 if fixed.tempo else form.nearest_factor(fixed.seconds, loop=fixed.loop)
    wanted = bars
    if factor is None or fixed.tempo:
        wanted = form.bars_for(fixed.seconds, fit_bars, loop=fixed.loop)
        factor = 1.0
    fault = ""
    if wanted != bars:
        fault = f"sections: they hold {bars} bars; {fixed.seconds:g} s in their metres and tempi need {wanted}"
        form = form.with_bars(fit_bars(form.sections, wanted))
        if not fixed.tempo:
            near = form.nearest_factor(fixed.seconds, loop=fixed.loop)
            factor = near or (form.factor_for(fixed.seconds) if fixed.loop else 1.0)
    tempo, sections = form.at(factor)
    moved = f"all tempi were multiplied by {factor:.3f}, so that {wanted} bars fill {fixed.seconds:g} s"
    return FittedLength(tempo, sections, moved if abs(factor - 1) > 0.005 else "", fault)


def _fills(tempo_bpm: float, bars: int, meter: Meter, fixed: FixedChoices) -> bool:
    """Whether so many bars fill the length, with the ring of the last chord."""
    lasts = bars_seconds(bars, meter, tempo_bpm)
    if fixed.loop:
        return bars == count_loop_bars(fixed.seconds, tempo_bpm, meter)
    most = lasts + min(bars_seconds(1, meter, tempo_bpm), 1.0) + _RING_SECONDS[1]
    return bars == count_bars(fixed.seconds, tempo_bpm, meter) or lasts + _RING_SECONDS[0] <= fixed.seconds <= most


def _nearest_tempo(tempo_bpm: float, bars: int, meter: Meter, fixed: FixedChoices) -> float | None:
    """The tempo nearest to `tempo_bpm`, within 8 %, at which `bars` fill the length; None if there is none."""
    if fixed.loop:
        exact = loop_tempo(bars, meter, fixed.seconds)
        return exact if abs(exact / tempo_bpm - 1) <= _NEAR and _SLOWEST <= exact <= _FASTEST else None
    spread = int(tempo_bpm * _NEAR)
    candidates = sorted((tempo_bpm + step for step in range(-spread, spread + 1)), key=lambda one: abs(one - tempo_bpm))
    return next((one for one in candidates if _SLOWEST <= one <= _FASTEST and _fills(one, bars, meter, fixed)), None)


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
