"""The tab in which prompts are edited, kept and compared: the layout and what its buttons do; the work is done by `app.prompt_lab`.

Only a page for its own user has it, as the line of a model may name a file or a server. The comparison is a page of its own in a frame without
any rights; it is also a file to take away.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator  # noqa: TC003  gradio reads the annotations to know where a request is wanted
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from img2music.app.components.page_texts import page_text
from img2music.app.prompt_lab import LabLimits, LabRequest, LabResult, PromptLab
from img2music.cancellation import CancelToken
from img2music.errors import Img2MusicError, UsageError
from img2music.report.page.html import el

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LabHandlers", "build_prompt_lab_tab"]

_FIRST = "plan/choose"
_LIMITS = LabLimits()
_EDITOR_LINES = 18
_LARGEST_PICTURE = 50_000_000


class LabHandlers:
    """What the tab's buttons do. `folder_of` gives a visitor's private folder by the session that gradio names."""

    def __init__(self, folder_of: Callable[[str], Path]) -> None:
        self._folder_of = folder_of
        self._running: dict[str, CancelToken] = {}

    def lab(self, request: gr.Request) -> PromptLab:
        """The visitor's lab."""
        return PromptLab(self._folder_of(request.session_hash or "") / "lab")

    def names(self, request: gr.Request) -> Any:
        """The prompts that there are now, for the two lists."""
        names = list(self.lab(request).names())
        return gr.update(choices=names), gr.update(choices=names)

    def load(self, name: str, request: gr.Request) -> tuple[str, str]:
        """A prompt's text for the editor, and what it is."""
        try:
            text = self.lab(request).text(name)
            return text, self._about(text, request)
        except Img2MusicError as error:
            return "", _wrong(error)

    def check(self, text: str, request: gr.Request) -> str:
        """What the edited text is, or what is wrong with it."""
        try:
            return self._about(text, request)
        except Img2MusicError as error:
            return _wrong(error)

    def save(self, name: str, text: str, replace: bool, request: gr.Request) -> str:
        """Keeps the edited prompt."""
        try:
            path = self.lab(request).save((name or "").strip(), text, replace=replace)
        except Img2MusicError as error:
            return _wrong(error)
        return el("p", page_text("lab.saved", path=path))

    def run(
        self, names: list[str], tried: bool, text: str, models: str, files: list[str] | None, seeds: float, seconds: float, agreed: bool,
        request: gr.Request,
    ) -> Iterator[tuple[Any, Any, Any]]:  # fmt: skip
        """Compares, and tells how far it is: status, frame, file."""
        key = request.session_hash or ""
        token = CancelToken()
        before = self._running.setdefault(key, token)
        if before is not token:
            yield _wrong(page_text("lab.busy")), gr.skip(), gr.skip()
            return
        try:
            yield el("p", page_text("lab.begins")), "", gr.update(value=None, visible=False)
            asked = LabRequest(
                prompts=tuple(names or ()),
                edited=text if tried else "",
                models=tuple(line.strip() for line in (models or "").splitlines() if line.strip()),
                pictures=tuple(_pictures(files)),
                seeds=int(seeds),
                seconds=float(seconds),
                agreed=bool(agreed),
            )
            for step in self.lab(request).run(asked, token):
                if isinstance(step, LabResult):
                    rows = el("ul", [el("li", row) for row in step.rows], class_="notes")
                    yield el("p", page_text("lab.done")) + rows, _frame(step.page), gr.update(value=str(step.file), visible=True)
                    return
                words = page_text("lab.working", done=step.done + 1, cells=step.cells, what=step.message)
                yield el("p", words, class_="working-words"), gr.skip(), gr.skip()
            yield el("p", page_text("lab.stopped")), gr.skip(), gr.skip()
        except Img2MusicError as error:
            yield _wrong(error), gr.skip(), gr.skip()
        except Exception:
            logging.getLogger(__name__).exception("the prompt lab failed")
            yield _wrong(page_text("lab.fault")), gr.skip(), gr.skip()
        finally:
            token.cancel()
            self._running.pop(key, None)

    def estimate(
        self, names: list[str], tried: bool, text: str, models: str, files: list[str] | None, seeds: float, seconds: float,
        request: gr.Request,
    ) -> str:  # fmt: skip
        """What a run would ask, cost and send."""
        lines = tuple(line.strip() for line in (models or "").splitlines() if line.strip())
        try:
            asked = LabRequest(
                tuple(names or ()), text if tried else "", lines, tuple(_pictures(files)), int(seeds), float(seconds)
            )
            return el("p", self.lab(request).estimate(asked).words)
        except Img2MusicError as error:
            return _wrong(error)

    def stop(self, request: gr.Request) -> None:
        """Stops the visitor's run."""
        token = self._running.get(request.session_hash or "")
        if token is not None:
            token.cancel()

    def _about(self, text: str, request: gr.Request) -> str:
        found = self.lab(request).check(text)
        variables = ", ".join(sorted(found.variables()))
        return el(
            "p", page_text("lab.sound", name=found.name, purpose=found.purpose, schema=found.schema_name, variables=variables)
        )


