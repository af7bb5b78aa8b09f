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

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SCHEMAS",
    "TEMPLATE_VARIABLES",
    "UNTRUSTED_LIMITS",
    "Message",
    "PromptTemplate",
    "load_prompt",
    "prompt_files",
    "prompt_names",
    "wrap_untrusted",
]

Purpose = Literal["see", "plan", "abc", "words"]
SCHEMAS: dict[str, tuple[str, ...]] = {
    "see": ("scene/1", "scene/2"),
    "plan": ("plan/1", "plan/2", "changes/1", "choice/1"),
    "abc": ("abc/1",),
    "words": ("glosses/1",),
}
"""What an answer may be, by purpose; the number rises when a field changes."""
TEMPLATE_VARIABLES: dict[str, dict[str, str]] = {
    "see": {
        "cues": "the measured facts that are sure and say something, one a line: name, words; nothing of feelings",
        "colours": "its colours, one a line: name, words, share",
        "measured": "what the offline eye suggests for music, one attribute a line; nothing of feelings",
        "styles": "kinds of music that can be played, one a line with what it is, tempo, metres and modes",
        "genres": "the same, shorter: name, limits of tempo, metres",
        "instruments": "names of the instruments, one family a line",
        "limits": "what each field of the answer may hold, one field a line, made from the schema",
    },
    "plan": {
        "scene": "what was seen, fifteen lines at most: what a model saw, the facts, the colours: name, words",
        "gist": "the same in one line without names, for small models",
        "attributes": "what that suggests for music, one attribute a line with its scale",
        "brief": "what the user asks for, one wish a line; these are settled",
        "words": "the user's own words",
        "styles": "the kind of music that is settled or likeliest and the next likely ones, one a line with tempo, metres and modes",
        "instruments": "names of the instruments, one family a line",
        "players": "the same by the roles that they may take, one set of roles a line",
        "chords": "how harmony is written, with the numerals of the likely modes",
        "lengths": "how many bars fill the asked length at which tempo",
        "draft": "a whole valid plan by rules, as JSON",
        "choices": "some whole valid plans, numbered, a few lines each",
        "most": "how many choices there are",
        "limits": "what each field of the answer may hold, one field a line, made from the schema",
    },
    "abc": {
        "header": "the ABC head that the tune must have",
        "voices": "the voices: number, name, what each does, its range",
        "chords": "the chords of every bar, section by section",
        "idea": "what the piece is about",
        "motif": "the idea that the tune grows from, as ABC",
        "bars": "how many bars the piece has",
    },
    "words": {
        "words": "the user's own words",
        "unknown": "phrases of them that the tables do not know, one a line",
        "meanings": "words that the tables know best, one group a line",
        "limits": "what each field of the answer may hold, one field a line, made from the schema",
    },
}
"""The variables that a template of each purpose may use."""
UNTRUSTED_LIMITS: dict[str, int] = {
    "cues": 12_000, "colours": 2_000, "measured": 4_000, "scene": 12_000, "gist": 600, "attributes": 4_000, "brief": 2_000, "words": 2_000,
    "draft": 20_000, "choices": 8_000, "idea": 1_000, "voices": 3_000, "unknown": 2_000,
}  # fmt: skip
"""Variables whose text comes from a picture, a file or the user, and how many characters of each are taken."""
_LARGEST_BYTES = 60_000
_HEAD = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*\n(.*)\Z", re.DOTALL)
_PART = re.compile(r"^# (System|User)[ \t]*$", re.MULTILINE)
_VARIABLE = re.compile(r"\{\{(.{0,200}?)\}\}", re.DOTALL)
_MARKS = re.compile(r"<\s*(/?)\s*data", re.IGNORECASE)


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
        system, user: the two texts.
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

    def variables(self) -> frozenset[str]:
        """Names that have to be filled in."""
        return frozenset(match.strip() for text in (self.system, self.user) for match in _VARIABLE.findall(text))

    def render(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """The messages, every variable filled in; what is untrusted is wrapped and cut to its length.

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
            return wrap_untrusted(name, values[name]) if name in UNTRUSTED_LIMITS else values[name]

        system, user = (_VARIABLE.sub(fill, text).strip() for text in (self.system, self.user))
        if not user:
            raise UsageError(f"prompt {self.name!r} renders to nothing; write what the model is to do below '# User'")
        return (*((Message("system", system),) if system else ()), Message("user", user))


def wrap_untrusted(name: str, text: str, most: int | None = None) -> str:
    """Text from outside as data: between marks that it can't forge, without control characters but line breaks, cut to its length.

    The length is that of `UNTRUSTED_LIMITS`, unless `most` says another.
    """
    most = UNTRUSTED_LIMITS.get(name, 2_000) if most is None else most
    plain = "".join(letter if letter == "\n" or letter.isprintable() else " " * letter.isspace() for letter in text)
    plain = _MARKS.sub(r"‹\1data", plain)
    short = plain if len(plain) <= most else plain[:most] + " [cut]"
    return f'<data name="{name}">\n{short}\n</data>'


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
    bodies = _bodies(parts[2])
    if bodies is None:
        raise fault("the text has a part '# System' and then a part '# User', each once")
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
        raise UsageError(f"{source} renders to nothing; write what the model is to do below '# User'")
    return template


def _bodies(text: str) -> tuple[str, str] | None:
    """Texts below "# System" and "# User"."""
    pieces = _PART.split(text)
    if len(pieces) != 5 or (pieces[1], pieces[3]) != ("System", "User") or pieces[0].strip():
        return None
    return pieces[2].strip(), pieces[4].strip()
