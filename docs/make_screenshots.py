"""Makes the pictures of the page and of the report that README shows: ``python docs/make_screenshots.py``.

They are taken in a real browser (Chromium by playwright) of the page as `img2music demo` serves it, and of a report as `compose` writes it.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from img2music import compose  # noqa: E402  the checkout's own
from tests.support.browser import DESKTOP, PHONE, open_page, running_chromium  # noqa: E402
from tests.support.served_page import serving_page  # noqa: E402

if TYPE_CHECKING:
    from typing import Any

IMAGES, EXAMPLES = ROOT / "docs" / "images", ROOT / "demo" / "examples"
LONG = 120_000
_COLOURS = 255
_PLAY_SECONDS = 6.0


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder, running_chromium() as browser:
        with serving_page(Path(folder)) as served:
            with open_page(browser, served.address, size=DESKTOP, hosts=(served.host,), reduced_motion="reduce") as (page, _):
                make_music(page, EXAMPLES / "temple.jpg")
                save(page, "page")
                play_a_little(page)
                page.evaluate("document.querySelector('#img2music-hear').scrollIntoView()")
                save(page, "page-heard")
            with open_page(browser, served.address, size=PHONE, dark=True, hosts=(served.host,), reduced_motion="reduce") as (
                page,
                _,
            ):
                make_music(page, EXAMPLES / "moon.jpg")
                play_a_little(page)
                page.evaluate("document.querySelector('#img2music-hear').scrollIntoView()")
                save(page, "page-phone")
        piece = compose(EXAMPLES / "temple.jpg", seconds=30, audio="mp3")
        report = piece.save(Path(folder) / "temple") / "report.html"
        with open_page(browser, report, size=DESKTOP, reduced_motion="reduce") as (page, _):
            page.wait_for_timeout(1500)
            save(page, "report")


def make_music(page: Any, picture: Path) -> None:
    """Show a picture and wait for its music."""
    page.wait_for_selector(".drop", timeout=LONG)
    page.set_input_files("#img2music-choose", str(picture))
    page.wait_for_selector(".frame img", timeout=LONG)
    page.select_option("#img2music-seconds", "30")
    page.click(".make")
    page.wait_for_selector("text=Take 1 is ready", timeout=LONG)
    page.wait_for_function("document.querySelector('.working')?.hidden", timeout=LONG)
    page.wait_for_function("window.Img2MusicPage.player() !== null", timeout=LONG)
    page.wait_for_timeout(500)
    page.evaluate("window.scrollTo(0, 0)")


def play_a_little(page: Any) -> None:
    """Into the piece, so that the score is lit."""
    page.evaluate(f"() => {{ const player = Img2MusicPage.player(); player.seek({_PLAY_SECONDS}); player.play(); }}")
    page.wait_for_function(f"Img2MusicPage.player().state().seconds > {_PLAY_SECONDS} + 0.5", timeout=LONG)
    page.evaluate("Img2MusicPage.player().pause()")
    page.wait_for_timeout(300)


def save(page: Any, name: str) -> None:
    """What the window shows, with few colours so that the file stays small."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
