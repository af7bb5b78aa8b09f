"""What programs may ask, said once: the five calls, their arguments with units and ranges, and how a wrong one is told.

The endpoints of the page and the tools of assistants are both made from these models: descriptions are what a model reads before it
asks, so they say what "left out" means. A picture is no argument here, because every door hands it in in its own way.
Conventions: seconds of the finished sound, tempo in quarter notes a minute, names of instruments and styles as the command line has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError

from img2music.brief import Brief
from img2music.errors import BriefError, UsageError, unknown_name
from img2music.strict_model import StrictModel
from img2music.style import is_style_file

__all__ = [
    "CALLS",
    "LARGEST_PLAN_BYTES",
    "LONGEST_SECONDS",
    "MOST_CALLED_TAKES",
    "CallKind",
    "ComposeArguments",
    "PlanArguments",
    "RealizeArguments",
    "SeeArguments",
    "TakesArguments",
    "WishArguments",
    "read_arguments",
]

LONGEST_SECONDS = 600.0
"""Of a piece that a program asks for; a person at the command line may have half an hour."""
MOST_CALLED_TAKES = 8
LARGEST_PLAN_BYTES = 1_000_000
SoundFormat = Literal["ogg", "mp3", "flac", "wav", "none"]
_SOUND = "Format of the sound's file: ogg, mp3, flac, wav, or none for the notes alone, which is several times faster. Left out: {default}."
M = TypeVar("M", bound="CallArguments")


class CallArguments(StrictModel):
    """The base of all arguments."""


class SeeArguments(CallArguments):
    """None beside the picture."""


class WishArguments(CallArguments):
    """What is asked of the music. What is left out is decided from the picture."""

    seconds: Annotated[
        float | None,
        Field(description="Length of the finished sound in seconds, 1 to 600, kept exactly. Left out: 60."),
    ] = None
    tempo: Annotated[
        float | str | None,
        Field(
            description="Quarter notes a minute, 20 to 300, such as 90; or two such as '72-96' for a piece that gets faster. "
            "Left out: from the picture."
        ),
    ] = None
    key: Annotated[
        str | None,
        Field(
            max_length=200,
            description="Tonic and mode, such as 'D minor' or 'F# dorian'; several, 'D minor, F major', for a piece that moves on. "
            "Left out: from the picture.",
        ),
    ] = None
    meter: Annotated[
        str | None, Field(max_length=20, description="Metre, such as '3/4', '4/4' or '6/8'. Left out: from the picture.")
    ] = None
    style: Annotated[
        str | None,
        Field(
            max_length=60,
            description="Kind of music, such as 'waltz', 'jazz-ballad', 'ambient' or 'rock'; an unknown name is answered with all there are. "
            "Left out: from the picture.",
        ),
    ] = None
    instruments: Annotated[
        str | None,
        Field(
            max_length=400,
            description="Who plays, at most 12 names separated by commas, such as 'flute, cello'; the first one has the tune and nobody "
            "else plays. Left out: a band that suits the style.",
        ),
    ] = None
    words: Annotated[
        str | None,
        Field(
            max_length=2000,
            description="Wishes in plain words in any of ten languages, such as 'slow and sad, no drums'. Left out: none.",
        ),
    ] = None
    seed: Annotated[
        int | None,
        Field(
            ge=0,
            lt=2**53,
            description="Seed of the random choices, a whole number from 0; same picture, wishes and seed give the same notes. Left out: 0.",
        ),
    ] = None
    loop: Annotated[
        bool, Field(description="True makes a loop: whole bars that go round without a seam. Left out: a piece with an ending.")
    ] = False

    def brief(self) -> Brief:
        """The wishes as a brief.

        Raises:
            BriefError: a wish out of range. UsageError: an unknown name, or a style by its path: a call opens no file.
        """
        if self.style is not None and is_style_file(self.style):
            raise UsageError("a call takes styles by their names, not by files; leave the ending out, such as 'waltz'")
        if self.seconds is not None and not 1 <= self.seconds <= LONGEST_SECONDS:
            raise BriefError(f"{self.seconds:g} seconds can't be met: give a length of 1 to {LONGEST_SECONDS:g} seconds")
        brief = Brief.of(
            seconds=self.seconds,
            tempo_bpm=self.tempo,
            key=self.key,
            meter=self.meter,
            style=self.style,
            instruments=self.instruments or None,
            words=self.words,
            seed=self.seed,
            loop=self.loop or None,
        )
        if brief.style is not None:
            from img2music.io.style_files import load_style

            load_style(brief.style)  # an unknown one is told before any work
        return brief


class PlanArguments(WishArguments):
    """Wishes for a plan."""

    whole: Annotated[
        bool,
        Field(
            description="True puts the whole plan into the answer, to be edited and given to realize. Left out: only its outline."
        ),
    ] = False


class ComposeArguments(WishArguments):
    """Wishes for a finished piece."""

    audio: Annotated[SoundFormat, Field(description=_SOUND.format(default="ogg"))] = "ogg"


class TakesArguments(WishArguments):
    """Wishes that several pieces share."""

    count: Annotated[
        int, Field(ge=1, le=MOST_CALLED_TAKES, description="How many different pieces are made, 1 to 8. Left out: 3.")
    ] = 3


class RealizeArguments(CallArguments):
    """A plan, and what is made of it."""

    plan: Annotated[
        str,
        Field(
            min_length=2,
            max_length=LARGEST_PLAN_BYTES,
            description="The JSON text of a plan, as a plan.json holds it, edited or not: key, tempo_bpm, sections with their chords, parts ...",
        ),
    ]
    seed: Annotated[
        int | None,
        Field(ge=0, lt=2**53, description="Other notes for the same plan: a whole number from 0. Left out: the plan's own seed."),
    ] = None
    keep: Annotated[
        str | None,
        Field(
            max_length=200,
            description="With a seed, what stays as it was, separated by commas: form, harmony, melody, counter, chords, bass, drums, "
            "performance. Left out: nothing.",
        ),
    ] = None
    audio: Annotated[SoundFormat, Field(description=_SOUND.format(default="ogg"))] = "ogg"


@dataclass(frozen=True, slots=True)
class CallKind:
    """One call as every door names and tells it."""

    name: str
    """Of the endpoint: "compose"."""
    tool: str
    """Of the tool of an assistant: "compose_music"."""
    arguments: type[CallArguments]
    takes_picture: bool
    text: str
    """What it does, what comes back, and when to use it."""


CALLS: tuple[CallKind, ...] = (
    CallKind(
        "see", "see_picture", SeeArguments, takes_picture=True,
        text="Look at a picture: what it shows, its colours and mood, and which tempo, mode, style and instruments it suggests, each with the "
        "reason. Takes about a second; makes no music. Works offline, without a language model.",
    ),
    CallKind(
        "plan", "plan_music", PlanArguments, takes_picture=True,
        text="Plan a piece of music for a picture, before its notes: title, key, metre, tempo, sections with their chords, instruments, and why "
        "each was chosen. Takes about a second. Edit the plan's JSON and give it to realize to hear it.",
    ),
    CallKind(
        "compose", "compose_music", ComposeArguments, takes_picture=True,
        text="Make a finished piece of instrumental music from a picture: MIDI, MusicXML, ABC, engraved pages, the sound, and a report.html that "
        "explains every choice. The tempo, key, metre, length and instruments asked for are kept exactly. Takes 5 to 30 seconds for "
        "a minute of music.",
    ),
    CallKind(
        "realize", "realize_plan", RealizeArguments, takes_picture=False,
        text="Write and play the notes of a plan, perhaps an edited one, exactly as it says: the same files as compose makes. Use it to change a "
        "piece: edit the key, the tempo, chords, sections or instruments of its plan.json and realize it.",
    ),
    CallKind(
        "takes", "compose_takes", TakesArguments, takes_picture=True,
        text="Make several different pieces for one picture, notes without sound, each with a mark (higher is better, by measurements of tune, "
        "form and voice leading) and its plan, to choose from. Give the plan of the best to realize to hear it. Takes a few seconds for each.",
    ),
)  # fmt: skip
"""In the order of the work."""


def read_arguments(model: type[M], values: dict[str, Any]) -> M:
    """`values` as arguments; None is left out.

    Raises:
        UsageError: an unknown argument, or one of the wrong kind or size; one line that says what to give.
    """
    for name in values:
        if name not in model.model_fields:
            raise unknown_name("argument", str(name), model.model_fields or ("picture",))
    try:
        return model.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        about = model.model_fields[name].description if name in model.model_fields else None
        given = repr(first.get("input"))
        shown = "nothing" if first["type"] == "missing" else given if len(given) <= 60 else f"{given[:60]}..."
        raise UsageError(f"{name} can't be {shown}. {about or first['msg']}") from None
