"""The endpoints of the page with a real client, and the tools that assistants find there."""

from __future__ import annotations

import base64
import json
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import mido
import pytest

from img2music.app.call_arguments import CALLS
from tests.support import extras
from tests.support.served_calls import serving_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

extras.require("demo")
extras.require("mcp")

MOON = Path(__file__).parents[2] / "demo" / "examples" / "moon.jpg"
pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.filterwarnings("ignore")]
META = {"_type": "gradio.FileData"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    with serving_calls(place, mcp=True) as served:
        yield served


@pytest.fixture
def client(address: str, tmp_path: Path) -> Any:
    from gradio_client import Client

    return Client(address, verbose=False, download_files=str(tmp_path), analytics_enabled=False)


def picture() -> Any:
    from gradio_client import handle_file

    return handle_file(str(MOON))


def test_only_the_five_calls_are_public_and_the_guide_lists_them(client: Any) -> None:
    guide = (MOON.parents[2] / "docs" / "programs.md").read_text(encoding="utf-8")
    assert all(f"| `/{kind.name}` | `{kind.tool}` |" in guide for kind in CALLS)
    named = client.view_api(return_format="dict", print_info=False)
    assert set(named["named_endpoints"]) == {"/see", "/plan", "/compose", "/realize", "/takes"}
    assert not named["unnamed_endpoints"]


def test_a_picture_goes_up_and_music_comes_back(client: Any, tmp_path: Path) -> None:
    account, files = client.predict(picture=picture(), seconds=8, key="D minor", audio="ogg", api_name="/compose")
    assert account["key"] == "D minor"
    assert Path(files["score.mid"]).is_relative_to(tmp_path)
    assert mido.MidiFile(files["score.mid"]).length == pytest.approx(8, abs=0.5)
    assert Path(files["audio.ogg"]).read_bytes()[:4] == b"OggS"
    plan = json.loads(Path(files["plan.json"]).read_text())
    account, files = client.predict(plan=json.dumps({**plan, "tempo_bpm": 130}), audio="none", api_name="/realize")
    assert account["tempo"] == "130"


@pytest.mark.parametrize("page", ["README.md", "demo/README.md", "docs/programs.md"])
def test_the_examples_of_the_texts_run(
    page: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (MOON.parents[2] / page).read_text(encoding="utf-8")
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL) if "gradio_client" in block)
    assert "http://127.0.0.1:7860" in code
    shutil.copy(MOON, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    exec(compile(code.replace("http://127.0.0.1:7860", address), page, "exec"), {})  # noqa: S102  our own page
    assert "score.mid" in capsys.readouterr().out


def test_errors_are_kind(client: Any) -> None:
    for wish, words in (
        ({"style": "walz"}, "did you mean 'waltz'"),
        ({"seconds": 5000}, "1 to 600"),
        ({"words": "x" * 9000}, "words can't be"),
    ):
        with pytest.raises(Exception, match=words):
            client.predict(picture=picture(), **wish, api_name="/compose")


def ask(address: str, call: str, data: list[Any]) -> str:
    """What the server says to a client that sends whatever it likes."""
    body = json.dumps({"data": data}).encode()
    with urlopen(Request(f"{address}gradio_api/call/{call}", body, {"content-type": "application/json"}), timeout=20) as answer:  # noqa: S310
        event = json.load(answer)["event_id"]
    with urlopen(f"{address}gradio_api/call/{call}/{event}", timeout=60) as answer:  # noqa: S310
        return str(answer.read().decode())


@pytest.mark.parametrize(
    "sent",
    [
        {"path": "/etc/passwd"},
        {"path": "/etc/passwd", "meta": META},
        {"path": "http://127.0.0.1:1/secret", "meta": META},
        {"path": "http://example.org/gradio_api/file=/etc/passwd", "meta": META},
        {"path": str(MOON)},
        {"path": "a\0b"},
        {"path": 5},
        "hello",
        None,
        [],
    ],
    ids=repr,
)
def test_no_path_and_no_address_that_a_client_sends_is_opened(address: str, sent: Any) -> None:
    answer = ask(address, "see", [sent])
    assert "event: error" in answer
    assert "shows" not in answer
    assert "root:" not in answer


def test_a_link_in_the_upload_folder_leads_nowhere(address: str, place: Path) -> None:
    (place / "link.jpg").symlink_to(MOON)
    assert "uploaded to this server" in ask(address, "see", [{"path": str(place / "link.jpg")}])


def test_a_cancelled_call_ends_on_the_server(client: Any, place: Path) -> None:
    before = set((place / "calls").iterdir()) if (place / "calls").exists() else set()
    job = client.submit(picture=picture(), seconds=500, api_name="/compose")
    time.sleep(2)
    job.cancel()
    begin = time.monotonic()
    account, _ = client.predict(picture=picture(), api_name="/see")
    assert account["shows"]
    assert time.monotonic() - begin < 20
    time.sleep(1)
    left = [folder for folder in (place / "calls").iterdir() if folder not in before]
    assert len(left) == 1, "the piece that was cancelled is not there"


def test_assistants_find_the_tools_and_use_them(address: str) -> None:
    import anyio
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    data = "data:image/jpeg;base64," + base64.b64encode(MOON.read_bytes()).decode()

    async def talk() -> None:
        async with (
            streamablehttp_client(f"{address}gradio_api/mcp/") as (reads, writes, _),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            assert set(tools) == {"see_picture", "plan_music", "compose_music", "realize_plan", "compose_takes"}
            told = tools["compose_music"].inputSchema["properties"]
            assert "1 to 600" in told["seconds"]["description"]
            assert tools["compose_music"].inputSchema["required"] == ["picture"]
            made = await session.call_tool("compose_music", {"picture": data, "seconds": 6, "audio": "none"})
            assert not made.isError
            assert f"{address}gradio_api/file=" in str(made.content)
            wrong = await session.call_tool("plan_music", {"picture": data, "style": "walz"})
            assert wrong.isError
            assert "did you mean 'waltz'" in str(wrong.content)
            elsewhere = await session.call_tool("see_picture", {"picture": "http://example.org/cat.jpg"})
            assert elsewhere.isError
            assert "not fetched" in str(elsewhere.content)

    anyio.run(talk)
