"""The shape of the house: folders that can be taken in at a glance, modules of one idea, names that mean one place, no circles."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "img2music"
MOST_MODULES = 14
"""In one folder; the top level holds the documents and is left out."""
LINES = range(60, 301)
OTHER_LENGTHS: dict[str, str] = {
    "__main__.py": "`python -m img2music`, no more",
    "rng.py": "everything imports it, so it holds nothing else",
    "audio.py": "one record",
    "app/demo_page.py": "the frame of the page: its head and the tabs, each in a module of its own",
    "cli/instruments.py": "one verb a file",
    "cli/serving/mcp.py": "one verb a file",
    "cli/plan.py": "one verb a file",
    "cli/realize.py": "one verb a file",
    "cli/see.py": "one verb a file",
    "cli/styles.py": "one verb a file",
    "evaluation/line_diff.py": "one function, for any two lists of lines",
    "models/question.py": "two records that the client and the providers share",
    "models/http/redaction.py": "the one place that cuts keys and passwords out of messages, so that it can be read at once",
    "metrics/metric_cards.py": "the list of metrics; what each is stands in the registry and in its module",
    "metrics/symbolic/norms.py": "the bands of people's songs, which every family of measurements shares",
    "performers/strict.py": "a back end of its own; all it shares with the other one lies in performance_builder",
    "realizers/drums/drum_kit.py": "one table that the drums, the speller and the readers of ABC share",
    "renderers/post/loop_seam.py": "one idea that the renderer, the filter and the mastering share",
    "renderers/option_checks.py": "one idea that all renderers share",
    "renderers/post/sound_end.py": "one idea that the soundfont renderer and the neural ones share",
    "renderers/soundfont/synthesis_worker.py": "a program of its own: whatever it held would be loaded with it",
    "io/decoding/decode_process.py": "starts that program for two decoders, drawings and HEIF, and is neither",
    "metrics/compliance/heard_audio.py": "one record, beside the readers of files, and no file itself",
    "io/engraving/engraving_worker.py": "a program of its own: whatever it held would be loaded with it",
    "io/decoding/decode_worker.py": "a program of its own: whatever it held would be loaded with it",
}
"""Modules shorter or longer than `LINES`, each with the reason."""
SAME_NAMES: dict[str, str] = {
    "plan": "the verb `plan` and the document",
    "replay": "the verb `replay` and what it runs",
    "instruments": "the verb `instruments` and the instruments",
}
"""Names of two modules, each with the reason."""


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.name != "__init__.py")


def test_no_folder_is_a_crowd() -> None:
    folders = Counter(path.parent for top in ("img2music", "evals", "tests") for path in (ROOT / top).rglob("*.py"))
    crowds = {str(folder.relative_to(ROOT)): count for folder, count in folders.items() if count > MOST_MODULES}
    assert set(crowds) <= {"img2music", "tests/support"}


def test_every_module_is_one_idea_long_or_says_why_not() -> None:
    lengths = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(PACKAGE)
    }
    odd = {name for name, count in lengths.items() if count not in LINES}
    assert {name: lengths[name] for name in sorted(odd - OTHER_LENGTHS.keys())} == {}
    assert sorted(OTHER_LENGTHS.keys() - odd) == [], "these need no reason any more"


def test_a_name_means_one_module() -> None:
    names = Counter(path.stem for path in modules(PACKAGE) if "documents" not in path.parts)
    assert {name for name, count in names.items() if count > 1} == set(SAME_NAMES)


@pytest.mark.parametrize("top", ["img2music", "evals"])
def test_no_module_imports_itself_in_a_circle(top: str) -> None:
    """Imports inside functions and for type checkers count too."""
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / top).rglob("*.py")
    }
    edges = {name: _imports(path, found.keys()) - {name} for name, path in found.items()}
    while leaves := {name for name, targets in edges.items() if not targets & edges.keys()}:
        edges = {name: targets for name, targets in edges.items() if name not in leaves}
    # Whoever only leads into a circle is no part of one.
    while roots := {name for name in edges if not any(name in targets for targets in edges.values())}:
        edges = {name: targets for name, targets in edges.items() if name not in roots}
    assert sorted(edges) == []


def _imports(path: Path, known: object) -> set[str]:
    targets = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                targets.add(whole if whole in known else node.module)  # type: ignore[operator]
    return targets


def test_no_script_reaches_for_another_folder() -> None:
    for path in [*modules(ROOT / "evals"), *modules(PACKAGE)]:
        if path.name != "decode_worker.py":  # a program of its own that is started by its path
            assert "sys.path." not in path.read_text(encoding="utf-8"), path
