"""Which models were asked, with which prompt, what had to be mended, and who made the sound: from the manifest, for the report and the screen.

What a model said is quoted nowhere here but in the faults, which are bounded and escaped like everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.report.page.html import Html, el
from img2music.report.page.report_tables import html_table
from img2music.report.text_format import as_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.provenance import ModelUse, SoundTake, SoundUse
    from img2music.report.page.html import Child

__all__ = ["model_use_lines", "model_uses_table", "sound_use_block", "sound_use_lines"]

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


def sound_use_lines(uses: Sequence[SoundUse]) -> tuple[str, ...]:
    """A sentence for each time that a network made sound."""
    lines = []
    for use in uses:
        kept = [take for take in use.takes if take.kept]
        marks = f", mark {kept[0].mark:.2f}" if kept and kept[0].mark is not None else "" if kept else ", not used"
        many = f", best of {len(use.takes)} takes" if kept and len(use.takes) > 1 else ""
        # one that never began was computed on nothing
        by = ", ".join(part for part in (use.renderer, use.device) if part != "not known")
        lines.append(f"sound: {use.weights} ({by}), licence {use.licence}{many}{marks}")
    return tuple(lines)


def sound_use_block(uses: Sequence[SoundUse]) -> list[Html]:
    """For each network that made sound: weights, licence, device, what it was told, and what was heard in its takes."""
    return [_sound_use(use) for use in uses]


def _sound_use(use: SoundUse) -> Html:
    allowed = {True: "commercial use allowed", False: "no commercial use", None: "whether commercial use is allowed is not known"}
    facts: list[tuple[str, Child]] = [
        ("weights", [el("code", use.weights), f" by {use.renderer}"]),
        ("licence", f"{use.licence}: {allowed[use.commercial]}"),
        ("computed on", f"{use.device}, {use.precision}"),
    ]
    if use.text:
        with_prompt = el("small", f" with {use.prompt}", class_="quiet") if use.prompt else None
        facts.append(("told in words", [f"“{use.text}”", with_prompt]))
    rows: list[Child] = [[el("dt", name), el("dd", value)] for name, value in facts]
    lists = (("Also told", use.conditions), ("Done otherwise than asked", use.notes))
    told = [
        [el("h3", title), el("ul", [el("li", as_sentence(line)) for line in lines], class_="notes")]
        for title, lines in lists
        if lines
    ]
    return el("div", el("dl", rows, class_="versions"), told, _sound_takes(use.takes), class_="sound")


def _sound_takes(takes: Sequence[SoundTake]) -> list[Html] | None:
    if not takes:
        return None
    rows: list[list[Child]] = [
        [
            [str(take.seed), el("strong", " kept") if take.kept else None],
            "not heard" if take.mark is None else f"{take.mark:.2f}",
            el("ul", [el("li", as_sentence(line)) for line in take.heard], class_="notes") if take.heard else None,
        ]
        for take in takes
    ]
    hint = "What is found by listening is a guess; the mark says how far the sound does what the score says, from 0 to 1."
    return [
        el("h3", "Takes that were heard"),
        html_table("sounds", ("Seed", "Mark", "Asked and heard"), rows),
        el("p", hint, class_="hint"),
    ]
