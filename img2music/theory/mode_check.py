"""Do numerals belong to their mode? Somebody who changes "D major" to "E minor" and leaves ``I IV V`` gets E major.

A numeral's case makes the chord whatever the mode is (`theory.chords`), so the words of a key can't be trusted alone. The numerals
contradict the mode where most chords on the tonic have the other third, and where another mode with that third holds more of the
chords, read in it, than the mode that is named. That leaves alone what is borrowed: V in minor, a last major chord in minor
(the Picardy third), iv and bVII in major, a blues' I7, and the major tonic of Andalusian phrygian, whose other chords are phrygian.
Knows nothing of notes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.errors import Img2MusicError
from img2music.theory.chords import Chord, parse_bar
from img2music.theory.keys import MODES, Key
from img2music.theory.pitch import pitch_class

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ModeContradiction", "find_mode_contradiction"]

_RAISED = {"minor": (11, (7, 11)), "phrygian": (4, (0,))}
"""What a mode raises as a matter of course, and over which roots, in semitones above the tonic: the leading tone of minor in the chords of
its dominant, and the major third on which Andalusian phrygian rests (P. Manuel, *Yearbook for Traditional Music* 21, 1989)."""
_MOST_WRONG = 0.5
"""Of the chords on the tonic with a third, outside the last bar."""
_MOST_NUMERALS, _MOST_BARS = 4, 6
"""That are named, and bars of each."""


@dataclass(frozen=True, slots=True)
class ModeContradiction:
    """Numerals of another mode than the plan names."""

    key: Key
    """What is named."""
    meant: Key
    """The same tonic in the mode that holds most of the numerals."""
    numerals: tuple[tuple[str, tuple[int, ...]], ...]
    """Those that belong to `meant` and not to `key`, the most frequent first, each with its bars from 1."""
    touched: int
    """How many bars hold one of them."""
    bars: int
    """How many there are."""

    @property
    def text(self) -> str:
        """One sentence that says where it is and what to do."""
        home = "i" if self.key.is_minor else "I"
        return (
            f"the key says {self.key.name}, but {self.where}, and the notes follow the numerals; write them in {self.key.mode} "
            f"({home} for the tonic), or make the key {self.meant.name}"
        )

    @property
    def where(self) -> str:
        """The half of it that says where."""
        named = [f"{numeral} in {_bars(numbers)}" for numeral, numbers in self.numerals[:_MOST_NUMERALS]]
        rest = len(self.numerals) - len(named)
        listed = ", ".join(named) + (f" and {rest} more" if rest > 0 else "")
        return f"the numerals are those of {self.meant.mode} ({listed}; {self.touched} of {self.bars} bars)"


def find_mode_contradiction(bars: Sequence[str], key: Key) -> ModeContradiction | None:
    """Where the numerals contradict the mode of `key`; None where they don't.

    Args:
        bars: one string of numerals a bar, of a whole piece, all of which can be read.
        key: what the piece is said to be in.
    """
    wrong = _wrong_tonics(bars, key)
    if wrong is None or wrong <= _MOST_WRONG:
        return None
    others = [Key(key.tonic, mode) for mode in MODES if Key(key.tonic, mode).is_minor != key.is_minor]
    shares = [_share(bars, other) for other in others]
    best = max(range(len(others)), key=lambda place: (shares[place], others[place].mode in {"major", "minor"}))
    if shares[best] <= _share(bars, key):
        return None
    meant = others[best]
    found: dict[str, list[int]] = defaultdict(list)
    for number, bar in enumerate(bars, 1):
        for chord in dict.fromkeys(parse_bar(bar, key)):
            if not _belongs(chord, key) and _belongs(Chord.parse(chord.numeral, meant), meant):
                found[chord.numeral].append(number)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[1]))
    touched = {number for numbers in found.values() for number in numbers}
    numerals = tuple((numeral, tuple(numbers)) for numeral, numbers in ordered)
    return ModeContradiction(key, _writable(meant), numerals, len(touched), len(bars))


def _wrong_tonics(bars: Sequence[str], key: Key) -> float | None:
    """The share of chords on the tonic whose third is the other one, 0..1; None without any that has a third.

    The last bar is left out, because a piece in minor may end in major; so are chords that are named as somebody's dominant.
    """
    minor, major = -3, 4
    right, other = (minor, major) if key.is_minor else (major, minor)
    good = bad = 0.0
    for bar in bars[:-1]:
        chords = parse_bar(bar, key)
        for chord in chords:
            if chord.root == key.tonic and "/" not in chord.numeral:
                above = {member - chord.root for member in chord.members}
                good += (right in above) / len(chords)
                bad += (other in above) / len(chords)
    return bad / (good + bad) if good + bad else None


def _share(bars: Sequence[str], key: Key) -> float:
    """The share of a plan's bars whose chords, read in `key`, belong to it, 0..1."""
    shares = []
    for bar in bars:
        chords = parse_bar(bar, key)
        shares.append(sum(_belongs(chord, key) for chord in chords) / len(chords))
    return sum(shares) / len(shares)


def _belongs(chord: Chord, key: Key) -> bool:
    """Whether all of a chord lies in the scale and what its mode raises."""
    tonic, *_ = scale = key.pitch_classes
    raised, roots = _RAISED.get(key.mode, (0, ()))
    over = (pitch_class(chord.root) - tonic) % 12 in roots
    return set(chord.pitch_classes) <= {*scale, *({(tonic + raised) % 12} if over else ())}


def _bars(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MOST_BARS]))
    more = " ..." if len(numbers) > _MOST_BARS else ""
    return f"bar{'s' * (len(numbers) > 1)} {shown}{more}"


def _writable(key: Key) -> Key:
    """The key, or the same one under its other name where it has more than seven accidentals."""
    try:
        return Key.parse(key.name)
    except Img2MusicError:
        return Key(key.tonic - 12 if key.signature > 0 else key.tonic + 12, key.mode)
