"""The verb `compose`: pictures become finished pieces; with --from an earlier piece is made anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import progress
from img2music.cli.shared.many_inputs import for_each_input, safe_folder_name, save_piece
from img2music.cli.shared.option_records import option, with_options
from img2music.cli.shared.piece_summary import print_piece_summary
from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.brief import Brief
    from img2music.pipeline import Pipeline

__all__ = ["compose"]


@with_options
def compose(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PICTURE",
            help="Pictures; each becomes a piece. - reads one from standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    wishes: opt.WishOptions,
    record: Annotated[
        str | None,
        option("--from", "piece.json", "Make this earlier piece anew, with another seed and the wishes that you add."),
    ] = None,
    keep: opt.KeepOption = None,
    export: opt.PieceExport,
    choice: opt.PipelineChoice,
    max_pixels: opt.MaxPixelsOption = None,
    output: opt.OutputFolder,
) -> int:
    """Turn pictures into finished pieces: notes, score, sound, and a page that explains them.

    What you do not ask for is decided from the picture. Open OUT/<name of the picture>/report.html to see and hear the result.
    With --from, an earlier piece is made anew; --keep names what stays the same.
    """
    brief, stages = wishes.brief(), choice.load()
    crafts = opt.split_names(keep)
    if record is not None:
        return _recompose(record, pictures or [], crafts, brief, stages, export, max_pixels, output)
    if crafts:
        raise UsageError("--keep needs the piece that it keeps from; name its piece.json with --from")
    if not pictures:
        raise UsageError(
            "missing argument PICTURE; name a picture, or an earlier piece with --from; see `img2music compose --help`"
        )
    folders = output.folders(opt.picture_names(pictures))

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            piece = stages.compose(source, brief, max_pixels=max_pixels, on_event=on_event, **export.settings())
            saved = save_piece(piece, folders[place], force=output.force, on_event=on_event)
        print_piece_summary(piece, {"picture": source}, saved, as_json=output.as_json)

    return for_each_input(pictures, work, as_json=output.as_json)


def _recompose(
    record: str,
    pictures: Sequence[str],
    crafts: Sequence[str],
    brief: Brief,
    stages: Pipeline,
    export: opt.PieceExport,
    max_pixels: int | None,
    output: opt.OutputFolder,
) -> int:
    """An earlier piece made anew; a picture only illustrates it."""
    from img2music.io.pictures import open_picture
    from img2music.pipeline import recompose

    target = output.target()
    if len(pictures) > 1:
        raise UsageError("--from makes one piece anew, so it takes one picture at most (for the report)")
    wishes = {name: getattr(brief, name) for name in brief.model_fields_set}

    def work(_: int, source: str) -> None:
        with progress(source) as on_event:
            shown = open_picture(pictures[0], max_pixels=max_pixels, keep_still=export.video) if pictures else None
            piece = recompose(
                source, keep=crafts, pipeline=stages, picture=shown, on_event=on_event, **export.settings(), **wishes
            )
            name = safe_folder_name(source if piece.scene is None else piece.scene.picture.file)
            saved = save_piece(piece, target / name, force=output.force, on_event=on_event, spare=Path(source).parent)
        print_piece_summary(piece, {"from": source}, saved, as_json=output.as_json)

    return for_each_input([record], work, as_json=output.as_json, what="from")
