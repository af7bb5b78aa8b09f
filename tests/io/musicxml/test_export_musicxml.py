from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from evals.shared.independent_readers import VERY_FULL, verovio_complaints
from img2music.io.musicxml.export_musicxml import write_musicxml
from img2music.io.musicxml.harmony_elements import harmony
from img2music.score import ChordSymbol
from img2music.theory import METERS, MODES, Chord, Key
from tests.support.made_notes import band_score, make_note, make_part, make_score, random_scores, score_from_words

if TYPE_CHECKING:
    from img2music.score import Score

GOLDEN = Path(__file__).parents[2] / "goldens" / "band.musicxml"


def read(score: Score) -> Any:
    import music21

    return music21.converter.parseData(write_musicxml(score), format="musicxml")


def bars_of(part: Any) -> list[tuple[Fraction, list[Any]]]:
    """A music21 part's bars: where each begins, and its notes, chords and rests."""
    return [
        (Fraction(bar.offset), [one for one in bar.notesAndRests if "ChordSymbol" not in one.classes])
        for bar in part.getElementsByClass("Measure")
    ]


def sounds(part: Any) -> list[tuple[Fraction, Fraction, object]]:
    """Notes as music21 reads them, ties joined: (onset, duration, pitch or staff place)."""
    found: list[tuple[Fraction, Fraction, object]] = []
    for start, elements in bars_of(part):
        for element in elements:
            if element.isRest:
                continue
            for note in element.notes if hasattr(element, "notes") else [element]:
                place = start + Fraction(element.offset)
                name = f"{note.displayStep}{note.displayOctave}" if "Unpitched" in note.classes else note.pitch.nameWithOctave
                if note.tie is not None and note.tie.type in {"stop", "continue"}:
                    last = max(i for i, one in enumerate(found) if one[2] == name and one[0] + one[1] == place)
                    found[last] = (found[last][0], found[last][1] + Fraction(element.quarterLength), name)
                else:
                    found.append((place, Fraction(element.quarterLength), name))
    return sorted(found, key=str)


def written(score: Score, number: int) -> list[tuple[Fraction, Fraction, object]]:
    part = score.parts[number]
    names = [note.spelling.name.replace("b", "-") for note in part.notes]
    notes = zip(part.notes, names, strict=True)
    return sorted(((note.onset_quarters, note.duration_quarters, name) for note, name in notes), key=str)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(random_scores())
def test_music21_reads_every_note_where_it_was_written(score: Score) -> None:
    pages = read(score)
    assert len(pages.parts) == len(score.parts)
    for number, part in enumerate(pages.parts):
        for _, elements in bars_of(part):
            assert sum(Fraction(element.quarterLength) for element in elements) == score.meter.bar_quarters
        found, wanted = sounds(part), written(score, number)
        if score.parts[number].instrument.kit:  # a stroke is not held beyond its first value
            found, wanted = ([(onset, Fraction(0), name) for onset, _, name in one] for one in (found, wanted))
        assert found == wanted


@settings(max_examples=25, deadline=None, derandomize=True)
@given(random_scores())
def test_verovio_has_nothing_to_say(score: Score) -> None:
    said = verovio_complaints(write_musicxml(score))
    assert [line for line in said if VERY_FULL not in line] == []  # a very full bar is no fault


def test_verovio_complains_when_there_is_cause() -> None:
    said = verovio_complaints(write_musicxml(band_score()).replace("<type>half</type>", "<type>huge</type>"))
    assert any("note-type" in line for line in said)


