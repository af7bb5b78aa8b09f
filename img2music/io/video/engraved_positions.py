"""Where notes and bars stand on an engraved page, read from its SVG.

A page of `engrave` is an outer ``<svg>`` in pixels with one inside that counts verovio's units; groups carry ids where they were asked for.
A note's place is that of its head: the outline of the glyph that ``<use>`` draws, through all transforms. A bar's place is that of its staff
lines, from the first staff to the last.

Conventions: boxes are in pixels of the page, from its upper left corner. Reads only what verovio writes: translations and scalings, paths of
lines and Béziers. Notes without a head of their own (a bar repeat, a hidden one) have no place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

__all__ = ["EngravedPositions", "PageBox", "engraved_positions"]

_SVG = "{http://www.w3.org/2000/svg}"
_TRANSFORM = re.compile(r"(translate|scale)\(([^)]*)\)")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_STEPS = 8  # points of a curve that are looked at; a head's outline is found to a fiftieth of a pixel
_COORDINATES = {"M": 2, "L": 2, "C": 6, "S": 4, "Q": 4, "T": 2}


class PageBox(NamedTuple):
    """A rectangle in pixels of the page."""

    left: float
    top: float
    right: float
    bottom: float

    def joined(self, other: PageBox) -> PageBox:
        """The smallest one that holds both."""
        return PageBox(
            min(self.left, other.left), min(self.top, other.top), max(self.right, other.right), max(self.bottom, other.bottom)
        )


@dataclass(frozen=True, slots=True)
class EngravedPositions:
    """One page."""

    width: float
    height: float
    heads: Mapping[str, PageBox] = field(default_factory=dict)
    """By the id of the note's group."""
    bars: Mapping[str, PageBox] = field(default_factory=dict)
    """By the id of the bar's group."""


class _Map(NamedTuple):
    """x -> x * sx + dx, and y likewise."""

    sx: float = 1.0
    sy: float = 1.0
    dx: float = 0.0
    dy: float = 0.0

    def then(self, transform: str) -> _Map:
        """With the transforms of an element inside."""
        sx, sy, dx, dy = self
        for name, text in _TRANSFORM.findall(transform):
            x, y = ([float(one) for one in _NUMBER.findall(text)] * 2)[:2]
            if name == "translate":
                dx, dy = dx + sx * x, dy + sy * y
            else:
                sx, sy = sx * x, sy * y
        return _Map(sx, sy, dx, dy)

    def box(self, points: Iterable[tuple[float, float]]) -> PageBox:
        """The smallest one that holds all points."""
        xs, ys = zip(*((x * self.sx + self.dx, y * self.sy + self.dy) for x, y in points), strict=True)
        return PageBox(min(xs), min(ys), max(xs), max(ys))


def engraved_positions(page: str) -> EngravedPositions:
    """Where the notes and bars of one page of `engrave` stand.

    Raises:
        ValueError: no page of `engrave`.
    """
    root = ET.fromstring(page)  # noqa: S314  engraved by this program a moment ago
    inner = root.find(f"{_SVG}svg")
    if inner is None or not inner.get("viewBox"):
        raise ValueError("a page has a drawing inside that counts units; read what `engrave` returns")
    width, height = (float(root.get(side, "0").removesuffix("px")) for side in ("width", "height"))
    left, top, units_wide, units_high = (float(one) for one in _NUMBER.findall(inner.get("viewBox", "")))
    scale = min(width / units_wide, height / units_high)  # both are the same but for rounding, and it is centred
    whole = _Map(scale, scale, (width - units_wide * scale) / 2 - left * scale, (height - units_high * scale) / 2 - top * scale)
    reader = _Reader(root)
    reader.walk(inner, whole, "", "")
    return EngravedPositions(width, height, reader.heads, reader.bars)


class _Reader:
    """Walks through a page once."""

    def __init__(self, root: Element) -> None:
        self.heads: dict[str, PageBox] = {}
        self.bars: dict[str, PageBox] = {}
        self.glyphs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for glyph in root.iterfind(f"{_SVG}defs/{_SVG}g"):
            for path in glyph.iterfind(f"{_SVG}path"):
                inside = _Map().then(path.get("transform", ""))
                self.glyphs[glyph.get("id", "")] += [
                    (x * inside.sx + inside.dx, y * inside.sy + inside.dy) for x, y in _outline(path.get("d", ""))
                ]

    def walk(self, element: Element, outer: _Map, note: str, bar: str) -> None:
        """Everything in a group, which stands in `note` and in `bar`."""
        for child in element:
            kind, name = child.get("class", ""), child.get("id", "")
            here = outer.then(child.get("transform", ""))
            if kind == "notehead":
                self._head(child, here, note)
            elif kind == "staff":
                lines = [line.get("d", "") for line in child.iterfind(f"{_SVG}path")]
                _add(self.bars, bar, here, [point for line in lines for point in _outline(line)])
                self.walk(child, here, note, bar)
            elif child.tag == f"{_SVG}g":
                self.walk(child, here, name if kind == "note" else note, name if kind == "measure" else bar)

    def _head(self, head: Element, outer: _Map, note: str) -> None:
        for use in head.iter(f"{_SVG}use"):
            glyph = self.glyphs.get(use.get("href", "").removeprefix("#"), [])
            _add(self.heads, note, outer.then(use.get("transform", "")), glyph)


def _add(boxes: dict[str, PageBox], name: str, place: _Map, points: list[tuple[float, float]]) -> None:
    if name and points:
        box = place.box(points)
        boxes[name] = boxes[name].joined(box) if name in boxes else box


def _outline(path: str) -> list[tuple[float, float]]:
    """Points of a path's outline (SVG 1.1, section 8.3): ends of lines, and points on curves."""
    points: list[tuple[float, float]] = []
    x = y = start_x = start_y = 0.0
    control: tuple[float, float] | None = None
    for letter, text in _COMMAND.findall(path):
        numbers = [float(one) for one in _NUMBER.findall(text)]
        kind, relative = letter.upper(), letter.islower()
        if kind == "Z":
            x, y, control = start_x, start_y, None
        elif kind in "HV":
            for number in numbers:
                x, y = (number + x * relative, y) if kind == "H" else (x, number + y * relative)
                points.append((x, y))
            control = None
        for at in range(0, len(numbers), _COORDINATES[kind]) if kind in _COORDINATES else ():
            pairs = zip(numbers[at : at + _COORDINATES[kind] : 2], numbers[at + 1 : at + _COORDINATES[kind] : 2], strict=True)
            corners = [(one + x * relative, other + y * relative) for one, other in pairs]
            if kind in "ST":
                corners.insert(0, (x, y) if control is None else (2 * x - control[0], 2 * y - control[1]))
            points += _curve([(x, y), *corners]) if kind in "CSQT" else corners
            control = corners[-2] if kind in "CSQT" else None
            x, y = corners[-1]
            if kind == "M" and at == 0:
                start_x, start_y = x, y
    return points


def _curve(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points on a Bézier curve but its first, by de Casteljau's construction."""
    points = []
    for step in range(1, _STEPS + 1):
        share, row = step / _STEPS, corners
        while len(row) > 1:
            row = [(a + (c - a) * share, b + (d - b) * share) for (a, b), (c, d) in pairwise(row)]
        points.append(row[0])
    return points
