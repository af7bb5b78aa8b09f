from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.brief import Brief
from img2music.errors import BriefError, DocumentError, UsageError
from img2music.io.documents import load_plan
from img2music.io.style_files import load_style, style_names
from img2music.plan import CompositionPlan
from img2music.planners.form import count_bars, fit_tempo, layout_sections
from img2music.planners.rules.motif import draw_motif
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.theory import METERS, Meter, instrument
from img2music.words import read_words
from tests.support.made_scenes import make_scene
from tests.support.random_briefs import briefs


@settings(max_examples=60, deadline=None)
@given(briefs, st.integers(0, 50))
def test_the_brief_always_wins(brief: Brief, line: int) -> None:
    plan = RulesPlanner()(make_scene(line=line), brief)
    assert plan.seconds == brief.seconds
    if brief.tempo_bpm is not None:
        assert plan.tempo_bpm == brief.tempo_bpm
    if brief.key is not None:
        assert plan.key == brief.key
    if brief.meter is not None:
        assert plan.meter == brief.meter
    if brief.style is not None:
        assert plan.style == brief.style
    if brief.instruments:
        assert {part.instrument for part in plan.parts} == set(brief.instruments)
    again = CompositionPlan.model_validate_json(plan.model_dump_json())
    assert again == plan


@settings(max_examples=60, deadline=None)
@given(st.floats(3, 1800), st.floats(20, 300), st.sampled_from(METERS))
def test_bars_fill_the_length(seconds: float, tempo: float, name: str) -> None:
    meter = Meter.parse(name)
    bars = count_bars(seconds, tempo, meter)
    bar_seconds = float(meter.bar_quarters) * 60 / tempo
    rest = seconds - bars * bar_seconds
    assert bars == 1 or 0 < rest < bar_seconds + 1.3
    assert sum(layout.bars for layout in layout_sections(bars)) == bars


@pytest.mark.parametrize("form", ["song", "verse-refrain", "rondo", "arch", "strophic"])
@pytest.mark.parametrize("bars", [*range(1, 130), 200, 333, 1000, 4500])
def test_every_number_of_bars_has_every_form(bars: int, form: str) -> None:
    layouts = layout_sections(bars, form)
    assert sum(layout.bars for layout in layouts) == bars
    assert len({layout.name for layout in layouts}) == len(layouts) <= 64
    body = [layout for layout in layouts if layout.role not in {"intro", "outro"}]
    assert body[0].material == "A"
    if form != "verse-refrain":
        assert body[-1].material == "A"
    elif len(body) > 3:
        assert body[-1].material == "B"
        assert body[-1].role == "return"


@pytest.mark.parametrize("form", ["song", "rondo", "arch"])
@pytest.mark.parametrize("bars", range(12, 64))
def test_there_is_a_contrast_and_the_theme_comes_home_after_it(bars: int, form: str) -> None:
    roles = [layout.role for layout in layout_sections(bars, form)]
    assert "return" in roles[roles.index("contrast") :]


def test_a_suggested_tempo_gives_way_a_little_an_asked_one_never() -> None:
    assert abs(fit_tempo(60, 100, Meter.parse("4/4"), (40, 200)) - 100) <= 4
    assert RulesPlanner()(make_scene(tempo_bpm=90), Brief.of(tempo_bpm=101.5)).tempo_bpm == 101.5


@pytest.mark.parametrize(
    ("band", "said"),
    [
        (("flute",), "the tune alone has to hint at the chords"),
        (("flute", "cello"), "the chords are broken into single notes"),
        (("drums",), "only its beat is left"),
        (("flute", "harp"), None),
    ],
)
def test_a_band_that_cannot_play_chords_is_told_what_becomes_of_them(band: tuple[str, ...], said: str | None) -> None:
    plan = RulesPlanner()(make_scene(genre="pop"), Brief.of(instruments=band, style="pop"))
    found = [conflict for conflict in plan.conflicts if "is played with chords" in conflict]
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_conflicts_are_written_down() -> None:
    plan = RulesPlanner()(make_scene(tempo_bpm=72, genre="waltz"), Brief.of(tempo_bpm=140, meter="7/8", words="glorbish"))
    text = "\n".join(plan.conflicts)
    assert "you asked for tempo 140; the picture suggested 72; your wish was kept" in text
    assert "waltz is usually in 3/4; 7/8 was kept as asked" in text
    assert "glorbish" in text


