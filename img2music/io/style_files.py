"""Style files: those that come with the program, by name, and a user's own, by path. As hostile as any other document.

A user's file is read at every call, so an edited one is the new one at once; its content is taken apart once, as it is long and asked
for by every stage.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from img2music.errors import unknown_name
from img2music.io.documents import parse_yaml, read_file
from img2music.io.lexicon_files import style_aliases
from img2music.resources import data_folder
from img2music.style import Style, is_style_file

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.playing_style import PlayingStyle

__all__ = ["load_style", "playing_style", "style_names", "with_playing_style"]

_LARGEST_BYTES = 200_000


@cache
def style_names() -> tuple[str, ...]:
    """The styles that come with the program, in alphabetical order."""
    return tuple(
        sorted(file.name.removesuffix(".yaml") for file in data_folder("styles").iterdir() if file.name.endswith(".yaml"))
    )


def load_style(name: str) -> Style:
    """The style called `name`, by its own name or one that people use ("lofi", "8-bit"), or the one in the YAML file at that path.

    Raises:
        UsageError: no such style; the message names the nearest one.
        DocumentError: a style file that can't be read; the message names file, place and fault.
    """
    if is_style_file(name):
        return _parsed(read_file(name, largest_bytes=_LARGEST_BYTES), name)
    plain = name.strip().lower().replace(" ", "-").replace("_", "-")
    if plain not in style_names():
        plain = style_aliases().get(" ".join(plain.replace("-", " ").split()), "")
    if plain not in style_names():
        near = get_close_matches(name.strip().lower()[:80], style_aliases(), n=2, cutoff=0.75)
        raise unknown_name("style", name, tuple(dict.fromkeys((*style_names(), *near))))
    return _own(plain)


def playing_style(plan: CompositionPlan) -> PlayingStyle:
    """How the plan's style is played: as the plan says, or as the style says by that name where the plan does not.

    Raises:
        UsageError: no such style.
        DocumentError: a style file that can't be read.
    """
    if plan.playing is not None and plan.playing.style == plan.style:
        return plan.playing
    return load_style(plan.style).playing(plan.style)


def with_playing_style(plan: CompositionPlan) -> CompositionPlan:
    """The plan with what the stages after the planner need of its style, so that they look up none.

    Raises:
        UsageError, DocumentError: as `playing_style`.
    """
    playing = playing_style(plan)
    return plan if plan.playing == playing else plan.model_copy(update={"playing": playing})


@cache
def _own(name: str) -> Style:
    return _parsed(data_folder("styles").joinpath(f"{name}.yaml").read_bytes(), f"{name}.yaml")


@lru_cache(maxsize=64)
def _parsed(content: bytes, source: str) -> Style:
    """By content, not by time or size: an edit within a second may leave both as they were."""
    return parse_yaml(content, Style, kind="style", source=source)
