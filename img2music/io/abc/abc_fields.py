"""Keys, pitches and tempi as ABC writes them, and what K:, Q:, V: and P: say: own accidentals, clefs that shift octaves, transposition, parts.

Conventions: octaves and semitones are added to the pitch that is written; a signature is the alteration of each step, C to B. Source: C.
Walshaw, *The abc music standard 2.1* (2011), sections 3.1.9 (parts), 3.1.14 (key) and 4.6 (clefs and transposition).

Where readers differ: of a clef with ±8 and ``octave=`` in one field the clef counts, they do not add up; a later field takes the place
of an earlier one; ``transpose=`` of the key and of the voice do add up (so abc2midi). A later clef without ±8 ends an earlier clef's
octave, ``octave=0`` either, and ``exp`` within a tune leaves none of the accidentals before it (abc2midi does none of these: its first
octave stays for ever, but nobody writes a clef that means nothing). ``middle=`` and the clefs ``^8`` and ``_8`` of abcm2ps change only
what is drawn. A part that the tune does not have is left out (abc2midi stops there). Knows nothing of notes and bars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from img2music.errors import UsageError
from img2music.theory import MODES, Key, SpelledPitch, pitch_class_name
from img2music.theory.pitch import fifths_of, parse_pitch_class, spell

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "KeyField",
    "Transposition",
    "format_key_field",
    "format_pitch",
    "key_signature",
    "parse_key_field",
    "parse_part_order",
    "parse_tempo",
    "parse_transposition",
    "transpose_key",
    "transpose_pitch",
]

_MODES_READ = {
    "": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor", "aeo": "minor", "dor": "dorian", "phr": "phrygian",
    "lyd": "lydian", "mix": "mixolydian",
}  # fmt: skip
_MODES_WRITTEN = {"major": "", "minor": "m", "dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix"}
_ACCIDENTALS_WRITTEN = {-2: "__", -1: "_", 0: "", 1: "^", 2: "^^"}
_LOCRIAN = 5  # fifths of its tonic above the major tonic; it is no mode of ours, but has a signature
_PIPES = {"F": 1, "C": 1}
"""Highland bagpipes: HP draws no signature and Hp does, and both sound F# and C#."""
_SIGN_NAMES = str.maketrans({"♯": "^", "♭": "_", "♮": "=", "𝄪": "^^", "𝄫": "__"})
_ALTERS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
_CLEF_NAME = r"treble|bass|baritone|tenor|alto|mezzosoprano|mezzo|soprano|perc|none|auto|[GCF](?=[1-5])"
_CLEF = re.compile(rf"(?<!\S)(?:clef\s*=\s*)?\"?(?:{_CLEF_NAME})[1-5]?(?P<shift>[+^_-](?:8|15|22))?(?:va|vb)?\"?(?!\S)")
_PARAMETER = re.compile(
    r"(?<!\S)(?P<name>clef|octave|transpose|middle|stafflines|staffscale|score|sound|shift|style|cue|name|nm|subname|snm|sname)"
    r"\s*=\s*(?P<value>\"[^\"]*\"|\S+)"
    r"|(?<!\S)(?P<short>[mt])=(?P<drawn>-?\d+|[A-Ga-g][,']*)(?!\S)"
)
_ACCIDENTAL = re.compile(r"(?P<sign>\^{1,2}|_{1,2}|=)(?P<step>[A-Ga-g])[,']*")
_MOST_OCTAVES, _MOST_SEMITONES = 4, 48
_MOST_PARTS = 1000
"""Parts that an order may play; more is no music but a trap."""


@dataclass(slots=True)
class Transposition:
    """How much higher a voice sounds than it is written; None where nothing is said."""

    clef: int | None = None
    """Octaves, by a clef with ±8."""
    octave: int | None = None
    """Octaves, by ``octave=``."""
    semitones: int | None = None
    """By ``transpose=`` of K:."""
    voice: int = 0
    """Semitones by ``transpose=`` of V:, beside those."""

    def octaves(self, head: Transposition) -> int:
        """What holds for a voice, if `head` is what the head of the tune says for all."""
        clef = head.clef if self.clef is None else self.clef
        octave = head.octave if self.octave is None else self.octave
        return clef or octave or 0

    def transposed(self, head: Transposition) -> int:
        """Semitones, likewise."""
        return ((head.semitones if self.semitones is None else self.semitones) or 0) + self.voice

    def update(self, other: Transposition) -> None:
        """Takes over what `other` says."""
        if other.clef is not None or other.octave is not None:
            self.clef = other.clef or 0  # octave= takes the place of an earlier clef's
        self.octave = self.octave if other.octave is None else other.octave
        self.semitones = self.semitones if other.semitones is None else other.semitones


