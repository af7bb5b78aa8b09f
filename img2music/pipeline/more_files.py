"""Files to take away, made where they are asked for: the score as PDF, each player's own part, a video with the sound.

    score.pdf                        the engraved pages on A4
    parts/01-violin.musicxml, .pdf   a player's lines with rests of several bars written as one, at concert pitch as the score is
    video.mp4                        the picture, or the score as it is played, with the sound

What is wanted stands in the manifest (`MoreFiles`), so a replay makes it again. PDF and MusicXML are the same bytes every time, a video
on one machine with one version of PyAV.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.errors import UsageError
from img2music.manifest import PICTURE_FILE, MoreFiles, package_versions
from img2music.pipeline.output_options import asked_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from img2music.manifest import Manifest
    from img2music.piece import Piece
    from img2music.pipeline.progress import Log

__all__ = ["NO_PICTURE", "more_files_record", "paper_files", "video_files", "video_notes", "why_video_varies"]

NO_PICTURE = "the video shows the score, because no picture is at hand"
"""What is said where a video was to show the picture."""


def more_files_record(piece: Piece, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a piece's manifest when these files are wanted too; see `Piece.with_files`.

    Raises:
        MissingPackageError, UsageError: what can't be made.
    """
    known = ("pdf", "parts", "video", "video_shape")
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None:
        raise UsageError(f"no file option {unknown!r}; there are: {', '.join(known)}")
    now = piece.manifest.more_files or MoreFiles()
    more = asked_files(**{name: getattr(now, name) for name in known} | dict(wanted))
    if more is not None and more.video is not None and piece.audio is None:
        raise UsageError("a video has sound, and this piece has none; make it with sound first")
    conflicts = [line for line in piece.manifest.conflicts if line != NO_PICTURE]
    notes = video_notes(more, has_picture=_picture(piece) is not None)
    beside = {name: version for name, version in package_versions(more).items() if name in {"typst", "av"}}
    versions = {name: version for name, version in piece.manifest.versions.items() if name not in {"typst", "av"}}
    return {"more_files": more, "conflicts": (*conflicts, *notes), "versions": versions | beside}


def video_notes(more: MoreFiles | None, *, has_picture: bool) -> tuple[str, ...]:
    """What there is to say where a video can't show what it should."""
    return (NO_PICTURE,) if more is not None and more.video == "picture" and not has_picture else ()


def why_video_varies(record: Manifest) -> str:
    """Why a video is not compared when its piece is made again; "" where it is: encoded by one thread, it comes again on one machine."""
    has_picture = record.picture is not None or PICTURE_FILE in record.files
    return "it shows the picture, which is not on record as large as it was" if has_picture else ""


def paper_files(piece: Piece, pages: Sequence[str], log: Log) -> Iterator[tuple[str, bytes]]:
    """The PDF of the score, whose engraved `pages` are given, and the parts, where they are wanted."""
    from img2music.io.engraving.pdf_export import PART_PAGE_HEIGHT, PART_PAGE_WIDTH, pdf_of_pages
    from img2music.io.engraving.verovio_pages import engrave
    from img2music.io.musicxml.export_musicxml import write_musicxml
    from img2music.io.notation.player_parts import player_parts

    more, score = piece.manifest.more_files, piece.score
    if more is not None and more.pdf:
        with log.step("files", "setting the score as PDF"):
            content = pdf_of_pages(pages, score.title, score.subtitle)
        yield "score.pdf", content
    for player in player_parts(score) if more is not None and more.parts else ():
        with log.step("files", f"writing the part of {player.name}"):
            musicxml = write_musicxml(player.score, for_player=True)
        yield f"parts/{player.stem}.musicxml", musicxml.encode()
        if more is not None and more.part_pdfs:
            with log.step("files", f"engraving the part of {player.name}"):
                own = engrave(musicxml, width=PART_PAGE_WIDTH, height=PART_PAGE_HEIGHT)
                content = pdf_of_pages(own, score.title, score.subtitle, part=player.name, remark=player.remark)
            yield f"parts/{player.stem}.pdf", content


def video_files(piece: Piece, log: Log) -> Iterator[tuple[str, bytes]]:
    """The video, where it is wanted: the picture, or the score with the picture small beside it; without a picture the score alone."""
    more, audio, picture = piece.manifest.more_files, piece.audio, _picture(piece)
    if more is None or more.video is None or audio is None:
        return
    from img2music.io.video.picture_frames import picture_frames, picture_of_jpeg
    from img2music.io.video.score_frames import score_frames
    from img2music.io.video.video_files import VideoFrames, write_video

    score, shape = piece.score, more.video_shape
    shown = None if picture is None else picture_of_jpeg(picture)
    with log.step("files", "writing the video"):
        frames: VideoFrames
        if more.video == "picture" and shown is not None:
            frames = picture_frames(shown, shape=shape, title=score.title)
        else:
            frames = score_frames(score, piece.performance, picture=shown, shape=shape, title=score.title)
        content = write_video(frames, audio, title=score.title, comment=score.subtitle)
    yield "video.mp4", content


def _picture(piece: Piece) -> bytes | None:
    """The largest copy at hand, as JPEG."""
    return piece.still_jpeg or piece.preview_jpeg
