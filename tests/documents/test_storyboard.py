"""Storyboards: what they hold, what they refuse, and the way to a file and back."""

from __future__ import annotations

import copy
import json
import pickle
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from img2music.errors import DocumentError, UsageError
from img2music.io.documents import dump_json, load_plan, load_scene, parse_json, read_file
from img2music.io.storyboard_files import (
    LARGEST_STORYBOARD_BYTES,
    dump_storyboard,
    load_scene_or_still,
    load_storyboard,
)
from img2music.manifest import Manifest
from img2music.storyboard import MOST_SAMPLES, MOST_SECONDS, Curve, HitPoint, HitPointKind, MediaInfo, Shot, Storyboard
from tests.support.commands import assert_one_line
from tests.support.made_scenes import make_scene
from tests.support.made_storyboards import CLIP, make_storyboard

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], object]

VERSION_1 = Path(__file__).parent / "storyboards_version_1"
STILL = Storyboard.of_still(make_scene())
MEND = "mend it there"


def tree() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(dump_storyboard(make_storyboard()))
    return loaded


def fault_of(changed: dict[str, Any], tmp_path: Path) -> str:
    """What is said of a storyboard's file, without the file's name."""
    path = tmp_path / "storyboard.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_storyboard(path)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(path))
    return line.removeprefix(str(path))


# A still picture


def test_a_still_picture_is_one_shot_without_a_length() -> None:
    scene = make_scene()
    still = Storyboard.of_still(scene)
    assert still.is_still
    assert still.seconds is None
    assert still.shots == (Shot(start=0, end=None, scene=scene),)
    assert (still.curves, still.hits) == ((), ())
    assert still.source.model_dump(exclude_defaults=True) == {
        "kind": "picture", "file": "hills.jpg", "sha256": "0" * 64, "width": 640, "height": 480, "format": "JPEG",
    }  # fmt: skip
    assert still.shot_at(0).scene is still.shot_at(1000).scene is scene


# Times


def test_a_cut_belongs_to_the_shot_that_it_begins_and_the_end_to_the_last() -> None:
    storyboard = make_storyboard()
    starts = [storyboard.shot_at(seconds).start for seconds in (0, 3.999, 4, 9.249, 9.25, 12.5)]
    assert starts == [0, 0, 4, 4, 9.25, 9.25]
    for outside in (-0.001, 12.501, float("nan")):
        with pytest.raises(
            UsageError, match=r"there is no shot at .* of a storyboard that is 12\.5 s long; ask for a time inside it"
        ):
            storyboard.shot_at(outside)


def test_a_curve_is_straight_between_its_values_and_level_beyond_them() -> None:
    motion = make_storyboard().curve("motion")
    assert motion is not None
    for seconds, value in (
        (-1, 0),
        (0, 0),
        (0.25, 0.5),
        (0.5, 1),
        (2.25, 0.625),
        (4, 0.25),
        (8.25, 0.5),
        (12.5, 0.75),
        (99, 0.75),
    ):
        assert motion.value_at(seconds) == pytest.approx(value), seconds
    assert make_storyboard().curve("brightness") is None


@given(
    st.lists(st.tuples(st.floats(0, MOST_SECONDS), st.floats(-1e6, 1e6)), min_size=1, max_size=30, unique_by=lambda pair: pair[0])
)
def test_a_curve_goes_through_every_value_and_never_beyond_its_neighbours(pairs: list[tuple[float, float]]) -> None:
    times, values = zip(*sorted(pairs), strict=True)
    curve = Curve(name="any", unit="", times=times, values=values)
    assert [curve.value_at(time) for time in times] == pytest.approx(values)
    for (begin, end), (low, high) in zip(pairwise(times), pairwise(values), strict=True):
        assert min(low, high) - 1e-6 <= curve.value_at((begin + end) / 2) <= max(low, high) + 1e-6


def test_hit_points_of_a_stretch_are_those_from_its_start_on_and_before_its_end() -> None:
    storyboard = make_storyboard()
    assert [hit.kind for hit in storyboard.hits_between(0, 100)] == ["impact", "cut", "beat", "cut", "marker"]
    assert [hit.kind for hit in storyboard.hits_between(0.5, 4)] == ["impact"]
    assert [hit.kind for hit in storyboard.hits_between(4, 9.25)] == ["cut", "beat"]
    assert [hit.at_seconds for hit in storyboard.hits_between(0, 100, ["cut", "marker"])] == [4, 9.25, 12.5]
    assert storyboard.hits_between(5, 5) == ()


# The way to a file and back