@dataclass(frozen=True, slots=True)
class KeyField:
    """What a field K: says of pitches; None for what it does not say or what can't be read."""

    key: Key | None
    """None also where no key of ours has these accidentals."""
    signature: Mapping[str, int] | None


def key_signature(key: Key) -> dict[str, int]:
    """The alteration of each step in a key."""
    names = (pitch_class_name(fifths)[0] for fifths in key.scale)
    return {step: (fifths - fifths_of(step, 0)) // 7 for step, fifths in zip(names, key.scale, strict=True)}


def parse_key_field(text: str) -> KeyField:
    """A key such as ``Ddor``, ``F# minor``, ``D =c``, ``C exp _B _e ^f``, ``Hp`` or ``none``, whatever clefs stand behind it."""
    said = _CLEF.sub(" ", _PARAMETER.sub(" ", f" {text}")).strip()
    if text.split()[:1] == ["none"]:
        return KeyField(None, dict.fromkeys("CDEFGAB", 0))
    if said[:2] in {"HP", "Hp"}:
        return KeyField(None, dict.fromkeys("CDEFGAB", 0) | _PIPES)
    match = re.match(r"([A-G])([#b♯♭]?)\s*([A-Za-z]*)", said)
    if match is None:
        return KeyField(None, None)
    word, rest = match[3].lower(), said[match.end() :].translate(_SIGN_NAMES)
    own = {found["step"].upper(): _ALTERS[found["sign"]] for found in _ACCIDENTAL.finditer(rest)}
    tonic = parse_pitch_class(match[1] + match[2])
    explicit = word.startswith("exp") or bool(re.match(r"\s*exp", rest))
    if word in {"none", "exp"} or (explicit and not word):
        signature = dict.fromkeys("CDEFGAB", 0) | own
        return KeyField(_named(tonic, signature) if own else None, signature)
    if word[:3] == "loc":
        key, home = None, _parsed(tonic - _LOCRIAN, "major")
    else:
        home = key = _parsed(tonic, _MODES_READ.get(word[:3] if word != "m" else "m"))
    return KeyField(key, None if home is None else key_signature(home) | own)


def _parsed(tonic: int, mode: str | None) -> Key | None:
    if mode is None or not -8 <= tonic <= 12:
        return None
    try:
        return Key.parse(f"{pitch_class_name(tonic)} {mode}")
    except UsageError:
        return None


def _named(tonic: int, signature: Mapping[str, int]) -> Key | None:
    """The key on `tonic` that has just these accidentals, if there is one."""
    keys = (_parsed(tonic, mode) for mode in MODES)
    return next((key for key in keys if key is not None and key_signature(key) == signature), None)


def parse_transposition(text: str) -> Transposition:
    """What the clef, ``octave=`` and ``transpose=`` of a field K: or V: say.

    >>> parse_transposition("Am clef=treble-8 transpose=2")
    Transposition(clef=-1, octave=None, semitones=2)
    """
    shift = Transposition()
    plain = text
    for found in _PARAMETER.finditer(text):
        value = found["value"] or ""
        if found["name"] == "octave" and re.fullmatch(r"[+-]?\d", value) and abs(int(value)) <= _MOST_OCTAVES:
            shift.octave = int(value)
        elif found["name"] == "transpose" and re.fullmatch(r"[+-]?\d{1,2}", value) and abs(int(value)) <= _MOST_SEMITONES:
            shift.semitones = int(value)
        if found["name"] != "clef":
            plain = plain.replace(found[0], " ")
    # The first word of K: is its key, where "none" is no clef and "C" none either.
    clef = _CLEF.search(re.sub(r"^\s*none\b", " ", plain))
    if clef is not None:
        sign, size = (clef["shift"] or "+")[0], {"8": 1, "15": 2, "22": 3}.get((clef["shift"] or "")[1:], 0)
        shift.clef = {"+": size, "-": -size}.get(sign, 0)
    return shift


def transpose_key(key: Key, semitones: int) -> Key:
    """The key so much higher, written with as few accidentals as may be."""
    fifths = _fifths(semitones)
    keys = [Key(key.tonic + step, key.mode) for step in (fifths, fifths - 12, fifths + 12)]
    return min(keys, key=lambda one: abs(one.signature))


def transpose_pitch(pitch: SpelledPitch, semitones: int, key: Key | None) -> SpelledPitch:
    """A pitch so much higher, spelled as in `key` moved likewise."""
    if not semitones:
        return pitch
    away = transpose_key(key, semitones).tonic - key.tonic if key is not None else _fifths(semitones)
    place = fifths_of(pitch.step, pitch.alter) + away
    while place < -15:  # beyond double accidentals
        place += 12
    while place > 19:
        place -= 12
    return spell(pitch.midi + semitones, place)


def _fifths(semitones: int) -> int:
    """An interval as steps on the line of fifths, -5 to 6."""
    return (7 * semitones + 5) % 12 - 5


def parse_part_order(text: str) -> tuple[str, tuple[str, ...]]:
    """The order that a field P: of the head gives, as one letter a part, and what is wrong with it.

    >>> parse_part_order("A.(AB)2C3")[0]
    'AABABCCC'
    """
    faults: list[str] = []
    groups: list[str] = [""]
    last = ""
    for sign in re.findall(r"[A-Za-z]|[()]|\d+|[^\s.\-]", text[:400]):
        if sign == "(":
            groups.append("")
            last = ""
        elif sign == ")":
            if len(groups) == 1:
                faults.append("a bracket too many")
                continue
            last = groups.pop()
            groups[-1] += last
        elif sign.isdecimal():
            # The first time is there already; a part is played once at least.
            times = max(0, int(sign[:6]) - 1)
            if last:
                groups[-1] += last * min(times, _MOST_PARTS // len(last) + 1)
            else:
                faults.append(f"the number {sign[:6]} behind nothing")
            last = ""
        elif sign.isalpha() and sign.isascii():
            last = sign.upper()
            groups[-1] += last
        else:
            faults.append(f"{sign!r} can't be read")
        groups[-1] = groups[-1][: _MOST_PARTS + 1]
    if len(groups) > 1:
        faults.append("a bracket that is not closed")
    order = "".join(groups)
    if len(order) > _MOST_PARTS:
        faults.append(f"more than {_MOST_PARTS} parts")
    return order[:_MOST_PARTS], tuple(
        f"P: has {fault}" if not fault.startswith("'") else f"in P: {fault}" for fault in faults[:4]
    )


def format_pitch(pitch: SpelledPitch, *, natural: str = "") -> str:
    """A pitch as ABC writes it; `natural` stands before naturals, "=" where the key must not change them.

    >>> format_pitch(SpelledPitch("F", 1, 5)), format_pitch(SpelledPitch("C", 0, 2))
    ('^f', 'C,,')
    """
    letter = pitch.step.lower() if pitch.octave > 4 else pitch.step
    return (
        (_ACCIDENTALS_WRITTEN[pitch.alter] or natural)
        + letter
        + ("'" * (pitch.octave - 5) if pitch.octave > 4 else "," * (4 - pitch.octave))
    )


def format_key_field(key: Key) -> str:
    """A key as the field K: names it: "Ddor"."""
    return pitch_class_name(key.tonic) + _MODES_WRITTEN[key.mode]


def parse_tempo(text: str) -> float | None:
    """Quarter notes a minute of "1/4=90", "3/8=60" or "90"."""
    match = re.search(r"(?:(\d{1,2})/(\d{1,3})\s*=\s*)?(\d{1,5}(?:\.\d{1,4})?)\s*(?:\"|$)", text)
    if match is None:
        return None
    beat = Fraction(int(match[1]), int(match[2])) * 4 if match[1] and int(match[2]) else Fraction(1)
    return float(match[3]) * float(beat)
