"""MusicXML 4.0: the score for notation programs."""

from img2music.io.musicxml.export_musicxml import write_musicxml

__all__ = ["write_musicxml"]
