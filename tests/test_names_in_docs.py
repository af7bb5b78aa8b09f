"""Files, extras and commands that the texts and messages name are there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "evals" / "README.md"]
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


def test_extras_named_are_there() -> None:
    for path in SOURCES:
        for names in re.findall(r"(?:img2music|'\.|\"\.)\[([a-z][a-z,]*)\]", path.read_text(encoding="utf-8")):
            assert set(names.split(",")) <= EXTRAS | {"dev"}, f"{path} names {names}"
