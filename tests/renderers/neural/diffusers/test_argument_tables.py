"""Tables of arguments and what of a score fits into them: no pipeline is loaded."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from img2music.errors import BackendError
from img2music.performance import Performance
from img2music.renderers.neural.diffusers.argument_tables import TABLES, TASKS, table_by_signature
from img2music.renderers.neural.diffusers.score_facts import facts_between
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap, KeyPoint
from img2music.theory.meter_map import MeterMap
from img2music.theory.tempo_map import TempoMap, TempoPoint
from tests.support.extras import require


def steady(key: str, meter: Meter, bpm: float) -> Performance:
    return Performance.steady("piece", Key.parse(key), meter, bpm, 30.0, ())


@pytest.mark.parametrize(
    ("key", "meter", "bpm", "told"),
    [
        ("A minor", Meter(4, 4), 91.6, (92, "A minor", "4")),
        ("F# major", Meter(3, 4), 140, (140, "F# major", "3")),
        ("Bb dorian", Meter(6, 8), 120, (80, "Bb minor", "6")),
        ("D mixolydian", Meter(12, 8), 90, (60, "D major", "4")),
        ("C major", Meter(2, 2), 120, (60, "C major", "2")),
        ("C major", Meter(7, 8), 120, (120, "C major", None)),
        ("C major", Meter(5, 4), 120, (120, "C major", None)),
        ("C major", Meter(11, 8), 120, (120, "C major", None)),
        ("C major", Meter(4, 4), 20, (None, "C major", "4")),
    ],
)
def test_tempo_key_and_metre_are_told_as_they_are_felt(key: str, meter: Meter, bpm: float, told: tuple[object, ...]) -> None:
    facts = facts_between(steady(key, meter, bpm), 0, 30)
    assert (facts.bpm, facts.key, facts.metre) == told


def test_what_cannot_be_told_as_it_is_is_said() -> None:
    assert facts_between(steady("A minor", Meter(4, 4), 92), 0, 30).notes == ()
    assert (
        "major and minor only: Bb dorian is told as Bb minor"
        in facts_between(steady("Bb dorian", Meter(4, 4), 92), 0, 30).notes[0]
    )
    assert "no 7/8" in facts_between(steady("C", Meter(7, 8), 92), 0, 30).notes[0]
    assert "20 is not told" in facts_between(steady("C", Meter(4, 4), 20), 0, 30).notes[0]


def test_what_holds_longest_in_a_stretch_is_told() -> None:
    tempo = TempoMap((TempoPoint(Fraction(0), 60.0), TempoPoint(Fraction(8), 120.0)))
    keys = KeyMap((KeyPoint(Fraction(0), Key.parse("C")), KeyPoint(Fraction(8), Key.parse("E minor"))))
    piece = Performance("piece", tempo, MeterMap.of_bars([(2, Meter(4, 4)), (20, Meter(3, 4))]), keys, 30.0, ())
    first, last, whole = facts_between(piece, 0, 8), facts_between(piece, 8, 30), facts_between(piece, 0, 30)
    assert (first.bpm, first.key, first.metre, first.notes) == (60, "C major", "4", ())
    assert (last.bpm, last.key, last.metre) == (120, "E minor", "3")
    assert (whole.bpm, whole.key) == (120, "E minor")
    assert [line.split(";")[0] for line in whole.notes] == ["the key moves", "the tempo moves", "the metre moves"]


def test_every_argument_of_the_tables_is_one_of_the_real_call() -> None:
    require("diffusers")
    import inspect

    import diffusers

    def arguments(name: str) -> set[str]:
        return set(inspect.signature(getattr(diffusers, name).__call__).parameters)

    for table in TABLES.values():
        assert set(table.tasks) <= set(TASKS)
        for task in table.tasks.values():
            single = [task.start, task.start_rate, task.closeness, task.noise, task.timbre, task.negative, task.guidance]
            told = [table.seconds, table.bpm, table.key, table.metre, table.callback, *single, *(task.span or ())]
            named = {"prompt", "generator", "num_inference_steps", *table.fixed, *table.a_take, *task.fixed, *filter(None, told)}
            assert named <= arguments(task.pipeline), (table.name, named - arguments(task.pipeline))


class Seconds:
    """A pipeline as some maker could write it."""

    def __call__(self, prompt: Any, audio_length_in_s: float, num_inference_steps: int = 30, callback: Any = None) -> Any:
        raise NotImplementedError


class Picture:
    def __call__(self, prompt: Any, height: int, width: int) -> Any:
        raise NotImplementedError


def test_a_pipeline_without_a_table_is_asked_by_its_signature() -> None:
    table = table_by_signature(Seconds)
    task = table.tasks["text2music"]
    assert (table.seconds, table.steps(None), table.callback, table.by_signature) == ("audio_length_in_s", 30, "callback", True)
    assert (list(table.tasks), task.negative, task.guidance) == (["text2music"], "", "")
    with pytest.raises(BackendError, match="Picture takes no prompt with a length in seconds"):
        table_by_signature(Picture)
