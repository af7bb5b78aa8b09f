"""The page's own texts: one YAML file for all of them, ready for translation.

A text is named by its path ("status.done") and may hold words in braces that are filled in. What the program says of a piece (reasons,
errors, sentences) is not among them: it comes with the piece.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import yaml

from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TextTree", "all_text_names", "page_text", "page_texts"]

TextTree: TypeAlias = "dict[str, str | TextTree]"
_TEXTS = "app/texts.yaml"
_PLACE = re.compile(r"\{(\w+)\}")


@cache
def page_texts() -> TextTree:
    """All texts, as a tree.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    tree = yaml.safe_load(asset_path(_TEXTS).read_text(encoding="utf-8"))
    return _strings(tree)


def page_text(name: str, /, **words: object) -> str:
    """The text of that name, with its places filled in.

    Raises:
        KeyError: there is no such text.
    """
    found: str | TextTree = page_texts()
    for step in name.split("."):
        if isinstance(found, str):
            raise KeyError(name)
        found = found[step]
    if not isinstance(found, str):
        raise KeyError(name)
    return _PLACE.sub(lambda match: str(words.get(match[1], match[0])), found)


def all_text_names() -> tuple[str, ...]:
    """Names of all texts, in the order of the file."""
    return tuple(_names(page_texts(), ""))


def _names(tree: TextTree, before: str) -> Iterator[str]:
    for name, branch in tree.items():
        if isinstance(branch, str):
            yield f"{before}{name}"
        else:
            yield from _names(branch, f"{before}{name}.")


def _strings(tree: object) -> TextTree:
    if not isinstance(tree, dict):
        raise TypeError(f"{_TEXTS} holds {type(tree).__name__} where names with texts belong")
    return {str(name): _strings(branch) if isinstance(branch, dict) else str(branch) for name, branch in tree.items()}
