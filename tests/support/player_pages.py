"""The player on a page of its own: a folder with a real piece, its sounds and a strict page, and a server for it.

    folder = write_player_page(tmp_path, data)
    with serving(folder) as host:
        open http://{host}/

The page allows its one script and its one style sheet by their hashes and nothing else, as the report does: what the player sets as a style
attribute in HTML, or loads from elsewhere, is refused and logged as an error.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from img2music.io.audio_files import encode
from img2music.io.audio_tags import Tags
from img2music.io.engraving.score_following import follow_score
from img2music.renderers.post.mastered_stems import mastered_stems
from img2music.report.music_data import music_data, sound_peaks
from img2music.report.page.player_mount import player_script, player_style

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BytesIO

    from img2music.piece import Piece

__all__ = ["as_data_urls", "player_data", "serving", "write_player_page"]

_START = """
const data = JSON.parse(document.getElementById("data").textContent);
const place = document.getElementById("place");
window.told = [];
for (const name of ["play", "pause", "ended", "bar", "section", "error", "time"]) {
  place.addEventListener(`player:${name}`, (event) => window.told.push([name, event.detail]));
}
window.player = Img2MusicPlayer.mount(place, data.first, data.options);
window.second = data.second;
"""
_FRAME = "body{margin:0;padding:20px;background:Canvas;color:CanvasText}html{color-scheme:light dark}#place{max-width:1180px;margin:auto}"


def player_data(folder: Path, piece: Piece, *, name: str, prefix: str, stems: bool = True) -> dict[str, Any]:
    """The player's data of a piece, whose sounds are written into the folder as ``<name>-...ogg``."""
    assert piece.audio is not None
    tags = Tags(piece.plan.title)
    (folder / f"{name}-mix.ogg").write_bytes(encode(piece.audio, "ogg", tags=tags))
    urls = {}
    for number, (part, stem) in enumerate(mastered_stems(piece.audio, piece.stems).items() if stems else ()):
        (folder / f"{name}-{number}.ogg").write_bytes(encode(stem, "ogg", tags=tags))
        urls[part] = f"{name}-{number}.ogg"
    following = follow_score(piece.score, piece.performance, prefix=prefix)
    return music_data(piece, following, audio_url=f"{name}-mix.ogg", stems=urls, peaks=sound_peaks(piece.audio))


def as_data_urls(folder: Path, data: dict[str, Any]) -> dict[str, Any]:
    """The same with the sounds inside, as a report that is one file."""

    def inside(name: str) -> str:
        return "data:audio/ogg;base64," + b64encode((folder / name).read_bytes()).decode()

    return {
        **data,
        "audio": data["audio"] and inside(data["audio"]),
        "stems": [{**stem, "url": inside(stem["url"])} for stem in data["stems"]],
    }


def write_player_page(
    folder: Path, first: dict[str, Any], *, second: dict[str, Any] | None = None, name: str = "index.html", **options: Any
) -> Path:
    """A page that shows `first` in ``window.player`` and holds `second` in ``window.second``; `options` are the player's."""
    script = player_script() + _START
    style = player_style() + _FRAME
    data = json.dumps({"first": first, "second": second, "options": options}).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; connect-src 'self'; media-src 'self' data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    path = folder / name
    path.write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>Player</title><link rel="icon" href="data:,">'
        f'<style>{style}</style></head><body><main><h1>Player</h1><h2>Piece</h2><div id="place"></div></main>'
        f'<script type="application/json" id="data">{data}</script><script>{script}</script></body></html>',
        encoding="utf-8",
    )
    return path


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


class _Handler(SimpleHTTPRequestHandler):
    """Files of the folder, or stretches of them: without those a browser can't seek in a sound."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        pass

    def copyfile(self, source: Any, outputfile: Any) -> None:
        with suppress(ConnectionError):  # a browser hangs up on a sound when it knows enough of it
            super().copyfile(source, outputfile)

    def send_head(self) -> BytesIO | Any:
        stretch = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        path = Path(self.translate_path(self.path))
        if not stretch or not path.is_file():
            return super().send_head()
        size = path.stat().st_size
        begin, end = int(stretch[1]), min(int(stretch[2] or size - 1), size - 1)
        from io import BytesIO

        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Range", f"bytes {begin}-{end}/{size}")
        self.send_header("Content-Length", str(end - begin + 1))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        return BytesIO(path.read_bytes()[begin : end + 1])


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server for the folder on the loopback; its host and port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
