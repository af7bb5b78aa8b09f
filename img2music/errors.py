"""Every error img2music raises on purpose, in one tree.

    Img2MusicError                 root; str(error) is one line that ends with what to do next
    ├── UsageError                 wrong use: an unknown style, key, instrument, stage or option     exit 2
    ├── InputError                 what was handed in can't be used                                  exit 3
    │   ├── PictureError           not a picture, truncated, too large, unreadable
    │   ├── BriefError             a wish outside what can be met (tempo, length)
    │   ├── DocumentError          a broken scene, plan, style, pipeline, MIDI or manifest file
    │   └── OutputError            the output folder can't be written (full disk, no permission)
    └── BackendError               a stage failed and no fallback was allowed                        exit 4
        └── MissingPackageError    a stage needs a package that is not installed

The command line prints ``str(error)`` and leaves with ``error.exit_code``; a program catches ``Img2MusicError``. Work that somebody stops ends
with `img2music.cancellation.Cancelled`, which is no error: exit code 130.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BackendError",
    "BriefError",
    "DocumentError",
    "Img2MusicError",
    "InputError",
    "MissingPackageError",
    "OutputError",
    "PictureError",
    "UsageError",
    "unknown_name",
]


class Img2MusicError(Exception):
    """Root of the tree. ``exit_code`` is what the command line leaves with."""

    exit_code: ClassVar[int] = 1


class UsageError(Img2MusicError, ValueError):
    """Wrong use: a name or an option that does not exist."""

    exit_code = 2


class InputError(Img2MusicError, ValueError):
    """What was handed in can't be used."""

    exit_code = 3


class PictureError(InputError):
    """A file that is no picture, or one that can't be decoded safely."""


class BriefError(InputError):
    """A wish that can't be met, such as a tempo of 900 or a piece of 0 seconds."""


class DocumentError(InputError):
    """A scene, plan, style, pipeline, MIDI or manifest file that can't be read."""


class OutputError(InputError):
    """The output folder can't be written."""


class BackendError(Img2MusicError, RuntimeError):
    """A stage failed and no fallback was allowed."""

    exit_code = 4


class MissingPackageError(BackendError):
    """A stage needs a package that is not installed; the message holds the pip command."""


_MANY = 40
_LONGEST = 60


def unknown_name(kind: str, name: str, known: Iterable[str], error: type[Img2MusicError] = UsageError) -> Img2MusicError:
    """An error that names what was asked, the nearest right name and all there are.

    >>> str(unknown_name("style", "walz", ["waltz", "pop"]))
    "no style 'walz' (did you mean 'waltz'?); there are: pop, waltz"
    """
    names = sorted(known)
    name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
    near = get_close_matches(name, names, n=1, cutoff=0.6) or [one for one in names if name and one.startswith(name.lower())]
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    if near and len(names) > _MANY:
        # A long list would bury the hint; what lies nearest is enough.
        names = get_close_matches(name, names, n=8, cutoff=0.3)
        return error(f"no {kind} {name!r}{hint}; like it are: {', '.join(names)}")
    return error(f"no {kind} {name!r}{hint}; there are: {', '.join(names)}")
