"""Pictures that each stand for a stretch of time, decoded, with what was measured over the whole length.

A reader of clips or albums makes one of what it decodes, and a perceiver of media (`img2music.stages.MediaPerceiver`) a storyboard of that.
Every shot has one picture that stands for it. Memory: all of them are held, at most 1.8 MB each (their working copies).

Conventions: seconds from the beginning; shots touch, from 0 to the end. A still picture is no sequence: it has no length. Knows nothing of
how files are decoded, and of what is in the pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from img2music.errors import UsageError
from img2music.storyboard import MOST_SECONDS, MOST_SHOTS, check_shot_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.io.pictures import Picture
    from img2music.storyboard import Curve, HitPoint, MediaInfo

__all__ = ["PictureSequence", "PictureShot"]


class PictureShot(NamedTuple):
    """A stretch of time and the picture that stands for it."""

    start: float
    end: float
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class PictureSequence:
    """What was decoded of a clip or an album.

    `source` says which file it was, and `seconds` how long it lasts. `shots` are `PictureShot`s, or such triples; one picture may stand for
    several. `curves` and `hits` are what the reader measured; they go into the storyboard as they are.
    """

    source: MediaInfo
    seconds: float
    shots: Sequence[PictureShot | tuple[float, float, Picture]]
    curves: tuple[Curve, ...] = ()
    hits: tuple[HitPoint, ...] = ()

    def __post_init__(self) -> None:
        """Times are looked at here, before anybody looks at a picture.

        Raises:
            UsageError: no shots or too many, a length out of range, or shots that do not follow each other from 0 to the end.
        """
        if not 0 < self.seconds <= MOST_SECONDS:
            raise UsageError(f"{self.source.file} lasts {self.seconds:g} s; give more than 0 and at most {MOST_SECONDS:g}")
        if not 1 <= len(self.shots) <= MOST_SHOTS:
            raise UsageError(f"{self.source.file} has {len(self.shots)} shots; give 1 to {MOST_SHOTS}")
        try:
            check_shot_times([(start, end) for start, end, _ in self.shots], self.seconds)
        except ValueError as error:
            raise UsageError(f"{self.source.file}: {error}") from None
