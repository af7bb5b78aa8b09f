"""The tune: its form, rhythm and pitches, how it comes back, and the counter-melody beside it."""
