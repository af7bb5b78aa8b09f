"""A picture's row on the page: the picture, a card a cell (title, facts, player, what it cites, faults), and how the plans differ."""

from __future__ import annotations

from base64 import b64encode
from itertools import combinations
from typing import TYPE_CHECKING, Any

from img2music.errors import PictureError
from img2music.evaluation.line_diff import diff_lines
from img2music.evaluation.workbench.prompt_grid import Cell
from img2music.report.cue_words import cue_name
from img2music.report.page.html import Html, el, relative_href
from img2music.report.page.report_tables import format_key
from img2music.report.scene_text import felt_words
from img2music.report.text_format import format_clock, join_words, style_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.evaluation.records import RecordStore
    from img2music.evaluation.workbench.cell_record import CellRecord
    from img2music.evaluation.workbench.prompt_grid import Grid, GridPicture
    from img2music.report.page.html import Child

__all__ = ["EmbeddedSounds", "picture_row", "thumbnail"]

_LARGEST_SOUNDS = 24_000_000
"""Bytes of sound that a page carries; a third more as text. Half a minute is about half a megabyte."""
_THUMBNAIL_PIXELS = 360
_MOST_LISTED = 40


class EmbeddedSounds:
    """Sounds for the page, carried in it as far as there is room, linked to beyond that."""

    def __init__(self, store: RecordStore[Any]) -> None:
        self._store = store
        self._left = _LARGEST_SOUNDS

    def player(self, cell: str, label: str) -> Html | None:
        """The player of a cell; None where it has no sound."""
        content = self._store.read_file(cell, "audio.ogg")
        if content is None:
            return None
        if len(content) <= self._left:
            self._left -= len(content)
            source = Html("data:audio/ogg;base64," + b64encode(content).decode("ascii"))
        else:
            source = relative_href(f"pieces/{cell}/audio.ogg")
        return el("audio", src=source, controls=True, preload="none", aria_label=label)


def picture_row(grid: Grid, picture: GridPicture, records: Mapping[str, CellRecord], sounds: EmbeddedSounds) -> Html:
    """One picture with all that was made of it."""
    cells = [Cell(variant.prompt, variant.model, picture, grid.seeds[0], grid.seconds) for variant in grid.variants]
    cards = [_card(grid, cell, records, sounds) for cell in cells]
    head = el("header", thumbnail(picture), el("h3", picture.label), _eye_line(cells, records))
    return el("article", head, el("div", cards, class_="cells"), _plan_diffs(cells, records), class_="subject")


def thumbnail(picture: GridPicture) -> Html:
    """A small copy of a picture, or that it is gone."""
    from img2music.io.pictures import open_picture, preview_jpeg

    try:
        content = preview_jpeg(open_picture(picture.path), longest=_THUMBNAIL_PIXELS)
    except PictureError:
        return el("p", "The picture is not there any more.", class_="quiet")
    return el("img", src=Html("data:image/jpeg;base64," + b64encode(content).decode("ascii")), alt=f"The picture {picture.label}")


def _eye_line(cells: list[Cell], records: Mapping[str, CellRecord]) -> Html | None:
    eye = next((records[cell.name].eye for cell in cells if cell.name in records and records[cell.name].eye is not None), None)
    if eye is None:
        return None
    return el("p", f"The offline eye finds it {felt_words(*eye)}.", class_="hint")


def _card(grid: Grid, cell: Cell, records: Mapping[str, CellRecord], sounds: EmbeddedSounds) -> Html:
    record = records.get(cell.name)
    head = el("h4", cell.prompt.label, el("small", cell.model.label) if len(grid.models) > 1 else None)
    if record is None:
        return el("div", head, el("p", "Not made yet.", class_="quiet"), class_="cell")
    made = record.made
    parts: list[Child] = [head, _status(record)]
    if made is not None:
        facts = (format_key(made.key), f"♩ = {made.tempo_bpm:.4g}", made.meter, style_words(made.style), f"{made.bars} bars")
        title = made.title or "(no title)"
        parts += [
            el("p", title, class_="title"),
            el("p", f"{', '.join(facts)}. {join_words(made.instruments).capitalize()}.", class_="facts"),
            sounds.player(cell.name, f"{title}, {cell.prompt.label}, {format_clock(made.seconds)}")
            or el("p", "No sound was made.", class_="quiet facts"),
            _feeling(record),
            _cited(record),
        ]
    parts += [_faults(record), _other_seeds(grid, cell, records)]
    return el("div", parts, class_="cell")


