"""Which models were asked, with which prompt, and what had to be mended: from the manifest, for the report and the screen.

What a model said is quoted nowhere here but in the faults, which are bounded and escaped like everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from img2music.report.explanation import as_sentence
from img2music.report.page.html import Html, el
from img2music.report.page.report_tables import html_table

if TYPE_CHECKING:
    from img2music.report.page.html import Child

__all__ = ["model_use_lines", "model_uses_table"]

_JOBS = {"perceiver": "seeing", "planner": "planning", "realizer": "writing the notes"}
_MOST_NOTES = 12


def model_uses_table(manifest: Mapping[str, Any]) -> Html | None:
    """A row for each conversation with a model; None where no model was asked."""
    uses = _uses(manifest)
    if not uses:
        return None
    rows: list[list[Child]] = [
        [
            _JOBS.get(str(use.get("stage")), str(use.get("stage"))),
            [
                el("code", str(use.get("model"))),
                el("small", f" with {use.get('prompt')} ({use.get('prompt_digest')})", class_="quiet"),
            ],
            _outcome(use),
            _notes(use),
        ]
        for use in uses
    ]
    return html_table("asked", ("Job", "Model", "Came of it", "Mended or missed"), rows)


def model_use_lines(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each conversation."""
    lines = []
    for use in _uses(manifest):
        mended = len(_texts(use, "mended"))
        more = f", {mended} {'thing' if mended == 1 else 'things'} mended" if mended else ""
        lines.append(
            f"{_JOBS.get(str(use.get('stage')), use.get('stage'))}: {use.get('model')} ({use.get('prompt')}), {_outcome(use)}{more}"
        )
    return tuple(lines)


def _outcome(use: Mapping[str, Any]) -> str:
    answers, repairs = _count(use, "answers"), _count(use, "repairs")
    how = "used" if use.get("accepted") else "not used"
    said = f"{answers} {'answer' if answers == 1 else 'answers'}, {how}"
    if repairs:
        said += f", asked again {'once' if repairs == 1 else f'{repairs} times'}"
    citations, unfounded = _count(use, "citations"), _count(use, "unfounded")
    if citations:
        said += f", {citations - unfounded} of {citations} citations found"
    return said


def _notes(use: Mapping[str, Any]) -> Child:
    texts = _texts(use, "mended") or (_texts(use, "faults") if not use.get("accepted") else ())
    if not texts:
        return el("span", "nothing", class_="quiet")
    shown = [el("li", as_sentence(text)) for text in texts[:_MOST_NOTES]]
    if len(texts) > _MOST_NOTES:
        shown.append(el("li", f"and {len(texts) - _MOST_NOTES} more, in piece.json"))
    return el("ul", shown, class_="notes")


def _uses(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = manifest.get("models")
    return [use for use in listed if isinstance(use, Mapping)] if isinstance(listed, Sequence) else []


def _texts(use: Mapping[str, Any], name: str) -> tuple[str, ...]:
    listed = use.get(name)
    return tuple(map(str, listed)) if isinstance(listed, Sequence) and not isinstance(listed, str) else ()


def _count(use: Mapping[str, Any], name: str) -> int:
    value = use.get(name)
    return value if isinstance(value, int) else 0
