"""Several takes side by side: each one's mark, where they differ most, and why one was kept; and what was kept of an earlier piece.

Read from the manifest, leniently, as `again` does. The screen and the page show the same table. How much a measurement matters
is how far the kept take's mark (`metrics.symbolic.overall`) would move with another take's value of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from img2music.measurement import Measurement
from img2music.metrics.symbolic.symbolic_metrics import overall_quality
from img2music.report.explanation import join_words

__all__ = ["TakesTable", "kept_lines", "takes_table"]

_MOST_COLUMNS = 4
_LEAST_EFFECT = 0.002
"""What moves the mark by less is not worth a word."""


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


def takes_table(takes: object) -> TakesTable | None:
    """The table of a manifest's takes; None where there is only one, or nothing that can be read."""
    rows = [_take(row) for row in takes] if isinstance(takes, Sequence) and not isinstance(takes, str | bytes) else []
    read = [row for row in rows if row is not None]
    place = next((place for place, take in enumerate(read) if take.kept), None)
    if len(read) < 2 or len(read) < len(rows) or place is None:
        return None
    columns = _columns(read, read[place])[:_MOST_COLUMNS]
    cells = tuple(
        (str(number), str(take.seed), f"{take.mark:.3f}", *(_figure(take.measured[name]) for name in columns))
        for number, take in enumerate(read, 1)
    )
    return TakesTable(("take", "seed", "mark", *columns), cells, place, _why(read, place))


def kept_lines(kept: Mapping[str, Any], seed: object) -> list[str]:
    """What a manifest's `kept` says, a line a craft that was named and one for the rest, without full stops.

    The counts are those of the record, so a craft of which less is there than was is never simply called kept.
    """
    named = tuple(str(craft) for craft in _rows(kept.get("named")))
    rows = [row for row in _rows(kept.get("measured")) if isinstance(row, Mapping)]
    if not named or not rows:
        return [_plain_words(kept, named, seed)]
    lines = [_craft_line(row) for row in rows if row.get("craft") in named]
    with_it = tuple(f"{row.get('craft')} ({_count(row)})" for row in rows if row.get("craft") not in named)
    over = f"with it {join_words(with_it)}; " if with_it else ""
    return [*lines, f"{over}all else is new, from seed {seed} (it was {kept.get('seed')})"]


def _craft_line(row: Mapping[str, Any]) -> str:
    part = "" if row.get("same") == row.get("total") else " in part"
    return f"{row.get('craft')} kept{part}: {_count(row)}"


def _count(row: Mapping[str, Any]) -> str:
    unit = str(row.get("unit")).removesuffix("s") if row.get("total") == 1 else str(row.get("unit"))
    less = "all of the phrases that are played" if row.get("same") == row.get("played") != row.get("total") else ""
    return ", ".join(filter(None, (f"{row.get('same')} of {row.get('total')} {unit}", less, str(row.get("how") or ""))))


def _plain_words(kept: Mapping[str, Any], named: tuple[str, ...], seed: object) -> str:
    """Where nothing was counted: nothing was kept, or an earlier version wrote the record."""
    if not named:
        return f"nothing kept of seed {kept.get('seed')}; all is made anew from seed {seed}"
    with_it = tuple(str(craft) for craft in _rows(kept.get("crafts")) if craft not in named)
    over = f", with the {join_words(with_it)} that it stands on" if with_it else ""
    fell_short = any("could not be kept" in str(note) for note in _rows(kept.get("notes")))
    if fell_short:
        return f"to be kept of seed {kept.get('seed')} were {join_words(named)}{over}, which could not be done in full; the rest is from seed {seed}"
    return f"kept of seed {kept.get('seed')}: {join_words(named)}{over}; the rest is made anew from seed {seed}"


def _rows(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


@dataclass(frozen=True, slots=True)
class _Take:
    seed: object
    kept: bool
    mark: float
    measured: dict[str, Measurement]


def _take(row: object) -> _Take | None:
    if not isinstance(row, Mapping) or not isinstance(row.get("mark"), float | int):
        return None
    listing = row.get("measurements")
    measured = {}
    for facts in listing if isinstance(listing, Sequence) else ():
        try:
            one = facts if isinstance(facts, Measurement) else Measurement(**facts)
        except TypeError:  # of another version
            continue
        measured[one.name] = one
    return _Take(row.get("seed"), bool(row.get("kept")), float(row["mark"]), measured)


def _columns(takes: Sequence[_Take], best: _Take) -> list[str]:
    """Measurements that every take has, the one that would move the best take's mark most first."""
    spreads = {}
    for name in best.measured:
        found = [take.measured[name] for take in takes if name in take.measured]
        if len(found) == len(takes) and all(one.value is not None for one in found):
            marks = [_mark_with(best, one) for one in found]
            spreads[name] = max(marks) - min(marks)
    return sorted((name for name in spreads if spreads[name] >= _LEAST_EFFECT), key=lambda name: -spreads[name])


def _mark_with(take: _Take, other: Measurement) -> float:
    """The mark that a take would have with another's value of one measurement."""
    return overall_quality([other if name == other.name else one for name, one in take.measured.items()])


def _why(takes: Sequence[_Take], place: int) -> str:
    best, others = takes[place], [take for number, take in enumerate(takes) if number != place]
    if all(take.mark == best.mark for take in others):
        return f"All takes have the same mark, so the first is kept, take {place + 1}."
    lead = best.mark - max(take.mark for take in others)
    above = f", {lead:.3f} above the next" if lead > 0 else ", and it was the first to reach it"
    own = overall_quality(list(best.measured.values()))
    most, effect, usual = "", _LEAST_EFFECT, 0.0
    for name in _columns(takes, best):
        values = [value for value in (take.measured[name].value for take in others) if value is not None]
        mean = sum(values) / len(values)
        gain = own - _mark_with(best, replace(best.measured[name], value=mean))
        if gain > effect:
            most, effect, usual = name, gain, mean
    reason = (
        f"; what speaks for it most is its {most}, {_figure(best.measured[most])} where the others have {usual:.2f} on average"
        if most
        else ""
    )
    return f"Take {place + 1} is kept: its mark is the highest{above}{reason}."


def _figure(measurement: Measurement) -> str:
    return "-" if measurement.value is None else f"{measurement.value:.2f}"
