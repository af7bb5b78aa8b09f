"""The page served by a program of its own, as `img2music demo` does it, with a folder for whatever it keeps."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ServedPage", "serving_page"]

ROOT = Path(__file__).parents[2]
_START_SECONDS = 90.0
_END_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ServedPage:
    """Where the page is, and what it keeps."""

    address: str
    host: str
    """With its port: "127.0.0.1:40123"."""
    folder: Path
    """All its temporary files lie here."""

    def visits(self) -> list[Path]:
        """Folders of the visits that there are now."""
        return sorted(self.folder.glob("img2music-page-*/img2music-*"))


@contextmanager
def serving_page(folder: Path, *packages: Path, **environment: str) -> Iterator[ServedPage]:
    """The page on the loopback, ended by Ctrl-C's signal; `packages` are folders of packages that it finds besides.

    Raises:
        RuntimeError: it did not start; the message is what it wrote.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = os.pathsep.join(map(str, (ROOT, *packages)))
    own = {"TMPDIR": str(folder), "PYTHONPATH": path, "IMG2MUSIC_CACHE": str(folder / "cache")}
    log = folder / "served.log"
    with log.open("wb") as written:
        command = [sys.executable, "-m", "img2music", "demo", "--port", str(port)]
        process = subprocess.Popen(
            command, env={**os.environ, **own, **environment}, stdout=written, stderr=subprocess.STDOUT, cwd=folder
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(address, process, log)
        yield ServedPage(address, f"127.0.0.1:{port}", folder)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urlopen(address, timeout=5).close()  # noqa: S310  the loopback's own
        except (URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the page did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
