"""The weights that the options of a stage name, and what is known of them: size, licence, whether that allows commercial use.

Quoted from the table of `sound_models`; nothing is looked for on this machine, and nobody is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from img2music.registry.sound_models import find_sound_model

if TYPE_CHECKING:
    from img2music.registry.sound_models import SoundModel

__all__ = ["NamedWeights", "named_weights"]

_MOST_NESTED = 4
"""Stages in the options of stages: a renderer that plays others."""
_NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class NamedWeights:
    """Weights as a stage's options name them."""

    name: str
    """Of a folder only its last part."""
    model: SoundModel | None
    """What the table says of them; None of a folder, and of others that are not in it."""

    @property
    def licence(self) -> str:
        """Of the weights; "not known" where the table has none."""
        return _NOT_KNOWN if self.model is None else self.model.licence

    @property
    def commercial(self) -> bool | None:
        """Whether that licence allows commercial use, perhaps under conditions; None where it is not known."""
        return None if self.model is None else self.model.commercial

    @property
    def facts(self) -> str:
        """Name, licence, what it allows, and size in one line."""
        return f"{self.name}: {'licence not known' if self.model is None else self.model.facts}"

    @property
    def record(self) -> dict[str, str | bool | float | None]:
        """The same for programs; ``gigabytes`` are those of the download."""
        return {
            "name": self.name,
            "licence": self.licence,
            "commercial": self.commercial,
            "gigabytes": None if self.model is None else self.model.gigabytes,
        }


def named_weights(options: Mapping[str, Any]) -> tuple[NamedWeights, ...]:
    """All weights that options name, those of the stage itself first, then those of stages that it plays."""
    found = dict.fromkeys(_names(options, _MOST_NESTED))
    return tuple(_named(name) for name in found)


def _named(name: str) -> NamedWeights:
    model = find_sound_model(name)
    is_path = model is None and (name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1)
    return NamedWeights(PurePath(name).name or name if is_path else name, model)


def _names(options: Mapping[str, Any], depth: int) -> list[str]:
    own = options.get("weights")
    names = [own] if isinstance(own, str) and own else []
    if depth:
        for value in options.values():
            if isinstance(value, Mapping):
                names += _names(value, depth - 1)
    return names
