"""An eye that asks: the offline eye measures, a model that sees is shown the picture and what was measured, and decides.

What is measured stays in the scene whatever the model says; every attribute names its source. A model that gives nothing usable
fails the stage with one line, and the pipeline's fallback (the offline eye) takes over. What leaves the machine, where the model is
not on it: a picture of at most 768 pixels without metadata, and the measured cues; never the file's name.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from img2music.errors import BackendError
from img2music.journal import tell
from img2music.templates import load_prompt

if TYPE_CHECKING:
    from img2music.io.pictures import Picture
    from img2music.models import Client
    from img2music.scene import Scene

__all__ = ["ModelPerceiver"]

_MOST_MENDS = 120


class ModelPerceiver:
    """A perceiver (see `img2music.stages`) that asks a vision-language model."""

    def __init__(self, *, model: str, prompt: str = "see/cited", time_limit_seconds: float = 180.0, seed: int = 0) -> None:
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
        from img2music.models.spec import checked_limit

        self._limit = checked_limit(time_limit_seconds)
        self._template = load_prompt(prompt, "see")
        self._client: Client = Client(model)
        self._seed = seed

    def __call__(self, picture: Picture, /) -> Scene:
        """The scene of `picture`.

        Raises:
            BackendError: the model gave nothing usable in time.
        """
        from img2music.correspondences.telling import attribute_lines, colour_lines, cue_lines, instrument_lines, style_lines
        from img2music.models import AnswerError, converse, json_of, schema_of
        from img2music.perceivers.offline import OfflinePerceiver
        from img2music.perceivers.vlm_answer import DECISIONS, SceneAnswer
        from img2music.perceivers.vlm_reading import Seen, read_scene

        until = monotonic() + self._limit
        measured = OfflinePerceiver()(picture)
        if self._client.spec.sees is False:
            raise BackendError(f"model {self._client.spec.label!r} can't see pictures; name its mmproj file, or another model")
        values = {
            "cues": cue_lines(measured.cues),
            "colours": colour_lines(measured.colours),
            "measured": attribute_lines(measured.attributes, DECISIONS),
            "styles": style_lines(),
            "instruments": instrument_lines(),
        }
        shown = self._shown(measured)
        best: list[Seen] = []

        def read(text: str) -> Seen:
            seen = read_scene(json_of(text, SceneAnswer), measured, shown)
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
            schema=schema_of(SceneAnswer),
            check=read,
            until=until,
            seed=self._seed,
            picture=picture,
        )
        found = reply.value or (best[0] if best else None)
        if found is None:
            tell(reply.use)
            raise BackendError(
                f"model {self._client.spec.label!r} gave no usable answer in {reply.use.answers} tries ({reply.faults[0]}); "
                "try another model or prompt"
            )
        mended = (*(f"{fault}; the eye's own stands" for fault in found.faults), *found.mended)[:_MOST_MENDS]
        counts = {"mended": mended, "citations": found.citations, "unfounded": found.unfounded}
        tell(reply.use.model_copy(update={"accepted": True, **counts}))
        return found.scene

    def _shown(self, measured: Scene) -> frozenset[str]:
        """The names that the template tells the model, which it may cite."""
        told = self._template.variables()
        cues = [cue.name for cue in measured.cues] if told & {"cues", "measured"} else []
        colours = [colour.name for colour in measured.colours] if told & {"colours", "measured"} else []
        return frozenset([*cues, *colours])
