"""The phrases of a piece's harmony: drawn from statistics, or taken from the style's own rows, and remembered by material.

A `PhraseWriter` serves one piece: it knows mode, style and brightness, draws an introduction, sections and an ending as it is asked for
them, and gives a material that comes back the chords it had. The triads come from `markov`, weighed by `chord_vocabulary`, how long each
lasts from `harmonic_rhythm`, the ends from `cadences`, figures and inversions from `chord_figures`.
A phrase that comes home without a dominant is drawn again.
Conventions: one string of numerals a bar; a row is a phrase's bars. Knows nothing of the order of sections and of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.planners.harmony.cadences import cadence_weights, tonic_numeral
from img2music.planners.harmony.chord_figures import ChordFigures, choose_inversions, pedal_chord
from img2music.planners.harmony.chord_vocabulary import resolution_factors, triad_kind, triad_weights
from img2music.planners.harmony.harmonic_rhythm import HarmonicRhythm
from img2music.planners.harmony.markov import load_harmony_model
from img2music.planners.harmony.style_rows import StyleRows
from img2music.planners.harmony.written_phrases import PhraseTriads
from img2music.rng import draw_index
from img2music.theory import Key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from img2music.planners.form import SectionLayout
    from img2music.planners.harmony.style_rows import BarNumerals
    from img2music.planners.harmony.written_phrases import WrittenPhrases
    from img2music.style import Style

__all__ = ["PhraseWriter"]

_PARALLEL = {"chart": 0.8, "standards": 0.6, "chorales": 0.35}
"""Chance that an answer begins like its question (our choice)."""
_DECEPTIVE, _REHARMONIZED, _CADENTIAL, _PICARDY = 0.4, 0.45, 0.3, 0.5
"""Chances (our choice): a last return before an ending evades its cadence; another one has one chord changed; a six-four goes before the
dominant at home-coming; a chorale in minor ends on the major chord (of the 78 in the training half, 64 do)."""
_HOMING = 1.5
"""The tonic is that much likelier than counted: a short piece has to say where its home is (our choice)."""
_DOMINANTS, _ATTEMPTS = {"V", "v", "viio", "#viio"}, 8
"""A phrase that comes home has one of these somewhere: I IV I alone is heard as the dominant of IV. Phrases without are drawn again."""


class PhraseWriter:
    """Draws the phrases of one piece in one mode; `written` is what each material sounds like, which writers of other modes share."""

    def __init__(
        self,
        mode: str,
        style: Style,
        chance: np.random.Generator,
        brightness: float,
        most: int,
        bar_seconds: float | None,
        written: WrittenPhrases,
    ) -> None:
        self._mode, self._style, self._words = mode, style, style.vocabulary
        self._key = Key(0, mode)
        self._home = tonic_numeral(mode)
        self._chance = chance
        self._brightness = brightness
        self._most = most
        model = load_harmony_model(self._words.source, mode)
        # Charts leave their major triads free; elsewhere a secondary dominant goes where it leads.
        self._model = model if self._words.source == "chart" else model.bent(resolution_factors(model, mode))
        self._weights = triad_weights(model, mode, self._words, brightness)
        self._weights[self._home] *= _HOMING
        self._palette = ChordFigures(mode, self._words, chance)
        counted = model.rhythm if self._words.source != "chorales" else ()
        self._rhythm = HarmonicRhythm(counted, self._words.rhythm, bar_seconds, most)
        self._written = written
        self._rows = None
        own = style.harmony.get(mode)  # type: ignore[call-overload]
        if own is not None:
            self._rows = StyleRows(own, mode, brightness, chance)
        self._first_of_a: str | None = None

    def intro(self, layout: SectionLayout) -> BarNumerals:
        """Leads to the theme; on a held tonic where the style likes it."""
        if self._chance.random() < self._words.pedal and layout.bars > 1:
            return (*self._held(layout.bars - 1), self._dominant())
        if self._rows and self._chance.random() < self._words.own:
            return self._rows.intro(layout.bars)
        phrase = self._draw(layout.bars, "half", first=None)
        return self._coloured(phrase)

    def outro(self, layout: SectionLayout, *, loop: bool) -> BarNumerals:
        """Comes home once more."""
        if layout.bars == 1:
            return (self._palette.final(self._home),)
        if not loop and layout.bars > 2 and self._chance.random() < self._words.pedal:
            return (*self._held(layout.bars - 1), self._palette.final(self._home))
        rows: list[str] = []
        for bars in layout.phrase_bars:
            last = self._rows and self._chance.random() < self._words.own
            if last and self._rows:
                rows += self._rows.answer(bars)
            else:
                rows += self._coloured(self._draw(bars, self._words.cadence, first=None))
        return tuple(rows)

    def body(self, layout: SectionLayout, *, is_last_return: bool, evade: bool, at_home: bool = False) -> BarNumerals:
        """A section of the form; one written before comes back over its own chords. `at_home`: it begins and ends so, contrasts too."""
        known = self._written.recall(layout, self._mode, self._most)
        if known is not None:
            return self._varied(*known, evade=evade) if is_last_return else known[1]
        contrast = layout.role == "contrast" and not at_home
        own = bool(self._rows) and self._chance.random() < self._words.own
        phrases: list[PhraseTriads] = []
        bars: list[str] = []
        count = len(layout.phrase_bars)
        for number, length in enumerate(layout.phrase_bars):
            if own and self._rows is not None:
                bars += self._rows.phrase(length, number, count, self._home, contrast=contrast)
                continue
            last = number == count - 1
            kind = self._ending(number, count, contrast=contrast)
            question = phrases[-1] if number % 2 and phrases and not contrast else None
            if question and len(question.starts) == length and self._chance.random() < _PARALLEL[self._words.source]:
                phrase = self._answer(question, kind)
            else:
                before = phrases[-1].triads[-1] if phrases else None
                first = self._first(number, contrast=contrast, home=at_home or layout.material == "A")
                phrase = self._draw(length, kind, first=first, before=before)
            phrases.append(phrase)
            bars += self._coloured(phrase, comes_home=last and not contrast)
        if layout.material == "A" and phrases and self._first_of_a is None:
            self._first_of_a = phrases[0].triads[0]
        self._written.add(layout.material, self._mode, phrases, tuple(bars))
        return tuple(bars)

    def end(self, bars: BarNumerals, *, loop: bool) -> BarNumerals:
        """The last section with the last bar that the piece needs."""
        if loop:
            return (*bars[:-1], self._dominant())
        final = self._palette.final(self._home)
        chorale = self._words.source == "chorales"
        if self._mode == "minor" and chorale and self._chance.random() < _PICARDY * (1 + self._brightness):
            final = "I"
        return (*bars[:-1], final)

    def _ending(self, number: int, count: int, *, contrast: bool) -> str:
        if contrast:
            return "half" if number == count - 1 else "open"
        return self._words.cadence if number % 2 or count == 1 else "half"

    def _first(self, number: int, *, contrast: bool, home: bool) -> Mapping[str, float]:
        """Factors for a phrase's first triad: themes mostly begin at home, contrasts elsewhere."""
        if contrast and number == 0:
            return {self._first_of_a or self._home: 0.1} | {"I": 0.0, "i": 0.0}
        if home and number == 0:
            return {self._home: 60.0}
        return {}

    def _draw(self, bars: int, kind: str, *, first: Mapping[str, float] | None, before: str | None = None) -> PhraseTriads:
        """A phrase of `bars` bars that ends as `kind` says."""
        comes_home = kind not in {"half", "open"}
        starts = self._rhythm.draw(bars, self._chance, comes_home=comes_home)
        if comes_home and bars > 1 and sum(starts) < 3:
            starts[-2] += 1  # out and home again takes three chords
        triads = self._progress(sum(starts), kind, {0: first or {}}, before)
        for _ in range(_ATTEMPTS if comes_home and self._mode in {"major", "minor"} else 0):
            if any(triad in _DOMINANTS for triad in triads):
                break
            triads = self._progress(sum(starts), kind, {0: first or {}}, before)
        return PhraseTriads(triads, starts, kind)

    def _progress(self, count: int, kind: str, places: Mapping[int, Mapping[str, float]], before: str | None) -> BarNumerals:
        weights = [dict(self._weights) for _ in range(count)]
        for place, factors in places.items():
            for triad, factor in factors.items():
                weights[place][triad] = weights[place].get(triad, 1.0) * factor
        # The ending decides about the last chord, even where the style would rather not (V in a plain row of minor triads).
        pairs = {
            (one, two): weight * max(0.05, self._weights.get(one, 0.0)) * max(0.05, self._weights.get(two, 0.0))
            for (one, two), weight in cadence_weights(self._model, self._mode, kind).items()
            if kind != "open" or (self._weights.get(one) and self._weights.get(two))
        }
        weights[-1] = {}
        try:
            return self._model.draw(count, pairs, weights, self._chance, before=before)
        except ValueError:  # a phrase of two chords that begins where its cadence can't: the cadence matters more
            return self._model.draw(count, pairs, [{} for _ in range(count)], self._chance, before=before)

    def _answer(self, question: PhraseTriads, kind: str) -> PhraseTriads:
        """A phrase that begins like another and ends otherwise."""
        half = (len(question.starts) + 1) // 2
        kept = sum(question.starts[:half])
        starts = [*question.starts[:half], *self._rhythm.draw(len(question.starts), self._chance, comes_home=True)[half:]]
        if sum(starts) - kept < 2:
            starts[-2] += 1 if starts[-2] < self._most else 0
        places = {
            place: {one: float(one == triad) for one in self._model.triads} for place, triad in enumerate(question.triads[:kept])
        }
        if triad_kind(question.triads[kept - 1], self._mode) == "secondary":
            places.pop(kept - 1)  # a dominant of another degree is kept only with its goal
        if sum(starts) < kept + 2:
            places = {place: factors for place, factors in places.items() if place < sum(starts) - 2}
        return PhraseTriads(self._progress(sum(starts), kind, places, None), starts, kind)

    def _varied(self, phrases: list[PhraseTriads], bars: BarNumerals, *, evade: bool) -> BarNumerals:
        """A last return: its cadence evaded before an ending, or one chord in the middle replaced by a relative."""
        if not phrases:
            return bars
        last = phrases[-1]
        if evade and len(last.triads) > 2 and self._chance.random() < _DECEPTIVE:
            turned = cadence_weights(self._model, self._mode, "deceptive")
            ways = {two: weight for (one, two), weight in turned.items() if one == last.triads[-2]}
            if ways:
                goal = list(ways)[draw_index(list(ways.values()), self._chance)]
                tail = self._coloured(PhraseTriads((*last.triads[:-1], goal), last.starts, "deceptive"))
                return (*bars[: -len(tail)], *tail)
        first = phrases[0]
        if len(first.triads) > 3 and self._chance.random() < _REHARMONIZED:
            place = 1 + int(self._chance.integers(len(first.triads) - 3))
            places: dict[int, dict[str, float]] = {
                index: {one: float(one == triad) for one in self._model.triads}
                for index, triad in enumerate(first.triads[:-1])
                if index != place
            }
            places[place] = {first.triads[place]: 0.0}
            head = self._coloured(
                PhraseTriads(self._progress(len(first.triads), first.kind, places, None), first.starts, first.kind)
            )
            return (*head, *bars[len(head) :])
        return bars

    def _coloured(self, phrase: PhraseTriads, *, comes_home: bool = False) -> BarNumerals:
        """Bars of numerals: figures, a six-four before the cadence, suspensions, inversions."""
        triads, words = phrase.triads, self._words
        numerals, fixed = [], []
        for index, triad in enumerate(triads):
            following = triads[index + 1] if index + 1 < len(triads) else None
            at_cadence = index == len(triads) - 2 and phrase.kind not in {"half", "open"}
            numerals.append(self._palette.numeral(triad, following, dominant_at_cadence=at_cadence))
            # Phrases begin and come home on roots.
            fixed.append(index in {0, len(triads) - 1} or (at_cadence and phrase.kind == "authentic"))
        numerals = list(choose_inversions(numerals, self._key, words.inversions, fixed=fixed))
        bars: list[list[str]] = []
        place = 0
        for number, count in enumerate(phrase.starts):
            bars.append(numerals[place : place + count] or [bars[-1][-1]])
            place += count
            self._delay(bars, number, phrase)
        if comes_home and phrase.kind == "authentic" and words.inversions > 0 and len(bars) > 1:
            before = bars[-2]
            if before[-1] in {"V", "V7"} and len(before) == 1 and self._most > 1 and self._chance.random() < _CADENTIAL:
                bars[-2] = [f"{self._home}64", before[-1]]
        return tuple(" ".join(bar) for bar in bars)

    def _delay(self, bars: list[list[str]], number: int, phrase: PhraseTriads) -> None:
        """A dominant that fills a bar near the end of a phrase may enter with its fourth."""
        bar = bars[number]
        near_end = number >= len(phrase.starts) - 2
        if (
            near_end
            and len(bar) == 1
            and self._most > 1
            and bar[0] in {"V", "V7"}
            and self._chance.random() < self._words.suspensions
        ):
            bars[number] = ["Vsus4" if bar[0] == "V" else "V7sus4", bar[0]]

    def coloured_triads(self, triads: Sequence[str]) -> list[str]:
        """Triads with the figures that the style gives them, without those that it does not use."""
        return [self._palette.numeral(triad, None) for triad in triads if self._weights.get(triad)]

    @property
    def triads(self) -> tuple[str, ...]:
        """The triads of the scale, the most common first."""
        return tuple(triad for triad in self._model.triads if triad_kind(triad, self._mode) == "diatonic")

    def leading(self) -> str:
        """The chord that leads to this mode's tonic from another key: the dominant, where the mode has one."""
        if self._mode in {"major", "minor"}:
            return self._palette.numeral("V", self._home, dominant_at_cadence=True)
        return self._dominant()

    def _dominant(self) -> str:
        """The chord that leads home in this mode."""
        ways = cadence_weights(self._model, self._mode, self._words.cadence)
        best = max(sorted(ways), key=lambda pair: ways[pair])
        return self._palette.numeral(best[0], self._home, dominant_at_cadence=True)

    def _held(self, bars: int) -> BarNumerals:
        """Chords over a held tonic, the tonic's own in every second bar."""
        others = [form for triad in self.triads if (form := pedal_chord(triad, "1", self._mode))]
        others = [form for form in others if form.rstrip("0123456789").lower() != "i"][:3]
        rows = []
        for bar in range(bars):
            away = bar % 2 == 1 and others
            rows.append(others[int(self._chance.integers(len(others)))] if away else self._home)
        return tuple(rows)
