"""What a performance asks of its sound, beside what was heard in it: a comparison for each, and one mark of all.

The mark is the mean of the agreements, 0..1, each by its weight and by how sure it is:

    pitches    .35   how far above chance the sound's chroma follows the notes, (found - chance) / (1 - chance), of what a soundfont that
                     plays every note as written reaches: .5
    rhythm     .20   the same of onsets, of .55
    tempo      .20   1 within 4 %, falling to 0 at 12 %; twice and half the beat count as the beat
    key        .10   as key finders are judged (MIREX): 1 the key, .5 a fifth off, .3 the relative key, .2 the other mode
    length     .10   1 within .05 s, falling to 0 at 2 s
    metre      .05   1 where the beats in a bar are those of the metre, or group them

Pitches and rhythm weigh most: they are held against every note, while tempo, metre and key are guesses from the sound alone (an estimator is
right on about five of six pieces), so these weigh as little as they are unsure. What could not be found is left out. Silence gets 0.
The mark knows chords and pulse, not the tune: another tune over the same chords gets nearly as much as the one that was written.
Conventions: tempo in beats a minute as they are felt (the dotted quarter in 6/8). Knows nothing of who made the sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from img2music.measurement import sure_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.listening.heard_music import HeardMusic, ScoreAgreement
    from img2music.performance import Performance
    from img2music.theory import Key, Meter

__all__ = ["Aspect", "Comparison", "compare_with_asked", "overall_mark"]

Aspect = Literal["tempo", "metre", "key", "length", "pitches", "rhythm"]
_WEIGHTS: dict[Aspect, float] = {"pitches": 0.35, "rhythm": 0.2, "tempo": 0.2, "key": 0.1, "length": 0.1, "metre": 0.05}
_TEMPO_KEPT, _TEMPO_LOST = 0.04, 0.12
"""Shares of the tempo; the first is what papers on tempo estimation accept (Gouyon et al. 2006)."""
_LENGTH_KEPT_SECONDS, _LENGTH_LOST_SECONDS = 0.05, 2.0
_REACHED: dict[Aspect, float] = {"pitches": 0.5, "rhythm": 0.55}
"""How far above chance a soundfont is that plays as written, on average of eleven styles (`evals/studies/music/sound_marks.py`)."""
_FOLLOWS = 0.5
"""Of pitches and rhythm: from here on the sound follows the notes. Of a piece 15 % slower, or another, neither reaches .4."""
_COUNTED = (2, 3, 4, 6)
"""Beats a bar that ears count; of other metres they can't tell."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that was asked, and what was heard of it."""

    aspect: Aspect
    asked: str
    found: str
    agreement: float | None
    """0..1; None where there is nothing to compare."""
    kept: bool | None
    """Whether that is what was asked; None where there is nothing to compare."""
    confidence: float | None
    """How sure it is, 0..1; None of what is measured, not guessed."""

    @property
    def full_weight(self) -> float:
        """How much it would count in the mark if it were sure."""
        return _WEIGHTS[self.aspect]

    @property
    def weight(self) -> float:
        """How much it counts in the mark."""
        return self.full_weight * (1.0 if self.confidence is None else self.confidence)

    @property
    def text(self) -> str:
        """One line: "tempo: asked 92 beats a minute, found 91.6 beats a minute (80% sure)"."""
        sure = "" if self.confidence is None or self.agreement is None else f" ({sure_words(self.confidence)})"
        return f"{self.aspect}: asked {self.asked}, found {self.found}{sure}"


def compare_with_asked(
    performance: Performance, heard: HeardMusic, followed: ScoreAgreement | None = None
) -> tuple[Comparison, ...]:
    """What `performance` asks beside what was heard, in the order tempo, metre, key, length, pitches, rhythm.

    `followed` is how far the sound follows its notes; without it the last two are left out.
    """
    found = [_tempo(performance, heard), _metre(performance, heard), _key(performance, heard), _length(performance, heard)]
    if followed is not None:
        found += [
            _followed("pitches", "those of the score", followed.chroma, followed.chroma_by_chance),
            _followed("rhythm", "that of the score", followed.onsets, followed.onsets_by_chance),
        ]
    return tuple(found)


def overall_mark(comparisons: Sequence[Comparison], heard: HeardMusic) -> float | None:
    """How far the sound does what was asked, 0..1 (see the module's docstring); None where nothing could be compared."""
    if heard.loudness_lufs is None:
        return 0.0
    known = [(one.weight, one.agreement) for one in comparisons if one.agreement is not None]
    total = sum(weight for weight, _ in known)
    # The length alone says nothing of the music.
    if not total or all(one.aspect == "length" for one in comparisons if one.agreement is not None):
        return None
    return min(1.0, max(0.0, sum(weight * agreement for weight, agreement in known) / total))


