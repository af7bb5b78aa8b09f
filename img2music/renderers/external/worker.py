"""Asks a program that works in a Python environment of its own (see `worker_protocol` for its side and the frames).

    with Worker(python, script, name="magenta-rt", remedy="`img2music models install magenta-rt`") as worker:
        answer = worker.ask({"style": "calm strings"}, {"guide": audio})

The program is started by the first question and kept until the end of the block. It is told nothing of this one's environment but what
computing needs, so no key reaches it. What it sends is not trusted: sizes, depth, numbers and names are checked and bounded, and whatever it
does wrong (dies, hangs, writes nonsense) is one `BackendError` with the last line that it wrote to standard error. Whoever stops the work
ends it at once, with all that it started. Progress goes to `img2music.cancellation.checkpoint`. Not for several threads at a time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.cancellation import checkpoint, when_cancelled
from img2music.errors import BackendError, MissingPackageError
from img2music.renderers.external import worker_protocol
from img2music.renderers.external.worker_messages import Progress, WorkerAnswer, WorkerFault, check_message
from img2music.renderers.external.worker_process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from img2music.audio import Audio

__all__ = ["ProbeResult", "Worker", "WorkerAnswer", "WorkerMemoryError"]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What an environment can import."""

    ok: bool
    python: str
    """Version of its Python: "3.11.7"."""
    versions: Mapping[str, str]
    """Of each package that was imported."""
    missing_import: str
    """The first package that can't be imported; empty where all can."""
    fault: str = ""
    """What importing it raised."""


class Worker:
    """A program in an environment of its own.

    Args:
        interpreter: the environment's Python.
        script: one file as `worker_protocol` describes it.
        start_seconds: how long it may take to start, and to import what it needs when it is probed.
        answer_seconds: how long one answer may take.
        silence_seconds: how long it may go without a sign of how far it is; None for as long as the answer may take.
        name: what errors call it.
        remedy: what errors say to do where the environment is missing or broken.
        environment: variables beside those that are passed on.
        most_sound_bytes: how large the sounds of one answer may be together, as float32.

    Raises (all methods):
        MissingPackageError: the environment is not there, or lacks a package.
        BackendError: the program failed, hung or wrote what it must not.
        Cancelled: the work was stopped, and the program with it.
    """

    def __init__(
        self,
        interpreter: Path,
        script: Path,
        *,
        start_seconds: float = 120.0,
        answer_seconds: float = 3600.0,
        silence_seconds: float | None = None,
        name: str = "the worker",
        remedy: str = "make its environment again",
        environment: Mapping[str, str] | None = None,
        most_sound_bytes: int = 1 << 30,
    ) -> None:
        self.interpreter, self.script = Path(interpreter), Path(script)
        self.start_seconds, self.answer_seconds = start_seconds, answer_seconds
        self.silence_seconds = answer_seconds if silence_seconds is None else silence_seconds
        self.name, self.remedy = name, remedy
        self.environment = dict(environment or {})
        self.most_sound_bytes = most_sound_bytes
        self.python = ""
        """Version of its Python, once it has started."""
        self._process: WorkerProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the program and all that it started; again does nothing. The next question starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def probe(self) -> ProbeResult:
        """What its environment can import; an environment that is not there raises."""
        probed = self._converse({"type": "probe"}, {}, "probed", self.start_seconds, self.start_seconds)
        fields = probed.fields
        return ProbeResult(not fields["missing"], self.python, fields["versions"], fields["missing"], fields["fault"])

    def ask(self, request: dict[str, Any], audio: Mapping[str, Audio] | None = None) -> WorkerAnswer:
        """The answer to one question.

        Args:
            request: what JSON can hold.
            audio: sounds by name.
        """
        given = {name: (sound.sample_rate, sound.samples) for name, sound in (audio or {}).items()}
        return self._converse({"type": "ask", "request": request}, given, "answer", self.answer_seconds, self.silence_seconds)

    def _converse(
        self, header: dict[str, Any], audio: dict[str, Any], wanted: str, seconds: float, silence: float
    ) -> WorkerAnswer:
        checkpoint()
        process = self._process or self._start()
        try:
            process.send(header, audio)
            return self._receive(process, wanted, seconds, silence)
        except BaseException as error:
            if not isinstance(error, _Refusal):
                self.close()
            raise

    def _start(self) -> WorkerProcess:
        if not self.interpreter.is_file():
            raise MissingPackageError(f"{self.name} needs an environment of its own, which is not here: {self.remedy}")
        protocol = Path(worker_protocol.__file__)
        command = [str(self.interpreter), "-I", str(protocol), str(self.script)]
        try:
            process = self._process = WorkerProcess(command, self.environment, self.most_sound_bytes)
        except OSError as error:
            raise BackendError(
                f"{self.name} can't be started ({error.strerror} at {self.interpreter.name}); {self.remedy}"
            ) from None
        try:
            self.python = self._receive(process, "hello", self.start_seconds, self.start_seconds).fields["python"]
        except BaseException:
            self.close()
            raise
        return process

    def _receive(self, process: WorkerProcess, wanted: str, seconds: float, silence: float) -> WorkerAnswer:
        """The next message of the kind that is wanted; progress before it is passed on."""
        ends = time.monotonic() + seconds
        while True:
            left = min(silence, ends - time.monotonic())
            with when_cancelled(process.kill):
                frame = process.next_frame(left) if left > 0 else None
            checkpoint()
            if frame is None:
                limit = f"said nothing for {silence:g} s" if left == silence else f"took longer than {seconds:g} s"
                raise self._error(f"{limit} and was ended", process, "try a shorter piece, a smaller model or another device")
            if isinstance(frame, str):
                raise self._error(frame, process, self.remedy)
            try:
                message = check_message(*frame, wanted)
            except ValueError as error:
                raise self._error(f"wrote nonsense ({error})", process, self.remedy) from None
            if isinstance(message, Progress):
                checkpoint(message.done, message.total, message.message)
            elif isinstance(message, WorkerFault):
                raise self._refusal(message)
            else:
                return message

    def _refusal(self, fault: WorkerFault) -> BackendError:
        """What the program itself says of what went wrong; it can be asked again."""
        if fault.kind == "import":
            return MissingPackageError(f"{self.name}'s environment is not whole ({fault.message}): {self.remedy}")
        if fault.kind == "memory":
            return WorkerMemoryError(f"{self.name} ran out of memory ({fault.message}); use a smaller model or a shorter piece")
        return _Refusal(f"{self.name} failed: {fault.message}")

    def _error(self, what: str, process: WorkerProcess, remedy: str) -> BackendError:
        told = process.last_line()
        return BackendError(f"{self.name} {what}{f' (it said: {told})' if told else ''}; {remedy}")


class _Refusal(BackendError):  # noqa: N818  a kind of `BackendError` that nobody else tells from others
    """The program lives and says what it can't do."""


class WorkerMemoryError(_Refusal):
    """The program ran out of memory, its own or its device's."""
