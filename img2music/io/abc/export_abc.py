"""ABC 2.1: the score as text that people and language models read and write.

Conventions: unit length an eighth; voices follow each other, four bars a line, a line begins anew at every section and at every change of
key or metre, which M: and K: before it say in every voice; a key comes after a double bar. A tempo stands still in a bar of ABC: where it
glides or jumps inside one, Q: gives the bar its mean, so that every bar begins on its second; "rit." and "accel." say why. Every
note carries its accidental, naturals too, because readers differ in how far an accidental reaches. Pitches are as
sounding, so octave clefs are written as plain ones. A kit is a voice on MIDI channel 10 whose pitches are General MIDI
percussion keys. Chord symbols, sections and tempo stand in the first voice or the header.
Source: C. Walshaw, *The abc music standard 2.1* (2011); the ``%%MIDI`` lines are those of abcMIDI. Knows nothing of sound.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING

from img2music.io.abc.abc_fields import format_key_field, format_pitch
from img2music.io.escape import one_line
from img2music.io.musicxml.harmony_elements import suffix_of
from img2music.io.notation.page_layout import chords_by_bar, layout_score, sections_by_bar
from img2music.io.notation.tempo_marks import glides
from img2music.theory import spell
from img2music.theory.tempo_map import bpm_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.io.notation.page_layout import NotatedEvent, Staff
    from img2music.score import Note, Score

__all__ = ["write_abc"]

# abcMIDI does not know the tenuto mark, so the word stands above the note.
_ARTICULATIONS = {"": "", "staccato": ".", "tenuto": '"^ten."', "accent": "!accent!"}
_CLEFS = {"G": "treble", "F": "bass", "C": "alto", "percussion": "perc"}
_DYNAMIC = re.compile(r"p{1,4}|mp|mf|f{1,4}|sfz")
# Chords that abcMIDI must be told of, in semitones above the root.
_UNUSUAL = {"add9": "0 4 7 14", "madd9": "0 3 7 14", "mmaj7": "0 3 7 11", "sus2": "0 2 7"}
_BARS_A_LINE = 4
_FINEST = 4
"""In a tune that moves counted notes are no shorter than 1/64: abcm2ps can't draw 1/256."""
_PERCUSSION_CHANNEL = 10
_MELODIC_CHANNELS = [channel for channel in range(1, 17) if channel != _PERCUSSION_CHANNEL]
# Percussion keys are written with sharps: places on the line of fifths of C, C#, D ...
_SHARPS = (0, 7, 2, 9, 4, -1, 6, 1, 8, 3, 10, 5)


def write_abc(score: Score) -> str:
    """The score as one ABC tune.

    Raises:
        ValueError: notes of one part overlap or can't be written (see `notation.layout_score`).
    """
    lines = ["%abc-2.1", "%%abc-charset utf-8", "X:1", f"T:{_text(score.title)}"]
    if score.subtitle:
        lines.append(f"T:{_text(score.subtitle)}")
    lines += [
        f"M:{score.meter.name}",
        "L:1/8",
        f"Q:{_tempo(score.tempo_bpm) if score.tempo_map.is_constant else _tempo(_bar_bpm(score, 0), _FINEST)}",
        "%%MIDI gchordoff",  # chord symbols are to be read, the parts play them already
        "%%MIDI chordattack 0",
        *(f"%%MIDI chordname {suffix} {_UNUSUAL[suffix]}" for suffix in sorted(_suffixes(score) & _UNUSUAL.keys())),
        f"K:{format_key_field(score.key)}",
    ]
    channels = iter(_MELODIC_CHANNELS * len(score.parts))
    for number, staff in enumerate(layout_score(score), 1):
        kit = staff.part.instrument.kit
        lines += [
            f'V:{number} name="{_quotable(staff.part.name)}" clef={_CLEFS[staff.clef.sign]}',
            f"%%MIDI channel {_PERCUSSION_CHANNEL if kit else next(channels)}",
            f"%%MIDI program {staff.part.instrument.program}",
            *_voice(staff, score, leads=number == 1),
        ]
    return "\n".join(lines) + "\n"


