"""The verb `prompts try`: the prompt workbench on the command line."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from img2music.cancellation import Cancelled
from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import clean, print_json, print_notice, print_text, progress_line, stopped_by_ctrl_c
from img2music.cli.shared.many_inputs import check_writable
from img2music.cli.shared.option_records import option, with_options
from img2music.errors import BackendError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from img2music.evaluation.workbench import Cell, CellRecord, CellStore, Difference, Estimate, Grid, Summary
    from img2music.pipeline import Event

__all__ = ["MultiValueCommand", "try_prompts"]

_MULTI_VALUE_OPTIONS = ("--prompts", "--pictures", "--models", "--sounds")
_SECONDS = "30"
_COLUMNS = 4
"""Prompts and models side by side in a table."""


class MultiValueCommand(TyperCommand):
    """A verb without arguments whose list options take all the values that follow: ``--prompts a.md b.md``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Every further value gets the option's name before it, which is what the parser knows."""
        spread: list[str] = []
        option: str | None = None
        values = 0
        for word in args:
            if word.startswith("-") and word != "-":
                name, equals, _ = word.partition("=")
                option, values = (name if name in _MULTI_VALUE_OPTIONS else None), int(bool(equals))
            elif option is not None:
                if values:
                    spread.append(option)
                values += 1
            spread.append(word)
        return list(super().parse_args(ctx, spread))


