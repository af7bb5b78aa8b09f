"""Options that several verbs share, and what they mean together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from img2music.cli.shared import completion
from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.brief import Brief
    from img2music.pipeline import Pipeline
    from img2music.pipeline.manifest import AudioFormat

__all__ = [
    "AudioChoice",
    "AudioOption",
    "EmbedOption",
    "ForceOption",
    "FromOption",
    "InstrumentOption",
    "JsonOption",
    "KeepOption",
    "KeyOption",
    "LoopOption",
    "MakingOptions",
    "MaxPixelsOption",
    "MeterOption",
    "ModelOption",
    "NoFallbackOption",
    "OptionalOut",
    "OutOption",
    "PipelineOption",
    "PlanStyleOption",
    "PromptOption",
    "SecondsOption",
    "SeedOption",
    "StemsOption",
    "StyleOption",
    "TakesOption",
    "TempoOption",
    "WordsOption",
    "audio_format",
    "load_pipeline",
    "make_brief",
    "picture_names",
    "split_names",
]


class AudioChoice(str, Enum):  # noqa: UP042  a plain mix-in is what every typer release reads
    """Formats of the sound's file."""

    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    OGG = "ogg"
    NONE = "none"


OutOption = Annotated[
    str,
    typer.Option(
        "--out", "-o", metavar="OUT", help="Folder for the results: OUT/<name of the picture or file>/.", show_default=True
    ),
]
PlanStyleOption = Annotated[
    str | None,
    typer.Option(
        "--style",
        metavar="NAME|FILE",
        help="Use this instead of the style that the plan names.",
        autocompletion=completion.complete_style,
    ),
]
OptionalOut = Annotated[
    str | None, typer.Option("--out", "-o", metavar="OUT", help="Also write what is printed to OUT/<name of the picture>/.")
]
PipelineOption = Annotated[
    str,
    typer.Option(
        "--pipeline",
        metavar="NAME|FILE",
        help="Who does each job; see `img2music pipelines ls`.",
        autocompletion=completion.complete_pipeline,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="LINE",
        help="Ask this model instead of the pipeline's, such as openai:gpt-4o-mini; see docs/models.md.",
    ),
]
PromptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        metavar="NAME|FILE",
        help="Ask with this template; see `img2music prompts ls`. May be given again.",
        autocompletion=completion.complete_prompts,
    ),
]
NoFallbackOption = Annotated[
    bool, typer.Option("--no-fallback", help="Leave with 4 where a stage fails, instead of letting another step in.")
]
SecondsOption = Annotated[
    str | None,
    typer.Option("--seconds", metavar="S", help="Length of the sound, 1 to 1800 seconds, such as 90 or 1:30; 60 if left out."),
]
TempoOption = Annotated[float | None, typer.Option("--tempo", metavar="BPM", help="Quarter notes a minute, 20 to 300.")]
KeyOption = Annotated[str | None, typer.Option("--key", metavar="KEY", help='Such as "D minor" or "F# dorian".')]
MeterOption = Annotated[
    str | None, typer.Option("--meter", metavar="METER", help="Such as 3/4.", autocompletion=completion.complete_meter)
]
StyleOption = Annotated[
    str | None,
    typer.Option(
        "--style", metavar="NAME|FILE", help="Kind of music; see `img2music styles ls`.", autocompletion=completion.complete_style
    ),
]
InstrumentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instrument",
        metavar="NAME",
        help="An instrument that plays, the tune first; may be given again; see `img2music instruments ls`.",
        autocompletion=completion.complete_instrument,
    ),
]
WordsOption = Annotated[
    str | None,
    typer.Option("--words", metavar="TEXT", help='Plain words that steer, in ten languages: "slow and sad, no drums".'),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="The one source of chance: another number, another piece.")
]
LoopOption = Annotated[
    bool,
    typer.Option("--loop", help="Whole bars that lead back into their beginning, to be played round and round without a seam."),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="piece.json", help="Make this earlier piece anew: its picture, its wishes, another seed."),
]
KeepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="CRAFT,...",
        help="What stays as it was: form, harmony, melody, counter, chords, bass, drums, performance.",
        autocompletion=completion.complete_craft,
    ),
]
TakesOption = Annotated[int, typer.Option("--takes", metavar="N", help="Write this many candidates and keep the best one.")]
StemsOption = Annotated[bool, typer.Option("--stems", help="Write each part's sound too.")]
AudioOption = Annotated[AudioChoice, typer.Option("--audio", help="Format of the sound's file.")]
EmbedOption = Annotated[
    bool, typer.Option("--embed-audio", help="Put the sound into the report, so that the page plays when sent alone.")
]
MaxPixelsOption = Annotated[
    int | None,
    typer.Option(
        "--max-pixels",
        metavar="N",
        help="Refuse pictures of more pixels, before they are decoded; if left out, 100 million, or 400 million of a JPEG "
        "that is decoded in little memory.",
        show_default=False,
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Replace what is in the folder, whatever it is, instead of taking one with a number (-2, -3 ...)."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for programs.")]


@dataclass(frozen=True, slots=True)
class MakingOptions:
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


def audio_format(choice: AudioChoice) -> AudioFormat | None:
    """The format as the pipeline knows it."""
    return None if choice is AudioChoice.NONE else choice.value


def split_names(entries: Sequence[str] | None) -> list[str]:
    """Names of an option that may be given again and may hold several, parted by commas."""
    return [name.strip() for entry in entries or () for name in entry.split(",") if name.strip()]


def picture_names(pictures: Sequence[str]) -> list[str]:
    """The pictures by the names that their folders get: what `-` reads has none of its own.

    Raises:
        UsageError: standard input is named twice; it can be read once.
    """
    if pictures.count("-") > 1:
        raise UsageError("standard input can be read only once; give - once, and the other pictures by their paths")
    return ["stdin" if source == "-" else source for source in pictures]


def make_brief(
    *,
    seconds: str | None,
    tempo: float | None,
    key: str | None,
    meter: str | None,
    style: str | None,
    instruments: list[str] | None,
    words: str | None,
    seed: int | None,
    loop: bool = False,
) -> Brief:
    """The brief, with the style looked up, so that a wrong wish is told once and before any work.

    Raises:
        BriefError, UsageError, DocumentError: a wish that can't be met, or a style that is not there.
    """
    from img2music.brief import Brief

    names = split_names(instruments)
    brief = Brief.of(
        seconds=seconds,
        tempo_bpm=tempo,
        key=key,
        meter=meter,
        style=style,
        instruments=names or None,
        words=words,
        seed=seed,
        loop=loop or None,
    )
    if brief.style is not None:
        from img2music.io.style_files import load_style

        load_style(brief.style)
    return brief


def load_pipeline(
    name: str, model: str | None = None, prompts: list[str] | None = None, *, no_fallback: bool = False
) -> Pipeline:
    """The pipeline that was named, with the model and the prompts that were named; told once and before any work."""
    from img2music.pipeline import Pipeline

    return Pipeline.load(name, model=model, prompts=split_names(prompts), fallbacks=not no_fallback)
