"""What the words that were read come to: one feeling, one tempo, one key, one style, and what was contradictory.

The feeling is the mean of the words, strong ones before faint ones; those for feelings count twice as much as tempo and circumstances
(occasions, places, hours, weather), for a sad wedding is sad. Of exact things (tempo, length, key, metre, style) the first counts and the
others are left aside, which is said. Rules and figures are our choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.theory import instrument
from img2music.words.parse_result import ReadWord, UnreadWord, WordsReading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from img2music.words.parse_result import ParseState

__all__ = ["resolve_words", "shortened"]

_FEELINGS = frozenset({"moods", "characters"})
_TURNED, _TURNED_TOO = -0.5, -0.25
""""not sad" is somewhat happy, "not too happy" a little less so."""
_CIRCUMSTANCE, _FAINT = 0.5, 0.05
_PULL_APART = 0.4
"""Two words for feelings this far on either side of the middle contradict each other."""
_SLOWEST_FAST, _FASTEST_SLOW = 100.0, 84.0
_NOT_FAST, _NOT_SLOW, _NOT_TOO_FAST, _NOT_TOO_SLOW = (60.0, 96.0), (104.0, 140.0), (76.0, 112.0), (84.0, 120.0)
_MOST_ASIDE, _MOST_PLAYERS = 20, 12


def resolve_words(walk: ParseState) -> WordsReading:
    """What the words of `walk` ask for, taken together."""
    conflicts: list[str] = []
    aside = [UnreadWord(shortened(walk.text[start:end]), reason) for start, end, reason in _joined(walk)]
    read = list(walk.read)

    def first(kind: str) -> str | None:
        return _first([one for one in read if one.meaning == kind and not one.negated], lambda one: one.value, kind, aside, read)

    key = first("key")
    conflicts += _opposites(read)
    bpm, seconds = first("bpm"), first("seconds")
    meter = first("meter") or _first(
        [one for one in read if one.does.meter and not one.negated], lambda one: str(one.does.meter),
        "metre", [], [],
    )  # fmt: skip
    mode = _mode(read, key)
    style = _style(read, aside)
    tempo_range, factor = _tempo(read, bpm, conflicts)
    moods = [one for one in read if one.does.group in _FEELINGS]
    valence = _feeling(read, "valence", conflicts)
    arousal = _feeling(read, "arousal", conflicts)
    instruments, only, without = _band(read)
    if len(instruments) > _MOST_PLAYERS:
        aside.append(UnreadWord(", ".join(instruments[_MOST_PLAYERS:]), f"words name at most {_MOST_PLAYERS} instruments"))
        instruments = instruments[:_MOST_PLAYERS]
    trend = _trend(read, conflicts)
    ends = [one.does.end_mode for one in read if one.does.end_mode and not one.negated]
    loops = [not one.negated for one in read if one.does.loop]
    return WordsReading(
        read=tuple(read),
        aside=tuple(aside[:_MOST_ASIDE])
        + ((UnreadWord(f"and {len(aside) - _MOST_ASIDE} more", ""),) if len(aside) > _MOST_ASIDE else ()),
        valence=valence,
        arousal=arousal,
        seconds=float(seconds) if seconds else None,
        tempo_bpm=float(bpm) if bpm else None,
        tempo_range=tempo_range,
        tempo_factor=factor,
        tempo_trend=trend,
        key=key,
        mode=mode,
        end_mode=ends[0] if ends else None,
        meter=meter,
        style=style.does.style if style else None,
        style_words=style.words if style else "",
        style_near=bool(style and style.does.near),
        not_styles=tuple(dict.fromkeys(one.does.style for one in read if one.negated and one.does.style)),
        instruments=instruments,
        only=only,
        without=without,
        loop=loops[0] if loops else None,
        conflicts=tuple(conflicts),
        moods=tuple(dict.fromkeys(one.meaning.replace("_", " ") for one in moods if not one.negated)),
    )


def shortened(text: str) -> str:
    """`text` as it is quoted: at most 60 letters."""
    return text if len(text) <= 60 else f"{text[:59]}…"


def _joined(walk: ParseState) -> list[tuple[int, int, str]]:
    """Neighbours that were left aside for one reason, as one phrase."""
    joined: list[tuple[int, int, str]] = []
    for start, end, reason in walk.aside:
        if joined and joined[-1][2] == reason and walk.text[joined[-1][1] : start].strip() == "" and end - joined[-1][0] <= 60:
            joined[-1] = (joined[-1][0], end, reason)
        else:
            joined.append((start, end, reason))
    return [(start, end, reason or "its explanation says nothing to the tables") for start, end, reason in joined]


def _first(
    found: Sequence[ReadWord], value: Callable[[ReadWord], str], kind: str, aside: list[UnreadWord], read: list[ReadWord]
) -> str | None:
    """The first value; others are left aside, and are not among what was read any more."""
    values = [value(one) for one in found]
    for one, other in zip(found, values, strict=True):
        if other != values[0]:
            aside.append(UnreadWord(one.words, f"words name one {_NAMES.get(kind, kind)}, {values[0]}{_SEVERAL.get(kind, '')}"))
            if one in read:
                read.remove(one)
    return values[0] if values else None


_SEVERAL = {"bpm": "; two are asked for with --tempo 72-96", "key": "; several are asked for with --key"}
_NAMES = {"bpm": "tempo", "seconds": "length", "meter": "metre"}


def _opposites(read: Sequence[ReadWord]) -> list[str]:
    """Sentences for players, modes and loops that are both wanted and not."""
    told = []
    out = {name for one in read if one.negated for name in _left_out(one)}
    both = dict.fromkeys(one.does.instrument for one in read if one.does.instrument in out and not one.negated)
    told += [f"your words both want and refuse {name}; it was left out" for name in both if name]
    modes = dict.fromkeys(one.does.mode for one in read if one.does.mode and not one.negated)
    if len(modes) > 1:
        told.append(f"your words ask for {' and '.join(map(str, modes))}; {next(iter(modes))}, which stands first, was taken")
    if len({one.negated for one in read if one.does.loop}) > 1:
        told.append("your words both want and refuse a loop; what stands first was taken")
    return told


def _left_out(one: ReadWord) -> tuple[str, ...]:
    kept = one.does.leave_out or ()
    return (kept,) if isinstance(kept, str) else kept


def _mode(read: Sequence[ReadWord], key: str | None) -> str | None:
    if key:
        return None
    opposite = {"major": "minor", "minor": "major"}
    for one in read:
        if one.does.mode:
            return opposite.get(one.does.mode) if one.negated else one.does.mode
    return None


def _style(read: Sequence[ReadWord], aside: list[UnreadWord]) -> ReadWord | None:
    """The word that names the style: genres before places, exact names before near and general ones, the first of equals."""
    named = [one for one in read if one.does.style and not one.negated]
    if not named:
        return None

    def rank(one: ReadWord) -> tuple[bool, bool]:
        return one.does.group != "genres", one.does.near or one.does.general

    best = min(named, key=rank)
    aside += [
        UnreadWord(other.words, f"a piece has one style, {best.does.style}")
        for other in named
        if other.does.style != best.does.style and other.does.group == "genres" and not other.does.meter
    ]
    return best


def _tempo(read: Sequence[ReadWord], bpm: str | None, conflicts: list[str]) -> tuple[tuple[float, float] | None, float]:
    factor = 1.0
    ranges: list[tuple[tuple[float, float], ReadWord]] = []
    for one in read:
        does = one.does
        if does.tempo_factor:
            factor *= 1 / does.tempo_factor if one.negated else does.tempo_factor
        if does.tempo_bpm:
            ranges.append((_range(does.tempo_bpm, one), one))
    if bpm is not None:
        return None, 1.0
    exact = [item for item in ranges if item[1].does.group == "tempos"] or ranges
    slow = [item for item in exact if item[0][1] <= _FASTEST_SLOW]
    fast = [item for item in exact if item[0][0] >= _SLOWEST_FAST]
    if slow and fast:
        conflicts.append(
            f"your words ask for {_said(slow[0][1])} and for {_said(fast[0][1])}; they cancel each other, and the picture decides the tempo"
        )
        return None, factor
    exact.sort(key=lambda item: item[1].negated)  # what is wanted before what is not
    return (exact[0][0], factor) if exact else (None, min(2.0, max(0.5, factor)))


def _trend(read: Sequence[ReadWord], conflicts: list[str]) -> float | None:
    """The last tempo beside the first; None where no word asks for a change, or words ask for both ways."""
    found = [(one.does.tempo_trend, one) for one in read if one.does.tempo_trend and not one.negated]
    other = next((one for trend, one in found if (trend > 1) != (found[0][0] > 1)), None)
    if other is not None:
        conflicts.append(
            f"your words ask for {_said(found[0][1])} and for {_said(other)}; they cancel each other, and the tempo stays"
        )
        return None
    return found[0][0] if found else None


def _said(one: ReadWord) -> str:
    return f"“{one.words}”"


def _range(limits: tuple[float, float], one: ReadWord) -> tuple[float, float]:
    """The tempi that a word allows, with its degree and its negation."""
    low, high = limits
    if one.negated:
        if low >= _SLOWEST_FAST:
            return _NOT_TOO_FAST if one.value == "too" else _NOT_FAST
        if high <= _FASTEST_SLOW:
            return _NOT_TOO_SLOW if one.value == "too" else _NOT_SLOW
        return (40.0, 200.0)
    if one.does.name in {"slow", "fast"} and one.degree != 1:
        share = one.degree - 1
        if one.does.name == "fast":
            return low * (1 + 0.25 * share), min(208.0, high * (1 + 0.25 * share))
        return max(36.0, low * (1 - 0.35 * share)), high * (1 - 0.35 * share)
    return low, high


def _feeling(read: Sequence[ReadWord], axis: str, conflicts: list[str]) -> float | None:
    """The mean of what the words feel like: words for feelings count in full, words for tempo and circumstances half as much."""
    values: list[tuple[float, float, ReadWord]] = []
    for one in read:
        base = getattr(one.does, axis)
        if base is not None:
            factor = (_TURNED_TOO if one.value == "too" else _TURNED) if one.negated else one.degree
            values.append((max(-1.0, min(1.0, base * factor)), 1.0 if one.does.group in _FEELINGS else _CIRCUMSTANCE, one))
    if not values:
        return None
    felt = [item for item in values if item[1] == 1.0] or [(0.0, 1.0, values[0][2])]
    low, high = min(felt, key=lambda item: item[0]), max(felt, key=lambda item: item[0])
    if low[0] <= -_PULL_APART and high[0] >= _PULL_APART:
        what = "pleasant and unpleasant" if axis == "valence" else "calm and lively"
        conflicts.append(f"your words pull apart, {what}: {_said(low[2])} and {_said(high[2])}; the middle was taken")
    weights = [weight * (_FAINT + abs(value)) for value, weight, _ in values]  # a strong word says more than a faint one
    return round(sum(item[0] * weight for item, weight in zip(values, weights, strict=True)) / sum(weights), 3)


def _band(read: Sequence[ReadWord]) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """Who plays, whether they are all, and who is kept out."""
    wanted: list[str] = []
    without: list[str] = []
    only = False
    for one in read:
        does = one.does
        if one.negated:
            without += _left_out(one)
        elif does.instrument:
            wanted.append(does.instrument)
            only = only or one.value == "only"
    outside = set(without)
    if sum(instrument(name).kit for name in dict.fromkeys(wanted)) > 1:
        outside.add("drums")  # "drums, 808s": one kit, the one that is named more exactly
    return (
        tuple(name for name in dict.fromkeys(wanted) if name not in outside),
        only and bool(wanted),
        tuple(dict.fromkeys(without)),
    )
