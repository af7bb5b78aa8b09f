"""What sounds where: one answer for chords and for notes, the same as looking through all of them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from img2music.realizers.timeline import ChordSpan, NoteEvent, chord_at, note_at, reached_between
from img2music.theory import Chord, Key, Meter

HALVES = st.integers(1, 6).map(lambda count: Fraction(count, 2))
PLACES = st.integers(-2, 60).map(lambda count: Fraction(count, 4))
CHORD = Chord.parse("V", Key(0, "major"))


def line(lengths: list[Fraction]) -> list[NoteEvent]:
    """Notes of those lengths, each third one a rest."""
    onset, events = Fraction(0), []
    for number, length in enumerate(lengths):
        if number % 3 != 2:
            events.append(NoteEvent(onset, length, (60,)))
        onset += length
    return events


@given(lengths=st.lists(HALVES, min_size=1, max_size=12), onset=PLACES)
def test_the_chord_at_an_onset_is_the_last_that_began(lengths: list[Fraction], onset: Fraction) -> None:
    onsets = [sum(lengths[:number], Fraction(0)) for number in range(len(lengths))]
    spans = [
        ChordSpan(begin, length, CHORD, 0, Key.parse("C"), Meter(4, 4), Fraction(0))
        for begin, length in zip(onsets, lengths, strict=True)
    ]
    assert chord_at(spans, onset) == next((span for span in reversed(spans) if span.onset <= onset), spans[0])


@given(lengths=st.lists(HALVES, max_size=12), onset=PLACES)
def test_the_note_at_an_onset_sounds_there(lengths: list[Fraction], onset: Fraction) -> None:
    events = line(lengths)
    assert note_at(events, onset) == next((event for event in events if event.onset <= onset < event.end), None)


@given(lengths=st.lists(HALVES, max_size=12), begin=PLACES, length=HALVES)
def test_what_is_reached_in_a_stretch(lengths: list[Fraction], begin: Fraction, length: Fraction) -> None:
    events = line(lengths)
    reached = reached_between(events, begin, begin + length)
    assert [event for event in reached if event.onset > begin] == [
        event for event in events if begin < event.onset < begin + length
    ]
    assert [event for event in reached if event.onset <= begin] == [event for event in events if event.onset <= begin][-1:]
