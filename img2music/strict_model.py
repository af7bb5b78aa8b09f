"""The base of every record that text from outside enters: frozen, and a field it does not know is an error, never ignored."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["StrictModel"]


class StrictModel(BaseModel):
    """A pydantic record that can't be changed and refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