def test_the_band_is_read_back_whole() -> None:
    score = band_score()
    pages = read(score)
    assert verovio_complaints(write_musicxml(score)) == []
    assert [part.partName for part in pages.parts] == [part.name for part in score.parts]
    for number, part in enumerate(pages.parts):
        assert sounds(part) == written(score, number)
    assert (pages.metadata.title, pages.metadata.movementName) == (score.title, score.subtitle)
    import music21

    symbols = [one for one in pages.recurse().getElementsByClass(music21.harmony.ChordSymbol) if not one.isRest]
    assert len(symbols) == len(score.chords)
    marks = [one.content for one in pages.recurse().getElementsByClass(music21.expressions.RehearsalMark)]
    assert marks == ["intro", "A1", "B"]
    dynamics = [one.value for one in pages.parts[1].recurse().getElementsByClass(music21.dynamics.Dynamic)]
    assert dynamics == ["p", "mp", "f"]
    kinds = {type(mark).__name__ for one in pages.parts[0].recurse().notes for mark in one.articulations}
    assert kinds == {"Staccato", "Accent", "Tenuto"}
    programs = [int(one.text or 0) - 1 for one in ET.fromstring(write_musicxml(score)).iter("midi-program")]  # noqa: S314
    assert programs == [73, 48, 4, 32, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("meter", METERS)
def test_key_metre_and_tempo_are_read_back(mode: str, meter: str) -> None:
    import music21

    key = Key(-2, mode)
    score = make_score([make_part("A", [make_note(0, 1, 60, key)])], key=key.name, meter=meter, tempo_bpm=87.5)
    pages = read(score)
    found = pages.recurse().getElementsByClass(music21.key.Key)[0]
    assert (found.sharps, found.mode) == (key.signature, mode)
    assert pages.recurse().getElementsByClass(music21.meter.TimeSignature)[0].ratioString == meter
    assert [mark.getQuarterBPM() for mark in pages.recurse().getElementsByClass(music21.tempo.MetronomeMark)] == [87.5]


def accidentals(score: Score) -> list[str]:
    return [element.text or "" for element in ET.fromstring(write_musicxml(score)).iter("accidental")]  # noqa: S314  our own


def test_accidentals_follow_signature_and_bar() -> None:
    # F# is in the key; F natural is marked once a bar, F# after it again; the next bar starts anew.
    assert accidentals(score_from_words("66:1 65:1 65:1 66:1 66:1 r:3", key="G major")) == ["natural", "sharp"]
    assert accidentals(score_from_words("65:1 77:1 r:2 65:1 r:3", key="G major")) == ["natural", "natural", "natural"]


def test_a_tied_note_is_not_marked_again_but_what_follows_is() -> None:
    tied = score_from_words("r:3 65:2 65:1 66:1 66:1", key="G major")
    assert accidentals(tied) == ["natural", "natural", "sharp"]


def test_beams_join_what_belongs_to_a_beat() -> None:
    root = ET.fromstring(write_musicxml(score_from_words("60:1/2 62:1/2 64:3/4 65:1/4 67:1/2 r:1/2 69:1/4 71:1/2 72:1/4")))  # noqa: S314
    notes = [{beam.get("number"): beam.text for beam in note.iter("beam")} for note in root.iter("note")]
    assert notes == [
        {"1": "begin"},
        {"1": "end"},
        {"1": "begin"},
        {"1": "end", "2": "backward hook"},
        {},
        {},
        {"1": "begin", "2": "forward hook"},
        {"1": "continue"},
        {"1": "end", "2": "backward hook"},
    ]


_NUMERALS = (
    "I", "ii", "viio", "III+", "Vsus2", "Vsus4", "V7", "Imaj7", "ii7", "imaj7", "viio7", "iiø7", "V9", "Imaj9", "ii9",
    "Iadd6", "iiadd6", "Iadd9", "iadd9", "V65", "I6", "bVII", "V7/V",
)  # fmt: skip


@pytest.mark.parametrize("numeral", _NUMERALS)
def test_every_chord_symbol_means_its_notes(numeral: str) -> None:
    import music21

    chord = Chord.parse(numeral, Key.parse("Eb major"))
    score = replace(score_from_words("60:4"), chords=(ChordSymbol(Fraction(0), chord.symbol, numeral),))
    (found,) = read(score).recurse().getElementsByClass(music21.harmony.ChordSymbol)
    assert {pitch.pitchClass for pitch in found.pitches} == set(chord.pitch_classes)


def test_a_suspended_seventh_adds_a_degree_counted_from_the_dominant_chord() -> None:
    # The standard counts an added 7 from the dominant chord; music21 reads it as a major seventh.
    written = harmony("G7sus4")
    assert '<kind text="7sus4">suspended-fourth</kind>' in written
    assert "<degree-value>7</degree-value><degree-alter>0</degree-alter><degree-type>add</degree-type>" in written


def test_a_symbol_inside_a_note_keeps_its_place() -> None:
    import music21

    score = replace(
        score_from_words("60:4"), chords=(ChordSymbol(Fraction(0), "C", "I"), ChordSymbol(Fraction(5, 2), "G7", "V7"))
    )
    found = read(score).recurse().getElementsByClass(music21.harmony.ChordSymbol)
    assert [(symbol.offset, symbol.figure) for symbol in found] == [(0, "C"), (2.5, "G7")]


def test_an_unknown_symbol_is_written_as_words() -> None:
    assert "<words>N.C. &lt;tacet&gt;</words>" in harmony("N.C. <tacet>")


def test_hostile_text_stays_text() -> None:
    score = replace(band_score(), title='<b>&"\x00\ud800\n' + "x" * 500)
    title = ET.fromstring(write_musicxml(score)).findtext("work/work-title")  # noqa: S314  our own
    assert title is not None
    assert title.startswith('<b>&" x')
    assert len(title) == 200


def test_drums_are_unpitched_with_their_own_heads() -> None:
    root = ET.fromstring(write_musicxml(band_score()))  # noqa: S314  our own
    part = root.findall("part")[4]
    assert not list(part.iter("pitch"))
    heads: dict[str | None, str | None] = {}
    for note in part.iter("note"):
        instrument = note.find("instrument")
        if instrument is not None:
            heads[instrument.get("id")] = note.findtext("notehead")
    assert heads == {"P5-D36": None, "P5-D38": None, "P5-D42": "x", "P5-D46": "circle-x", "P5-D49": "x"}
    assert {int(one.text or 0) - 1 for one in root.iter("midi-unpitched")} == {36, 38, 42, 46, 49}


def test_the_band_is_written_as_ever() -> None:
    assert write_musicxml(band_score()) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("meter", "text", "beams"),
    [
        ("4/4", "60:1/2 62:1/2 64:1/2 65:1/2 67:1/2 65:1/2 64:1/2 62:1/2", 2),
        ("3/4", "60:1/2 62:1/2 64:1/2 65:1/2 67:1/2 65:1/2", 1),
        ("4/4", "60:1/2 62:1/2 64:1/4 65:1/4 64:1/2 67:1/2 65:1/2 64:1/2 62:1/2", 3),
        ("4/4", "60:1/2 62:1/2 r:1/2 65:1/2 67:1 65:1", 1),
        ("6/8", "60:1/2 62:1/2 64:1/2 65:1/2 67:1/2 65:1/2", 2),
    ],
)
def test_runs_of_eighths_share_a_beam(meter: str, text: str, beams: int) -> None:
    page = write_musicxml(score_from_words(text, meter=meter))
    assert page.count('<beam number="1">begin</beam>') == beams
    assert page.count('<beam number="1">end</beam>') == beams


