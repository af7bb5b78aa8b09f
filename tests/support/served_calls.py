"""A page with nothing but the endpoints for programs, served on the loopback by a process of its own, for tests of real clients.

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
    import gradio as gr

    from img2music.app.calls import AgingFolders, Calls
    from img2music.app.endpoints import add_endpoints
    from img2music.pipeline import Pipeline

    with gr.Blocks(analytics_enabled=False) as page:
        text = gr.Textbox()
        text.submit(lambda told: told, text, text, api_visibility="private")
        add_endpoints(Calls(Pipeline.load(), AgingFolders(folder / "calls")))
    page.queue(max_size=8)
    _, address, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, mcp_server=mcp, ssr_mode=False, quiet=True)
    sys.stdout.write(f"\naddress {address}\n")
    sys.stdout.flush()
    page.block_thread()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), mcp=sys.argv[2] == "1")
