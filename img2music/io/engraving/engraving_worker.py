"""Verovio at work, in this process or as a program of its own: ``python engraving_worker.py OPTIONS < MUSICXML``.

verovio keeps Python's global lock while it reads and draws, so a long score is drawn by a program that can be ended. It imports nothing
of img2music, so that it starts quickly. Options and pages are JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["draw_pages"]


def draw_pages(musicxml: str, options: Mapping[str, Any]) -> list[str]:
    """The pages as SVG, drawn with verovio's `options`; none where it can't read the document.

    Raises:
        ModuleNotFoundError: verovio is not installed.
    """
    import verovio

    verovio.enableLog(verovio.LOG_OFF)  # it writes to standard error past Python
    # Each thread has a path of its own to the fonts, and verovio sets it only in the one that first imports it.
    verovio.setDefaultResourcePath(str(Path(verovio.__file__).parent / "data"))
    toolkit = verovio.toolkit()
    toolkit.setOptions(dict(options))
    toolkit.setInputFrom("musicxml")
    if not toolkit.loadData(musicxml):
        return []
    return [toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(draw_pages(sys.stdin.buffer.read().decode(), json.loads(sys.argv[1]))))
