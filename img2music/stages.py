"""The architecture on one page: five stages, each a protocol, each reachable by name.

    picture ──Perceiver──▶ Scene ──Planner──▶ CompositionPlan ──Realizer──▶ Score ──Performer──▶ Performance ──Renderer──▶ Rendering

A stage is a callable object made from its options, by a class or function that `img2music.registry` names: the built-in ones in its
table, those of other packages by their entry points. Nothing is imported before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from img2music.errors import UsageError
from img2music.registry import STAGE_KINDS, StageKind, load_factory, registered_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    "KINDS",
    "Kind",
    "MediaPerceiver",
    "Perceiver",
    "Performer",
    "PlanReader",
    "Planner",
    "Realizer",
    "Renderer",
    "Rendering",
    "WordsReader",
    "load_stage",
    "stage_names",
]

Kind = StageKind
KINDS = STAGE_KINDS


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


@runtime_checkable
class PlanReader(Protocol):
    """What a renderer may do besides: read what the music is about, where that is known, before it plays.

    A performance says which notes sound; a model that is told in words what to play has to know the mood, the style and the sections too.
    """

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> Renderer:
        """The renderer of a performance of `plan`; `scene` is what the plan was made from, where that is known."""
        ...


@dataclass(frozen=True, slots=True)
class Rendering:
    """Sound of a whole piece: the mastered mix and, if asked for, a stem a part (they add up to the mix before mastering)."""

    mix: Audio
    stems: Mapping[str, Audio] = field(default_factory=dict)


def stage_names(kind: Kind) -> tuple[str, ...]:
    """Every stage of a kind that can be named, plug-ins too, in alphabetical order."""
    return registered_names(kind)


def load_stage(kind: Kind, name: str, options: Mapping[str, Any] | None = None) -> Any:
    """The stage called `name`, made with `options`.

    Raises:
        UsageError: no such stage, or options it does not take.
        MissingPackageError: a package it needs is not installed.
        BackendError: a plug-in that can't be imported.
    """
    factory = load_factory(kind, name)
    try:
        return factory(**(options or {}))
    except TypeError as error:
        raise _wrong_options(f"{kind} {name!r}", factory, options or {}, error) from None


def _wrong_options(what: str, factory: Callable[..., object], options: Mapping[str, Any], error: TypeError) -> UsageError:
    """Which option is wrong, and which there are, as far as the factory says."""
    try:
        known = {
            one.name: one
            for one in signature(factory).parameters.values()
            if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        }
    except (TypeError, ValueError):  # made by C code
        known = {}
    takes = f"it takes {', '.join(known)}" if known else "it takes none"
    if unknown := [option for option in options if option not in known]:
        return UsageError(f"{what} does not take these options: {', '.join(unknown)[:200]}; {takes}")
    if missing := [option for option, one in known.items() if one.default is one.empty and option not in options]:
        return UsageError(f"{what} needs the option {' and '.join(missing)}; {takes}")
    return UsageError(f"{what} does not take these options ({error}); {takes}")
