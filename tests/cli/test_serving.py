"""The verbs that serve, as far as they come before anything is served."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.cli.serving import demo as demo_verb

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Stands where the page would be served, and notes what with."""
    calls: list[tuple[Any, ...]] = []

    class Server:
        @staticmethod
        def serve(host: str, port: int, *, mcp: bool, quiet: bool) -> None:
            calls.append((host, port, mcp, quiet))

    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: object())
    monkeypatch.setattr(demo_verb, "import_module", lambda _: Server)
    return calls


@pytest.mark.parametrize(
    ("absent", "options", "remedy"),
    [
        ({"gradio"}, [], "pip install 'img2music[demo]'"),
        ({"mcp"}, ["--mcp"], "pip install 'img2music[mcp]'"),
        ({"gradio", "mcp"}, ["--mcp"], "pip install 'img2music[demo,mcp]'"),
    ],
)
def test_a_missing_extra_is_one_line_with_the_remedy(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, absent: set[str], options: list[str], remedy: str
) -> None:
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda name: None if name in absent else object())
    code, out, errors = run("demo", *options)
    assert (code, out) == (4, "")
    assert errors.count("\n") == 1
    assert remedy in errors


def test_an_assistant_needs_its_extra_and_a_folder(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("img2music.registry.extras.find_spec", lambda _: None)
    code, _, errors = run("mcp", "--output", tmp_path)
    assert code == 4
    assert "pip install 'img2music[mcp]'" in errors
    code, _, errors = run("mcp")
    assert code == 2
    assert "--output" in errors
    (tmp_path / "file").write_text("x")
    assert run("mcp", "--output", tmp_path / "file")[0] == 3
    assert run("mcp", "--output", tmp_path, "--pipeline", "offlin")[0] == 2


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_page_takes_the_next_free_port(run: Callable[..., tuple[int, str, str]], served: list[tuple[Any, ...]]) -> None:
    with socket.socket() as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            busy.bind(("127.0.0.1", 7860))
            busy.listen()
        except OSError:
            pass  # somebody else's: taken all the same
        code, out, _ = run("demo")
    assert code == 0
    host, port, mcp, quiet = served[0]
    assert (host, mcp, quiet) == ("127.0.0.1", False, True)
    assert 7860 < port < 7900
    assert f"http://127.0.0.1:{port}" in out


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_port_that_is_asked_for_is_not_changed(run: Callable[..., tuple[int, str, str]], served: list[tuple[Any, ...]]) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        code, _, errors = run("demo", "--port", port)
    assert code == 2
    assert f"port {port}" in errors
    assert served == []
    assert run("demo", "--port", port, "--mcp")[0] == 0
    assert served[0][1:3] == (port, True)
    assert run("demo", "--port", "99999")[0] == 2


@pytest.mark.allow_hosts(["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_an_open_address_is_said(run: Callable[..., tuple[int, str, str]], served: list[tuple[Any, ...]]) -> None:
    code, _, errors = run("demo", "--host", "0.0.0.0")  # noqa: S104
    assert code == 0
    assert "everybody" in errors
    assert served[0][0] == "0.0.0.0"  # noqa: S104
