"""The drums of a kit: their General MIDI percussion keys (1-based channel 10) and their places on the staff.

Names are ours; a style's rhythm strings use them. Two sounds of one drum share a place and differ by note head (`io.percussion_map`).
"""

from __future__ import annotations

from img2music.theory import SpelledPitch

__all__ = ["DRUMS", "drum_spelling"]

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
    "floor tom": (43, SpelledPitch("A", 0, 4)),
    "low tom": (45, SpelledPitch("A", 0, 4)),
    "open hat": (46, SpelledPitch("G", 0, 5)),
    "mid tom": (47, SpelledPitch("D", 0, 5)),
    "crash": (49, SpelledPitch("A", 0, 5)),
    "high tom": (50, SpelledPitch("E", 0, 5)),
    "ride": (51, SpelledPitch("F", 0, 5)),
    "chinese cymbal": (52, SpelledPitch("A", 0, 5)),
    "ride bell": (53, SpelledPitch("F", 0, 5)),
    "tambourine": (54, SpelledPitch("B", 0, 5)),
    "cowbell": (56, SpelledPitch("E", 0, 5)),
    "concert cymbal": (59, SpelledPitch("A", 0, 5)),
    "shaker": (70, SpelledPitch("B", 0, 5)),
    "claves": (75, SpelledPitch("E", 0, 5)),
}


def drum_spelling(pitch: int) -> SpelledPitch:
    """Where a percussion key is written."""
    return next((spelling for key, spelling in DRUMS.values() if key == pitch), SpelledPitch("C", 0, 5))
