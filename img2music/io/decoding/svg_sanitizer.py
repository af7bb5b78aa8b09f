"""An SVG drawing read by a strict parser and written anew without anything that leads out of the file.

Pictures inside a drawing stay where they are `data:` (PNG, JPEG, GIF, WebP, or SVG, which is cleaned likewise). Every other
reference but those inside the document (``#id``) is left out, in attributes, in styles and in style sheets, and so are scripts and
foreign objects. Document type declarations are dropped; entities may be short plain text and nothing else, so that none opens a
file or grows. Sizes are CSS pixels.
Does not know: what a drawing shows.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
import zlib
from urllib.parse import unquote_to_bytes
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from img2music.errors import PictureError

__all__ = ["LARGEST_DRAWING", "NO_SIZE", "sanitize_svg", "unzipped"]

LARGEST_DRAWING = 30_000_000
"""Bytes of a drawing, unpacked, and characters of what is written anew."""
_MOST_ELEMENTS, _DEEPEST, _MOST_ENTITIES, _LONGEST_ENTITY = 200_000, 200, 100, 2000
_DEEPEST_DRAWING = 2  # drawings inside drawings
_LEFT_OUT = frozenset({"script", "foreignObject", "iframe", "object", "embed", "audio", "video", "handler"})
_PICTURES = frozenset({"image", "feImage"})
_LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(px|pt|pc|mm|cm|in|em|ex)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MOST = 1e9  # pixels: the largest claim that is written down
_UNITS = {"": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "em": 16.0, "ex": 8.0}
_RASTER = re.compile(r"data:image/(?:png|jpe?g|gif|webp)\s*[;,]", re.IGNORECASE)
_DRAWING = re.compile(r"data:image/svg\+xml((?:;[^,;]*)*),(.*)", re.IGNORECASE | re.DOTALL)
_IMPORT = re.compile(r"@(?:import|font-face|namespace)\b[^;{}]*(?:;|\{[^}]*\}|$)", re.IGNORECASE)
_URL = re.compile(r"(?:url|src|image|image-set)\s*+\(\s*+(?!['\"]?\s*+#)[^)]*+\)?", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|(.))", re.DOTALL)  # CSS Syntax 3, 4.3.7
NO_SIZE = "is a drawing of no size; give its <svg> a width, a height or a viewBox"


def unzipped(content: bytes, most: int = LARGEST_DRAWING) -> bytes:
    """What a gzip file holds, at most so many bytes of it; empty where it is damaged at once."""
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(content, most)
    except zlib.error:
        return b""


def sanitize_svg(content: bytes, longest: int | None = None, deep: int = 0) -> tuple[str, tuple[int, int] | None, int]:
    """The drawing written anew with nothing that leads out of it, the size it claims, and how many references were left out.

    With `longest` its root's size is made so many pixels.

    Raises:
        PictureError: no well-formed SVG, or larger, deeper or more tricky than a drawing is.
    """
    if len(content) > LARGEST_DRAWING:
        raise PictureError(f"is an SVG drawing of more than {LARGEST_DRAWING // 1_000_000} MB; export it as PNG")
    writer = _SafeWriter(longest, deep)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    parser.EntityDeclHandler = writer.entity
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise PictureError(f"is a damaged SVG drawing ({error}); copy or export it again") from None
    except PictureError:
        raise
    except (LookupError, ValueError) as error:  # an encoding that is none
        raise PictureError(f"is a damaged SVG drawing ({' '.join(str(error).split())[:100]}); save it as UTF-8") from None
    return "".join(writer.parts), writer.whole, writer.left_out


class _SafeWriter:
    """Writes what the parser reads."""

    def __init__(self, longest: int | None, deep: int) -> None:
        self.parts: list[str] = []
        self.whole: tuple[int, int] | None = None
        self.left_out = 0
        self._longest = longest
        self._deep = deep
        self._letters = self._elements = self._entities = 0
        self._open: list[str] = []
        self._skipping = 0

    def entity(self, name: str, is_parameter: bool, value: str | None, *outside: str | None) -> None:
        """A declared entity: plain and short, or the file is refused."""
        self._entities += 1
        system = outside[1] if len(outside) > 1 else None
        if value is None or system is not None or is_parameter:
            raise PictureError("is an SVG drawing that wants to read another file (an entity); export it as PNG")
        if "&" in value or "%" in value or len(value) > _LONGEST_ENTITY or self._entities > _MOST_ENTITIES:
            raise PictureError("is an SVG drawing whose entities are made to grow; export it as PNG")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        local = name.rpartition(":")[2]
        self._elements += 1
        self._open.append(local)
        if self._elements > _MOST_ELEMENTS or len(self._open) > _DEEPEST:
            raise PictureError(f"is an SVG drawing of more than {_MOST_ELEMENTS} parts or {_DEEPEST} levels; export it as PNG")
        if self._skipping or local in _LEFT_OUT:
            self._skipping += 1
            return
        if self._elements == 1:
            attributes = self._root(name, local, attributes)
        kept = {key: clean for key, value in attributes.items() if (clean := self._attribute(local, key, value)) is not None}
        self._write(f"<{name}" + "".join(f" {key}={quoteattr(value)}" for key, value in kept.items()) + ">")

    def end(self, name: str) -> None:
        """An element ends."""
        self._open.pop()
        if self._skipping:
            self._skipping -= 1
        else:
            self._write(f"</{name}>")

    def text(self, text: str) -> None:
        """What stands between."""
        if not self._skipping:
            self._write(escape(self._css(text) if self._open and self._open[-1] == "style" else text))

    def _write(self, part: str) -> None:
        self._letters += len(part)
        if self._letters > LARGEST_DRAWING:
            raise PictureError("is an SVG drawing that grows while it is read; export it as PNG")
        self.parts.append(part)

    def _root(self, name: str, local: str, attributes: dict[str, str]) -> dict[str, str]:
        if local != "svg":
            raise PictureError("is an XML file but no SVG drawing; give a picture")
        missing = {} if name != local or "xmlns" in attributes else {"xmlns": "http://www.w3.org/2000/svg"}
        if "xmlns:xlink" not in attributes:
            missing["xmlns:xlink"] = "http://www.w3.org/1999/xlink"
        size = _size(attributes)
        if size is not None:
            self.whole = max(1, round(size[0])), max(1, round(size[1]))
            missing |= self._fitted(attributes, size)
        return {**attributes, **missing}

    def _fitted(self, attributes: dict[str, str], size: tuple[float, float]) -> dict[str, str]:
        """The root's size in the pixels that are drawn, so that neither a tiny nor a huge drawing meets the drawer's limits."""
        if self._longest is None:
            return {}
        scale = self._longest / max(size)
        fitted = {"width": str(max(1, round(size[0] * scale))), "height": str(max(1, round(size[1] * scale)))}
        shape = _box(attributes)
        if shape is None:
            fitted["viewBox"] = f"0 0 {size[0]:.9g} {size[1]:.9g}"
        if shape is None or abs(shape[0] * size[1] / (shape[1] * size[0]) - 1) < 1e-3:  # else it says how it is laid in
            fitted["preserveAspectRatio"] = "none"  # the sides are whole numbers
        return fitted

    def _attribute(self, element: str, key: str, value: str) -> str | None:
        """An attribute without what leads out; None leaves it out."""
        local = key.rpartition(":")[2]
        if key == "xml:base" or local.startswith("on"):
            return None
        if key == "xmlns" or key.startswith("xmlns:"):
            return value
        if local in {"href", "src"}:
            return self._reference(element, value)
        return self._css(value) if "(" in value or local == "style" else value

    def _reference(self, element: str, value: str) -> str | None:
        value = value.strip()
        if value.startswith("#"):
            return value
        if element in _PICTURES and _RASTER.match(value):
            return value
        inner = _DRAWING.fullmatch(value) if element in _PICTURES else None
        if inner is not None and self._deep < _DEEPEST_DRAWING:
            try:
                body = unquote_to_bytes(inner[2])
                body = base64.b64decode(body, validate=False) if "base64" in inner[1].lower() else body
                text, _, left_out = sanitize_svg(unzipped(body) if body[:2] == b"\x1f\x8b" else body, None, self._deep + 1)
            except (PictureError, binascii.Error, ValueError):
                self.left_out += 1
                return None
            self.left_out += left_out
            return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode()
        if element != "a" and value:  # a link is for readers, not for the drawing
            self.left_out += 1
        return None

    def _css(self, text: str) -> str:
        """A style without what leads out. Comments and escapes, in which a name could hide, are resolved first."""
        text = _ESCAPE.sub(_unescaped, _COMMENT.sub("", text)).replace("\\", "")
        text, imports = _IMPORT.subn("", text)
        text, links = _URL.subn("none", text)
        self.left_out += imports + links
        return text


def _unescaped(found: re.Match[str]) -> str:
    """The letter of a CSS escape; what no XML may hold becomes a blank."""
    letter = chr(int(found[1], 16)) if found[1] and int(found[1], 16) <= sys.maxunicode else found[2] or " "
    return letter if letter.isprintable() else " "


def _box(attributes: dict[str, str]) -> tuple[float, float] | None:
    """Width and height of the viewBox; None where there is none that makes sense."""
    box = [float(number) for number in _NUMBER.findall(attributes.get("viewBox", ""))]
    return (box[2], box[3]) if len(box) == 4 and 0 < box[2] <= _MOST and 0 < box[3] <= _MOST else None


def _size(attributes: dict[str, str]) -> tuple[float, float] | None:
    """Width and height in CSS pixels, from the root's attributes; None where they say nothing.

    Raises:
        PictureError: a size of nothing.
    """
    shape = _box(attributes)
    width, height = _length(attributes.get("width", "")), _length(attributes.get("height", ""))
    if (width is not None and width <= 0) or (height is not None and height <= 0):
        raise PictureError(NO_SIZE)
    if shape is not None:
        if width is None and height is None:
            width, height = shape
        elif height is None and width is not None:
            height = width * shape[1] / shape[0]
        elif width is None and height is not None:
            width = height * shape[0] / shape[1]
    if width is None or height is None or min(width, height) <= 0:
        return None
    return min(width, _MOST), min(height, _MOST)


def _length(text: str) -> float | None:
    found = _LENGTH.fullmatch(text.strip())
    return None if found is None else float(found[1]) * _UNITS[found[2] or ""]
