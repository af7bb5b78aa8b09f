"""Prompt templates: strict text files with a head that says what they are.

    ---
    name: see/cited
    version: 1
    purpose: see
    schema: scene/1
    summary: Look first, then decide; every decision cites what was looked at.
    why: Models that must name their evidence before the decision invent less.
    variables:
      cues: measured facts of the picture, one a line
    ---
    # System
    You hear pictures.
    # User
    {{ cues }}

Names in double braces are filled in once: what is filled in is never looked at again, so nothing in it can call for another
variable. There are no conditions, no loops and no code. A variable that carries words of the user, of a file or of a picture is
wrapped as data wherever it stands (`UNTRUSTED_LIMITS`); no template can switch that off.

A template of the schema "prompt/1" is no question: its text is what a model for sound is told, as it is. It has the parts "# Text" and, if
there is something to keep away from, "# Avoid" (no variables in that). There what comes from outside becomes plain words on one line, and a line
of which a variable is empty is left out, so that nothing is said of what nobody knows.
Knows nothing of models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from img2music.errors import DocumentError, UsageError, unknown_name
from img2music.io.documents import parse_yaml, read_file
from img2music.resources import data_folder
from img2music.strict_model import GET_NEWER, StrictModel
from img2music.template_variables import SCHEMAS, SPOKEN, TEMPLATE_VARIABLES, UNTRUSTED_LIMITS, plain_untrusted, wrap_untrusted

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SCHEMAS",
    "TEMPLATE_VARIABLES",
    "UNTRUSTED_LIMITS",
    "Message",
    "PromptTemplate",
    "load_prompt",
    "plain_untrusted",
    "prompt_files",
    "prompt_names",
    "wrap_untrusted",
]

Purpose = Literal["see", "plan", "abc", "words", "sound"]
_LARGEST_BYTES = 60_000
_HEAD = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*\n(.*)\Z", re.DOTALL)
_PART = re.compile(r"^# (System|User)[ \t]*$", re.MULTILINE)
_SPOKEN_PART = re.compile(r"^# (Text|Avoid)[ \t]*$", re.MULTILINE)
_SPOKEN_FAULT = "the text has a part '# Text' and then, if anything is to be avoided, a part '# Avoid' without variables"
_VARIABLE = re.compile(r"\{\{(.{0,200}?)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


class _Head(StrictModel):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?$", max_length=80)]
    version: Annotated[int, Field(ge=1, le=100_000)]
    purpose: Purpose
    schema_name: Annotated[str, Field(alias="schema", max_length=40)]
    summary: Annotated[str, Field(min_length=1, max_length=300)]
    why: Annotated[str, Field(min_length=1, max_length=2000)]
    variables: Annotated[dict[str, Annotated[str, Field(max_length=300)]], Field(max_length=30)] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A prompt before it is filled in.

    Attributes:
        name: "see/cited"; of a file of one's own, whatever it says.
        version: rises with every change of its text.
        purpose: what it is for: a stage ("see", "plan", "abc") or a user's words ("words").
        schema_name: what the answer must be, see `SCHEMAS`.
        summary, why: for people.
        system, user: the two texts; of one that is told as it is, nothing and the text.
        avoid: what such a one has the model keep away from; empty for nothing.
        digest: sixteen hexadecimal digits of the file's content.
    """

    name: str
    version: int
    purpose: Purpose
    schema_name: str
    summary: str
    why: str
    system: str
    user: str
    digest: str
    avoid: str = ""

    @property
    def is_question(self) -> bool:
        """Whether a language model answers it; else its text is told to a model for sound as it is."""
        return self.schema_name != SPOKEN

    def variables(self) -> frozenset[str]:
        """Names that have to be filled in."""
        return frozenset(match.strip() for text in (self.system, self.user) for match in _VARIABLE.findall(text))

    def render(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """The messages, every variable filled in; what is untrusted is wrapped and cut to its length, or made plain where the text is told as it is.

        Raises:
            UsageError: a value is missing, or nothing is left to say to the model.
        """
        missing = sorted(self.variables() - values.keys())
        if missing:
            raise UsageError(
                f"prompt {self.name!r} needs {', '.join(missing)}, which this stage does not have; see `img2music prompts show`"
            )

        def fill(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name not in UNTRUSTED_LIMITS:
                return values[name]
            return (wrap_untrusted if self.is_question else plain_untrusted)(name, values[name])

        user = self.user
        if not self.is_question:  # a line is left out where it would have a hole
            user = "\n".join(line for line in user.splitlines() if all(map(str.strip, map(fill, _VARIABLE.finditer(line)))))
        system, user = (_VARIABLE.sub(fill, text).strip() for text in (self.system, user))
        if not user:
            raise UsageError(f"prompt {self.name!r} renders to nothing; write what the model is to do below '# User'")
        return (*((Message("system", system),) if system else ()), Message("user", user))


def prompt_names() -> tuple[str, ...]:
    """The templates that come with the program, "purpose/name", in alphabetical order."""
    folders = (folder for folder in data_folder("prompts").iterdir() if folder.is_dir())
    return tuple(
        sorted(
            f"{folder.name}/{file.name.removesuffix('.md')}"
            for folder in folders
            for file in folder.iterdir()
            if file.name.endswith(".md")
        )
    )


def prompt_files(folder: str | Path) -> tuple[str, ...]:
    """The templates in a folder of one's own, as paths, in alphabetical order; folders in it are not looked into.

    Raises:
        DocumentError: no such folder, or none in it.
    """
    try:
        found = sorted(str(path) for path in Path(folder).iterdir() if path.suffix.lower() == ".md" and path.is_file())
    except (OSError, ValueError) as error:
        raise DocumentError(
            f"{folder} can't be read ({getattr(error, 'strerror', None) or error}); give a folder of prompts"
        ) from None
    if not found:
        raise DocumentError(f"{folder} holds no prompts; give a folder with files ending in .md")
    return tuple(found)


def load_prompt(name_or_path: str | Path, purpose: str | None = None) -> PromptTemplate:
    """The template of that name, or the one in the file at that path (ending in .md).

    Args:
        name_or_path: "see/cited", or a path.
        purpose: what it is wanted for; None takes any.

    Raises:
        UsageError: no such template, one for another purpose, a variable that there is not, or nothing to say.
        DocumentError: a file that can't be read; the message names file, place and fault.
    """
    name = str(name_or_path)
    if name.lower().endswith(".md"):
        template = _parse(read_file(name, largest_bytes=_LARGEST_BYTES), name)
    elif name in prompt_names():
        template = _parse(data_folder("prompts").joinpath(f"{name}.md").read_bytes(), f"{name}.md")
    else:
        raise unknown_name("prompt", name, prompt_names())
    if purpose is not None and template.purpose != purpose:
        raise UsageError(f"prompt {name!r} is for {template.purpose!r}, not for {purpose!r}; see `img2music prompts ls`")
    return template


def _parse(content: bytes, source: str) -> PromptTemplate:
    def fault(text: str) -> DocumentError:
        return DocumentError(f"{source}: {text}; compare with `img2music prompts show see/cited`")

    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise fault("not UTF-8 text") from None
    parts = _HEAD.match(text)
    if parts is None:
        raise fault("a prompt begins with a head between two lines of '---'")
    head = parse_yaml(parts[1].encode(), _Head, kind="prompt", source=source)
    is_spoken = head.schema_name == SPOKEN
    bodies = (_spoken_bodies if is_spoken else _bodies)(parts[2])
    if bodies is None:
        raise fault(_SPOKEN_FAULT if is_spoken else "the text has a part '# System' and then a part '# User', each once")
    template = PromptTemplate(
        name=head.name,
        version=head.version,
        purpose=head.purpose,
        schema_name=head.schema_name,
        summary=head.summary,
        why=head.why,
        system=bodies[0],
        user=bodies[1],
        digest=sha256(content).hexdigest()[:16],
        avoid=bodies[2],
    )
    base, _, number = head.schema_name.partition("/")
    read = [int(known.partition("/")[2]) for known in SCHEMAS[head.purpose] if known.partition("/")[0] == base]
    if number.isdecimal() and int(number) > max(read, default=int(number)):
        raise DocumentError(f"{source}, schema: {head.schema_name} is newer than this program reads; {GET_NEWER}")
    if head.schema_name not in SCHEMAS[head.purpose]:
        raise unknown_name(f"schema for {head.purpose!r} in {source}", head.schema_name, SCHEMAS[head.purpose], DocumentError)
    for used in sorted(template.variables() | head.variables.keys()):
        if used not in TEMPLATE_VARIABLES[head.purpose]:
            raise unknown_name(f"variable for {head.purpose!r} in {source}", used, TEMPLATE_VARIABLES[head.purpose])
    if any("{{" in _VARIABLE.sub("", body) for body in bodies):
        raise fault("a '{{' is never closed")
    if template.variables() != head.variables.keys():
        other = sorted(template.variables() ^ head.variables.keys())
        raise fault(f"'variables' must name exactly what the text uses; look at {', '.join(other)}")
    if not template.user.strip():
        raise UsageError(
            f"{source} renders to nothing; write what the model is to do below '# {'Text' if is_spoken else 'User'}'"
        )
    return template


def _bodies(text: str) -> tuple[str, str, str] | None:
    """Texts below "# System" and "# User", and none to avoid."""
    pieces = _PART.split(text)
    if len(pieces) != 5 or (pieces[1], pieces[3]) != ("System", "User") or pieces[0].strip():
        return None
    return pieces[2].strip(), pieces[4].strip(), ""


def _spoken_bodies(text: str) -> tuple[str, str, str] | None:
    """No system, and the texts below "# Text" and "# Avoid"; the last may be left out."""
    pieces = _SPOKEN_PART.split(text)
    names = tuple(pieces[1::2])
    if names not in {("Text",), ("Text", "Avoid")} or pieces[0].strip() or "{{" in "".join(pieces[4:]):
        return None
    return "", pieces[2].strip(), pieces[4].strip() if len(pieces) > 4 else ""
