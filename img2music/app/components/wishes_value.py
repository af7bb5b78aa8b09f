"""What the view `wishes` draws: examples, lengths, and how the music is made: who does the work, and what may be chosen before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.app.components.page_assets import EXAMPLES, example_thumbnail
from img2music.app.components.page_texts import page_text
from img2music.app.components.plan_value import key_options, style_options
from img2music.app.pipeline_cards import pipeline_choices
from img2music.theory.keys import MODES

if TYPE_CHECKING:
    from img2music.app.pipeline_cards import PipelineCard

__all__ = ["DEFAULT_SECONDS", "LENGTHS_SECONDS", "wishes_value"]

LENGTHS_SECONDS = (20, 30, 45, 60, 90, 120, 180, 240)
DEFAULT_SECONDS = 30


def wishes_value(*, pipelines: bool = False, own_models: bool = False) -> dict[str, Any]:
    """What the view draws.

    Args:
        pipelines: whether it is looked up which ones can work here now (some tenths of a second); else none is offered yet.
        own_models: whether the line of a model may be named (`Limits.own_models`).

    Returns:
        ``lengths`` [s], ``seconds`` (the one that is chosen), ``examples`` [{name, url, label}], ``pipelines`` (`_pipeline`), ``own_models``,
        ``styles`` and ``keys`` [{value, label}], ``modes`` [name].
    """
    examples = [
        {"name": name, "url": example_thumbnail(name), "label": page_text(f"wishes.example_names.{name}")} for name in EXAMPLES
    ]
    return {
        "lengths": list(LENGTHS_SECONDS),
        "seconds": DEFAULT_SECONDS,
        "examples": examples,
        "pipelines": [_pipeline(card) for card in pipeline_choices()] if pipelines else [],
        "own_models": own_models,
        "styles": style_options(),
        "keys": key_options(),
        "modes": list(MODES),
    }


def _pipeline(card: PipelineCard) -> dict[str, Any]:
    """A pipeline with what is said under the list where it is chosen, or why it can't be."""
    name = str(card["name"])
    said = [str(card["description"]), page_text("wishes.needs", needs=card["needs"])]
    said.append(page_text("pipelines.stays") if card["stays"] else page_text("wishes.leaves", what=card["leaves_machine"]))
    return {
        "name": name,
        "usable": card["usable"],
        "stays": card["stays"],
        "said": said,
        "remedy": "" if card["usable"] else page_text("wishes.remedy", name=name, remedy=card["remedy"]),
        "asks": bool(card["models"]),
    }
