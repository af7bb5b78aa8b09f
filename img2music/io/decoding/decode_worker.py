"""A program of its own that decodes one picture: ``python decode_worker.py JOB OPTIONS < FILE``; see `decode_process`.

What it says is one line of JSON, then the bytes that were made. It bounds itself before it reads anything.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(job: str, told: str) -> None:
    """Do `job` with the options `told` (JSON)."""
    options = json.loads(told)
    _bound(options.pop("memory"), options.pop("seconds"))
    sys.path.append(str(Path(__file__).parents[3]))  # the img2music that this file belongs to
    from img2music.errors import PictureError

    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    content = sys.stdin.buffer.read()
    try:
        if job == "svg":
            from img2music.io.decoding import svg

            said, body = svg.draw_here(content, **options)
        else:
            from img2music.io.decoding import heif

            said, body = heif.decode_here(content, **options)
    except PictureError as error:
        said, body = {"refused": str(error)}, b""
    except MemoryError:
        said, body = {"refused": "takes too much memory; export it as PNG or JPEG"}, b""
    out.write(json.dumps(said).encode() + b"\n" + body)
    out.close()


def _bound(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: time on the clock is bounded by the one who asks
        return
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        try:
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        except (ValueError, OSError):  # macOS refuses some bounds
            continue


if __name__ == "__main__":
    main(*sys.argv[1:3])
