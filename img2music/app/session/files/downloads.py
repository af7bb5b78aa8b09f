"""Files of a take to take away: each one as the command line writes it, by the same code, byte for byte.

    midi musicxml abc svg pianoroll plan scene     one file of the folder that `img2music compose` makes
    wav flac mp3 ogg                               the sound; options: none
    stems, parts                                   a folder of it, zipped; options: audio (format of the stems)
    pdf, video                                     need an extra; options of video: shows ("picture", "score"), shape ("16:9", "1:1", "9:16")
    report                                         the page with its sound inside; options: audio ("mp3", "ogg")
    manifest                                       `piece.json` with the hashes of all files; options as of zip
    zip                                            the whole folder; options: audio, stems, pdf, parts, video, shape, embed_audio

What is left out of the options of a zip is left out of the folder, as on the command line. Zips hold the same bytes every time.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Literal, get_args

from img2music.cancellation import checkpoint
from img2music.errors import UsageError, unknown_name
from img2music.manifest import AudioFormat, AudioInfo, VideoShape, VideoShows
from img2music.registry.extras import EXTRAS, has_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from img2music.audio import Audio
    from img2music.manifest import Manifest
    from img2music.piece import Piece
    from img2music.stages import Rendering

__all__ = ["DOWNLOADS", "Download", "What", "available", "read_download", "write_download"]

What = Literal[
    "midi", "musicxml", "abc", "svg", "pianoroll", "plan", "scene", "pdf", "parts", "wav", "flac", "mp3", "ogg", "stems", "video",
    "report", "manifest", "zip",
]  # fmt: skip
DOWNLOADS: tuple[What, ...] = get_args(What)
_FILES = {
    "midi": "score.mid",
    "musicxml": "score.musicxml",
    "abc": "score.abc",
    "svg": "score.svg",
    "pianoroll": "pianoroll.svg",
    "plan": "plan.json",
    "scene": "scene.json",
    "pdf": "score.pdf",
    "video": "video.mp4",
    "report": "report.html",
    "manifest": "piece.json",
}
_FOLDERS = {"stems": "stems/", "parts": "parts/"}
_FORMATS = ("wav", "flac", "mp3", "ogg")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "stems": ("audio",),
    "video": ("shows", "shape"),
    "report": ("audio",),
    "manifest": ("audio", "stems", "pdf", "parts", "video", "shape", "embed_audio"),
    "zip": ("audio", "stems", "pdf", "parts", "video", "shape", "embed_audio"),
}
_SHAPES = {"16:9": "wide", "1:1": "square", "9:16": "tall"}
"""As the command line calls them."""
_FOLDER_RECORDS = ("zip", "manifest")
_LONGEST_NAME = 50
_STORED = (".flac", ".mp3", ".ogg", ".pdf", ".mp4")
"""Files that no zip makes smaller."""
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Download:
    """What is wanted of a take, checked."""

    what: What
    name: str
    """Of the file for people: "song-for-rust-brown.mid"."""
    key: str
    """Tells apart what was asked for with other options."""
    audio: AudioFormat | None = None
    """Format of sound that the folder holds; None of files that need none."""
    stems: bool = False
    embed_audio: bool = False
    pdf: bool = False
    parts: bool = False
    video: VideoShows | None = None
    shape: VideoShape = "wide"


def available(what: str) -> str:
    """What is missing for a kind of file, in one sentence; empty where it can be made.

    Raises:
        UsageError: no such kind of file.
    """
    if what not in DOWNLOADS:
        raise unknown_name("kind of file", what, DOWNLOADS)
    if what in EXTRAS and not has_extra(what):
        extra = EXTRAS[what]
        return f"{extra.makes} needs {extra.package}: {extra.pip_line}"
    return ""


def read_download(piece: Piece, what: str, **options: Any) -> Download:
    """What is wanted of a piece.

    Raises:
        UsageError: no such kind of file or option, or a file that needs an extra which is missing.
    """
    missing = available(what)
    if missing:
        raise UsageError(missing)
    known = _OPTIONS.get(what, ())
    options = {
        name: _SHAPES.get(value, value) if name == "shape" and isinstance(value, str) else value
        for name, value in options.items()
    }
    for name in options:
        if name not in known:
            raise unknown_name(f"option of {what}", name, known)
    for name, values in (
        ("audio", _FORMATS),
        ("shows", get_args(VideoShows)),
        ("video", get_args(VideoShows)),
        ("shape", get_args(VideoShape)),
    ):
        if options.get(name) is not None and options[name] not in values:
            raise unknown_name(name, str(options[name])[:40], values)
    slug = re.sub(r"[^a-z0-9]+", "-", piece.plan.title.lower()).strip("-")[:_LONGEST_NAME].strip("-") or "piece"
    key = "-".join([what, *(f"{name}.{options[name]}" for name in sorted(options) if options[name] is not None)])
    made = Download(what, _file_name(what, slug), key)  # type: ignore[arg-type]
    if what in _FOLDER_RECORDS:
        return replace(
            made,
            audio=options.get("audio", "wav"),
            stems=bool(options.get("stems")),
            embed_audio=bool(options.get("embed_audio")),
            pdf=bool(options.get("pdf")),
            parts=bool(options.get("parts")),
            video=options.get("video"),
            shape=options.get("shape") or "wide",
        )
    if what == "report":
        return replace(made, audio=options.get("audio") or "mp3", embed_audio=True)
    if what == "stems":
        return replace(made, audio=options.get("audio") or "flac", stems=True)
    if what == "video":
        return replace(
            made,
            audio="wav",
            video=options.get("shows") or ("picture" if piece.preview_jpeg else "score"),
            shape=options.get("shape") or "wide",
        )
    if what in _FORMATS:
        return replace(made, audio=what)  # type: ignore[arg-type]
    return replace(made, pdf=what == "pdf", parts=what == "parts")


def write_download(
    piece: Piece, wanted: Download, mix: Callable[[], Audio], render: Callable[[], Rendering], still: bytes | None
) -> IO[bytes]:
    """The content of the file, in a temporary file at its beginning that goes when it is closed.

    Args:
        piece: without its samples.
        wanted: what is made of it.
        mix: gives its mix.
        render: makes it sound with stems.
        still: the picture as a video shows it.
    """
    whole = _with_sound(piece, wanted, mix, render)
    if wanted.pdf or wanted.parts or wanted.video:
        shown = still if wanted.video == "picture" else None
        whole = replace(whole, still_jpeg=shown).with_files(
            pdf=wanted.pdf, parts=wanted.parts, video=wanted.video, video_shape=wanted.shape
        )
    file = TemporaryFile()  # noqa: SIM115  the caller closes it
    try:
        if wanted.what in {"zip", *_FOLDERS}:
            _write_zip(file, _wanted_files(whole, wanted))
        else:
            file.write(next(content for _, content in _wanted_files(whole, wanted)))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _with_sound(piece: Piece, wanted: Download, mix: Callable[[], Audio], render: Callable[[], Rendering]) -> Piece:
    """The piece with the sound that its folder shall hold, and a manifest that says so."""
    if wanted.audio is None:
        return replace(piece, manifest=_soundless(piece)) if wanted.what in _FOLDER_RECORDS else piece
    rendering = render() if wanted.stems else None
    audio = mix() if rendering is None else rendering.mix
    info = AudioInfo(format=wanted.audio, stems=wanted.stems, embed=wanted.embed_audio, sample_rate=audio.sample_rate)
    return replace(
        piece,
        audio=audio,
        stems={} if rendering is None else rendering.stems,
        manifest=piece.manifest.model_copy(update={"audio": info}),
    )


def _soundless(piece: Piece) -> Manifest:
    """The manifest of the same piece made without sound."""
    from img2music.io.midi.export_midi import write_midi
    from img2music.io.musicxml.export_musicxml import write_musicxml
    from img2music.metrics.compliance.compliance_check import check_compliance

    midi, musicxml = write_midi(piece.performance), write_musicxml(piece.score)
    compliance = check_compliance(piece.plan, piece.brief, midi=midi, musicxml=musicxml, audio=None)
    stages = {kind: name for kind, name in piece.manifest.stages.items() if kind != "renderer"}
    return piece.manifest.model_copy(update={"audio": None, "compliance": compliance, "stages": stages})


def _wanted_files(piece: Piece, wanted: Download) -> Iterator[tuple[str, bytes]]:
    """The files of the folder that are wanted, and no work for those behind them."""
    if wanted.what in _FORMATS:
        yield _sound_file(piece, wanted)
        return
    if wanted.what == "zip":
        yield from piece.files()
        return
    folder = _FOLDERS.get(wanted.what)
    begun = False
    for name, content in piece.files():
        checkpoint()
        if folder is None and name == _FILES[wanted.what]:
            yield name, content
            return
        if folder is not None and name.startswith(folder):
            begun = True
            yield name.removeprefix(folder), content
        elif begun:
            return
    if not begun:
        raise UsageError(f"this take has no {wanted.what}; choose something else")


def _sound_file(piece: Piece, wanted: Download) -> tuple[str, bytes]:
    """The sound alone, without engraving what comes before it in the folder."""
    from img2music.io.audio_files import encode
    from img2music.pipeline.export import tags_of

    assert piece.audio is not None  # noqa: S101  it was asked for
    assert wanted.audio is not None  # noqa: S101
    return f"audio.{wanted.audio}", encode(piece.audio, wanted.audio, tags=tags_of(piece.plan), loop=piece.plan.loop)


def _write_zip(file: IO[bytes], files: Iterator[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files:
            checkpoint()
            entry = zipfile.ZipInfo(name, _FIRST_DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _file_name(what: str, slug: str) -> str:
    if what == "manifest":
        return "piece.json"
    if what in _FOLDERS:
        return f"{slug}-{what}.zip"
    if what in _FORMATS or what == "zip":
        return f"{slug}.{what}"
    kind = {"pianoroll": "-pianoroll.svg", "plan": "-plan.json", "scene": "-scene.json"}.get(what)
    return slug + (kind or "." + _FILES[what].rpartition(".")[2])
