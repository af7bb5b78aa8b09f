"""OUT/index.html of the workbench of sounds: how far each variant follows its score, and players beside each other with what was heard.

One file without a script, as the page of the prompt workbench: what comes from models and files is escaped, sounds are carried in it as far as
there is room. The same cells give the same bytes.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from img2music.evaluation.comparison import means_by_name, paired_difference
from img2music.evaluation.statistics import mean_of_measured
from img2music.evaluation.workbench.picture_rows import EmbeddedSounds, thumbnail
from img2music.report.page.html import el
from img2music.report.page.layout import page_head, page_section, theme_css
from img2music.report.page.page_colours import themes
from img2music.resources import asset_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.evaluation.sound_grid.sound_cells import SoundCell, SoundGrid, SoundStore, SoundVariant
    from img2music.evaluation.workbench.prompt_grid import GridPicture
    from img2music.report.page.html import Html

__all__ = ["mark_rows", "sound_page_html"]

_MEANING = (
    "The mark says how far a sound does what its score says, 0 to 1, by ears that are software: pitches and rhythm count most. "
    "It says nothing of beauty. The soundfont plays as written, so its mark is what obeying comes to."
)


def mark_rows(grid: SoundGrid, records: Mapping[str, SoundCell]) -> list[tuple[str, str, str, str]]:
    """A row a variant: label, mean mark with its count, difference to the first variant with its interval, failures."""
    marks = {variant.label: _marks(grid, variant, records) for variant in grid.variants}
    first = marks[grid.variants[0].label]
    rows = []
    for variant in grid.variants:
        own = [records[name] for name, of, _, _ in grid.cells() if of is variant and name in records]
        mean = mean_of_measured([record.mark for record in own])
        told = "not measured" if mean.value is None else f"{mean.value:.2f} ({mean.count})"
        apart = None if variant is grid.variants[0] else paired_difference(marks[variant.label], first)
        words = "-" if apart is None else f"{apart.mean:+.2f}"
        if apart is not None and apart.interval is not None:
            words += f" ({apart.interval.low:+.2f} to {apart.interval.high:+.2f})"
        failed = sum(record.status == "failed" for record in own)
        rows.append((variant.label, told, words, str(failed)))
    return rows


def sound_page_html(grid: SoundGrid, records: Mapping[str, SoundCell], store: SoundStore) -> str:
    """The whole document."""
    light, dark = themes(())
    own = files("img2music.evaluation.workbench").joinpath("grid_page.css").read_text(encoding="utf-8")
    style = theme_css(light, dark) + asset_path("report/page.css").read_text(encoding="utf-8") + own
    sounds = EmbeddedSounds(store)
    heads = [el("th", head, scope="col") for head in ("sound", "mark", f"against {grid.variants[0].label}", "failed")]
    table = [el("tr", el("th", row[0], scope="row"), [el("td", cell) for cell in row[1:]]) for row in mark_rows(grid, records)]
    body = [
        el("a", "Skip to the pieces", href="#pieces", class_="skip"),
        el(
            "header",
            el("p", el("b", "img2music"), " sound workbench", class_="kicker"),
            el("h1", "Who follows the score, and who sounds better?"),
            el(
                "p",
                f"{len(grid.variants)} sounds play the same pieces of {grid.seconds:g} seconds; each is listened to.",
                class_="idea",
            ),
        ),
        el(
            "main",
            page_section(
                "scores",
                "How far each follows its score",
                el("p", _MEANING, class_="hint"),
                el("div", el("table", el("thead", el("tr", heads)), el("tbody", table), class_="scores"), class_="wide"),
            ),
            page_section(
                "pieces", "The pieces, side by side", [_row(grid, picture, records, sounds) for picture in grid.pictures]
            ),
        ),
        el("footer", el("p", "Made with img2music. Everything on this page is quoted from sounds.jsonl beside it.")),
    ]
    return f"<!DOCTYPE html>\n{el('html', page_head('Sounds tried: img2music', style), el('body', body), lang='en')}\n"


def _marks(grid: SoundGrid, variant: SoundVariant, records: Mapping[str, SoundCell]) -> dict[str, float]:
    """Mean mark by picture."""
    own = (
        (records[name].picture_sha256, records[name].mark) for name, of, _, _ in grid.cells() if of is variant and name in records
    )
    return means_by_name(own)


def _row(grid: SoundGrid, picture: GridPicture, records: Mapping[str, SoundCell], sounds: EmbeddedSounds) -> Html:
    cards = []
    for seed in grid.seeds:
        for variant in grid.variants:
            record = records.get(grid.name_of(variant, picture, seed))
            label = f"{variant.label}, seed {seed}" if grid.seeds[1:] else variant.label
            cards.append(_card(label, record, sounds))
    return el(
        "article", el("header", thumbnail(picture), el("h3", picture.label)), el("div", cards, class_="cells"), class_="subject"
    )


def _card(label: str, record: SoundCell | None, sounds: EmbeddedSounds) -> Html:
    head = el("h4", label)
    if record is None:
        return el("div", head, el("p", "Not made yet.", class_="quiet"), class_="cell")
    if record.status == "failed":
        return el("div", head, el("p", el("span", "✗ no sound", class_="bad"), f" {record.why}"), class_="cell")
    use = record.use
    told = [one for one in (use.text, *use.conditions, *use.notes) if one] if use is not None else []
    return el(
        "div",
        head,
        el("p", record.title or "(no title)", class_="title"),
        sounds.player(record.cell, f"{record.title}, {label}"),
        el("p", "mark: not measured" if record.mark is None else f"mark {record.mark:.2f}", class_="facts"),
        el("ul", [el("li", line) for line in record.heard]),
        None if use is None else el("p", f"{use.weights}, licence {use.licence}, on {use.device}.", class_="facts"),
        el("details", el("summary", "What the model was told"), el("ul", [el("li", line) for line in told])) if told else None,
        class_="cell",
    )
