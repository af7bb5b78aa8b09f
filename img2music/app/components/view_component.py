"""Views of the page: components of Gradio that are drawn by a script of ours from plain JSON.

A view's template is an empty element: the script fills it and keeps it, so nothing from the server is ever parsed as HTML. What people do
comes back through one component, the bus, as named events with JSON that is checked on arrival (`page_messages`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUS_EVENTS", "make_bus", "make_view", "static_html"]

BUS_EVENTS = ("work", "instant", "stop", "example", "download")
"""Events that the page's scripts send."""


def make_view(name: str, value: Mapping[str, Any] | None = None, *, title: str = "", classes: tuple[str, ...] = ()) -> gr.HTML:
    """A component that the view called `name` in `assets/app` draws.

    Args:
        name: what the script gave to `Img2MusicPage.define`.
        value: what is drawn first.
        title: a heading that stands over it and names the region for whoever hears the page.
        classes: further CSS classes.
    """
    heading = f"img2music-{name}-title"
    before, after = (f'<section aria-labelledby="{heading}"><h2 id="{heading}">{title}</h2>', "</section>") if title else ("", "")
    return gr.HTML(
        value=dict(value or {}),
        html_template=f'{before}<div class="view view-{name}"></div>{after}',
        js_on_load=f'window.Img2MusicPage.mount("{name}", {{ element, props, watch }});',
        apply_default_css=False,
        elem_id=f"img2music-{name}",
        elem_classes=list(classes),
    )


def make_bus() -> gr.HTML:
    """The component through which everything that people do arrives; it shows nothing."""
    names = ", ".join(f'"{name}"' for name in BUS_EVENTS)
    return gr.HTML(
        html_template="<span></span>",
        js_on_load=f"window.Img2MusicPage.openBus(trigger); /* events: {names} */",
        apply_default_css=False,
        elem_id="img2music-bus",
        elem_classes=["unseen-block"],
    )


def static_html(markup: str, *, name: str, classes: tuple[str, ...] = ()) -> gr.HTML:
    """Markup of our own that never changes."""
    return gr.HTML(
        html_template=markup.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${"),
        js_on_load=None,
        apply_default_css=False,
        elem_id=f"img2music-{name}",
        elem_classes=list(classes),
    )
