"""The eye that needs nothing: light, colour and composition measured with numpy, suggestions by published rules.

It recognises no objects, faces or texts; two pictures with the same colours in the same places are the same to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.scene import PictureInfo, Scene

if TYPE_CHECKING:
    from img2music.io.pictures import Picture

__all__ = ["OfflinePerceiver"]


class OfflinePerceiver:
    """A perceiver (see `img2music.stages`) without options, models or network.

    Deterministic: the same picture gives the same scene, to the byte.
    """

    def __call__(self, picture: Picture, /) -> Scene:
        """The scene of a decoded picture; defined for every picture, with low confidence where there is little to see."""
        from img2music.correspondences.affect import read_affect
        from img2music.correspondences.attributes import suggest
        from img2music.correspondences.evidence import Evidence
        from img2music.perceivers.colour import colour_cues
        from img2music.perceivers.composition import composition_cues
        from img2music.perceivers.palette import swatches
        from img2music.perceivers.view import look

        view = look(picture)
        cues = (*colour_cues(view), *composition_cues(view))
        colours = swatches(view)
        evidence = Evidence(cues, colours, view.content)
        valence, arousal = read_affect(evidence)
        return Scene(
            picture=PictureInfo(
                file=picture.file,
                sha256=picture.sha256,
                width=picture.width,
                height=picture.height,
                format=picture.format,
                notes=picture.notes,
            ),
            cues=cues,
            colours=colours,
            attributes=suggest(evidence, valence, arousal),
        )
