"""The tab that says who does the work: every pipeline with its stages, what it needs, what leaves the machine, and under which licence.

One that can't work here is greyed, with what to do about it. Drawn anew whenever the page is opened, so that it says what holds now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from img2music.app.components.page_texts import page_text
from img2music.app.pipeline_cards import pipeline_choices
from img2music.report.page.html import Html, el

if TYPE_CHECKING:
    from img2music.app.pipeline_cards import PipelineCard

__all__ = ["build_pipelines_tab", "pipelines_html"]


def build_pipelines_tab(page: gr.Blocks) -> None:
    """Lays the tab out inside the page that is being built."""
    shown = gr.HTML(elem_id="img2music-pipelines", elem_classes=["stage-card"], apply_default_css=False)
    page.load(pipelines_html, None, shown, api_visibility="private", show_progress="hidden")


def pipelines_html() -> str:
    """The whole tab as markup; all texts of files and plug-ins are escaped in it."""
    heading = "img2music-pipelines-title"
    return el(
        "section",
        el("h2", page_text("pipelines.title"), id=heading),
        el("p", page_text("pipelines.words"), class_="lead"),
        el("ul", [_card(card) for card in pipeline_choices()], class_="pipeline-list"),
        class_="view",
        aria_labelledby=heading,
    )


def _repeats(card: PipelineCard) -> str:
    """Which text says whether the same comes again: only the sound, or the notes too, may come out otherwise."""
    stages: Any = card["stages"]
    varying = {stage["kind"] for stage in stages if not stage["repeats"] and not stage["steps_in"]}
    return "same" if card["repeats"] else "sound_differs" if varying == {"renderer"} else "differs"


def _card(card: PipelineCard) -> Html:
    usable, stays = bool(card["usable"]), bool(card["stays"])
    badges = [
        el("span", page_text("pipelines.usable" if usable else "pipelines.unusable"), class_="state good" if usable else "state"),
        el("span", page_text("pipelines.stays" if stays else "pipelines.sends"), class_="state" if stays else "state warn"),
    ]
    stages: Any = card["stages"]
    models: Any = card["models"]
    rows = [("needs", card["needs"]), ("leaves", card["leaves_machine"]), ("licence", card["licence"])]
    weights: Any = card.get("weights", [])
    rows += [("weights", line) for line in weights]
    rows += [("model", f"{field['kind']}: {field['model']}, {field['prompt']}") for field in models]
    rows.append(("repeats", page_text(f"pipelines.{_repeats(card)}")))
    return el(
        "li",
        el("h3", str(card["name"]), " ", badges),
        el("p", str(card["description"])),
        None if usable else el("p", page_text("pipelines.remedy", remedy=card["remedy"]), class_="remedy"),
        el("dl", [[el("dt", page_text(f"pipelines.{name}")), el("dd", str(value))] for name, value in rows], class_="fact-rows"),
        el(
            "details",
            el("summary", page_text("pipelines.stages")),
            el("ol", [_stage(stage) for stage in stages], class_="stage-rows"),
        ),
        class_="pipeline" if usable else "pipeline unusable",
        data_pipeline=str(card["name"]),
    )


def _stage(stage: dict[str, Any]) -> Html:
    facts = [page_text("pipelines.stage_sends", what=stage["leaves_machine"])] if stage["leaves_machine"] else []
    facts += [page_text("pipelines.stage_licence", licence=stage["licence"])] if stage["licence"] else []
    facts += [stage["fault"]] if stage["fault"] else []
    name = f"{stage['kind']} {stage['name']}"
    return el(
        "li",
        el("strong", page_text("pipelines.steps_in", name=name) if stage["steps_in"] else name),
        ": ",
        stage["summary"],
        [el("small", "; ".join(facts))] if facts else None,
    )
