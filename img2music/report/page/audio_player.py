"""What is heard: the player, the piano roll with its playhead, the form as a bar, the harmony, the motif.

Times are seconds from the start of the sound, by the plan's tempo map. Widths and colours of the form go into style rules (`form_css`),
not into style attributes.
"""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import pairwise
from typing import TYPE_CHECKING

from img2music.report.course import section_words
from img2music.report.page.html import Html, data_svg, el, join_html, relative_href
from img2music.report.text_format import format_clock, join_words, with_accidentals
from img2music.theory.tempo_map import SECONDS_A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.piece import Piece
    from img2music.plan import CompositionPlan, Motif, Section
    from img2music.theory import Chord

__all__ = ["form_bar", "form_css", "harmony", "motif_drawing", "numeral", "player", "plot_edges", "timeline"]

_ROLES = {"intro": "introduction", "theme": "theme", "contrast": "contrast", "return": "the theme returns", "outro": "ending"}
_FIGURES = re.compile(r"(?P<shift>[b#]?)(?P<root>[IViv]+[oø+°]?)(?P<figures>[^/]*)(?:/(?P<target>.+))?")
_LABEL = re.compile(r'<text x="([0-9.]{1,12})" y="[0-9.]{1,12}">([0-9]{1,3}):([0-9]{2})</text>')
_PLAY = "M8 5v14l11-7z"


def is_even(plan: CompositionPlan) -> bool:
    """Whether all bars last alike."""
    return plan.tempo_map.is_constant and plan.meter_map.is_constant


def bar_seconds(plan: CompositionPlan, bar: int) -> float:
    """When a bar, counted from 0, begins."""
    return plan.tempo_map.seconds_at(plan.meter_map.bar_onset(bar))


def section_starts(plan: CompositionPlan) -> Iterator[tuple[Section, int]]:
    """Every section with the number of its first bar, counted from 0."""
    bar = 0
    for section in plan.sections:
        yield section, bar
        bar += section.bars


def player(piece: Piece, audio_name: str | None, audio_data: tuple[str, bytes] | None) -> Html:
    """The player: the browser's own controls, which the page's script replaces by a calmer deck."""
    if audio_name is None and audio_data is None:
        text = "No sound was made for this piece. Open score.mid in any player, or run "
        command = el("code", "img2music render score.mid")
        return el("section", el("p", text, command, "."), id="player", class_="player silent", aria_label="Player")
    if audio_data is not None:
        kind = audio_data[0] if re.fullmatch(r"audio/[a-z0-9.+-]+", audio_data[0]) else "audio/wav"
        source = Html(f"data:{kind};base64," + b64encode(audio_data[1]).decode("ascii"))
    else:
        source = relative_href(audio_name or "")
    sound = el(
        "audio",
        id="audio",
        src=source,
        controls=True,
        preload="metadata",
        aria_label=f"{piece.plan.title}, {format_clock(piece.plan.seconds)}",
    )
    symbol = el("svg", el("path", d=_PLAY), viewBox="0 0 24 24", aria_hidden="true", focusable="false")
    button = el("button", symbol, id="play", type="button", aria_label="Play", aria_pressed="false")
    length = f"{piece.performance.seconds:.3f}"
    seek = el("input", id="seek", type="range", min="0", max=length, step="0.1", value="0", aria_label="Position in the piece")
    times = el("div", el("span", "0:00", id="at"), el("span", format_clock(round(piece.performance.seconds))), class_="times")
    now = el("p", "Press play, or click anywhere on the piano roll.", id="now", class_="now")
    deck = el("div", button, el("div", seek, times, class_="track"), id="deck", class_="deck", hidden=True)
    fault = f"{audio_name or 'The sound'} can't be played. Keep it in the same folder as this page."
    trouble = el("p", fault, id="trouble", hidden=True, role="alert")
    return el("section", sound, deck, now, trouble, id="player", class_="player", aria_label="Player")


