"""Score following: pages of the engraved score whose notes and bars know when they sound.

The notes of the MusicXML are given ids of our own before they are engraved, in the order in which they are written, so that each
notehead is known to be that very note of that part; nothing is guessed from where it stands. When it sounds is read from the performance
as played: swing, rubato, a ritardando and a player's hurry are in it. A note that is tied over lights up piece by piece: the first at its
onset, each following one where it stands by the tempo map, as long as the note is still held. What was written and not played
(an onset beyond the end, a stroke on a drum that sounds already) stands where the tempo map has it.

Conventions: seconds from the start of the sound; bars and pages counted from 0; a part is its index in `Score.parts`. Ids begin with
the prefix that was asked for, then ``n<number>`` for a note, ``b<bar>`` for a bar and ``p<page>`` for a page's own. The same score always
gives the same pages. Rests have no id: who points at one points at its bar.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.errors import UsageError
from img2music.io.engraving.verovio_pages import engrave
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.notation.page_layout import layout_score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from img2music.io.notation.page_layout import NotatedEvent, Staff
    from img2music.performance import Performance, PlayedNote
    from img2music.score import Note, Score

__all__ = ["FOLLOWING_HEIGHT", "FOLLOWING_WIDTH", "FollowedBar", "FollowedNote", "ScoreFollowing", "follow_score", "plain_pages"]

FOLLOWING_WIDTH, FOLLOWING_HEIGHT = 520, 420
"""Pixels of a page to follow: two or three bars wide, so that its staves can still be read on a phone; one system of a band, more of a solo."""
_FARTHEST_SECONDS = 2.0
"""How far from its written place a note may be played and still be taken for it; the longest ritardando is .6 s late."""
_NOTE, _BAR = re.compile("<note>"), re.compile('<measure number="')
_PREFIX = re.compile(r"[a-z][a-z0-9]*-")


@dataclass(frozen=True, slots=True)
class FollowedNote:
    """One printed notehead."""

    id: str
    """Of its group in the SVG."""
    part: int
    pitch: int
    onset_seconds: float
    end_seconds: float
    """Where it is let go, or where the next piece of a tied note takes over; the onset where it was let go before."""
    page: int
    is_played: bool
    """Whether the times are those of a note that is played, not of the tempo map."""


@dataclass(frozen=True, slots=True)
class FollowedBar:
    """One bar."""

    id: str
    """Of its group in the SVG, all staves together."""
    bar: int
    onset_seconds: float
    page: int


@dataclass(frozen=True, slots=True)
class ScoreFollowing:
    """The pages, and what sounds when."""

    pages: tuple[str, ...]
    """SVG documents without scripts and without links."""
    notes: tuple[FollowedNote, ...]
    """Sorted by onset, then part and pitch."""
    bars: tuple[FollowedBar, ...]
    """In order."""


def follow_score(
    score: Score,
    performance: Performance,
    *,
    width: int = FOLLOWING_WIDTH,
    height: int | None = FOLLOWING_HEIGHT,
    prefix: str = "s-",
    musicxml: str | None = None,
) -> ScoreFollowing:
    """The score engraved, with the seconds at which `performance` plays each note and bar of it.

    Args:
        score: the notes as written.
        performance: the same notes as played; its parts are known by their ids.
        width: of a page, in pixels (a staff is 29 px high).
        height: how many pixels a page may fill with systems; one system stands on it at least. None is a sheet of paper.
        prefix: what every id begins with, such as ``a-``; two scores in one document need two.
        musicxml: what `write_musicxml` makes of the score, where that is at hand.

    Raises:
        UsageError: a prefix that is not a letter, letters and digits, and a hyphen.
        MissingPackageError: verovio is not installed.
        BackendError: verovio can't draw the score.
    """
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"ids can't begin with {prefix!r}; take small letters and digits with a hyphen at the end, such as 'a-'")
    staves = layout_score(score)
    pages = engrave(_with_ids(musicxml or write_musicxml(score), staves, prefix), width=width, height=height, prefix=prefix)
    page_of = {name: number for number, page in enumerate(pages) for name in re.findall(rf' id="({prefix}[nb]\d+)"', page)}
    tempi, bars = performance.tempo_map, score.meter_map
    notes: list[FollowedNote] = []
    heads = _heads(staves)
    for part, played in enumerate(_played(score, performance)):
        for number, bar, event, note in heads[part]:
            checkpoint()
            name = f"{prefix}n{number}"
            if name not in page_of:  # verovio drew none
                continue
            place = bars.bar_onset(bar) + event.onset_quarters
            begin, end = tempi.seconds_at(place), tempi.seconds_at(place + event.duration_quarters)
            sounding = played.get((note.onset_quarters, note.pitch))
            if sounding is not None:
                on = performance.seconds_at(sounding.onset_ticks)
                off = performance.seconds_at(sounding.onset_ticks + sounding.duration_ticks)
                begin = min(max(begin, on), off) if event.tie_from else on
                end = max(begin, min(end, off)) if event.tie_to else off
            notes.append(FollowedNote(name, part, note.pitch, begin, end, page_of[name], sounding is not None))
    notes.sort(key=lambda one: (one.onset_seconds, one.part, one.pitch))
    names = [(f"{prefix}b{bar}", bar) for bar in range(score.bars)]
    return ScoreFollowing(
        pages,
        tuple(notes),
        tuple(
            FollowedBar(name, bar, tempi.seconds_at(bars.bar_onset(bar)), page_of[name]) for name, bar in names if name in page_of
        ),
    )


def plain_pages(following: ScoreFollowing, prefix: str = "s-") -> tuple[str, ...]:
    """The pages without ids of notes and bars: what `engrave` makes of the same score at the same size, byte for byte."""
    ids = re.compile(rf' id="{prefix}[nb]\d+"')
    return tuple(
        ids.sub("", page).replace(f'id="{prefix}p', 'id="p').replace(f'="#{prefix}p', '="#p').replace(f"#{prefix}p", "#p")
        for page in following.pages
    )


def _elements(staves: Sequence[Staff]) -> Iterator[tuple[int, int, NotatedEvent, Note | None]]:
    """What becomes a ``<note>`` of the MusicXML, in its order: part, bar, event, and the note; None for a rest."""
    for part, staff in enumerate(staves):
        for bar, events in enumerate(staff.bars):
            for event in events:
                for note in event.notes or (None,):
                    yield part, bar, event, note


def _heads(staves: Sequence[Staff]) -> dict[int, list[tuple[int, int, NotatedEvent, Note]]]:
    """By part the printed notes: number, bar, event, note."""
    heads: dict[int, list[tuple[int, int, NotatedEvent, Note]]] = defaultdict(list)
    for number, (part, bar, event, note) in enumerate(_elements(staves)):
        if note is not None:
            heads[part].append((number, bar, event, note))
    return heads


def _with_ids(musicxml: str, staves: Sequence[Staff], prefix: str) -> str:
    """The document with an id on every note, and on the bars of its first part."""
    tags = ["<note>" if note is None else f'<note id="{prefix}n{number}">' for number, (*_, note) in enumerate(_elements(staves))]
    pieces = _NOTE.split(musicxml)
    if len(pieces) != len(tags) + 1:
        raise AssertionError("the writer of MusicXML writes one note for each note and rest of the layout")
    document = "".join((pieces[0], *(tag + piece for tag, piece in zip(tags, pieces[1:], strict=True))))
    bars = iter(range(len(staves[0].bars)))
    return _BAR.sub(lambda tag: f'<measure id="{prefix}b{next(bars)}" number="', document, count=len(staves[0].bars))


def _played(score: Score, performance: Performance) -> list[dict[tuple[Fraction, int], PlayedNote]]:
    """By part the note that is played for each that is written, by its onset and pitch."""
    parts: dict[str, list[tuple[PlayedNote, ...]]] = defaultdict(list)
    for played in performance.parts:
        parts[played.id].append(played.notes)
    found = []
    for part in score.parts:
        # The hands of one player have one id: the first is the first.
        sounding = parts[part.id].pop(0) if parts[part.id] else ()
        written: dict[int, list[Note]] = defaultdict(list)
        for note in part.notes:
            written[note.pitch].append(note)
        heard: dict[int, list[PlayedNote]] = defaultdict(list)
        for note_on in sounding:
            heard[note_on.pitch].append(note_on)
        pairs: dict[tuple[Fraction, int], PlayedNote] = {}
        for pitch, notes in written.items():
            expected = [performance.tempo_map.seconds_at(note.onset_quarters) for note in notes]
            times = [performance.seconds_at(note.onset_ticks) for note in heard[pitch]]
            for index, other in _paired(expected, times):
                pairs[notes[index].onset_quarters, pitch] = heard[pitch][other]
        found.append(pairs)
    return found


def _paired(expected: Sequence[float], times: Sequence[float]) -> list[tuple[int, int]]:
    """Which of `expected` is which of `times`, both sorted: the shorter row in order, so that the distances add up to the least."""
    if len(expected) > len(times):
        return [(other, one) for one, other in _paired(times, expected)]
    spare = len(times) - len(expected)
    # costs[k]: the least for the first `row` of `expected`, the last of which lies at most k places further on in `times`.
    costs = [0.0] * (spare + 1)
    moves: list[list[int]] = []
    for row, time in enumerate(expected):
        checkpoint()
        here: list[float] = []
        came: list[int] = []
        for k in range(spare + 1):
            cost = costs[k] + abs(time - times[row + k])
            left = here[k - 1] if k else float("inf")
            came.append(k if cost < left else came[k - 1])
            here.append(min(cost, left))
        costs = here
        moves.append(came)
    pairs, k = [], spare
    for row in range(len(expected) - 1, -1, -1):
        k = moves[row][k]
        pairs.append((row, row + k))
    return [(one, other) for one, other in reversed(pairs) if abs(expected[one] - times[other]) <= _FARTHEST_SECONDS]
