"""The bases of every record that text from outside enters: frozen, and a field that is not known is an error, never ignored.

A `DocumentModel` is also what stands in a file, which other versions of this program have written or will read. It reads the fields of older
files under their new names, and says of a file that is too new that it is. Knows nothing of files and of what the fields mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GET_NEWER", "NEWER_VERSION", "OLD_AND_NEW_FIELD", "DocumentModel", "StrictModel"]

GET_NEWER = "get a newer img2music: pip install --upgrade img2music"
NEWER_VERSION, OLD_AND_NEW_FIELD = "newer_version", "old_and_new_field"
"""Types of the validation errors below; their `ctx` names the `field`."""
_VERSION_FIELDS = ("version", "format")


class StrictModel(BaseModel):
    """A pydantic record that can't be changed and refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentModel(StrictModel):
    """A record that is written to a file. One with a field `version` or `format` says by its `Literal` type which versions it reads."""

    old_fields: ClassVar[dict[str, str]] = {}
    """What a field of older files is called now; "" where nothing reads it any more, so that it is passed over."""
    oldest_version: ClassVar[int | None] = None
    """The first version that is still read, where fields were only added since; None reads no version but the newest."""

    @classmethod
    def place_in_words(cls, tree: Any, path: Sequence[int | str]) -> str:
        """How people call the place of a fault in a document that could not be read, such as "section 'B', bar 3"; "" where its path says it all.

        Args:
            tree: the document as it was given, with that fault.
            path: keys and numbers that lead to the fault.
        """
        return ""

    @model_validator(mode="before")
    @classmethod
    def _from_older_files(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        for field in _VERSION_FIELDS:
            readable = get_args(cls.model_fields[field].annotation) if field in cls.model_fields else ()
            version = given.get(field)
            if readable and isinstance(version, int) and version > max(readable):
                known = {"field": field, "version": version, "newest": max(readable)}
                raise PydanticCustomError(NEWER_VERSION, "{version} is newer than this program reads ({newest})", known)
        renamed = dict(given)
        for field in _VERSION_FIELDS:
            if cls.oldest_version is not None and type(given.get(field)) is int and field in cls.model_fields:
                newest = max(get_args(cls.model_fields[field].annotation))
                if cls.oldest_version <= given[field] < newest:
                    renamed[field] = newest
        for old, new in cls.old_fields.items():
            if old not in renamed:
                continue
            if new and new in renamed:
                names = {"field": old, "new": new}
                raise PydanticCustomError(
                    OLD_AND_NEW_FIELD, "the old name of '{new}', which is there too; take one of them out", names
                )
            value = renamed.pop(old)
            if new:
                renamed[new] = value
        return renamed
