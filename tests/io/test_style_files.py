"""A style file of one's own: every fault names file, line and the nearest right name."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from img2music.brief import Brief
from img2music.errors import DocumentError, UsageError
from img2music.io.documents import dump_json
from img2music.io.style_files import load_style, playing_style, style_names, with_playing_style
from img2music.pipeline import Pipeline
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.theory import METERS
from img2music.theory.pattern_names import DRUM_NAMES, PATTERNS
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = """\
name: mine
summary: A small band.
affect: {valence: 0, arousal: 0}
tempo_bpm: [60, 120]
meters: [4/4]
modes: [major]
parts:
  - {role: melody, instruments: [flute, clarinet]}
  - role: chords
    instruments: [piano]
    pattern: strum
  - {role: drums, instruments: [drums]}
harmony:
  major:
    opening:
      - "I | IV | V | I"
      - "I | vi | ii | V"
    closing: ["IV | V | I | I"]
    contrast: ["vi | ii | V | V"]
drums:
  4/4:
    calm: {kick: "x......."}
    full: {kick: "x...x...", snare: "..x...x."}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "name"),
    [
        ("modes: [major]", "modes: [major]\nname: other", 7, "name"),
        ("pattern: strum", "pattern: strum\n    pattern: block", 12, "pattern"),
        ('kick: "x......."', 'kick: "x.......", kick: "x...x..."', 22, "kick"),
    ],
)
def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path, old: str, new: str, line: int, name: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(DocumentError, match=rf"mine.yaml:{line}: '{name}' stands there for the second time; compare") as caught:
        load_style(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "match"),
    [
        ("summary:", "sumary:", 2, "did you mean 'summary'"),
        ("[flute, clarinet]", "[flute, clarinett]", 8, "no instrument 'clarinett' .did you mean 'clarinet'"),
        ("meters: [4/4]", "meters: [4/5]", 5, "no metre '4/5' .did you mean '4/4'"),
        ("modes: [major]", "modes: [mayor]", 6, "did you mean 'major'"),
        ("role: chords", "role: chord", 9, "did you mean 'chords'"),
        ("pattern: strum", "pattern: strumm", 9, "no chords pattern 'strumm' .did you mean 'strum'"),
        ("pattern: strum", "patern: strum", 11, "did you mean 'pattern'"),
        ("  major:", "  majr:", 14, "did you mean 'major'"),
        ('"I | vi | ii | V"', '"I | vi | ii | Q"', 17, "'Q' is no roman numeral"),
        ('"I | vi | ii | V"', '"I | vi | ii"', 17, "3 bars; write four"),
        ("snare:", "snair:", 23, "no drum 'snair' .did you mean 'snare'"),
        ("valence: 0", "valence: 3", 3, "less than or equal to 1"),
        ("tempo_bpm: [60, 120]", "tempo_bpm: [60, 12", 5, "not YAML"),
    ],
)
def test_a_fault_names_file_line_and_the_nearest_right_name(tmp_path: Path, old: str, new: str, line: int, match: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT)
    assert load_style(str(path)).name == "mine"
    assert old in TEXT
    path = tmp_path / "broken.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(DocumentError, match=match) as caught:
        load_style(str(path))
    assert str(caught.value).startswith(f"{path}:{line}")
    assert "\n" not in str(caught.value)


