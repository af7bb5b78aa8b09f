"""The manifest, `piece.json`: all it takes to know how a piece was made, and to make it again without the picture.

It holds the scene (or the plan, where the piece began from one), the brief and the pipeline in full. Where a model was asked,
what came of it is there too (the plan, the tune), so that a piece is made again without the model. Only `timing`, in `models`
what the asking cost (nothing where the answer was kept), and the `checksum` over them differ between two runs of the same job. A
manifest that comes back is hostile: sizes are bounded, names are checked, and nothing in it is ever opened as a path.
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from pydantic import Field, model_serializer, model_validator

from img2music.brief import Brief
from img2music.measurement import ComplianceRow, Measurement
from img2music.output_folder import picture_identity, plan_identity
from img2music.pipeline_config import PipelineConfig
from img2music.plan import CompositionPlan
from img2music.provenance import ModelUse, SoundUse
from img2music.registry import find_entry, registered_names
from img2music.rng import Craft, Seed
from img2music.scene import PictureInfo, Scene
from img2music.strict_model import DocumentModel, StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SerializerFunctionWrapHandler

__all__ = [
    "PIANO_ROLL",
    "AudioFormat",
    "AudioInfo",
    "Fallback",
    "FileOptions",
    "KeptCount",
    "KeptMusic",
    "KeptPart",
    "Manifest",
    "MoreFiles",
    "PipelineChoice",
    "Take",
    "VideoShape",
    "VideoShows",
    "package_versions",
]

AudioFormat = Literal["wav", "flac", "mp3", "ogg"]
VideoShows = Literal["picture", "score"]
VideoShape = Literal["wide", "square", "tall"]
"""16:9, 1:1, 9:16."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^(stems/|parts/)?[a-z0-9][a-z0-9.-]{0,80}$")]
_LONGEST_NAME, _MOST_VERSIONS = 200, 50
Short = Annotated[str, Field(max_length=_LONGEST_NAME)]
Line = Annotated[str, Field(max_length=2000)]
PICTURE_FILE = "picture.jpg"
"""The small copy of the picture that lies with a piece, so that a piece made again or anew shows it too."""
_MATTERING = ("midirenderer", "mido", "numpy", "pillow", "pydantic", "resvg-py", "soundfile", "verovio")
"""Packages whose version can change a byte of the result."""
PIANO_ROLL, PIANO_ROLL_VERSION = "piano roll", "2"
"""How the roll is drawn, counted; records without it hold a roll of the first kind, which named fewer sections and counted a bar more."""


class FileOptions(TypedDict, total=False):
    """Files beyond the usual ones, as keyword arguments; what is left out is not wanted."""

    pdf: bool
    """Whether the engraved pages are wanted as PDF too."""
    parts: bool
    """Whether each player's own part is wanted: MusicXML, and PDF where the extra for that is installed."""
    video: VideoShows | None
    """Whether a video with the sound is wanted, and what it shows: the picture, or the score as it is played."""
    video_shape: VideoShape
    """Its shape."""


class MoreFiles(StrictModel):
    """The files beyond the usual ones that were asked for."""

    pdf: bool = False
    parts: bool = False
    part_pdfs: bool = False
    """Whether the parts were written as PDF too, as the extra for that was installed."""
    video: VideoShows | None = None
    video_shape: VideoShape = "wide"


class AudioInfo(StrictModel):
    """The sound that was made."""

    format: AudioFormat
    stems: bool
    embed: bool
    """Whether the report was asked to carry the sound, instead of naming the file beside it."""
    sample_rate: Annotated[int, Field(ge=1, le=1_000_000)]
    """In Hz."""


class Fallback(StrictModel):
    """A stage that failed and the one that stepped in."""

    stage: Short
    asked: Short
    used: Short
    why: Line


class Take(StrictModel):
    """One candidate."""

    seed: Annotated[int, Field(ge=0, lt=2**63)]
    kept: bool
    mark: float
    """Its measurements in one number, higher is better."""
    measurements: Annotated[tuple[Measurement, ...], Field(max_length=100)] = ()


class KeptCount(StrictModel):
    """How much of one craft is in the new piece, counted in its notes and in those of the earlier one."""

    craft: Craft
    same: Annotated[int, Field(ge=0, le=10**7)]
    """Of the earlier piece's, those that are in the new one."""
    played: Annotated[int, Field(ge=0, le=10**7)]
    """Of the earlier piece's, those in phrases that the new one plays: for an asked length, or in a loop, some may be left out."""
    total: Annotated[int, Field(ge=0, le=10**7)]
    """All of the earlier piece's."""
    unit: Literal["notes", "bars"]
    how: Line = ""
    """"transposed up a fourth to G major, played by clarinet"."""


class KeptPart(StrictModel):
    """The notes of a kept part as they are in the new piece, so that it is made again without the earlier one."""

    part: Short
    """Its id."""
    bars: Annotated[tuple[Annotated[str, Field(max_length=20_000, pattern=r"^[0-9a-z/*,;.+ -]*$")], ...], Field(max_length=9000)]
    """A string a bar, as `img2music.realizers.kept_notes` reads and writes it."""


