"""What clients may name to the server: files that were uploaded to it, and nothing on this machine or any other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from img2music.app.session.limits import Limits
from img2music.app.session.visits import Visits
from img2music.errors import PictureError
from tests.support import extras

extras.require("demo")

pytestmark = pytest.mark.filterwarnings("ignore")
MOON = Path(__file__).parents[2] / "demo" / "examples" / "moon.jpg"
REQUEST: Any = SimpleNamespace(session_hash="somebody")


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def test_no_component_that_is_handed_a_file_fetches_an_address(uploads: Path) -> None:
    import gradio as gr

    from img2music.app.demo_server import build

    visits = Visits(root=uploads, limits=Limits(own_models=True))
    page = build(visits)
    handed = [component for function in page.fns.values() for component in function.inputs]
    assert {type(one).__name__ for one in handed} >= {"UploadButton", "Api"}
    for component in handed:
        for address in (
            "https://example.com/a.png",
            "http://127.0.0.1:9/gradio_api/file=/etc/hosts",
            str(MOON),
            "\0",
            "a" * 5000,
        ):
            with pytest.raises(gr.Error, match="upload"):
                asyncio.run(component.async_move_resource_to_block_cache(address))


def test_handlers_read_nothing_but_uploads(uploads: Path) -> None:
    from img2music.app.components.uploaded_files import read_upload
    from img2music.app.tabs.compose_handlers import ComposeHandlers

    visits = Visits(root=uploads)
    handlers = ComposeHandlers(visits)
    for path in (
        str(MOON),
        "/proc/self/environ",
        str(uploads / ".." / "x"),
        "http://example.com/x",
        "\0",
        str(uploads / "gone.jpg"),
    ):
        (told,) = [one for one in handlers.open_upload(path, REQUEST) if one.get("error")]
        assert "upload it" in told["error"]
        (last,) = [one for one in list(handlers.open_manifest(path, REQUEST))[-1] if one.get("error")]
        assert "upload it" in last["error"]
    visits.close_all()
    link = uploads / "link.jpg"
    link.symlink_to(MOON)
    with pytest.raises(PictureError, match="uploaded to this server"):
        read_upload(str(link), 100)
    sound = uploads / "moon.jpg"
    sound.write_bytes(MOON.read_bytes())
    assert read_upload(str(sound), 10) == (MOON.read_bytes()[:11], "moon.jpg")


def test_at_this_machine_a_request_for_another_host_is_refused() -> None:
    from img2music.app.demo_server import launch_options

    def answer(host: str, named: bytes) -> int:
        sent: list[Any] = []

        async def inner(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(message: Any) -> None:
            sent.append(message)

        app: Any = inner
        for one in reversed(launch_options(host)["app_kwargs"]["middleware"]):
            app = one.cls(app, *one.args, **one.kwargs)
        asyncio.run(app({"type": "http", "path": "/", "headers": [(b"host", named)]}, None, send))
        return int(sent[0]["status"])

    names = (b"127.0.0.1:7860", b"localhost:7860", b"localhost", b"[::1]:7860")
    assert {answer("127.0.0.1", name) for name in names} == {200}
    assert answer("127.0.0.1", b"example.com") == answer("localhost", b"localhost.example.com:7860") == 400
    assert answer("", b"example.com") == 200
