"""Instruments that the eye names, and what plays when it does: the music of what is really there.

Every class of ImageNet-1k that is an instrument, or a thing that one is played with, by its name in `assets/seeing/classes.tsv`: who
plays for it, the likeliest first (a style that seats a later one takes that), and its kin, among which networks err. What has no pitch
gets a place among the percussion. Which rule plays which General MIDI sound is plain where the sound exists; a gong and a referee's whistle
have none of their own, and the nearest stands for them (our choice).

Cues are called `instrument_` and the class's name ("instrument_acoustic_guitar"), their value is the share of the networks' probability
(0..1). From `SURE` on, or from `AMONG_MANY` where the eye is sure of an instrument and torn between several, it plays: the floor at which
the eye names any subject, and half of it. Knows nothing of pixels and of notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AMONG_MANY",
    "INSTRUMENT_PREFIX",
    "INSTRUMENT_RULES",
    "SURE",
    "InstrumentRule",
    "RecognisedInstrument",
    "instrument_cue",
    "named_instrument_cue",
    "recognised_instruments",
]

INSTRUMENT_PREFIX = "instrument_"
SURE = 0.5
"""Share from which the eye says what it sees: 93 of 100 familiar subjects are then named rightly (`perceivers.image.recognition`)."""
AMONG_MANY = 0.25
"""Share from which one of several instruments counts, where together they reach `SURE`. Our choice: two halves of a certain whole."""


class InstrumentRule(NamedTuple):
    """What plays for a class."""

    players: tuple[str, ...]
    """Names of `theory.instruments`, the likeliest first; of percussion, the kit where the style has none of its own."""
    kin: str
    """Classes of one kin are easily taken for one another."""
    percussion: str = ""
    """For what has no pitch: the pattern of the role "drums"; "kit" is the style's own drummer."""

    @property
    def sings(self) -> bool:
        """Whether it can carry a tune."""
        return not self.percussion


INSTRUMENT_RULES: dict[str, InstrumentRule] = {
    "accordion": InstrumentRule(("accordion",), "free reed"),
    "acoustic guitar": InstrumentRule(("steel guitar", "classical guitar"), "guitar"),
    "banjo": InstrumentRule(("banjo",), "guitar"),
    "bassoon": InstrumentRule(("bassoon",), "woodwind"),
    "bell or wind chime": InstrumentRule(("tubular bells",), "bells"),
    "cello": InstrumentRule(("cello",), "bowed"),
    "cornet trumpet": InstrumentRule(("trumpet",), "brass"),
    "drum": InstrumentRule(("drums",), "drum", "kit"),
    "drumstick": InstrumentRule(("drums",), "drum", "kit"),
    "electric guitar": InstrumentRule(("electric guitar",), "guitar"),
    "flute": InstrumentRule(("flute",), "woodwind"),
    "French horn": InstrumentRule(("horn",), "brass"),
    "gong": InstrumentRule(("drums",), "gong", "gong"),
    "grand piano": InstrumentRule(("piano",), "piano"),
    "harmonica": InstrumentRule(("harmonica",), "free reed"),
    "harp": InstrumentRule(("harp",), "harp"),
    "maraca": InstrumentRule(("drums",), "shaken", "maracas"),
    "marimba xylophone": InstrumentRule(("marimba",), "mallets"),
    "oboe": InstrumentRule(("oboe",), "woodwind"),
    "ocarina": InstrumentRule(("ocarina",), "ocarina"),
    "pan flute": InstrumentRule(("pan flute",), "woodwind"),
    "pipe organ": InstrumentRule(("organ",), "organ"),
    "plectrum": InstrumentRule(("steel guitar", "classical guitar"), "guitar"),
    "saxophone": InstrumentRule(("alto saxophone", "tenor saxophone"), "saxophone"),
    "steel drum": InstrumentRule(("steel drums",), "mallets"),
    "trombone": InstrumentRule(("trombone",), "brass"),
    "upright piano": InstrumentRule(("piano",), "piano"),
    "violin": InstrumentRule(("violin",), "bowed"),
    "whistle": InstrumentRule(("whistle",), "whistle"),
}
_BY_CUE = {INSTRUMENT_PREFIX + name.lower().replace(" ", "_"): name for name in INSTRUMENT_RULES}
_OTHER_WORDS = {
    "guitar": "acoustic guitar", "piano": "grand piano", "trumpet": "cornet trumpet", "cornet": "cornet trumpet", "horn": "french horn",
    "organ": "pipe organ", "marimba": "marimba xylophone", "xylophone": "marimba xylophone", "panpipe": "pan flute", "sax": "saxophone",
    "maracas": "maraca", "drums": "drum", "bell": "bell or wind chime", "chime": "bell or wind chime", "panpipes": "pan flute",
}  # fmt: skip


class RecognisedInstrument(NamedTuple):
    """An instrument that is seen surely enough to play."""

    cue: str
    seen: str
    """The class's name: "acoustic guitar"."""
    share: float
    rule: InstrumentRule


def instrument_cue(name: str) -> str:
    """The cue of a class: "instrument_acoustic_guitar"."""
    return INSTRUMENT_PREFIX + name.lower().replace(" ", "_")


def named_instrument_cue(words: str) -> str | None:
    """The cue of the instrument that plain words name ("violin", "guitar"); None where there is no such rule."""
    plain = " ".join(words.lower().replace("_", " ").split())
    cue = instrument_cue(_OTHER_WORDS.get(plain, plain))
    return cue if cue in _BY_CUE else None


def recognised_instruments(values: Mapping[str, float]) -> tuple[RecognisedInstrument, ...]:
    """The instruments that play, the surest first, one for each player: two classes of one player count together.

    `values` are numbers by the name of their cue; others than those of instruments count for nothing.
    """
    sums: dict[tuple[str, ...], float] = {}
    kin: dict[str, float] = {}
    named: dict[tuple[str, ...], tuple[float, str]] = {}
    for cue, name in _BY_CUE.items():
        share, rule = min(1.0, max(0.0, values.get(cue, 0.0))), INSTRUMENT_RULES[name]
        who = (*rule.players, rule.percussion)
        sums[who] = sums.get(who, 0.0) + share
        kin[rule.kin] = kin.get(rule.kin, 0.0) + share
        named[who] = max(named.get(who, (0.0, cue)), (share, cue), key=lambda one: one[0])
    several = sum(sums.values()) >= SURE
    found = []
    for who, share in sums.items():
        cue = named[who][1]
        rule = INSTRUMENT_RULES[_BY_CUE[cue]]
        leads = kin[rule.kin] >= SURE and all(
            share >= sums[*other.players, other.percussion] for other in INSTRUMENT_RULES.values() if other.kin == rule.kin
        )
        if share >= SURE or (several and share >= AMONG_MANY) or (leads and share > 0):
            found.append(RecognisedInstrument(cue, _BY_CUE[cue], min(1.0, share), rule))
    return tuple(sorted(found, key=lambda one: (-one.share, one.cue)))
