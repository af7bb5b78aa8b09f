"""The checks of `moving_plans`: what outside readers have to find in the files of one plan.

A check is a function of a `Made` that yields its faults, one line each. Conventions: quarter notes from the start of the piece; bars
counted from 1 in what is said.
"""

from __future__ import annotations

import json
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from evals.bench.hit_checks import HIT_CHECKS
from evals.bench.made_files import Made
from evals.shared.independent_readers import VERY_FULL, verovio_complaints
from evals.shared.random_moving_plans import own_seconds
from evals.shared.timeline_readers import midi_timeline, page_times
from img2music.io.midi.export_midi import write_midi
from img2music.metrics.symbolic.voice_leading_faults import voice_leading_faults
from img2music.performers.strict import StrictPerformer
from img2music.pipeline import recompose, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evals.shared.timeline_readers import Timeline
    from img2music.plan import CompositionPlan

__all__ = ["check_plan"]

_SECONDS, _OWN_SECONDS = 0.001, 0.002
"""A glide goes in steps of a sixteenth at the tempo of its middle, which is that much off its integral at most."""
_LENGTH_SECONDS = 0.05
_HALF_MICROSECOND, _SHORTEST_STEP = 0.5 + 1e-6, Fraction(1, 24)
"""MIDI keeps whole microseconds a quarter; the shortest stretch of one tempo is a place's grid."""
_GRID = 24
"""Of a quarter note: to so much abc2midi's places are rounded."""
_REPLAYED_EVERY, _KEPT_EVERY = 4, 4
_KEPT = ("melody", "bass")
_SEAM_FAULTS = ("parallel perfect intervals", "inner parallels", "voice crossing")
_HALF_BEAT = 0.5 + 1e-6
"""A mark on the page counts whole beats; what is played stands beside it."""


def check_plan(plan: CompositionPlan, number: int) -> dict[str, list[str]]:
    """The faults of each check that is asked of a plan; `number` says which of the rarer ones are."""
    made = Made(plan)
    try:
        _ = made.piece
    except Exception as error:  # a crash breaks every promise, and the other plans still count
        return {"made at all": [_line(error)]}
    checks = dict(CHECKS)
    checks |= {"loop is exact": _loop} if plan.loop else {}
    checks |= {"replay gives the same bytes": _replayed} if number % _REPLAYED_EVERY == 0 else {}
    checks |= {"kept parts stay as they are": _kept} if number % _KEPT_EVERY == 1 else {}
    checks |= HIT_CHECKS if plan.hits else {}
    found: dict[str, list[str]] = {"made at all": []}
    for name, check in checks.items():
        try:
            found[name] = list(check(made))
        except Exception as error:  # likewise
            found[name] = [_line(error)]
    return found


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _maps(made: Made) -> Iterator[str]:
    plan, score = made.piece.plan, made.score
    for name in ("tempo_map", "meter_map", "key_map"):
        for what, other in (("score", score), ("performance", made.piece.performance)):
            if getattr(plan, name) != getattr(other, name):
                yield f"{name} of the {what} is not the plan's"
    if plan.sections != made.plan.sections:
        yield "the piece has other sections than the plan"


def _onsets(made: Made, read: Timeline, *, grid: int = 0) -> Iterator[str]:
    """Every note of the score at its quarter, and no other; of kits whose pitches a reader drops, the places."""

    def on_grid(onset: Fraction) -> Fraction:
        return Fraction(round(onset * grid), grid) if grid else onset

    drops = any(pitch < 0 for _, pitch in read.notes)
    wanted: set[tuple[Fraction, int]] = set()
    for part in made.score.parts:
        kit = part.instrument.kit and drops
        wanted |= {(on_grid(note.onset_quarters), -1 if kit else note.pitch) for note in part.notes}
    heard = {(on_grid(onset), pitch) for onset, pitch in read.notes}
    for kind, notes in (("missing", wanted - heard), ("not written", heard - wanted)):
        if notes:
            onset, pitch = min(notes)
            yield f"{len(notes)} notes {kind}, first pitch {pitch} at {made.place(onset)}"


