"""Ways through a kept form: once and whole, with sections told again, or cut at a phrase.

A way is a list of pieces, each a section's number and which of its phrases, from and to; what is played again is told before the last
section comes, and a cut goes to the last phrase. Conventions: bars from 0. Knows nothing of tempo and metre.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from img2music.plan import Section

__all__ = ["Piece", "bars_in", "form_courses", "played_form", "whole_course"]

_MOST_PASSES = 40
Piece = tuple[int, int, int]
"""A section's number and which of its phrases, from and to."""


def whole_course(sections: Sequence[Section]) -> list[Piece]:
    """The way through the whole form, once."""
    return [(number, 0, len(section.phrase_bars)) for number, section in enumerate(sections)]


def form_courses(sections: Sequence[Section], most_bars: int) -> Iterator[list[Piece]]:
    """Other ways through the form: sections again before the last comes back; then cuts, the longest first."""
    whole = whole_course(sections)
    head = [piece for piece in whole if sections[piece[0]].role == "intro"]
    tail = [piece for piece in whole if sections[piece[0]].role == "outro"]
    body = [piece for piece in whole if piece not in head and piece not in tail] or whole
    bars = sum(section.bars for section in sections)
    once = sum(sections[number].bars for number, _, _ in body)
    for passes in range(_MOST_PASSES):
        if bars + passes * once > most_bars:
            break
        last, _, stop = body[-1]
        for phrase in range(stop - 1, 0, -1):
            yield [*head, *body, *body * passes, (last, phrase, stop), *tail]
        for start in range(len(body) - 1, -1, -1):
            yield [*head, *body, *body * passes, *body[start:], *tail]
    phrases = [
        (number, phrase, phrase + 1) for number, section in enumerate(sections) for phrase in range(len(section.phrase_bars))
    ]
    ending = tail or [body[-1]]
    lead = [piece for piece in whole if piece not in ending]
    for keep in range(len(lead) - 1, 0, -1):
        yield [*lead[:keep], *ending]
    for keep in range(len(phrases) - 2, 0, -1):
        yield [*phrases[:keep], phrases[-1]]
    yield [phrases[-1]]


def bars_in(sections: Sequence[Section], pieces: Sequence[Piece]) -> int:
    """How many bars a way has."""
    return sum(stop - start for _, start, stop in (_bars_of(sections, one) for one in pieces))


def _bars_of(sections: Sequence[Section], piece: Piece) -> tuple[int, int, int]:
    """The section of a piece and its bars there, from and to."""
    number, start, stop = piece
    phrases = sections[number].phrase_bars
    return number, sum(phrases[:start]), sum(phrases[:stop])


def played_form(sections: Sequence[Section], pieces: Sequence[Piece]) -> tuple[tuple[Section, ...], tuple[int, ...]]:
    """The pieces as sections with names of their own, and the bars that they repeat."""
    joined: list[list[int]] = []
    for number, start, stop in pieces:
        if joined and joined[-1][0] == number and joined[-1][2] == start:
            joined[-1][2] = stop
        else:
            joined.append([number, start, stop])
    first = [sum(section.bars for section in sections[:number]) for number in range(len(sections))]
    letters = [sections[number].material for number, _, _ in joined]
    made: list[Section] = []
    places: list[int] = []
    for index, (number, start, stop) in enumerate(joined):
        section = sections[number]
        _, begin, end = _bars_of(sections, (number, start, stop))
        letter = section.material
        name = letter if letters.count(letter) == 1 else f"{letter}{letters[: index + 1].count(letter)}"
        curve = section.energy_curve
        made.append(
            section.model_copy(
                update={
                    "name": name,
                    "harmony": section.harmony[begin:end],
                    "phrase_bars": section.phrase_bars[start:stop],
                    "energy_curve": None if curve is None else curve[begin:end],
                }
            )
        )
        places += range(first[number] + begin, first[number] + end)
    return tuple(made), tuple(places)
