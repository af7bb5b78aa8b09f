"""What the first tab does: hands what people ask to their visit, and puts what comes of it on the page as it arrives.

A handler never raises: what is wrong becomes a sentence on the page. Work that a newer wish has stopped says nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator  # noqa: TC003  Gradio reads the handlers' hints, and asks for all of them
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TC002  Gradio reads the handlers' hints

from img2music.app.components.page_assets import example_bytes
from img2music.app.components.page_messages import DownloadMessage, ExampleMessage, InstantMessage, WorkMessage, read_message
from img2music.app.components.page_texts import page_text
from img2music.app.components.plan_value import plan_value
from img2music.app.components.screen import VIEWS, Screen
from img2music.app.components.seen_value import colours_value, seen_value
from img2music.app.components.sound_value import sound_value
from img2music.app.components.takes_value import away_value, takes_value
from img2music.app.components.uploaded_files import read_upload
from img2music.app.session.edits import PlanTextError
from img2music.app.session.sounds.sound_wish import SoundWish, departs_from_score
from img2music.app.tabs.asked_edits import asked_choices, asked_edit
from img2music.app.tabs.visit_files import LARGEST_FILE, heard_value, picture_value, served_url
from img2music.cancellation import Cancelled
from img2music.errors import Img2MusicError
from img2music.pipeline.progress import DocumentMade
from img2music.plan import CompositionPlan
from img2music.scene import Scene

if TYPE_CHECKING:
    from img2music.app.session.choices import Choices
    from img2music.app.session.takes import MadeTake
    from img2music.app.session.visit import Visit
    from img2music.app.session.visits import Visits
    from img2music.pipeline.progress import Step

__all__ = ["ComposeHandlers"]

_log = logging.getLogger(__name__)


class ComposeHandlers:
    """The handlers of the first tab, for all visitors."""

    drawn = VIEWS

    def __init__(self, visits: Visits) -> None:
        self._visits = visits

    def work(self, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        """Composes, edits or re-rolls, and draws what arrives."""
        visit, screen = self._visit(request), Screen()
        try:
            message = read_message(event._data, WorkMessage)
            screen = Screen(sound_alone=message.action == "sound")
            steps, choices = self._steps(visit, message)
            yield from self._follow(visit, steps, screen, choices)
        except PlanTextError as error:
            take = visit.current
            if take is not None and isinstance(message.edit, object) and getattr(message.edit, "kind", "") == "text":
                fault = {"line": error.line, "message": str(error), "text": message.edit.text}  # type: ignore[union-attr]
                screen.put("plan", {**plan_value(take.piece.plan, take.piece.scene, take.choices), "error": fault})
            screen.idle(error=str(error))
            yield screen.updates()
        except BaseException as error:
            yield from self._ended(visit, screen, error)

    def open_upload(self, path: str | None, request: gr.Request) -> list[Any]:
        """Opens an uploaded picture; only the house's decoder sees it."""
        if not path:
            return self._refused(page_text("errors.nothing_came"))
        try:
            data, name = read_upload(path, LARGEST_FILE)
        except Img2MusicError as error:
            return self._refused(str(error))
        return self._open(self._visit(request), data, name)

    def open_example(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        """Opens one of the example pictures."""
        try:
            name = read_message(event._data, ExampleMessage).name
            data = example_bytes(name)
        except (Img2MusicError, KeyError):
            return self._refused(page_text("errors.not_understood"))
        return self._open(self._visit(request), data, f"{name}.jpg")

    def open_manifest(self, path: str | None, request: gr.Request) -> Iterator[list[Any]]:
        """Makes a piece again from its `piece.json`."""
        visit, screen = self._visit(request), Screen()
        try:
            if path:
                yield from self._follow(visit, visit.restore(read_upload(path, LARGEST_FILE)[0], None), screen, None)
        except BaseException as error:
            yield from self._ended(visit, screen, error)

    def instant(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        """Chooses, drops, undoes: what needs no work."""
        visit, screen = self._visit(request), Screen()
        try:
            message = read_message(event._data, InstantMessage)
            number = message.number or 0
            match message.action:
                case "choose":
                    visit.choose(number)
                case "drop":
                    visit.drop(number)
                case "keep_only":
                    visit.keep_only(number)
                case "undo":
                    visit.undo()
                case "redo":
                    visit.redo()
            take = visit.current
            if take is not None:
                self._draw_take(visit, take, screen)
                screen.put("hear", heard_value(visit, take, stems=False))
                screen.idle(page_text("status.chosen", number=take.number))
        except (Img2MusicError, Cancelled, OSError) as error:
            screen.idle(error=str(error) if isinstance(error, Img2MusicError) else page_text("errors.picture_gone"))
        return screen.updates()

    def download(self, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        """Makes a file to take away, and hands its address to the page."""
        visit, screen = self._visit(request), Screen()
        try:
            message = read_message(event._data, DownloadMessage)
            take = _current(visit)
            screen.busy(page_text("status.making_file"), 0.3)
            yield screen.updates()
            options = {"shape": message.shape, "shows": message.shows} if message.what == "video" else {}
            path = visit.download(take, message.what, **options)
            ready = {"url": served_url(path), "name": path.name, "token": f"{path.name}-{path.stat().st_mtime_ns}"}
            screen.put("away", away_value(ready))
            screen.idle(page_text("status.file_ready", name=path.name))
            yield screen.updates()
        except BaseException as error:
            yield from self._ended(visit, screen, error)

    def stop(self, request: gr.Request) -> None:
        """Stops what is being done for this visitor."""
        self._visit(request).cancel()

    def close(self, request: gr.Request) -> None:
        """The page was closed: its work stops and its files go."""
        if request.session_hash:
            self._visits.close(request.session_hash)

    def _visit(self, request: gr.Request) -> Visit:
        return self._visits.get(request.session_hash or "")

    def _steps(self, visit: Visit, message: WorkMessage) -> tuple[Iterator[Step], Choices | None]:
        """The steps of what is asked, and the choices that they answer; None where the documents are those that are shown."""
        if message.action == "compose":
            choices = asked_choices(message.choices)
            return visit.compose(choices), choices
        take = _current(visit)
        if message.action == "sound":
            if message.sound is None:
                raise _SentenceError(page_text("errors.not_understood"))
            return visit.sound(SoundWish(**message.sound.model_dump())), None
        if message.action == "reroll":
            return visit.reroll(frozenset(message.keep), take.choices), take.choices
        return visit.edit(asked_edit(message.edit, take)), take.choices

    def _follow(self, visit: Visit, steps: Iterator[Step], screen: Screen, choices: Choices | None) -> Iterator[list[Any]]:
        """Draws documents as they arrive; without `choices` only the take, as a piece from elsewhere is none of the picture that is shown."""
        before = visit.current
        scene: Scene | None = None if before is None else before.piece.scene
        for step in steps:
            if isinstance(step, DocumentMade):
                if choices is None:
                    continue
                if isinstance(step.document, Scene):
                    scene = step.document
                    self._draw_scene(visit, scene, None, screen)
                elif isinstance(step.document, CompositionPlan):
                    screen.put("plan", plan_value(step.document, scene, choices))
            else:
                screen.working(step)
            if screen.due:
                yield screen.updates()
        take = visit.current
        if take is None:
            return
        self._draw_take(visit, take, screen)
        screen.put("hear", heard_value(visit, take, score=False, stems=False))
        screen.busy(page_text("status.score" if departs_from_score(take.renderer) else "status.stems"), 1.0)
        yield screen.updates()
        screen.put("hear", heard_value(visit, take, stems=False))
        yield screen.updates()
        if not departs_from_score(take.renderer):
            screen.put("hear", heard_value(visit, take))
        screen.idle(page_text("status.done", number=take.number, words=take.words))
        yield screen.updates()

    def _draw_scene(self, visit: Visit, scene: Scene, plan: CompositionPlan | None, screen: Screen) -> None:
        first = visit.takes[0].piece.scene if visit.takes else None
        seen = seen_value(scene, plan, first)
        screen.put("colours", colours_value(scene))
        screen.put("picture", {**picture_value(visit), "cues": seen["cues"], "alt": seen["sentence"]})
        screen.put("see", seen)

    def _draw_unseen(self, visit: Visit, screen: Screen) -> None:
        """The picture alone, or none."""
        screen.put("see", {})
        screen.put("picture", picture_value(visit))
        screen.put("colours", colours_value(None))

    def _draw_again(self, visit: Visit, screen: Screen) -> None:
        """What there is, where documents of a take that never came have been drawn over it."""
        if not screen.touched & {"see", "plan"}:
            return
        if visit.current is not None:
            self._draw_take(visit, visit.current, screen)
        else:
            self._draw_unseen(visit, screen)
            screen.put("plan", {})

    def _draw_take(self, visit: Visit, take: MadeTake, screen: Screen) -> None:
        piece = take.piece
        if piece.scene is not None:
            self._draw_scene(visit, piece.scene, piece.plan, screen)
        else:
            self._draw_unseen(visit, screen)
        screen.put("plan", plan_value(piece.plan, piece.scene, take.choices))
        screen.put("sound", sound_value(visit))
        screen.put("takes", takes_value(visit))
        screen.put("away", away_value())

    def _open(self, visit: Visit, data: bytes, name: str) -> list[Any]:
        screen = Screen()
        try:
            visit.open_picture(data, name)
        except (Img2MusicError, Cancelled, OSError) as error:
            screen.put("picture", picture_value(visit))
            screen.idle(error=str(error) if isinstance(error, Img2MusicError) else page_text("errors.picture_gone"))
            return screen.updates()
        for view in ("plan", "hear", "sound", "takes", "away"):
            screen.put(view, {})
        self._draw_unseen(visit, screen)
        screen.idle(page_text("status.opened"))
        return screen.updates()

    def _refused(self, sentence: str) -> list[Any]:
        screen = Screen()
        screen.idle(error=sentence)
        return screen.updates()

    def _ended(self, visit: Visit, screen: Screen, error: BaseException) -> Iterator[list[Any]]:
        """What the page says when work ended without a take."""
        if isinstance(error, GeneratorExit | KeyboardInterrupt | SystemExit):
            raise error
        if isinstance(error, Cancelled):
            if visit.working:
                return
            screen.idle(page_text("status.stopped"))
        elif isinstance(error, Img2MusicError | _SentenceError):
            screen.idle(error=str(error))
        else:
            _log.error("a handler of the page failed", exc_info=error)
            screen.idle(error=page_text("errors.unexpected"))
        self._draw_again(visit, screen)
        yield screen.updates()


class _SentenceError(Exception):
    """Something that is only said."""


def _current(visit: Visit) -> MadeTake:
    take = visit.current
    if take is None:
        raise _SentenceError(page_text("errors.no_piece"))
    return take
