"""The page of tried prompts: whole, safe, readable without colour, and bounded."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from img2music.evaluation.line_diff import diff_lines
from img2music.evaluation.workbench import CellStore, compare_variants, picture_rows, summarize_variants
from img2music.evaluation.workbench.charts import interval_bar
from img2music.evaluation.workbench.grid_page import page_html, write_page
from tests.support.prompt_trials import many_pictures, model_use, prompt_file, records_of, small_grid
from tests.support.report_pages import HOSTILE, PageReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.evaluation.workbench import Grid
    from img2music.evaluation.workbench.prompt_grid import Cell

    MakePicture = Callable[..., Path]


def made(**facts: Any) -> dict[str, Any]:
    """A piece as a record tells of it."""
    usual: dict[str, Any] = {
        "title": "Lantern", "idea": "A calm piece.", "key": "Bb minor", "meter": "3/4", "tempo_bpm": 90.0, "style": "waltz", "bars": 8,
        "seconds": 12.0, "instruments": ("violin", "piano"), "text": ("tempo: 90", "key: Bb minor"),
        "cited": ({"choice": "tempo", "value": "90", "because": ("edge_density", "lantern")},),
    }  # fmt: skip
    return usual | facts


def two_prompts(tmp_path: Path, make_picture: MakePicture, count: int = 5) -> Grid:
    prompts = [prompt_file(tmp_path, "a"), prompt_file(tmp_path, "b", "Again.")]
    return many_pictures(small_grid(prompts, [make_picture()], ["openai:x"]), count)


def told(cell: Cell) -> dict[str, Any]:
    """Prompt a is nearer to the eye than b, whose first picture got no valid answer."""
    first = cell.prompt.label == "mine/a"
    text = ("tempo: 90", "key: Bb minor") if first else ("tempo: 120", "key: Bb minor")
    facts: dict[str, Any] = {"feeling": (0.1 if first else 0.6, 0.0), "made": made(text=text)}
    if not first and cell.picture.label == "0.png":
        facts |= {"fell_back": True, "feeling": None, "why": "no usable answer; try another prompt", "traits": {}}
    return facts


def page_of(grid: Grid, facts: Any, folder: Path, *, rated: bool = False) -> str:
    records = records_of(grid, facts)
    return page_html(
        grid,
        records,
        CellStore(folder),
        summarize_variants(grid, records, None),
        compare_variants(grid, records, None),
        rated=rated,
    )


def test_the_page_answers_its_question(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = two_prompts(tmp_path, make_picture, 7)
    page = page_of(grid, told, tmp_path / "out")
    text = re.sub(r"<[^>]+>", " ", page.partition("<body>")[2])
    words = " ".join(text.split())
    assert "Is mine/a better than mine/b?" in words
    assert "✓ mine/a is better in affect" in words
    assert "B♭ minor, ♩ = 90, 3/4, waltz, 8 bars. Violin and piano." in words
    assert "✗ not valid, made without the model no usable answer; try another prompt" in words
    assert "Cites 2 cues" in words
    assert "Says: neither pleasant nor unpleasant (+.10) and neither calm nor exciting (+.00)." in words
    assert "tempo 90 from amount of detail and lantern" in words
    assert "− only mine/a, + only mine/b" in words
    assert "held against the offline eye" in words
    assert "held against people&#x27;s ratings" in page_of(grid, told, tmp_path / "out", rated=True)


def test_the_page_is_whole_and_needs_nothing_from_outside(tmp_path: Path, make_picture: MakePicture) -> None:
    page = page_of(two_prompts(tmp_path, make_picture), told, tmp_path / "out")
    reader = PageReader(page)
    assert not reader.open
    assert len(set(reader.values("id"))) == len(reader.values("id"))
    assert "<script" not in page
    assert all(source.startswith("data:") for source in reader.values("src"))
    assert all(target.startswith(("#", "data:image/svg+xml")) for target in reader.values("href"))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert "script-src" not in policy[1]
    assert not re.search(r"@import|url\(", page)


def test_headings_and_labels(tmp_path: Path, make_picture: MakePicture) -> None:
    page = page_of(two_prompts(tmp_path, make_picture), told, tmp_path / "out")
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later <= level + 1 for level, later in pairwise(levels))
    assert page.count("<img ") == len(re.findall(r'<img [^>]*alt="[^"]+"', page))
    assert all("<title>" in svg for svg in re.findall(r"<svg.*?</svg>", page.partition("<body")[2]))
    assert 'lang="en"' in page
    assert "prefers-color-scheme:dark" in page


def test_text_from_outside_stays_text(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = two_prompts(tmp_path, make_picture)

    def hostile(_: Cell) -> dict[str, Any]:
        return {
            "made": made(
                title=HOSTILE, idea=HOSTILE, style=HOSTILE, key=HOSTILE, instruments=(HOSTILE,), text=(HOSTILE, "x" * 300),
                cited=({"choice": HOSTILE, "value": HOSTILE, "because": (HOSTILE,)},),
            ),
            "why": HOSTILE,
            "broken": (HOSTILE,),
            "uses": (model_use(faults=(HOSTILE,), mended=(HOSTILE,)),),
        }  # fmt: skip

    page = page_of(grid, hostile, tmp_path / "out")
    clean = page_of(grid, lambda _: {"made": made()}, tmp_path / "out")
    reader = PageReader(page)
    assert not reader.open
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "\x00" not in page
    assert "\u202e" not in page
    assert page.count("<style") == clean.count("<style") == 1
    assert page.count("alert(") > 0  # it is shown, as text


def test_sounds_are_carried_up_to_a_bound_and_linked_to_beyond(
    tmp_path: Path, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = two_prompts(tmp_path, make_picture, 1)
    store = CellStore(tmp_path / "out")
    names = [cell.name for cell in grid.cells()]
    for name in names:
        store.add_file(name, "audio.ogg", b"OggS" + b"\0" * 96)
    monkeypatch.setattr(picture_rows, "_LARGEST_SOUNDS", 150)
    sources = re.findall(r'<audio src="([^"]+)"', page_of(grid, lambda _: {"made": made()}, tmp_path / "out"))
    assert len(sources) == 2
    assert sources[0].startswith("data:audio/ogg;base64,T2dnU")
    assert sources[1] == f"./pieces/{names[1]}/audio.ogg"
    assert "No sound was made" not in "".join(sources)


def test_cells_that_are_not_made_yet_say_so(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = two_prompts(tmp_path, make_picture, 1)
    page = page_html(grid, {}, CellStore(tmp_path), summarize_variants(grid, {}, None), [], rated=False)
    assert page.count("Not made yet.") == 2
    assert "0 of 2 cells made" in page
    failed = page_of(grid, lambda _: {"status": "failed", "why": "its server is busy; try again later", "uses": ()}, tmp_path)
    assert failed.count("✗ no answer") == 2
    assert "not measured" not in failed  # a row that nobody was measured in is left out


def test_a_picture_that_went_away_is_no_error(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = two_prompts(tmp_path, make_picture, 1)
    grid.pictures[0].path.unlink()
    assert "The picture is not there any more." in page_of(grid, told, tmp_path)


def test_the_same_cells_give_the_same_page(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = two_prompts(tmp_path, make_picture)
    records = records_of(grid, told)
    store = CellStore(tmp_path / "out")
    written = []
    for _ in range(2):
        path = write_page(
            store,
            page_html(
                grid, records, store, summarize_variants(grid, records, None), compare_variants(grid, records, None), rated=False
            ),
        )
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert path == tmp_path / "out" / "index.html"


def test_changes_are_marked_by_sign_and_element() -> None:
    lines, count = diff_lines(["a", "b", "c", "d", "e", "f"], ["a", "b", "x", "d", "e", "f", "<g>"])
    assert count == 3
    assert [str(line) for line in lines] == [
        "<span>  b</span>", "<del>− c</del>", "<ins>+ x</ins>", "<span>  d</span>", '<span class="gap">…</span>', "<span>  f</span>",
        "<ins>+ &lt;g&gt;</ins>",
    ]  # fmt: skip
    assert diff_lines(["a"], ["a"]) == ([], 0)
    long, count = diff_lines([f"a{number}" for number in range(400)], [f"b{number}" for number in range(400)])
    assert count == 800
    assert len(long) == 301
    assert "500 more lines" in long[-1]


def test_a_bar_lies_where_its_interval_lies(tmp_path: Path, make_picture: MakePicture) -> None:
    grid = two_prompts(tmp_path, make_picture, 8)
    found = {one.score: one for one in compare_variants(grid, records_of(grid, told), None)}

    def reach(score: str) -> tuple[float, float, float]:
        bar = interval_bar(found[score], 1.0)
        low, high = (float(value) for value in re.findall(r'<line x1="([0-9.]+)" x2="([0-9.]+)"[^>]*class="reach"', bar)[0])
        return low, high, float(re.findall(r'<rect x="([0-9.]+)"', bar)[0]) + 1.2

    low, high, mean = reach("affect")
    assert 100 < low <= mean <= high  # a is better: right of zero
    assert 'class="bar told"' in interval_bar(found["affect"], 1.0)
    low, high, mean = reach("compliance")
    assert low == high == mean == 100
    assert 'class="bar"' in interval_bar(found["compliance"], 1.0)