def build_prompt_lab_tab(page: gr.Blocks, folder_of: Callable[[str], Path]) -> None:
    """Lays the tab out inside the page that is being built, and wires it."""
    handlers = LabHandlers(folder_of)
    private = {"api_visibility": "private", "show_progress": "hidden"}
    with gr.Row(elem_id="img2music-lab"):
        with gr.Column(elem_classes=["stage-card", "lab-side"]):
            gr.HTML(
                el("h2", page_text("lab.edit")) + el("p", page_text("lab.edit_words"), class_="hint"), apply_default_css=False
            )
            chosen = gr.Dropdown(choices=[], label=page_text("lab.prompt"), interactive=True, allow_custom_value=True)
            text = gr.Textbox(label=page_text("lab.text"), lines=_EDITOR_LINES, max_lines=40, elem_classes=["prompt-text"])
            told = gr.HTML(apply_default_css=False, elem_classes=["lab-told"])
            check = gr.Button(page_text("lab.check"), size="sm")
            name = gr.Textbox(label=page_text("lab.name"), placeholder="my-eye", max_lines=1)
            replace = gr.Checkbox(label=page_text("lab.replace"))
            save = gr.Button(page_text("lab.save"), size="sm")
        with gr.Column(elem_classes=["stage-card", "lab-side"]):
            gr.HTML(
                el("h2", page_text("lab.compare")) + el("p", page_text("lab.compare_words"), class_="hint"),
                apply_default_css=False,
            )
            names = gr.Dropdown(choices=[], multiselect=True, label=page_text("lab.prompts"), max_choices=_LIMITS.prompts)
            tried = gr.Checkbox(label=page_text("lab.try_edited"), value=True)
            models = gr.Textbox(
                label=page_text("lab.models"), info=page_text("lab.models_words"), lines=2, placeholder="gguf:smollm2"
            )
            # A button and our own list: the drop field of Gradio has a text behind a button's label, which readers of screens pass over.
            files = gr.UploadButton(page_text("lab.pictures"), file_count="multiple", type="filepath", size="sm")
            chosen_files = gr.HTML(apply_default_css=False, elem_classes=["lab-told"], elem_id="img2music-lab-pictures")
            with gr.Row():
                seeds = gr.Slider(1, _LIMITS.seeds, 1, step=1, label=page_text("lab.seeds"))
                seconds = gr.Slider(5, _LIMITS.seconds, 20, step=5, label=page_text("lab.seconds"))
            agreed = gr.Checkbox(label=page_text("lab.agree"))
            with gr.Row():
                run = gr.Button(page_text("lab.run"), variant="primary")
                estimate = gr.Button(page_text("lab.estimate"))
                stop = gr.Button(page_text("lab.stop"))
            status = gr.HTML(apply_default_css=False, elem_classes=["lab-told"], elem_id="img2music-lab-status")
    result = gr.HTML(apply_default_css=False, elem_id="img2music-lab-result")
    file = gr.DownloadButton(page_text("lab.file"), visible=False, elem_id="img2music-lab-file")
    grid = [names, tried, text, models, files, seeds, seconds]
    page.load(handlers.names, None, [chosen, names], **private)
    chosen.input(handlers.load, chosen, [text, told], **private)
    files.upload(_named, files, chosen_files, **private)
    check.click(handlers.check, text, told, **private)
    save.click(handlers.save, [name, text, replace], told, **private).then(handlers.names, None, [chosen, names], **private)
    estimate.click(handlers.estimate, grid, status, **private)
    run.click(
        handlers.run,
        [*grid, agreed],
        [status, result, file],
        concurrency_limit=1,
        concurrency_id="lab",
        trigger_mode="multiple",
        **private,
    )
    stop.click(handlers.stop, None, None, queue=False, **private)
    page.unload(handlers.stop)


def _pictures(files: list[str] | None) -> Iterator[tuple[str, bytes]]:
    """What was uploaded, read from gradio's cache, where gradio has checked that it lies."""
    if not files:
        raise UsageError(page_text("lab.no_pictures"))
    for path in map(Path, files[: _LIMITS.pictures + 1]):
        try:
            with path.open("rb") as content:
                data = content.read(_LARGEST_PICTURE + 1)
        except OSError:
            raise UsageError(page_text("lab.picture_gone")) from None
        yield path.name, data


def _named(files: list[str] | None) -> str:
    """What was chosen, by name."""
    return el("ul", [el("li", Path(path).name) for path in files or ()])


def _frame(page: str) -> str:
    """The comparison in a frame that may run nothing, open nothing and reach nothing."""
    return f'<iframe class="lab-frame" title="{escape(page_text("lab.result"))}" sandbox="" srcdoc="{escape(page)}"></iframe>'


def _wrong(error: object) -> str:
    return el("p", str(error), class_="wrong", role="alert")
