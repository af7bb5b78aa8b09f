"""Makes a piece again from its manifest and compares every file with the hash on record.

A manifest may come from anywhere, so nothing in it is opened as a path: a pipeline that is no preset is rebuilt from the
manifest only while its options hold no text, which might name a file, and a style file must be given again. The manifest is not
compared, for it holds seconds. The picture in the report is the small copy beside the manifest (`picture_beside`); both come out the same
then, and are not compared where that copy is gone, or where the report tells of takes that are not made again. Nor is what comes from a
stage that works again now and does not promise the same bytes (see `img2music.registry`), or what later stages make of that; the rest has
to be the same.
Where files of the piece lie beside the manifest, they are compared with it too, before anything is written: a person may have
edited them. That says nothing of whether the piece can be made again, so it is told beside it. The folder may come from anywhere too:
names are those of the manifest, which checks them (a plain name, or one in `stems/` or `parts/`); only regular files are opened, no link is
followed, a pipe is not waited for, and no more is read than a long piece with all its stems can hold.
No model is asked again: a plan and a tune that came from one are on record.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from img2music.atomic_files import RECORD
from img2music.errors import DocumentError
from img2music.io.documents import parse_json, read_file
from img2music.manifest import PIANO_ROLL, PICTURE_FILE, Manifest, package_versions
from img2music.output_folder import SavedFiles, save_files
from img2music.pipeline.export import maker_of
from img2music.pipeline.from_manifest import pipeline_of_manifest, with_kept_lines, with_kept_record, with_manifest_fields
from img2music.pipeline.more_files import why_video_varies
from img2music.pipeline.output_options import recorded_output
from img2music.pipeline.progress import Log
from img2music.pipeline.records.picture_beside import picture_beside_record
from img2music.pipeline.run import Pipeline
from img2music.pipeline.stage_facts import stage_facts
from img2music.plan import CompositionPlan
from img2music.registry import STAGE_KINDS
from img2music.regular_files import file_digest
from img2music.style import is_style_file
from img2music.theory.instruments import hand_in_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from img2music.io.pictures import Picture
    from img2music.piece import Piece
    from img2music.pipeline_config import PipelineConfig, StageConfig
    from img2music.provenance import Event
    from img2music.registry import StageKind

__all__ = ["FileCheck", "FileState", "Replay", "compare_recorded_files", "replay"]

FileState = Literal["as recorded", "changed", "missing", "not read"]
""""not read": a link, no regular file, no permission, or more than is read."""
_MOST_BYTES = 2**33
"""Of all files together: 30 minutes of 48 kHz stereo in 16 bits are 346 MB, and 16 stems may go with the mix."""
_REPORT = "report.html"
_ROLL = "pianoroll.svg"
_DRAWN_OTHERWISE = "another version of the program drew it otherwise; the notes it shows are those of score.mid"
_SECONDS = "it holds the seconds that each step took"
_TELLS_MORE = "it also tells of what is not made again, such as other takes and earlier versions"
_OTHER_PICTURE = "it was made of the picture that was given"
_REMEDY = "give the picture with --picture"


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file of the folder, then and now."""

    name: str
    status: Literal["same", "different", "missing", "new", "not compared"]
    """"missing": on record and not made now; "new": made now and not on record."""
    beside: FileState | None = None
    """What became of the one that lies beside the manifest; None where no file of the piece does, or this one is not on record."""
    why: str = ""
    """Why it was not compared."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a replay."""

    piece: Piece
    files: tuple[FileCheck, ...]
    version_notes: tuple[str, ...]
    """Each program whose version is not the one on record: "numpy was 2.3.1, is 2.4.6"."""
    saved: SavedFiles | None = None
    """Where the files are; None where they were only compared."""

    @property
    def same(self) -> bool:
        """Whether every compared file was made again with the bytes on record."""
        return all(file.status in {"same", "not compared"} for file in self.files)

    @property
    def not_compared(self) -> dict[str, str]:
        """Why some files were not compared, by their names."""
        return {file.name: file.why for file in self.files if file.status == "not compared"}

    @property
    def beside(self) -> dict[str, FileState]:
        """What became of each file on record, where any lies beside the manifest."""
        return {file.name: file.beside for file in self.files if file.beside is not None}


