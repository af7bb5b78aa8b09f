"""Piano roll: a performance as one self-contained SVG.

Conventions: x is seconds, y is pitch, one row a semitone, Cs labelled (C4 is middle C); one colour a part, named in the
legend; loudness is opacity. Drums have lanes of their own below, one a drum that is played. Bar lines are light and
numbered, sections stand on top; where key, metre or tempo change, a row above the sections says them. Lengths are pixels; the
drawing is `width` wide and a row high for every row needed.
Colours: M. Okabe and K. Ito, *Color Universal Design* (2008), which people with any colour vision tell apart; from the
eighth part on they come again with a dark outline. Knows nothing of files and of the written score.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from statistics import median_high
from typing import TYPE_CHECKING

from img2music.io.escape import xml_text
from img2music.io.notation.percussion_map import drum
from img2music.io.notation.tempo_marks import glides, tempo_marks
from img2music.performance import TICKS_PER_QUARTER
from img2music.theory.tempo_map import SECONDS_A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.performance import Performance, PlayedNote, PlayedPart

__all__ = ["PART_COLOURS", "pianoroll_svg"]

PART_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A6A00", "#000000")
"""Okabe and Ito's palette, its yellow darkened to be seen on white; the order gives the first parts the strongest."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 16.0, 30.0, 24.0
_DRUM_LANE = 12.0
_GAP = 18.0  # between pitches and drums
_LEGEND_ROW = 20.0
_LETTER = 6.6  # mean width of a letter of 12 px text
_SMALL_LETTER = 5.4  # of 10 px text
_DRUM_LETTER = 5.2  # of 8 px text, in a wide face
_BOLD_LETTER = 6.7  # of 11 px bold text
_LEAST_ROWS = 24
_BAR_LABEL_SPACE = 34.0
_CHANGES_ROW, _NAMES_ROW = 15.0, 13.0
_BLACK_KEYS = {1, 3, 6, 8, 10}
_FONT = "'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def pianoroll_svg(performance: Performance, *, width: int = 1200, row: float = 5.0, bars: int | None = None) -> str:
    """The performance as an SVG; about 45 bytes a note.

    Args:
        performance: what is played.
        width: of the drawing, in pixels.
        row: pixels a semitone.
        bars: how many the piece has; what rings out after them is no bar. None takes all in which a note begins.
    """
    return "".join(_Roll(performance, width, row, bars).parts()) + "\n"


