"""HTML from Python, escaped by construction.

`el` builds one element; a plain string given to it is text and gets escaped, only an `Html` passes as it is. So a title,
a file name or a word of a brief can't become markup: nothing but this module turns text into `Html`.
Knows nothing of music.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from img2music.cancellation import checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Child", "Html", "data_svg", "el", "join_html", "relative_href", "strip_unsafe"]


class Html(str):
    """Markup that is safe to write as it is."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"
"""What an element may hold: text, markup, numbers, or several of them; None is nothing."""

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
# Control characters are no HTML, and marks that turn the direction of writing would reorder the text around them.
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def strip_unsafe(text: object) -> str:
    """`text` without control characters, direction marks and lone surrogates; not yet escaped."""
    return _UNWANTED.sub("", str(text)).encode("utf-8", "replace").decode("utf-8")


def join_html(child: Child) -> Html:
    """Children as one run of markup."""
    if child is None:
        return Html("")
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int):
        return Html(escape(strip_unsafe(child)))
    return Html("".join(map(join_html, child)))


def el(tag: str, *children: Child, **attributes: str | float | bool | None) -> Html:
    """One element. ``class_`` and ``data_cue`` become ``class`` and ``data-cue``; True is a bare attribute, None is left out.

    >>> el("a", "1 < 2", href="#x", data_cue=3)
    '<a href="#x" data-cue="3">1 &lt; 2</a>'
    """
    checkpoint()
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        written = name.rstrip("_").replace("_", "-")
        text = value if isinstance(value, Html) else escape(strip_unsafe(value))
        words.append(written if value is True else f'{written}="{text}"')
    opening = f"<{' '.join(words)}>"
    return Html(opening if tag in _VOID else f"{opening}{join_html(children)}</{tag}>")


def relative_href(path: str) -> Html:
    """A link to a file beside the page: always relative, never above the page's folder."""
    steps = [quote(step, safe="") for step in strip_unsafe(path).replace("\\", "/").split("/") if step not in {"", ".", ".."}]
    return Html("./" + "/".join(steps))


def data_svg(svg: str) -> Html:
    """An SVG document as a ``data:`` address for an ``<img>``.

    A picture in an ``<img>`` is inert: no script in it runs, and its ids and styles can't meet those of the page. Percent
    signs instead of base64 keep it shorter, as most of an engraving is plain ASCII.
    """
    text = strip_unsafe(svg)
    for raw, written in (("%", "%25"), ("#", "%23"), ('"', "%22"), ("&", "%26"), ("\r", ""), ("\n", " ")):
        text = text.replace(raw, written)
    return Html("data:image/svg+xml;charset=utf-8," + text)
