"""The takes of a visit as its visitor goes through them: which is shown, undo and redo, choosing and throwing away. Thread-safe.

How takes come to be is the visit's business (`visit`), which is one of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.app.session.takes import TakeRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.app.session.files.sounding_takes import SoundingTakes
    from img2music.app.session.takes import MadeTake
    from img2music.app.session.visit_work import VisitWork

__all__ = ["TakeShelf"]


class TakeShelf:
    """The takes that are kept, and the place among them."""

    def __init__(self, work: VisitWork, sound: SoundingTakes) -> None:
        """`work` has the lock and says whether the visit is open; the files of takes that go are dropped from `sound`."""
        self._work = work
        self._sound = sound
        self._row = TakeRow()

    @property
    def takes(self) -> tuple[MadeTake, ...]:
        """All that are kept, the oldest first."""
        return self._row.takes

    @property
    def current(self) -> MadeTake | None:
        """The one that is shown and edited."""
        return self._row.current

    @property
    def can_undo(self) -> bool:
        """Whether `undo` leads to another take."""
        return self._row.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether `redo` leads to another take."""
        return self._row.can_redo

    def undo(self) -> MadeTake | None:
        """Goes back to the take that was looked at before; the current one after that."""
        return self._show(lambda row: row.moved(-1))

    def redo(self) -> MadeTake | None:
        """Takes the last `undo` back."""
        return self._show(lambda row: row.moved(1))

    def choose(self, number: int) -> MadeTake:
        """Makes a take the current one.

        Raises:
            UsageError: there is none of that number.
        """
        take = self.take(number)
        self._show(lambda row: row.chosen(number))
        return take

    def drop(self, number: int) -> None:
        """Throws a take away; errors as of `choose`."""
        self.take(number)
        self._leave({number})

    def keep_only(self, number: int) -> None:
        """Throws all other takes away; errors as of `choose`."""
        self.take(number)
        self._leave({take.number for take in self.takes} - {number})

    def take(self, number: int) -> MadeTake:
        """The take of that number.

        Raises:
            UsageError: there is none.
        """
        return self._row.take(number)

    def shown(self) -> MadeTake:
        """The current take.

        Raises:
            UsageError: there is none yet.
        """
        return self._row.shown()

    def _show(self, move: Callable[[TakeRow], TakeRow]) -> MadeTake | None:
        with self._work.lock:
            self._work.check_open()
            self._row = move(self._row)
            return self._row.current

    def _leave(self, numbers: set[int]) -> None:
        self._show(lambda row: row.without(numbers))
        self._sound.drop(numbers)
