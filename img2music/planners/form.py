"""Form: how many bars fit the length, how they group into sections and phrases, and how much energy each has.

Conventions: tempo in quarter notes a minute; energies 0..1. What the bars leave of the asked length is the ring of the
last chord. Knows nothing of harmony.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Literal

import numpy as np

from img2music.theory.meter_map import bars_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.section import Section
    from img2music.theory import Meter

__all__ = [
    "SectionLayout",
    "bars_loss",
    "count_bars",
    "fit_tempo",
    "layout_more_sections",
    "layout_sections",
    "name_sections",
    "ring_seconds",
    "section_energies",
    "share_bars",
    "split_into_phrases",
]

_RING_SECONDS = (1.2, 3.2)
"""The last chord rings this long where the length allows (our choice: a mezzo-forte piano chord has faded after 3 s)."""
_LONGEST_BLOCKS = 24

# Letters of the body by its number of blocks; the first idea always comes home.
_FORMS: dict[str, dict[int, str]] = {
    # Two turns of the theme, something else, the theme again: the song of the theatre and of folk.
    "song": {1: "A", 2: "AA", 3: "ABA", 4: "AABA", 5: "AABCA", 6: "AABACA", 7: "AABACBA", 8: "AABACABA"},
    # Verse and refrain: B is the refrain, C the bridge.
    "verse-refrain": {1: "A", 2: "AB", 3: "ABA", 4: "ABAB", 5: "ABACB", 6: "ABABCB", 7: "ABABCAB", 8: "AABABCAB"},
    # The theme between couplets, each a new one.
    "rondo": {1: "A", 2: "AA", 3: "ABA", 4: "AABA", 5: "ABACA", 6: "ABACBA", 7: "ABACADA", 8: "ABACABDA"},
    # There and back again.
    "arch": {1: "A", 2: "AA", 3: "ABA", 4: "ABBA", 5: "ABCBA", 6: "ABCCBA", 7: "ABCDCBA", 8: "ABCDDCBA"},
    # One theme, told again and again.
    "strophic": {1: "A", 2: "AA", 3: "AAA", 4: "AABA", 5: "AAABA", 6: "AAABAA", 7: "AABAABA", 8: "AABAABAA"},
}
_REFRAIN = "B"

# What is left over beside whole phrases becomes introduction and ending: (intro bars, outro bars).
_REST = {0: (0, 0), 1: (0, 1), 2: (2, 0), 3: (2, 1)}
_REST_LONG = {0: (4, 4), 1: (4, 1), 2: (4, 2), 3: (4, 3)}
"""The same where the piece is long enough to give whole phrases away."""
_LONG_BARS = 36


@dataclass(frozen=True, slots=True)
class SectionLayout:
    """One section before it has harmony."""

    name: str
    material: str
    role: Literal["intro", "theme", "contrast", "return", "outro"]
    phrase_bars: tuple[int, ...]

    @property
    def bars(self) -> int:
        """Length of the section."""
        return sum(self.phrase_bars)

    @classmethod
    def of(cls, section: Section) -> SectionLayout:
        """That of a section which has harmony."""
        return cls(section.name, section.material, section.role, section.phrase_bars)


def count_bars(seconds: float, tempo_bpm: float, meter: Meter) -> int:
    """Whole bars that fit into `seconds` and leave the last chord time to ring; at least one."""
    return max(1, floor((seconds - ring_seconds(seconds)[0]) / bars_seconds(1, meter, tempo_bpm) + 1e-9))


def ring_seconds(seconds: float) -> tuple[float, float]:
    """How long the last chord of a piece of `seconds` rings at least, and at most where the length allows."""
    return min(_RING_SECONDS[0], seconds * 0.12), _RING_SECONDS[1]


def fit_tempo(seconds: float, tempo_bpm: float, meter: Meter, limits: tuple[float, float]) -> float:
    """The whole-numbered tempo within 4 % of `tempo_bpm` whose bars fill `seconds` best.

    A tempo that the picture only suggested may give way a little, so that the piece ends on a phrase instead of a long
    silence; a tempo that was asked for never passes through here.
    """
    low, high = max(limits[0], tempo_bpm * 0.96, 20), min(limits[1], tempo_bpm * 1.04, 300)
    candidates = [float(tempo) for tempo in range(round(low), round(high) + 1)] or [float(round(tempo_bpm))]

    def loss(tempo: float) -> float:
        bars = count_bars(seconds, tempo, meter)
        return bars_loss(bars, seconds - bars_seconds(bars, meter, tempo)) + 0.1 * abs(tempo - tempo_bpm)

    return min(candidates, key=loss)


def bars_loss(bars: int, ring: float) -> float:
    """How badly so many bars and the `ring` seconds behind them fill a length, in seconds of silence.

    Four-bar phrases want a multiple of four; a bar too many costs as much as half a second of silence.
    """
    return max(0.0, ring - _RING_SECONDS[1]) + 0.5 * min(bars % 4, 4 - bars % 4)


def layout_sections(bars: int, form: str = "song") -> tuple[SectionLayout, ...]:
    """Sections for a piece of `bars` bars in one of the forms of `Style.form`; they add up exactly.

    Sections are pairs of four-bar phrases, single phrases in short pieces; an odd phrase shortens the contrast, so that
    even half a minute has one.
    """
    if bars < 10:
        return (SectionLayout("A", "A", "theme", split_into_phrases(bars)),)
    intro, outro = (_REST_LONG if bars >= _LONG_BARS else _REST)[bars % 4]
    units = (bars - intro - outro) // 4  # phrases of the body
    size = 1 if units < 5 else 2  # phrases a section
    while units // size > _LONGEST_BLOCKS:
        size *= 2
    letters = _letters(-(-units // size), form)
    lengths = [size] * len(letters)
    roles = [_role(letters, index, form) for index in range(len(letters))]
    # Phrases too few for the last section come out of the last contrast, or out of the middle where there is none.
    short = max((index for index, role in enumerate(roles) if role == "contrast"), default=len(letters) // 2)
    lengths[short] -= size * len(letters) - units
    layouts = [] if not intro else [SectionLayout("intro", "intro", "intro", split_into_phrases(intro))]
    for letter, name, role, length in zip(letters, name_sections(letters), roles, lengths, strict=True):
        layouts.append(SectionLayout(name, letter, role, (4,) * length))
    if outro:
        layouts.append(SectionLayout("outro", "outro", "outro", split_into_phrases(outro)))
    return tuple(layouts)


def layout_more_sections(bars: int, form: str, least: int) -> tuple[SectionLayout, ...]:
    """As `layout_sections`, with at least `least` sections between introduction and ending, and something else after a first theme.

    Where the form has too few it gives introduction and ending away, and has as many sections as are asked for: of whole phrases while
    there are enough, else of two bars and more.

    Raises:
        ValueError: fewer than two bars a section.
    """
    layouts = layout_sections(bars, form)
    body = [layout for layout in layouts if layout.role not in {"intro", "outro"}]
    if len(body) >= least and (form == "strophic" or len({layout.material for layout in body}) > 1):
        return layouts
    letters = _letters(least, form) if least != 2 or form == "strophic" else "AB"
    roles = [_role(letters, index, form) for index in range(least)]
    return tuple(
        SectionLayout(name, letter, role, split_into_phrases(length))
        for letter, name, role, length in zip(letters, name_sections(letters), roles, share_bars(bars, least), strict=True)
    )


def share_bars(bars: int, sections: int) -> list[int]:
    """`bars` parted among sections as evenly as whole phrases, or else pairs of bars, allow; the last one has what is left over.

    Raises:
        ValueError: fewer than two bars a section.
    """
    unit = 4 if bars // 4 >= sections else 2
    units, rest = divmod(bars, unit)
    if units < sections:
        raise ValueError(f"{bars} bars have no room for {sections} sections of two bars")
    each, more = divmod(units, sections)
    return [unit * (each + (index < more)) + rest * (index == sections - 1) for index in range(sections)]


def name_sections(letters: Sequence[str]) -> list[str]:
    """The names of sections by their letters: the letter, with a number where it comes again."""
    return [
        letter if letters.count(letter) == 1 else f"{letter}{letters[: index + 1].count(letter)}"
        for index, letter in enumerate(letters)
    ]


def _role(letters: str, index: int, form: str) -> Literal["theme", "contrast", "return"]:
    """What the section at `index` does: a refrain is a theme of its own, everything else beside A is a contrast."""
    letter = letters[index]
    themes = {"A", _REFRAIN} if form == "verse-refrain" else {"A"}
    if letter not in themes:
        return "contrast"
    home = letter in letters[:index] and any(other != letter for other in letters[letters.index(letter) : index])
    return "return" if home else "theme"


def _letters(blocks: int, form: str) -> str:
    forms = _FORMS[form]
    if blocks in forms:
        return forms[blocks]
    if form == "verse-refrain":
        body = "ABAB" + "CBAB" * (blocks // 4)
        return body[: blocks - 1] + _REFRAIN
    # A long rondo: the theme comes back between two couplets in turn, and at the end.
    body = "AABA" + "CABA" * (blocks // 4)
    return body[: blocks - 1] + "A"


def split_into_phrases(bars: int) -> tuple[int, ...]:
    """Phrases of four bars; what is left over is a short one."""
    return (4,) * (bars // 4) + ((bars % 4,) if bars % 4 else ())


def section_energies(
    layouts: Sequence[SectionLayout], arousal: float, profile: Sequence[float], *, loud_end: bool = False
) -> tuple[float, ...]:
    """Energy of each section, 0..1.

    A dramatic arc that climbs to three quarters of the piece (our choice), coloured by `profile`, the picture's
    brightness from left to right, as if the eye wandered over it while the piece plays; the whole lies higher the more
    aroused the picture is. `loud_end` keeps the ending up, for styles that stop on a hit.
    """
    total = sum(layout.bars for layout in layouts)
    centre = (arousal + 1) / 2
    low, high = 0.12 + 0.33 * centre, 0.5 + 0.45 * centre
    curve = np.asarray(profile if len(profile) > 1 else (0.5, 0.5), dtype=float)
    spread = curve.max() - curve.min()
    curve = (curve - curve.min()) / spread if spread > 1e-6 else np.full_like(curve, 0.5)
    energies, begin = [], 0
    for layout in layouts:
        place = float(Fraction(2 * begin + layout.bars, 2 * total))
        arc = 0.35 + 0.65 * (place / 0.75 if place < 0.75 else 1 - (place - 0.75) / 0.5)
        light = float(np.interp(place, np.linspace(0, 1, len(curve)), curve))
        level = 0.72 * arc + 0.28 * light
        if layout.role == "intro" or (layout.role == "outro" and not loud_end):
            level *= 0.45
        elif layout.role == "contrast":
            level = 1 - level if level > 0.8 else min(1.0, level + 0.12)
        energies.append(round(low + (high - low) * min(1.0, max(0.0, level)), 3))
        begin += layout.bars
    return tuple(energies)
