"""What was heard beside what was asked: tempi an octave off, relative keys, metres that ears can't count, guesses that are too unsure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from img2music.audio import Audio
from img2music.brief import Brief
from img2music.listening.asked_and_heard import Comparison, compare_with_asked, overall_mark
from img2music.listening.heard_music import Estimate, HeardMusic, ScoreAgreement
from img2music.metrics.compliance.sound_rows import hear_promises
from img2music.performance import Performance
from img2music.renderers.neural.take_choice import TakesRefusedError, choose_take
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.made_performances import performance_of

if TYPE_CHECKING:
    from collections.abc import Callable

PLAYED = performance_of([(0.5 * place, 0.5, 60 + place % 5) for place in range(16)])
FOLLOWED = ScoreAgreement(0.9, 0.6, 0.8, 0.3, 0.0)
SILENCE = Audio(np.zeros((2, 8 * 48_000), np.float32), 48_000)


def heard(
    bpm: float | None = 120.0, beats: int | None = 4, key: str | None = "C major", *, sure: float = 0.9, seconds: float = 8.0
) -> HeardMusic:
    return HeardMusic(
        seconds, -14.0, -1.1, Estimate(bpm, sure), Estimate(beats, sure), Estimate(None if key is None else Key.parse(key), sure)
    )  # fmt: skip


def compared(performance: Performance, found: HeardMusic, followed: ScoreAgreement | None = FOLLOWED) -> dict[str, Comparison]:
    return {one.aspect: one for one in compare_with_asked(performance, found, followed)}


@pytest.mark.parametrize(
    ("meter", "written", "found", "kept", "words"),
    [
        ("4/4", 120, 120.0, True, "120 beats a minute"),
        ("4/4", 120, 124.7, True, "124.7 beats a minute"),
        ("4/4", 120, 125.0, False, "125 beats a minute"),
        ("4/4", 120, 60.5, True, "60.5 beats a minute, which is half the beat"),
        ("4/4", 120, 239.0, True, "239 beats a minute, which is twice the beat"),
        ("4/4", 120, 80.0, False, "80 beats a minute"),
        ("6/8", 108, 72.0, True, "72 beats a minute"),  # the dotted quarter
        ("6/8", 108, 108.0, False, "108 beats a minute"),
        ("7/8", 120, 80.0, True, "80 beats a minute"),  # two beats of a quarter, one of a dotted quarter
    ],
)
def test_tempo(meter: str, written: float, found: float, kept: bool, words: str) -> None:
    performance = Performance.steady("x", Key.parse("C"), Meter.parse(meter), written, 8.0, PLAYED.parts)
    row = compared(performance, heard(found))["tempo"]
    assert (row.kept, row.found, row.confidence) == (kept, words, 0.9)
    assert row.agreement is not None
    assert (row.agreement == 1.0) is kept


def test_a_tempo_that_moves_is_anywhere_between() -> None:
    moving = replace(PLAYED, tempo_map=TempoMap((TempoPoint(0, 80.0), TempoPoint(8, 100.0))))  # type: ignore[arg-type]
    assert [compared(moving, heard(bpm))["tempo"].kept for bpm in (78.0, 90.0, 103.0, 45.0, 110.0)] == [True] * 4 + [False]
    assert compared(moving, heard())["tempo"].asked == "80 to 100 beats a minute"
    nothing = compared(PLAYED, heard(None, None, None))
    assert [nothing[name].kept for name in ("tempo", "metre", "key")] == [None] * 3
    assert nothing["tempo"].weight == 0


@pytest.mark.parametrize(
    ("meter", "beats", "kept"),
    [
        ("4/4", 4, True), ("4/4", 2, True), ("4/4", 3, False), ("3/4", 3, True), ("3/4", 6, True), ("3/4", 4, False), ("6/8", 3, True),
        ("6/8", 2, True), ("12/8", 4, True), ("5/4", 4, None), ("7/8", 3, True), ("4/4", None, None),
    ],
)  # fmt: skip
def test_metre(meter: str, beats: int | None, kept: bool | None) -> None:
    performance = Performance.steady("x", Key.parse("C"), Meter.parse(meter), 120.0, 8.0, PLAYED.parts)
    assert compared(performance, heard(beats=beats))["metre"].kept is kept


def test_metres_of_foreign_files() -> None:
    performance = Performance.steady("x", Key.parse("C"), Meter(15, 16), 120.0, 8.0, PLAYED.parts)
    assert compared(performance, heard())["metre"].kept is None
    assert compared(performance, heard())["tempo"].kept is not None


@pytest.mark.parametrize(
    ("asked", "found", "agreement", "kept"),
    [
        ("C major", "C major", 1.0, True), ("C major", "A minor", 0.3, True), ("C major", "G major", 0.5, False),
        ("C major", "C minor", 0.2, False), ("C major", "F# major", 0.0, False), ("D dorian", "D minor", 1.0, True),
        ("D dorian", "C major", 0.3, True), ("Db major", "C# major", 1.0, True),
    ],
)  # fmt: skip
def test_key(asked: str, found: str, agreement: float, kept: bool) -> None:
    performance = replace(PLAYED, key_map=KeyMap.constant(Key.parse(asked)))
    row = compared(performance, heard(key=found))["key"]
    assert (row.agreement, row.kept) == (agreement, kept)


def test_drums_alone_have_no_key() -> None:
    drums = performance_of([], drums=[(0.5 * place, 0.1, 36) for place in range(16)])
    assert compared(drums, heard())["key"].kept is None


def test_pitches_count_above_chance_only() -> None:
    def pitches(found: float | None, chance: float | None) -> Comparison:
        return compared(PLAYED, heard(), ScoreAgreement(found, chance, None, None, None))["pitches"]

    assert pitches(0.9, 0.6).agreement == 1.0
    assert pitches(0.6, 0.6).agreement == 0.0
    assert pitches(0.6, 0.6).kept is False
    assert pitches(0.5, 0.9).agreement == 0.0
    assert pitches(0.95, 1.0).agreement == 0.0  # no room above chance
    assert pitches(None, None).kept is None
    assert pitches(0.7, 0.6).agreement == pytest.approx(0.5)


def test_the_mark_is_what_the_formula_says() -> None:
    right = compare_with_asked(PLAYED, heard(sure=1.0), FOLLOWED)
    assert overall_mark(right, heard()) == pytest.approx(1.0)
    # What an ear is unsure of weighs less.
    wrong, unsure = (overall_mark(compare_with_asked(PLAYED, heard(90.0, sure=sure), FOLLOWED), heard()) for sure in (1.0, 0.1))
    assert wrong is not None
    assert unsure is not None
    assert wrong == pytest.approx(1 - 0.2 / 0.93)  # pitches weigh .28, as chance reaches .6
    assert unsure > 0.95
    assert overall_mark(right, replace(heard(), loudness_lufs=None)) == 0.0
    nothing = heard(None, None, None)
    assert overall_mark(compare_with_asked(PLAYED, nothing), nothing) is None  # a length alone says nothing


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_ears(*found: HeardMusic, followed: ScoreAgreement = FOLLOWED) -> None:
        answers = list(found)
        monkeypatch.setattr("img2music.listening.listen.hear", lambda *_, **__: answers.pop(0) if answers[1:] else answers[0])
        monkeypatch.setattr("img2music.listening.score_agreement.agreement", lambda *_, **__: followed)

    return set_ears


def test_a_guess_that_is_too_unsure_breaks_nothing(hears: Callable[..., None]) -> None:
    hears(heard(90.0, 3, "F# major", sure=0.1))
    rows = {row.promise: row for row in hear_promises(PLAYED, Brief(), SILENCE).rows}
    assert [rows[name].passed for name in ("tempo of the sound", "metre of the sound", "key of the sound")] == [None] * 3
    assert rows["notes in the sound"].passed
    hears(heard(90.0, 3, "F# major", sure=0.9), followed=ScoreAgreement(0.6, 0.6, 0.3, 0.3, 0.0))
    promises = hear_promises(PLAYED, Brief(tempo_bpm=120), SILENCE)
    rows = {row.promise: row for row in promises.rows}
    assert {row.passed for row in promises.rows if row.promise != "loudness"} == {False}
    assert rows["tempo of the sound"].by == "brief"
    assert rows["metre of the sound"].by == "plan"
    assert rows["tempo of the sound"].shortfall == (
        "tempo of the sound should be 120 beats a minute; heard: 90 beats a minute (a guess, 90% sure)"
    )
    assert len(promises.notes) == 1


def test_loudness_is_measured(hears: Callable[..., None]) -> None:
    def loudness(lufs: float | None, peak: float | None) -> bool | None:
        hears(replace(heard(), loudness_lufs=lufs, true_peak_dbtp=peak))
        row = next(row for row in hear_promises(PLAYED, Brief(), SILENCE).rows if row.promise == "loudness")
        assert not row.is_guess
        return row.passed

    assert [loudness(-14.0, -1.1), loudness(-15.2, -3.0), loudness(-20.0, -1.0), loudness(-14.0, 0.3), loudness(None, None)] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_real_ears_find_nothing_in_silence() -> None:
    promises = hear_promises(PLAYED, Brief(), SILENCE)
    assert promises.mark == 0.0
    assert "nothing sounds" in promises.notes[0]
    with pytest.raises(TakesRefusedError, match=r"mark 0\.00"):
        choose_take([SILENCE], [1], PLAYED, threshold=0.1)


def test_takes_are_chosen_by_what_is_heard(hears: Callable[..., None]) -> None:
    sounds = [SILENCE] * 3
    hears(heard(90.0), heard(120.0), heard(120.0))
    index, takes = choose_take(sounds, [5, 6, 7], PLAYED, threshold=0.0)
    assert index == 1  # of equal marks the first
    assert [(take.seed, take.kept) for take in takes] == [(5, False), (6, True), (7, False)]
    assert takes[0].heard[0] == "tempo: asked 120 beats a minute, found 90 beats a minute (90% sure)"
    hears(heard(90.0), followed=ScoreAgreement(0.6, 0.6, 0.3, 0.3, None))
    with pytest.raises(
        TakesRefusedError, match=r"the best of 3 takes follows the score too little \(mark 0.\d\d, at least 0.9"
    ) as caught:
        choose_take(sounds, [5, 6, 7], PLAYED, threshold=0.9)
    assert [take.kept for take in caught.value.takes] == [False] * 3
    # Where nothing could be compared, nothing is refused.
    hears(heard(None, None, None), followed=ScoreAgreement(None, None, None, None, None))
    index, takes = choose_take([SILENCE], [5], PLAYED, threshold=0.9)
    assert (index, takes[0].mark, takes[0].kept) == (0, None, True)
    with pytest.raises(ValueError, match="give at least one"):
        choose_take([], [], PLAYED, threshold=0.0)
