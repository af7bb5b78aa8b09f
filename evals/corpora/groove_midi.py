"""Reader of the Groove MIDI Dataset: drummers on an electronic kit, playing to a metronome (J. Gillick, A. Roberts, J. Engel, D. Eck &
D. Bamman, *Learning to Groove with Inverse Sequence Transformations*, ICML 2019; CC BY 4.0).

`FOLDER/info.csv` names the performances, `FOLDER/drummerN/...` holds them: one MIDI file a performance, time counted on the metronome's
grid, so that a place in quarter notes is where the stroke fell against the click. The kit is a Roland TD-11, whose rims and edges
have notes of their own; they become the General MIDI keys of the drums as the set's authors do it, with two differences: the
ride's bell stays a bell and both crash cymbals are one.

Conventions: places in quarter notes from the start of the recording, not rounded; velocity 1..127.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import mido

from evals.shared.data_sets import csv_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["KEYS", "DrumRecording", "DrumStroke", "read"]

# Roland TD-11 note: General MIDI key.
KEYS: dict[int, int] = {
    36: 36,  # kick
    37: 37,  # snare, cross stick
    38: 38, 40: 38,  # snare, head and rim
    48: 50, 50: 50,  # first tom, head and rim
    45: 47, 47: 47,  # second tom
    43: 43, 58: 43,  # floor tom
    42: 42, 22: 42,  # closed hi-hat, bow and edge
    46: 46, 26: 46,  # open hi-hat
    44: 44,  # hi-hat closed with the foot
    49: 49, 55: 49, 57: 49, 52: 49,  # crash cymbals
    51: 51, 59: 51,  # ride, bow and edge
    53: 53,  # ride, bell
}  # fmt: skip


@dataclass(frozen=True, order=True, slots=True)
class DrumStroke:
    """One stroke as played."""

    place_quarters: float
    key: int
    velocity: int


@dataclass(frozen=True, slots=True)
class DrumRecording:
    """One recording of the set."""

    name: str
    """The set's own id: "drummer1/session1/3"."""
    drummer: str
    style: str
    """The set's words: "rock", "jazz/swing", "latin/brazilian-bossa" ..."""
    bpm: int
    """What the metronome gave, in quarter notes a minute."""
    meter: str
    is_fill: bool
    split: str
    """"train", "validation" or "test"."""
    strokes: tuple[DrumStroke, ...]

    @property
    def quarter_ms(self) -> float:
        """Length of a quarter note."""
        return 60_000 / self.bpm


def read(folder: Path) -> Iterator[DrumRecording]:
    """Every performance of the set in `folder`, in the order of names.

    Raises:
        KeyError: a note that the kit does not have.
    """
    for row in sorted(csv_rows(folder / "info.csv"), key=lambda row: row["id"]):
        yield DrumRecording(
            name=row["id"],
            drummer=row["drummer"],
            style=row["style"],
            bpm=int(row["bpm"]),
            meter=row["time_signature"].replace("-", "/"),
            is_fill=row["beat_type"] == "fill",
            split=row["split"],
            strokes=tuple(sorted(_strokes(folder / row["midi_filename"]))),
        )


def _strokes(path: Path) -> Iterator[DrumStroke]:
    file = mido.MidiFile(path)
    for track in file.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                yield DrumStroke(ticks / file.ticks_per_beat, KEYS[message.note], message.velocity)
