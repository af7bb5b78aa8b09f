"""Beam search for the pitches of one phrase.

A line is built stroke by stroke; the `_WIDTH` best unfinished lines are kept, at most three that end on one pitch, so that the beam
keeps real alternatives. Costs are whole thousandths of a nat (see `melody_model`); the cheapest line wins. Chance enters as Gumbel
noise on every tone of every stroke, which makes the search draw from the model instead of always giving its likeliest line
(the Gumbel-max trick; Kool, van Hoof & Welling, *Stochastic Beams and Where to Find Them*, ICML 2019).

Conventions: pitches are MIDI numbers; degrees are those of `scale_tones`, letters instead of semitones; a stroke may be told to move as an
earlier one of its section did (`like`) or to begin where it began (`anchor`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from heapq import nsmallest
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.realizers.melody.melody_model import WIDEST_STEP, length_class, load_melody_model
from img2music.realizers.melody.scale_tones import foreign_tone, tones_over_chord
from img2music.realizers.timeline import chord_at, reached_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.realizers.melody.scale_tones import ScaleTone
    from img2music.realizers.timeline import ChordSpan
    from img2music.theory import Key

__all__ = ["MelodySlot", "search_line"]

_WIDTH = 14
_LUCK = 780
"""Scale of the Gumbel noise in thousandths; at 1000 the search would draw from the model as it is, rules and wishes aside."""
_CONTOUR = 50
_STEP, _FIRM_STEP, _ANCHOR, _FIRM_ANCHOR = 900, 5000, 700, 2000
"""For every letter away from what is asked for (our choice): a firm wish goes before most of what the model thinks likely."""
_CHARACTERISTIC = {"dorian": 5, "phrygian": 1, "lydian": 3, "mixolydian": 6}
"""The degree (0 the tonic) that tells each mode from plain major or minor."""


@dataclass(frozen=True, slots=True)
class MelodySlot:
    """A stroke that wants a pitch."""

    onset: Fraction
    duration: Fraction
    weight: int
    """Metrical weight, 0 (off the beat) to 3 (downbeat)."""
    target: float
    """MIDI number where the contour wants to be."""
    step: int | None = None
    """Letters from the stroke before, where the motif says so."""
    like: tuple[int, int] | None = None
    """Number of the section's stroke whose step to copy, and 1 or -1 for upright or upside down."""
    anchor: tuple[int, tuple[int, ...]] | None = None
    """Number of the section's stroke to begin from, and how many letters away this one may begin."""
    goal: str = ""
    """"open" or "close" where a phrase arrives, "approach" just before it closes, "home" for the last note of all."""
    is_peak: bool = False
    """The one highest note."""
    pitch: int | None = None
    """Given already."""
    near: int | None = None
    """A pitch to keep if the chord allows."""
    is_firm: bool = False
    """Whether `step`, `like` and `anchor` are asked for by the plan, not only by the form."""


@dataclass(frozen=True, slots=True)
class _Line:
    cost: int
    tone: ScaleTone | None
    interval: int | None
    run: int
    degrees: tuple[int, ...]
    pitches: tuple[int, ...]


def search_line(
    slots: Sequence[MelodySlot],
    spans: Sequence[ChordSpan],
    key: Key,
    limits: tuple[int, int],
    previous: int | None,
    history: Sequence[int],
    chance: np.random.Generator,
) -> tuple[list[int], list[int]]:
    """Pitches and degrees for every slot.

    `limits` are the lowest and highest pitch (the highest is kept for the peak, if a slot is one), `previous` the last pitch before the
    phrase, `history` the degrees of the section's strokes before it.
    """
    peak = any(slot.is_peak for slot in slots)
    lines = [_Line(0, None, None, 0, (), ())]
    for slot in slots:
        chord = chord_at(spans, slot.onset).chord
        tones = tones_over_chord(chord, key, *limits)
        luck = chance.gumbel(size=len(tones))  # the same for every line, so that chance can't beat the rules
        later = _later(slot, spans)
        costs = [
            (tone, _alone(tone, slot, key.mode, limits[1] if peak else None) + _held(tone, later) - round(_LUCK * float(draw)))
            for tone, draw in zip(tones, luck, strict=True)
            if slot.pitch is None or tone.pitch == slot.pitch
        ]
        if not costs:  # a given pitch that is in neither scale nor chord
            costs = [(foreign_tone(slot.pitch or limits[0], key), 0)]
        lines = _grow(lines, costs, slot, previous, history)
    return list(lines[0].pitches), list(lines[0].degrees)


