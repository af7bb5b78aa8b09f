"""The picture with its cues marked, and the chips by which the rest of the page points at them.

Every cue and every colour has a place in one list (``Evidence.items``): its row in the table of cues is ``#cue-N``. What
has a place in the picture has a mark there too, ``#mark-M``, numbered for people; facts about the same place share one.
Whatever carries ``data-mark`` lights up that mark. Boxes are placed by style rules, not by style attributes, so that the
page needs no permission for those.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from img2music.report.cue_words import cue_figure, cue_name, cue_statement, cue_text
from img2music.report.page.html import Html, el, join_html
from img2music.report.text_format import as_sentence, join_words
from img2music.scene import Swatch

if TYPE_CHECKING:
    from img2music.report.page.html import Child
    from img2music.scene import Box, Cue, Scene

__all__ = ["CueIndex", "figure", "marks_css", "spark"]

_WHOLE_PICTURE = 0.98
"""A box of more than this part of the picture marks nothing."""
_CORNERS = ("mid", "tl", "tr", "br", "bl")
_APART = 0.075
"""Numbers on the picture keep at least this distance, in picture widths, where they can."""


@dataclass(frozen=True)
class CueIndex:
    """All that can be cited, in the order of the page: colours first."""

    scene: Scene | None

    @cached_property
    def items(self) -> tuple[Cue | Swatch, ...]:
        """Every swatch and cue; the place in here is the number on the page."""
        return (*self.scene.colours, *self.scene.cues) if self.scene is not None else ()

    @cached_property
    def index(self) -> dict[str, int]:
        """Number on the page by name; the first of two items of the same name counts."""
        numbers: dict[str, int] = {}
        for place, item in enumerate(self.items):
            numbers.setdefault(item.name, place)
        return numbers

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """The marked places; the mark's number counts from 0 here and from 1 for people."""
        boxes = [item.box for item in self.items if item.box is not None]
        return tuple(dict.fromkeys(box for box in boxes if 0 < box.width * box.height < _WHOLE_PICTURE))

    def mark(self, place: int) -> int | None:
        """The mark of item `place`, or None where it has no place in the picture."""
        box = self.items[place].box
        return self.boxes.index(box) if box in self.boxes else None

    def pointers(self, place: int) -> dict[str, str | int | None]:
        """The attributes by which the page's script finds what item `place` says and where it lies on the picture."""
        name, detail = _said(self.items[place])
        return {"href": f"#cue-{place}", "data_cue": place, "data_mark": self.mark(place), "data_text": f"{name} {detail}"}

    def badge(self, place: int) -> Html | None:
        """The number of an item's mark, for people."""
        mark = self.mark(place)
        return el("b", mark + 1, class_="badge") if mark is not None else None

    def chip(self, name: str) -> Html:
        """A small link to a cue's row that lights up its place on the picture; plain where the scene has no such cue."""
        place = self.index.get(name)
        if place is None:
            return el("span", cue_name(name), class_="chip")
        return el("a", _face(self.items[place], place), class_="chip", **self.pointers(place))

    def sign(self, places: list[int]) -> Html:
        """A numbered chip for a mark and the items that share it."""
        first, names = self.items[places[0]], [_said(self.items[place])[0] for place in places]
        face = _face(first, places[0]) if len(places) == 1 else join_words(tuple(names))
        return el("a", self.badge(places[0]), face, class_="chip", **self.pointers(places[0]))

    def chips(self, names: tuple[str, ...]) -> Html:
        """One chip a name."""
        return join_html([self.chip(name) for name in dict.fromkeys(names)])


def _face(item: Cue | Swatch, place: int) -> list[Child]:
    """An item in little room: its name and its value."""
    if isinstance(item, Swatch):
        return [el("i", class_=f"dot c{place}"), item.words, el("small", f"{item.share:.0%}")]
    return [cue_name(item.name), spark(item.value) if isinstance(item.value, tuple) else el("small", cue_figure(item))]


def _said(item: Cue | Swatch) -> tuple[str, str]:
    """What an item is called and what it says."""
    if isinstance(item, Swatch):
        return item.words, f"{item.hex}, {item.share:.0%} of the picture"
    return cue_name(item.name), cue_statement(item)


