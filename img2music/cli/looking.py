"""The verbs before the notes: see and plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_json, print_notice, print_text, progress
from img2music.cli.shared.many_inputs import check_writable, folder_names, for_each_input
from img2music.cli.shared.scene_summary import print_scene_summary
from img2music.output_folder import save_files

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

__all__ = ["plan", "see"]

OptionalOut = Annotated[
    str | None, typer.Option("--out", "-o", metavar="OUT", help="Also write what is printed to OUT/<name of the picture>/.")
]


def see(
    pictures: Annotated[list[str], typer.Argument(metavar="PICTURE", help="Pictures; - reads one from standard input.")],
    out: OptionalOut = None,
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
            _save(target / folders[place], [("scene.json", dump_json(scene).encode())], force=force)
        if as_json:
            print_json(_plain(scene))
        else:
            print_scene_summary(scene, source)

    return for_each_input(pictures, work, as_json=as_json)


def plan(
    sources: Annotated[
        list[str], typer.Argument(metavar="PICTURE|scene.json", help="Pictures or scenes; - reads a picture from standard input.")
    ],
    out: OptionalOut = None,
    pipeline: opt.PipelineOption = "offline",
    model: opt.ModelOption = None,
    prompt: opt.PromptOption = None,
    no_fallback: opt.NoFallbackOption = False,
    seconds: opt.SecondsOption = None,
    tempo: opt.TempoOption = None,
    key: opt.KeyOption = None,
    meter: opt.MeterOption = None,
    style: opt.StyleOption = None,
    instrument: opt.InstrumentOption = None,
    words: opt.WordsOption = None,
    seed: opt.SeedOption = None,
    loop: opt.LoopOption = False,
    max_pixels: opt.MaxPixelsOption = None,
    force: opt.ForceOption = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Plan a composition and say why. With --json, one plan a line in the order given."""
    from img2music.io.documents import dump_json, load_scene
    from img2music.report import explain_text

    brief = opt.make_brief(
        seconds=seconds, tempo=tempo, key=key, meter=meter, style=style, instruments=instrument, words=words, seed=seed, loop=loop
    )
    target = None if out is None else check_writable(out)
    stages = opt.load_pipeline(pipeline, model, prompt, no_fallback=no_fallback)
    folders = folder_names(opt.picture_names(sources))

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            given = source.lower().endswith(".json")
            scene = load_scene(source) if given else stages.see(source, max_pixels=max_pixels, on_event=on_event)
            planned = stages.plan(scene, brief, on_event=on_event)
        if target is not None:
            files = [("scene.json", dump_json(scene).encode()), ("plan.json", dump_json(planned).encode())]
            _save(target / folders[place], files, force=force)
        if as_json:
            print_json(_plain(planned))
        else:
            print_text(explain_text(scene, planned))

    return for_each_input(sources, work, as_json=as_json)


def _save(folder: Path, files: list[tuple[str, bytes]], *, force: bool) -> None:
    saved = save_files(folder, files, force=force)
    if saved.note:
        print_notice(saved.note)


def _plain(model: BaseModel) -> dict[str, object]:
    """The model as it is written to its file, so that a number looks the same in both."""
    document: dict[str, object] = json.loads(model.model_dump_json())
    return document
