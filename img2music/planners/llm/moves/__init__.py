"""What moves in a model's plan: keys, metres, tempi, loudness, players and hits by section, read as they are meant and made a plan's own."""
