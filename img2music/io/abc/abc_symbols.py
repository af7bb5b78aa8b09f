"""The signs of ABC music, one after another: notes, rests, chords, bar lines, tuplets; each changes the voice that is being read.

What is read and what is passed over is said in `import_abc`. Source: C. Walshaw, *The abc music standard 2.1* (2011), section 4. Knows
nothing of heads and rows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.io.abc.abc_voice import MOST_BARS, meter_quarters
from img2music.theory import SpelledPitch

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.io.abc.abc_voice import VoiceState

__all__ = ["read_symbol"]

_LENGTH = r"(?P<times>\d{1,4})?(?P<slashes>/{0,6})(?P<parts>\d{1,4})?"
_NOTE = re.compile(r"(?P<accidental>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']{0,9})" + _LENGTH + r"(?P<tie>-?)")
_MARK = re.compile(r"!(?P<word>[^!|\n]{1,40})!|\+(?P<plus>[a-z]{1,20})\+")
_QUOTED = re.compile(r'"(?P<word>[^"\n]{0,200})(?P<plus>)"')
_SHORT_MARKS = {".": "staccato", "L": "accent"}
_WORDS = {"staccato": "staccato", "tenuto": "tenuto", "accent": "accent", ">": "accent", "emphasis": "accent", "^ten.": "tenuto"}
_IN_THE_TIME_OF = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 5, 7 and 9 depend on the metre
_STEPS = {"_": -1, "__": -2, "=": 0, "^": 1, "^^": 2}


def read_symbol(row: str, place: int, voice: VoiceState) -> int:
    """Reads the sign that begins at `place`; the place behind it."""
    for pattern, act in _SIGNS:
        if match := pattern.match(row, place):
            if act is _barline or not voice.skipping:
                act(match, voice)
            return match.end()
    voice.fault(f"{row[place]!r} can't be read")
    return place + 1


def _barline(match: re.Match[str], voice: VoiceState) -> None:
    sign = match["line"]
    if sign and not (sign.startswith("[|") and not voice.place):
        voice.close(ends_repeat=sign.startswith(":"))
        voice.repeat = voice.repeat or sign.endswith(":")
    voice.ending = int(match["ending"] or 0) or voice.ending


def _mark(match: re.Match[str], voice: VoiceState) -> None:
    voice.articulation = _WORDS.get(match["word"] or match["plus"], voice.articulation)


def _short_mark(match: re.Match[str], voice: VoiceState) -> None:
    voice.articulation = _SHORT_MARKS.get(match[0], voice.articulation)


def _nothing(match: re.Match[str], voice: VoiceState) -> None:
    """Grace notes, slurs, spaces: passed over."""


def _layer(match: re.Match[str], voice: VoiceState) -> None:
    voice.fault("a second layer of notes (&) is left out; write one voice")
    voice.skipping = True


def _tuplet(match: re.Match[str], voice: VoiceState) -> None:
    count = int(match["count"])
    compound = voice.meter.endswith("/8") and meter_quarters(voice.meter) % Fraction(3, 2) == 0
    time = int(match["time"] or 0) or _IN_THE_TIME_OF.get(count, 3 if compound else 2)
    voice.tuplet, voice.tuplet_left = Fraction(time, count), int(match["notes"] or 0) or count


def _note(match: re.Match[str], voice: VoiceState) -> None:
    pitch = _pitch(match, voice, _carried(voice))
    voice.take((pitch,), voice.length(match), frozenset({pitch}) if match["tie"] else frozenset())


def _rest(match: re.Match[str], voice: VoiceState) -> None:
    voice.take((), voice.length(match), frozenset())


def _rest_bars(match: re.Match[str], voice: VoiceState) -> None:
    for _ in range(min(int(match["bars"] or 1), MOST_BARS - len(voice.bars))):
        voice.close(rest=True)


def _broken(match: re.Match[str], voice: VoiceState) -> None:
    voice.broke(match[0])


def _late_tie(match: re.Match[str], voice: VoiceState) -> None:
    """A tie with a space before it."""
    if voice.last_sounds and voice.last_length:
        voice.sounds[-1] = replace(voice.sounds[-1], tied=frozenset(voice.sounds[-1].pitches))


def _chord(match: re.Match[str], voice: VoiceState) -> None:
    """A chord lasts as long as its first note says, times what stands behind the bracket."""
    length = voice.length(match)
    pitches: list[SpelledPitch] = []
    tied: set[SpelledPitch] = set()
    carried = _carried(voice)
    own: Fraction | None = None
    rests = False
    place, inside = 0, _MARK.sub("", _QUOTED.sub("", match["inside"]))
    while place < len(inside):
        note = _NOTE.match(inside, place)
        if note:
            pitch = _pitch(note, voice, carried)
            own = own or voice.length(note)
            if pitch.midi not in {other.midi for other in pitches}:
                pitches.append(pitch)
            if note["tie"] or match["tie"]:
                tied.add(pitch)
        elif inside[place] in "zx":
            rests = True
        elif not inside[place].isspace() and inside[place] not in "()." + "0123456789/":
            voice.fault(f"{inside[place]!r} in the chord {match[0]!r} can't be read")
        place = note.end() if note else place + 1
    if pitches or rests:
        ordered = tuple(sorted(pitches, key=lambda pitch: pitch.midi))
        voice.take(ordered, length * (own or voice.unit) / voice.unit, frozenset(tied))


def _carried(voice: VoiceState) -> frozenset[SpelledPitch]:
    """Pitches tied over from the sound before, over a bar line too."""
    sound = voice.sounds[-1] if voice.sounds else None
    if sound is None and voice.bars and voice.bars[-1].sounds and not voice.place:
        sound = voice.bars[-1].sounds[-1]
    return sound.tied if sound is not None else frozenset()


def _pitch(match: re.Match[str], voice: VoiceState, carried: frozenset[SpelledPitch]) -> SpelledPitch:
    letter, step = match["letter"], match["letter"].upper()
    octave = (5 if letter.islower() else 4) + match["octave"].count("'") - match["octave"].count(",")
    octave += voice.own.octaves(voice.head)
    octave = min(9, max(-1, octave))
    if match["accidental"]:
        voice.altered[step] = _STEPS[match["accidental"]]
    tied = next((pitch for pitch in carried if (pitch.step, pitch.octave) == (step, octave)), None)
    if match["accidental"] is None and tied is not None:
        return tied
    return SpelledPitch(step, voice.altered.get(step, voice.signature[step]), octave)


# What begins alike is tried in this order.
_SIGNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], VoiceState], None]], ...] = (
    (re.compile(r"(?P<line>\[\|\]?|:*\|+[:\]|]*|::+|:\])(?:[ \t]*\[?(?P<ending>[1-9]))?"), _barline),
    (re.compile(r"(?P<line>)\[(?P<ending>[1-9])"), _barline),
    (_QUOTED, _mark),
    (_MARK, _mark),
    (_NOTE, _note),
    (re.compile(r"[zx]" + _LENGTH), _rest),
    (re.compile(r"\((?P<count>[2-9])(?::(?P<time>\d?))?(?::(?P<notes>\d{0,2}))?"), _tuplet),
    (re.compile(r"\{[^}\n]{0,200}\}|y\d*|[\s`\\*$)]+|\.?\("), _nothing),
    (re.compile(r"\[(?P<inside>[^\[\]|:\n]{1,200})\]" + _LENGTH + r"(?P<tie>-?)"), _chord),
    (re.compile(r"[ZX](?P<bars>\d{0,3})"), _rest_bars),
    (re.compile(r">{1,3}|<{1,3}"), _broken),
    (re.compile(r"-"), _late_tie),
    (re.compile(r"&"), _layer),
    (re.compile(r"[.~HLMOPSTuv]"), _short_mark),
)
