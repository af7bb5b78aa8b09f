"""What stands on a page is said as musicians say it: no name of a cue, no weight x, no valence."""

from __future__ import annotations

import re

import pytest

from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.manifest import Fallback
from img2music.perceivers.offline import OfflinePerceiver
from img2music.plan import Reason
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.report.cue_words import cue_name, cue_statement
from img2music.report.explanation import explain_text
from img2music.report.page.citations import CueIndex
from img2music.report.page.report_tables import reasons_table
from img2music.report.page.reproduce import fallback_list
from img2music.report.page.seen_tables import cues_table, suggestions_table
from img2music.report.plain_words import plain_conflict, plain_finding, plain_idea, plain_reason
from img2music.report.text_format import arousal_words, style_words, valence_words
from img2music.scene import Cue, Scene
from tests.support.report_pages import PageReader

_PROGRAMS_WORDS = re.compile(
    r"valence|arousal|\bsees \w+|weight [xy]\b|\bedge|\bchroma\b|\btop light\b|\bfeels (valence|arousal|spread)|\blikely [a-z]+s\b[^,.]"
    r"|_|\b\d+\.\.\d|what can be named|lives (in|between)|speaks (?!for it)|\bcues?\b|the band of|is not there|"
    r"\w+_\w+|perceiver|realizer|strokes fall"
    r"|as what is seen|mean rating|pitch-class|entropy|-ballad\b|lo fi\b"
)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0.11 between 0.05 and 0.35, as ambient plays: from the picture's energy, moved by what the picture shows.",
         "thinner than ambient usually is, after the picture's energy and what it shows."),
        ("0.05 between 0.05 and 0.35, as jazz-ballad plays: from your words' energy.", "as thin as jazz ballad gets, after your words' energy."),
        ("-1 semitones: from the picture's mood, moved by what the picture shows.",
         "1 semitone lower than usual, after the picture's mood and what it shows."),
        ("+2 semitones: from your words' mood.", "2 semitones higher than usual, after your words' mood."),
        ("+0 semitones: from the picture's mood.", "at the usual height, after the picture's mood."),
        ("4/4, as what is seen suggests.", "4/4, as the picture suggests."),
        ("3/4, because waltz lives in it.", "3/4, the usual metre of waltz."),
        ("88 quarter notes a minute: the picture suggests 103, lo-fi lives between 46 and 88, and whole phrases have to fill 15 s.",
         "88 quarter notes a minute: the picture suggests 103, lo-fi is played at 46 to 88, and whole phrases have to fill 15 s."),
        ("82 quarter notes a minute: your words make it slower, out of the 96 to 152 in which jazz-ballad usually lives.",
         "82 quarter notes a minute: your words make it slower, outside the 96 to 152 at which jazz ballad is usually played."),
        ("dorian, from how pleasant the picture looks (valence -0.01).", "dorian, because the picture looks neither pleasant nor unpleasant."),
        ("minor: your words turn the mood to valence -0.70, and the picture agrees.",
         "minor: your words make the mood dark, and the picture agrees."),
        ("major: the picture suggests lydian, and jazz-ballad speaks major, minor, dorian.",
         "major: the picture suggests lydian, but jazz ballad is played in major, minor or dorian."),
        ("Progressions of minor as songs of the charts use them, coloured as rock speaks; a theme opens and is answered, the last bar is the tonic.",
         ("Chord progressions in minor as songs of the charts use them, with the colours of rock; a theme opens and is answered, "
          "the last bar is the tonic chord.")),
        ("violin, viola, cello: the band of chamber-strings.", "violin, viola and cello: the usual players of this style."),
        ("piano: the band of solo-piano.", "piano: the usual player of this style."),
        ("The picture feels dreamy, calm, soft (valence +0.12, arousal -0.54).", "The picture feels dreamy, calm and soft (rather pleasant, calm)."),
        ("Your words were read so: “calme” (calm, valence +0.25, arousal -0.65); “schnell” (128-172 bpm, arousal +0.35); “x” (arousal +0.3).",
         "Your words were read so: “calme” (calm); “schnell” (128 to 172 bpm); “x” (livelier)."),
        ("The tonic Bb stands for the picture's leading colour.", "The tonic B♭ stands for the picture's leading colour."),
        ("F# minor: you asked for it.", "F♯ minor: you asked for it."),
        ("A skip that nobody knows; Big bands.", "A skip that nobody knows; Big bands."),
    ],
)  # fmt: skip
def test_reasons_in_a_musicians_words(written: str, shown: str) -> None:
    assert plain_reason(Reason(choice="c", text=written)) == shown
    assert plain_reason(Reason(choice="c", text=written, source="model")) == written  # nobody rewrites what a model said


