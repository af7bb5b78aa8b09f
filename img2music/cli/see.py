"""The verb `see`: what is in a picture, and what it suggests for music."""

from __future__ import annotations

from typing import Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_document, progress
from img2music.cli.shared.many_inputs import check_writable, folder_names, for_each_input, save_documents
from img2music.cli.shared.scene_summary import print_scene_summary

__all__ = ["see"]


def see(
    pictures: Annotated[list[str], typer.Argument(metavar="PICTURE", help="Pictures; - reads one from standard input.")],
    out: opt.OptionalOut = None,
    pipeline: opt.PipelineOption = "offline",
    model: opt.ModelOption = None,
    prompt: opt.PromptOption = None,
    no_fallback: opt.NoFallbackOption = False,
    max_pixels: opt.MaxPixelsOption = None,
    force: opt.ForceOption = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Tell what is in a picture and what it suggests for music. With --json, one scene a line in the order given."""
    from img2music.io.documents import dump_json

    target = None if out is None else check_writable(out)
    stages = opt.load_pipeline(pipeline, model, prompt, no_fallback=no_fallback)
    folders = folder_names(opt.picture_names(pictures))

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            scene = stages.see(source, max_pixels=max_pixels, on_event=on_event)
        if target is not None:
            save_documents(target / folders[place], [("scene.json", dump_json(scene).encode())], force=force)
        if as_json:
            print_document(scene)
        else:
            print_scene_summary(scene, source)

    return for_each_input(pictures, work, as_json=as_json)
