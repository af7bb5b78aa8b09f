"""The page as Gradio sees it: a head, the tabs, and what they share."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import gradio as gr

from img2music.app.components.page_texts import page_text
from img2music.app.components.view_component import static_html
from img2music.app.endpoints import add_endpoints, public_calls
from img2music.app.tabs.compose_tab import build_compose_tab
from img2music.app.tabs.pipelines_tab import build_pipelines_tab
from img2music.app.tabs.prompt_lab_tab import build_prompt_lab_tab
from img2music.app.uploaded_files import accept_uploads_alone

if TYPE_CHECKING:
    from img2music.app.session.visits import Visits

__all__ = ["build_page"]

CACHE_SECONDS = (600, 3600)
"""How often files in the server's cache are looked at, and how old they may get."""


def build_page(visits: Visits) -> gr.Blocks:
    """The whole page over these visits; nothing is served yet. Its own user gets the prompt lab too (`Limits.own_models`)."""
    with gr.Blocks(title=page_text("page.title"), analytics_enabled=False, delete_cache=CACHE_SECONDS, fill_width=True) as page:
        static_html(
            f'<header class="head"><h1>{escape(page_text("page.title"))}</h1><p>{escape(page_text("page.tagline"))}</p></header>',
            name="head",
        )
        with gr.Tabs(elem_id="img2music-tabs"):
            with gr.Tab(page_text("page.tabs.compose"), id="compose"):
                build_compose_tab(page, visits)
            if visits.limits.own_models:
                with gr.Tab(page_text("page.tabs.prompt_lab"), id="prompt_lab"):
                    build_prompt_lab_tab(page, lambda session_hash: visits.get(session_hash).folder)
            with gr.Tab(page_text("page.tabs.pipelines"), id="pipelines"):
                build_pipelines_tab(page)
        add_endpoints(public_calls())
    accept_uploads_alone(page)
    return page