def test_conflicts_ideas_and_styles() -> None:
    assert (
        plain_conflict("chamber-strings is usually in 4/4; 5/4 was kept as asked")
        == "chamber strings is usually in 4/4; 5/4 was kept as asked"
    )
    assert plain_conflict("you asked for key Bb dorian; the picture suggested F# minor; your wish was kept") == (
        "you asked for key B♭ dorian; the picture suggested F♯ minor; your wish was kept"
    )
    assert plain_idea("A sad piece in the manner of lo fi.") == "A sad piece in the manner of lo-fi."
    assert [style_words(style) for style in ("lo-fi", "jazz-ballad", "pop")] == ["lo-fi", "jazz ballad", "pop"]
    assert [valence_words(value) for value in (0.5, 0.2, 0.0, -0.2, -0.5)] == [
        "pleasant",
        "rather pleasant",
        "neither pleasant nor unpleasant",
        "rather unpleasant",
        "unpleasant",
    ]
    assert [arousal_words(value) for value in (0.5, -0.2)] == ["exciting", "rather calm"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("1 flat, minor third; the notes rest on D, minor third, 100 % in D minor",
         "signature of 1 flat and a minor third; the notes rest on D with a minor third, and 100% of them lie in D minor"),
        ("no accidentals, major third; the notes centre on C, though they rest on G, major third, 92 % in C major",
         "no sharps or flats and a major third; the notes centre on C, though they rest on G with a major third, and 92% of them lie in C major"),
        ("Bb minor (5 flats)", "B♭ minor (5 flats)"),
        ("24, all full", "24 bars, each one full"),
        ("600.00 s", "600 s"),
        ("22.50 s", "22.50 s"),
    ],
)  # fmt: skip
def test_findings_in_a_musicians_words(written: str, shown: str) -> None:
    assert plain_finding(written) == shown


def test_cues_in_plain_words() -> None:
    names = {
        "sees_ruin": "a ruin",
        "sees_household": "household things",
        "instrument_violin": "a violin",
        "weight_x": "balance from left to right",
        "likely_animals": "animals of any kind",
        "edge_density": "amount of detail",
        "someones_own": "someones own",
    }
    assert {name: cue_name(name) for name in names} == names
    said = [
        (Cue(name="sees_ruin", value=0.35, unit="0..1", text="ruin: palace 0.32, castle 0.03"), "35%: palace 32%, castle 3%"),
        (Cue(name="edges_vertical", value=0.36, unit="0..1", text="36% of the edges stand upright"), "0.36: 36% of the lines stand upright"),
        (Cue(name="feels_valence", value=-0.16, unit="-1..1", text="less pleasant than what can be named (-0.16)"),
         "-0.16: less pleasant than what it shows would be"),
        (Cue(name="fog", value=0.17, unit="0..1", text="contrast 0.05, chroma 0.000"),
         "0.17: 17% misty, by how soft its contrast and its colours are"),
        (Cue(name="skyline", value=(0.1, 0.2), unit="0..1", text="a hump"), "a hump"),
        (Cue(name="tones", value=4.1, unit="bits, 0..5", text="about 17 of 32 steps in use"), "4.10: about 17 of 32 steps in use"),
    ]  # fmt: skip
    assert [cue_statement(cue) for cue, _ in said] == [words for _, words in said]


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    from evals.shared.paths import example_pictures
    from img2music.io.pictures import open_picture

    return [OfflinePerceiver()(open_picture(path)) for path in example_pictures()[:3]]


@pytest.mark.parametrize("style", [None, *style_names()[::5], "lo-fi", "jazz-ballad"])
def test_no_word_of_the_program_stands_on_the_page(scenes: list[Scene], style: str | None) -> None:
    for number, scene in enumerate(scenes):
        words = ("slow and sad, no drums", "eine schnelle Walzer-Melodie", "静かなピアノ")[number] if style is None else None
        plan = RulesPlanner()(scene, Brief.of(seconds=20, seed=number, style=style, words=words))
        evidence = CueIndex(scene)
        tables = [reasons_table(plan, evidence), suggestions_table(scene, plan, evidence), cues_table(evidence)]
        texts = [" ".join(PageReader(table).words) for table in tables] + [explain_text(scene, plan)]
        found = {match[0] for text in texts for match in _PROGRAMS_WORDS.finditer(text)}
        assert found == set()


def test_what_was_done_instead_names_the_work() -> None:
    told = fallback_list([Fallback(stage="renderer", asked="fluidsynth", used="soundfont", why="it is not on the path")])
    assert told is not None
    assert "For the sound, fluidsynth could not be used, so soundfont was: it is not on the path." in told