@st.composite
def storyboards(draw: st.DrawFn) -> Storyboard:
    """Any storyboard with a length; its scenes are among two."""
    lengths = draw(st.lists(st.floats(0.001, 100), min_size=1, max_size=6))
    ends = list(accumulate(lengths))
    seconds = ends[-1]
    times = st.floats(0, seconds)
    scenes = (make_scene(), make_scene(mode="dorian", line=None))
    curves = []
    for name in draw(st.lists(st.text(min_size=1, max_size=10), max_size=3, unique=True)):
        unit, values = draw(
            st.sampled_from([("0..1", st.floats(0, 1)), ("-1..1", st.floats(-1, 1)), ("px", st.floats(-1e6, 1e6))])
        )
        places = sorted(draw(st.sets(times, min_size=1, max_size=8)))
        taken = draw(st.lists(values, min_size=len(places), max_size=len(places)))
        curves.append(Curve(name=name, unit=unit, times=tuple(places), values=tuple(taken)))
    known = [curve.name for curve in curves] + ["lightness", "colour_1"]
    kinds: st.SearchStrategy[HitPointKind] = st.sampled_from(get_args(HitPointKind))
    moments = sorted(draw(st.sets(st.tuples(times, kinds), max_size=6)))
    hits = [
        HitPoint(
            at_seconds=at,
            kind=kind,
            strength=draw(st.floats(0, 1)),
            because=tuple(draw(st.lists(st.sampled_from(known), max_size=3))),
        )
        for at, kind in moments
    ]
    return Storyboard(
        source=draw(st.sampled_from([CLIP, MediaInfo(kind="album", file="a.jpg"), MediaInfo(kind="movement", file="[1,\n 2]")])),
        seconds=seconds,
        shots=tuple(
            Shot(start=start, end=end, scene=draw(st.sampled_from(scenes)))
            for start, end in zip([0.0, *ends[:-1]], ends, strict=True)
        ),
        curves=tuple(curves),
        hits=tuple(hits),
    )


@settings(max_examples=60, deadline=None)
@given(storyboards())
def test_what_is_written_is_read(storyboard: Storyboard) -> None:
    text = dump_storyboard(storyboard)
    assert parse_json(text.encode(), Storyboard, kind="storyboard", source="storyboard.json") == storyboard
    assert json.loads(text) == json.loads(dump_json(storyboard))
    assert dump_storyboard(Storyboard.model_validate_json(text)) == text
    assert pickle.loads(pickle.dumps(storyboard)) == storyboard  # noqa: S301  our own bytes
    for at in storyboard.hits:
        shot = storyboard.shot_at(at.at_seconds)
        assert shot.end is not None
        assert shot.start <= at.at_seconds <= shot.end


def test_a_list_of_numbers_is_one_line_of_the_file() -> None:
    lines = dump_storyboard(make_storyboard()).splitlines()
    assert '      "times": [0.0, 0.5, 4.0, 12.5],' in lines
    assert '      "values": [-60.0, -12.0]' in lines


@pytest.mark.parametrize(("name", "made"), [("clip", make_storyboard), ("still", lambda: STILL)])
def test_files_of_version_1_are_read_and_written_as_they_are(name: str, made: Callable[[], Storyboard]) -> None:
    path = VERSION_1 / f"{name}.json"
    assert load_storyboard(path) == made()
    assert dump_storyboard(load_storyboard(path)) == path.read_text(encoding="utf-8")


def test_an_hour_at_60_frames_a_second_fits(tmp_path: Path) -> None:
    times = tuple(frame / 60 for frame in range(MOST_SAMPLES))
    curves = (Curve(name="motion", unit="0..1", times=times, values=tuple(frame % 100 / 99 for frame in range(MOST_SAMPLES))),)
    scene = make_scene()
    hour = Storyboard(
        source=CLIP,
        seconds=MOST_SECONDS,
        shots=tuple(Shot(start=2 * place, end=2 * place + 2, scene=scene) for place in range(1800)),
        curves=curves,
        hits=tuple(HitPoint(at_seconds=at / 10, kind="beat", strength=0.5) for at in range(36_000)),
    )
    path = tmp_path / "storyboard.json"
    path.write_text(dump_storyboard(hour), encoding="utf-8")
    assert path.stat().st_size < LARGEST_STORYBOARD_BYTES
    assert load_storyboard(path) == hour
    with pytest.raises(ValidationError, match=f"at most {MOST_SAMPLES}"):
        Curve(name="motion", unit="0..1", times=(*times, 3600.0), values=(0.0,) * (MOST_SAMPLES + 1))
    with pytest.raises(ValidationError, match="the curves hold 1080000 values, at most 864000 together; take fewer a second"):
        Storyboard.model_validate(
            {**dict(hour), "curves": [curves[0].model_copy(update={"name": f"motion {number}"}) for number in range(5)]}
        )


# What is refused


def inside(*path: str | int, **fields: object) -> Change:
    def change(whole: Any) -> None:
        for step in path:
            whole = whole[step]
        whole.update(fields)

    return change


