"""The same pieces played by several renderers: what is tried, how each sounds, and what ears find in it.

A piece is made once by the offline pipeline; every variant then plays that same performance. All are listened to alike, the soundfont too, which
plays as written and so says what the ears make of a sound that obeys. A variant is a sound on offer (`soundfont`, a pipeline's name, a renderer) with
options: ``musicgen?prompt=sound/band&seed=3``. Finished cells are kept and not made again; one renderer is in memory at a time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import Field

from img2music.brief import Brief
from img2music.cancellation import checkpoint
from img2music.errors import Img2MusicError, OutputError, UsageError, unknown_name
from img2music.evaluation.records import RecordStore
from img2music.pipeline import Pipeline
from img2music.pipeline.presets import load_pipeline_config, pipeline_names, with_sound_prompt
from img2music.pipeline.progress import Log
from img2music.pipeline_config import StageConfig
from img2music.provenance import SoundUse
from img2music.registry import registered_names
from img2music.strict_model import StrictModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from img2music.evaluation.workbench.prompt_grid import GridPicture
    from img2music.piece import Piece
    from img2music.provenance import Event

__all__ = ["SoundCell", "SoundGrid", "SoundStore", "SoundVariant", "make_sound_cells", "read_variant", "variants_of"]

Line = Annotated[str, Field(max_length=2000)]
_FORMAT = 1
_SOUND = "audio.ogg"


@dataclass(frozen=True, slots=True)
class SoundVariant:
    """One way to make a piece sound."""

    label: str
    """As the user named it."""
    stage: StageConfig


class SoundCell(StrictModel):
    """What came of one piece in one variant."""

    format: Literal[1] = 1
    cell: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    variant: Line
    picture: Annotated[str, Field(max_length=300)]
    picture_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    status: Literal["done", "failed"]
    why: Line = ""
    """Of a failure."""
    title: Line = ""
    mark: Annotated[float, Field(ge=0, le=1)] | None = None
    """How far it does what the score says, 0..1 (`img2music.listening.asked_and_heard`); None where nothing could be compared."""
    heard: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """What was asked and what was found, a line each."""
    use: SoundUse | None = None
    """What a neural renderer was told and played."""


class SoundStore(RecordStore[SoundCell]):
    """The folder OUT: sounds.jsonl has a line a cell, pieces/<cell>/ the sound."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SoundCell, lambda record: record.cell, lines="sounds.jsonl", files="pieces")


@dataclass(frozen=True)
class SoundGrid:
    """Every variant on every picture from every seed."""

    variants: tuple[SoundVariant, ...]
    pictures: tuple[GridPicture, ...]
    seeds: tuple[int, ...]
    seconds: float

    def cells(self) -> Iterator[tuple[str, SoundVariant, GridPicture, int]]:
        """Name, variant, picture and seed of each; a variant at a time."""
        for variant in self.variants:
            for picture in self.pictures:
                for seed in self.seeds:
                    yield self.name_of(variant, picture, seed), variant, picture, seed

    def name_of(self, variant: SoundVariant, picture: GridPicture, seed: int) -> str:
        """Of a cell: a hash of all that can change its sound."""
        parts = [_FORMAT, variant.stage.model_dump(mode="json"), picture.sha256, seed, self.seconds]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def read_variant(text: str) -> SoundVariant:
    """A variant as a user names it: ``NAME`` or ``NAME?option=value&option=value``.

    Raises:
        UsageError: there is no such sound, or the options can't be read.
    """
    name, _, query = text.partition("?")
    if name in pipeline_names():
        stage = load_pipeline_config(name).stages.renderer
    elif name in registered_names("renderer"):
        stage = StageConfig(use=name)
    else:
        raise unknown_name("sound", name[:100], tuple(sorted({*pipeline_names(), *registered_names("renderer")})))
    try:
        options = {key: _value(value) for key, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))}
    except ValueError:
        raise UsageError(f"sound {text[:100]!r}: give options as NAME?option=value&option=value") from None
    prompt = options.get("prompt")
    if isinstance(prompt, str) and "model" not in options:
        stage = with_sound_prompt(stage, prompt)
    return SoundVariant(text[:300], stage.model_copy(update={"options": {**stage.options, **options}, "fallback": None}))


def make_sound_cells(
    grid: SoundGrid,
    store: SoundStore,
    *,
    on_event: Callable[[Event], None] | None = None,
    on_record: Callable[[SoundCell], None] = lambda _: None,
) -> dict[str, SoundCell]:
    """Makes the cells that are missing or failed, and gives all by name.

    Raises:
        OutputError: OUT can't be written. PictureError: a picture that is gone. Cancelled: stopped; what is finished is kept.
    """
    records, pieces = store.records(), dict[tuple[str, int], "Piece"]()
    offline = playing = Pipeline.load("offline")
    who: SoundVariant | None = None
    cells = [one for one in grid.cells() if one[0] not in records or records[one[0]].status == "failed"]
    for place, (name, variant, picture, seed) in enumerate(cells):
        checkpoint(place, len(cells))
        key = picture.sha256, seed
        if key not in pieces:
            pieces[key] = offline.compose(picture.path, Brief.of(seconds=grid.seconds, seed=seed), audio=None)
        if who is not variant:
            stages = offline.config.stages.model_copy(update={"renderer": variant.stage})
            who, playing = variant, Pipeline(offline.config.model_copy(update={"stages": stages}))
        about: dict[str, Any] = {
            "cell": name, "variant": variant.label, "picture": picture.file[:300], "picture_sha256": picture.sha256, "seed": seed,
            "title": pieces[key].plan.title[:2000],
        }  # fmt: skip
        try:
            told, files = _play(playing, pieces[key], Log(on_event))
            record = SoundCell.model_validate({**about, "status": "done", **told})
        except OutputError:
            raise
        except Img2MusicError as error:
            record, files = SoundCell.model_validate({**about, "status": "failed", "why": str(error)[:2000]}), {}
        store.save(record, files)
        records[name] = record
        on_record(record)
    return records


def _play(pipeline: Pipeline, piece: Piece, log: Log) -> tuple[dict[str, Any], dict[str, bytes]]:
    """How a piece sounds, what was heard in it, and its file."""
    from img2music.io.audio_files import encode
    from img2music.io.audio_tags import Tags
    from img2music.renderers.neural.take_choice import mark_take

    performance = piece.performance
    mix = pipeline.render(performance, plan=piece.plan, scene=piece.scene, log=log).mix
    mark, heard = mark_take(mix, performance)
    sound = encode(mix, "ogg", tags=Tags(performance.title), loop=performance.loop)
    return {"mark": mark, "heard": heard, "use": log.sounds[-1] if log.sounds else None}, {_SOUND: sound}


def _value(text: str) -> str | int | float | bool:
    """A value of an option: a number, true or false, or the text."""
    if text in {"true", "false"}:
        return text == "true"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def variants_of(names: Sequence[str]) -> tuple[SoundVariant, ...]:
    """The variants that these name, each once.

    Raises:
        UsageError: none, or one that is none.
    """
    found = {name: read_variant(name) for name in names}
    if not found:
        raise UsageError("no sound to try; name two or more with --sounds, such as soundfont musicgen")
    return tuple(found.values())
