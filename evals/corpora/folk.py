"""Reader of folk tunes that come with music21: German folk songs of the Essen collection (H. Schaffrath 1995) and Irish and American
fiddle tunes of *Ryan's Mammoth Collection* (1883).

They are read where music21 is installed, for comparison only; nothing of them is part of this project. Tunes that change metre are
left out, and so are those in metres with longer beats than a dotted quarter.
"""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.metrics.symbolic.melody_view import MelodyNote, MelodyView
from img2music.theory import METERS, Meter
from img2music.theory.meter_map import MeterMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    import music21

__all__ = ["read"]

_ESSEN = ("essenFolksong/altdeu10",)
_RYAN_EVERY = 8


def read() -> Iterator[MelodyView]:
    """Songs, then fiddle tunes, in the order of their files."""
    import music21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _ESSEN:
            yield from (tune for score in music21.corpus.parse(name).scores if (tune := _tune(score)))
        for path in sorted(music21.corpus.getComposer("ryansMammoth"))[::_RYAN_EVERY]:
            tune = _tune(music21.corpus.parse(path))
            if tune is not None:
                yield tune


def _tune(score: music21.stream.Score) -> MelodyView | None:
    import music21

    meters = {mark.ratioString for mark in score.recurse().getElementsByClass(music21.meter.TimeSignature)}
    if len(meters) != 1 or not meters <= set(METERS):
        return None
    flat = score.parts[0].flatten().stripTies()
    notes = [note for note in flat.notes if isinstance(note, music21.note.Note) and note.quarterLength]
    tones = tuple(
        MelodyNote(onset := Fraction(note.offset).limit_denominator(24), onset + Fraction(note.quarterLength), note.pitch.midi)
        for note in notes
    )
    return MelodyView(tones, MeterMap.constant(Meter.parse(next(iter(meters))))) if len(tones) >= 16 else None
