"""Files between a visit and the page: the picture, and what the player needs, with addresses of the sound.

What the page gets are addresses of files in the visit's own folder.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from img2music.app.components.page_texts import page_text
from img2music.app.session.sounds.sound_wish import departs_from_score
from img2music.io.engraving.score_following import follow_score
from img2music.report.music_data import music_data

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.app.session.takes import MadeTake
    from img2music.app.session.visit import Visit

__all__ = ["LARGEST_FILE", "heard_value", "picture_value", "served_url"]

LARGEST_FILE = 20_000_000
"""Bytes of an upload that are read."""
_PICTURE_PIXELS = 900
"""Longest side of the picture on the page: two pixels of the screen for one of the layout."""


def served_url(path: Path) -> str:
    """The address of a file of a visit, relative to the page, so that it holds behind any root path."""
    return "gradio_api/file=" + quote(path.as_posix())


def heard_value(visit: Visit, take: MadeTake, *, score: bool = True, stems: bool = True) -> dict[str, Any]:
    """Writes what the player needs into the visit's folder, and says where it is.

    What takes longer may come later: the engraved `score` some tenths of a second, the `stems` about as long as the sound itself.

    Raises:
        BackendError: the score can't be engraved. Cancelled: the visit's work was stopped. OSError: the visit was closed; its folder is
            not made again.
    """
    media = visit.media(take, stems=stems)
    path = visit.folder / f"music-{take.number}-{'score' if score else 'sound'}{'-stems' if stems else ''}.json"
    drawn = visit.folder / f"music-{take.number}-score.json"
    if score and drawn.is_file():
        data = json.loads(drawn.read_bytes())
    else:
        following = follow_score(take.piece.score, take.piece.performance) if score else None
        data = music_data(take.piece, following, audio_url=served_url(media.mix), peaks=media.peaks)
    data["stems"] = [
        {"part": part, "name": one.name, "url": served_url(one.path), "level_db": 0.0} for part, one in enumerate(media.stems)
    ]
    if departs_from_score(take.renderer):
        data["stems_words"] = page_text("hear.no_stems", renderer=take.renderer)
    path.write_text(json.dumps(data), encoding="utf-8")
    return {"url": served_url(path), "number": take.number}


def picture_value(visit: Visit) -> dict[str, Any]:
    """What the view `picture` draws before anything is seen: the picture as our own decoder read it."""
    from img2music.io.pictures import preview_jpeg

    if visit.picture is None:
        return {}
    small = b64encode(preview_jpeg(visit.picture, _PICTURE_PIXELS)).decode("ascii")
    return {"url": f"data:image/jpeg;base64,{small}", "name": visit.picture.file}
