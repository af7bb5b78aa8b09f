"""A record's fields are a verb's options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from img2music.cli.shared.option_records import option, with_options


@dataclass(frozen=True)
class Wishes:
    tempo: Annotated[float, option("--tempo", "BPM", "How fast.")] = 90.0
    names: Annotated[list[str] | None, option("--name -n", "NAME", "Who plays.")] = None


@dataclass(frozen=True)
class Slow(Wishes):
    tempo: Annotated[float, option("--tempo", "BPM", "How fast.")] = 40.0


@with_options
def fast(title: str, *, wishes: Wishes, loud: Annotated[bool, option("--loud", None, "Shout.")] = False) -> int:
    """Play it."""
    typer.echo(f"{title} {wishes} {loud}")
    return 0


@with_options
def slow(*, wishes: Slow) -> int:
    typer.echo(repr(wishes))
    return 0


APP = typer.Typer(rich_markup_mode=None)
APP.command()(fast)
APP.command()(slow)


def printed(*words: str) -> str:
    return CliRunner().invoke(APP, words, catch_exceptions=False).output.strip()


def test_the_verb_gets_the_record() -> None:
    assert (
        printed("fast", "T", "--tempo", "120", "-n", "a", "--name", "b", "--loud")
        == "T Wishes(tempo=120.0, names=['a', 'b']) True"
    )
    assert printed("fast", "T") == "T Wishes(tempo=90.0, names=None) False"
    assert printed("slow") == "Slow(tempo=40.0, names=None)"


def test_its_fields_stand_in_the_help_where_the_record_stands() -> None:
    lines = [line.split("  ")[1].strip() for line in printed("fast", "--help").splitlines() if line.startswith("  -")]
    assert lines == ["--tempo BPM", "-n, --name NAME", "--loud", "--help"]
    assert "Play it." in printed("fast", "--help")


def test_one_name_for_two_options_is_refused() -> None:
    def twice(*, wishes: Wishes, tempo: int = 1) -> int:
        return tempo

    with pytest.raises(ValueError, match="tempo"):
        with_options(twice)
