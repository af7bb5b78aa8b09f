"""The files of a piece, made one at a time so that no more than one is in memory, and its card in a notebook.

The report names the sound beside it, or carries it: always where it is compact already (MP3, Ogg), else where asked, as Ogg.
Encoding sound costs more than everything else on the page, so it is not done unasked. The manifest comes last, because it
holds the hash of every other file: a folder with a `piece.json` is complete.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from img2music.atomic_files import RECORD
from img2music.cancellation import share_of_step
from img2music.io.documents import dump_json
from img2music.io.notation.player_parts import file_stem
from img2music.manifest import PICTURE_FILE
from img2music.output_folder import with_checksum
from img2music.pipeline.progress import Log
from img2music.pipeline.records.recorded_pipeline import without_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from img2music.audio import Audio
    from img2music.io.audio_tags import Tags
    from img2music.manifest import AudioFormat, AudioInfo
    from img2music.piece import Piece
    from img2music.plan import CompositionPlan
    from img2music.provenance import Event
    from img2music.registry import StageKind

__all__ = ["maker_of", "piece_card", "piece_files", "stem_files", "tags_of"]

_MADE_BY: dict[str, StageKind] = {
    "scene.json": "perceiver",
    "plan.json": "planner",
    "score.musicxml": "realizer",
    "score.abc": "realizer",
    "score.svg": "realizer",
    "score.mid": "performer",
    "pianoroll.svg": "performer",
    "score.pdf": "realizer",
    "video.mp4": "renderer",
}
_IN_FOLDERS: dict[str, StageKind] = {"parts": "realizer", "stems": "renderer"}
_COMPACT = {"mp3": "audio/mpeg", "ogg": "audio/ogg"}
"""Formats small enough for a page, and their MIME types."""
_LARGEST_CARRIED_BYTES = 20_000_000
"""A page with more sound inside is no longer handy; it names the file beside it instead."""


def piece_files(piece: Piece, on_event: Callable[[Event], None] | None = None) -> Iterator[tuple[str, bytes]]:
    """Every file of a piece as (name in the folder, content), the manifest last; `on_event` is told of each step."""
    hashes: dict[str, str] = {}
    log = Log(on_event, seconds=dict(piece.timing))
    for name, content in _files(piece, hashes, log):
        hashes[name] = sha256(content).hexdigest()
        yield name, content
    timing = {stage: round(seconds, 4) for stage, seconds in log.seconds.items()}
    pipeline = without_folders(piece.manifest.pipeline)
    record = piece.manifest.model_copy(update={"pipeline": pipeline, "files": hashes, "timing": timing, "checksum": None})
    yield RECORD, with_checksum(dump_json(record)).encode()


def maker_of(file: str) -> StageKind | None:
    """The kind of stage whose work a file of a piece holds, by the file's name; None of those that hold all there is to tell."""
    folder, slash, _ = file.rpartition("/")
    if slash:
        return _IN_FOLDERS.get(folder)
    return "renderer" if file.startswith("audio.") else _MADE_BY.get(file)


def piece_card(piece: Piece) -> str:
    """A piece as a notebook shows it: one fragment of HTML with everything in it."""
    from img2music.io.engraving.verovio_pages import engrave
    from img2music.io.musicxml.export_musicxml import write_musicxml
    from img2music.report.page.notebook_card import card_html

    return card_html(piece, pages=engrave(write_musicxml(piece.score)))


