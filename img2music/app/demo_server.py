"""Builds and serves the page: on this machine, with bounds, and nothing that leaves it.

Gradio reads its settings when it is imported, so they are set first and it is imported inside the functions. What the page writes lies in one
private folder that is removed at the end.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from img2music.registry.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    import gradio as gr

    from img2music.app.session.visits import Visits

__all__ = ["build", "launch_options", "private_folder", "serve", "share_arenas"]

LARGEST_UPLOAD = "20mb"
LARGEST_REQUEST_BYTES = 128 * 2**20
"""Of anything else, too: six pictures for the prompt lab in one form, or a picture of 50 MB in base64."""
JOBS_AT_ONCE = 2
"""Pieces that are made at the same time; whoever comes next waits."""
MOST_WAITING = 32
"""Events that may wait for a place; whoever comes then is told to come again."""
SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "GRADIO_SSR_MODE": "False",
}
THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts at which only the user of this machine reaches the page: then the line of a model may be given."""
_NAMES_OF_THIS_MACHINE = ["127.0.0.1", "localhost", "::1", "[::1]", "["]
"""As requests name it, without the port. Some versions of Starlette cut at the first colon, which leaves "[" of an IPv6 address."""
_M_ARENA_MAX, _ARENAS = -8, 2
"""As glibc's malloc.h numbers it, see mallopt(3); and how many are enough for the pieces that are made at once."""
_FORBIDDEN = ("GRADIO_ALLOWED_PATHS", "GRADIO_EXAMPLES_CACHE")


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user can open, in which Gradio keeps its files, too; removed at the end with all it holds."""
    folder = Path(tempfile.mkdtemp(prefix="img2music-page-"))
    before = {name: os.environ.get(name) for name in (*SETTINGS, *_FORBIDDEN, "GRADIO_TEMP_DIR")}
    os.environ.update({**SETTINGS, "GRADIO_TEMP_DIR": str(folder)})
    for name in _FORBIDDEN:
        os.environ.pop(name, None)
    try:
        yield folder
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


def build(visits: Visits) -> gr.Blocks:
    """The page over these visits, ready to be launched with `launch_options`; it must happen inside a `private_folder`.

    Raises:
        MissingPackageError: the extra `demo` is not installed.
    """
    require_extra("demo")
    from img2music.app.demo_page import build_page

    page = build_page(visits)
    page.queue(max_size=MOST_WAITING, default_concurrency_limit=8)
    return page


def launch_options(host: str = "") -> dict[str, Any]:
    """What the page is launched with, whoever serves it. At a `host` of this machine, requests that name another one are refused: a page of
    the web whose name was made to lead here must not use what is open to this machine's user alone.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from img2music.app.body_limit import BodyLimit
    from img2music.app.components.page_assets import page_head
    from img2music.app.page_headers import PageHeaders
    from img2music.app.theme import page_theme

    around = [Middleware(PageHeaders), Middleware(BodyLimit, most_bytes=LARGEST_REQUEST_BYTES)]
    if host in THIS_MACHINE:
        around.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=_NAMES_OF_THIS_MACHINE, www_redirect=False))
    return {
        "theme": page_theme(),
        "head": page_head(),
        "max_file_size": LARGEST_UPLOAD,
        "share": False,
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "footer_links": [],
        "strict_cors": True,
        "allowed_paths": [],
        "show_error": False,
        "pwa": False,
        "app_kwargs": {
            "middleware": around,
            "docs_url": None,
            "redoc_url": None,
        },
    }


def serve(host: str = "127.0.0.1", port: int = 7860, *, mcp: bool = False, quiet: bool = False) -> None:
    """Serves the page until it is interrupted.

    Args:
        host: the address to listen at; "127.0.0.1" is this machine alone, "0.0.0.0" everybody who reaches it.
        port: 0 takes any free one.
        mcp: also offers the public calls to assistants at `/gradio_api/mcp/`.
        quiet: prints nothing.

    Raises:
        MissingPackageError: the extra `demo` (or `mcp`) is not installed.
        OSError: the port is taken.
    """
    from img2music.app.session.limits import Limits
    from img2music.app.session.visits import Visits

    share_arenas()
    with private_folder() as folder:
        visits = Visits(root=folder, at_once=JOBS_AT_ONCE, limits=Limits(own_models=host in THIS_MACHINE))
        page = build(visits)
        try:
            page.launch(server_name=host, server_port=port or None, mcp_server=mcp, quiet=quiet, **launch_options(host))
        finally:
            visits.close_all()


def share_arenas() -> bool:
    """Keeps memory flat over many pieces: threads that begin later take it from two arenas. Whether this C library could be told so.

    glibc gives threads arenas of their own, eight a core, and keeps what was freed in each. A server that makes every piece in another thread
    leaves the freed sound of earlier pieces in all of them (`evals/LOG.md` has the figures). Other C libraries have no arenas.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no mallopt; no C library that can be opened by no name (Windows)
        return False
    return bool(mallopt(_M_ARENA_MAX, _ARENAS))
