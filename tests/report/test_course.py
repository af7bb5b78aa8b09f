"""A piece that moves, as it is shown: its course in words, the page's times and widths, hits with their reason."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from img2music.cli.shared.piece_summary import print_piece_summary
from img2music.io.engraving.piano_roll import pianoroll_svg
from img2music.output_folder import SavedFiles
from img2music.pipeline import Pipeline
from img2music.report import explain_text, report_html
from img2music.report.course import hit_words, key_course, meter_course, section_words, tempo_course, tempo_range_words
from img2music.report.page.audio_player import form_css
from img2music.report.page.notebook_card import card_html
from img2music.report.scene_text import scene_sentences
from img2music.report.text_format import format_clock
from img2music.section import Hit, TempoChange
from tests.support.made_scenes import make_scene
from tests.support.moving_plans import moving_plan, with_hits

if TYPE_CHECKING:
    from pathlib import Path

    from img2music.piece import Piece
    from img2music.plan import CompositionPlan

KEYS = "D minor (F major from bar 9, D minor again from bar 13)"
METERS = "4/4 (3/4 from bar 9, 4/4 again from bar 13)"
TEMPI = "72 (rising to 96 from bar 6, 72 again from bar 13)"


@cache
def moving_piece() -> Piece:
    return Pipeline.load("offline").compose_from(with_hits(moving_plan()), audio=None, on_event=lambda event: None)


@cache
def moving_page() -> str:
    piece = moving_piece()
    return report_html(piece, pages=(), pianoroll=pianoroll_svg(piece.performance), audio_name="audio.wav")


def bar_starts(plan: CompositionPlan) -> list[float]:
    return [plan.tempo_map.seconds_at(plan.meter_map.bar_onset(bar)) for bar in range(plan.bars)]


def test_the_course_of_a_piece_in_words() -> None:
    plan = moving_plan()
    assert (str(key_course(plan)), str(meter_course(plan)), str(tempo_course(plan))) == (KEYS, METERS, TEMPI)
    assert str(tempo_course(plan, " quarter notes a minute")) == TEMPI.replace("72 (", "72 quarter notes a minute (", 1)
    assert tempo_range_words(plan) == "adagio to andante"
    steady = moving_plan({})
    assert (str(key_course(steady)), str(meter_course(steady)), str(tempo_course(steady))) == ("D minor", "4/4", "72")
    assert tempo_range_words(steady) == "adagio"


def test_jumps_glides_and_many_changes() -> None:
    jump = moving_plan(
        {
            "A1": {"tempo_changes": (TempoChange(bar=2, place=1, bpm=80),)},
            "A2": {"tempo_changes": (TempoChange(bar=1, bpm=60, over_bars=4),)},
        }
    )
    assert str(tempo_course(jump)) == "72 (80 in bar 2, 72 again from bar 5, slowing to 60 from bar 5, 72 again from bar 9)"
    many = moving_plan(
        {
            name: {"tempo_bpm": bpm, "tempo_changes": (TempoChange(bar=3, bpm=bpm + 5),)}
            for name, bpm in (("A1", 60.0), ("A2", 75.5), ("B", 90.0), ("A3", 110.0))
        }
    )
    assert str(tempo_course(many)) == "60 (65 from bar 3, 75.5 from bar 5, 80.5 from bar 7, 90 from bar 9, and 4 more changes)"


def test_glides_that_go_on_the_same_way_are_told_as_one() -> None:
    glide = (TempoChange(bar=2, bpm=75.2, over_bars=1), TempoChange(bar=3, bpm=81.3, over_bars=2))
    on = (TempoChange(bar=1, bpm=90, over_bars=2), TempoChange(bar=3, bpm=96, over_bars=2))
    back = (TempoChange(bar=1, bpm=84, over_bars=2), TempoChange(bar=4, bpm=72))
    plan = moving_plan(
        {
            "A1": {"tempo_changes": glide},
            "A2": {"tempo_bpm": 81.3, "tempo_changes": on},
            "B": {"tempo_bpm": 96.0, "tempo_changes": back},
        }
    )
    assert str(tempo_course(plan)) == "72 (rising to 96 from bar 2, slowing to 84 from bar 9, 72 again from bar 12)"
    assert [section_words(plan, section) for section in plan.sections] == [
        "rising to 81.3", "81.3 rising to 96", "96 slowing to 84 then 72", "", "",
    ]  # fmt: skip


def test_what_a_section_has_of_its_own() -> None:
    plan = moving_plan()
    assert [section_words(plan, section) for section in plan.sections] == ["", "rising to 96", "F major, 3/4, 96", "", ""]
    hit = Hit(bar=5, place=2.5)
    assert hit_words(with_hits(plan, hit), hit) == "accent in bar 5 at 2.5 quarter notes, 0:15.4"


def test_explanations_tell_the_course_and_the_hits() -> None:
    plan = with_hits(moving_plan())
    said = explain_text(make_scene(), plan)
    assert (
        f"{KEYS}, {METERS}, 72 quarter notes a minute (adagio to andante; rising to 96 from bar 6, 72 again from bar 13), solo piano"
        in said
    )
    assert "Moments that it marks:\n- Accent in bar 5 at 2.5 quarter notes, 0:15.4.\n    a door\n- Entry in bar 9, " in said
    assert f"so {KEYS} at {TEMPI}, solo piano" in scene_sentences(make_scene(), plan)[0]
    assert "Moments" not in explain_text(None, moving_plan())


def test_the_page_shows_where_bars_and_sections_begin() -> None:
    plan, page = moving_piece().plan, moving_page()
    starts = bar_starts(plan)
    cells = re.findall(r'id="bar-(\d+)" data-from="([0-9.]+)"', page)
    assert [int(bar) for bar, _ in cells] == list(range(plan.bars))
    assert [float(time) for _, time in cells] == pytest.approx(starts, abs=0.001)
    sections = [float(time) for time in re.findall(r'href="#harmony-\d"[^>]*data-from="([0-9.]+)"', page)]
    assert sections == pytest.approx([starts[bar] for bar in plan.first_bars], abs=0.001)
    assert "data-bar=" not in page
    assert f"B, contrast: 4 bars from {format_clock(round(starts[8]))}, energy" in page
    assert "F major, 3/4, 96" in page
    assert "energy 30% to 75%" in page
    for words in (
        "F major from bar 9, D minor again from bar 13",
        "3/4 from bar 9, 4/4 again from bar 13",
        "rising to 96 from bar 6, 72 again from bar 13",
    ):
        assert page.count(words) >= 1


def test_the_form_is_as_wide_as_its_seconds() -> None:
    plan = moving_plan()
    widths = [float(width) for width in re.findall(r"minmax\(min-content,([0-9.]+)fr\)", form_css(plan, plan.seconds, (0, 1)))]
    starts = [*bar_starts(plan), plan.bars_seconds]
    assert widths == [
        pytest.approx(starts[first + section.bars] - starts[first], abs=0.001)
        for first, section in zip(plan.first_bars, plan.sections, strict=True)
    ]
    steady = moving_plan({})
    even = " ".join(f"minmax(min-content,{bars}fr)" for bars in (4, 4, 4, 4, 1))
    assert even in form_css(steady, steady.seconds, (0, 1))


def test_what_the_piece_becomes_may_take_several_lines_on_the_page() -> None:
    assert moving_page().count('<small class="then">') == 3
    assert ".glance .then{display:block;white-space:normal}" in moving_page()
    still = Pipeline.load("offline").compose_from(moving_plan({}), audio=None)
    assert "then{" not in report_html(still, pages=(), pianoroll=pianoroll_svg(still.performance), audio_name=None)


def test_the_page_lists_hits_with_their_reason() -> None:
    page = moving_page()
    assert "Moments that it marks" in page
    assert "Accent in bar 5 at 2.5 quarter notes, 0:15.4" in page
    assert "a door" in page
    assert "2 accents, 1 entry, 1 stop" in page


def test_card_and_console_tell_the_course(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    piece = moving_piece()
    card = card_html(piece, pages=())
    assert f"{KEYS} · {METERS} · {TEMPI.replace('72 (', '72 bpm (', 1)} · " in card
    saved = SavedFiles(folder=tmp_path, names=())
    print_piece_summary(piece, {"plan": "plan.json"}, saved, as_json=False)
    said = " ".join(capsys.readouterr().out.split())
    assert f"solo-piano, {KEYS}, {METERS}, {TEMPI.replace('72 (', '72 bpm (', 1)}, " in said
    assert "not kept" not in said
    print_piece_summary(piece, {"plan": "plan.json"}, saved, as_json=True)
    out = capsys.readouterr().out
    assert '"first_bar": 9' in out
    assert '"key": "F major"' in out
