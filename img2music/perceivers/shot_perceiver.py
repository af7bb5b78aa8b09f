"""A perceiver of stills that sees what has time: each shot's picture on its own, and a storyboard of all.

    perceive = ShotPerceiver(load_stage("perceiver", "offline"))
    perceive(picture)            # a storyboard of one shot without a length
    perceive(picture_sequence)   # a shot for each of its pictures

Every perceiver of stills works through it unchanged, a plug-in's too, and so does `Pipeline.see`, with its fallbacks. A picture that stands
for several shots is seen once. What happens between the pictures it does not see: curves and hit points are those that the reader of the
file measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from img2music.cancellation import checkpoint
from img2music.errors import BackendError, UsageError
from img2music.io.picture_sequence import PictureSequence
from img2music.scene import Scene
from img2music.storyboard import Shot, Storyboard

if TYPE_CHECKING:
    from img2music.io.pictures import Picture
    from img2music.stages import Perceiver

__all__ = ["ShotPerceiver"]


class ShotPerceiver:
    """A perceiver of media (see `img2music.stages.MediaPerceiver`) made of one of stills."""

    def __init__(self, perceiver: Perceiver) -> None:
        """`perceiver` sees each picture."""
        self._perceiver = perceiver

    def __call__(self, media: Picture | PictureSequence, /) -> Storyboard:
        """The storyboard of `media`.

        Raises:
            BackendError: the perceiver failed, at one shot or the only one, or gave no scene.
            UsageError: curves or hit points of the sequence that no storyboard can hold.
        """
        if not isinstance(media, PictureSequence):
            return Storyboard.of_still(self._see(media))
        seen: dict[int, Scene] = {}
        shots = []
        for number, (start, end, picture) in enumerate(media.shots, 1):
            checkpoint(number - 1, len(media.shots))
            if id(picture) not in seen:
                try:
                    seen[id(picture)] = self._see(picture)
                except BackendError as error:
                    place = f"{media.source.file}, shot {number} of {len(media.shots)} (from {start:g} s)"
                    raise type(error)(f"{place}: {error}") from error
            shots.append(Shot(start=start, end=end, scene=seen[id(picture)]))
        try:
            return Storyboard(
                source=media.source, seconds=media.seconds, shots=tuple(shots), curves=media.curves, hits=media.hits
            )
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            raise UsageError(f"{media.source.file}: {reason}") from None

    def _see(self, picture: Picture) -> Scene:
        """The scene of one picture."""
        scene: object = self._perceiver(picture)
        if not isinstance(scene, Scene):
            raise BackendError(f"the perceiver returned {type(scene).__name__}, not Scene; tell its author")
        return scene
