"""Files that clients name to the server: those that were uploaded to it, and nothing else.

Gradio moves every file that a client names into its cache before a handler is called, and fetches it where it is an address of the web. This
server fetches nothing, so each component that may be handed a file asks `cached_upload` instead (`accept_uploads_alone`).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import unquote

import gradio as gr
from gradio.utils import get_upload_folder

from img2music.errors import PictureError

__all__ = ["accept_uploads_alone", "cached_upload", "read_upload"]

_FILE_ROUTE = "/gradio_api/file="
_NOT_UPLOADED = "the picture is no file that was uploaded to this server; upload it first"
_ELSEWHERE = "addresses of other servers are not fetched; upload the picture, or send a data: address"


def accept_uploads_alone(page: gr.Blocks) -> None:
    """No component of the page that is handed something fetches what a client names; call it when all are there."""
    for function in page.fns.values():
        for component in function.inputs:
            component.async_move_resource_to_block_cache = cached_upload


async def cached_upload(address: str | Path | None) -> str | None:
    """Where an uploaded file is, named by its path or by this server's address of it.

    Raises:
        gradio.Error: anything else.
    """
    if address is None:
        return None
    text = str(address)
    if text.startswith(("http://", "https://")):
        own = text.partition(_FILE_ROUTE)[2]
        if not own:
            raise gr.Error(_ELSEWHERE, print_exception=False)
        text = unquote(own.partition("?")[0])
    try:
        real = _in_uploads(text)
        if real is not None and real.is_file():
            return str(real)
    except (OSError, ValueError):  # no name that a file may have
        pass
    raise gr.Error(_NOT_UPLOADED, print_exception=False)


def read_upload(path: str, largest_bytes: int) -> tuple[bytes, str]:
    """The bytes of an uploaded file, one more than `largest_bytes` at most, and its name.

    Raises:
        PictureError: it lies elsewhere, is no regular file, or can't be read.
    """
    try:
        real = _in_uploads(path)
        if real is None:
            raise PictureError(_NOT_UPLOADED)
        with open(real, "rb", opener=lambda where, flags: os.open(where, flags | getattr(os, "O_NONBLOCK", 0))) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PictureError("the picture is no regular file; upload it again")
            return file.read(largest_bytes + 1), real.name
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(
            f"the uploaded picture can't be read ({getattr(error, 'strerror', None) or error}); upload it again"
        ) from None


def _in_uploads(path: str) -> Path | None:
    """Where `path` leads, if that is in the upload folder."""
    real = Path(os.path.realpath(path))
    return real if real.is_relative_to(os.path.realpath(get_upload_folder())) else None
