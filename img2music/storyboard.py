"""What was seen over time: shots, curves of what moves, moments that the music must mark, and a length.

A *shot* is a stretch with one scene. Shots follow each other without gaps, as in an edit: each begins where the one before ends, and black
is a shot too. A *curve* is one value over the whole length, a *hit point* one moment. A still picture is a storyboard of one shot without a
length, curves and hit points: `Storyboard.of_still`. It is saved as `storyboard.json`, which a person or a model may edit.

Conventions: seconds from the beginning of the medium; a stretch holds its first moment and not its last; strength in [0, 1].
At most an hour at 60 frames a second. Knows nothing of pixels, of decoders and of plans.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from img2music.errors import UsageError
from img2music.scene import Number, Scene, Unit, lies_in_unit
from img2music.strict_model import DocumentModel, StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "MOST_SAMPLES",
    "MOST_SECONDS",
    "MOST_SHOTS",
    "Curve",
    "HitPoint",
    "HitPointKind",
    "MediaInfo",
    "MediaKind",
    "Shot",
    "Storyboard",
    "check_shot_times",
]

MOST_SECONDS = 3600.0
MOST_SAMPLES = 216_000
"""Of one curve: an hour at 60 frames a second."""
_MOST_SAMPLES_TOGETHER = 4 * MOST_SAMPLES
MOST_SHOTS = 1800
"""A cut every two seconds for an hour; feature films cut every three to six (Bordwell 2002, *Intensified Continuity*)."""
_MOST_CURVES, _MOST_HITS = 32, 36_000
MediaKind = Literal["picture", "album", "clip", "movement"]
HitPointKind = Literal["cut", "impact", "beat", "marker"]
"""A change of shot, something that strikes, a beat of a movement, or what a person marked."""
Seconds = Annotated[float, Field(ge=0, le=MOST_SECONDS)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class MediaInfo(StrictModel):
    """Which file it was; of one picture, what its scene says of it too."""

    kind: MediaKind
    """One picture; several, each for a time; moving pictures; or poses of a body without pictures."""
    file: Annotated[str, Field(max_length=1000)]
    """File name without its folder; of an album, that of its first picture."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of the file's bytes; None where there is no single file."""
    size_bytes: Annotated[int, Field(ge=0)] | None = None
    """None where it was not looked at."""
    width: Annotated[int, Field(ge=1)] | None = None
    height: Annotated[int, Field(ge=1)] | None = None
    """In pixels, upright; None where there are no pictures, or some of several sizes."""
    frames_per_second: Annotated[float, Field(gt=0, le=1000)] | None = None
    """On average; None where there are no frames."""
    format: Annotated[str, Field(max_length=80)] = ""
    notes: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(max_length=100)] = ()
    """What was done to read it."""

    @model_validator(mode="after")
    def _both_sides(self) -> MediaInfo:
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height go together; give both or neither")
        return self


class Shot(StrictModel):
    """A stretch with one scene."""

    start: Seconds
    end: Seconds | None
    """None only of a still picture."""
    scene: Scene


class Curve(StrictModel):
    """One value over time."""

    name: Name
    """Unique in the storyboard: "motion"."""
    unit: Annotated[str, Field(max_length=80)]
    """What a value means, with its range: "0..1"."""
    times: Annotated[tuple[Seconds, ...], Field(min_length=1, max_length=MOST_SAMPLES)]
    """When the values were taken, in seconds, each later than the one before."""
    values: Annotated[tuple[Number, ...], Field(min_length=1, max_length=MOST_SAMPLES)]
    """As many as times, all in the unit's range."""

    def __repr__(self) -> str:
        """One line without the samples."""
        return f"Curve({self.name!r}, {self.unit}, {len(self.times)} values from {self.times[0]:g} s to {self.times[-1]:g} s)"

    __str__ = __repr__

    @model_validator(mode="after")
    def _sound(self) -> Curve:
        if len(self.times) != len(self.values):
            raise ValueError(
                f"curve {self.name!r} has {len(self.times)} times and {len(self.values)} values; give one value for each time"
            )
        for number, (before, after) in enumerate(pairwise(self.times), 2):
            if after <= before:
                raise ValueError(
                    f"curve {self.name!r}: time {number} ({after:g} s) is not later than the one before it ({before:g} s); "
                    "put the times in order, none twice"
                )
        if not lies_in_unit(self.values, self.unit):
            number, value = next((n, v) for n, v in enumerate(self.values, 1) if not lies_in_unit((v,), self.unit))
            raise ValueError(
                f"curve {self.name!r}: value {number} ({value:g}) lies outside its unit {self.unit}; mend one of the two"
            )
        return self

    def value_at(self, seconds: float) -> float:
        """The value at a time, on a straight line between its neighbours; before the first and after the last it is theirs."""
        after = bisect_right(self.times, seconds)
        if after == 0:
            return self.values[0]
        if after == len(self.times):
            return self.values[-1]
        begin, end = self.times[after - 1], self.times[after]
        share = (seconds - begin) / (end - begin)
        return self.values[after - 1] * (1 - share) + self.values[after] * share


