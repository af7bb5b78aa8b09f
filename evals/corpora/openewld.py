"""Reader of OpenEWLD: lead sheets of popular songs (F. Simonetta 2018; MIT licence, the songs said to be in the public domain).

`FOLDER/dataset/<authors>/<title>/<title>.mxl`, one melody staff with chord symbols. The key's mode in the files is nearly always
"major", so the reader decides between the signature's major and minor by Krumhansl's profiles and the last chord.
Songs that change metre, and those whose bars do not add up, are left out.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from evals.corpora.song import Song
from evals.shared.lead_sheets.written_part import read_part
from img2music.theory.key_finding import profile_correlation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evals.corpora.song import SongChord, SongNote

__all__ = ["read"]

_METERS = {"2/2": "4/4", "3/2": None, "6/4": None}
"""Cut time is counted in quarters; the rare long metres are left out."""


def read(folder: Path) -> Iterator[Song]:
    """Every usable song of the corpus in `folder`, in the order of paths."""
    for path in sorted((folder / "dataset").glob("*/*/*.mxl")):
        song = _song(path)
        if song is not None:
            yield song


def _song(path: Path) -> Song | None:
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".xml") and not name.startswith("META-INF"))
        part = ET.fromstring(archive.read(name)).find("part")  # noqa: S314  a corpus that the user has chosen
    if part is None:
        return None
    meters = {f"{time.findtext('beats')}/{time.findtext('beat-type')}" for time in part.iter("time")}
    signatures = [int(text) for key in part.iter("key") if (text := key.findtext("fifths"))]
    if len(meters) != 1 or len(set(signatures)) > 1:
        return None
    written = next(iter(meters))
    meter = _METERS.get(written, written)
    if meter is None:
        return None
    notes, chords, bars, end = read_part(part)
    if len(notes) < 16 or len(chords) < 4:
        return None
    tonic, is_minor = _key(signatures[0] if signatures else 0, notes, chords)
    name = f"{path.parent.parent.name}/{path.parent.name}"
    return Song("openewld", name, meter, tonic, is_minor, tuple(notes), tuple(chords), tuple(bars), end)


def _key(fifths: int, notes: list[SongNote], chords: list[SongChord]) -> tuple[int, bool]:
    """Tonic and whether the mode is minor: the signature's major or its relative minor, whichever tune and last chord support."""
    histogram = [0.0] * 12
    for note in notes:
        histogram[note.pitch % 12] += float(note.duration)
    major = fifths * 7 % 12
    minor = (major + 9) % 12
    last = chords[-1]
    fit_major = profile_correlation(histogram, major, is_minor=False) + 0.3 * (last.root == major)
    fit_minor = profile_correlation(histogram, minor, is_minor=True) + 0.3 * (last.root == minor)
    return (minor, True) if fit_minor > fit_major else (major, False)
