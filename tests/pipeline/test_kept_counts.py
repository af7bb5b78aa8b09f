"""What is kept of an earlier piece: its real notes, in every combination of wishes; what is said is what the notes say."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from img2music.brief import Brief
from img2music.errors import BriefError, DocumentError
from img2music.io.abc.export_abc import write_abc
from img2music.pipeline import Pipeline, recompose, replay
from img2music.theory import Key, instrument
from img2music.theory.transposition import key_interval
from tests.support.made_pipelines import files_of, kept_of, make_pipeline, manifest_of
from tests.support.made_scenes import make_scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from img2music.manifest import KeptCount
    from img2music.piece import Piece
    from img2music.score import Note, Part

CRAFT_OF = {"arpeggio": "chords", "pad": "chords"}
NOTES = ("melody", "counter", "chords", "bass", "drums")
WISHES: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "another style": {"style": "jazz-ballad"},
    "another style with few parts": {"style": "classical"},
    "another key": {"key": "G major"},
    "another mode": {"key": "D minor"},
    "another key and mode": {"key": "F# phrygian"},
    "another tempo": {"tempo_bpm": 131.0},
    "longer": {"seconds": 70.0},
    "shorter": {"seconds": 20.0},
    "bars of half the length": {"meter": "2/4"},
    "a loop": {"loop": True},
}
WORDED = [("presto", (168, 200)), ("allegro", (120, 160)), ("happy and fast", (128, 172)), ("largo", (44, 60))]


@cache
def march() -> Piece:
    """A piece that has every craft."""
    return Pipeline.load().compose_from(make_scene(genre="march", arousal=0.6), Brief.of(seconds=30, seed=3), audio=None)


@cache
def solo() -> Piece:
    return Pipeline.load().compose_from(make_scene(genre="solo-piano"), Brief.of(seconds=30, seed=3), audio=None)


@cache
def waltz() -> Piece:
    """A piece whose metre is that of its words."""
    wishes = Brief.of(seconds=30, seed=3, words="waltz")
    return Pipeline.load().compose_from(make_scene(genre="march"), wishes, audio=None)


@cache
def ended() -> Piece:
    """A piece with introduction and ending."""
    return Pipeline.load().compose_from(make_scene(genre="march", arousal=0.6), Brief.of(seconds=90, seed=3), audio=None)


def parts_of(piece: Piece, craft: str) -> list[Part]:
    return [
        part
        for part in piece.score.parts
        if (CRAFT_OF.get(part.role, part.role) if not part.instrument.kit else "drums") == craft
    ]


def measured(piece: Piece) -> dict[str, KeptCount]:
    return {row.craft: row for row in kept_of(piece).measured}


def struck(note: Note) -> tuple[object, object]:
    return note.onset_quarters, note.duration_quarters


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("craft", ["form", "harmony", *NOTES])
def test_what_is_kept_is_there_and_counted(craft: str, wish: str) -> None:
    before = march()
    after = recompose(before, keep=[craft], audio=None, **WISHES[wish])
    rows = measured(after)
    assert craft in rows
    for name, row in rows.items():
        assert row.same == row.played, (name, row)
        assert (row.same < row.total) is (wish == "shorter"), (name, row)
        if name in NOTES:
            assert row.total == sum(len(part.notes) for part in parts_of(before, name))
    assert all(row.passed is not False for row in after.manifest.compliance)
    for name in set(rows) & set(NOTES):
        old, new = parts_of(before, name), parts_of(after, name)
        assert len(old) == len(new)
        if wish in {"longer", "shorter"}:
            continue
        for part in old:  # the very strokes, counted here in another way
            assert any([struck(note) for note in part.notes] == [struck(note) for note in other.notes] for other in new), name


def test_every_wish_at_once_keeps_the_tune() -> None:
    before = march()
    after = recompose(before, keep=["melody"], key="Bb major", style="lo-fi", tempo_bpm=80, meter="2/4", audio=None)
    row = measured(after)["melody"]
    old, new = parts_of(before, "melody")[0], parts_of(after, "melody")[0]
    assert row.same == row.total == len(old.notes)
    moves = {other.pitch - note.pitch for note, other in zip(old.notes, new.notes, strict=True)}
    assert len(moves) == 1  # one interval for all notes
    assert (moves.pop() - key_interval(before.plan.parsed_key, Key.parse("Bb major"))) % 12 == 0
    assert f"played by {new.instrument.name}" in row.how
    assert "to Bb major" in row.how
    assert all(new.instrument.low <= note.pitch <= new.instrument.high for note in new.notes)
    scale = set(Key.parse("Bb major").scale)
    was_in_scale = [note for note in old.notes if note.pitch % 12 in before.plan.parsed_key.pitch_classes]
    spelled = {note.spelling.name.rstrip("0123456789-") for note in new.notes}
    assert len(was_in_scale) < len(old.notes) or spelled <= {"Bb", "C", "D", "Eb", "F", "G", "A"}
    assert scale


def test_another_mode_keeps_degrees_and_the_leading_tone() -> None:
    before = march()
    after = recompose(before, keep=["melody", "bass"], key="D minor", audio=None)
    old, new = parts_of(before, "melody")[0], parts_of(after, "melody")[0]
    steps = "CDEFGAB"
    assert [steps.index(note.spelling.step) for note in old.notes] == [steps.index(note.spelling.step) for note in new.notes]
    third = {note.pitch % 12 for note in new.notes if note.spelling.step == "F"}
    assert third <= {5}  # F, no F#
    chords = {bar for section in after.plan.sections for bar in section.harmony}
    assert not any(re.match(r"I(?![iIvV])", chord) for bar in chords for chord in bar.split())
    assert "by scale degrees from D major to D minor" in measured(after)["melody"].how


@pytest.mark.parametrize(("wish", "fault"), [
    ({"meter": "3/4"}, "notes that were written in 4/4 can't be kept in 3/4; keep them in 4/4 or 2/4"),
    ({"meter": "6/8"}, "can't be kept in 6/8"),
    ({"instruments": ("flute", "bagpipe")}, "can't|nobody"),
    ({"seconds": 4.0, "tempo_bpm": 60.0}, "can't be filled with whole phrases of the kept form"),
])  # fmt: skip
def test_what_cant_be_kept_is_refused_in_one_line(wish: dict[str, Any], fault: str) -> None:
    with pytest.raises(BriefError, match=fault) as error:
        recompose(march(), keep=["melody", "drums"], audio=None, **wish)
    assert "\n" not in str(error.value)
    assert ";" in str(error.value)  # what to do


def test_the_lengths_that_a_refusal_names_are_met() -> None:
    with pytest.raises(BriefError) as error:
        recompose(march(), keep=["melody"], seconds=33, tempo_bpm=march().plan.tempo_bpm * 1.5, audio=None)
    lengths = [float(word) for word in re.findall(r"\d+\.\d", str(error.value).partition("--seconds")[2])]
    assert len(lengths) == 2
    for seconds in lengths:
        after = recompose(march(), keep=["melody"], seconds=seconds, tempo_bpm=march().plan.tempo_bpm * 1.5, audio=None)
        assert after.plan.seconds == seconds


def test_bars_as_long_keep_every_place() -> None:
    scene = make_scene(genre="waltz", meter="3/4")
    before = Pipeline.load().compose_from(scene, Brief.of(seconds=30, seed=3), audio=None)
    after = recompose(before, keep=["melody"], style="celtic", meter="6/8", audio=None)
    assert after.plan.meter == "6/8"
    assert [struck(note) for note in parts_of(after, "melody")[0].notes] == [
        struck(note) for note in parts_of(before, "melody")[0].notes
    ]


def test_a_style_of_another_metre_takes_that_of_the_tune() -> None:
    after = recompose(march(), keep=["melody"], style="waltz", audio=None)
    assert (after.plan.style, after.plan.meter, after.plan.key) == ("waltz", "4/4", "D major")
    assert any(note.startswith("waltz is usually in 3/4; what is kept is in 4/4") for note in after.manifest.conflicts)
    assert not any(note.startswith("you asked for metre") for note in after.manifest.conflicts)
    anew = recompose(march(), keep=["drums"], style="march", meter="2/4", audio=None)
    back = recompose(anew, keep=["drums"], meter="4/4", audio=None)
    assert [struck(note) for note in parts_of(back, "drums")[0].notes] == [
        struck(note) for note in parts_of(march(), "drums")[0].notes
    ]


def test_a_kept_part_comes_along_where_the_style_has_none() -> None:
    after = recompose(march(), keep=["drums", "counter"], style="classical", audio=None)
    names = [part.instrument.name for part in after.score.parts]
    assert [part.instrument.name for part in parts_of(march(), "drums")] == [
        part.instrument.name for part in parts_of(after, "drums")
    ]
    assert len(parts_of(after, "counter")) == 1
    assert len(names) >= 4


def test_who_can_not_play_it_leaves_it_to_who_did() -> None:
    after = recompose(solo(), keep=["chords"], style="tango", audio=None)
    for part in parts_of(after, "chords"):
        low, high = instrument(part.instrument.name).low, instrument(part.instrument.name).high
        assert all(low <= note.pitch <= high for note in part.notes)
    assert measured(after)["chords"].same == measured(after)["chords"].total


def test_asked_instruments_play_what_is_kept_or_it_is_refused() -> None:
    after = recompose(march(), keep=["melody"], instruments=("clarinet", "piano", "cello"), audio=None)
    assert parts_of(after, "melody")[0].instrument.name == "clarinet"
    assert [part.instrument for part in after.plan.parts] == ["clarinet", "piano", "cello"]
    with pytest.raises(
        BriefError, match=r"nobody in the band that was asked for .* plays the kept drums; name .* too with --instrument"
    ):
        recompose(march(), keep=["drums"], instruments=("clarinet", "piano", "cello"), audio=None)


def test_a_longer_piece_repeats_and_a_shorter_one_is_cut_at_a_phrase() -> None:
    before = march()
    longer = recompose(before, keep=["melody"], seconds=70, audio=None)
    assert longer.plan.bars > before.plan.bars
    assert "played again in part" in measured(longer)["form"].how
    assert len({section.name for section in longer.plan.sections}) == len(longer.plan.sections)
    shorter = recompose(before, keep=["melody"], seconds=20, audio=None)
    assert "cut at a phrase" in measured(shorter)["form"].how
    old, new = parts_of(before, "melody")[0].notes, parts_of(shorter, "melody")[0].notes
    assert new[-1].pitch == old[-1].pitch  # it still comes home
    assert measured(shorter)["melody"].same == len(new)


def test_how_it_is_played_is_kept_or_refused() -> None:
    before = march()
    after = recompose(before, keep=["melody", "performance"], audio=None)
    row = measured(after)["performance"]
    assert row.same == row.total > 0
    with pytest.raises(BriefError, match=r"the playing can't be kept: \d+ of \d+ kept notes"):
        recompose(before, keep=["melody", "performance"], style="jazz-ballad", audio=None)
    with pytest.raises(BriefError, match="no notes are as they were, so there is no playing to keep"):
        recompose(solo(), keep=["performance"], key="G major", audio=None)
    alone = measured(recompose(before, keep=["performance"], key="G major", audio=None))["performance"]
    assert alone.how == "the notes of Orchestral percussion, to the tick as before"  # a band's drums know no key


@pytest.mark.parametrize("wish", ["another style", "another mode", "longer", "shorter", "bars of half the length", "a loop"])
def test_it_is_made_again_from_its_record_alone(wish: str, tmp_path: Path) -> None:
    march().save(tmp_path / "first")
    after = recompose(tmp_path / "first" / "piece.json", keep=["chords", "counter", "bass", "drums"], audio=None, **WISHES[wish])
    after.save(tmp_path / "second")
    again = replay(tmp_path / "second" / "piece.json")
    assert again.same, [file for file in again.files if file.status == "different"]
    assert again.piece.manifest.kept == after.manifest.kept
    assert again.piece.score == after.score
    # And kept once more, from the record and with another wish.
    third = recompose(tmp_path / "second" / "piece.json", keep=["melody"], key="A major", audio=None)
    assert measured(third)["melody"].same == measured(third)["melody"].total


def test_nothing_new_gives_the_very_score() -> None:
    before = march()
    after = recompose(before, keep=["counter", "chords", "bass", "drums"], seed=3, audio=None)
    assert after.score.parts == before.score.parts  # loudness, touch and a drummer's timing too


def test_a_record_of_seeds_alone_still_replays(tmp_path: Path) -> None:
    """Records of earlier versions hold the seeds of what was kept and no notes."""
    wishes = Brief.of(seconds=30, seed=4, seeds={"form": 3, "harmony": 3, "melody": 3})
    folder = Pipeline.load().compose_from(make_scene(genre="march", arousal=0.6), wishes, audio=None).save(tmp_path / "old")
    record = manifest_of(folder)
    record["kept"] = {"crafts": ["form", "harmony", "melody"], "named": ["melody"], "seed": 3, "notes": []}
    (folder / "piece.json").write_text(json.dumps(record))
    again = replay(folder / "piece.json")
    assert again.same
    assert kept_of(again.piece).measured == ()
    after = recompose(folder / "piece.json", keep=["melody"], style="waltz", audio=None)
    assert [struck(note) for note in parts_of(after, "melody")[0].notes] == [
        struck(note) for note in parts_of(march(), "melody")[0].notes
    ]


def test_a_realizer_that_writes_everything_gives_way(tmp_path: Path) -> None:
    """A stage that knows nothing of kept lines has them put over its own."""
    from img2music.realizers.composer import Composer

    stages = make_pipeline(realizer={"use": "composer"}).with_stage("realizer", Composer())
    after = recompose(march(), keep=["melody"], pipeline=stages, key="G major", audio=None)
    assert measured(after)["melody"].same == len(parts_of(march(), "melody")[0].notes)


def test_a_tune_that_a_model_wrote_is_kept_as_it_wrote_it(tmp_path: Path) -> None:
    """No model is asked again, and the composer's own tune is not taken for the model's."""
    from img2music.realizers.abc.abc_realizer import read_tune

    folder = march().save(tmp_path / "first")
    other = Pipeline.load().realize(march().plan.model_copy(update={"seeds": {"melody": 99}}))
    told = write_abc(other)
    record = manifest_of(folder)
    use = {"model": "m", "prompt": "p", "prompt_digest": "0", "schema_name": "abc/1", "answers": 1, "asked": 1, "repairs": 0}
    record["models"] = [{"stage": "realizer", "accepted": True, "answer": told, **use}]
    record["stages"]["realizer"] = "abc"
    (folder / "piece.json").write_text(json.dumps(record))
    wrote = read_tune(told, march().plan)[0].parts[0]
    assert wrote.notes != march().score.parts[0].notes
    after = recompose(folder / "piece.json", keep=["melody"], key="G major", audio=None)
    assert [struck(note) for note in parts_of(after, "melody")[0].notes] == [struck(note) for note in wrote.notes]
    assert measured(after)["melody"].total == len(wrote.notes)


@pytest.mark.parametrize("damage", [
    "0 1/2 200", "0 0 60", "0 1/0 60", "9 1 60", "0 2 60; 1 1 62", "0 1 60,60", "0 1 60*1.0+0.1,62", "0 99999 60", "0 1 60 loud", "x", "0 1 1",
])  # fmt: skip
def test_kept_notes_on_record_are_checked(damage: str, tmp_path: Path) -> None:
    folder = recompose(march(), keep=["melody"], audio=None).save(tmp_path / "first")
    record = manifest_of(folder)
    bars = record["kept"]["parts"][0]["bars"]
    bars[0] = damage
    (folder / "piece.json").write_text(json.dumps(record))
    with pytest.raises(DocumentError, match=r"piece\.json"):
        replay(folder / "piece.json")
    record["kept"]["parts"][0]["part"] = "nobody"
    (folder / "piece.json").write_text(json.dumps(record))
    with pytest.raises(DocumentError, match="does not belong to its plan"):
        replay(folder / "piece.json")


def test_it_is_said_once_and_as_it_is(
    tmp_path: Path, make_picture: Callable[..., Path], run: Callable[..., tuple[int, str, str]]
) -> None:
    out = tmp_path / "out"
    assert (
        run("compose", make_picture(), "--seconds", "30", "--style", "folk", "--key", "D major", "--audio", "none", "-o", out)[0]
        == 0
    )
    record = out / "hills" / "piece.json"
    arguments = ["compose", "--from", record, "--keep", "melody", "--key", "G major", "--audio", "none", "-o", out]
    code, said, _ = run(*arguments)
    assert code == 0
    lines = [line.strip() for line in said.splitlines() if " kept: " in line]
    assert len(lines) == 1
    match = re.fullmatch(
        r"melody kept: (\d+) of (\d+) notes, transposed (up a fourth|down a fifth) to G major, played by ([a-z ]+)", lines[0]
    )
    assert match is not None, lines[0]
    assert match[1] == match[2]
    assert "with it form (" in said
    page = (out / "hills-2" / "report.html").read_text()
    assert page.count("Melody kept: ") == 1
    assert lines[0][1:] in page
    row = next(row for row in manifest_of(out / "hills-2")["kept"]["measured"] if row["craft"] == "melody")
    assert f"{row['same']} of {row['total']} notes, {row['how']}" in lines[0]
    code, told, _ = run(*arguments, "--json")
    assert code == 0
    assert "parts" not in json.loads(told)["kept"]
    code, said, fault = run(
        "compose", "--from", record, "--keep", "melody", "--meter", "7/8", "--audio", "none", "-o", tmp_path / "x"
    )
    assert code == BriefError.exit_code
    assert "kept:" not in said
    assert fault.count("\n") == 1


def test_less_is_never_called_kept() -> None:
    shorter = recompose(march(), keep=["melody"], seconds=20, audio=None)
    page = files_of(shorter)["report.html"].decode()
    assert "Melody kept in part: " in page
    assert "all of the phrases that are played" in page
    assert "Melody kept: " not in page


@pytest.mark.parametrize(("words", "span"), WORDED)
@pytest.mark.parametrize("wish", [{}, {"loop": True}, {"style": "ambient"}, {"seconds": 75}])
def test_the_tempo_of_new_words_is_heard(words: str, span: tuple[float, float], wish: dict[str, Any]) -> None:
    after = recompose(march(), keep=["melody"], words=words, audio=None, **wish)
    assert span[0] <= after.plan.tempo_bpm <= span[1]
    lasts = after.plan.bars * float(after.plan.parsed_meter.bar_quarters) * 60 / after.plan.tempo_bpm
    assert lasts <= after.plan.seconds + 1e-6 <= lasts + 3.3
    if "seconds" in wish:
        assert after.plan.seconds == wish["seconds"]
    else:
        assert any(f"instead of {march().plan.seconds:g} s" in note for note in after.manifest.conflicts)
        reason = next(reason.text for reason in after.plan.reasons if reason.choice == "tempo")
        assert "have to fill" not in reason  # it does not fill the length on record


@pytest.mark.parametrize("words", ["faster", "battle", "energetic"])
def test_words_that_only_move_the_tempo_move_it(words: str) -> None:
    before = march()
    after = recompose(before, keep=["melody"], words=words, audio=None)
    anew = Pipeline.load().plan(make_scene(genre="march", arousal=0.6), Brief.of(seconds=30, seed=4, words=words))
    assert after.plan.tempo_bpm == anew.tempo_bpm > before.plan.tempo_bpm


def test_an_asked_length_is_the_last_to_give_way() -> None:
    short = recompose(march(), keep=["melody"], words="largo", seconds=9, audio=None)
    assert short.plan.seconds == 9
    assert short.plan.tempo_bpm > 60
    assert any(
        note.startswith("your words put the tempo between 44 and 60 quarter notes a minute") and "fill 9 s" in note
        for note in short.manifest.conflicts
    )
    cut = recompose(march(), keep=["melody"], words="largo", seconds=20, audio=None)
    assert cut.plan.bars < march().plan.bars
    assert cut.plan.tempo_bpm <= 60
    assert not any("your words put the tempo" in note for note in cut.manifest.conflicts)


def test_what_new_words_say_exactly_wins_over_the_record() -> None:
    scene = make_scene(genre="march", arousal=0.6)
    wishes = Brief.of(seconds=30, seed=3, tempo_bpm=120, key="G major", style="march")
    before = Pipeline.load().compose_from(scene, wishes, audio=None)
    after = recompose(before, keep=["melody"], words="jazz ballad in E minor, 70 bpm", audio=None)
    assert (after.plan.key, after.plan.tempo_bpm, after.plan.style) == ("E minor", 70, "jazz-ballad")
    assert not any("the option was kept" in note for note in after.manifest.conflicts)
    longer = recompose(before, keep=["melody"], words="one minute, presto", audio=None)
    assert longer.plan.seconds == 60
    assert 168 <= longer.plan.tempo_bpm <= 200
    given = recompose(before, keep=["melody"], words="70 bpm", tempo_bpm=100, audio=None)
    assert given.plan.tempo_bpm == 100
    minor = recompose(before, keep=["melody"], words="in minor", audio=None)
    assert minor.plan.key == "G minor"


@pytest.mark.parametrize("words", ["calm", "with flute", "presto", "jazz"])
def test_words_that_name_no_metre_leave_it(words: str) -> None:
    assert waltz().plan.meter == "3/4"
    after = recompose(waltz(), keep=["melody"], words=words, audio=None)
    assert after.plan.meter == "3/4"
    assert measured(after)["melody"].same == measured(after)["melody"].total
    with pytest.raises(BriefError, match=r"written in 3/4 can't be kept in 4/4"):
        recompose(waltz(), keep=["melody"], words=f"{words}, in 4/4", audio=None)


@pytest.mark.parametrize(("words", "key"), [
    ("with flute", "F# minor"), ("sad", "F# minor"), ("happy", "F# major"), ("in major", "F# major"), ("in C major", "C major"),
])  # fmt: skip
def test_words_turn_the_mode_and_leave_the_tonic(words: str, key: str) -> None:
    """The key on record was said by words, so the picture's is another one."""
    scene = make_scene(genre="march", arousal=0.6)
    before = Pipeline.load().compose_from(scene, Brief.of(seconds=30, seed=3, words="in F# minor"), audio=None)
    after = recompose(before, keep=["harmony"], words=words, audio=None)
    assert after.plan.key == key
    chosen = [reason for reason in after.plan.reasons if reason.choice == "key"]
    assert len(chosen) <= 1


