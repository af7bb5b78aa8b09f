"""Harmony of a plan: progressions drawn by mode, style and place in the form, ended as each place wants, then coloured.

A theme's phrases come in pairs: the first stops half-way (a half cadence), the second answers and comes home, often over the
same beginning (the period; Caplin, *Classical Form*, 1998, ch. 4). A contrast begins away from home, stays open, and its last
phrase stands on the dominant, so that the return is prepared. An introduction leads to the dominant, an ending comes home once
more; the return before it may end deceptively, so that there is something left to end. A loop ends on the dominant instead.

The phrases themselves are drawn by `phrase_harmony`; what is settled here is their order, and that the whole lets its tonic be heard.
Conventions: one string of numerals a bar, as in `Section.harmony`. Knows nothing of voicing and of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from img2music.cancellation import checkpoint
from img2music.planners.harmony.cadences import tonic_numeral
from img2music.planners.harmony.modulation import begin_at_home, lead_to_key, pivot_triads
from img2music.planners.harmony.phrase_harmony import PhraseWriter
from img2music.planners.harmony.written_phrases import WrittenPhrases
from img2music.theory import Key, parse_bar
from img2music.theory.key_finding import key_margin

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from img2music.planners.form import SectionLayout
    from img2music.planners.harmony.style_rows import BarNumerals
    from img2music.style import Style

__all__ = ["HarmonySetting", "harmonize", "harmonize_keys"]

_CLEAR, _HEARINGS = 0.2, 8
"""A form is drawn again until its chords point to their key by this margin (see `theory.key_finding`), and the clearest is kept."""
_MEMBERS, _BASS = (1.0, 1.0, 1.0, 0.7, 0.5), 1.0
"""How long members of a chord sound beside each other, from the root upwards, and its bass beside them (our choice)."""


class HarmonySetting(NamedTuple):
    """What a section's chords are drawn for."""

    key: Key
    most: int = 4
    """Chords that a bar has room for, 1..4."""
    bar_seconds: float | None = None
    """How long a bar lasts; a short one holds fewer chords."""


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
    setting = HarmonySetting(Key(0, mode), most, bar_seconds)
    return harmonize_keys(layouts, [setting] * len(layouts), style, chance, brightness=brightness, loop=loop)


def harmonize_keys(
    layouts: Sequence[SectionLayout],
    settings: Sequence[HarmonySetting],
    style: Style,
    chance: np.random.Generator,
    *,
    brightness: float = 0.0,
    loop: bool = False,
) -> tuple[BarNumerals, ...]:
    """As `harmonize`, each section in its own key and metre.

    Each mode speaks by its own statistics. The section before a new key leads there (`modulation`), and so does the last one of a loop that ends
    in another key than it begins.
    """
    best: tuple[BarNumerals, ...] = ()
    clearest = -2.0
    for _ in range(_HEARINGS):
        written = WrittenPhrases()
        made: dict[tuple[str, int, float | None], PhraseWriter] = {}
        writers = []
        for setting in settings:
            mode, most, seconds = setting.key.mode, min(4, setting.most), setting.bar_seconds
            if (mode, most, seconds) not in made:
                bright = max(-1.0, min(1.0, brightness))
                made[mode, most, seconds] = PhraseWriter(mode, style, chance, bright, most, seconds, written)
            writers.append(made[mode, most, seconds])
        sections = _drawn(writers, layouts, settings, loop=loop)
        margin = min(
            _margin([bars for bars, setting in zip(sections, settings, strict=True) if setting.key == key], key)
            for key in dict.fromkeys(setting.key for setting in settings)
        )
        if not best or margin > clearest:
            best, clearest = sections, margin
        if clearest >= _CLEAR:
            break
    return best


def _drawn(
    writers: Sequence[PhraseWriter], layouts: Sequence[SectionLayout], settings: Sequence[HarmonySetting], *, loop: bool
) -> tuple[BarNumerals, ...]:
    """One draw of the whole form."""
    keys = [setting.key for setting in settings]
    moves = len(set(keys)) > 1
    sections: list[BarNumerals] = []
    for index, (layout, writer) in enumerate(zip(layouts, writers, strict=True)):
        checkpoint()
        is_last = index == len(layouts) - 1
        opens = (index > 0 or loop) and keys[index - 1] != keys[index]
        if layout.role == "intro":
            bars = writer.intro(layout)
        elif layout.role == "outro":
            bars = writer.outro(layout, loop=loop)
        else:
            before_end = index + 2 == len(layouts) and layouts[-1].role == "outro" and layouts[-1].bars > 1
            bars = writer.body(
                layout,
                is_last_return=layout.role == "return" and (is_last or before_end),
                evade=before_end and not loop,
                at_home=opens or (moves and is_last and not loop),
            )
        if is_last:
            bars = writer.end(bars, loop=loop)
        sections.append(begin_at_home(bars, tonic_numeral(keys[index].mode), keys[index]) if opens else bars)
    for index, key in enumerate(keys):
        following = (index + 1) % len(keys)
        if keys[following] != key and (following or loop):
            triads = pivot_triads(writers[index].triads, key, keys[following])
            pivots = writers[index].coloured_triads(triads)
            leading = writers[following].leading()
            sections[index] = lead_to_key(sections[index], key, keys[following], leading, pivots, settings[index].most)
    return tuple(sections)


def _margin(sections: Sequence[BarNumerals], key: Key) -> float:
    """How clearly the chords alone let their tonic be heard; the other modes have no profiles, and pass."""
    if key.mode not in {"major", "minor"}:
        return _CLEAR
    histogram = [0.0] * 12
    for bar in (bar for section in sections for bar in section):
        chords = parse_bar(bar, key)
        for chord in chords:
            for member, weight in zip(chord.pitch_classes, _MEMBERS, strict=False):
                histogram[member] += weight / len(chords)
            histogram[chord.bass * 7 % 12] += _BASS
    return key_margin(histogram, key)
