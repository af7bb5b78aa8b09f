"""Drums: the style's grooves, its fills at the ends of phrases, and a plain beat where a style has no groove for the metre.

Rhythm strings have one character a step, the steps dividing the bar evenly: . rest, g ghost, x stroke, X accent.
Conventions: pitches are General MIDI percussion keys (1-based channel 10). Simultaneous strokes form one event that lasts
until the next, at most to the end of its beat.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.errors import DocumentError, unknown_name
from img2music.realizers.form import Event
from img2music.style import DrumGroove
from img2music.theory import SpelledPitch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.form import Phrase
    from img2music.style import Style
    from img2music.theory import Instrument, Meter

__all__ = ["DRUMS", "drum_spelling", "write_drums"]

# Name: General MIDI key (GM level 1 percussion map), and where it is written on a five-line staff (N. Weinberg,
# *Guide to Standardized Drumset Notation*, 1998).
DRUMS: dict[str, tuple[int, SpelledPitch]] = {
    "bass drum": (35, SpelledPitch("F", 0, 4)),
    "kick": (36, SpelledPitch("F", 0, 4)),
    "rim": (37, SpelledPitch("C", 0, 5)),
    "snare": (38, SpelledPitch("C", 0, 5)),
    "clap": (39, SpelledPitch("C", 0, 5)),
    "closed hat": (42, SpelledPitch("G", 0, 5)),
    "pedal hat": (44, SpelledPitch("D", 0, 4)),
    "low tom": (45, SpelledPitch("A", 0, 4)),
    "open hat": (46, SpelledPitch("G", 0, 5)),
    "mid tom": (47, SpelledPitch("D", 0, 5)),
    "crash": (49, SpelledPitch("A", 0, 5)),
    "high tom": (50, SpelledPitch("E", 0, 5)),
    "ride": (51, SpelledPitch("F", 0, 5)),
    "tambourine": (54, SpelledPitch("B", 0, 5)),
    "cowbell": (56, SpelledPitch("E", 0, 5)),
    "concert cymbal": (59, SpelledPitch("A", 0, 5)),
    "shaker": (70, SpelledPitch("B", 0, 5)),
    "claves": (75, SpelledPitch("E", 0, 5)),
}
_EMPHASIS = {"g": -34, "x": 0, "X": 16}
_ORCHESTRAL = 48


def drum_spelling(pitch: int) -> SpelledPitch:
    """Where a percussion key is written."""
    return next((spelling for key, spelling in DRUMS.values() if key == pitch), SpelledPitch("C", 0, 5))


def write_drums(
    plan: CompositionPlan, part: PartPlan, player: Instrument, phrases: Sequence[Phrase], energies: Sequence[float], style: Style
) -> list[Event]:
    """The whole drum part; `energies` a bar, bars of energy -1 are rests.

    Raises:
        UsageError: a groove names a drum that does not exist.
        DocumentError: a groove's string does not divide the bar.
    """
    meter = plan.parsed_meter
    groove = style.drums.get(meter.name) or _plain(meter, orchestral=player.program == _ORCHESTRAL)
    bars = {name: _read(strings, meter, style.name) for name, strings in _levels(groove).items()}
    last_bars = {phrase.first_bar + phrase.bars - 1: phrase for phrase in phrases}
    first_bars = {phrase.first_bar for phrase in phrases if phrase.index == 0}
    crash = DRUMS["concert cymbal" if player.program == _ORCHESTRAL else "crash"][0]
    low = DRUMS["bass drum" if player.program == _ORCHESTRAL else "kick"][0]
    events: list[Event] = []
    for bar, energy in enumerate(energies):
        if energy < 0:
            continue
        begin = bar * meter.bar_quarters
        if bar == len(energies) - 1:
            if energy > 0.3 or style.ending == "hit":
                events.append(Event(begin, min(Fraction(1), meter.bar_quarters), tuple(sorted((low, crash)))))
            continue
        ends_phrase = bar in last_bars and (last_bars[bar].index % 2 == 1 or energy > 0.6) and bars["fill"]
        level = "fill" if ends_phrase and energy > 0.3 else ("full" if energy > 0.45 else "calm")
        hits = dict(bars[level])
        if bar in first_bars and bar and energy > 0.55:
            hits[Fraction(0)] = tuple(sorted({*hits.get(Fraction(0), ()), (crash, 10), (low, 6)}))
        events.extend(_events(hits, begin, meter))
    return events


def _levels(groove: DrumGroove) -> dict[str, Mapping[str, str]]:
    return {"calm": groove.calm, "full": groove.full, "fill": groove.fill}


def _read(strings: Mapping[str, str], meter: Meter, style: str) -> dict[Fraction, tuple[tuple[int, int], ...]]:
    """A groove as strokes by place: (key, emphasis) pairs."""
    hits: dict[Fraction, list[tuple[int, int]]] = {}
    for drum, rhythm in strings.items():
        if drum not in DRUMS:
            raise unknown_name("drum", drum, DRUMS)
        if not rhythm or (meter.bar_quarters * 24) % len(rhythm) or set(rhythm) - {".", "g", "x", "X"}:
            raise DocumentError(
                f"style {style}: the {drum} rhythm {rhythm[:40]!r} does not divide a bar of {meter.name}; "
                f"write {int(meter.bar_quarters * 4)} characters of . g x X"
            )
        step = meter.bar_quarters / len(rhythm)
        for index, sign in enumerate(rhythm):
            if sign != ".":
                hits.setdefault(index * step, []).append((DRUMS[drum][0], _EMPHASIS[sign]))
    return {place: tuple(sorted(strokes)) for place, strokes in sorted(hits.items())}


def _events(hits: Mapping[Fraction, tuple[tuple[int, int], ...]], begin: Fraction, meter: Meter) -> list[Event]:
    places = sorted(hits)
    events = []
    for place, following in zip(places, [*places[1:], meter.bar_quarters], strict=True):
        end = min(following, meter.beat_at(place)[1])
        strokes = dict(sorted(hits[place]))  # one stroke a drum: the stronger of two
        loudest = max(strokes.values())
        events.append(Event(begin + place, end - place, tuple(strokes), emphasis=loudest))
    return events


def _plain(meter: Meter, *, orchestral: bool) -> DrumGroove:
    """A beat for any metre: low on the strong beats, high on the others, eighths above."""
    steps = int(meter.bar_quarters * 4)
    low, high, top = ["."] * steps, ["."] * steps, ["."] * steps
    for index, onset in enumerate(meter.onsets):
        (low if index % 2 == 0 else high)[int(onset * 4)] = "X" if index == 0 else "x"
    for index in range(0, steps, 2):
        top[index] = "x"
    fill = ["."] * steps
    for index in range(int(meter.onsets[-1] * 4), steps):
        fill[index] = "x"
    if orchestral:
        return DrumGroove(calm={"bass drum": "".join(low)}, full={"bass drum": "".join(low), "snare": "".join(high)}, fill={})
    full = {"kick": "".join(low), "snare": "".join(high), "closed hat": "".join(top)}
    return DrumGroove(
        calm={"kick": "".join(low), "closed hat": "".join(top)}, full=full, fill={"kick": "".join(low), "snare": "".join(fill)}
    )
