"""Which songs may be learned from, and which only judge: every fourth song of a set is the judge's.

What is learned from songs and what measures music beside songs must not meet. A script that learns takes `learning_songs`, a study
takes `judging_songs`; nobody learns from the judge's. The older split in halves (`evals.corpora.song.in_training_half`) belongs to the
statistics that ship since before; a study of these counts only songs that neither side has learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evals.corpora.song import CorpusPiece

    Piece = TypeVar("Piece", bound=CorpusPiece)

__all__ = ["SETS", "is_judges", "judging_songs", "learning_songs"]

SETS = ("pop909", "openewld", "jsb", "billboard", "oneills", "ryans", "essen")
"""The sets that are parted, by the names that their readers give."""
_EVERY = 4


def is_judges(set_name: str, position: int) -> bool:
    """Whether the song at `position` (from 0) of a set's list only judges.

    The list is all that the set's reader gives, in the reader's order (sorted by path, or by file and number), before metres or
    lengths are chosen, so that every script parts it alike.

    Raises:
        ValueError: an unknown set, or a negative position.
    """
    if set_name not in SETS:
        raise ValueError(f"{set_name!r} is none of {', '.join(SETS)}")
    if position < 0:
        raise ValueError(f"a position counts from 0, not from {position}")
    return position % _EVERY == _EVERY - 1


def learning_songs(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces of one reader that may be learned from; `pieces` is all that it gives, in its order."""
    return [piece for position, piece in enumerate(pieces) if not is_judges(piece.corpus, position)]


def judging_songs(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces of one reader that only judge; `pieces` is all that it gives, in its order."""
    return [piece for position, piece in enumerate(pieces) if is_judges(piece.corpus, position)]