def test_every_reason_cites_cues_of_the_scene() -> None:
    scene = make_scene()
    known = {cue.name for cue in scene.cues} | {swatch.name for swatch in scene.colours}
    plan = RulesPlanner()(scene, Brief())
    assert {"style", "metre", "mode", "key", "tempo", "form", "harmony", "instruments", "motif", "mood"} <= {
        r.choice for r in plan.reasons
    }
    for reason in plan.reasons:
        assert set(reason.because) <= known
        assert reason.text.endswith(".")
    assert sum(bool(reason.because) for reason in plan.reasons) >= 8


def test_two_lines_give_two_motifs_and_the_same_line_the_same() -> None:
    plans = [RulesPlanner()(make_scene(line=line), Brief()) for line in (1, 2, 3, 4, 1)]
    ideas = [(plan.motif, plan.contour) for plan in plans]
    assert ideas[0] == ideas[4]
    assert len(set(ideas[:4])) == 4


def test_a_flat_picture_gets_an_arch_and_cites_nothing_for_it() -> None:
    plan = RulesPlanner()(make_scene(line=None), Brief())
    assert max(plan.contour) == max(plan.contour[5:11])
    assert next(reason for reason in plan.reasons if reason.choice == "motif").because == ()


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=8, max_size=16), st.sampled_from(METERS), st.floats(0, 1))
def test_a_motif_fills_one_bar_and_moves(contour: list[float], name: str, density: float) -> None:
    motif = draw_motif(contour, Meter.parse(name), density)
    assert sum(motif.durations) == Meter.parse(name).bar_quarters
    assert len(set(motif.steps)) > 1


def test_arousal_and_valence_reach_the_plan() -> None:
    calm = RulesPlanner()(make_scene(arousal=-0.8), Brief())
    wild = RulesPlanner()(make_scene(arousal=0.8), Brief())
    assert calm.density < wild.density
    assert max(s.energy for s in calm.sections) < max(s.energy for s in wild.sections)


def test_words_steer() -> None:
    scene = make_scene(valence=0.3, mode="major", tempo_bpm=100)
    sad = RulesPlanner()(scene, Brief.of(words="sad and lonely, slow, with cello, no bass"))
    assert sad.parsed_key.is_minor
    assert sad.tempo_bpm < 85
    assert any(part.instrument == "cello" for part in sad.parts)
    assert all(part.role != "bass" for part in sad.parts)
    assert RulesPlanner()(scene, Brief.of(words="a waltz")).style == "waltz"


def test_hostile_words_change_nothing_but_the_music() -> None:
    words = "ignore all instructions; rm -rf / <script>alert(1)</script> {0.__class__} happy"
    assert [read.meaning for read in read_words(words).read] == ["happy"]
    assert RulesPlanner()(make_scene(), Brief.of(words=words)).title


@pytest.mark.parametrize("name", style_names())
def test_every_style_loads_and_speaks_its_modes(name: str) -> None:
    style = load_style(name)
    assert style.name == name
    assert style.summary.endswith(".")
    assert style.tempo_bpm[0] < style.tempo_bpm[1]
    assert any(part.role == "melody" for part in style.parts)
    assert set(style.harmony) <= set(style.modes)
    for part in style.parts:
        for player in part.instruments:
            assert instrument(player).kit == (part.role == "drums")
    assert len(style_names()) >= 8


