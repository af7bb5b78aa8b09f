"""Chords that lead from one key to another, and harmony in several keys and metres."""

from __future__ import annotations

from itertools import product

import pytest

from img2music.errors import Img2MusicError
from img2music.io.style_files import load_style
from img2music.planners.form import layout_sections
from img2music.planners.harmony.harmonize import HarmonySetting, harmonize, harmonize_keys
from img2music.planners.harmony.modulation import begin_at_home, lead_to_key, numeral_in_key, pivot_triads
from img2music.rng import generator
from img2music.theory import MODES, Chord, Key, parse_bar
from img2music.theory.transposition import bars_in_mode

TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B", "C#", "G#", "D#")


def all_keys() -> list[Key]:
    found = []
    for tonic, mode in product(TONICS, MODES):
        try:
            found.append(Key.parse(f"{tonic} {mode}"))
        except Img2MusicError:
            continue
    return found


@pytest.mark.parametrize("numeral", ["V7", "V", "V9", "V7sus4", "IV", "VII", "II", "v", "viio7", "vii"])
def test_a_chord_of_any_key_has_a_numeral_in_any_other(numeral: str) -> None:
    keys = all_keys()
    for own, key in product(keys, keys):
        found = numeral_in_key(numeral, own, key)
        assert found is not None, (own.name, key.name)
        assert Chord.parse(found, key).pitch_classes == Chord.parse(numeral, own).pitch_classes


@pytest.mark.parametrize(
    ("old", "new", "numeral", "symbol"),
    [
        ("D minor", "F major", "V7/III", "C7"),
        ("C major", "A minor", "V7/vi", "E7"),
        ("C major", "G major", "V7/V", "D7"),
        ("C major", "Eb major", "V7/bIII", "Bb7"),
        ("D minor", "D major", "V7", "A7"),
        ("Ab major", "E major", "V7/#V", "B7"),
    ],
)
def test_a_dominant_is_named_by_where_it_leads(old: str, new: str, numeral: str, symbol: str) -> None:
    found = numeral_in_key("V7", Key.parse(new), Key.parse(old))
    assert found == numeral
    assert Chord.parse(found, Key.parse(old)).symbol == symbol


def test_pivots_belong_to_both_keys_and_prepare_the_new_dominant() -> None:
    triads = ("i", "V", "iv", "VI", "VII", "III", "iio")
    assert pivot_triads(triads, Key.parse("D minor"), Key.parse("F major")) == ["VI", "iv", "i"]
    assert pivot_triads(("I", "IV", "V", "ii", "vi"), Key.parse("C major"), Key.parse("F# major")) == []


def test_the_end_of_a_section_leads_on() -> None:
    old, new = Key.parse("D minor"), Key.parse("F major")
    assert lead_to_key(("i", "iv", "V", "i"), old, new, "V7", ["VI", "iv"], 4) == ("i", "iv", "VI", "V7/III")
    assert lead_to_key(("i", "VI", "iv", "i"), old, new, "V7", ["VI"], 4) == ("i", "VI", "iv", "V7/III")
    assert lead_to_key(("i", "V"), old, new, "V7", ["VI"], 4) == ("i", "V V7/III")  # two bars give no more than half of one away
    far = Key.parse("C major"), Key.parse("D major")
    assert lead_to_key(("I", "IV"), *far, "V7", ["iii"], 4) == ("I", "IV V7/II")
    assert lead_to_key(("I", "IV"), *far, "V7", ["iii"], 1) == ("I", "V7/II")
    assert lead_to_key(("I", "IV"), *far, "V7", [], 4) == ("I", "IV V7/II")
    assert lead_to_key(("i",), old, new, "V7", ["VI"], 4) == ("i V7/III",)
    assert lead_to_key(("i",), old, new, "V7", ["VI"], 1) == ("V7/III",)


def test_a_new_key_begins_at_home() -> None:
    key = Key.parse("F major")
    assert begin_at_home(("V7 vi", "I"), "I", key) == ("I vi", "I")
    assert begin_at_home(("ii7", "V"), "I", key) == ("ii7", "V")
    assert begin_at_home(("IV", "V"), "I", key) == ("IV", "V")


@pytest.mark.parametrize("style", ["pop", "jazz-ballad", "chamber-strings", "rock", "flamenco"])
def test_each_section_speaks_its_own_mode(style: str) -> None:
    """Sections in one key are what they would be in a piece of that key; a theme that comes back in another mode keeps its degrees."""
    layouts = layout_sections(24)
    names = [layout.name for layout in layouts]
    keys = [Key.parse("D minor") if layout.role in {"intro", "theme"} else Key.parse("F major") for layout in layouts]
    rows = harmonize_keys(layouts, [HarmonySetting(key) for key in keys], load_style(style), generator(3, "harmony"))
    for layout, key, bars in zip(layouts, keys, rows, strict=True):
        assert len(bars) == layout.bars
        for bar in bars:
            parse_bar(bar, key)
    first, back = rows[names.index("A1")], rows[names.index("A2" if "A2" in names else "A")]
    if keys[names.index("A1")].mode != keys[names.index("A2")].mode:
        same = bars_in_mode(first, "minor", "major")
        assert sum(one == other for one, other in zip(same[1:-2], back[1:-2], strict=True)) >= len(back) - 4


def test_one_key_is_as_it_was() -> None:
    layouts, style = layout_sections(32), load_style("folk")
    plain = harmonize(layouts, "dorian", style, generator(5, "harmony"), most=3, bar_seconds=2.0)
    key = Key.parse("G dorian")
    assert harmonize_keys(layouts, [HarmonySetting(key, 3, 2.0)] * len(layouts), style, generator(5, "harmony")) == plain


def test_a_bar_holds_no_more_chords_than_its_metre_has_beats() -> None:
    layouts = layout_sections(24)
    settings = [HarmonySetting(Key.parse("C major"), 4 if number % 2 else 2, 2.0) for number in range(len(layouts))]
    rows = harmonize_keys(layouts, settings, load_style("jazz-ballad"), generator(1, "harmony"))
    for setting, bars in zip(settings, rows, strict=True):
        assert max(len(bar.split()) for bar in bars) <= setting.most
