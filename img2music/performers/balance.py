"""Balance: how loud each part is, so that the tune is heard and nobody is lost.

A style's `level_db` says how loud a part should *sound* beside the others; instruments of a soundfont differ by 15 dB at the same
volume. The table holds what each one measures (integrated loudness, ITU-R BS.1770-4, in LUFS, of the same dry phrase), made by
`evals/measure_instruments.py`; the volume controller makes up the difference.
Conventions: gains in dB; volume follows General MIDI Level 2 (gain = 40 log10(value / 127)). Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.score import Part

__all__ = ["LOUDNESS_LUFS", "volumes"]

LOUDNESS_LUFS: dict[str, float] = {
    "piano": -37.2, "electric piano": -32.2, "harpsichord": -39.0, "celesta": -38.0, "glockenspiel": -39.1,
    "music box": -33.5, "vibraphone": -35.9, "marimba": -37.4, "xylophone": -45.1, "tubular bells": -34.2,
    "dulcimer": -43.6, "organ": -33.9, "accordion": -38.4, "harmonica": -33.8, "classical guitar": -38.2,
    "steel guitar": -40.0, "jazz guitar": -35.2, "electric guitar": -33.9, "overdriven guitar": -33.6,
    "acoustic bass": -31.8, "electric bass": -31.4, "fretless bass": -32.4, "synth bass": -36.4, "violin": -33.2,
    "viola": -34.1, "cello": -34.3, "double bass": -37.0, "tremolo strings": -34.1, "pizzicato strings": -36.0,
    "harp": -37.0, "timpani": -37.6, "strings": -35.2, "slow strings": -32.5, "synth strings": -29.3, "choir": -35.2,
    "voice": -33.4, "trumpet": -31.1, "trombone": -28.0, "tuba": -31.0, "muted trumpet": -31.3, "horn": -32.9,
    "brass": -32.2, "soprano saxophone": -30.9, "alto saxophone": -31.8, "tenor saxophone": -32.0, "oboe": -31.2,
    "english horn": -39.3, "bassoon": -32.8, "clarinet": -30.3, "piccolo": -31.2, "flute": -30.6, "recorder": -25.8,
    "pan flute": -32.9, "ocarina": -27.9, "square lead": -27.7, "saw lead": -28.6, "warm pad": -38.4, "polysynth": -38.5,
    "space choir": -31.0, "halo pad": -34.2, "sweep pad": -31.4, "sitar": -36.4, "banjo": -35.0, "koto": -36.5,
    "kalimba": -38.1, "bagpipe": -27.2, "fiddle": -33.3, "drums": -39.4, "room drums": -35.8, "power drums": -36.5,
    "electronic drums": -36.7, "808 drums": -27.1, "jazz drums": -35.1, "brush drums": -36.6,
    "orchestral percussion": -34.7,
}  # fmt: skip
_LOUDEST = 116
"""Controller 7 of the part that needs most; a little below the top leaves room for an editor."""
_SOFTEST = 12
_REACH_DB = 9.0
"""No instrument is lifted or lowered by more than this against the table's middle: a xylophone need not shout like a trumpet."""
_MIDDLE_LUFS = -34.0


def volumes(parts: Sequence[Part]) -> tuple[int, ...]:
    """Controller 7 (1..127) for each part, the loudest at a fixed value."""
    gains = [part.level_db - _difference(part.instrument.name) for part in parts]
    top = max(gains, default=0.0)
    return tuple(max(_SOFTEST, round(_LOUDEST * 10 ** ((gain - top) / 40))) for gain in gains)


def _difference(name: str) -> float:
    """How much louder an instrument is than the middle of the table, in dB, held within reach."""
    return max(-_REACH_DB, min(_REACH_DB, LOUDNESS_LUFS.get(name, _MIDDLE_LUFS) - _MIDDLE_LUFS))
