"""What visitors of the page do in a browser, for its tests: wait until it is ready, until work has ended, count takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.browser import Watched

__all__ = ["EXAMPLES", "LONG", "idle", "ready", "takes", "trouble"]

EXAMPLES = Path(__file__).parents[2] / "demo" / "examples"
LONG = 120_000
"""Milliseconds that a piece may take on a busy machine."""


def ready(page: Any) -> None:
    """Wait until a picture can be shown."""
    page.wait_for_selector(".drop", timeout=LONG)


def idle(page: Any) -> None:
    """Wait until nothing is being done."""
    page.wait_for_function("document.querySelector('.working')?.hidden", timeout=LONG)


def takes(page: Any) -> int:
    """How many takes there are."""
    return int(page.locator(".take").count())


def trouble(watched: Watched) -> list[str]:
    """What went wrong; the stream of events is closed by the page itself when nothing is under way."""
    return [line for line in watched.trouble() if "/queue/data" not in line]
