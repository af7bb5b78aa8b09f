"""Drums: which groove is played when, where fills and crashes stand, and how the piece ends.

A style names families of recorded grooves (`Style.grooves`), writes strings for a metre (`Style.drums`; machines, orchestras), or
neither. Strings come first in their metre; otherwise acoustic kits play recorded grooves and the rest a plain beat.
As a drummer does it: one groove for each level of energy, kept through the piece, another one for a contrasting section; its two
bars with their small variants; a fill where phrases end, longer where the next section is louder; a crash where a loud section
begins; only cymbals and feet where it is very calm; the last bar is a hit or a stop, and nobody counts in.

Conventions: pitches are General MIDI percussion keys. Strokes at one place form one event that lasts until the next, at most to the
end of its beat. Chance: purpose "drums" only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.realizers.drums.drum_kit import DRUMS
from img2music.realizers.drums.grooves import DrumStroke, choose_fill, choose_groove, fill_bar, groove_bar
from img2music.realizers.drums.step_patterns import plain_beat, read_step_strings
from img2music.realizers.timeline import NoteEvent
from img2music.rng import generator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from img2music.playing_style import DrumGroove
    from img2music.realizers.context import CompositionContext
    from img2music.realizers.drums.grooves import DrumBar, Groove
    from img2music.realizers.drums.step_patterns import StepHits
    from img2music.realizers.timeline import Phrase
    from img2music.theory import Meter

__all__ = ["write_drums"]

_ORCHESTRAL = 48
_MACHINES = {24, 25}
_SWUNG_FROM = 0.3
"""A style that swings at least so much is played with swung grooves, if its families have any."""
_ANY_STRAIGHT, _ANY_SWUNG = ("pop", "rock"), ("jazz", "shuffle")
_MIDDLE_FROM, _FULL_FROM = 0.42, 0.66
_HUSHED_BELOW = 0.22
_CRASH_FROM, _FILL_FROM = 0.55, 0.3
_KICK, _CRASH, _SNARE = DRUMS["kick"][0], DRUMS["crash"][0], DRUMS["snare"][0]
_CYMBALS = {DRUMS[name][0] for name in ("closed hat", "open hat", "ride", "ride bell")}
_HANDS_AND_FEET = _CYMBALS | {_KICK, DRUMS["pedal hat"][0], DRUMS["rim"][0]}
_CRASH_WEIGHT, _KICK_WEIGHT = 1.3, 1.15
"""Times a groove's root mean square velocity; about what the set's drummers do on the first beat after a fill."""


def write_drums(context: CompositionContext) -> list[NoteEvent]:
    """The whole drum part, metre by metre.

    Raises:
        UsageError: a groove names a drum that does not exist.
        DocumentError: a groove's string does not divide the bar.
    """
    events: list[NoteEvent] = []
    for meter in dict.fromkeys(phrase.meter for phrase in context.phrases):
        energies = [energy if context.meter_at(bar) == meter else -1.0 for bar, energy in enumerate(context.energies)]
        events += _in_one_meter(replace(context, energies=energies), meter)
    return sorted(events, key=lambda event: event.onset)


def _in_one_meter(context: CompositionContext, meter: Meter) -> list[NoteEvent]:
    """The bars of one metre; those of others are rests."""
    style, player = context.style, context.player
    strings = style.drums.get(meter.name)
    if strings is None and player.program != _ORCHESTRAL and (style.grooves or player.program not in _MACHINES):
        return _Drummer(context, meter).play()
    return _by_strings(context, meter, strings or plain_beat(meter, orchestral=player.program == _ORCHESTRAL))


@dataclass
class _Drummer:
    """Plays recorded grooves through the bars of one metre."""

    context: CompositionContext
    meter: Meter
    _grooves: dict[tuple[int, bool], Groove] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plan, self.part, self.style = self.context.plan, self.context.part, self.context.style
        self.energies = self.context.energies
        self.is_swung = self.style.swing >= _SWUNG_FROM
        self.families = self.style.grooves or (_ANY_SWUNG if self.is_swung else _ANY_STRAIGHT)

    def play(self) -> list[NoteEvent]:
        """Every bar that is not a rest."""
        events: list[NoteEvent] = []
        for number, phrase in enumerate(self.context.phrases):
            if phrase.meter != self.meter:
                continue
            following = self.context.phrases[number + 1] if number + 1 < len(self.context.phrases) else None
            chance = generator(self.plan.seed_for("drums"), "drums", self.part.id, phrase.section.name, str(phrase.index))
            groove = self._groove(self._energy(phrase), phrase, contrasts=phrase.section.role == "contrast")
            variants = _variants((phrase.bars + 1) // 2, phrase.index, chance)
            for bar in range(phrase.first_bar, phrase.first_bar + phrase.bars):
                energy = self.energies[bar]
                if energy < 0:
                    continue
                begin = self.context.bar_onset(bar)
                inside = bar - phrase.first_bar
                if bar == len(self.energies) - 1 and self._stops():
                    events += self._last_stroke(begin, energy)
                    continue
                strokes = groove_bar(groove, variants[inside // 2], inside, self.meter, phrase.bpm)
                if energy < _HUSHED_BELOW:
                    strokes = tuple(stroke for stroke in strokes if stroke.pitch in _HANDS_AND_FEET)
                if inside == phrase.bars - 1:
                    strokes = self._filled(strokes, phrase, following, energy, chance)
                if bar and not inside and not phrase.index and energy >= _CRASH_FROM:
                    strokes = _crashed(strokes)
                events += _events(strokes, begin, self.meter)
        return _in_order(events)

    def _energy(self, phrase: Phrase) -> float:
        """A phrase is played as loud as its bars; rests say nothing."""
        return max(self.energies[phrase.first_bar : phrase.first_bar + phrase.bars], default=0.0)

    def _groove(self, energy: float, phrase: Phrase, *, contrasts: bool) -> Groove:
        level = (energy >= _MIDDLE_FROM) + (energy >= _FULL_FROM)
        if (level, contrasts) not in self._grooves:
            known = list(self._grooves.values())
            purpose = f"groove {level}{' contrast' if contrasts else ''}"
            self._grooves[level, contrasts] = choose_groove(
                self.families,
                self.meter,
                phrase.bpm,
                level,
                generator(self.plan.seed_for("drums"), "drums", self.part.id, purpose),
                swung=self.is_swung,
                drummer=known[0].drummer if known else "",
                without=known,
            )
        return self._grooves[level, contrasts]

    def _stops(self) -> bool:
        """Whether the last bar is an ending; a loop and a fade go on."""
        return not self.plan.loop and self.style.ending != "fade"

    def _last_stroke(self, begin: Fraction, energy: float) -> list[NoteEvent]:
        if energy <= _FILL_FROM and self.style.ending != "hit":
            return []
        strokes = (DrumStroke(Fraction(0), _KICK, _KICK_WEIGHT, 0.0), DrumStroke(Fraction(0), _CRASH, _CRASH_WEIGHT, 0.0))
        return _events(strokes, begin, self.meter)

    def _filled(
        self, strokes: DrumBar, phrase: Phrase, following: Phrase | None, energy: float, chance: np.random.Generator
    ) -> DrumBar:
        """The last bar of a phrase, its end a fill where one belongs."""
        ends_section = following is None or following.section_index != phrase.section_index
        wanted = ends_section or phrase.index % 2 == 1 or energy > _FULL_FROM
        if energy <= _FILL_FROM or not wanted or (following is None and not self.plan.loop):
            return strokes
        rises = following is None or following.section.energy >= phrase.section.energy
        beats = self.meter.beats
        count = 1 if energy < _MIDDLE_FROM else min(2, len(beats) - 1)
        if ends_section and rises and energy >= _MIDDLE_FROM and float(chance.random()) < energy:
            count = len(beats)
        quarters = min(sum(beats[-count:], Fraction(0)), 4 * (Fraction(3, 2) if self.meter.is_compound else Fraction(1)))
        fill = choose_fill(self.families, phrase.bpm, self.meter, energy, chance, swung=self.is_swung)
        played = fill_bar(fill, quarters, self.meter, phrase.bpm)
        first = self.meter.bar_quarters - quarters
        return (*(stroke for stroke in strokes if stroke.place < first), *played) if len(played) > 1 else strokes


def _variants(count: int, index: int, chance: np.random.Generator) -> list[int]:
    """Which variant each two bars take: the groove itself first, never the same variant twice in a row."""
    chosen = [0 if index == 0 else int(chance.integers(0, 4))]
    while len(chosen) < count:
        chosen.append((chosen[-1] + int(chance.integers(1, 4))) % 4)
    return chosen


def _crashed(strokes: DrumBar) -> DrumBar:
    """The bar with a crash and a bass drum on its first beat, in place of the other cymbals."""
    lag = next((stroke.lag for stroke in strokes if stroke.place == 0 and stroke.pitch == _KICK), 0.0)
    kept = [stroke for stroke in strokes if stroke.place or stroke.pitch not in {*_CYMBALS, _KICK}]
    first = (DrumStroke(Fraction(0), _KICK, _KICK_WEIGHT, lag), DrumStroke(Fraction(0), _CRASH, _CRASH_WEIGHT, lag))
    return tuple(sorted((*first, *kept)))


def _events(strokes: DrumBar, begin: Fraction, meter: Meter) -> list[NoteEvent]:
    """A bar of strokes as events."""
    together: dict[Fraction, list[DrumStroke]] = {}
    for stroke in sorted(strokes):
        together.setdefault(stroke.place, []).append(stroke)
    beats = [*meter.onsets[1:], meter.bar_quarters]
    events = []
    for (place, struck), following in zip(together.items(), [*list(together)[1:], meter.bar_quarters], strict=False):
        events.append(
            NoteEvent(
                begin + place,
                min(following, next(beat for beat in beats if beat > place)) - place,
                tuple(stroke.pitch for stroke in struck),
                weights=tuple(stroke.weight for stroke in struck),
                lags=tuple(stroke.lag for stroke in struck),
            )
        )
    return events


def _in_order(events: Sequence[NoteEvent]) -> list[NoteEvent]:
    """The events with no stroke played before the one written before it on the same drum: seams of two recordings may need it."""
    ordered = []
    last: dict[int, Fraction] = {}
    following: list[dict[int, Fraction]] = []
    upcoming: dict[int, Fraction] = {}
    for event in reversed(events):
        following.append(dict(upcoming))
        upcoming.update(dict.fromkeys(event.pitches, event.onset))
    for event, later in zip(events, reversed(following), strict=True):
        lags = []
        for pitch, lag in zip(event.pitches, event.lags, strict=True):
            least = -0.45 * float(event.onset - last[pitch]) if pitch in last else -float(event.onset)
            most = 0.45 * float(later[pitch] - event.onset) if pitch in later else 1.0
            lags.append(max(least, min(most, lag)))
            last[pitch] = event.onset
        ordered.append(replace(event, lags=tuple(lags)))
    return ordered


def _by_strings(context: CompositionContext, meter: Meter, groove: DrumGroove) -> list[NoteEvent]:
    """The part as a machine or an orchestra plays it."""
    plan, player, style = context.plan, context.player, context.style
    phrases, energies = context.phrases, context.energies
    levels: dict[str, Mapping[str, str]] = {"calm": groove.calm, "full": groove.full, "fill": groove.fill}
    bars = {name: read_step_strings(strings, meter, style.style) for name, strings in levels.items()}
    last_bars = {phrase.first_bar + phrase.bars - 1: phrase for phrase in phrases}
    first_bars = {phrase.first_bar for phrase in phrases if phrase.index == 0}
    crash = DRUMS["concert cymbal" if player.program == _ORCHESTRAL else "crash"][0]
    low = DRUMS["bass drum" if player.program == _ORCHESTRAL else "kick"][0]
    events: list[NoteEvent] = []
    for bar, energy in enumerate(energies):
        if energy < 0:
            continue
        begin = context.bar_onset(bar)
        if bar == len(energies) - 1 and not plan.loop:
            if energy > _FILL_FROM or style.ending == "hit":
                events.append(NoteEvent(begin, min(Fraction(1), meter.bar_quarters), tuple(sorted((low, crash)))))
            continue
        ends_phrase = bar in last_bars and (last_bars[bar].index % 2 == 1 or energy > 0.6) and bars["fill"]
        level = "fill" if ends_phrase and energy > _FILL_FROM else ("full" if energy > 0.45 else "calm")
        hits = dict(bars[level])
        if bar in first_bars and bar and energy > _CRASH_FROM:
            hits[Fraction(0)] = tuple(sorted({*hits.get(Fraction(0), ()), (crash, 10), (low, 6)}))
        events.extend(_struck(hits, begin, meter))
    return events


def _struck(hits: StepHits, begin: Fraction, meter: Meter) -> list[NoteEvent]:
    places = sorted(hits)
    events = []
    for place, following in zip(places, [*places[1:], meter.bar_quarters], strict=False):
        end = min(following, meter.beat_at(place)[1])
        strokes = dict(sorted(hits[place]))  # one stroke a drum: the stronger of two
        loudest = max(strokes.values())
        events.append(NoteEvent(begin + place, end - place, tuple(strokes), emphasis=loudest))
    return events
