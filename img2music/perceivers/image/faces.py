"""Faces and what they express, as cues.

The detector looks at the whole picture at 192 pixels, black bars making it square, so that it finds faces from about a
twentieth of the longest side upwards that look roughly towards us; it takes no masks, no backs of heads, seldom profiles,
and now and then an animal or a doll for a person. The expression network was trained on small grey pictures of acted and
found faces (FER-2013, where people themselves agree in about two of three): its word is a guess at a look, not at a
feeling, and a faint one is "unclear". Of 16 people of OASIS called happy 14 are in pictures rated pleasant; of 7 called sad only 3
are in unpleasant ones, so that troubled words deserve little weight.

Conventions: boxes are fractions of the picture; `sure` and probabilities are 0..1. Knows nothing of who is seen, and tells
neither age nor anything else of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img2music.io.pictures import Picture
from img2music.onnx_networks import run_network
from img2music.perceivers.image.thumbnail import box_around, number_cue
from img2music.scene import Box, Cue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["EXPRESSIONS", "Face", "face_cues", "face_pixels", "find_faces"]

EXPRESSIONS = ("angry", "disgusted", "afraid", "happy", "sad", "surprised", "neutral")
"""What the expression network tells apart, in its order."""
_PLEASANT = np.array([-1.0, -1.0, -1.0, 1.0, -1.0, 0.0, 0.0])
"""What each counts in `smiles`."""

_SIDE, _GRID = 192, 48  # the detector's input, and its anchors: one in the middle of each of 48 × 48 cells
_FOUND = 0.5  # score from which a box counts as a face; see evals/LOG.md for what other floors find
_SAME = 0.3  # boxes that share more of their joint area are one face (as MediaPipe has it)
_MOST = 20  # faces kept, the surest first
_READ = 8  # faces whose expression is read, the largest first: a crowd has no look
_NAMED = 4  # faces with a cue of their own
_EXPRESSION_SIDE = 64
_LEAST_PIXELS = 24.0  # height of a face in the working copy below which its look is a guess
_SURE, _NEAR = 0.7, 0.2
"""A look is read where the detector is this sure or the face this high in the picture: 69 of the 96 pictures of persons in OASIS where
a face is found. There `smile` and rated valence agree with r = .38 [.17, .56], without the rule .28; chosen on these same pictures."""
_CLEAR = 0.6  # probability from which a look has a name (our choice)
_SMILING, _LARGE, _MIDDLE = 0.5, 0.3, 0.1

_WORDS = {
    "angry": "looking angry",
    "disgusted": "looking disgusted",
    "afraid": "looking afraid",
    "happy": "smiling",
    "sad": "looking sad",
    "surprised": "looking surprised",
    "neutral": "with a neutral look",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Face:
    """One face.

    `box` reaches from the brows to the chin. `sure` is how sure the detector is. `probabilities` are those of
    `EXPRESSIONS`, or empty where the look was not read (a tiny or doubtful face, or one of many).
    """

    box: Box
    sure: float
    probabilities: tuple[float, ...] = ()

    @property
    def expression(self) -> str:
        """One of `EXPRESSIONS`, or "unclear"."""
        if not self.probabilities or max(self.probabilities) < _CLEAR:
            return "unclear"
        return EXPRESSIONS[self.probabilities.index(max(self.probabilities))]

    @property
    def smile(self) -> float:
        """-1..1: happy minus sad, angry, afraid and disgusted; 0 where the look was not read."""
        return float(np.dot(self.probabilities, _PLEASANT)) if self.probabilities else 0.0


def find_faces(picture: Picture | NDArray[np.uint8]) -> tuple[Face, ...]:
    """The faces of a picture, the largest first; at most twenty.

    Args:
        picture: a decoded picture, or its pixels: sRGB, uint8 (height, width, 3).
    """
    rgb = picture.rgb if isinstance(picture, Picture) else picture
    found = [(box_around(*edges), sure) for edges, sure in _boxes(rgb)]
    found = [(box, sure) for box, sure in found if box.width > 0 and box.height > 0]
    found.sort(key=lambda one: (-one[0].width * one[0].height, one[0].x, one[0].y))
    readable = [
        box for box, sure in found if box.height * rgb.shape[0] >= _LEAST_PIXELS and (sure >= _SURE or box.height >= _NEAR)
    ][:_READ]
    looks: dict[Box, tuple[float, ...]] = {}
    if readable:
        answer = run_network("face_expression", np.stack([face_pixels(rgb, box)[None] for box in readable]))["expression"]
        for box, row in zip(readable, answer, strict=True):
            looks[box] = tuple(round(float(value), 3) for value in row)
    return tuple(Face(box, round(sure, 3), looks.get(box, ())) for box, sure in found)


def face_pixels(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """A face as the expression network takes it: grey, 64 × 64, -1..1, with its forehead; black beyond the picture."""
    from PIL import Image

    height, width = rgb.shape[:2]
    wide, high = box.width * width, box.height * height
    left, top = box.x * width - 0.1 * wide, box.y * height - 0.25 * high
    edges = [round(edge) for edge in (left, top, left + 1.2 * wide, top + 1.3 * high)]
    edges = [*edges[:2], max(edges[2], edges[0] + 1), max(edges[3], edges[1] + 1)]
    grey = Image.fromarray(rgb).crop((edges[0], edges[1], edges[2], edges[3])).convert("L")
    small = grey.resize((_EXPRESSION_SIDE, _EXPRESSION_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float32) / np.float32(127.5) - np.float32(1)


def face_cues(faces: Sequence[Face]) -> list[Cue]:
    """What the faces of a picture say, by name."""
    smiling = sum(face.smile > _SMILING for face in faces)
    cues = [number_cue("faces", len(faces), "0..20", _count_text(len(faces), smiling), _around(faces))]
    for number, face in enumerate(faces[:_NAMED], 1):
        cues.append(Cue(name=f"face_{number}", value=face.expression, unit="word", text=_face_text(face), box=face.box))
    largest = max((face.box.height for face in faces), default=0.0)
    share = f"the largest face fills {largest:.0%} of the height" if faces else "no face"
    weights = [face.box.width * face.box.height for face in faces]
    smiles = float(np.average([face.smile for face in faces], weights=weights)) if faces else 0.0
    if not faces:
        mood = "no face"
    elif abs(smiles) < 0.25:
        mood = "the faces look neither glad nor troubled" if len(faces) > 1 else "the face looks neither glad nor troubled"
    else:
        mood = ("the faces look " if len(faces) > 1 else "the face looks ") + ("glad" if smiles > 0 else "troubled")
    box = faces[0].box if faces else None
    return [
        *cues,
        number_cue("face_size", largest, "0..1", share, box),
        number_cue("smiles", smiles, "-1..1", mood, _around(faces)),
    ]


def _count_text(count: int, smiling: int) -> str:
    if count == 0:
        return "no face"
    text = f"{_spelt(count)} face{'s' if count > 1 else ''}"
    if count == 1:
        return f"{text}, smiling" if smiling else text
    return f"{text}, {_spelt(smiling)} of them smiling" if smiling else text


def _spelt(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _face_text(face: Face) -> str:
    size = "large" if face.box.height >= _LARGE else "middling" if face.box.height >= _MIDDLE else "small"
    if face.expression == "unclear":
        return f"a {size} face, its look unclear"
    return f"a {size} face, {_WORDS[face.expression]} ({max(face.probabilities):.0%} sure)"


def _around(faces: Sequence[Face]) -> Box | None:
    """The box around all faces."""
    if not faces:
        return None
    boxes = [face.box for face in faces]
    return box_around(
        min(box.x for box in boxes),
        min(box.y for box in boxes),
        max(box.x + box.width for box in boxes),
        max(box.y + box.height for box in boxes),
    )


def _boxes(rgb: NDArray[np.uint8]) -> list[tuple[tuple[float, float, float, float], float]]:
    """Left, top, right and bottom in fractions, and score, of at most `_MOST` faces, the surest first."""
    from PIL import Image

    height, width = rgb.shape[:2]
    scale = _SIDE / max(height, width)
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (_SIDE - columns) // 2, (_SIDE - rows) // 2
    pixels = np.full((_SIDE, _SIDE, 3), -1, np.float32)
    small = Image.fromarray(rgb).resize((columns, rows), Image.Resampling.BILINEAR)
    pixels[top : top + rows, left : left + columns] = np.asarray(small, np.float32) / np.float32(127.5) - np.float32(1)
    answer = run_network("face_boxes", np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    scores = 1 / (1 + np.exp(-np.clip(answer["scores"][0, :, 0].astype(np.float64), -50, 50)))
    likely = np.flatnonzero(scores > _FOUND)
    # The first four numbers are the centre beside the anchor, width and height, in pixels; the others are eyes, nose ...
    raw = answer["boxes"][0, likely, :4].astype(np.float64)
    centres = raw[:, :2] + np.stack([likely % _GRID + 0.5, likely // _GRID + 0.5], axis=1) * (_SIDE / _GRID)
    corners = np.concatenate([centres - raw[:, 2:] / 2, centres + raw[:, 2:] / 2], axis=1)
    kept: list[tuple[tuple[float, float, float, float], float]] = []
    left_over = [int(index) for index in np.argsort(-scores[likely], kind="stable")]
    while left_over and len(kept) < _MOST:
        best = left_over[0]
        same = [index for index in left_over if index == best or _overlap(corners[best], corners[index]) > _SAME]
        left_over = [index for index in left_over if index not in same]
        # Boxes of one face are averaged, the surer the heavier, which keeps them still when the picture changes a little.
        mean = np.average(corners[same], axis=0, weights=scores[likely][same])
        x0, y0, x1, y1 = ((mean - [left, top, left, top]) / [columns, rows, columns, rows]).tolist()
        kept.append(((x0, y0, x1, y1), float(scores[likely][best])))
    return kept


def _overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Joint area over the area of either."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    joint = float(np.prod(np.maximum(sides, 0)))
    areas = float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]))
    return joint / max(areas - joint, 1e-9)
