"""What is to be put on the page next: values for some of its views, collected until they are sent.

A stream of steps tells of many things in a second; what is sent is at most some ten updates a second, and documents at once.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import gradio as gr

from img2music.app.components.page_texts import page_text

if TYPE_CHECKING:
    from img2music.provenance import Event

__all__ = ["VIEWS", "Screen"]

VIEWS = ("colours", "picture", "see", "plan", "hear", "sound", "takes", "away", "status")
"""Views that handlers may draw on, in the order of their outputs."""
_SHARES = {
    "perceiver": (0.0, 0.2, "seeing"),
    "planner": (0.2, 0.28, "planning"),
    "realizer": (0.28, 0.4, "writing"),
    "performer": (0.4, 0.5, "playing"),
    "renderer": (0.5, 0.92, "sounding"),
    "files": (0.92, 1.0, "checking"),
}
"""Where a stage begins and ends on the bar, as measured for a piece of 30 s, and the name of its words."""
_SOUND_ALONE = {
    **dict.fromkeys(("perceiver", "planner", "realizer", "performer"), (0.0, 0.02, "sounding")),
    "renderer": (0.02, 0.95, "sounding"),
    "files": (0.95, 1.0, "checking"),
}
_SHORTEST_PAUSE_SECONDS = 0.1


class Screen:
    """Values for views that have not been sent yet."""

    def __init__(self, *, sound_alone: bool = False) -> None:
        """`sound_alone` says that the notes are there already: then the sound takes nearly the whole bar."""
        self._shares = {**_SHARES, **_SOUND_ALONE} if sound_alone else _SHARES
        self._values: dict[str, dict[str, Any]] = {}
        self._notes: list[str] = []
        self.touched: set[str] = set()
        """Views that were given a value, sent or not."""
        self._furthest = 0.0
        self._step = ""
        self._sent = 0.0

    def put(self, view: str, value: dict[str, Any]) -> None:
        """A new value for a view."""
        self._values[view] = value
        self.touched.add(view)

    def working(self, event: Event) -> None:
        """How far the work is."""
        if event.state in {"fallback", "notice"} and event.message not in self._notes:
            self._notes.append(event.message)
        begin, end, words = self._shares.get(event.stage, (0.0, 1.0, "asked"))
        self._furthest = max(self._furthest, begin + (end - begin) * (event.fraction or 0.0))
        text = page_text("status.waiting") if event.message.startswith("waiting") else page_text(f"status.{words}")
        if event.state == "progress" and event.message and event.message != self._step:
            text = page_text("status.step", doing=text, step=event.message)
        elif event.state == "started":
            self._step = event.message
        self.put("status", {"working": True, "fraction": round(self._furthest, 3), "message": text, "notes": self._notes})

    def busy(self, message: str, fraction: float = 0.0) -> None:
        """Something is being done."""
        self.put("status", {"working": True, "fraction": fraction, "message": message, "notes": self._notes})

    def idle(self, message: str = "", *, error: str = "") -> None:
        """Nothing is being done; `error` is shown until the next work begins."""
        self.put("status", {"working": False, "message": message, "error": error, "notes": self._notes})

    @property
    def due(self) -> bool:
        """Whether it is time to send: at once where more than the bar has changed."""
        return bool(self._values.keys() - {"status"}) or (
            "status" in self._values and monotonic() - self._sent > _SHORTEST_PAUSE_SECONDS
        )

    def updates(self) -> list[Any]:
        """What is sent, an output for each of `VIEWS`; then nothing is left to send."""
        values, self._values = self._values, {}
        self._sent = monotonic()
        return [values.get(view, gr.skip()) for view in VIEWS]