def _tempo(performance: Performance, heard: HeardMusic) -> Comparison:
    tempi = sorted({step.bpm for step in performance.tempo_map.steps})
    beats = _beats(performance.meter)
    slowest, fastest = tempi[0] / float(max(beats)), tempi[-1] / float(min(beats))
    felt = tempi[0] / float(beats[0])
    asked = f"{felt:.4g} beats a minute" if len(tempi) == 1 else f"{slowest:.4g} to {fastest:.4g} beats a minute"
    value, confidence = heard.tempo_bpm.value, heard.tempo_bpm.confidence
    if value is None or value <= 0:
        return Comparison("tempo", asked, "no beat", None, None, 0.0)
    off, octave = min(
        (max(slowest / (value * octave) - 1, value * octave / fastest - 1, 0.0), abs(octave - 1), octave)
        for octave in (1, 2, 0.5)
    )[::2]
    words = {1: "", 2: ", which is half the beat", 0.5: ", which is twice the beat"}[octave] if off <= _TEMPO_KEPT else ""
    agreement = min(1.0, max(0.0, (_TEMPO_LOST - off) / (_TEMPO_LOST - _TEMPO_KEPT)))
    return Comparison("tempo", asked, f"{round(value, 1):g} beats a minute{words}", agreement, off <= _TEMPO_KEPT, confidence)


def _metre(performance: Performance, heard: HeardMusic) -> Comparison:
    meter, found = performance.meter, heard.beats_per_bar
    count = found.value
    if count is None or not performance.meter_map.is_constant:
        words = "no bars" if count is None else f"{count} beats a bar, but the metre changes on the way"
        return Comparison("metre", meter.name, words, None, None, 0.0)
    right = _counts(meter)
    told = f"{count} beats a bar"
    if not right & set(_COUNTED):
        return Comparison("metre", meter.name, f"{told}, but bars of {meter.count} can't be told by ear", None, None, 0.0)
    return Comparison("metre", meter.name, told, float(count in right), count in right, found.confidence)


def _key(performance: Performance, heard: HeardMusic) -> Comparison:
    asked, found = _longest_key(performance), heard.key.value
    if not any(part.notes and not part.is_drums for part in performance.parts):
        return Comparison("key", asked.name, "nothing to compare: no pitch is played", None, None, 0.0)
    if found is None:
        return Comparison("key", asked.name, "no key", None, None, 0.0)
    fifths = (found.tonic - asked.tonic) % 12
    relative = (found.signature - asked.signature) % 12 == 0
    words = found.name
    if fifths == 0 and found.is_minor == asked.is_minor:
        agreement = 1.0
    elif relative:
        agreement, words = 0.3, f"{words}, which has the same notes"
    elif fifths in {1, 11} and found.is_minor == asked.is_minor:
        agreement = 0.5
    else:
        agreement = 0.2 if fifths == 0 else 0.0
    # An ear that knows no more than the sound often takes a key for its relative.
    return Comparison("key", asked.name, words, agreement, agreement == 1.0 or relative, heard.key.confidence)


def _length(performance: Performance, heard: HeardMusic) -> Comparison:
    off = abs(heard.seconds - performance.seconds)
    agreement = min(1.0, max(0.0, (_LENGTH_LOST_SECONDS - off) / (_LENGTH_LOST_SECONDS - _LENGTH_KEPT_SECONDS)))
    found = f"{heard.seconds:.2f} s"
    return Comparison("length", f"{performance.seconds:.2f} s", found, agreement, off <= _LENGTH_KEPT_SECONDS, None)


def _followed(aspect: Aspect, asked: str, found: float | None, chance: float | None) -> Comparison:
    """Pitches or rhythm: what counts is how far they follow above chance, and that can be told the better, the less chance reaches."""
    if found is None:
        return Comparison(aspect, asked, "nothing to compare", None, None, 0.0)
    by_chance = min(0.99, max(0.0, chance or 0.0))
    agreement = min(1.0, max(0.0, (found - by_chance) / (1 - by_chance) / _REACHED[aspect]))
    words = f"{found:.0%} alike, by chance alone {by_chance:.0%}"
    return Comparison(aspect, asked, words, agreement, agreement >= _FOLLOWS, min(1.0, 2 * (1 - by_chance)))


def _beats(meter: Meter) -> tuple[Fraction, ...]:
    """Lengths of beats in quarter notes, of metres that are none of ours too."""
    try:
        return meter.beats
    except KeyError:
        return (Fraction(3, 2),) if meter.is_compound else (Fraction(4, meter.unit),)


def _counts(meter: Meter) -> set[int]:
    """How many beats a bar may be heard in a metre: its beats, two of them together in bars of two and four, or the notes of its unit."""
    try:
        beats = len(meter.beats)
    except KeyError:
        beats = meter.count // 3 if meter.is_compound else meter.count
    counts = {beats, meter.count} | ({2, 4} if beats in {2, 4} else set())
    # Groups of three are often taken for the bar.
    return counts | {3, 6} if meter.is_compound else counts | ({6} if beats == 3 else set())


def _longest_key(performance: Performance) -> Key:
    """The key that a performance is in for the longest time."""
    keys, tempi = performance.key_map, performance.tempo_map
    last = tempi.quarters_at(performance.seconds)
    ends: list[Fraction | float] = [*(point.onset_quarters for point in keys.points[1:]), last]
    seconds: dict[Key, float] = {}
    for point, end in zip(keys.points, ends, strict=True):
        lasts = max(0.0, tempi.seconds_at(end) - tempi.seconds_at(point.onset_quarters))
        seconds[point.key] = seconds.get(point.key, 0.0) + lasts
    return max(seconds, key=seconds.__getitem__)
