"""What the rules and the checks wrote into a plan and a record, in a musician's words.

    Progressions of minor as songs of the charts use them, coloured as jazz-ballad speaks ...
    Chord progressions in minor as songs of the charts use them, with the colours of jazz ballad ...

The files keep their wording, which pieces of all versions share; pages and the screen show this. A wording that is not known here is shown
as it stands, and so is what a model or a person wrote. Knows nothing of HTML.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from img2music.io.style_files import style_names
from img2music.report.text_format import arousal_words, join_words, style_words, valence_words, with_accidentals

if TYPE_CHECKING:
    from collections.abc import Callable

    from img2music.plan import Reason

__all__ = ["plain_conflict", "plain_finding", "plain_idea", "plain_reason"]

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_TONIC = re.compile(
    r"\b([A-G])(##?|bb?)(?= (?:major|minor|dorian|phrygian|lydian|mixolydian|locrian|aeolian|stands|natural)\b|[,;:]|$)"
)
_RULES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = []


def _rule(pattern: str) -> Callable[[Callable[[re.Match[str]], str]], Callable[[re.Match[str]], str]]:
    def add(change: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
        _RULES.append((re.compile(pattern), change))
        return change

    return add


@_rule(
    rf"({_NUMBER}) between ({_NUMBER}) and ({_NUMBER}), as ([\w-]+) plays: "
    r"from (the picture's|your words') energy(, moved by what the picture shows)?"
)
def _density(found: re.Match[str]) -> str:
    value, low, high = (float(found[group]) for group in (1, 2, 3))
    place = (value - low) / (high - low) if high > low else 0.5
    words = next(words for limit, words in _FULLNESS if place <= limit)
    return f"{words.format(style_words(found[4]))}, after {found[5]} energy{' and what it shows' if found[6] else ''}"


_FULLNESS = (
    (0.15, "as thin as {} gets"),
    (0.4, "thinner than {} usually is"),
    (0.6, "as full as {} usually is"),
    (0.85, "fuller than {} usually is"),
    (9.0, "as full as {} gets"),
)


@_rule(rf"({_NUMBER}) semitones: from (the picture's|your words') mood(, moved by what the picture shows)?")
def _height(found: re.Match[str]) -> str:
    value = round(float(found[1]))
    unit = "semitone" if abs(value) == 1 else "semitones"
    words = f"{abs(value)} {unit} {'higher' if value > 0 else 'lower'} than usual" if value else "at the usual height"
    return f"{words}, after {found[2]} mood{' and what it shows' if found[3] else ''}"


@_rule(r"as what is seen suggests")
def _seen(found: re.Match[str]) -> str:
    return "as the picture suggests"


@_rule(r"because ([\w-]+) lives in it")
def _meter(found: re.Match[str]) -> str:
    return f"the usual metre of {style_words(found[1])}"


@_rule(r"([\w-]+) (?:usually )?lives between (\d[\d.]*) and (\d[\d.]*)")
def _tempi(found: re.Match[str]) -> str:
    return f"{style_words(found[1])} is played at {found[2]} to {found[3]}"


@_rule(r"out of the (\d[\d.]*) to (\d[\d.]*) in which ([\w-]+) usually lives")
def _outside(found: re.Match[str]) -> str:
    return f"outside the {found[1]} to {found[2]} at which {style_words(found[3])} is usually played"


@_rule(rf"from how pleasant the picture looks \(valence ({_NUMBER})\)")
def _mode(found: re.Match[str]) -> str:
    return f"because the picture looks {valence_words(float(found[1]))}"


@_rule(rf"your words turn the mood to valence ({_NUMBER})")
def _turned(found: re.Match[str]) -> str:
    return f"your words make the mood {'bright' if float(found[1]) > 0 else 'dark'}"


@_rule(r"(the picture suggests [\w ]+), and ([\w-]+) speaks ([a-z, ]+)")
def _speaks(found: re.Match[str]) -> str:
    *others, last = found[3].split(", ")
    return f"{found[1]}, but {style_words(found[2])} is played in {', '.join(others)}{' or ' if others else ''}{last}"


@_rule(
    r"Progressions of ([\w ]+?) as (.+?), coloured as ([\w-]+) speaks; a theme opens and is answered, "
    r"the last bar (is the tonic|leads back to the first)"
)
def _harmony(found: re.Match[str]) -> str:
    last = "is the tonic chord" if "tonic" in found[4] else found[4]
    return (
        f"Chord progressions in {found[1]} as {found[2]}, with the colours of {style_words(found[3])}; "
        f"a theme opens and is answered, the last bar {last}"
    )


@_rule(r"((?:[#b]*[ivIV]+[ø+o°]*|[VIvi]+)\d*/[#b]*[ivIV]+) leads to")
def _leads(found: re.Match[str]) -> str:
    return f"{with_accidentals(found[1])} leads to"


@_rule(r", ([a-z -]+): the band of ([\w-]+)\b")
def _band(found: re.Match[str]) -> str:
    return f" and {found[1]}: the usual players of this style"


@_rule(r": the band of ([\w-]+)\b")
def _soloist(found: re.Match[str]) -> str:
    return ": the usual player of this style"


@_rule(rf"\(valence ({_NUMBER}), arousal ({_NUMBER})\)")
def _felt(found: re.Match[str]) -> str:
    return f"({valence_words(float(found[1]))}, {arousal_words(float(found[2]))})"


@_rule(rf"\(([^()]+?)(?:, valence {_NUMBER})?(?:, arousal {_NUMBER})?\)")
def _read(found: re.Match[str]) -> str:
    said = re.sub(r"(\d)-(\d)", r"\1 to \2", found[1])
    return f"({said})"


@_rule(rf"\((valence|arousal) ({_NUMBER})(?:, arousal {_NUMBER})?\)")
def _only_felt(found: re.Match[str]) -> str:
    more = float(found[2]) > 0
    return f"({('brighter' if more else 'darker') if found[1] == 'valence' else ('livelier' if more else 'calmer')})"


@_rule(r"its strokes fall where")
def _strokes(found: re.Match[str]) -> str:
    return "its notes begin where"


def plain_reason(reason: Reason) -> str:
    """A reason's text; what a model wrote stays as it is."""
    return reason.text if reason.source == "model" else _plain(reason.text)


