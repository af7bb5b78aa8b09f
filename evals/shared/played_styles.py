"""Pieces to listen to: one in each of several styles, composed offline from the example pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evals.shared.paths import example_pictures
from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.performance import Performance

__all__ = ["played_styles", "with_programs"]


def played_styles(count: int, seconds: float, seed: int) -> Iterator[tuple[str, Performance]]:
    """`count` styles, spread over all, each with the performance of a piece; another `seed` is other pieces."""
    pipeline, pictures, names = Pipeline.load("offline"), example_pictures(), style_names()
    for place in range(min(count, len(names))):
        style = names[(place * len(names) // count + seed) % len(names)]
        scene = pipeline.see(pictures[(place + seed) % len(pictures)])
        plan = pipeline.plan(scene, Brief.of(seconds=seconds, seed=seed, style=style))
        yield style, pipeline.perform(pipeline.realize(plan), plan)


def with_programs(performance: Performance, programs: tuple[int, ...]) -> Performance:
    """The same notes by other instruments, the first program for the first pitched part and so on, round and round."""
    parts = [
        part if part.is_drums else replace(part, program=programs[place % len(programs)])
        for place, part in enumerate(performance.parts)
    ]
    return replace(performance, parts=tuple(parts))
