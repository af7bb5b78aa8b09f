"""What a piece's harmony has written so far, so that a material that comes back comes over its own chords.

In the same mode they are the same numerals; in another mode they go by their degrees (`theory.transposition`): the theme of a piece in minor that
comes home in major is still that theme. Bars that are longer than the section's, or hold more chords than its metre has room for, are not used.
Conventions: one string of numerals a bar. Knows nothing of how phrases are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.theory.transposition import bars_in_mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.planners.form import SectionLayout
    from img2music.planners.harmony.style_rows import BarNumerals

__all__ = ["PhraseTriads", "WrittenPhrases"]


class PhraseTriads:
    """A drawn phrase before its colours.

    Its triads, how many of them begin in each bar, and the kind of its ending (see `cadences`).
    """

    def __init__(self, triads: BarNumerals, starts: Sequence[int], kind: str) -> None:
        self.triads = triads
        self.starts = tuple(starts)
        self.kind = kind


class WrittenPhrases:
    """The phrases and the bars of each material, by mode."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[list[PhraseTriads], BarNumerals]] = {}

    def add(self, material: str, mode: str, phrases: list[PhraseTriads], bars: BarNumerals) -> None:
        """Remembers what was written; phrases may be fewer than the bars hold, where rows of the style were taken."""
        self._found[material, mode] = (phrases, bars)

    def recall(self, layout: SectionLayout, mode: str, most: int) -> tuple[list[PhraseTriads], BarNumerals] | None:
        """What stands over a section's material in a mode; without phrases where it comes from another mode, and None for a new material.

        Args:
            layout: the section.
            mode: its mode.
            most: chords that a bar of it has room for.
        """
        found = self._found.get((layout.material, mode))
        if found is None:
            was = next((known for known in self._found if known[0] == layout.material), None)
            if was is not None:
                found = ([], bars_in_mode(self._found[was][1], was[1], mode))
        if found is None or len(found[1]) != layout.bars or any(len(bar.split()) > most for bar in found[1]):
            return None
        return found