class _Roll:
    """Measures and draws one piano roll."""

    def __init__(self, performance: Performance, width: int, row: float, bars: int | None) -> None:
        self.performance = performance
        self.width = width
        self.row = row
        melodic = [note.pitch for part in performance.parts if not part.is_drums for note in part.notes]
        low, high = min(melodic, default=60), max(melodic, default=60)
        margin = max(2, (_LEAST_ROWS - (high - low)) // 2)
        self.low, self.high = max(0, low - margin), min(127, high + margin)
        self.keys = sorted({note.pitch for part in performance.parts if part.is_drums for note in part.notes})
        self.legend = self._legend()
        self.top = _TOP + _LEGEND_ROW * (1 + max((line for _, _, line in self.legend), default=0))
        maps = performance.tempo_map, performance.meter_map, performance.key_map
        self.moves = not all(one.is_constant for one in maps)
        self.top += _CHANGES_ROW * self.moves
        self.floor = self.top + (self.high - self.low + 1) * row if melodic else self.top
        self.drums_top = self.floor + (_GAP if self.keys and melodic else 0)
        self.bottom = self.drums_top + _DRUM_LANE * len(self.keys)
        ends = (note.onset_ticks + note.duration_ticks for part in performance.parts for note in part.notes)
        self.last = max(ends, default=1)
        begins = (note.onset_ticks for part in performance.parts for note in part.notes)
        meters = performance.meter_map
        self.bars = bars or 1 + meters.place_in_bar(Fraction(max(begins, default=0), TICKS_PER_QUARTER))[0]
        # Pixels a tick where the tempo is one, else pixels a second.
        self.scale = (width - _LEFT - _RIGHT) / max(self._time(performance.end_ticks), self._time(self.last))
        self.names, rows = self._section_names()
        if rows > 1:
            more = _NAMES_ROW * (rows - 1)
            self.top, self.floor, self.drums_top, self.bottom = (
                place + more for place in (self.top, self.floor, self.drums_top, self.bottom)
            )

    def _time(self, ticks: float) -> float:
        """When a tick sounds, in whatever `scale` counts."""
        return ticks if self.performance.tempo_map.is_constant else self.performance.seconds_at(ticks)

    def _length(self, begin: float, end: float) -> float:
        """From one tick to another."""
        return (self._time(end) - self._time(begin)) * self.scale

    def x(self, ticks: float) -> float:
        """Where a tick stands."""
        return _LEFT + self._time(ticks) * self.scale

    def y(self, pitch: int) -> float:
        """Top of a pitch's row."""
        return self.top + (self.high - pitch) * self.row

    def parts(self) -> Iterator[str]:
        """The drawing from back to front."""
        height = self.bottom + _BOTTOM
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height:g}" width="{self.width}" height="{height:g}"'
            f' font-family="{_FONT}" font-size="11" fill="#444"><title>{xml_text(self.performance.title)}: piano roll</title>'
            f'<rect width="{self.width}" height="{height:g}" fill="#fff"/>'
        )
        yield from self._ground()
        yield from self._bars()
        yield from self._sections()
        if self.moves:
            yield from self._changes()
        for index, part in reversed(list(enumerate(self.performance.parts))):
            yield self._notes(part, index)  # the first part, most often the melody, comes to lie on top
        yield from self._names()
        yield "</svg>"

    def _legend(self) -> list[tuple[int, float, int]]:
        """Each part's place in the legend: (index, x, line)."""
        places, x, line = [], _LEFT, 0
        for index, part in enumerate(self.performance.parts):
            length = 26 + _LETTER * len(part.name)
            if x + length > self.width - _RIGHT and x > _LEFT:
                x, line = _LEFT, line + 1
            places.append((index, x, line))
            x += length
        return places

    def _ground(self) -> Iterator[str]:
        """Rows of the black keys, lines under the Cs, lanes of the drums."""
        right = self.width - _RIGHT
        if self.floor > self.top:
            rows = "".join(
                f"M{_LEFT:g} {self.y(pitch):g}h{right - _LEFT:g}v{self.row:g}h{_LEFT - right:g}z"
                for pitch in range(self.low, self.high + 1)
                if pitch % 12 in _BLACK_KEYS
            )
            yield f'<path d="{rows}" fill="#f5f5f2"/>'
            for pitch in range(self.low, self.high + 1):
                if pitch % 12 == 0:
                    y = self.y(pitch) + self.row
                    yield f'<path d="M{_LEFT:g} {y:g}H{right:g}" stroke="#c9c9c4"/>'
                    yield f'<text x="{_LEFT - 8:g}" y="{y - 1:g}" text-anchor="end">C{pitch // 12 - 1}</text>'
        for lane, key in enumerate(reversed(self.keys)):
            y = self.drums_top + lane * _DRUM_LANE
            if lane % 2 == 0:
                yield f'<rect x="{_LEFT:g}" y="{y:g}" width="{right - _LEFT:g}" height="{_DRUM_LANE:g}" fill="#f5f5f2"/>'
            name, room = drum(key).name, _LEFT - 8
            # A name that is too long is set narrower, never cut.
            narrower = f' textLength="{room:g}" lengthAdjust="spacingAndGlyphs"' if _DRUM_LETTER * len(name) > room else ""
            yield f'<text x="{_LEFT - 6:g}" y="{y + 9:g}" text-anchor="end" font-size="8"{narrower}>{xml_text(name)}</text>'

    def _bars(self) -> Iterator[str]:
        """Bar lines, and numbers where there is room."""
        meters, bars = self.performance.meter_map, self.bars
        begins = [float(meters.bar_onset(bar) * TICKS_PER_QUARTER) for bar in range(bars + 1)]
        usual = median_high(self._length(begin, end) for begin, end in pairwise(begins))
        step = 1
        while usual * step < _BAR_LABEL_SPACE:
            step *= 2
        marked = range(0, bars, step)
        # Where bars are narrower than 3 px the lines would be a wash: only numbered ones are drawn then.
        drawn = (*(range(bars) if usual >= 3 else marked), bars)  # with the line that ends the last bar
        lines = "".join(f"M{self.x(begins[bar]):.1f} {self.top:g}V{self.bottom:g}" for bar in drawn)
        yield f'<path d="{lines}" stroke="#e2e2de" stroke-width=".8"/><g font-size="9" fill="#888">'
        free = 0.0
        for bar in marked:
            x = self.x(begins[bar])
            if x >= free:
                free = x + _BAR_LABEL_SPACE - 0.5  # shorter bars leave some numbers out
                yield f'<text x="{x + 2:.1f}" y="{self.bottom + 11:g}">{bar + 1}</text>'
        yield "</g>"

    def _changes(self) -> Iterator[str]:
        """Key, metre and tempo at the beginning and where they change, as far as there is room."""
        said: dict[Fraction, list[str]] = {}
        for key in self.performance.key_map.points:
            said.setdefault(key.onset_quarters, []).append(key.key.name)
        for meter in self.performance.meter_map.points:
            said.setdefault(meter.onset_quarters, []).append(meter.meter.name)
        for mark in tempo_marks(self.performance.tempo_map, self.performance.meter_map):
            said.setdefault(mark.onset_quarters, []).append(mark.text)
        for glide in glides(self.performance.tempo_map):
            said.setdefault(glide.onset_quarters, []).append(glide.word)
        free = 0.0
        y = self.top - 6 - _CHANGES_ROW - _NAMES_ROW * max((row for *_, row in self.names), default=0)
        yield '<g font-size="10" font-style="italic" fill="#666">'
        for onset, words in sorted(said.items()):
            x, text = self.x(float(onset * TICKS_PER_QUARTER)), ", ".join(words)
            end = x + _SMALL_LETTER * (len(text) + 1)
            if free <= x and end <= self.width:
                free = end
                yield f'<path d="M{x:.1f} {y + 3:g}V{self.top:g}" stroke="#b4b4b0" stroke-width=".8"/>'
                yield f'<text x="{x + 4:.1f}" y="{y:g}">{xml_text(text)}</text>'
        yield "</g>"

    def _section_names(self) -> tuple[list[tuple[float, str, int]], int]:
        """Each section's (x, name, row) and how many rows there are; a name that would run into one before it stands a row higher."""
        free: list[float] = []
        placed = []
        for ticks, name in self.performance.markers:
            x, length = self.x(ticks) + 4, _BOLD_LETTER * len(name)
            x = max(_LEFT, min(x, self.width - length - 2))
            row = next((row for row, end in enumerate(free) if end <= x), len(free))
            free[row : row + 1] = [x + length + 4]
            placed.append((x, name, row))
        return placed, len(free)

    def _sections(self) -> Iterator[str]:
        """Section names over a stronger line."""
        for (ticks, _), (x, name, row) in zip(self.performance.markers, self.names, strict=True):
            line, y = self.x(ticks), self.top - 6 - _NAMES_ROW * row
            yield f'<path d="M{line:.1f} {min(self.top - 4, y + 2):g}V{self.bottom:g}" stroke="#8a8a86" stroke-width="1.2"/>'
            yield f'<text x="{x:.1f}" y="{y:g}" font-weight="bold">{xml_text(name)}</text>'

    def _notes(self, part: PlayedPart, index: int) -> str:
        """A part's notes, gathered by loudness: one path for each of eight opacities."""
        colour = PART_COLOURS[index % len(PART_COLOURS)]
        outline = ' stroke="#222" stroke-width=".6"' if index >= len(PART_COLOURS) else ""
        shades: dict[int, list[str]] = {}
        for note in part.notes:
            shades.setdefault(min(7, note.velocity // 16), []).append(self._note(note, drums=part.is_drums))
        paths = "".join(f'<path opacity="{0.3 + 0.1 * shade:.1f}" d="{"".join(d)}"/>' for shade, d in sorted(shades.items()))
        return f'<g fill="{colour}"{outline}>{paths}</g>'

    def _note(self, note: PlayedNote, *, drums: bool) -> str:
        x = self.x(note.onset_ticks)
        if drums:
            # A stroke has no length worth drawing: a lozenge on its lane.
            lane = len(self.keys) - 1 - self.keys.index(note.pitch)
            y = self.drums_top + lane * _DRUM_LANE + 1.5
            return f"M{x:.1f} {y:g}l2.5 4.5l-2.5 4.5l-2.5-4.5z"
        length = max(1.2, self._length(note.onset_ticks, note.onset_ticks + note.duration_ticks) - 0.4)
        height = self.row - 0.6
        return f"M{x:.1f} {self.y(note.pitch) + 0.3:.1f}h{length:.1f}v{height:g}h-{length:.1f}z"

    def _names(self) -> Iterator[str]:
        """The legend, and the time below."""
        for index, x, line in self.legend:
            part, y = self.performance.parts[index], 18 + line * _LEGEND_ROW
            colour = PART_COLOURS[index % len(PART_COLOURS)]
            outline = ' stroke="#222" stroke-width=".8"' if index >= len(PART_COLOURS) else ""
            yield f'<rect x="{x:.1f}" y="{y - 9}" width="10" height="10" rx="2" fill="{colour}"{outline}/>'
            yield f'<text x="{x + 15:.1f}" y="{y}" font-size="12">{xml_text(part.name)}</text>'
        step = next((step for step in (1, 2, 5, 10, 15, 30, 60, 120, 300) if self._pixels(step) >= 60), 600)
        yield '<g font-size="9" fill="#888" text-anchor="middle">'
        for second in range(0, int(self.performance.seconds) + 1, step):
            minutes, rest = divmod(second, SECONDS_A_MINUTE)
            yield f'<text x="{_LEFT + self._pixels(second):.1f}" y="{self.bottom + 21:g}">{minutes}:{rest:02}</text>'
        yield "</g>"

    def _pixels(self, seconds: float) -> float:
        return (self.performance.ticks_at(seconds) if self.performance.tempo_map.is_constant else seconds) * self.scale