def replay(
    manifest: str | Path,
    out: str | Path | None = None,
    *,
    pipeline: str | Path | None = None,
    style: str | None = None,
    picture: Picture | None = None,
    force: bool = False,
    numbered: bool = False,
    commercial: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Replay:
    """The piece of a `piece.json`, made again.

    Args:
        manifest: path of the `piece.json`.
        out: folder for the files; None only compares.
        pipeline: name or file to use instead of the pipeline on record.
        style: name or file to use instead of the style on record.
        picture: for the report; the notes need none. None: the `picture.jpg` beside the manifest, where it is that on record.
        force: replace what `out` holds, where something would be lost that is no unchanged piece of the same picture.
        numbered: then go to a folder with a number beside it, instead of raising.
        commercial: whether it is held to what commercial use allows; a piece that was made so is held to it anyway.
        on_event: told of each step.

    Raises:
        UsageError: a stage that forbids commercial use.
        DocumentError: no sound manifest, or one that names files (see the module's docstring).
        OutputError: `out` can't be written, or holds something that would be lost.
    """
    record = parse_json(read_file(manifest), Manifest, kind="manifest", source=str(manifest))
    beside = compare_recorded_files(Path(manifest).parent, record.files)
    brief = record.brief.model_copy(update={"seed": record.seed})
    start = record.plan or record.scene
    assert start is not None  # noqa: S101  checked by the manifest
    named_style = record.plan.style if record.plan is not None else record.brief.style
    if style is not None:
        brief = brief.model_copy(update={"style": style})
        start = record.plan.model_copy(update={"style": style}) if record.plan is not None else start
    elif any(is_style_file(named or "") for named in (brief.style, record.plan and record.plan.style)):
        raise DocumentError(f"{manifest} was made with a style file, which it only names; give that file with --style")
    commercial = commercial or record.pipeline.commercial
    if pipeline is None:
        stages = pipeline_of_manifest(record, str(manifest), commercial=commercial)
    else:
        stages = with_kept_lines(Pipeline.load(pipeline, commercial=commercial), record)
    own = picture_beside_record(record, Path(manifest).parent)
    piece = stages.compose_from(
        start,
        brief,
        picture=picture or own.picture,
        scene=record.scene,
        log=Log(on_event),
        **recorded_output(record.audio, record.more_files),
    )
    worked = [kind for kind in piece.manifest.stages if not (kind == "realizer" and pipeline is None and record.tune is not None)]
    varying = _varying_stages(stages.config, {kind: piece.manifest.stages[kind] for kind in worked})
    done = {**record.stages, **piece.manifest.stages}
    if pipeline is None:
        piece = with_manifest_fields(
            piece,
            models=record.models,
            stages=done,
            pipeline=record.pipeline,
            chosen=record.chosen,
            fallbacks=record.fallbacks,
        )
    piece = with_manifest_fields(piece, more_files=record.more_files)
    if record.kept is not None:
        piece = with_kept_record(piece, record.kept)
    may_differ = _may_differ(record, given=picture is not None, why_not=own.why_not, varies=next(iter(varying.values()), ""))
    checks: list[FileCheck] = []

    def compared() -> Iterator[tuple[str, bytes]]:
        for name, content in piece.files(on_event):
            why = next((varying[kind] for kind in _made_with(name) if kind in varying), "")
            if name == "video.mp4":
                why = why or why_video_varies(record)
            status = "not compared" if why or name == RECORD else _compare_made(name, content, record, named_style)
            if name in may_differ:
                why = "" if status == "same" else may_differ[name]
                status = "not compared" if why else "same"
            checks.append(FileCheck(name, status, beside.get(name), why))
            yield name, content

    saved = None
    if out is None:
        deque(compared(), maxlen=0)
    else:
        spare = Path(manifest).parent
        saved = save_files(Path(out), compared(), identity=piece.manifest.identity, force=force, numbered=numbered, spare=spare)
    made = {check.name for check in checks}
    for name in (one for one in record.files if one not in made):
        why = may_differ.get(name, "")
        checks.append(FileCheck(name, "not compared" if why else "missing", beside.get(name), why))
    now = package_versions(record.more_files) | piece.manifest.versions
    notes = tuple(
        f"{name} was {then}, is {now.get(name, 'unknown')}" for name, then in record.versions.items() if now.get(name) != then
    )
    return Replay(piece, tuple(checks), notes, saved)


def _may_differ(record: Manifest, *, given: bool, why_not: str, varies: str) -> dict[str, str]:
    """The files that may differ whoever made them, each with the reason.

    `why_not` is why there is no copy of the picture, `varies` why the piece itself need not be the same.
    """
    lacking = f"{PICTURE_FILE} {why_not}; {_REMEDY}"
    page = varies or _TELLS_MORE
    if PICTURE_FILE not in record.files and record.picture is not None:
        page = "it shows the picture, which is not on record"
    elif why_not and not given:
        page = f"it shows the picture, and {lacking}"
    drawn_otherwise = {} if record.versions.get(PIANO_ROLL) == package_versions()[PIANO_ROLL] else {_ROLL: _DRAWN_OTHERWISE}
    return {RECORD: _SECONDS, PICTURE_FILE: _OTHER_PICTURE if given else lacking, _REPORT: page, **drawn_otherwise}


def _varying_stages(config: PipelineConfig, worked: Mapping[str, str]) -> dict[StageKind, str]:
    """Why what a stage made need not be the same again, by kind, of those that worked; they are named by kind."""
    found: dict[StageKind, str] = {}
    for kind in STAGE_KINDS:
        asked: StageConfig = getattr(config.stages, kind)
        stage = next((one for one in asked.chain() if one.use == worked.get(kind)), None)
        why = "" if stage is None else stage_facts(kind, stage).why_not_compared
        if why:
            found[kind] = why
    return found


def _made_with(name: str) -> tuple[StageKind, ...]:
    """The kinds of stages that a file's content goes back to."""
    maker = maker_of(name)
    return () if maker is None else STAGE_KINDS[: STAGE_KINDS.index(maker) + 1]


def _compare_made(name: str, content: bytes, record: Manifest, named_style: str | None) -> Literal["same", "different", "new"]:
    if name not in record.files:
        return "new"
    spellings = [content]
    if name == "plan.json":
        # A style file may lie elsewhere now, and parts had no ids once; neither decides a note, nor does the number of the version.
        spellings += [_plan_with_style(content, named_style)]
        spellings += [_plan_of_version_1(one, ids=ids) for one in spellings for ids in (True, False)]
    return "same" if record.files[name] in {sha256(spelling).hexdigest() for spelling in spellings} else "different"


def _plan_with_style(content: bytes, style: str | None) -> bytes:
    """A plan.json whose style file is called as it was on record; unchanged where no file is named there."""
    if style is None or not is_style_file(style):
        return content
    plan = CompositionPlan.model_validate_json(content)
    playing = plan.playing and plan.playing.model_copy(update={"style": style})
    return (plan.model_copy(update={"style": style, "playing": playing}).model_dump_json(indent=2) + "\n").encode()


def _plan_of_version_1(content: bytes, *, ids: bool) -> bytes:
    """A plan.json as it was written before plans could move and held how they are played, and, without `ids`, before parts had ids and hands.

    Unchanged where those are not what the parts' names say; what moves in a plan is told apart by its fields.
    """
    plan = CompositionPlan.model_validate_json(content)
    if not ids and any((part.id, part.hand) != (part.name, hand_in_name(part.name)) for part in plan.parts):
        return content
    left_out: dict[str, Any] = {"playing": True} if ids else {"playing": True, "parts": {"__all__": {"id", "hand"}}}
    written = plan.model_dump_json(indent=2, exclude=left_out).replace('"version": 2', '"version": 1', 1)
    return (written + "\n").encode()


def compare_recorded_files(folder: Path, hashes: Mapping[str, str], most_bytes: int = _MOST_BYTES) -> dict[str, FileState]:
    """What became of each file of a manifest that lies in `folder`; nothing where none of them is there.

    Args:
        folder: where the manifest lies.
        hashes: SHA-256 by name, as the manifest has them.
        most_bytes: what is read at most; files beyond are "not read".
    """
    found: dict[str, FileState] = {}
    left = most_bytes
    for name, digest in hashes.items():
        found[name], used = _compare_on_disk(folder, name, digest, left)
        left -= used
    return found if set(found.values()) - {"missing"} else {}


def _compare_on_disk(folder: Path, name: str, digest: str, left: int) -> tuple[FileState, int]:
    """What became of one file, and how many bytes that took."""
    try:
        found, used = file_digest(folder, name, left)
    except (FileNotFoundError, NotADirectoryError):
        return "missing", 0
    except OSError:
        return "not read", 0
    return ("as recorded" if found == digest else "changed"), used
