"""The program behind a `Worker` while it runs: its pipes, the threads that serve them, and its end.

It is told nothing of this one's environment but what computing needs, so no key reaches it. Nothing here looks at what it says, but at
how much: frames are bounded, few wait unread, and of standard error only the last lines are kept.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Semaphore, Thread
from typing import TYPE_CHECKING, Any

from img2music.renderers.external import worker_protocol
from img2music.renderers.external.worker_messages import printable_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

__all__ = ["WorkerProcess"]

_MOST_HEADER_BYTES = 1 << 17
_MOST_WAITING = 8
"""Frames that have come and nobody has read yet."""
_LAST_LINES, _LONGEST_LINE = 40, 400
_END_SECONDS = 2.0
"""How long a program that was ended may take to be gone."""
_PASSED_ON = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "COMSPEC", "PATHEXT"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TORCH_HOME"),
}
_PASSED_ON_PREFIXES = (
    "LC_",
    "XDG_",
    "CUDA_",
    "NVIDIA_",
    "XLA_",
    "JAX_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "MAGENTA_",
    "ROCR_",
    "HIP_",
)


class WorkerProcess:
    """The program while it runs, with the threads that read and write for it."""

    def __init__(self, command: list[str], environment: Mapping[str, str], most_sound_bytes: int) -> None:
        pipe = subprocess.PIPE
        variables = {key: value for key, value in os.environ.items() if _is_passed_on(key)} | dict(environment)
        self._popen = subprocess.Popen(  # noqa: S603  no shell
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=variables, start_new_session=True
        )
        self._frames: SimpleQueue[tuple[dict[str, Any], dict[str, Any]] | str] = (
            SimpleQueue()
        )  # may be filled in a handler of signals
        self._room, self._closed = Semaphore(_MOST_WAITING), Event()
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._most_sound_bytes = most_sound_bytes
        self._writer: Thread | None = None
        self._readers = (self._begin(self._read_frames, self._popen.stdout), self._begin(self._read_lines, self._popen.stderr))

    @staticmethod
    def _begin(work: Any, *arguments: Any) -> Thread:
        thread = Thread(target=work, args=arguments, name="img2music-worker", daemon=True)
        thread.start()
        return thread

    def send(self, header: dict[str, Any], audio: dict[str, Any]) -> None:
        """Writes in a thread, because a program that does not read must not hold up who waits for it."""
        if self._writer is not None:
            self._writer.join(_END_SECONDS)
        self._writer = self._begin(self._write, self._popen.stdin, header, audio)

    @staticmethod
    def _write(stream: IO[bytes], header: dict[str, Any], audio: dict[str, Any]) -> None:
        with suppress(OSError, ValueError):  # it is gone, which the reader says
            worker_protocol.write_frame(stream, header, audio)

    def next_frame(self, seconds: float) -> tuple[dict[str, Any], dict[str, Any]] | str | None:
        """A frame, what was wrong with one, or None where none came in time."""
        try:
            frame = self._frames.get(timeout=seconds)
        except Empty:
            return None
        self._room.release()
        return frame

    def last_line(self) -> str:
        """What it last wrote to standard error."""
        self._readers[1].join(0.2)  # what it wrote before it died is still on its way
        return next((line for line in reversed(self._lines) if line), "")

    def kill(self) -> None:
        """Ends it, with all that it started; from any thread, and in a handler of signals."""
        if hasattr(os, "killpg"):
            with suppress(OSError):
                # Its number is its own until `close` has waited for it.
                os.killpg(self._popen.pid, signal.SIGKILL)
        else:
            with suppress(OSError):
                self._popen.kill()
        self._frames.put("was ended")

    def close(self) -> None:
        """Ends it and waits until it is gone."""
        self._closed.set()
        self.kill()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(_END_SECONDS)
        for thread, stream in zip(
            (self._writer, *self._readers), (self._popen.stdin, self._popen.stdout, self._popen.stderr), strict=True
        ):
            if thread is not None:
                thread.join(_END_SECONDS)
            # A stream that somebody still reads, because what the program started has escaped and holds it, can't be closed.
            if stream is not None and (thread is None or not thread.is_alive()):
                with suppress(OSError, ValueError):
                    stream.close()

    def _read_frames(self, stream: IO[bytes]) -> None:
        while True:
            frame: Any
            try:
                frame = worker_protocol.read_frame(stream, _MOST_HEADER_BYTES, self._most_sound_bytes)
            except (ValueError, OSError) as error:
                frame = f"wrote nonsense ({printable_line(str(error))})"
            if frame is None:
                frame = "ended before it had answered"
            while not self._room.acquire(timeout=0.2):
                if self._closed.is_set():
                    return
            self._frames.put(frame)
            if isinstance(frame, str):
                return

    def _read_lines(self, stream: IO[bytes]) -> None:
        with suppress(ValueError, OSError):
            while line := stream.readline(1 << 16):
                self._lines.append(printable_line(line.decode("utf-8", "replace"))[:_LONGEST_LINE])


def _is_passed_on(key: str) -> bool:
    return key.upper() in _PASSED_ON or key.upper().startswith(_PASSED_ON_PREFIXES)
