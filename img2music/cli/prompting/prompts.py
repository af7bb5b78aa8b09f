"""The verbs `prompts ls`, `prompts show` and `prompts cp`; `prompts try` is in `prompts_try`, `prompts sounds` in `sounds_try`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from img2music.cli.prompting.prompts_try import MultiValueCommand, try_prompts
from img2music.cli.prompting.sounds_try import try_sounds
from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.completion import complete_prompt
from img2music.cli.shared.console import print_json, print_text
from img2music.cli.shared.copy_out import copy_out
from img2music.errors import unknown_name

__all__ = ["prompts_group"]


def prompts_group() -> typer.Typer:
    """The group `prompts`."""
    group = typer.Typer(help="List, show, copy and compare the prompts that models are asked with.", rich_markup_mode=None)
    group.command("ls", help="List every prompt, with a line about it.")(_ls)
    group.command("show", help="Print the file of a prompt.")(_show)
    group.command("cp", help="Copy a prompt to a file that you can edit. Then use it with --prompt FILE.")(_cp)
    group.command("sounds", cls=MultiValueCommand, short_help="Compare sounds of the same pieces")(try_sounds)
    group.command("try", cls=MultiValueCommand, short_help="Compare prompts on pictures")(try_prompts)
    return group


def _ls(
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="FOLDER", help="A folder with prompts of your own. If left out: the prompts that come with the program."
        ),
    ] = None,
    as_json: opt.JsonOption = False,
) -> int:
    from img2music.templates import load_prompt, prompt_files, prompt_names

    names = prompt_names() if folder is None else prompt_files(folder)
    width = max(map(len, names), default=0)
    for name in names:
        template = load_prompt(name)
        if as_json:
            print_json({"name": name, "version": template.version, "purpose": template.purpose, "summary": template.summary})
        else:
            print_text(f"{name:<{width}}  {template.summary}")
    return 0


def _content(name: str) -> bytes:
    from img2music.io.documents import read_file
    from img2music.resources import data_folder
    from img2music.templates import load_prompt, prompt_names

    if name.lower().endswith(".md"):
        load_prompt(name)  # a broken one is told, not shown
        return read_file(name)
    if name not in prompt_names():
        raise unknown_name("prompt", name, prompt_names())
    return data_folder("prompts").joinpath(f"{name}.md").read_bytes()


def _show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Such as see/cited, or a file of your own.", autocompletion=complete_prompt)
    ],
) -> int:
    print_text(_content(name).decode().removesuffix("\n"))
    return 0


def _cp(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as see/cited.", autocompletion=complete_prompt)],
    to: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A file or a folder. If left out: cited.md in this folder for see/cited."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> int:
    file = Path(name).name if name.lower().endswith(".md") else f"{name.rpartition('/')[2]}.md"
    print_text(str(copy_out(_content(name), file, to, force=force)))
    return 0
