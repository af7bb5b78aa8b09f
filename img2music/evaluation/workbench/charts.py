"""Scores and differences on the page: the table, the interval bars, the answer in words.

A bar shows the difference of two prompts and its 95 % interval; the dashed line is 0. Bars of scores from 0 to 1 share one scale, others
have their own. What a bar shows stands beside it as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.evaluation.workbench.cell_scores import DIVERSITY_CARD, SCORE_CARDS
from img2music.evaluation.workbench.result_tables import (
    SCORES,
    format_mean,
    format_score,
    group_by_pair,
    pair_names,
    verdict_words,
)
from img2music.report.page.html import Html, el, join_html
from img2music.report.page.report_tables import html_table
from img2music.report.text_format import join_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.evaluation.workbench.variant_comparison import Difference, Summary
    from img2music.report.page.html import Child

__all__ = ["differences_tables", "interval_bar", "score_table", "verdicts"]

_HALF = 100.0
_MOST_REASONS = 3


def score_table(table: Sequence[Summary]) -> Html:
    """A score a row, a prompt with a model a column."""
    shown = [score for score in SCORES if any(summary.means[score].value is not None for summary in table)]
    one_model = len({summary.variant.model for summary in table}) == 1
    heads = ["Score", *((summary.variant.prompt.label if one_model else summary.variant.label) for summary in table)]
    rows: list[list[Child]] = [["cells", *(_cells(summary) for summary in table)]]
    for score in shown:
        card = DIVERSITY_CARD if score == "diversity" else SCORE_CARDS[score]
        arrow = {"higher": ", more is better", "lower": ", less is better"}.get(card.better, "")
        rows.append([[score, el("small", f"{card.unit}{arrow}")], *(_mean(score, summary) for summary in table)])
    made = html_table("scores", heads, rows)
    reasons = [el("li", el("strong", one.variant.label), f": {why}") for one in table for why in one.troubles[:_MOST_REASONS]]
    told = (
        el("details", el("summary", "Why answers were not valid, or none came"), el("ul", reasons, class_="notes"))
        if reasons
        else None
    )
    return join_html([el("div", made, class_="wide", tabindex=0, role="region", aria_label="Table of scores"), told])


def _cells(summary: Summary) -> Child:
    told = [f"{summary.done} of {summary.cells} made"]
    if summary.fell_back:
        told.append(f"{summary.fell_back} without the model")
    if summary.failed:
        told.append(f"{summary.failed} failed")
    return ", ".join(told)


def _mean(score: str, summary: Summary) -> Child:
    mean = summary.means[score]
    if mean.value is None:
        return el("span", "not measured", class_="quiet")
    of = "pair" if score == "diversity" else "cell"
    return el("span", format_score(score, mean.value), " ", el("small", f"{mean.count} {of}{'s' * (mean.count != 1)}"))


def verdicts(table: Sequence[Summary], differences: Sequence[Difference]) -> Html:
    """The answer for every two that were compared; for one alone, what it is worth."""
    if not differences:
        told = []
        for summary in table:
            means = [
                f"{score} {format_mean(score, summary.means[score])}"
                for score in SCORES[:7]
                if summary.means[score].value is not None
            ]
            told.append(
                el(
                    "li",
                    el("p", el("strong", summary.variant.label)),
                    el("p", join_words(tuple(means)) or "Nothing was measured."),
                )
            )
        return el("ul", told, class_="verdicts")
    items, open_pairs = [], []
    for own in group_by_pair(differences):
        first, second, common = pair_names(own[0])
        if all(one.better is None for one in own):
            few = f" ({own[0].verdict.partition(': ')[2]})" if all(one.low is None for one in own) else ""
            open_pairs.append(el("li", f"{first} and {second} ", el("small", f"with {common}{few}")))
            continue
        lines: list[Child] = [el("p", el("strong", f"{first} against {second}"), el("small", f" with {common}"))]
        for variant, name in ((own[0].a, first), (own[0].b, second)):
            won = tuple(one.score for one in own if one.better is variant)
            if won:
                lines.append(el("p", el("span", f"✓ {name} is better", class_="good"), f" in {join_words(won)}."))
        rest = tuple(one.score for one in own if one.better is None)
        lines.append(el("p", el("span", "Can't tell", class_="quiet"), f" in {join_words(rest)}.") if rest else None)
        items.append(el("li", lines))
    if open_pairs:
        items.append(el("li", el("p", el("strong", "Can't tell in any score")), el("ul", open_pairs)))
    return el("ul", items, class_="verdicts")


def differences_tables(differences: Sequence[Difference]) -> list[Html]:
    """A table for every two that were compared."""
    count = len(differences)
    folded: list[Html] = []
    made = [
        el(
            "p",
            "Seeds are averaged within a picture, then the difference over pictures, with its 95 % bootstrap interval. "
            f"{count} comparisons: of twenty between equals one is won by chance.",
            class_="hint",
        )
    ]
    for own in group_by_pair(differences):
        first, second, common = pair_names(own[0])
        unit = max((_extent(one) for one in own if SCORE_CARDS[one.score].high == 1.0), default=1.0)
        rows: list[list[Child]] = [
            [
                one.score,
                str(one.pictures),
                format_score(one.score, one.mean, signed=True),
                el(
                    "span",
                    interval_bar(one, unit if SCORE_CARDS[one.score].high == 1.0 else _extent(one)),
                    el("span", _reach(one), class_="reached"),
                    class_="drawn",
                ),
                _verdict(one),
            ]
            for one in own
        ]
        content = html_table("differences", ("Score", "Pictures", "Difference", "95 % interval", "Verdict"), rows)
        title: list[Child] = [f"{first} less {second}", el("small", f" with {common}")]
        if any(one.better is not None for one in own) or len(group_by_pair(differences)) == 1:
            made += [el("h3", title), content]
        else:
            folded.append(el("details", el("summary", el("strong", title[0]), el("span", f"with {common}: can't tell")), content))
    if folded:
        made.append(el("div", folded))
    return made


def _extent(one: Difference) -> float:
    return max(abs(one.mean), abs(one.low or 0.0), abs(one.high or 0.0))


def _reach(one: Difference) -> str:
    if one.low is None or one.high is None:
        return "too few pictures for an interval"
    return f"{format_score(one.score, one.low, signed=True)} to {format_score(one.score, one.high, signed=True)}"


def _verdict(one: Difference) -> Child:
    words = verdict_words(one)
    return el("span", words.capitalize(), class_="quiet") if one.better is None else el("span", f"✓ {words}", class_="good")


def interval_bar(one: Difference, extent: float) -> Html:
    """The difference as a dot on its interval, 0 in the middle, `extent` at the edges."""

    def place(value: float) -> float:
        return _HALF + (_HALF - 6) * max(-1.0, min(1.0, value / (extent or 1.0)))

    shapes: list[Child] = [el("title", f"{one.score}: {format_score(one.score, one.mean, signed=True)}, {_reach(one)}")]
    shapes.append(el("line", x1=_HALF, x2=_HALF, y1=0, y2=24, class_="axis"))
    if one.low is not None and one.high is not None:
        shapes.append(el("line", x1=f"{place(one.low):.1f}", x2=f"{place(one.high):.1f}", y1=12, y2=12, class_="reach"))
    shapes.append(el("rect", x=f"{place(one.mean) - 1.2:.1f}", y=5, width=2.4, height=14, rx=1, class_="mean"))
    told = "bar told" if one.better is not None else "bar"
    return el("svg", shapes, class_=told, viewBox="0 0 200 24", preserveAspectRatio="none", role="img")
