"""What weights that nobody has described here say of their licence: the head of the model card that lies with them.

A model card is a stranger's README.md whose first lines may be YAML between two lines of "---". Only its first bytes are read, no link
out of the folder is followed but those of the hub's own cache, and a head that is no sound YAML says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from img2music.errors import DocumentError
from img2music.registry.commercial_use import commercial_use_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CARD_FILE", "NOT_KNOWN", "licence_on_card"]

CARD_FILE = "README.md"
NOT_KNOWN = "not known"
_MOST_BYTES = 65_536
"""Of the whole head; the longest of well-known cards has a twentieth of it."""
_LONGEST_NAME = 80
Name = Annotated[str, Field(max_length=1000)]


class _Head(BaseModel):
    """What of the head is of interest."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    license: Name | Annotated[list[Name], Field(max_length=20)] | None = None
    license_name: Name | None = None


def licence_on_card(folder: Path) -> tuple[str, bool | None]:
    """Licence that the model card in `folder` names, and whether it allows commercial use (None: not known).

    Of several licences all have to allow it. Where there is no card, or one that does not say, the answer is ("not known", None).
    """
    head = _read_head(folder / CARD_FILE)
    if head is None:
        return NOT_KNOWN, None
    named = [head.license] if isinstance(head.license, str) else list(head.license or ())
    # "other" is the hub's word for a licence of one's own, whose name stands beside it.
    names = [name for name in named if name.strip().lower() not in {"", "other", "unknown"}]
    if head.license_name and len(names) < max(1, len(named)):
        names.append(head.license_name)
    if not names:
        return NOT_KNOWN, None
    uses = {commercial_use_of(name) for name in names}
    use = False if False in uses else None if None in uses else True
    shown = " and ".join(" ".join(name.split()) for name in names)
    return "".join(letter if letter.isprintable() else "?" for letter in shown)[:_LONGEST_NAME], use


def _read_head(card: Path) -> _Head | None:
    """The YAML at the beginning of a model card; None where there is none that can be read."""
    from img2music.io.documents import parse_yaml

    try:
        if not card.is_file():
            return None
        with card.open("rb") as stream:
            content = stream.read(_MOST_BYTES)
    except OSError:
        return None
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    if lines[0].strip() != b"---" or b"---" not in [line.rstrip() for line in lines[1:]]:
        return None
    end = next(place for place, line in enumerate(lines) if place and line.rstrip() == b"---")
    try:
        return parse_yaml(b"\n".join(lines[1:end]), _Head, kind="model card", source=CARD_FILE)
    except DocumentError:
        return None
