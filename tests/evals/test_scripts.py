"""Every script of evals/ says what it is for before it does anything, says in one line what it lacks, and stands in evals/README.md."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from evals.shared import data_sets
from evals.shared.command_line import ScriptParser

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "evals").rglob("*.py"))
    if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
}
README = (ROOT / "evals" / "README.md").read_text(encoding="utf-8")
HEAVY = (
    "ai_edge_litert", "langchain_core", "midirenderer", "music21", "onnx", "onnxruntime", "pyloudnorm", "scipy", "sklearn", "soundfile", "torch",
    "transformers", "verovio",
)  # fmt: skip
"""Packages that take long to import, or are no part of the base installation."""


def left(arguments: list[str], script: str) -> int:
    """The exit code of a script that ends early."""
    with pytest.raises(SystemExit) as end:
        import_module(script).main(arguments)
    code = end.value.code
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_tells_what_a_script_is_for(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert left(["--help"], script) == 0
    said = capsys.readouterr().out
    docstring = import_module(script).__doc__ or ""
    assert said.startswith(f"usage: python -m {script} ")
    assert docstring.strip() in said
    assert f"python -m {script}" in docstring


def test_nothing_is_done_and_nothing_heavy_imported_before_the_arguments_are_read() -> None:
    program = f"import sys, {', '.join(SCRIPTS)}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_programs_that_scripts_start_find_what_they_import() -> None:
    """They are written down as text, where neither the type checker nor a renaming sees them."""
    constants = [text for name in SCRIPTS for key, text in vars(import_module(name)).items() if key != "__doc__"]
    programs = [text for text in constants if isinstance(text, str) and "\nfrom img2music" in text]
    assert len(programs) == 2
    imports = [
        (node.module, alias.name)
        for program in programs
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    for module, name in imports:
        assert hasattr(import_module(module), name), f"{module} has no {name}"


@pytest.mark.parametrize("script", [name for name, text in SCRIPTS.items() if 'add_data("' in text.replace('add_data("--', "")])
def test_a_script_says_in_one_line_which_data_it_lacks(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = re.findall(r'add_data\("\w+", (\w+)', SCRIPTS[script])
    if 'nargs="?"' not in SCRIPTS[script]:
        assert left([], script) == 2
        nothing_given = capsys.readouterr().err
        assert nothing_given.count("\n") == 1
        assert all(getattr(data_sets, name).source in nothing_given for name in folders)
    assert left([str(tmp_path)] * len(folders), script) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"python -m {script}: {tmp_path} holds no ")
    assert getattr(data_sets, folders[0]).line in said.err


@pytest.mark.parametrize(
    ("script", "arguments", "line"),
    [
        ("evals.studies.promises.words_read", ["nowhere.jsonl"], "nowhere.jsonl is no file; FILE has to be one"),
        ("evals.studies.music.corpora_norms", [], "name a kind of music: --folk"),
        ("evals.bench.same_bytes", ["--against", "nowhere.json"], "nowhere.json is no file; AGAINST has to be one"),
        ("evals.bench.bench_program", ["--runs", "many"], "argument --runs: invalid int value: 'many'"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(
    script: str, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left(arguments, script) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"python -m {script}: {line}")
    assert said.count("\n") == 1


def test_packages_and_programs_that_are_missing_are_named_with_the_way_to_get_them(capsys: pytest.CaptureFixture[str]) -> None:
    parser = ScriptParser("A script.\n\n    python -m evals.made.up\n")
    parser.need_packages("no_such_package", install="pip install no-such-package")
    parser.need_program("no-such-program", install="apt install no-such-program")
    with pytest.raises(SystemExit) as end:
        parser.parse_args([])
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "python -m evals.made.up: needs no_such_package: pip install no-such-package; "
        "needs the program no-such-program: apt install no-such-program\n"
    )


def test_a_script_without_its_command_in_the_docstring_is_refused() -> None:
    with pytest.raises(ValueError, match="names no command"):
        ScriptParser("A script.")


def test_the_readme_has_every_script_and_no_other() -> None:
    assert set(re.findall(r"python -m (evals(?:\.\w+)+)", README)) == set(SCRIPTS)
    for script in SCRIPTS:
        assert f"| [`{script.rpartition('.')[2]}`]({script.replace('.', '/').removeprefix('evals/')}.py) |" in README
