"""Whether what is made may be sold: what the work is held to, and which models that talk are known to forbid it.

What a set of weights for sound allows stands in `sound_models`; of other weights their own model card tells
(`img2music.renderers.neural.model_card`). Conventions: True allows commercial use, perhaps under conditions; False forbids it; None: not
known. Knows nothing of pipelines.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["commercial_use_of", "is_commercial_use", "meant_for_commercial_use", "talking_model_licence"]

_ALLOWING = re.compile(
    r"(mit|mit-0|apache-2\.0|bsd(-.*)?|isc|zlib|unlicense|wtfpl|cc0-1\.0|cc-by(-sa)?-[0-9.]+|(creativeml-|bigscience-)?(open)?rail[+-]*m?(-.*)?"
    r"|[al]?gpl(-.*)?|mpl-2\.0|cdla-permissive-.*)"
)
_FORBIDDING = re.compile(r"(^|[^a-z])(nc|non-?commercial|research-only|research)([^a-z]|$)")
_TALKING: tuple[tuple[str, str], ...] = (
    (r"aya-(vision|expanse|23)|c4ai-|command-(r|a)\b", "CC-BY-NC-4.0"),
    (r"exaone-?[0-9.]", "EXAONE (research only)"),
    (r"codestral-22b|mistral-large-instruct|pixtral-large|ministral-8b-instruct-2410", "Mistral Research"),
    (r"qwen2\.5-(vl-|omni-|coder-)?3b", "Qwen Research"),
    (r"fastvlm", "Apple model licence for research"),
    (r"xgen-mm|blip3", "CC-BY-NC-4.0"),
)
"""Parts of the names of models that talk and whose makers forbid commercial use of the weights (their model cards, November 2026)."""

_commercial: ContextVar[bool] = ContextVar("img2music_commercial", default=False)


@contextmanager
def meant_for_commercial_use(wanted: bool) -> Iterator[None]:
    """While the block runs, weights whose licence forbids commercial use, or is not known, are refused where they are looked for."""
    mark = _commercial.set(wanted or _commercial.get())
    try:
        yield
    finally:
        _commercial.reset(mark)


def is_commercial_use() -> bool:
    """Whether the work that runs is held to what commercial use allows."""
    return _commercial.get()


def commercial_use_of(licence: str) -> bool | None:
    """What a licence says of commercial use, by its name or its short name on model cards ("cc-by-nc-4.0").

    >>> commercial_use_of("Apache-2.0"), commercial_use_of("cc-by-nc-4.0"), commercial_use_of("other")
    (True, False, None)
    """
    name = licence.strip().lower().replace(" ", "-").replace("_", "-")
    if _FORBIDDING.search(name):
        return False
    return True if _ALLOWING.fullmatch(name) else None


def talking_model_licence(name: str) -> tuple[str, bool | None]:
    """Licence of a model that talks, by its name wherever it runs, and whether that allows commercial use; "not known" of most."""
    found = next((licence for part, licence in _TALKING if re.search(part, name.lower())), None)
    return ("not known", None) if found is None else (found, False)
