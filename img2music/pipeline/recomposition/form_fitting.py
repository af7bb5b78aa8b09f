"""A kept form in another length and another metre: which of its bars are played, in which order, how fast, and how long that lasts.

A form stays whole where it can: its bars fill the length at a tempo of the style. Where a length is asked for that they can't fill, whole
sections are played again before the last one comes, or the form is cut at a phrase and goes to its last one. Bars of another metre are
possible where they are as long (3/4 and 6/8), twice or half as long (2/4 and 4/4, 6/8 and 12/8). A loop is the body alone: an
introduction or an ending would come round again.

Conventions: tempo in quarter notes a minute; bars from 0; `places` says for every bar which bar of the kept form it repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from math import ceil, floor
from typing import TYPE_CHECKING

from img2music.brief import SECONDS_RANGE
from img2music.errors import BriefError
from img2music.pipeline.recomposition.form_courses import bars_in, form_courses, played_form, whole_course
from img2music.realizers.timeline import layout_chords
from img2music.theory import METERS, Meter
from img2music.theory.meter_map import MeterMap, bars_quarters, bars_seconds
from img2music.theory.tempo_map import bpm_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, Section

__all__ = [
    "OWN_RING_SECONDS",
    "FittedForm",
    "compatible_meters",
    "fit_form",
    "form_body",
    "regroup_bars",
]

_RING_SECONDS, _LONGEST_RING_SECONDS, _RING_SHARE = 1.2, 3.2, 0.12
"""What the last chord rings, as planners leave it; the shortest pieces leave a share of their length."""
OWN_RING_SECONDS = 2.0
_EASE = (0.85, 1.18)
"""How far from the style's own tempo a tune goes before bars are repeated or left out instead (our choice: it is still the same tune)."""
_MOST_COURSES = 400
_ENDS = ("intro", "outro")


@dataclass(frozen=True, slots=True)
class FittedForm:
    """How a kept form is played."""

    sections: tuple[Section, ...]
    places: tuple[int, ...]
    tempo_bpm: float
    seconds: float

    @property
    def bars(self) -> int:
        """Bars that are played."""
        return len(self.places)


def compatible_meters(meter: Meter) -> tuple[str, ...]:
    """Metres in which a tune of `meter` keeps every note's place and length, itself first."""
    pairs = {"2/4": ("4/4",), "4/4": ("2/4",), "6/8": ("3/4", "12/8"), "12/8": ("6/8",), "3/4": ("6/8",)}
    return (meter.name, *pairs.get(meter.name, ()))


