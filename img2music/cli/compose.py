"""The verb `compose`: pictures become finished pieces; with --from an earlier piece is made anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import progress
from img2music.cli.shared.many_inputs import check_writable, folder_names, for_each_input, safe_folder_name, save_piece
from img2music.cli.shared.piece_summary import print_piece_summary
from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.pipeline import Pipeline

__all__ = ["compose"]


def compose(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PICTURE",
            help="Pictures; each becomes a piece of its own. - reads one from standard input.",
            show_default=False,
        ),
    ] = None,
    out: opt.OutOption = "out",
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
    takes: opt.TakesOption = 1,
    loop: opt.LoopOption = False,
    record: opt.FromOption = None,
    keep: opt.KeepOption = None,
    stems: opt.StemsOption = False,
    audio: opt.AudioOption = opt.AudioChoice.WAV,
    embed_audio: opt.EmbedOption = False,
    max_pixels: opt.MaxPixelsOption = None,
    force: opt.ForceOption = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Turn pictures into finished pieces: notes, score, sound, and a page that explains them.

    Whatever is not asked for is decided from the picture. Results go to OUT/<name of the picture>/.
    With --from an earlier piece is made anew, all but what --keep names.
    """
    brief = opt.make_brief(
        seconds=seconds, tempo=tempo, key=key, meter=meter, style=style, instruments=instrument, words=words, seed=seed, loop=loop
    )
    crafts = opt.split_names(keep)
    making = opt.MakingOptions(opt.audio_format(audio), stems, takes, embed_audio, force)
    target = check_writable(out)
    stages = opt.load_pipeline(pipeline, model, prompt, no_fallback=no_fallback)
    if record is not None:
        wishes: dict[str, Any] = {name: getattr(brief, name) for name in brief.model_fields_set}
        return _anew(record, pictures or [], crafts, wishes, stages, target, making, max_pixels, as_json=as_json)
    if crafts:
        raise UsageError("--keep needs the piece that it keeps from; name its piece.json with --from")
    if not pictures:
        raise UsageError(
            "missing argument PICTURE; name a picture, or an earlier piece with --from; see `img2music compose --help`"
        )
    folders = folder_names(opt.picture_names(pictures))

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            piece = stages.compose(source, brief, max_pixels=max_pixels, on_event=on_event, **making.options())
            saved = save_piece(piece, target / folders[place], force=force)
        print_piece_summary(piece, {"picture": source}, saved, as_json=as_json)

    return for_each_input(pictures, work, as_json=as_json)


def _anew(
    record: str,
    pictures: Sequence[str],
    crafts: Sequence[str],
    wishes: dict[str, Any],
    stages: Pipeline,
    target: Path,
    making: opt.MakingOptions,
    max_pixels: int | None,
    *,
    as_json: bool,
) -> int:
    """An earlier piece made anew; a picture only illustrates it."""
    from img2music.io.pictures import open_picture
    from img2music.pipeline import recompose

    if len(pictures) > 1:
        raise UsageError("--from makes one piece anew, so it takes one picture at most (for the report)")

    def work(_: int, source: str) -> None:
        with progress(source) as on_event:
            shown = open_picture(pictures[0], max_pixels=max_pixels) if pictures else None
            piece = recompose(
                source, keep=crafts, pipeline=stages, picture=shown, on_event=on_event, **making.options(), **wishes
            )
            name = safe_folder_name(source if piece.scene is None else piece.scene.picture.file)
            saved = save_piece(piece, target / name, force=making.force, spare=Path(source).parent)
        print_piece_summary(piece, {"from": source}, saved, as_json=as_json)

    return for_each_input([record], work, as_json=as_json, what="from")
