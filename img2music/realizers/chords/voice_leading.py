"""Voice leading: chords become voicings that move as little as they can.

Dynamic programming over the close and open positions of each chord inside a register: the cost is the motion of all
voices (Tymoczko, *A Geometry of Music*, 2011, ch. 2) and the distance from the middle of the register.
Conventions: pitches are MIDI numbers, a voicing is sorted upwards. Knows nothing of rhythm.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from img2music.viterbi import cheapest_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.theory import Chord

__all__ = ["nearest_pitch", "voice_chords"]


def voice_chords(chords: Sequence[Chord], low: int, high: int, voices: int) -> tuple[tuple[int, ...], ...]:
    """A voicing of up to `voices` notes for each chord, between `low` and `high`."""
    if not chords:
        return ()
    centre = (low + high) / 2
    layers = [_positions(_members(chord, voices), low, high) for chord in chords]
    priced = [[(voicing, 0.35 * abs(_mean(voicing) - centre)) for voicing in layer] for layer in layers]
    return tuple(cheapest_path(priced, lambda _, before, after: _motion(before, after), least_step_cost=0.0))


def nearest_pitch(pitch_class: int, near: int, low: int, high: int) -> int:
    """The pitch of that class nearest to `near` inside `low`..`high` (nearest octave outside if there is none)."""
    candidates = [pitch for pitch in range(low, high + 1) if pitch % 12 == pitch_class]
    if not candidates:
        candidates = [pitch for pitch in range(low - 12, high + 13) if pitch % 12 == pitch_class]
    return min(candidates, key=lambda pitch: (abs(pitch - near), pitch))


def _mean(voicing: Sequence[int]) -> float:
    return sum(voicing) / len(voicing)


@lru_cache(maxsize=65536)
def _motion(before: tuple[int, ...], after: tuple[int, ...]) -> float:
    """Semitones moved by all voices, paired from the top; a voice more or less costs two."""
    paired = zip(reversed(before), reversed(after), strict=False)
    moved = sum(abs(one - other) for one, other in paired) + 2 * abs(len(before) - len(after))
    # All voices in the same direction by the same amount are parallels: the sound of a keyboard beginner.
    steps = {other - one for one, other in zip(before, after, strict=False)}
    return moved + (3.0 if len(steps) == 1 and steps != {0} and len(before) > 1 else 0.0)


def _members(chord: Chord, voices: int) -> tuple[int, ...]:
    """The pitch classes to sound: with too few voices the fifth goes first, then the root (the bass has it)."""
    root, third, fifth, *rest = chord.pitch_classes
    if voices >= 3 + len(rest):
        return (root, third, fifth, *rest)
    if rest:
        # A major seventh rubs against its own root in close position: there the fifth stays and the root goes.
        ending = (fifth, root) if (rest[0] - root) % 12 == 11 else (root, fifth)
        order = (third, rest[0], *rest[1:], *ending)
        return order[: max(1, voices)]
    return (root, third, fifth)[: max(1, voices)] if voices >= 3 else ((third, fifth) if voices == 2 else (third,))


@lru_cache(maxsize=4096)
def _positions(members: tuple[int, ...], low: int, high: int) -> tuple[tuple[int, ...], ...]:
    """Close positions from every chord member upwards, and open ones with the second voice from the top an octave down."""
    found: dict[tuple[int, ...], None] = {}
    distinct = tuple(dict.fromkeys(members))
    for bottom in range(low, high + 1):
        if bottom % 12 not in distinct:
            continue
        voicing = [bottom]
        ordered = sorted((member - bottom) % 12 for member in distinct if member != bottom % 12)
        voicing.extend(bottom + interval for interval in ordered)
        if voicing[-1] <= high:
            found[tuple(voicing)] = None
            if len(voicing) >= 3 and voicing[-2] - 12 >= low:
                found[tuple(sorted((*voicing[:-2], voicing[-2] - 12, voicing[-1])))] = None
    if not found:  # a register narrower than the chord: as much of it as fits
        pitches = [pitch for pitch in range(low, high + 1) if pitch % 12 in distinct]
        found[tuple(pitches[: len(distinct)]) or (nearest_pitch(distinct[0], (low + high) // 2, low, high),)] = None
    return tuple(found)
