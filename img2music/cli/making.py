"""The verbs that write music: compose, realize, render, replay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from img2music.cli.shared import options as opt
from img2music.cli.shared.console import print_json, print_notice, print_text, progress
from img2music.cli.shared.many_inputs import check_writable, folder_names, for_each_input, safe_folder_name, save_piece
from img2music.cli.shared.piece_summary import print_piece_summary
from img2music.errors import BackendError, DocumentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from img2music.io.audio_tags import Tags
    from img2music.performance import Performance
    from img2music.pipeline import Event, Pipeline
    from img2music.pipeline.manifest import AudioFormat
    from img2music.pipeline.replay import Replay

__all__ = ["compose", "realize", "render", "replay"]

_LARGEST_MIDI_BYTES = 5_000_000


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
    making = _Making(opt.audio_format(audio), stems, takes, embed_audio, force)
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


@dataclass(frozen=True, slots=True)
class _Making:
    """What is wanted beyond the notes."""

    audio: AudioFormat | None
    stems: bool
    takes: int
    embed_audio: bool
    force: bool

    def __post_init__(self) -> None:
        """Told once and before any work.

        Raises:
            UsageError: stems without sound.
        """
        if self.stems and self.audio is None:
            raise UsageError("stems are sound, and no sound is asked for; give a format with --audio, or leave --stems out")

    def options(self) -> dict[str, Any]:
        """As the pipeline takes them."""
        return {"audio": self.audio, "stems": self.stems, "takes": self.takes, "embed_audio": self.embed_audio}


def _anew(
    record: str,
    pictures: Sequence[str],
    crafts: Sequence[str],
    wishes: dict[str, Any],
    stages: Pipeline,
    target: Path,
    making: _Making,
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
    making = _Making(opt.audio_format(audio), stems, takes, embed_audio, force)
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


def render(
    sources: Annotated[list[str], typer.Argument(metavar="score.mid|plan.json", help="MIDI files or plans.")],
    out: opt.OutOption = "out",
    pipeline: opt.PipelineOption = "offline",
    style: opt.PlanStyleOption = None,
    stems: opt.StemsOption = False,
    audio: opt.AudioOption = opt.AudioChoice.WAV,
    force: opt.ForceOption = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Make a MIDI file or a plan sound: audio only."""
    from img2music.output_folder import save_files
    from img2music.pipeline import Pipeline
    from img2music.pipeline.export import encode, stem_files

    wanted = opt.audio_format(audio)
    if wanted is None:
        raise UsageError("render makes nothing but sound; give --audio wav, flac, mp3 or ogg")
    target = check_writable(out)
    stages = Pipeline.load(pipeline)
    folders = folder_names(sources)

    def work(place: int, source: str) -> None:
        with progress(source) as on_event:
            performance, tags, doubts = _performance(stages, source, style, on_event)
            rendering = stages.render(performance, stems=stems, on_event=on_event)

            def files() -> Iterator[tuple[str, bytes]]:
                yield f"audio.{wanted}", encode(rendering.mix, wanted, tags=tags, loop=performance.loop)
                yield from stem_files(rendering.stems, wanted, tags=tags, loop=performance.loop)

            saved = save_files(target / folders[place], files(), force=force)
        if saved.note:
            print_notice(saved.note)
        seconds = rendering.mix.seconds
        notes = (*doubts, *performance.warnings)
        if as_json:
            result = {"folder": str(saved.folder), "replaced": saved.replaced, "seconds": seconds, "files": list(saved.names)}
            print_json({"source": source} | result | {"notes": list(notes)})
        else:
            print_text(f"{source}: {seconds:.1f} s of sound in {saved.folder / saved.names[0]}")
        for line in notes:
            print_notice(f"{source}: {line}")

    return for_each_input(sources, work, as_json=as_json, what="source")


