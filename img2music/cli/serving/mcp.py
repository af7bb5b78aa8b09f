"""The verb `mcp`: the server for assistants over standard input and output."""

from __future__ import annotations

import sys
from typing import Annotated

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_notice
from img2music.cli.shared.many_inputs import check_writable
from img2music.cli.shared.option_records import option, with_options
from img2music.registry.extras import require_extra

__all__ = ["mcp"]


@with_options
def mcp(
    *,
    out: Annotated[str, option("--output --out -o", "FOLDER", "Where pieces are written: below this folder, and nowhere else.")],
    choice: opt.PipelineChoice,
) -> int:
    """Serve an assistant on this machine (Model Context Protocol): it sees pictures, plans, composes and changes pieces for you.

    An assistant starts this itself: give it the command `img2music mcp --output FOLDER`. It speaks over standard input and output, ends
    when the assistant closes them, and writes what there is to tell to standard error.
    """
    folder, stages = check_writable(out), choice.load()
    require_extra("mcp")
    from img2music.app.assistant_server import serve_assistant

    if sys.stdin.isatty():
        print_notice("this is for an assistant, which speaks JSON here; Ctrl-C ends it")
    serve_assistant(stages, folder.absolute())
    return 0
