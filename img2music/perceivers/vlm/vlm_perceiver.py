"""An eye that asks: the offline eye measures, a model that sees is shown the picture and the facts that are sure, and decides.

It is not shown what the eye makes of feelings, so that its judgement is its own. What is measured stays in the scene, but for what the model's
view supersedes (`both_eyes`); every attribute names its source. A model that gives nothing usable
fails the stage with one line, and the pipeline's fallback (the offline eye) takes over. What leaves the machine, where the model is
not on it: a picture of at most 768 pixels without metadata, and the measured cues; never the file's name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from img2music.errors import BackendError
from img2music.provenance import record_model_use
from img2music.templates import load_prompt

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from img2music.io.pictures import Picture
    from img2music.models import Client
    from img2music.scene import Scene

__all__ = ["ModelPerceiver"]

_MOST_MENDS = 120
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
        from img2music.models import AnswerError, converse, parse_json_answer, schema_of
        from img2music.models.parsing.json_schema import without_lists
        from img2music.models.repair_patch import drop_unknown_fields
        from img2music.perceivers.offline import OfflinePerceiver
        from img2music.perceivers.vlm.flat_scene_schema import FlatSceneAnswer, as_decisions, facts_called_wrong
        from img2music.perceivers.vlm.scene_from_answer import SceneReading, read_scene
        from img2music.perceivers.vlm.scene_fusion import fuse_scenes
        from img2music.perceivers.vlm.scene_schema import DECISIONS, SceneAnswer
        from img2music.scene import MusicalAttributes

        until = monotonic() + self._limit
        measured = OfflinePerceiver()(picture)
        if self._client.spec.sees is False:
            raise BackendError(f"model {self._client.spec.label!r} can't see pictures; name its mmproj file, or another model")
        flat = self._template.schema_name == "scene/2"
        vocabulary = schema_of(FlatSceneAnswer if flat else SceneAnswer)
        values, shown = self._told(measured, vocabulary)
        best: list[SceneReading] = []

        def read(text: str) -> SceneReading:
            raw = parse_json_answer(text, FlatSceneAnswer if flat else SceneAnswer)
            known = {*vocabulary["properties"], *MusicalAttributes.model_fields}
            tree, strange = drop_unknown_fields(as_decisions(raw) if flat else raw, known)
            open_key = flat and "key" in raw and raw["key"] is None
            seen = fuse_scenes(read_scene(tree, measured, shown), measured, facts_called_wrong(raw, shown))
            faults = tuple(
                _place(fault) if flat else fault for fault in seen.faults if not (open_key and fault.startswith("key:"))
            )
            seen = replace(seen, faults=faults, mended=(*strange, *seen.mended))
            if not best or len(seen.faults) < len(best[0].faults):
                best[:] = [seen]
            if seen.faults:
                raise AnswerError(*seen.faults)
            return seen

        reply = converse(
            self._client,
            self._template,
            values,
            stage="perceiver",
            schema=vocabulary if self._is_grammar() else without_lists(vocabulary, self._listed()),
            check=read,
            until=until,
            seed=self._seed,
            picture=picture,
            patched=DECISIONS,  # what is seen has to be looked at again, what follows has not
            vocabulary=vocabulary,
        )
        found = reply.value or (best[0] if best else None)
        if found is None:
            record_model_use(reply.use)
            raise BackendError(
                f"model {self._client.spec.label!r} gave no usable answer in {reply.use.answers} tries ({reply.faults[0]}); "
                "try another model or prompt"
            )
        mended = (*(f"{fault}; the eye's own stands" for fault in found.faults), *found.mended)[:_MOST_MENDS]
        counts = {"mended": mended, "citations": found.citations, "unfounded": found.unfounded}
        record_model_use(reply.use.model_copy(update={"accepted": True, **counts}))
        return found.scene

    def _told(self, measured: Scene, schema: dict[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
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

    def _is_grammar(self) -> bool:
        """Whether the schema is a grammar that nobody reads and that costs nothing, as servers and models on this machine have it."""
        return self._client.spec.has_local_grammar


def _place(fault: str) -> str:
    """A fault by the place that the answer has: where values stand alone there is no "value" in them."""
    return re.sub(r"^([a-z_]+)\.value\b", r"\1", fault)
