"""The verb `plan`: the composition before its notes, and why it is so."""

from __future__ import annotations

from typing import Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_document, print_text, progress
from img2music.cli.shared.many_inputs import for_each_input, save_documents
from img2music.cli.shared.option_records import with_options

__all__ = ["plan"]


@with_options
def plan(
    sources: Annotated[
        list[str], typer.Argument(metavar="PICTURE|scene.json", help="Pictures or scenes; - reads a picture from standard input.")
    ],
    *,
    wishes: opt.WishOptions,
    choice: opt.PipelineChoice,
    max_pixels: opt.MaxPixelsOption = None,
    output: opt.OptionalOutputFolder,
) -> int:
    """Plan a composition and say why. With --json, print one plan a line, in the order given."""
    from img2music.io.documents import dump_json
    from img2music.io.storyboard_files import load_scene_or_still
    from img2music.report import explain_text

    brief, stages = wishes.brief(), choice.load()
    folders = output.folders(opt.picture_names(sources))

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            given = source.lower().endswith(".json")
            scene = load_scene_or_still(source) if given else stages.see(source, max_pixels=max_pixels, on_event=on_event)
            planned = stages.plan(scene, brief, on_event=on_event)
        files = [("scene.json", dump_json(scene).encode()), ("plan.json", dump_json(planned).encode())]
        save_documents(folders[place], files, force=output.force)
        if output.as_json:
            print_document(planned)
        else:
            print_text(explain_text(scene, planned))

    return for_each_input(sources, work, as_json=output.as_json)
