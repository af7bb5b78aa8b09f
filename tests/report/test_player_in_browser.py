"""The player in a real browser, on a page with a strict policy: what is heard, what is lit, and who can use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import img2music
from tests.support import browser
from tests.support.browser import DESKTOP, NARROW, PHONE, open_page, require_axe, running_chromium, until, violations
from tests.support.player_pages import as_data_urls, player_data, serving, write_player_page

browser.require_browser()

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.enable_socket

UNTIL = 8_000
"""Milliseconds that a busy machine may take for anything."""


@dataclass
class Site:
    folder: Path
    host: str
    first: dict[str, Any]
    second: dict[str, Any]
    chromium: Any

    def open(self, name: str = "index.html", **options: Any) -> Any:
        return open_page(self.chromium, f"http://{self.host}/{name}", hosts=(self.host,), **options)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A band of five with a drum kit, and another take of the same picture for piano."""
    folder = tmp_path_factory.mktemp("player")
    picture = folder / "sky.png"
    rows, columns = np.mgrid[0:48, 0:64]
    Image.fromarray(np.stack([rows * 4, columns * 3, 200 - rows * 2], axis=2).astype(np.uint8)).save(picture)
    wishes: dict[str, Any] = {"seconds": 24, "seed": 5, "tempo_bpm": 120, "stems": True}
    band = img2music.compose(picture, style="swing", **wishes)
    solo = img2music.compose(picture, style="solo-piano", **wishes)
    first = player_data(folder, band, name="band", prefix="a-")
    second = player_data(folder, solo, name="solo", prefix="b-")
    write_player_page(folder, first, second=second)
    with serving(folder) as host, running_chromium() as chromium:
        yield Site(folder, host, first, second, chromium)


