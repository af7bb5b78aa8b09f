"""The verb `instruments`: what can play, under which names, and where it sounds."""

from __future__ import annotations

import typer

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_text

__all__ = ["instruments_group"]


def instruments_group() -> typer.Typer:
    """The group with its one verb."""
    group = typer.Typer(help="List the instruments that you can ask for.", rich_markup_mode=None)

    @group.callback()
    def _root() -> None:
        """Keeps `ls` a verb of its own, as in the other groups."""

    @group.command("ls", help="List every instrument: its family, range, General MIDI program (from 1) and other names.")
    def ls(as_json: opt.JsonOption = False) -> int:
        from img2music.theory import instrument, instrument_names, other_names

        names = instrument_names()
        width = max(map(len, names))
        for name in names:
            one = instrument(name)
            low, high = (None, None) if one.kit else (_note(one.low), _note(one.high))
            if as_json:
                print_json(
                    {
                        "name": name,
                        "family": one.family,
                        "lowest": low,
                        "highest": high,
                        "program": one.program + 1,
                        "kit": one.kit,
                        "other_names": list(other_names(name)),
                    }
                )
                continue
            span = "drum kit" if one.kit else f"{low}-{high}"
            also = f"  also: {', '.join(other_names(name))}" if other_names(name) else ""
            print_text(f"{name:<{width}}  {one.family:<10}  {span:<8}  {one.program + 1:>3}{also}")
        return 0

    return group


def _note(pitch: int) -> str:
    """A pitch as musicians write it: C4 is middle C, MIDI 60."""
    return f"{('C', 'C#', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B')[pitch % 12]}{pitch // 12 - 1}"
