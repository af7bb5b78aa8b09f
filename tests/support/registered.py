"""Rows of the registry for tests, and packages that are installed for the length of one."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from img2music.registry import BUILTIN, ProviderEntry, RegistryEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from img2music.registry import Kind

__all__ = ["installed_package", "register"]


def register(monkeypatch: pytest.MonkeyPatch, kind: Kind, name: str, factory: str, **said: Any) -> None:
    """A row for the length of a test; it gives the same bytes again unless told otherwise."""
    record = ProviderEntry if kind == "provider" else RegistryEntry
    said = {"summary": "a stand-in", "deterministic": True, **said}
    monkeypatch.setitem(BUILTIN, (kind, name), record(kind=kind, name=name, factory=factory, **said))


@contextmanager
def installed_package(
    folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, *, modules: dict[str, str], entry_points: str
) -> Iterator[Path]:
    """A folder on the path with a package ("robot-stage 1.2"), its modules by name, and its metadata, which Python's own machinery finds."""
    name, _, version = package.partition(" ")
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    for module, code in modules.items():
        (folder / f"{module}.py").write_text(code)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (about / "entry_points.txt").write_text(entry_points)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    yield folder
    for module in modules:
        sys.modules.pop(module, None)
