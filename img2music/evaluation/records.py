"""What is kept of a finished cell, and where: OUT/cells.jsonl, one line a cell, written at once and never rewritten.

Whoever reads them again trusts nothing: a line that is torn (the machine went off) or not understood counts as missing, sizes are
bounded, and no line names a path. The last line of a cell wins. Beside it lie OUT/pieces/<cell>/ with the plan, the notes and
perhaps the sound, and OUT/answers.jsonl with every answer word for word, to be asked again as `replay:OUT/answers.jsonl`.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError

from img2music.atomic_files import write_file
from img2music.errors import DocumentError, OutputError
from img2music.io.documents import read_file
from img2music.provenance import ModelUse
from img2music.strict_model import StrictModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from img2music.provenance import RecordedExchange

__all__ = ["FORMAT", "CellRecord", "CitedChoice", "PieceExtract", "RecordStore", "Trait"]

FORMAT = 1
"""Rises when a field changes, or what it means: then every cell is another one."""
_LARGEST_BYTES = 500_000_000
_LARGEST_FILE = 50_000_000
Short = Annotated[str, Field(max_length=300)]
Line = Annotated[str, Field(max_length=2000)]
Sign = Annotated[float, Field(ge=-1, le=1)]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]
Trait = (
    Number | Short | Annotated[tuple[Short, ...], Field(max_length=2000)] | Annotated[tuple[Number, ...], Field(max_length=200)]
)
"""A number, a name, a set of names, or a curve."""


class CitedChoice(StrictModel):
    """One choice with the cues that it names."""

    choice: Short
    value: Short
    because: Annotated[tuple[Short, ...], Field(max_length=50)]


class PieceExtract(StrictModel):
    """The piece, as far as a page shows it."""

    title: Line
    idea: Line
    key: Short
    meter: Short
    tempo_bpm: Annotated[float, Field(gt=0, le=1000)]
    style: Short
    bars: Annotated[int, Field(ge=0, le=10_000)]
    seconds: Annotated[float, Field(ge=0, le=10_000)]
    instruments: Annotated[tuple[Short, ...], Field(max_length=40)]
    text: Annotated[tuple[Line, ...], Field(max_length=600)]
    """What the prompt decided, as short lines: the plan, or the written notes."""
    cited: Annotated[tuple[CitedChoice, ...], Field(max_length=100)] = ()


class CellRecord(StrictModel):
    """What came of one cell."""

    format: Literal[1] = 1
    cell: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    prompt: Short
    prompt_digest: Short
    purpose: Literal["see", "plan", "abc"]
    model: Short
    picture: Short
    picture_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    status: Literal["done", "failed"]
    """"failed": no answer came, or no piece; then nothing is measured."""
    fell_back: bool
    """Whether another stage stepped in for the one that asks."""
    why: Line = ""
    """Of the failure or the fallback."""
    uses: Annotated[tuple[ModelUse, ...], Field(max_length=50)] = ()
    """The conversations with the model."""
    promises: Annotated[int, Field(ge=0, le=1000)] = 0
    promises_kept: Annotated[int, Field(ge=0, le=1000)] = 0
    broken: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    """The promises that were not kept, in words."""
    feeling: tuple[Sign, Sign] | None = None
    """Valence and arousal that the model decided; None where it does not decide them, or did not."""
    eye: tuple[Sign, Sign] | None = None
    """Valence and arousal that the offline eye measured."""
    traits: Annotated[dict[Short, Trait], Field(max_length=40)] = Field(default_factory=dict)
    """What the model decided, to be compared between pictures; empty where another stage stepped in."""
    made: PieceExtract | None = None


class RecordStore:
    """The folder OUT of a grid."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when something is first kept."""
        self.folder = folder
        self.passed_over = 0
        """Lines that were not understood when records were last read."""

    def records(self) -> dict[str, CellRecord]:
        """The finished cells by name.

        Raises:
            DocumentError: cells.jsonl is there and can't be read.
        """
        path = self.folder / "cells.jsonl"
        self.passed_over = 0
        if not path.exists() and not path.is_symlink():
            return {}
        content = _own(path, _LARGEST_BYTES)
        found: dict[str, CellRecord] = {}
        for line in content.splitlines():
            if line.strip():
                try:
                    record = CellRecord.model_validate_json(line)
                except ValidationError:
                    self.passed_over += 1
                else:
                    found[record.cell] = record
        return found

    def save(self, record: CellRecord, files: Mapping[str, bytes], answers: Sequence[RecordedExchange] = ()) -> None:
        """Keeps a finished cell: first its files and answers, then its line, so that a line is never without them.

        Raises:
            OutputError: OUT can't be written.
        """
        for name, content in files.items():
            write_file(self.folder / "pieces" / record.cell / name, content)
        if answers:
            self._append("answers.jsonl", "\n".join(json.dumps(asdict(answer)) for answer in answers))
        self._append("cells.jsonl", record.model_dump_json())

    def _append(self, name: str, lines: str) -> None:
        path = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise OutputError(f"{path} is no file of ours but leads elsewhere; choose another folder with -o")
            with path.open("ab") as stream:
                torn = stream.tell() > 0 and not _ends_whole(path)
                stream.write((b"\n" if torn else b"") + lines.encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise OutputError(f"can't write {path} ({error.strerror}); choose another folder with -o") from None

    def add(self, cell: str, name: str, content: bytes) -> None:
        """Adds a file to a cell that is kept.

        Raises:
            OutputError: OUT can't be written.
        """
        write_file(self.folder / "pieces" / cell / name, content)

    def file(self, cell: str, name: str) -> bytes | None:
        """A file of a cell, or None where it is missing or too large."""
        path = self.folder / "pieces" / cell / name
        try:
            return _own(path, _LARGEST_FILE)
        except DocumentError:
            return None


def _own(path: Path, largest_bytes: int) -> bytes:
    """The content of a file that we wrote: a link could lead anywhere.

    Raises:
        DocumentError: missing, a link, no regular file, or too large.
    """
    if path.is_symlink():
        raise DocumentError(f"{path} is a link and leads elsewhere; choose another folder with -o")
    return read_file(path, largest_bytes=largest_bytes)


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"
