"""The report page in a real browser: nothing fails, nothing is asked of anybody, and everybody can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import browser
from tests.support.browser import DESKTOP, NARROW, PHONE, open_page, require_axe, running_chromium, violations
from tests.support.report_pages import report_page, report_piece

browser.require_browser()

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running_chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page(report_piece(), audio_name=None), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desktop", "phone", "narrow"])
def test_nobody_is_shut_out(chromium: Any, page_file: Path, size: tuple[int, int], dark: bool) -> None:
    require_axe()
    with open_page(chromium, page_file, size=size, dark=dark) as (page, watched):
        assert violations(page) == []
        assert watched.trouble() == []


def test_what_goes_wrong_is_seen(chromium: Any, tmp_path: Path) -> None:
    require_axe()
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!DOCTYPE html><title>t</title><img src="http://evil.invalid/x.png"><img src="gone.png" alt=""><script>nothing.here</script>'
    )
    with open_page(chromium, bad) as (page, watched):
        assert [line.split(" ")[1] for line in violations(page, least="critical")] == ["image-alt:"]
        assert watched.foreign == ["http://evil.invalid/x.png"]
        assert any("gone.png" in line for line in watched.failed)
        assert any("nothing is not defined" in line for line in watched.console)
