"""Form inside a section: what each bar of each phrase does with the idea.

Two designs, by chance and by the section's role (Caplin, *Classical Form*, 1998, ch. 3-4):

    period      question  m a s c     answer  m a f c      the same beginning, another end
    sentence    statement m s ..  c    then    f f d c      the idea, its sequence, pieces of it, a cadence

    m  the motif                     r  the motif again at its level     s  the motif in sequence, a step or a third away
    i  the motif upside down         f  its head, twice                  a, b  another bar, answering it
    d  a drive of shorter notes      c  the cadence                      h  home: the last note of all

Conventions: one letter a bar. Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["phrase_letters"]

_QUESTIONS = ("masc", "mabc", "mrac", "mamc", "msac")
_ANSWERS = ("mafc", "masc", "madc", "maic")
_STATEMENTS = ("masc", "msac", "mssc", "mrsc")
_CONTINUATIONS = ("ffdc", "fsdc", "sfdc", "fidc")
_ALONE = ("msfc", "mrfc", "mafc", "msdc")


def phrase_letters(phrase_bars: Sequence[int], chance: np.random.Generator, *, is_last: bool) -> tuple[str, ...]:
    """A string of letters for each phrase; `is_last` says that the piece ends with the last of them."""
    letters: list[str] = []
    for index, bars in enumerate(phrase_bars):
        if index % 2 == 0:
            is_period = float(chance.random()) < 0.55
            if index == len(phrase_bars) - 1:
                pattern = _pick(_ALONE if index == 0 else _STATEMENTS, chance)
            else:
                pattern = _pick(_QUESTIONS if is_period else _STATEMENTS, chance)
        elif is_period:
            # The answer begins exactly as the question did.
            pattern = letters[-1][:2] + _pick(_ANSWERS, chance)[2:] if len(letters[-1]) >= 4 else _pick(_ANSWERS, chance)
        else:
            pattern = _pick(_CONTINUATIONS, chance)
        letters.append(_fitted(pattern, bars))
    if is_last:
        letters[-1] = f"{letters[-1][:-1]}h"
    return tuple(letters)


def _pick(patterns: Sequence[str], chance: np.random.Generator) -> str:
    return patterns[int(chance.integers(len(patterns)))]


def _fitted(pattern: str, bars: int) -> str:
    """A pattern of four bars made longer or shorter; the cadence stays last."""
    if bars <= 4:
        return pattern[: bars - 1] + pattern[-1]
    middle = (pattern[:3], "srd", "afd", "sfd")
    longer = "".join(f"{group}{'b' if number % 2 == 0 else 'a'}" for number, group in enumerate(middle))
    return longer[: bars - 1] + pattern[-1]
