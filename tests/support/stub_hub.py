"""A server on the loopback that gives files as the Hugging Face hub does, well or badly.

    with StubHub({"owner/name": {"config.json": b"{}"}}) as hub:
        hub.use(monkeypatch, tmp_path / "cache")

`refused` answers every request of a repository with a status and the hub's own header for the reason; `cut_after` ends a file after so many
bytes, once.
"""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import pytest

__all__ = ["StubHub"]

_COMMIT = "a" * 40


class StubHub:
    """The server; `asked` are the paths that were asked for, in order."""

    def __init__(self, repositories: dict[str, dict[str, bytes]]) -> None:
        self.repositories = repositories
        self.refused: tuple[int, str] | None = None
        self.cut_after: int | None = None
        self.slow_seconds = 0.0
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self, send=True)

            def do_HEAD(self) -> None:
                hub.answer(self, send=False)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.stop = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> StubHub:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def use(self, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
        """Makes huggingface_hub ask this server, and keep files in `cache`."""
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "ENDPOINT", self.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", self.url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", self.url)
        monkeypatch.setenv("HF_ENDPOINT", self.url)

    def answer(self, handler: BaseHTTPRequestHandler, *, send: bool) -> None:
        """One request."""
        path = unquote(urlsplit(handler.path).path)
        self.asked.append(path)
        if self.refused is not None:
            status, code = self.refused
            self._send(handler, status, b"{}", {"X-Error-Code": code, "X-Error-Message": "refused"}, send=send)
            return
        if path.startswith("/api/models/"):
            name = path.removeprefix("/api/models/")
            files = self.repositories.get(name)
            if files is None:
                self._send(handler, 404, b"{}", {"X-Error-Code": "RepoNotFound"}, send=send)
                return
            siblings = [{"rfilename": file, "size": len(content)} for file, content in files.items()]
            about = {
                "id": name,
                "modelId": name,
                "sha": _COMMIT,
                "siblings": siblings,
                "tags": [],
                "downloads": 0,
                "private": False,
            }
            self._send(handler, 200, json.dumps(about).encode(), {"Content-Type": "application/json"}, send=send)
            return
        name, _, rest = path.lstrip("/").partition("/resolve/")
        file = rest.partition("/")[2]
        content = self.repositories.get(name, {}).get(file)
        if content is None:
            self._send(handler, 404, b"", {"X-Error-Code": "EntryNotFound"}, send=send)
            return
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": _COMMIT, "Accept-Ranges": "bytes"}
        begin, status = 0, 200
        asked = handler.headers.get("Range")
        if asked:
            begin, status = int(asked.removeprefix("bytes=").partition("-")[0]), 206
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        self._send(handler, status, content[begin:], headers, send=send)

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], *, send: bool) -> None:
        handler.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(key, value)
        handler.end_headers()
        if not send:
            return
        if self.cut_after is not None and len(body) > self.cut_after:
            handler.wfile.write(body[: self.cut_after])
            self.cut_after = None
            handler.wfile.flush()
            handler.close_connection = True
            handler.connection.close()
            return
        for start in range(0, len(body), 65_536):
            if self.slow_seconds and len(body) > 65_536 and self.stop.wait(self.slow_seconds):
                return
            try:
                handler.wfile.write(body[start : start + 65_536])
            except OSError:
                return
