"""Standard MIDI files: a performance written and read."""

from img2music.io.midi.export_midi import write_midi
from img2music.io.midi.import_midi import read_midi

__all__ = ["read_midi", "write_midi"]