def _seconds(made: Made, read: Timeline, expected: Callable[[Fraction], float], tolerance: float) -> Iterator[str]:
    off = [(abs(note.seconds - expected(note.onset)), note.onset) for part in read.parts for note in part]
    if not off:
        yield "no notes"
    elif max(off)[0] > tolerance:
        first = min(onset for difference, onset in off if difference > tolerance)
        yield f"up to {1000 * max(off)[0]:.1f} ms off, first at {made.place(first)}"


def _rounded_in_midi(made: Made) -> Callable[[Fraction], float]:
    """The tempo map with tempi as music21 keeps those of a MIDI file: hundredths of a beat a minute."""
    return _clock([(step.onset_quarters, round(60e6 / round(60e6 / step.bpm), 2)) for step in made.score.tempo_map.steps])


def _clock(steps: Sequence[tuple[Fraction, float]]) -> Callable[[Fraction], float]:
    """When a place sounds, where each tempo holds until the next."""

    def seconds(onset: Fraction) -> float:
        ends = [begin for begin, _ in steps[1:]] + [onset]
        return sum(
            float(min(end, onset) - begin) * 60 / bpm for (begin, bpm), end in zip(steps, ends, strict=True) if begin < onset
        )

    return seconds


def _sounding(made: Made) -> Iterator[str]:
    """The notes' places by the tempi that the page's `<sound>` elements say."""
    sounding = _clock(page_times(made.page).sounds)
    for onset in sorted({note.onset_quarters for part in made.score.parts for note in part.notes}):
        if abs(sounding(onset) - made.score.tempo_map.seconds_at(onset)) > _SECONDS:
            yield f"{1000 * (sounding(onset) - made.score.tempo_map.seconds_at(onset)):.1f} ms off at {made.place(onset)}"
            return


def _marks(made: Made, read: Timeline, *, tempi: bool = True) -> Iterator[str]:
    """Metres, keys and tempi at their places."""
    score = made.score
    yield from read.disagreements
    pitched = any(part.notes and not part.instrument.kit for part in score.parts)
    signatures: list[tuple[Fraction, object]] = []
    for point in score.key_map.points:
        if not signatures or signatures[-1][1] != point.key.signature:
            signatures.append((point.onset_quarters, point.key.signature))
    wanted = {
        "metres": [(point.onset_quarters, point.meter.name) for point in score.meter_map.points],
        "keys": signatures if pitched else list(read.keys),
    }
    for what, marks in wanted.items():
        found = list(read.meters if what == "metres" else read.keys)
        if found != marks:
            onset, value = next(
                (one for one, other in zip([*marks, None], [*found, None], strict=False) if one != other and one is not None),
                marks[-1],
            )
            yield f"{what}: {len(found)} marks of {len(marks)}, wrong from {value} at {made.place(onset)}"
    if tempi:
        yield from _tempo_marks(made, read)


def _tempo_marks(made: Made, read: Timeline) -> Iterator[str]:
    """A tempo for every step of the map, to the microsecond a quarter; what one stretch is off by may be given back in the next."""
    steps = made.score.tempo_map.steps
    found = dict(read.tempi)
    before = Fraction(0)
    for number, step in enumerate(steps):
        end = steps[number + 1].onset_quarters if number + 1 < len(steps) else made.score.duration_quarters
        allowed = _HALF_MICROSECOND * (1 + before / max(end - step.onset_quarters, _SHORTEST_STEP))
        there = [bpm for place, bpm in read.tempi if place <= step.onset_quarters]
        if not there or abs(60e6 / there[-1] - 60e6 / step.bpm) > allowed:
            yield f"tempo {there[-1:] or 'none'} and not {step.bpm:g} at {made.place(step.onset_quarters)}"
            return
        found.pop(step.onset_quarters, None)
        before = max(before, end - step.onset_quarters)
    if found:
        yield f"{len(found)} tempi that are not planned, first at {made.place(min(found))}"


