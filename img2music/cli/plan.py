"""The verb `plan`: the composition before its notes, and why it is so."""

from __future__ import annotations

from typing import Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_document, print_text, progress
from img2music.cli.shared.many_inputs import check_writable, folder_names, for_each_input, save_documents

__all__ = ["plan"]


def plan(
    sources: Annotated[
        list[str], typer.Argument(metavar="PICTURE|scene.json", help="Pictures or scenes; - reads a picture from standard input.")
    ],
    out: opt.OptionalOut = None,
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
            save_documents(target / folders[place], files, force=force)
        if as_json:
            print_document(planned)
        else:
            print_text(explain_text(scene, planned))

    return for_each_input(sources, work, as_json=as_json)
