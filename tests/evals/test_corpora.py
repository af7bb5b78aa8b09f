"""The split of songs into those to learn from and the judge's, and the readers that both take them from."""

from __future__ import annotations

import re
import warnings
from fractions import Fraction
from itertools import islice

import pytest

from evals.corpora import folk
from evals.corpora.song import Song
from evals.corpora.split import SETS, is_judges, judging_songs, learning_songs
from img2music.theory import Meter


def song(number: int) -> Song:
    return Song("ryans", str(number), "4/4", 0, False, (), (), (), Fraction(0))


def test_every_fourth_song_is_the_judges_and_no_song_is_on_both_sides() -> None:
    songs = [song(number) for number in range(10)]
    assert [one.name for one in judging_songs(songs)] == ["3", "7"]
    assert sorted([*learning_songs(songs), *judging_songs(songs)], key=lambda one: int(one.name)) == songs
    assert [position for position in range(12) if is_judges("pop909", position)] == [3, 7, 11]


@pytest.mark.parametrize(("set_name", "position"), [("pop", 3), ("pop909", -1)])
def test_a_set_that_is_not_parted_and_a_place_before_the_first_are_refused(set_name: str, position: int) -> None:
    with pytest.raises(ValueError, match=r"is none of|counts from 0"):
        is_judges(set_name, position)
    assert set(folk.FOLK_SETS) < set(SETS)


def test_folk_tunes_are_read_as_music21_reads_them() -> None:
    """Of tunes without ties, repeats, accidentals: music21 joins slurs written as ties, and ends a natural before its bar does."""
    music21 = pytest.importorskip("music21")
    compared = 0
    paths = {path.stem: path for path in music21.corpus.getComposer("essenFolksong")}
    for tune in islice(folk.read_songs("essen"), 24):
        file, _, number = tune.name.partition("/")
        text = re.split(r"^(?=X:)", paths[file].read_text(), flags=re.MULTILINE)[1:][int(number)]
        if set(text.partition("\nK:")[2]) & set("-:[{=^_"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score = music21.converter.parseData(text, format="abc")
        notes = [note for note in score.flatten().notes if note.quarterLength]
        assert [note.pitch for note in tune.notes] == [note.pitches[-1].midi for note in notes], tune.name
        assert [note.duration for note in tune.notes] == [Fraction(note.quarterLength).limit_denominator(24) for note in notes]
        compared += 1
    assert compared >= 8


@pytest.mark.parametrize("set_name", folk.FOLK_SETS)
def test_folk_tunes_keep_their_bars(set_name: str) -> None:
    pytest.importorskip("music21")
    found = list(islice(folk.read_songs(set_name), 40))
    assert len({tune.name for tune in found}) == 40
    for tune in found:
        full = Meter.parse(tune.meter).bar_quarters
        first_whole = 1 if tune.bars[1] < full else 0
        assert {later - bar for bar, later in zip(tune.bars[first_whole:], tune.bars[first_whole + 1 :], strict=False)} == {full}
        assert tune.end >= tune.notes[-1].end
        assert tune.chords == ()


def test_songs_of_the_essen_collection_are_minor_where_the_tune_is() -> None:
    """Its files write every tonic with its major signature, and accidentals."""
    pytest.importorskip("music21")
    found = [tune.is_minor for tune in islice(folk.read_songs("essen"), 300)]
    assert 0.03 < sum(found) / len(found) < 0.35
