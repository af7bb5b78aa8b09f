"""One visitor's whole way in a real browser, and what they take home, read by other programs: everything asked for was obeyed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import mido
import pytest

from tests.support import extras
from tests.support.browser import open_page, require_browser
from tests.support.visited_page import EXAMPLES, LONG, idle, ready, takes, trouble

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.served_page import ServedPage

for extra in ("demo", "pdf", "video"):
    extras.require(extra)
require_browser()

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.filterwarnings("ignore")]
SECONDS = 30


class Visitor:
    """What somebody does on the page."""

    def __init__(self, page: Any, home: Path) -> None:
        self.page, self.home = page, home
        home.mkdir(exist_ok=True)

    def wait_for_take(self, number: int) -> None:
        self.page.wait_for_selector(f"text=Take {number} is ready", timeout=LONG)
        idle(self.page)

    def take_home(self, what: str, name: str) -> Path:
        with self.page.expect_download(timeout=LONG) as waiting:
            self.page.click(f'[data-key="file-{what}"]')
        path = self.home / name
        waiting.value.save_as(path)
        idle(self.page)
        return path

    def record(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.take_home("manifest", name).read_text(encoding="utf-8"))
        return found

    def fold(self, title: str) -> None:
        """Open what is folded under a title."""
        title_line = self.page.locator("summary", has_text=title).first
        title_line.evaluate("line => { line.parentElement.open = true; }")


def notes_by_track(path: Path) -> dict[str, list[tuple[int, int]]]:
    """Onset in ticks and pitch of every note, by the name of its track."""
    found: dict[str, list[tuple[int, int]]] = {}
    for track in mido.MidiFile(path).tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                found.setdefault(track.name, []).append((now, message.note))
    return found


def tempo_of(path: Path) -> float:
    tempi = [message.tempo for track in mido.MidiFile(path).tracks for message in track if message.type == "set_tempo"]
    return float(mido.tempo2bpm(tempi[0]))


def drag_feeling(page: Any, valence: float, arousal: float) -> None:
    """Drag the point to a place on the plane, values -1..1."""
    page.locator(".plane").scroll_into_view_if_needed()
    plane, point = page.locator(".plane").bounding_box(), page.locator(".point").bounding_box()
    page.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    page.mouse.down()
    x, y = plane["x"] + plane["width"] * (1 + valence) / 2, plane["y"] + plane["height"] * (1 - arousal) / 2
    page.mouse.move((x + point["x"]) / 2, (y + point["y"]) / 2)
    page.mouse.move(x, y)
    page.mouse.up()


def compose(visitor: Visitor) -> None:
    page = visitor.page
    ready(page)
    page.set_input_files("#img2music-choose", str(EXAMPLES / "cat.jpg"))
    page.wait_for_selector(".frame img", timeout=LONG)
    page.select_option("#img2music-seconds", str(SECONDS))
    page.click(".make")
    visitor.wait_for_take(1)


def change_the_feeling(visitor: Visitor) -> None:
    drag_feeling(visitor.page, -0.6, 0.5)
    visitor.wait_for_take(2)
    felt = visitor.record("felt.json")["scene"]["attributes"]
    assert felt["valence"]["value"] == pytest.approx(-0.6, abs=0.06)
    assert felt["arousal"]["value"] == pytest.approx(0.5, abs=0.06)


def change_the_tempo(visitor: Visitor) -> None:
    visitor.page.fill("#img2music-choice-tempo ~ .exact", "111")
    visitor.page.press("#img2music-choice-tempo ~ .exact", "Enter")
    visitor.wait_for_take(3)
    assert tempo_of(visitor.take_home("midi", "tempo.mid")) == pytest.approx(111, abs=0.01)


def change_a_chord(visitor: Visitor) -> dict[str, Any]:
    """The plan with the chord of its second bar changed."""
    visitor.fold("The chords")
    field = visitor.page.locator(".chord").nth(1)
    key = field.get_attribute("data-key")
    other = "IV" if field.input_value() != "IV" else "V"
    field.fill(other)
    field.press("Tab")
    visitor.wait_for_take(4)
    visitor.fold("The chords")
    assert visitor.page.locator(f'[data-key="{key}"]').input_value() == other
    plan: dict[str, Any] = visitor.record("chord.json")["plan"]
    assert [numerals for section in plan["sections"] for numerals in section["harmony"]][1] == other
    assert plan["tempo_bpm"] == 111
    return plan


def roll_the_drums_again(visitor: Visitor, plan: dict[str, Any]) -> str:
    """All but the drums is locked; gives the name of the part that has the tune."""
    drums = next(part["name"] for part in plan["parts"] if part["role"] == "drums")
    tune: str = next(part["name"] for part in plan["parts"] if part["role"] == "melody")
    before = notes_by_track(visitor.take_home("midi", "before.mid"))
    for lock in visitor.page.locator('[data-key^="lock-"]').all():
        lock.set_checked(lock.get_attribute("data-key") != "lock-drums")
    visitor.page.click('[data-key="reroll"]')
    visitor.wait_for_take(5)
    after = notes_by_track(visitor.take_home("midi", "after.mid"))
    assert [pitch for _, pitch in after[tune]] == [pitch for _, pitch in before[tune]]
    assert after[drums] != before[drums]
    assert tempo_of(visitor.home / "after.mid") == pytest.approx(111, abs=0.01)
    return tune


def hear_alone(page: Any, part: str) -> None:
    page.locator(f'[aria-label="Solo {part}"]').first.click()
    page.evaluate("Img2MusicPage.player().play()")
    levels = "Img2MusicPage.player().state().levels"
    page.wait_for_function(f"{levels}.length > 1 && {levels}.filter((level) => level > 0.01).length === 1", timeout=LONG)
    page.wait_for_function("Img2MusicPage.player().state().lit.length > 0", timeout=LONG)
    page.evaluate("Img2MusicPage.player().pause()")


def read_paper_and_film(visitor: Visitor) -> None:
    import av
    import pypdf

    plan = visitor.record("piece.json")["plan"]
    paper = pypdf.PdfReader(visitor.take_home("pdf", "score.pdf"))
    assert len(paper.pages) >= 1
    assert plan["title"] in paper.pages[0].extract_text()
    with av.open(str(visitor.take_home("video", "video.mp4"))) as film:
        assert {stream.type for stream in film.streams} == {"video", "audio"}
        assert film.duration / av.time_base == pytest.approx(plan["seconds"], abs=0.15)


def test_upload_compose_change_and_take_home(served: ServedPage, browser: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_page(browser, served.address, hosts=(served.host,), accept_downloads=True) as (page, watched):
        visitor = Visitor(page, home)
        compose(visitor)
        change_the_feeling(visitor)
        change_the_tempo(visitor)
        plan = change_a_chord(visitor)
        tune = roll_the_drums_again(visitor, plan)
        hear_alone(page, tune)
        read_paper_and_film(visitor)
        assert takes(page) == 5
        assert trouble(watched) == []

    with open_page(browser, served.address, hosts=(served.host,), accept_downloads=True) as (page, watched):
        again = Visitor(page, tmp_path / "again")
        ready(page)
        with page.expect_file_chooser() as choosing:
            page.click('[data-key="open-earlier"]')
        choosing.value.set_files(str(home / "piece.json"))
        again.wait_for_take(1)
        assert again.take_home("midi", "after.mid").read_bytes() == (home / "after.mid").read_bytes()
        assert page.input_value("#img2music-choice-tempo ~ .exact") == "111"
        assert trouble(watched) == []


def test_four_visitors_at_once_each_have_their_own(served: ServedPage, browser: Any, tmp_path: Path) -> None:
    pictures = sorted(EXAMPLES.glob("*.jpg"))[:4]
    opened = [open_page(browser, served.address, hosts=(served.host,), accept_downloads=True) for _ in pictures]
    pages = [one.__enter__() for one in opened]
    try:
        for (page, _), picture in zip(pages, pictures, strict=True):
            ready(page)
            page.set_input_files("#img2music-choose", str(picture))
            page.wait_for_selector(".frame img", timeout=LONG)
            page.select_option("#img2music-seconds", "20")
        for page, _ in pages:
            page.click(".make")
        for number, ((page, watched), picture) in enumerate(zip(pages, pictures, strict=True)):
            page.wait_for_selector("text=Take 1 is ready", timeout=LONG)
            idle(page)
            visitor = Visitor(page, tmp_path / str(number))
            assert visitor.record("piece.json")["picture"]["file"] == picture.name
            assert takes(page) == 1
            assert trouble(watched) == []
        assert len(served.visits()) >= len(pictures)
    finally:
        for one in reversed(opened):
            one.__exit__(None, None, None)
