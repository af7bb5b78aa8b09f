"""The verb `prompts sounds`: the same pieces played by several renderers or told by several prompts, listened to and put side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from img2music.cancellation import Cancelled
from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_notice, print_text, stopped_by_ctrl_c
from img2music.cli.shared.many_inputs import check_writable
from img2music.cli.shared.option_records import option, with_options
from img2music.errors import BackendError, OutputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.evaluation.sound_grid.sound_cells import SoundCell, SoundGrid

__all__ = ["try_sounds"]

_MOST_SEEDS = 100


@dataclass(frozen=True, slots=True)
class SoundOptions:
    """What plays what."""

    sounds: Annotated[
        list[str],
        option("--sounds", "SOUND ...", "Pipelines or renderers, such as soundfont, musicgen or 'musicgen?prompt=sound/band'."),
    ]
    pictures: Annotated[list[str], option("--pictures", "DIR|FILE ...", "Pictures, or folders of pictures.")]
    seeds: Annotated[int, option("--seeds", "N", "How many pieces of each picture: seeds 0, 1, 2 ...", show_default=True)] = 1
    seconds: Annotated[str, option("--seconds", "S", "Length of each piece, such as 30 or 1:30.", show_default=True)] = "20"
    out: Annotated[
        str, option("--out -o", "OUT", "Folder for the results. Name the same one again to go on.", show_default=True)
    ] = "sounds-tried"

    def grid(self) -> SoundGrid:
        """The cells that this makes."""
        from img2music.brief import Brief
        from img2music.evaluation.sound_grid.sound_cells import SoundGrid, variants_of
        from img2music.evaluation.workbench.grid_inputs import load_pictures

        if not 1 <= self.seeds <= _MOST_SEEDS:
            raise UsageError(f"{self.seeds} seeds can't be tried; give 1 to {_MOST_SEEDS}")
        pictures = tuple(load_pictures(self.pictures, print_notice))
        return SoundGrid(variants_of(self.sounds), pictures, tuple(range(self.seeds)), Brief.of(seconds=self.seconds).seconds)

    def folder(self) -> Path:
        """Where results go: a new or empty folder, or one of an earlier run."""
        target = check_writable(self.out)
        if target.is_dir() and any(target.iterdir()) and not (target / "sounds.jsonl").is_file():
            raise OutputError(f"{target} holds other files and no sounds to go on with; choose another folder with -o")
        return target


@with_options
def try_sounds(*, tried: SoundOptions, as_json: opt.JsonOption = False) -> int:
    """Compare sounds: every piece is played by every renderer, listened to, and put side by side in OUT/index.html.

    Results are kept: the same command goes on where it stopped.
    """
    from img2music.atomic_files import write_file
    from img2music.evaluation.sound_grid.sound_cells import SoundStore, make_sound_cells
    from img2music.evaluation.sound_grid.sound_page import mark_rows, sound_page_html

    target, grid = tried.folder(), tried.grid()
    store = SoundStore(target)
    fresh: list[SoundCell] = []

    def on_record(record: SoundCell) -> None:
        fresh.append(record)
        mark = "not measured" if record.mark is None else f"{record.mark:.2f}"
        told = f"mark {mark}" if record.status == "done" else f"failed: {record.why}"
        print_notice(f"{record.variant} · {record.picture} · seed {record.seed}: {told}")

    try:
        with stopped_by_ctrl_c():
            records = make_sound_cells(grid, store, on_record=on_record)
    except (KeyboardInterrupt, Cancelled):
        print_notice(f"what is finished is kept in {target}; the same command goes on from there")
        raise
    page = target / "index.html"
    write_file(page, sound_page_html(grid, records, store).encode())
    for label, mark, apart, failed in mark_rows(grid, records):
        if as_json:
            print_json({"what": "sound", "sound": label, "mark": mark, "against_first": apart, "failed": int(failed)})
        else:
            print_text(f"{label}: mark {mark}, against {grid.variants[0].label} {apart}, {failed} failed")
    if as_json:
        print_json({"what": "page", "file": str(page)})
    else:
        print_text(f"The pieces side by side: {page}")
    if fresh and all(record.status == "failed" for record in fresh):
        raise BackendError(f"nothing sounded: {fresh[0].why}")
    return 0
