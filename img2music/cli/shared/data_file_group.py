"""The verbs about data that comes with the program: `styles` and `pipelines`, each with ls, show and cp."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_text
from img2music.cli.shared.copy_out import copy_out
from img2music.errors import unknown_name
from img2music.resources import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import JsonValue

__all__ = ["FileAbout", "data_file_group"]


@dataclass(frozen=True, slots=True)
class FileAbout:
    """What is said about one data file."""

    summary: str
    """One line."""
    lines: tuple[str, ...] = ()
    """Further lines of the list."""
    record: Mapping[str, JsonValue] = field(default_factory=dict)
    """What programs are told beside name and summary."""
    comments: tuple[str, ...] = ()
    """What is shown below the file, as comments of YAML; not in copies."""


def data_file_group(folder: str, one: str, about: Callable[[str], FileAbout]) -> typer.Typer:
    """The verbs of one data folder.

    Args:
        folder: its name, which is the group's too: "styles".
        one: what one file of it is: "style".
        about: what to say about the file of that name.
    """
    group = typer.Typer(help=f"List, show and copy the {folder} that come with the program.", rich_markup_mode=None)

    def names() -> list[str]:
        return sorted(file.name.removesuffix(".yaml") for file in data_folder(folder).iterdir() if file.name.endswith(".yaml"))

    def completed(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    # As a default, not in the annotation: typer reads annotations outside of this function, where `completed` is not known.
    asked = typer.Argument(..., metavar="NAME", show_default=False, autocompletion=completed)

    def content(name: str) -> bytes:
        if name not in names():
            raise unknown_name(one, name, names())
        return data_folder(folder).joinpath(f"{name}.yaml").read_bytes()

    @group.command("ls", help=f"List every {one}, with a line about it.")
    def ls(as_json: opt.JsonOption = False) -> int:
        known = names()
        width = max(map(len, known), default=0)
        for name in known:
            said = about(name)
            if as_json:
                print_json({"name": name, "summary": said.summary, **said.record})
            else:
                print_text(f"{name:<{width}}  {said.summary}")
                for line in said.lines:
                    print_text(f"{'':<{width}}  {line}")
        return 0

    @group.command("show", help=f"Print the file of a {one}.")
    def show(name: str = asked) -> int:
        print_text(content(name).decode().removesuffix("\n"))
        for line in about(name).comments:
            print_text(f"# {line}")
        return 0

    @group.command("cp", help=f"Copy a {one} to a file that you can edit. Then use it with --{one} FILE.")
    def cp(
        name: str = asked,
        to: Annotated[
            str | None, typer.Argument(metavar="FILE", help="A file or a folder. If left out: NAME.yaml in this folder.")
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    ) -> int:
        text = content(name)
        print_text(str(copy_out(text, f"{name}.yaml", to, force=force)))
        return 0

    return group
