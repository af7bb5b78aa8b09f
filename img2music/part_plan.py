"""One instrument's line and job in a plan.

Conventions: energies in [0, 1], levels in dB beside the mix, pan -1 (left) to 1. Knows nothing of notes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from img2music.strict_model import StrictModel
from img2music.theory import instrument
from img2music.theory.instruments import Hand, hand_in_name

__all__ = ["PartPlan", "Role"]

Unit = Annotated[float, Field(ge=0, le=1)]
Role = Literal["melody", "counter", "chords", "arpeggio", "pad", "bass", "drums"]


class PartPlan(StrictModel):
    """One instrument's line and job."""

    id: Annotated[str, Field(max_length=200)] = ""
    """What the part is known by: its chance, its kept notes and what a model writes for it go by the id, and nobody is shown it.
    Unique in the plan. A part without one, as plans had none at first, takes its name, and then its hand too from the name."""
    name: Annotated[str, Field(max_length=200)]
    """Unique in the plan, only shown: "Violin", "Piano (left hand)". It decides no note."""
    hand: Hand | None = None
    """Which hand of a player plays it; the hands of one instrument are one player. None for a player of its own."""
    instrument: Annotated[str, AfterValidator(lambda name: instrument(name).name)]
    role: Role
    pattern: str = ""
    """How the role is played, one of the style's patterns; empty lets the composer choose."""
    from_energy: Unit = 0.0
    """The part rests in sections of less energy."""
    octave: Annotated[int, Field(ge=-3, le=3)] = 0
    """Shift of its usual register."""
    level_db: Annotated[float, Field(ge=-40, le=12)] = 0.0
    pan: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """-1 left .. 1 right."""

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, tree: Any) -> Any:
        """The id of a part that has none, and its hand, from the name."""
        if not isinstance(tree, dict):
            return tree
        name = tree.get("name")
        if "id" not in tree:
            return {"id": name, "hand": hand_in_name(name), **tree} if isinstance(name, str) else tree
        known = tree["id"]
        # The name of a part is taken as it is, whatever it holds: it was the part's id before there were any.
        if known != name and not (isinstance(known, str) and known.strip() and known.isprintable()):
            raise ValueError(f"part {name!r}: its id {known!r} is no plain text; give a word that no other part has")
        return tree

    @model_validator(mode="after")
    def _drums_on_kits(self) -> PartPlan:
        if self.role == "drums" and not instrument(self.instrument).kit:
            raise ValueError(
                f"part {self.name!r}: {self.instrument} can't play the role 'drums'; give it another role or a drum kit"
            )
        return self
