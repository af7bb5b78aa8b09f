"""Patterns of struck chords: where a guitar, a piano, a section of horns or of strings strikes in a bar.

What each is called and means stands in `theory.pattern_names`; conventions as in `pattern_grid`. Figures written out in sixteenths are those
that any method book of the style prints; which of them a phrase takes is drawn.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.chords.patterns.held_chords import block, chorale, hymn, lazy
from img2music.realizers.chords.patterns.pattern_grid import (
    EIGHTH,
    SIXTEENTH,
    PatternContext,
    PatternStroke,
    beat_halves,
    count_for_drive,
    grid_places,
    shorten_strokes,
    strokes_from_text,
    strokes_until_next,
    strongest_places,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CHORD_PATTERNS", "habanera", "stride"]

_QUARTER = Fraction(1)
# Comping in 4/4 and 3/4, in sixteenths: the Charleston, its answer, anticipations (after M. Levine, *The Jazz Piano Book*, 1989).
_COMP = {
    16: ("x.....x.........", "..x.....x.......", "......x.......x.", "x.........x.....", "..x...x.........", "x.....x.......x."),
    12: ("x.....x.....", "..x.....x...", "......x.....", "x.......x..."),
}
# By how many stabs a bar has; a bar cut short for its metre loses its last ones.
_STABS = (
    ("X...............", "x...............", "X...............", "x..............."),
    ("X.....x.........", "..x.X...........", "x.....X.........", "x...X..........."),
    ("X..x..x.........", "x.....X...x.....", "X..x..X.........", "..x...x...X....."),
    ("X..x..x...x.....", "x.x...X...x.....", "X..x..X.....x...", "..x...x...X...x."),
)
_SCRATCH = ("....x.......x...", "..x..x....x..x..", "..x..x.x..x..x.x", "x.xx.xx.x.xx.xxx")


def _pulse(now: PatternContext) -> list[PatternStroke]:
    beats, eighths = len(now.meter.beats), len(grid_places(now.meter, EIGHTH))
    return strokes_until_next(
        strongest_places(now.meter, count_for_drive(now.drive, (beats + 1) // 2, beats, beats + 1, eighths)), now.meter
    )


def _power(now: PatternContext) -> list[PatternStroke]:
    beats, eighths = len(now.meter.beats), len(grid_places(now.meter, EIGHTH))
    hits = strokes_until_next(strongest_places(now.meter, count_for_drive(now.drive, beats, eighths, eighths)), now.meter)
    return [replace(hit, emphasis=6 if now.meter.weight(hit.place) > 1 else 0) for hit in hits]


def _waltz(now: PatternContext) -> list[PatternStroke]:
    onsets = now.meter.onsets
    if now.drive < 0.3 and now.bar % 4 == 3:  # a breath in the calmest bars
        return [PatternStroke(onsets[1], now.meter.bar_quarters - onsets[1], "all")]
    hits = [PatternStroke(place, min(_QUARTER, now.meter.bar_quarters - place), "all") for place in onsets[1:]]
    if now.drive > 0.62 and now.ends_phrase:
        last = hits.pop()
        hits += [replace(last, duration=EIGHTH), PatternStroke(last.place + EIGHTH, last.duration - EIGHTH, "all")]
    return hits if now.drive < 0.7 else shorten_strokes(hits, EIGHTH)


def _offbeat(now: PatternContext) -> list[PatternStroke]:
    hits = [PatternStroke(middle, min(EIGHTH, end - middle), "all") for _, middle, end in beat_halves(now.meter)]
    return hits[1::2] if now.drive < 0.3 and len(hits) > 2 else hits


def _strum(now: PatternContext) -> list[PatternStroke]:
    beats, eighths = len(now.meter.beats), len(grid_places(now.meter, EIGHTH))
    count = count_for_drive(now.drive, (beats + 1) // 2, beats, (beats + eighths) // 2, eighths - 1)
    hits = strokes_until_next(strongest_places(now.meter, count), now.meter)
    # Strokes upwards are lighter; the accent lies on the second and fourth beat, as a hand that also keeps time has it.
    return [
        replace(hit, emphasis=-10)
        if hit.place not in now.meter.onsets
        else replace(hit, emphasis=5 * (now.meter.onsets.index(hit.place) % 2))
        for hit in hits
    ]


def _comp(now: PatternContext) -> list[PatternStroke]:
    steps = int(now.meter.bar_quarters / SIXTEENTH)
    table = _COMP.get(steps)
    if table is None:
        second = now.meter.onsets[1]
        text = "".join("x" if place in {Fraction(0), second + EIGHTH} else "." for place in grid_places(now.meter, SIXTEENTH))
        return strokes_from_text(now.meter, text, longest=_QUARTER)
    hits = strokes_from_text(now.meter, table[(now.bar + 2 * now.variant) % len(table)], longest=_QUARTER)
    if now.drive < 0.3:
        return hits[:1]
    if now.drive > 0.65 and hits[-1].place < now.meter.bar_quarters - 1:  # busier: one more before the next bar
        hits.append(PatternStroke(now.meter.bar_quarters - EIGHTH, EIGHTH, "all"))
    return hits


def _bossa(now: PatternContext) -> list[PatternStroke]:
    if now.meter.bar_quarters != 4:
        return _offbeat(now)
    texts = ("x...x.....x.....", "..x...x.....x...") if now.drive < 0.55 else ("x...x.....x...x.", "..x...x.....x...")
    return strokes_from_text(now.meter, texts[now.bar % 2] if now.drive > 0.25 else "x.....x.........", longest=EIGHTH)


def _four(now: PatternContext) -> list[PatternStroke]:
    hits = strokes_until_next(list(now.meter.onsets), now.meter, longest=EIGHTH)
    return [replace(hit, emphasis=6 * (index % 2), articulation="staccato") for index, hit in enumerate(hits)]


def _skank(now: PatternContext) -> list[PatternStroke]:
    hits = [PatternStroke(middle, SIXTEENTH, "all", articulation="staccato") for _, middle, _ in beat_halves(now.meter)]
    if now.drive > 0.6:  # the double skank
        hits = [hit for one in hits for hit in (one, PatternStroke(one.place + SIXTEENTH, SIXTEENTH, "all", -8, "staccato"))]
    return hits


def stride(now: PatternContext) -> list[PatternStroke]:
    """Low on the strong beats, the chord on the others; in beats of three eighths both in every beat."""
    low = "octave" if now.drive > 0.35 else "root"
    if now.meter.is_compound or len(now.meter.beats) < 3:
        hits: list[PatternStroke] = []
        for index, (begin, middle, end) in enumerate(beat_halves(now.meter)):
            hits += [
                PatternStroke(begin, middle - begin, "fifth" if index % 2 else low),
                PatternStroke(middle, end - middle, "all", -4),
            ]
        return hits
    weak = [index for index, onset in enumerate(now.meter.onsets) if now.meter.weight(onset) < 2]
    strong = 0
    hits = []
    for index, (begin, length) in enumerate(zip(now.meter.onsets, now.meter.beats, strict=True)):
        if index in weak:
            hits.append(PatternStroke(begin, length, "all", -4, "staccato" if now.drive > 0.5 else ""))
        else:
            hits.append(PatternStroke(begin, length, "fifth" if strong % 2 else low))
            strong += 1
    return hits


def _boom_chick(now: PatternContext) -> list[PatternStroke]:
    hits = [replace(hit, pick="root") if hit.pick == "octave" else hit for hit in stride(now)]
    if now.drive < 0.5:
        return hits
    busy: list[PatternStroke] = []  # "chick-a": the hand comes back up
    for hit in hits:
        if hit.pick == "all" and hit.duration == 1:
            busy += [replace(hit, duration=EIGHTH), PatternStroke(hit.place + EIGHTH, EIGHTH, "all", -12)]
        else:
            busy.append(hit)
    return busy


def habanera(now: PatternContext) -> list[PatternStroke]:
    """Long, short, two even strokes, over half a bar of 4/4 at high drive, else over the bar."""
    bar = now.meter.bar_quarters
    if now.meter.is_compound or now.meter.bar_quarters.denominator != 1 or int(bar) % 2:
        return stride(now)
    unit = Fraction(2) if bar == 4 and now.drive > 0.65 else bar
    hits: list[PatternStroke] = []
    for begin in (unit * index for index in range(int(bar / unit))):
        places = [begin + unit * Fraction(eighths, 8) for eighths in (0, 3, 4, 6)]
        ends = [*places[1:], begin + unit]
        picks = ("root", "all", "fifth" if unit == bar else "root", "all")
        hits += [PatternStroke(place, end - place, pick) for place, end, pick in zip(places, ends, picks, strict=True)]
    return hits


def _tango(now: PatternContext) -> list[PatternStroke]:
    onsets = now.meter.onsets
    hits = [PatternStroke(place, EIGHTH, "all", 8 if now.meter.weight(place) > 1 else 0, "staccato") for place in onsets]
    if now.drive < 0.3:
        return strokes_until_next(strongest_places(now.meter, 2), now.meter)
    if (now.ends_phrase or (now.variant % 2 and now.bar % 2)) and all(beat == 1 for beat in now.meter.beats[:2]):
        sincopa = [
            PatternStroke(Fraction(0), EIGHTH, "all"),
            PatternStroke(EIGHTH, _QUARTER, "all", 10, "accent"),
            PatternStroke(3 * EIGHTH, EIGHTH, "all"),
        ]
        return [*sincopa, *(hit for hit in hits if hit.place >= 2)]
    return hits


def _march(now: PatternContext) -> list[PatternStroke]:
    if len(now.meter.beats) >= 4 and not now.meter.is_compound:
        hits = [PatternStroke(place, EIGHTH, "all", 0, "staccato") for place in now.meter.onsets if now.meter.weight(place) < 2]
    else:
        hits = [
            PatternStroke(middle, min(EIGHTH, end - middle), "all", 0, "staccato") for _, middle, end in beat_halves(now.meter)
        ]
    if now.drive > 0.6:
        hits = [
            one
            for hit in hits
            for one in (replace(hit, duration=SIXTEENTH), PatternStroke(hit.place + SIXTEENTH, SIXTEENTH, "all", -8, "staccato"))
        ]
    return hits


def _gallop(now: PatternContext) -> list[PatternStroke]:
    beats = now.meter.onsets
    riders = count_for_drive(now.drive, 0, 1, (len(beats) + 1) // 2, len(beats))
    places = {*grid_places(now.meter, EIGHTH)} if now.drive > 0.3 else {*beats}
    # The horse begins on the strong beats.
    for onset in sorted(beats, key=lambda place: (-now.meter.weight(place), place))[:riders]:
        places |= {onset + EIGHTH, onset + EIGHTH + SIXTEENTH}
    hits = strokes_until_next(sorted(places), now.meter)
    return [replace(hit, emphasis=6 if hit.place in beats else -4) for hit in hits]


def _tremolo(now: PatternContext) -> list[PatternStroke]:
    eighths = len(grid_places(now.meter, EIGHTH))
    return strokes_until_next(
        strongest_places(
            now.meter, count_for_drive(now.drive, len(now.meter.beats), eighths, 2 * eighths, 2 * eighths), SIXTEENTH
        ),
        now.meter,
    )


def _stabs(now: PatternContext) -> list[PatternStroke]:
    if now.drive < 0.3 and now.bar % 2:
        return []
    hits = strokes_from_text(now.meter, _STABS[count_for_drive(now.drive, 0, 1, 2, 3)][(now.bar + now.variant) % 4])
    # A stab between the eighths is over before the next one: nobody reads a tie in so short a note.
    lengths = (EIGHTH if (hit.place / EIGHTH).denominator == 1 else SIXTEENTH for hit in hits)
    return [
        replace(hit, duration=min(hit.duration, length), articulation="accent") for hit, length in zip(hits, lengths, strict=True)
    ]


def _scratch(now: PatternContext) -> list[PatternStroke]:
    hits = strokes_from_text(now.meter, _SCRATCH[count_for_drive(now.drive, 0, 1, 2, 3)], longest=SIXTEENTH)
    return [replace(hit, emphasis=8 if index % 3 == now.variant % 3 else -6) for index, hit in enumerate(hits)]


def _boogie(now: PatternContext) -> list[PatternStroke]:
    places = grid_places(now.meter, EIGHTH) if now.drive > 0.32 or now.meter.is_compound else list(now.meter.onsets)
    picks = ["sixth" if now.meter.onsets.index(now.meter.beat_at(place)[0]) % 2 else "all" for place in places]
    hits = strokes_until_next(places, now.meter, picks)
    return [replace(hit, emphasis=0 if hit.place in now.meter.onsets else -8) for hit in hits]


def _jig(now: PatternContext) -> list[PatternStroke]:
    eighths, beats = len(grid_places(now.meter, EIGHTH)), len(now.meter.beats)
    hits = strokes_until_next(
        strongest_places(now.meter, count_for_drive(now.drive, beats, 2 * beats, 2 * beats, eighths)), now.meter
    )
    return [replace(hit, emphasis=5 if hit.place in now.meter.onsets else -8) for hit in hits]


def _rasgueado(now: PatternContext) -> list[PatternStroke]:
    beats = now.meter.onsets
    rolls = count_for_drive(now.drive, 0, 0, 1, (len(beats) + 1) // 2)
    places = {*beats} if now.drive < 0.4 else {*beats, *(middle for _, middle, _ in beat_halves(now.meter))}
    for onset in beats[len(beats) - rolls :]:  # rolls lead from the end of the bar into the next
        end = now.meter.beat_at(onset)[1]
        places |= {end - 3 * SIXTEENTH, end - 2 * SIXTEENTH, end - SIXTEENTH}
    hits = strokes_until_next(sorted(places), now.meter)
    return [replace(hit, emphasis=8 if hit.place in beats else -6) for hit in hits]


CHORD_PATTERNS: dict[str, Callable[[PatternContext], list[PatternStroke]]] = {
    "block": block,
    "boogie": _boogie,
    "boom-chick": _boom_chick,
    "bossa": _bossa,
    "chorale": chorale,
    "comp": _comp,
    "four": _four,
    "gallop": _gallop,
    "habanera": habanera,
    "hymn": hymn,
    "jig": _jig,
    "lazy": lazy,
    "march": _march,
    "offbeat": _offbeat,
    "power": _power,
    "pulse": _pulse,
    "rasgueado": _rasgueado,
    "scratch": _scratch,
    "skank": _skank,
    "stabs": _stabs,
    "stride": stride,
    "strum": _strum,
    "tango": _tango,
    "tremolo": _tremolo,
    "waltz": _waltz,
}
