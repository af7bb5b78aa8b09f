"""What kind of picture it is: photograph, drawing, silhouette, screenshot, page of text, or plain.

Measured on rows and columns of the working copy at its full detail, because flat areas, strokes and ruled lines vanish in the
small copy. Thresholds are our choice, set on made pages, screens and drawings, on silhouettes and on photographs.

Does not know: paintings (their texture is a photograph's to these measurements, so they are called photographs), shaded
drawings, photographs of pages, pictures of several kinds at once. Where nothing else is clear, it is a photograph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.perceivers.image.thumbnail import Thumbnail, number_cue, pick_word
from img2music.scene import Cue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from img2music.io.pictures import Picture

__all__ = ["Strokes", "kind_cues", "measure_strokes"]

_LINES = 96
"""At most so many rows, and so many columns, are looked at."""
_PLAIN = 0.1  # content below which there is hardly anything to see
_STILL = 2  # difference of neighbours (of 255) that is still flat: what JPEG leaves of one colour
_STEP = 48  # difference from pixel to pixel (of 255) that is the edge of a stroke
_CONTENT_WORDS = (
    (0.05, "nothing to see"),
    (0.2, "nearly nothing to see"),
    (0.5, "little to see"),
    (0.8, "enough to see"),
    (2, "a full picture"),
)


@dataclass(frozen=True, slots=True)
class Strokes:
    """Measurements of flatness and strokes, all 0..1 but `strokes`."""

    flat: float
    """Neighbours of (nearly) one colour."""
    even: float
    """Neighbours of exactly one colour, black and white left out of both sides of the share."""
    ground: float
    """Pixels close to the most frequent tone."""
    dark: float
    light: float
    """Pixels near black and near white."""
    colour: float
    """Pixels that are visibly coloured."""
    strokes: float
    """Sharp steps along a row that has any, on average."""
    lines: float
    """How often rows with strokes and empty rows change, per row looked at."""
    ruled: float
    """Sharp steps that go on straight, level or upright, for at least a twelfth of the picture."""


def measure_strokes(rgb: NDArray[np.uint8]) -> Strokes:
    """Measures the working copy (height, width, 3)."""
    height, width = rgb.shape[:2]
    rows = rgb[:: -(-height // _LINES)].astype(np.int16)
    green = rgb[..., 1]
    columns = green[:, :: -(-width // _LINES)].T.astype(np.int16)
    tones = rows[..., 1]
    across, down = np.abs(np.diff(tones, axis=1)), np.abs(np.diff(columns, axis=1))
    shares = np.bincount(tones.ravel() // 8, minlength=32) / tones.size
    top = int(shares.argmax())
    few = rows[:, ::3]
    coloured = few.max(axis=2) - few.min(axis=2) > 40
    steps = across > _STEP
    per_row = steps.sum(axis=1)
    inked = per_row > 2
    return Strokes(
        flat=(float((across <= _STILL).mean() if across.size else 1) + float((down <= _STILL).mean() if down.size else 1)) / 2,
        even=_even(tones, across),
        ground=float(shares[max(0, top - 1) : top + 2].sum()),
        dark=float((tones < 56).mean()),
        light=float((tones > 199).mean()),
        colour=float(coloured.mean()),
        strokes=float(per_row[inked].mean()) if inked.any() else 0.0,
        lines=float(np.abs(np.diff(inked.astype(np.int8))).mean()) if len(inked) > 1 else 0.0,
        ruled=_ruled(green),
    )


def _even(tones: NDArray[np.int16], across: NDArray[np.int16]) -> float:
    inner = (tones[:, 1:] > 8) & (tones[:, 1:] < 247)
    count = int(inner.sum())
    return float((across[inner] == 0).mean()) if count > 0.05 * max(1, across.size) else 0.0


def _ruled(green: NDArray[np.uint8]) -> float:
    """Share of the steps between neighbours that belong to straight level or upright runs."""
    straight, whole = 0, 0
    for tones in (green, green.T):
        # Steps between a row and the next, in stretches of a twelfth; a run is a stretch that steps nearly all along.
        length = max(8, tones.shape[1] // 12)
        count = tones.shape[1] // length
        if len(tones) < 2 or not count:
            continue
        part = np.ascontiguousarray(tones[:, : count * length])
        steps = np.maximum(part[1:], part[:-1]) - np.minimum(part[1:], part[:-1]) > 12
        sums = np.add.reduce(steps.reshape(len(steps), count, length), axis=2, dtype=np.uint16)
        straight += int(sums[sums >= 0.9 * length].sum())
        whole += int(sums.sum())
    return straight / whole if whole else 0.0


def _kind(view: Thumbnail, seen: Strokes) -> tuple[str, str]:
    """The word and what speaks for it, the surest kind first."""
    still, tone = f"{seen.flat:.0%} of it is flat", f"{seen.ground:.0%} has one tone"
    grey = seen.colour < 0.03
    if seen.ground > 0.65 and seen.strokes > 55 and seen.lines > 0.09 and seen.ruled < 0.1 and seen.colour < 0.1:
        return "text", f"a page of text: rows of small strokes, {seen.strokes:.0f} steps a row; {tone}"
    if view.content < _PLAIN:
        return "plain", "hardly anything to see"
    if grey and seen.dark + seen.light > 0.9 and min(seen.dark, seen.light) > 0.03 and seen.flat > 0.8 and seen.strokes < 55:
        return "silhouette", f"a silhouette: {seen.dark:.0%} black and {seen.light:.0%} white, hardly a tone between"
    if seen.flat > 0.85 and seen.ruled > 0.2 and seen.ground > 0.4 and seen.even > 0.7:
        return "screenshot", f"a screen: {still}, {seen.ruled:.0%} of its edges are ruled"
    if (seen.flat > 0.75 and seen.even > 0.6) or (seen.ground > 0.8 and grey and seen.light > 0.85 and seen.flat > 0.65):
        return "drawing", f"a drawing: {still}, {tone}"
    return "photograph", f"taken for a photograph: {seen.flat:.0%} of it is flat, {seen.ground:.0%} has one tone"


def kind_cues(view: Thumbnail, picture: Picture) -> list[Cue]:
    """How much there is to see (`content`), and what kind of picture it is (`picture_kind`)."""
    word, text = _kind(view, measure_strokes(picture.rgb))
    return [
        number_cue("content", view.content, "0..1", pick_word(view.content, _CONTENT_WORDS)),
        Cue(name="picture_kind", value=word, unit="word", text=text),
    ]
