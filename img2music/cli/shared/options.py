"""Options that several verbs share: single ones as annotations, those that belong together as records (see `option_records`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from img2music.cli.shared import completion
from img2music.cli.shared.export_options import (
    AudioChoice,
    AudioOption,
    NotesExport,
    PieceExport,
    StemsOption,
    audio_format,
)
from img2music.cli.shared.many_inputs import check_writable, folder_names
from img2music.cli.shared.option_records import check_tempo_words, option
from img2music.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from img2music.brief import Brief
    from img2music.pipeline import Pipeline

__all__ = [
    "AudioChoice",
    "AudioOption",
    "CommercialOption",
    "JsonOption",
    "KeepOption",
    "MaxPixelsOption",
    "NoFallbackOption",
    "NotesExport",
    "OptionalOutputFolder",
    "OutputFolder",
    "PieceExport",
    "PipelineChoice",
    "PipelineOption",
    "PlanStyleOption",
    "SeedOption",
    "StemsOption",
    "WishOptions",
    "audio_format",
    "picture_names",
    "split_names",
]


SeedOption = Annotated[int | None, option("--seed", "N", "Seed of the random choices. Another number gives another piece.")]
KeepOption = Annotated[
    list[str] | None,
    option(
        "--keep",
        "CRAFT,...",
        "What stays as it was, separated by commas: form, harmony, melody, counter, chords, bass, drums, performance.",
        autocompletion=completion.complete_craft,
    ),
]
PipelineOption = Annotated[
    str,
    option(
        "--pipeline",
        "NAME|FILE",
        "Which stages do the work. `img2music pipelines ls` lists the pipelines.",
        autocompletion=completion.complete_pipeline,
    ),
]
PlanStyleOption = Annotated[
    str | None,
    option("--style", "NAME|FILE", "Use this style instead of the one in the plan.", autocompletion=completion.complete_style),
]
MaxPixelsOption = Annotated[
    int | None,
    option(
        "--max-pixels",
        "N",
        "Refuse pictures with more pixels, before they are decoded. If left out: 100 million, or 400 million for a JPEG that needs "
        "little memory.",
        show_default=False,
    ),
]
ForceOption = Annotated[
    bool,
    option("--force", None, "Replace whatever is in the folder, instead of writing to one with a number (-2, -3 ...)."),
]
NoFallbackOption = Annotated[
    bool, option("--no-fallback", None, "If a stage fails, stop with exit code 4 instead of using another stage.")
]
CommercialOption = Annotated[
    bool,
    option(
        "--commercial", None, "Refuse (exit code 2) what forbids selling the result, before anything is fetched: weights, models."
    ),
]
JsonOption = Annotated[bool, option("--json", None, "Print JSON, one object a line.")]


@dataclass(frozen=True, slots=True)
class WishOptions:
    """What is asked of the music."""

    seconds: Annotated[
        str | None, option("--seconds", "S", "Length, 1 to 1800 seconds, such as 90 or 1:30. If left out: 60.")
    ] = None
    tempo: Annotated[
        str | None,
        option("--tempo", "BPM|FROM-TO", "Quarter notes a minute, 20 to 300; 72-96 gets faster.", callback=check_tempo_words),
    ] = None
    key: Annotated[
        str | None, option("--key", "KEY,...", 'Key, such as "F# dorian"; "D minor, F major" goes from one to the other.')
    ] = None
    meter: Annotated[str | None, option("--meter", "METER", "Metre, such as 3/4.", autocompletion=completion.complete_meter)] = (
        None
    )
    style: Annotated[
        str | None,
        option(
            "--style",
            "NAME|FILE",
            "Kind of music. `img2music styles ls` lists the styles.",
            autocompletion=completion.complete_style,
        ),
    ] = None
    instrument: Annotated[
        list[str] | None,
        option(
            "--instrument",
            "NAME",
            "Who plays. The first one plays the tune; repeat the option for more. `img2music instruments ls` lists the instruments.",
            autocompletion=completion.complete_instrument,
        ),
    ] = None
    words: Annotated[
        str | None, option("--words", "TEXT", 'Wishes in plain words, in ten languages: "slow and sad, no drums".')
    ] = None
    seed: SeedOption = None
    loop: Annotated[
        bool,
        option("--loop", None, "Make a loop: whole bars that go round without a seam."),
    ] = False

    def brief(self) -> Brief:
        """The brief, with the style looked up, so that a wrong wish is told once and before any work.

        Raises:
            BriefError, UsageError, DocumentError: a wish that can't be met, or a style that is not there.
        """
        from img2music.brief import Brief

        brief = Brief.of(
            seconds=self.seconds,
            tempo_bpm=self.tempo,
            key=self.key,
            meter=self.meter,
            style=self.style,
            instruments=split_names(self.instrument) or None,
            words=self.words,
            seed=self.seed,
            loop=self.loop or None,
        )
        if brief.style is not None:
            from img2music.io.style_files import load_style

            load_style(brief.style)
        return brief


@dataclass(frozen=True, slots=True)
class PipelineChoice:
    """Who does the work."""

    pipeline: PipelineOption = "offline"
    model: Annotated[
        str | None,
        option(
            "--model",
            "LINE",
            "Ask this model instead of the pipeline's, such as openai:gpt-4o-mini; see `img2music pipelines ls`.",
        ),
    ] = None
    prompt: Annotated[
        list[str] | None,
        option(
            "--prompt",
            "NAME|FILE",
            "Ask with this prompt; repeat the option for more. `img2music prompts ls` lists the prompts.",
            autocompletion=completion.complete_prompts,
        ),
    ] = None
    no_fallback: NoFallbackOption = False
    commercial: CommercialOption = False

    def load(self) -> Pipeline:
        """The pipeline that was named, with the model and the prompts that were named; what is wrong is told before any work."""
        from img2music.pipeline import Pipeline

        return Pipeline.load(
            self.pipeline,
            model=self.model,
            prompts=split_names(self.prompt),
            fallbacks=not self.no_fallback,
            commercial=self.commercial,
        )


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """Where results go, and in which form they are told."""

    out: Annotated[str, option("--out -o", "OUT", "Write to OUT/<name of the picture or file>/.", show_default=True)] = "out"
    force: ForceOption = False
    as_json: JsonOption = False

    def target(self) -> Path:
        """OUT, if it is there or can be made.

        Raises:
            UsageError, OutputError: it can't; see `check_writable`.
        """
        return check_writable(self.out)

    def folders(self, inputs: Sequence[str]) -> list[Path]:
        """A folder in OUT for every input, no two alike; errors as of `target`."""
        target = self.target()
        return [target / name for name in folder_names(inputs)]


@dataclass(frozen=True, slots=True)
class OptionalOutputFolder:
    """The same where results are printed, and written only if a folder is named."""

    out: Annotated[str | None, option("--out -o", "OUT", "Also write the result to OUT/<name of the picture>/.")] = None
    force: ForceOption = False
    as_json: JsonOption = False

    def folders(self, inputs: Sequence[str]) -> Sequence[Path | None]:
        """A folder in OUT for every input, or None for all of them."""
        return [None] * len(inputs) if self.out is None else OutputFolder(self.out).folders(inputs)


def split_names(entries: Sequence[str] | None) -> list[str]:
    """Names of an option that may be given again and may hold several, separated by commas."""
    return [name.strip() for entry in entries or () for name in entry.split(",") if name.strip()]


def picture_names(pictures: Sequence[str]) -> list[str]:
    """The pictures by the names that their folders get: what `-` reads has none of its own.

    Raises:
        UsageError: standard input is named twice; it can be read once.
    """
    if pictures.count("-") > 1:
        raise UsageError("standard input can be read only once; give - once, and the other pictures by their paths")
    return ["stdin" if source == "-" else source for source in pictures]
