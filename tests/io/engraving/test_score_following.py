from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import mido
import pytest
import verovio
from hypothesis import given, settings
from hypothesis import strategies as st

from img2music.errors import UsageError
from img2music.io.engraving import score_following, verovio_pages
from img2music.io.engraving.score_following import follow_score
from img2music.io.engraving.verovio_pages import engrave
from img2music.io.midi.export_midi import write_midi
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.notation.page_layout import layout_score
from img2music.performance import PlayedNote
from img2music.performers.expressive import ExpressivePerformer
from img2music.realizers.composer import Composer
from tests.support.made_notes import band_score, perform_exactly, random_scores, score_from_words
from tests.support.moving_plans import moving_plan, with_hits
from tests.support.random_moving_plans import draw_moving_plan

if TYPE_CHECKING:
    from img2music.io.engraving.score_following import ScoreFollowing
    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.score import Score

A_MILLISECOND = 0.001
STYLES = ("solo-piano", "swing", "bossa", "rock", "drone", "choral", "ragtime", "waltz", "epic")
"""Two hands, swing, recorded grooves, rests of many bars, ties, a large band."""


def played(plan: CompositionPlan) -> tuple[Score, Performance]:
    score = Composer()(plan)
    return score, ExpressivePerformer()(score, plan)


def note_ons(performance: Performance) -> list[tuple[int, int, float]]:
    """(part, pitch, seconds) of every note-on of the MIDI file, by mido's own clock."""
    file = mido.MidiFile(file=BytesIO(write_midi(performance)))
    tempi = []
    ticks = 0
    for message in file.tracks[0]:
        ticks += message.time
        if message.type == "set_tempo":
            tempi.append((ticks, message.tempo))

    def seconds(tick: int) -> float:
        stretches = zip(tempi, [begin for begin, _ in tempi[1:]] + [1 << 60], strict=True)
        return float(
            sum(mido.tick2second(min(tick, end) - begin, 480, tempo) for (begin, tempo), end in stretches if tick > begin)
        )

    found = []
    for part, track in enumerate(file.tracks[1:]):
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                found.append((part, message.note, seconds(ticks)))
    return found


def check_against_midi(score: Score, performance: Performance, following: ScoreFollowing) -> None:
    """Every note-on has a notehead within a millisecond, and no notehead is taken twice."""
    onsets: dict[tuple[int, int], list[float]] = {}
    for note in following.notes:
        onsets.setdefault((note.part, note.pitch), []).append(note.onset_seconds)
    for part, pitch, seconds in note_ons(performance):
        heads = onsets[part, pitch]
        index = bisect_left(heads, seconds - A_MILLISECOND)
        assert index < len(heads), (part, pitch, seconds)
        assert abs(heads.pop(index) - seconds) <= A_MILLISECOND, (part, pitch, seconds)
    assert [bar.bar for bar in following.bars] == list(range(score.bars))
    drawn = [set(re.findall(r' id="([^"]*)"', page)) for page in following.pages]
    marked = [(one.id, one.page) for one in following.notes] + [(bar.id, bar.page) for bar in following.bars]
    assert all(name in drawn[page] for name, page in marked)
    assert len(dict(marked)) == len(marked)
    assert all(one.end_seconds >= one.onset_seconds for one in following.notes)


@pytest.mark.parametrize("style", STYLES)
def test_every_note_of_the_midi_file_has_a_notehead_that_knows_when(style: str) -> None:
    score, performance = played(moving_plan({}, style=style, seconds=24))
    following = follow_score(score, performance)
    check_against_midi(score, performance, following)
    assert all(note.is_played for note in following.notes)


@pytest.mark.parametrize("loop", [False, True])
def test_what_moves_and_what_goes_round_is_followed(loop: bool) -> None:
    score, performance = played(with_hits(moving_plan(style="jazz-ballad", loop=loop)))
    check_against_midi(score, performance, follow_score(score, performance))


@pytest.mark.parametrize("seed", range(8))
def test_plans_drawn_at_random_are_followed(seed: int) -> None:
    score, performance = played(draw_moving_plan(seed))
    check_against_midi(score, performance, follow_score(score, performance))


@given(random_scores())
@settings(max_examples=25, deadline=None)
def test_whatever_can_be_written_is_followed(score: Score) -> None:
    performance = perform_exactly(score)
    check_against_midi(score, performance, follow_score(score, performance))


def test_ids_stand_where_verovio_itself_has_them_sound() -> None:
    score = band_score()
    following = follow_score(score, perform_exactly(score), prefix="x-")
    toolkit = verovio.toolkit()
    toolkit.setInputFrom("musicxml")
    staves = layout_score(score)
    toolkit.loadData(score_following._with_ids(write_musicxml(score), staves, "x-"))
    place = {name: entry["qstamp"] for entry in toolkit.renderToTimemap({}) for name in entry.get("on", ())}
    begins = {note.id: note.onset_seconds for note in following.notes}
    assert place.keys() == begins.keys()
    assert len(place) > 100
    for name, quarters in place.items():
        assert score.tempo_map.seconds_at(quarters) == pytest.approx(begins[name], abs=A_MILLISECOND)


