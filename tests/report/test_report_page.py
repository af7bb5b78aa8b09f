"""The report page and the explanations: complete, safe, self-contained, readable."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from dataclasses import replace
from itertools import pairwise
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.io.engraving.piano_roll import pianoroll_svg
from img2music.report import explain_text
from img2music.report.cue_words import cue_name
from img2music.report.page.audio_player import numeral, plot_edges
from img2music.report.page.citations import CueIndex
from img2music.report.page.html import data_svg, el, relative_href, strip_unsafe
from img2music.report.page.page_colours import contrast, oklch_to_hex, themes
from img2music.report.page.player_mount import player_script, player_style
from img2music.report.page.reproduce import compose_command
from img2music.report.text_format import format_clock, with_accidentals
from img2music.resources import asset_path
from img2music.scene import Swatch
from tests.support.report_pages import HOSTILE, JPEG, PAGE, PageReader, report_page, report_piece, report_plan, report_scene


@pytest.fixture(scope="module")
def page() -> str:
    return report_page(report_piece())


@pytest.fixture(scope="module")
def read(page: str) -> PageReader:
    return PageReader(page)


def test_page_is_one_document_in_order(page: str, read: PageReader) -> None:
    assert page.startswith("<!DOCTYPE html>\n<html lang=")
    tags = [tag for tag, _ in read.tags]
    assert all(tags.count(tag) == 1 for tag in ("html", "head", "body", "main", "header", "footer", "h1", "style"))
    assert [attributes.get("type") for tag, attributes in read.tags if tag == "script"] == ["application/json", None]
    headings = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert all(after - before <= 1 for before, after in pairwise(headings))
    titles = [
        "Listen along",
        "The score",
        "Why it sounds like this",
        "What was seen",
        "Who plays",
        "What was promised",
        "Make it again",
    ]
    assert [read.text.index(title) for title in titles] == sorted(read.text.index(title) for title in titles)


def test_page_needs_nothing_from_outside(read: PageReader) -> None:
    for name in ("src", "href"):
        for value in read.values(name):
            assert value.startswith(("data:image/jpeg;base64,", "data:image/svg+xml;charset=utf-8,", "#", "./"))
    # Namespaces stand in the embedded drawings only.
    rest = [value for _, attributes in read.tags for name, value in attributes.items() if name not in {"src", "href"}]
    # The shared player may fetch sounds where a page lets it; this page's policy does not, and it is told so.
    own = asset_path("report/page.js").read_text(encoding="utf-8")
    assert read.raw["script"].endswith(own)
    assert "fetches: false" in own
    for value in (*rest, read.raw["style"], own, read.text):
        assert not re.search(r"://|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|import\(", value)


def test_policy_names_exactly_the_style_and_the_script_of_the_page(read: PageReader) -> None:
    policy = next(
        attributes["content"] for tag, attributes in read.tags if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "connect-src" not in rules
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(read.raw[kind].encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert not any(name == "style" or name.startswith("on") for _, attributes in read.tags for name in attributes)


def test_ids_are_unique_and_every_pointer_has_its_aim(read: PageReader) -> None:
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    aims = {value[1:] for value in read.values("href") if value.startswith("#")}
    aims |= {f"mark-{value}" for value in read.values("data-mark")}
    aims |= {word for name in ("aria-labelledby",) for word in read.values(name)}
    assert aims <= set(ids)
    used = set(re.findall(r'byId\("([a-z]+)"\)', read.raw["script"]))
    assert used <= set(ids)


def test_every_image_is_described(read: PageReader) -> None:
    images = [attributes for tag, attributes in read.tags if tag == "img"]
    assert len(images) == 4
    assert all(len(attributes["alt"]) > 10 for attributes in images)
    assert "burnt orange (44%)" in images[0]["alt"]
    assert "Warm. Rather dark." in images[0]["alt"]
    roll = next(attributes["alt"] for attributes in images if "Piano roll" in attributes["alt"])
    assert "68 notes of Violin, Piano and Brushes over 0:42" in roll
    drawings = [attributes for tag, attributes in read.tags if tag == "svg"]
    assert all(attributes.get("aria-hidden") == "true" or attributes.get("role") == "img" for attributes in drawings)


def test_everything_of_the_piece_is_on_the_page(read: PageReader) -> None:
    piece = report_piece()
    plan, scene = piece.plan, piece.scene
    assert scene is not None
    said = [
        plan.title,
        plan.idea,
        "B♭ mixolydian",
        "♩ = 72",
        "adagio",
        "3/4",
        "0:42",
        "violin, piano and brush drums",
        "Seed 7",
    ]
    said += [f"{section.name} " for section in plan.sections] + ["mp", "G♭", "A♭", "V 7 / V", "v 6"]
    said += [part.name for part in plan.parts] + ["B from energy 70% up", "30% left, -4 dB", "48", "B♭4 – "]
    said += [reason.text for reason in plan.reasons[1:]] + ["Mixolydian, for a warm picture."]
    said += ["You asked for tempo 72; the picture suggested 90."]
    said += [cue_name(cue.name) for cue in scene.cues] + [swatch.words for swatch in scene.colours]
    said += ["0.82", "4.10", "3°", "horizontal", "How pleasant", "pleasant (+.35)", "30%"]
    said += ["✓ kept", "✗ not kept", "not measured", "45.5", "by you", "by the plan"]
    said += [
        "fluidsynth is not on the path",
        "img2music replay piece.json",
        "--tempo 72",
        "--takes 2",
        "verovio",
        "ab" * 32,
        "Mark",
        "0.812",
        "Take 1 is kept: its mark is the highest, 0.312 above the next.",
    ]
    said += ["FluidR3Mono", "MIT", "low sun.jpg", "score.mid", "piece.json", "audio.wav"]
    assert [words for words in said if words not in read.text and words.replace(" ", "") not in read.text.replace(" ", "")] == []
    assert "12.3456" not in read.text  # seconds of a run would make two pages of one piece differ


def test_every_cited_cue_is_a_chip_that_points_at_its_row_and_its_place(read: PageReader) -> None:
    scene = report_scene()
    evidence = CueIndex(scene)
    chips = [attributes for tag, attributes in read.tags if tag == "a" and attributes.get("class") == "chip"]
    pointed = {attributes["href"] for attributes in chips}
    for reason in report_plan().reasons:
        for name in reason.because:
            assert name not in evidence.index or f"#cue-{evidence.index[name]}" in pointed
    lightness = next(chip for chip in chips if chip["data-text"].startswith("lightness"))
    sun = next(chip for chip in chips if chip["data-text"].startswith("pale yellow"))
    assert lightness["data-mark"] == sun["data-mark"]  # two facts about one place share its mark
    assert "gone cue" in read.text  # cited, but no cue of the scene
    assert "#mark-2{left:40.00%;top:38.00%;width:20.00%;height:15.00%}" in read.raw["style"]


def test_form_is_as_wide_and_as_high_as_the_plan_says(read: PageReader) -> None:
    style = read.raw["style"]
    # 16 bars of 2.5 s leave 2 of 42 seconds, or .8 of a bar.
    columns = "minmax(min-content,2fr) minmax(min-content,4fr) minmax(min-content,4fr) minmax(min-content,4fr) minmax(min-content,2fr) 0.800fr"
    assert f"#form{{grid-template-columns:{columns};" in style
    assert "#form-2 .fill{height:75.0%}" in style
    starts = [attributes["data-from"] for tag, attributes in read.tags if tag == "a" and "data-from" in attributes]
    assert starts == ["0.000", "5.000", "15.000", "25.000", "35.000"]
    bars = [
        attributes["data-from"] for tag, attributes in read.tags if tag == "li" and attributes.get("id", "").startswith("bar-")
    ]
    assert bars == [f"{2.5 * bar:.3f}" for bar in range(16)]


def test_hostile_text_stays_text() -> None:
    tame, wild = PageReader(report_page(report_piece(" tame"))), PageReader(report_page(report_piece(HOSTILE)))
    assert [tag for tag, _ in wild.tags] == [tag for tag, _ in tame.tags]
    assert [sorted(attributes) for _, attributes in wild.tags] == [sorted(attributes) for _, attributes in tame.tags]
    assert wild.raw["script"] == tame.raw["script"]
    assert "alert(" not in wild.raw["style"]
    assert wild.text.count("<script>alert('x')</script>") > 20
    assert not any(character in wild.text for character in "\x00\u202e")


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("audio.wav", "./audio.wav"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("//evil.example/x.wav", "./evil.example/x.wav"),
        ("../../up\\er.wav", "./up/er.wav"),
        ("a b#c?d.wav", "./a%20b%23c%3Fd.wav"),
    ],
)
def test_sound_is_always_beside_the_page(name: str, link: str) -> None:
    assert relative_href(name) == link
    read = PageReader(report_page(report_piece(), audio_name=name))
    assert next(attributes["src"] for tag, attributes in read.tags if tag == "audio") == link


def test_sound_may_be_carried() -> None:
    read = PageReader(report_page(report_piece(), audio_data=("audio/ogg", b"OggS")))
    assert "data:audio/ogg;base64,T2dnUw==" in read.values("src")
    read = PageReader(report_page(report_piece(), audio_data=('text/html"><script>', b"OggS")))
    assert "data:audio/wav;base64,T2dnUw==" in read.values("src")


def test_page_without_sound_says_so() -> None:
    read = PageReader(report_page(report_piece(), audio_name=None))
    assert "No sound was made" in read.text
    assert "audio" not in [tag for tag, _ in read.tags]
    assert "FluidR3Mono" not in read.text


def test_page_without_picture_sketches_its_colours(read: PageReader) -> None:
    sketched = PageReader(report_page(replace(report_piece(), preview_jpeg=None)))
    assert "The picture is not at hand" in sketched.text
    assert sketched.values("data-mark") == read.values("data-mark")
    drawn = [
        attributes["fill"]
        for tag, attributes in sketched.tags
        if tag == "rect" and attributes.get("rx") == "2" and "fill" in attributes
    ]
    assert drawn == ["#e08a3c", "#1f3a5f", "#f6e7c1"]


@pytest.mark.parametrize("jpeg", [JPEG, None])
def test_page_of_a_piece_that_began_from_a_plan(jpeg: bytes | None) -> None:
    read = PageReader(report_page(replace(report_piece(with_scene=False), preview_jpeg=jpeg)))
    assert "What was seen" not in read.text
    assert ("began from a plan, without a picture" in read.text) is (jpeg is None)
    assert "img2music realize plan.json" in read.text
    assert "light from left to right" in read.text  # cited by name, without its row
    assert read.values("data-cue") == []


def test_a_page_without_compliance_and_files_leaves_their_blocks_out() -> None:
    piece = report_piece()
    bare: dict[str, object] = {
        "compliance": (),
        "fallbacks": (),
        "takes": (),
        "versions": {},
        "files": {},
        "stages": {},
        "conflicts": (),
    }
    read = PageReader(report_page(replace(piece, manifest=piece.manifest.model_copy(update=bare)), pages=(), pianoroll=""))
    assert "img2music replay piece.json" in read.text
    assert "What was promised" not in read.text
    assert "Where wishes disagreed" not in read.text
    assert "The score" not in read.text


def test_same_piece_same_page(page: str) -> None:
    assert report_page(report_piece()) == page


def test_page_adds_little_to_what_it_holds() -> None:
    bare = report_page(replace(report_piece(), preview_jpeg=None), pages=(), pianoroll="")
    assert len(bare) < 90_000 + len(player_script()) + len(player_style())
    assert len(report_page(replace(report_piece(), preview_jpeg=None), pages=(PAGE * 1000,), pianoroll="")) < len(
        bare
    ) + 1.35 * 1000 * len(PAGE)


def test_a_very_long_score_is_cut_and_said_to_be() -> None:
    long = PAGE.replace("100 %", "x" * 2_500_000)
    read = PageReader(report_page(report_piece(), pages=(long,) * 5))
    assert len([alt for alt in read.values("alt") if alt.startswith("The score, page")]) == 2
    assert "3 more pages are in score.svg" in read.text


def test_embedded_drawings_keep_their_content() -> None:
    drawing = PAGE.replace("<text", '<text class="é♭#%25&amp;"') + "\n"
    address = PageReader(el("img", src=data_svg(drawing), alt="")).values("src")[0]
    assert unquote(address.removeprefix("data:image/svg+xml;charset=utf-8,")) == drawing.replace("\n", " ")
    assert not set(address) & set('"\n#')


def test_playhead_runs_from_edge_to_edge_of_the_drawn_time() -> None:
    piece = report_piece()
    drawing = pianoroll_svg(piece.performance)
    left, right = plot_edges(drawing, piece.performance.seconds)
    first = min(float(x) for x in re.findall(r"M([0-9.]+) [0-9.]+h[0-9.]+v4\.4h-", drawing))  # both parts begin at 0 s
    assert left * 1200 == pytest.approx(first, abs=0.11)
    assert right * 1200 == pytest.approx(1200 - 16, abs=1)
    assert plot_edges("<svg></svg>", 42) == (0.0, 1.0)
    assert plot_edges('<svg viewBox="0 0 10 10"><text x="9" y="1">0:00</text><text x="1" y="1">0:10</text></svg>', 42) == (
        0.0,
        1.0,
    )


@pytest.mark.parametrize("with_scene", [True, False])
def test_explanation_gives_every_reason_with_its_cues(with_scene: bool) -> None:
    scene, plan = report_scene() if with_scene else None, report_plan()
    text = explain_text(scene, plan)
    assert text.endswith(".\n")
    lines = text.splitlines()
    assert lines[:2] == ["Low Sun", "A warm waltz over water"]
    assert lines[2] == "Bb mixolydian, 3/4, 72 quarter notes a minute (adagio), waltz, 0:42, for violin, piano and brush drums."
    for reason in plan.reasons:
        begin = next(place for place, line in enumerate(lines) if line.startswith(f"- {reason.choice.capitalize()}: "))
        below = lines[begin + 1 : begin + 1 + len(reason.because)]
        assert [line.strip().startswith(cue_name(name)) for line, name in zip(below, reason.because, strict=True)] == [
            True
        ] * len(below)
    assert ("    warmth 0.82: warm" in lines) is with_scene
    assert ("    colour 1 burnt orange, #e08a3c, 44% of the picture" in lines) is with_scene
    assert ("    skyline a hump" in lines) is with_scene
    assert "    gone cue" in lines
    assert "- You asked for tempo 72; the picture suggested 90." in lines


def test_command_that_made_the_piece_can_be_pasted() -> None:
    words = shlex.split(compose_command(report_piece("; rm -rf ~ 'x'")))
    assert words[:3] == ["img2music", "compose", "low sun; rm -rf ~ 'x'.jpg"]
    assert words[words.index("--words") + 1] == "calm, at night; rm -rf ~ 'x'"
    assert words[-4:] == ["--takes", "2", "-o", "OUT"]


def test_command_of_a_piece_that_moves_asks_for_the_same() -> None:
    piece = report_piece("")
    moving = piece.brief.model_validate(piece.brief.model_dump() | {"key": "D minor, F major", "tempo_bpm": "72-96.5"})
    words = shlex.split(compose_command(replace(piece, brief=moving)))
    assert words[words.index("--key") + 1] == "D minor, F major"
    assert words[words.index("--tempo") + 1] == "72-96.5"


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    reader = PageReader(el("p", "|", text, "|", title=text))
    expected = strip_unsafe(text).replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(reader.words).replace("\r\n", "\n").replace("\r", "\n") == f"|{expected}|"
    assert reader.tags[0][1]["title"].replace("\r\n", "\n").replace("\r", "\n") == expected


unit = st.floats(0, 1)
swatches = st.builds(
    lambda number, lightness, chroma, hue, share: Swatch.model_validate(
        {
            "name": f"colour_{number}",
            "hex": "#123456",
            "words": "grey",
            "lightness": lightness,
            "chroma": chroma,
            "hue_degrees": hue,
            "share": share,
            "box": {"x": 0, "y": 0, "width": 1, "height": 1},
        }
    ),
    st.integers(1, 6),
    unit,
    st.floats(0, 0.4),
    st.floats(0, 359.9),
    unit,
)


@given(st.lists(swatches, max_size=4))
@settings(max_examples=60, deadline=None)
def test_text_can_be_read_whatever_the_picture(palette: list[Swatch]) -> None:
    for theme in themes(palette):
        for ground in (theme.paper, theme.card, theme.tint):
            assert contrast(theme.ink, ground) >= 7
            assert contrast(theme.soft, ground) >= 4.5
            assert contrast(theme.accent, ground) >= 4.5
        assert contrast(theme.on_accent, theme.accent) >= 4.5
        assert min(contrast(theme.good, theme.card), contrast(theme.bad, theme.card)) >= 4.5
        assert len(set(theme.materials)) == 4


def test_colours_after_published_values() -> None:
    # OKLCH of sRGB's white and red as the CSS Color 4 specification gives them.
    assert oklch_to_hex(1, 0, 0) == "#ffffff"
    assert oklch_to_hex(0.62796, 0.25768, 29.234) == "#ff0000"
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_signs_and_figures() -> None:
    assert numeral("bVII") == "<b>♭VII</b>"
    assert numeral("viiø65/V") == "<b>viiø<sup>65</sup>/<b>V</b></b>"
    assert numeral("#viio7") == "<b>♯vii°<sup>7</sup></b>"
    assert numeral("Imaj7") == "<b>I<sup>maj7</sup></b>"
    assert [with_accidentals(symbol) for symbol in ("Bbm7b5", "F#/A#", "G")] == ["B♭m7♭5", "F♯/A♯", "G"]
    assert [format_clock(seconds) for seconds in (0, 7.5, 60, 599.96)] == ["0:00", "0:07.5", "1:00", "10:00"]
