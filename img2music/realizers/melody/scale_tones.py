"""The tones that a melody may take under a chord: the key's scale with the chord's own letters in it, each with its place in both.

Under the dominant of A minor that scale has a G sharp in place of the G: a letter is sung as the chord that sounds has it.
Conventions: pitches are MIDI numbers; `degree` is the height in letters, 7 an octave from the tonic upwards, so that steps and thirds are
counted as they are written. Knows nothing of rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from img2music.theory import pitch_class

if TYPE_CHECKING:
    from img2music.theory import Chord, Key

__all__ = ["ScaleTone", "foreign_tone", "tones_over_chord"]


@dataclass(frozen=True, slots=True)
class ScaleTone:
    """A pitch as one chord hears it."""

    pitch: int
    """MIDI number."""
    degree: int
    """Height in letters, 7 an octave; 0 is the tonic of the lowest octave that MIDI has."""
    role: int
    """0 root, 1 third, 2 fifth, 3 another member, 4 a stranger."""
    step: int
    """Degree of the scale, 0 the tonic."""
    in_scale: bool
    """Whether the key's scale has it."""


@lru_cache(maxsize=1024)
def tones_over_chord(chord: Chord, key: Key, low: int, high: int) -> tuple[ScaleTone, ...]:
    """The local scale under a chord: the key's scale, each letter replaced by the chord's own member of that letter."""
    by_letter = {(fifths + 1) % 7: fifths for fifths in key.scale}
    by_letter.update({(member + 1) % 7: member for member in chord.members if -8 <= member <= 12})
    tonic = pitch_class(key.tonic)
    local = sorted(by_letter.values(), key=lambda fifths: (pitch_class(fifths) - tonic) % 12)
    members, scale = chord.pitch_classes, set(key.pitch_classes)
    tones = []
    for pitch in range(low, high + 1):
        for index, fifths in enumerate(local):
            if pitch_class(fifths) == pitch % 12:
                role = min(3, members.index(pitch % 12)) if pitch % 12 in members else 4
                tones.append(ScaleTone(pitch, 7 * ((pitch - tonic) // 12) + index, role, index, pitch % 12 in scale))
                break
    return tuple(tones)


def foreign_tone(pitch: int, key: Key) -> ScaleTone:
    """A pitch that is in neither scale nor chord, at the degree of the scale below it."""
    above = (pitch - pitch_class(key.tonic)) % 12
    index = sum(1 for other in key.pitch_classes[1:] if (other - pitch_class(key.tonic)) % 12 <= above)
    return ScaleTone(pitch, 7 * ((pitch - pitch_class(key.tonic)) // 12) + index, 4, index, False)
