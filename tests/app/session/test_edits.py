"""Edits of a take: what is meant changes, what is not meant stays, and both are said and on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from img2music.app.session.choices import Choices
from img2music.app.session.edits import (
    Edit,
    PlanText,
    SetAffect,
    SetChord,
    SetEnergy,
    SetInstrument,
    SetKey,
    SetLevel,
    SetSubject,
    SetTempo,
    SetWishes,
    Transpose,
)
from img2music.app.session.limits import Limits
from img2music.app.session.visit import Visit
from img2music.errors import BriefError, DocumentError, Img2MusicError, UsageError
from img2music.io.documents import dump_json
from img2music.theory import instrument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from img2music.app.session.takes import MadeTake
    from img2music.piece import Piece

CHOICES = Choices(seconds=20, style="folk", key="D major", tempo=100)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visit, MadeTake]]:
    """A visit with one take, from which every test begins."""
    import numpy as np
    from PIL import Image

    path = tmp_path_factory.mktemp("pictures") / "sky.png"
    rows = np.linspace(30, 220, 48).astype(np.uint8)
    Image.fromarray(np.repeat(np.stack([rows, rows[::-1], rows], 1)[:, None], 64, 1)).save(path)
    visit = Visit(root=path.parent, limits=Limits(seconds=60, takes=100))
    visit.open_picture(path.read_bytes(), "sky.png")
    list(visit.compose(CHOICES))
    assert visit.current is not None
    yield visit, visit.current
    visit.close()


def edited(first: tuple[Visit, MadeTake], edit: Edit) -> MadeTake:
    """The take after an edit of the first one; whatever it asks for is kept in the files."""
    visit, take = first
    visit.choose(take.number)
    list(visit.edit(edit))
    made = visit.current
    assert made is not None
    assert made.parent == take.number
    assert [row for row in made.piece.manifest.compliance if row.passed is False] == []
    return made


def notes(piece: Piece) -> dict[str, list[tuple[Fraction, Fraction, int]]]:
    return {
        part.id: [(note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes] for part in piece.score.parts
    }


def restored(first: tuple[Visit, MadeTake], take: MadeTake) -> MadeTake:
    """The take made again from its record."""
    other = Visit(root=first[0].folder.parent, limits=first[0].limits)
    list(other.restore(dump_json(take.piece.manifest).encode()))
    made = other.current
    other.close()
    assert made is not None
    return made


@pytest.mark.parametrize("bpm", [72, 133.5])
def test_another_tempo_leaves_every_note(first: tuple[Visit, MadeTake], bpm: float) -> None:
    made = edited(first, SetTempo(bpm))
    assert made.piece.plan.tempo_bpm == bpm
    assert notes(made.piece) == notes(first[1].piece)
    assert made.words.startswith(f"tempo {bpm:g} instead of 100; ")
    assert made.words.endswith("; notes the same")
    assert ("tempo", "brief", True) in {(row.promise, row.by, row.passed) for row in made.piece.manifest.compliance}
    assert made.choices.tempo == bpm
    again = restored(first, made)
    assert again.piece.score == made.piece.score
    assert again.piece.performance == made.piece.performance


@pytest.mark.parametrize("semitones", [2, -3])
def test_transposing_moves_all_alike(first: tuple[Visit, MadeTake], semitones: int) -> None:
    made = edited(first, Transpose(semitones))
    moves = set()
    for part, before in notes(first[1].piece).items():
        if instrument(next(one for one in made.piece.plan.parts if one.id == part).instrument).kit:
            continue
        after = notes(made.piece)[part]
        assert [one[:2] for one in before] == [one[:2] for one in after]
        moves |= {(other[2] - one[2]) % 12 for one, other in zip(before, after, strict=True)}
    assert moves == {semitones % 12}
    assert "transposed" in made.words
    assert restored(first, made).piece.score == made.piece.score


def test_another_mode_goes_by_degrees(first: tuple[Visit, MadeTake]) -> None:
    made = edited(first, SetKey("D minor"))
    assert made.piece.plan.key == "D minor"
    before, after = notes(first[1].piece), notes(made.piece)
    assert {part: [one[:2] for one in line] for part, line in before.items()} == {
        part: [one[:2] for one in line] for part, line in after.items()
    }
    assert before != after
    assert "by its degrees in minor" in made.words


def test_chords_of_one_bar_leave_all_other_bars(first: tuple[Visit, MadeTake]) -> None:
    plan = first[1].piece.plan
    section = plan.sections[-1]
    bar = 2
    assert section.harmony[bar - 1] != "bVII"
    made = edited(first, SetChord(section.name, bar, "bVII"))
    place = plan.first_bars[-1] + bar - 1
    begin, end = plan.meter_map.bar_onset(place), plan.meter_map.bar_onset(place + 1)
    assert made.piece.plan.sections[-1].harmony[bar - 1] == "bVII"
    old, new = notes(first[1].piece), notes(made.piece)
    for part in old:
        for onset, length, pitch in set(old[part]) ^ set(new[part]):
            assert onset < end, part
            assert onset + length > begin, part
            assert pitch >= 0
    inside = {pitch % 12 for line in new.values() for onset, _, pitch in line if begin <= onset < end}
    assert {0, 4, 7} & inside, "C major sounds there"
    assert old != new
    assert made.words.startswith(f"bar {place + 1} has bVII instead of {section.harmony[bar - 1]}; ")
    assert restored(first, made).piece.score == made.piece.score


def test_a_fault_in_chords_is_told_at_its_place(first: tuple[Visit, MadeTake]) -> None:
    visit, take = first
    visit.choose(take.number)
    name = take.piece.plan.sections[0].name
    with pytest.raises(DocumentError, match=rf"section {name}, bar 2: 'Q' is no roman numeral; write such as I"):
        visit.edit(SetChord(name, 2, "ii Q"))
    assert visit.current is take


def test_another_player_takes_the_notes_over(first: tuple[Visit, MadeTake]) -> None:
    lead = first[1].piece.plan.lead
    assert lead is not None
    made = edited(first, SetInstrument(lead.id, "violin" if lead.instrument != "violin" else "oboe"))
    new = next(part for part in made.piece.score.parts if part.id == lead.id)
    assert new.instrument.name in {"violin", "oboe"}
    assert {part: [one[:2] for one in line] for part, line in notes(made.piece).items()} == {
        part: [one[:2] for one in line] for part, line in notes(first[1].piece).items()
    }
    pitches = [note.pitch for note in new.notes]
    assert min(pitches) >= new.instrument.low
    assert max(pitches) <= new.instrument.high


def test_levels_move_no_note(first: tuple[Visit, MadeTake]) -> None:
    part = first[1].piece.plan.parts[-1]
    made = edited(first, SetLevel(part.id, level_db=-12, pan=0.5))
    assert made.words.endswith("notes the same")
    assert (made.piece.plan.parts[-1].level_db, made.piece.plan.parts[-1].pan) == (-12, 0.5)
    assert made.piece.performance != first[1].piece.performance


def test_energy_keeps_the_tune(first: tuple[Visit, MadeTake]) -> None:
    plan = first[1].piece.plan
    section = plan.sections[0]
    curve = tuple(round(0.1 + 0.8 * bar / section.bars, 2) for bar in range(section.bars))
    made = edited(first, SetEnergy(section.name, curve))
    assert made.piece.plan.sections[0].energy_curve == curve
    lead = plan.lead
    assert lead is not None
    assert notes(made.piece)[lead.id] == notes(first[1].piece)[lead.id]
    assert "tune" in made.words


def test_a_feeling_is_planned_anew_with_what_was_asked(first: tuple[Visit, MadeTake]) -> None:
    made = edited(first, SetAffect(-0.9, -0.9))
    scene = made.piece.scene
    assert scene is not None
    assert (scene.attributes.valence.value, scene.attributes.arousal.value) == (-0.9, -0.9)
    assert max(made.piece.plan.valence, made.piece.plan.arousal) < -0.8
    assert (made.piece.plan.key, made.piece.plan.tempo_bpm) == ("D major", 100), "asked for"
    reasons = {reason.choice: reason.text for reason in made.piece.plan.reasons}
    assert "edited" in reasons["scene"]


def test_a_subject_is_suggested_anew(first: tuple[Visit, MadeTake]) -> None:
    made = edited(first, SetSubject("Violin"))
    assert "violin" in {part.instrument for part in made.piece.plan.parts}
    assert made.words.startswith("subject is Violin")


@pytest.mark.parametrize(("text", "near"), [("forrest", "'forest'"), ("pets", "'pet'"), ("zzzz", "")])
def test_an_unknown_subject_names_only_the_nearest(first: tuple[Visit, MadeTake], text: str, near: str) -> None:
    with pytest.raises(UsageError, match="take a word from the field's list") as told:
        edited(first, SetSubject(text))
    assert near in str(told.value)
    assert ("did you mean" in str(told.value)) == bool(near)
    assert len(str(told.value)) < 200


def test_wishes_are_planned_from_the_same_scene(first: tuple[Visit, MadeTake]) -> None:
    made = edited(first, SetWishes(Choices(seconds=20, style="waltz")))
    assert made.piece.plan.style == "waltz"
    assert made.piece.scene == first[1].piece.scene
    assert made.piece.plan.seed == first[1].piece.plan.seed
    assert "style waltz instead of folk" in made.words


def test_edits_follow_each_other(first: tuple[Visit, MadeTake]) -> None:
    """A tempo after chords after a player: what was edited before stays."""
    visit, take = first
    section = take.piece.plan.sections[-1]
    chords = edited(first, SetChord(section.name, 2, "bVII"))
    list(visit.edit(SetTempo(80)))
    assert visit.current is not None
    assert notes(visit.current.piece) == notes(chords.piece)
    list(visit.edit(PlanText(dump_json(visit.current.piece.plan).replace('"title": "', '"title": "My '))))
    assert notes(visit.current.piece) == notes(chords.piece), "a title changes no note"
    list(visit.edit(SetAffect(0.5, 0.5)))
    assert visit.current.piece.plan.tempo_bpm == 80, "an edited tempo is a wish from then on"


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (SetTempo(1000), BriefError),
        (SetTempo(20), BriefError),
        (SetTempo(float("nan")), BriefError),
        (SetKey("H"), UsageError),
        (SetKey("D major"), BriefError),
        (Transpose(0), BriefError),
        (Transpose(99), BriefError),
        (SetEnergy("nowhere", 0.5), UsageError),
        (SetEnergy("A1", 2), BriefError),
        (SetEnergy("A1", (0.1,)), BriefError),
        (SetChord("A1", 0, "I"), UsageError),
        (SetChord("A1", 1, ""), DocumentError),
        (SetInstrument("nobody", "flute"), UsageError),
        (SetLevel("nobody", 0), UsageError),
        (SetAffect(2, 0), BriefError),
        (SetAffect(float("nan"), 0), BriefError),
        (SetSubject("qwerty"), UsageError),
        (SetSubject(" "), UsageError),
        (SetWishes(Choices(style="nothing")), UsageError),
        (PlanText("{"), DocumentError),
    ],
)
def test_what_can_not_be_done_is_told_at_once(first: tuple[Visit, MadeTake], edit: Edit, error: type[Img2MusicError]) -> None:
    visit, take = first
    visit.choose(take.number)
    count = len(visit.takes)
    with pytest.raises(error):
        visit.edit(edit)
    assert len(visit.takes) == count
    assert visit.current is take


def test_making_anew_keeps_what_is_locked(first: tuple[Visit, MadeTake]) -> None:
    visit, take = first
    visit.choose(take.number)
    list(visit.reroll(frozenset({"melody"})))
    made = visit.current
    assert made is not None
    lead = take.piece.plan.lead
    assert lead is not None
    assert notes(made.piece)[lead.id] == notes(take.piece)[lead.id]
    assert notes(made.piece) != notes(take.piece)
    assert made.words.startswith(f"melody kept: {len(notes(take.piece)[lead.id])} of ")
    visit.choose(take.number)
    list(visit.reroll(frozenset()))
    assert visit.current is not None
    assert visit.current.piece.plan.seed not in {take.piece.plan.seed, made.piece.plan.seed}
    visit.choose(take.number)
    list(visit.reroll(frozenset({"melody", "harmony"}), Choices(seconds=20, style="folk", key="G major", tempo=100)))
    assert visit.current.piece.plan.key == "G major"
    assert "key G major instead of D major" in visit.current.words
    with pytest.raises(UsageError):
        visit.reroll(frozenset({"kazoo"}))  # type: ignore[arg-type]


def test_an_edited_take_can_be_made_anew(first: tuple[Visit, MadeTake]) -> None:
    visit, _ = first
    made = edited(first, SetTempo(84))
    list(visit.reroll(frozenset({"melody"})))
    assert visit.current is not None
    assert visit.current.piece.plan.tempo_bpm == 84
    assert visit.current.parent == made.number