def _bar_lines(made: Made) -> Iterator[str]:
    wanted = tuple(made.score.meter_map.bar_onset(bar) for bar in range(made.plan.bars))
    for number, bars in enumerate(made.page_by_music21.bars, 1):
        if bars != wanted:
            wrong = next((bar for bar, (one, other) in enumerate(zip(bars, wanted, strict=False), 1) if one != other), len(bars))
            yield f"part {number}: {len(bars)} bars of {len(wanted)}, wrong at bar {wrong}"


def _full_bars(made: Made) -> Iterator[str]:
    wanted = [made.score.meter_map.bar_quarters(bar) for bar in range(made.plan.bars)]
    for number, lengths in enumerate(page_times(made.page).bars, 1):
        if lengths != wanted:
            yield f"part {number}: by durations its bars last {[str(one) for one in lengths]}"
    for number, fills in enumerate(made.page_by_music21.fills, 1):
        if list(fills) != [length for length in wanted for _ in range(2)]:
            yield f"part {number}: by music21 a voice of it leaves a bar unfilled"


def _engraving(made: Made) -> Iterator[str]:
    # What stands behind a tab goes on with the line before: how full the bar is.
    yield from (line for line in verovio_complaints(made.page) if VERY_FULL not in line and "] \t" not in line)


def _length(made: Made) -> Iterator[str]:
    seconds, wanted = made.by_mido.length_seconds, made.plan.seconds
    if abs(seconds - wanted) > _LENGTH_SECONDS:
        yield f"the MIDI file lasts {seconds:.3f} s and not {wanted:.3f} s"
    if made.piece.plan.seconds != made.plan.seconds:
        yield f"the length became {made.piece.plan.seconds:g} s instead of {made.plan.seconds:g} s"


def _seams(made: Made) -> Iterator[str]:
    """Parallels and crossings of a move into another key."""
    for fault in voice_leading_faults(made.score):
        if fault.over_key_change and fault.kind in _SEAM_FAULTS:
            yield f"{fault.kind} into {made.score.key_map.key_at(fault.onset).name} at {made.place(fault.onset)}"


def _printed(made: Made) -> Iterator[str]:
    """A mark of tempo wherever it is set or the beat that is counted becomes another, in whole beats; none elsewhere."""
    score = made.score
    if score.tempo_map.is_constant and score.meter_map.is_constant and score.key_map.is_constant:
        return
    set_at = {point.onset_quarters: point.bpm for point in score.tempo_map.points}
    places = set_at.keys() | {point.onset_quarters for point in score.meter_map.points}
    printed = dict(page_times(made.page).printed)
    for onset, bpm in printed.items():
        dotted = score.meter_map.meter_at(score.meter_map.bar_at(onset)).is_compound
        wanted = set_at.get(onset, score.tempo_map.bpm_at(onset))
        if onset not in places:
            yield f"a mark at {made.place(onset)}, where nothing changes"
        elif abs(bpm - wanted) > _HALF_BEAT * (1.5 if dotted else 1):
            yield f"{bpm:g} at {made.place(onset)} and not {wanted:g}"
    now = None
    for onset, bpm in set_at.items():
        if bpm != now and onset not in printed and onset < score.duration_quarters:
            yield f"no mark of {bpm:g} at {made.place(onset)}"
        now = bpm


def _compliance(made: Made) -> Iterator[str]:
    """No row fails, and what a section has of its own is told."""
    plan, rows = made.piece.plan, made.piece.manifest.compliance
    for row in rows:
        if row.passed is False:
            yield f"{row.promise}: {row.asked}; found {row.found}"[:300]
    told = {
        promise: " ".join(f"{row.asked} {row.found}" for row in rows if row.promise == promise)
        for promise in ("key", "metre", "tempo")
    }
    for section in plan.sections:
        own = {"key": plan.key_of(section).name, "metre": plan.meter_of(section).name}
        own |= {"tempo": f"{section.tempo_bpm:.5g}"} if section.tempo_bpm is not None else {}
        for promise, value in own.items():
            if value not in told[promise]:
                yield f"{promise}: {value} of section {section.name} is not reported"


