"""What may come from a program in an environment of its own: messages, checked and bounded before anybody reads them.

Conventions: sound becomes `Audio`; every sample is a finite number, clipped to ±`LOUDEST`. Everything else that such a program says is
refused with a `ValueError` that names what is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.audio import Audio
from img2music.renderers.external.worker_protocol import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LOUDEST", "Progress", "WorkerAnswer", "WorkerFault", "check_message", "printable_line"]

LOUDEST = 32.0
"""Full scale is 1: what is so much beyond is a fault of the model, and would be one in every sum."""
_DEEPEST, _MOST_VALUES, _LONGEST_TEXT = 8, 20_000, 20_000
_MOST_SOUNDS, _MOST_CHANNELS, _LONGEST_NAME = 64, 8, 200
_SAMPLE_RATES = range(8_000, 192_001)
_LONGEST_LINE = 400
_KINDS = ("import", "memory", "failed")


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """What the program answered."""

    fields: dict[str, Any]
    audio: Mapping[str, Audio]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    done: float
    total: float
    message: str


@dataclass(frozen=True, slots=True)
class WorkerFault:
    """What it says went wrong."""

    kind: str
    """"import", "memory" or "failed"."""
    message: str


def check_message(
    header: dict[str, Any], audio: Mapping[str, tuple[int, memoryview]], wanted: str
) -> WorkerAnswer | Progress | WorkerFault:
    """The message in a frame.

    Args:
        header: of the frame.
        audio: its sounds, float32 of shape (channels, frames).
        wanted: the kind of message that is waited for: "hello", "probed" or "answer"; "progress" and "failed" may come instead.

    Raises:
        ValueError: it is none of these, or says what such a message can't.
    """
    kind = header.get("type")
    if kind == "progress":
        done: Any = header.get("done")
        total: Any = header.get("total")
        if not (_is_number(done) and _is_number(total) and 0 <= done <= total):
            raise ValueError("a progress that is none")
        return Progress(float(done), float(total), printable_line(header.get("message")))
    if kind == "failed":
        said = header.get("kind")
        return WorkerFault(said if said in _KINDS else "failed", printable_line(header.get("message")) or "it did not say why")
    if kind != wanted:
        raise ValueError(f"a message of kind {printable_line(str(kind))[:40]!r}")
    if wanted == "hello":
        if header.get("protocol") != PROTOCOL:
            raise ValueError("another version of the protocol")
        return WorkerAnswer({"python": printable_line(header.get("python"))[:40]}, {})
    if wanted == "probed":
        versions = header.get("versions")
        if not isinstance(versions, dict) or len(versions) > _MOST_SOUNDS:
            raise ValueError("no versions")
        told = {printable_line(key)[:_LONGEST_NAME]: printable_line(value)[:_LONGEST_NAME] for key, value in versions.items()}
        missing, fault = printable_line(header.get("missing"))[:_LONGEST_NAME], printable_line(header.get("fault"))
        return WorkerAnswer({"versions": told, "missing": missing, "fault": fault}, {})
    fields = header.get("fields")
    if not isinstance(fields, dict):
        raise ValueError("an answer without fields")  # noqa: TRY004  one kind of error for whatever is nonsense
    _check_values(fields)
    if len(audio) > _MOST_SOUNDS:
        raise ValueError("too many sounds")
    return WorkerAnswer(fields, {_name(name): _sound(*sound) for name, sound in audio.items()})


def printable_line(text: object) -> str:
    """One printable line of what should be a text; empty where it is none."""
    if not isinstance(text, str):
        return ""
    line = " ".join(text[: 4 * _LONGEST_LINE].split())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)[:_LONGEST_LINE]


def _check_values(fields: dict[str, Any]) -> None:
    """Raises where an answer is too deep, too large or no plain JSON."""
    level: list[Any] = [fields]
    count = 0
    for _ in range(_DEEPEST):
        following: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                following += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                following += value
            elif isinstance(value, str):
                if len(value) > _LONGEST_TEXT:
                    raise ValueError("a text that is too long")
            elif value is not None and not isinstance(value, bool) and not _is_number(value):
                raise ValueError("a number that is none")
        count += len(following)
        if count > _MOST_VALUES:
            raise ValueError("too many values")
        if not following:
            return
        level = following
    raise ValueError("values nested too deeply")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 and math.isfinite(value)


def _name(name: str) -> str:
    if not name or len(name) > _LONGEST_NAME or printable_line(name) != name:
        raise ValueError("a sound with a name that is none")
    return name


def _sound(sample_rate: int, view: memoryview) -> Audio:
    if sample_rate not in _SAMPLE_RATES:
        raise ValueError(f"a sample rate of {sample_rate} Hz")
    if view.ndim != 2 or view.shape is None or not 1 <= view.shape[0] <= _MOST_CHANNELS:
        raise ValueError("a sound without channels or frames")
    samples = np.asarray(view, np.float32)
    if not np.isfinite(samples).all():
        raise ValueError("samples that are no numbers")
    return Audio(np.clip(samples, -LOUDEST, LOUDEST), sample_rate)
