"""The page's scripts and styles, joined from the small files in `assets/app` and `assets/player` and put into the page itself.

They travel inside the page, so that it needs no address of a file on this machine and works behind any root path. Nothing is loaded from
another host.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache

from img2music.app.components.page_texts import page_texts
from img2music.report.page.player_mount import player_script, player_style
from img2music.resources import asset_path, data_folder

__all__ = ["EXAMPLES", "example_bytes", "example_thumbnail", "page_head", "page_styles"]

SCRIPTS = (
    "app/core.js", "app/bus.js", "app/pointer.js", "app/status.js", "app/camera.js", "app/picture.js",
    "app/how_made.js", "app/wishes.js", "app/affect_plane.js", "app/see.js", "app/timeline.js", "app/choices.js", "app/parts.js", "app/plan_text.js",
    "app/plan.js", "app/hear.js", "app/sound.js", "app/deck.js", "app/takes.js", "app/take_away.js", "app/page_start.js",
)  # fmt: skip
"""In the order in which they run, after the player: each uses only those before it."""
STYLES = (
    "app/tokens.css", "app/layout.css", "app/controls.css", "app/picture.css", "app/stages.css", "app/programs.css",
)  # fmt: skip
EXAMPLES = ("cat", "moon", "temple")
"""Example pictures that are offered, by the names of their files in `demo/examples`."""
_THUMBNAIL_PIXELS = 240


@cache
def page_styles() -> str:
    """All style sheets as one."""
    return "\n".join((*(asset_path(name).read_text(encoding="utf-8") for name in STYLES), player_style()))


@cache
def page_head() -> str:
    """What goes into the page's head: the styles, the texts as data, then the scripts.

    Gradio would rewrite style sheets that it is given as `css` (it puts a class before each selector); in the head they stay as they are.
    """
    texts = json.dumps(page_texts(), ensure_ascii=False).replace("<", "\\u003c")
    scripts = "\n".join((player_script(), *(asset_path(name).read_text(encoding="utf-8") for name in SCRIPTS)))
    if "</script" in scripts.lower():
        raise ValueError("a script of the page holds the end of a script; split that word")
    styles = page_styles()
    if "</style" in styles.lower():
        raise ValueError("a style sheet of the page holds the end of a style; split that word")
    return f'<style>\n{styles}\n</style>\n<script type="application/json" id="img2music-texts">{texts}</script>\n<script>\n{scripts}\n</script>'


def example_bytes(name: str) -> bytes:
    """The file of an example picture.

    Raises:
        KeyError: there is no example of that name.
    """
    if name not in EXAMPLES:
        raise KeyError(name)
    return data_folder("demo/examples").joinpath(f"{name}.jpg").read_bytes()


@cache
def example_thumbnail(name: str) -> str:
    """A small copy of an example picture, as a data URL."""
    from img2music.io.pictures import open_picture, preview_jpeg

    picture = open_picture(example_bytes(name))
    return "data:image/jpeg;base64," + b64encode(preview_jpeg(picture, _THUMBNAIL_PIXELS)).decode("ascii")
