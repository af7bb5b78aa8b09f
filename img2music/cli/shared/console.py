"""Everything that reaches the terminal goes through here: results on standard output, the rest on standard error.

Names of files and titles come from outside, so nothing unprintable (colour codes, line breaks) is passed on. Objects for
programs are one line of ASCII JSON each. Progress is shown only on a terminal; fallbacks and licences always.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from img2music.cancellation import CancelToken, cancelled_by
from img2music.errors import Img2MusicError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import BaseModel

    from img2music.pipeline import Event

__all__ = [
    "EXIT_BUG",
    "clean",
    "error_line",
    "exit_code_of",
    "forget_notices",
    "is_news",
    "print_document",
    "print_error",
    "print_json",
    "print_notice",
    "print_text",
    "progress",
    "progress_line",
    "stopped_by_ctrl_c",
]

EXIT_BUG = 1


def clean(text: str) -> str:
    """One printable line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text.strip())


_CANT_PRINT = {errno.ENOSPC, errno.EIO, errno.EBADF}


def print_text(text: str = "") -> None:
    """Lines of a result for people."""
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip(" "))]
        typer.echo(indent + clean(line))


def print_json(value: dict[str, Any]) -> None:
    """A result for programs: one object, one line, at once."""
    typer.echo(json.dumps(value, allow_nan=False))


def print_document(model: BaseModel) -> None:
    """A document for programs, with every number as its file has it."""
    document: dict[str, object] = json.loads(model.model_dump_json())
    print_json(document)


def print_notice(text: str) -> None:
    """A line beside the result."""
    typer.echo(f"img2music: {clean(text)}", err=True)


def print_error(error: BaseException, about: str = "") -> None:
    """One line about what went wrong (and with which input); with IMG2MUSIC_DEBUG=1 also where."""
    message = error_line(error)
    print_notice(message if about in message else f"{about}: {message}")
    if os.environ.get("IMG2MUSIC_DEBUG") == "1":
        traceback.print_exception(error)


def error_line(error: BaseException) -> str:
    """What went wrong, in one line that ends with what to do."""
    if isinstance(error, Img2MusicError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _CANT_PRINT:  # files are guarded where they are written
        return f"can't print the result ({error.strerror}); send it somewhere else"
    what = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}" if str(error) else type(error).__name__
    return f"unexpected {what}; this is a fault of img2music: run it again with IMG2MUSIC_DEBUG=1 and report what it prints"


def exit_code_of(error: BaseException) -> int:
    """What to leave with."""
    if isinstance(error, OSError) and error.errno in _CANT_PRINT:
        return OutputError.exit_code
    return error.exit_code if isinstance(error, Img2MusicError) else EXIT_BUG


@contextmanager
def progress(title: str) -> Iterator[Callable[[Event], None]]:
    """Shows what is being done to `title` while the block runs, and how far it is; takes the pipeline's events. Ctrl-C stops the block."""
    if not sys.stderr.isatty():
        with stopped_by_ctrl_c():
            yield _tell_fallbacks
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    with console.status(Text(clean(title)), refresh_per_second=4) as status, stopped_by_ctrl_c():

        def show(event: Event) -> None:
            if event.state == "fallback" or (event.state == "notice" and is_news(event.message)):
                console.print(Text(f"img2music: {clean(event.message)}"))
            elif event.state not in {"finished", "notice"}:
                status.update(Text(progress_line(title, event)))

        yield show


def progress_line(title: str, event: Event) -> str:
    """What is being done to `title`, and how much of it is done where that is known: "hills.jpg: making it sound 40%"."""
    done = f" {event.fraction:.0%}" if event.fraction else ""
    return clean(f"{title}: {event.message}{done}")


@contextmanager
def stopped_by_ctrl_c() -> Iterator[None]:
    """The first Ctrl-C stops what is done in the block where it can be stopped cleanly; a second one interrupts it wherever it is.

    Raises:
        Cancelled: the first one came.
    """
    token = CancelToken()

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        token.cancel()

    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and before is signal.default_int_handler
    if ours:  # else somebody else's handler decides
        signal.signal(signal.SIGINT, stop)
    try:
        with cancelled_by(token):
            yield
        token.raise_if_cancelled()
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)


def _tell_fallbacks(event: Event) -> None:
    if event.state == "fallback" or (event.state == "notice" and is_news(event.message)):
        print_notice(event.message)


_told: set[str] = set()
"""Notices of the command that runs: a licence is told once, however many pictures there are."""


def is_news(message: str) -> bool:
    """Whether this command has not told `message` yet."""
    news = message not in _told
    _told.add(message)
    return news


def forget_notices() -> None:
    """Where a command begins."""
    _told.clear()
