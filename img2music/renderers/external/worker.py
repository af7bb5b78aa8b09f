"""A worker: a program in an environment of its own that makes sound when it is asked, one question at a time.

    with Worker(interpreter, script, name="magenta-rt") as worker:
        answer = worker.ask({"frames": ...}, {"style": audio})

It is started by its interpreter's path and talked to over pipes (`worker_protocol`); no shell, no port, no file. Whatever it does
(dies, hangs, writes nonsense, sends too much) ends in one `BackendError`, and the program is gone, with all that it started. Stopping
the work kills it at once. It is given no secrets: of this process's environment it sees nothing that looks like a key.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import signal
import subprocess
import threading
from collections import deque
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

from img2music.cancellation import checkpoint, when_cancelled
from img2music.errors import BackendError, MissingPackageError
from img2music.renderers.external.worker_answer import ProbeResult, WorkerAnswer, sound_for_pipe, sound_from_pipe
from img2music.renderers.external.worker_protocol import (
    VERSION,
    Message,
    ProtocolError,
    Sound,
    read_message,
    write_message,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from img2music.audio import Audio

__all__ = ["ProbeResult", "Worker", "WorkerAnswer"]

_PROTOCOL = Path(__file__).with_name("worker_protocol.py")
_LAST_LINES_BYTES = 4000
_LOOK_SECONDS = 0.1
"""How often a waiting reader looks whether the work was stopped."""
_MOST_WAITING = 4
"""Messages that have come and nobody has read yet: a worker that floods has to wait."""
_MOST_SOUND_BYTES = 2**30
"""Of one answer: 46 minutes of stereo at 48 kHz."""
_SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")


class Worker:
    """A program of another environment, started when the block begins and ended with it.

    Args:
        interpreter: path of that environment's Python.
        script: the worker's own file, which calls `worker_protocol.serve`.
        name: how messages call it.
        remedy: what to do where its environment is at fault: it does not begin, or a package is missing there.
        start_seconds, answer_seconds: how long it may take to begin, and from one sign of life to the next.
        module_folders: where the worker looks for modules before its environment.
        environment: variables to set beside those of this process.
    """

    def __init__(
        self,
        interpreter: Path,
        script: Path,
        *,
        name: str,
        remedy: str = "",
        start_seconds: float = 60.0,
        answer_seconds: float = 600.0,
        module_folders: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._command = [str(interpreter), "-I", str(_PROTOCOL), str(script), *map(str, module_folders)]
        self._interpreter = interpreter
        self._remedy = remedy or f"make its environment again: img2music models install {name}"
        self._start_seconds, self._answer_seconds = start_seconds, answer_seconds
        self._environment = {**_without_secrets(), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._messages: queue.SimpleQueue[Message | Exception | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(_MOST_WAITING)
        self._said: deque[bytes] = deque(maxlen=64)
        self._python = ""
        self._has_begun = False
        """Until then no piece and no weights are to blame, but its environment."""

    def __enter__(self) -> Self:
        """Starts the program and waits for its first word.

        Raises:
            BackendError: it can't be started, or does not begin to talk. Cancelled: the work was stopped.
        """
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(  # noqa: S603  no shell
                self._command, stdin=pipe, stdout=pipe, stderr=pipe, env=self._environment, start_new_session=True
            )
        except OSError as error:
            raise BackendError(
                f"{self.name} can't be started ({self._interpreter.name}: {error.strerror or error}); {self._remedy}"
            ) from None
        for work in (self._read_messages, self._read_errors):
            threading.Thread(target=work, args=(self._process,), name="img2music-worker", daemon=True).start()
        try:
            self._hear_hello()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hear_hello(self) -> None:
        hello = self._next(self._start_seconds, "did not begin")
        self._has_begun = True
        if hello.kind != "hello" or hello.fields.get("version") != VERSION:
            raise self._fault("speaks another version of the protocol", self._remedy)
        self._python = str(hello.fields.get("python", ""))[:40]

    def close(self) -> None:
        """Ends the program and all that it started; again does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        _kill(process)
        for stream in (process.stdin, process.stderr):  # its output is closed by who reads it
            with contextlib.suppress(OSError, ValueError):
                if stream is not None:
                    stream.close()
        process.wait()

    def probe(self) -> ProbeResult:
        """Whether its packages can be imported; errors as of `ask`."""
        fields = self._exchange("probe", {}, {}).fields
        versions = fields.get("versions")
        known = {str(name)[:80]: str(text)[:80] for name, text in versions.items()} if isinstance(versions, dict) else {}
        missing, reason = str(fields.get("missing", ""))[:80], str(fields.get("reason", ""))[:300]
        return ProbeResult(not missing, missing, reason, known, self._python)

    def ask(self, request: Mapping[str, Any], audio: Mapping[str, Audio] | None = None) -> WorkerAnswer:
        """What it answers; its progress becomes this step's.

        Args:
            request: JSON without NaN.
            audio: sounds by name.

        Raises:
            MissingPackageError: a package is missing in its environment.
            BackendError: it failed, died, hung or wrote nonsense; it is gone then.
            Cancelled: the work was stopped; it is gone then.
        """
        answer = self._exchange("ask", dict(request), {name: sound_for_pipe(sound) for name, sound in (audio or {}).items()})
        return WorkerAnswer(answer.fields, {name: self._from_pipe(name, sound) for name, sound in answer.sounds.items()})

    def _exchange(self, kind: str, fields: dict[str, Any], sounds: dict[str, Sound]) -> Message:
        process = self._process
        if process is None or process.stdin is None:
            raise BackendError(f"{self.name} is not running any more; start the work again")
        try:
            with when_cancelled(lambda: _kill(process)):
                # In a thread: a worker that does not read must not hold up who waits for its answer, which is what is limited.
                given = (process, kind, fields, sounds)
                threading.Thread(target=_write, args=given, name="img2music-worker", daemon=True).start()
                return self._answer()
        except BaseException:  # whatever it was doing, nobody wants to hear it any more
            self.close()
            raise

    def _answer(self) -> Message:
        while True:
            message = self._next(self._answer_seconds, "gave no sign of life")
            if message.kind == "answer":
                return message
            if message.kind == "fault":
                raise self._told_fault(message.fields)
            if message.kind != "progress":
                raise self._fault(f"said {message.kind[:40]!r}, which means nothing", self._remedy)
            self._progress(message.fields)

    def _next(self, seconds: float, silence: str) -> Message:
        end = monotonic() + seconds
        while True:
            checkpoint()
            left = end - monotonic()
            if left <= 0:
                raise self._fault(f"{silence} within {seconds:g} s", self._remedy_for("try a shorter piece, or smaller weights"))
            with contextlib.suppress(queue.Empty):
                got = self._messages.get(timeout=min(left, _LOOK_SECONDS))
                self._room.release()
                checkpoint()
                if got is None:
                    raise self._died()
                if isinstance(got, Exception):
                    raise self._fault(f"wrote what can't be read ({got})", self._remedy)
                return got

    def _progress(self, fields: Mapping[str, Any]) -> None:
        done, total = _number(fields.get("done")), _number(fields.get("total"))
        if 0 <= done <= total:
            checkpoint(done, total, " ".join(str(fields.get("message") or "").split())[:200])

    def _told_fault(self, fields: Mapping[str, Any]) -> BackendError:
        kind, reason = fields.get("kind"), " ".join(str(fields.get("reason", "")).split())[:300]
        module = str(fields.get("module", ""))[:80]
        if kind == "missing":
            return MissingPackageError(f"{self.name}'s environment lacks {module or 'a package'} ({reason}); {self._remedy}")
        if kind == "memory":
            return BackendError(f"{self.name} does not fit into memory; use smaller weights, or a shorter piece")
        if kind == "weights":
            return BackendError(f"{self.name}: {reason}")
        return BackendError(f"{self.name} failed ({reason}); try again, or use another pipeline")

    def _died(self) -> BackendError:
        process = self._process
        code = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=2)
        killed = " by the system, perhaps for want of memory" if code == -signal.SIGKILL else ""
        what = "ended before it answered" if self._has_begun else f"did not begin: its Python ({self._interpreter.name}) ended"
        return self._fault(f"{what}{killed}", self._remedy_for("try again, or smaller weights"))

    def _remedy_for(self, usual: str) -> str:
        return usual if self._has_begun else self._remedy

    def _fault(self, what: str, remedy: str) -> BackendError:
        last = b"".join(self._said)[-_LAST_LINES_BYTES:].decode("utf-8", "replace").strip().splitlines()
        said = " ".join(last[-1].split())[:200] if last else ""
        said = said.replace(str(Path.home()), "~")
        return BackendError(f"{self.name} {what}" + (f" (its last words: {said})" if said else "") + f"; {remedy}")

    def _from_pipe(self, name: str, sound: Sound) -> Audio:
        try:
            return sound_from_pipe(sound)
        except ValueError:
            self.close()
            raise self._fault(
                f"gave samples ({name[:40]!r}) that are no numbers", "try another seed or another precision"
            ) from None

    def _read_messages(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101  a pipe was asked for
        try:
            with process.stdout as stream:
                while (message := read_message(cast("BinaryIO", stream), _MOST_SOUND_BYTES)) is not None:
                    while not self._room.acquire(timeout=_LOOK_SECONDS):
                        if self._process is not process:
                            return
                    self._messages.put(message)
            self._messages.put(None)
        except ProtocolError as error:
            self._messages.put(error)
        except (OSError, ValueError):  # closed from this side
            self._messages.put(None)

    def _read_errors(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None  # noqa: S101  a pipe was asked for
        with contextlib.suppress(OSError, ValueError):
            while part := os.read(process.stderr.fileno(), _LAST_LINES_BYTES):
                self._said.append(part)


def _without_secrets() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not any(word in name.upper() for word in _SECRETS)}


def _number(value: object) -> float:
    """-1 where it is none."""
    counts = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(cast("float", value)) if counts else -1.0


def _write(process: subprocess.Popen[bytes], kind: str, fields: dict[str, Any], sounds: dict[str, Sound]) -> None:
    with contextlib.suppress(OSError, ValueError):  # it is gone, which the reader says
        write_message(cast("BinaryIO", process.stdin), kind, fields, sounds)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a program and what it started; it is the first of a session of its own."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
