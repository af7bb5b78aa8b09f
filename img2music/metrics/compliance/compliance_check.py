"""Compliance: was what was asked for also made? Read back from the written files, not from what the program believes.

Everything comes from the MIDI file and the MusicXML document (`midi_contents`, `musicxml_contents`), the length of the sound from its samples.
A label is not taken at its word: the key is asked of the notes too (`key_promise`), a metre's bars have to be full, an instrument has to play,
and what lasts a minute has to sound in its last bar. What can't be measured passes for nothing: drums alone have no key. Of a plan that moves
tempo, metre and key are told for each section (`moving_promises`), and hits have to be heard where they are planned (`hits_check`).
Conventions: tempo in quarter notes a minute, programs 0-based, lengths in seconds. Does not know whether the music is good.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from img2music.brief import SECONDS_RANGE
from img2music.cancellation import checkpoint
from img2music.metrics.compliance.compliance_rows import TEMPO_TOLERANCE_BPM, UNCLEAR, by_whom, make_row
from img2music.metrics.compliance.file_notes import PLACE_QUARTERS
from img2music.metrics.compliance.heard_audio import HeardAudio
from img2music.metrics.compliance.hits_check import hits_row
from img2music.metrics.compliance.key_promise import key_row
from img2music.metrics.compliance.midi_contents import MidiContents
from img2music.metrics.compliance.moving_promises import moving_meter, moving_tempo
from img2music.metrics.compliance.musicxml_contents import MusicXmlContents
from img2music.theory import Meter, instrument, instrument_names, is_excluded
from img2music.theory.meter_map import bars_seconds
from img2music.words import read_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from img2music.audio import Audio
    from img2music.brief import Brief
    from img2music.measurement import ComplianceRow, Source
    from img2music.metrics.compliance.compliance_rows import Find
    from img2music.metrics.compliance.file_notes import FilePart
    from img2music.plan import CompositionPlan

__all__ = ["check_compliance"]

LENGTH_TOLERANCE_SECONDS = 0.05
"""A twentieth of a second; MIDI can only end on a tick."""


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
        key_row(plan, brief, played, written),
        _length(plan, brief, played, None if audio is None else HeardAudio.read(audio)),
        _instruments(plan, brief, played, written),
        _bars(plan, written),
    )
    said = _words(brief, played, written)
    if said is not None:
        rows = (*rows, said)
    if plan.hits:
        rows = (*rows, hits_row(plan, played))
    return (*rows, _loop(plan, brief, played)) if plan.loop or brief.loop else rows


def _tempo(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    if brief.tempo_to_bpm is not None or not plan.tempo_map.is_constant:
        return moving_tempo(plan, brief, played, written)
    asked = brief.tempo_bpm or plan.tempo_map.bpm

    def find(source: Source, tempo: float | None) -> Find:
        words = UNCLEAR if tempo is None else f"{tempo:.5g} bpm"
        return source, words, tempo is not None and abs(tempo - asked) <= TEMPO_TOLERANCE_BPM

    finds = find("MIDI", played.tempo_bpm), find("MusicXML", written.tempo_bpm)
    return make_row("tempo", by_whom(brief.tempo_bpm), f"{asked:.5g} bpm", *finds)


def _meter(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """Of the page, the time signature and every bar that stands under it."""
    if not plan.meter_map.is_constant:
        return moving_meter(plan, brief.meter, played, written)
    asked = Meter.parse(brief.meter) if brief.meter else plan.meter_map.meter

    def find(source: Source, meter: tuple[int, int] | None, *, full: bool = True) -> Find:
        words = UNCLEAR if meter is None else f"{meter[0]}/{meter[1]}"
        named = meter == (asked.count, asked.unit)
        return source, words + (", but not in every bar" if named and not full else ""), named and full

    return make_row(
        "metre", by_whom(brief.meter), asked.name, find("MIDI", played.meter), find("MusicXML", written.meter, full=written.full)
    )


def _length(plan: CompositionPlan, brief: Brief, played: MidiContents, audio: HeardAudio | None) -> ComplianceRow:
    """Of a loop, whole bars are what is asked: the length nearest to the wish that its bars can have.

    Silence is no music: something has to sound in the last bar.
    """
    asked, words = brief.seconds, f"{brief.seconds:.2f} s"
    bars, tempi = plan.meter_map, plan.tempo_map
    if plan.loop:
        asked = _loop_seconds(plan, brief.seconds)
        if abs(asked - brief.seconds) > LENGTH_TOLERANCE_SECONDS:
            words += f", in whole bars {asked:.2f} s"
    last_bar = tempi.seconds_at(bars.bar_onset(plan.bars - 1))

    def find(source: Source, seconds: float | None, heard: float | None) -> Find:
        if seconds is None:
            return source, UNCLEAR, False
        long_enough = abs(seconds - asked) <= LENGTH_TOLERANCE_SECONDS
        sounds = heard is not None and heard > last_bar
        silent = ", in silence" if heard is None else f", in silence from {heard:.2f} s"
        return source, f"{seconds:.2f} s{silent if long_enough and not sounds else ''}", long_enough and sounds

    finds = [find("MIDI", played.seconds, played.last_seconds)]
    if audio is not None:
        finds.append(find("audio", audio.seconds, audio.last_seconds))
    return make_row("length", by_whom("seconds" in brief.model_fields_set), words, *finds)


def _loop_seconds(plan: CompositionPlan, wish: float) -> float:
    """How long a loop has to last: whole bars, as near to the wish as they can be."""
    if plan.tempo_map.is_constant and plan.meter_map.is_constant:
        meter, bpm = plan.meter_map.meter, plan.tempo_map.bpm
        return meter.whole_bars(wish, bpm, SECONDS_RANGE) * bars_seconds(1, meter, bpm)
    longest = max(
        plan.tempo_map.seconds_between(plan.meter_map.bar_onset(bar), plan.meter_map.bar_onset(bar + 1))
        for bar in range(plan.bars)
    )
    return plan.bars_seconds if abs(plan.bars_seconds - wish) <= longest else wish


def _instruments(plan: CompositionPlan, brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow:
    """Those that play a note: a program without notes is no instrument."""
    names = brief.instruments or tuple(part.instrument for part in plan.parts)
    asked = {(instrument(name).program, instrument(name).kit) for name in names}

    def find(source: Source, lines: tuple[FilePart, ...]) -> Find:
        found = {(line.program, line.is_kit) for line in lines}
        return source, _band(found), asked == found

    return make_row(
        "instruments", by_whom(brief.instruments), _band(asked), find("MIDI", played.lines), find("MusicXML", written.lines)
    )


def _words(brief: Brief, played: MidiContents, written: MusicXmlContents) -> ComplianceRow | None:
    """The players that words name, and those that they keep out; None where they say nothing of players or an option decides them.

    A role other than drums and bass ("no melody") is no player: notes don't say what they are for.
    """
    reading = read_words(brief.words, brief.glosses)
    if brief.instruments or not (reading.instruments or reading.without):
        return None
    wanted = [instrument(name) for name in reading.instruments]
    out = {(player.program, player.kit) for player in map(instrument, instrument_names()) if is_excluded(player, reading.without)}

    def find(source: Source, lines: tuple[FilePart, ...]) -> Find:
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
    return make_row("words", "brief", "; ".join(asked), find("MIDI", played.lines), find("MusicXML", written.lines))


def _bars(plan: CompositionPlan, written: MusicXmlContents) -> ComplianceRow:
    words = "a different number in each part"
    if written.bars is not None:
        words = f"{written.bars}, {'all' if written.full else 'not all'} full"
    return make_row("bars", "plan", f"{plan.bars}, all full", ("MusicXML", words, written.full and written.bars == plan.bars))


def _loop(plan: CompositionPlan, brief: Brief, played: MidiContents) -> ComplianceRow:
    """Marks at both ends of the file, between which there are whole bars, and nothing that sounds over the end."""
    bars = float(plan.duration_quarters)
    asked = f"{plan.bars} whole bars that repeat"
    if played.loop is None:
        found, passed = "no marks of a loop", False
    else:
        begin, end = played.loop
        whole = (
            abs(begin) <= PLACE_QUARTERS and abs(end - bars) <= PLACE_QUARTERS and abs(played.quarters - bars) <= PLACE_QUARTERS
        )
        over = any(note.end_quarters > played.quarters + PLACE_QUARTERS for line in played.lines for note in line.notes)
        found = f"marks from {begin:g} to {end:g} of {played.quarters:g} quarter notes{', notes over the end' if over else ''}"
        passed = whole and not over
    return make_row("loop", by_whom(brief.loop), asked, ("MIDI", found, passed))


@cache
def _instrument_table() -> dict[tuple[int, bool], str]:
    players = (instrument(name) for name in instrument_names())
    return {(player.program, player.kit): player.name for player in players}


def _band(programs: Iterable[tuple[int, bool]]) -> str:
    table = _instrument_table()
    return ", ".join(table.get(which, f"program {which[0]}") for which in sorted(programs)) or "none"
