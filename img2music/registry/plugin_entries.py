"""What other packages add: entry points of the groups ``img2music.<kind>``, each of which names a factory.

    [project.entry-points."img2music.performer"]
    robotic = "my_package:RoboticPerformer"

A factory may say of itself what `RegistryEntry` says of the built-in ones, in an attribute `registry_entry`, a dictionary of some of its fields:

    class RoboticPerformer:
        registry_entry = {"summary": "every note alike", "deterministic": True, "leaves_machine": "", "licence": None}

What it leaves out is taken for the worst: it does not give the same bytes twice, and what leaves the machine and under which licence is not
known. Reading one imports the plug-in, and whatever that raises is one line about the plug-in.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from img2music.errors import BackendError, MissingPackageError
from img2music.registry.registry_entry import ProviderEntry, RegistryEntry

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from img2music.registry.registry_entry import Kind

__all__ = ["NOT_SAID", "label", "load_plugin", "missing_module", "plugin_entry", "plugin_package", "plugin_points"]

NOT_SAID = "not known, as the plug-in does not say"
"""What leaves the machine, and under which licence, where a plug-in keeps silent."""
_GIVEN = {"kind", "name", "factory", "plugin_of"}
"""Fields that the entry point says."""
_LONGEST = 300


def label(kind: Kind, name: str) -> str:
    """How messages call something: "performer 'robotic'"."""
    return f"{'model provider' if kind == 'provider' else kind} {name!r}"


def plugin_points(kind: Kind) -> dict[str, EntryPoint]:
    """The entry points of a kind by name, in alphabetical order, nothing of them imported; of two with one name the later installed one."""
    from importlib.metadata import entry_points  # slow to import

    return {point.name: point for point in sorted(entry_points(group=f"img2music.{kind}"), key=lambda point: point.name)}


def plugin_package(point: EntryPoint) -> str:
    """The package that brings an entry point, with its version: "robot-stage 1.2"."""
    return "a package without a name" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def load_plugin(kind: Kind, point: EntryPoint) -> Any:
    """The factory that an entry point names.

    Raises:
        MissingPackageError: a module is not installed.
        BackendError: it can't be imported, or can't be called.
    """
    who = label(kind, point.name)
    try:
        factory = point.load()
    except ModuleNotFoundError as error:
        raise missing_module(kind, point.name, error) from None
    except Exception as error:  # whatever a plug-in's import raises
        raise BackendError(f"{who} can't be imported ({_one_line(error)}); tell the plug-in's author") from error
    if not callable(factory):
        raise BackendError(f"{who} is {type(factory).__name__}, which can't be called; tell the plug-in's author")
    return factory


def plugin_entry(kind: Kind, point: EntryPoint) -> RegistryEntry:
    """What a plug-in says of itself, with the worst taken where it says nothing.

    Raises:
        BackendError: it can't be imported, or says what can't be understood.
    """
    said = getattr(load_plugin(kind, point), "registry_entry", {})
    record = ProviderEntry if kind == "provider" else RegistryEntry
    known = {field.name for field in fields(record)} - _GIVEN
    who = label(kind, point.name)
    if not isinstance(said, dict) or not said.keys() <= known:
        odd = ", ".join(sorted(map(str, said.keys() - known))) if isinstance(said, dict) else type(said).__name__
        raise BackendError(
            f"the registry_entry of {who} may hold {', '.join(sorted(known))}, not {odd}; tell the plug-in's author"
        )
    from pydantic import TypeAdapter, ValidationError  # only where there is a plug-in to read

    given = {"kind": kind, "name": point.name, "factory": point.value, "plugin_of": plugin_package(point)}
    unsaid = {"summary": "", "leaves_machine": NOT_SAID, "licence": NOT_SAID}
    plain = {key: " ".join(value.split())[:_LONGEST] if isinstance(value, str) else value for key, value in said.items()}
    try:
        return TypeAdapter[RegistryEntry](record).validate_python({**unsaid, **plain, **given})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise BackendError(f"the registry_entry of {who}, {place}: {first['msg']}; tell the plug-in's author") from None


def missing_module(kind: Kind, name: str, error: ModuleNotFoundError, pip_line: str = "") -> MissingPackageError:
    """That something needs a package, with the command that brings it."""
    package = (error.name or "").partition(".")[0]
    return MissingPackageError(f"{label(kind, name)} needs {package}: {pip_line or f'pip install {package}'}")


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
