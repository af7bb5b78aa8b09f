"""Rows of the registry for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.registry import BUILTIN, ProviderEntry, RegistryEntry

if TYPE_CHECKING:
    import pytest

    from img2music.registry import Kind

__all__ = ["register"]


def register(monkeypatch: pytest.MonkeyPatch, kind: Kind, name: str, factory: str, **said: Any) -> None:
    """A row for the length of a test; it gives the same bytes again unless told otherwise."""
    record = ProviderEntry if kind == "provider" else RegistryEntry
    said = {"summary": "a stand-in", "deterministic": True, **said}
    monkeypatch.setitem(BUILTIN, (kind, name), record(kind=kind, name=name, factory=factory, **said))