def test_two_hands_share_a_brace() -> None:
    key = Key.parse("C major")
    above, below = [make_note(0, 4, 72, key)], [make_note(0, 4, 48, key)]
    hands = [make_part("Above", above, hand="right"), make_part("Below", below, hand="left")]
    page = write_musicxml(make_score([*hands, make_part("Flute", [make_note(0, 4, 76, key)], plays="flute")]))
    assert page.count("<group-symbol>brace</group-symbol>") == 1
    assert (
        page.index('type="start"') < page.index("<part-name>Above") < page.index("<part-name>Below") < page.index('type="stop"')
    )
    assert page.index('type="stop"') < page.index("<part-name>Flute")
    named = [make_part("Piano (right hand)", above), make_part("Piano (left hand)", below)]
    assert "brace" not in write_musicxml(make_score(named)), "a name makes no hand"


@pytest.mark.parametrize(
    ("tempo", "meter", "shown"),
    [(113, "4/4", "♩ = 113"), (72.5, "3/4", "♩ = ca. 72"), (113, "6/8", "♩. = ca. 75"), (90, "6/8", "♩. = 60")],
)
def test_tempo_is_shown_as_people_write_it_and_kept_exactly(tempo: float, meter: str, shown: str) -> None:
    page = write_musicxml(score_from_words("60:3", meter=meter, tempo_bpm=tempo, bars=1))
    assert f">{shown}<" in page
    assert f'<sound tempo="{tempo:g}"/>' in page
