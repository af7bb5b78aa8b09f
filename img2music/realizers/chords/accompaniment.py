"""Chords, arpeggios and pads: voiced chords put into patterns, under the tune and over the bass.

Conventions: events in quarter notes from the start of the piece, in order and without overlap; `energies` a bar, -1 where
the part rests. How busy a bar is (its drive) follows the section's energy and the piece's density alike, with a little of
its own from phrase to phrase and a lift in a phrase's last bar. Knows nothing of loudness beyond a stroke's accent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.realizers.chords.chord_spacing import avoid_shared_keys, keep_below_melody, widen_low_intervals
from img2music.realizers.chords.part_writing import RANGES, write_parts
from img2music.realizers.chords.patterns import PatternContext, find_pattern
from img2music.realizers.chords.voice_leading import nearest_pitch, voice_chords
from img2music.realizers.timeline import NoteEvent, note_at
from img2music.rng import generator
from img2music.score import index_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.plan import CompositionPlan, PartPlan
    from img2music.realizers.chords.patterns.pattern_grid import Pick
    from img2music.realizers.context import CompositionContext
    from img2music.realizers.timeline import ChordSpan
    from img2music.theory import Instrument

__all__ = ["rhythmic_activity", "write_chords"]

_CENTRE = {"chords": 58, "arpeggio": 60, "pad": 57}
"""Middle of each role's register (MIDI): under the tune, over the bass (our choice)."""
_DYADS = {"power", "boogie"}
"""Patterns that play a root and its fifth instead of the whole chord."""
_PART_WRITTEN = {"chorale", "hymn"}
"""Patterns whose chords are two inner voices, each a line of its own."""
_ENERGY_SHARE = 0.55
_WANDER, _LIFT = 0.06, 0.1
"""How far the drive wanders from phrase to phrase, and rises in a phrase's last bar (our choice)."""


def rhythmic_activity(energy: float, density: float) -> float:
    """How busy a bar is, 0..1."""
    return _ENERGY_SHARE * energy + (1 - _ENERGY_SHARE) * density


def write_chords(context: CompositionContext) -> list[NoteEvent]:
    """The whole part for a role of chords."""
    plan, part, player = context.plan, context.part, context.player
    spans, energies, tune = context.spans, context.energies, context.tune
    low, high = _register(part, player, _ceiling(tune), plan.height)
    voicings = _voicings(part, player, spans, low, high)
    if part.pattern in _PART_WRITTEN and tune and player.voices > 1 and any(other.role == "bass" for other in plan.parts):
        voicings = _inner_voices(player, spans, tune)
    play = find_pattern(part.role, part.pattern)
    moments = _moments(context)
    grounded = part.role == "arpeggio" and _is_ground(plan, part)
    events: list[NoteEvent] = []
    for bar, energy in enumerate(energies):
        if energy < 0:
            continue
        begin = context.bar_onset(bar)
        if bar == plan.final_bar:
            events.append(
                NoteEvent(
                    begin,
                    context.meter_at(bar).bar_quarters,
                    _last_chord(plan, part, voicings[-1][-player.voices :], spans[-1], player),
                )
            )
            continue
        for hit in play(moments[bar]):
            onset, end = begin + hit.place, begin + hit.place + hit.duration
            index = index_at(spans, onset)
            pick = "root" if grounded and onset == spans[index].onset and hit.pick not in {"octave", "pinch"} else hit.pick
            while True:  # a hit that reaches into the next chord is struck again there, if it is a whole chord
                stop = min(end, spans[index].end)
                pitches = _picked(pick, voicings[index], spans[index], player, high)
                events.append(NoteEvent(onset, stop - onset, pitches, emphasis=hit.emphasis, articulation=hit.articulation))
                if stop >= end or pick != "all":
                    break
                onset, index = stop, index + 1
    if part.octave <= 0:  # a part that the style puts above the tune is out of its way already
        events = keep_below_melody(events, tune, player.low)
    if _shares_keys(plan, part):
        events = avoid_shared_keys(events, tune)
    return _merge(events) if part.role == "pad" else events


def _shares_keys(plan: CompositionPlan, part: PartPlan) -> bool:
    """Whether a part is one hand of a player whose other hand plays the tune."""
    return part.hand is not None and any(
        other.role == "melody" and other.instrument == part.instrument and other.hand is not None for other in plan.parts
    )


def _moments(context: CompositionContext) -> list[PatternContext]:
    """What the pattern hears of each bar; chance is drawn once a phrase, so that a phrase is of one piece."""
    plan, energies = context.plan, context.energies
    chance = generator(plan.seed_for("chords"), "chords", context.part.id)
    moments = []
    for phrase in context.phrases:
        variant, wander = int(chance.integers(4)), float(chance.uniform(-_WANDER, _WANDER))
        for number in range(phrase.bars):
            bar = phrase.first_bar + number
            ends = number == phrase.bars - 1 and phrase.bars > 1
            busy = rhythmic_activity(max(0.0, energies[bar]), plan.density) + wander + (_LIFT if ends else 0.0)
            moments.append(PatternContext(phrase.meter, number, min(1.0, max(0.0, busy)), variant, ends))
    return moments


def _voicings(part: PartPlan, player: Instrument, spans: Sequence[ChordSpan], low: int, high: int) -> tuple[tuple[int, ...], ...]:
    """A voicing a chord, as many voices as the role and the instrument have, open where it lies low."""
    if part.pattern == "drone":
        return tuple(_drone(span, low, high)[: player.voices] for span in spans)
    if part.pattern in _DYADS:
        return tuple(_power(span.chord.pitch_classes, low, high)[: player.voices] for span in spans)
    count = {"pad": 4, "chords": 3, "arpeggio": 3}[part.role]
    if part.role != "arpeggio":  # broken chords come one note at a time
        count = min(count, player.voices)
    voicings = voice_chords([span.chord for span in spans], low, high, count)
    return voicings if part.role == "arpeggio" else tuple(widen_low_intervals(voicing, high) for voicing in voicings)


