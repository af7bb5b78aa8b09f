"""Lead sheets of every song of a corpus, parted into the judge's and the others, and kept in a folder: folk tunes take long to read.

Kept sheets bear a hash of the readers, so that sheets of an older reader are never taken for today's.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from evals.corpora import folk, openewld, pop909
from evals.corpora.split import is_judges
from evals.shared.lead_sheets.lead_sheet import LeadSheet, SheetChord, sheet_of_song
from evals.shared.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evals.corpora.song import Song

__all__ = ["corpus_sheets", "sheet_from_tree", "sheet_tree", "songs_of"]

_READERS = (
    *(f"evals/corpora/{name}.py" for name in ("folk", "openewld", "pop909", "song", "split")),
    *(f"evals/shared/lead_sheets/{name}.py" for name in ("lead_sheet", "song_sheets", "written_part")),
    *(f"img2music/io/abc/{name}.py" for name in ("abc_fields", "abc_symbols", "abc_voice", "import_abc")),
)


def songs_of(corpus: str, data: Path) -> Iterator[Song]:
    """All that a corpus's reader gives; `data` holds the folders `pop909` and `openewld`, folk tunes come with music21."""
    if corpus in folk.FOLK_SETS:
        return folk.read_songs(corpus)
    return pop909.read(data / corpus) if corpus == "pop909" else openewld.read(data / corpus)


def corpus_sheets(corpus: str, data: Path, folder: Path) -> tuple[list[LeadSheet], list[LeadSheet]]:
    """The sheets of the songs to learn from, and those of the judge's, all metres; read once and then found in `folder`."""
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in _READERS)).hexdigest()[:12]
    kept = folder / f"songs-{corpus}-{digest}.json"
    if not kept.is_file():
        trees = [sheet_tree(sheet_of_song(song)) for song in songs_of(corpus, data)]
        kept.write_text(json.dumps(trees), encoding="utf-8")
    sheets = [sheet_from_tree(tree) for tree in json.loads(kept.read_text(encoding="utf-8"))]
    parted: tuple[list[LeadSheet], list[LeadSheet]] = ([], [])
    for position, sheet in enumerate(sheets):
        parted[is_judges(corpus, position)].append(sheet)
    return parted


def sheet_tree(sheet: LeadSheet) -> list[object]:
    """A sheet as JSON keeps it."""
    chords = [[chord.at, chord.root, chord.quality, sorted(chord.pitch_classes)] for chord in sheet.chords]
    return [sheet.name, sheet.meter, sheet.is_minor, sheet.melody, chords, sheet.bars, sheet.shift]


def sheet_from_tree(tree: list[object]) -> LeadSheet:
    """A sheet from what `sheet_tree` made of it."""
    name, meter, is_minor, melody, chords, bars, shift = tree
    assert isinstance(melody, list)  # noqa: S101  what was written by the function above
    assert isinstance(chords, list)  # noqa: S101
    signs = tuple(SheetChord(at, root, quality, frozenset(classes)) for at, root, quality, classes in chords)
    notes = tuple((pitch, length) for pitch, length in melody)
    return LeadSheet(str(name), str(meter), bool(is_minor), notes, signs, int(str(bars)), int(str(shift)))
