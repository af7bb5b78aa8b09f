"""What a visitor has made: takes, the sound of each as a page plays it, and where they stand in undo and redo.

A take holds documents and no samples: sound lies in files (`files`), so that many takes of many visitors stay small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from img2music.app.session.choices import Choices
    from img2music.app.session.sounds.sound_wish import SoundWish
    from img2music.piece import Piece

__all__ = ["MadeTake", "StemMedia", "TakeMedia", "TakeRow"]

_NONE = "there is no take yet; compose one"


@dataclass(frozen=True, slots=True)
class MadeTake:
    """A finished piece of a visit."""

    number: int
    """From 1, never given twice in a visit."""
    piece: Piece
    """Without its samples: `audio` is None and `stems` empty. `piece.manifest.audio` says what there is."""
    words: str
    """What was changed and what stayed, for people: "tempo 96 instead of 72; notes the same"."""
    choices: Choices
    """What was asked for; the page's controls show it when the take is chosen."""
    parent: int | None = None
    """Number of the take that it was made from."""
    sound: SoundWish | None = None
    """What was asked to make it sound; None is the renderer of its pipeline."""

    @property
    def renderer(self) -> str:
        """Who made it sound in the end, by name."""
        return self.piece.manifest.stages.get("renderer", self.piece.manifest.pipeline.stages.renderer.use)


@dataclass(frozen=True, slots=True)
class StemMedia:
    """One part's sound."""

    part: str
    """Id of the part."""
    name: str
    path: Path
    level_db: float
    """Of the part in its plan, which the sound has already: a mixer begins at 0."""


@dataclass(frozen=True, slots=True)
class TakeMedia:
    """The sound of a take as files that a browser plays."""

    mix: Path
    mime: str
    """"audio/flac" or "audio/ogg"; that of the stems too."""
    seconds: float
    peaks: tuple[float, ...]
    """Outline of the mix, 0..1 (`report.music_data.sound_peaks`)."""
    stems: tuple[StemMedia, ...] = ()
    """In the order of the score; empty where only the mix was asked for, or where the sound was made as a whole."""


@dataclass(frozen=True, slots=True)
class TakeRow:
    """The takes that are kept, and a place in the order in which they were looked at."""

    takes: tuple[MadeTake, ...] = ()
    seen: tuple[int, ...] = ()
    """Numbers in the order in which they became current, without those that were undone and left."""
    place: int = -1
    """Of the current one in `seen`."""

    @property
    def current(self) -> MadeTake | None:
        """The take that is shown and edited."""
        return self.find(self.seen[self.place]) if self.seen else None

    @property
    def can_undo(self) -> bool:
        """Whether another take was looked at before the current one."""
        return self.place > 0

    @property
    def can_redo(self) -> bool:
        """Whether what was undone can be done again."""
        return self.place + 1 < len(self.seen)

    def find(self, number: int) -> MadeTake | None:
        """The take with that number, if it is kept."""
        return next((take for take in self.takes if take.number == number), None)

    def take(self, number: int) -> MadeTake:
        """The take with that number.

        Raises:
            UsageError: there is none.
        """
        found = self.find(number)
        if found is None:
            there = ", ".join(str(take.number) for take in self.takes)
            raise UsageError(f"there is no take {number}; choose from: {there}" if there else _NONE)
        return found

    def shown(self) -> MadeTake:
        """The current take.

        Raises:
            UsageError: there is none yet.
        """
        if self.current is None:
            raise UsageError(_NONE)
        return self.current

    def added(self, take: MadeTake, most: int) -> TakeRow:
        """With a new take, which is current; of more than `most` the oldest that is not its parent goes."""
        row = TakeRow((*self.takes, take), self.seen, self.place).chosen(take.number)
        while len(row.takes) > most:
            oldest = next(one for one in row.takes if one.number not in {take.number, take.parent} or most < 2)
            row = row.without([oldest.number])
        return row

    def chosen(self, number: int) -> TakeRow:
        """With another take current; what could be redone is forgotten."""
        return TakeRow(self.takes, (*self.seen[: self.place + 1], number), self.place + 1)

    def moved(self, step: int) -> TakeRow:
        """One back (-1) or forth (1) in what was looked at; as it is at an end."""
        place = self.place + step
        return TakeRow(self.takes, self.seen, place) if 0 <= place < len(self.seen) else self

    def without(self, numbers: Iterable[int]) -> TakeRow:
        """Without some takes; where the current one goes, the one before it is current, or else the newest."""
        gone = set(numbers)
        takes = tuple(take for take in self.takes if take.number not in gone)
        before = [number for number in self.seen[: self.place + 1] if number not in gone]
        after = [number for number in self.seen[self.place + 1 :] if number not in gone]
        if not before and not after and takes:
            before = [takes[-1].number]
        seen = _without_repeats([*before, *after])
        place = max(0, len(_without_repeats(before)) - 1) if seen else -1
        return TakeRow(takes, tuple(seen), place)


def _without_repeats(numbers: Sequence[int]) -> list[int]:
    """Without a number that follows itself."""
    return [number for place, number in enumerate(numbers) if place == 0 or numbers[place - 1] != number]
