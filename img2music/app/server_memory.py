"""Keeps the server's memory flat over many pieces.

glibc gives threads arenas of their own, eight a core, and keeps what was freed in each of them for later. A server that makes every piece
in another thread leaves the freed sound of earlier pieces lying in all of them: 100 pieces of half a minute took it from 430 to
860 MB without anything being held. With two arenas what one piece frees is what the next one takes; `evals/LOG.md` has the figures.
Does nothing where the C library is another one.
"""

from __future__ import annotations

import ctypes

__all__ = ["share_arenas"]

_M_ARENA_MAX = -8
"""As glibc's malloc.h numbers it; see mallopt(3)."""
_ARENAS = 2


def share_arenas() -> bool:
    """Makes all threads that begin later take memory from two arenas; whether this C library could be told so."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no mallopt; no C library that can be opened by no name (Windows)
        return False
    return bool(mallopt(_M_ARENA_MAX, _ARENAS))
