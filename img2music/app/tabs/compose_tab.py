"""The first tab: a picture at the left, and at the right what came of it, in the order in which it arrives.

This module says what stands where and which event calls what; `compose_handlers` does the work.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import gradio as gr

from img2music.app.components.page_texts import page_text
from img2music.app.components.view_component import make_bus, make_view, static_html
from img2music.app.components.wishes_value import wishes_value
from img2music.app.tabs.compose_handlers import ComposeHandlers

if TYPE_CHECKING:
    from img2music.app.session.visits import Visits

__all__ = ["build_compose_tab"]

_MOST_WAITING = 16
"""Jobs that may be under way or wait for their turn (`Visits` gives the turns, and says on the page that one waits)."""
_FILES_AT_ONCE = 2
_LOST = "() => { window.Img2MusicPage.lost(); }"
_STAGES = ("see", "plan", "hear", "takes", "away")


def build_compose_tab(page: gr.Blocks, visits: Visits) -> None:
    """Lays the tab out inside the page that is being built, and wires it."""
    handlers = ComposeHandlers(visits)
    views: dict[str, gr.HTML] = {"colours": make_view("colours", classes=("unseen-block",))}
    with gr.Row(elem_id="img2music-desk"):
        with gr.Column(elem_id="img2music-left"):
            views["picture"] = make_view("picture")
            views["wishes"] = make_view("wishes", wishes_value())
            views["status"] = make_view("status")
            make_view("deck")
        with gr.Column(elem_id="img2music-right"):
            static_html(_intro(), name="intro")
            for stage in _STAGES:
                views[stage] = make_view(stage, title=page_text(f"titles.{stage}"), classes=("stage-card",))
                if stage == "hear":
                    views["sound"] = make_view("sound", title=page_text("titles.sound"), classes=("stage-card",))
    bus = make_bus()
    with gr.Column(elem_id="img2music-files"):  # never shown: the page's own buttons hand their files to these
        with gr.Column(elem_id="img2music-picture-field"):
            upload = gr.UploadButton(page_text("picture.field"), type="filepath", file_count="single")
        with gr.Column(elem_id="img2music-manifest-field"):
            manifest = gr.UploadButton(page_text("away.open_manifest"), type="filepath", file_count="single")
    drawn = [views[name] for name in handlers.drawn]
    private = {"api_visibility": "private", "show_progress": "hidden"}
    job = {"concurrency_limit": _MOST_WAITING, "concurrency_id": "job", "trigger_mode": "multiple"}
    files = {"concurrency_limit": _FILES_AT_ONCE, "concurrency_id": "file", "trigger_mode": "multiple"}
    events = (
        bus.work(handlers.work, None, drawn, **job, **private),
        upload.upload(handlers.open_upload, upload, drawn, trigger_mode="multiple", **private),
        manifest.upload(handlers.open_manifest, manifest, drawn, **job, **private),
        bus.example(handlers.open_example, None, drawn, trigger_mode="multiple", **private),
        bus.instant(handlers.instant, None, drawn, trigger_mode="multiple", **private),
        bus.download(handlers.download, None, drawn, **files, **private),
    )
    for event in events:  # handlers never fail; what does is a full queue, or a server that is gone
        event.failure(None, None, None, js=_LOST, api_visibility="private")
    bus.stop(handlers.stop, None, None, queue=False, trigger_mode="multiple", **private)
    page.load(
        lambda: wishes_value(pipelines=True, own_models=visits.limits.own_models), None, views["wishes"], queue=False, **private
    )
    page.unload(handlers.close)


def _intro() -> str:
    rows = "".join(
        f"<li><b>{escape(page_text(f'intro.{stage}'))}</b><span>{escape(page_text(f'intro.{stage}_words'))}</span></li>"
        for stage in _STAGES
    )
    title, words = escape(page_text("intro.title")), escape(page_text("intro.words"))
    heading = f'<h2 id="img2music-intro-title">{title}</h2>'
    return f'<section class="intro" aria-labelledby="img2music-intro-title">{heading}<p>{words}</p><ol>{rows}</ol></section>'
