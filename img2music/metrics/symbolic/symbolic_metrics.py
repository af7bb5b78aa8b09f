"""Measurements of written notes: what a strict teacher would mark on the page, and how it compares with songs by people.

They choose between takes and are saved with each piece; none of them says whether music is beautiful. One module a family:

    melody_metrics         the tune: consonance, leaps, climax, variety, breath, compass, rhythm
    tune_returns           what comes back, and whether the chords come back with it
    tune_over_chords       long notes, phrase ends and strangers over their chords
    motif_recurrence       how much of the tune grows from the plan's motif
    form_similarity        likeness of sections; what repeats
    voice_leading_faults   parallels, crossings, unisons, range
    descriptors            what papers print: entropies, groove ... for comparison, without a mark
    take_mark              one number of all these, fitted to tell people's songs from spoiled ones

Knows nothing of pictures and sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.metrics.symbolic.descriptors import measure_descriptors
from img2music.metrics.symbolic.form_similarity import measure_structure
from img2music.metrics.symbolic.melody_metrics import measure_tune
from img2music.metrics.symbolic.melody_view import view_melody
from img2music.metrics.symbolic.motif_recurrence import measure_motif
from img2music.metrics.symbolic.take_mark import song_likeness
from img2music.metrics.symbolic.tune_over_chords import measure_tune_over_chords
from img2music.metrics.symbolic.tune_returns import measure_returns
from img2music.metrics.symbolic.voice_leading_faults import measure_voice_leading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.measurement import Measurement
    from img2music.plan import CompositionPlan
    from img2music.score import Score

__all__ = ["measure_score", "overall_quality", "quality_mark"]


def measure_score(score: Score, plan: CompositionPlan) -> tuple[Measurement, ...]:
    """Every measurement of a score; those that need a melody or a bass are None where there is none."""
    tune = view_melody(score, plan)
    checkpoint()
    of_tune = (*measure_tune(tune), *measure_returns(tune), *measure_tune_over_chords(tune), measure_motif(tune, plan))
    checkpoint()
    return (
        *of_tune,
        *measure_structure(score, tune),
        *measure_voice_leading(score),
        *measure_descriptors(score),
    )


def quality_mark(one: Measurement) -> float | None:
    """How good a single value is, in [0, 1]; None for one that is not measured, or that only describes.

    With a band of people's music: 1 inside and on the better side of it, falling evenly to 0 half the band's width (our choice)
    beyond its edge. Without a band: the place of the value in its range, turned round where lower is better.
    """
    if one.value is None or one.better == "neither" or (one.better == "inside" and one.band is None):
        return None
    if one.band is None:
        place = (one.value - one.low) / (one.high - one.low)
        return 1 - place if one.better == "lower" else place
    low, high = one.band
    beyond = max(low - one.value if one.better != "lower" else 0.0, one.value - high if one.better != "higher" else 0.0, 0.0)
    return max(0.0, 1 - 2 * beyond / (high - low))


def overall_quality(measurements: Sequence[Measurement]) -> float:
    """One number in [0, 1] to rank takes for the same scene and brief.

    How much tune and chords are like people's songs (`take_mark.song_likeness`), less every fault: a measurement without a band that is
    better low is a fault and costs its value, so one parallel fifth in ten bars costs a tenth. Where too little of a tune is measured,
    such as in a piece of a few bars, the mean of the marks of all qualities stands in. Not comparable between styles: a waltz and a
    drone ask for different pages. 0 where no quality could be measured.
    """
    faults = sum(one.value or 0.0 for one in measurements if _is_fault(one))
    likeness = song_likeness({one.name: one.value for one in measurements})
    if likeness is None:
        marks = [quality_mark(one) for one in measurements if not _is_fault(one)]
        qualities = [given for given in marks if given is not None]
        if not qualities:
            return 0.0
        likeness = sum(qualities) / len(qualities)
    return max(0.0, likeness - faults)


def _is_fault(one: Measurement) -> bool:
    return one.better == "lower" and one.band is None