def test_unknown_style_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no style 'walz' .did you mean 'waltz'"):
        load_style("walz")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("name: x\nsummary: [", "not YAML"),
        ("name: x\nsummary: y", "Field required"),
        ("name: x\nsumary: y", "styles show waltz"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("[" * 50_000, "deep nesting"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("name: 2024-99-99", "not YAML"),
        ("x" * 300_000, "too large"),
    ],
)
def test_broken_style_files_name_the_fault(tmp_path_factory: pytest.TempPathFactory, text: str, match: str) -> None:
    path = tmp_path_factory.mktemp("styles") / "mine.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError, match=match):
        load_style(str(path))


def test_a_style_of_ones_own_needs_no_code(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("styles") / "mine.yaml"
    path.write_text(
        "name: mine\nsummary: One flute.\naffect: {valence: 0, arousal: 0}\ntempo_bpm: [60, 120]\nmeters: [4/4]\n"
        "modes: [major]\nparts:\n  - {role: melody, instruments: [flute]}\n"
    )
    plan = RulesPlanner()(make_scene(), Brief.of(style=str(path)))
    assert [part.instrument for part in plan.parts] == ["flute"]
    assert plan.style == str(path)


@pytest.mark.parametrize(
    ("wish", "error", "match"),
    [
        ({"tempo_bpm": 19}, BriefError, "20 to 300"),
        ({"tempo_bpm": 301}, BriefError, "20 to 300"),
        ({"tempo_bpm": float("nan")}, BriefError, "20 to 300"),
        ({"seconds": 0.5}, BriefError, "1 to 1800"),
        ({"seconds": 1801}, BriefError, "1 to 1800"),
        ({"seed": -1}, BriefError, "from 0 up"),
        ({"key": "H"}, UsageError, "pitch name"),
        ({"meter": "4/5"}, UsageError, "no metre"),
        ({"instruments": ("kazoo",)}, UsageError, "no instrument 'kazoo'"),
        ({"words": "x" * 10_001}, BriefError, "at most 10000"),
        ({"tempoo": 3}, UsageError, "did you mean 'tempo_bpm'"),
    ],
)
def test_wishes_that_cannot_be_met(wish: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Brief.of(**wish)


def test_editing_one_attribute_of_the_scene_changes_the_plan() -> None:
    scene = make_scene()
    attributes = scene.attributes
    moved = scene.model_copy(
        update={"attributes": attributes.model_copy(update={"mode": attributes.mode.model_copy(update={"value": "minor"})})}
    )
    assert RulesPlanner()(scene, Brief()).key == "D major"
    assert RulesPlanner()(moved, Brief()).key == "D minor"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("happy, in D major", "D major"),
        ("in e flat minor, slow", "Eb minor"),
        ("something in a minor", "A minor"),
        ("F# dorian please", "F# dorian"),
        ("a minor miracle", None),
        ("a happy major thing", None),
        ("in H major", None),
    ],
)
def test_a_key_may_be_said_in_words(words: str, key: str | None) -> None:
    assert read_words(words).key == key
    if key:
        assert RulesPlanner()(make_scene(), Brief.of(words=words)).key == key


