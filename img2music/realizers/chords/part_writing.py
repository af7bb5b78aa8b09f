"""Part-writing: four voices over a progression, as a teacher of harmony would pass them.

Every chord is set for soprano, alto, tenor and bass in every permitted way; dynamic programming finds the way through all settings
that breaks no hard rule where one exists and, among those, moves least.

Hard rules (each costs more than all soft ones of a piece together): voices in their ranges, none crossing, upper neighbours within an
octave; no parallel fifths, octaves or unisons between any two voices, also not from one octave of the interval to another; the third
sounds; leading tones and sevenths are not doubled; sevenths and suspended fourths resolve down by step or are held; a leading tone in
an outer voice rises to the tonic. Soft ones: least motion (Tymoczko, *A Geometry of Music*, 2011, ch. 2), doubled roots, suspensions
prepared by the same voice, no hidden fifths or octaves between the outer voices, no voices overlapping their neighbour's last note, no melodic
tritones (Aldwell & Schachter, *Harmony and Voice Leading*, 2011, ch. 6; Huron, "Tone and Voice", Music Perception 19, 2001).

The soprano may be given (a tune; it need not be a chord tone) and then stands; the bass sounds the chord's own bass note.
Conventions: MIDI numbers, a setting is (bass, tenor, alto, soprano). Knows nothing of rhythm.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from img2music.theory import Key, pitch_class
from img2music.viterbi import cheapest_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory import Chord

__all__ = ["RANGES", "Setting", "write_parts"]

Setting = tuple[int, int, int, int]

RANGES = ((40, 60), (48, 67), (55, 74), (60, 81))
"""Bass E2-C4, tenor C3-G4, alto G3-D5, soprano C4-A5 (Aldwell & Schachter 2011, ch. 5)."""
_BROKEN = 1000.0
_WIDTH = 90
"""Settings kept a chord, the best placed first; all of them where the soprano is given."""
_PAIRS = tuple(combinations(range(4), 2))


def write_parts(
    chords: Sequence[Chord],
    keys: Key | Sequence[Key],
    *,
    soprano: Sequence[int | None] | None = None,
    ranges: Sequence[tuple[int, int]] = RANGES,
) -> tuple[Setting, ...]:
    """A setting for each chord.

    Args:
        chords: The progression.
        keys: The key, or that of every chord: it says which note leads.
        soprano: A pitch a chord, None where the soprano is free.
        ranges: Lowest and highest pitch of bass, tenor, alto, soprano.
    """
    if not chords:
        return ()
    limits = tuple((low, high) for low, high in ranges)
    given = list(soprano) if soprano is not None else [None] * len(chords)
    tonics = [pitch_class(key.tonic) for key in ([keys] * len(chords) if isinstance(keys, Key) else keys)]
    layers = [_settings(chord, tune, limits, tonic) for chord, tune, tonic in zip(chords, given, tonics, strict=True)]
    # A dominant at the end of one key may lead into the next: what leads is told by the key in which it arrives.
    duties = [_duties(before, after, tonic) for (before, after), tonic in zip(pairwise(chords), tonics[1:], strict=True)]
    return tuple(
        cheapest_path(
            layers,
            lambda place, last, setting: _motion(last, setting) + _resolve(last, setting, duties[place - 1]),
            arrival_cost=lambda place, last, setting: _unprepared(last, setting, chords[place]),
            least_step_cost=0.0,
        )
    )


@lru_cache(maxsize=2048)
def _settings(
    chord: Chord, tune: int | None, limits: tuple[tuple[int, int], ...], tonic: int
) -> tuple[tuple[Setting, float], ...]:
    """Every permitted setting of one chord with what it costs by itself, the cheapest first."""
    classes = chord.pitch_classes
    bass_class = pitch_class(chord.bass)
    found: list[tuple[float, Setting]] = []
    (low_b, high_b), (low_t, high_t), (low_a, high_a), (low_s, high_s) = limits
    sopranos = [tune] if tune is not None else [pitch for pitch in range(low_s, high_s + 1) if pitch % 12 in classes]
    for top in sopranos:
        for alto in range(max(low_a, top - 12), min(high_a, top) + 1):
            if alto % 12 not in classes:
                continue
            for tenor in range(max(low_t, alto - 12), min(high_t, alto) + 1):
                if tenor % 12 not in classes:
                    continue
                for bass in range(max(low_b, tenor - 19), min(high_b, tenor) + 1):
                    if bass % 12 == bass_class:
                        setting = (bass, tenor, alto, top)
                        found.append((_alone(setting, chord, tonic, tune), setting))
    if not found:  # a tune outside the soprano's reach: the lower voices stand by themselves
        free = _settings(chord, None, limits, tonic)
        return tuple(
            ((*setting[:3], tune if tune is not None else setting[3]), cost + _BROKEN) for setting, cost in free[:_WIDTH]
        )
    found.sort()
    kept = found if tune is not None else found[:_WIDTH]
    return tuple((setting, cost) for cost, setting in kept)


def _alone(setting: Setting, chord: Chord, tonic: int, tune: int | None) -> float:
    """What a setting costs by itself: doubling, completeness, spacing, register."""
    classes = chord.pitch_classes
    sung = [pitch % 12 for pitch in setting]
    counts = [sung.count(one) for one in classes]
    cost = 0.0
    if counts[1] == 0:
        cost += _BROKEN
    for one in classes[3:]:
        if sung.count(one) != 1:
            cost += _BROKEN if sung.count(one) > 1 else _BROKEN / 4
    leading = (tonic - 1) % 12
    diminished = (classes[2] - classes[0]) % 12 == 6
    # It leads as the third of the dominant and in diminished chords, not as the fifth of iii.
    if sung.count(leading) > 1 and (leading == classes[1] or (diminished and leading == classes[0])):
        cost += _BROKEN
    if counts[2] == 0:
        cost += 1.0 if len(classes) > 3 else 2.5
    if counts[0] == 0:
        cost += 4.0
    minor = (classes[1] - classes[0]) % 12 == 3
    cost += 1.5 * max(0, counts[1] - 1) * (0.5 if minor else 1.0) + 0.8 * max(0, counts[2] - 1)
    bass, tenor, alto, top = setting
    cost += 2.0 * ((tenor == bass) + (alto == tenor) + (top == alto))
    # A gap of more than an octave over the bass is common, over a twelfth it is a hole.
    cost += 0.3 * max(0, tenor - bass - 14)
    cost += 0.06 * (abs(alto - 65) + abs(tenor - 57) + abs(bass - 49)) + (0.06 * abs(top - 71) if tune is None else 0.0)
    return cost


def _duties(before: Chord, after: Chord, tonic: int) -> tuple[frozenset[int], bool, int]:
    """Pitch classes of `before` that go down by step or stay, whether its leading tone rises, and that leading tone."""
    down = set()
    if before.root != after.root or before.members != after.members:
        down = {one for one in before.pitch_classes[3:4] if (one - before.pitch_classes[0]) % 12 in {9, 10, 11}}
        if (before.pitch_classes[1] - before.pitch_classes[0]) % 12 == 5:
            down.add(before.pitch_classes[1])
    leading = (tonic - 1) % 12
    rises = leading in before.pitch_classes and after.pitch_classes[0] == tonic
    return frozenset(down), rises, leading


def _resolve(before: Setting, after: Setting, wants: tuple[frozenset[int], bool, int]) -> float:
    """What unresolved sevenths, suspensions and leading tones cost."""
    down, rises, leading = wants
    cost = 0.0
    for voice in range(4):
        step = after[voice] - before[voice]
        if before[voice] % 12 in down and step not in {0, -1, -2}:
            cost += _BROKEN
        if rises and before[voice] % 12 == leading and step != 1:
            # An inner leading tone may fall a third to complete the chord.
            cost += 1.5 if voice in {1, 2} and step == -4 else _BROKEN
    return cost


def _unprepared(before: Setting, after: Setting, chord: Chord) -> float:
    """A suspended fourth wants to have been sung by the same voice."""
    suspended = chord.pitch_classes[1]
    if (suspended - chord.pitch_classes[0]) % 12 != 5:
        return 0.0
    held = any(one == two and one % 12 == suspended for one, two in zip(before, after, strict=True))
    return 0.0 if held else 3.0


@lru_cache(maxsize=262144)
def _motion(before: Setting, after: Setting) -> float:
    """What it costs to move from one setting to the next."""
    cost = 0.0
    for voice, weight in enumerate((0.45, 1.0, 1.0, 0.7)):
        step = abs(after[voice] - before[voice])
        cost += weight * step + (2.0 if step > 7 and voice else 0.0) + (1.5 if step == 6 else 0.0)
    for low, high in _PAIRS:
        one, two = before[high] - before[low], after[high] - after[low]
        if one % 12 == two % 12 and two % 12 in {0, 7} and after[low] != before[low] and after[high] != before[high]:
            cost += _BROKEN
    for low in range(3):  # a voice that passes where its neighbour has just been
        cost += 1.5 * ((after[low] > before[low + 1]) + (after[low + 1] < before[low]))
    up, down = after[3] - before[3], after[0] - before[0]
    if up * down > 0 and abs(up) > 2 and (after[3] - after[0]) % 12 in {0, 7}:
        cost += 6.0
    return cost
