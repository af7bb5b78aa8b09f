"""Harmony of a plan: progressions drawn by mode, style and place in the form, ended as each place wants, then coloured.

A theme's phrases come in pairs: the first stops half-way (a half cadence), the second answers and comes home, often over the
same beginning (the period; Caplin, *Classical Form*, 1998, ch. 4). A contrast begins away from home, stays open, and its last
phrase stands on the dominant, so that the return is prepared. An introduction leads to the dominant, an ending comes home once
more; the return before it may end deceptively, so that there is something left to end. A loop ends on the dominant instead.

The phrases themselves are drawn by `phrase_harmony`; what is settled here is their order, and that the whole lets its tonic be heard.
Conventions: one string of numerals a bar, as in `Section.harmony`. Knows nothing of voicing and of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.planners.harmony.phrase_harmony import PhraseWriter
from img2music.theory import Key, parse_bar
from img2music.theory.key_finding import key_margin

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.planners.form import SectionLayout
    from img2music.planners.harmony.style_rows import BarNumerals
    from img2music.style import Style

__all__ = ["harmonize"]

_CLEAR, _HEARINGS = 0.2, 8
"""A form is drawn again until its chords point to their key by this margin (see `theory.key_finding`), and the clearest is kept."""
_MEMBERS, _BASS = (1.0, 1.0, 1.0, 0.7, 0.5), 1.0
"""How long members of a chord sound beside each other, from the root upwards, and its bass beside them (our choice)."""


def harmonize(
    layouts: Sequence[SectionLayout],
    mode: str,
    style: Style,
    chance: np.random.Generator,
    *,
    brightness: float = 0.0,
    most: int = 4,
    bar_seconds: float | None = None,
    loop: bool = False,
) -> tuple[BarNumerals, ...]:
    """The numerals of every bar, section by section.

    Sections of one material share their harmony, so that a tune that returns returns over its own chords.

    Args:
        layouts: The sections in order.
        mode: One of `theory.MODES`.
        style: Brings its vocabulary and, perhaps, rows of its own.
        chance: The stream to draw from.
        brightness: How light the harmony is inside its mode, -1..1 (see `chord_vocabulary`).
        most: Chords that a bar has room for, 1..4.
        bar_seconds: How long a bar lasts; a short one holds fewer chords.
        loop: The last bar leads back to the first instead of ending on the tonic.
    """
    best: tuple[BarNumerals, ...] = ()
    clearest = -2.0
    for _ in range(_HEARINGS):
        writer = PhraseWriter(mode, style, chance, max(-1.0, min(1.0, brightness)), min(4, most), bar_seconds)
        sections = _drawn(writer, layouts, loop=loop)
        margin = _margin(sections, mode)
        if not best or margin > clearest:
            best, clearest = sections, margin
        if clearest >= _CLEAR:
            break
    return best


def _drawn(writer: PhraseWriter, layouts: Sequence[SectionLayout], *, loop: bool) -> tuple[BarNumerals, ...]:
    """One draw of the whole form."""
    sections: list[BarNumerals] = []
    for index, layout in enumerate(layouts):
        checkpoint()
        is_last = index == len(layouts) - 1
        if layout.role == "intro":
            bars = writer.intro(layout)
        elif layout.role == "outro":
            bars = writer.outro(layout, loop=loop)
        else:
            before_end = index + 2 == len(layouts) and layouts[-1].role == "outro" and layouts[-1].bars > 1
            bars = writer.body(
                layout, is_last_return=layout.role == "return" and (is_last or before_end), evade=before_end and not loop
            )
        if is_last:
            bars = writer.end(bars, loop=loop)
        sections.append(bars)
    return tuple(sections)


def _margin(sections: Sequence[BarNumerals], mode: str) -> float:
    """How clearly the chords alone let their tonic be heard; the other modes have no profiles, and pass."""
    if mode not in {"major", "minor"}:
        return _CLEAR
    key = Key(0, mode)
    histogram = [0.0] * 12
    for bar in (bar for section in sections for bar in section):
        chords = parse_bar(bar, key)
        for chord in chords:
            for member, weight in zip(chord.pitch_classes, _MEMBERS, strict=False):
                histogram[member] += weight / len(chords)
            histogram[chord.bass * 7 % 12] += _BASS
    return key_margin(histogram, key)