def _grow(
    lines: Sequence[_Line], costs: Sequence[tuple[ScaleTone, int]], slot: MelodySlot, previous: int | None, history: Sequence[int]
) -> list[_Line]:
    """Every line with every tone, the best kept."""
    checkpoint()
    grown: list[tuple[int, int, int]] = []
    for number, line in enumerate(lines):
        wanted, begins = _wishes(line, slot, history)
        if line.tone is None:
            grown.extend((line.cost + cost, number, index) for index, cost in enumerate(_first(costs, previous, begins, slot)))
        else:
            grown.extend(_extensions(line, number, costs, wanted, begins, slot))
    if not grown:  # a given pitch out of every line's reach
        grown = [(lines[0].cost, 0, index) for index in range(len(costs))]
    kept: list[_Line] = []
    count: dict[int, int] = {}
    for total, number, index in nsmallest(3 * _WIDTH, grown):
        tone = costs[index][0]
        if count.get(tone.pitch, 0) < 3:
            count[tone.pitch] = count.get(tone.pitch, 0) + 1
            kept.append(_extended(lines[number], tone, total))
            if len(kept) == _WIDTH:
                break
    return kept


def _first(costs: Sequence[tuple[ScaleTone, int]], previous: int | None, begins: Sequence[int], slot: MelodySlot) -> list[int]:
    """What it costs to begin a phrase with each tone."""
    return [
        cost + (0 if previous is None else 120 * max(0, abs(tone.pitch - previous) - 5)) + _away(tone.degree, begins, slot)
        for tone, cost in costs
    ]


def _extensions(
    line: _Line,
    number: int,
    costs: Sequence[tuple[ScaleTone, int]],
    wanted: int | None,
    begins: Sequence[int],
    slot: MelodySlot,
) -> list[tuple[int, int, int]]:
    """A line with every tone in reach: (cost, the line's number, the tone's number)."""
    last = line.tone
    assert last is not None  # noqa: S101  callers extend only lines that have begun
    to_stranger, to_member = _moves(line, wanted, _FIRM_STEP if slot.is_firm else _STEP)
    before = line.pitches[-2] if len(line.pitches) > 1 else None
    trill = 1700 if len(line.pitches) > 2 and last.pitch == line.pitches[-3] else 500
    found = []
    for index, (tone, cost) in enumerate(costs):
        step = tone.degree - last.degree
        if not -WIDEST_STEP <= step <= WIDEST_STEP:
            continue
        total = line.cost + cost + (to_member if tone.role < 4 else to_stranger)[step + WIDEST_STEP]
        if tone.pitch == before and step:
            total += trill
        size = tone.pitch - last.pitch
        if size in _ODD:
            total += _odd(step, size, last, tone)
        if begins:
            total += _away(tone.degree, begins, slot)
        found.append((total, number, index))
    return found


def _away(degree: int, begins: Sequence[int], slot: MelodySlot) -> int:
    """What it costs to begin elsewhere than asked."""
    letter = _FIRM_ANCHOR if slot.is_firm else _ANCHOR
    return letter * min((4, *(abs(degree - begin) for begin in begins))) if begins else 0


def _extended(line: _Line, tone: ScaleTone, total: int) -> _Line:
    interval = None if line.tone is None else max(-WIDEST_STEP, min(WIDEST_STEP, tone.degree - line.tone.degree))
    same_way = interval is not None and line.interval is not None and (interval * line.interval > 0 or interval == line.interval)
    run = line.run + 1 if same_way else 1
    return _Line(total, tone, interval, run, (*line.degrees, tone.degree), (*line.pitches, tone.pitch))


