"""The measurements that papers on symbolic music print, over all notes of a score.

They describe and do not judge: a drone and a fugue have different numbers and both may be good, so none of them counts for a
piece's mark. Definitions are those of MusPy (Dong et al., ISMIR 2020; scale consistency after Mogren 2016), and of Wu & Yang,
"The Jazz Transformer on the Front Line", ISMIR 2020 (groove similarity, structure indicator; see `form_similarity`), checked against
MusPy in the tests. Where MusPy counts a beat as sounding because a note ends exactly on it, we don't.

Conventions: kits count for beats, onsets and groove, not for pitch; a beat here is a quarter note, so that numbers can be compared
with papers. Does not see who plays what.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.measurement import card, cards_by_name
from img2music.metrics.symbolic.melody_metrics import entropy
from img2music.metrics.symbolic.norms import fill_cards
from img2music.theory import Key
from img2music.theory.meter_map import steps_in_bar
from img2music.theory.tempo_map import seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from img2music.measurement import Measurement
    from img2music.score import Note, Score
    from img2music.theory import Meter
    from img2music.theory.meter_map import MeterMap
    from img2music.theory.tempo_map import TempoMap

__all__ = [
    "CARDS",
    "empty_beat_rate",
    "groove_similarity",
    "mean_inter_onset_seconds",
    "measure_descriptors",
    "scale_consistency",
]

_SCALES = [
    frozenset((tone + root) % 12 for tone in Key(0, mode).pitch_classes) for root in range(12) for mode in ("major", "minor")
]
GROOVE_STEPS = 16
"""Places a quarter note that groove similarity tells apart; 64 a bar of 4/4, as Wu & Yang do."""

CARDS = cards_by_name(
    card(
        "scale consistency", "0..1", "The largest share of notes that one major or natural minor scale holds.",
        "1 for a single repeated note; chromatic colour lowers it in good music.", better="neither",
    ),
    card(
        "pitch entropy", "bits", "Entropy of how often each pitch comes, over all parts.",
        "Grows with the compass and the number of parts, not with invention.", high=7.0, better="neither",
    ),
    card(
        "pitch-class entropy", "bits", "Entropy of how often each of the twelve pitch classes comes: 2.8 is a whole scale, 3.6 all twelve alike.",
        "Random notes have the highest value.", high=3.59, better="neither",
    ),
    card("empty-beat rate", "0..1", "Share of quarter notes in which nothing sounds.", "Rests are music too.", better="neither"),
    card(
        "mean inter-onset interval", "seconds", "Mean time between one onset and the next, whoever plays.",
        "A single busy part hides all calm ones.", high=600.0, better="neither",
    ),
    card(
        "groove similarity", "0..1", "How far all pairs of bars agree on where something is struck.",
        "Most places of a bar are empty in all bars, so nearly everything scores above 0.9.", better="neither",
    ),
)  # fmt: skip


def scale_consistency(pitches: Sequence[int]) -> float | None:
    """The largest share of notes that one major or natural minor scale holds."""
    return max(sum(pitch % 12 in scale for pitch in pitches) for scale in _SCALES) / len(pitches) if pitches else None


def empty_beat_rate(notes: Sequence[Note], quarters: int) -> float | None:
    """Share of the first `quarters` quarter notes in which nothing sounds."""
    sounding: set[int] = set()
    for note in notes:
        checkpoint()
        sounding.update(range(int(note.onset_quarters), -int(-note.end_quarters // 1)))
    return 1 - len(sounding & set(range(quarters))) / quarters if quarters else None


def mean_inter_onset_seconds(notes: Sequence[Note], tempi: TempoMap) -> float | None:
    """Mean time between distinct onsets, in seconds."""
    onsets = {note.onset_quarters for note in notes}
    if len(onsets) < 2:
        return None
    first, last = min(onsets), max(onsets)
    if tempi.is_constant:  # the mean of notes first: to the last bit what was always printed
        return seconds_of(float(last - first) / (len(onsets) - 1), tempi.bpm)
    return tempi.seconds_between(first, last) / (len(onsets) - 1)


def groove_similarity(onsets: Sequence[Fraction], meters: MeterMap, bars: int) -> float | None:
    """Mean share of places in the bar on which two bars agree whether something is struck, over all pairs of bars of one metre.

    Counted a place at a time: where `c` of `B` bars strike, `c * (B - c)` pairs disagree.
    """
    struck: dict[Meter, Counter[int]] = {}
    for bar, place in {(bar, int(place * GROOVE_STEPS)) for bar, place in map(meters.place_in_bar, onsets)}:
        struck.setdefault(meters.meter_at(bar), Counter())[place] += 1
    disagreements = pairs = 0.0
    for meter, alike in Counter(meters.meter_at(bar) for bar in range(bars)).items():
        disagreements += sum(count * (alike - count) for count in struck.get(meter, Counter()).values())
        pairs += steps_in_bar(meter, GROOVE_STEPS) * alike * (alike - 1) / 2
    return 1 - disagreements / pairs if pairs and onsets else None


def measure_descriptors(score: Score) -> tuple[Measurement, ...]:
    """The descriptors of a score; those of pitch are None for drums alone."""
    notes = [note for part in score.parts for note in part.notes]
    pitches = [note.pitch for part in score.parts if not part.instrument.kit for note in part.notes]
    whole = int(score.duration_quarters)
    return fill_cards(
        CARDS,
        {
            "scale consistency": scale_consistency(pitches),
            "pitch entropy": entropy(pitches),
            "pitch-class entropy": entropy(pitch % 12 for pitch in pitches),
            "empty-beat rate": empty_beat_rate(notes, whole) if notes else None,
            "mean inter-onset interval": mean_inter_onset_seconds(notes, score.tempo_map),
            "groove similarity": groove_similarity([note.onset_quarters for note in notes], score.meter_map, score.bars),
        },
    )
