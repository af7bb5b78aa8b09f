"""Makes the pictures and the sound of the README: `python docs/make_images.py` (the video needs the extra `video`)."""

from __future__ import annotations

from pathlib import Path

import img2music
from img2music.io.engraving.verovio_pages import engrave, to_png

FOLDER = Path(__file__).parent
EXAMPLES = FOLDER.parent / "demo" / "examples"
GALLERY = ("temple", "moon", "photographer")


def main() -> None:
    """Composes the gallery with default wishes: each first page, piano roll and sound; of the first also its score as a video."""
    images, sound = FOLDER / "images", FOLDER / "sound"
    images.mkdir(exist_ok=True)
    sound.mkdir(exist_ok=True)
    for name in GALLERY:
        filmed = name == GALLERY[0]
        piece = img2music.compose(EXAMPLES / f"{name}.jpg", audio="mp3", video="score" if filmed else None)
        files = dict(piece.files())
        (sound / f"{name}.mp3").write_bytes(files["audio.mp3"])
        if filmed:
            (sound / f"{name}-score.mp4").write_bytes(files["video.mp4"])
        first_page = engrave(files["score.musicxml"].decode())[0]
        (images / f"{name}-score.png").write_bytes(to_png(first_page, width_px=900))
        (images / f"{name}-roll.png").write_bytes(to_png(files["pianoroll.svg"].decode(), width_px=1000))


if __name__ == "__main__":
    main()
