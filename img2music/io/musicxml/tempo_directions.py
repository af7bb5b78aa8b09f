"""Tempo as MusicXML: metronome marks, "rit." and "accel." with their dashes, and the tempo that programs play.

A program plays what `<sound tempo>` says, which stands at every step of the tempo map, so in a glide at every sixteenth; people read
`<metronome>`, in whole beats. A score that keeps one key, metre and tempo says its tempo in words beside `<sound tempo>`, as such files
always did: pieces that are made again are compared byte for byte.
Conventions: places are quarter notes from the bar line; tempo in quarter notes a minute. Source: W3C Music Notation Community
Group, *MusicXML 4.0* (2021). Knows nothing of notes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.io.notation.tempo_marks import glides, tempo_marks

if TYPE_CHECKING:
    from img2music.io.notation.tempo_marks import TempoMark
    from img2music.score import Score

__all__ = ["BLANK_WORDS", "tempo_directions"]

BLANK_WORDS = '<words xml:space="preserve"> </words>'
"""What stands on the page where a tempo is set that only programs need."""

_STOP, _SHOW, _SET, _START = range(4)  # at one place a line ends before the new tempo stands, and another begins after it


def tempo_directions(score: Score) -> dict[int, list[tuple[Fraction, str]]]:
    """What stands above the first staff, by bar, as (place in the bar, element), in order; a line may end at the bar's very end."""
    tempi, meters = score.tempo_map, score.meter_map
    marks = {mark.onset_quarters: mark for mark in tempo_marks(tempi, meters)}
    steps = {step.onset_quarters: step.bpm for step in tempi.steps}
    if tempi.is_constant and meters.is_constant and score.key_map.is_constant:
        return {0: [(Fraction(0), _words(marks[Fraction(0)]))]}
    found: list[tuple[Fraction, int, str]] = []
    for onset in steps.keys() | marks.keys():
        bpm, mark = steps.get(onset, tempi.bpm_at(onset)), marks.get(onset)
        if mark is not None:
            found.append((onset, _SHOW, _metronome(mark, bpm)))
        if mark is None or not _shows(mark, bpm):
            found.append((onset, _SET, _unseen(bpm)))
    for glide in glides(tempi):
        found.append((glide.onset_quarters, _START, _line_start(glide.word)))
        found.append((glide.end_quarters, _STOP, _line_stop()))
    by_bar: dict[int, list[tuple[Fraction, str]]] = {}
    for onset, kind, element in sorted(found):
        bar, place = meters.place_in_bar(onset)
        if kind == _STOP and place == 0:
            bar, place = bar - 1, meters.bar_quarters(bar - 1)
        if bar < score.bars:
            by_bar.setdefault(bar, []).append((place, element))
    return by_bar


def _direction(kinds: str, sound: str = "") -> str:
    return f'<direction placement="above">{kinds}{sound}</direction>'


def _sound(bpm: float) -> str:
    return f'<sound tempo="{bpm:.10g}"/>'


def _words(mark: TempoMark) -> str:
    words = f'<words font-weight="bold">{mark.text}</words>'
    return _direction(f"<direction-type>{words}</direction-type>", _sound(mark.bpm))


def _shows(mark: TempoMark, bpm: float) -> bool:
    """Whether a mark in whole beats is the very tempo; if not, programs that believe it rather than its <sound> are told once more."""
    return mark.bpm == bpm and mark.count == round(mark.count)


def _metronome(mark: TempoMark, bpm: float) -> str:
    """A mark; `bpm` is what is played from here, in a glide no longer what the mark says."""
    beat = f"<beat-unit>quarter</beat-unit>{'<beat-unit-dot/>' * mark.is_dotted}"
    # Not "ca.": programs make no number of it.
    shown = f"<metronome>{beat}<per-minute>{round(mark.count)}</per-minute></metronome>"
    return _direction(f"<direction-type>{shown}</direction-type>", _sound(bpm))


def _unseen(bpm: float) -> str:
    """A tempo for programs alone, under a blank: of a bare <sound> MuseScore 3 prints the number, 16 times in a bar that glides."""
    return _direction(f"<direction-type>{BLANK_WORDS}</direction-type>", _sound(bpm))


def _line_start(word: str) -> str:
    words = f'<words font-style="italic">{word}</words>'
    return _direction(
        f'<direction-type>{words}</direction-type><direction-type><dashes type="start" number="1"/></direction-type>'
    )


def _line_stop() -> str:
    return _direction('<direction-type><dashes type="stop" number="1"/></direction-type>')
