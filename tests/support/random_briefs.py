"""Briefs drawn at random by hypothesis, and the keys they may ask for."""

from __future__ import annotations

from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.theory import METERS, instrument_names

__all__ = ["KEYS", "briefs"]

# Twelve tonics as each mode writes them with at most six accidentals.
KEYS = [f"{tonic} major" for tonic in ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")] + [
    f"{tonic} minor" for tonic in ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
]
briefs = st.builds(
    Brief.of,
    seconds=st.floats(1, 400),
    tempo_bpm=st.none() | st.floats(20, 300),
    key=st.none() | st.sampled_from(KEYS),
    meter=st.none() | st.sampled_from(METERS),
    style=st.none() | st.sampled_from(style_names()),
    instruments=st.none() | st.lists(st.sampled_from(instrument_names()), min_size=1, max_size=6).map(tuple),
    words=st.sampled_from(["", "calm night with strings", "no drums", "happy fast 3/4 waltz", "zork !!! {}"]),
    seed=st.integers(0, 2**40),
)
