"""Promises heard in sound that may depart from its score: what was asked, what the ears find, and how sure they are.

A soundfont plays what is written; a network is told, and may do something else. So tempo, metre and key are guessed from its sound, its pitches and
onsets are held against the notes, its loudness is measured, and the last row says in one mark how far the sound is the piece that was written
(`img2music.listening.asked_and_heard` has the formula). A guess below `LEAST_SURE` breaks nothing: it is told, and neither kept nor broken.
Conventions: tempo in beats a minute as they are felt; loudness in LUFS, peaks in dBTP. The length is read from the samples by
`compliance_check`, as for any sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.listening.asked_and_heard import compare_with_asked, overall_mark
from img2music.measurement import ComplianceRow
from img2music.metrics.compliance.compliance_rows import by_whom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.listening.asked_and_heard import Aspect, Comparison
    from img2music.listening.heard_music import HeardMusic
    from img2music.measurement import Promise
    from img2music.performance import Performance

__all__ = ["FAIR_MARK", "LEAST_SURE", "HeardPromises", "hear_promises"]

FAIR_MARK = 0.7
"""From here on a sound passes for the piece that was written. With trained ears, of 8 styles a soundfont that plays as written gets .88 to .99
(10th to 90th percentile), with half of the notes .83 to .92, the tune alone .79, all a third higher .49 to .64, another piece .18 to .36
(`evals/studies/music/sound_marks.py`)."""
LEAST_SURE = 0.2
"""Of sound as written, none of the guesses that are surer was wrong: 22 of 24 with trained ears, 33 of 48 with the plain ones alone."""
_LOUDNESS_LUFS, _PEAK_DBTP = -14.0, -1.0
"""What mastering brings every sound to (`img2music.renderers.post.mastering`)."""
_LOUDNESS_TOLERANCE_LU, _PEAK_TOLERANCE_DB = 1.5, 0.2
"""Sound with high peaks stays softer than the target by design; other meters read peaks a little higher."""
_PROMISES: dict[Aspect, Promise] = {
    "tempo": "tempo of the sound",
    "metre": "metre of the sound",
    "key": "key of the sound",
    "pitches": "notes in the sound",
    "rhythm": "rhythm of the sound",
}


@dataclass(frozen=True, slots=True)
class HeardPromises:
    """What the compliance table and the notes say of the sound."""

    rows: tuple[ComplianceRow, ...]
    notes: tuple[str, ...]
    """Where the sound departs too far from the score; empty where it does not."""
    mark: float | None
    """How far the sound does what the score says, 0..1; None where nothing could be compared."""


def hear_promises(performance: Performance, brief: Brief, audio: Audio) -> HeardPromises:
    """Listens to the finished sound of a performance; `brief` tells which promises are the user's."""
    from img2music.listening.listen import hear
    from img2music.listening.score_agreement import agreement

    heard = hear(audio)
    found = compare_with_asked(performance, heard, agreement(audio, performance))
    wishes: dict[Aspect, object] = {"tempo": brief.tempo_bpm, "metre": brief.meter, "key": brief.keys}
    rows = [_row(one, wishes.get(one.aspect)) for one in found if one.aspect in _PROMISES]
    mark = overall_mark(found, heard)
    rows.append(_loudness(heard))
    rows.append(_whole(mark, found))
    notes: tuple[str, ...] = ()
    if mark is not None and mark < FAIR_MARK:
        told = "nothing sounds" if heard.loudness_lufs is None else f"{mark:.0%}, where {FAIR_MARK:.0%} is fair"
        notes = (
            f"the sound follows the score too little ({told}): ask for more takes or another seed, or let the soundfont play",
        )
    return HeardPromises(tuple(rows), notes, mark)


def _row(one: Comparison, wish: object) -> ComplianceRow:
    unsure = one.confidence is not None and one.confidence < LEAST_SURE
    passed = None if unsure else one.kept
    return ComplianceRow(
        _PROMISES[one.aspect], by_whom(wish), one.asked, one.found, ("audio",), passed, confidence=_rounded(one.confidence)
    )


def _loudness(heard: HeardMusic) -> ComplianceRow:
    asked = f"{_LOUDNESS_LUFS:g} LUFS, peaks up to {_PEAK_DBTP:g} dBTP"
    loudness, peak = heard.loudness_lufs, heard.true_peak_dbtp
    if loudness is None or peak is None:
        return ComplianceRow("loudness", "plan", asked, "silence", ("audio",), passed=False)
    kept = abs(loudness - _LOUDNESS_LUFS) <= _LOUDNESS_TOLERANCE_LU and peak <= _PEAK_DBTP + _PEAK_TOLERANCE_DB
    return ComplianceRow("loudness", "plan", asked, f"{loudness:.1f} LUFS, peaks up to {peak:.1f} dBTP", ("audio",), kept)


def _whole(mark: float | None, found: Sequence[Comparison]) -> ComplianceRow:
    """All in one: as sure as what it is made of."""
    asked = f"at least {FAIR_MARK:.0%} like the score"
    if mark is None:
        return ComplianceRow("sound as written", "plan", asked, "nothing to compare", ("audio",), None, confidence=0.0)
    known = [one for one in found if one.agreement is not None]
    full = sum(one.full_weight for one in known)
    sure = sum(one.weight for one in known) / full if full else 1.0
    return ComplianceRow(
        "sound as written", "plan", asked, f"{mark:.0%}", ("audio",), mark >= FAIR_MARK, confidence=_rounded(sure)
    )


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 3)
