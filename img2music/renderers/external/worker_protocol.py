"""How this program and a worker in another environment talk: framed messages over pipes. This file runs on both sides.

    PYTHON -I worker_protocol.py SCRIPT [FOLDER...]

runs SCRIPT, which calls `serve` with its job; FOLDERs are searched for modules, too. The file imports the standard library alone and
runs on Python 3.9 and later, because the worker's environment knows nothing of img2music.

A message is a head in JSON, whose length (four bytes, big-endian) stands before it, and then the sounds that the head names, each as a
WAV file of 32-bit floats. Heads have `is`: "hello", "probe", "ask", "progress", "answer" or "fault". What a library prints goes to standard
error, never between the frames. Whoever reads bounds what it reads; a message that breaks the form raises `ProtocolError`.
"""

from __future__ import annotations

import json
import os
import queue
import runpy
import struct
import sys
import threading
from typing import Any, BinaryIO, Callable, NamedTuple, Optional  # noqa: UP035  Python 3.9 evaluates some of them

__all__ = ["VERSION", "Message", "ProtocolError", "Sound", "Tell", "WorkerFault", "read_message", "serve", "write_message"]

VERSION = 1
LARGEST_HEAD = 32 * 2**20
"""Bytes: the notes of half an hour in frames of 40 ms are about 10 MB."""
MOST_SOUNDS = 64
_HEAD_BYTES = struct.Struct(">I")
_FLOAT_WAV = struct.Struct("<4sI4s4sIHHIIHH4sI")
_IEEE_FLOAT = 3
_FAULTS = ("missing", "memory", "weights", "failed")


class ProtocolError(Exception):
    """What came is no message of this form."""


class WorkerFault(Exception):  # noqa: N818  raised by jobs to end in one sentence
    """What a job raises to say in one sentence why it can't be done.

    `kind` is "missing" (a package), "memory", "weights" (not here, or unusable) or "failed".
    """

    def __init__(self, reason: str, kind: str = "failed") -> None:
        super().__init__(reason)
        self.kind = kind if kind in _FAULTS else "failed"


class Sound(NamedTuple):
    """Sound as it goes over the pipe."""

    interleaved: bytes
    """32-bit floats, little-endian, the channels of a frame side by side."""
    channels: int
    sample_rate: int

    @property
    def frames(self) -> int:
        """How many there are."""
        return len(self.interleaved) // (4 * self.channels)


class Message(NamedTuple):
    """One message."""

    kind: str
    """What stands in the head as `is`."""
    fields: dict[str, Any]
    sounds: dict[str, Sound]


Tell = Callable[[float, float, str], None]
"""Tells how far a job is: so much done of a total, and what is being done."""
Job = Callable[[dict[str, Any], dict[str, Sound], Tell], "tuple[dict[str, Any], dict[str, Sound]]"]


def write_message(stream: BinaryIO, kind: str, fields: dict[str, Any], sounds: Optional[dict[str, Sound]] = None) -> None:  # noqa: UP045
    """Writes a message as a whole; fields must be JSON without NaN."""
    files = {name: _wav(sound) for name, sound in (sounds or {}).items()}
    named = [[name, len(content)] for name, content in files.items()]
    head = json.dumps({"is": kind, "fields": fields, "sounds": named}, allow_nan=False).encode()
    stream.write(_HEAD_BYTES.pack(len(head)) + head)
    stream.writelines(files.values())
    stream.flush()


def read_message(stream: BinaryIO, most_sound_bytes: int) -> Optional[Message]:  # noqa: UP045
    """The next message; None where the stream has ended before one.

    Raises:
        ProtocolError: it is none, or larger than may be.
    """
    size = stream.read(_HEAD_BYTES.size)
    if not size:
        return None
    if len(size) < _HEAD_BYTES.size:
        raise ProtocolError("a message was cut off")
    (length,) = _HEAD_BYTES.unpack(size)
    if length > LARGEST_HEAD:
        raise ProtocolError("no message begins here, or one that is too large")
    try:
        head = json.loads(_exactly(stream, length))
    except (ValueError, RecursionError):
        raise ProtocolError("a message has no head in JSON") from None
    if not isinstance(head, dict) or not isinstance(head.get("is"), str) or not isinstance(head.get("fields"), dict):
        raise ProtocolError("a message's head lacks what it must have")
    named = head.get("sounds")
    if not isinstance(named, list) or len(named) > MOST_SOUNDS:
        raise ProtocolError("a message names its sounds wrongly")
    sounds: dict[str, Sound] = {}
    left = most_sound_bytes
    for entry in named:
        if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) and type(entry[1]) is int):
            raise ProtocolError("a message names its sounds wrongly")
        name, size_of = entry
        if not 0 <= size_of <= left or name in sounds or len(name) > 200:
            raise ProtocolError("a message brings more sound than is taken")
        left -= size_of
        sounds[name] = _sound(_exactly(stream, size_of))
    return Message(head["is"], head["fields"], sounds)


