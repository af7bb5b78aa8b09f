"""Ctrl-C: one line, exit code 130, and nothing half-written, wherever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cancellation import Cancelled, checkpoint
from img2music.cli.shared.console import progress_line, stopped_by_ctrl_c
from img2music.io.engraving import verovio_pages
from img2music.performers.expressive import ExpressivePerformer
from img2music.pipeline import Event, Pipeline
from tests.support.commands import QUICK_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

QUIET = (130, "", "img2music: interrupted\n")


def press_ctrl_c_in(patch: pytest.MonkeyPatch, owner: Any, name: str, *, at_call: int = 1) -> None:
    """Ctrl-C in call number `at_call` of `owner.name`, which then goes on."""
    original, calls = getattr(owner, name), 0

    def pressed(*given: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at_call:
            signal.raise_signal(signal.SIGINT)
        return original(*given, **options)

    patch.setattr(owner, name, pressed)


@pytest.mark.parametrize(
    ("owner", "name"), [(ExpressivePerformer, "__call__"), (verovio_pages, "draw_pages")], ids=["in a stage", "in the export"]
)
def test_of_several_pictures_the_finished_stay_and_the_next_are_not_begun(
    run: Run, make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    pictures = [make_picture(f"{letter}.png") for letter in "abc"]
    press_ctrl_c_in(monkeypatch, owner, name, at_call=2)
    code, out, err = run("compose", *pictures, "-o", tmp_path / "out", *QUICK_OPTIONS, "--takes", 2)
    assert (code, err) == (QUIET[0], QUIET[2])
    assert "a.png" in out
    assert "b.png" not in out
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]
    assert (tmp_path / "out" / "a" / "piece.json").is_file()


def test_the_first_piece_leaves_no_folder(
    run: Run, make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_ctrl_c_in(monkeypatch, verovio_pages, "draw_pages")
    assert run("compose", make_picture(), "-o", tmp_path / "out", *QUICK_OPTIONS) == QUIET
    assert [path.name for path in tmp_path.iterdir()] == ["hills.png"]


@pytest.mark.parametrize("verb", ["see", "plan", "realize", "render", "replay"])
def test_every_verb_that_works_can_be_stopped(
    run: Run, make_picture: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    piece = tmp_path / "piece"
    Pipeline.load().compose(make_picture(), seconds=5, audio=None).save(piece)
    source = {"see": tmp_path / "hills.png", "plan": tmp_path / "hills.png", "replay": piece / "piece.json"}
    method = {"see": "see", "plan": "plan", "replay": "compose_from", "realize": "compose_from", "render": "perform"}[verb]
    press_ctrl_c_in(monkeypatch, Pipeline, method)
    assert run(verb, source.get(verb, piece / "plan.json"), "-o", tmp_path / "out") == QUIET
    assert not (tmp_path / "out").exists()


def test_a_second_ctrl_c_ends_what_does_not_stop() -> None:
    with pytest.raises(KeyboardInterrupt), stopped_by_ctrl_c():  # noqa: PT012  the block is what is stopped
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_after_the_last_checkpoint_counts_too() -> None:
    with pytest.raises(Cancelled), stopped_by_ctrl_c():
        signal.raise_signal(signal.SIGINT)


def test_a_handler_of_somebody_else_stays() -> None:
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        with stopped_by_ctrl_c():
            signal.raise_signal(signal.SIGINT)
            checkpoint()
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed == [signal.SIGINT]


def test_outside_the_main_thread_no_handler_is_set() -> None:
    done: list[str] = []

    def work() -> None:
        with stopped_by_ctrl_c():
            checkpoint()
        done.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["done"]


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent in another way there")
def test_a_program_that_waits_for_standard_input_is_stopped_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, threading, os, signal; from img2music.cli import main; from img2music.io.decoding import picture_sources as p\n"
        "was = p._standard_input\n"
        "def read():\n"
        "    threading.Thread(target=lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "    return was()\n"
        "p._standard_input = read\n"
        f"sys.exit(main(['see', '-', '-o', {str(tmp_path / 'out')!r}]))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        program.wait()
        err = program.stderr.read() if program.stderr else ""
    assert (program.returncode, err) == (QUIET[0], QUIET[2])


def test_the_line_on_a_terminal_says_how_far_it_is() -> None:
    begun = Event("renderer", "started", 0.0, "making it sound", 0.0)
    assert progress_line("hills.png", begun) == "hills.png: making it sound"
    assert (
        progress_line("hills.png", Event("renderer", "progress", 0.0, "making it sound", 0.4)) == "hills.png: making it sound 40%"
    )


def test_while_the_program_is_still_loading() -> None:
    code = """
import sys
class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == "img2music.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Pressed())
from img2music.__main__ import run
sys.exit(run())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == QUIET
