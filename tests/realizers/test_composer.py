from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from img2music.brief import Brief
from img2music.errors import DocumentError, UsageError
from img2music.io.style_files import load_style, style_names
from img2music.plan import CompositionPlan
from img2music.planners.rules.rules_planner import RulesPlanner
from img2music.realizers.chords.voice_leading import voice_chords
from img2music.realizers.composer import Composer
from img2music.realizers.drums.drum_kit import DRUMS
from img2music.realizers.timeline import layout_chords, layout_phrases
from img2music.score import Note, Part, Score
from img2music.theory import METERS, Chord, Key, Meter
from tests.support.made_notes import check_page
from tests.support.made_scenes import make_scene
from tests.support.random_briefs import briefs


def compose(line: int | None = 1, **wishes: Any) -> tuple[CompositionPlan, Score]:
    plan = RulesPlanner()(make_scene(line=line), Brief.of(**wishes))
    return plan, Composer()(plan)


def melody_of(score: Score) -> Part:
    return next(part for part in score.parts if part.role == "melody")


@settings(max_examples=60, deadline=None)
@given(briefs.map(lambda brief: brief.model_copy(update={"seconds": min(brief.seconds, 60.0)})))
def test_every_page_is_sound(brief: Brief) -> None:
    plan = RulesPlanner()(make_scene(), brief)
    check_page(plan, Composer()(plan))


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("meter", METERS)
def test_every_style_plays_in_every_metre(style: str, meter: str) -> None:
    plan, score = compose(style=style, meter=meter, seconds=40)
    check_page(plan, score)
    assert all(part.notes for part in score.parts if plan.parts[score.parts.index(part)].from_energy == 0)


def test_the_same_plan_gives_the_same_notes_and_another_seed_others() -> None:
    plan, score = compose(seed=1)
    assert Composer()(plan) == score
    other = Composer()(plan.model_copy(update={"seed": 2}))
    assert melody_of(other).notes != melody_of(score).notes


def test_two_pictures_never_share_a_tune() -> None:
    tunes = set()
    for line in range(12):
        _, score = compose(line=line)
        notes = melody_of(score).notes
        tunes.add(tuple(after.pitch - before.pitch for before, after in pairwise(notes[:16])))
    assert len(tunes) == 12


@pytest.mark.parametrize("style", style_names())
def test_the_piece_ends_on_its_tonic(style: str) -> None:
    plan, score = compose(style=style, seconds=50)
    tonic = plan.parsed_key.pitch_classes[0]
    last_bar = (score.bars - 1) * score.meter.bar_quarters
    final = [note for part in score.parts if not part.instrument.kit for note in part.notes if note.end_quarters > last_bar]
    assert min(final, key=lambda note: note.pitch).pitch % 12 == tonic
    assert melody_of(score).notes[-1].pitch % 12 == tonic
    assert score.chords[-1].onset_quarters <= last_bar


@pytest.mark.parametrize("line", range(6))
def test_the_tune_rests_on_the_harmony_and_moves_like_a_voice(line: int) -> None:
    plan, score = compose(line=line, style="folk", seconds=90)
    spans = layout_chords(plan)
    notes = melody_of(score).notes
    strong = [note for note in notes if score.meter.weight(note.onset_quarters) >= 2]
    members = 0
    for note in strong:
        span = next(span for span in spans if span.onset <= note.onset_quarters < span.end)
        members += note.pitch % 12 in span.chord.pitch_classes
    # People's tunes stand on chord tones on strong beats about three times in four; chance would give under one half.
    assert members / len(strong) > 0.75
    steps = [abs(after.pitch - before.pitch) for before, after in pairwise(notes)]
    assert sum(step <= 2 for step in steps) / len(steps) > 0.5
    assert max(steps) <= 16
    assert max(note.pitch for note in notes) - min(note.pitch for note in notes) <= 31


def test_phrases_breathe() -> None:
    plan, score = compose(style="folk", seconds=60)
    phrases = layout_phrases(plan)
    notes = melody_of(score).notes
    for phrase in phrases[:-1]:
        end = (phrase.first_bar + phrase.bars) * score.meter.bar_quarters
        if phrase.section.role == "intro":
            continue
        last_bar = [note for note in notes if end - score.meter.bar_quarters <= note.onset_quarters < end]
        borders = [*(note.onset_quarters for note in last_bar[1:]), end]
        assert max(border - note.end_quarters for note, border in zip(last_bar, borders, strict=True)) >= Fraction(1, 2)


def test_sections_are_led_into() -> None:
    led = 0
    for line in range(6):
        _, score = compose(style="rock", seconds=60, line=line)
        onsets = {note.onset_quarters for note in melody_of(score).notes}
        for section in score.sections[1:]:
            led += section.first_bar * score.meter.bar_quarters - Fraction(1, 2) in onsets
    assert led >= 6


def test_the_theme_comes_back() -> None:
    plan, score = compose(seconds=90, tempo_bpm=100, style="folk")
    notes = melody_of(score).notes
    themes = [section for section in plan.sections if section.material == "A"]
    assert len(themes) >= 2
    opening: list[list[tuple[Fraction, int]]] = []
    bar = 0
    for section in plan.sections:
        if section.material == "A":
            start = bar * score.meter.bar_quarters
            first = [note for note in notes if start <= note.onset_quarters < start + score.meter.bar_quarters]
            opening.append(
                [(note.onset_quarters - start, note.pitch % 12) for note in first if score.meter.weight(note.onset_quarters)]
            )
        bar += section.bars
    assert all(one == opening[0] for one in opening[1:])


