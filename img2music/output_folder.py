"""Where results go: never over what somebody changed, and all files or none (see `img2music.atomic_files`).

The rule for a folder that is not empty: it is used where nothing in it would change, and replaced where its `piece.json` tells
of the same picture (or the same plan) and no file was changed since, by the hashes on record. Else the results go to `-2`, `-3` ...
`force` replaces all the same. Files that neither the results nor, unchanged, the record names are never touched.
Does not know what the files mean. A record found in a folder is hostile: its names are checked, links are not followed.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

from img2music.atomic_files import RECORD, STAGING, Staging, obstacle, unwritable
from img2music.errors import OutputError
from img2music.regular_files import file_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["SavedFiles", "picture_identity", "plan_identity", "save_files", "with_checksum"]

_LARGEST_RECORD_BYTES = 20_000_000
_FILE_NAME = re.compile(r"(stems/|parts/)?[a-z0-9][a-z0-9.-]{0,80}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECKSUM = re.compile(rb'^  "checksum": "([0-9a-f]{64})"', re.MULTILINE)
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class SavedFiles:
    """What became of some files."""

    folder: Path
    names: tuple[str, ...]
    """In the order in which they were given."""
    replaced: bool = False
    """Whether earlier files of these names made room."""
    note: str = ""
    """One line for people where the folder is not simply the one that was asked for, or was not empty."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The piece that a folder holds."""

    identity: str
    files: Mapping[str, str]
    """Names and hashes on record."""
    sound: bool
    """Whether the record is as it was written."""


def picture_identity(digest: str) -> str:
    """The identity of what was made from a picture, by the SHA-256 of its file."""
    return f"picture {digest}"


def plan_identity(plan: str) -> str:
    """The identity of what was made from a plan (a JSON object), but for its seeds and the version of its file.

    Plans of earlier versions gave their parts no ids and hands; a part whose id is its name has the same identity with and without.
    """
    content = {name: value for name, value in json.loads(plan).items() if name not in {"seed", "seeds", "version"}}
    if isinstance(content.get("parts"), list):
        content["parts"] = [_without_id(part) for part in content["parts"]]
    return f"plan {sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()}"


def _without_id(part: Any) -> Any:
    if not isinstance(part, dict) or part.get("id", part.get("name")) != part.get("name"):
        return part
    return {name: value for name, value in part.items() if name not in {"id", "hand"}}


def with_checksum(record: str) -> str:
    """A manifest as JSON, whose ``checksum`` is null, with the hash of that text in its place."""
    return record.replace('\n  "checksum": null', f'\n  "checksum": "{sha256(record.encode()).hexdigest()}"', 1)


