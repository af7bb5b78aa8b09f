"""Several takes side by side: each one's mark, where they differ most, and why one was kept; and what was kept of an earlier piece.

Read from the manifest. The screen and the page show the same table. How much a measurement matters is how far the kept take's mark
(`overall_quality`) would move with another take's value of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from img2music.metrics.symbolic.symbolic_metrics import overall_quality
from img2music.report.text_format import join_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.manifest import KeptCount, KeptMusic, Take
    from img2music.measurement import Measurement

__all__ = ["TakesTable", "kept_lines", "takes_table"]

_MOST_COLUMNS = 4
_LEAST_EFFECT = 0.002
"""What moves the mark by less is not worth a word."""


_NAMES = {
    "compass": "range of the tune",
    "held pitch": "repeated notes",
    "hidden perfect intervals": "hidden fifths and octaves",
    "inner parallels": "parallels between inner lines",
    "interval size": "size of the tune's intervals",
    "leap recovery": "leaps that turn back",
    "likeness of different letters": "likeness of contrasting sections",
    "likeness of one letter": "likeness of returning sections",
    "longest repeat": "longest repeat in the tune",
    "overlapping unisons": "notes struck while they still sound",
    "parallel perfect intervals": "parallel fifths and octaves",
    "pitch-class entropy": "variety of notes",
    "pitch entropy": "variety of pitches",
    "range faults": "notes out of range",
    "rhythm entropy": "variety of rhythm",
    "scale consistency": "notes in one scale",
    "steps": "steps in the tune",
    "strong-beat consonance": "consonance on strong beats",
    "tune pitch-class entropy": "variety of notes in the tune",
}
"""Measurements whose names are a statistician's."""


@dataclass(frozen=True, slots=True)
class TakesTable:
    """The takes, the first column being their number."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kept: int
    """Place of the row that was kept."""
    why: str
    """One sentence."""

    def lines(self, most: int | None = None) -> list[str]:
        """As aligned text, the kept take with an asterisk; at most `most` rows, the kept one among them."""
        shown = [row for place, row in enumerate(self.rows) if most is None or place < most or place == self.kept]
        marked = [(f"{'*' if row is self.rows[self.kept] else ' '} {row[0]}", *row[1:]) for row in shown]
        widths = [max(len(row[column]) for row in (self.heads, *marked)) for column in range(len(self.heads))]
        aligned = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (self.heads, *marked)]
        rest = len(self.rows) - len(shown)
        return [*aligned, f"and {rest} more, in piece.json"] if rest else aligned


def takes_table(takes: Sequence[Take]) -> TakesTable | None:
    """The table of a manifest's takes; None where there is only one."""
    place = next((place for place, take in enumerate(takes) if take.kept), None)
    if len(takes) < 2 or place is None:
        return None
    columns = _columns(takes, takes[place])[:_MOST_COLUMNS]
    cells = tuple(
        (str(number), str(take.seed), f"{take.mark:.3f}", *(_figure(_by_name(take)[name]) for name in columns))
        for number, take in enumerate(takes, 1)
    )
    return TakesTable(("take", "seed", "mark", *map(_shown, columns)), cells, place, _why(takes, place))


def kept_lines(kept: KeptMusic, seed: int) -> list[str]:
    """What was kept of an earlier piece, a line a craft that was named and one for the rest, without full stops; `seed` is the new one.

    The counts are those of the record, so a craft of which less is there than was is never simply called kept.
    """
    if not kept.named or not kept.measured:
        return [_uncounted_line(kept, seed)]
    lines = [_craft_line(count) for count in kept.measured if count.craft in kept.named]
    with_it = tuple(f"{count.craft} ({_count_words(count)})" for count in kept.measured if count.craft not in kept.named)
    over = f"with it {join_words(with_it)}; " if with_it else ""
    return [*lines, f"{over}all else is new, from seed {seed} (it was {kept.seed})"]


def _craft_line(count: KeptCount) -> str:
    part = "" if count.same == count.total else " in part"
    return f"{count.craft} kept{part}: {_count_words(count)}"


def _count_words(count: KeptCount) -> str:
    unit = count.unit.removesuffix("s") if count.total == 1 else count.unit
    less = "all of the phrases that are played" if count.same == count.played != count.total else ""
    return ", ".join(filter(None, (f"{count.same} of {count.total} {unit}", less, count.how)))


def _uncounted_line(kept: KeptMusic, seed: int) -> str:
    """Where nothing was counted: nothing was kept, or an earlier version wrote the record."""
    if not kept.named:
        return f"nothing kept of seed {kept.seed}; all is made anew from seed {seed}"
    with_it = tuple(craft for craft in kept.crafts if craft not in kept.named)
    over = f", with the {join_words(with_it)} that it stands on" if with_it else ""
    named = join_words(kept.named)
    if any("could not be kept" in note for note in kept.notes):
        return f"to be kept of seed {kept.seed} were {named}{over}, which could not be done in full; the rest is from seed {seed}"
    return f"kept of seed {kept.seed}: {named}{over}; the rest is made anew from seed {seed}"


def _by_name(take: Take) -> dict[str, Measurement]:
    return {one.name: one for one in take.measurements}


def _columns(takes: Sequence[Take], best: Take) -> list[str]:
    """Measurements that every take has, the one that would move the best take's mark most first."""
    spreads = {}
    measured = [_by_name(take) for take in takes]
    for name in _by_name(best):
        found = [one[name] for one in measured if name in one]
        if len(found) == len(takes) and all(one.value is not None for one in found):
            marks = [_mark_with(best, one) for one in found]
            spreads[name] = max(marks) - min(marks)
    return sorted((name for name in spreads if spreads[name] >= _LEAST_EFFECT), key=lambda name: -spreads[name])


def _mark_with(take: Take, other: Measurement) -> float:
    """The mark that a take would have with another's value of one measurement."""
    return overall_quality([other if one.name == other.name else one for one in take.measurements])


def _why(takes: Sequence[Take], place: int) -> str:
    best, others = takes[place], [take for number, take in enumerate(takes) if number != place]
    if all(take.mark == best.mark for take in others):
        return f"All takes have the same mark, so the first is kept, take {place + 1}."
    lead = best.mark - max(take.mark for take in others)
    above = f", {lead:.3f} above the next" if lead > 0 else ", and it was the first to reach it"
    measured, rivals = _by_name(best), [_by_name(take) for take in others]
    own = overall_quality(list(measured.values()))
    most, effect, usual = "", _LEAST_EFFECT, 0.0
    for name in _columns(takes, best):
        values = [value for value in (rival[name].value for rival in rivals) if value is not None]
        mean = sum(values) / len(values)
        gain = own - _mark_with(best, replace(measured[name], value=mean))
        if gain > effect:
            most, effect, usual = name, gain, mean
    reason = (
        f". Most of that comes from {_shown(most)}: {_figure(measured[most])}, the others have {usual:.2f} on average"
        if most
        else ""
    )
    return f"Take {place + 1} is kept: its mark is the highest{above}{reason}."


def _shown(name: str) -> str:
    """A measurement as musicians call it."""
    return _NAMES.get(name, name)


def _figure(measurement: Measurement) -> str:
    return "-" if measurement.value is None else f"{measurement.value:.2f}"
