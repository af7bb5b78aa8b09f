"""All visitors of a page: one visit for each session of a browser, made when it is first asked for, and never more than a bound.

The page's server tells a session's name (`gradio.Request.session_hash`) and when it has ended. Sessions that never end (a laptop that was shut) make
room for new ones, the longest unused first. Thread-safe.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from img2music.app.session.limits import Limits
from img2music.app.session.visit import Visit
from img2music.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Visits"]

_MOST_VISITS = 60
"""At a time: with the disk of each bounded, the whole is."""


class Visits:
    """The visits of a page."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        root: Path | None = None,
        most: int = _MOST_VISITS,
        at_once: int | None = None,
    ) -> None:
        """`most` visits are kept, and `at_once` jobs are done at a time (None: as many as there are processors)."""
        self.limits = limits or Limits()
        self._root = root
        self._most = most
        self._turns = BoundedSemaphore(at_once or max(1, os.cpu_count() or 1))
        self._lock = Lock()
        self._visits: OrderedDict[str, Visit] = OrderedDict()

    def __len__(self) -> int:
        return len(self._visits)

    def get(self, session_hash: str) -> Visit:
        """The visit of a session; a new one where it has none.

        Raises:
            UsageError: no session is named; strangers who name none must not meet in one visit.
            OutputError: there is no room for its folder.
        """
        if not session_hash:
            raise UsageError("the browser named no session; load the page again")
        leaving: Visit | None = None
        with self._lock:
            visit = self._visits.get(session_hash)
            if visit is None:
                if len(self._visits) >= self._most:
                    idle = next((name for name, one in self._visits.items() if not one.working), next(iter(self._visits)))
                    leaving = self._visits.pop(idle)
                visit = self._visits[session_hash] = Visit(limits=self.limits, root=self._root, turns=self._turns)
            self._visits.move_to_end(session_hash)
        if leaving is not None:
            leaving.close()
        return visit

    def close(self, session_hash: str) -> None:
        """Ends the visit of a session, if it has one: its work stops and its files go."""
        with self._lock:
            visit = self._visits.pop(session_hash, None)
        if visit is not None:
            visit.close()

    def close_all(self) -> None:
        """Ends all visits."""
        with self._lock:
            visits = list(self._visits.values())
            self._visits.clear()
        for visit in visits:
            visit.close()
