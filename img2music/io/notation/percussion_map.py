"""Drums on the page: the name and the note head of each General MIDI percussion key.

Names are those of the General MIDI level 2 percussion map, shortened. Heads follow N. Weinberg, *Guide to Standardized
Drumset Notation* (Percussive Arts Society, 1998): x for cymbals, hi-hats and what is struck with a stick's side, triangle
for bells, blocks and tambourine, ordinary heads for skins; what the guide leaves open is our choice. Where a drum stands
on the staff is the score's business: the spelling of its note.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Drum", "drum"]


@dataclass(frozen=True, slots=True)
class Drum:
    """One sound of a kit: its name and its MusicXML note head."""

    name: str
    head: str = "normal"


_DRUMS: dict[int, Drum] = {
    27: Drum("High Q", "diamond"),
    28: Drum("Slap", "slash"),
    29: Drum("Scratch Push", "slash"),
    30: Drum("Scratch Pull", "slash"),
    31: Drum("Sticks", "x"),
    32: Drum("Square Click", "diamond"),
    33: Drum("Metronome Click", "diamond"),
    34: Drum("Metronome Bell", "diamond"),
    35: Drum("Low Bass Drum"),
    36: Drum("Bass Drum"),
    37: Drum("Side Stick", "x"),
    38: Drum("Snare"),
    39: Drum("Hand Clap", "diamond"),
    40: Drum("Electric Snare"),
    41: Drum("Low Floor Tom"),
    42: Drum("Closed Hi-Hat", "x"),
    43: Drum("High Floor Tom"),
    44: Drum("Pedal Hi-Hat", "x"),
    45: Drum("Low Tom"),
    46: Drum("Open Hi-Hat", "circle-x"),
    47: Drum("Low-Mid Tom"),
    48: Drum("High-Mid Tom"),
    49: Drum("Crash Cymbal", "x"),
    50: Drum("High Tom"),
    51: Drum("Ride Cymbal", "x"),
    52: Drum("China Cymbal", "x"),
    53: Drum("Ride Bell", "diamond"),
    54: Drum("Tambourine", "triangle"),
    55: Drum("Splash Cymbal", "x"),
    56: Drum("Cowbell", "triangle"),
    57: Drum("Crash Cymbal 2", "x"),
    58: Drum("Vibraslap", "slash"),
    59: Drum("Ride Cymbal 2", "x"),
    60: Drum("High Bongo"),
    61: Drum("Low Bongo"),
    62: Drum("Mute Conga", "x"),
    63: Drum("High Conga"),
    64: Drum("Low Conga"),
    65: Drum("High Timbale"),
    66: Drum("Low Timbale"),
    67: Drum("High Agogo", "triangle"),
    68: Drum("Low Agogo", "triangle"),
    69: Drum("Cabasa", "x"),
    70: Drum("Maracas", "x"),
    71: Drum("Short Whistle", "diamond"),
    72: Drum("Long Whistle", "diamond"),
    73: Drum("Short Guiro", "slash"),
    74: Drum("Long Guiro", "slash"),
    75: Drum("Claves", "x"),
    76: Drum("High Wood Block", "triangle"),
    77: Drum("Low Wood Block", "triangle"),
    78: Drum("Mute Cuica", "x"),
    79: Drum("Open Cuica"),
    80: Drum("Mute Triangle", "x"),
    81: Drum("Open Triangle", "triangle"),
    82: Drum("Shaker", "x"),
    83: Drum("Sleigh Bells", "diamond"),
    84: Drum("Bell Tree", "diamond"),
    85: Drum("Castanets", "x"),
    86: Drum("Mute Surdo", "x"),
    87: Drum("Open Surdo"),
}


def drum(pitch: int) -> Drum:
    """The drum of percussion key `pitch`; a key outside the map is named by its number."""
    return _DRUMS.get(pitch, Drum(f"Drum {pitch}"))
