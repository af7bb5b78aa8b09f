"""A scene in sentences and rows for people."""

from __future__ import annotations

from typing import Any

import pytest

from img2music.cli.shared.scene_summary import print_scene_summary
from img2music.report import explain_text
from img2music.report.scene_rows import feeling_rows, look_rows, shown_rows, suggestions
from img2music.report.scene_text import scene_sentences
from img2music.scene import Cue, Scene
from tests.support.made_scenes import make_scene
from tests.support.report_pages import report_plan


def a_scene(*, strengths: dict[str, dict[str, float]] | None = None, cues: dict[str, Any] | None = None, **told: Any) -> Scene:
    """A scene with more cues (name: value, or (value, text)) and the strengths of some attributes."""
    scene = make_scene(**{"valence": 0.3, "arousal": 0.1, **told})
    more = []
    for name, given in (cues or {}).items():
        value, text = given if isinstance(given, tuple) else (given, str(given))
        more.append(Cue(name=name, value=value, unit="word" if isinstance(value, str) else "0..1", text=text))
    document = scene.model_dump()
    document["cues"] = [*[cue.model_dump() for cue in more], *document["cues"]]
    for name, shares in (strengths or {}).items():
        document["attributes"][name] |= {"because": tuple(shares), "strengths": shares}
    return Scene.model_validate(document)


SEA = {
    "subject": ("sea", "sea (seashore, sandbar), 71% sure"),
    "sees_sea": (0.71, "sea: seashore .52, sandbar .19"),
    "faces": (0.0, "no face"),
    "people": (0.1, "no sign of people"),
    "picture_kind": "photograph",
    "time_of_day": "low sun",
    "weather": "unclear",
    "season": "unclear",
    "low_sun": (0.8, "12% glows warm"),
    "feels_valence": (0.1, "more pleasant than what can be named"),
}


def test_first_sentence_says_what_is_seen_and_what_it_leads_to() -> None:
    scene = a_scene(
        cues=SEA, valence=0.42, arousal=-0.31, tempo_bpm=72, mode="mixolydian", genre="celtic", instruments=("flute", "harp")
    )
    assert scene_sentences(scene)[0] == (
        "A sea at low sun, people unlikely; pleasant (+.42) and rather calm (-.31); so D mixolydian at 72, celtic, flute and harp."
    )


@pytest.mark.parametrize(
    ("cues", "opening"),
    [
        ({}, "A picture in deep blue; "),
        ({"subject": "not sure"}, "Not sure what it shows; "),
        ({"subject": "not sure", "time_of_day": "night"}, "Not sure what it shows, something at night; "),
        ({"subject": "insect", "weather": "fog"}, "An insect in fog; "),
        ({"subject": "food", "people": 0.4}, "Food; "),
        ({"subject": "street", "people": 0.7}, "A street, people likely; "),
        ({"subject": "snow", "weather": "snow", "time_of_day": "day"}, "Snow by day; "),
        ({"subject": "pet", "picture_kind": "silhouette"}, "A silhouette of a pet; "),
        ({"subject": "text", "picture_kind": "text", "people": 0.0}, "A page of text; "),
        ({"subject": "not sure", "picture_kind": "plain", "people": 0.0}, "Hardly anything to see; "),
        ({"subject": "person", "faces": (2.0, "two faces, one of them smiling"), "people": 0.95}, "A person; "),
        ({"subject": "home", "faces": (2.0, "two faces"), "people": 0.95}, "A home, two faces; "),
    ],
)
def test_what_is_seen_in_plain_words(cues: dict[str, Any], opening: str) -> None:
    assert scene_sentences(a_scene(cues=cues))[0].startswith(opening)


def test_later_sentences_tell_what_stands_out_and_what_weighed_most() -> None:
    scene = a_scene(cues={**SEA, "warmth": (0.82, "warm")}, strengths={"genre": {"sees_sea": 0.62}, "key": {"colour_1": 1.0}})
    assert scene_sentences(scene)[1:] == (
        "What stands out: warm (warmth 0.82).",
        "What weighed most: for the style, that it sees a sea (62%); for the key, its deep blue (100%).",
    )
    assert len(scene_sentences(make_scene())) == 1  # nothing unusual, and no strengths


def test_of_looks_that_say_the_same_one_is_told() -> None:
    cues = {
        "saturation": (0.9, "saturated colours, 90% saturated"),
        "colourfulness": (0.9, "highly colourful"),
        "warmth": (0.82, "warm"),
    }
    assert scene_sentences(a_scene(cues=cues))[1] == (
        "What stands out: saturated colours (saturation 0.90) and warm (warmth 0.82)."
    )


def test_nothing_is_minus_nothing() -> None:
    assert "(+.00) and neither calm nor exciting (+.00)" in scene_sentences(make_scene(valence=-0.001, arousal=0))[0]
    assert "pleasant (+1.00) and calm (-1.00)" in scene_sentences(make_scene(valence=1, arousal=-1))[0]


def test_rows_leave_out_what_is_unclear_and_say_so() -> None:
    scene = a_scene(cues=SEA | {"night": 0.0, "brightness": 0.5})
    rows = dict(shown_rows(scene))
    assert rows["subject"] == "sea (seashore, sandbar), 71% sure"
    assert rows["not clear"] == "weather and season"
    assert not {"weather", "season", "night"} & set(rows)
    assert rows["low sun"] == "12% glows warm, 0.80"
    assert dict(look_rows(scene)) == {
        "lightness": "rather bright, 0.60",
        "skyline": "a line of hills",
        "light from left to right": "brighter on the right",
    }
    assert dict(feeling_rows(scene)) == {"how pleasant it feels": "more pleasant than what can be named, 0.10"}
    assert shown_rows(make_scene()) == feeling_rows(make_scene()) == ()


def test_suggestions_give_their_reasons_with_their_shares() -> None:
    scene = a_scene(cues=SEA, strengths={"genre": {"sees_sea": 0.62, "colour_1": 0.2}}, tempo_bpm=72)
    rows = {row.name: row for row in suggestions(scene)}
    assert rows["style"][1:] == ("solo-piano", "30%", "a sea .62, deep blue .20")
    assert rows["tempo"][1:] == ("72", "30%", "lightness")
    assert "density" not in rows  # left as it is


def test_explanation_tells_the_plan_as_it_became() -> None:
    plan = report_plan()
    text = explain_text(a_scene(cues=SEA, tempo_bpm=90), plan)
    assert (
        "Seen in hills.jpg: a sea at low sun, people unlikely; rather pleasant (+.30) and neither calm nor exciting (+.10); "
        "so Bb mixolydian at 72, waltz, violin, piano and brush drums (tempo as you asked).\n"
    ) in text
    assert "Its colours: deep blue (50%)." in text
    assert "What weighed most" not in text  # the reasons below say it


def test_table_is_plain_and_narrow_where_it_is_piped(capsys: pytest.CaptureFixture[str]) -> None:
    long = {f"cue_{number}": (0.5, "words " * 12) for number in range(5)}
    print_scene_summary(a_scene(cues={**SEA, **long, "subject": ("sea", "a [bold]sea[/] \x1b[31m:smile:")}), "hills.jpg")
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == "hills.jpg: JPEG, 640 × 480"
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line != line.rstrip()] == []
    assert "a [bold]sea[/] \N{REPLACEMENT CHARACTER}[31m:smile:" in out
    assert "\x1b" not in out


def test_a_terminal_gets_colour(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    print_scene_summary(a_scene(cues=SEA), "hills.jpg")
    out = capsys.readouterr().out
    assert "\x1b[1mWhat it shows" in out
    assert "██" in out
