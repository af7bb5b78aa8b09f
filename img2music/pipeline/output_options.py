"""What is wanted of a piece beyond its notes: sound, stems, takes. The keyword arguments that all ways of making a piece share.

`OutputOptions` is what `Pipeline.compose_from` takes, `PieceOptions` what `compose` and `recompose` take: those and the wishes.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003  whoever asks for the hints of the options needs it
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, Unpack, cast, get_args

from img2music.brief import Wishes
from img2music.cancellation import CancelToken  # noqa: TC001  likewise
from img2music.errors import BriefError, UsageError, unknown_name
from img2music.manifest import AudioFormat
from img2music.provenance import Event  # noqa: TC001  likewise

if TYPE_CHECKING:
    from img2music.manifest import AudioInfo

__all__ = ["MOST_TAKES", "ExportOptions", "Output", "OutputOptions", "PieceOptions", "recorded_output", "split_options"]

MOST_TAKES = 100


class ExportOptions(TypedDict, total=False):
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

    def __post_init__(self) -> None:
        formats = get_args(AudioFormat)
        if self.audio is not None and self.audio not in formats:
            raise unknown_name("audio format", str(self.audio), formats)
        if self.stems and self.audio is None:
            raise UsageError("stems are sound, and no sound is asked for; give a format with --audio, or leave --stems out")
        if not 1 <= self.takes <= MOST_TAKES:
            raise BriefError(f"takes {self.takes} can't be met: give a number of takes from 1 to {MOST_TAKES}")

    @classmethod
    def of(cls, **options: Unpack[OutputOptions]) -> Output:
        """The options with their defaults; who listens and who may stop the work are no part of them.

        Raises:
            UsageError: an unknown option, an unknown audio format, or stems without sound.
            BriefError: a number of takes that is too small or too large.
        """
        unknown = next((name for name in options if name not in OutputOptions.__annotations__), None)
        if unknown is not None:
            raise unknown_name("option", unknown, tuple(OutputOptions.__annotations__))
        return cls(**{name: value for name, value in options.items() if name in ExportOptions.__annotations__})  # type: ignore[arg-type]


def split_options(options: PieceOptions) -> tuple[OutputOptions, Wishes]:
    """Output options and wishes, parted; what is neither goes with the wishes, where it is told what it may have meant."""
    output = {name: value for name, value in options.items() if name in OutputOptions.__annotations__}
    wishes = {name: value for name, value in options.items() if name not in output}
    return cast("OutputOptions", output), cast("Wishes", wishes)


def recorded_output(audio: AudioInfo | None) -> OutputOptions:
    """The options that make the sound of a manifest again."""
    if audio is None:
        return {"audio": None}
    return {"audio": audio.format, "stems": audio.stems, "embed_audio": audio.embed}