class HitPoint(StrictModel):
    """One moment that the music must mark."""

    at_seconds: Seconds
    kind: HitPointKind
    strength: Unit
    because: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    """Names of curves, or of cues and swatches of the shot it lies in or of the shot before; empty where a person asked for it."""


class Storyboard(DocumentModel):
    """Everything seen in a picture, an album, a clip or a movement."""

    version: Literal[1] = 1
    source: MediaInfo
    seconds: Annotated[float, Field(gt=0, le=MOST_SECONDS)] | None
    """Length of the medium; None of a still picture."""
    shots: Annotated[tuple[Shot, ...], Field(min_length=1, max_length=MOST_SHOTS)]
    """In order; each begins where the one before ends, the first at 0, and the last ends with the storyboard."""
    curves: Annotated[tuple[Curve, ...], Field(max_length=_MOST_CURVES)] = ()
    hits: Annotated[tuple[HitPoint, ...], Field(max_length=_MOST_HITS)] = ()
    """In order of time."""

    def __repr__(self) -> str:
        """One line; `model_dump` has everything."""
        length = "still" if self.seconds is None else f"{self.seconds:g} s"
        return (
            f"Storyboard({self.source.file!r}, {self.source.kind}, {length}, {len(self.shots)} shot{'s' * (len(self.shots) > 1)}, "
            f"{len(self.curves)} curves, {len(self.hits)} hits)"
        )

    __str__ = __repr__

    @classmethod
    def of_still(cls, scene: Scene) -> Storyboard:
        """The storyboard of one still picture: its scene is the only shot, and it has no length."""
        picture = scene.picture
        source = MediaInfo(
            kind="picture",
            file=picture.file,
            sha256=picture.sha256,
            width=picture.width,
            height=picture.height,
            format=picture.format,
            notes=picture.notes,
        )
        return cls(source=source, seconds=None, shots=(Shot(start=0, end=None, scene=scene),))

    @model_validator(mode="after")
    def _consistent(self) -> Storyboard:
        check_shot_times([(shot.start, shot.end) for shot in self.shots], self.seconds)
        if (self.source.kind == "picture") != self.is_still:
            raise ValueError(
                "a picture has no length and everything else has one; set seconds to null, or source.kind to album, clip or movement"
            )
        for what, things in (("curve", self.curves), ("hit", self.hits)):
            if self.is_still and things:
                raise ValueError(f"a still picture has no {what}s, for nothing in it happens in time; take them out")
        self._check_curves()
        self._check_hits()
        return self

    def _check_curves(self) -> None:
        names = [curve.name for curve in self.curves]
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise ValueError(f"two curves are called {twice!r}; give each its own name")
        samples = sum(len(curve.times) for curve in self.curves)
        if samples > _MOST_SAMPLES_TOGETHER:
            raise ValueError(f"the curves hold {samples} values, at most {_MOST_SAMPLES_TOGETHER} together; take fewer a second")
        for curve in self.curves:
            if self.seconds is not None and curve.times[-1] > self.seconds:
                raise ValueError(
                    f"curve {curve.name!r} goes on to {curve.times[-1]:g} s, but the storyboard ends at {self.seconds:g} s; cut it there"
                )

    def _check_hits(self) -> None:
        curves = {curve.name for curve in self.curves}
        met: set[tuple[float, str]] = set()
        for number, hit in enumerate(self.hits, 1):
            named = f"hit {number} of {len(self.hits)} ({hit.kind} at {hit.at_seconds:g} s)"
            if number > 1 and hit.at_seconds < self.hits[number - 2].at_seconds:
                raise ValueError(f"{named} comes before the one that stands before it; put the hits in order of time")
            if self.seconds is not None and hit.at_seconds > self.seconds:
                raise ValueError(f"{named} lies behind the end of the storyboard at {self.seconds:g} s; take it out")
            if (hit.at_seconds, hit.kind) in met:
                raise ValueError(f"{named} stands there twice; take one of them out")
            met.add((hit.at_seconds, hit.kind))
            unknown = set(hit.because) - curves
            unknown -= self._cited_at(hit.at_seconds) if unknown else set()
            if unknown:
                raise ValueError(
                    f"{named} cites {min(unknown)!r}, which is no curve, and no cue of its shot or the one before; take the name out"
                )

    def _cited_at(self, seconds: float) -> set[str]:
        """Names of what was seen around a moment."""
        place = self._place_at(seconds)
        scenes = [shot.scene for shot in self.shots[max(0, place - 1) : place + 1]]
        return {cue.name for scene in scenes for cue in scene.cues} | {
            swatch.name for scene in scenes for swatch in scene.colours
        }

    def _place_at(self, seconds: float) -> int:
        return bisect_right(self.shots, seconds, key=lambda shot: shot.start) - 1

    @property
    def is_still(self) -> bool:
        """Whether it is a still picture: one shot without a length."""
        return self.seconds is None

    def shot_at(self, seconds: float) -> Shot:
        """The shot at a time. A cut belongs to the shot that it begins, the end of the storyboard to its last shot.

        Raises:
            UsageError: before the beginning or after the end.
        """
        if not 0 <= seconds <= (MOST_SECONDS if self.seconds is None else self.seconds):
            length = "still" if self.seconds is None else f"{self.seconds:g} s long"
            raise UsageError(f"there is no shot at {seconds:g} s of a storyboard that is {length}; ask for a time inside it")
        return self.shots[self._place_at(seconds)]

    def curve(self, name: str) -> Curve | None:
        """The curve called `name`, or None if there is none."""
        return next((curve for curve in self.curves if curve.name == name), None)

    def hits_between(self, start: float, end: float, kinds: Iterable[HitPointKind] | None = None) -> tuple[HitPoint, ...]:
        """The hit points from `start` on and before `end`, in order; of these `kinds` only, if they are named."""
        first = bisect_left(self.hits, start, key=lambda hit: hit.at_seconds)
        last = bisect_left(self.hits, end, key=lambda hit: hit.at_seconds)
        wanted = None if kinds is None else frozenset(kinds)
        return tuple(hit for hit in self.hits[first:last] if wanted is None or hit.kind in wanted)


def check_shot_times(times: Sequence[tuple[float, float | None]], seconds: float | None) -> None:
    """Checks that shots of these starts and ends follow each other from 0 to `seconds`; None is the end of a still picture.

    Raises:
        ValueError: they do not; one line that names the first that is wrong.
    """
    if seconds is None:
        if list(times) != [(0.0, None)]:
            raise ValueError(
                "a still picture is one shot from 0 without an end; give the storyboard its length in seconds, or one shot"
            )
        return
    reached = 0.0
    for number, (start, end) in enumerate(times, 1):
        named = f"shot {number} of {len(times)}"
        if start != reached:
            before = "the storyboard begins" if number == 1 else "the one before it ends"
            raise ValueError(f"{named} starts at {start!r} s, but {before} at {reached!r} s; shots touch, so make them equal")
        if end is None or end <= start:
            told = "has no end" if end is None else f"ends at {end!r} s and starts at {start!r} s"
            raise ValueError(f"{named} {told}; give a later end")
        reached = end
    if reached != seconds:
        raise ValueError(f"the last shot ends at {reached!r} s and the storyboard at {seconds!r} s; make them equal")
