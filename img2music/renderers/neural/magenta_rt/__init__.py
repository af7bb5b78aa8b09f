"""Magenta RealTime 2, told every note of the performance: 128 pitches and the drums, 25 times a second."""
