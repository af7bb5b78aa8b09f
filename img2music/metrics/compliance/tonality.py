"""Which key the notes are in, whatever the label says: where they rest, which third stands over the tonic, how much lies in the scale.

*Rest* is the root of the last chord (of a loop, which never rests, of the first): the note that most of the others support, by the
weights of R. Parncutt (*Music Perception* 6, 1988), with a little for the lowest. Where that is another note, the tonic may still
be heard in the whole: the key whose profile fits best (Krumhansl & Kessler 1982, see `theory.key_finding`), weighted by duration.
*Third* is the share of the promised one among both thirds, while the tonic sounds; of a line alone, in the whole.
*Degree* is the same for the step that tells dorian from minor, phrygian from minor, lydian and mixolydian from major, by its neighbour.
*Scale* is the share of the sounding in the scale; minor may raise its sixth and seventh. Borrowed and applied chords and blue
notes lie outside, so less than all is right.

The thresholds stand between what our own pieces give and what the same pieces give under another label: tuned on the 297 with pitches of the
300 random briefs of seed 101, and tried on those of seed 2 (`evals/studies/promises/random_briefs.py --inside`).
Conventions: onsets and durations in quarter notes, bars from 1 in words, shares 0..1, None where nothing is measured. Drums don't count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from img2music.measurement import LEAST_SCALE, LEAST_THIRD, SectionTonality, Tonality
from img2music.theory.key_finding import heard_key, profile_correlation
from img2music.theory.pitch import pitch_class, pitch_class_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from img2music.metrics.compliance.file_notes import SoundingNote
    from img2music.theory import Key

__all__ = [
    "FEWEST_BARS",
    "SectionEnd",
    "fits_best",
    "longest_outside",
    "measure_tonality",
    "neighbour_mode",
    "other_third",
    "spelled_name",
]

CLEAR_SCALE = 0.97
"""Where the end is on another note than the tonic, only notes that hardly leave the scale let the profile speak for it."""
_SUPPORT = {0: 1.0, 7: 1 / 2, 4: 1 / 3, 10: 1 / 4, 2: 1 / 5, 3: 1 / 10}
"""How much a note supports a root so many semitones below (Parncutt 1988, root supports)."""
_NEAR = 0.2
"""How near the best supported root another may come (tuned on the same pieces, like the windows)."""
_RAISED = {"minor": (9, 11)}
_OWN_DEGREE = {"dorian": (9, 8, "minor"), "phrygian": (1, 2, "minor"), "lydian": (6, 5, "major"), "mixolydian": (10, 11, "major")}
"""Semitones above the tonic of the mode's own degree and of the neighbour that would make it another mode, and which. Major and minor
are known by their third: minor has both sixths, and a blues in major its flat seventh."""


FEWEST_BARS = 2
"""In fewer bars than these a section can't show its mode."""


class SectionEnd(NamedTuple):
    """A section: where it ends, in quarter notes from the start of the piece, and how many bars it has."""

    name: str
    end_quarters: float
    bars: int


@dataclass(frozen=True, slots=True)
class _Window:
    """Which notes make the chord at one end of a piece."""

    quarters: float
    """How far from the end: players don't begin and end a chord at quite the same moment, and broken chords take their time."""
    power: float
    """How much it counts how long a note sounds there; 0 not at all."""
    lowest: float
    """What being the lowest adds to a root's support."""


_LAST, _FIRST = _Window(0.5, 0.0, 0.05), _Window(2.0, 0.5, 0.2)


def measure_tonality(
    notes: Sequence[SoundingNote],
    key: Key,
    *,
    loop: bool = False,
    sections: Sequence[SectionEnd] = (),
    begin: float = 0.0,
) -> Tonality | None:
    """How far `notes` are in `key`; None without notes.

    Args:
        notes: all pitched notes of a piece, or of the stretch of it that is to be in this key.
        key: what is promised.
        loop: whether the end leads back to the beginning.
        sections: those that the notes lie in, in order; one of less than two bars is too short to have a mode.
        begin: where the first of them begins.
    """
    if not notes:
        return None
    tonic = pitch_class(key.tonic)
    roots = _roots(notes, at_start=loop)
    best = max(roots, key=lambda root: roots[root])
    rests = roots.get(tonic, 0.0) >= roots[best] - _NEAR
    scale = _share(notes, _own(key))
    centres = not rests and scale >= CLEAR_SCALE and heard_key(_histogram(notes)) == (tonic, key.is_minor)
    parts, start, left = [], begin, 0.0
    for name, end, bars in sections:
        inside = [note for note in notes if begin <= note.onset_quarters < end]
        third, diatonic = _third_share(inside, key), _share(inside, set(key.pitch_classes)) if inside else None
        other = third is not None and third < LEAST_THIRD and diatonic is not None and diatonic < LEAST_SCALE
        departs = other and bars >= FEWEST_BARS
        parts.append(SectionTonality(name, _rounded(third), _rounded(diatonic), departs))
        left += departs * (end - begin)
        begin = end
    return Tonality(
        tonic=rests or centres,
        rests_on=pitch_class_name(key.tonic) if rests else spelled_name(notes, best, key),
        third=_rounded(_third_share(notes, key)),
        degree=_rounded(_degree_share(notes, key)),
        scale=round(scale, 4),
        departing=round(left / (begin - start), 4) if begin > start else 0.0,
        sections=tuple(parts),
    )


