"""What a model of audiocraft is told of each window: chords, melody and drums of the score, each from the begin of the window.

The drums are our own soundfont rendering of the drum parts, because the model was trained on drums cut out of recordings. Of a loop the piece begins
again where a window goes on after its end. Conventions: seconds from the start of the piece; sound is float32 (channels, frames).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.audio import Audio
from img2music.renderers.neural.audiocraft.chord_track import chords_between, chords_of, simplifications
from img2music.renderers.neural.audiocraft.jasco_vocabulary import NO_CHORD
from img2music.renderers.neural.audiocraft.melody_salience import leading_bins, melody_notes, moved_octaves
from img2music.renderers.neural.joins import cut
from img2music.renderers.neural.soundfont_guide import guide

if TYPE_CHECKING:
    from collections.abc import Collection

    from img2music.performance import Performance, PlayedNote
    from img2music.plan import CompositionPlan
    from img2music.renderers.neural.audiocraft.chord_track import TimedChord
    from img2music.renderers.neural.joins import Window

__all__ = ["CONTROLS", "SEGMENT_SECONDS", "Controls", "jasco_controls"]

CONTROLS = ("chords", "drums", "melody")
SEGMENT_SECONDS = 10.0
"""What JASCO plays at once, never more or less."""
_DRUMS_RATE = 32_000


@dataclass(frozen=True, slots=True)
class Controls:
    """What of a whole piece is told, beside the words."""

    performance: Performance
    chords: tuple[TimedChord, ...] = ()
    melody: tuple[PlayedNote, ...] = ()
    drums: Audio | None = None
    """Mono, at 32 kHz, as long as the piece."""
    conditions: tuple[str, ...] = ()
    """What is told, a line each, for the record."""
    notes: tuple[str, ...] = ()
    """What is told otherwise than it is written, or not at all, and why."""

    def fields_of(self, window: Window) -> dict[str, Any]:
        """Chords and melody of a window, as the worker is asked."""
        begin, fields = window.begin_seconds, dict[str, Any]()
        if self.chords:
            chords = chords_between(self._chords(), begin, begin + SEGMENT_SECONDS)
            fields["chords"] = [[list(one.chord.choices), one.seconds] for one in chords]
        if self.melody:
            rows = leading_bins(self.performance, self.melody, begin)
            if self.performance.loop:
                again = leading_bins(self.performance, self.melody, begin - self.performance.seconds)
                rows = [later if later >= 0 else row for row, later in zip(rows, again, strict=True)]
            fields["melody"] = rows
        return fields

    def sounds_of(self, window: Window) -> dict[str, Audio]:
        """The drums of a window, ten seconds."""
        if self.drums is None:
            return {}
        drums = self.drums
        if self.performance.loop:
            drums = Audio(np.concatenate([drums.samples, drums.samples], axis=1), drums.sample_rate)
        return {"drums": cut(drums, replace(window, end_seconds=window.begin_seconds + SEGMENT_SECONDS))}

    def _chords(self) -> tuple[TimedChord, ...]:
        if not self.performance.loop:
            return self.chords
        again = (replace(one, seconds=one.seconds + self.performance.seconds) for one in self.chords)
        return (*(one for one in self.chords if one.seconds < self.performance.seconds), *again)


def jasco_controls(performance: Performance, plan: CompositionPlan | None, wanted: Collection[str]) -> Controls:
    """The chosen ones of `CONTROLS` for a piece; what it has not is left out, and said.

    Raises:
        DocumentError, MissingPackageError, BackendError: as the soundfont renderer raises them, where drums are wanted.
    """
    conditions: list[str] = []
    notes: list[str] = []
    chords: tuple[TimedChord, ...] = ()
    melody: tuple[PlayedNote, ...] = ()
    drums = None
    if "chords" in wanted:
        chords = chords_of(performance, plan)
        if all(one.chord.label == NO_CHORD for one in chords):
            chords = ()
            notes.append("no chords sound: none were told")
        else:
            whose = "of the plan" if plan is not None else "that the notes make"
            conditions.append(f"{len(chords)} chords {whose}")
            simpler = simplifications(chords)
            if simpler:
                notes.append(f"chords that the model does not know are told as simpler ones: {', '.join(simpler)}")
    if "drums" in wanted:
        playing = [part for part in performance.parts if part.is_drums and part.notes]
        if playing:
            drums = _mono(guide(performance, [part.id for part in playing], _DRUMS_RATE))
            conditions.append("drums as our soundfont plays them, 32 kHz")
        else:
            notes.append("no drums play: the model is free to add some")
    if "melody" in wanted:
        melody = melody_notes(performance, plan)
        if melody:
            conditions.append(f"melody of {len(melody)} notes, 53 pitches in 50 frames a second")
            moved = moved_octaves(melody)
            if moved:
                notes.append(f"{moved} notes of the melody lie outside of G2 to B6 and are told in another octave")
        else:
            notes.append("no part has a melody: none was told")
    return Controls(performance, chords, melody, drums, tuple(conditions), tuple(notes))


def _mono(audio: Audio) -> Audio:
    return Audio(audio.samples.mean(axis=0, keepdims=True, dtype=np.float32), audio.sample_rate)
