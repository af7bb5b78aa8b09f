"""Kinds of music that are compared: which styles of ours, beside which songs of the judge's, in which metre."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals.shared.lead_sheets.sheet_features import FEWEST_NOTES
from evals.shared.lead_sheets.song_sheets import corpus_sheets
from evals.shared.lead_sheets.written_sheet import sheet_of_files
from evals.shared.pictures import evenly

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from evals.shared.lead_sheets.lead_sheet import LeadSheet
    from evals.shared.lead_sheets.made_pieces import MadePiece, PieceMaker

__all__ = ["MUSIC_KINDS", "MusicKind", "fair_share", "kind_names", "made_pieces", "peoples_sheets", "sheets_of_pieces"]

_MOST_SONGS = 200


@dataclass(frozen=True, slots=True)
class MusicKind:
    """One comparison."""

    corpora: tuple[str, ...]
    meter: str
    styles: tuple[str, ...]
    """Of ours, in turn."""
    seconds: float
    """Long enough for the window of a lead sheet."""
    has_chords: bool = True


MUSIC_KINDS: dict[str, MusicKind] = {
    "pop": MusicKind(("pop909",), "4/4", ("pop",), 90),
    "standards": MusicKind(("openewld",), "4/4", ("swing", "jazz-ballad"), 105),
    "waltzes": MusicKind(("openewld",), "3/4", ("waltz",), 75),
    "folk": MusicKind(("oneills", "ryans", "essen"), "4/4", ("folk", "celtic"), 75, has_chords=False),
    "folk-3/4": MusicKind(("oneills", "ryans", "essen"), "3/4", ("folk", "celtic"), 75, has_chords=False),
    "folk-6/8": MusicKind(("oneills", "ryans", "essen"), "6/8", ("folk", "celtic"), 75, has_chords=False),
}


def kind_names(text: str) -> list[str]:
    """The kinds named in an option, parted by commas.

    Raises:
        ArgumentTypeError: one of them is none of `MUSIC_KINDS`.
    """
    names = text.split(",")
    if unknown := set(names) - set(MUSIC_KINDS):
        raise ArgumentTypeError(f"no kind {', '.join(sorted(unknown))}; there are {', '.join(MUSIC_KINDS)}")
    return names


def peoples_sheets(
    kind: MusicKind, data: Path, folder: Path, *, learning: bool = False, most: int = _MOST_SONGS
) -> list[LeadSheet]:
    """The judge's songs of a kind, or with `learning` the others: at most so many a kind, in equal numbers a corpus where they allow it.

    `data` is that of `corpus_sheets`, which keeps what was read in `folder`.
    """
    sheets = [
        [
            sheet
            for sheet in corpus_sheets(corpus, data, folder)[not learning]
            if _is_long_enough(sheet) and sheet.meter == kind.meter
        ]
        for corpus in kind.corpora
    ]
    return [sheet for own in sheets for sheet in evenly(own, fair_share(len(own), [len(other) for other in sheets], most))]


def _is_long_enough(sheet: LeadSheet) -> bool:
    return len(sheet.notes) >= FEWEST_NOTES


def fair_share(count: int, counts: Sequence[int], most: int) -> int:
    """How many of `count` are taken so that the sum stays within `most` and small sets are taken whole."""
    ordered = sorted(counts)
    for place, size in enumerate(ordered):
        share = most // (len(ordered) - place)
        if size > share:
            return min(count, share)
        most -= size
    return count


def made_pieces(kind: MusicKind, maker: PieceMaker, pictures: Iterable[Path], *, seed: int = 0) -> list[MadePiece]:
    """One piece a picture, styles in turn; the metre is asked for, all else is left to the program."""
    return [
        maker.make(picture, style=kind.styles[number % len(kind.styles)], meter=kind.meter, seconds=kind.seconds, seed=seed)
        for number, picture in enumerate(pictures)
    ]


def sheets_of_pieces(pieces: Iterable[MadePiece]) -> list[LeadSheet]:
    """Their lead sheets that are long enough."""
    found = [sheet_of_files(piece.name, piece.plan, piece.musicxml) for piece in pieces]
    return [sheet for sheet in found if sheet is not None and _is_long_enough(sheet)]
