"""The verb `replay`: a piece is made again from its record and compared with it, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_json, print_notice, print_text, progress
from img2music.cli.shared.many_inputs import for_each_input
from img2music.cli.shared.option_records import option, with_options
from img2music.errors import BackendError

if TYPE_CHECKING:
    from img2music.pipeline.replay import Replay

__all__ = ["replay"]


@dataclass(frozen=True, slots=True)
class _ReplayOutput(opt.OptionalOutputFolder):
    out: Annotated[
        str | None, option("--out -o", "OUT", "Write the files to OUT/<name of the piece>/. If left out, they are only compared.")
    ] = None


@with_options
def replay(
    manifests: Annotated[list[str], typer.Argument(metavar="piece.json", help="Records of finished pieces.")],
    *,
    pipeline: Annotated[str | None, option("--pipeline", "NAME|FILE", "Use this pipeline instead of the recorded one.")] = None,
    style: Annotated[str | None, option("--style", "NAME|FILE", "Use this style instead of the recorded one.")] = None,
    picture: Annotated[
        str | None, option("--picture", "PICTURE", "Show this picture in report.html. The notes do not need it.")
    ] = None,
    commercial: opt.CommercialOption = False,
    output: _ReplayOutput,
) -> int:
    """Make a piece again from its piece.json, and compare every file with the record, byte for byte.

    Exit code 4 means that a file is not the same. What need not be the same is made again too, but not compared: report.html, and what
    comes from a stage that does not promise the same bytes (`img2music pipelines show NAME`).
    The files beside piece.json are compared as well. If you changed one, that is said; it is no failure.
    """
    from img2music.io.pictures import open_picture
    from img2music.pipeline import replay

    folders = output.folders(manifests)
    shown = None if picture is None else open_picture(picture, keep_still=True)

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            result = replay(
                source,
                folders[place],
                pipeline=pipeline,
                style=style,
                picture=shown,
                force=output.force,
                numbered=True,
                commercial=commercial,
                on_event=on_event,
            )
        _print_comparison(result, source, as_json=output.as_json)

    return for_each_input(manifests, work, as_json=output.as_json, what="manifest")


def _print_comparison(result: Replay, source: str, *, as_json: bool) -> None:
    """Tells what is the same.

    Raises:
        BackendError: something is not.
    """
    from img2music.pipeline.more_files import NO_PICTURE

    folder = None if result.saved is None else result.saved.folder
    if result.saved is not None and result.saved.note:
        print_notice(result.saved.note)
    if result.saved is not None and NO_PICTURE in result.piece.manifest.conflicts:
        print_notice(f"{source}: {NO_PICTURE}; give it with --picture")
    if as_json:
        print_json(
            {
                "manifest": source,
                "folder": None if folder is None else str(folder),
                "replaced": result.saved is not None and result.saved.replaced,
                "same": result.same,
                "files": {file.name: file.status for file in result.files},
                "not_compared": result.not_compared,
                "beside": result.beside,
                "versions": list(result.version_notes),
            }
        )
    same = [file.name for file in result.files if file.status == "same"]
    if not as_json:
        print_text(f"{source}: {len(same)} files the same{'' if folder is None else f', in {folder}'}")
        for name, why in result.not_compared.items():
            print_text(f"not compared: {name}, because {why}")
    for line in result.version_notes:
        print_notice(f"{source}: {line}")
    touched = [f"{name} ({status})" for name, status in result.beside.items() if status != "as recorded"]
    if touched:
        print_notice(f"{source}: files beside it are not as recorded: {', '.join(touched)}; -o FOLDER writes them again")
    if not result.same:
        others = ", ".join(f"{file.name} ({file.status})" for file in result.files if file.status not in {"same", "not compared"})
        raise BackendError(f"{source}: not the files on record: {others}; install the versions that the manifest names")
