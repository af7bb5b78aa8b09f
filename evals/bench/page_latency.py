"""How long somebody at the page waits, measured in a real browser: first cues, first sound, an edited tempo that is heard.

    python -m evals.bench.page_latency                       # medians of five presses of a 30 s piece
    python -m evals.bench.page_latency --visitors 4          # so many at once, each with a picture of their own
    python -m evals.bench.page_latency --pieces 100          # memory of the server over so many pieces

The page is served by a process of its own, as `img2music demo` does it; the browser is Chromium by playwright. "Cues" is when the first cue
stands on the page after the press, "sound" when the player has begun to play it, "tempo" the same after an edit of the tempo. Seconds by
the clock, so the machine should be quiet; the first press after the start is shown apart. Memory is the resident set of the server, in MB;
it is flat when the later half of the pieces adds nothing.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from evals.shared.command_line import ScriptParser
from tests.support.browser import DESKTOP, open_page, running_chromium
from tests.support.visited_page import trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
PICTURES = tuple(sorted((ROOT / "demo" / "examples").glob("*.jpg")))
_START_SECONDS, _PIECE_SECONDS = 60, 120
_WATCH = """() => {
  document.querySelectorAll(".chip").forEach((cue) => cue.remove());
  const times = (window.pageTimes = {});
  const press = () => { times.press ||= Date.now(); };
  addEventListener("click", press, { capture: true, once: true });
  addEventListener("keydown", (event) => { if (event.key === "Enter") press(); }, { capture: true });
  const look = () => { if (document.querySelector(".chip")) times.cue ||= Date.now(); };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""
"""Notes when somebody presses, and when the first cue stands there, by the page's own clock: what drives the browser is slower."""
_SOUND = """() => {
  const names = performance.getEntriesByType("resource").map((entry) => entry.name);
  return names.filter((name) => /[.](flac|mp3|ogg)$/.test(name) && !name.includes("stems")).at(-1) ?? null;
}"""
"""The address of the last mix that the page has asked for."""
_HEARD = f"""(before) => {{
  const source = ({_SOUND})(), player = window.Img2MusicPage.player();
  if (!source || source === before || !player) return null;
  const {{ playing, seconds }} = player.state();
  if (!playing) {{ player.play(); return null; }}
  if (seconds > 0 && window.pageTimes) window.pageTimes.heard ||= Date.now();
  return seconds > 0 ? source : null;
}}"""
"""That address once it plays; what does not play yet is started."""


@contextmanager
def served_page() -> Iterator[tuple[str, int]]:
    """Address ("127.0.0.1:4711") and process of a page that is served while the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "img2music", "demo", "--port", host.partition(":")[2]]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                with urlopen(f"http://{host}/", timeout=2):  # our own server
                    break
            except OSError:
                if time.monotonic() > end or server.poll() is not None:
                    raise
                time.sleep(0.2)
        yield host, server.pid
    finally:
        server.terminate()
        server.wait(20)


def resident_mb(process: int) -> float:
    """The resident set of a process."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def give_picture(page: Any, picture: Path) -> None:
    """Upload a picture and wait until it is shown."""
    page.wait_for_selector(".drop")
    page.set_input_files("#img2music-choose", str(picture))
    page.wait_for_selector(".frame img")
    page.wait_for_selector("[data-key=make]:not([aria-disabled=true])")


def compose(page: Any, before: str | None = None) -> tuple[float, float, str]:
    """Press the button: seconds to the first cue and to a sound that plays, and the address of that sound."""
    page.evaluate(_WATCH)
    page.click("[data-key=make]")
    page.wait_for_selector(".chip")
    source = _wait_for_sound(page, before)
    return page.evaluate("(pageTimes.cue - pageTimes.press) / 1000"), _since_press(page), source


def edit_tempo(page: Any, bpm: int, before: str) -> tuple[float, str]:
    """Write another tempo: seconds until its sound plays, and its address."""
    page.evaluate(_WATCH)
    field = page.locator("[data-key=img2music-choice-tempo-exact]")
    field.fill(str(bpm))
    field.press("Enter")
    source = _wait_for_sound(page, before)
    return _since_press(page), source


def _wait_for_sound(page: Any, before: str | None) -> str:
    """Where the sound lies that is not `before`, once it plays."""
    source: str = page.wait_for_function(_HEARD, arg=before, timeout=_PIECE_SECONDS * 1000, polling=20).json_value()
    return source


def _since_press(page: Any) -> float:
    """Seconds between the press, as the page saw it, and the sound."""
    seconds: float = page.evaluate("(pageTimes.heard - pageTimes.press) / 1000")
    return seconds


def measure_latency(times: int) -> None:
    """Print seconds of the first press, and medians of the later ones."""
    rows: list[tuple[float, float, float]] = []
    with served_page() as (host, _), running_chromium() as browser:
        for number in range(times + 1):
            with open_page(browser, f"http://{host}/", size=DESKTOP, hosts=(host,)) as (page, watched):
                give_picture(page, PICTURES[number % len(PICTURES)])
                cues, sound, source = compose(page)
                page.wait_for_selector("body:not(.is-working)")
                tempo, _ = edit_tempo(page, 97 + number, source)
                rows.append((cues, sound, tempo))
                if trouble(watched):
                    print("trouble:", trouble(watched))
    print(f"{'':8}{'cues':>8}{'sound':>8}{'tempo':>8}")
    print("first   " + "".join(f"{value:8.2f}" for value in rows[0]))
    print("median  " + "".join(f"{median(column):8.2f}" for column in zip(*rows[1:], strict=True)))
    print("longest " + "".join(f"{max(column):8.2f}" for column in zip(*rows[1:], strict=True)))


def measure_visitors(count: int) -> None:
    """So many visitors press at once; print when each has cues and sound, and whether each sees its own picture."""
    with served_page() as (host, _), running_chromium() as browser:
        contexts = [open_page(browser, f"http://{host}/", hosts=(host,)) for _ in range(count)]
        pages = [context.__enter__() for context in contexts]
        for number, (page, _) in enumerate(pages):
            give_picture(page, PICTURES[number % len(PICTURES)])
        begin = time.monotonic()
        for page, _ in pages:
            page.click("[data-key=make]")
        sources = []
        for page, _ in pages:
            source = _wait_for_sound(page, None)
            sources.append((time.monotonic() - begin, source))
        folders = {source.rpartition("/")[0] for _, source in sources}
        print(f"{count} visitors: sound after", ", ".join(f"{seconds:.2f} s" for seconds, _ in sources))
        print(f"{len(folders)} folders of their own; trouble: {[trouble(watched) for _, watched in pages if trouble(watched)]}")
        for context in reversed(contexts):
            context.__exit__(None, None, None)


def measure_memory(pieces: int) -> None:
    """Memory of the server over so many pieces, ten to a visit."""
    sizes: list[float] = []
    with served_page() as (host, process), running_chromium() as browser:
        while len(sizes) < pieces:
            with open_page(browser, f"http://{host}/", hosts=(host,)) as (page, _):
                give_picture(page, PICTURES[len(sizes) // 10 % len(PICTURES)])
                source: str | None = None
                for _ in range(min(10, pieces - len(sizes))):
                    page.wait_for_selector("body:not(.is-working)")
                    _, _, source = compose(page, source)
                    sizes.append(resident_mb(process))
            print(f"{len(sizes):4} pieces  {sizes[-1]:7.0f} MB", flush=True)
    half = len(sizes) // 2
    print(
        f"MB: first {sizes[0]:.0f}, largest of the first half {max(sizes[:half]):.0f}, of the second {max(sizes[half:]):.0f}, last {sizes[-1]:.0f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and measure."""
    parser = ScriptParser(__doc__)
    parser.add_argument("--times", type=int, default=5, help="presses beside the first (%(default)s)")
    parser.add_argument("--visitors", type=int, default=0, help="visitors at once")
    parser.add_argument("--pieces", type=int, default=0, help="pieces, for memory")
    asked = parser.parse_args(arguments)
    if asked.visitors:
        measure_visitors(asked.visitors)
    elif asked.pieces:
        measure_memory(asked.pieces)
    else:
        measure_latency(asked.times)


if __name__ == "__main__":
    main()
