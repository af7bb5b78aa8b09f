"""Texts of the page stand in one file: none is missing, none is left over, and none hides in a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from img2music.app.components.page_assets import SCRIPTS, STYLES, page_head
from img2music.app.components.page_texts import all_text_names, page_text
from img2music.resources import asset_path

ROOT = Path(__file__).parents[2]
APP = ROOT / "img2music" / "app"
OURS = [asset_path(name) for name in SCRIPTS if name.startswith("app/")]
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}|^[A-Z][a-z]{2,}")
NO_TEXT = re.compile(r"use strict|Enter|Arrow\w+|(?:plain|act|chip|lead|choice|promise|drop|take|section|axis)( [\w-]+)+")
"""Literals that look like words and are none: names of keys and lists of classes."""
NAME = re.compile(r"""(?:page_text|\btext)\(\s*(f?)["'`]([\w.${}()\[\]'" ]+?)["'`]""")


def scripts_without_comments() -> dict[str, str]:
    return {
        path.name: re.sub(r"(?m)^\s*//.*$|(?<!:)//[^\n\"'`]*$|/\*.*?\*/", "", path.read_text(encoding="utf-8")) for path in OURS
    }


def asked_names() -> set[str]:
    """Names that scripts and modules ask for; what is filled in becomes a star."""
    sources = [*scripts_without_comments().values(), *(path.read_text(encoding="utf-8") for path in APP.rglob("*.py"))]
    found: set[str] = set()
    for source in sources:
        found |= {re.sub(r"\$?\{[^}]*\}", "*", name) for _, name in NAME.findall(source)}
        # One of two names: text(playing ? "deck.pause" : "deck.play"), and names that lie in tables.
        found |= set(re.findall(r'["\'`]((?:[a-z_]+\.)+[a-z_]+)["\'`]', source))
    return found


def test_every_text_that_is_asked_for_is_there() -> None:
    names = all_text_names()
    plain = {name for source in scripts_without_comments().values() for _, name in NAME.findall(source) if "$" not in name}
    assert sorted(plain - set(names)) == []


def test_no_text_is_left_over() -> None:
    patterns = [re.compile(re.escape(name).replace(r"\*", r"[\w]+")) for name in asked_names()]
    unused = [name for name in all_text_names() if not any(pattern.fullmatch(name) for pattern in patterns)]
    assert unused == []


def test_no_script_holds_words_of_its_own() -> None:
    found = []
    for name, source in scripts_without_comments().items():
        for match in LITERAL.finditer(source):
            literal = match[1] if match[1] is not None else re.sub(r"\$\{[^}]*\}", "", match[2])
            if SENTENCE.search(literal) and not NO_TEXT.fullmatch(literal):
                found.append((name, literal))
    assert found == []


def test_a_text_is_filled_in_and_a_wrong_name_is_an_error() -> None:
    assert page_text("status.done", number=3, words="drums new") == "Take 3 is ready: drums new."
    for name in ("status.nothing", "status", "status.done.more"):
        with pytest.raises(KeyError):
            page_text(name)


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for name in (*SCRIPTS, *STYLES):
        source = asset_path(name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|url\((?!#)|\beval\(|new Function|innerHTML", source), name
    assert page_head().count("<script") == 2
