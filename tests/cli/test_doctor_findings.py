"""What the doctor says of an installation that is damaged, and of providers that other packages bring."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint, EntryPoints, PackageNotFoundError
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cli.doctor import doctor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.enable_socket  # it looks whether a server on this machine answers


def findings(run: Run) -> dict[str, dict[str, Any]]:
    """By name; the exit code says whether something needed is missing."""
    code, out, _ = run("doctor", "--json")
    report = json.loads(out)
    assert code == (0 if report["healthy"] else 4)
    assert report["healthy"] == all(row["works"] or not row["needed"] for row in report["findings"])
    return {row["name"]: row for row in report["findings"]}


def test_a_missing_package_is_named_with_the_command_that_brings_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.__globals__, "_PACKAGES", (*doctor.__globals__["_PACKAGES"], "no-such-package"))
    row = findings(run)["no-such-package"]
    assert (row["works"], row["needed"], row["text"]) == (False, True, "pip install no-such-package")
    code, out, _ = run("doctor")
    assert code == 4
    assert any(line.split() == ["MISSING", "no-such-package", "pip", "install", "no-such-package"] for line in out.splitlines())
    assert "something needed is missing: see the lines marked MISSING" in out


def test_a_package_without_metadata_works(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setitem(doctor.__globals__, "version", unknown)
    assert (findings(run)["numpy"]["works"], findings(run)["numpy"]["text"]) == (True, "version not known")


@pytest.mark.parametrize(
    ("content", "text"), [(b"no soundfont at all", "is damaged; install img2music again"), (None, "install img2music again")]
)
def test_a_damaged_or_missing_soundfont_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, text: str
) -> None:
    font = tmp_path / "font.sf3"
    if content is not None:
        font.write_bytes(content)
    monkeypatch.setattr("img2music.resources.asset_path", lambda _: font)
    row = findings(run)["soundfont"]
    assert (row["works"], row["needed"]) == (False, True)
    assert str(font) in row["text"]
    assert row["text"].endswith(text)


def test_data_that_is_not_there_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from img2music.resources import data_folder

    monkeypatch.setattr(
        "img2music.resources.data_folder", lambda name: tmp_path / name if name == "styles" else data_folder(name)
    )
    row = findings(run)["styles"]
    assert (row["works"], row["needed"]) == (False, True)
    assert str(tmp_path / "styles") in row["text"]


def test_providers_of_other_packages_are_judged_one_by_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = EntryPoints(
        EntryPoint(name, value, "img2music.provider")
        for name, value in (("openai", "json:dumps"), ("broken", "no_such_module:PROVIDER"), ("odd", "json:__doc__"))
    )

    def chosen(**wanted: Any) -> Any:
        return entries.select(**wanted)

    monkeypatch.setattr("importlib.metadata.entry_points", chosen)
    rows = findings(run)
    assert rows["provider openai (plug-in)"]["text"] == (
        "plug-in of a package without a name is not used, as a built-in provider has this name; ask its author for another name"
    )
    assert "model provider 'broken' needs no_such_module: pip install no_such_module" in rows["provider broken"]["text"]
    assert rows["provider odd"]["text"].endswith("model provider 'odd' is str, which can't be called; tell the plug-in's author")
    for name in ("openai (plug-in)", "broken", "odd"):
        assert (rows[f"provider {name}"]["works"], rows[f"provider {name}"]["needed"]) == (False, False)
