"""Files in and out: pictures, MIDI, MusicXML, ABC, engraving, sound. One module a format, imported by its own name."""