def state(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("player.state()")
    return found


def should_be_lit(data: dict[str, Any], seconds: float, pages: list[int]) -> set[str]:
    """What the data say is to be seen at a time."""
    return {name for name, _, on, off, page in data["notes"] if on <= seconds < off and pages[0] <= page <= pages[1]}


def bar_at(data: dict[str, Any], seconds: float) -> int:
    return max(int(bar) for _, bar, onset, _ in data["bars"] if onset <= seconds + 0.002)


def test_bars_and_notes_follow_what_is_heard(site: Site) -> None:
    with site.open() as (page, watched):
        page.click(".i2m-play")
        until(page, "player.state().seconds > 0.3")
        bars = set()
        for _ in range(8):
            page.wait_for_timeout(250)
            # All in one call, so that no frame lies between the clock and what is drawn: drawn first, then both are read.
            now = page.evaluate(
                "new Promise((done) => document.getElementById('place').addEventListener('player:time', (event) =>"
                " done({told: event.detail, lit: [...document.querySelectorAll('.i2m-on')].map((node) => node.id),"
                " here: [...document.querySelectorAll('.i2m-here')].map((node) => node.id), state: player.state()}), {once: true}))"
            )
            seconds, pages = now["told"]["seconds"], now["state"]["pages"]
            near = {name for at in (seconds - 0.003, seconds + 0.003) for name in should_be_lit(site.first, at, pages)}
            surely = should_be_lit(site.first, seconds - 0.003, pages) & should_be_lit(site.first, seconds + 0.003, pages)
            assert surely <= set(now["lit"]) <= near
            assert now["here"] == [site.first["bars"][bar_at(site.first, seconds)][0]]
            assert now["told"]["bar"] == bar_at(site.first, seconds)
            assert abs(now["state"]["seconds"] - seconds) < 0.25
            bars.add(now["told"]["bar"])
        assert len(bars) > 1
        page.evaluate("player.pause()")
        now = state(page)
        assert now["playing"] is False
        name = site.first["sections"][now["section"]]["name"]
        assert page.text_content(".i2m-caption").startswith(f"{name} · bar {now['bar'] + 1} of {len(site.first['bars'])}")
        assert watched.trouble() == []


@pytest.mark.parametrize("onset_of", [0.1, 0.35, 0.6, 0.9])
def test_at_a_note_its_head_is_lit_in_the_colour_of_its_part(site: Site, onset_of: float) -> None:
    notes = site.first["notes"]
    name, part, onset, off, number = next(note for note in notes[int(onset_of * len(notes)) :] if note[3] - note[2] > 0.05)
    with site.open() as (page, watched):
        page.evaluate("(seconds) => player.seek(seconds)", onset)
        assert name in state(page)["lit"]
        assert set(state(page)["lit"]) == should_be_lit(site.first, onset + 0.002, state(page)["pages"])
        assert state(page)["pages"][0] <= number <= state(page)["pages"][1]
        colours = page.evaluate(
            "([id, part]) => [getComputedStyle(document.getElementById(id)).fill,"
            " getComputedStyle(document.querySelectorAll('.i2m-swatch')[part]).backgroundColor]",
            [name, part],
        )
        assert colours[0] == colours[1]
        page.evaluate("(seconds) => player.seek(seconds)", off + 0.004)
        assert name not in state(page)["lit"]
        assert watched.trouble() == []


def test_a_click_on_a_bar_or_a_note_goes_there(site: Site) -> None:
    shown = [bar for bar in site.first["bars"] if bar[3] <= 1]
    name, number, onset, _ = shown[-1]
    with site.open() as (page, watched):
        page.evaluate(
            "(id) => document.querySelector(`#${id} .i2m-bar`).dispatchEvent(new MouseEvent('click', {bubbles: true}))", name
        )
        assert state(page)["seconds"] == pytest.approx(onset, abs=0.005)
        assert state(page)["bar"] == number
        head = next(note for note in site.first["notes"] if note[4] == 0 and note[2] > 0.5)
        page.locator(f"#{head[0]} .notehead").first.click(force=True)
        assert head[0] in state(page)["lit"]
        assert state(page)["seconds"] == pytest.approx(head[2], abs=0.03)
        second = page.locator(f"#{site.first['bars'][1][0]} .i2m-bar")
        # Where it is when it is clicked: the page may still have settled since it was measured.
        second.click(position={"x": second.bounding_box()["width"] - 3, "y": 3}, force=True)
        assert state(page)["bar"] == 1
        assert watched.trouble() == []


def test_pages_turn_with_the_music_and_by_hand(site: Site) -> None:
    last = len(site.first["pages"]) - 1
    with site.open() as (page, watched):
        assert state(page)["pages"] == [0, 1]
        turn = next(bar for bar in site.first["bars"] if bar[3] == 2)
        page.evaluate("(seconds) => { player.seek(seconds - 0.4); player.play(); }", turn[2])
        # Looked at in every frame, so that no time passes between the turn and the reading.
        turned = page.evaluate(
            """(limit) => new Promise((done) => { const end = performance.now() + limit; const look = () => { const now = player.state();
            now.pages[0] === 2 ? done(now.seconds) : performance.now() > end ? done(-1) : requestAnimationFrame(look); }; look(); })""",
            UNTIL,
        )
        assert turned == pytest.approx(turn[2], abs=0.4)
        page.evaluate("player.pause()")
        page.click("[aria-label='Previous page']")
        assert state(page)["pages"][0] == 1
        assert page.get_attribute("[title='Turn pages with the music']", "aria-pressed") == "false"
        page.evaluate("player.play()")
        page.wait_for_timeout(300)
        assert state(page)["pages"][0] == 1, "a page that was turned by hand stays"
        page.click("[title='Turn pages with the music']")
        until(page, "player.state().pages[0] >= 2")
        page.evaluate("player.pause(); player.seek(1e9)")
        assert state(page)["pages"][1] == last
        assert watched.trouble() == []


def test_solo_silences_the_others_and_all_together_are_the_mix(site: Site) -> None:
    with site.open() as (page, watched):
        page.click(".i2m-play")
        until(page, "player.state().seconds > 0.5")
        assert state(page)["source"] == "element"
        clocks = "(() => [player.state().seconds, performance.now() / 1000])()"
        before, began = page.evaluate(clocks)
        page.locator(".i2m-strip button[aria-label^=Solo]").first.click()
        until(page, "player.state().source === 'stems'")
        after, now = page.evaluate(clocks)
        assert before < after < before + (now - began) + 0.5, "the clock runs on"
        until(page, "player.state().levels.slice(1).every((level) => level < 0.001)")
        assert state(page)["levels"][0] == pytest.approx(1, abs=0.001)
        page.locator(".i2m-strip button[aria-label^=Mute]").first.click()
        until(page, "player.state().levels.every((level) => level < 0.001)")
        page.get_by_text("As made").click()
        until(page, "player.state().levels.every((level) => level > 0.999)")
        level = page.locator(".i2m-strip input").nth(1)
        level.fill("-20")
        until(page, "Math.abs(player.state().levels[1] - 0.1) < 0.001")
        assert level.get_attribute("aria-valuetext") == "−20 dB"
        assert state(page)["playing"]
        assert watched.trouble() == []


def test_stems_run_in_time_with_each_other_and_with_the_mix(site: Site) -> None:
    """What the graph plays, taken in an offline context with the same start: the sum of the decoded stems is the decoded mix."""
    script = """async ([mix, stems]) => {
        const context = new OfflineAudioContext(2, 48000, 48000);
        const decoded = async (url) => context.decodeAudioData(await (await fetch(url)).arrayBuffer());
        const whole = (await decoded(mix)).getChannelData(0);
        const parts = await Promise.all(stems.map(decoded));
        let error = 0, energy = 0;
        for (let index = 0; index < whole.length; index++) {
          let sum = 0;
          for (const part of parts) sum += part.getChannelData(0)[index] || 0;
          error += (sum - whole[index]) ** 2; energy += whole[index] ** 2;
        }
        return [10 * Math.log10(error / energy), whole.length, ...parts.map((part) => part.length)];
    }"""
    with site.open() as (page, watched):
        difference_db, *lengths = page.evaluate(script, [site.first["audio"], [stem["url"] for stem in site.first["stems"]]])
        assert len(set(lengths)) == 1
        assert difference_db < -15, "Vorbis at this rate is that far from what it was given"
        assert watched.trouble() == []


def test_a_section_that_is_repeated_is_not_left(site: Site) -> None:
    section = site.first["sections"][1]
    with site.open() as (page, watched):
        page.evaluate("player.loop(1)")
        assert state(page)["seconds"] == pytest.approx(section["from"], abs=0.01)
        until(page, "player.state().source === 'mix'")
        page.evaluate("(to) => { player.seek(to - 0.5); player.play(); }", section["to"])
        seen = page.evaluate(
            """([from, limit]) => new Promise((done) => { const end = performance.now() + limit, seen = []; let turned = false;
            const look = () => { const now = player.state().seconds; turned ||= seen.length > 0 && now < seen.at(-1) - 0.1; seen.push(now);
            (turned && now > from + 0.5) || performance.now() > end ? done(seen) : requestAnimationFrame(look); }; look(); })""",
            [section["from"], UNTIL],
        )
        assert all(section["from"] - 0.01 <= seconds <= section["to"] + 0.01 for seconds in seen)
        turns = [index for index in range(1, len(seen)) if seen[index] < seen[index - 1] - 0.1]
        assert len(turns) == 1
        assert state(page)["loop"] == 1
        assert page.get_attribute(".i2m-tools button:visible", "aria-pressed") == "true"
        page.locator(".i2m-sections button").first.click()
        assert state(page)["loop"] == 0, "who chooses another section repeats that one"
        page.click(".i2m-tools button:visible")
        assert state(page)["loop"] is None
        assert watched.trouble() == []


def test_a_piece_whose_end_leads_into_its_beginning_goes_round(site: Site) -> None:
    assert not site.first["loop"]
    write_player_page(site.folder, {**site.first, "loop": True}, name="round.html")
    with site.open("round.html") as (page, watched):
        page.get_by_text("Go round").click()
        until(page, "player.state().source === 'mix'")
        page.evaluate("(end) => { player.seek(end - 0.4); player.play(); }", site.first["seconds"])
        until(page, "player.state().seconds < 2")
        assert state(page)["playing"]
        assert state(page)["loop"] == -1
        page.get_by_text("Go round").click()
        page.evaluate("(end) => player.seek(end - 0.3)", site.first["seconds"])
        until(page, "!player.state().playing")
        assert any(name == "ended" for name, _ in page.evaluate("told"))
        assert watched.trouble() == []


def test_parts_that_are_asked_for_while_the_mix_is_loading_win(site: Site) -> None:
    with site.open() as (page, watched):
        page.evaluate("player.play(); player.loop(1); document.querySelector('.i2m-strip button[aria-label^=Solo]').click()")
        until(page, "player.state().source === 'stems'")
        page.wait_for_timeout(500)
        assert state(page)["source"] == "stems"
        assert page.locator(".i2m-status").is_hidden()
        section = site.first["sections"][1]
        assert section["from"] - 0.01 <= state(page)["seconds"] <= section["to"] + 0.01
        assert watched.trouble() == []


def test_nothing_jumps_when_a_page_turns(site: Site) -> None:
    with site.open(size=PHONE) as (page, watched):
        tops = set()
        for bar in site.first["bars"]:
            page.evaluate("(seconds) => player.seek(seconds)", bar[2])
            tops.add(page.evaluate("document.querySelector('.i2m-roll').offsetTop"))
        assert len(tops) == 1
        assert watched.trouble() == []


def test_another_take_goes_on_at_the_same_place(site: Site) -> None:
    with site.open() as (page, watched):
        page.evaluate("player.seek(6); player.play()")
        until(page, "player.state().seconds > 6.4")
        place, again, playing = page.evaluate(
            "(async () => { await player.update(second); const one = player.state(); return [one.seconds, one.length, one.playing]; })()"
        )
        assert playing
        assert again == site.second["seconds"]
        assert 6.3 < place < 12
        until(page, f"player.state().seconds > {place} + 0.3")
        assert all(name.startswith("b-") for name in state(page)["lit"])
        assert page.locator(".i2m-strip").count() == len(site.second["parts"])
        page.evaluate("player.pause()")
        here = state(page)["seconds"]
        page.evaluate("(async () => { await player.update(JSON.parse(document.getElementById('data').textContent).first); })()")
        assert state(page)["seconds"] == pytest.approx(here, abs=0.01)
        assert not state(page)["playing"]
        assert watched.trouble() == []


def test_keys_do_what_a_mouse_does(site: Site) -> None:
    bars = [bar[2] for bar in site.first["bars"]]
    with site.open() as (page, watched):
        page.focus(".i2m-wave")
        for key, seconds in (
            ("ArrowRight", bars[1]),
            ("ArrowRight", bars[2]),
            ("ArrowLeft", bars[1]),
            ("End", bars[-1]),
            ("Home", 0),
            ("Shift+ArrowRight", site.first["sections"][1]["from"]),
        ):
            page.keyboard.press(key)
            assert state(page)["seconds"] == pytest.approx(seconds, abs=0.005), key
        assert page.get_attribute(".i2m-wave", "aria-valuetext").endswith("of 0:24")
        page.keyboard.press("Space")
        assert state(page)["playing"]
        page.keyboard.press("Space")
        assert not state(page)["playing"]
        page.keyboard.press("l")
        assert state(page)["loop"] == 1
        page.focus(".i2m-pages")
        page.keyboard.press("PageDown")
        assert state(page)["pages"][0] > 0
        page.locator(".i2m-strip").nth(2).focus()
        page.keyboard.press("m")
        assert page.locator(".i2m-strip button[aria-label^=Mute]").nth(2).get_attribute("aria-pressed") == "true"
        page.keyboard.press("s")
        assert page.locator(".i2m-strip button[aria-label^=Solo]").nth(2).get_attribute("aria-pressed") == "true"
        until(page, "player.state().source === 'stems'")
        assert watched.trouble() == []


def test_the_roll_names_notes_and_plays_from_a_click(site: Site) -> None:
    with site.open() as (page, watched):
        part, pitch, on, off, _ = max(
            (note for note in site.first["roll"] if not site.first["parts"][note[0]]["drums"] and note[2] < 8),
            key=lambda note: note[3] - note[2],
        )
        page.locator(".i2m-roll canvas").scroll_into_view_if_needed()
        box = page.locator(".i2m-roll canvas").bounding_box()
        span = (
            min(site.first["seconds"], (box["width"] - 44) / 30)
            if site.first["seconds"] * 16 > box["width"] - 44
            else site.first["seconds"]
        )
        x = box["x"] + 38 + (on + off) / 2 / span * (box["width"] - 44)
        named = ""
        for y in range(4, int(box["height"]), 3):
            page.mouse.move(x, box["y"] + y)
            if page.locator(".i2m-tip").is_visible():
                named += page.text_content(".i2m-tip") + "|"
        assert f"{site.first['parts'][part]['names'][str(pitch)]} · {site.first['parts'][part]['name']}|" in named
        page.evaluate("told.length = 0")
        page.mouse.click(x, box["y"] + 40)
        until(page, "player.state().playing && told.some(([name]) => name === 'time')")
        first = page.evaluate("told.find(([name]) => name === 'time')[1].seconds")
        assert first == pytest.approx((on + off) / 2, abs=0.4)
        assert watched.trouble() == []


def test_a_page_that_is_one_file_plays_mixes_and_repeats_too(site: Site) -> None:
    inside = as_data_urls(site.folder, site.first)
    path = write_player_page(site.folder, inside, name="one-file.html")
    with open_page(site.chromium, path) as (page, watched):
        page.click(".i2m-play")
        until(page, "player.state().seconds > 0.2")
        page.locator(".i2m-strip button[aria-label^=Solo]").first.click()
        until(page, "player.state().source === 'stems'")
        assert watched.trouble() == []


def test_without_sound_the_score_still_runs_and_nothing_can_be_mixed(site: Site) -> None:
    silent = {**site.first, "audio": None, "stems": [], "peaks": []}
    write_player_page(site.folder, silent, name="silent.html")
    with site.open("silent.html") as (page, watched):
        page.click(".i2m-play")
        until(page, "player.state().seconds > 0.4 && player.state().lit.length > 0")
        assert page.locator(".i2m-strip").count() == len(silent["parts"])
        assert page.locator(".i2m-strip button").count() == 0
        page.evaluate("player.loop(1)")
        page.evaluate("(to) => player.seek(to - 0.2)", silent["sections"][1]["to"])
        page.wait_for_timeout(600)
        assert silent["sections"][1]["from"] <= state(page)["seconds"] < silent["sections"][1]["to"]
        assert watched.trouble() == []


def test_a_sound_that_is_gone_is_said(site: Site) -> None:
    write_player_page(site.folder, {**site.first, "audio": "gone.ogg", "stems": []}, name="gone.html")
    with site.open("gone.html") as (page, watched):
        page.wait_for_selector(".i2m-status:not([hidden])", timeout=UNTIL)
        assert "can't be played here" in page.text_content(".i2m-status")
        page.click(".i2m-play")
        until(page, "player.state().seconds > 0.2")
        assert watched.foreign == []


def test_hostile_texts_and_pages_are_only_drawn(site: Site) -> None:
    word = '</script><img src=x onerror="window.hit=1"><b>'
    page_text = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="500px" height="200px" onload="window.hit=1">'
        '<script>window.hit=1</script><style>*{background:url(http://evil.invalid/a)}</style><a xlink:href="javascript:window.hit=1"><g id="in"/></a>'
        '<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="http://evil.invalid/b"/></foreignObject>'
        '<image href="http://evil.invalid/c"/><use href="http://evil.invalid/d#x"/><rect fill="url(http://evil.invalid/e)" style="fill:red"'
        ' width="9" height="9" id="kept"/><set attributeName="onload" to="window.hit=1"/></svg>'
    )
    hostile = {
        **site.first,
        "title": word,
        "pages": [page_text, "<svg", "<html/>"],
        "parts": [{**part, "name": word, "colour": "red;background:url(http://evil.invalid/f)"} for part in site.first["parts"]],
        "sections": [{**section, "name": word, "role": "__proto__"} for section in site.first["sections"]],
        "chords": [[0, word, word]],
    }
    write_player_page(site.folder, hostile, name="hostile.html")
    with site.open("hostile.html") as (page, watched):
        page.click(".i2m-play")
        page.wait_for_timeout(400)
        assert page.evaluate("window.hit") is None
        assert (
            page.evaluate(
                "document.querySelectorAll('.i2m-page :is(script, style, a, image, iframe, foreignObject, set)').length"
            )
            == 0
        )
        assert (
            page.evaluate("[...document.getElementById('kept').attributes].map((one) => one.name).sort().join()")
            == "height,id,width"
        )
        assert page.locator(".i2m-page img, .i2m-player b").count() == 0
        page.click("[aria-label='Next page']")
        page.click("[aria-label='Next page']")
        assert page.text_content(".i2m-page .i2m-note") == "This page can't be shown."
        assert watched.failed == watched.foreign == []
        assert all("Content Security Policy" in line for line in watched.console), "what the pages wanted was refused"