def serve(job: Job, modules: tuple[str, ...] = ()) -> None:
    """Answers until the other side hangs up: the worker's whole life.

    Args:
        job: what does the work: from fields and sounds to fields and sounds; the third argument tells progress.
        modules: what it imports, for the probe; nothing of it is imported before it is asked for.
    """
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not stand between the messages
    asked = os.fdopen(os.dup(0), "rb")
    write_message(frames, "hello", {"version": VERSION, "python": ".".join(map(str, sys.version_info[:3]))})
    questions: queue.Queue[Message] = queue.Queue(1)
    threading.Thread(target=_listen, args=(asked, questions), daemon=True).start()
    while True:
        message = questions.get()
        try:
            if message.kind == "probe":
                write_message(frames, "answer", _probe(modules))
                continue

            def tell(done: float, total: float, words: str = "") -> None:
                write_message(frames, "progress", {"done": float(done), "total": float(total), "message": str(words)[:200]})

            fields, sounds = job(message.fields, message.sounds, tell)
        except WorkerFault as fault:
            write_message(frames, "fault", {"kind": fault.kind, "reason": _line(fault)})
        except ImportError as error:
            write_message(frames, "fault", {"kind": "missing", "reason": _line(error), "module": error.name or ""})
        except MemoryError:
            write_message(frames, "fault", {"kind": "memory", "reason": "out of memory"})
        except Exception as error:
            kind = "memory" if "out of memory" in str(error).lower() else "failed"
            write_message(frames, "fault", {"kind": kind, "reason": f"{type(error).__name__}: {_line(error)}"})
        else:
            write_message(frames, "answer", fields, sounds)


def _listen(asked: BinaryIO, questions: queue.Queue[Message]) -> None:
    """Hands over what is asked; ends the program, whatever it is doing, when nobody is there any more to hear it."""
    try:
        while (message := read_message(asked, 2**40)) is not None:
            questions.put(message)
    except (ProtocolError, OSError, ValueError):
        pass
    os._exit(0)


def _probe(modules: tuple[str, ...]) -> dict[str, Any]:
    """Which module can't be imported and why, and the versions of all that could."""
    from importlib import import_module

    versions: dict[str, str] = {}
    for name in modules:
        try:
            module = import_module(name)
        except Exception as error:
            return {"missing": name, "reason": f"{type(error).__name__}: {_line(error)}", "versions": versions}
        versions[name] = str(getattr(module, "__version__", "not said"))[:80]
    return {"missing": "", "reason": "", "versions": versions}


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _exactly(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise ProtocolError("a message was cut off")
    return content


def _wav(sound: Sound) -> bytes:
    size, frame = len(sound.interleaved), 4 * sound.channels
    rate = sound.sample_rate
    form = (b"fmt ", 16, _IEEE_FLOAT, sound.channels, rate, rate * frame, frame, 32)
    return _FLOAT_WAV.pack(b"RIFF", 36 + size, b"WAVE", *form, b"data", size) + sound.interleaved


def _sound(content: bytes) -> Sound:
    if len(content) < _FLOAT_WAV.size:
        raise ProtocolError("a sound is no WAV file")
    head = _FLOAT_WAV.unpack_from(content)
    riff, _, wave, fmt, fmt_size, form, channels, rate, _, frame, bits, data, size = head
    if (riff, wave, fmt, fmt_size, form, bits, data) != (b"RIFF", b"WAVE", b"fmt ", 16, _IEEE_FLOAT, 32, b"data"):
        raise ProtocolError("a sound is no WAV file of 32-bit floats")
    if not 1 <= channels <= 8 or not 1000 <= rate <= 400_000 or frame != 4 * channels:
        raise ProtocolError("a sound has no channels or no sample rate that can be played")
    if size != len(content) - _FLOAT_WAV.size or size % frame:
        raise ProtocolError("a sound is not as long as it says")
    return Sound(content[_FLOAT_WAV.size :], channels, rate)


if __name__ == "__main__":
    sys.modules["worker_protocol"] = sys.modules["__main__"]
    sys.path[:0] = sys.argv[2:]
    runpy.run_path(sys.argv[1], run_name="worker")