def test_the_contrast_is_another_tune() -> None:
    plan, score = compose(seconds=90, tempo_bpm=100, style="folk")
    notes = melody_of(score).notes
    tunes: dict[str, list[tuple[Fraction, int]]] = {}
    bar = 0
    for section in plan.sections:
        start, end = bar * score.meter.bar_quarters, (bar + section.bars) * score.meter.bar_quarters
        tunes.setdefault(
            section.material, [(n.onset_quarters - start, n.pitch) for n in notes if start <= n.onset_quarters < end]
        )
        bar += section.bars
    shared = set(tunes["A"]) & set(tunes["B"])
    assert len(shared) < 0.5 * len(tunes["A"])


def test_dynamics_follow_energy() -> None:
    plan, score = compose(seconds=120)
    loud = max(range(len(plan.sections)), key=lambda index: plan.sections[index].energy)
    soft = min(range(len(plan.sections)), key=lambda index: plan.sections[index].energy)

    def mean(index: int) -> float:
        section = score.sections[index]
        begin = section.first_bar * score.meter.bar_quarters
        end = begin + section.bars * score.meter.bar_quarters
        velocities = [note.velocity for part in score.parts for note in part.notes if begin <= note.onset_quarters < end]
        return sum(velocities) / len(velocities)

    assert mean(loud) > mean(soft) + 5


@pytest.mark.parametrize("numerals", [("I", "IV", "V7", "I"), ("i", "VI", "III", "VII"), ("Imaj7", "vi7", "ii7", "V9")])
def test_voices_move_little(numerals: tuple[str, ...]) -> None:
    key = Key.parse("C minor" if numerals[0] == "i" else "C major")
    chords = [Chord.parse(numeral, key) for numeral in numerals]
    voicings = voice_chords(chords, 48, 72, 4)
    for chord, voicing in zip(chords, voicings, strict=True):
        assert {pitch % 12 for pitch in voicing} <= set(chord.pitch_classes)
        assert chord.pitch_classes[1] in {pitch % 12 for pitch in voicing}  # the third is never missing
        assert all(48 <= pitch <= 72 for pitch in voicing)
    for before, after in pairwise(voicings):
        pairs = zip(reversed(before), reversed(after), strict=False)
        assert sum(abs(one - other) for one, other in pairs) <= 3 * len(before)


def test_unknown_patterns_and_drums_name_the_known(tmp_path_factory: pytest.TempPathFactory) -> None:
    plan, _ = compose(style="folk")
    parts = tuple(part.model_copy(update={"pattern": "strumm"}) for part in plan.parts if part.role == "chords")
    with pytest.raises(UsageError, match=r"no chords pattern 'strumm' .did you mean 'strum'"):
        Composer()(plan.model_copy(update={"parts": parts}))
    path = tmp_path_factory.mktemp("styles") / "mine.yaml"
    text = (
        "name: mine\nsummary: Drums.\naffect: {valence: 0, arousal: 0}\ntempo_bpm: [60, 120]\nmeters: [4/4]\nmodes: [major]\n"
        "parts:\n  - {role: drums, instruments: [drums]}\ndrums:\n  4/4:\n    calm: {kick: %s}\n    full: {kick: x...}\n"
    )
    path.write_text(text % "x......")
    with pytest.raises(DocumentError, match="does not divide a bar of 4/4"):
        compose(style=str(path))


def test_every_groove_of_every_style_divides_its_bar() -> None:
    count = 0
    for name in style_names():
        for meter, groove in load_style(name).drums.items():
            for strings in (groove.calm, groove.full, groove.fill):
                for drum, rhythm in strings.items():
                    assert drum in DRUMS
                    assert len(rhythm) == Meter.parse(meter).bar_quarters * 4, (name, meter, drum)
                    count += 1
    assert count > 20


def test_every_style_with_a_drummer_says_what_is_drummed() -> None:
    for name in style_names():
        style = load_style(name)
        if any(part.role == "drums" for part in style.parts):
            assert style.grooves or style.meters[0] in style.drums, name


def test_a_theme_over_other_chords_is_fitted_to_them() -> None:
    plan, score = compose(style="folk", seconds=60, tempo_bpm=100)
    last = next(index for index in reversed(range(len(plan.sections))) if plan.sections[index].material == "A")
    section = plan.sections[last]
    other = ("vi", "ii", *section.harmony[2:])
    sections = (*plan.sections[:last], section.model_copy(update={"harmony": other}), *plan.sections[last + 1 :])
    edited = plan.model_copy(update={"sections": sections})
    again = Composer()(edited)
    begin = sum(one.bars for one in plan.sections[:last]) * score.meter.bar_quarters
    spans = layout_chords(edited)

    def strong(page: Score) -> list[Note]:
        return [
            note
            for note in melody_of(page).notes
            if begin <= note.onset_quarters < begin + 2 * page.meter.bar_quarters and page.meter.weight(note.onset_quarters) == 3
        ]

    for note in strong(again):
        span = next(span for span in spans if span.onset <= note.onset_quarters < span.end)
        assert note.pitch % 12 in span.chord.pitch_classes
    before = [note for note in melody_of(score).notes if note.onset_quarters < begin - 1]
    assert before == [note for note in melody_of(again).notes if note.onset_quarters < begin - 1]
    check_page(edited, again)
