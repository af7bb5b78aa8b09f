"""Runs a decoder that is trusted less than Pillow in a program of its own, with bounded time and memory.

Drawings and HEIF photographs are decoded there: a crash, an endless loop or a bomb ends that program and nothing else. Bytes go
in and come out through pipes; the first line that comes out is JSON. Processor time and memory are bounded by the system where it
can do that (`resource`, not on Windows), time on the clock everywhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from img2music.child_process import run_program
from img2music.errors import PictureError

__all__ = ["run_isolated"]

_MEMORY_BYTES = {"svg": 1_000_000_000, "heif": 3_000_000_000}
"""Address space, with the interpreter's own .1 GB."""
_PROCESSOR_SECONDS = {"svg": 10, "heif": 30}
_CLOCK_SECONDS = {"svg": 30, "heif": 90}
"""On a busy machine the clock runs faster than the work."""


def run_isolated(job: str, content: bytes, **options: int) -> tuple[dict[str, Any], bytes]:
    """What `job` ("svg" or "heif") says of `content` and the bytes that it makes; `options` are its own, see its module.

    Raises:
        PictureError: refused, crashed, or beyond its bounds; the text continues the picture's name.
    """
    told = json.dumps({"memory": _MEMORY_BYTES[job], "seconds": _PROCESSOR_SECONDS[job], **options})
    command = [sys.executable, "-P", str(Path(__file__).with_name("decode_worker.py")), job, told]
    too_much = PictureError(
        f"takes more than {_PROCESSOR_SECONDS[job]} s or {_MEMORY_BYTES[job] // 1_000_000} MB to draw; export it as PNG or JPEG"
    )
    try:
        made = run_program(command, given=content, seconds=_CLOCK_SECONDS[job])
    except subprocess.TimeoutExpired:
        raise too_much from None
    except OSError as error:
        raise PictureError(f"can't be drawn ({error.strerror or error}); export it as PNG or JPEG") from None
    line, _, body = made.stdout.partition(b"\n")
    try:
        said = json.loads(line)
    except ValueError:  # it was ended before it said anything: by the system at its bounds, or by itself
        raise (too_much if made.returncode < 0 else PictureError("can't be drawn; export it as PNG or JPEG")) from None
    if not isinstance(said, dict) or "refused" in said:
        raise PictureError(str(said["refused"]) if isinstance(said, dict) else "can't be drawn; export it as PNG or JPEG")
    if made.returncode:
        raise too_much
    return said, body
