"""Compliance: was what was asked for also made? Read back from the written files, not from what the program believes.

Everything comes from the MIDI file and the MusicXML document (see `file_readers`), the length of the sound from its samples. A label is not
taken at its word: the key is asked of the notes too (`measure_tonality`), a metre's bars have to be full, an instrument has to play, and
what lasts a minute has to sound in its last bar. What can't be measured passes for nothing: drums alone have no key.
Conventions: tempo in quarter notes a minute, programs 0-based, lengths in seconds. Does not know whether the music is good.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from img2music.brief import SECONDS_RANGE
from img2music.cancellation import checkpoint
from img2music.measurement import ComplianceRow, Source
from img2music.metrics.compliance.file_readers import MidiContents, MusicXmlContents
from img2music.metrics.compliance.heard_audio import HeardAudio
from img2music.metrics.compliance.tonality import measure_tonality
from img2music.metrics.compliance.tonality_text import tonality_words
from img2music.theory import Key, Meter, instrument, instrument_names, is_excluded
from img2music.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.measurement import Promise, Tonality
    from img2music.metrics.compliance.file_readers import FilePart
    from img2music.plan import CompositionPlan

__all__ = ["check_compliance"]

TEMPO_TOLERANCE_BPM = 0.01
"""MIDI keeps whole microseconds a quarter: at 300 quarters a minute that rounds by less than 0.001."""
LENGTH_TOLERANCE_SECONDS = 0.05
"""A twentieth of a second; MIDI can only end on a tick."""
_Find = tuple[Source, str, bool]
"""Where something was found, what it says in words, and whether that is what was asked."""
_UNCLEAR = "none, or more than one"
_MARK_QUARTERS = 0.01
"""A loop's marks stand on whole ticks of 1/480."""


def check_compliance(
    plan: CompositionPlan, brief: Brief, *, midi: bytes, musicxml: str, audio: Audio | None = None
) -> tuple[ComplianceRow, ...]:
    """The compliance table, in a fixed order.

    Args:
        plan: says what the brief leaves open, and how many bars there are.
        brief: what the user asked for.
        midi: content of the MIDI file.
        musicxml: the MusicXML document.
        audio: the finished sound; without it there is no row for it.
    """
    played = MidiContents.read(midi)
    checkpoint()
    written = MusicXmlContents.read(musicxml)
    checkpoint()
    rows: tuple[ComplianceRow, ...] = (
        _tempo(plan, brief, played, written),
        _meter(plan, brief, played, written),
        _key(plan, brief, played, written),
        _length(plan, brief, played, None if audio is None else HeardAudio.read(audio)),
        _instruments(plan, brief, played, written),
        _bars(plan, written),
    )
    said = _words(brief, played, written)
    if said is not None:
        rows = (*rows, said)
    return (*rows, _loop(plan, brief, played)) if plan.loop or brief.loop else rows


def _row(promise: Promise, by: Literal["brief", "plan"], asked: str, *finds: _Find) -> ComplianceRow:
    """A row from what each file says: one answer where they agree, each file's own where they don't."""
    answers = {answer for _, answer, _ in finds}
    found = finds[0][1] if len(answers) == 1 else ", ".join(f"{answer} in {source}" for source, answer, _ in finds)
    return ComplianceRow(
        promise, by, asked, found, tuple(source for source, _, _ in finds), all(passed for _, _, passed in finds)
    )


