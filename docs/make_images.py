"""Makes the pictures of the README: `python docs/make_images.py`."""

from __future__ import annotations

from pathlib import Path

import img2music
from img2music.io.engraving.verovio_pages import engrave, to_png

FOLDER = Path(__file__).parent
EXAMPLES = FOLDER.parent / "demo" / "examples"
GALLERY = ("temple", "moon", "photographer")


def main() -> None:
    """Composes the gallery with default wishes, without sound, and draws each first page and piano roll."""
    images = FOLDER / "images"
    images.mkdir(exist_ok=True)
    for name in GALLERY:
        piece = img2music.compose(EXAMPLES / f"{name}.jpg", audio=None)
        files = dict(piece.files())
        first_page = engrave(files["score.musicxml"].decode())[0]
        (images / f"{name}-score.png").write_bytes(to_png(first_page, width_px=900))
        (images / f"{name}-roll.png").write_bytes(to_png(files["pianoroll.svg"].decode(), width_px=1000))


if __name__ == "__main__":
    main()