class KeptMusic(StrictModel):
    """What was kept of an earlier piece, the rest being made anew."""

    crafts: Annotated[tuple[Craft, ...], Field(max_length=20)]
    """Those that were named and those that they are written over; their seeds are in the brief or the plan."""
    named: Annotated[tuple[Craft, ...], Field(max_length=20)]
    seed: Seed
    """Of the earlier piece."""
    notes: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """What there is to say beside it. Records of earlier versions say here what could not be kept."""
    measured: Annotated[tuple[KeptCount, ...], Field(max_length=20)] = ()
    """Empty in records of earlier versions."""
    parts: Annotated[tuple[KeptPart, ...], Field(max_length=16)] = ()
    """Likewise: there the seeds alone say what was kept."""


class PipelineChoice(StrictModel):
    """How a pipeline that does not come with the program as it is was chosen, so that the commands that make the piece again work."""

    words: Annotated[tuple[Line, ...], Field(min_length=2, max_length=20)]
    """Of the command line: "--pipeline", "mine.yaml". Files are named without their folders."""
    replay_words: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """Those that `img2music replay` needs; none where the record holds what it takes."""


class Manifest(DocumentModel):
    """What `piece.json` holds."""

    format: Literal[1] = 1
    versions: Annotated[dict[Short, Short], Field(max_length=_MOST_VERSIONS)]
    """See `package_versions`."""
    picture: PictureInfo | None
    """None where the piece began from a plan."""
    brief: Brief
    pipeline: PipelineConfig
    chosen: PipelineChoice | None = None
    """Not in the file, and None, where the pipeline is one that comes with the program, as it is."""
    stages: Annotated[dict[Short, Short], Field(max_length=10)]
    """Who did each job in the end."""
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    """Of the take that was kept."""
    takes: Annotated[tuple[Take, ...], Field(max_length=1000)]
    fallbacks: Annotated[tuple[Fallback, ...], Field(max_length=50)]
    conflicts: Annotated[tuple[Line, ...], Field(max_length=200)]
    compliance: Annotated[tuple[ComplianceRow, ...], Field(max_length=100)]
    kept: KeptMusic | None = None
    """Where the piece is an earlier one made anew."""
    audio: AudioInfo | None
    more_files: MoreFiles | None = None
    """None, and then not in the file, where none was asked for."""
    scene: Scene | None
    plan: CompositionPlan | None
    """Where the piece began from one, a model was asked for it, or it holds what was kept; else the planner makes it again."""
    models: Annotated[tuple[ModelUse, ...], Field(max_length=400)] = ()
    """Every conversation with a model."""
    sounds: Annotated[tuple[SoundUse, ...], Field(max_length=40)] = ()
    """What neural renderers did; not in the file where none was asked."""
    files: Annotated[dict[FileName, Sha256], Field(max_length=200)] = Field(default_factory=dict)
    """Every other file of the folder and its hash."""
    timing: Annotated[dict[Short, float], Field(max_length=50)] = Field(default_factory=dict)
    """Seconds a stage, by the wall clock. This and the checksum over it are all that differs between two runs of the same job."""
    checksum: Sha256 | None = None
    """Of the whole document with null in this place, so that an edited one is not taken for ours. None before there were any."""

    @model_validator(mode="after")
    def _has_a_beginning(self) -> Manifest:
        if self.scene is None and self.plan is None:
            raise ValueError("a manifest holds a scene or a plan to begin from; here is neither")
        return self

    @model_serializer(mode="wrap")
    def _without_unasked(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A record without more files and without neural sound is the one that it was before there were any; only a guess says how sure it is."""
        written: dict[str, Any] = write(self)
        if self.more_files is None:
            written.pop("more_files", None)
        if self.chosen is None:
            written.pop("chosen", None)
        if not self.sounds:
            written.pop("sounds", None)
        for row in written.get("compliance", ()):
            if row.get("confidence") is None:
                row.pop("confidence", None)
        return written

    @property
    def identity(self) -> str:
        """What the piece was made from, as `img2music.output_folder` compares it: its picture, or without one its plan."""
        if self.picture is not None:
            return picture_identity(self.picture.sha256)
        return "" if self.plan is None else plan_identity(self.plan.model_dump_json())

    @property
    def tune(self) -> str | None:
        """What a model wrote as the piece's notes; None where the composer wrote them."""
        if self.stages.get("realizer") != "abc":
            return None
        return next((use.answer for use in reversed(self.models) if use.stage == "realizer" and use.accepted), None)


def package_versions(more: MoreFiles | None = None, sounds: Iterable[SoundUse] = ()) -> dict[str, str]:
    """Versions of whatever can change a byte of the result: img2music, Python, the machine, packages.

    Args:
        more: files beyond the usual ones, which have packages of their own.
        sounds: what neural renderers made that is heard: their packages, and by name of the renderer those of an environment of its own.
    """
    found = {"img2music": _version("img2music"), "python": platform.python_version()}
    found["machine"] = f"{platform.system()} {platform.machine()}"
    found[PIANO_ROLL] = PIANO_ROLL_VERSION
    asked = more or MoreFiles()
    beside = [name for name, used in (("typst", asked.pdf or asked.part_pdfs), ("av", asked.video is not None)) if used]
    found |= {name: _version(name) for name in (*_MATTERING, *beside)}
    for use in sounds:
        if use.renderer in registered_names("renderer"):
            found |= {name: _version(name) for name in find_entry("renderer", use.renderer).packages}
        found |= {f"{name} ({use.renderer})"[:_LONGEST_NAME]: text[:_LONGEST_NAME] for name, text in use.versions.items()}
    return dict(list(found.items())[:_MOST_VERSIONS])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