def timeline(piece: Piece, pianoroll: str, dynamics: dict[str, str]) -> Html:
    """Piano roll over form, on one axis of time; scrolls sideways where the screen is narrow."""
    lane = [_roll(piece, pianoroll) if pianoroll else None, form_bar(piece.plan, dynamics)]
    return el(
        "div",
        el("div", lane, class_="lane"),
        id="timeline",
        class_="timeline",
        tabindex=0,
        role="region",
        aria_label="Piano roll",
    )


def _roll(piece: Piece, pianoroll: str) -> Html:
    notes = sum(len(part.notes) for part in piece.performance.parts)
    names = join_words(tuple(part.name for part in piece.performance.parts))
    length = format_clock(piece.performance.seconds)
    text = f"Piano roll: {notes} notes of {names} over {length}; time runs to the right, pitch upwards"
    return el("div", el("img", src=data_svg(pianoroll), alt=text), id="roll", class_="roll")


def plot_edges(pianoroll: str, seconds: float) -> tuple[float, float]:
    """Where the sound begins and ends in the drawing, as fractions of its width: read from its own labels "0:00", "0:10" ...

    A drawing without such labels is taken to span the sound from edge to edge.
    """
    width = re.search(r'viewBox="0 0 ([0-9.]+) ', pianoroll)
    labels = [(int(minute) * SECONDS_A_MINUTE + int(second), float(x)) for x, minute, second in _LABEL.findall(pianoroll)]
    if not width or len(labels) < 2 or labels[-1][0] <= labels[0][0]:
        return 0.0, 1.0
    (begin, left), (end, right) = labels[0], labels[-1]
    scale = (right - left) / (end - begin)
    zero = left - begin * scale
    edges = zero / float(width[1]), (zero + seconds * scale) / float(width[1])
    return edges if 0 <= edges[0] < edges[1] <= 1.001 else (0.0, 1.0)


def _material_class(plan: CompositionPlan) -> dict[str, str]:
    """Style class by material: sections of one letter share a colour; intro and outro have none of their own."""
    letters = dict.fromkeys(section.material for section in plan.sections if section.role not in {"intro", "outro"})
    return {letter: f"m{place % 4}" for place, letter in enumerate(letters)}


def form_bar(plan: CompositionPlan, dynamics: dict[str, str]) -> Html:
    """The form: one block a section, as wide as its bars and as high as its energy. `dynamics` by section name."""
    classes, blocks = _material_class(plan), []
    for place, (section, bar) in enumerate(section_starts(plan)):
        begin = format_clock(round(bar_seconds(plan, bar)))
        text = f"{section.name}, {_ROLES[section.role]}: {_count(section.bars, 'bar')} from {begin}, energy {_energy(section, '.0%')}"
        text += f", {own}" if (own := section_words(plan, section)) else ""
        mark = dynamics.get(section.name, "")
        inside = [
            el("span", el("i", class_=f"fill {classes.get(section.material, 'm')}"), class_="column"),
            el("strong", section.name),
            el("small", section.bars, el("em", " " + mark) if mark else None),
            el("span", text.removeprefix(section.name), class_="unseen"),
        ]
        link = el("a", inside, href=f"#harmony-{place}", title=text, data_from=f"{bar_seconds(plan, bar):.3f}")
        blocks.append(el("li", link, id=f"form-{place}"))
    return el("ol", blocks, id="form", class_="form", aria_label="The form, section by section")


def form_css(plan: CompositionPlan, seconds: float, edges: tuple[float, float]) -> str:
    """Style rules for the form's widths and heights, under the piano roll's `edges`; what rings on at the end stays empty."""
    if is_even(plan):
        widths = [f"{section.bars}" for section in plan.sections]
        rest = seconds / bar_seconds(plan, 1) - plan.bars
    else:
        starts = [bar_seconds(plan, bar) for bar in (*plan.first_bars, plan.bars)]
        widths = [f"{end - begin:.3f}" for begin, end in pairwise(starts)]
        rest = seconds - starts[-1]
    columns = " ".join(f"minmax(min-content,{width}fr)" for width in widths) + (f" {rest:.3f}fr" if rest > 0.05 else "")
    padding = f"padding:0 {100 * max(0.0, 1 - edges[1]):.3f}% 0 {100 * edges[0]:.3f}%"
    heights = "".join(f"#form-{place} .fill{{height:{100 * section.energy:.1f}%}}" for place, section in enumerate(plan.sections))
    return f"#form{{grid-template-columns:{columns};{padding}}}{heights}"