def save_files(
    folder: Path,
    files: Iterable[tuple[str, bytes]],
    *,
    identity: str = "",
    force: bool = False,
    numbered: bool = True,
    spare: Path | None = None,
) -> SavedFiles:
    """Write `files`, (relative name, content), into `folder` or one beside it, all of them or none.

    Args:
        folder: where they are to go; made if it is not there.
        files: read one at a time, so that no more than one is in memory.
        identity: what they were made from (`picture_identity`, `plan_identity`); "" never replaces a piece.
        force: replace what is there.
        numbered: go to `folder-2`, `folder-3` ... where `folder` has to stay as it is, instead of raising. Without it, files go beside
            others that bear other names.
        spare: a folder that stays as it is whatever it holds, because the work began from it.

    Raises:
        OutputError: the folder can't be made or written, or has to stay as it is; everything is as it was before.
    """
    with Staging(folder) as staging:
        for name, content in files:
            staging.add(name, content)
        with staging.locked():
            first_reason = ""
            for number in count(1):
                place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
                earlier = _earlier(place / RECORD)
                asked = identity if numbered or earlier else ""
                reason = "" if force else _reason_to_stay(place, earlier, staging.hashes, asked, spare)
                if not reason:
                    break
                if not numbered:
                    raise OutputError(f"{place} {reason}; choose another folder, or replace it with force")
                first_reason = (
                    first_reason or f"{place} {reason}{'' if obstacle(place, staging.hashes) else '; --force replaces it'}"
                )
            known = {} if earlier is None else earlier.files
            lost = _differing(place, staging.hashes)
            edited = [name for name in lost if name != RECORD and earlier is not None and _hash(place, name) != known.get(name)]
            # Of what the earlier piece had more, only what is still as it was goes, and nothing else that bears such a name.
            more = [name for name in known if RECORD in staging.hashes and name not in staging.hashes]
            stale = [name for name in more if _hash(place, name) == known[name]]
            said = [f"written to {place}, because {first_reason}"] if first_reason else []
            if lost:
                of = " of another piece" if earlier is not None and identity and earlier.identity != identity else ""
                edits = f", also {_listed(edited)}, which had been changed" if edited else ""
                said.append(f"replaced the earlier files{of} in {place}{edits}")
            if stale:
                said.append(f"removed {_listed(stale)}, which the earlier piece had and this one has not")
            said += staging.leftovers()
            staging.commit(place, stale)
    return SavedFiles(place, tuple(staging.hashes), bool(lost), "; ".join(said))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _reason_to_stay(place: Path, earlier: _Earlier | None, hashes: Mapping[str, str], identity: str, spare: Path | None) -> str:
    """Why `place` has to stay as it is, as the end of a sentence; "" where files of these hashes may go there."""
    in_the_way = obstacle(place, hashes)
    if in_the_way:
        return in_the_way
    if spare is not None and place.exists() and spare.exists() and place.samefile(spare):
        return "holds what this was made from"
    try:
        empty = not place.exists() or all(path.name.startswith(STAGING) for path in place.iterdir())
    except OSError as error:
        raise unwritable(place, error) from None
    if empty:
        return ""
    if identity:
        return _reason_to_keep(place, earlier, hashes, identity)
    differing = _differing(place, hashes)
    return f"holds another {differing[0]}" if differing else ""


def _reason_to_keep(place: Path, earlier: _Earlier | None, hashes: Mapping[str, str], identity: str) -> str:
    """Why what is in `place` may not make room for another piece of this identity; "" where it may."""
    if earlier is None:
        return "holds other files"
    if earlier.identity != identity:
        return "holds the piece of another picture" if identity.startswith("picture") else "holds another piece"
    names = sorted({*earlier.files, *hashes} - {RECORD})
    changed = [name for name in names if os.path.lexists(place / name) and _hash(place, name) != earlier.files.get(name)]
    changed += [] if earlier.sound else [RECORD]
    return f"holds files that were changed ({_listed(changed)})" if changed else ""


def _differing(place: Path, hashes: Mapping[str, str]) -> list[str]:
    """The names of `hashes` that are there with other content."""
    return [name for name, digest in hashes.items() if os.path.lexists(place / name) and _hash(place, name) != digest]


def _hash(place: Path, name: str) -> str:
    """Of a regular file's content; "" for anything else, or behind a link, which so counts as changed."""
    try:
        return file_digest(place, name)[0]
    except OSError:
        return ""


def _earlier(record: Path) -> _Earlier | None:
    """The piece that a `piece.json` of any version tells of; None where there is none, or one that makes no sense."""
    if record.is_symlink() or not record.is_file():
        return None
    try:
        with record.open("rb") as file:
            content = file.read(_LARGEST_RECORD_BYTES + 1)
        document = json.loads(content) if len(content) <= _LARGEST_RECORD_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(files, dict) or not files:
        return None
    known = all(
        _FILE_NAME.fullmatch(name) and isinstance(digest, str) and _SHA256.fullmatch(digest) for name, digest in files.items()
    )
    told = _CHECKSUM.search(content)  # records of earlier versions have none
    plain = content if told is None else content[: told.start()] + b'  "checksum": null' + content[told.end() :]
    sound = told is None or sha256(plain).hexdigest() == told[1].decode()
    return _Earlier(_identity(document), files, sound) if known else None


def _identity(document: dict[str, object]) -> str:
    """What a record found in a folder was made from; "" where it tells of neither picture nor plan."""
    picture, plan = document.get("picture"), document.get("plan")
    if isinstance(picture, dict):
        return picture_identity(str(picture.get("sha256")))
    return plan_identity(json.dumps(plan)) if isinstance(plan, dict) else ""
