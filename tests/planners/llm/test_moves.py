"""How loudness, keys and players are read where a model says them in words of its own."""

from __future__ import annotations

import pytest

from img2music.plan import PartPlan
from img2music.planners.llm.moves.dynamic_marks import MARK_ENERGIES, dynamics_of, falling_curve, straight_curve
from img2music.planners.llm.moves.local_keys import bars_in_other_key, local_key_of, moved_key
from img2music.planners.llm.moves.named_players import parts_named
from img2music.realizers.composer import dynamic_mark
from img2music.theory import Key

BAND = tuple(
    PartPlan.model_validate({"id": name, "name": name, "instrument": player, "role": role})
    for name, player, role in (
        ("Flute", "flute", "melody"), ("Violin", "violin", "counter"), ("Piano (right hand)", "piano", "chords"),
        ("Piano (left hand)", "piano", "arpeggio"), ("Cello", "cello", "bass"), ("Drums", "drums", "drums"),
    )
)  # fmt: skip


@pytest.mark.parametrize("mark", MARK_ENERGIES)
def test_a_mark_is_the_energy_for_which_it_is_written(mark: str) -> None:
    assert dynamic_mark(MARK_ENERGIES[mark]) == mark


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ("p", ("p", "p")), ("mezzo-forte", ("mf", "mf")), ("p -> ff", ("p", "ff")), ("pp to mf", ("pp", "mf")), ("p < f", ("p", "f")),
        ("f > pp", ("f", "pp")), ("crescendo from p to f", ("p", "f")), ("cresc. to ff", (0.5, "ff")), ("crescendo", (0.3, 0.7)),
        ("dim.", (0.7, 0.3)), (">", (0.7, 0.3)), ({"start": "p", "end": 0.8}, ("p", 0.8)), ({"from": "soft", "to": "loud"}, ("p", "f")),
        ({"end": "ff"}, (0.5, "ff")), ({"start": "ppp"}, ("pp", "pp")), (["mp", "mf", "f"], ("mp", "f")), (0.4, (0.4, 0.4)), (40, (0.4, 0.4)),
        ("40 %", (0.4, 0.4)), ("p, mf, f", ("p", "f")), ("banana", None), ({}, None), ([], None), (None, None), (7, None), ("p to banana", None),
    ],
)  # fmt: skip
def test_loudness_is_read_as_it_is_meant(said: object, ends: tuple[object, object] | None) -> None:
    assert dynamics_of(said, 0.5) == (None if ends is None else {"start": ends[0], "end": ends[1]})


def test_curves_of_energy() -> None:
    assert straight_curve(0.2, 0.8, 4) == (0.2, 0.4, 0.6, 0.8)
    assert straight_curve(0.2, 0.8, 1) == (0.8,)
    assert falling_curve((0.5,) * 4, 3) == (0.5, 0.5, 0.275, 0.05)
    assert falling_curve((0.02, 0.02), 8) == (0.02, 0.02)  # what is silent already does not rise


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("G", "G major"), ("e-moll", "E minor"), ("relative minor", "A minor"), ("the dominant", "G major"), ("subdominant", "F major"),
        ("parallel minor", "C minor"), ("up a tone", "D major"), ("a semitone higher", "Db major"), ("down a minor third", "A major"),
        ("+2", "D major"), ("-2 semitones", "Bb major"), (2, "D major"), (0, "C major"), ("home key", "C major"), (13, None), ("same", None),
        ("bright", None), (None, None), ([], None), (1.5, None),
    ],
)  # fmt: skip
def test_a_key_may_be_told_by_its_distance(said: object, key: str | None) -> None:
    assert local_key_of(said, Key.parse("C major")) == key


def test_numerals_of_another_mode_are_written_anew_for_the_same_chords() -> None:
    minor, major = Key.parse("A minor"), Key.parse("C major")
    assert bars_in_other_key(["i", "iv V7", "VI iio"], minor, major) == ("vi", "ii III7", "IV viio")
    assert bars_in_other_key(["I", "V7"], Key.parse("D major"), major) == ("I", "V7")
    assert moved_key(Key.parse("F major"), Key.parse("D minor"), Key.parse("E minor")).name == "G major"


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("the flute", "Flute"), ("Violin", "Violin"), ("lead", "Flute"), ("melody", "Flute"), ("bass", "Cello"), ("percussion", "Drums"),
        ("piano", "Piano (right hand), Piano (left hand)"), ("Piano (left hand)", "Piano (left hand)"), ("left hand", "Piano (left hand)"),
        ("strings", "Violin, Cello"), ("everyone", "Flute, Violin, Piano (right hand), Piano (left hand), Cello, Drums"),
        ("everyone else", "Violin, Piano (right hand), Piano (left hand), Cello, Drums"), ("all but the piano", "Flute, Violin, Cello, Drums"),
        ("all except flute and violin", "Piano (right hand), Piano (left hand), Cello, Drums"), ("flute and cello", "Flute, Cello"),
        ("kazoo", ""), ("", ""), ("all but the kazoo", ""),
    ],
)  # fmt: skip
def test_players_are_known_by_instrument_role_family_and_hand(said: str, parts: str) -> None:
    assert ", ".join(part.id for part in parts_named(said, BAND, BAND[0])) == parts
