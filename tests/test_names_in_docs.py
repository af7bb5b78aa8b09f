"""Files, extras and commands that the texts and messages name are there."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
import typer

from img2music.cli import app

ROOT = Path(__file__).parents[1]
TEXTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "evals" / "README.md"]
GUIDES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(
        ROOT / "docs" / f"{name}.md"
        for name in (
            "architecture",
            "editing",
            "files",
            "models",
            "programs",
            "prompts",
            "seeing",
            "styles",
            "versions",
            "where",
            "words",
        )
    ),
]
SOURCES = [*TEXTS, *(ROOT / "img2music").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "pipelines").glob("*.yaml")]
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
_EXAMPLES = {"img2music/styles/NAME.yaml"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_files_named_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "CHANGELOG.md":
        text = text.partition("## [0")[0]
    named = re.findall(r"`((?:img2music|tests|evals|docs|prompts|pipelines|demo)/[\w/.-]*\w(?:/|\.\w+)?)`", text)
    links = re.findall(r"\]\(((?!https?:|#)[^)#]+)\)", text)
    missing = [name for name in named if not (ROOT / name).exists() and name not in _EXAMPLES]
    missing += [name for name in links if not (path.parent / name).exists()]
    assert missing == []


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_modules_named_by_their_last_folders_are_there(path: Path) -> None:
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", path.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists() and not (ROOT / "img2music" / name).exists()] == []


def commands(text: str) -> list[list[str]]:
    """The words of every command `img2music ...` in a page: of its shell blocks and of its sentences."""
    lines = [
        line.partition("  #")[0]
        for block in re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
        for line in block.splitlines()
    ]
    lines += re.findall(r"`((?:[^`\n]*\| )?img2music [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    steps = [step for line in lines for step in re.split(r"&&|\||>", " ".join(line.split()))]
    return [shlex.split(step)[1:] for step in steps if re.match(r"\s*(?:\S*/)?img2music\s", step)]


def options(command: object) -> set[str]:
    return {flag for one in command.params for flag in one.opts} | {"--help"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_named_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "CHANGELOG.md":
        text = text.partition("## [0")[0]
    for words in commands(text):
        command, rest = typer.main.get_command(app), [*words]
        while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
            assert rest[0] in command.commands, words
            command = command.commands[rest.pop(0)]
        flags = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert flags <= options(command), words


def test_commands_are_found_where_texts_name_them() -> None:
    found = commands(
        "Try `cat a.jpg | img2music compose - -o out`\n\n```bash\nx/img2music see a.jpg --json > b   # `img2music no`\n```\n"
    )
    assert found == [["see", "a.jpg", "--json"], ["compose", "-", "-o", "out"]]
    assert len(commands((ROOT / "README.md").read_text(encoding="utf-8"))) > 20


def test_extras_named_are_there() -> None:
    for path in SOURCES:
        for names in re.findall(r"(?:img2music|'\.|\"\.)\[([a-z][a-z,]*)\]", path.read_text(encoding="utf-8")):
            assert set(names.split(",")) <= EXTRAS, f"{path} names {names}"


def test_messages_name_no_page_that_may_not_be_there() -> None:
    """Who installed the program with pip has no docs/ on the disk: a message holds the words, or names a command."""
    found = []
    for path in [*(ROOT / "img2music").rglob("*.py"), *(ROOT / "img2music" / "assets").rglob("*.yaml")]:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            found += [f"{path.name}: {page}" for page in re.findall(r"docs/\w+\.md", text)]
            continue
        tree = ast.parse(text)
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            f"{path.name}:{node.lineno}: {node.value[:80]}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and re.search(r"(docs/\w+|README|CONTRIBUTING)\.md", node.value)
            and node.value != "README.md"  # a model card's name
        ]
    for path in (ROOT / "pipelines").glob("*.yaml"):
        found += [path.name for line in path.read_text(encoding="utf-8").splitlines() if re.match(r"[^#]*docs/\w+\.md", line)]
    assert found == []


def _names_in(tree: ast.AST) -> Iterator[str]:
    """Whatever a module of ours calls something: definitions, arguments, attributes, keywords, imports and plain texts."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.alias(name=name, asname=other):
                yield from name.split(".")
                yield other or ""
            case ast.Constant(value=str(text)) if len(text) < 80:
                yield text


def test_what_docstrings_name_is_there() -> None:
    """What the package's docstrings and comments put in backticks, a_name or module.a_name: something in this tree is called that."""
    files = [path for top in ("img2music", "tests", "evals") for path in (ROOT / top).rglob("*.py")]
    known = {name for path in files for name in _names_in(ast.parse(path.read_text(encoding="utf-8")))}
    known |= {path.stem for path in files} | {path.name for path in (ROOT / "img2music").rglob("*") if path.is_dir()}
    known |= {path.stem for path in ROOT.glob("img2music/assets/**/*")} | {"python", "lint"}
    stale: dict[str, list[str]] = {}
    for path in (ROOT / "img2music").rglob("*.py"):
        for name in re.findall(r"`([a-z]+(?:_[a-z]+)+|[a-z_]+(?:\.[a-z_]+)+)`", path.read_text(encoding="utf-8")):
            parts = name.split(".")
            if parts[-1] not in known and parts[-1] not in {
                "py",
                "yaml",
                "json",
                "md",
                "jsonl",
                "bin",
                "npz",
                "onnx",
                "toml",
                "css",
                "html",
            }:
                stale.setdefault(path.relative_to(ROOT).as_posix(), []).append(name)
    assert stale == {}