def _files(piece: Piece, hashes: dict[str, str], log: Log) -> Iterator[tuple[str, bytes]]:
    """All but the manifest; `hashes` are those of the files so far, which the report lists."""
    from img2music.io.abc.export_abc import write_abc
    from img2music.io.audio_files import encode
    from img2music.io.engraving.piano_roll import pianoroll_svg
    from img2music.io.engraving.score_following import follow_score, plain_pages
    from img2music.io.engraving.verovio_pages import PAGE_WIDTH, stack
    from img2music.io.midi.export_midi import write_midi
    from img2music.io.musicxml.export_musicxml import write_musicxml
    from img2music.pipeline.more_files import paper_files, video_files
    from img2music.report import report_html

    if piece.scene is not None:
        yield "scene.json", dump_json(piece.scene).encode()
    yield "plan.json", dump_json(piece.plan).encode()
    musicxml = write_musicxml(piece.score)
    yield "score.mid", write_midi(piece.performance)
    yield "score.musicxml", musicxml.encode()
    yield "score.abc", write_abc(piece.score).encode()
    with log.step("files", "engraving the score"):
        following = follow_score(piece.score, piece.performance, width=PAGE_WIDTH, height=None, musicxml=musicxml)
        pages = plain_pages(following)
        engraved = stack(pages, piece.score.title, piece.score.subtitle)
    yield "score.svg", engraved.encode()
    roll = pianoroll_svg(piece.performance, bars=piece.score.bars)
    yield "pianoroll.svg", roll.encode()
    yield from paper_files(piece, pages, log)
    carried: tuple[str, bytes] | None = None
    wanted, audio = piece.manifest.audio, piece.audio
    if wanted is not None and audio is not None:
        tags, loop = tags_of(piece.plan), piece.plan.loop
        with log.step("files", "writing the sound"):
            with share_of_step(0, 0.5 if _carries_other(wanted) else 1):
                content = encode(audio, wanted.format, tags=tags, loop=loop)
            with share_of_step(0.5, 1):
                carried = _carry(wanted, content, lambda: encode(audio, "ogg", tags=tags, loop=loop))
        yield f"audio.{wanted.format}", content
        del content  # a long piece is hundreds of megabytes
        stems = stem_files(piece.stems, wanted.format, tags=tags, loop=loop)
        for part in piece.stems:
            with log.step("files", f"writing the sound of {part}"):
                stem = next(stems)
            yield stem
    yield from video_files(piece, log)
    with log.step("files", "writing the report"):
        page = report_html(
            replace(piece, manifest=piece.manifest.model_copy(update={"files": dict(hashes)})),
            pages=following.pages,
            following=following,
            pianoroll=roll,
            audio_name=None if wanted is None else f"audio.{wanted.format}",
            audio_data=carried,
        )
    yield "report.html", page.encode()
    if piece.preview_jpeg is not None:
        yield PICTURE_FILE, piece.preview_jpeg  # after the page, which carries it


def _carries_other(wanted: AudioInfo) -> bool:
    """Whether the report carries another format than the file has."""
    return wanted.embed and wanted.format not in _COMPACT


def _carry(wanted: AudioInfo, content: bytes, as_ogg: Callable[[], bytes]) -> tuple[str, bytes] | None:
    """MIME type and bytes of the sound inside the report; None where it names the file beside it."""
    if wanted.format in _COMPACT:
        return (_COMPACT[wanted.format], content) if len(content) <= _LARGEST_CARRIED_BYTES else None
    return (_COMPACT["ogg"], as_ogg()) if _carries_other(wanted) else None


def tags_of(plan: CompositionPlan) -> Tags:
    """What the sound of a plan says of itself."""
    from img2music.io.audio_tags import Tags

    return Tags.of_maps(plan.title, plan.key_map, plan.meter_map, plan.tempo_map, plan.duration_quarters)


def stem_files(
    stems: Mapping[str, Audio], audio_format: AudioFormat, *, tags: Tags, loop: bool = False
) -> Iterator[tuple[str, bytes]]:
    """Each part's sound as (``stems/01-violin.flac``, content), in the order of the score; `tags` are the whole piece's."""
    from img2music.io.audio_files import encode

    for number, (part, audio) in enumerate(stems.items(), 1):
        content = encode(audio, audio_format, tags=tags.of_part(part), loop=loop)
        yield f"stems/{file_stem(number, part)}.{audio_format}", content