def _drone(span: ChordSpan, low: int, high: int) -> tuple[int, ...]:
    """The tonic and its fifth."""
    tonic = nearest_pitch(span.key.pitch_classes[0], (low + high) // 2 - 5, low, high)
    fifth = tonic + 7 if tonic + 7 <= high else tonic - 5
    return tuple(sorted({tonic, fifth} if fifth >= low else {tonic}))


def _inner_voices(player: Instrument, spans: Sequence[ChordSpan], tune: Sequence[NoteEvent]) -> tuple[tuple[int, ...], ...]:
    """Alto and tenor of a four-part setting of the chords under the tune; other parts sing soprano and bass."""
    low, high = RANGES[3]
    soprano: list[int | None] = []
    for span in spans:
        sung = note_at(tune, span.onset)
        soprano.append(sung.pitches[-1] if sung is not None and low <= sung.pitches[-1] <= high else None)
    tenor, alto = ((max(bottom, player.low), min(top, player.high)) for bottom, top in RANGES[1:3])
    settings = write_parts(
        [span.chord for span in spans], [span.key for span in spans], soprano=soprano, ranges=(RANGES[0], tenor, alto, RANGES[3])
    )
    return tuple(tuple(sorted({setting[1], setting[2]})) for setting in settings)


def _ceiling(tune: Sequence[NoteEvent]) -> int:
    """Where the tune mostly lies: nothing but a part set above it is voiced there."""
    lowest = min((event.pitches[0] for event in tune), default=84)
    mean = sum(event.pitches[0] for event in tune) // len(tune) if tune else 84
    return max(mean - 3, lowest)


def _last_chord(
    plan: CompositionPlan, part: PartPlan, voicing: tuple[int, ...], span: ChordSpan, player: Instrument
) -> tuple[int, ...]:
    """The final chord; with no bass in the band, the part that lies lowest puts the root underneath."""
    if not _is_ground(plan, part):
        return voicing
    root = nearest_pitch(span.chord.bass * 7 % 12, voicing[0] - 8, player.low, max(voicing[0], player.low + 11))
    above = [pitch for pitch in voicing if pitch > root]
    return (root, *above[: player.voices - 1])


def _is_ground(plan: CompositionPlan, part: PartPlan) -> bool:
    """Whether a part has to carry the bass notes: the lowest of its kind in a band without a bass."""
    lowest = min(
        (other for other in plan.parts if other.role in _CENTRE), key=lambda other: (other.octave, plan.parts.index(other))
    )
    return part is lowest and all(other.role != "bass" for other in plan.parts)


def _register(part: PartPlan, player: Instrument, ceiling: int, shift: int) -> tuple[int, int]:
    centre = _CENTRE[part.role] + 12 * part.octave + round(shift / 2)  # half as far as the tune, which needs its own room
    if player.low > centre - 4:  # a high instrument plays where it can
        centre = player.low + 9
    low = max(player.low, centre - 9)
    high = min(player.high, max(ceiling, low + 12), centre + 10)
    return min(low, high - 12) if high - 12 >= player.low else low, high


def _picked(pick: Pick, voicing: tuple[int, ...], span: ChordSpan, player: Instrument, high: int) -> tuple[int, ...]:
    """The pitches of one stroke, never more than the player has voices."""
    if pick == "all":
        return voicing[: player.voices]
    if isinstance(pick, str):
        return _low_notes(pick, voicing, span, player)
    # The chord as a ladder as far up as the register goes; beyond its top the figure turns back downwards.
    top = min(player.high, max(high, voicing[-1]))
    ladder = sorted({pitch + octave for pitch in voicing for octave in (0, 12, 24) if pitch + octave <= top})
    turn = 2 * (len(ladder) - 1)
    index = pick % turn if turn else 0
    return (ladder[index if index < len(ladder) else turn - index],)


def _low_notes(pick: str, voicing: tuple[int, ...], span: ChordSpan, player: Instrument) -> tuple[int, ...]:
    """What a left hand or a thumb plays under the voicing, as far as the instrument reaches."""
    low, one_voice = max(player.low, voicing[0] - 16), player.voices == 1
    root = nearest_pitch(span.chord.bass * 7 % 12, voicing[0] - 8, low, voicing[0])
    root = root if root >= player.low else voicing[0]
    fifth = nearest_pitch(span.chord.pitch_classes[2], root - 5, low, voicing[0])
    pair = {"octave": (root - 12, root), "pinch": (root, voicing[-1]), "sixth": (voicing[0], voicing[0] + 9)}.get(pick, (root,))
    if pick == "fifth":
        return (fifth if fifth >= player.low else root,)
    fits = pair[0] >= player.low and pair[-1] <= player.high and pair[0] < pair[-1] and not one_voice
    if pick == "sixth":
        return pair if fits and len(voicing) > 1 else voicing[:1]
    return pair if fits else (root,)


def _power(pitch_classes: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    root = nearest_pitch(pitch_classes[0], low + 5, low, high)
    return (root, root + 7) if root + 7 <= high else (root,)


def _merge(events: list[NoteEvent]) -> list[NoteEvent]:
    """A pad does not strike a chord again that it already holds, within four bars' breath."""
    merged: list[NoteEvent] = []
    for event in events:
        last = merged[-1] if merged else None
        if last and last.pitches == event.pitches and last.end == event.onset and last.duration < 2 * event.duration:
            merged[-1] = NoteEvent(last.onset, last.duration + event.duration, last.pitches)
        else:
            merged.append(event)
    return merged