def _tempo(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    asked = brief.tempo_bpm or plan.tempo_bpm

    def find(source: Source, tempo: float | None) -> _Find:
        words = _UNCLEAR if tempo is None else f"{tempo:.5g} bpm"
        return source, words, tempo is not None and abs(tempo - asked) <= TEMPO_TOLERANCE_BPM

    finds = find("MIDI", played.tempo_bpm), find("MusicXML", written.tempo_bpm)
    return _row("tempo", _by(brief.tempo_bpm), f"{asked:.5g} bpm", *finds)


def _meter(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """Of the page, the time signature and every bar that stands under it."""
    asked = Meter.parse(brief.meter or plan.meter)

    def find(source: Source, meter: tuple[int, int] | None, *, full: bool = True) -> _Find:
        words = _UNCLEAR if meter is None else f"{meter[0]}/{meter[1]}"
        named = meter == (asked.count, asked.unit)
        return source, words + (", but not in every bar" if named and not full else ""), named and full

    return _row(
        "metre", _by(brief.meter), asked.name, find("MIDI", played.meter), find("MusicXML", written.meter, full=written.full)
    )


def _key(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """What the files are labelled, and what their notes are.

    A MIDI key signature knows no modes but major and minor, so of the labels accidentals and third are asked for.
    """
    asked = Key.parse(brief.key or plan.key)
    wish, by = f"{asked.name} ({_accidentals(asked.signature)})", _by(brief.key)

    def find(source: Source, key: tuple[int, bool] | None) -> _Find:
        words = _UNCLEAR if key is None else f"{_accidentals(key[0])}, {'minor' if key[1] else 'major'} third"
        return source, words, key == (asked.signature, asked.is_minor)

    labels = [find("MIDI", played.key)]
    if written.pitched_parts:  # drums alone have no key
        labels.append(find("MusicXML", written.key))
    label = _row("key", by, wish, *labels)
    ends, quarters = [], 0.0
    for section in plan.sections:
        quarters += section.bars * written.bar_quarters
        ends.append((section.name, quarters))
    given: Any = {"loop": plan.loop, "sections": ends, "bar_quarters": written.bar_quarters or 4.0}
    heard: dict[Source, Tonality | None] = {
        "MIDI": measure_tonality(played.pitched, asked, **given),
        "MusicXML": measure_tonality(written.pitched, asked, **given),
    }
    found = {source: one for source, one in heard.items() if one is not None}
    if not found:
        words = f"{label.found}; no pitch sounds, so the key is not measured"
        return ComplianceRow("key", by, wish, words, label.read_from, None if label.passed else False)
    # The page has the bars and spells its notes, so it is quoted; the MIDI file only where it alone says otherwise.
    told: Source = "MusicXML" if "MusicXML" in found else "MIDI"
    if found[told].kept and not all(one.kept for one in found.values()):
        told = "MIDI"
    notes = written.pitched if told == "MusicXML" else played.pitched
    said = tonality_words(found[told], asked, notes, written.bar_quarters, ends)
    said += "".join(f", and no pitch sounds in {source}" for source in heard if source not in found)
    kept = len(found) == len(heard) and all(one.kept for one in found.values())
    head = label.found if kept or not label.passed else f"labelled {asked.name}"
    where = " in MIDI" if told == "MIDI" and "MusicXML" in found else ""
    return ComplianceRow(
        "key", by, wish, f"{head}; the notes{where} {said}", label.read_from, bool(label.passed) and kept, found[told]
    )


def _length(plan: CompositionPlan, brief: Brief, played: MidiContents, audio: HeardAudio | None) -> ComplianceRow:
    """Of a loop, whole bars are what is asked: the length nearest to the wish that its bars can have.

    Silence is no music: something has to sound in the last bar.
    """
    asked, words = brief.seconds, f"{brief.seconds:.2f} s"
    meter = plan.parsed_meter
    bar_seconds = float(meter.bar_quarters) * 60 / plan.tempo_bpm
    if plan.loop:
        asked = meter.whole_bars(brief.seconds, plan.tempo_bpm, SECONDS_RANGE) * bar_seconds
        if abs(asked - brief.seconds) > LENGTH_TOLERANCE_SECONDS:
            words += f", in whole bars {asked:.2f} s"
    last_bar = (plan.bars - 1) * bar_seconds

    def find(source: Source, seconds: float | None, heard: float | None) -> _Find:
        if seconds is None:
            return source, _UNCLEAR, False
        long_enough = abs(seconds - asked) <= LENGTH_TOLERANCE_SECONDS
        sounds = heard is not None and heard > last_bar
        silent = ", in silence" if heard is None else f", in silence from {heard:.2f} s"
        return source, f"{seconds:.2f} s{silent if long_enough and not sounds else ''}", long_enough and sounds

    finds = [find("MIDI", played.seconds, played.last_seconds)]
    if audio is not None:
        finds.append(find("audio", audio.seconds, audio.last_seconds))
    return _row("length", _by("seconds" in brief.model_fields_set), words, *finds)


def _instruments(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """Those that play a note: a program without notes is no instrument."""
    names = brief.instruments or tuple(part.instrument for part in plan.parts)
    asked = {(instrument(name).program, instrument(name).kit) for name in names}

    def find(source: Source, lines: tuple[FilePart, ...]) -> _Find:
        found = {(line.program, line.is_kit) for line in lines}
        return source, _band(found), asked == found

    return _row("instruments", _by(brief.instruments), _band(asked), find("MIDI", played.lines), find("MusicXML", written.lines))


def _words(brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow | None:
    """The players that words name, and those that they keep out; None where they say nothing of players or an option decides them.

    A role other than drums and bass ("no melody") is no player: notes don't say what they are for.
    """
    reading = read_words(brief.words, brief.glosses)
    if brief.instruments or not (reading.instruments or reading.without):
        return None
    wanted = [instrument(name) for name in reading.instruments]
    out = {(player.program, player.kit) for player in map(instrument, instrument_names()) if is_excluded(player, reading.without)}

    def find(source: Source, lines: tuple[FilePart, ...]) -> _Find:
        found = {(line.program, line.is_kit) for line in lines}
        any_kit = any(kit for _, kit in found)
        missing = {
            (player.program, player.kit)
            for player in wanted
            if not (any_kit if player.kit else (player.program, player.kit) in found)
        }
        wrong = found & out
        told = [f"without {_band(missing)}"] * bool(missing) + [f"with {_band(wrong)}"] * bool(wrong)
        return source, "; ".join(told) or "as said", not told

    asked = [f"with {', '.join(player.name for player in wanted)}"] * bool(wanted)
    asked += [f"without {', '.join(reading.without)}"] * bool(reading.without)
    return _row("words", "brief", "; ".join(asked), find("MIDI", played.lines), find("MusicXML", written.lines))


def _bars(plan: CompositionPlan, written: MusicXmlContents) -> ComplianceRow:
    words = "a different number in each part"
    if written.bars is not None:
        words = f"{written.bars}, {'all' if written.full else 'not all'} full"
    return _row("bars", "plan", f"{plan.bars}, all full", ("MusicXML", words, written.full and written.bars == plan.bars))


def _loop(plan: CompositionPlan, brief: Brief, played: MidiContents) -> ComplianceRow:
    """Marks at both ends of the file, between which there are whole bars, and nothing that sounds over the end."""
    bars = plan.bars * float(plan.parsed_meter.bar_quarters)
    asked = f"{plan.bars} whole bars that repeat"
    if played.loop is None:
        found, passed = "no marks of a loop", False
    else:
        begin, end = played.loop
        whole = (
            abs(begin) <= _MARK_QUARTERS and abs(end - bars) <= _MARK_QUARTERS and abs(played.quarters - bars) <= _MARK_QUARTERS
        )
        over = any(note.end_quarters > played.quarters + _MARK_QUARTERS for line in played.lines for note in line.notes)
        found = f"marks from {begin:g} to {end:g} of {played.quarters:g} quarter notes{', notes over the end' if over else ''}"
        passed = whole and not over
    return _row("loop", _by(brief.loop), asked, ("MIDI", found, passed))


def _by(wish: object) -> Literal["brief", "plan"]:
    return "brief" if wish else "plan"


def _accidentals(fifths: int) -> str:
    count = abs(fifths)
    return f"{count} {'sharp' if fifths > 0 else 'flat'}{'s' * (count > 1)}" if count else "no accidentals"


@cache
def _instrument_table() -> dict[tuple[int, bool], str]:
    players = (instrument(name) for name in instrument_names())
    return {(player.program, player.kit): player.name for player in players}


def _band(programs: Iterable[tuple[int, bool]]) -> str:
    table = _instrument_table()
    return ", ".join(table.get(which, f"program {which[0]}") for which in sorted(programs)) or "none"
