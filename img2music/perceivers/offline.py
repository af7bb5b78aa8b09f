"""The offline eye: everything measured and recognised in a picture without a service, a GPU or a download.

Sees colour, light, lines, symmetry, texture and where the weight lies; recognises a thousand classes folded into some fifty groups, and
faces; says what kind of picture it is, and the time of day and the weather where they show. How people would feel at it is read from all of
that (`affect_regression`). What it can't know, events and stories, it does not guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.perceivers.image.thumbnail import number_cue
from img2music.scene import Cue, PictureInfo, Scene

if TYPE_CHECKING:
    from img2music.io.pictures import Picture
    from img2music.perceivers.image.recognition import NetworkOutputs
    from img2music.scene import Swatch

__all__ = ["OfflinePerceiver", "measure_picture"]

_STEPS = 10
"""Looking at a picture in parts that take about as long as each other."""


class OfflinePerceiver:
    """A perceiver (see `img2music.stages`) without options or network access.

    Deterministic: on one machine the same picture gives the same scene, to the byte.
    """

    def __call__(self, picture: Picture, /) -> Scene:
        """The scene of a decoded picture; defined for every picture, with low confidence where there is little to see.

        Raises:
            MissingPackageError: onnxruntime can't be loaded here.
            BackendError: a network's file is missing or damaged.
        """
        from img2music.crossmodal.affect import read_affect
        from img2music.crossmodal.cue_evidence import CueEvidence
        from img2music.crossmodal.musical_attributes import suggest_attributes
        from img2music.crossmodal.scene_edits import seal_scene

        cues, colours, seen = measure_picture(picture)
        cues = (*cues, *feeling_cues(cues, colours, seen))
        evidence = CueEvidence(cues, colours)
        scene = Scene(
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
            attributes=suggest_attributes(evidence, *read_affect(evidence)),
        )
        return seal_scene(scene)


def feeling_cues(cues: tuple[Cue, ...], colours: tuple[Swatch, ...], seen: NetworkOutputs) -> tuple[Cue, ...]:
    """What the networks' features say of people's feeling beyond the cues that have a name, and how far it may be off."""
    from img2music.crossmodal.affect import MEANS, named_affect
    from img2music.crossmodal.cue_evidence import CueEvidence
    from img2music.perceivers.image.affect_regression import affect_inputs, predict_affect

    evidence = CueEvidence(cues, colours)
    felt = predict_affect(affect_inputs(seen, evidence.values))
    made = []
    for name, value, mean, terms in zip(("valence", "arousal"), felt[:2], MEANS, named_affect(evidence), strict=True):
        # In an empty picture the networks see ghosts: what they say counts by how much there is to see.
        beyond = evidence.content * (value - mean - sum(terms.values()))
        direction = "more" if beyond > 0 else "less"
        word = {"valence": "pleasant", "arousal": "exciting"}[name]
        text = "no more and no less" if abs(beyond) < 0.05 else f"{direction} {word}"
        made.append(number_cue(f"feels_{name}", beyond, "-1..1", f"{text} than what can be named ({beyond:+.2f})"))
    spread = f"people's mean rating is likely within {felt.spread:.2f} of the reading"
    return (*made, number_cue("feels_spread", felt.spread, "0..1", spread))


def measure_picture(picture: Picture) -> tuple[tuple[Cue, ...], tuple[Swatch, ...], NetworkOutputs]:
    """Every cue of a picture but what people feel, its colours, and the networks' answers."""
    from img2music.perceivers.image.colour_cues import colour_cues
    from img2music.perceivers.image.composition import composition_cues
    from img2music.perceivers.image.faces import face_cues, find_faces
    from img2music.perceivers.image.image_type import kind_cues
    from img2music.perceivers.image.palette import swatches
    from img2music.perceivers.image.recognition import (
        group_shares,
        instrument_cues,
        people_cue,
        recognition_cues,
        run_classifiers,
        wide_cues,
    )
    from img2music.perceivers.image.scene_context import surroundings_cues
    from img2music.perceivers.image.thumbnail import make_thumbnail

    view = make_thumbnail(picture)
    checkpoint(1, _STEPS)
    seen = run_classifiers(picture.rgb)
    checkpoint(4, _STEPS)
    faces = find_faces(picture)
    checkpoint(6, _STEPS)
    cues = (
        *recognition_cues(seen, view.content, faces),
        *instrument_cues(seen, view.content),
        *wide_cues(seen),
        *face_cues(faces),
        people_cue(seen, len(faces)),
        *kind_cues(view, picture),
        *surroundings_cues(view, group_shares(seen)),
        *colour_cues(view),
    )
    checkpoint(7, _STEPS)
    cues = (*cues, *composition_cues(view))
    checkpoint(8, _STEPS)
    return cues, swatches(view), seen
