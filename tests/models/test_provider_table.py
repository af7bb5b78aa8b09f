"""A provider of models is one row of a table, built in or of another package."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from img2music.errors import BackendError, UsageError
from img2music.models import PROVIDERS, ModelSpec, Provider, chat_model, unavailable_reason
from img2music.models.provider_table import find_provider, provider_names
from tests.support import extras

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
(RECIPE,) = (
    block
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    if "Provider" in block
)
(ANSWER,) = re.findall(r"```json\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.DOTALL)
ENTRY_POINTS = """
[img2music.provider]
parrot = my_models:PARROT
broken = my_models:BROKEN
lacking = my_models_that_is_not_there:PARROT
openai = my_models:PARROT
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "site"
    about = folder / "my_models-1.dist-info"
    about.mkdir(parents=True)
    (folder / "my_models.py").write_text(RECIPE + "\nBROKEN = 'no provider'\n")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-models\nVersion: 1\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    yield
    sys.modules.pop("my_models", None)


def test_the_table_says_all_there_is_to_know_of_a_provider() -> None:
    for name, provider in PROVIDERS.items():
        assert provider.module.startswith("img2music.models.")
        assert provider.install.startswith("pip install ")
        spec = ModelSpec.parse(f"{name}:some/model")
        assert spec.label == (f"{name}:model" if provider.names_file else f"{name}:some/model")
        assert spec.is_local is provider.local
        for option in ("base_url", "mmproj", "eager", "device"):
            if option not in provider.options:
                with pytest.raises(UsageError, match="no option"):
                    ModelSpec.parse(f"{name}:m?{option}=x")


def test_a_row_is_all_that_a_new_provider_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, "mine", Provider("json", ("no_such_package",), "pip install mine"))
    spec = ModelSpec.parse("mine:big?temperature=0.1")
    assert (spec.label, spec.is_local) == ("mine:big?temperature=0.1", False)
    assert unavailable_reason(spec) == "needs no_such_package: pip install mine"
    assert "mine" in provider_names()


@pytest.mark.usefixtures("plugin")
def test_a_provider_of_another_package_is_asked(
    tmp_path: Path, make_picture: Callable[..., Path], run: Callable[..., tuple[int, str, str]]
) -> None:
    extras.require("llm")
    answer = tmp_path / "answer.json"
    answer.write_text(ANSWER)
    line = f"parrot:{answer}"
    assert unavailable_reason(ModelSpec.parse(line)) is None
    assert chat_model(line).invoke("anything").usage_metadata["total_tokens"] == 7  # type: ignore[index]
    code, out, err = run("see", make_picture(), "--pipeline", "openai", "--model", line, "--no-fallback", "--json")
    assert (code, err) == (0, "")
    assert "red_sky" in out


@pytest.mark.usefixtures("plugin")
def test_a_broken_provider_is_one_line_about_its_author() -> None:
    for name, text in (("broken", "is str, not Provider"), ("lacking", "ModuleNotFoundError")):
        with pytest.raises(BackendError, match=rf"model provider '{name}'.*{text}.*tell the plug-in's author"):
            find_provider(name)
    assert find_provider("openai") is PROVIDERS["openai"]  # a built-in name can't be taken
    with pytest.raises(UsageError, match=r"no model provider 'parot' \(did you mean 'parrot'"):
        find_provider("parot")


@pytest.mark.enable_socket  # the doctor looks whether a server on this machine answers
@pytest.mark.usefixtures("plugin")
def test_the_doctor_lists_the_providers_of_other_packages(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = run("doctor", "--json")
    assert (code, err) == (0, "")
    rows = [row for row in json.loads(out)["findings"] if row["name"].startswith("provider ")]
    assert [row["name"].removeprefix("provider ") for row in rows] == ["broken", "lacking", "openai", "parrot"]
    assert not any(row["needed"] for row in rows)
    told = {row["name"].removeprefix("provider "): (row["works"], row["text"]) for row in rows}
    assert all(text.startswith("plug-in of my-models 1") for _, text in told.values())
    assert [told[name][0] for name in ("broken", "lacking", "openai")] == [False] * 3
    assert "is str, not Provider" in told["broken"][1]
    assert "is not used" in told["openai"][1]
    extras.require("llm")
    assert told["parrot"] == (True, "plug-in of my-models 1")