def _performance(
    stages: Pipeline, source: str, style: str | None, on_event: Callable[[Event], None]
) -> tuple[Performance, Tags, tuple[str, ...]]:
    """What to play, what its sound says of itself (of a MIDI file the title alone, as it may change its key and tempo), and doubts."""
    from img2music.io.audio_tags import Tags
    from img2music.io.documents import load_plan, read_file
    from img2music.io.midi.import_midi import read_midi
    from img2music.pipeline.export import tags_of
    from img2music.pipeline.reconcile_length import reconcile_length

    if source.lower().endswith(".json"):
        plan = reconcile_length(load_plan(source, style=style))
        doubt = plan.contradiction()
        performance = stages.perform(stages.realize(plan, on_event=on_event), plan, on_event=on_event)
        return performance, tags_of(plan), () if doubt is None else (doubt.text,)
    if not source.lower().endswith((".mid", ".midi", ".rmi", ".kar")):
        raise DocumentError(f"{source} is neither MIDI nor a plan; give a file that ends in .mid or .json")
    performance = read_midi(read_file(source, largest_bytes=_LARGEST_MIDI_BYTES), name=source)
    # A file without a title is called by its path, which is nobody's business but the user's.
    return performance, Tags(Path(source).stem if performance.title == source else performance.title), ()


def replay(
    manifests: Annotated[list[str], typer.Argument(metavar="piece.json", help="Manifests of finished pieces.")],
    out: Annotated[
        str | None, typer.Option("--out", "-o", metavar="OUT", help="Folder for the files; without it they are only compared.")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", metavar="NAME|FILE", help="Use this instead of the pipeline on record.")
    ] = None,
    style: Annotated[
        str | None, typer.Option("--style", metavar="NAME|FILE", help="Use this instead of the style on record.")
    ] = None,
    picture: Annotated[
        str | None, typer.Option("--picture", metavar="PICTURE", help="Show this picture in the report; the notes need none.")
    ] = None,
    force: opt.ForceOption = False,
    as_json: opt.JsonOption = False,
) -> int:
    """Make a piece again from its piece.json and compare every file with the record, byte for byte.

    Leaves with 4 when a file is not the same. The report is made again too, but not compared. Files of the piece that lie
    beside piece.json are compared with it as well; one that was changed since is told of, but is no failure.
    """
    from img2music.io.pictures import open_picture
    from img2music.pipeline import replay

    target = None if out is None else check_writable(out)
    folders = folder_names(manifests)
    shown = None if picture is None else open_picture(picture)

    def work(place: int, source: str) -> None:
        folder = None if target is None else target / folders[place]
        with progress(source) as on_event:
            result = replay(
                source, folder, pipeline=pipeline, style=style, picture=shown, force=force, numbered=True, on_event=on_event
            )
        _compare(result, source, as_json=as_json)

    return for_each_input(manifests, work, as_json=as_json, what="manifest")


def _compare(result: Replay, source: str, *, as_json: bool) -> None:
    """Tells what is the same.

    Raises:
        BackendError: something is not.
    """
    folder = None if result.saved is None else result.saved.folder
    if result.saved is not None and result.saved.note:
        print_notice(result.saved.note)
    if as_json:
        print_json(
            {
                "manifest": source,
                "folder": None if folder is None else str(folder),
                "replaced": result.saved is not None and result.saved.replaced,
                "same": result.same,
                "files": {file.name: file.status for file in result.files},
                "beside": result.beside,
                "versions": list(result.version_notes),
            }
        )
    same = [file.name for file in result.files if file.status == "same"]
    if not as_json:
        print_text(f"{source}: {len(same)} files the same{'' if folder is None else f', in {folder}'}")
    for line in result.version_notes:
        print_notice(f"{source}: {line}")
    touched = [f"{name} ({status})" for name, status in result.beside.items() if status != "as recorded"]
    if touched:
        print_notice(f"{source}: files beside it are not as recorded: {', '.join(touched)}; -o FOLDER writes them again")
    if not result.same:
        others = ", ".join(f"{file.name} ({file.status})" for file in result.files if file.status not in {"same", "not compared"})
        raise BackendError(f"{source}: not the files on record: {others}; install the versions that the manifest names")
