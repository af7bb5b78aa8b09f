"""MusicXML 4.0 (partwise): the score for notation programs.

Conventions: 24 divisions a quarter, or as many as the shortest value needs; one part is one voice on one staff; pitches
are as sounding, and octave clefs say how they look; a kit's notes are unpitched, at the staff place that their spelling
names, and each drum is an instrument of its part. Key and metre stand where they change, a key after a double bar; one that changes
inside a bar from the next bar line on. Accidentals follow the key signature and the bar (a tied note needs none). Tempo stands above the
first staff (`tempo_directions`); what of it lies inside a bar is written after the bar's notes, by going back: of an offset between
them MuseScore 3 takes no notice.
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
from img2music.io.musicxml.printed_values import beam_marks, printed_value, tuplet_bracket
from img2music.io.musicxml.tempo_directions import tempo_directions
from img2music.io.notation.page_layout import chords_by_bar, layout_score, sections_by_bar
from img2music.io.notation.percussion_map import drum
from img2music.io.notation.player_parts import long_rests, right_hands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from img2music.io.notation.page_layout import NotatedEvent, Staff
    from img2music.score import Note, Part, Score
    from img2music.theory import Key

__all__ = ["write_musicxml"]

_DIVISIONS = 24
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_UNSURE = 99  # an alteration tied over the bar line: what follows at its place is marked, whatever it is
_DYNAMICS = {"pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "fp", "sf", "sfz", "rf", "rfz", "fz"}
_PERCUSSION_CHANNEL = 10
_MELODIC_CHANNELS = [channel for channel in range(1, 17) if channel != _PERCUSSION_CHANNEL]


def write_musicxml(score: Score, *, for_player: bool = False) -> str:
    """The score as one MusicXML document.

    With `for_player` it is what one player reads: rests of several bars are written as one, and a single staff bears no name.

    Raises:
        ValueError: notes of one part overlap or can't be written (see `layout_score`).
    """
    staves = layout_score(score)
    tempi = tempo_directions(score)
    lengths = {event.duration_quarters.denominator for staff in staves for bar in staff.bars for event in bar}
    divisions = lcm(_DIVISIONS, *lengths, *(place.denominator for places in tempi.values() for place, _ in places))
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
    hands = right_hands(score.parts)
    for number, staff in enumerate(staves, 1):
        if number in hands:
            lines.append('<part-group number="1" type="start"><group-symbol>brace</group-symbol></part-group>')
        channel = _PERCUSSION_CHANNEL if staff.part.instrument.kit else next(channels)
        lines += _part_entry(number, staff.part, channel, shown=not (for_player and len(staves) == 1))
        if number - 1 in hands:
            lines.append('<part-group number="1" type="stop"/>')
    lines.append("</part-list>")
    for number, staff in enumerate(staves, 1):
        lines.append(f'<part id="P{number}">')
        writer = _StaffWriter(number, staff, score, divisions, tempi)
        if for_player:
            writer.rests = long_rests(staves, writer.seen_bars(tempi))
        lines += writer.bars()
        lines.append("</part>")
    lines.append("</score-partwise>\n")
    return "\n".join(lines)


def _drums_of(part: Part) -> list[int]:
    return sorted({note.pitch for note in part.notes})


def _part_entry(number: int, part: Part, channel: int, *, shown: bool) -> Iterator[str]:
    """What the part list says of a part: names, perhaps not `shown` beside the staff, instruments, MIDI program, level and place."""
    name, hidden = xml_text(part.name), "" if shown else ' print-object="no"'
    yield f'<score-part id="P{number}"><part-name{hidden}>{name}</part-name>'
    yield f"<part-abbreviation{hidden}>{xml_text(abbreviation(part.name))}</part-abbreviation>"
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

    def __init__(
        self, number: int, staff: Staff, score: Score, divisions: int, tempi: Mapping[int, list[tuple[Fraction, str]]]
    ) -> None:
        self.number = number
        self.staff = staff
        self.score = score
        self.divisions = divisions
        self.is_kit = staff.part.instrument.kit
        # What concerns everybody stands above the first staff only.
        self.chords = chords_by_bar(score) if number == 1 else {}
        self.sections = sections_by_bar(score) if number == 1 else {}
        self.tempi = tempi if number == 1 else {}
        starts = [score.meter_map.bar_onset(bar) for bar in range(score.bars)]
        self.keys = [score.key_map.key_at(onset) for onset in starts]
        new_keys = {bar for bar, (key, following) in enumerate(pairwise(self.keys), 1) if key != following}
        self.double_bars = new_keys | sections_by_bar(score).keys()
        self.rests: dict[int, int] = {}
        """How many bars' rests are written as one, by the first of them."""

    def seen_bars(self, tempi: Mapping[int, list[tuple[Fraction, str]]]) -> set[int]:
        """Bars at whose beginning something stands that a rest must not hide; tempo inside a bar makes it stand alone."""
        meters = [self.score.meter_map.meter_at(bar) for bar in range(self.score.bars)]
        new_meters = {bar for bar, (meter, following) in enumerate(pairwise(meters), 1) if meter != following}
        inside = {bar + 1 for bar, elements in tempi.items() if any(place > 0 for place, _ in elements)}
        return self.double_bars | new_meters | tempi.keys() | inside

    def bars(self) -> Iterator[str]:
        last = len(self.staff.bars) - 1
        for index, events in enumerate(self.staff.bars):
            checkpoint()
            yield f'<measure number="{index + 1}">'
            yield from self._attributes(index)
            tempi = self.tempi.get(index, [])
            yield from (element for place, element in tempi if place == 0)
            if index in self.sections:
                yield _rehearsal(self.sections[index])
            if index in self.rests:
                # Behind the tempo and the section's name, else verovio does not draw them.
                bars = f"<multiple-rest>{self.rests[index]}</multiple-rest>"
                yield f"<attributes><measure-style>{bars}</measure-style></attributes>"
            yield from self._events(events, index)
            yield from self._inside([(place, element) for place, element in tempi if place > 0], index)
            if index == last:
                yield '<barline location="right"><bar-style>light-heavy</bar-style></barline>'
            elif index + 1 in self.double_bars:
                yield '<barline location="right"><bar-style>light-light</bar-style></barline>'
            yield "</measure>"

    def _attributes(self, bar: int) -> Iterator[str]:
        """Key and metre where they change; all that there is in the first bar."""
        key, meter, clef = self.keys[bar], self.score.meter_map.meter_at(bar), self.staff.clef
        inside = ""
        if bar == 0 or key != self.keys[bar - 1]:
            tonality = "<fifths>0</fifths>" if self.is_kit else f"<fifths>{key.signature}</fifths><mode>{key.mode}</mode>"
            inside += f"<key>{tonality}</key>"
        if bar == 0 or meter != self.score.meter_map.meter_at(bar - 1):
            inside += f"<time><beats>{meter.count}</beats><beat-type>{meter.unit}</beat-type></time>"
        if bar == 0:
            octaves = f"<clef-octave-change>{clef.octave_change}</clef-octave-change>" if clef.octave_change else ""
            line = "" if self.is_kit else f"<line>{clef.line}</line>"
            inside = f"<divisions>{self.divisions}</divisions>{inside}<clef><sign>{clef.sign}</sign>{line}{octaves}</clef>"
        if inside:
            yield f"<attributes>{inside}</attributes>"

    def _inside(self, elements: list[tuple[Fraction, str]], bar: int) -> Iterator[str]:
        """What stands at places inside the bar, when its notes are written: back to its beginning, and forward from place to place."""
        if not elements:
            return
        whole = self.score.meter_map.bar_quarters(bar)
        yield f"<backup><duration>{int(whole * self.divisions)}</duration></backup>"
        reached = Fraction(0)
        for place, element in (*elements, (whole, "")):
            if place > reached:
                yield f"<forward><duration>{int((place - reached) * self.divisions)}</duration></forward>"
            reached = place
            if element:
                yield element

    def _events(self, events: tuple[NotatedEvent, ...], bar: int) -> Iterator[str]:
        waiting = list(self.chords.get(bar, []))
        in_force = _signature(self.keys[bar])
        beams = beam_marks(events)
        for event, beam in zip(events, beams, strict=True):
            while waiting and waiting[0][0] < event.onset_quarters + event.duration_quarters:
                place, symbol = waiting.pop(0)
                yield harmony(symbol, int((place - event.onset_quarters) * self.divisions))
            if event.dynamic:
                yield _dynamic(event.dynamic)
            if not event.notes:
                yield self._rest(event, whole=len(events) == 1)
                continue
            for index, note in enumerate(event.notes):
                yield self._note(event, note, index, beam, in_force)

    def _rest(self, event: NotatedEvent, *, whole: bool) -> str:
        duration = int(event.duration_quarters * self.divisions)
        if whole:
            return f'<note><rest measure="yes"/><duration>{duration}</duration><voice>1</voice></note>'
        notations = f"<notations>{tuplet_bracket(event)}</notations>" if event.tuplet in {"start", "stop"} else ""
        return f"<note><rest/><duration>{duration}</duration><voice>1</voice>{printed_value(event)[0]}{printed_value(event)[1]}{notations}</note>"

    def _note(self, event: NotatedEvent, note: Note, index: int, beam: str, in_force: dict[str, int]) -> str:
        printed, modification = printed_value(event)
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
            marks += tuplet_bracket(event)
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


def _rehearsal(name: str) -> str:
    words = f"<rehearsal>{xml_text(name)}</rehearsal>"
    return f'<direction placement="above"><direction-type>{words}</direction-type></direction>'


def _dynamic(mark: str) -> str:
    inside = f"<{mark}/>" if mark in _DYNAMICS else f"<other-dynamics>{xml_text(mark)}</other-dynamics>"
    return f'<direction placement="below"><direction-type><dynamics>{inside}</dynamics></direction-type></direction>'