def regroup_bars(plan: CompositionPlan, meter: Meter) -> tuple[Section, ...]:
    """The sections of `plan` in bars of another metre that hold the same beats.

    Raises:
        BriefError: the metre's bars don't hold them.
    """
    old = plan.parsed_meter
    if not plan.meter_map.is_constant:
        if meter != old:
            raise BriefError(
                f"notes that were written in several metres can't be kept in {meter.name}; keep those metres, or keep no notes"
            )
        return plan.sections
    ratio = MeterMap.constant(old).bars_through(meter.bar_quarters)
    if meter.name not in compatible_meters(old) or meter.name not in METERS:
        others = " or ".join(compatible_meters(old))
        raise BriefError(
            f"notes that were written in {old.name} can't be kept in {meter.name}; keep them in {others}, or keep no notes"
        )
    if ratio == 2:
        odd = next((section for section in plan.sections if any(bars % 2 for bars in section.phrase_bars)), None)
        if odd is not None:
            raise BriefError(
                f"section {odd.name} has a phrase of an odd number of bars of {old.name}, which make no whole bars of {meter.name}; "
                f"keep the metre {old.name}"
            )
        if any(len(f"{one} {other}".split()) > 4 for one, other in _pairs(plan.sections)):
            raise BriefError(
                f"two bars of {old.name} have more than four chords, too many for one of {meter.name}; keep the metre {old.name}"
            )
        return tuple(
            section.model_copy(
                update={
                    "harmony": tuple(
                        one if one == other else f"{one} {other}"
                        for one, other in zip(section.harmony[::2], section.harmony[1::2], strict=True)
                    ),
                    "phrase_bars": tuple(bars // 2 for bars in section.phrase_bars),
                }
            )
            for section in plan.sections
        )
    if ratio == 1:
        return plan.sections
    halves: list[str] = []
    half = meter.bar_quarters
    spans = layout_chords(plan)
    for bar in range(plan.bars):
        own = [span for span in spans if span.bar == bar]
        middle = plan.meter_map.bar_onset(bar) + half
        halves.append(" ".join(span.chord.numeral for span in own if span.onset < middle))
        halves.append(" ".join(span.chord.numeral for span in own if span.end > middle))
    result, bar = [], 0
    for section in plan.sections:
        # A phrase has at most sixteen bars: a longer one becomes two.
        phrases = [bars for whole in section.phrase_bars for bars in ((2 * whole,) if whole <= 8 else (whole, whole))]
        rows = tuple(halves[2 * bar : 2 * (bar + section.bars)])
        result.append(section.model_copy(update={"harmony": rows, "phrase_bars": tuple(phrases)}))
        bar += section.bars
    return tuple(result)


def form_body(sections: Sequence[Section]) -> tuple[tuple[Section, ...], tuple[int, ...]]:
    """The sections between introduction and ending, and their bars among all; everything where there are no others."""
    roles = [section.role for section in sections for _ in range(section.bars)]
    body = tuple(section for section in sections if section.role not in _ENDS)
    if not body:
        return tuple(sections), tuple(range(len(roles)))
    return body, tuple(bar for bar, role in enumerate(roles) if role not in _ENDS)


def fit_form(
    sections: Sequence[Section],
    meter: Meter,
    *,
    tempo_bpm: float,
    seconds: float,
    limits: tuple[float, float],
    outer_limits: tuple[float, float] | None = None,
    tempo_is_asked: bool,
    tempo_is_worded: bool = False,
    seconds_are_asked: bool,
    loop: bool,
) -> FittedForm:
    """How the kept `sections` fill a length.

    Args:
        sections: the kept form, its bars in `meter`.
        meter: the new piece's.
        tempo_bpm: what style and words would take, or what is asked.
        seconds: the length on record, or what is asked.
        limits: slowest and fastest of the style, or as the words say.
        outer_limits: the same for an asked length that nothing fills inside `limits`; None where that is refused.
        tempo_is_asked: whether the tempo must be `tempo_bpm`; else another inside `limits` may be taken.
        tempo_is_worded: whether new words steered the tempo: then the length gives way to it, if it is not asked for.
        seconds_are_asked: whether the length must be `seconds`; else it gives way where no tempo of the style fills it.
        loop: whether the bars have to fill the length exactly.

    Raises:
        BriefError: an asked length that no phrases of the form fill.
    """
    bars = sum(section.bars for section in sections)
    whole = tuple(range(bars))
    ease = _EASE if seconds_are_asked else (0.0, 1000.0)
    low, high = max(limits[0], tempo_bpm * ease[0]), min(limits[1], tempo_bpm * ease[1])
    stays = tempo_is_asked or (tempo_is_worded and not seconds_are_asked)
    tempo = _tempo_for(bars, meter, tempo_bpm, seconds, None if stays else (low, high), loop=loop)
    if tempo is not None:
        return FittedForm(tuple(sections), whole, tempo, bars_seconds(bars, meter, tempo) if loop else seconds)
    if not seconds_are_asked:
        if not stays:
            tempo_bpm = min(
                limits[1], max(limits[0], round(bpm_between(bars_quarters(bars, meter), max(0.5, seconds - OWN_RING_SECONDS))))
            )
        lasts = bars_seconds(bars, meter, tempo_bpm)
        lasts = lasts if loop else round(lasts + OWN_RING_SECONDS, 2)
        if not SECONDS_RANGE[0] <= lasts <= SECONDS_RANGE[1]:
            raise BriefError(
                f"{bars} kept bars at {tempo_bpm:g} last {lasts:.0f} s, and {SECONDS_RANGE[0]:g} to {SECONDS_RANGE[1]:g} s are the limits; "
                "ask for another tempo"
            )
        return FittedForm(tuple(sections), whole, tempo_bpm, lasts)
    # The whole form is a course too, once the tempo may go farther than where the tune is still the same.
    whole_form = whole_course(sections)
    ways = list(islice(form_courses(sections, ceil(seconds / bars_seconds(1, meter, 300)) + bars), _MOST_COURSES))
    tries = [(None if tempo_is_asked else (low, high), ways)]
    if outer_limits is not None and not tempo_is_asked:
        tries += [(limits, [whole_form, *ways]), (outer_limits, [whole_form, *ways])]
    for near, courses in tries:
        found = []
        for number, pieces in enumerate(courses):
            count = bars_in(sections, pieces)
            tempo = _tempo_for(count, meter, tempo_bpm, seconds, near, loop=loop)
            if tempo is not None:
                found.append((abs(tempo - tempo_bpm), number, tempo, count, pieces))
        if found:
            _, _, tempo, count, pieces = min(found, key=lambda one: one[:2])
            made, places = played_form(sections, pieces)
            return FittedForm(made, places, tempo, bars_seconds(count, meter, tempo) if loop else seconds)
    lengths = {bars_seconds(bars_in(sections, pieces), meter, tempo_bpm) for pieces in (whole_form, *ways)}
    near_by = sorted((one + (0 if loop else OWN_RING_SECONDS) for one in lengths), key=lambda one: abs(one - seconds))
    raise BriefError(
        f"{seconds:g} s can't be filled with whole phrases of the kept form ({bars} bars) at {tempo_bpm:g} quarter notes a minute; "
        f"ask for --seconds {' or '.join(f'{one:.1f}' for one in sorted(near_by[:2]))}"
        + (", or leave the tempo open" if tempo_is_asked else "")
    )


def _pairs(sections: Sequence[Section]) -> list[tuple[str, str]]:
    return [pair for section in sections for pair in zip(section.harmony[::2], section.harmony[1::2], strict=False)]


def _tempo_for(
    bars: int, meter: Meter, tempo_bpm: float, seconds: float, limits: tuple[float, float] | None, *, loop: bool
) -> float | None:
    """The tempo nearest to `tempo_bpm` at which so many bars fill the length; None where there is none; no limits: only that tempo."""
    ring = min(_RING_SECONDS, seconds * _RING_SHARE)

    def fills(tempo: float) -> bool:
        rest = seconds - bars_seconds(bars, meter, tempo)
        more = bars_seconds(1, meter, tempo) if limits is None else 0.0  # an asked tempo leaves up to a bar, as planners do
        return abs(rest) < 1e-3 if loop else ring - 1e-6 <= rest <= _LONGEST_RING_SECONDS + more

    if fills(tempo_bpm):
        return tempo_bpm
    if limits is None:
        return None
    if loop:
        exact = bpm_between(bars_quarters(bars, meter), seconds)
        return exact if limits[0] <= exact <= limits[1] else None
    candidates = [float(tempo) for tempo in range(ceil(limits[0]), floor(limits[1]) + 1) if fills(tempo)]
    return min(candidates, key=lambda tempo: abs(tempo - tempo_bpm), default=None)
