"""What every page of ours has in common: a head with its policy, colours for day, night and paper, sections.

A page needs nothing but a browser. Its content security policy names style and script by their hashes and forbids everything else: no
network, no foreign script, no font from outside; only a sound may lie beside the page.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from img2music.report.page.html import Html, data_svg, el

if TYPE_CHECKING:
    from img2music.report.page.html import Child
    from img2music.report.page.page_colours import Theme

__all__ = ["page_head", "page_section", "theme_css"]

_NAMES = ("paper", "card", "line", "ink", "soft", "accent", "on_accent", "tint", "good", "bad")
_ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="5" cy="12" r="3"/><path d="M7 12V2l6 2v3L8.5 5.5"/></svg>'


def theme_css(light: Theme, dark: Theme) -> str:
    """The colours of a page as variables, by day, by night and on paper."""
    colours = f":root{{{_variables(light)}}}@media (prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}"
    return colours + f"@media print{{:root{{{_variables(light)}}}}}"


def _variables(theme: Theme) -> str:
    plain = "".join(f"--{name.replace('_', '-')}:{getattr(theme, name)};" for name in _NAMES)
    return plain + "".join(f"--m{place}:{colour};" for place, colour in enumerate(theme.materials))


def page_head(title: str, style: str, script: str | None = None) -> Html:
    """The head of a page; a page without `script` runs none."""
    runs = "" if script is None else f"script-src {_hash(script)}; "
    policy = (
        f"default-src 'none'; img-src data:; media-src 'self' file: data:; style-src {_hash(style)}; "
        f"{runs}base-uri 'none'; form-action 'none'"
    )
    return el(
        "head",
        el("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="generator", content="img2music"),
        el("title", title),
        el("link", rel="icon", href=data_svg(_ICON)),
        el("style", Html(style)),
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def page_section(name: str, title: str, *content: Child) -> Html:
    """A part of a page with its heading."""
    return el("section", el("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")
