"""A form that a model planned, made to move as the user asked: through several keys in their order, from one tempo to another.

What was asked is exact: the first bar in the first tempo, the last bar in the last, the keys in their order and no others. Conventions: tempo in
quarter notes a minute. Knows nothing of what the model said of tempi.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from img2music.planners.form import SectionLayout
from img2music.planners.rules.gradual_tempo import GradualTempo, fit_gradual_tempo, section_tempi
from img2music.theory.meter_map import MeterMap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.plan import Section
    from img2music.theory import Key, Meter

__all__ = ["goes_through", "keys_of", "with_asked_tempi"]


def keys_of(sections: Sequence[Section], key: Key) -> tuple[str, ...]:
    """The keys of the sections in their order, each once where it stays; `key` is the piece's."""
    return tuple(name for name, _ in groupby(section.key or key.name for section in sections))


def goes_through(sections: Sequence[Section], key: Key, asked: Sequence[str]) -> bool:
    """Whether the sections go through the keys that were asked for; always where no more than one was."""
    return len(asked) < 2 or keys_of(sections, key) == tuple(asked)


def with_asked_tempi(
    sections: Sequence[Section],
    tempi_bpm: tuple[float, float],
    meter: Meter,
    seconds: float,
    fit: Callable[[Sequence[Section], int], tuple[Section, ...]],
) -> tuple[Section, ...]:
    """The sections with as many bars as fill the length while the tempo moves from the one to the other.

    Args:
        sections: as they were planned, all in one metre.
        tempi_bpm: of the first and of the last bar.
        meter: of all bars.
        seconds: length of the piece.
        fit: makes sections hold so many bars.
    """

    def layout(bars: int) -> tuple[SectionLayout, ...]:
        return tuple(SectionLayout.of(one) for one in fit(sections, bars))

    layouts, tempo = fit_gradual_tempo(seconds, GradualTempo(*tempi_bpm), meter, layout)
    bars = sum(one.bars for one in layouts)
    told = section_tempi(layouts, MeterMap.constant(meter), tempo)
    return tuple(
        section.model_copy(update={"tempo_bpm": one.tempo_bpm, "tempo_changes": one.tempo_changes})
        for section, one in zip(fit(sections, bars), told, strict=True)
    )
