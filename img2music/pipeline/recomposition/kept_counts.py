"""How much of an earlier piece is in a new one: counted in the written notes of both, whatever was meant.

A note counts as kept where the new part has one at the same place of a bar that repeats its bar, of the same length (or up to the bar line
behind which the form was cut or repeated), and on the same pitch moved by the interval of the keys (in another mode: on the same degree of
the scale, or as far from the tonic), all notes of a phrase in the same octave. Chords count a bar at a time, by their numerals or, in
another mode, by their roots' degrees; playing counts note by note, to the tick and the velocity.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from img2music.manifest import KeptCount
from img2music.pipeline.recomposition.kept_parts import NOTE_CRAFTS, craft_of
from img2music.theory.chords import parse_bar
from img2music.theory.meter_map import MeterMap
from img2music.theory.transposition import degree_of, interval_name, key_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from img2music.performance import Performance, PlayedPart
    from img2music.pipeline.recomposition.plan_adaptation import AdaptedPlan
    from img2music.plan import CompositionPlan
    from img2music.rng import Craft
    from img2music.score import Note, Part, Score
    from img2music.theory import Chord, Key

__all__ = ["count_kept", "count_kept_playing"]


def count_kept(
    crafts: Sequence[Craft], old: CompositionPlan, written: Score, graft: AdaptedPlan, score: Score
) -> list[KeptCount]:
    """What of `crafts` is in `score`; crafts without a part in the earlier piece are left out.

    Args:
        crafts: what was to be kept.
        old: the plan of the earlier piece.
        written: its notes.
        graft: the new plan, and what is where in it.
        score: the new piece.
    """
    found: list[KeptCount] = []
    if "form" in crafts:
        found.append(_form(graft, score))
    if "harmony" in crafts:
        found.append(_harmony(old, graft))
    earlier = {part.id: part for part in written.parts}
    for craft in NOTE_CRAFTS:
        pairs = [
            (earlier[graft.seats[part.id]], part)
            for part in score.parts
            if part.id in graft.seats and craft_of(earlier[graft.seats[part.id]]) == craft
        ]
        if craft not in crafts or not pairs:
            continue
        same = total = heard = 0
        moves: list[int] = []
        for was, part in pairs:
            count, shifts = _notes(was, part, old, graft)
            same, total = same + count, total + len(was.notes)
            heard += _heard(was, old, graft)
            moves += shifts
        players = dict.fromkeys(part.instrument.name for _, part in pairs)
        how = [
            *_moved(moves, old.parsed_key, graft.plan.parsed_key, drums=craft == "drums"),
            f"played by {' and '.join(players)}",
        ]
        found.append(KeptCount(craft=craft, same=same, played=heard, total=total, unit="notes", how=", ".join(how)))
    return found


def count_kept_playing(
    old: tuple[Score, Performance], new: tuple[Score, Performance], graft: AdaptedPlan | None
) -> KeptCount | None:
    """How many notes are played as they were, among the parts that are kept, or else that came out the same; None where there are none.

    `old` and `new` are notes as written and as played.
    """
    if graft is not None and graft.seats:
        pairs = dict(graft.seats)
    else:
        notes = {part.id: [_struck(note) for note in part.notes] for part in old[0].parts}
        pairs = {part.id: part.id for part in new[0].parts if notes.get(part.id) == [_struck(note) for note in part.notes]}
    if not pairs:
        return None
    was, now = ({part.id: part for part in played.parts} for played in (old[1], new[1]))
    same = total = 0
    for part, earlier in pairs.items():
        total += len(was[earlier].notes)
        same += _played(was[earlier], now[part])
    return KeptCount(
        craft="performance",
        same=same,
        played=total,
        total=total,
        unit="notes",
        how=f"the notes of {' and '.join(now[part].name for part in pairs)}, to the tick as before" if same == total else "",
    )


def _form(graft: AdaptedPlan, score: Score) -> KeptCount:
    """Bars of the form whose phrase begins and ends as it did."""
    bars, whole = len(graft.places), sum(section.bars for section in graft.form)
    before = _phrases([section.phrase_bars for section in graft.form])
    after = _phrases([section.phrase_bars for section in score.sections])
    same = {place for place, now in zip(graft.places, after, strict=True) if before[place] == now}
    how = names = " ".join(section.name for section in score.sections)
    ends, body = _ends(graft)
    left_out = set(range(whole)) - set(graft.places)
    said = []
    if graft.plan.loop and ends and left_out >= ends:
        said = ["a loop has neither introduction nor ending"]
        left_out -= ends
    else:
        body = whole
    if left_out:
        said.append("cut at a phrase")
    elif bars > body:
        said.append("played again in part")
    if said:
        how = f"{', '.join(said)}: {names} in {bars} bars"
    return KeptCount(craft="form", same=len(same), played=len(set(graft.places)), total=whole, unit="bars", how=how)


def _ends(graft: AdaptedPlan) -> tuple[set[int], int]:
    """The bars of introduction and ending in the kept form, and how many others there are."""
    roles = [section.role for section in graft.form for _ in range(section.bars)]
    ends = {bar for bar, role in enumerate(roles) if role in {"intro", "outro"}}
    return ends, len(roles) - len(ends)


def _phrases(sections: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """For every bar its place in its phrase, and how long that is."""
    return [(bar, bars) for phrases in sections for bars in phrases for bar in range(bars)]


def _harmony(old: CompositionPlan, graft: AdaptedPlan) -> KeptCount:
    rows = [(bar, old.key_of(section)) for section in graft.form for bar in section.harmony]
    new_rows = [(bar, graft.plan.key_of(section)) for section in graft.plan.sections for bar in section.harmony]
    same = 0
    for place, (row, before) in enumerate(rows):
        if place not in graft.places:
            continue
        here, after = new_rows[graft.places.index(place)]
        if before.mode == after.mode:
            same += here == row
        else:
            same += _roots(parse_bar(row, before), before) == _roots(parse_bar(here, after), after)
    before, after = old.parsed_key, graft.plan.parsed_key
    how = ""
    if before.mode != after.mode:
        how = f"by scale degrees in {after.name}"
    elif before != after:
        how = f"in {after.name}"
    return KeptCount(craft="harmony", same=same, played=len(set(graft.places)), total=len(rows), unit="bars", how=how)


def _roots(chords: Iterable[Chord], key: Key) -> list[int]:
    """The letters of the roots above that of the tonic."""
    return [(chord.root - key.tonic) * 4 % 7 for chord in chords]


def _notes(was: Part, part: Part, old: CompositionPlan, graft: AdaptedPlan) -> tuple[int, list[int]]:
    """How many notes of `was` are in `part`, and by how many semitones each of those moved."""
    bars, old_bars = graft.plan.meter_map, _old_bars(old, graft)
    played: dict[int, list[int]] = {}
    for bar, place in enumerate(graft.places):
        played.setdefault(place, []).append(bar)
    seams = {bars.bar_onset(bar) for bar, (one, other) in enumerate(pairwise(graft.places), 1) if other != one + 1}
    there: dict[Fraction, list[Note]] = {}
    for note in part.notes:
        there.setdefault(note.onset_quarters, []).append(note)
    borders = graft.plan.phrase_starts
    found: dict[int, dict[int, dict[int, int]]] = {}  # by phrase and octave: which notes, and how far each moved
    for number, note in enumerate(was.notes):
        bar = old_bars.bar_at(note.onset_quarters)
        before = old.key_map.key_at(note.onset_quarters)
        for now in played.get(bar, ()):
            onset = note.onset_quarters - old_bars.bar_onset(bar) + bars.bar_onset(now)
            after = graft.plan.key_map.key_at(onset)
            phrase = bisect_right(borders, onset) - 1
            for other in there.get(onset, ()):
                cut = other.duration_quarters < note.duration_quarters and other.end_quarters in seams
                octave = _octave(note, other, before, after, kit=part.instrument.kit)
                if octave is not None and (cut or other.duration_quarters == note.duration_quarters):
                    found.setdefault(phrase, {}).setdefault(octave, {})[number] = other.pitch - note.pitch
    moves: dict[int, int] = {}
    for octaves in found.values():
        # In a chord one note may stand where another one's octave would: a phrase has the octave that most of its notes have.
        _, notes = max(octaves.items(), key=lambda one: (len(one[1]), -abs(one[0])))
        moves |= notes
    return len(moves), list(moves.values())


def _octave(note: Note, other: Note, before: Key, after: Key, *, kit: bool) -> int | None:
    """By how many octaves `other` lies off what `note` is in the new key; None where it is another note."""
    if kit:
        return 0 if note.pitch == other.pitch else None
    moved = other.pitch - note.pitch - key_interval(before, after)
    if moved % 12 == 0:
        return moved // 12
    if before.mode == after.mode or degree_of(note.spelling, before)[0] != degree_of(other.spelling, after)[0]:
        return None
    nearest = round(moved / 12)
    return nearest if abs(moved - 12 * nearest) == 1 else None  # a form of the same degree is a semitone off


def _heard(was: Part, old: CompositionPlan, graft: AdaptedPlan) -> int:
    """How many of a part's notes lie in bars that are played."""
    played, bars = set(graft.places), _old_bars(old, graft)
    return sum(bars.bar_at(note.onset_quarters) in played for note in was.notes)


