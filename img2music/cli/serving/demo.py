"""The verb `demo`: the page in a browser, served by this machine."""

from __future__ import annotations

import socket
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

from img2music.cli.shared.console import print_notice, print_text
from img2music.cli.shared.option_records import option
from img2music.errors import UsageError
from img2music.registry.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["demo"]

_FIRST_PORT, _PORTS_TRIED = 7860, 40
_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


def demo(
    host: Annotated[
        str,
        option(
            "--host",
            "ADDRESS",
            "Where to listen: 127.0.0.1 is this machine alone, 0.0.0.0 everybody who reaches it.",
            show_default=True,
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        option("--port", "N", "Port to listen at. If left out: 7860, or the next one that is free.", min=1, max=65535),
    ] = None,
    mcp: Annotated[
        bool, option("--mcp", None, "Also offer the program's calls to assistants (Model Context Protocol) at /gradio_api/mcp/.")
    ] = False,
) -> int:
    """Open a page where you drop a picture, hear the music made of it, and change it. Programs may call it too.

    Everything stays on this machine. Ctrl-C ends it.
    """
    require_extra("demo", *(["mcp"] if mcp else []))
    serve: Callable[..., None] = import_module("img2music.app.demo_server").serve

    free = _free_port(host, port)
    shown = f"[{host}]" if ":" in host else host
    if host not in _THIS_MACHINE:
        print_notice(f"everybody who reaches this machine at {host} can use the page, and its time")
    print_text(f"img2music listens at http://{shown}:{free} in a few seconds; Ctrl-C ends it")
    if mcp:
        print_text(f"assistants reach it at http://{shown}:{free}/gradio_api/mcp/")
    serve(host, free, mcp=mcp, quiet=True)
    return 0


def _free_port(host: str, asked: int | None) -> int:
    """The port that was asked for, or the first free one.

    Raises:
        UsageError: it is taken, or there is no such address.
    """
    fault = ""
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS_TRIED) if asked is None else (asked,):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                return port
        except (OSError, OverflowError, UnicodeError) as error:
            fault = getattr(error, "strerror", None) or str(error)
    ports = f"port {asked}" if asked is not None else f"any port from {_FIRST_PORT} to {_FIRST_PORT + _PORTS_TRIED - 1}"
    raise UsageError(f"can't listen at {host}, {ports} ({fault}); give another with --port, or another address with --host")
