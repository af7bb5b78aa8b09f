"""What the program is made of, in one table: every stage, every provider of models, every metric, built in or a plug-in's.

    registry_entry     the record of one: what it is called, where it is, what it needs, what it sends, whether it repeats itself
    builtin_entries    the built-in ones, as data
    plugin_entries     those of other packages, by entry points
    entry_lookup       by kind and name, from both

`img2music doctor`, `img2music pipelines`, replay and the loaders of stages and models read it. Nothing that it names is imported before it is used.
"""

from img2music.registry.builtin_entries import BUILTIN
from img2music.registry.entry_lookup import (
    asking_stages,
    builtin_names,
    find_entry,
    find_provider,
    load_factory,
    registered_names,
)
from img2music.registry.plugin_entries import NOT_SAID, label, plugin_package, plugin_points
from img2music.registry.registry_entry import KINDS, STAGE_KINDS, Kind, ProviderEntry, RegistryEntry, StageKind, facts_text

__all__ = [
    "BUILTIN",
    "KINDS",
    "NOT_SAID",
    "STAGE_KINDS",
    "Kind",
    "ProviderEntry",
    "RegistryEntry",
    "StageKind",
    "asking_stages",
    "builtin_names",
    "facts_text",
    "find_entry",
    "find_provider",
    "label",
    "load_factory",
    "plugin_package",
    "plugin_points",
    "registered_names",
]
