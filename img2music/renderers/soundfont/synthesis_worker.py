"""A program of its own that plays one MIDI file with one SF2 font: ``python synthesis_worker.py FONT MIDI WAV``.

midirenderer keeps Python's global lock while it plays, so stems are played by several of these at a time, and a long piece by one, which
can be ended. It imports nothing of img2music: it starts quickly, and needs no ``__main__`` guard in the program that asked for the sound.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(font: str, midi: str, wav: str) -> None:
    """Play `midi` with `font` into `wav` (16-bit stereo, 48 kHz)."""
    import midirenderer

    Path(wav).write_bytes(midirenderer.render_wave_from(Path(font).read_bytes(), Path(midi).read_bytes()))


if __name__ == "__main__":
    main(*sys.argv[1:4])
