"""The melody of a piece as JASCO was shown melodies: which of 53 pitches leads in each fiftieth of a second.

Known, and where from: the matrix is (53, 500) for ten seconds and holds ones and noughts (audiocraft, commit d5efa12, `data/jasco_dataset.py`: of
each frame the most salient bin alone is marked, and nothing where none passes the threshold of .5; its makers say "binary matrix of shape
(53, 500)" in their issue 541). The rows come from the copy of deepsalience that audiocraft's documentation of JASCO names (commit 237ea1c,
`predict/predict_on_audio.py`): 360 bins, five a semitone, from C1; what lies below G2 is cut, two rows of noughts are put before so that
groups of five are centred on notes, and of each group the maximum is kept. That leaves 53 rows, one a semitone from G2 to B6.
Assumed: that the weights which were released saw rows made so (their number fits, and nothing else that is published does); that a frame
stands for what sounds in its middle, within the hundredth of a second by which the extractor's frames are uncertain.

Conventions: row 0 is `LOWEST_PITCH`, frames from the begin of a window. What lies lower or higher is moved by octaves, and that is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img2music.performance import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from img2music.performance import Performance, PlayedNote, PlayedPart
    from img2music.plan import CompositionPlan

__all__ = [
    "BINS",
    "FRAMES",
    "FRAMES_A_SECOND",
    "LOWEST_PITCH",
    "leading_bins",
    "melody_notes",
    "moved_octaves",
    "salience_matrix",
]

LOWEST_PITCH = 43
"""G2, the pitch of row 0."""
BINS = 53
FRAMES_A_SECOND = 50
FRAMES = 500
"""Of the ten seconds that the model plays at once."""


def melody_notes(performance: Performance, plan: CompositionPlan | None) -> tuple[PlayedNote, ...]:
    """The notes of the tune: of whoever has it in each section of the plan, or of the part that lies highest; none where all are drums."""
    parts = {part.id: part for part in performance.parts if not part.is_drums and part.notes}
    if plan is None:
        return max(parts.values(), key=_mean_pitch).notes if parts else ()
    found: list[PlayedNote] = []
    bars = [*plan.first_bars, plan.bars]
    for section, first, after in zip(plan.sections, bars, bars[1:], strict=False):
        leader = parts.get(section.tune_by or (plan.lead.id if plan.lead else ""))
        begin, end = (float(plan.meter_map.bar_onset(bar)) * TICKS_PER_QUARTER for bar in (first, after))
        margin = TICKS_PER_QUARTER / 4  # a player may be a little early at the border of a section
        if leader is not None:
            found.extend(note for note in leader.notes if begin - margin <= note.onset_ticks < end - margin)
    return tuple(sorted(found))


def leading_bins(performance: Performance, notes: Sequence[PlayedNote], begin_seconds: float) -> list[int]:
    """The marked row of each frame of a window, -1 where the tune rests: the note struck last, of notes struck together the highest."""
    rows = [-1] * FRAMES
    for note in sorted(notes, key=lambda note: (note.onset_ticks, note.pitch)):
        begin = performance.seconds_at(note.onset_ticks) - begin_seconds
        end = performance.seconds_at(note.onset_ticks + note.duration_ticks) - begin_seconds
        # The middles of frames that lie in [begin, end).
        first = max(0, int(np.ceil(begin * FRAMES_A_SECOND - 0.5)))
        after = min(FRAMES, int(np.ceil(end * FRAMES_A_SECOND - 0.5)))
        if first < after:
            rows[first:after] = [_row(note.pitch)] * (after - first)
    return rows


def salience_matrix(rows: Sequence[int]) -> NDArray[np.float32]:
    """The matrix (53, frames) with a one in the marked row of each frame."""
    matrix = np.zeros((BINS, len(rows)), np.float32)
    for frame, row in enumerate(rows):
        if row >= 0:
            matrix[row, frame] = 1.0
    return matrix


def moved_octaves(notes: Sequence[PlayedNote]) -> int:
    """How many notes lie outside of the rows and are told in another octave."""
    return sum(not LOWEST_PITCH <= note.pitch < LOWEST_PITCH + BINS for note in notes)


def _row(pitch: int) -> int:
    """The row of a pitch, moved by octaves where it has none."""
    row = pitch - LOWEST_PITCH
    if row < 0:
        return row % 12
    while row >= BINS:
        row -= 12
    return row


def _mean_pitch(part: PlayedPart) -> float:
    """Weighted by how long each note lasts."""
    ticks = sum(note.duration_ticks for note in part.notes)
    return sum(note.pitch * note.duration_ticks for note in part.notes) / ticks if ticks else 0.0
