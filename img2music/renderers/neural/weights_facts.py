"""What lists say of a set of weights: licence, whether what it makes may be sold, size, and whether it is here.

Quoted from the table of known weights, from the model card where weights are here, or "not known". Nothing is loaded, fetched or asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.registry.sound_models import find_sound_model
from img2music.renderers.neural.weights import is_here, licence_facts, licence_of, weights_label

if TYPE_CHECKING:
    from pydantic import JsonValue

__all__ = ["WeightsFacts", "weights_facts"]


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """One set of weights."""

    label: str
    """Its name; of a folder only the last part."""
    licence: str
    """"not known" where nobody says."""
    commercial: bool | None
    """Whether that licence allows commercial use, perhaps under conditions; None where it is not known."""
    conditions: str
    """Under which; empty where there are none to mention."""
    gigabytes: float | None
    """To download; None of weights that are not in the table."""
    here: bool
    """Whether it is on this machine and whole; weights that come by a program of their own are that program's business."""
    text: str
    """Licence, what it allows, size and source in one line."""

    @property
    def record(self) -> dict[str, JsonValue]:
        """For programs."""
        return {
            "name": self.label,
            "licence": self.licence,
            "commercial": self.commercial,
            "conditions": self.conditions,
            "gigabytes": self.gigabytes,
            "here": self.here,
        }


def weights_facts(name: str) -> WeightsFacts:
    """What is known of the weights that a stage names."""
    model = find_sound_model(name)
    licence, commercial = licence_of(name)
    return WeightsFacts(
        label=weights_label(name),
        licence=licence,
        commercial=commercial,
        conditions="" if model is None else model.conditions,
        gigabytes=None if model is None else model.gigabytes,
        here=is_here(name),
        text=licence_facts(name),
    )