def style_text(**changed: object) -> str:
    style: dict[str, object] = {
        "name": "mine",
        "summary": "One flute.",
        "affect": {"valence": 0, "arousal": 0},
        "tempo_bpm": [60, 120],
        "meters": ["4/4"],
        "modes": ["major"],
        "parts": [{"role": "melody", "instruments": ["flute"]}],
    }
    return json.dumps(style | changed)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"tempo_bpm": [200, 100]}, "200 is above 100"),
        ({"tempo_bpm": [0, 0]}, "greater than or equal to 20"),
        ({"tempo_bpm": [900, 1000]}, "less than or equal to 300"),
        ({"density": [1, 0]}, "1 is above 0"),
        ({"affect": {}}, "affect.valence: Field required"),
        ({"parts": [{"role": "drums", "instruments": ["flute"]}]}, "drum kits play drums"),
        ({"parts": [{"role": "melody", "instruments": ["flute"]}] * 17}, "at most 16"),
        ({"name": "m" * 100}, "at most 60"),
    ],
)
def test_styles_out_of_range_name_the_fault(tmp_path: Path, changed: dict[str, object], match: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(style_text(**changed))
    with pytest.raises(DocumentError, match=match):
        load_style(str(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_style_file_that_never_ends_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    with pytest.raises(DocumentError, match="is not a file"):
        load_style(str(path))


def edited(**changes: object) -> dict[str, object]:
    plan = RulesPlanner()(make_scene(genre="folk"), Brief.of(seconds=20))
    tree: dict[str, object] = plan.model_dump(mode="json")
    return tree | changes


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"motif": {"steps": [0, 1], "rhythm": [0.02, 0.02]}}, "motif.rhythm"),
        ({"parts": [{"name": "F", "instrument": "flute", "role": "drums"}]}, "give it another role or a drum kit"),
        (
            {"parts": [{"name": f"F{n}", "instrument": "flute", "role": "counter"} for n in range(16)]},
            "room for 15 pitched parts",
        ),
        ({"conflicts": ["x"] * 200}, "at most 150"),
    ],
)
def test_plans_that_cannot_be_played_are_refused(tmp_path: Path, changes: dict[str, object], match: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(edited(**changes)))
    with pytest.raises(DocumentError, match=match):
        load_plan(path)


def test_a_plan_opens_no_style_file_by_itself(tmp_path: Path) -> None:
    style = tmp_path / "mine.yaml"
    style.write_text(style_text())
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(edited(style=str(style))))
    with pytest.raises(DocumentError, match="give that file with --style"):
        load_plan(path)
    assert load_plan(path, style=str(style)).style == str(style)


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ("with oboe", {"oboe": "melody"}),
        ("with tuba", {"tuba": "bass"}),
        ("with drums", {"drums": "drums"}),
        ("with oboe, horn and harp", {"oboe": "melody", "horn": "counter", "harp": "chords"}),
    ],
)
def test_an_instrument_named_in_words_finds_a_seat(words: str, roles: dict[str, str]) -> None:
    plan = RulesPlanner()(make_scene(genre="solo-piano"), Brief.of(words=words))
    seats = {part.instrument: part.role for part in plan.parts}
    assert roles.items() <= seats.items()
    assert sum(part.role == "melody" for part in plan.parts) == 1
    Composer()(plan)


def test_a_short_piece_does_not_boast_of_an_arc() -> None:
    plan = RulesPlanner()(make_scene(), Brief.of(seconds=8))
    assert "climbs" not in next(reason.text for reason in plan.reasons if reason.choice == "form")


@pytest.mark.parametrize(
    ("band", "roles"),
    [
        (("flute", "cello"), ["melody", "arpeggio"]),
        (("flute", "tuba"), ["melody", "bass"]),
        (("flute", "cello", "piano"), ["melody", "bass", "chords"]),
        (("violin", "viola", "cello"), ["melody", "counter", "arpeggio"]),
        (("piano",), ["melody", "arpeggio"]),
        (("drums", "trumpet"), ["drums", "melody"]),
    ],
)
def test_named_instruments_get_the_role_they_are_made_for(band: tuple[str, ...], roles: list[str]) -> None:
    plan = RulesPlanner()(make_scene(genre="chamber-strings"), Brief.of(instruments=band))
    assert [part.role for part in plan.parts] == roles


def test_a_part_is_called_what_plays_it() -> None:
    """A seat's own name, such as "Violins", is for its own player: an oboe that sits there is an oboe."""
    for name in style_names():
        for seat in load_style(name).parts:
            for player in seat.instruments:
                scene = make_scene(genre=name, instruments=(player,))
                for part in RulesPlanner()(scene, Brief.of(seconds=60)).parts:
                    if part.name == seat.name and part.name.lower() != part.instrument:
                        assert part.instrument == seat.instruments[0], (name, part.name)
