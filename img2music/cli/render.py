"""The verb `render`: a MIDI file or a plan becomes sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_json, print_notice, print_text, progress
from img2music.cli.shared.many_inputs import for_each_input
from img2music.cli.shared.option_records import with_options
from img2music.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from img2music.io.audio_tags import Tags
    from img2music.performance import Performance
    from img2music.pipeline import Event, Pipeline
    from img2music.plan import CompositionPlan

__all__ = ["render"]

_LARGEST_MIDI_BYTES = 5_000_000


@with_options
def render(
    sources: Annotated[list[str], typer.Argument(metavar="score.mid|plan.json", help="MIDI files or plans.")],
    *,
    style: opt.PlanStyleOption = None,
    audio: opt.AudioOption = opt.AudioChoice.WAV,
    stems: opt.StemsOption = False,
    pipeline: opt.PipelineOption = "offline",
    no_fallback: opt.NoFallbackOption = False,
    commercial: opt.CommercialOption = False,
    output: opt.OutputFolder,
) -> int:
    """Turn a MIDI file or a plan into sound."""
    from img2music.io.audio_files import encode
    from img2music.output_folder import save_files
    from img2music.pipeline import Pipeline
    from img2music.pipeline.export import stem_files
    from img2music.pipeline.progress import Log
    from img2music.report.page.model_log import sound_use_lines

    wanted = opt.audio_format(audio)
    if wanted is None:
        raise UsageError("render makes nothing but sound; give --audio wav, flac, mp3 or ogg")
    stages = Pipeline.load(pipeline, fallbacks=not no_fallback, commercial=commercial)
    folders = output.folders(sources)

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            performance, plan, tags, doubts = _performance(stages, source, style, on_event)
            log = Log(on_event)
            rendering = stages.render(performance, stems=stems, plan=plan, log=log)

            def files() -> Iterator[tuple[str, bytes]]:
                yield f"audio.{wanted}", encode(rendering.mix, wanted, tags=tags, loop=performance.loop)
                yield from stem_files(rendering.stems, wanted, tags=tags, loop=performance.loop)

            saved = save_files(folders[place], files(), force=output.force)
        if saved.note:
            print_notice(saved.note)
        seconds = rendering.mix.seconds
        notes = (*doubts, *performance.warnings)
        if output.as_json:
            result = {"folder": str(saved.folder), "replaced": saved.replaced, "seconds": seconds, "files": list(saved.names)}
            sounds = {"sounds": [use.model_dump(mode="json") for use in log.sounds]} if log.sounds else {}
            print_json({"source": source} | result | sounds | {"notes": list(notes)})
        else:
            print_text(f"{source}: {seconds:.1f} s of sound in {saved.folder / saved.names[0]}")
            for line in sound_use_lines(log.sounds):
                print_text(f"  {line}")
        for line in notes:
            print_notice(f"{source}: {line}")

    return for_each_input(sources, work, as_json=output.as_json, what="source")


def _performance(
    stages: Pipeline, source: str, style: str | None, on_event: Callable[[Event], None]
) -> tuple[Performance, CompositionPlan | None, Tags, tuple[str, ...]]:
    """What to play, its plan, what its sound says of itself, and doubts; a MIDI file has no plan, and need not have named key and tempo."""
    from img2music.io.audio_tags import Tags
    from img2music.io.documents import load_plan, read_file
    from img2music.io.midi.import_midi import read_midi
    from img2music.pipeline.export import tags_of
    from img2music.pipeline.make_piece import reconcile_length

    if source.lower().endswith(".json"):
        plan = reconcile_length(load_plan(source, style=style))
        doubt = plan.contradiction()
        performance = stages.perform(stages.realize(plan, on_event=on_event), plan, on_event=on_event)
        return performance, plan, tags_of(plan), () if doubt is None else (doubt.text,)
    if not source.lower().endswith((".mid", ".midi", ".rmi", ".kar")):
        raise DocumentError(f"{source} is neither MIDI nor a plan; give a file that ends in .mid or .json")
    performance = read_midi(read_file(source, largest_bytes=_LARGEST_MIDI_BYTES), name=source)
    # A file without a title is called by its path, which is nobody's business but the user's.
    return performance, None, Tags(Path(source).stem if performance.title == source else performance.title), ()