def _wishes(line: _Line, slot: MelodySlot, history: Sequence[int]) -> tuple[int | None, list[int]]:
    """The step that the motif or an earlier bar asks for, and the degrees at which this stroke may begin."""

    def degree(number: int) -> int:
        return history[number] if number < len(history) else line.degrees[number - len(history)]

    wanted = slot.step
    if slot.like is not None:
        number, sign = slot.like
        wanted = sign * (degree(number) - degree(number - 1))
    if slot.anchor is None:
        return wanted, []
    begin = degree(slot.anchor[0])
    return wanted, [begin + shift for shift in slot.anchor[1]]


def _moves(line: _Line, wanted: int | None, letter: int) -> tuple[list[int], list[int]]:
    """Cost of each step to a stranger and to a member; `letter` is that of every letter away from the wanted step."""
    assert line.tone is not None  # noqa: S101  callers extend only lines that have begun
    member = int(line.tone.role < 4)
    rows = []
    for following in (0, 1):
        row = list(load_melody_model().step_costs(line.interval, member, following))
        if line.run > 4 and line.interval is not None:
            begin, end = (WIDEST_STEP + 1, len(row)) if line.interval > 0 else (0, WIDEST_STEP)
            for index in range(begin, end) if line.interval else (WIDEST_STEP,):
                row[index] += 450 * (line.run - 4)
        if line.interval == 0 and line.run >= 2:
            row[WIDEST_STEP] += 700 * min(line.run - 1, 4)
        if wanted is not None:
            # What the motif asks for costs little whatever the model thinks of it; every letter away from it costs more.
            row = [cost // 2 + letter * min(4, abs(index - WIDEST_STEP - wanted)) for index, cost in enumerate(row)]
        rows.append(row)
    return rows[0], rows[1]


_ODD = {-6, 6, -3, 3, -1, 1, -10, 10, -11, 11}


def _odd(step: int, size: int, last: ScaleTone, tone: ScaleTone) -> int:
    """What intervals cost that singers miss: augmented second, tritone, chromatic slide, sevenths."""
    width, size = abs(step), abs(size)
    if size == 3 and width == 1:
        return 3000
    if size == 6:
        return 500 if last.role < 4 and tone.role < 4 else 1800
    if size == 1 and width == 0:
        return 1500
    return 800 if size >= 10 else 0


def _later(slot: MelodySlot, spans: Sequence[ChordSpan]) -> list[tuple[tuple[int, ...], int]]:
    """The chords that begin while a slot is held: their pitch classes and what it costs to hold a stranger into them."""
    end = slot.onset + slot.duration
    return [
        (span.chord.pitch_classes, int(800 * min(Fraction(2), min(end, span.end) - span.onset)))
        for span in reached_between(spans, slot.onset, end)[1:]
    ]


def _held(tone: ScaleTone, later: Sequence[tuple[tuple[int, ...], int]]) -> int:
    return sum(cost for members, cost in later if tone.pitch % 12 not in members)


def _alone(tone: ScaleTone, slot: MelodySlot, mode: str, peak: int | None) -> int:
    """What a tone costs by itself: harmony, contour, goal."""
    cost = load_melody_model().roles[slot.weight, length_class(float(slot.duration))][tone.role]
    cost += int(_CONTOUR * abs(tone.pitch - slot.target) ** 1.3)
    if not tone.in_scale:
        cost += 500  # a borrowed tone is the harmony's to sound; the tune takes it when it leads somewhere
    if tone.step == _CHARACTERISTIC.get(mode) and tone.in_scale:
        cost -= 350
    if peak is not None:
        cost += 1800 * (peak - tone.pitch) if slot.is_peak else 7000 if tone.pitch >= peak else 0
    if slot.near is not None:
        cost += 800 * min(4, abs(tone.pitch - slot.near))
    return cost + (_goal(tone, slot.goal) if slot.goal else 0)


def _goal(tone: ScaleTone, goal: str) -> int:
    if goal == "approach":
        return -500 if tone.step in {1, 6} else 300
    stranger = 6000 if tone.role == 4 else 0
    if goal == "open":  # on the way: two, five or seven
        return stranger + (3500 if tone.step == 0 else 0 if tone.step in {1, 4, 6} else 400)
    if tone.step == 0:
        return stranger
    return stranger + (9000 if goal == "home" else 2500 if tone.step == 2 else 5000)
