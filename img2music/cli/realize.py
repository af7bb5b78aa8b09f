"""The verb `realize`: a plan becomes notes, and sound where it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import progress
from img2music.cli.shared.many_inputs import check_writable, folder_names, for_each_input, save_piece
from img2music.cli.shared.piece_summary import print_piece_summary

__all__ = ["realize"]


def realize(
    plans: Annotated[list[str], typer.Argument(metavar="plan.json", help="Plans, perhaps edited.")],
    out: opt.OutOption = "out",
    pipeline: opt.PipelineOption = "offline",
    model: opt.ModelOption = None,
    prompt: opt.PromptOption = None,
    no_fallback: opt.NoFallbackOption = False,
    style: opt.PlanStyleOption = None,
    takes: opt.TakesOption = 1,
    seed: opt.SeedOption = None,
    keep: opt.KeepOption = None,
    stems: opt.StemsOption = False,
    audio: opt.AudioOption = opt.AudioChoice.NONE,
    embed_audio: opt.EmbedOption = False,
    force: opt.ForceOption = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Write the notes of a plan: MIDI, MusicXML, ABC, engraving; with --audio also its sound.

    With --keep or --seed the notes are made anew over the same plan, all but what --keep names.
    """
    from img2music.io.documents import load_plan
    from img2music.pipeline import recompose

    crafts = opt.split_names(keep)
    making = opt.MakingOptions(opt.audio_format(audio), stems, takes, embed_audio, force)
    target = check_writable(out)
    stages = opt.load_pipeline(pipeline, model, prompt, no_fallback=no_fallback)
    folders = folder_names(plans)

    def work(place: int, source: str) -> None:
        plan = load_plan(source, style=style)
        with progress(source) as on_event:
            if crafts or seed is not None:
                piece = recompose(plan, keep=crafts, pipeline=stages, seed=seed, on_event=on_event, **making.options())
            else:
                piece = stages.compose_from(plan, on_event=on_event, **making.options())
            saved = save_piece(piece, target / folders[place], force=force, spare=Path(source).parent)
        print_piece_summary(piece, {"plan": source}, saved, as_json=as_json)

    return for_each_input(plans, work, as_json=as_json, what="plan")
