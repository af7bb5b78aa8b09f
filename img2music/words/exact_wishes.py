"""What is exact in a brief's words becomes a wish of the brief, so that it is kept and proved like any other.

A wish that was given as an option wins over a word that says something else. Reading the words of a settled brief again
changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.io.style_files import load_style
from img2music.theory import instrument, is_excluded
from img2music.words.parser import read_words

if TYPE_CHECKING:
    from img2music.brief import Brief
    from img2music.words.parse_result import WordsReading

__all__ = ["overruled_words", "settle_words", "wishes_for_the_beginning", "without_words"]

_EXACT = ("seconds", "tempo_bpm", "key", "meter")
_NAMES = {
    "seconds": "--seconds",
    "tempo_bpm": "--tempo",
    "key": "--key",
    "meter": "--meter",
    "style": "--style",
    "loop": "--loop",
}


def settle_words(brief: Brief) -> Brief:
    """`brief` with length, tempo, key, metre and loop as its words say them, where no wish says otherwise."""
    if not brief.words:
        return brief
    reading = read_words(brief.words, brief.glosses)
    update: dict[str, Any] = {
        name: getattr(reading, name)
        for name in (*_EXACT, "loop")
        if getattr(reading, name) is not None and name not in brief.model_fields_set
    }
    if brief.tempo_to_bpm is not None:
        update.pop("loop", None)  # a loop ends as it begins
    if reading.only and reading.instruments and "instruments" not in brief.model_fields_set and len(reading.instruments) <= 12:
        update["instruments"] = reading.instruments
    return brief.model_copy(update=update) if update else brief


def wishes_for_the_beginning(brief: Brief) -> frozenset[str]:
    """Those of "key" and "tempo_bpm" that words say and move away from: "90 bpm, accelerando", "D minor, major at the end"."""
    if not brief.words or brief.loop:
        return frozenset()
    reading = read_words(brief.words, brief.glosses)
    found = set()
    if reading.tempo_trend is not None and brief.tempo_to_bpm is None and reading.tempo_bpm == brief.tempo_bpm is not None:
        found.add("tempo_bpm")
    if reading.end_mode is not None and brief.keys == (reading.key,):
        found.add("key")
    return frozenset(found)


def without_words(brief: Brief) -> dict[str, Any]:
    """The wishes of a settled brief that its words did not say: what stays when other words take their place."""
    reading = read_words(brief.words, brief.glosses)
    said: dict[str, Any] = {name: getattr(reading, name) for name in (*_EXACT, "loop")}
    said["instruments"] = reading.instruments if reading.only else None
    fields = type(brief).model_fields
    return {
        name: value
        for name, value in brief
        if name not in {"words", "glosses"} and value != said.get(name) and value != fields[name].get_default()
    }


def overruled_words(brief: Brief, reading: WordsReading) -> tuple[str, ...]:
    """Sentences for the words that a wish of the brief contradicts: the wish was kept."""
    told = []
    for name in (*_EXACT, "style", "loop"):
        said, wish = getattr(reading, name), getattr(brief, name)
        if said is None or wish is None or said == wish or (name == "loop" and name not in brief.model_fields_set):
            continue
        if name == "style" and load_style(wish).name == said:
            continue
        told.append(f"your words say {_words(name, said)}, {_NAMES[name]} says {_words(name, wish)}; the option was kept")
    if reading.tempo_trend is not None and brief.tempo_bpm is not None and reading.tempo_bpm is None:
        way = "faster" if reading.tempo_trend > 1 else "slower"
        told.append(f"your words ask it to get {way}, --tempo says {brief.tempo_words}; the option was kept")
    if reading.end_mode is not None and brief.key is not None and reading.key is None:
        told.append(f"your words ask for {reading.end_mode} at the end, --key says {', '.join(brief.keys)}; the option was kept")
    if reading.loop and not brief.loop and brief.tempo_to_bpm is not None:
        told.append(f"your words say a loop, which ends as it begins, --tempo says {brief.tempo_words}; the option was kept")
    if reading.tempo_range and brief.tempo_bpm and not reading.tempo_range[0] <= brief.tempo_bpm <= reading.tempo_range[1]:
        low, high = reading.tempo_range
        told.append(f"your words ask for {low:.0f} to {high:.0f} bpm, --tempo for {brief.tempo_bpm:g}; the option was kept")
    refused = [name for name in brief.instruments if is_excluded(instrument(name), reading.without)]
    if refused:
        told.append(f"your words leave out {', '.join(refused)}, --instrument asks for it; the option was kept")
    if brief.instruments and reading.instruments and not set(reading.instruments) <= set(brief.instruments):
        told.append(
            f"your words ask for {', '.join(reading.instruments)}, --instrument for {', '.join(brief.instruments)}; the option was kept"
        )
    return tuple(told)


def _words(name: str, value: Any) -> str:
    if name == "seconds":
        return f"{value:g} seconds"
    if name == "tempo_bpm":
        return f"{value:g} bpm"
    if name == "loop":
        return "a loop" if value else "no loop"
    return str(value)
