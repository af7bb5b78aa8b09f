"""Chords: voicings that lead well, and the patterns that play them."""
