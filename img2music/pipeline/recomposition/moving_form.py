"""A kept form whose tempo moves, in the length of the new piece.

A tempo that the brief lets go from one to another does so over the kept form, bent as far as the length needs; where that is not enough and
the length is asked for, sections are played again or left out (`form_courses`). A form that moves of itself, because a model or a person wrote
it so, keeps its proportions: all its tempi together get faster or slower.

Conventions: tempo in quarter notes a minute; `places` says for every bar which bar of the kept form it repeats.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from img2music.brief import SECONDS_RANGE
from img2music.errors import BriefError
from img2music.movement import meter_map_of
from img2music.pipeline.recomposition.form_courses import form_courses, played_form, whole_course
from img2music.pipeline.recomposition.form_fitting import OWN_RING_SECONDS, FittedForm
from img2music.planners.form import SectionLayout, ring_seconds
from img2music.planners.llm.moves.moving_length import MovingForm
from img2music.planners.rules.gradual_tempo import bend_to_fill, gradual_seconds, section_tempi
from img2music.theory.meter_map import bars_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import Section
    from img2music.planners.rules.gradual_tempo import GradualTempo
    from img2music.theory import Meter

__all__ = ["fit_gradual_form", "fit_own_tempi"]

_MOST_COURSES = 100
_ROUNDING_SECONDS = 1e-3


def fit_gradual_form(
    sections: Sequence[Section], meter: Meter, tempo: GradualTempo, *, seconds: float, seconds_are_asked: bool
) -> FittedForm:
    """How the kept sections fill a length while the tempo goes from one to another.

    Args:
        sections: the kept form, its bars in `meter` or in metres of their own.
        meter: the new piece's.
        tempo: from which tempo to which.
        seconds: the length on record, or what is asked.
        seconds_are_asked: whether the length must be `seconds`; else it gives way to the whole form.

    Raises:
        BriefError: an asked length that no phrases of the form fill.
    """
    least, most = ring_seconds(seconds)
    most += bars_seconds(1, meter, min(tempo.begin_bpm, tempo.end_bpm))
    whole = whole_course(sections)
    quickest = bars_seconds(1, meter, max(tempo.begin_bpm, tempo.end_bpm))
    ways = islice(form_courses(sections, int(seconds / quickest) + 1), _MOST_COURSES) if seconds_are_asked else ()
    for pieces in (whole, *ways):
        made, places = played_form(sections, pieces)
        layouts, meters = [SectionLayout.of(section) for section in made], meter_map_of(made, meter)
        bent = bend_to_fill(seconds, tempo, meters, layouts)
        if least - 1e-2 <= seconds - gradual_seconds(layouts, meters, bent) <= most:
            return FittedForm(_gliding(made, meter, bent), places, tempo.begin_bpm, seconds)
    bars = sum(section.bars for section in sections)
    layouts, meters = [SectionLayout.of(section) for section in sections], meter_map_of(sections, meter)
    lasts = round(gradual_seconds(layouts, meters, tempo) + OWN_RING_SECONDS, 2)
    if seconds_are_asked or not SECONDS_RANGE[0] <= lasts <= SECONDS_RANGE[1]:
        raise BriefError(
            f"{seconds:g} s can't be filled with whole phrases of the kept form ({bars} bars) from {tempo.begin_bpm:g} to {tempo.end_bpm:g} "
            f"quarter notes a minute; the whole form lasts {lasts:g} s"
        )
    return FittedForm(_gliding(tuple(sections), meter, tempo), tuple(range(bars)), tempo.begin_bpm, lasts)


def fit_own_tempi(
    sections: Sequence[Section], meter: Meter, tempo_bpm: float, *, seconds: float, seconds_are_asked: bool, loop: bool
) -> FittedForm:
    """The kept sections with tempi of their own, which all move by one factor where the length asks for it.

    Args:
        sections: the kept form.
        meter: the piece's.
        tempo_bpm: the tempo of sections that have none of their own.
        seconds: the length on record, or what is asked.
        seconds_are_asked: whether the length must be `seconds`; else it gives way.
        loop: whether the bars fill the length without a ring.

    Raises:
        BriefError: an asked length that needs tempi which nobody plays.
    """
    form = MovingForm(sections, tempo_bpm, meter, {})
    lasts, factor = form.seconds(), 1.0
    least, most = ring_seconds(seconds)
    fills = least <= seconds - lasts <= most + bars_seconds(1, meter, tempo_bpm)
    if loop or (seconds_are_asked and not fills):
        target = seconds - (0.0 if loop else max(least, min(OWN_RING_SECONDS, most)))
        factor = form.factor_for(target) if seconds_are_asked else 1.0
        if seconds_are_asked and abs(form.seconds(factor) - target) > _ROUNDING_SECONDS:
            raise BriefError(
                f"the kept form has tempi of its own and can't fill {seconds:g} s with tempi from 20 to 300; it lasts {lasts:.1f} s as it is"
            )
        seconds = form.seconds(factor) if loop else seconds
    elif not fills:
        seconds = round(lasts + OWN_RING_SECONDS, 2)
    tempo, made = form.at(factor)
    return FittedForm(made, tuple(range(sum(section.bars for section in sections))), tempo, seconds)


def _gliding(sections: Sequence[Section], meter: Meter, tempo: GradualTempo) -> tuple[Section, ...]:
    """The sections with the tempi of the glide."""
    layouts = [SectionLayout.of(section) for section in sections]
    tempi = section_tempi(layouts, meter_map_of(sections, meter), tempo)
    return tuple(
        section.model_copy(update={"tempo_bpm": moves.tempo_bpm, "tempo_changes": moves.tempo_changes})
        for section, moves in zip(sections, tempi, strict=True)
    )
