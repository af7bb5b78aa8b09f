"""Is the eye steady? How far valence and arousal move when the same picture is stored in another way.

    python evals/studies/seeing/stability.py FOLDER [--pictures 200]

FOLDER holds photographs (``*.jpg``); every n-th of them is taken, so that N remain. Each is resized to 60 %, recompressed (JPEG,
quality 60), cropped by 5 % (2.5 % a side), and stored lying on its side with the EXIF flag that turns it upright again; resized,
cropped and turned pictures are stored without loss. Printed for each change: median, 95th percentile and largest of how far the
readings move (-1..1), and the share that moves by less than .1 with its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from img2music.io.pictures import open_picture
from img2music.perceivers.offline import OfflinePerceiver

Numbers = NDArray[np.float64]
RESAMPLES = 4000
SMALL_MOVE = 0.1
ORIENTATION, TURNED = 0x0112, 6  # 6: the stored rows are to be turned a quarter clockwise
CHANGES = ("resized to 60 %", "JPEG quality 60", "cropped by 5 %", "EXIF-turned")


def stored(picture: Path, change: str, folder: Path) -> Path:
    """The changed picture as a file."""
    with Image.open(picture) as file:
        image = file.convert("RGB")
    width, height = image.size
    out = folder / "changed.png"
    if change == "resized to 60 %":
        image.resize((max(1, round(width * 0.6)), max(1, round(height * 0.6))), Image.Resampling.LANCZOS).save(out)
    elif change == "JPEG quality 60":
        out = folder / "changed.jpg"
        image.save(out, quality=60)
    elif change == "cropped by 5 %":
        across, down = round(width * 0.025), round(height * 0.025)
        image.crop((across, down, width - across, height - down)).save(out)
    else:
        exif = Image.Exif()
        exif[ORIENTATION] = TURNED
        image.transpose(Image.Transpose.ROTATE_90).save(out, exif=exif)
    return out


def share(moves: Numbers) -> str:
    """The share of small moves and its 95 % bootstrap interval."""
    small = moves < SMALL_MOVE
    chance = np.random.default_rng(np.random.SeedSequence(0))
    drawn = small[chance.integers(0, len(small), (RESAMPLES, len(small)))].mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{small.mean():.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description="how far a changed copy of a picture moves its reading")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=200)
    arguments = parser.parse_args()
    every = sorted(arguments.folder.glob("*.jpg"))
    count = min(arguments.pictures, len(every))
    if not count:
        raise SystemExit(f"no *.jpg in {arguments.folder}; give a folder of photographs")
    pictures = [every[index * len(every) // count] for index in range(count)]
    see = OfflinePerceiver()

    def felt(path: Path) -> tuple[float, float]:
        attributes = see(open_picture(path)).attributes
        return attributes.valence.value, attributes.arousal.value

    moves = np.zeros((len(CHANGES), count, 2))
    with tempfile.TemporaryDirectory() as folder:
        for column, picture in enumerate(pictures):
            before = np.array(felt(picture))
            for row, change in enumerate(CHANGES):
                moves[row, column] = np.abs(np.array(felt(stored(picture, change, Path(folder)))) - before)
    print(f"{count} pictures; moves of the reading".ljust(34), "median   95 %   largest   share below .1 [95 %]")
    for change, row in zip((*CHANGES, "all changes"), (*moves, moves.reshape(-1, 2)), strict=True):
        for axis, label in enumerate(("valence", "arousal")):
            own = row[:, axis]
            figures = f"{np.median(own):.3f}   {np.quantile(own, 0.95):.3f}   {own.max():.3f}     {share(own)}"
            print(f"  {change:18s} {label:13s} {figures}")


if __name__ == "__main__":
    main()
