"""The harmony of plans: parsable, ended as each place wants, true to mode, style and brightness."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.io.style_files import load_style, style_names
from img2music.planners.form import layout_sections
from img2music.planners.harmony.chord_figures import choose_inversions, pedal_chord
from img2music.planners.harmony.chord_vocabulary import applied_target, triad_brightness, triad_kind
from img2music.planners.harmony.harmonize import harmonize
from img2music.rng import generator
from img2music.style import Style, Vocabulary
from img2music.theory import MODES, Chord, Key, parse_bar

FORMS = ("song", "verse-refrain", "rondo", "arch", "strophic")
MODAL = ("dorian", "phrygian", "mixolydian")


def plain(**words: object) -> Style:
    """A style without rows of its own."""
    return load_style("solo-piano").model_copy(update={"harmony": {}, "vocabulary": Vocabulary.model_validate(words)})


def triads(bars: tuple[str, ...], mode: str) -> list[Chord]:
    return [chord for bar in bars for chord in parse_bar(bar, Key(0, mode))]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(style_names()),
    st.sampled_from(sorted(MODES)),
    st.sampled_from(FORMS),
    st.integers(1, 90),
    st.integers(0, 2**40),
    st.floats(-1, 1),
    st.integers(1, 4),
    st.booleans(),
)
def test_every_style_mode_and_form_gets_harmony_that_ends_as_asked(
    name: str, mode: str, form: str, bars: int, seed: int, brightness: float, most: int, loop: bool
) -> None:
    layouts = layout_sections(bars, form)
    style = load_style(name)
    sections = harmonize(
        layouts, mode, style, generator(seed, "harmony"), brightness=brightness, most=most, bar_seconds=1.5, loop=loop
    )
    key = Key(0, mode)
    assert [len(section) for section in sections] == [layout.bars for layout in layouts]
    for section in sections:
        for bar in section:
            assert len(parse_bar(bar, key)) <= 4
    last = parse_bar(sections[-1][-1], key)
    if loop:
        assert last[-1].root != key.tonic
    else:
        assert [chord.root for chord in last] == [key.tonic]
        assert last[0].bass == key.tonic
    again = harmonize(
        layouts, mode, style, generator(seed, "harmony"), brightness=brightness, most=most, bar_seconds=1.5, loop=loop
    )
    assert again == sections


@pytest.mark.parametrize("source", ["chart", "standards", "chorales"])
@pytest.mark.parametrize("mode", MODES)
def test_questions_stay_open_and_answers_come_home(source: str, mode: str) -> None:
    layouts = layout_sections(32)
    key = Key(0, mode)
    for seed in range(25):
        sections = harmonize(layouts, mode, plain(source=source), generator(seed, "harmony"))
        for layout, bars in zip(layouts, sections, strict=True):
            ends = [parse_bar(bars[place - 1], key)[-1].root for place in (4, 8)]
            if layout.role == "contrast":
                assert parse_bar(bars[0], key)[0].root != key.tonic
                assert key.tonic not in ends
            else:
                assert parse_bar(bars[0], key)[0].bass == parse_bar(bars[0], key)[0].root
                assert ends[0] != key.tonic
                assert ends[1] == key.tonic


@pytest.mark.parametrize("mode", MODAL)
@pytest.mark.parametrize("source", ["chart", "standards", "chorales"])
def test_modes_without_a_leading_tone_never_raise_one(mode: str, source: str) -> None:
    for seed in range(25):
        style = plain(source=source, chords="extended", secondary=1, borrowed=1)
        for bars in harmonize(layout_sections(32), mode, style, generator(seed, "harmony")):
            for chord, following in pairwise(triads(bars, mode)):
                if following.root == Key(0, mode).tonic:
                    assert 11 not in chord.pitch_classes, chord.numeral


@pytest.mark.parametrize("mode", ["lydian", "dorian", "phrygian", "mixolydian"])
def test_a_mode_sounds_its_own_note(mode: str) -> None:
    mark = {"lydian": 6, "dorian": 9, "phrygian": 1, "mixolydian": 10}[mode]
    marked = []
    for seed in range(30):
        bars = [bar for section in harmonize(layout_sections(32), mode, plain(), generator(seed, "harmony")) for bar in section]
        marked.append(sum(any(mark in chord.pitch_classes for chord in parse_bar(bar, Key(0, mode))) for bar in bars) / len(bars))
    assert min(marked) > 0.1
    assert sum(marked) / len(marked) > 0.25


def dark_share(mode: str, brightness: float, draws: int) -> float:
    """Share of chords that are minor, diminished or borrowed, the tonic left out."""
    dark = total = 0
    for seed in range(draws):
        for bars in harmonize(
            layout_sections(32), mode, plain(source="chart"), generator(seed, "harmony"), brightness=brightness
        ):
            for chord in triads(bars, mode):
                if chord.root != Key(0, mode).tonic:
                    total += 1
                    borrowed = not set(chord.pitch_classes[:3]) <= set(Key(0, mode).pitch_classes)
                    dark += chord.members[1] - chord.root == -3 or (borrowed and mode == "major" and chord.root < 0)
    return dark / total


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_brighter_harmony_has_fewer_dark_chords(mode: str) -> None:
    shares = [dark_share(mode, brightness, 200) for brightness in (-1, -0.5, 0, 0.5, 1)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] > 0.15


def test_shares_of_colour_do_what_they_say() -> None:
    def count(kind: str, **words: object) -> int:
        found = 0
        for seed in range(40):
            for bars in harmonize(layout_sections(32), "major", plain(**words), generator(seed, "harmony")):
                for bar in bars:
                    for numeral in bar.split():
                        found += (
                            "/" in numeral
                            if kind == "secondary"
                            else numeral.startswith(("b", "iv", "v", "iio")) and numeral[:2] != "vi"
                        )
        return found

    assert count("secondary", source="standards", secondary=0) == 0
    assert 0 < count("secondary", source="standards", secondary=0.5) < count("secondary", source="standards", secondary=1)
    assert count("borrowed", source="chart", borrowed=0) == 0
    assert 0 < count("borrowed", source="chart", borrowed=0.5) < count("borrowed", source="chart", borrowed=1)


@pytest.mark.parametrize(
    ("chords", "low", "high"), [("power", 0, 0), ("triads", 0.02, 0.3), ("sevenths", 0.5, 1), ("extended", 0.5, 1)]
)
def test_chords_are_as_rich_as_the_style_speaks(chords: str, low: float, high: float) -> None:
    members = [
        len(chord.members)
        for seed in range(20)
        for bars in harmonize(layout_sections(32), "major", plain(chords=chords, inversions=0), generator(seed, "harmony"))
        for chord in triads(bars, "major")
    ]
    assert low <= sum(count > 3 for count in members) / len(members) <= high
    assert (max(members) == 5) == (chords == "extended")


@pytest.mark.parametrize("mode", MODES)
def test_figures_bring_in_no_foreign_note(mode: str) -> None:
    key = Key(0, mode)
    scale = set(key.pitch_classes) | ({11} if mode == "minor" else set())
    style = plain(chords="extended", borrowed=0, secondary=0)
    for seed in range(30):
        for bars in harmonize(layout_sections(32), mode, style, generator(seed, "harmony")):
            for chord in triads(bars, mode):
                if chord.numeral not in {"V9", "#viio7"}:
                    assert set(chord.pitch_classes) <= scale, chord.numeral


def test_inversions_make_the_bass_step() -> None:
    key = Key(0, "major")
    row = ("I", "V", "vi", "iii", "IV", "I", "V", "I")
    still = [index in {0, 6, 7} for index in range(8)]

    def steps(share: float) -> int:
        basses = [Chord.parse(numeral, key).bass * 4 % 7 for numeral in choose_inversions(row, key, share, fixed=still)]
        return sum((one - two) % 7 in {1, 6} for one, two in pairwise(basses))

    assert choose_inversions(row, key, 0, fixed=still) == row
    assert steps(0) < steps(0.5) <= steps(1)
    for numeral in choose_inversions(("I", "V7", "I", "IV", "V7", "I"), key, 1, fixed=[True, *[False] * 4, True]):
        assert Chord.parse(numeral, key)


def test_a_pedal_keeps_its_note_lowest() -> None:
    for mode in MODES:
        key = Key(0, mode)
        for triad in ("I", "ii", "IV", "vi") if mode in {"major", "mixolydian"} else ("i", "iv", "VI"):
            form = pedal_chord(triad, "1", mode)
            if form and triad_kind(triad, mode) == "diatonic":
                assert Chord.parse(form, key).bass == key.tonic
    assert pedal_chord("V", "1", "major") is None
    assert pedal_chord("I", "5", "major") == "I64"


def test_harmonic_rhythm_follows_style_and_tempo() -> None:
    def changes(rhythm: float, seconds: float) -> float:
        found = [
            len(bar.split())
            for seed in range(30)
            for bars in harmonize(
                layout_sections(32), "major", plain(rhythm=rhythm), generator(seed, "harmony"), bar_seconds=seconds
            )
            for bar in bars
        ]
        return sum(found) / len(found)

    assert changes(0.5, 2) < changes(1, 2) < changes(2, 2)
    assert changes(2, 0.6) < changes(2, 2)


def test_triads_know_their_goals_and_their_light() -> None:
    assert applied_target("II", "major") == "V"
    assert applied_target("VI", "major") == "ii"
    assert applied_target("I", "minor") == "iv"
    assert applied_target("V", "major") is None  # the tonic's own dominant is no secondary one
    assert triad_kind("iv", "major") == "borrowed"
    assert triad_kind("V", "minor") == "dominant"
    assert triad_kind("V", "dorian") == "strange"
    assert (
        triad_brightness("IV", "major")
        > triad_brightness("I", "major")
        > triad_brightness("ii", "major")
        > triad_brightness("iv", "major")
    )
