"""The five calls as named endpoints of the page: `/see`, `/plan`, `/compose`, `/realize`, `/takes`.

    with gr.Blocks() as page:
        add_endpoints(calls)
    page.queue(max_size=...).launch(mcp_server=True)

They are all that is public; what the page itself does is private. With `mcp_server=True` gradio serves them to assistants too, under the
tools' names. Each endpoint gives an account and a table of files, name to file, that lie in gradio's cache and are fetched from there.
A call is stopped when its client cancels it. A picture is a file that was uploaded to this server, or a data address: nothing is fetched from
other hosts. Gradio hands what a client sent to an endpoint of `gr.api` as it came, so it is checked here.
"""

from __future__ import annotations

import logging
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import gradio as gr
from gradio.data_classes import FileData
from gradio.utils import get_upload_folder

from img2music.app.call_accounts import step_fraction
from img2music.app.call_arguments import CALLS, read_arguments
from img2music.app.calls import LARGEST_PICTURE_BYTES, AgingFolders, Calls, open_called_picture
from img2music.app.session.choices import Choices
from img2music.app.session.warm_pipelines import shared_pipelines
from img2music.app.uploaded_files import read_upload
from img2music.cancellation import Cancelled, CancelToken
from img2music.errors import Img2MusicError, PictureError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from img2music.app.call_arguments import CallKind
    from img2music.app.calls import Answer
    from img2music.pipeline import Event

__all__ = ["WORK_LANE", "add_endpoints", "public_calls"]

WORK_LANE = "job"
"""Events of this `concurrency_id` share the places at which music is made: the page's own and these."""
_PICTURE = (
    "The picture: a file uploaded to this server (with gradio_client: handle_file('photo.jpg'); else POST it as form field 'files' to "
    "/gradio_api/upload and give this server's address /gradio_api/file=PATH of what comes back), or a data: address with its bytes in base64. "
    "JPEG, PNG, GIF, WebP, AVIF, TIFF, SVG and more, at most 50 MB. Addresses of other servers are not fetched."
)
_ANSWER = "An account (JSON), and the files by name."


def public_calls() -> Calls:
    """The calls of a page: the offline pipeline, shared with its visitors, and folders in gradio's cache that are removed after an hour."""
    pipeline = shared_pipelines.load(Choices())
    return Calls(pipeline, AgingFolders(Path(get_upload_folder()) / "calls"))


def add_endpoints(calls: Calls, *, lane: str = WORK_LANE, places: int | None = 2) -> None:
    """Adds the endpoints to the Blocks that are being built.

    Args:
        calls: who does the work. The files that it keeps have to lie in gradio's cache, `GRADIO_TEMP_DIR`.
        lane: events that share the `places`.
        places: how many calls are worked at once; the others wait in the queue, whose length `Blocks.queue` bounds.
    """
    for kind in CALLS:
        gr.api(_endpoint(kind, calls), api_name=kind.name, concurrency_id=lane, concurrency_limit=places)


def _endpoint(kind: CallKind, calls: Calls) -> Callable[..., Awaitable[tuple[dict[str, Any], dict[str, Any]]]]:
    """The call as a function whose signature and docstring say what gradio and a model have to know."""
    names = list(kind.arguments.model_fields)

    async def call(*values: Any) -> Any:
        given = list(values)
        try:
            picture = [open_called_picture(*_uploaded(given.pop(0)))] if kind.takes_picture else []
            arguments = read_arguments(kind.arguments, dict(zip(names, given, strict=False)))
            answer = await _run(getattr(calls, kind.name), *picture, arguments)
        except Img2MusicError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return answer.account, {name: _file(answer, name) for name in answer.files}

    parameters = [Parameter("picture", Parameter.POSITIONAL_OR_KEYWORD, annotation=FileData)] if kind.takes_picture else []
    for name, field in kind.arguments.model_fields.items():
        default = Parameter.empty if field.is_required() else field.default
        parameters.append(Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=field.annotation))
    returned = tuple[dict[str, Any], dict[str, Any]]
    call.__name__ = call.__qualname__ = kind.tool
    call.__signature__ = Signature(parameters, return_annotation=returned)  # type: ignore[attr-defined]  # `inspect.signature` looks for it
    call.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": returned}
    told = [("picture", _PICTURE)] if kind.takes_picture else []
    told += [(name, field.description or "") for name, field in kind.arguments.model_fields.items()]
    lines = "".join(f"    {name}: {text}\n" for name, text in told)
    call.__doc__ = f"{kind.text}\n\n" + (f"Args:\n{lines}\n" if lines else "") + f"Returns:\n    {_ANSWER}\n"
    return call


async def _run(work: Callable[..., Answer], *arguments: Any) -> Answer:
    """The answer of `work`, done in a thread; whoever cancels the event stops it."""
    token, progress = CancelToken(), gr.Progress()

    def tell(event: Event) -> None:
        if event.state in {"started", "progress"}:
            progress(step_fraction(event), desc=event.message)

    def do() -> Answer | None:
        try:
            return work(*arguments, on_event=tell, cancel=token)
        except Cancelled:
            return None

    try:
        answer = await anyio.to_thread.run_sync(do, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        token.cancel()
        raise
    except Img2MusicError:
        raise
    except Exception as error:
        logging.getLogger(__name__).exception("a call failed")
        raise gr.Error(
            "this is a fault of img2music, not of your call; its owner finds it in the log", print_exception=False
        ) from error
    if answer is None:
        raise gr.Error("the call was stopped", print_exception=False)
    return answer


def _uploaded(sent: Any) -> tuple[bytes, str]:
    """The bytes and the name of a file in the upload folder, which is all that a client may name.

    Raises:
        PictureError: anything else.
    """
    path = sent.get("path") if isinstance(sent, dict) else None
    if not isinstance(path, str) or not path:
        raise PictureError("no picture came; upload one (with gradio_client: handle_file('photo.jpg'))")
    content, name = read_upload(path, LARGEST_PICTURE_BYTES)
    given = sent.get("orig_name")
    return content, given if isinstance(given, str) and given else name


def _file(answer: Answer, name: str) -> dict[str, Any]:
    """A file as gradio hands it out."""
    path = answer.path(name)
    made: dict[str, Any] = FileData(path=str(path), orig_name=path.name, size=path.stat().st_size).model_dump()
    return made
