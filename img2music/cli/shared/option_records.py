"""Options as records: a verb names a record, and the command line shows the record's fields.

    @dataclass(frozen=True, slots=True)
    class Wishes:
        tempo: Annotated[float | None, option("--tempo", "BPM", "Quarter notes a minute.")] = None

    @with_options
    def plan(pictures: list[str], *, wishes: Wishes) -> int: ...

`plan` then takes `--tempo`, as if it stood among its parameters. So an option that several verbs have is written once, with what it means.
A verb's options stand in its help in the order of its parameters, those of a record in the order of its fields.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["check_tempo_words", "option", "with_options"]


def option(flags: str, metavar: str | None, text: str, **more: Any) -> Any:
    """An option for an annotation: its flags ("--out -o"), what its value is called, and its line of help; `more` goes to `typer.Option`."""
    return typer.Option(*flags.split(), metavar=metavar, help=text, **more)


def with_options(verb: Callable[..., int]) -> Callable[..., int]:
    """The verb as typer reads it: every parameter whose type is a dataclass is replaced by the fields of that dataclass.

    Raises:
        ValueError: two parameters or fields have the same name.
    """
    hints = get_type_hints(verb, include_extras=True)
    shown: list[Parameter] = []
    members: dict[str, list[str]] = {}
    for name, parameter in signature(verb).parameters.items():
        if is_dataclass(hints[name]):
            own = _parameters(hints[name])
            members[name] = [field.name for field in own]
            shown += own
        else:
            shown.append(parameter.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY))

    def call(**values: Any) -> int:
        records = {name: hints[name](**{field: values.pop(field) for field in own}) for name, own in members.items()}
        return verb(**values, **records)

    call.__name__, call.__doc__, call.__module__ = verb.__name__, verb.__doc__, verb.__module__
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    call.__signature__ = Signature(shown)  # type: ignore[attr-defined]  # `inspect.signature` looks for it
    return call


def _parameters(record: Any) -> list[Parameter]:
    """The fields of a dataclass as parameters of a function."""
    hints = get_type_hints(record, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(record)
    ]


def check_tempo_words(text: str | None) -> str | None:
    """`text`, if it is a number or two with a hyphen (else typer.BadParameter); whether they can be played is the brief's to say."""
    from img2music.brief import read_tempi

    if text is not None and read_tempi(text) is None:
        try:
            float(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is no tempo; write such as 90, or 72-96 for one that gets faster") from None
    return text
