"""How words were read, in words: for the page, the screen and the plan's reasons. Every word is quoted in its own letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.words.resolve import shortened

if TYPE_CHECKING:
    from img2music.words.parse_result import ReadWord, WordsReading

__all__ = ["describe_read_words", "describe_unread_words", "reading_as_rows"]

_MOST_TOLD = 24


def describe_read_words(reading: WordsReading) -> str:
    """The words that were read, each in its own letters with what it does."""
    told = [f"“{shortened(one.words)}” {_does(one)}" for one in reading.read[:_MOST_TOLD]]
    more = len(reading.read) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def describe_unread_words(reading: WordsReading) -> tuple[str, ...]:
    """One sentence for the words that were left aside, each in its own letters with the reason; none where all were read."""
    if not reading.aside:
        return ()
    by_reason: dict[str, list[str]] = {}
    for one in reading.aside:
        by_reason.setdefault(one.reason, []).append(f"“{one.words}”")
    listed = "; ".join(", ".join(words) + (f" ({reason})" if reason else "") for reason, words in by_reason.items())
    return (f"of your words these were left aside: {listed}",)


def reading_as_rows(reading: WordsReading) -> dict[str, list[dict[str, Any]]]:
    """The same for programs: what was read and what was left aside."""
    return {
        "read": [
            {
                "words": one.words,
                "meaning": one.meaning,
                "value": one.value,
                "negated": one.negated,
                "degree": round(one.degree, 3),
            }
            for one in reading.read
        ],
        "left_aside": [{"words": one.words, "reason": one.reason} for one in reading.aside],
    }


def _does(one: ReadWord) -> str:
    """What a word was taken for, in few words."""
    kept_out = one.negated and bool(one.does.leave_out)
    if not one.does.name:
        text = {"bpm": f"{one.value} quarter notes a minute", "seconds": f"{one.value} s", "meter": f"metre {one.value}"}.get(
            one.meaning, f"key {one.value}"
        )
    elif kept_out:
        text = f"leaves out {one.meaning.replace('_', ' ')}"
    else:
        text = _effect(one)
    return text + (", as explained" if one.by else "")


def _effect(one: ReadWord) -> str:
    does = one.does
    parts = [] if not one.negated else [f"not {one.meaning.replace('_', ' ')}"]
    if does.style:
        parts.append(f"{'nearest style' if does.near else 'style'} {does.style}")
    if does.instrument:
        parts.append(does.instrument)
    if does.meter:
        parts.append(f"metre {does.meter}")
    if does.mode:
        parts.append(does.mode)
    if does.tempo_bpm:
        parts.append(f"{does.tempo_bpm[0]:g}-{does.tempo_bpm[1]:g} bpm")
    if does.tempo_factor:
        parts.append(f"tempo x {does.tempo_factor:g}")
    if does.tempo_trend:
        parts.append(f"gets {'faster' if does.tempo_trend > 1 else 'slower'}")
    if does.end_mode:
        parts.append(f"{does.end_mode} at the end")
    if does.loop:
        parts.append("a loop")
    if not parts:
        parts.append(one.meaning.replace("_", " "))
    feeling = [
        f"{axis} {value:+.2g}"
        for axis, value in (("valence", does.valence), ("arousal", does.arousal))
        if value is not None and not one.negated
    ]
    strength = "" if one.degree == 1 else f", x {one.degree:.2g}"
    return f"({', '.join([*parts, *feeling])}{strength})"
