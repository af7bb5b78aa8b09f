"""Readers of folk tunes that come with music21: German folk songs of the Essen collection (H. Schaffrath 1995), fiddle tunes of *Ryan's
Mammoth Collection* (1883) and of *O'Neill's Music of Ireland* (1903), all as ABC.

They are read where music21 is installed; nothing of them is part of this project. `read` gives a sample as music21 reads it, `read_songs`
every tune of one set as `img2music.io.abc` reads it (a thousand a second or so), repeats played, without chords. Tunes that change metre
are left out, and so are those in metres with longer beats than a dotted quarter, and those whose bars do not add up.
"""

from __future__ import annotations

import re
import warnings
from fractions import Fraction
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from evals.corpora.song import Song, SongNote
from img2music.io.abc.import_abc import expand_repeats, read_abc
from img2music.metrics.symbolic.melody_view import MelodyNote, MelodyView
from img2music.theory import METERS, Meter
from img2music.theory.key_finding import profile_correlation
from img2music.theory.meter_map import MeterMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import music21

    from img2music.io.abc.import_abc import AbcBar

__all__ = ["FOLK_SETS", "read", "read_songs"]

FOLK_SETS = {"oneills": "oneills1850", "ryans": "ryansMammoth", "essen": "essenFolksong"}
"""Name of each set, and its folder in music21's corpus."""
_LEFT_OUT = ("test", "variant")
"""How names of Essen's files begin that repeat tunes of others."""
_WRITTEN_METERS = {"C": "4/4", "C|": "4/4", "2/2": "4/4"}
"""Cut time is counted in quarters, as everywhere among the corpora."""
_FEWEST_NOTES = 16
_GRID = 24

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


def read_songs(set_name: str) -> Iterator[Song]:
    """Every usable tune of one of `FOLK_SETS`, in the order of files and of tunes in them; `bars` are whole bars after an upbeat."""
    package = find_spec("music21")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("music21 is not installed: pip install -e '.[test]'")
    folder = Path(package.origin).parent / "corpus" / FOLK_SETS[set_name]
    for path in sorted(path for path in folder.glob("*.abc") if not path.name.startswith(_LEFT_OUT)):
        text = path.read_bytes().decode("utf-8", errors="replace").replace("\r", "")
        for number, tune in enumerate(re.split(r"^(?=X:)", text, flags=re.MULTILINE)[1:]):
            song = _song(set_name, f"{path.stem}/{number:03d}", tune)
            if song is not None:
                yield song


def _song(set_name: str, name: str, text: str) -> Song | None:
    tune = read_abc(text)
    if not tune.voices or tune.key is None:
        return None
    bars = expand_repeats([bar for bar in tune.voices[0].bars if bar.length_quarters])
    meters = {_WRITTEN_METERS.get(bar.meter, bar.meter) for bar in bars}
    if len(meters) != 1 or not meters <= set(METERS):
        return None
    meter = Meter.parse(next(iter(meters)))
    starts, end = _bar_starts(bars, meter.bar_quarters)
    if starts is None:
        return None
    notes: list[SongNote] = []
    tied, place = False, Fraction(0)
    for bar in bars:
        for sound in bar.sounds:
            onset, length = place + sound.onset_quarters, sound.duration_quarters.limit_denominator(_GRID)
            top = max(sound.pitches, key=lambda pitch: pitch.midi)
            if tied and notes and notes[-1].pitch == top.midi + bar.semitones and notes[-1].end == onset:
                notes[-1] = SongNote(notes[-1].onset, notes[-1].duration + length, notes[-1].pitch)
            elif length:
                notes.append(SongNote(onset, length, top.midi + bar.semitones))
            tied = top in sound.tied
        place += bar.length_quarters
    if len(notes) < _FEWEST_NOTES or any(one.end > two.onset for one, two in pairwise(notes)):
        return None
    tonic, is_minor = tune.key.pitch_classes[0], tune.key.is_minor
    if set_name == "essen":
        is_minor = _sounds_minor(tonic, notes)
    return Song(set_name, name, meter.name, tonic, is_minor, tuple(notes), (), tuple(starts), end)


def _sounds_minor(tonic: int, notes: Sequence[SongNote]) -> bool:
    """Essen's files name the tonic, always with a major signature, and write accidentals where the mode is another."""
    histogram = [0.0] * 12
    for note in notes:
        histogram[note.pitch % 12] += float(note.duration)
    return profile_correlation(histogram, tonic, is_minor=True) > profile_correlation(histogram, tonic, is_minor=False)


def _bar_starts(bars: Sequence[AbcBar], full: Fraction) -> tuple[list[Fraction] | None, Fraction]:
    """Where whole bars begin, the upbeat's at 0, and the end; None where a written bar is too long or a whole one lies across them.

    A bar that a repeat parts (its end, then the upbeat again) is one bar.
    """
    place, upbeat = Fraction(0), None
    for bar in bars:
        length = bar.length_quarters
        if length > full:
            return None, place
        if length == full:
            if upbeat is None:
                upbeat = place % full
            elif place % full != upbeat:
                return None, place
        place += length
    if upbeat is None:
        return None, place
    starts = [Fraction(0)] if upbeat else []
    while (begin := upbeat + full * (len(starts) - bool(upbeat))) < place:
        starts.append(begin)
    return starts, place
