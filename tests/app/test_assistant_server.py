"""The server for assistants with a real client over standard input and output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import extras

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

extras.require("mcp")

ROOT = Path(__file__).parents[2]
MOON = str(ROOT / "demo" / "examples" / "moon.jpg")
pytestmark = pytest.mark.filterwarnings("ignore")
COMMAND = ["-m", "img2music", "mcp", "--output"]


def talking(folder: Path, talk: Callable[[Any], Awaitable[None]]) -> str:
    """Starts the server for `folder`, lets `talk` use a session, and gives what was written to standard error."""
    import anyio
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    log = folder.with_name("log.txt")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    async def run() -> None:
        server = StdioServerParameters(command=sys.executable, args=[*COMMAND, str(folder)], env=environment)
        with log.open("w") as errors:
            async with stdio_client(server, errlog=errors) as (reads, writes), ClientSession(reads, writes) as session:
                await session.initialize()
                await talk(session)

    anyio.run(run)
    return log.read_text()


def text_of(answer: Any) -> str:
    return str(answer.content[0].text)


def test_every_tool_works_and_writes_below_the_folder(tmp_path: Path) -> None:
    out, told = tmp_path / "out", []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append((done, message))

    async def talk(session: Any) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == {"see_picture", "plan_music", "compose_music", "realize_plan", "compose_takes"}
        assert all(str(out) in tool.description for tool in tools.values())
        seen = await session.call_tool("see_picture", {"picture": MOON})
        assert "A minor" in json.loads(text_of(seen))["shows"]
        planned = json.loads(text_of(await session.call_tool("plan_music", {"picture": MOON, "seconds": 8, "tempo": 90})))
        assert planned["tempo"] == "90"
        made = await session.call_tool(
            "compose_music", {"picture": MOON, "seconds": 8, "preview": "score"}, progress_callback=progress
        )
        account = json.loads(text_of(made))
        links = [block for block in made.content if block.type == "resource_link"]
        assert {link.name for link in links} == set(account["files"])
        assert [block.mimeType for block in made.content if block.type == "image"] == ["image/png"]
        read = await session.read_resource(next(link.uri for link in links if link.name == "score.abc"))
        assert read.contents[0].text.startswith("%abc")
        edited = Path(planned["folder"]) / "plan.json"
        edited.write_text(edited.read_text().replace('"tempo_bpm": 90.0', '"tempo_bpm": 120.0'))
        realized = await session.call_tool("realize_plan", {"plan": str(edited), "preview": "sound"})
        assert json.loads(text_of(realized))["tempo"] == "120"
        assert [block.mimeType for block in realized.content if block.type == "audio"] == ["audio/ogg"]
        takes = await session.call_tool("compose_takes", {"picture": MOON, "seconds": 6, "count": 2})
        assert len(json.loads(text_of(takes))["takes"]) == 2

    log = talking(out, talk)
    assert "Traceback" not in log
    shares = [done for done, _ in told]
    assert len(shares) > 5
    assert shares == sorted(shares)
    assert {path.name for path in tmp_path.iterdir()} == {"out", "log.txt"}
    assert {path.name for path in out.iterdir()} >= {"moon", "moon-plan", "moon-seen", "moon-takes"}


def test_what_may_not_be_read_is_refused_kindly(tmp_path: Path) -> None:
    out = tmp_path / "out"
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    (tmp_path / "text.jpg").write_text("secret words")

    async def talk(session: Any) -> None:
        for picture, words in (
            ("/dev/zero", "no regular file"),
            (str(tmp_path / "pipe.jpg"), "no regular file"),
            (str(tmp_path), "can't be read"),
            (str(tmp_path / "text.jpg"), "no picture that can be read"),
            ("/no/such.jpg", "check the path"),
            ("http://example.org/a.jpg", "not fetched"),
            ("data:image/png;base64,!!", "not in base64"),
            ("", "no picture is named"),
            (5, "no picture is named"),
        ):
            answer = await session.call_tool("see_picture", {"picture": picture})
            assert answer.isError, picture
            assert words in text_of(answer), picture
            assert "secret" not in text_of(answer).replace(str(tmp_path), "")
        out.mkdir()
        (out / "link.json").symlink_to(tmp_path / "secret.json")
        for plan in (str(tmp_path / "secret.json"), str(out / "link.json"), "../secret.json"):
            answer = await session.call_tool("realize_plan", {"plan": plan})
            assert answer.isError
            assert "only files in" in text_of(answer)
        for address in ("file:///etc/passwd", (out / "link.json").as_uri()):
            with pytest.raises(Exception, match="only files in"):
                await session.read_resource(address)
        answer = await session.call_tool("compose_music", {"picture": MOON, "styl": "waltz"})
        assert "did you mean 'style'" in text_of(answer)

    talking(out, talk)
    assert {path.name for path in out.iterdir()} == {"link.json"}


def test_a_cancelled_call_stops_and_the_next_one_works(tmp_path: Path) -> None:
    import anyio
    from mcp import types

    out = tmp_path / "out"

    async def talk(session: Any) -> None:
        async with anyio.create_task_group() as group:
            failed = []

            async def long() -> None:
                try:
                    await session.call_tool("compose_music", {"picture": MOON, "seconds": 500})
                except Exception as error:
                    failed.append(str(error))

            group.start_soon(long)
            await anyio.sleep(2)
            parameters = types.CancelledNotificationParams(requestId=session._request_id - 1, reason="enough")
            notice = types.CancelledNotification(method="notifications/cancelled", params=parameters)
            with anyio.fail_after(3):
                await session.send_notification(types.ClientNotification(notice))
        assert "cancelled" in failed[0]
        answer = await session.call_tool("see_picture", {"picture": MOON})
        assert not answer.isError

    talking(out, talk)
    assert not (out / "moon").exists()


def test_standard_output_carries_the_protocol_alone_and_its_end_ends_the_server(tmp_path: Path) -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, *COMMAND, str(tmp_path / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for line in lines:
            server.stdin.write(json.dumps(line).encode() + b"\n")
        server.stdin.flush()
        answers = [json.loads(server.stdout.readline()) for _ in range(2)]
        rest, _ = server.communicate(timeout=20)
    assert [answer["id"] for answer in answers] == [1, 2]
    assert rest == b""
    assert server.returncode == 0
