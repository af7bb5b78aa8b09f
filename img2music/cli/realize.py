"""The verb `realize`: a plan becomes notes, and sound where it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import progress
from img2music.cli.shared.many_inputs import for_each_input, save_piece
from img2music.cli.shared.option_records import with_options
from img2music.cli.shared.piece_summary import print_piece_summary

__all__ = ["realize"]


@with_options
def realize(
    plans: Annotated[
        list[str],
        typer.Argument(metavar="plan.json", help="Plans that `plan` or `compose` wrote, edited or not."),
    ],
    *,
    style: opt.PlanStyleOption = None,
    seed: opt.SeedOption = None,
    keep: opt.KeepOption = None,
    export: opt.NotesExport,
    choice: opt.PipelineChoice,
    output: opt.OutputFolder,
) -> int:
    """Write the notes of a plan: MIDI, MusicXML, ABC and engraved pages. With --audio, its sound too.

    With --seed, the plan gets other notes; --keep names what stays the same.
    """
    from img2music.io.documents import load_plan
    from img2music.pipeline import recompose
    from img2music.pipeline.records.picture_beside import picture_beside_plan

    stages, crafts = choice.load(), opt.split_names(keep)
    folders = output.folders(plans)

    def work(place: int, source: str) -> None:
        plan = load_plan(source, style=style)
        picture = picture_beside_plan(source)
        with progress(source) as on_event:
            if crafts or seed is not None:
                piece = recompose(
                    plan, keep=crafts, pipeline=stages, picture=picture, seed=seed, on_event=on_event, **export.settings()
                )
            else:
                piece = stages.compose_from(plan, picture=picture, on_event=on_event, **export.settings())
            saved = save_piece(piece, folders[place], force=output.force, on_event=on_event, spare=Path(source).parent)
        print_piece_summary(piece, {"plan": source}, saved, as_json=output.as_json)

    return for_each_input(plans, work, as_json=output.as_json, what="plan")
