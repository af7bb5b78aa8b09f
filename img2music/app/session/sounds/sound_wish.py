"""What can make a take sound, and a visitor's wish for one of them.

Sounds go by name: "soundfont", a pipeline that comes with the program (its renderer is meant), or a renderer of a plug-in. A visitor never names a
file: weights are those of the table, but for the page's own user (`Limits.own_models`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from img2music.errors import Img2MusicError, UsageError, unknown_name
from img2music.pipeline.presets import load_pipeline_config, pipeline_names
from img2music.pipeline.stage_facts import stage_facts, unanswered_server
from img2music.pipeline_config import StageConfig
from img2music.registry import builtin_names, find_entry, plugin_points
from img2music.registry.sound_models import SOUND_MODELS, find_sound_model

if TYPE_CHECKING:
    from img2music.app.session.limits import Limits
    from img2music.registry.sound_models import SoundModel

__all__ = ["SOUNDFONT", "SoundWish", "departs_from_score", "offered_sounds", "other_weights", "sound_fault"]

SOUNDFONT = "soundfont"
_OUTPUT = re.compile(r",? to (?:mono|stereo)")


@dataclass(frozen=True, slots=True)
class SoundWish:
    """One way to make a take sound."""

    name: str = SOUNDFONT
    weights: str = ""
    """Instead of those that the pipeline names; empty leaves them."""
    seed: int = 0
    """Another one, another sound of the same notes; 0 leaves that of the pipeline."""

    def stage(self) -> StageConfig:
        """The renderer; nothing steps in for it, because what was there before still sounds.

        Raises:
            UsageError: there is no such sound.
        """
        sounds = offered_sounds()
        if self.name not in sounds:
            raise unknown_name("sound", self.name[:100], tuple(sounds))
        stage = sounds[self.name]
        wanted = {"weights": self.weights, "seed": self.seed}
        options = {**stage.options, **{name: value for name, value in wanted.items() if value}}
        return stage.model_copy(update={"options": options})

    def check(self, limits: Limits) -> None:
        """Looks at the wish before any work.

        Raises:
            UsageError: no such sound, weights that are not offered, or it can't work here; the message says what to do.
        """
        stage = self.stage()
        if self.seed and not departs_from_score(stage.use):
            raise UsageError(f"{self.name} plays the same notes the same way; there is no other take of it")
        plain = replace(self, weights="").stage()
        known = tuple(model.name for model in other_weights(plain))
        if self.weights and self.weights not in known and not (limits.own_models and _own_weights(plain)):
            offer = f"choose from: {', '.join(known)}" if known else "leave them out"
            raise UsageError(f"this page plays no weights that a visitor names; {offer}")
        fault = sound_fault(stage, self.name)
        if fault:
            raise UsageError(f"{self.name} can't work here yet: {fault}")


def offered_sounds() -> dict[str, StageConfig]:
    """Every sound by name, the soundfont first: renderers of pipelines, then those of plug-ins that no pipeline names."""
    found = {SOUNDFONT: StageConfig(use=SOUNDFONT)}
    for name in pipeline_names():
        renderer = load_pipeline_config(name).stages.renderer
        if renderer.use != SOUNDFONT:
            found[name] = renderer.model_copy(update={"fallback": None})
    used = {stage.use for stage in found.values()}
    for name in plugin_points("renderer"):
        if name not in used and name not in found and name not in builtin_names("renderer"):
            found[name] = StageConfig(use=name)
    return found


def sound_fault(stage: StageConfig, name: str) -> str:
    """Why the sound called `name` can't be made here, with the remedy; empty where nothing speaks against it.

    Of a renderer that has a language model on this machine write its words, also that this one does not answer.
    """
    try:
        return stage_facts("renderer", stage).fault or unanswered_server(stage, name)
    except Img2MusicError as error:
        return str(error)


def other_weights(stage: StageConfig) -> tuple[SoundModel, ...]:
    """The weights of the table that a renderer may play instead of those it is given, as they take in the same; none where it is given none."""
    own = find_sound_model(_own_weights(stage))
    if own is None:
        return ()
    return tuple(
        model
        for model in SOUND_MODELS.values()
        if model.renderer == own.renderer and model is not own and _told(model) == _told(own)
    )


def departs_from_score(renderer: str) -> bool:
    """Whether the sound of a renderer need not be what the score says: it is listened to, made as a whole and not made twice alike."""
    try:
        return find_entry("renderer", renderer).listened
    except Img2MusicError:
        return False


def _own_weights(stage: StageConfig) -> str:
    """What a renderer plays by its own option `weights`, named or by itself; empty where it takes none."""
    named = stage.options.get("weights")
    if isinstance(named, str):
        return named
    try:
        return find_entry("renderer", stage.use).weights
    except Img2MusicError:
        return ""


def _told(model: SoundModel) -> str:
    """What a model takes in, of its summary: "text and chroma" of "text and chroma to mono, 1.5 billion parameters"."""
    return _OUTPUT.split(model.summary)[0]
