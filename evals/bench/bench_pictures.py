"""What large JPEGs cost to open: memory at most and processor time, baseline and progressive, of 50, 100 and 200 megapixels.

    OMP_NUM_THREADS=1 python -m evals.bench.bench_pictures [--megapixels 50 100 200]

The pictures are made here (a landscape with noise, quality 85, 4:2:0), each is opened in a program of its own, and the memory is
what the system says that this program had at most (VmHWM, so Linux only; the interpreter with numpy and Pillow is in it: the first row).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from evals.shared.command_line import ScriptParser

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPEN = """
import sys, time
import numpy, PIL.Image, PIL.JpegImagePlugin
from img2music.errors import PictureError
from img2music.io.pictures import open_picture
before = time.process_time()
said = ""
try:
    if len(sys.argv) > 1:
        most = int(sys.argv[2])
        picture = open_picture(sys.argv[1], max_pixels=most or None)
        said = f"{picture.width} x {picture.height}"
except PictureError as error:
    said = "refused: " + str(error).partition("' ")[2]
seconds = time.process_time() - before
memory = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{int(memory) / 1000:7.0f} MB {seconds:6.2f} s  {said}")
"""


def make(path: Path, megapixels: int, *, progressive: bool) -> None:
    """A 4:3 JPEG of a landscape with noise."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5 / 16) * 16
    width = height * 4 // 3
    tile = np.random.default_rng(1).normal(0, 6, (512, 512)).astype(np.float32)
    rows = np.linspace(0, 1, height, dtype=np.float32)
    picture = Image.new("RGB", (width, height))
    for top in range(0, height, 512):
        part = rows[top : top + 512, None]
        grain = np.tile(tile, (1, -(-width // 512)))[: len(part), :width]
        channels = [
            np.clip(first + (second - first) * part + grain, 0, 255) for first, second in ((90, 40), (140, 170), (230, 60))
        ]
        picture.paste(Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8)), (0, top))
    picture.save(path, "JPEG", quality=85, subsampling="4:2:0", progressive=progressive)


def measure(*arguments: str) -> str:
    """What a program of its own says that opens one picture."""
    done = subprocess.run([sys.executable, "-c", _OPEN, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip("\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = ScriptParser(__doc__)
    parser.add_argument("--megapixels", type=int, nargs="+", default=[50, 100, 200], help="sizes (%(default)s)")
    options = parser.parse_args(arguments)
    print(f"{'nothing opened':<32}{measure()}")
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in options.megapixels:
            for progressive in (False, True):
                path = Path(folder) / "large.jpg"
                make(path, megapixels, progressive=progressive)
                name = f"{megapixels} MP {'progressive' if progressive else 'baseline'}, {path.stat().st_size / 1e6:.0f} MB"
                print(f"{name:<32}{measure(str(path), '0')}", flush=True)
                if progressive:
                    print(f"{name + ', --max-pixels':<32}{measure(str(path), '400000000')}", flush=True)


if __name__ == "__main__":
    main()