def _suffixes(score: Score) -> set[str]:
    return {suffix_of(chord.symbol) or "" for chord in score.chords}


def _text(text: str) -> str:
    """A title: a bare percent sign would begin a comment and a backslash an accent."""
    return one_line(text).replace("\\", "\\\\").replace("%", "\\%")


def _tempo(tempo_bpm: float, finest: int = 6) -> str:
    """Quarter notes a minute. A count must be whole, so a broken tempo counts shorter notes, to 1 in 10000 or half of 1/2**`finest`."""
    power = next((power for power in range(finest) if abs(_off(tempo_bpm, power)) <= 1e-4 * tempo_bpm), finest)
    return f"1/{4 << power}={round(tempo_bpm * (1 << power))}"


def _off(tempo_bpm: float, power: int) -> float:
    return round(tempo_bpm * (1 << power)) / (1 << power) - tempo_bpm


def _bar_bpm(score: Score, bar: int) -> float:
    """The tempo of a bar; the mean of one in which it changes."""
    tempi, begin, end = score.tempo_map, score.meter_map.bar_onset(bar), score.meter_map.bar_onset(bar + 1)
    if not any(begin < step.onset_quarters < end for step in tempi.steps):
        return tempi.bpm_at(begin)
    return bpm_between(end - begin, tempi.seconds_between(begin, end))


def _changes(score: Score) -> dict[int, list[str]]:
    """The fields M: and K: of the bars in which metre or key becomes another."""
    found: dict[int, list[str]] = {}
    signs = [
        (f"M:{score.meter_map.meter_at(bar).name}", f"K:{format_key_field(score.key_map.key_at(score.meter_map.bar_onset(bar)))}")
        for bar in range(score.bars)
    ]
    for bar, (before, now) in enumerate(pairwise(signs), 1):
        if before != now:
            found[bar] = [field for field, other in zip(now, before, strict=True) if field != other]
    return found


def _tempi(score: Score) -> dict[int, str]:
    """The field Q: of the bars in which the tempo becomes another."""
    fields = [f"Q:{_tempo(_bar_bpm(score, bar), _FINEST)}" for bar in range(score.bars)]
    return {bar: now for bar, (before, now) in enumerate(pairwise(fields), 1) if before != now}


def _above(score: Score) -> dict[int, list[tuple[Fraction, str]]]:
    """What stands above the first voice, by bar, as (place in the bar, text): words of tempo and chord symbols."""
    found: dict[int, list[tuple[Fraction, str]]] = {}
    for glide in glides(score.tempo_map):
        bar, place = score.meter_map.place_in_bar(glide.onset_quarters)
        found.setdefault(bar, []).append((place, f'"^{glide.word}"'))
    for bar, chords in chords_by_bar(score).items():
        found.setdefault(bar, []).extend((place, _symbol(symbol)) for place, symbol in chords)
    return {bar: sorted(texts, key=lambda text: text[0]) for bar, texts in found.items()}


def _voice(staff: Staff, score: Score, *, leads: bool) -> Iterator[str]:
    """The lines of one voice."""
    above, tempi = (_above(score), _tempi(score)) if leads else ({}, {})
    program = f"%%MIDI program {staff.part.instrument.program}"
    sections, changes = sections_by_bar(score), _changes(score)
    double_bars = sections.keys() | {bar for bar, fields in changes.items() if fields[-1].startswith("K:")}
    line: list[str] = []
    last = len(staff.bars) - 1
    for index, events in enumerate(staff.bars):
        if leads and index in sections:
            yield f"P:{_text(sections[index])}"
        if index in changes:
            yield program  # else abc2midi sets the signatures where the last note ended, before a rest
            yield from changes[index]
        inside = ""
        if index in tempi:
            if line:
                inside = f"[{tempi[index]}] "
            else:
                yield tempi[index]
        bar = inside + _bar(events, above.get(index, []), kit=staff.part.instrument.kit)
        line.append(f"{bar} {'|]' if index == last else '||' if index + 1 in double_bars else '|'}")
        if len(line) == _BARS_A_LINE or index + 1 in sections or index + 1 in changes or index == last:
            yield " ".join(line)
            line = []


