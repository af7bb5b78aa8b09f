"""The command line: the only room that prints or exits.

Exit codes: 0 done; 1 a fault of img2music; 2 wrong use; 3 bad input; 4 a back end failed and no fallback was allowed; 130
interrupted; 143 terminated. Whatever goes wrong is one line on standard error. Start-up is kept cheap: a verb imports what it needs when it
runs.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from img2music.cancellation import Cancelled
from img2music.cli.compose import compose
from img2music.cli.doctor import doctor
from img2music.cli.hear import hear
from img2music.cli.instruments import instruments_group
from img2music.cli.models import models_group
from img2music.cli.pipelines import pipelines_group
from img2music.cli.plan import plan
from img2music.cli.prompting.prompts import prompts_group
from img2music.cli.realize import realize
from img2music.cli.render import render
from img2music.cli.replay import replay
from img2music.cli.see import see
from img2music.cli.serving.demo import demo
from img2music.cli.serving.mcp import mcp
from img2music.cli.shared.console import exit_code_of, forget_notices, print_error, print_notice, print_text
from img2music.cli.styles import styles_group
from img2music.cli.words import words_group

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "main"]

_USAGE, _INTERRUPTED, _TERMINATED, _NOBODY_READS = 2, 130, 143, 1

app = typer.Typer(
    name="img2music",
    help="A picture becomes a finished piece of music that can be heard, read, edited and explained.",
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _first_sentence(text: str | None) -> str:
    return (text or "").partition("\n")[0].partition(". ")[0].removesuffix(".")


for _verb in (compose, see, plan, realize, render, hear, replay, demo, mcp):
    app.command(short_help=_first_sentence(_verb.__doc__))(_verb)
for _name, _group in (
    ("styles", styles_group()),
    ("instruments", instruments_group()),
    ("words", words_group()),
    ("pipelines", pipelines_group()),
    ("prompts", prompts_group()),
    ("models", models_group()),
):
    app.add_typer(_group, name=_name, short_help=_first_sentence(_group.info.help))
app.command(short_help=_first_sentence(doctor.__doc__))(doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        from img2music import __version__

        print_text(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Holds the options before the verb; its help is the app's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command (`sys.argv` if no `arguments` are given) and returns its exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before we began: what is said is lost, as was wanted
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  open as long as the program runs
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a terminal that can't show a letter shows its number instead
            reconfigure(errors="backslashreplace")
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)
    forget_notices()
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments) or ["--help"])
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads any more; the interpreter must not complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    if code == _INTERRUPTED:
        _leave_models_behind(code)
    return code


def _terminated(*_: object) -> NoReturn:
    """What waits to be written is removed on the way out, as after Ctrl-C."""
    raise SystemExit(_TERMINATED)


def _leave_models_behind(code: int) -> None:
    """Ends the process where a model in it still writes: it can't be stopped, and the interpreter must not be taken down under it."""
    from img2music.provenance import MODEL_THREAD

    if any(thread.name == MODEL_THREAD for thread in threading.enumerate()):
        sys.stderr.flush()
        os._exit(code)


def _run(arguments: list[str]) -> int:
    try:
        result = typer.main.get_command(app).main(args=arguments, prog_name="img2music", standalone_mode=False)
    except (KeyboardInterrupt, Cancelled, typer.Abort):
        print_notice("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        raise
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else _USAGE
    except Exception as error:
        message = getattr(error, "format_message", None)  # what typer raises for wrong use, whichever its release
        if message is None:
            print_error(error)
            return exit_code_of(error)
        verb = getattr(getattr(error, "ctx", None), "command_path", "img2music")
        print_notice(f"{' '.join(message().split()).rstrip('.')}; see `{verb} --help`")
        return _USAGE
    if result == _INTERRUPTED:  # newer releases of typer make this of an interruption
        print_notice("interrupted")
    return result if isinstance(result, int) else 0
