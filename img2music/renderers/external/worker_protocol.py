"""The side of a program that works in an environment of its own: ``python -I worker_protocol.py SCRIPT.py``, asked over its standard input.

Imports nothing of img2music and nothing beyond the standard library; runs on Python 3.9 to 3.13. The script is one file that says

    PACKAGES = ("numpy", "magenta_rt")             # to be looked for when it is probed, by their import names
    def answer(request, audio, tell): ...          # returns (fields, audio)

`request` and `fields` are what JSON can hold; `audio` maps names to (sample rate in Hz, float32 of shape (channels, frames)): memoryviews come
in (`numpy.asarray` takes them), anything with a buffer goes out. `tell(done, total, message)` says how far the work is. Whatever the script or
its libraries print goes to standard error, so that it can't break the frames; the frames go over a copy of standard output that nobody knows.

A frame is ``b"i2mw"``, the length of its header (4 bytes) and of its sound (8 bytes, both big-endian), the header as JSON, the sound as
little-endian float32, one channel after the other, one name after the other as the header's "audio" lists them.

    to the worker      probe, ask (request), stop
    from the worker    hello (protocol, python), probed (versions, missing, fault), progress (done, total, message), answer (fields),
                       failed (kind: "import", "memory" or "failed"; message)

When standard input ends, so does the program, whatever it is doing: nobody waits for it any more.
"""

from __future__ import annotations

import json
import os
import queue
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import IO

__all__ = ["PREFIX", "PROTOCOL", "read_frame", "serve", "write_frame"]

PROTOCOL = 1
PREFIX = struct.Struct(">4sIQ")
"""Magic, bytes of the header, bytes of the sound."""
_MAGIC = b"i2mw"
_MOST_HEADER_BYTES = 1 << 24
_LONGEST_MESSAGE = 2000
_MEMORY_SIGNS = ("out of memory", "resource_exhausted", "cannot allocate memory", "failed to allocate")
_SECONDS_BETWEEN_PROGRESS = 0.05


def write_frame(stream: IO[bytes], header: Mapping[str, Any], audio: Mapping[str, tuple[int, Any]] | None = None) -> None:
    """Writes one frame: `header` is a dictionary without the entry "audio", which is made here."""
    views: list[Any] = []
    listed: list[dict[str, Any]] = []
    for name, (sample_rate, samples) in (audio or {}).items():
        view: memoryview = memoryview(samples)
        if view.ndim != 2 or not view.shape or view.format not in ("f", "<f"):
            raise ValueError(f"sound {name!r} is float32 of shape (channels, frames), not {view.format} of shape {view.shape}")
        listed.append({"name": name, "sample_rate": int(sample_rate), "channels": view.shape[0], "frames": view.shape[1]})
        views.append(view.tobytes() if not view.c_contiguous or 0 in view.shape else view.cast("B"))
    text = json.dumps({**header, "audio": listed}, allow_nan=False).encode("ascii")
    stream.write(PREFIX.pack(_MAGIC, len(text), sum(len(view) for view in views)))
    stream.write(text)
    for view in views:
        stream.write(view)
    stream.flush()