def _status(record: CellRecord) -> Html:
    if record.status == "failed":
        return el("p", el("span", "✗ no answer", class_="bad"), f" {record.why}")
    if record.fell_back:
        return el("p", el("span", "✗ not valid, made without the model", class_="bad"), f" {record.why}")
    repairs = sum(use.repairs for use in record.uses)
    return el("p", el("span", "✓ valid", class_="good"), f" after {repairs} repair{'s' * (repairs != 1)}" if repairs else None)


def _feeling(record: CellRecord) -> Html | None:
    if record.feeling is None:
        return None
    how = "Says" if record.purpose == "see" else "Implies"
    return el("p", f"{how}: {felt_words(*record.feeling)}.", class_="facts")


def _cited(record: CellRecord) -> Html | None:
    if record.made is None or not record.made.cited:
        return None
    items = [
        el(
            "li",
            el("strong", cue_name(one.choice)),
            f" {one.value} ",
            el("small", f"from {join_words(tuple(map(cue_name, one.because)))}"),
        )
        for one in record.made.cited[:_MOST_LISTED]
    ]
    count = len({name for one in record.made.cited for name in one.because})
    unfounded = sum(use.unfounded for use in record.uses)
    more = f", {unfounded} citation{'s' * (unfounded != 1)} of what is not there" if unfounded else ""
    return el("details", el("summary", f"Cites {count} cue{'s' * (count != 1)}{more}"), el("ul", items))


def _faults(record: CellRecord) -> Html | None:
    faults = [el("li", f"fault: {fault}") for use in record.uses for fault in use.faults]
    mends = [el("li", f"mended: {mend}") for use in record.uses for mend in use.mended]
    broken = [el("li", f"not kept: {promise}") for promise in record.broken]
    if not (faults or mends or broken):
        return None
    told = [
        f"{len(items)} {word}{'s' * (len(items) != 1)}"
        for items, word in ((faults, "fault"), (mends, "mend"), (broken, "broken promise"))
        if items
    ]
    return el("details", el("summary", join_words(tuple(told)).capitalize()), el("ul", [*faults, *mends, *broken][:_MOST_LISTED]))


def _other_seeds(grid: Grid, cell: Cell, records: Mapping[str, CellRecord]) -> Html | None:
    """What became of the other seeds."""
    told = []
    for seed in grid.seeds[1:]:
        record = records.get(Cell(cell.prompt, cell.model, cell.picture, seed, cell.seconds).name)
        if record is not None:
            fate = "no answer" if record.status == "failed" else "not valid" if record.fell_back else "valid"
            told.append(f"seed {seed} {fate}")
    return el("p", f"Others: {', '.join(told)}.", class_="facts") if told else None


def _plan_diffs(cells: list[Cell], records: Mapping[str, CellRecord]) -> Html | None:
    """How what was decided differs between every two prompts of one purpose with the same model."""
    folds = []
    for one, other in combinations(cells, 2):
        if one.model is not other.model or one.prompt.purpose != other.prompt.purpose:
            continue
        found = [records[cell.name].made if cell.name in records else None for cell in (one, other)]
        if found[0] is None or found[1] is None:
            continue
        lines, count = diff_lines(found[0].text, found[1].text)
        names = f"{one.prompt.label} and {other.prompt.label}"
        title = f"{names} differ in {count} line{'s' * (count != 1)}" if count else f"{names} decided the same"
        legend = el("p", f"− only {one.prompt.label}, + only {other.prompt.label}", class_="hint")
        inside = [legend, el("div", lines, class_="diff")] if count else el("p", "Line by line the same.", class_="quiet")
        folds.append(el("details", el("summary", title, el("span", one.model.label)), inside))
    return el("div", folds, class_="diffs") if folds else None
