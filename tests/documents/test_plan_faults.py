"""Plans that can't be: one line that names the section and the bar, exit code 3, and nothing written."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from functools import cache
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from img2music.errors import DocumentError
from img2music.io.documents import load_plan
from img2music.movement import place_in_words
from img2music.plan import CompositionPlan
from tests.support.commands import assert_one_line
from tests.support.moving_plans import moving_plan, with_hits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[dict[str, Any]], object]
    Run = Callable[..., tuple[int, str, str]]

MEND = "mend it there, or plan again with `img2music plan`"
KIT = {"id": "kit", "name": "Drums", "instrument": "drums", "role": "drums"}
LEAD, OTHER = "Piano (right hand)", "Piano (left hand)"


@cache
def _tree() -> dict[str, Any]:
    """Sections A1, A2 (a glide), B in three-four time, A3, of four bars each, and an outro of one; two parts for a piano."""
    tree: dict[str, Any] = json.loads(with_hits(moving_plan()).model_dump_json())
    return tree


def a2(**fields: object) -> Change:
    """Fields of the second section."""
    return lambda tree: tree["sections"][1].update(fields)


def tempo(**fields: object) -> Change:
    """One change of tempo in the second section."""
    return a2(tempo_changes=[{"bar": 2, "bpm": 90.0, **fields}])


def tempi(*changes: tuple[int, float]) -> Change:
    """Changes of tempo in the second section: their bars, and how long they glide."""
    return a2(tempo_changes=[{"bar": bar, "bpm": 90.0, "over_bars": over} for bar, over in changes])


def hit(**fields: object) -> Change:
    """One hit, in the second bar."""
    return lambda tree: tree.update(hits=[{"bar": 2, **fields}])


def whole(**fields: object) -> Change:
    """Fields of the piece."""
    return lambda tree: tree.update(fields)


def drums_lead(tree: dict[str, Any]) -> None:
    tree["parts"].append(KIT)
    tree["sections"][1]["tune_by"] = "kit"


FAULTS: list[tuple[Change, str]] = [
    # Tempi
    (tempi((1, 2), (2, 0)), "section 'A2', bar 2: the tempo changes before the change before it has ended; put them in order, one after the other"),
    (tempi((3, 0), (2, 0)), "section 'A2', bar 2: the tempo changes before the change before it has ended; put them in order, one after the other"),
    (tempo(bpm=0), "section 'A2', bar 2: a tempo of 0; give one from 20 to 300"),
    (tempo(bpm=1e9), "section 'A2', bar 2: a tempo of 1e+09; give one from 20 to 300"),
    (tempo(bpm=-90), "section 'A2', bar 2: a tempo of -90; give one from 20 to 300"),
    (tempo(bpm="fast"), "section 'A2', bar 2: Input should be a valid number, unable to parse string as a number"),
    (a2(tempo_bpm=0), "section 'A2', bar 1: a tempo of 0; give one from 20 to 300"),
    (a2(tempo_bpm=1e9), "section 'A2', bar 1: a tempo of 1e+09; give one from 20 to 300"),
    (tempo(bar=5), "section 'A2', bar 5: the tempo changes outside the section, which has 4 bars; count its bars from 1"),
    (tempo(bar=0), "section 'A2', bar 0: Input should be greater than or equal to 1"),
    (tempo(bar=2.5), "section 'A2', bar 2.5: Input should be a valid integer, got a number with a fractional part"),
    (tempo(place=4), "section 'A2', bar 2: a tempo at 4 lies outside a bar of 4/4; places go from 0 to below 4 quarter notes"),
    (tempo(place=-1), "section 'A2', bar 2: Input should be greater than or equal to 0"),
    (tempo(bar=4, over_bars=2), "section 'A2', bar 4: the tempo glides over 2 bars, beyond the end in bar 4; let it arrive inside"),
    (tempo(bar=4, place=2, over_bars=1), "section 'A2', bar 4: the tempo glides over 1 bars, beyond the end in bar 4; let it arrive inside"),
    (tempo(over_bars=-1), "section 'A2', bar 2: Input should be greater than or equal to 0"),
    (lambda tree: tree["sections"][2].update(tempo_changes=[{"bar": 2, "place": 3, "bpm": 90}]),
     "section 'B', bar 2: a tempo at 3 lies outside a bar of 3/4; places go from 0 to below 3 quarter notes"),
    # Hits
    (hit(bar=99), "section 'outro', bar 99: a hit outside the piece, which has 17 bars; take it out"),
    (hit(place=4), "section 'A1', bar 2: a hit at 4 lies outside a bar of 4/4; places go from 0 to below 4 quarter notes"),
    (hit(bar=12, place=3), "section 'B', bar 12: a hit at 3 lies outside a bar of 3/4; places go from 0 to below 3 quarter notes"),
    (lambda tree: tree.update(hits=[{"bar": 2, "place": 1, "action": "stop"}, {"bar": 2, "place": 2}]),
     "section 'A1', bar 2: an accent at 2 falls into the silence that the stop at 1 makes; take one of them out"),
    (lambda tree: tree.update(hits=[{"bar": 2, "place": 1, "action": "stop"}, {"bar": 2, "place": 2}, {"bar": 2, "place": 3, "action": "stop"}]),
     "section 'A1', bar 2: an accent at 2 falls into the silence that the stop at 1 makes; take one of them out"),
    (hit(bar=2.5), "section 'A1', bar 2.5: Input should be a valid integer, got a number with a fractional part"),
    (hit(bar=0), "bar 0: Input should be greater than or equal to 1"),
    (hit(bar=13, action="bang"), "section 'A3', bar 13: Input should be 'accent', 'entry' or 'stop' (not 'bang')"),
    (hit(bar=17, strength=2), "section 'outro', bar 17: Input should be less than or equal to 1"),
    # Keys, metres, harmony, energy
    (a2(harmony=["i", "iv", "Q", "i"]), "section 'A2', bar 3: 'Q' is no roman numeral; write such as I, vi, V7"),
    (a2(harmony=["i", "iv", 7, "i"]), "section 'A2', bar 3: Input should be a valid string"),
    (a2(key="H minor"), "section 'A2': 'H' is no pitch name; write a letter A-G and at most one # or b"),
    (a2(key="D mayor"), "section 'A2': no mode 'mayor' (did you mean 'major'?)"),
    (a2(meter="13/17"), "section 'A2': no metre '13/17'; there are: 12/8, 2/4, 3/4"),
    (a2(energy_curve=[0.1, 0.2]), "section 'A2': its energy curve holds 2 bars and its harmony 4; give one value a bar"),
    (a2(energy_curve=[]), "section 'A2': its energy curve holds 0 bars and its harmony 4; give one value a bar"),
    (a2(energy_curve=[0.1, 0.2, 3, 0.4]), "section 'A2', bar 3: Input should be less than or equal to 1"),
    # Players
    (a2(tune_by="tuba"), f"section 'A2': its tune names a part 'tuba', which is none; choose from {LEAD}, {OTHER}"),
    (a2(silent=["tuba"]), f"section 'A2': its silence names a part 'tuba', which is none; choose from {LEAD}, {OTHER}"),
    (drums_lead, "section 'A2': drums ('kit') can't have the tune; name a pitched part"),
    (a2(tune_by=OTHER, silent=[OTHER]), "section 'A2': who has the tune is silent, or everybody is; let somebody play"),
    (a2(silent=[LEAD, OTHER]), "section 'A2': who has the tune is silent, or everybody is; let somebody play"),
    (a2(texture="solo", silent=[LEAD]), "section 'A2': who has the tune is silent, or everybody is; let somebody play"),
    (a2(texture="tutti"), "section 'A2': Input should be 'solo', 'unison' or 'stop_time' (not 'tutti')"),
    # The piece
    (whole(materials=[{"letter": "A"}, {"letter": "A"}]), "two materials are for the letter 'A'; keep one"),
    (whole(materials=[{"letter": "Z"}]), "a material is for the letter 'Z', which no section has; take it out"),
    (whole(tempo_bpm=0), "tempo_bpm: Input should be greater than or equal to 20"),
    (whole(key="H minor"), "key: 'H' is no pitch name; write a letter A-G"),
    (whole(version=0), "version: Input should be 2 (not '0')"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), FAULTS, ids=lambda value: value[:50] if isinstance(value, str) else "")
def test_it_is_told_in_one_line_and_nothing_is_written(change: Change, told: str, tmp_path: Path, run: Run) -> None:
    tree = deepcopy(_tree())
    change(tree)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    code, out, err = run("realize", path, "-o", tmp_path / "out")
    assert (code, out) == (3, "")
    assert told in assert_one_line(err)
    assert err.startswith(f"img2music: {path}")
    assert err.endswith(f"; {MEND}\n")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["plan.json"]


def test_a_plan_of_a_newer_program_is_told(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(_tree() | {"version": 3, "sections": "elsewhere"}), encoding="utf-8")
    code, _, err = run("realize", path, "-o", tmp_path / "out")
    newer = "get a newer img2music: pip install --upgrade img2music"
    assert (code, err) == (3, f"img2music: {path}, version: 3 is newer than this program reads (2); {newer}\n")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_what_is_no_number_is_told(number: str, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "plan.json"
    text = json.dumps(_tree())
    assert text.count('"bpm": 96.0') == 1
    path.write_text(text.replace('"bpm": 96.0', f'"bpm": {number}'), encoding="utf-8")
    code, _, err = run("realize", path, "-o", tmp_path / "out")
    assert code == 3
    assert_one_line(err)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("bpm", [nan, inf, -inf])
def test_in_python_too(bpm: float) -> None:
    for change, bar in ((a2(tempo_bpm=bpm), 1), (tempo(bpm=bpm), 2)):
        tree = deepcopy(_tree())
        change(tree)
        with pytest.raises(ValidationError, match=f"section 'A2', bar {bar}: a tempo of {bpm:g}; give one from 20 to 300"):
            CompositionPlan.model_validate(tree)


# The place in words

NAMES = st.sampled_from(["sections", "hits", "tempo_changes", "harmony", "energy_curve", "bar", "name"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(tree=ANYTHING, path=st.lists(NAMES | st.integers(-1, 2), max_size=5))
def test_whatever_the_document_holds_its_place_is_text(tree: Any, path: list[int | str]) -> None:
    assert isinstance(place_in_words(tree, path), str)


def test_sections_bars_and_nothing() -> None:
    tree = {
        "sections": [{"name": "A", "harmony": ["I", "V"]}, {"name": "B" * 99, "harmony": ["I"]}],
        "hits": [{"bar": 3}, {"bar": 4}],
    }
    assert place_in_words(tree, ("sections", 0, "key")) == "section 'A'"
    assert place_in_words(tree, ("sections", 0, "harmony", 1)) == "section 'A', bar 2"
    assert place_in_words(tree, ("hits", 0, "place")) == f"section {'B' * 80!r}, bar 3"
    assert place_in_words(tree, ("hits", 1)) == "bar 4"
    assert place_in_words(tree, ("hits", 2)) == place_in_words(tree, ("tempo_bpm",)) == place_in_words(tree, ()) == ""
    assert place_in_words({"hits": [{"bar": 10**400}]}, ("hits", 0, "bar")) == ""


def test_a_list_without_end_is_refused_before_its_entries_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**_tree(), "hits": [{}] * 300_000}), encoding="utf-8")
    began = time.process_time()
    with pytest.raises(DocumentError, match=r"plan\.json, hits: a list of 300000; give at most 2000; "):
        load_plan(path)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(("version", "said"), [("2", "not the text '2'"), ("two", "not 'two'"), (None, "not 'None'")])
def test_a_version_that_is_no_number_is_told_as_what_it_is(tmp_path: Path, version: object, said: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**_tree(), "version": version}), encoding="utf-8")
    with pytest.raises(DocumentError, match=rf"plan\.json, version: Input should be 2 \({said}\); "):
        load_plan(path)
