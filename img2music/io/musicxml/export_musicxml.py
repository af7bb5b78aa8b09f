"""MusicXML 4.0 (partwise): the score for notation programs.

Conventions: 24 divisions a quarter, or as many as the shortest value needs; one part is one voice on one staff; pitches
are as sounding, and octave clefs say how they look; a kit's notes are unpitched, at the staff place that their spelling
names, and each drum is an instrument of its part. Tempo is written as words beside ``<sound tempo>``, because not every
program draws a metronome mark. Accidentals follow the key signature and the bar (a tied note needs none).
Source: W3C Music Notation Community Group, *MusicXML 4.0* (2021). Knows nothing of engraving.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING

from img2music.cancellation import checkpoint
from img2music.io.escape import abbreviation, xml_text
from img2music.io.musicxml.harmony_elements import harmony
from img2music.io.notation import chords_by_bar, layout_score, sections_by_bar
from img2music.io.percussion_map import drum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from img2music.io.notation import NotatedEvent, Staff
    from img2music.score import Note, Part, Score
    from img2music.theory import Key

__all__ = ["write_musicxml"]

_DIVISIONS = 24
_TYPES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th")
_PLAIN = {Fraction(4, 2**power): name for power, name in enumerate(_TYPES)}
# Printed value: type, dots, and how many flags a note of it has.
_VALUES = {value: (name, 0, max(0, _TYPES.index(name) - 2)) for value, name in _PLAIN.items()}
_VALUES |= {value * 3 / 2: (name, 1, max(0, _TYPES.index(name) - 2)) for value, name in _PLAIN.items()}
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_UNSURE = 99  # an alteration tied over the bar line: what follows at its place is marked, whatever it is
_DYNAMICS = {"pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "fp", "sf", "sfz", "rf", "rfz", "fz"}
_PERCUSSION_CHANNEL = 10
_MELODIC_CHANNELS = [channel for channel in range(1, 17) if channel != _PERCUSSION_CHANNEL]


def write_musicxml(score: Score) -> str:
    """The score as one MusicXML document.

    Raises:
        ValueError: notes of one part overlap or can't be written (see `layout_score`).
    """
    staves = layout_score(score)
    lengths = {event.duration_quarters.denominator for staff in staves for bar in staff.bars for event in bar}
    divisions = lcm(_DIVISIONS, *lengths)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">',
        '<score-partwise version="4.0">',
        f"<work><work-title>{xml_text(score.title)}</work-title></work>",
    ]
    if score.subtitle:
        lines.append(f"<movement-title>{xml_text(score.subtitle)}</movement-title>")
    lines.append("<identification><encoding><software>img2music</software></encoding></identification>")
    lines.append("<part-list>")
    channels = iter(_MELODIC_CHANNELS * len(staves))
    hands = _hands([staff.part for staff in staves])
    for number, staff in enumerate(staves, 1):
        if number in hands:
            lines.append('<part-group number="1" type="start"><group-symbol>brace</group-symbol></part-group>')
        lines += _part_entry(number, staff.part, _PERCUSSION_CHANNEL if staff.part.instrument.kit else next(channels))
        if number - 1 in hands:
            lines.append('<part-group number="1" type="stop"/>')
    lines.append("</part-list>")
    for number, staff in enumerate(staves, 1):
        lines.append(f'<part id="P{number}">')
        lines += _StaffWriter(number, staff, score, divisions).bars()
        lines.append("</part>")
    lines.append("</score-partwise>\n")
    return "\n".join(lines)


def _hands(parts: Sequence[Part]) -> set[int]:
    """The numbers of the right hands that are followed by the left one of their instrument: a brace joins the two."""
    return {
        number
        for number, (one, other) in enumerate(pairwise(parts), 1)
        if (one.hand, other.hand) == ("right", "left") and one.instrument == other.instrument
    }


def _drums_of(part: Part) -> list[int]:
    return sorted({note.pitch for note in part.notes})


def _part_entry(number: int, part: Part, channel: int) -> Iterator[str]:
    """What the part list says of a part: names, instruments, MIDI program, level and place."""
    name = xml_text(part.name)
    yield f'<score-part id="P{number}"><part-name>{name}</part-name>'
    yield f"<part-abbreviation>{xml_text(abbreviation(part.name))}</part-abbreviation>"
    program = part.instrument.program + 1
    # Full volume is 100; 80 leaves room for parts that stand out.
    level = min(100.0, 80 * 10 ** (part.level_db / 20))
    mix = f"<volume>{level:.4g}</volume><pan>{part.pan * 90:.4g}</pan></midi-instrument>"
    head = f"<midi-channel>{channel}</midi-channel><midi-program>{program}</midi-program>"
    if part.instrument.kit and part.notes:
        pitches = _drums_of(part)
        for pitch in pitches:
            yield f'<score-instrument id="P{number}-D{pitch}"><instrument-name>{drum(pitch).name}</instrument-name></score-instrument>'
        for pitch in pitches:
            yield f'<midi-instrument id="P{number}-D{pitch}">{head}<midi-unpitched>{pitch + 1}</midi-unpitched>{mix}'
    else:
        instrument = f"{part.instrument.name[0].upper()}{part.instrument.name[1:]}"
        yield f'<score-instrument id="P{number}-I1"><instrument-name>{instrument}</instrument-name></score-instrument>'
        yield f'<midi-instrument id="P{number}-I1">{head}{mix}'
    yield "</score-part>"


class _StaffWriter:
    """Writes the bars of one part."""

    def __init__(self, number: int, staff: Staff, score: Score, divisions: int) -> None:
        self.number = number
        self.staff = staff
        self.score = score
        self.divisions = divisions
        self.is_kit = staff.part.instrument.kit
        # What concerns everybody stands above the first staff only.
        self.chords = chords_by_bar(score) if number == 1 else {}
        self.sections = sections_by_bar(score) if number == 1 else {}
        self.section_starts = sections_by_bar(score)

    def bars(self) -> Iterator[str]:
        signature = _signature(self.score.key)
        last = len(self.staff.bars) - 1
        for index, events in enumerate(self.staff.bars):
            checkpoint()
            yield f'<measure number="{index + 1}">'
            if index == 0:
                yield self._attributes()
                if self.number == 1:
                    yield _tempo(self.score)
            if index in self.sections:
                yield _rehearsal(self.sections[index])
            yield from self._events(events, self.chords.get(index, []), dict(signature))
            if index == last:
                yield '<barline location="right"><bar-style>light-heavy</bar-style></barline>'
            elif index + 1 in self.section_starts:
                yield '<barline location="right"><bar-style>light-light</bar-style></barline>'
            yield "</measure>"

    def _attributes(self) -> str:
        key, meter, clef = self.score.key, self.score.meter, self.staff.clef
        octaves = f"<clef-octave-change>{clef.octave_change}</clef-octave-change>" if clef.octave_change else ""
        line = "" if self.is_kit else f"<line>{clef.line}</line>"
        tonality = "<fifths>0</fifths>" if self.is_kit else f"<fifths>{key.signature}</fifths><mode>{key.mode}</mode>"
        return (
            f"<attributes><divisions>{self.divisions}</divisions><key>{tonality}</key>"
            f"<time><beats>{meter.count}</beats><beat-type>{meter.unit}</beat-type></time>"
            f"<clef><sign>{clef.sign}</sign>{line}{octaves}</clef></attributes>"
        )

    def _events(
        self, events: tuple[NotatedEvent, ...], chords: list[tuple[Fraction, str]], in_force: dict[str, int]
    ) -> Iterator[str]:
        waiting = list(chords)
        beams = _beams(events)
        for event, beam in zip(events, beams, strict=True):
            while waiting and waiting[0][0] < event.onset_quarters + event.duration_quarters:
                place, symbol = waiting.pop(0)
                yield harmony(symbol, int((place - event.onset_quarters) * self.divisions))
            if event.dynamic:
                yield _dynamic(event.dynamic)
            if not event.notes:
                yield self._rest(event)
                continue
            for index, note in enumerate(event.notes):
                yield self._note(event, note, index, beam, in_force)

    def _rest(self, event: NotatedEvent) -> str:
        duration = int(event.duration_quarters * self.divisions)
        if event.duration_quarters == self.score.meter.bar_quarters:
            return f'<note><rest measure="yes"/><duration>{duration}</duration><voice>1</voice></note>'
        notations = f"<notations>{_tuplet(event)}</notations>" if event.tuplet in {"start", "stop"} else ""
        return (
            f"<note><rest/><duration>{duration}</duration><voice>1</voice>{_value(event)[0]}{_value(event)[1]}{notations}</note>"
        )

    def _note(self, event: NotatedEvent, note: Note, index: int, beam: str, in_force: dict[str, int]) -> str:
        printed, modification = _value(event)
        spelling = note.spelling
        accidental = ""
        if self.is_kit:
            pitch = f"<unpitched><display-step>{spelling.step}</display-step><display-octave>{spelling.octave}</display-octave></unpitched>"
        else:
            alter = f"<alter>{spelling.alter}</alter>" if spelling.alter else ""
            pitch = f"<pitch><step>{spelling.step}</step>{alter}<octave>{spelling.octave}</octave></pitch>"
            place = f"{spelling.step}{spelling.octave}"
            if in_force.get(place, in_force[spelling.step]) != spelling.alter:
                if event.tie_from:
                    in_force[place] = _UNSURE
                else:
                    accidental = f"<accidental>{_ACCIDENTALS[spelling.alter]}</accidental>"
                    in_force[place] = spelling.alter
        ties = '<tie type="stop"/>' * event.tie_from + '<tie type="start"/>' * event.tie_to
        marks = '<tied type="stop"/>' * event.tie_from + '<tied type="start"/>' * event.tie_to
        if index == 0:
            marks += _tuplet(event)
            marks += f"<articulations><{event.articulation}/></articulations>" if event.articulation else ""
        drums = heads = ""
        if self.is_kit:
            drums = f'<instrument id="P{self.number}-D{note.pitch}"/>'
            head = drum(note.pitch).head
            heads = "<stem>up</stem>" + (f"<notehead>{head}</notehead>" if head != "normal" else "")
        return (
            f"<note>{'<chord/>' if index else ''}{pitch}<duration>{int(event.duration_quarters * self.divisions)}</duration>"
            f"{ties}{drums}<voice>1</voice>{printed}{accidental}{modification}{heads}{beam if index == 0 else ''}"
            f"{f'<notations>{marks}</notations>' if marks else ''}</note>"
        )


def _signature(key: Key) -> dict[str, int]:
    """The alteration of each step under the key signature."""
    alters = dict.fromkeys("CDEFGAB", 0)
    for step in "FCGDAEB"[: max(0, key.signature)]:
        alters[step] = 1
    for step in "BEADGCF"[: max(0, -key.signature)]:
        alters[step] = -1
    return alters


def _tempo(score: Score) -> str:
    # A compound metre is counted in dotted quarters; what a program plays is always counted in quarters.
    beat, count = ("♩.", score.tempo_bpm * 2 / 3) if score.meter.is_compound else ("♩", score.tempo_bpm)
    words = f'<words font-weight="bold">{beat} = {_counted(count)}</words>'
    return f'<direction placement="above"><direction-type>{words}</direction-type><sound tempo="{score.tempo_bpm:.10g}"/></direction>'


def _counted(tempo: float) -> str:
    """A tempo as people write it: whole where it is nearly so, "ca." where it is not."""
    return f"{tempo:g}" if tempo == round(tempo) else f"ca. {round(tempo)}"


def _rehearsal(name: str) -> str:
    words = f"<rehearsal>{xml_text(name)}</rehearsal>"
    return f'<direction placement="above"><direction-type>{words}</direction-type></direction>'


def _dynamic(mark: str) -> str:
    inside = f"<{mark}/>" if mark in _DYNAMICS else f"<other-dynamics>{xml_text(mark)}</other-dynamics>"
    return f'<direction placement="below"><direction-type><dynamics>{inside}</dynamics></direction-type></direction>'


def _value(event: NotatedEvent) -> tuple[str, str]:
    """Type with dots, and the triplet's time modification."""
    name, dots, _ = _VALUES[event.value_quarters]
    modification = ""
    if event.tuplet:
        modification = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
    return f"<type>{name}</type>{'<dot/>' * dots}", modification


def _tuplet(event: NotatedEvent) -> str:
    return f'<tuplet type="{event.tuplet}" number="1"/>' if event.tuplet in {"start", "stop"} else ""


def _beams(events: Sequence[NotatedEvent]) -> list[str]:
    """The beam marks of every event: flagged neighbours of one beat are joined; a rest or a longer note parts them."""
    flags = [_VALUES[event.value_quarters][2] if event.notes else 0 for event in events]
    marks = [""] * len(events)
    start = 0
    while start < len(events):
        stop = start + 1
        while stop < len(events) and flags[start] and flags[stop] and events[stop].beam_group == events[start].beam_group:
            stop += 1
        if stop - start > 1:
            for index in range(start, stop):
                before = flags[index - 1] if index > start else 0
                after = flags[index + 1] if index + 1 < stop else 0
                marks[index] = "".join(
                    f'<beam number="{level}">{_beam(level, before, after)}</beam>' for level in range(1, flags[index] + 1)
                )
        start = stop
    return marks


def _beam(level: int, before: int, after: int) -> str:
    """One level of a beam between neighbours of so many flags."""
    if before >= level and after >= level:
        return "continue"
    if after >= level:
        return "begin"
    if before >= level:
        return "end"
    return "backward hook" if before else "forward hook"
