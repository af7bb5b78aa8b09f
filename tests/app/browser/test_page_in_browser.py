"""The page in a real browser: a picture is shown, music is made, heard, changed, compared and taken away."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import extras
from tests.support.browser import DESKTOP, PHONE, open_page, require_axe, require_browser, violations
from tests.support.visited_page import EXAMPLES, LONG, idle, ready, takes, trouble

if TYPE_CHECKING:
    from tests.support.served_page import ServedPage

extras.require("demo")
require_browser()

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60">'
    '<path fill="#27a" d="M0 0h90v60z"/><circle fill="#fc3" r="20" cx="45" cy="30"/></svg>'
)
pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.filterwarnings("ignore")]


def make_music(page: Any) -> None:
    page.select_option("#img2music-seconds", "20")
    page.click(".make")
    page.wait_for_selector("text=Take 1 is ready", timeout=LONG)


def test_from_a_picture_to_a_file_in_the_hand(served: ServedPage, browser: Any, tmp_path: Path) -> None:
    with open_page(browser, served.address, hosts=(served.host,), accept_downloads=True) as (page, watched):
        ready(page)
        page.set_input_files("#img2music-choose", str(EXAMPLES / "cat.jpg"))
        page.wait_for_selector(".frame img", timeout=LONG)
        make_music(page)
        assert page.locator(".mark").count() >= 1
        assert page.locator(".chip").count() >= 3
        assert page.input_value("#img2music-subject") == "pet"
        page.hover(".chip >> nth=0")
        assert page.locator(".mark.lit").count() == 1
        page.wait_for_selector(".i2m-player", timeout=LONG)
        page.click(".deck-play")
        page.wait_for_function("Img2MusicPage.player().state().seconds > 0.2", timeout=LONG)
        page.click(".deck-play")

        page.fill("#img2music-choice-tempo ~ .exact", "120")
        page.press("#img2music-choice-tempo ~ .exact", "Enter")
        page.wait_for_selector("text=Take 2 is ready: tempo 120", timeout=LONG)
        page.check('[data-key="lock-melody"]')
        page.click('[data-key="reroll"]')
        page.wait_for_selector("text=Take 3 is ready", timeout=LONG)
        page.click('[data-key="compare"]')
        page.wait_for_selector("text=Take 2 is chosen", timeout=LONG)
        page.click('[data-key="keep-2"]')
        page.wait_for_function("document.querySelectorAll('.take').length === 1", timeout=LONG)

        with page.expect_download(timeout=LONG) as waiting:
            page.click('[data-key="file-midi"]')
        waiting.value.save_as(tmp_path / "a.mid")
        assert (tmp_path / "a.mid").read_bytes()[:4] == b"MThd"
        assert trouble(watched) == []


def test_what_is_no_picture_is_said_and_a_drawing_is_one(served: ServedPage, browser: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_text("no picture")
    (tmp_path / "sun.svg").write_text(SVG)
    with open_page(browser, served.address, hosts=(served.host,)) as (page, watched):
        ready(page)
        page.set_input_files("#img2music-choose", str(tmp_path / "bad.jpg"))
        page.wait_for_selector(".alert >> text=no picture that can be read", timeout=LONG)
        assert page.locator(".drop").count() == 1
        page.set_input_files("#img2music-choose", str(tmp_path / "sun.svg"))
        page.wait_for_selector(".frame img", timeout=LONG)
        assert page.inner_text(".alert") == ""
        assert trouble(watched) == []


def test_a_wrong_chord_and_a_wrong_plan_leave_the_take_as_it_is(served: ServedPage, browser: Any) -> None:
    with open_page(browser, served.address, hosts=(served.host,)) as (page, watched):
        ready(page)
        page.click(".example >> nth=1")
        page.wait_for_selector(".frame img", timeout=LONG)
        make_music(page)
        page.click("summary >> text=The chords")
        page.fill(".chord >> nth=0", "H7")
        page.press(".chord >> nth=0", "Tab")
        page.wait_for_selector(".alert >> text=no roman numeral", timeout=LONG)
        page.click("summary >> text=The plan as text")
        text = page.input_value("#img2music-plan-text")
        page.fill("#img2music-plan-text", text.replace('"tempo_bpm": ', '"tempo_bpm": fast'))
        page.click('[data-key="plan-apply"]')
        page.wait_for_selector(".at-fault", state="attached", timeout=LONG)
        line = int(page.inner_text(".at-fault"))
        assert "tempo_bpm" in text.splitlines()[line - 1]
        assert takes(page) == 1
        assert trouble(watched) == []


def test_work_is_cancelled_and_a_closed_page_leaves_nothing(served: ServedPage, browser: Any) -> None:
    with open_page(browser, served.address, hosts=(served.host,)) as (page, _):
        ready(page)
        page.click(".example >> nth=0")
        page.wait_for_selector(".frame img", timeout=LONG)
        before = len(served.visits())
        assert before >= 1
        page.select_option("#img2music-seconds", "240")
        page.click(".make")
        page.wait_for_selector(".chip", timeout=LONG)
        page.click(".working button")
        page.wait_for_selector("text=Stopped", timeout=LONG)
        idle(page)
        assert takes(page) == 0
    end = time.monotonic() + 15
    while len(served.visits()) >= before and time.monotonic() < end:
        time.sleep(0.2)
    assert len(served.visits()) < before


def faults(page: Any) -> list[str]:
    """What axe-core finds on the page as it stands, light and dark; and whether it is too wide."""
    found = []
    for dark in (False, True):
        page.evaluate(f"document.body.classList.toggle('dark', {str(dark).lower()})")
        found += [f"{'dark' if dark else 'light'}: {line}" for line in violations(page)]
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.append("wider than the window")
    return found


def open_tab(page: Any, name: str, shown: str) -> None:
    page.get_by_role("tab", name=name).click()
    page.wait_for_selector(shown, timeout=LONG)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_it_fits_every_screen_and_reads_well(served: ServedPage, browser: Any, size: tuple[int, int]) -> None:
    require_axe()
    with open_page(browser, served.address, size=size, hosts=(served.host,), reduced_motion="reduce") as (page, watched):
        ready(page)
        page.wait_for_selector("#img2music-wish-pipeline option", state="attached", timeout=LONG)
        unfold(page)
        assert faults(page) == []
        page.click(".example >> nth=2")
        page.wait_for_selector(".frame img", timeout=LONG)
        assert faults(page) == []
        make_music(page)
        idle(page)
        page.wait_for_selector(".i2m-player svg", timeout=LONG)
        unfold(page)
        assert faults(page) == []
        open_tab(page, "Prompt lab", "#img2music-lab textarea >> visible=true")
        assert faults(page) == []
        open_tab(page, "Pipelines", ".pipeline >> nth=0")
        unfold(page)
        assert faults(page) == []
        assert trouble(watched) == []


def unfold(page: Any) -> None:
    page.evaluate("document.querySelectorAll('.gradio-container details').forEach((fold) => { fold.open = true; })")


KINDS = {
    "midi": (".mid", b"MThd"),
    "musicxml": (".musicxml", b"<?xml"),
    "abc": (".abc", b"%abc-2.1"),
    "pdf": (".pdf", b"%PDF-"),
    "parts": ("-parts.zip", b"PK"),
    "svg": (".svg", b"<svg"),
    "wav": (".wav", b"RIFF"),
    "flac": (".flac", b"fLaC"),
    "mp3": (".mp3", b"ID3"),
    "ogg": (".ogg", b"OggS"),
    "stems": ("-stems.zip", b"PK"),
    "video": (".mp4", b"ftyp"),
    "report": (".html", b"<!DOCTYPE html>"),
    "manifest": ("piece.json", b"{"),
    "zip": (".zip", b"PK"),
}
"""How the name of each file to take away ends, and how the file begins."""


def test_every_file_arrives_and_is_of_its_kind(served: ServedPage, browser: Any, tmp_path: Path) -> None:
    for extra in ("pdf", "video"):
        extras.require(extra)
    with open_page(browser, served.address, hosts=(served.host,), accept_downloads=True) as (page, watched):
        ready(page)
        page.click(".example >> nth=1")
        page.wait_for_selector(".frame img", timeout=LONG)
        make_music(page)
        idle(page)
        offered = page.locator(".file").evaluate_all("(all) => all.map((one) => one.dataset.key.slice(5))")
        assert set(offered) == set(KINDS)
        for what, (end, begin) in KINDS.items():
            with page.expect_download(timeout=LONG) as waiting:
                page.click(f'[data-key="file-{what}"]')
            name = waiting.value.suggested_filename
            waiting.value.save_as(tmp_path / name)
            assert (name.endswith(end), begin in (tmp_path / name).read_bytes()[:16]) == (True, True), name
            idle(page)
        assert len(list(tmp_path.iterdir())) == len(KINDS)
        assert trouble(watched) == []


def test_what_is_chosen_under_how_it_is_made_is_made(served: ServedPage, browser: Any) -> None:
    with open_page(browser, served.address, hosts=(served.host,)) as (page, watched):
        ready(page)
        page.wait_for_selector("#img2music-wish-pipeline option", state="attached", timeout=LONG)
        page.click(".how summary")
        assert page.input_value("#img2music-wish-pipeline") == "offline"
        assert "leaves this machine" in page.inner_text("#img2music-pipeline-said")
        page.select_option("#img2music-wish-style", "waltz")
        page.select_option("#img2music-wish-key", "D")
        page.fill("#img2music-wish-tempo", "101")
        page.press("#img2music-wish-tempo", "Tab")
        page.click(".example >> nth=1")
        page.wait_for_selector(".frame img", timeout=LONG)
        make_music(page)
        idle(page)
        assert page.input_value("#img2music-choice-style") == "waltz"
        assert page.input_value("#img2music-choice-key") == "D"
        assert page.input_value("#img2music-choice-tempo ~ .exact") == "101"
        page.fill("#img2music-subject", "pets")
        page.press("#img2music-subject", "Tab")
        page.wait_for_selector(".alert >> text=did you mean 'pet'", timeout=LONG)
        assert page.locator("#img2music-subjects option").count() > 30
        assert page.is_disabled('[data-key="undo"]')

        page.click(".example >> nth=0")
        page.wait_for_function("document.querySelectorAll('.take, .mark, .chip, .choice').length === 0", timeout=LONG)
        assert trouble(watched) == []
        page.reload()
        ready(page)
        assert page.locator(".frame").count() == 0


def test_a_full_queue_is_said(served: ServedPage, browser: Any) -> None:
    with open_page(browser, served.address, hosts=(served.host,)) as (page, _):
        ready(page)
        page.click(".example >> nth=1")
        page.wait_for_selector(".frame img", timeout=LONG)
        full = '{"detail": "Queue is full. Max size is 16 and size is 16."}'
        page.route("**/queue/join*", lambda route: route.fulfill(status=503, content_type="application/json", body=full))
        page.click(".make")
        page.wait_for_selector(".alert >> text=Too many people", timeout=LONG)
        idle(page)
        page.unroute("**/queue/join*")
        make_music(page)


def test_the_keyboard_alone_moves_the_feeling(served: ServedPage, browser: Any) -> None:
    with open_page(browser, served.address, hosts=(served.host,)) as (page, watched):
        ready(page)
        page.focus(".example >> nth=1")
        page.keyboard.press("Enter")
        page.wait_for_selector(".frame img", timeout=LONG)
        page.focus(".make")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Take 1 is ready", timeout=LONG)
        page.focus(".point")
        for _ in range(4):
            page.keyboard.press("Shift+ArrowRight")
        page.wait_for_selector("text=Take 2 is ready: feeling set", timeout=LONG)
        assert page.evaluate("document.activeElement.dataset.key") == "affect-point"
        assert trouble(watched) == []
