"""Which models were asked, with which prompt, and what had to be mended: from the manifest, for the report and the screen.

What a model said is quoted nowhere here but in the faults, which are bounded and escaped like everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.report.page.html import Html, el
from img2music.report.page.report_tables import html_table
from img2music.report.text_format import as_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.provenance import ModelUse
    from img2music.report.page.html import Child

__all__ = ["model_use_lines", "model_uses_table"]

_JOBS = {"perceiver": "seeing", "planner": "planning", "realizer": "writing the notes"}
_MOST_NOTES = 12


def model_uses_table(uses: Sequence[ModelUse]) -> Html | None:
    """A row for each conversation with a model; None where no model was asked."""
    if not uses:
        return None
    rows: list[list[Child]] = [
        [
            _job(use),
            [el("code", use.model), el("small", f" with {use.prompt} ({use.prompt_digest})", class_="quiet")],
            _outcome(use),
            _notes(use),
        ]
        for use in uses
    ]
    return html_table("asked", ("Job", "Model", "Result", "Corrected"), rows)


def model_use_lines(uses: Sequence[ModelUse]) -> tuple[str, ...]:
    """A sentence for each conversation."""
    lines = []
    for use in uses:
        mended = len(use.mended)
        more = f", {mended} {'thing' if mended == 1 else 'things'} mended" if mended else ""
        lines.append(f"{_job(use)}: {use.model} ({use.prompt}), {_outcome(use)}{more}")
    return tuple(lines)


def _job(use: ModelUse) -> str:
    return _JOBS.get(use.stage, use.stage)


def _outcome(use: ModelUse) -> str:
    said = f"{use.answers} {'answer' if use.answers == 1 else 'answers'}, {'used' if use.accepted else 'not used'}"
    if use.repairs:
        said += f", asked again {'once' if use.repairs == 1 else f'{use.repairs} times'}"
    if use.citations:
        said += f", {use.citations - use.unfounded} of {use.citations} citations found"
    return said


def _notes(use: ModelUse) -> Child:
    texts = use.mended or (() if use.accepted else use.faults)
    if not texts:
        return el("span", "nothing", class_="quiet")
    shown = [el("li", as_sentence(text)) for text in texts[:_MOST_NOTES]]
    if len(texts) > _MOST_NOTES:
        shown.append(el("li", f"and {len(texts) - _MOST_NOTES} more, in piece.json"))
    return el("ul", shown, class_="notes")
