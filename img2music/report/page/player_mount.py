"""The shared player (`assets/player`) in a page: where it is mounted, what it plays, its style.

The page shows everything without it: pages of the score and the piano roll as drawings, the browser's own player. The script takes the pages and the
sound from there, so that neither stands in the page twice; the data are JSON that no browser runs. The page's policy lets nothing be
fetched, so the mix is played by an audio element, and parts are not mixed.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from img2music.report.music_data import music_data, sound_peaks
from img2music.report.page.html import Html, el, strip_unsafe
from img2music.resources import asset_path

if TYPE_CHECKING:
    from img2music.io.engraving.score_following import ScoreFollowing
    from img2music.piece import Piece

__all__ = ["player_script", "player_stage", "player_style"]

SCRIPTS = ("basics", "audio_context", "sound", "score_view", "roll_view", "time_view", "mixer_view", "player")
"""In the order in which they are joined: each uses only those before it."""


def player_stage(piece: Piece, following: ScoreFollowing | None, shown_pages: int) -> Html:
    """The place of the player and its data.

    Args:
        piece: what is played.
        following: its pages with the seconds of their notes; None where the page has no score to follow.
        shown_pages: how many pages stand on the page; those beyond are not followed.
    """
    data = music_data(piece, following, peaks=() if piece.audio is None else sound_peaks(piece.audio))
    data["pages"] = []  # the script takes them from the page
    data["notes"] = [note for note in data["notes"] if note[4] < shown_pages]
    data["bars"] = [bar if bar[3] < shown_pages else ["", *bar[1:3], max(0, shown_pages - 1)] for bar in data["bars"]]
    # No "<" may end the element, and letters beyond ASCII are written as escapes.
    text = json.dumps(_stripped(data), separators=(",", ":")).replace("<", "\\u003c")
    return Html(el("div", id="stage", class_="stage") + f'<script type="application/json" id="music">{text}</script>')


def _stripped(value: object) -> object:
    """The data without control characters and direction marks in any text."""
    if isinstance(value, str):
        return strip_unsafe(value)
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items()}
    if isinstance(value, list | tuple) and any(not isinstance(item, int | float) for item in value):
        return [_stripped(item) for item in value]
    return value


@cache
def player_script() -> str:
    """The player's script, which defines ``Img2MusicPlayer``: its files joined, in one scope of their own."""
    parts = (asset_path(f"player/{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    return "(() => {\n" + "\n".join(('"use strict";', *parts)) + "})();\n"


@cache
def player_style() -> str:
    """The player's style sheet."""
    return asset_path("player/player.css").read_text(encoding="utf-8")
