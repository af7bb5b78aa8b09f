"""Accompaniment patterns: every one fills every metre, and plays more the more is asked."""

from __future__ import annotations

import pytest

from img2music.errors import UsageError
from img2music.realizers.bass.bass_patterns import BASS_PATTERNS
from img2music.realizers.chords.patterns import ARPEGGIO_PATTERNS, CHORD_PATTERNS, PAD_PATTERNS, PatternContext, find_pattern
from img2music.realizers.chords.patterns.pattern_grid import EIGHTH, SIXTEENTH, count_for_drive, strongest_places
from img2music.theory import METERS, Meter
from img2music.theory.pattern_names import PATTERNS, check_pattern

TABLES = {"chords": CHORD_PATTERNS, "arpeggio": ARPEGGIO_PATTERNS, "pad": PAD_PATTERNS}
DRIVES = (0.0, 0.2, 0.3, 0.38, 0.46, 0.54, 0.62, 0.7, 0.78, 1.0)
ALL = [(role, name) for role, table in TABLES.items() for name in table]
COMMON = [
    ("chords", name) for name in ("block", "pulse", "strum", "power", "comp", "jig", "tremolo", "gallop", "stabs", "scratch")
]
COMMON += [("arpeggio", name) for name in ("broken", "wide", "sixteenths", "ostinato", "travis", "sparse", "harp", "montuno")]


def moments(meter: str, drive: float) -> list[PatternContext]:
    time = Meter.parse(meter)
    return [PatternContext(time, bar, drive, variant, bar == 3) for variant in range(4) for bar in range(4)]


def test_every_named_pattern_is_played_and_every_played_one_named() -> None:
    assert {role: set(table) for role, table in TABLES.items()} == {role: set(PATTERNS[role]) for role in TABLES}
    assert set(BASS_PATTERNS) == set(PATTERNS["bass"])


@pytest.mark.parametrize(("role", "name"), ALL)
@pytest.mark.parametrize("meter", METERS)
def test_patterns_stay_in_their_bar_and_never_overlap(role: str, name: str, meter: str) -> None:
    time = Meter.parse(meter)
    for drive in (0.0, 0.3, 0.5, 0.7, 1.0):
        for now in moments(meter, drive):
            hits = TABLES[role][name](now)
            for hit, following in zip(hits, [*hits[1:], None], strict=False):
                assert 0 <= hit.place < hit.place + hit.duration <= time.bar_quarters, now
                assert following is None or hit.place + hit.duration <= following.place, now
                assert (hit.place / SIXTEENTH).denominator == 1


@pytest.mark.parametrize(("role", "name"), ALL)
@pytest.mark.parametrize("meter", METERS)
def test_more_drive_never_means_fewer_strokes(role: str, name: str, meter: str) -> None:
    played = [sum(len(TABLES[role][name](now)) for now in moments(meter, drive)) for drive in DRIVES]
    assert played == sorted(played)
    assert played[-1] >= 12  # something in nearly every bar


@pytest.mark.parametrize(("role", "name"), COMMON)
def test_common_patterns_have_at_least_three_densities(role: str, name: str) -> None:
    played = {sum(len(TABLES[role][name](now)) for now in moments("4/4", step / 20)) for step in range(3, 18)}
    assert len(played) >= 3


def test_strokes_are_added_where_a_player_would_add_them() -> None:
    four = Meter.parse("4/4")
    assert [float(place) for place in strongest_places(four, 1)] == [0]
    assert [float(place) for place in strongest_places(four, 2)] == [0, 2]
    assert [float(place) for place in strongest_places(four, 5)] == [0, 1, 2, 3, 3.5]
    assert [float(place) for place in strongest_places(Meter.parse("6/8"), 4)] == [0, 1, 1.5, 2.5]
    for meter in METERS:
        everything = strongest_places(Meter.parse(meter), 99)
        assert everything == [EIGHTH * index for index in range(len(everything))]
        for count in range(1, len(everything)):
            assert set(strongest_places(Meter.parse(meter), count)) < set(strongest_places(Meter.parse(meter), count + 1))


def test_a_level_climbs_from_first_to_last() -> None:
    assert [count_for_drive(drive / 10, 1, 2, 4) for drive in range(11)] == [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4]


@pytest.mark.parametrize(
    ("role", "name", "meter", "wanted"),
    [
        ("chords", "waltz", "3/4", [(1, "all"), (2, "all")]),
        ("chords", "skank", "4/4", [(0.5, "all"), (1.5, "all"), (2.5, "all"), (3.5, "all")]),
        ("chords", "stride", "4/4", [(0, "octave"), (1, "all"), (2, "fifth"), (3, "all")]),
        ("chords", "march", "2/4", [(0.5, "all"), (1.5, "all")]),
        ("arpeggio", "alberti", "2/4", [(0, 0), (0.5, 2), (1, 1), (1.5, 2)]),
        ("arpeggio", "habanera", "2/4", [(0, "root"), (0.75, "all"), (1, "fifth"), (1.5, "all")]),
    ],
)
def test_patterns_of_a_kind_are_of_that_kind(role: str, name: str, meter: str, wanted: list[tuple[float, object]]) -> None:
    hits = TABLES[role][name](PatternContext(Meter.parse(meter), 1, 0.5))
    assert [(float(hit.place), hit.pick) for hit in hits] == wanted


def test_an_empty_name_takes_the_plainest_and_a_wrong_one_names_the_nearest() -> None:
    assert find_pattern("chords", "") is CHORD_PATTERNS["block"]
    with pytest.raises(UsageError, match=r"no bass pattern 'walkin' .did you mean 'walking'"):
        check_pattern("bass", "walkin")
    with pytest.raises(UsageError, match="role 'melody'"):
        check_pattern("melody", "strum")
