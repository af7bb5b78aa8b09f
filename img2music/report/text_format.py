"""Numbers, times, names and lists as people read them: the small words that every text about a piece is made of.

Knows nothing of HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Cue, Scene, Swatch

__all__ = [
    "as_sentence",
    "beat_words",
    "cue_figure",
    "cue_name",
    "find_cue",
    "format_clock",
    "format_number",
    "join_words",
    "swatch_figure",
    "tempo_words",
    "with_accidentals",
]

# Upper limits of Italian tempo words in quarter notes a minute, as metronomes print them.
_TEMPO_WORDS = ((60, "largo"), (66, "larghetto"), (76, "adagio"), (108, "andante"), (120, "moderato"), (168, "allegro"))


def find_cue(scene: Scene | None, name: str) -> tuple[Cue | None, Swatch | None]:
    """The cue or the swatch that a citation names; (None, None) where the scene has neither."""
    if scene is None:
        return None, None
    cue = scene.cue(name)
    return cue, None if cue is not None else next((swatch for swatch in scene.colours if swatch.name == name), None)


def cue_name(name: str) -> str:
    """A cue's name for people: ``"edge_density"`` is "edge density"."""
    return name.replace("_", " ")


def cue_figure(cue: Cue) -> str:
    """A cue's value in few characters: "0.82", "34°", "curve of 16 points"."""
    if isinstance(cue.value, str):
        return cue.value
    if isinstance(cue.value, tuple):
        return f"curve of {len(cue.value)} points"
    if cue.unit.startswith("degree"):
        return f"{format_number(round(cue.value))}°"
    if not cue.unit or cue.unit[0] in "-−0123456789":  # the unit only says the range
        return f"{cue.value:.2f}"
    return f"{cue.value:.3g} {cue.unit.partition(',')[0]}"


def swatch_figure(swatch: Swatch) -> str:
    """A colour in few words: "deep blue, #123456, 31% of the picture"."""
    return f"{swatch.words}, {swatch.hex}, {swatch.share:.0%} of the picture"


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
    quarters = f"♩ = {format_number(bpm)}"
    return f"♩. = {format_number(round(bpm * 2 / 3, 1))} ({quarters})" if plan.meter_map.meter.is_compound else quarters


def tempo_words(tempo_bpm: float) -> str:
    """The Italian word for a tempo in quarter notes a minute."""
    return next((word for limit, word in _TEMPO_WORDS if tempo_bpm < limit), "presto")
