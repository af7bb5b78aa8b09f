"""What a shell is offered after TAB: names of styles, pipelines, prompts, instruments, metres and crafts.

An offer begins with the very letters that were typed, as shells and typer drop any other: ``Fl`` becomes ``Flute``, which is understood as
``flute`` is. It holds no space, which would part it into two words: ``pan-flute`` is understood as ``pan flute`` is. Options that take
several names separated by commas complete the last one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "complete_craft",
    "complete_instrument",
    "complete_meter",
    "complete_pipeline",
    "complete_prompt",
    "complete_prompts",
    "complete_style",
]


def complete_style(incomplete: str) -> list[str]:
    """Styles that come with the program."""
    return _begun(_yaml_names("styles"), incomplete)


def complete_pipeline(incomplete: str) -> list[str]:
    """Pipelines that come with the program."""
    return _begun(_yaml_names("pipelines"), incomplete)


def complete_prompt(incomplete: str) -> list[str]:
    """A prompt that comes with the program."""
    from img2music.templates import prompt_names

    return _begun(prompt_names(), incomplete)


def complete_prompts(incomplete: str) -> list[str]:
    """The last of several prompts."""
    from img2music.templates import prompt_names

    return _last_begun(prompt_names(), incomplete)


def complete_instrument(incomplete: str) -> list[str]:
    """The last of several instruments; capitals, spaces and underscores are those of who types."""
    from img2music.theory import instrument_names

    names = (name.replace(" ", "-") for name in instrument_names())
    return _last_begun(names, incomplete, alike=lambda text: text.lower().replace(" ", "-").replace("_", "-"))


def complete_meter(incomplete: str) -> list[str]:
    """Metres."""
    from img2music.theory import METERS

    return _begun(METERS, incomplete)


def complete_craft(incomplete: str) -> list[str]:
    """The last of several crafts that can be kept."""
    from img2music.rng import CRAFTS

    return _last_begun(CRAFTS, incomplete)


def _begun(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _last_begun(names: Iterable[str], incomplete: str, alike: Callable[[str], str] = str) -> list[str]:
    """Names that the text after the last comma begins, once `alike` has levelled it; the text itself stays as it was typed."""
    before, comma, word = incomplete.rpartition(",")
    word_alike = alike(word)
    return [f"{before}{comma}{word}{name[len(word_alike) :]}" for name in names if name.startswith(word_alike)]


def _yaml_names(folder: str) -> list[str]:
    from img2music.resources import data_folder

    return sorted(file.name.removesuffix(".yaml") for file in data_folder(folder).iterdir() if file.name.endswith(".yaml"))
