"""Real programs in environments of their own: what comes back, and every way in which they can go wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.cancellation import Cancelled, CancelToken, cancelled_by, told_progress
from img2music.errors import BackendError, MissingPackageError
from img2music.renderers.external.worker import Worker, WorkerMemoryError

OLDEST, NEWEST = 9, 13


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own that has no package at all."""
    folder = tmp_path_factory.mktemp("environments") / "bare"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def other_pythons() -> list[str]:
    found = []
    for minor in range(OLDEST, NEWEST + 1):
        program = shutil.which(f"python3.{minor}")
        if program and minor != sys.version_info.minor:
            run = subprocess.run(
                [program, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=False
            )
            if run.returncode == 0:
                found.append(run.stdout.strip())
    return found


def script(folder: Path, body: str) -> Path:
    path = folder / "script.py"
    path.write_text(dedent(body), "utf-8")
    return path


ECHO = """
    import os, sys
    from array import array
    PACKAGES = ("json",)

    def answer(request, audio, tell):
        print("a library greets")
        os.write(1, b"so does a library in C\\n")
        os.system("echo and a program")
        tell(1, 4, "half")
        tell(4, 4)
        sounds = {}
        for name, (rate, samples) in audio.items():
            values = array("f", (-value for value in samples.cast("B").cast("f")))
            sounds[name] = (rate, memoryview(values).cast("B").cast("f", samples.shape))
        told = {"modules": sorted(set(sys.modules) & {"numpy", "img2music"}), "key": os.environ.get("OPENAI_API_KEY", ""),
                "typed": sys.stdin.read(), **request}
        return told, sounds
"""


def check_echo(python: Path, folder: Path) -> None:
    samples = (np.arange(200_000).reshape(2, -1) / 300_000).astype(np.float32)
    told: list[tuple[float, str]] = []
    with Worker(python, script(folder, ECHO)) as worker, told_progress(lambda done, message: told.append((done, message))):
        assert worker.probe().ok
        for word in ("é", "again"):
            answer = worker.ask(
                {"word": word}, {"guide": Audio(samples, 48_000), "turned": Audio(samples.T[:5, :].copy(), 32_000)}
            )
            assert answer.fields == {"modules": [], "key": "", "typed": "", "word": word}
            assert answer.audio["guide"] == Audio(-samples, 48_000)
            assert answer.audio["turned"] == Audio(-samples.T[:5, :].copy(), 32_000)
    assert (0.25, "half") in told
    assert told[-1][0] == 1


def test_it_answers_again_and_again_whatever_is_printed(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    check_echo(bare, tmp_path)


@pytest.mark.parametrize("python", other_pythons(), ids=lambda path: Path(path).name)
def test_it_works_on_other_versions_of_python(python: str, tmp_path: Path) -> None:
    check_echo(Path(python), tmp_path)


def test_a_probe_says_what_lacks(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise SystemExit('no device')")
    body = f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        PACKAGES = ("json", "no_such_package")
        def answer(request, audio, tell):
            import no_such_package
    """
    with Worker(bare, script(tmp_path, body), name="magenta-rt", remedy="install it") as worker:
        found = worker.probe()
        assert (found.ok, found.missing_import) == (False, "no_such_package")
        assert "No module named 'no_such_package'" in found.fault
        assert found.python.startswith("3.")
        with pytest.raises(
            MissingPackageError, match=r"^magenta-rt's environment is not whole \(ModuleNotFoundError: .*: install it$"
        ):
            worker.ask({})
    with Worker(bare, script(tmp_path, body.replace("no_such_package", "broken"))) as worker:
        assert worker.probe().fault == "SystemExit: no device"


def test_an_environment_that_is_not_there_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(MissingPackageError, match=r"^magenta-rt needs an environment of its own, which is not here: install it$"):
        Worker(tmp_path / "python", tmp_path / "script.py", name="magenta-rt", remedy="install it").probe()
    program = tmp_path / "python"
    program.write_text("not a program")
    with pytest.raises(BackendError, match=r"^magenta-rt can't be started .*; install it$"):
        Worker(program, tmp_path / "script.py", name="magenta-rt", remedy="install it").probe()


WRITES = """
    import gc, io, os, struct, sys, time
    frames = next(one for one in gc.get_objects() if isinstance(one, io.BufferedWriter) and one.fileno() > 2)
    def frame(header, sound=b"", length=None):
        frames.write(struct.pack(">4sIQ", b"i2mw", len(header), len(sound) if length is None else length) + header + sound)
        frames.flush()
        time.sleep(30)
    def sounds(*shape):
        entry = '{"name": "a", "sample_rate": %d, "channels": %d, "frames": %d}' % shape
        return ('{"type": "answer", "fields": {}, "audio": [' + entry + ']}').encode()
    def answer(request, audio, tell):
"""
FAULTS = {
    "dies": ("print('a last word', file=sys.stderr); os._exit(3)", r"ended before it had answered \(it said: a last word\)"),
    "is killed": ("os.kill(os.getpid(), 9)", "ended before it had answered"),
    "hangs": ("time.sleep(60)", "took longer than 1 s and was ended"),
    "never ends": ("[tell(i % 100, 100) for i in iter(int, 1)]", "took longer than 1 s and was ended"),
    "no frame": ("frames.write(b'HTTP/1.1 200 OK and more of it'); frames.flush(); time.sleep(30)", "nonsense"),
    "no JSON": ("frame(b'{]')", "nonsense"),
    "too deep": ("frame(b'[' * 100_000)", "nonsense"),
    "deep fields": ("frame(b'{\"type\": \"answer\", \"fields\": ' + b'{\"a\":' * 20 + b'1' + b'}' * 21)", "nested too deeply"),
    "too many": ("frame(b'{\"type\": \"answer\", \"fields\": {\"a\": [' + b'1,' * 40_000 + b'1]}}')", "too many values"),
    "a long header": ("frame(b' ' * 10_000_000)", "too large"),
    "a long sound": ("frame(sounds(48000, 2, 10**11), length=8 * 10**11)", "too large"),
    "a sound cut short": ("frame(sounds(48000, 1, 4), b'1234')", "not as long as they are said"),
    "not a number": ("frame(b'{\"type\": \"answer\", \"fields\": {\"a\": NaN}}')", "no number of JSON"),
    "huge": ("frame(b'{\"type\": \"answer\", \"fields\": {\"a\": 1e999}}')", "a number that is none"),
    "samples that are none": ("frame(sounds(48000, 1, 1), struct.pack('<f', float('nan')))", "samples that are no numbers"),
    "a rate that is none": ("frame(sounds(1, 1, 1), bytes(4))", "sample rate of 1 Hz"),
    "no channels": ("frame(sounds(48000, 0, 1))", "without channels"),
    "a strange name": ("frame(sounds(48000, 1, 1).replace(b'\"a\"', b'\"a\\\\u001b[31m\"'), bytes(4))", "a name that is none"),
    "a greeting": ("frame(b'{\"type\": \"hello\"}')", "a message of kind 'hello'"),
    "no fields": ("frame(b'{\"type\": \"answer\"}')", "without fields"),
    "backward": ("frame(b'{\"type\": \"progress\", \"done\": 5, \"total\": -1}')", "a progress that is none"),
    "raises": ("raise RuntimeError('no\\nsuch \\x1b[31mvoice')", "failed: RuntimeError: no such \N{REPLACEMENT CHARACTER}\\[31mvoice$"),
    "refuses": ("raise ValueError('give a style')", "failed: give a style$"),
    "leaves": ("sys.exit('no device')", "failed: SystemExit: no device$"),
    "no answer": ("return None", "failed: TypeError"),
    "what JSON can't hold": ("return {'a': {1}}, {}", "failed: TypeError"),
    "no sound": ("return {}, {'a': (48000, b'12')}", "failed: sound 'a' is float32"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "words"), FAULTS.values(), ids=FAULTS)
def test_whatever_goes_wrong_is_one_line(body: str, words: str, bare: Path, tmp_path: Path) -> None:
    path = script(tmp_path, f"{dedent(WRITES)}        {body}\n")
    with (
        Worker(bare, path, answer_seconds=1, name="magenta-rt", remedy="install it", most_sound_bytes=1 << 24) as worker,
        pytest.raises(BackendError, match=words) as caught,
    ):
        worker.ask({})
    assert str(caught.value).startswith("magenta-rt ")
    assert str(caught.value).isprintable()


def test_running_out_of_memory_is_told_from_other_faults(bare: Path, tmp_path: Path) -> None:
    body = """
        def answer(request, audio, tell):
            if request["how"] == "raised":
                raise MemoryError
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 12 bytes")
    """
    with Worker(bare, script(tmp_path, body)) as worker:
        for how in ("raised", "told"):
            with pytest.raises(WorkerMemoryError, match="use a smaller model or a shorter piece"):
                worker.ask({"how": how})


def test_a_script_that_does_not_load_or_start_says_so(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingPackageError, match="No module named 'no_such_package'"):
        Worker(bare, script(tmp_path, "import no_such_package")).probe()
    with (
        Worker(bare, script(tmp_path, "import time; time.sleep(30)"), start_seconds=0.5) as worker,
        pytest.raises(BackendError, match=r"took longer than 0\.5 s"),
    ):
        worker.probe()


def test_silence_ends_it_before_the_answer_is_due(bare: Path, tmp_path: Path) -> None:
    body = """
        import time
        def answer(request, audio, tell):
            for step in range(6):
                tell(step, 6)
                time.sleep(.2)
            time.sleep(60)
    """
    begin = time.monotonic()
    with (
        Worker(bare, script(tmp_path, body), answer_seconds=60, silence_seconds=1) as worker,
        pytest.raises(BackendError, match="said nothing for 1 s and was ended"),
    ):
        worker.ask({})
    assert time.monotonic() - begin < 10


def test_a_program_that_does_not_read_holds_nobody_up(bare: Path, tmp_path: Path) -> None:
    body = """
        import os, time
        os.read(0, 0)
        time.sleep(60)
    """
    sound = Audio(np.zeros((2, 4_000_000), np.float32), 48_000)
    begin = time.monotonic()
    with Worker(bare, script(tmp_path, body), start_seconds=20, answer_seconds=0.5) as worker, pytest.raises(BackendError):
        worker.ask({}, {"a": sound})
    assert time.monotonic() - begin < 10


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("work", ["time.sleep(60)", "[i for i in iter(int, 1)]", "tell(0, 1); os.system('sleep 61')"])
def test_who_stops_the_work_ends_the_program_at_once(work: str, bare: Path, tmp_path: Path) -> None:
    body = f"""
        import os, time
        def answer(request, audio, tell):
            open({str(tmp_path / "number")!r}, "w").write(str(os.getpid()))
            {work}
    """
    token, stopped = CancelToken(), 0.0

    def stop() -> None:
        nonlocal stopped
        while not (tmp_path / "number").exists() or not (tmp_path / "number").read_text():
            time.sleep(0.01)
        time.sleep(0.1)
        stopped = time.monotonic()
        token.cancel()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with Worker(bare, script(tmp_path, body)) as worker, pytest.raises(Cancelled), cancelled_by(token):
        worker.ask({})
    ended = time.monotonic()
    stopper.join()
    assert ended - stopped < 0.3
    group = (tmp_path / "number").read_text()
    states = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    assert [state for state, _, of, *_ in states if of == group and state != "Z"] == []


def test_it_ends_when_nobody_can_ask_any_more(bare: Path, tmp_path: Path) -> None:
    """Whatever it is doing then: the one who asked was perhaps killed."""
    from img2music.renderers.external import worker_protocol

    path = script(tmp_path, "import time\ndef answer(request, audio, tell): time.sleep(60)")
    process = subprocess.Popen(
        [bare, "-I", worker_protocol.__file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    frame = worker_protocol.read_frame(process.stdout)
    assert frame is not None
    assert frame[0]["protocol"] == worker_protocol.PROTOCOL
    worker_protocol.write_frame(process.stdin, {"type": "ask", "request": {}})
    process.stdin.close()
    assert process.wait(5) == 0
    process.stdout.close()


def test_it_can_be_asked_again_after_it_was_ended(bare: Path, tmp_path: Path) -> None:
    body = """
        import os
        def answer(request, audio, tell):
            if request["die"]:
                os._exit(1)
            return {"alive": True}, {}
    """
    with Worker(bare, script(tmp_path, body)) as worker:
        with pytest.raises(BackendError):
            worker.ask({"die": True})
        assert worker.ask({"die": False}).fields == {"alive": True}
