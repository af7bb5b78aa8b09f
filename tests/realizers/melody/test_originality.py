"""No run of eight notes that a song of the corpora has."""

from __future__ import annotations

from fractions import Fraction

from img2music.brief import Brief
from img2music.io.style_files import style_names
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.composer import Composer
from img2music.realizers.melody.originality import RUN, avoid_known_runs, copied_runs, is_known_run, pack_hashes, run_hashes
from img2music.realizers.timeline import ChordSpan, NoteEvent
from img2music.resources import asset_path
from img2music.theory import Chord, Key, Meter
from tests.support.made_scenes import make_scene


def even(pitches: list[int]) -> list[tuple[Fraction, int]]:
    return [(Fraction(number), pitch) for number, pitch in enumerate(pitches)]


def test_a_run_is_known_by_intervals_and_times_alone() -> None:
    line = even([60, 62, 64, 65, 67, 69, 71, 72])
    (value,) = run_hashes(line)
    assert run_hashes([(onset + 3, pitch + 5) for onset, pitch in line]) == [value]
    assert run_hashes([(onset * 2, pitch) for onset, pitch in line]) != [value]
    assert run_hashes(even([60, 62, 64, 65, 67, 69, 71, 74])) != [value]
    assert run_hashes(line[: RUN - 1]) == []


def test_the_file_holds_what_was_packed() -> None:
    values = {0, 1, 65535, 65536, 0xFFFFFFFF, 123456789}
    data = pack_hashes(values)
    assert len(data) == 65536 + 2 * len(values)
    assert sum(data[:65536]) == len(values)
    shipped = asset_path("statistics/runs.bin").read_bytes()
    assert sum(shipped[:65536]) * 2 == len(shipped) - 65536 > 200_000


def test_a_scale_of_even_eighths_is_somebodys() -> None:
    """The commonest run there is must be found, or nothing is."""
    down = [(Fraction(number, 2), pitch) for number, pitch in enumerate([72, 71, 69, 67, 65, 64, 62, 60])]
    up = [(Fraction(number), 60) for number in range(8)]
    assert any(is_known_run(value) for line in (down, up) for value in run_hashes(line))


def test_known_runs_are_bent_by_one_note() -> None:
    key, meter = Key.parse("C major"), Meter.parse("4/4")
    spans = [ChordSpan(Fraction(0), Fraction(16), Chord.parse("I", key), 0, key, meter, Fraction(0))]
    line = [NoteEvent(Fraction(number), Fraction(1), (60,)) for number in range(10)]
    notes = [(event.onset, event.pitches[0]) for event in line]
    assert copied_runs(notes)
    mended = avoid_known_runs(line, spans, 55, 80)
    assert not copied_runs([(event.onset, event.pitches[0]) for event in mended])
    assert 1 <= sum(one != other for one, other in zip(line, mended, strict=True)) <= 3
    assert all(event.pitches[0] % 12 in key.pitch_classes for event in mended)


def test_no_piece_has_a_known_run() -> None:
    seen = 0
    for number, style in enumerate(style_names()):
        plan = RulesPlanner()(make_scene(line=number), Brief.of(style=style, seed=number, seconds=45))
        score = Composer()(plan)
        tune = next(part for part in score.parts if part.role == "melody")
        notes = [(note.onset_quarters, note.pitch) for note in tune.notes]
        assert copied_runs(notes) == [], style
        seen += len(run_hashes(notes))
    assert seen > 1000
