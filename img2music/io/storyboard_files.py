"""Storyboards as files: `storyboard.json` in and out, and the scene of one that is a still picture.

They are read as every document is (`img2music.io.documents`), but may be larger: a curve holds up to 60 numbers a second, and every shot a
scene. So each list of numbers stands on one line of what is written. Knows nothing of what the shots and curves mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from img2music.errors import DocumentError
from img2music.io.documents import check_cues, document_kind, dump_json, load_scene, parse_json, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.scene import Scene
    from img2music.storyboard import Storyboard

__all__ = ["LARGEST_STORYBOARD_BYTES", "dump_storyboard", "load_scene_or_still", "load_storyboard"]

LARGEST_STORYBOARD_BYTES = 100_000_000
"""As much as the shots, curves and hit points of an hour take."""
_NUMBERS = re.compile(r"\[\n\s*(-?\d[^\[\]{}\"]*?)\s*\]")
"""A list of nothing but numbers in an indented document. No text can look like one, for none in JSON holds a newline as it is."""


def dump_storyboard(storyboard: Storyboard) -> str:
    """A storyboard as a JSON document: the same storyboard gives the same text."""
    return _NUMBERS.sub(lambda found: f"[{', '.join(found[1].replace(',', ' ').split())}]", dump_json(storyboard))


def load_storyboard(path: str | Path) -> Storyboard:
    """The storyboard in the JSON file at `path`.

    Raises:
        DocumentError: no such file, or no sound storyboard in it.
    """
    from img2music.storyboard import Storyboard

    content = read_file(path, largest_bytes=LARGEST_STORYBOARD_BYTES)
    storyboard = parse_json(content, Storyboard, kind="storyboard", source=str(path))
    for place, shot in enumerate(storyboard.shots):
        check_cues(shot.scene, str(path), prefix=f"shots.{place}.scene.", kind="storyboard")
    return storyboard


def load_scene_or_still(path: str | Path) -> Scene:
    """The scene in the JSON file at `path`: a scene's own file, or the storyboard of a still picture.

    Raises:
        DocumentError: no such file, nothing sound in it, or a storyboard that has a length.
    """
    if document_kind(read_file(path, largest_bytes=LARGEST_STORYBOARD_BYTES)) != "storyboard":
        return load_scene(path)
    storyboard = load_storyboard(path)
    if storyboard.seconds is not None:
        raise DocumentError(
            f"{path} is a storyboard of {storyboard.seconds:g} s, and a piece is planned from one scene; take one shot's scene: "
            "write what its field 'scene' holds to a file of its own, and give that"
        )
    return storyboard.shots[0].scene
