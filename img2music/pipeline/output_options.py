"""What is wanted of a piece beyond its notes: sound, stems, takes, more files. The keyword arguments that all ways of making a piece share.

`OutputOptions` is what `Pipeline.compose_from` takes, `PieceOptions` what `compose` and `recompose` take: those and the wishes.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003  whoever asks for the hints of the options needs it
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack, cast, get_args

from img2music.brief import Wishes
from img2music.cancellation import CancelToken  # noqa: TC001  likewise
from img2music.errors import BriefError, UsageError, unknown_name
from img2music.manifest import AudioFormat, FileOptions, MoreFiles, VideoShape, VideoShows
from img2music.provenance import Event  # noqa: TC001  likewise
from img2music.registry.extras import has_extra, require_extra

if TYPE_CHECKING:
    from img2music.manifest import AudioInfo

__all__ = [
    "MOST_TAKES",
    "ExportOptions",
    "Output",
    "OutputOptions",
    "PieceOptions",
    "asked_files",
    "recorded_output",
    "split_options",
]

MOST_TAKES = 100


class ExportOptions(FileOptions, total=False):
    """What is wanted beyond the notes; whatever is left out is as in `Output`."""

    audio: AudioFormat | None
    """Format of the sound's file; None makes no sound, which is much faster."""
    stems: bool
    """Whether each part's sound is kept too."""
    takes: int
    """How many candidates are written, 1 to 100; the one with the best measurements is kept."""
    embed_audio: bool
    """Whether the report carries the sound even where it is large."""


class OutputOptions(ExportOptions, total=False):
    """The same, who listens, and who may stop the work."""

    on_event: Callable[[Event], None] | None
    """Told of each step."""
    cancel: CancelToken | None
    """Stops the work when it is cancelled: whoever waits for the piece gets `Cancelled` instead."""


class PieceOptions(OutputOptions, Wishes, total=False):
    """Output options, and the fields of a `Brief` as wishes."""


@dataclass(frozen=True, slots=True)
class Output:
    """Checked output options."""

    audio: AudioFormat | None = "wav"
    stems: bool = False
    takes: int = 1
    embed_audio: bool = False
    pdf: bool = False
    parts: bool = False
    video: VideoShows | None = None
    video_shape: VideoShape = "wide"

    def __post_init__(self) -> None:
        formats = get_args(AudioFormat)
        if self.audio is not None and self.audio not in formats:
            raise unknown_name("audio format", str(self.audio), formats)
        if self.stems and self.audio is None:
            raise UsageError("stems are sound, and no sound is asked for; give a format with --audio, or leave --stems out")
        if not 1 <= self.takes <= MOST_TAKES:
            raise BriefError(f"takes {self.takes} can't be met: give a number of takes from 1 to {MOST_TAKES}")
        if self.video is not None and self.audio is None:
            raise UsageError("a video has sound, and no sound is asked for; give a format with --audio, or leave --video out")
        self.more_files()

    def more_files(self) -> MoreFiles | None:
        """What is wanted beyond the usual files, as it goes on record."""
        return asked_files(pdf=self.pdf, parts=self.parts, video=self.video, video_shape=self.video_shape)

    @classmethod
    def of(cls, **options: Unpack[OutputOptions]) -> Output:
        """The options with their defaults; who listens and who may stop the work are no part of them.

        Raises:
            UsageError: an unknown option, an unknown audio format, or stems or a video without sound.
            MissingPackageError: a file is asked for that needs an extra.
            BriefError: a number of takes that is too small or too large.
        """
        unknown = next((name for name in options if name not in OutputOptions.__annotations__), None)
        if unknown is not None:
            raise unknown_name("option", unknown, tuple(OutputOptions.__annotations__))
        return cls(**{name: value for name, value in options.items() if name in ExportOptions.__annotations__})  # type: ignore[arg-type]


def asked_files(
    *, pdf: bool = False, parts: bool = False, video: VideoShows | None = None, video_shape: VideoShape = "wide"
) -> MoreFiles | None:
    """What a piece's record says of files beyond the usual ones; None where none is wanted.

    Raises:
        UsageError: nothing that a video can show, or no shape that it can have.
        MissingPackageError: an extra is missing. Parts alone do without: then they are MusicXML only.
    """
    if video is not None and video not in get_args(VideoShows):
        raise unknown_name("kind of video", str(video), get_args(VideoShows))
    if video_shape not in get_args(VideoShape):
        raise unknown_name("video shape", str(video_shape), get_args(VideoShape))
    if pdf:
        require_extra("pdf")
    if video is not None:
        require_extra("video")
    if not (pdf or parts or video):
        return None
    return MoreFiles(pdf=pdf, parts=parts, part_pdfs=parts and has_extra("pdf"), video=video, video_shape=video_shape)


def split_options(options: PieceOptions) -> tuple[OutputOptions, Wishes]:
    """Output options and wishes, parted; what is neither goes with the wishes, where it is told what it may have meant."""
    output = {name: value for name, value in options.items() if name in OutputOptions.__annotations__}
    wishes = {name: value for name, value in options.items() if name not in output}
    return cast("OutputOptions", output), cast("Wishes", wishes)


def recorded_output(audio: AudioInfo | None, more: MoreFiles | None = None) -> OutputOptions:
    """The options that make the sound of a manifest again, and its files beyond the usual ones.

    Raises:
        MissingPackageError: an extra is missing that was there.
    """
    options: OutputOptions = {"audio": None}
    if audio is not None:
        options = {"audio": audio.format, "stems": audio.stems, "embed_audio": audio.embed}
    if more is not None:
        if more.part_pdfs:
            require_extra("pdf")
        options |= {"pdf": more.pdf, "parts": more.parts, "video": more.video, "video_shape": more.video_shape}
    return options
