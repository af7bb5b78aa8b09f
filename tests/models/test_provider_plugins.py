"""A provider of models is a row of the registry, or an entry point of another package."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from img2music.errors import BackendError, MissingPackageError, UsageError
from img2music.models import ModelSpec, chat_model, unavailable_reason
from img2music.registry import BUILTIN, builtin_names, find_provider, registered_names
from tests.support import extras
from tests.support.registered import installed_package, register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
(RECIPE,) = (
    block
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    if "BaseChatModel" in block
)
(ANSWER,) = re.findall(r"```json\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.DOTALL)
ENTRY_POINTS = """
[img2music.provider]
parrot = my_models:make
broken = my_models:BROKEN
lacking = my_models_that_is_not_there:make
openai = my_models:make
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    modules = {"my_models": RECIPE + "\nBROKEN = 'no provider'\n"}
    with installed_package(tmp_path / "site", monkeypatch, "my-models 1", modules=modules, entry_points=ENTRY_POINTS):
        yield


def test_the_table_says_all_there_is_to_know_of_a_provider() -> None:
    for name in builtin_names("provider"):
        provider = find_provider(name)
        assert provider.factory.startswith("img2music.models.providers.")
        assert provider.pip_line.startswith("pip install 'img2music[")
        spec = ModelSpec.parse(f"{name}:some/model")
        assert spec.label == (f"{name}:model" if provider.names_file else f"{name}:some/model")
        assert spec.is_local is provider.local
        for option in ("base_url", "mmproj", "eager", "device"):
            if option not in provider.options:
                with pytest.raises(UsageError, match="no option"):
                    ModelSpec.parse(f"{name}:m?{option}=x")


def test_a_row_is_all_that_a_new_provider_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    register(
        monkeypatch, "provider", "mine", "json:make", packages=("no_such_package",), extra="mine", leaves_machine="all of it"
    )
    spec = ModelSpec.parse("mine:big?temperature=0.1")
    assert (spec.label, spec.is_local) == ("mine:big?temperature=0.1", False)
    assert unavailable_reason(spec) == "needs no_such_package: pip install mine"
    assert "mine" in registered_names("provider")


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
    with pytest.raises(BackendError, match="model provider 'broken' is str, which can't be called; tell the plug-in's author"):
        find_provider("broken")
    with pytest.raises(MissingPackageError, match="model provider 'lacking' needs my_models_that_is_not_there: pip install"):
        find_provider("lacking")
    assert find_provider("openai") is BUILTIN["provider", "openai"]  # a built-in name can't be taken
    with pytest.raises(UsageError, match=r"no model provider 'parot' \(did you mean 'parrot'"):
        find_provider("parot")


@pytest.mark.enable_socket  # the doctor looks whether a server on this machine answers
@pytest.mark.usefixtures("plugin")
def test_the_doctor_lists_the_providers_of_other_packages(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = run("doctor", "--json")
    assert (code, err) == (0, "")
    told = {
        row["name"].removeprefix("provider "): row for row in json.loads(out)["findings"] if row["name"].startswith("provider ")
    }
    assert told.keys() == {*builtin_names("provider"), "broken", "lacking", "parrot", "openai (plug-in)"}
    theirs = {name: told[name] for name in ("broken", "lacking", "parrot", "openai (plug-in)")}
    assert not any(row["needed"] for row in theirs.values())
    assert all(row["text"].startswith("plug-in of my-models 1") for row in theirs.values())
    assert [theirs[name]["works"] for name in ("broken", "lacking", "openai (plug-in)")] == [False] * 3
    assert "is str, which can't be called" in theirs["broken"]["text"]
    assert "is not used" in theirs["openai (plug-in)"]["text"]
    extras.require("llm")
    assert theirs["parrot"]["works"]
    assert (theirs["parrot"]["deterministic"], theirs["parrot"]["leaves_machine"]) == (True, "")
