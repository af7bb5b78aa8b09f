"""The verbs about data that comes with the program: `styles` and `pipelines`, each with ls, show and cp."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.screen import say, say_object
from img2music.errors import OutputError, unknown_name
from img2music.output_folder import write_file
from img2music.resources import data

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["shelf"]


def shelf(folder: str, one: str, summary: Callable[[str], str]) -> typer.Typer:
    """The verbs of one data folder.

    Args:
        folder: its name, which is the group's too: "styles".
        one: what one file of it is: "style".
        summary: one line about the file of that name.
    """
    group = typer.Typer(help=f"The {folder} that come with the program: list, read, copy.", rich_markup_mode=None)

    def names() -> list[str]:
        return sorted(file.name.removesuffix(".yaml") for file in data(folder).iterdir() if file.name.endswith(".yaml"))

    def content(name: str) -> bytes:
        if name not in names():
            raise unknown_name(one, name, names())
        return data(folder).joinpath(f"{name}.yaml").read_bytes()

    @group.command("ls", help=f"List every {one} with a line about it.")
    def ls(as_json: opt.JsonOption = False) -> int:
        known = names()
        width = max(map(len, known), default=0)
        for name in known:
            if as_json:
                say_object({"name": name, "summary": summary(name)})
            else:
                say(f"{name:<{width}}  {summary(name)}")
        return 0

    @group.command("show", help=f"Print a {one} as it is written.")
    def show(name: Annotated[str, typer.Argument(metavar="NAME")]) -> int:
        say(content(name).decode().removesuffix("\n"))
        return 0

    @group.command("cp", help=f"Copy a {one} to a file of one's own, to be edited and given by its path.")
    def cp(
        name: Annotated[str, typer.Argument(metavar="NAME")],
        to: Annotated[str | None, typer.Argument(metavar="FILE", help="NAME.yaml here if left out.")] = None,
        force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    ) -> int:
        text = content(name)
        target = Path(to or f"{name}.yaml")
        if target.is_dir():
            target /= f"{name}.yaml"
        if target.exists() and not force:
            raise OutputError(f"{target} is there already; name another file, or replace it with --force")
        write_file(target, text)
        say(str(target))
        return 0

    return group
