"""Tokens, checkpoints and what waits. No test asserts a time: what waits would wait for minutes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextvars import copy_context
from pathlib import Path

import pytest

from img2music.cancellation import (
    Alarm,
    Cancelled,
    CancelToken,
    CheckedBytes,
    cancelled_by,
    checkpoint,
    is_cancelled,
    share_of_step,
    sleep,
    stoppable_call,
    told_progress,
    when_cancelled,
)
from img2music.child_process import run_program

MINUTES = 600.0
on_posix = pytest.mark.skipif(os.name != "posix", reason="a signal can't be sent to a thread there")


def interrupt_this_thread() -> None:
    """Ctrl-C, from another thread."""
    threading.Thread(target=signal.pthread_kill, args=(threading.get_ident(), signal.SIGINT)).start()


def test_nobody_listens_and_nobody_stops() -> None:
    checkpoint()
    checkpoint(1, 2, "half")
    assert not is_cancelled()


def test_a_token_stops_the_block_it_was_given_and_no_other() -> None:
    token = CancelToken()
    with pytest.raises(Cancelled), cancelled_by(token):  # noqa: PT012  the block is what is stopped
        checkpoint()
        token.cancel()
        assert is_cancelled()
        checkpoint()
    checkpoint()
    assert token.cancelled


def test_a_token_that_is_cancelled_before_stops_the_block_at_its_door() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled), cancelled_by(token):
        raise AssertionError("the block was entered")


@pytest.mark.parametrize("which", [0, 1])
def test_of_nested_tokens_each_one_stops(which: int) -> None:
    tokens = CancelToken(), CancelToken()
    with pytest.raises(Cancelled), cancelled_by(tokens[0]), cancelled_by(None), cancelled_by(tokens[1]):  # noqa: PT012  the block is what is stopped
        tokens[which].cancel()
        checkpoint()


def test_what_catches_every_exception_does_not_catch_it() -> None:
    assert not issubclass(Cancelled, Exception)


def test_progress_is_counted_within_its_share() -> None:
    told: list[tuple[float, str]] = []
    with told_progress(lambda fraction, message: told.append((fraction, message))):
        checkpoint(0, 4)
        with share_of_step(0.5, 1):
            checkpoint(1, 2, "inside")
            with share_of_step(0.5, 1):
                checkpoint(2, 2)
        checkpoint()  # how far is not known
        checkpoint(9, 4)
    checkpoint(1, 2)
    assert told == [(0, ""), (0.75, "inside"), (1, ""), (1, "")]


def test_a_thread_in_a_copy_of_the_context_is_stopped_too() -> None:
    token, ended = CancelToken(), []

    def work() -> None:
        try:
            sleep(MINUTES)
        except Cancelled:
            ended.append("stopped")

    with cancelled_by(token):
        thread = threading.Thread(target=copy_context().run, args=(work,))
        thread.start()
    token.cancel()
    thread.join()
    assert ended == ["stopped"]


def test_whoever_waits_is_woken_also_when_it_was_cancelled_before() -> None:
    token, called = CancelToken(), []
    with cancelled_by(token):
        with when_cancelled(lambda: called.append("then")):
            token.cancel()
            token.cancel()
        with when_cancelled(lambda: called.append("before")):
            pass
        token.cancel()
    assert called == ["then", "then", "before"]


def test_an_alarm_is_rung_before_it_is_waited_for() -> None:
    alarm = Alarm()
    alarm.ring()
    alarm.ring()
    alarm.wait(MINUTES)
    alarm.wait(0.0)


@on_posix
def test_a_handler_of_signals_may_cancel_while_its_own_thread_waits() -> None:
    token = CancelToken()
    before = signal.signal(signal.SIGINT, lambda *_: token.cancel())
    try:
        with pytest.raises(Cancelled), cancelled_by(token):  # noqa: PT012  the block is what is stopped
            interrupt_this_thread()
            sleep(MINUTES)
    finally:
        signal.signal(signal.SIGINT, before)


@on_posix
def test_a_handler_of_signals_ends_a_call_that_nothing_wakes() -> None:
    token = CancelToken()
    before = signal.signal(signal.SIGINT, lambda *_: token.cancel())
    reader, writer = os.pipe()
    try:
        with pytest.raises(Cancelled), cancelled_by(token), stoppable_call():  # noqa: PT012  the block is what is stopped
            interrupt_this_thread()
            os.read(reader, 1)
    finally:
        signal.signal(signal.SIGINT, before)
        os.close(reader)
        os.close(writer)


def test_whoever_cancels_from_another_thread_is_not_stopped_itself() -> None:
    token, after = CancelToken(), []

    def cancel() -> None:
        token.cancel()
        after.append("went on")

    with pytest.raises(Cancelled), cancelled_by(token):  # noqa: PT012  the block is what is stopped
        with stoppable_call():
            other = threading.Thread(target=cancel)
            other.start()
            other.join()
        checkpoint()
    assert after == ["went on"]


def test_each_read_of_checked_bytes_is_a_checkpoint() -> None:
    token, file = CancelToken(), CheckedBytes(b"abcd")
    with cancelled_by(token):
        assert (file.read(1), file.read(1)) == (b"a", b"b")
        token.cancel()
        with pytest.raises(Cancelled):
            file.read(1)


def test_a_program_ends_with_the_work(tmp_path: Path) -> None:
    token, begun = CancelToken(), tmp_path / "begun"
    code = f"import os, pathlib, time; pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); time.sleep({MINUTES})"

    def cancel() -> None:
        while not begun.exists():
            sleep(0.01)
        token.cancel()

    other = threading.Thread(target=cancel)
    other.start()
    with pytest.raises(Cancelled), cancelled_by(token):
        run_program([sys.executable, "-c", code])
    other.join()
    if os.name == "posix":
        with pytest.raises(ProcessLookupError):
            os.kill(int(begun.read_text()), 0)


def test_a_program_that_ends_by_itself() -> None:
    done = run_program([sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read()); sys.exit(3)"], given=b"told")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"told", b"")
