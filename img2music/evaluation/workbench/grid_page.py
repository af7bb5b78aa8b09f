"""OUT/index.html: the question, what each prompt is worth, who is better, and the pieces side by side.

One file that needs nothing but a browser, as the report of a piece is: pictures and sounds are ``data:`` addresses, the style is named by
its hash in a content security policy that forbids everything else, and there is no script. Titles, cues, faults and names come from models
and files; all of it passes through `report.page.html`, which escapes it. Sounds beyond a bound are linked to, beside the page.
The page holds no clock: the same cells give the same bytes.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from img2music.atomic_files import write_file
from img2music.evaluation.workbench.cell_scores import DIVERSITY_CARD, SCORE_CARDS
from img2music.evaluation.workbench.charts import differences_tables, score_table, verdicts
from img2music.evaluation.workbench.picture_rows import EmbeddedSounds, picture_row
from img2music.report.page.html import el
from img2music.report.page.layout import page_head, page_section, theme_css
from img2music.report.page.page_colours import themes
from img2music.report.text_format import join_words
from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from img2music.evaluation.workbench.cell_record import CellRecord, CellStore
    from img2music.evaluation.workbench.prompt_grid import Grid
    from img2music.evaluation.workbench.variant_comparison import Difference, Summary
    from img2music.report.page.html import Child, Html

__all__ = ["page_html", "write_page"]

_MOST_PICTURES = 60
"""Rows of pieces; the rest is in cells.jsonl alone."""


def write_page(store: CellStore, page: str) -> Path:
    """Writes the page that `page_html` made, and returns its path.

    Raises:
        OutputError: OUT can't be written.
    """
    path = store.folder / "index.html"
    write_file(path, page.encode())
    return path


def page_html(
    grid: Grid,
    records: Mapping[str, CellRecord],
    store: CellStore,
    table: Sequence[Summary],
    differences: Sequence[Difference],
    *,
    rated: bool,
) -> str:
    """The whole document; `rated` says that people's ratings were the yardstick of affect."""
    style = _style()
    sounds = EmbeddedSounds(store)
    shown = grid.pictures[:_MOST_PICTURES]
    subjects = [picture_row(grid, picture, records, sounds) for picture in shown]
    rest = len(grid.pictures) - len(shown)
    body = [
        el("a", "Skip to the pieces", href="#pieces", class_="skip"),
        _header(grid, table),
        el(
            "main",
            page_section("answer", "In short", verdicts(table, differences)),
            page_section("scores", "What each is worth", _hint(table), score_table(table)),
            page_section("differences", "Is one better?", *differences_tables(differences)) if differences else None,
            page_section(
                "pieces",
                "The pieces, picture by picture",
                el("p", f"Seed {grid.seeds[0]}; other seeds are counted in the scores.", class_="hint")
                if grid.seeds[1:]
                else None,
                subjects,
                el("p", f"{rest} more pictures are counted in the scores and not shown.", class_="hint") if rest else None,
            ),
            page_section("meaning", "What the scores mean", _meaning(rated=rated)),
        ),
        el("footer", el("p", "Made with img2music. Everything on this page is quoted from cells.jsonl beside it.")),
    ]
    return f"<!DOCTYPE html>\n{el('html', page_head('Prompts tried: img2music', style), el('body', body), lang='en')}\n"


def question(grid: Grid) -> str:
    """What the grid asks."""
    prompts, models = [prompt.label for prompt in grid.prompts], [model.label for model in grid.models]
    if len(prompts) == 2 and len(models) == 1:
        return f"Is {prompts[0]} better than {prompts[1]}?"
    if len(prompts) > 1:
        return f"Which of {len(prompts)} prompts does best?"
    return f"Which of {len(models)} models does best with {prompts[0]}?" if len(models) > 1 else f"What is {prompts[0]} worth?"


def _header(grid: Grid, table: Sequence[Summary]) -> Html:
    done, cells = sum(one.done + one.failed for one in table), sum(one.cells for one in table)
    words = (
        f"{_many(len(grid.prompts), 'prompt')}, {_many(len(grid.models), 'model')}, {_many(len(grid.pictures), 'picture')} and "
        f"{_many(len(grid.seeds), 'seed')}: {done} of {_many(cells, 'cell')} made, each a piece of {grid.seconds:g} seconds. "
        f"Prompts: {join_words(tuple(prompt.label for prompt in grid.prompts))}. Models: {join_words(tuple(model.label for model in grid.models))}."
    )
    return el(
        "header",
        el("p", el("b", "img2music"), " prompt workbench", class_="kicker"),
        el("h1", question(grid)),
        el("p", words, class_="idea"),
    )


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _hint(table: Sequence[Summary]) -> Html | None:
    if not any(summary.fell_back or summary.failed for summary in table):
        return None
    text = (
        "Where the answers were not valid, another stage made the piece: such a cell has no other scores. "
        "Where no answer came, nothing is measured."
    )
    return el("p", text, class_="hint")


def _meaning(*, rated: bool) -> Html:
    rows: list[Child] = []
    for card in (*SCORE_CARDS.values(), DIVERSITY_CARD):
        text = card.explanation
        if card.name == "affect":
            text += " Here it is held against people's ratings." if rated else " Here it is held against the offline eye."
        rows += [el("dt", card.name), el("dd", f"{text} ", el("small", card.traps))]
    return el("dl", rows, class_="meaning")


def _style() -> str:
    light, dark = themes(())
    colours = theme_css(light, dark)
    own = files("img2music.evaluation.workbench").joinpath("grid_page.css").read_text(encoding="utf-8")
    return colours + asset_path("report/page.css").read_text(encoding="utf-8") + own