def test_a_player_that_is_destroyed_leaves_nothing(site: Site) -> None:
    with site.open() as (page, watched):
        page.evaluate("player.play()")
        page.locator(".i2m-strip button[aria-label^=Solo]").first.click()
        until(page, "player.state().source === 'stems'")
        page.evaluate("player.destroy(); player.destroy()")
        assert page.inner_html("#place") == ""
        told = page.evaluate("told.length")
        page.wait_for_timeout(400)
        assert page.evaluate("told.length") == told
        page.evaluate("window.player = Img2MusicPlayer.mount(document.getElementById('place'), second)")
        page.evaluate("player.play()")
        until(page, "player.state().seconds > 0.2")
        assert watched.trouble() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desktop", "phone", "narrow"])
def test_everybody_can_use_it(site: Site, size: tuple[int, int], dark: bool) -> None:
    require_axe()
    with site.open(size=size, dark=dark) as (page, watched):
        page.evaluate("player.seek(5)")
        page.locator(".i2m-strip button[aria-label^=Solo]").first.click()
        until(page, "player.state().source === 'stems'")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(
            "[...document.querySelectorAll('.i2m-player button:not([hidden])')].every((one) => one.offsetWidth >= 24 && one.offsetHeight >= 24)"
        )
        assert watched.trouble() == []


def test_colours_of_parts_are_seen_on_the_paper(site: Site) -> None:
    """Three to one, as WCAG 2.2 asks of what is not text (1.4.11)."""
    for dark in (False, True):
        with site.open(dark=dark) as (page, _):
            script = """() => {
              const probe = document.querySelector('.i2m-player').appendChild(document.createElement('i'));
              return ['paper', 'shade', ...[0, 1, 2, 3, 4, 5, 6, 7].map((part) => `part-${part}`)].map((name) => {
                probe.style.color = `var(--_${name})`;
                return getComputedStyle(probe).color.match(/[0-9.]+/g).slice(0, 3).map(Number);
              });
            }"""
            paper, shade, *parts = (luminance(colour) for colour in page.evaluate(script))
            assert min(contrast(part, ground) for part in parts for ground in (paper, shade)) >= 3


def luminance(colour: list[float]) -> float:
    channels = [value / 255 for value in colour]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
