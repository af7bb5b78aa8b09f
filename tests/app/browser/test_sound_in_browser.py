"""Another sound for a take in a real browser: chosen, made step by step, stopped, heard beside the old one, and told in plain words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import extras
from tests.support.browser import DESKTOP, PHONE, open_page, require_axe, require_browser, violations
from tests.support.served_page import serving_page
from tests.support.sine_sound import SINE, sine_package
from tests.support.visited_page import EXAMPLES, LONG, idle, ready, takes, trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.served_page import ServedPage

extras.require("demo")
require_browser()

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.filterwarnings("ignore")]
PLAYING = "Img2MusicPage.player().state().seconds > {seconds}"


@pytest.fixture(scope="module")
def choir_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    """The page on a machine with a choir of sines, which takes three seconds."""
    site = tmp_path_factory.mktemp("site")
    with (
        pytest.MonkeyPatch.context() as patch,
        sine_package(site, patch),
        serving_page(tmp_path_factory.mktemp("page"), site, SINE_SECONDS="3", SINE_STEPS="12") as place,
    ):
        yield place


def compose(page: Any) -> None:
    ready(page)
    page.set_input_files("#img2music-choose", str(EXAMPLES / "cat.jpg"))
    page.wait_for_selector(".frame img", timeout=LONG)
    page.select_option("#img2music-seconds", "20")
    page.click(".make")
    page.wait_for_selector("text=Take 1 is ready", timeout=LONG)
    idle(page)


def sing(page: Any, number: int) -> None:
    page.select_option("#img2music-sound-name", SINE)
    page.click('[data-key="sound-make"]')
    page.wait_for_selector(f"text=Take {number} is ready", timeout=LONG)
    idle(page)


def test_another_sound_beside_the_old_one(choir_page: ServedPage, browser: Any) -> None:
    with open_page(browser, choir_page.address, hosts=(choir_page.host,)) as (page, watched):
        compose(page)
        sound = page.locator("#img2music-sound")
        assert "plays every note as it is written" in sound.inner_text()
        assert page.get_attribute('[data-key="sound-make"]', "aria-disabled") == "true", "the soundfont plays already"

        page.focus("#img2music-sound-name")
        page.keyboard.type(SINE[:4])
        page.wait_for_function("document.querySelector('#img2music-sound-said').textContent.includes('sing the tune')")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_function("/step \\d+ of 12/.test(document.querySelector('.status-words').textContent)", timeout=LONG)
        page.click(".working button")
        page.wait_for_selector("text=Stopped.", timeout=LONG)
        assert takes(page) == 1

        sing(page, 2)
        assert takes(page) == 2
        told = sound.inner_text()
        assert "You may not sell what it makes" in told
        heard = page.inner_text("#img2music-heard")
        assert "notes in the sound" in heard
        assert "a guess" in heard
        assert "no parts to mix" in page.locator(".i2m-player").inner_text()
        assert page.locator('[aria-label^="Solo "]').count() == 0
        assert page.inner_text('[data-key="sound-make"]') == "Another one"

        page.evaluate("Img2MusicPage.player().play()")
        page.wait_for_function(PLAYING.format(seconds=1), timeout=LONG)
        page.click('[data-key="compare"]')
        page.wait_for_selector("text=Take 1 is chosen", timeout=LONG)
        page.wait_for_function(PLAYING.format(seconds=1.2), timeout=LONG)
        page.wait_for_selector("text=plays every note as it is written", timeout=LONG)
        page.evaluate("Img2MusicPage.player().pause()")
        assert trouble(watched) == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_it(choir_page: ServedPage, browser: Any, size: tuple[int, int]) -> None:
    require_axe()
    with open_page(browser, choir_page.address, size=size, hosts=(choir_page.host,), reduced_motion="reduce") as (page, watched):
        compose(page)
        sing(page, 2)
        page.evaluate("document.querySelectorAll('#img2music-sound details').forEach((one) => { one.open = true; })")
        for dark in (False, True):
            page.evaluate(f"document.body.classList.toggle('dark', {str(dark).lower()})")
            assert violations(page, within="#img2music-sound") == []
            shots = os.environ.get("IMG2MUSIC_SHOTS")
            if shots:
                page.locator("#img2music-sound").screenshot(path=f"{shots}/sound-{size[0]}-{'dark' if dark else 'light'}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert trouble(watched) == []
