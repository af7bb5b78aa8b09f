"""The verbs `words ls` and `words read`: what plain words do, and how a text is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from img2music.cli.shared import options as opt  # noqa: TC001  typer reads the annotations
from img2music.cli.shared.console import print_json, print_text

if TYPE_CHECKING:
    from img2music.io.lexicon_files import Meaning
    from img2music.words import WordsReading

__all__ = ["words_group"]


def words_group() -> typer.Typer:
    """The group with its verbs."""
    group = typer.Typer(help="See which words --words understands, and how it reads a text.", rich_markup_mode=None)

    @group.command("ls", help="List every meaning: what it does, and the words for it.")
    def ls(
        language: Annotated[
            str, typer.Option("--language", "-l", help="Language: en, de, fr, es, it, pt, ru, zh, ja or ko.")
        ] = "en",
        as_json: opt.JsonOption = False,
    ) -> int:
        from img2music.errors import unknown_name
        from img2music.io.lexicon_files import languages, lexicon_language, meanings

        if language not in languages():
            raise unknown_name("language", language, languages())
        table = lexicon_language(language)
        phrases: dict[str, list[str]] = {}
        for phrase, meant in table.phrases():
            phrases.setdefault(meant, []).append(phrase)
        group_name = ""
        for name, meaning in meanings().items():
            said = phrases.get(name, [])
            if as_json:
                print_json({"name": name, "group": meaning.group, **_effects(meaning), "words": said})
                continue
            if not said:
                continue
            if meaning.group != group_name:
                group_name = meaning.group
                print_text(f"{group_name}:")
            print_text(f"  {name.replace('_', ' '):<22} {_effects_line(meaning):<44} {', '.join(said)}")
        return 0

    @group.command("read", help="Say how --words reads a text: what each word does, and what is left aside.")
    def read(
        text: Annotated[list[str], typer.Argument(help="A text as for --words.", metavar="TEXT...")],
        as_json: opt.JsonOption = False,
    ) -> int:
        from img2music.brief import Brief
        from img2music.words import read_words
        from img2music.words.explain_words import reading_as_rows

        reading = read_words(Brief.of(words=" ".join(text)).words)
        if as_json:
            print_json(
                {
                    **reading_as_rows(reading),
                    **{
                        name: getattr(reading, name)
                        for name in (
                            "seconds", "tempo_bpm", "tempo_range", "key", "mode", "meter", "style", "valence", "arousal", "instruments",
                            "only", "without", "loop", "conflicts",
                        )
                    },
                }
            )  # fmt: skip
            return 0
        _print_reading(reading)
        return 0

    return group


def _print_reading(reading: WordsReading) -> None:
    """What each word does, in a line."""
    for one in reading.read:
        value = f" {one.value}" if one.value and not one.does.name else ""
        negated, strength = "not " if one.negated else "", f", x {one.degree:.2g}" if one.degree != 1 else ""
        print_text(
            f"“{one.words}”: {negated}{one.meaning.replace('_', ' ')}{value}  {_effects_line(one.does)}{strength}".rstrip()
        )
    for left in reading.aside:
        print_text(f"“{left.words}”: left aside, {left.reason}" if left.reason else left.words)
    for conflict in reading.conflicts:
        print_text(conflict)


def _effects(meaning: Meaning) -> dict[str, Any]:
    """What a meaning does, without what it does not."""
    fields = meaning.model_dump(exclude={"group", "name"}, exclude_defaults=True)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def _effects_line(meaning: Meaning) -> str:
    """The same in a line."""
    told = []
    for name, value in _effects(meaning).items():
        if name in {"near", "general", "leave_out", "grammar"}:
            continue
        if name == "tempo_bpm":
            told.append(f"{value[0]:g}-{value[1]:g} bpm")
        elif name in {"valence", "arousal"}:
            told.append(f"{name} {value:+.2g}")
        elif name == "loop":
            told.append("a loop")
        else:
            told.append(f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join([*told, *(["the nearest style"] if meaning.near else [])])
