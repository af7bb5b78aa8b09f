"""Music theory as the rest of img2music needs it: spelled pitch, keys, metre, chords, instruments.

Exact (integers and fractions), without state, and without any knowledge of pictures, plans or files.
"""

from img2music.theory.chords import Chord, parse_bar
from img2music.theory.instruments import Instrument, instrument, instrument_names, is_excluded, other_names
from img2music.theory.keys import MODES, Key
from img2music.theory.meter import METERS, Meter
from img2music.theory.pitch import SpelledPitch, parse_pitch_class, pitch_class, pitch_class_name, spell

__all__ = [
    "METERS",
    "MODES",
    "Chord",
    "Instrument",
    "Key",
    "Meter",
    "SpelledPitch",
    "instrument",
    "instrument_names",
    "is_excluded",
    "other_names",
    "parse_bar",
    "parse_pitch_class",
    "pitch_class",
    "pitch_class_name",
    "spell",
]