def fits_best(notes: Sequence[SoundingNote], key: Key, others: Iterable[Key]) -> bool:
    """Whether the notes sound at least as much like `key` as like any of the others, by the profile of its third."""
    histogram = _histogram(notes)

    def fit(one: Key) -> float:
        return profile_correlation(histogram, pitch_class(one.tonic), is_minor=one.is_minor)

    return all(fit(key) >= fit(other) for other in others)


def neighbour_mode(key: Key) -> tuple[str, int] | None:
    """The mode that `key` turns into where its own degree is the neighbour's, and that pitch class; None for major and minor."""
    if key.mode not in _OWN_DEGREE:
        return None
    _, other, mode = _OWN_DEGREE[key.mode]
    return mode, (pitch_class(key.tonic) + other) % 12


def other_third(key: Key) -> int:
    """The third that the mode does not promise, in semitones above C."""
    return (pitch_class(key.tonic) + (4 if key.is_minor else 3)) % 12


def longest_outside(notes: Sequence[SoundingNote], key: Key) -> int:
    """The pitch class outside the key that sounds longest, in semitones above C."""
    histogram = _histogram(notes)
    return max((pitch for pitch in range(12) if pitch not in _own(key)), key=lambda pitch: histogram[pitch])


def _roots(notes: Sequence[SoundingNote], *, at_start: bool) -> dict[int, float]:
    """How well each note of the last (or first) chord is supported as its root."""
    begin, end = min(note.onset_quarters for note in notes), max(note.end_quarters for note in notes)
    window = _FIRST if at_start else _LAST
    begin, end = (begin, begin + window.quarters) if at_start else (end - window.quarters, end)
    chord = [note for note in notes if note.onset_quarters < end and note.end_quarters > begin]
    length = [0.0] * 12
    for note in chord:
        length[note.pitch % 12] += min(note.end_quarters, end) - max(note.onset_quarters, begin)
    weights = {pitch: (length[pitch] / max(length)) ** window.power for pitch in range(12) if length[pitch] > 0}
    lowest = min(note.pitch for note in chord) % 12
    return {
        root: sum(_SUPPORT.get((pitch - root) % 12, 0.0) * weight for pitch, weight in weights.items())
        + window.lowest * (root == lowest)
        for root in weights
    }


def _histogram(notes: Sequence[SoundingNote]) -> list[float]:
    """How long each pitch class above C sounds, in quarter notes."""
    histogram = [0.0] * 12
    for note in notes:
        histogram[note.pitch % 12] += note.duration_quarters
    return histogram


def _own(key: Key) -> set[int]:
    """The scale and what its mode may raise, as semitones above C."""
    tonic = pitch_class(key.tonic)
    return {*key.pitch_classes, *((tonic + step) % 12 for step in _RAISED.get(key.mode, ()))}


def _share(notes: Sequence[SoundingNote], pitches: set[int]) -> float:
    """How much of the sounding are these pitch classes, 0..1."""
    histogram = _histogram(notes)
    return sum(histogram[pitch] for pitch in sorted(pitches)) / sum(histogram)


def _third_share(notes: Sequence[SoundingNote], key: Key) -> float | None:
    """The promised third's share of both: while the tonic sounds, or in the whole where nothing ever sounds with it."""
    tonic = pitch_class(key.tonic)
    right, other = (tonic + (3 if key.is_minor else 4)) % 12, other_third(key)
    good = bad = 0.0
    for seconds, pitches in _moments([note for note in notes if note.pitch % 12 in {tonic, right, other}]):
        if tonic in pitches:
            good += seconds * (right in pitches)
            bad += seconds * (other in pitches)
    if not good + bad:
        histogram = _histogram(notes)
        good, bad = histogram[right], histogram[other]
    return good / (good + bad) if good + bad else None


def _degree_share(notes: Sequence[SoundingNote], key: Key) -> float | None:
    """The share of the mode's own degree among it and its neighbour."""
    if key.mode not in _OWN_DEGREE:
        return None
    histogram, tonic = _histogram(notes), pitch_class(key.tonic)
    own, other = (histogram[(tonic + step) % 12] for step in _OWN_DEGREE[key.mode][:2])
    return own / (own + other) if own + other else None


def _moments(notes: Sequence[SoundingNote]) -> Iterator[tuple[float, set[int]]]:
    """Between every two changes: how long, and which pitch classes sound."""
    changes = sorted(
        [(note.onset_quarters, 1, note.pitch % 12) for note in notes]
        + [(note.end_quarters, -1, note.pitch % 12) for note in notes]
    )
    counts = [0] * 12
    before = 0.0
    for place, change, pitch in changes:
        if place > before:
            yield place - before, {sounding for sounding in range(12) if counts[sounding]}
            before = place
        counts[pitch] += change


def spelled_name(notes: Sequence[SoundingNote], pitch: int, key: Key) -> str:
    """The pitch class as the page spells it most often, or as the key does."""
    spelled = [note.name for note in notes if note.pitch % 12 == pitch and note.name]
    if spelled:
        return max(sorted(set(spelled)), key=spelled.count)
    return key.spell(60 + pitch).name.rstrip("0123456789")


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
