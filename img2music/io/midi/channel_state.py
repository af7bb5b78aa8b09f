"""A MIDI channel while a file is read: what its messages come to, so that every synthesizer plays them alike.

Synthesizers differ in what they understand, so what depends on what came before is worked out here: pitch wheel, bend range and
tuning (registered parameters 0, 1 and 2) become bends in semitones; a reset of the controllers becomes the controllers that it
resets; channel pressure becomes vibrato (controller 1), as the default modulators of SoundFont 2.04 (section 8.4) have it. What
nothing here can play is counted by name.

Sources: *MIDI 1.0 detailed specification* 4.2; RP-015 (response to reset all controllers: volume, pan, program, bank, effects and the
values of parameters stay); RP-018 (data increment and decrement); *General MIDI* 1 for what holds at the start.
Conventions: ticks of the performance; bends in semitones. Knows nothing of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.performance import Bend, Control

if TYPE_CHECKING:
    from collections import Counter

__all__ = ["ALL_SOUND_OFF", "RESET_CONTROLLERS", "Channel"]

ALL_SOUND_OFF = 120
RESET_CONTROLLERS = 121
_MODULATION, _VOLUME, _PAN, _EXPRESSION = 1, 7, 10, 11
_REVERB, _CHORUS, _MONO = 91, 93, 126
_BANK = {0, 32}
_DATA, _DATA_FINE, _INCREMENT, _DECREMENT = 6, 38, 96, 97
_NRPN_FINE, _NRPN, _RPN_FINE, _RPN = 98, 99, 100, 101
_NULL = 127
_RESET = {_MODULATION: 0, 33: 0, _EXPRESSION: 127, 43: 127, 64: 0, 65: 0, 67: 0}
"""What RP-015 resets, and to what."""
_AT_POWER_UP = _RESET | {_VOLUME: 100, 39: 0, _PAN: 64, 42: 0, _REVERB: 40, _CHORUS: 0}
_PLAYED = {_MODULATION, 33, _VOLUME, 39, _PAN, 42, _EXPRESSION, 43, 64, _REVERB, _CHORUS, ALL_SOUND_OFF}
_NEUTRAL = {8: 64, **dict.fromkeys(range(71, 80), 64)}
"""Values at which an unplayed controller would change nothing, where that is not 0."""
_SWITCHES = range(65, 70)
_NAMES = {
    2: "breath", 4: "foot", 5: "portamento time", 8: "balance", 65: "portamento", 67: "soft pedal",
    68: "legato", 69: "hold 2", 71: "resonance", 72: "release time", 73: "attack time", 74: "brightness", 75: "decay time",
    76: "vibrato rate", 77: "vibrato depth", 78: "vibrato delay", 84: "portamento control", 92: "tremolo", 94: "detune", 95: "phaser",
    _MONO: "mono mode",
}  # fmt: skip
_MOST_SEMITONES = 127.0


class Channel:
    """The state of one of 16 channels.

    Args:
        unplayed: counts, by name, what can't be played.
    """

    def __init__(self, unplayed: Counter[str]) -> None:
        self.unplayed = unplayed
        self.program = 0
        self.controls: list[Control] = []
        self.bends: list[Bend] = []
        self._values: dict[int, int] = {}
        self._wheel, self._pressure = 0, 0
        self._range, self._fine, self._coarse = [2, 0], [64, 0], 64
        self._parameter = [_NULL, _NULL]
        self._registered = True

    def value(self, controller: int) -> int:
        """Of a controller, 0 where it was never set."""
        return self._values.get(controller, 0)

    def control(self, now: int, controller: int, value: int) -> None:
        """A controller change."""
        match controller:
            case _ if controller in _BANK:
                self.unplayed["bank select"] += value > 0
            case 6 | 38 | 96 | 97:
                self._enter(now, controller, value)
            case 98 | 99 | 100 | 101:
                self._registered = controller in {_RPN, _RPN_FINE}
                self._parameter[controller in {_RPN_FINE, _NRPN_FINE}] = value
            case 121:
                self._reset(now, _RESET)
            case _:
                self._values[controller] = value
                if controller == _MODULATION:
                    value = min(127, value + self._pressure)
                if controller < RESET_CONTROLLERS:
                    self.controls.append(Control(now, controller, value))
                if controller not in _PLAYED and (controller < ALL_SOUND_OFF or controller in _NAMES):
                    self._count_unplayed(controller, value)

    def wheel(self, now: int, value: int) -> None:
        """The pitch wheel, -8192 to 8191."""
        self._wheel = value
        self._bend(now)

    def pressure(self, now: int, value: int) -> None:
        """Channel pressure (aftertouch), 0 to 127."""
        if value != self._pressure:
            self._pressure = value
            self.controls.append(Control(now, _MODULATION, min(127, self._values.get(_MODULATION, 0) + value)))

    def power_up(self, now: int) -> None:
        """All as at the start: what a General MIDI, GS or XG reset does."""
        self.program = 0
        self._range, self._fine, self._coarse = [2, 0], [64, 0], 64
        self._reset(now, _AT_POWER_UP)

    def _reset(self, now: int, values: dict[int, int]) -> None:
        pressed, self._pressure = self._pressure > 0, 0
        for controller, value in values.items():
            if self._values.get(controller, value) != value or (pressed and controller == _MODULATION):
                self._values[controller] = value
                self.controls.append(Control(now, controller, value))
        self._parameter = [_NULL, _NULL]
        self._wheel = 0
        self._bend(now)

    def _enter(self, now: int, controller: int, value: int) -> None:
        """Data for the parameter that was chosen last; after the null parameter for none."""
        if self._parameter == [_NULL, _NULL]:
            return
        number = self._parameter[0] << 7 | self._parameter[1]
        if not self._registered or number > 2:
            self.unplayed[f"parameter {'RPN' if self._registered else 'NRPN'}"] += 1
            return
        step = {_INCREMENT: 1, _DECREMENT: -1}.get(controller, 0)
        if number == 2:  # coarse tuning has no fine byte
            if controller != _DATA_FINE:
                self._coarse = _clamped(self._coarse + step if step else value)
        else:
            pair = self._fine if number else self._range
            if step:
                # The fine byte counts cents of a bend range and 128ths of a fine tuning.
                size = 128 if number else 100
                whole = min(127 * size + size - 1, max(0, pair[0] * size + pair[1] + step))
                pair[:] = divmod(whole, size)
            else:
                pair[controller == _DATA_FINE] = value
        self._bend(now)

    def _bend(self, now: int) -> None:
        """Notes a change of pitch, whatever brought it about."""
        reach = self._range[0] + self._range[1] / 100
        tuning = self._coarse - 64 + ((self._fine[0] << 7 | self._fine[1]) - 8192) / 8192
        semitones = min(_MOST_SEMITONES, max(-_MOST_SEMITONES, self._wheel / 8192 * reach + tuning))
        if self.bends and self.bends[-1].ticks == now:
            self.bends.pop()
        if semitones != (self.bends[-1].semitones if self.bends else 0.0):
            self.bends.append(Bend(now, semitones))

    def _count_unplayed(self, controller: int, value: int) -> None:
        neutral = value < 64 if controller in _SWITCHES else value == _NEUTRAL.get(controller, 0)
        if not neutral or controller == _MONO:
            self.unplayed[_NAMES.get(controller, f"controller {controller}")] += 1


def _clamped(value: int) -> int:
    return min(127, max(0, value))
