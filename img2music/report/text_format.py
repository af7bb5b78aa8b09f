"""Numbers, times, names and lists as people read them: the small words that every text about a piece is made of.

Knows nothing of HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan

__all__ = [
    "arousal_words",
    "as_sentence",
    "beat_words",
    "format_clock",
    "format_number",
    "join_words",
    "style_words",
    "tempo_words",
    "valence_words",
    "with_accidentals",
]

_NEUTRAL, _CLEAR = 0.12, 0.35  # |valence| from which it is "rather pleasant", and "pleasant": our choice
# Upper limits of Italian tempo words in quarter notes a minute, as metronomes print them.
_TEMPO_WORDS = ((60, "largo"), (66, "larghetto"), (76, "adagio"), (108, "andante"), (120, "moderato"), (168, "allegro"))


def format_number(value: float) -> str:
    """A number without needless digits: "72", "72.5"; numbers that no print shows well stay as they are."""
    return f"{value:.6g}"


def format_clock(seconds: float) -> str:
    """Seconds as on a player: "1:00", "0:07.5"."""
    minutes, rest = divmod(round(float(seconds) * 10), 600)
    whole, tenth = divmod(rest, 10)
    return f"{minutes}:{whole:02d}" + (f".{tenth}" if tenth else "")


def join_words(words: tuple[str, ...]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def as_sentence(text: str) -> str:
    """`text` with a capital letter at its beginning and a stop at its end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def with_accidentals(symbol: str) -> str:
    """Chord symbols, keys and numerals with real signs: ``"Bbm7"`` is "B♭m7", ``"bVII"`` is "♭VII"."""
    return symbol.replace("#", "♯").replace("b", "♭") if symbol else ""


def beat_words(plan: CompositionPlan) -> str:
    """The first tempo as a page shows it: "♩ = 113"; in compound metres first the dotted quarter that one taps."""
    bpm = plan.tempo_map.bpm
    quarters = f"♩ = {format_number(round(bpm, 1))}"
    return f"♩. = {format_number(round(bpm * 2 / 3, 1))} ({quarters})" if plan.meter_map.meter.is_compound else quarters


def tempo_words(tempo_bpm: float) -> str:
    """The Italian word for a tempo in quarter notes a minute."""
    return next((word for limit, word in _TEMPO_WORDS if tempo_bpm < limit), "presto")


def style_words(style: str) -> str:
    """A style's name as one writes it: "jazz-ballad" is "jazz ballad", "lo-fi" stays."""
    return style if style.lower() == "lo-fi" else style.replace("-", " ")


def valence_words(value: float) -> str:
    """How pleasant: "pleasant", "rather unpleasant", "neither pleasant nor unpleasant"."""
    return _degree(value, "unpleasant", "pleasant", "neither pleasant nor unpleasant")


def arousal_words(value: float) -> str:
    """How stirring: "exciting", "rather calm", "neither calm nor exciting"."""
    return _degree(value, "calm", "exciting", "neither calm nor exciting")


def _degree(value: float, low: str, high: str, middle: str) -> str:
    if abs(value) < _NEUTRAL:
        return middle
    return ("" if abs(value) >= _CLEAR else "rather ") + (high if value > 0 else low)
