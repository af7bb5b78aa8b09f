"""A real browser for tests of pages: Chromium by playwright, what goes wrong while a page is open, and axe-core's findings.

    with running_chromium() as browser, open_page(browser, address) as (page, watched):
        page.click("#play")
        assert watched.trouble() == []
        assert violations(page) == []

`require_browser` skips a test or a file where playwright or a Chromium is missing, `require_axe` also where axe-core is; they fail instead where
IMG2MUSIC_TEST_EXTRAS names "browser". The Chromium is that of IMG2MUSIC_CHROMIUM, of the path, or playwright's own. axe-core is the file that
IMG2MUSIC_AXE names, or comes from ``npm install axe-core`` in the folder of the project.

A page may ask only for what the test names: files, and the hosts `hosts` (a server of the test's own on the loopback). Any other request is
stopped and told. Browsers stand on asyncio: one is open at a time in a thread, and a test module closes its own before the next.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DESKTOP",
    "NARROW",
    "PHONE",
    "Watched",
    "open_page",
    "require_axe",
    "require_browser",
    "running_chromium",
    "until",
    "violations",
]

DESKTOP, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)
"""Widths and heights of screens in CSS pixels; 320 is the narrowest that WCAG 2.2 asks a page to fit (1.4.10)."""
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_OWN_SCHEMES = frozenset({"data", "blob", "about", "file"})
_RANKS = ("minor", "moderate", "serious", "critical")
_PLAYWRIGHT = "pip install playwright, and a Chromium on the path or by `playwright install chromium`"


@dataclass(slots=True)
class Watched:
    """What went wrong while a page was open."""

    console: list[str] = field(default_factory=list)
    """Errors that were logged, breaches of the content security policy among them, and exceptions that nobody caught."""
    failed: list[str] = field(default_factory=list)
    """Requests without an answer, or answered with 400 and above."""
    foreign: list[str] = field(default_factory=list)
    """Requests to hosts that the test does not name; they were stopped."""

    def trouble(self) -> list[str]:
        """All of it in one list, empty of a page that is well."""
        return [*self.console, *self.failed, *self.foreign]


def require_browser() -> None:
    """Skip the test or the file that asks, unless playwright and a Chromium are there."""
    if find_spec("playwright") is None or _chromium() is None:
        _skip(f"needs a browser: {_PLAYWRIGHT}")


def require_axe() -> None:
    """Skip the test or the file that asks, unless a browser and axe-core are there."""
    require_browser()
    if _axe() is None:
        _skip("needs axe-core: npm install axe-core, or IMG2MUSIC_AXE with the path of axe.min.js")


def _skip(reason: str) -> None:
    if "browser" in os.environ.get("IMG2MUSIC_TEST_EXTRAS", "").split():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def _chromium() -> str | None:
    """The program to start; "" is playwright's own."""
    named = os.environ.get("IMG2MUSIC_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is not None:
        return found
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return "" if any(cache.glob("chromium*")) else None


def _axe() -> Path | None:
    named = os.environ.get("IMG2MUSIC_AXE")
    path = Path(named) if named else Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    return path if path.is_file() else None


@contextmanager
def running_chromium() -> Iterator[Any]:
    """A Chromium of playwright's synchronous interface, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium() or None, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(
    browser: Any,
    address: str | Path,
    *,
    size: tuple[int, int] = DESKTOP,
    dark: bool = False,
    hosts: tuple[str, ...] = (),
    **context: Any,
) -> Iterator[tuple[Any, Watched]]:
    """A page in a profile of its own, and what goes wrong with it from the beginning.

    Args:
        browser: of `running_chromium`.
        address: of the page, or the path of a file.
        size: of the window, in CSS pixels; a phone's (480 wide and less) is a touch screen too.
        dark: whether the system is dark.
        hosts: "127.0.0.1:7860" and others that the page may ask, beside files.
        context: further options of a playwright context, such as ``java_script_enabled=False`` and ``reduced_motion="reduce"``.
    """
    watched = Watched()
    phone = size[0] <= 480
    options: dict[str, Any] = {"has_touch": phone, "is_mobile": phone, "bypass_csp": False, **context}
    profile = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        service_workers="block",
        **options,
    )
    try:
        profile.route("**/*", lambda route: _let_pass(route, hosts, watched))
        page = profile.new_page()
        page.on("console", lambda message: watched.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: watched.console.append(str(error)))
        page.on("requestfailed", lambda request: _note_failure(request, watched))
        page.on("response", lambda answer: _note_answer(answer, watched))
        page.goto(address.resolve().as_uri() if isinstance(address, Path) else address)
        yield page, watched
    finally:
        profile.close()


def _let_pass(route: Any, hosts: tuple[str, ...], watched: Watched) -> None:
    where = urlsplit(route.request.url)
    if where.scheme in _OWN_SCHEMES or where.netloc in hosts:
        route.continue_()
    else:
        watched.foreign.append(route.request.url[:200])
        route.abort()


def _note_failure(request: Any, watched: Watched) -> None:
    # A browser stops asking for a sound as soon as it knows its length.
    if not (request.resource_type == "media" and "ERR_ABORTED" in str(request.failure)):
        watched.failed.append(f"{request.url[:200]}: {request.failure}")


def _note_answer(answer: Any, watched: Watched) -> None:
    if answer.status >= 400:
        watched.failed.append(f"{answer.url[:200]}: {answer.status}")


def violations(page: Any, *, least: str = "serious", within: str = "html", passed_over: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds wrong with a page as it stands, a line an element: "serious color-contrast: .hint ...".

    Args:
        page: as opened; its policy stays in force, for axe-core runs as the browser's tools do.
        least: the lowest rank that counts: minor, moderate, serious or critical.
        within: a selector of what is looked at.
        passed_over: names of rules that are not asked, for what the page does not own.
    """
    source = _axe()
    assert source is not None, "require_axe was not called"
    tools = page.context.new_cdp_session(page)
    try:
        _evaluate(tools, source.read_text(encoding="utf-8") + ";0")
        rules = {name: {"enabled": False} for name in passed_over}
        found = _evaluate(
            tools, f"axe.run({within!r}, {{rules: {json.dumps(rules)}}}).then((all) => JSON.stringify(all.violations))"
        )
    finally:
        tools.detach()
    return [
        f"{one['impact']} {one['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary'].splitlines()[-1].strip()}"
        for one in json.loads(found)
        if _RANKS.index(one["impact"] or "minor") >= _RANKS.index(least)
        for node in one["nodes"]
    ]


def until(page: Any, script: str, seconds: float = 8.0) -> None:
    """Wait until an expression is true; unlike playwright's own waiting it works where a page's policy forbids eval."""
    for _ in range(round(seconds * 50)):
        if page.evaluate(script):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"not within {seconds:g} s: {script}")


def _evaluate(tools: Any, script: str) -> Any:
    """What a script of the browser's tools comes to; no policy of the page stops it."""
    answer = tools.send("Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True})
    if "exceptionDetails" in answer:
        raise AssertionError(answer["exceptionDetails"].get("exception", {}).get("description", answer["exceptionDetails"]))
    return answer["result"].get("value")