def _loop(made: Made) -> Iterator[str]:
    played, bars = made.played_by_mido, made.plan.duration_quarters
    if played.length != bars:
        yield f"the MIDI file lasts {float(played.length):g} quarters and its bars {float(bars):g}"
    if abs(made.plan.bars_seconds - played.length_seconds) > _SECONDS:
        yield f"the MIDI file lasts {played.length_seconds:.4f} s and the bars {made.plan.bars_seconds:.4f} s"
    marks = {name: onset for onset, name in played.markers if name in {"loopStart", "loopEnd"}}
    if marks != {"loopStart": Fraction(0), "loopEnd": bars}:
        yield f"marks of the loop: {marks}"
    if any(note.end > bars for part in played.parts for note in part):
        yield "a note sounds over the end"


def _replayed(made: Made) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        out = made.piece.save(Path(folder) / "piece")
        yield from (
            f"{file.name} is {file.status}"
            for file in replay(out / "piece.json").files
            if file.status not in {"same", "not compared"}
        )


def _kept(made: Made) -> Iterator[str]:
    anew = recompose(made.piece, keep=_KEPT, seed=made.plan.seed + 1, audio=None, on_event=lambda event: None)
    there = midi_timeline(write_midi(StrictPerformer()(anew.score, anew.plan)))
    for number, part in enumerate(made.score.parts):
        if part.role in _KEPT and made.by_mido.parts[number] != there.parts[number]:
            yield f"{part.name} ({part.role}) has other notes"
    for name in ("tempo_map", "meter_map", "key_map"):
        if getattr(anew.score, name) != getattr(made.score, name):
            yield f"the new piece has another {name}"


def _json_round_trip(made: Made) -> Iterator[str]:
    text = made.plan.model_dump_json()
    if type(made.plan).model_validate(json.loads(text)) != made.plan:
        yield "the plan is another one when it is read back"


CHECKS: dict[str, Callable[[Made], Iterator[str]]] = {
    "plan is read back as it was written": _json_round_trip,
    "score and performance have the plan's maps": _maps,
    "notes at their quarters, mido in MIDI": lambda made: _onsets(made, made.by_mido),
    "notes at their quarters, music21 in MIDI": lambda made: _onsets(made, made.midi_by_music21),
    "notes at their quarters, music21 in MusicXML": lambda made: _onsets(made, made.page_by_music21),
    "notes at their quarters, abc2midi in ABC": lambda made: _onsets(made, made.by_abc2midi[0], grid=_GRID),
    "no complaint of abc2midi": lambda made: iter(made.by_abc2midi[1]),
    "onsets in seconds to 1 ms, mido in MIDI": lambda made: _seconds(made, made.by_mido, made.score.tempo_map.seconds_at, _SECONDS),
    "onsets in seconds to 1 ms, music21 in MIDI": lambda made: _seconds(made, made.midi_by_music21, _rounded_in_midi(made), _SECONDS),
    "onsets in seconds to 1 ms, by <sound> in MusicXML": _sounding,
    "onsets in seconds to 1 ms, music21 in MusicXML": lambda made: _seconds(
        made, made.page_by_music21, made.score.tempo_map.seconds_at, _SECONDS
    ),
    "onsets in seconds to 2 ms, mido beside the plan's words": lambda made: _seconds(
        made, made.by_mido, own_seconds(made.plan), _OWN_SECONDS
    ),
    "length in seconds, mido": _length,
    "metres, keys, tempi at their places, mido": lambda made: _marks(made, made.by_mido),
    "metres, keys at their places, music21 in MIDI": lambda made: _marks(made, made.midi_by_music21, tempi=False),
    "metres, keys at their places, music21 in MusicXML": lambda made: _marks(made, made.page_by_music21, tempi=False),
    "marks of tempo at their places, MusicXML": _printed,
    "metres, keys at their places, abc2midi": lambda made: _marks(made, made.by_abc2midi[0], tempi=False),
    "bar lines at their places, music21": _bar_lines,
    "bars full in every voice, music21 and durations": _full_bars,
    "no word of warning from verovio": _engraving,
    "no fault of voice leading over a change of key": _seams,
    "compliance holds and tells each section": _compliance,
}  # fmt: skip
