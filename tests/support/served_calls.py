"""The page served on the loopback by a process of its own, for tests of real clients.

    with serving_calls(folder) as address: Client(address)

Gradio runs in that process alone, so that its warnings and its threads are not the test's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["serving_calls"]

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60


@contextmanager
def serving_calls(folder: Path, *, mcp: bool = False) -> Iterator[str]:
    """Serves while the block runs and gives the address; uploads and results lie in `folder`."""
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder), "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "tests.support.served_calls", str(folder), str(int(mcp))]
    log = (folder / "log.txt").open("wb")
    with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=_ROOT, env=environment) as server:
        try:
            yield _address(server)
        finally:
            server.kill()


def _address(server: subprocess.Popen[bytes]) -> str:
    assert server.stdout is not None
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        line = server.stdout.readline().decode()
        if line.startswith("address "):
            return line.split()[1]
        if not line:
            break
    raise AssertionError("the server did not start")


def _serve(folder: Path, *, mcp: bool) -> None:
    from img2music.app.demo_server import build, launch_options
    from img2music.app.session.limits import Limits
    from img2music.app.session.visits import Visits

    page = build(Visits(root=folder, limits=Limits(own_models=True)))
    options = launch_options()
    _, address, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, mcp_server=mcp, quiet=True, **options)
    sys.stdout.write(f"\naddress {address}\n")
    sys.stdout.flush()
    page.block_thread()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), mcp=sys.argv[2] == "1")