def _bar(events: tuple[NotatedEvent, ...], above: list[tuple[Fraction, str]], *, kit: bool) -> str:
    words: list[str] = []
    waiting = list(above)
    joins, step, count = False, Fraction(1), 0
    for index, event in enumerate(events):
        text = ""
        # A symbol that falls inside a note stands before it, beside the one that belongs there.
        while waiting and waiting[0][0] < event.onset_quarters + event.duration_quarters:
            text += waiting.pop(0)[1]
        if event.tuplet == "start":
            step, count = _step(events, index), 0
        value = step if event.tuplet else event.value_quarters
        marks, sounds = _event(event, value, kit=kit)
        if event.tuplet:
            for place, sound in enumerate(sounds, count):
                text += ("(3" if place % 3 == 0 else "") + (marks if place == count else "") + sound
            count += len(sounds)
        else:
            text += marks + sounds[0]
        # Flagged notes of one beat are written without a space, which is how ABC joins them by a beam.
        if joins and value < 1 and event.beam_group == events[index - 1].beam_group:
            words[-1] += text
        else:
            words.append(text)
        joins = value < 1
    return " ".join(words)


def _step(events: tuple[NotatedEvent, ...], start: int) -> Fraction:
    """The plain value of which every event of the triplet that begins at index `start` is a multiple."""
    end = next(index for index in range(start, len(events)) if events[index].tuplet == "stop")
    values = [event.value_quarters for event in events[start : end + 1]]
    finest = max(value.denominator for value in values)  # a power of two
    wholes = gcd(*(int(value * finest) for value in values))
    return Fraction(wholes & -wholes, finest)


def _symbol(symbol: str) -> str:
    """A chord symbol; one that readers would not understand stands there as a remark."""
    return f'"{symbol}"' if suffix_of(symbol) is not None else f'"^{_quotable(symbol)}"'


def _quotable(text: str) -> str:
    """Text as it may stand between quotation marks."""
    return one_line(text).replace('"', "'").replace("\\", "/").replace("%", "")


def _event(event: NotatedEvent, value: Fraction, *, kit: bool) -> tuple[str, list[str]]:
    """The marks of an event, and its sound in values of `value` quarters, tied, as many as it lasts.

    Inside a triplet all values are alike and come in threes, because readers do not agree on any others.
    """
    eighths = value * 2
    length = (
        "" if eighths == 1 else str(eighths) if eighths.numerator != 1 or eighths.denominator == 1 else f"/{eighths.denominator}"
    )
    times = int(event.value_quarters / value)
    if not event.notes:
        return "", [f"z{length}"] * times
    marks = ""
    if event.dynamic:
        marks = f"!{event.dynamic}!" if _DYNAMIC.fullmatch(event.dynamic) else f'"_{_quotable(event.dynamic)}"'
    marks += _ARTICULATIONS[event.articulation]
    pitches = [_pitch(note, kit=kit) for note in event.notes]
    if len(pitches) == 1 or not event.tuplet:
        sound = ("".join(pitches) if len(pitches) == 1 else f"[{''.join(pitches)}]") + length
    else:
        # abcMIDI compares the lengths inside the brackets when it checks a triplet.
        sound = f"[{''.join(pitch + length for pitch in pitches)}]"
    return marks, [f"{sound}-"] * (times - 1) + [f"{sound}-" if event.tie_to else sound]


def _pitch(note: Note, *, kit: bool) -> str:
    spelling = spell(note.pitch, _SHARPS[note.pitch % 12]) if kit else note.spelling
    return format_pitch(spelling, natural="=")