def harmony(plan: CompositionPlan, dynamics: dict[str, str]) -> Html:
    """Every section's bars as roman numerals and chord symbols, a row a phrase; folded up but for the first theme."""
    chords, classes = plan.chords(), _material_class(plan)
    first = next((place for place, section in enumerate(plan.sections) if section.role not in {"intro", "outro"}), 0)
    folds = []
    for place, (section, bar) in enumerate(section_starts(plan)):
        rows, begin = [], bar
        for length in section.phrase_bars:
            cells = [_bar(chords[index], index, bar_seconds(plan, index)) for index in range(begin, begin + length)]
            rows.append(el("ol", cells, class_=f"phrase p{min(4, length)}", start=begin + 1))
            begin += length
        mark = dynamics.get(section.name, "")
        own = f" · {words}" if (words := section_words(plan, section)) else ""
        head = el(
            "summary",
            el("i", class_=f"dot {classes.get(section.material, 'm')}"),
            el("strong", section.name),
            el("span", f" {_ROLES[section.role]} · {_count(section.bars, 'bar')} · energy {_energy(section, '.0%')}{own}"),
            el("em", f" {mark}", class_="dynamic") if mark else None,
        )
        folds.append(el("details", head, el("div", rows, class_="phrases"), id=f"harmony-{place}", open=place == first))
    return el("div", folds, class_="harmony")


def _energy(section: Section, form: str) -> str:
    """The energy of a section, or what it goes from and to."""
    first, last = section.bar_energies[0], section.bar_energies[-1]
    return f"{first:{form}} to {last:{form}}" if section.energy_curve else f"{section.energy:{form}}"


def _bar(chords: tuple[Chord, ...], index: int, seconds: float) -> Html:
    numerals = el("span", join_html([[numeral(chord.numeral), " "] for chord in chords]), class_="numerals")
    symbols = el("span", with_accidentals("  ".join(chord.symbol for chord in chords)), class_="symbols")
    return el("li", numerals, symbols, id=f"bar-{index}", data_from=f"{seconds:.3f}")


def numeral(text: str) -> Html:
    """A roman numeral as it is printed: figures raised, real accidentals."""
    match = _FIGURES.fullmatch(text)
    if not match:
        return el("b", text)
    raised = el("sup", with_accidentals(match["figures"])) if match["figures"] else None
    target = ["/", numeral(match["target"])] if match["target"] else None
    return el("b", with_accidentals(match["shift"]) + match["root"].replace("o", "°"), raised, target)


def motif_drawing(motif: Motif) -> Html:
    """The motif as a tiny piano roll: steps upwards, time to the right, in proportion."""
    total, low, high = sum(motif.rhythm), min(motif.steps), max(motif.steps)
    reach, place, blocks = max(4, high - low), 0.0, []
    for step, length in zip(motif.steps, motif.rhythm, strict=True):
        x, width = 200 * place / total, 200 * length / total
        y = 62 - 56 * (step - low) / reach
        blocks.append(el("rect", x=f"{x + 1:.1f}", y=f"{y:.1f}", width=f"{max(2.0, width - 2):.1f}", height="7", rx="3"))
        place += length
    steps = ", ".join(f"{step:+d}" if step else "0" for step in motif.steps)
    label = f"The motif: scale steps {steps}"
    return el("svg", el("title", label), blocks, class_="motif", viewBox="0 0 200 72", role="img")


def _count(amount: int, word: str) -> str:
    return f"{amount} {word}{'' if amount == 1 else 's'}"