@dataclass(frozen=True, slots=True)
class GridOptions:
    """What is tried: every prompt with every model on every picture."""

    prompts: Annotated[list[str], option("--prompts", "NAME|FILE|DIR ...", "Prompts: names, .md files, or folders of them.")]
    pictures: Annotated[list[str], option("--pictures", "DIR|FILE ...", "Pictures, or folders of pictures.")]
    models: Annotated[list[str], option("--models", "MODEL ...", "Such as gguf:smollm2 or 'openai:gpt-4o-mini?price_in=.15'.")]
    seeds: Annotated[int, option("--seeds", "N", "How many pieces of each picture: seeds 0, 1, 2 ...", show_default=True)] = 1
    seconds: Annotated[str, option("--seconds", "S", "Length of each piece, such as 30 or 1:30.", show_default=True)] = _SECONDS

    def grid(self, per_minute: float | None) -> Grid:
        """The cells that this makes."""
        from img2music.brief import Brief
        from img2music.evaluation.workbench import load_grid

        length = Brief.of(seconds=self.seconds).seconds
        return load_grid(
            self.prompts, self.models, self.pictures, seeds=self.seeds, seconds=length, per_minute=per_minute, note=print_notice
        )


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Where results go, and what a run may do and spend."""

    out: Annotated[
        str, option("--out -o", "OUT", "Folder for the results. Name the same one again to go on.", show_default=True)
    ] = "prompts-tried"
    budget: Annotated[
        float | None,
        option("--budget", "USD", "Most dollars to spend. A run that would cost more does not begin, or stops in time."),
    ] = None
    per_minute: Annotated[float | None, option("--limit-per-minute", "N", "Ask each model at most N times a minute.")] = None
    no_audio: Annotated[bool, option("--no-audio", None, "Make no sound. If left out, pieces of the first seed get one.")] = False
    retry_failed: Annotated[bool, option("--retry-failed", None, "Try again where no answer came.")] = False
    yes: Annotated[
        bool, option("--yes -y", None, "Send prompts and pictures to models on other machines without asking first.")
    ] = False

    def __post_init__(self) -> None:
        if self.budget is not None and not self.budget >= 0:
            raise UsageError(f"--budget can't be {self.budget:g} USD; give a number from 0 up")

    def folder(self) -> Path:
        """Where results go, if a grid may be kept there."""
        from img2music.evaluation.workbench.output_check import check_grid_folder

        target = check_writable(self.out)
        check_grid_folder(target)
        return target


@with_options
def try_prompts(*, tried: GridOptions, run: RunOptions, as_json: opt.JsonOption = False) -> int:
    """Compare prompts: every prompt is tried with every model on every picture, and each try becomes a piece.

    OUT/index.html shows the pieces side by side, how each prompt scores, and whether one is better than another.
    Results are kept: the same command goes on where it stopped, and asks no model twice.
    """
    from img2music.evaluation.ratings import find_ratings
    from img2music.evaluation.workbench import CellStore, check_usable, compare_variants, estimate_run, summarize_variants
    from img2music.evaluation.workbench.cost_estimate import missing_cells
    from img2music.evaluation.workbench.grid_page import page_html, write_page

    target = run.folder()
    grid = tried.grid(run.per_minute)
    ratings = find_ratings(picture.path for picture in grid.pictures)
    store = CellStore(target)
    records = store.records()
    if store.skipped_lines:
        print_notice(
            f"{store.skipped_lines} lines of {target / 'cells.jsonl'} are damaged or from another version, and are skipped"
        )
    todo = missing_cells(grid, records, retry_failed=run.retry_failed)
    estimate = estimate_run(grid, records, todo)
    print_notice(estimate.words)
    check_usable(todo)
    _check_allowed(estimate, run.budget, yes=run.yes)
    records = _make_cells(grid, todo, store, run)
    table, differences = summarize_variants(grid, records, ratings), compare_variants(grid, records, ratings)
    page = write_page(store, page_html(grid, records, store, table, differences, rated=ratings is not None))
    _print_results(table, differences, page, as_json=as_json)
    return _exit_code(records, todo)


def _make_cells(grid: Grid, todo: Sequence[Cell], store: CellStore, run: RunOptions) -> dict[str, CellRecord]:
    """Makes the missing cells and says how far it came; all records that there are then."""
    from img2music.evaluation.workbench import run_cells
    from img2music.evaluation.workbench.runner import add_missing_sounds

    first = None if run.no_audio else grid.seeds[0]
    with _progress(len(todo)) as (on_start, on_event, on_record):
        try:
            outcome = run_cells(
                todo, store, audio_seed=first, budget_usd=run.budget, on_start=on_start, on_event=on_event, on_record=on_record
            )
            records = store.records()
            if first is not None:
                add_missing_sounds(grid, records, store, on_event=on_event)
        except (KeyboardInterrupt, Cancelled):
            print_notice(f"what is finished is kept in {store.folder}; the same command goes on from there")
            raise
    if outcome.stopped:
        print_notice(
            f"stopped: the next cell would pass the budget of {run.budget:g} USD ({outcome.spent_usd:.4f} spent); raise it to go on"
        )
    return records


def _check_allowed(estimate: Estimate, budget: float | None, *, yes: bool) -> None:
    """Whether the run may begin.

    Raises:
        UsageError: it would cost too much, or something would leave the machine and nobody agreed. typer.Abort: somebody said no.
    """
    if not estimate.run:
        return
    if budget is not None and estimate.usd is None:
        names = ", ".join(estimate.unpriced)
        raise UsageError(f"--budget needs prices: add price_in and price_out (USD a million tokens) to the line of {names}")
    if budget is not None and estimate.usd is not None and estimate.usd > budget:
        raise UsageError(
            f"about {estimate.usd:.2g} USD is above the budget of {budget:g}; raise --budget, or give fewer pictures, seeds or prompts"
        )
    if estimate.remote_models and not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(f"prompts and pictures would go to {', '.join(estimate.remote_models)}; agree with --yes")
        if not typer.confirm("Go on?", err=True):
            raise typer.Abort


_Listeners = tuple["Callable[[int, Cell], None]", "Callable[[Event], None]", "Callable[[int, CellRecord], None]"]


@contextmanager
def _progress(count: int) -> Iterator[_Listeners]:
    """Shows cells as they are made: a moving line on a terminal, and a line a cell otherwise."""
    from img2music.evaluation.workbench.result_tables import status_line

    def on_record(place: int, record: CellRecord) -> None:
        print_notice(f"{place + 1}/{count} {status_line(record)}")

    if not sys.stderr.isatty():
        with stopped_by_ctrl_c():
            yield (lambda _place, _cell: None), (lambda _event: None), on_record
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    title = ""
    with console.status("", refresh_per_second=4) as status, stopped_by_ctrl_c():

        def on_start(place: int, cell: Cell) -> None:
            nonlocal title
            title = f"{place + 1}/{count} {cell.prompt.label} · {cell.model.label} · {cell.picture.label} · seed {cell.seed}"
            status.update(Text(clean(title)))

        def on_event(event: Event) -> None:
            if event.state in {"started", "progress"}:
                status.update(Text(progress_line(title, event)))

        def show(place: int, record: CellRecord) -> None:
            if record.fell_back or record.status == "failed":
                console.print(Text(clean(f"{place + 1}/{count} {status_line(record)}")))

        yield on_start, on_event, show


def _print_results(table: Sequence[Summary], differences: Sequence[Difference], page: Path, *, as_json: bool) -> None:
    from img2music.evaluation.workbench.result_tables import (
        column_names,
        difference_object,
        difference_rows,
        group_by_pair,
        pair_names,
        score_rows,
        summary_object,
    )

    if as_json:
        for summary in table:
            print_json(summary_object(summary))
        for difference in differences:
            print_json(difference_object(difference))
        print_json({"what": "page", "file": str(page)})
        return
    heads, legend = column_names([summary.variant for summary in table])
    for line in legend:
        print_text(line)
    for begin in range(0, len(table), _COLUMNS):
        print_text()
        _print_table(*score_rows(table[begin : begin + _COLUMNS], heads[begin : begin + _COLUMNS]))
    for place, summary in enumerate(table):
        for trouble in summary.troubles[:3]:
            print_text(f"{heads[place]}: {trouble}")
    for pair in group_by_pair(differences):
        first, second, common = pair_names(pair[0])
        print_text()
        print_text(f"{first} less {second}, with {common}")
        _print_table(*difference_rows(pair))
    print_text()
    print_text(f"The pieces side by side: {page}")


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A drawn table on a terminal, aligned text elsewhere."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=None, pad_edge=False, header_style="bold")
        for head in heads:
            drawn.add_column(Text(clean(head)))
        for row in rows:
            drawn.add_row(*(Text(clean(cell)) for cell in row))
        Console().print(drawn)
        return
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        print_text("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _exit_code(records: dict[str, CellRecord], todo: Sequence[Cell]) -> int:
    """0, or the error of a run in which no cell got an answer."""
    fresh = [records[cell.name] for cell in todo if cell.name in records]
    if fresh and all(record.status == "failed" for record in fresh):
        raise BackendError(f"no cell got an answer: {fresh[0].why}")
    return 0
