"""The report page in a real browser: nothing fails, nothing is asked of anybody, and everybody can read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from img2music import compose
from img2music.io.engraving.piano_roll import pianoroll_svg
from img2music.performance import TICKS_PER_QUARTER, PlayedNote
from tests.support import browser
from tests.support.browser import DESKTOP, NARROW, PHONE, open_page, require_axe, running_chromium, until, violations
from tests.support.report_pages import report_page, report_piece

browser.require_browser()

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from img2music.piece import Piece


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running_chromium() as started:
        yield started


def hard_piece() -> Piece:
    """Ten parts with long names, sections of one bar, a kit of drums with long names, and notes that ring out after the last bar."""
    piece = report_piece()
    names = [f"Classical guitar, {hand} hand, number {number}" for number in range(4) for hand in ("left", "right")]
    (melody, *_), drums = piece.performance.parts[:1], piece.performance.parts[-1]
    ring = PlayedNote(piece.score.bars * 3 * TICKS_PER_QUARTER - 60, 6 * TICKS_PER_QUARTER, 60, 60)
    kit = tuple(
        PlayedNote(place * 240, 120, pitch, 90) for place, pitch in enumerate((35, 38, 42, 46, 49, 53, 55, 57, 59, 70, 76, 81))
    )
    parts = [replace(melody, name=name, id=name, notes=(*melody.notes, ring)) for name in names]
    markers = tuple(
        (place * 3 * TICKS_PER_QUARTER, name) for place, name in enumerate(("intro", "A1", "B", "interlude", "A2", "outro"))
    )
    performance = replace(piece.performance, parts=(*parts, replace(drums, notes=kit)), markers=markers)
    return replace(piece, performance=performance)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page(report_piece(), audio_name=None), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole piece with its sound."""
    from evals.shared.paths import example_pictures

    out = tmp_path_factory.mktemp("made") / "piece"
    return compose(example_pictures()[1], seconds=12, seed=3, style="bossa", audio="wav").save(out)


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


@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desktop", "phone", "narrow"])
def test_no_name_is_cut_off(chromium: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    piece = hard_piece()
    roll = tmp_path / "roll.svg"
    roll.write_text(pianoroll_svg(piece.performance, bars=piece.score.bars), encoding="utf-8")
    with open_page(chromium, roll, size=DESKTOP) as (page, _):
        outside = page.evaluate(
            """() => { const box = document.documentElement.viewBox.baseVal; return [...document.querySelectorAll("text")].filter((text) => {
            const at = text.getBBox(); return at.x < 0 || at.y < 0 || at.x + at.width > box.width + 1 || at.y + at.height > box.height; })
            .map((text) => text.textContent); }"""
        )
        assert outside == []
        texts = page.evaluate("() => [...document.querySelectorAll('text')].map((text) => text.textContent)")
        assert {part.name for part in piece.performance.parts} <= set(texts)
        assert {name for _, name in piece.performance.markers} <= set(texts)
        assert not any("…" in text for text in texts)
        bold = page.evaluate(
            """() => [...document.querySelectorAll("text[font-weight=bold]")].map((text) => text.getBoundingClientRect())
            .map((one) => [one.left, one.right, one.top, one.bottom])"""
        )
        assert not any(
            one is not other and one[0] < other[1] and other[0] < one[1] and one[2] + 1 < other[3] and other[2] + 1 < one[3]
            for one in bold
            for other in bold
        )
    for script in (True, False):
        report = tmp_path / "report.html"
        report.write_text(report_page(piece, audio_name=None, pianoroll=roll.read_text()), encoding="utf-8")
        with open_page(chromium, report, size=size, java_script_enabled=script) as (page, watched):
            assert watched.trouble() == []
            if not script:
                continue
            cut = page.evaluate(
                """() => [...document.querySelectorAll("#form strong, .glance dd, .glance small, summary strong, .i2m-name, td, tbody th, .chip")]
                .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline" && one.title !== one.textContent)
                .map((one) => one.textContent)"""
            )
            assert cut == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_score_follows_and_nothing_is_asked_of_anybody(chromium: Any, made: Path) -> None:
    with open_page(chromium, made / "report.html") as (page, watched):
        assert not page.is_visible("#score")
        assert not page.is_visible("#roll")
        page.click("#play")
        page.wait_for_selector("g.note.i2m-on")
        until(page, "document.querySelectorAll('li.current').length === 1 && document.querySelector('.phrase .current')")
        assert " of " in page.inner_text("#now")
        page.click("#play")
        canvas = page.locator(".i2m-roll canvas")
        box = canvas.bounding_box()
        canvas.click(position={"x": box["width"] * 0.6, "y": 30})  # a click on the roll plays from there
        until(page, "document.querySelector('#play').ariaLabel === 'Pause' && Number(document.querySelector('#seek').value) > 3")
        page.evaluate("document.querySelector('.i2m-wave').focus()")
        page.keyboard.press("End")
        bars = len(page.query_selector_all("[id^='bar-']"))
        until(page, f"document.querySelector('#now').textContent.includes('bar {bars} of {bars}')")
        page.evaluate(
            "document.querySelector('#seek').value = 1e6; document.querySelector('#seek').dispatchEvent(new Event('input'))"
        )
        assert f"bar {bars} of {bars}" in page.inner_text("#now")  # what rings out is no bar
        assert watched.trouble() == []


def test_without_scripts_and_on_paper_everything_is_there(chromium: Any, made: Path) -> None:
    with open_page(chromium, made / "report.html", java_script_enabled=False) as (page, watched):
        assert page.is_visible("#score img")
        assert page.is_visible("#roll img")
        assert page.is_visible("audio")
        assert watched.trouble() == []
    with open_page(chromium, made / "report.html") as (page, watched):
        page.emulate_media(media="print")
        assert page.is_visible("#score img")
        assert page.is_visible("#roll img")
        assert not page.is_visible("#stage")


def test_a_whole_page_shuts_nobody_out(chromium: Any, made: Path) -> None:
    require_axe()
    for size, dark in ((DESKTOP, False), (PHONE, True)):
        with open_page(chromium, made / "report.html", size=size, dark=dark) as (page, watched):
            assert violations(page) == []
            assert watched.trouble() == []


def test_a_sound_that_is_gone_is_said_to_be(chromium: Any, made: Path, tmp_path: Path) -> None:
    page_alone = tmp_path / "report.html"
    page_alone.write_text((made / "report.html").read_text(encoding="utf-8"), encoding="utf-8")
    with open_page(chromium, page_alone) as (page, _):
        page.wait_for_selector("#trouble:not([hidden])")
        assert "Keep it in the same folder" in page.inner_text("#trouble")