def _spot(box: Box, corner: str) -> tuple[float, float]:
    """Where a badge in that corner of a box has its centre, as fractions of the picture."""
    if corner == "mid":
        return box.x + box.width / 2, box.y + box.height / 2
    return box.x + (box.width if "r" in corner else 0), box.y + (box.height if "b" in corner else 0)


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def spark(values: tuple[float, ...]) -> Html:
    """A curve from left to right as a small drawing; its own lowest and highest value fill the height."""
    if len(values) < 2:
        return Html("")
    low, high = min(values), max(values)
    reach = (high - low) or 1.0
    thin = values[:: max(1, len(values) // 128)]
    points = " ".join(
        f"{100 * place / (len(thin) - 1):.1f},{22 - 20 * (value - low) / reach:.1f}" for place, value in enumerate(thin)
    )
    line = el("polyline", points=points)
    return el(
        "svg", line, class_="spark", viewBox="0 0 100 24", preserveAspectRatio="none", aria_hidden="true", focusable="false"
    )


def figure(evidence: CueIndex, picture_jpeg: bytes | None) -> Html:
    """The picture with its marks, the switch that hides them, and the legend of numbers."""
    scene = evidence.scene
    if picture_jpeg is not None:
        source = Html("data:image/jpeg;base64," + b64encode(picture_jpeg).decode("ascii"))
        size = {"width": scene.picture.width, "height": scene.picture.height} if scene is not None else {}
        image = el("img", id="picture", src=source, alt=_describe(scene), **size)
    elif scene is not None:
        image = _sketch(scene)
    else:
        return el("figure", el("p", "This piece began from a plan, without a picture.", class_="missing"), class_="picture")
    if not evidence.boxes:
        return el("figure", el("div", image, class_="frame"), class_="picture")
    switch = el("label", el("input", type="checkbox", id="marks", checked=True), " Marks", class_="switch")
    caption = el("figcaption", el("span", scene.picture.file if scene is not None else "", class_="file"), switch)
    marked: dict[int, list[int]] = {}
    for place in range(len(evidence.items)):
        mark = evidence.mark(place)
        if mark is not None:
            marked.setdefault(mark, []).append(place)
    legend = el("ol", [el("li", evidence.sign(places)) for places in marked.values()], class_="legend")
    overlay = el("div", _skyline(scene), _marks(evidence, marked), class_="marks")
    return el("figure", el("div", image, overlay, class_="frame"), caption, legend, class_="picture")


def _sketch(scene: Scene) -> Html:
    """In place of a picture that is not at hand: its colours where most of them lay, the largest behind."""
    height = 100 * scene.picture.height / scene.picture.width
    fields = [
        el(
            "rect",
            x=f"{100 * swatch.box.x:.2f}",
            y=f"{height * swatch.box.y:.2f}",
            width=f"{100 * swatch.box.width:.2f}",
            height=f"{height * swatch.box.height:.2f}",
            rx="2",
            fill=swatch.hex,
        )
        for swatch in sorted(scene.colours, key=lambda swatch: -swatch.share)
    ]
    title = el("title", f"The picture is not at hand. This sketch shows its colours in their places. {_describe(scene)}")
    return el("svg", title, fields, class_="sketch", viewBox=f"0 0 100 {height:.2f}", role="img")


def _marks(evidence: CueIndex, marked: dict[int, list[int]]) -> list[Html]:
    """One link a mark, the largest box lowest, so that every one can be reached; badges keep out of each other's way."""
    taken: list[tuple[float, float]] = []
    marks = []
    for box in sorted(evidence.boxes, key=lambda box: -box.width * box.height):
        spots = {corner: _spot(box, corner) for corner in _CORNERS}
        room = {corner: min((_distance(spots[corner], other) for other in taken), default=1.0) for corner in _CORNERS}
        corner = next((corner for corner in _CORNERS if room[corner] >= _APART), max(_CORNERS, key=lambda name: room[name]))
        taken.append(spots[corner])
        number = evidence.boxes.index(box)
        place = marked[number][0]
        name, detail = _said(evidence.items[place])
        side = ("right " if box.x + box.width / 2 > 0.5 else "") + ("low" if box.y + box.height / 2 > 0.6 else "")
        tag = el("span", el("strong", name), " ", detail, class_=f"tag {side}".strip())
        badge = el("b", number + 1, class_=f"badge {corner}")
        pointers = evidence.pointers(place)
        label = f"{number + 1}, {pointers.pop('data_text')}"
        marks.append(el("a", badge, tag, class_="mark", id=f"mark-{number}", aria_label=label, **pointers))
    return marks


def _skyline(scene: Scene | None) -> Html | None:
    """The skyline, where there is one, drawn over the picture: heights count upwards from its lower edge."""
    cue = scene.cue("skyline") if scene is not None else None
    if cue is None or cue.box is None or not isinstance(cue.value, tuple) or len(cue.value) < 2:
        return None
    last = len(cue.value) - 1
    points = " ".join(
        f"{100 * place / last:.2f},{100 - 100 * min(1, max(0, height)):.2f}" for place, height in enumerate(cue.value)
    )
    lines = [el("polyline", points=points, class_=name) for name in ("under", "over")]
    return el(
        "svg", lines, viewBox="0 0 100 100", preserveAspectRatio="none", class_="skyline", aria_hidden="true", focusable="false"
    )


def _describe(scene: Scene | None) -> str:
    if scene is None:
        return "The picture this piece was made from"
    colours = join_words(tuple(f"{swatch.words} ({swatch.share:.0%})" for swatch in scene.colours[:4]))
    facts = " ".join(as_sentence(cue_text(cue)) for cue in scene.cues[:4])
    return f"The picture {scene.picture.file}. Its colours: {colours or 'none stands out'}. {facts}".strip()


def marks_css(evidence: CueIndex) -> str:
    """Style rules that put every mark in its place, give every colour its own, and keep tall pictures on the screen."""
    rules = [
        f"#mark-{number}{{left:{100 * box.x:.2f}%;top:{100 * box.y:.2f}%;width:{100 * box.width:.2f}%;height:{100 * box.height:.2f}%}}"
        for number, box in enumerate(evidence.boxes)
    ]
    for place, item in enumerate(evidence.items):
        colour = getattr(item, "hex", "")
        if re.fullmatch(r"#[0-9a-f]{6}", colour):
            rules.append(f".c{place}{{background:{colour}}}")
    if evidence.scene is not None:
        picture = evidence.scene.picture
        rules.append(f".frame{{max-width:calc(85vh*{picture.width / picture.height:.4f})}}")
    return "".join(rules)
