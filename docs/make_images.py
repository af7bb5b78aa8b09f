"""Makes the pictures of the README: `python docs/make_images.py`."""

from __future__ import annotations

from pathlib import Path

import img2music
from img2music.io.engraving import engrave, to_png

FOLDER = Path(__file__).parent
PICTURE = FOLDER.parent / "demo" / "examples" / "temple.jpg"


def main() -> None:
    """Composes the README's piece, without sound, and draws its first page and its piano roll."""
    files = dict(img2music.compose(PICTURE, audio=None).files())
    images = FOLDER / "images"
    images.mkdir(exist_ok=True)
    first_page = engrave(files["score.musicxml"].decode())[0]
    (images / "temple-score.png").write_bytes(to_png(first_page, width_px=900))
    (images / "temple-roll.png").write_bytes(to_png(files["pianoroll.svg"].decode(), width_px=1200))


if __name__ == "__main__":
    main()
