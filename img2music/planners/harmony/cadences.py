"""How phrases end: the pairs of triads that make a cadence, by mode and kind.

Kinds: "authentic", "plagal" and "modal" come home; "half" stops on the dominant or on the chord that does its work in the mode;
"open" stops anywhere but at home (inside a contrast); "deceptive" turns away from home at the last moment.
A mode without a leading tone has no authentic cadence: dorian closes with IV, VII, v or ii, phrygian with II or vii (the
descent of the second degree), lydian with II (its raised fourth rises through the third of the chord), mixolydian with VII, v or IV
(Aldwell & Schachter, *Harmony and Voice Leading*, 2011, ch. 10 and 30; Biamonte, *Music Theory Online* 16/1, 2010, for the modal ones). The
weights within a kind are the corpus's own counts of phrase ends, plus these as a first belief (our choice).
Knows nothing of figures and bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.planners.harmony.markov import HarmonyModel

__all__ = ["CADENCES", "cadence_weights", "tonic_numeral"]

Pairs = dict[tuple[str, str], float]

CADENCES: dict[str, dict[str, Pairs]] = {
    "major": {
        "authentic": {("V", "I"): 10, ("viio", "I"): 0.5},
        "plagal": {("IV", "I"): 10, ("iv", "I"): 1, ("ii", "I"): 0.5},
        "modal": {("bVII", "I"): 4, ("IV", "I"): 4, ("bVI", "I"): 0.2},
        "half": {("IV", "V"): 4, ("ii", "V"): 4, ("I", "V"): 3, ("vi", "V"): 2, ("II", "V"): 2},
        "deceptive": {("V", "vi"): 10, ("V", "IV"): 1.5, ("V", "bVI"): 1},
    },
    "minor": {
        "authentic": {("V", "i"): 10, ("#viio", "i"): 0.5},
        "plagal": {("iv", "i"): 10, ("iio", "i"): 0.5},
        "modal": {("VII", "i"): 8, ("v", "i"): 4, ("VI", "i"): 2, ("iv", "i"): 2},
        "half": {("iv", "V"): 5, ("VI", "V"): 3, ("i", "V"): 3, ("iio", "V"): 2, ("II", "V"): 1},
        "deceptive": {("V", "VI"): 10, ("V", "iv"): 1},
    },
    "dorian": {
        "modal": {("IV", "i"): 6, ("VII", "i"): 5, ("v", "i"): 4, ("ii", "i"): 3},
        "half": {("i", "IV"): 4, ("VII", "IV"): 3, ("ii", "v"): 3, ("IV", "v"): 3, ("IV", "VII"): 3, ("i", "VII"): 1},
        "deceptive": {("VII", "IV"): 3, ("v", "III"): 3, ("VII", "III"): 2},
    },
    "phrygian": {
        "modal": {("II", "i"): 10, ("vii", "i"): 5},
        "half": {("III", "II"): 4, ("iv", "II"): 3, ("i", "II"): 4, ("VI", "vii"): 2, ("II", "vii"): 2},
        "deceptive": {("II", "VI"): 4, ("vii", "III"): 2, ("II", "III"): 3},
    },
    "lydian": {
        "modal": {("II", "I"): 8, ("vii", "I"): 3, ("V", "I"): 1},
        "half": {("I", "II"): 5, ("vi", "II"): 4, ("iii", "II"): 3, ("vii", "II"): 1, ("II", "V"): 1},
        "deceptive": {("II", "vi"): 3, ("II", "iii"): 4, ("vii", "vi"): 1},
    },
    "mixolydian": {
        "modal": {("VII", "I"): 8, ("IV", "I"): 5, ("v", "I"): 3},
        "half": {("IV", "VII"): 5, ("I", "VII"): 3, ("v", "VII"): 2, ("VII", "IV"): 4, ("ii", "v"): 1, ("IV", "v"): 2},
        "deceptive": {("VII", "IV"): 3, ("v", "vi"): 2, ("VII", "vi"): 2},
    },
}
_BELIEF = 2.0
"""What one point in `CADENCES` is worth in counted phrase ends."""


def tonic_numeral(mode: str) -> str:
    """The numeral of home."""
    return "i" if mode in {"minor", "dorian", "phrygian"} else "I"


def cadence_weights(model: HarmonyModel, mode: str, kind: str) -> Pairs:
    """Pairs of triads that end a phrase so, weighed by the corpus. Kinds as in this module's text, and "any": every way home.

    A kind that the mode does not know is answered with its own: "authentic" in dorian is the modal cadence.
    """
    listed = CADENCES[mode]
    if kind == "open":
        return _open(model, mode)
    if kind == "any":
        home: Pairs = {}
        for name in ("authentic", "plagal", "modal"):
            for pair, weight in listed.get(name, {}).items():
                home[pair] = max(home.get(pair, 0.0), weight)
        return _weigh(home, model.cadences)
    if kind not in listed:
        kind = "modal"
    pairs = _weigh(listed[kind], model.cadences)
    if kind == "plagal" and "modal" in listed and "plagal" not in listed:
        pairs = _weigh({pair: weight for pair, weight in listed["modal"].items() if pair[0] == "IV"} or listed["modal"], {})
    return pairs


def _weigh(pairs: Mapping[tuple[str, str], float], counted: Mapping[tuple[str, str], int]) -> Pairs:
    """Believed and counted together; a corpus of many phrases is brought down to the size of the belief first."""
    seen = sum(counted.get(pair, 0) for pair in pairs)
    believed = sum(pairs.values())
    scale = _BELIEF * believed / seen if seen else 0.0
    return {pair: weight + scale * counted.get(pair, 0) for pair, weight in pairs.items()}


def _open(model: HarmonyModel, mode: str) -> Pairs:
    """Any change to another chord than home, as likely as in the middle of a phrase."""
    home = tonic_numeral(mode)
    return {
        (one, two): float(model.share[row] * model.after_one[row, column])
        for row, one in enumerate(model.triads)
        for column, two in enumerate(model.triads)
        if one != two and two.lower() != home.lower()
    }
