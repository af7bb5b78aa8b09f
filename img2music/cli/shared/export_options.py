"""Options for what is made beyond the notes: takes, sound, paper, video. Records of options as in `option_records`.

What can't be made is told before any work: that an extra is missing, a video without sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated

from img2music.cli.shared.option_records import option
from img2music.errors import UsageError

if TYPE_CHECKING:
    from img2music.manifest import AudioFormat, VideoShape
    from img2music.pipeline.output_options import ExportOptions

__all__ = [
    "AudioChoice",
    "AudioOption",
    "NotesExport",
    "PieceExport",
    "StemsOption",
    "VideoShapeChoice",
    "VideoShowsChoice",
    "audio_format",
]


class VideoShowsChoice(str, Enum):  # noqa: UP042  a plain mix-in is what every typer release reads
    """What a video shows."""

    PICTURE = "picture"
    SCORE = "score"


class VideoShapeChoice(str, Enum):  # noqa: UP042  likewise
    """Width to height of a video."""

    WIDE = "16:9"
    SQUARE = "1:1"
    TALL = "9:16"


class AudioChoice(str, Enum):  # noqa: UP042  a plain mix-in is what every typer release reads
    """Formats of the sound's file."""

    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    OGG = "ogg"
    NONE = "none"


StemsOption = Annotated[bool, option("--stems", None, "Also write the sound of each part.")]
AudioOption = Annotated[AudioChoice, option("--audio", None, "Format of the sound file; none makes no sound.")]
_SHAPES: dict[VideoShapeChoice, VideoShape] = {
    VideoShapeChoice.WIDE: "wide",
    VideoShapeChoice.SQUARE: "square",
    VideoShapeChoice.TALL: "tall",
}


@dataclass(frozen=True, slots=True)
class PieceExport:
    """What is made beyond the notes.

    Raises:
        UsageError: stems or a video are asked for without sound, or how a video is without a video.
        MissingPackageError: a file needs an extra that is not installed.
    """

    takes: Annotated[int, option("--takes", "N", "Write N versions and keep the best.")] = 1
    audio: AudioOption = AudioChoice.WAV
    stems: StemsOption = False
    embed_audio: Annotated[
        bool, option("--embed-audio", None, "Put the sound into report.html, so that the page plays when sent alone.")
    ] = False
    pdf: Annotated[bool, option("--pdf", None, "Also write the score as PDF.")] = False
    parts: Annotated[bool, option("--parts", None, "Also write each player's own part, as MusicXML and PDF.")] = False
    video: Annotated[bool, option("--video", None, "Also write a video with the sound.")] = False
    video_shows: Annotated[
        VideoShowsChoice | None,
        option("--video-shows", None, "What the video shows. If left out: the picture, or the score where there is no picture."),
    ] = None
    video_shape: Annotated[
        VideoShapeChoice | None, option("--video-shape", None, "Width to height of the video. If left out: 16:9.")
    ] = None

    def __post_init__(self) -> None:
        if self.stems and self.audio is AudioChoice.NONE:
            raise UsageError("stems are sound, and no sound is asked for; give a format with --audio, or leave --stems out")
        if not self.video and (self.video_shows or self.video_shape):
            raise UsageError("--video-shows and --video-shape say how a video is, and none is asked for; give --video too")
        if self.video and self.audio is AudioChoice.NONE:
            raise UsageError("a video has sound, and no sound is asked for; give a format with --audio, or leave --video out")
        if self.pdf or self.video:
            from img2music.registry.extras import require_extra

            for extra in ("pdf",) * self.pdf + ("video",) * self.video:
                require_extra(extra)

    @property
    def _shown(self) -> VideoShowsChoice:
        """What a video shows unless it is said."""
        return VideoShowsChoice.PICTURE

    def settings(self) -> ExportOptions:
        """As a pipeline takes them."""
        return {
            "audio": audio_format(self.audio),
            "stems": self.stems,
            "takes": self.takes,
            "embed_audio": self.embed_audio,
            "pdf": self.pdf,
            "parts": self.parts,
            "video": (self.video_shows or self._shown).value if self.video else None,
            "video_shape": _SHAPES[self.video_shape or VideoShapeChoice.WIDE],
        }


@dataclass(frozen=True, slots=True)
class NotesExport(PieceExport):
    """The same where sound is the exception, and there is no picture."""

    audio: AudioOption = AudioChoice.NONE

    @property
    def _shown(self) -> VideoShowsChoice:
        """What a video shows unless it is said."""
        return VideoShowsChoice.SCORE


def audio_format(choice: AudioChoice) -> AudioFormat | None:
    """The format as the pipeline knows it."""
    return None if choice is AudioChoice.NONE else choice.value