def _old_bars(old: CompositionPlan, graft: AdaptedPlan) -> MeterMap:
    """The bars of the kept form, which are as long as those of the new piece."""
    bars = graft.plan.meter_map
    return MeterMap.constant(bars.meter) if bars.is_constant else old.meter_map


def _moved(moves: Sequence[int], before: Key, after: Key, *, drums: bool) -> list[str]:
    """In words, where the notes went."""
    if drums or not moves:
        return []
    octaves = Counter(round((move - key_interval(before, after)) / 12) for move in moves)
    octave, _ = max(octaves.items(), key=lambda one: one[1])
    said = []
    if before.mode != after.mode:
        said.append(f"by scale degrees from {before.name} to {after.name}")
        said += [f"moved {interval_name(12 * octave)}"] if octave else []
    else:
        way = interval_name(key_interval(before, after) + 12 * octave)
        if before != after:
            said.append(f"transposed {way} to {after.name}" if way else f"written in {after.name}")
        elif way:
            said.append(f"moved {way}")
    return [*said, "some phrases in another octave"] if len(octaves) > 1 else said


def _struck(note: Note) -> tuple[Fraction, Fraction, int]:
    return note.onset_quarters, note.duration_quarters, note.pitch


def _played(was: PlayedPart, now: PlayedPart) -> int:
    """How many notes are played at the same tick, as long and as loud; all in the same order of pitches."""
    old, new = (
        sorted((note.onset_ticks, note.pitch, note.duration_ticks, note.velocity) for note in part.notes) for part in (was, now)
    )
    if len(old) != len(new):
        return 0
    return sum((one[0], *one[2:]) == (other[0], *other[2:]) for one, other in zip(old, new, strict=True))