def test_a_tied_note_lights_up_piece_by_piece() -> None:
    score = score_from_words("60:6 62:2")
    first, second, last = follow_score(score, perform_exactly(score)).notes
    assert (first.pitch, second.pitch, last.pitch) == (60, 60, 62)
    assert first.onset_seconds == 0
    assert first.end_seconds == second.onset_seconds == pytest.approx(score.tempo_map.seconds_at(4))
    assert second.end_seconds == last.onset_seconds == pytest.approx(score.tempo_map.seconds_at(6))


def test_a_tied_note_that_is_let_go_early_leaves_its_other_pieces_dark() -> None:
    score = score_from_words("60:6 62:2")
    performance = perform_exactly(score)
    (part,) = performance.parts
    short = replace(part, notes=(replace(part.notes[0], duration_ticks=480), part.notes[1]))
    first, second, _ = follow_score(score, replace(performance, parts=(short,))).notes
    assert first.end_seconds == pytest.approx(score.tempo_map.seconds_at(1))
    assert second.onset_seconds == second.end_seconds == first.end_seconds


def test_a_note_that_is_not_played_stands_by_the_tempo_map() -> None:
    score = score_from_words("60:1 60:1 60:1 60:1")
    performance = perform_exactly(score)
    (part,) = performance.parts
    late = PlayedNote(960 + 30, 300, 60, 80)
    following = follow_score(score, replace(performance, parts=(replace(part, notes=(part.notes[0], late)),)))
    assert [note.is_played for note in following.notes] == [True, False, True, False]
    second, third = following.notes[1], following.notes[2]
    assert second.onset_seconds == score.tempo_map.seconds_at(1)
    assert third.onset_seconds == performance.seconds_at(990)
    assert third.end_seconds == performance.seconds_at(1290)


def test_a_note_far_from_its_place_is_another_one() -> None:
    score = score_from_words("60:1 62:1 64:1 65:1 67:4 69:4")
    performance = perform_exactly(score)
    (part,) = performance.parts
    stray = PlayedNote(480 * 10, 300, 60, 80)
    notes = follow_score(score, replace(performance, parts=(replace(part, notes=(*part.notes[1:], stray)),))).notes
    assert [note.pitch for note in notes if not note.is_played] == [60]


def test_pages_are_narrow_safe_and_the_same_again() -> None:
    score = band_score()
    following = follow_score(score, perform_exactly(score), width=520, prefix="take2-")
    assert follow_score(score, perform_exactly(score), width=520, prefix="take2-") == following
    for page in following.pages:
        assert ET.fromstring(page).get("width") == "520px"  # noqa: S314  our own
        assert all(name.startswith("take2-") for name in re.findall(r' id="([^"]*)"', page))
        assert not re.search(r"<script|<foreignObject|<image|<a |\son\w+=|javascript:|url\(", page)
        assert set(re.findall(r"https?://[^\"' ]*", page)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
        assert set(re.findall(r'href="#([^"]*)"', page)) <= set(re.findall(r' id="([^"]*)"', page))
    wide = follow_score(score, perform_exactly(score), width=1200, height=900)
    assert len(wide.pages) < len(following.pages)
    assert all(one.page <= other.page for one, other in pairwise(following.bars))


@pytest.mark.parametrize("prefix", ["", "a", "1-", "A-", "a b-", 'a"-', "a-b-"])
def test_a_prefix_that_could_mean_something_else_is_refused(prefix: str) -> None:
    score = score_from_words("60:4")
    with pytest.raises(UsageError, match="ids can't begin with"):
        follow_score(score, perform_exactly(score), prefix=prefix)


def test_names_that_look_like_notes_change_nothing() -> None:
    score = score_from_words("60:4 62:4")
    hostile = replace(score, title="<note>", parts=(replace(score.parts[0], name='<note> <measure number="1">', id="x"),))
    performance = perform_exactly(hostile)
    check_against_midi(hostile, performance, follow_score(hostile, performance))


def test_a_long_score_is_followed_by_the_program_that_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    score = band_score()
    here = follow_score(score, perform_exactly(score))
    monkeypatch.setattr(verovio_pages, "_LONGEST_HERE", 0)
    monkeypatch.setattr(verovio_pages, "draw_pages", None)
    assert follow_score(score, perform_exactly(score)) == here


def test_ids_change_nothing_else_of_a_page() -> None:
    score = band_score()
    plain = engrave(write_musicxml(score))
    following = follow_score(score, perform_exactly(score), width=verovio_pages.PAGE_WIDTH, height=1188)
    stripped = [re.sub(r' id="s-[nb]\d+"', "", page).replace("s-p", "p") for page in following.pages]
    assert tuple(stripped) == plain


@given(st.lists(st.integers(0, 400), max_size=9, unique=True), st.lists(st.integers(0, 400), max_size=9, unique=True))
def test_pairs_are_in_order_and_as_near_as_can_be(ones: list[int], others: list[int]) -> None:
    from itertools import combinations

    expected, times = sorted(one / 1000 for one in ones), sorted(other / 1000 for other in others)
    pairs = score_following._paired(expected, times)
    assert len(pairs) == min(len(expected), len(times))
    assert all(one < other for pair, following in pairwise(pairs) for one, other in zip(pair, following, strict=True))
    short, long = sorted((expected, times), key=len)
    best = min(sum(abs(a - b) for a, b in zip(short, chosen, strict=True)) for chosen in combinations(long, len(short)))
    assert sum(abs(expected[one] - times[other]) for one, other in pairs) == pytest.approx(best)