def read_frame(
    stream: IO[bytes], most_header_bytes: int = _MOST_HEADER_BYTES, most_sound_bytes: int = 1 << 34
) -> tuple[dict[str, Any], dict[str, tuple[int, Any]]] | None:
    """The header of the next frame and its sounds by name; None where the stream ends before it.

    Raises:
        ValueError: it is no frame, or a larger one than that.
    """
    prefix = _read_first(stream, PREFIX.size)
    if prefix is None:
        return None
    magic, header_bytes, sound_bytes = PREFIX.unpack(prefix)
    if magic != _MAGIC or header_bytes > most_header_bytes or sound_bytes > most_sound_bytes:
        raise ValueError("no frame of the protocol, or one that is too large")
    try:
        header = json.loads(_read(stream, header_bytes), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the header is nested too deeply") from None
    if not isinstance(header, dict) or not isinstance(header.get("audio", []), list):
        raise ValueError("the header is no table")  # noqa: TRY004  one kind of error for whatever is no frame
    listed: list[tuple[str, int, int, int]] = []
    total = 0
    for one in header.pop("audio", []):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise ValueError("a sound without a name")  # noqa: TRY004  likewise
        sizes: list[Any] = [one.get(key) for key in ("sample_rate", "channels", "frames")]
        if not all(type(size) is int and 0 <= size < 1 << 40 for size in sizes):
            raise ValueError("a sound of no size")
        listed.append((one["name"], sizes[0], sizes[1], sizes[2]))
        total += 4 * sizes[1] * sizes[2]
    if total != sound_bytes:
        raise ValueError("the sounds are not as long as they are said to be")
    audio: dict[str, tuple[int, Any]] = {}
    for name, sample_rate, channels, frames in listed:
        content = memoryview(_read(stream, 4 * channels * frames))
        audio[name] = (sample_rate, content.cast("f", (channels, frames)) if channels and frames else content.cast("f"))
    return header, audio


def _read_first(stream: IO[bytes], count: int) -> bytearray | None:
    """As `_read`, but None where the stream has ended."""
    first = stream.read(1)
    return bytearray(first) + _read(stream, count - 1) if first else None


def _read(stream: IO[bytes], count: int) -> bytearray:
    """Exactly `count` bytes; taken in pieces, so that a length that is not true costs no memory."""
    content = bytearray()
    while len(content) < count:
        piece = stream.read(min(1 << 20, count - len(content)))
        if not piece:
            raise ValueError("the frame ends too early")
        content += piece
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def serve(path: str) -> None:
    """Answers what is asked on standard input with the script at `path`, until that ends."""
    questions = os.fdopen(os.dup(0), "rb")
    frames = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # C libraries print there, too
    sys.stdout = sys.stderr
    write_frame(frames, {"type": "hello", "protocol": PROTOCOL, "python": ".".join(map(str, sys.version_info[:3]))})
    try:
        script = _load(path)
    except BaseException as error:
        write_frame(frames, _failure(error))
        return
    asked: queue.Queue[tuple[dict[str, Any], dict[str, Any]]] = queue.Queue(1)
    threading.Thread(target=_listen, args=(questions, asked), daemon=True).start()
    while True:
        header, audio = asked.get()
        if header.get("type") == "probe":
            write_frame(frames, _probe(getattr(script, "PACKAGES", ())))
        elif header.get("type") == "ask":
            _answer(script, header.get("request"), audio, frames)


def _listen(questions: IO[bytes], asked: queue.Queue[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Hands over what is asked; ends the program when nobody can ask any more."""
    try:
        while True:
            frame = read_frame(questions)
            if frame is None or frame[0].get("type") == "stop":
                break
            asked.put(frame)
    except ValueError:
        pass
    os._exit(0)


def _load(path: str) -> ModuleType:
    """The script, run as a module of its own."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("worker_script", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no script")
    script = module_from_spec(spec)
    sys.modules["worker_script"] = script
    spec.loader.exec_module(script)
    return script


def _probe(packages: tuple[str, ...]) -> dict[str, Any]:
    """Versions of what can be imported, and the first that can't."""
    from importlib import import_module, metadata

    versions: dict[str, str] = {}
    missing = fault = ""
    for name in packages:
        try:
            module = import_module(name)
        except BaseException as error:  # libraries exit where they find no device
            missing, fault = name, _told(error)
            break
        try:
            versions[name] = metadata.version(name.partition(".")[0].replace("_", "-"))
        except metadata.PackageNotFoundError:
            versions[name] = str(getattr(module, "__version__", "not known"))[:100]
    return {"type": "probed", "versions": versions, "missing": missing, "fault": fault}


def _answer(script: ModuleType, request: Any, audio: dict[str, Any], frames: IO[bytes]) -> None:
    last = [0.0]

    def tell(done: float, total: float, message: str = "") -> None:
        now = time.monotonic()
        if now - last[0] >= _SECONDS_BETWEEN_PROGRESS or done >= total:
            last[0] = now
            write_frame(frames, {"type": "progress", "done": float(done), "total": float(total), "message": str(message)})

    try:
        fields, sounds = script.answer(request, audio, tell)
        write_frame(frames, {"type": "answer", "fields": fields}, sounds)
    except BaseException as error:
        import traceback

        traceback.print_exc()
        write_frame(frames, _failure(error))


def _failure(error: BaseException) -> dict[str, str]:
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(sign in text for sign in _MEMORY_SIGNS):
        kind = "memory"
    else:
        kind = "import" if isinstance(error, ImportError) else "failed"
    return {"type": "failed", "kind": kind, "message": _told(error)}


def _told(error: BaseException) -> str:
    """One line; of a `ValueError` only what it says, because scripts refuse what they are asked with it."""
    text = " ".join(str(error).split())[:_LONGEST_MESSAGE]
    return text if text and type(error) is ValueError else f"{type(error).__name__}: {text}".rstrip(": ")


if __name__ == "__main__":
    serve(sys.argv[1])