def plain_conflict(conflict: str) -> str:
    """A note of the plan or of the record."""
    return _plain(conflict)


def plain_idea(idea: str) -> str:
    """The line under the title."""
    return idea.replace("in the manner of lo fi", "in the manner of lo-fi")


_MOOD = re.compile(r"(feels )([a-z]+(?:, [a-z]+)+)(?= \()")


@cache
def _hyphened_styles() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in style_names() if "-" in name)
    return re.compile(rf"\b({names})\b", re.IGNORECASE)


def _plain(text: str) -> str:
    for pattern, change in _RULES:
        text = pattern.sub(change, text)
    text = _MOOD.sub(lambda found: found[1] + join_words(tuple(found[2].split(", "))), text)
    text = _hyphened_styles().sub(lambda found: style_words(found[1]), text)
    return _TONIC.sub(lambda found: found[1] + with_accidentals(found[2]), text)


_SIGNATURE = re.compile(r"\b(no accidentals|\d sharps?|\d flats?), (major|minor) third; the notes\b")
_RESTS = re.compile(r"\b(rest on|centre on) ([A-G](?:##?|bb?)?), (major|minor) third")
_RESTS_ELSEWHERE = re.compile(r"though they rest on ([A-G](?:##?|bb?)?), (major|minor) third")
_PERCENT = re.compile(r"(\d) %")
_SCALE = re.compile(r", (\d+%) in ([A-G](?:##?|bb?)? \w+)")
_SECONDS = re.compile(r"\b(\d+)\.00 s\b")


def plain_finding(text: str) -> str:
    """What a check asked for or found in a file: "1 flat, minor third; the notes rest on D, ... 100 % in D minor" as musicians say it."""
    text = _SIGNATURE.sub(r"signature of \1 and a \2 third; the notes", text)
    text = _RESTS_ELSEWHERE.sub(r"though they rest on \1 with a \2 third", text)
    text = _RESTS.sub(r"\1 \2 with a \3 third", text)
    text = _SCALE.sub(r", and \1 of them lie in \2", _PERCENT.sub(r"\1%", text))
    text = text.replace(", all full", " bars, each one full").replace(", not all full", " bars, not each one full")
    text = text.replace("signature of no accidentals", "no sharps or flats").replace("(no accidentals)", "(no sharps or flats)")
    text = _SECONDS.sub(r"\1 s", text)
    return re.sub(r"\b([A-G])(##?|bb?)(?=[ ,;:)]|$)", lambda found: found[1] + with_accidentals(found[2]), text)