def swap(name: str) -> Change:
    """The first two entries of a list in each other's place."""
    return lambda whole: whole[name].insert(0, whole[name].pop(1))


FAULTS: list[tuple[Change, str]] = [
    (inside("shots", 0, start=1), "shot 1 of 3 starts at 1.0 s, but the storyboard begins at 0.0 s; shots touch, so make them equal"),
    (inside("shots", 1, start=4.5), "shot 2 of 3 starts at 4.5 s, but the one before it ends at 4.0 s; shots touch, so make them equal"),
    (inside("shots", 1, start=3.5), "shot 2 of 3 starts at 3.5 s, but the one before it ends at 4.0 s; shots touch, so make them equal"),
    (inside("shots", 0, end=0), "shot 1 of 3 ends at 0.0 s and starts at 0.0 s; give a later end"),
    (inside("shots", 2, end=None), "shot 3 of 3 has no end; give a later end"),
    (inside("shots", 2, end=12), "the last shot ends at 12.0 s and the storyboard at 12.5 s; make them equal"),
    (swap("shots"), "shot 1 of 3 starts at 4.0 s, but the storyboard begins at 0.0 s; shots touch, so make them equal"),
    (
        inside(seconds=None),
        "a still picture is one shot from 0 without an end; give the storyboard its length in seconds, or one shot",
    ),
    (
        inside("source", kind="picture"),
        "a picture has no length and everything else has one; set seconds to null, or source.kind to album, clip or movement",
    ),
    (inside("curves", 1, name="motion"), "two curves are called 'motion'; give each its own name"),
    (inside("curves", 0, values=[1]), "curve 'motion' has 4 times and 1 values; give one value for each time"),
    (
        inside("curves", 0, times=[0, 4, 4, 12]),
        "curve 'motion': time 3 (4 s) is not later than the one before it (4 s); put the times in order, none twice",
    ),
    (
        inside("curves", 0, times=[0, 1, 2, 13]),
        "curve 'motion' goes on to 13 s, but the storyboard ends at 12.5 s; cut it there",
    ),
    (
        inside("curves", 0, values=[0, 1, 1.5, 0]),
        "curve 'motion': value 3 (1.5) lies outside its unit 0..1; mend one of the two",
    ),
    (swap("hits"), "hit 2 of 5 (impact at 0.5 s) comes before the one that stands before it; put the hits in order of time"),
    (inside("hits", 4, at_seconds=13), "hit 5 of 5 (marker at 13 s) lies behind the end of the storyboard at 12.5 s; take it out"),
    (inside("hits", 2, kind="cut"), "hit 3 of 5 (cut at 4 s) stands there twice; take one of them out"),
    (
        inside("hits", 1, because=["noise", "motion"]),
        "hit 2 of 5 (cut at 4 s) cites 'noise', which is no curve, and no cue of its shot or the one before; take the name out",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "fault"), FAULTS)
def test_a_storyboard_that_can_not_be_is_told_in_one_line(change: Change, fault: str, tmp_path: Path) -> None:
    changed = tree()
    change(changed)
    assert fault in fault_of(changed, tmp_path)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (inside(seconds=0), "seconds: Input should be greater than 0"),
        (inside(seconds=3601), "seconds: Input should be less than or equal to 3600"),
        (inside(shots=[]), "shots: Tuple should have at least 1 item after validation, not 0"),
        (inside("shots", 0, start=-1), "shots.0.start: Input should be greater than or equal to 0"),
        (inside("shots", 1, scene={}), "shots.1.scene.picture: Field required"),
        (inside("curves", 0, times=[], values=[]), "curves.0.times: Tuple should have at least 1 item after validation, not 0"),
        (inside("curves", 1, values=[0, "much"]), "curves.1.values.1: Input should be a valid number"),
        (inside("curves", 1, values=[0, 1e300]), "curves.1.values.1: Input should be less than or equal to 1000000"),
        (inside("hits", 3, strength=2), "hits.3.strength: Input should be less than or equal to 1"),
        (inside("hits", 3, kind="bang"), "hits.3.kind: Input should be 'cut', 'impact', 'beat' or 'marker' (not 'bang')"),
        (inside("source", width=None), "source: width and height go together; give both or neither"),
        (inside("source", frames_per_second=0), "source.frames_per_second: Input should be greater than 0"),
        (inside("source", sha256="ab"), "source.sha256: String should match pattern"),
        (inside("shots", 2, "scene", "cues", 0, value=5), "shots.2.scene.cues.0.value: 'lightness' lies outside its unit 0..1"),
        (inside("shots", 0, begin=0), "shots.0.begin: unknown field; there are: end, scene, start; get a newer img2music"),
        (inside(hit=[]), "hit: unknown field (did you mean 'hits'?)"),
        (inside(version=2, shots=0), "version: 2 is newer than this program reads (1); get a newer img2music"),
    ],
)
def test_a_fault_in_a_file_is_told_with_its_place(change: Change, place: str, tmp_path: Path) -> None:
    changed = tree()
    change(changed)
    assert fault_of(changed, tmp_path).startswith(f", {place}")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(number: str, tmp_path: Path) -> None:
    path = tmp_path / "storyboard.json"
    path.write_text(dump_storyboard(make_storyboard()).replace("12.5", number), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"storyboard\.json: [^\n]*; mend it there$"):
        load_storyboard(path)
    for name in ("times", "values"):
        with pytest.raises(ValidationError):
            Curve.model_validate({"name": "motion", "unit": "px", "times": [1], "values": [1], name: [float(number)]})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"hits": [{"at_seconds": 0, "kind": "marker", "strength": 1}]}, "a still picture has no hits"),
        ({"curves": [{"name": "motion", "unit": "0..1", "times": [0], "values": [0]}]}, "a still picture has no curves"),
        ({"source": {"kind": "clip", "file": "a.mp4"}}, "a picture has no length and everything else has one"),
        ({"seconds": 5}, "shot 1 of 1 has no end; give a later end"),
    ],
)
def test_nothing_happens_in_a_still_picture(change: dict[str, Any], fault: str, tmp_path: Path) -> None:
    assert fault in fault_of({**json.loads(dump_storyboard(STILL)), **change}, tmp_path)


