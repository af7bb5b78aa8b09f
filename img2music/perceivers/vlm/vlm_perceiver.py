"""An eye that asks: the offline eye measures, a model that sees is shown the picture and the facts that are sure, and decides.

It is not shown what the eye makes of feelings, so that its judgement is its own. What is measured stays in the scene, but for what the model's
view supersedes (`scene_fusion`); every attribute names its source. A model that gives nothing usable
fails the stage with one line, and the pipeline's fallback (the offline eye) takes over. What leaves the machine, where the model is
not on it: a picture of at most 768 pixels without metadata, and the measured cues; never the file's name.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from img2music.errors import BackendError
from img2music.provenance import record_model_use
from img2music.templates import load_prompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.io.pictures import Picture
    from img2music.models import Client
    from img2music.models.parsing.json_schema import JsonObject
    from img2music.scene import Scene

__all__ = ["ModelPerceiver"]

_FEELINGS = frozenset({"valence", "arousal", "mood"})
"""What the model is to judge before it knows how others did."""


class ModelPerceiver:
    """A perceiver (see `img2music.stages`) that asks a vision-language model."""

    def __init__(self, *, model: str, prompt: str = "see/cited", time_limit_seconds: float = 600.0, seed: int = 0) -> None:
        """The stage.

        Args:
            model: the line that names the model, see `img2music.models`.
            prompt: name or file of a template for seeing.
            time_limit_seconds: for all that is asked about one picture, 1 to 3600.
            seed: another number, another answer.

        Raises:
            UsageError: an unknown model or template, or a limit out of range. DocumentError: a template that can't be read.
        """
        from img2music.models import Client
        from img2music.models.model_spec import check_time_limit

        self._limit = check_time_limit(time_limit_seconds)
        self._template = load_prompt(prompt, "see")
        self._client: Client = Client(model)
        self._seed = seed

    def __call__(self, picture: Picture, /) -> Scene:
        """The scene of `picture`.

        Raises:
            BackendError: the model gave nothing usable in time.
        """
        from img2music.models import converse, schema_of
        from img2music.models.parsing.json_schema import without_lists
        from img2music.perceivers.offline import OfflinePerceiver
        from img2music.perceivers.vlm.flat_scene_schema import FlatSceneAnswer
        from img2music.perceivers.vlm.scene_from_answer import SceneReading, read_scene_answer
        from img2music.perceivers.vlm.scene_fusion import fuse_scenes
        from img2music.perceivers.vlm.scene_schema import DECISIONS, SceneAnswer

        until = monotonic() + self._limit
        measured = OfflinePerceiver()(picture)
        if self._client.spec.sees is False:
            raise BackendError(f"model {self._client.spec.label!r} can't see pictures; name its mmproj file, or another model")
        vocabulary = schema_of(FlatSceneAnswer if self._template.schema_name == "scene/2" else SceneAnswer)
        values, shown = self._told(measured, vocabulary)

        def read(text: str) -> SceneReading:
            seen = read_scene_answer(text, self._template.schema_name, measured, shown)
            return fuse_scenes(seen, measured, seen.wrong_facts)

        reply = converse(
            self._client,
            self._template,
            values,
            stage="perceiver",
            schema=vocabulary if self._client.spec.has_local_grammar else without_lists(vocabulary, self._listed()),
            check=read,
            faults_of=lambda seen: seen.faults,
            until=until,
            seed=self._seed,
            picture=picture,
            patched=DECISIONS,  # what is seen has to be looked at again, what follows has not
            vocabulary=vocabulary,
        )
        found = reply.value
        if found is None:
            raise reply.unusable("answer")
        mended = (*(f"{fault}; the eye's own stands" for fault in found.faults), *found.mended)
        use = reply.use.with_outcome(accepted=True, mended=mended, citations=found.citations, unfounded=found.unfounded)
        record_model_use(use)
        return found.scene

    def _told(self, measured: Scene, schema: JsonObject) -> tuple[dict[str, str], frozenset[str]]:
        """What the template's variables are filled with, and the names that the model is shown and may cite."""
        from img2music.crossmodal import menus, verbalize
        from img2music.models.parsing.json_schema import limits_of
        from img2music.perceivers.vlm.scene_schema import DECISIONS

        told = self._template.variables()
        cues = (
            verbalize.notable_cues(measured.cues, sure=verbalize.SURE_TO_EYES, feelings=False)
            if told & {"cues", "measured"}
            else ()
        )
        colours = measured.colours if told & {"colours", "measured"} else ()
        shown = verbalize.citable(cues, colours)
        judged = [name for name in DECISIONS if name not in _FEELINGS]
        makers: dict[str, Callable[[], str]] = {
            "cues": lambda: verbalize.cue_lines(cues),
            "colours": lambda: verbalize.colour_lines(colours),
            "measured": lambda: verbalize.attribute_lines(measured.attributes, judged, shown),
            "styles": menus.style_lines,
            "genres": menus.genre_lines,
            "instruments": menus.instrument_lines,
            "limits": lambda: limits_of(schema),
        }
        return {name: make() for name, make in makers.items() if name in told}, shown

    def _listed(self) -> tuple[str, ...]:
        """Fields whose names the template lists, so that the schema need not."""
        told = self._template.variables()
        return (*(("genre",) if told & {"genres", "styles"} else ()), *(("instruments",) if "instruments" in told else ()))
