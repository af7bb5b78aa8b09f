"""What an edit changed and what stayed, in plain words, counted from the notes of both pieces.

    tempo 96 instead of 72; notes the same
    key E minor instead of C major; tune and bass moved up a major third; the rest new

Nothing is said on trust: a part is "the same" where every note has its place, its length and its pitch, and "moved" where all of its
pitches lie off by one interval. Knows nothing of how the edit was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from img2music.pipeline.recomposition.kept_parts import craft_of
from img2music.report.text_format import format_clock, format_number, join_words
from img2music.theory.transposition import interval_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from img2music.piece import Piece
    from img2music.score import Part

__all__ = ["choice_words", "note_words", "plan_words"]

_SHOWN = {"melody": "tune", "counter": "second voice"}
_NAMES = {
    "meter": "metre",
    "words": "words",
    "seconds": "length",
    "pipeline": "pipeline",
    "density": "fullness",
}


def note_words(old: Piece, new: Piece) -> str:
    """What became of the notes: "notes the same", "tune the same; drums new", "tune the same but for 3 of 29 notes"."""
    before = {part.id: part for part in old.score.parts}
    said: dict[str, list[str]] = {}
    for part in new.score.parts:
        was = before.get(part.id)
        craft = craft_of(part)
        alone = sum(craft_of(one) == craft for one in new.score.parts) == 1
        shown = _SHOWN.get(craft, craft) if alone else part.name
        said.setdefault("new" if was is None else _became(was, part, old, new), []).append(shown)
    if set(said) == {"the same"}:
        return "notes the same"
    pitched = {words for words, parts in said.items() if set(parts) != {"drums"}}
    if len(pitched) == 1 and len(said) <= 2 and pitched != {"new"} and set(said) <= pitched | {"the same"}:
        return f"all notes {pitched.pop()}"
    if set(said) == {"new"}:
        return "all notes new"
    ordered = sorted(said.items(), key=lambda one: (one[0] == "new", one[0] != "the same"))
    return "; ".join(f"{join_words(tuple(parts))} {words}" for words, parts in ordered)


def plan_words(old: Piece, new: Piece) -> list[str]:
    """Where two plans differ in what people hear first: "tempo 96 instead of 72", "waltz instead of pop"."""
    before, after = old.plan, new.plan
    said = []
    for name, was, now in (
        ("style", before.style, after.style),
        ("key", before.key, after.key),
        ("metre", before.meter, after.meter),
        ("tempo", format_number(round(before.tempo_bpm, 1)), format_number(round(after.tempo_bpm, 1))),
        ("length", format_clock(before.seconds), format_clock(after.seconds)),
    ):
        if was != now:
            said.append(f"{name} {now} instead of {was}")
    bands = [tuple(dict.fromkeys(part.instrument for part in plan.parts)) for plan in (before, after)]
    if bands[0] != bands[1]:
        said.append(f"played by {join_words(bands[1])}")
    return said


def choice_words(differences: Mapping[str, tuple[Any, Any]]) -> list[str]:
    """Choices that were changed, for people: "length 90 instead of 60", "words "at night"", "style as the picture has it"."""
    said = []
    for name, (now, was) in differences.items():
        shown = _NAMES.get(name, name)
        if now in ("", None, (), False):
            said.append("no loop" if name == "loop" else f"{shown} as the picture has it")
        elif name == "words":
            said.append(f"words {now!r}")
        elif name == "loop":
            said.append("a loop")
        else:
            said.append(f"{shown} {_value(now)}" + ("" if was in ("", None, ()) else f" instead of {_value(was)}"))
    return said


def _value(value: Any) -> str:
    if isinstance(value, float):
        return format_number(value)
    return join_words(value) if isinstance(value, tuple) else str(value)


def _became(was: Part, now: Part, old: Piece, new: Piece) -> str:
    """As "the same", "moved up a fourth", "the same but for 3 of 29 notes" or "new"."""
    one, other = _notes(was), _notes(now)
    if one == other:
        return "the same"
    if one and [note[:2] for note in one] == [note[:2] for note in other]:
        way = _way({after[2] - before[2] for before, after in zip(one, other, strict=True)})
        if way:
            return way
        if old.plan.parsed_key.mode != new.plan.parsed_key.mode:
            return f"by its degrees in {new.plan.parsed_key.mode}"
    same = len(set(one) & set(other))
    return f"the same but for {len(one) - same} of {len(one)} notes" if one and 2 * same >= len(one) else "new"


def _way(moves: set[int]) -> str:
    """How all notes moved, by these semitones; "" where they did not move alike."""
    if len({move % 12 for move in moves}) > 1:
        return ""
    way = interval_name(min(moves, key=abs))
    others = ", some phrases by another octave" if len(moves) > 1 else ""
    return f"moved {way}{others}" if way else "the same, some phrases in another octave"


def _notes(part: Part) -> list[tuple[Fraction, Fraction, int]]:
    return sorted((note.onset_quarters, note.duration_quarters, note.pitch) for note in part.notes)
