"""What can be named: the built-in things and those of other packages, by kind and name. A built-in name can't be taken by a plug-in.

A plug-in is imported when it is asked for by name, not when names are listed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from img2music.errors import unknown_name
from img2music.registry.builtin_entries import BUILTIN
from img2music.registry.plugin_entries import load_plugin, missing_module, plugin_entry, plugin_points
from img2music.registry.registry_entry import ProviderEntry

if TYPE_CHECKING:
    from img2music.registry.registry_entry import Kind, RegistryEntry

__all__ = ["asking_stages", "builtin_names", "find_entry", "find_provider", "load_factory", "registered_names"]


def builtin_names(kind: Kind) -> tuple[str, ...]:
    """The built-in ones of a kind, in the order of the table."""
    return tuple(name for of, name in BUILTIN if of == kind)


def registered_names(kind: Kind) -> tuple[str, ...]:
    """Everything of a kind that can be named, plug-ins too, in alphabetical order."""
    return tuple(sorted({*builtin_names(kind), *plugin_points(kind)}))


def find_entry(kind: Kind, name: str) -> RegistryEntry:
    """The record of the one called `name`.

    Raises:
        UsageError: there is none.
        BackendError: a plug-in that can't be imported, or says what can't be understood.
    """
    if (kind, name) in BUILTIN:
        return BUILTIN[kind, name]
    points = plugin_points(kind)
    if name not in points:
        raise unknown_name("model provider" if kind == "provider" else kind, name, registered_names(kind))
    return plugin_entry(kind, points[name])


def find_provider(name: str) -> ProviderEntry:
    """The record of the provider of models called `name`; errors as of `find_entry`."""
    entry = find_entry("provider", name)
    assert isinstance(entry, ProviderEntry)  # noqa: S101  rows and plug-ins of this kind are made so
    return entry


def load_factory(kind: Kind, name: str) -> Any:
    """What `RegistryEntry.factory` names, imported.

    Raises:
        UsageError: there is none of that name.
        MissingPackageError: a package it needs is not installed.
        BackendError: a plug-in that can't be imported.
    """
    entry = find_entry(kind, name)
    if entry.plugin_of is not None:
        return load_plugin(kind, plugin_points(kind)[name])
    module, _, attribute = entry.factory.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise missing_module(kind, name, error, entry.pip_line) from None


def asking_stages() -> dict[str, RegistryEntry]:
    """The built-in stages that ask a model, by the purpose of the prompt templates they ask with; of several the first in the table."""
    return {entry.prompt_purpose: entry for entry in reversed(BUILTIN.values()) if entry.prompt_purpose is not None}
