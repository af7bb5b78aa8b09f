"""Models of audiocraft in an environment of their own: JASCO told chords, drums and melody of the score, and MusicGen with a sounding style."""
