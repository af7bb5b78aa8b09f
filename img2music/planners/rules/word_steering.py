"""How plain words steer a plan: where they put feeling, mode and tempo, and what is said about it.

Words win over the picture and over a style's habit, and every time something had to give way a sentence says so. The feeling that words name
stands, coloured by a fifth of the picture's own: a sad wish over a bright picture is sad, and a little less so. Figures are our choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.io.style_files import load_style, style_names
from img2music.planners.rules.affect_mapping import nearest_mode
from img2music.theory import Key

if TYPE_CHECKING:
    from img2music.style import Style
    from img2music.words import WordsReading

__all__ = [
    "SteeredTempo",
    "changes_mode",
    "other_style",
    "steer_feeling",
    "steer_mode",
    "steer_tempo",
    "steers_tempo",
    "tempo_limits",
]

_PICTURE_SHARE = 0.2
_MODE_FROM = 0.1
"""Words for feelings weaker than this leave the mode to the picture."""
_BY_AROUSAL = 0.22
"""How far full arousal moves the tempo: music felt as energetic is faster by about as much as listeners call "a bit faster"."""
_BEYOND_HABIT = 0.2
"""How far words for energy may take a tempo out of the style's own range; words for tempo go as far as they say."""
_SLOW, _FAST = 84.0, 100.0
_SLOWER, _QUICKER = 0.85, 1.15


def steer_feeling(valence: float, arousal: float, reading: WordsReading) -> tuple[float, float]:
    """Valence and arousal, -1..1, where the words put them; the picture's own where they say nothing."""

    def steer(seen: float, said: float | None) -> float:
        if said is None:
            return seen
        mixed = (1 - _PICTURE_SHARE) * said + _PICTURE_SHARE * seen
        return max(-1.0, min(1.0, mixed if mixed * said > 0 else said / 2))  # a picture never turns a word around

    return steer(valence, reading.valence), steer(arousal, reading.arousal)


def steer_mode(seen: str, reading: WordsReading, style: Style) -> tuple[str, str] | None:
    """The mode that the words' feeling asks for and why; None where they ask for none."""
    if reading.valence is None or abs(reading.valence) < _MODE_FROM:
        return None
    wanted = "minor" if reading.valence < 0 else "major"
    turned = f"your words turn the mood to valence {reading.valence:+.2f}"
    if Key(0, seen).is_minor == Key(0, wanted).is_minor and seen in style.modes:
        return seen, f"{seen}: {turned}, and the picture agrees."
    mode = nearest_mode(wanted, style.modes)
    if Key(0, mode).is_minor != Key(0, wanted).is_minor:
        return wanted, f"{wanted}: {turned}, though {style.name} is usually in {' or '.join(style.modes)}."
    return mode, f"{mode}: {turned}."


@dataclass(frozen=True, slots=True)
class SteeredTempo:
    """A tempo in quarter notes a minute, the limits inside which it may be fitted to the length, and what to say."""

    bpm: float
    limits: tuple[float, float]
    text: str


def steer_tempo(seen_bpm: float, reading: WordsReading, style: Style) -> SteeredTempo:
    """The tempo that words, picture and style come to, words first."""
    low, high = style.tempo_bpm
    habit = f"{style.name} lives between {low:g} and {high:g}"
    if reading.tempo_range is not None:
        slowest, fastest = reading.tempo_range
        wished = seen_bpm * reading.tempo_factor
        if fastest <= _SLOW:
            wished *= _SLOWER
        elif slowest >= _FAST:
            wished *= _QUICKER
        wished = min(high, max(low, wished))
        bpm = min(fastest, max(slowest, wished))
        common = (max(low, slowest), min(high, fastest))
        said = f", your words ask for {slowest:.0f} to {fastest:.0f}"
        if common[0] > common[1]:
            return SteeredTempo(bpm, (slowest, fastest), f"{said}, and {habit}: your words won")
        return SteeredTempo(min(common[1], max(common[0], bpm)), common, f"{said}, {habit}")
    moved = _moved(reading)
    habitual = min(high, max(low, seen_bpm))
    if moved == 1:
        return SteeredTempo(habitual, (low, high), f", {habit}" if habitual != seen_bpm else "")
    bpm = min(high * (1 + _BEYOND_HABIT), max(low * (1 - _BEYOND_HABIT), habitual * moved))
    text = f", your words make it {'faster' if moved > 1 else 'slower'}"
    if not low <= bpm <= high:
        text += f", out of the {low:g} to {high:g} in which {style.name} usually lives"
    elif habitual != seen_bpm:
        text += f", {habit}"
    if abs(bpm / (habitual * moved) - 1) > 0.01:
        text += f"; {habitual * moved:.0f} would leave that too far, so {bpm:.0f} was taken"
    return SteeredTempo(bpm, (min(low, bpm * 0.96), max(high, bpm * 1.04)), text)


def steers_tempo(reading: WordsReading) -> bool:
    """Whether the words say anything that moves a tempo."""
    return reading.tempo_range is not None or _moved(reading) != 1


def tempo_limits(tempo_bpm: float, reading: WordsReading, style: Style) -> tuple[float, float]:
    """How far a tempo that the words steered may be moved later on, in quarter notes a minute: as far as the words are still heard.

    That is the range that they name, and the style's where the two meet; else at least half of the way (as listeners count it, in ratios)
    that words for energy or "faster" moved it. The style's own where the words say nothing.
    """
    if reading.tempo_range is not None:
        return steer_tempo(tempo_bpm, reading, style).limits
    low, high = style.tempo_bpm
    moved = _moved(reading)
    if moved == 1:
        return low, high
    least = tempo_bpm / moved**0.5
    return (least, max(high, tempo_bpm)) if moved > 1 else (min(low, tempo_bpm), least)


def changes_mode(seen: str, reading: WordsReading) -> bool:
    """Whether the words ask for another mode than `seen`, by name or by a feeling of the other gender."""
    if reading.mode is not None:
        return reading.mode != seen
    if reading.valence is None or abs(reading.valence) < _MODE_FROM:
        return False
    return Key(0, seen).is_minor != (reading.valence < 0)


def _moved(reading: WordsReading) -> float:
    """By how much words move the tempo where they name no range."""
    return reading.tempo_factor * (1 + _BY_AROUSAL * (reading.arousal or 0.0))


def other_style(avoided: tuple[str, ...], valence: float, arousal: float) -> str | None:
    """The style whose feeling is nearest to (valence, arousal) and that is not in `avoided`; None where all of them are."""

    def distance(name: str) -> float:
        affect = load_style(name).affect
        return (affect.valence - valence) ** 2 + (affect.arousal - arousal) ** 2

    return min((name for name in style_names() if name not in avoided), key=distance, default=None)
