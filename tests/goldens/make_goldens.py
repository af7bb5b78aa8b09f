"""Writes the golden files from `tests.support.made_notes.band_score`: ``python -m tests.goldens.make_goldens``.

Run it after a wanted change of a writer, look at the difference, and commit it with the change.
"""

from __future__ import annotations

from pathlib import Path

from img2music.io.abc.export_abc import write_abc
from img2music.io.musicxml.export_musicxml import write_musicxml
from tests.support.made_notes import band_score


def main() -> None:
    """Write every golden file beside this script."""
    here = Path(__file__).parent
    here.joinpath("band.abc").write_text(write_abc(band_score()), encoding="utf-8")
    here.joinpath("band.musicxml").write_text(write_musicxml(band_score()), encoding="utf-8")


if __name__ == "__main__":
    main()
