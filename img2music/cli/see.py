"""The verb `see`: what is in a picture, and what it suggests for music."""

from __future__ import annotations

from typing import Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_document, progress
from img2music.cli.shared.many_inputs import for_each_input, save_documents
from img2music.cli.shared.option_records import with_options
from img2music.cli.shared.scene_summary import print_scene_summary

__all__ = ["see"]


@with_options
def see(
    pictures: Annotated[list[str], typer.Argument(metavar="PICTURE", help="Pictures; - reads one from standard input.")],
    *,
    choice: opt.PipelineChoice,
    max_pixels: opt.MaxPixelsOption = None,
    output: opt.OptionalOutputFolder,
) -> int:
    """Say what is in a picture and what it suggests for music. With --json, print one scene a line, in the order given."""
    from img2music.io.documents import dump_json

    stages = choice.load()
    folders = output.folders(opt.picture_names(pictures))

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            scene = stages.see(source, max_pixels=max_pixels, on_event=on_event)
        save_documents(folders[place], [("scene.json", dump_json(scene).encode())], force=output.force)
        if output.as_json:
            print_document(scene)
        else:
            print_scene_summary(scene, source)

    return for_each_input(pictures, work, as_json=output.as_json)
