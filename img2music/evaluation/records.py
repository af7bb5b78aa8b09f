"""A folder of records: one JSON line each, written at once and never rewritten, with files and answers beside them.

Whoever reads them again trusts nothing: a line that is torn (the machine went off) or not understood counts as missing, sizes are
bounded, and no line names a path. The last line of a name wins. A line is never there without its files, which are written first. Answers of
models go to `answers.jsonl`, word for word. What a record says is its class's business.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import ValidationError

from img2music.atomic_files import write_file
from img2music.errors import DocumentError, OutputError
from img2music.io.documents import read_file as read_whole
from img2music.strict_model import StrictModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from img2music.provenance import RecordedExchange

__all__ = ["RecordStore"]

Kept = TypeVar("Kept", bound=StrictModel)
_LARGEST_BYTES = 500_000_000
_LARGEST_FILE = 50_000_000


class RecordStore(Generic[Kept]):
    """A folder of records and their files."""

    def __init__(self, folder: Path, kind: type[Kept], name_of: Callable[[Kept], str], *, lines: str, files: str) -> None:
        """A store that makes `folder` when something is first kept.

        Args:
            folder: where everything lies.
            kind: the records' class.
            name_of: a record's name, which may be a folder's name.
            lines: the file that has a line a record.
            files: the folder in which every record may have a folder.
        """
        self.folder = folder
        self._kind, self._name_of, self._lines, self._files = kind, name_of, lines, files
        self.skipped_lines = 0
        """Lines that were not understood when records were last read."""

    def records(self) -> dict[str, Kept]:
        """The records by name.

        Raises:
            DocumentError: the file is there and can't be read.
        """
        path = self.folder / self._lines
        self.skipped_lines = 0
        if not path.exists() and not path.is_symlink():
            return {}
        content = _read_own_file(path, _LARGEST_BYTES)
        found: dict[str, Kept] = {}
        for line in content.splitlines():
            if line.strip():
                try:
                    record = self._kind.model_validate_json(line)
                except ValidationError:
                    self.skipped_lines += 1
                else:
                    found[self._name_of(record)] = record
        return found

    def save(self, record: Kept, files: Mapping[str, bytes], answers: Sequence[RecordedExchange] = ()) -> None:
        """Keeps a record: first its files and answers, then its line, so that a line is never without them.

        Raises:
            OutputError: the folder can't be written.
        """
        for name, content in files.items():
            write_file(self.folder / self._files / self._name_of(record) / name, content)
        if answers:
            self._append("answers.jsonl", "\n".join(json.dumps(asdict(answer)) for answer in answers))
        self._append(self._lines, record.model_dump_json())

    def _append(self, name: str, lines: str) -> None:
        path = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise OutputError(f"{path} is no file of ours but leads elsewhere; choose another folder with -o")
            with path.open("ab") as stream:
                torn = stream.tell() > 0 and not _ends_with_newline(path)
                stream.write((b"\n" if torn else b"") + lines.encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise OutputError(f"can't write {path} ({error.strerror}); choose another folder with -o") from None

    def add_file(self, record_name: str, name: str, content: bytes) -> None:
        """Adds a file to a record that is kept.

        Raises:
            OutputError: the folder can't be written.
        """
        write_file(self.folder / self._files / record_name / name, content)

    def read_file(self, record_name: str, name: str) -> bytes | None:
        """A file of a record, or None where it is missing or too large."""
        path = self.folder / self._files / record_name / name
        try:
            return _read_own_file(path, _LARGEST_FILE)
        except DocumentError:
            return None


def _read_own_file(path: Path, largest_bytes: int) -> bytes:
    """The content of a file that we wrote: a link could lead anywhere.

    Raises:
        DocumentError: missing, a link, no regular file, or too large.
    """
    if path.is_symlink():
        raise DocumentError(f"{path} is a link and leads elsewhere; choose another folder with -o")
    return read_whole(path, largest_bytes=largest_bytes)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"
