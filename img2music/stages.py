"""The architecture on one page: five stages, each a protocol, each reachable by name.

    picture ──Perceiver──▶ Scene ──Planner──▶ CompositionPlan ──Realizer──▶ Score ──Performer──▶ Performance ──Renderer──▶ Rendering

A stage is a callable object made from its options. Built-in ones are named in `BUILTIN` and imported on first use; a
package adds its own through an entry point in the group ``img2music.<kind>`` whose name is the stage's and whose object
is a class or function that takes the options and returns the stage:

    [project.entry-points."img2music.performer"]
    robotic = "my_package:RoboticPerformer"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from img2music.errors import MissingPackageError, UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.io.picture_sequence import PictureSequence
    from img2music.io.pictures import Picture
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene
    from img2music.score import Score
    from img2music.storyboard import Storyboard

__all__ = [
    "BUILTIN",
    "KINDS",
    "Kind",
    "MediaPerceiver",
    "Perceiver",
    "Performer",
    "Planner",
    "Realizer",
    "Renderer",
    "Rendering",
    "WordsReader",
    "load_stage",
    "stage_names",
]

Kind = Literal["perceiver", "planner", "realizer", "performer", "renderer"]
KINDS: tuple[Kind, ...] = ("perceiver", "planner", "realizer", "performer", "renderer")


class Perceiver(Protocol):
    """Sees: a decoded picture becomes cues and suggestions."""

    def __call__(self, picture: Picture, /) -> Scene:
        """See `picture`."""
        ...


class MediaPerceiver(Protocol):
    """Sees over time: a picture, or pictures that follow each other, become a storyboard; a still picture's has one shot and no length.

    A perceiver of stills becomes one through `img2music.perceivers.shot_perceiver.ShotPerceiver`.
    """

    def __call__(self, media: Picture | PictureSequence, /) -> Storyboard:
        """See `media`."""
        ...


class Planner(Protocol):
    """Plans: a scene and a wish list become a composition without notes. The brief always wins."""

    def __call__(self, scene: Scene, brief: Brief, /) -> CompositionPlan:
        """Plan a composition for `scene` that keeps every wish of `brief`."""
        ...


@runtime_checkable
class WordsReader(Protocol):
    """What a planner may do besides: explain words of a brief that the tables do not know, before anything is planned."""

    def explain_words(self, brief: Brief, /) -> Brief:
        """`brief` with glosses for such words, or as it is."""
        ...


class Realizer(Protocol):
    """Writes the notes of a plan."""

    def __call__(self, plan: CompositionPlan, /) -> Score:
        """Write the notes of `plan`."""
        ...


class Performer(Protocol):
    """Plays a score: timing, loudness, pedal. Keeps tempo, metre and length as the plan says."""

    def __call__(self, score: Score, plan: CompositionPlan, /) -> Performance:
        """Play `score` at the plan's tempo and length."""
        ...


class Renderer(Protocol):
    """Makes a performance sound; with `stems`, also each part alone."""

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        """Make `performance` sound."""
        ...


@dataclass(frozen=True, slots=True)
class Rendering:
    """Sound of a whole piece: the mastered mix and, if asked for, a stem a part (they add up to the mix before mastering)."""

    mix: Audio
    stems: Mapping[str, Audio] = field(default_factory=dict)


BUILTIN: dict[Kind, dict[str, str]] = {
    "perceiver": {
        "offline": "img2music.perceivers.offline:OfflinePerceiver",
        "vlm": "img2music.perceivers.vlm.vlm_perceiver:ModelPerceiver",
    },
    "planner": {
        "llm": "img2music.planners.llm.llm_planner:ModelPlanner",
        "rules": "img2music.planners.rules.rules_planner:RulesPlanner",
    },
    "realizer": {"abc": "img2music.realizers.abc.abc_realizer:AbcRealizer", "composer": "img2music.realizers.composer:Composer"},
    "performer": {
        "expressive": "img2music.performers.expressive:ExpressivePerformer",
        "strict": "img2music.performers.strict:StrictPerformer",
    },
    "renderer": {"soundfont": "img2music.renderers.soundfont.soundfont_renderer:SoundfontRenderer"},
}


def _plugins(kind: Kind) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=f"img2music.{kind}")}


def stage_names(kind: Kind) -> tuple[str, ...]:
    """Every stage of a kind that can be named, plug-ins too, in alphabetical order."""
    return tuple(sorted({*BUILTIN[kind], *_plugins(kind)}))


def load_stage(kind: Kind, name: str, options: Mapping[str, Any] | None = None) -> Any:
    """The stage called `name`, made with `options`.

    Raises:
        UsageError: no such stage, or options it does not take.
        MissingPackageError: a package it needs is not installed.
    """
    if name in BUILTIN[kind]:
        module, _, attribute = BUILTIN[kind][name].partition(":")
        try:
            factory = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            raise _missing(kind, name, error) from None
    else:
        plugins = _plugins(kind)
        if name not in plugins:
            raise unknown_name(kind, name, stage_names(kind))
        try:
            factory = plugins[name].load()
        except ModuleNotFoundError as error:
            raise _missing(kind, name, error) from None
    try:
        return factory(**(options or {}))
    except TypeError as error:
        raise UsageError(
            f"{kind} {name!r} does not take these options ({error}); see `img2music pipelines show offline`"
        ) from None


def _missing(kind: Kind, name: str, error: ModuleNotFoundError) -> MissingPackageError:
    package = (error.name or "").partition(".")[0]
    return MissingPackageError(f"{kind} {name!r} needs {package}: pip install {package}")
