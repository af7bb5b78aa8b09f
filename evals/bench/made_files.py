"""What is made of one plan and what outside readers find in its files, for the checks of `moving_plans`. Each is made once, when asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import img2music
from evals.shared.timeline_readers import abc_timeline, midi_timeline, music21_midi_timeline, music21_timeline
from img2music.io.abc.export_abc import write_abc
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.performers.strict import StrictPerformer

if TYPE_CHECKING:
    from fractions import Fraction

    from evals.shared.timeline_readers import Timeline
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan
    from img2music.score import Score

__all__ = ["Made"]


class Made:
    """A plan, its piece, and the piece's files as read."""

    def __init__(self, plan: CompositionPlan) -> None:
        self.plan = plan
        self.stages = img2music.Pipeline.load("offline")

    @cached_property
    def piece(self) -> Piece:
        """The finished piece without sound."""
        return self.stages.compose_from(self.plan, audio=None, on_event=lambda event: None)

    @property
    def score(self) -> Score:
        """The notes as written."""
        return self.piece.score

    @cached_property
    def page(self) -> str:
        """The MusicXML document."""
        return write_musicxml(self.score)

    @cached_property
    def strict_midi(self) -> bytes:
        """The MIDI file of the strict performance."""
        return write_midi(StrictPerformer()(self.score, self.piece.plan))

    @cached_property
    def by_mido(self) -> Timeline:
        """The strict performance as mido reads it."""
        return midi_timeline(self.strict_midi)

    @cached_property
    def played_by_mido(self) -> Timeline:
        """The piece's own MIDI file as mido reads it."""
        return midi_timeline(write_midi(self.piece.performance))

    @cached_property
    def midi_by_music21(self) -> Timeline:
        """The strict performance as music21 reads it."""
        return music21_midi_timeline(self.strict_midi)

    @cached_property
    def page_by_music21(self) -> Timeline:
        """The MusicXML document as music21 reads it."""
        return music21_timeline(self.page)

    @cached_property
    def by_abc2midi(self) -> tuple[Timeline, tuple[str, ...]]:
        """The ABC tune as abc2midi plays it, and its complaints."""
        return abc_timeline(write_abc(self.score).encode())

    def place(self, onset: Fraction) -> str:
        """A place as people name it."""
        bar, place = self.plan.meter_map.place_in_bar(onset)
        return f"bar {bar + 1}, quarter {float(place):g}"
