"""Which of several sounds is kept: the one in which most of what the performance asks is heard.

Every take is listened to and marked 0..1 (`img2music.listening.asked_and_heard` has the formula); of equal marks the first is kept. Where the
best stays below a threshold all are refused, so that the pipeline's fallback steps in. A take of which nothing could be
found has no mark: it is kept only where no other has one, and no threshold refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cancellation import share_of_step
from img2music.errors import BackendError
from img2music.listening.asked_and_heard import compare_with_asked, overall_mark
from img2music.provenance import SoundTake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.audio import Audio
    from img2music.performance import Performance

__all__ = ["TakesRefusedError", "choose_take", "mark_take"]


class TakesRefusedError(BackendError):
    """No take does enough of what was asked."""

    def __init__(self, message: str, takes: tuple[SoundTake, ...]) -> None:
        super().__init__(message)
        self.takes = takes
        """What was heard in each."""


def choose_take(
    sounds: Sequence[Audio], seeds: Sequence[int], performance: Performance, *, threshold: float
) -> tuple[int, tuple[SoundTake, ...]]:
    """The place of the sound that is kept, and what was heard in each.

    Args:
        sounds: at least one, as long as the performance.
        seeds: what each was made with.
        performance: what was to be played.
        threshold: the lowest mark that is kept, 0..1; 0 refuses none.

    Raises:
        TakesRefusedError: the best mark is below the threshold.
    """
    if not sounds or len(sounds) != len(seeds):
        raise ValueError(f"{len(sounds)} sounds with {len(seeds)} seeds; give at least one, each with its seed")
    judged: list[tuple[float | None, tuple[str, ...]]] = []
    for place, sound in enumerate(sounds):
        with share_of_step(place / len(sounds), (place + 1) / len(sounds)):
            judged.append(mark_take(sound, performance))
    marks = [-1.0 if mark is None else mark for mark, _ in judged]
    best = marks.index(max(marks))
    refused = threshold > 0 and 0 <= marks[best] < threshold
    takes = tuple(
        SoundTake(seed=seed, kept=place == best and not refused, mark=mark, heard=heard)
        for place, (seed, (mark, heard)) in enumerate(zip(seeds, judged, strict=True))
    )
    if refused:
        many = f"the best of {len(takes)} takes" if len(takes) > 1 else "the sound"
        raise TakesRefusedError(
            f"{many} follows the score too little (mark {marks[best]:.2f}, at least {threshold:g} is asked); "
            f"try more takes, another seed or a lower threshold{_heard(judged[best][1])}",
            takes,
        )
    return best, takes


def mark_take(sound: Audio, performance: Performance) -> tuple[float | None, tuple[str, ...]]:
    """The mark of one sound, 0..1 (None where nothing could be compared), and what was asked and heard, a line each."""
    from img2music.listening.listen import hear
    from img2music.listening.score_agreement import agreement

    heard = hear(sound)
    comparisons = compare_with_asked(performance, heard, agreement(sound, performance))
    return overall_mark(comparisons, heard), tuple(one.text for one in comparisons)


def _heard(lines: Sequence[str]) -> str:
    """What weighs most of what was heard, to go behind a sentence."""
    told = "; ".join(line for line in lines if line.startswith(("pitches", "rhythm", "tempo")))
    return f" ({told})" if told else ""
