"""What README and the docs show is what happens."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from img2music import Brief, Pipeline
from img2music.cli import main
from img2music.section import Section
from img2music.stages import load_stage
from img2music.theory.pattern_names import PATTERNS
from tests.support.made_scenes import make_scene
from tests.support.registered import register

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example pictures and a photo.jpg, as a reader would have."""
    examples = tmp_path / "demo" / "examples"
    examples.mkdir(parents=True)
    for name in ("temple", "moon"):
        shutil.copy(ROOT / "demo" / "examples" / f"{name}.jpg", examples)
    shutil.copy(ROOT / "demo" / "examples" / "flower.jpg", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python_of_the_readme_runs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    code = blocks("python")
    asking = [block for block in code if "gradio_client" in block]
    assert (len(code), len(asking)) == (4, 1), "the one that asks a served page runs in tests/app/test_endpoints.py"
    for block in (block for block in code if block not in asking):
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102  our own README
    assert (place / "out" / "from-python" / "report.html").is_file()
    assert "mood -" in capsys.readouterr().out
    assert names["sound"].samples.shape == (2, 15 * 48_000)  # type: ignore[attr-defined]


def test_commands_of_the_readme_run(place: Path) -> None:
    lines = [line.partition("  #")[0].strip() for line in blocks("bash")[1].splitlines()]
    assert len(lines) >= 8
    for line in lines:
        for step in line.split("&&"):
            words, _, target = step.partition(">")
            arguments = [
                name for word in shlex.split(words) for name in (sorted(map(str, place.glob(word))) if "*" in word else [word])
            ]
            assert arguments[0] == "img2music"
            done = subprocess.run(
                [sys.executable, "-m", "img2music", *arguments[1:]], capture_output=True, text=True, check=False, timeout=300
            )
            assert done.returncode == 0, (line, done.stderr)
            if target:
                (place / target.strip()).write_text(done.stdout, encoding="utf-8")


def test_the_tree_of_the_readme_is_the_folder(place: Path) -> None:
    tree = re.search(r"^```\nout/temple/\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    assert tree is not None
    shown = {line.split()[0].rstrip("/") for line in tree[1].splitlines()}
    done = subprocess.run(
        [sys.executable, "-m", "img2music", "compose", "photo.jpg", "-o", "out", "--seconds", "5", "--stems"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert {file.name for file in (place / "out" / "photo").iterdir()} == shown


def test_links_of_the_docs_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "evals").glob("*.md")]
    count = 0
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)
                count += 1
    assert count >= 8


def test_the_table_of_styles_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_styles", ROOT / "docs" / "make_styles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "styles.md").read_text(encoding="utf-8") == module.table(), "run `python docs/make_styles.py`"


def test_every_asset_has_its_notice() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name in ("FluidR3Mono_GM.sf3", "DejaVuSerifCondensed"):
        assert name in notice
    for picture in (ROOT / "demo" / "examples").glob("*.jpg"):
        assert picture.name in notice
        assert picture.name in (ROOT / "demo" / "examples" / "README.md").read_text(encoding="utf-8")


def test_every_pattern_is_in_the_guide_to_editing() -> None:
    page = (ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
    for name in {name for table in PATTERNS.values() for name in table}:
        assert re.search(rf"\b{name}\b", page), name


def test_the_moving_plan_of_the_guide_to_editing_is_kept(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    for name in (*Section.shown_where_set, "hits", "materials"):
        assert f'["{name}"]' in code, name
    assert main(["plan", "demo/examples/moon.jpg", "--json", "--seconds", "50", "--key", "D minor"]) == 0
    (place / "moon-plan.json").write_text(capsys.readouterr().out, encoding="utf-8")
    exec(compile(code, "editing.md", "exec"), {})  # noqa: S102  our own page
    assert main(["realize", "moon-plan.json", "-o", "edited", "--audio", "none"]) == 0
    said = capsys.readouterr().out
    assert "not kept" not in said
    assert "F major from bar" in said
    assert "rising to 96 from bar 2" in said


def test_the_plug_in_of_the_guide_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n# my_package.py\n(.*?)```", page, flags=re.DOTALL)
    assert code is not None
    (tmp_path / "my_package.py").write_text(code[1], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    register(monkeypatch, "performer", "loud", "my_package:LoudPerformer")
    plan = Pipeline.load().plan(make_scene(), Brief.of(seconds=8))
    score = Pipeline.load().realize(plan)
    quiet, loud = (load_stage("performer", name)(score, plan) for name in ("strict", "loud"))
    assert max(n.velocity for p in loud.parts for n in p.notes) > max(n.velocity for p in quiet.parts for n in p.notes)
