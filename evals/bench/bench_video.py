"""What a video costs: CPU seconds of one thread, size and memory, by what is seen and in which shape.

    OMP_NUM_THREADS=1 python -m evals.bench.bench_video [PICTURE] [--seconds 30]

The piece is made first and is not counted; a score's engraving and drawing are. `drawn` is how much of all frames' pixels was drawn anew.
Memory is the process' peak so far, so it only grows from row to row. Needs the extra `video`.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

import img2music
from evals.shared.command_line import ScriptParser
from img2music.io.pictures import open_picture
from img2music.io.video.frame_layout import SHAPES
from img2music.io.video.picture_frames import picture_frames
from img2music.io.video.score_frames import score_frames
from img2music.io.video.video_files import write_video

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.io.video.video_files import VideoFrames


EXAMPLE = Path(__file__).parents[2] / "demo" / "examples" / "astronaut.jpg"


def peak_mb() -> int:
    """The most memory this process held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_file("picture", nargs="?", help="what is seen and made music of; an astronaut without it")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the piece (%(default)s)")
    parser.need_packages("av", install="pip install -e '.[video]'")
    given = parser.parse_args(arguments)
    picture = open_picture(given.picture or EXAMPLE)
    piece = img2music.compose(picture, seconds=given.seconds, seed=1)
    assert piece.audio is not None  # noqa: S101  for the type checker
    print(f"{piece}\nbefore: {peak_mb()} MB")
    print(f"{'seen':8} {'shape':7} {'CPU s':>6} {'MB':>6} {'drawn':>7} {'peak MB':>8}")
    for seen in ("picture", "score"):
        for shape, (width, height) in SHAPES.items():
            begun = time.process_time()
            frames: VideoFrames
            if seen == "picture":
                frames = picture_frames(picture.rgb, shape=shape, title=piece.plan.title)
            else:
                frames = score_frames(piece.score, piece.performance, picture=picture.rgb, shape=shape, title=piece.plan.title)
            content = write_video(frames, piece.audio, title=piece.plan.title)
            cost = time.process_time() - begun
            drawn = sum(change.rgb.size // 3 for change in frames.changes())
            share = drawn / (width * height * piece.audio.seconds * frames.frames_a_second)
            print(f"{seen:8} {shape:7} {cost:6.1f} {len(content) / 1e6:6.2f} {share:7.2%} {peak_mb():8}", flush=True)


if __name__ == "__main__":
    main()