def test_a_loop_has_neither_introduction_nor_ending(tmp_path: Path) -> None:
    before = ended()
    roles = [section.role for section in before.plan.sections]
    assert {"intro", "outro"} <= set(roles)
    body = sum(section.bars for section in before.plan.sections if section.role not in {"intro", "outro"})
    wishes: tuple[dict[str, Any], ...] = ({}, {"seconds": 120}, {"words": "presto"})
    for wish in wishes:
        after = recompose(before, keep=["melody", "bass"], loop=True, audio=None, **wish)
        assert not {"intro", "outro"} & {section.role for section in after.plan.sections}
        form = measured(after)["form"]
        assert form.played == form.same <= body < form.total
        assert form.how.startswith("a loop has neither introduction nor ending")
        assert ("played again in part" in form.how) is ("seconds" in wish)
        assert "kept in part: " in files_of(after)["report.html"].decode()
    plain = recompose(before, keep=["melody"], loop=True, audio=None)
    plain.save(tmp_path / "loop")
    assert replay(tmp_path / "loop" / "piece.json").same
    assert plain.plan.bars == body
    assert plain.plan.tempo_bpm == pytest.approx(before.plan.tempo_bpm, rel=0.06)  # it is not slowed down to fill what it lost


def test_phrases_begin_where_those_before_them_end() -> None:
    plan = waltz().plan
    lengths = [bars for section in plan.sections for bars in section.phrase_bars]
    assert plan.phrase_starts == tuple(3 * sum(lengths[:number]) for number in range(len(lengths)))
