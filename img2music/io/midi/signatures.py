"""Time and key signatures of a MIDI file: the messages that write them, and maps of those that are read.

A time signature inside a bar begins a new one. Until a file names a metre it is 4/4; its first key holds from the beginning. Where tracks do
not agree at one tick, the first of them counts. MIDI knows major and minor keys only: of a mode it keeps the signature and the third.
Conventions: ticks of the performance. Source: *Standard MIDI Files 1.0* (MMA, 1996). Knows nothing of notes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from img2music.performance import TICKS_PER_QUARTER
from img2music.theory import Key, Meter
from img2music.theory.key_map import KeyMap
from img2music.theory.meter_map import MeterMap, MeterPoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from img2music.io.midi.smf_events import MidiEvent

__all__ = ["Signatures", "key_events", "meter_events"]

# Key signatures from seven flats to seven sharps, as mido names them.
_MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
_UNITS = {1, 2, 4, 8, 16, 32}
_MOST = 9000
"""Of each kind that are kept."""


def meter_events(meters: MeterMap) -> Iterator[tuple[int, Any]]:
    """Time signatures as (tick, message), with the beat that a metronome clicks."""
    import mido

    for point in meters.points:
        count, unit = point.meter.count, point.meter.unit
        clicks = 36 if point.meter.is_compound else max(1, 96 // unit)
        values = {"numerator": count, "denominator": unit, "clocks_per_click": clicks}
        yield round(point.onset_quarters * TICKS_PER_QUARTER), mido.MetaMessage("time_signature", **values)


def key_events(keys: KeyMap) -> Iterator[tuple[int, Any]]:
    """Key signatures as (tick, message); keys that MIDI can't tell apart are one."""
    import mido

    last = ""
    for point in keys.points:
        name = (_MINOR if point.key.is_minor else _MAJOR)[point.key.signature + 7]
        if name != last:
            last = name
            yield round(point.onset_quarters * TICKS_PER_QUARTER), mido.MetaMessage("key_signature", key=name)


class Signatures:
    """The signatures of a file while it is read."""

    def __init__(self) -> None:
        # By tick: which track says it, and what.
        self._meters: dict[int, tuple[int, Meter]] = {}
        self._keys: dict[int, tuple[int, Key]] = {}

    def add_meter(self, now: int, event: MidiEvent) -> bool:
        """A time signature; False where there is no such."""
        data = event.data
        if len(data) < 2 or not 1 <= data[0] <= 32 or 1 << min(data[1], 9) not in _UNITS:
            return False
        _add(self._meters, now, event.track, Meter(data[0], 1 << data[1]))
        return True

    def add_key(self, now: int, event: MidiEvent) -> bool:
        """A key signature; False where there is no such."""
        data = event.data
        sharps = (data[0] + 128) % 256 - 128 if len(data) == 2 else 99
        if abs(sharps) > 7 or data[1] > 1:
            return False
        _add(self._keys, now, event.track, Key.of_signature(sharps, data[1] == 1))
        return True

    def meter_map(self) -> MeterMap:
        """The metres of the file. One that is named again on a bar line changes nothing."""
        points = [MeterPoint(Fraction(0), Meter(4, 4))]
        for ticks, (_, meter) in self._meters.items():
            onset = Fraction(ticks, TICKS_PER_QUARTER)
            last = points[-1]
            if onset == 0:
                points = [MeterPoint(onset, meter)]
            elif meter != last.meter or MeterMap.constant(meter).place_in_bar(onset - last.onset_quarters)[1]:
                points.append(MeterPoint(onset, meter))
        return MeterMap(tuple(points))

    def key_map(self) -> KeyMap:
        """The keys of the file; C major where it names none."""
        named = [(Fraction(ticks, TICKS_PER_QUARTER), key) for ticks, (_, key) in self._keys.items()]
        first = named[0][1] if named else Key.parse("C major")
        return KeyMap.of_stretches([(Fraction(0), first), *(one for one in named if one[0] > 0)])

    @property
    def are_cut(self) -> bool:
        """Whether there were more than are kept."""
        return max(len(self._meters), len(self._keys)) >= _MOST


def _add(found: dict[int, tuple[int, Any]], now: int, track: int, value: Meter | Key) -> None:
    if now in found:
        if found[now][0] == track:
            found[now] = track, value
    elif len(found) < _MOST:
        found[now] = track, value
