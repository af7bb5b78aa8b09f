"""Balance: how loud each part is, so that the tune is heard and nobody is lost.

A style's `level_db` says how loud a part should *sound* beside the others; instruments of a soundfont differ by 15 dB at the same
volume, and six drums or four-note chords sound louder than one line. The table holds what each instrument measures (integrated
loudness, ITU-R BS.1770-4, in LUFS, of the same dry phrase of single notes), made by `evals/learn/measure_instruments.py`; what is
written says how much more sounds at once. The volume controller makes up the difference. `evals/studies/music/balance.py` measures the result.
Conventions: gains in dB; volume and velocity follow General MIDI Level 2 (gain = 40 log10(value / 127)).
"""

from __future__ import annotations

from math import exp, log10
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.theory.tempo_map import TempoMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.score import Part

__all__ = ["LOUDNESS_LUFS", "balance_volumes"]

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
    "kalimba": -38.1, "bagpipe": -27.2, "fiddle": -33.3, "whistle": -25.5, "steel drums": -38.3,
    "drums": -39.4, "room drums": -35.8, "power drums": -36.5,
    "electronic drums": -36.7, "808 drums": -27.1, "jazz drums": -35.1, "brush drums": -36.6,
    "orchestral percussion": -34.7,
}  # fmt: skip
_LOUDEST = 116
"""Controller 7 of the part that needs most; a little below the top leaves room for an editor."""
_SOFTEST = 12
_REACH_DB = 9.0
"""No instrument is lifted or lowered by more than this against the table's middle: a xylophone need not shout like a trumpet."""
_MIDDLE_LUFS = -34.0

# The table's phrase: velocity and length of its notes; of a kit, the energy a second of kick, hat, snare, hat.
_TABLE_VELOCITY = 80
_TABLE_TEMPO = TempoMap.constant(100)
_TABLE_QUARTER_SECONDS = _TABLE_TEMPO.seconds_at(1)
_DECAY_SECONDS, _STROKE_SECONDS = 0.8, 0.12
"""How long a plucked or struck note, and a drum, keep most of their energy: fitted to the stems that `evals/studies/music/balance.py` measures."""
_RING_SECONDS = 0.5
"""Broken chords ring on into each other."""
_CYMBALS = frozenset({42, 44, 46, 51, 54, 59, 69, 70, 75})
_LIGHT = 0.2
"""A hat or shaker has a fifth of the energy of a drum (the same measure)."""
_TABLE_KIT = (
    (2 + 2 * _LIGHT) / 4 * _STROKE_SECONDS * (1 - exp(-_TABLE_QUARTER_SECONDS / _STROKE_SECONDS)) / _TABLE_QUARTER_SECONDS
)
_FULLEST_DB = 9.0


def balance_volumes(parts: Sequence[Part], tempi: TempoMap = _TABLE_TEMPO) -> tuple[int, ...]:
    """Controller 7 (1..127) for each part, the loudest at a fixed value."""
    gains = [part.level_db - _difference(part.instrument.name) - _fullness(part, tempi) for part in parts]
    top = max(gains, default=0.0)
    return tuple(max(_SOFTEST, round(_LOUDEST * 10 ** ((gain - top) / 40))) for gain in gains)


def _difference(name: str) -> float:
    """How much louder an instrument is than the middle of the table, in dB, held within reach."""
    return max(-_REACH_DB, min(_REACH_DB, LOUDNESS_LUFS.get(name, _MIDDLE_LUFS) - _MIDDLE_LUFS))


def _fullness(part: Part, tempi: TempoMap) -> float:
    """How much louder than single notes of the table's velocity a part is written, in dB: the energy that sounds while it plays.

    Decaying instruments lose what they struck; `_DECAY_SECONDS` is how long most of it lasts. Bounded, for this is an estimate.
    """
    decay = _STROKE_SECONDS if part.instrument.kit else (None if part.instrument.sustains else _DECAY_SECONDS)
    energy = playing = end = 0.0
    for note in part.notes:
        checkpoint()
        onset = tempi.seconds_at(note.onset_quarters)
        length = tempi.seconds_between(note.onset_quarters, note.end_quarters)
        struck = (note.velocity / _TABLE_VELOCITY) ** 4
        if part.instrument.kit:
            struck *= _LIGHT if note.pitch in _CYMBALS else 1.0
        ring = _RING_SECONDS if decay is not None and part.role == "arpeggio" else 0.0
        sounding = length if decay is None else decay * (1 - exp(-(length + ring) / decay))
        energy += struck * sounding
        playing += max(0.0, onset + length - max(onset, end))
        end = max(end, onset + length)
    if not energy or not playing:
        return 0.0
    if part.instrument.kit:
        reference = _TABLE_KIT
    else:
        reference = 1.0 if decay is None else decay * (1 - exp(-_TABLE_QUARTER_SECONDS / decay)) / _TABLE_QUARTER_SECONDS
    return max(-_FULLEST_DB, min(_FULLEST_DB, 10 * log10(energy / playing / reference)))