_SCRAP: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.floats(-20, 20) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["start", "end", "name", "kind"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["source", "seconds", "shots", "curves", "hits", "version"]), st.integers(0, 2), st.booleans(), st.data())
def test_any_scrap_in_any_place_is_a_document_error_or_a_storyboard(
    field: str, place: int, deep: bool, data: st.DataObject
) -> None:
    changed = copy.deepcopy(TREE)
    if deep and isinstance(changed[field], list):
        entry = changed[field][min(place, len(changed[field]) - 1)]
        entry[data.draw(st.sampled_from(sorted(entry)))] = data.draw(_SCRAP)
    else:
        changed[field] = data.draw(_SCRAP)
    with suppress(DocumentError):
        parse_json(json.dumps(changed).encode(), Storyboard, kind="storyboard", source="storyboard.json")


TREE = tree()


# Where another document is expected, and the command line


def test_another_kind_of_document_is_named(tmp_path: Path) -> None:
    scene = VERSION_1.parent / "version_1" / "plain" / "scene.json"
    with pytest.raises(DocumentError, match=r"scene\.json: this is a scene, not a storyboard; mend it there"):
        load_storyboard(scene)
    for load, kind in ((load_scene, "scene"), (load_plan, "plan")):
        with pytest.raises(DocumentError, match=rf"clip\.json: this is a storyboard, not a {kind}"):
            load(VERSION_1 / "clip.json")
    with pytest.raises(DocumentError, match=r"this is a storyboard, not a manifest; give a piece\.json"):
        parse_json(read_file(VERSION_1 / "still.json"), Manifest, kind="manifest", source="still.json")


def test_a_scene_is_read_from_its_own_file_or_from_a_storyboard_of_a_still(tmp_path: Path) -> None:
    assert load_scene_or_still(VERSION_1 / "still.json") == STILL.shots[0].scene
    path = tmp_path / "scene.json"
    path.write_text(dump_json(make_scene(mode="lydian")), encoding="utf-8")
    assert load_scene_or_still(path) == make_scene(mode="lydian")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"scene\.json: not a JSON document: .*; mend it there, or see the picture again"):
        load_scene_or_still(path)


def test_a_storyboard_of_a_still_is_planned_as_its_scene(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    scene = tmp_path / "scene.json"
    scene.write_text(dump_json(STILL.shots[0].scene), encoding="utf-8")
    made = run("plan", scene, "--json", "--seconds", "12")
    assert made[0] == 0
    assert run("plan", VERSION_1 / "still.json", "--json", "--seconds", "12") == made


def test_a_storyboard_with_a_length_is_not_planned_and_the_line_says_what_can_be(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = run("plan", VERSION_1 / "clip.json", "--json")
    assert code == 3
    assert "is a storyboard of 12.5 s, and a piece is planned from one scene; take one shot's scene" in assert_one_line(err)
    assert json.loads(out)["exit_code"] == 3


def test_they_say_what_they_are_in_one_line() -> None:
    storyboard = make_storyboard()
    assert repr(storyboard) == "Storyboard('street.mp4', clip, 12.5 s, 3 shots, 2 curves, 5 hits)"
    assert str(STILL) == "Storyboard('hills.jpg', picture, still, 1 shot, 0 curves, 0 hits)"
    assert repr(storyboard.curves[0]) == "Curve('motion', 0..1, 4 values from 0 s to 12.5 s)"
