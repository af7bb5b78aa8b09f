"""What every registered metric measures: the cards of its numbers, without a value.

A metric is a row of kind "metric" in `img2music.registry`, one a family; its cards lie beside its function, as `CARDS` of the same module. Nothing
is measured here. Compliance has none: it gives promises and what became of them (`img2music.measurement.ComplianceRow`), no numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from img2music.errors import BackendError
from img2music.measurement import Measurement
from img2music.metrics.symbolic.norms import beside_people
from img2music.registry import builtin_names, find_entry, label, load_factory, registered_names

if TYPE_CHECKING:
    from img2music.registry import RegistryEntry

__all__ = ["list_metrics", "metric_cards"]


def metric_cards(name: str) -> tuple[Measurement, ...]:
    """The cards of one metric, in the order in which it measures, each with the band of people's songs where there is one.

    Raises:
        UsageError: no such metric.
        BackendError: a plug-in that can't be imported, or whose `CARDS` are none.
    """
    measure = load_factory("metric", name)
    cards = getattr(sys.modules[measure.__module__], "CARDS", {})
    sound = isinstance(cards, Mapping) and all(isinstance(one, Measurement) and one.value is None for one in cards.values())
    if not sound:
        raise BackendError(
            f"CARDS of {label('metric', name)} are no measurements without a value by name; tell the plug-in's author"
        )
    if name not in builtin_names("metric"):
        return tuple(cards.values())
    return tuple(map(beside_people, cards.values()))


def list_metrics() -> dict[str, tuple[RegistryEntry, tuple[Measurement, ...]]]:
    """Every metric that can be named, with its record and its cards; errors as of `metric_cards`."""
    return {name: (find_entry("metric", name), metric_cards(name)) for name in registered_names("metric")}