def test_an_edited_file_is_read_again_whatever_its_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT)
    before = path.stat()
    first = load_style(str(path))
    assert load_style(str(path)) is first  # taken apart once
    path.write_text(TEXT.replace("[60, 120]", "[70, 120]").replace("A small band", "A large band"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    edited = load_style(str(path))
    assert (edited.tempo_bpm, edited.summary) == ((70, 120), "A large band.")
    path.write_text("no style")
    with pytest.raises(DocumentError, match="compare with"):
        load_style(str(path))
    path.unlink()
    with pytest.raises(DocumentError, match="can't be read"):
        load_style(str(path))


def test_one_path_in_two_folders_is_two_styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "mine.yaml").write_text(TEXT.replace("[60, 120]", f"[6{number}, 120]"))
        monkeypatch.chdir(folder)
        assert load_style("mine.yaml").tempo_bpm[0] == 60 + number


def test_an_edited_style_is_played_in_the_same_process(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    tempi = []
    for tempo in ("[60, 60]", "[90, 90]"):
        path.write_text(TEXT.replace("[60, 120]", tempo))
        tempi.append(Pipeline.load().plan(make_scene(), Brief.of(style=str(path), seconds=8)).tempo_bpm)
    assert tempi[1] > tempi[0] + 10


def test_a_broken_style_file_leaves_with_3(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, make_picture: Callable[..., Path]
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace("pattern: strum", "pattern: strumm"))
    code, _, err = run("compose", make_picture(), "-o", tmp_path / "out", "--audio", "none", "--style", path)
    assert code == 3
    assert f"{path}:9" in err.replace("\n", "")


def test_the_drums_a_style_may_name_are_those_a_drummer_has() -> None:
    from img2music.realizers.drums.drum_kit import DRUMS

    assert set(DRUM_NAMES) == set(DRUMS)


def test_there_are_styles_of_every_kind() -> None:
    names = set(style_names())
    assert len(names) >= 30
    assert {
        "ambient", "cinematic", "chamber-strings", "solo-piano", "choral", "folk", "waltz", "jazz-ballad", "swing", "bossa", "lo-fi",
        "pop", "rock", "synthwave", "house", "chiptune", "minimalism", "epic", "lullaby", "tango",
    } <= names  # fmt: skip


def test_no_pattern_is_there_for_nothing_and_no_word_calls_two_new_styles() -> None:
    played = {(part.role, part.pattern) for name in style_names() for part in load_style(name).parts}
    idle = {(role, name) for role, table in PATTERNS.items() for name in table} - played
    assert len(idle) <= 12, sorted(idle)
    homes = [(load_style(name).affect.valence, load_style(name).affect.arousal) for name in style_names()]
    assert len(set(homes)) >= len(homes) - 6
    assert all(set(load_style(name).meters) <= set(METERS) for name in style_names())


# How a plan's style is played


def own_plan(tmp_path: Path) -> tuple[Path, CompositionPlan]:
    """A style file, and a plan in that style, which carries how it is played."""
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT + "swing: 0.4\n")
    return path, with_playing_style(RulesPlanner()(make_scene(), Brief.of(style=str(path), seconds=8)))


def test_a_plan_carries_how_its_style_is_played(tmp_path: Path) -> None:
    path, plan = own_plan(tmp_path)
    assert plan.playing is not None
    assert (plan.playing.style, plan.playing.swing) == (str(path), 0.4)
    assert plan.playing.drums["4/4"].calm == {"kick": "x......."}
    assert playing_style(plan) is plan.playing
    assert with_playing_style(plan) is plan
    again = CompositionPlan.model_validate_json(plan.model_dump_json())
    assert again.playing == plan.playing
    path.unlink()
    assert playing_style(again).swing == 0.4  # no file is opened again


def test_a_plan_that_carries_nothing_has_it_looked_up_by_its_name(tmp_path: Path) -> None:
    path, plan = own_plan(tmp_path)
    bare = plan.model_copy(update={"playing": None})
    assert playing_style(bare) == plan.playing
    assert with_playing_style(bare) == plan
    path.unlink()
    with pytest.raises(DocumentError, match="can't be read"):
        playing_style(bare)


@pytest.mark.parametrize("name", ["waltz", "swing"])
def test_another_style_in_the_plan_makes_what_it_carries_void(name: str, tmp_path: Path) -> None:
    _, plan = own_plan(tmp_path)
    edited = plan.model_copy(update={"style": name})
    assert playing_style(edited) == load_style(name).playing(name)
    carried = with_playing_style(edited).playing
    assert carried is not None
    assert (carried.style, carried.grooves) == (name, load_style(name).grooves)
    with pytest.raises(UsageError, match="did you mean 'waltz'"):
        playing_style(plan.model_copy(update={"style": "walz"}))


def test_an_edited_style_in_a_plan_file_is_the_one_that_is_played(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """The plan says "swing" and carries how a waltz is played: the name counts, and the piece's plan carries swing."""
    plan = with_playing_style(RulesPlanner()(make_scene(), Brief.of(style="waltz", seconds=8)))
    path = tmp_path / "plan.json"
    path.write_text(dump_json(plan.model_copy(update={"style": "swing"})))
    code, _, err = run("realize", path, "-o", tmp_path / "out")
    assert code == 0, err
    (piece,) = (tmp_path / "out").rglob("plan.json")
    written = json.loads(piece.read_text(encoding="utf-8"))
    assert (written["style"], written["playing"]["style"]) == ("swing", "swing")
    assert written["playing"]["swing"] > 0
