"""Workers as real programs, of this interpreter and of another environment; what hostile or broken ones do ends in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.cancellation import Cancelled, CancelToken, cancelled_by, told_progress
from img2music.errors import BackendError, MissingPackageError
from img2music.renderers.external.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

ECHO = """
    import os, sys
    from worker_protocol import Sound, WorkerFault, serve

    def job(fields, sounds, tell):
        print("a library speaks")
        os.write(1, b"and C code, too")
        for step in range(4):
            tell(step + 1, 4, "step %d" % step)
        if fields.get("fault"):
            raise WorkerFault("because it was asked", fields["fault"])
        louder = {name: sound for name, sound in sounds.items()}
        return {"given": fields, "frames": {name: sound.frames for name, sound in sounds.items()}}, louder

    serve(job, ("json", "wave"))
"""


@pytest.fixture
def worker_of(tmp_path: Path) -> Callable[..., Worker]:
    def make(source: str, interpreter: str | Path = sys.executable, **options: object) -> Worker:
        script = tmp_path / "worker.py"
        script.write_text(dedent(source), encoding="utf-8")
        return Worker(Path(interpreter), script, name="tester", **options)  # type: ignore[arg-type]

    return make


def other_interpreters() -> list[str]:
    """Other versions of Python that are at hand and work."""
    found = []
    for version in ("3.9", "3.10", "3.12", "3.13"):
        path = shutil.which(f"python{version}")
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False, timeout=30).returncode == 0:
            found.append(path)
    return found


def sound(seconds: float = 0.5) -> Audio:
    return Audio(np.random.default_rng(1).normal(0, 0.1, (2, round(48_000 * seconds))).astype(np.float32), 48_000)


def test_a_worker_answers_with_fields_and_sounds(worker_of: Callable[..., Worker]) -> None:
    told: list[tuple[float, str]] = []
    with worker_of(ECHO) as worker, told_progress(lambda done, words: told.append((done, words))):
        answer = worker.ask({"a": [1, 2.5, "x"]}, {"in": sound()})
        again = worker.ask({})
    assert answer.fields["given"] == {"a": [1, 2.5, "x"]}
    assert answer.fields["frames"] == {"in": 24_000}
    assert answer.audio["in"] == sound()
    assert not again.audio
    assert told[:4] == [(0.25, "step 0"), (0.5, "step 1"), (0.75, "step 2"), (1.0, "step 3")]


def test_an_environment_without_packages_is_another_interpreter(worker_of: Callable[..., Worker], tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True, timeout=120)
    interpreter = tmp_path / "bare" / ("Scripts" if os.name == "nt" else "bin") / "python"
    source = "import importlib.util\n" + dedent(ECHO).replace(
        '"given": fields', '"given": importlib.util.find_spec("numpy") is None'
    )
    with worker_of(source, interpreter) as worker:
        assert worker.ask({}).fields["given"] is True
        assert worker.probe().ok


@pytest.mark.parametrize("interpreter", other_interpreters())
def test_other_versions_of_python_speak_it_too(worker_of: Callable[..., Worker], interpreter: str) -> None:
    with worker_of(ECHO, interpreter) as worker:
        assert worker.probe().python.startswith(interpreter.rpartition("python")[2])
        assert worker.ask({}, {"in": sound()}).audio["in"] == sound()


def test_a_probe_names_the_import_that_failed(worker_of: Callable[..., Worker], tmp_path: Path) -> None:
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "half_there.py").write_text("import no_such_module_at_all", encoding="utf-8")
    source = dedent(ECHO).replace('("json", "wave")', '("json", "half_there", "wave")')
    with worker_of(source, module_folders=[folder]) as worker:
        found = worker.probe()
    assert (found.ok, found.missing) == (False, "half_there")
    assert "no_such_module_at_all" in found.reason
    assert list(found.versions) == ["json"]


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("memory", BackendError, "tester does not fit into memory; use smaller weights"),
        ("weights", BackendError, "tester: because it was asked"),
        ("failed", BackendError, "tester failed \\(because it was asked\\); try again"),
        ("nonsense", BackendError, "tester failed"),
        ("missing", MissingPackageError, "lacks a package .*models install tester"),
    ],
)
def test_a_fault_is_one_line(worker_of: Callable[..., Worker], kind: str, error: type[Exception], words: str) -> None:
    with worker_of(ECHO) as worker, pytest.raises(error, match=words):
        worker.ask({"fault": kind})


def test_an_import_in_the_job_that_fails_names_the_module(worker_of: Callable[..., Worker]) -> None:
    source = "from worker_protocol import serve\ndef job(*_):\n    import no_such_module_at_all\nserve(job)"
    with worker_of(source) as worker, pytest.raises(MissingPackageError, match="lacks no_such_module_at_all"):
        worker.ask({})


MESSAGE = "import os, struct, json\ndef send(head, body=b''):\n    os.write(1, struct.pack('>I', len(head)) + head + body)\n"
MESSAGE += "def answer(named, body=b''):\n    send(json.dumps({'is': 'answer', 'fields': {}, 'sounds': named}).encode(), body)\n"
HELLO = MESSAGE + "send(json.dumps({'is': 'hello', 'fields': {'version': 1}, 'sounds': []}).encode())\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise SystemExit('no reason')", r"did not begin: its Python .* ended .its last words: no reason.; make its environment again"),
        ("import os; os.write(1, b'hello, world, this is no frame')", "wrote what can't be read"),
        ("import os; os.write(1, b'\\x00\\x00\\x00\\x02{}')", "wrote what can't be read"),
        (MESSAGE + "send(b'[' * 100000)", "wrote what can't be read"),
        (MESSAGE + "send(json.dumps({'is': 'hello', 'fields': {'version': 99}, 'sounds': []}).encode())", "another version"),
        ("import time; time.sleep(60)", "did not begin within 3 s; make its environment again: img2music models install tester"),
        (HELLO + "import time; time.sleep(60)", "gave no sign of life within"),
        (HELLO + "os.read(0, 10)", "ended before it answered"),
        (HELLO + "os.read(0, 10); os.kill(os.getpid(), 9)", "by the system, perhaps for want of memory"),
        (HELLO + "os.read(0, 10); send(json.dumps({'is': 'dance', 'fields': {}, 'sounds': []}).encode())", "means nothing"),
        (HELLO + "os.read(0, 10); answer([['a', 10**12]])", "brings more sound than is taken"),
        (HELLO + "os.read(0, 10); answer([['a', 60]], b'RIFF' + bytes(56))", "no WAV file"),
        (HELLO + "os.read(0, 10); answer([['a', 'b']])", "names its sounds wrongly"),
    ],
)  # fmt: skip
def test_what_a_broken_worker_does_is_one_line(worker_of: Callable[..., Worker], source: str, words: str) -> None:
    with pytest.raises(BackendError, match=words) as caught, worker_of(source, start_seconds=3, answer_seconds=1.5) as worker:
        worker.ask({})
    assert "\n" not in str(caught.value)


def test_sound_that_is_no_sound_is_refused(worker_of: Callable[..., Worker]) -> None:
    source = """
        import struct
        from worker_protocol import Sound, serve
        serve(lambda *_: ({}, {"mix": Sound(struct.pack("<4f", 0.1, float("nan"), 0, 0), 2, 48000)}))
    """
    with worker_of(source) as worker, pytest.raises(BackendError, match="that are no numbers"):
        worker.ask({})


def test_stopping_the_work_ends_the_worker_and_what_it_started(worker_of: Callable[..., Worker], tmp_path: Path) -> None:
    alive = tmp_path / "child"
    source = f"""
        import subprocess, sys, time
        from worker_protocol import serve
        def job(fields, sounds, tell):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            open({str(alive)!r}, "w").write(str(child.pid))
            time.sleep(60)
        serve(job)
    """
    token = CancelToken()
    with worker_of(source) as worker:

        def stop() -> None:
            while not (alive.exists() and alive.read_text()):
                time.sleep(0.02)
            token.cancel()

        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(Cancelled), cancelled_by(token):
            worker.ask({})
        thread.join()
        with pytest.raises(BackendError, match="not running any more"):
            worker.ask({})
    child = Path("/proc") / alive.read_text() / "stat"
    if Path("/proc").is_dir():
        for _ in range(100):
            if not child.exists() or child.read_text().rpartition(") ")[2][0] == "Z":
                break
            time.sleep(0.02)
        else:
            pytest.fail("what the worker had started is still running")


def test_a_worker_sees_no_secrets(worker_of: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hush")
    monkeypatch.setenv("HARMLESS", "fine")
    source = """
        import os
        from worker_protocol import serve
        serve(lambda *_: ({"key": os.environ.get("SOME_API_KEY"), "other": os.environ.get("HARMLESS")}, {}))
    """
    with worker_of(source) as worker:
        assert worker.ask({}).fields == {"key": None, "other": "fine"}


@pytest.mark.parametrize("program", ["/bin/false", "/bin/true", "/bin/cat", "/etc/passwd"])
def test_a_program_that_is_no_python_is_told_with_the_remedy(worker_of: Callable[..., Worker], program: str) -> None:
    if not Path(program).is_file():
        pytest.skip(f"{program} is not here")
    with pytest.raises(BackendError, match="make its environment again: img2music models install tester") as caught:
        worker_of(ECHO, program, start_seconds=3).__enter__()
    assert "\n" not in str(caught.value)
    assert "smaller weights" not in str(caught.value)


def test_an_interpreter_that_is_not_there_is_one_line(worker_of: Callable[..., Worker], tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"can't be started .*models install tester"), worker_of(ECHO, tmp_path / "python"):
        pass


def test_a_worker_that_does_not_read_holds_nobody_up(worker_of: Callable[..., Worker]) -> None:
    begin = time.monotonic()
    with (
        pytest.raises(BackendError, match="gave no sign of life within"),
        worker_of(HELLO + "import time; time.sleep(60)", answer_seconds=0.5) as worker,
    ):
        worker.ask({}, {"in": sound(20.0)})
    assert time.monotonic() - begin < 10


def test_a_worker_that_floods_has_to_wait(worker_of: Callable[..., Worker], tmp_path: Path) -> None:
    count = tmp_path / "count"
    source = f"""
n = 0
body = b" " * 1_000_000
while True:
    answer([], b"") if n else os.read(0, 10)
    send(json.dumps({{"is": "answer", "fields": {{"x": " " * 1_000_000}}, "sounds": []}}).encode())
    n += 1
    open({str(count)!r}, "w").write(str(n))
"""
    with worker_of(HELLO + source) as worker:
        worker.ask({})
        time.sleep(1)
        first = int(count.read_text() or 0)
        time.sleep(0.5)
        assert int(count.read_text() or 0) == first < 10


def test_a_worker_ends_when_nobody_can_hear_it_any_more(tmp_path: Path) -> None:
    """Whatever it is doing then: the one who asked was perhaps killed."""
    from img2music.renderers.external import worker_protocol

    script = tmp_path / "worker.py"
    script.write_text("import time\nfrom worker_protocol import serve\nserve(lambda *_: time.sleep(60))", encoding="utf-8")
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-I", worker_protocol.__file__, str(script)], stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert worker_protocol.read_message(process.stdout, 0) is not None  # type: ignore[arg-type]
        worker_protocol.write_message(process.stdin, "ask", {})  # type: ignore[arg-type]
        process.stdin.close()
        assert process.wait(10) == 0
