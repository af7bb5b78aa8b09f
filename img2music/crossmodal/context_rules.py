"""What is not a subject and yet sounds: faces, the hour, the weather, the season, the kind of picture; and how all rules are looked up.

Rules are like those of `subject_rules`, with the cue they read. A cue that is a number counts by its size ("more") or by how far it lies below
zero ("less"), both cut to 0..1; one that is a word counts where it is that word. Weights are smaller than those of subjects: the hour
colours what is seen, it does not replace it. Sources beside those of `subject_rules`:

    Marks        L. Marks, *J. Experimental Psychology: HPP* 13, 1987: bright goes with high pitch, dark with low
    Juslin       P. Juslin & P. Laukka, *Psychological Bulletin* 129, 2003: sadness is slow, low, bound and falls
    Tartter      V. Tartter, *Perception & Psychophysics* 27, 1980: a smile is heard in a higher voice
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from img2music.crossmodal.subject_rules import SUBJECTS, CueRule

if TYPE_CHECKING:
    from img2music.crossmodal.cue_evidence import CueEvidence
    from img2music.scene import ContourName

__all__ = [
    "CIRCUMSTANCES",
    "MatchedRule",
    "density_and_height",
    "match_rules",
    "rule_terms",
    "strongest_contour",
    "surest_subject",
]

# Cue, what of it counts ("more", "less" or a word): the rule.
CIRCUMSTANCES: dict[tuple[str, str], CueRule] = {
    ("smiles", "more"): CueRule({"pop": 0.3, "folk": 0.2, "funk": 0.2, "bossa": 0.2, "swing": 0.2, "ragtime": 0.15, "latin": 0.15},
        {"voice": 0.15}, {}, 0.1, 1, "own", "Tartter: a smile is heard in a higher voice; the styles ours"),
    ("smiles", "less"): CueRule({"chamber-strings": 0.35, "solo-piano": 0.35, "blues": 0.3, "romantic": 0.15, "cinematic": 0.15, "drone": 0.15},
        {"cello": 0.3, "oboe": 0.15}, {}, -0.2, -2, "fall", "Juslin: sadness is low and falls; the styles ours"),
    ("face_size", "more"): CueRule({"solo-piano": 0.2, "chamber-strings": 0.15, "jazz-ballad": 0.15, "romantic": 0.1},
        {"cello": 0.2, "violin": 0.1}, {}, -0.1, 0, "own", "ours: what is near is intimate"),
    ("people", "more"): CueRule({"pop": 0.15, "folk": 0.1, "funk": 0.1, "jazz-ballad": 0.1}, {"voice": 0.15}, {}, 0, 0, "own", "ours: people sing"),
    ("night", "more"): CueRule({"jazz-ballad": 0.35, "synthwave": 0.3, "ambient": 0.2, "blues": 0.2, "solo-piano": 0.2, "lo-fi": 0.15, "tango": 0.15},
        {"muted trumpet": 0.25, "tenor saxophone": 0.1, "celesta": 0.15, "space choir": 0.15, "sweep pad": 0.15}, {}, -0.2, -2, "own",
        "Marks: dark goes with low; convention: nocturnes, jazz of the small hours"),
    ("low_sun", "more"): CueRule({"romantic": 0.25, "bossa": 0.25, "country": 0.2, "jazz-ballad": 0.2, "reggae": 0.2, "folk": 0.15},
        {"horn": 0.15, "classical guitar": 0.2, "tenor saxophone": 0.1, "harmonica": 0.1}, {}, -0.15, 0, "fall",
        "Eitan: the sun goes down; the styles ours"),
    ("fog", "more"): CueRule({"ambient": 0.3, "drone": 0.25, "choral": 0.15, "solo-piano": 0.1},
        {"warm pad": 0.2, "slow strings": 0.15, "sweep pad": 0.1}, {}, -0.3, 0, "still", "ours: edges that are not there"),
    ("time_of_day", "dusk"): CueRule({"jazz-ballad": 0.15, "romantic": 0.15, "lo-fi": 0.1, "ambient": 0.1}, {"clarinet": 0.1, "horn": 0.1}, {},
        -0.1, -1, "own", "Marks: dark goes with low"),
    ("weather", "storm"): CueRule({"cinematic": 0.35, "epic": 0.3, "rock": 0.15, "flamenco": 0.1}, {"brass": 0.2, "double bass": 0.2}, {},
        0.3, -2, "zigzag", "convention: storms from Vivaldi to Britten are fast, full and low"),
    ("weather", "snow"): CueRule({"ambient": 0.15, "lullaby": 0.15, "minimalism": 0.1}, {"celesta": 0.25, "music box": 0.1, "vibraphone": 0.1}, {},
        -0.1, 1, "fall", "Spence: bright goes with high; Eitan: snow falls"),
    ("weather", "cloudy"): CueRule({"solo-piano": 0.1, "lo-fi": 0.1, "chamber-strings": 0.1}, {}, {}, 0, 0, "own", "ours"),
    ("season", "spring"): CueRule({"classical": 0.15, "waltz": 0.15, "baroque": 0.1, "folk": 0.1},
        {"flute": 0.15}, {"3/4": 0.05}, 0.1, 1, "rise", "ours"),
    ("season", "summer"): CueRule({"reggae": 0.15, "bossa": 0.15, "latin": 0.15, "pop": 0.1, "country": 0.1},
        {"classical guitar": 0.1}, {}, 0.05, 0, "own", "ours"),
    ("season", "autumn"): CueRule({"jazz-ballad": 0.15, "chamber-strings": 0.15, "romantic": 0.1, "solo-piano": 0.1},
        {"cello": 0.15, "clarinet": 0.1}, {}, 0, -1, "fall", "Eitan: leaves fall; convention: the standard named after them"),
    ("season", "winter"): CueRule({"lullaby": 0.1, "ambient": 0.1, "choral": 0.1, "minimalism": 0.1}, {"celesta": 0.2, "music box": 0.1}, {},
        -0.1, 1, "own", "convention: bells and celesta of winter"),
    ("picture_kind", "drawing"): CueRule({"ragtime": 0.2, "chiptune": 0.2, "waltz": 0.15, "minimalism": 0.15}, {"clarinet": 0.1}, {},
        0.1, 1, "zigzag", "convention: cartoons skip; the rest ours"),
    ("picture_kind", "painting"): CueRule({"romantic": 0.25, "baroque": 0.2, "classical": 0.2, "chamber-strings": 0.15},
        {"oboe": 0.1, "violin": 0.1}, {},
        0, 0, "own", "ours: the music of galleries"),
    ("picture_kind", "silhouette"): CueRule({"cinematic": 0.25, "jazz-ballad": 0.15, "solo-piano": 0.2, "tango": 0.15, "flamenco": 0.15},
        {"cello": 0.15}, {},
        -0.1, -1, "own", "Marks: dark goes with low"),
    ("picture_kind", "screenshot"): CueRule({"chiptune": 0.3, "synthwave": 0.25, "house": 0.2, "lo-fi": 0.15}, {"square lead": 0.15}, {"4/4": 0.1},
        0.1, 0, "zigzag", "ours"),
    ("picture_kind", "text"): CueRule({"minimalism": 0.25, "solo-piano": 0.25, "lo-fi": 0.15}, {"piano": 0.15}, {}, 0, 0, "still", "ours"),
    ("picture_kind", "plain"): CueRule({"ambient": 0.3, "drone": 0.2}, {"warm pad": 0.15}, {}, -0.3, 0, "still", "ours: nothing happens"),
}  # fmt: skip

_LEAST_FOR_A_CONTOUR = 0.3


class MatchedRule(NamedTuple):
    """A rule that the evidence calls, and how strongly."""

    cue: str
    strength: float
    rule: CueRule


def match_rules(evidence: CueEvidence) -> tuple[MatchedRule, ...]:
    """Every rule that the evidence calls, the subjects first; empty where nothing was recognised."""
    subjects = (MatchedRule(f"sees_{group}", evidence.sees(group), rule) for group, rule in SUBJECTS.items())
    others = (MatchedRule(cue, _strength(evidence, cue, sign), rule) for (cue, sign), rule in CIRCUMSTANCES.items())
    return tuple(seen for seen in (*subjects, *others) if seen.strength > 0)


def _strength(evidence: CueEvidence, cue: str, sign: str) -> float:
    if sign in {"more", "less"}:
        value = evidence.values.get(cue, 0.0)
        return min(1.0, max(0.0, value if sign == "more" else -value))
    return float(evidence.word(cue) == sign)


def surest_subject(seen: tuple[MatchedRule, ...]) -> float:
    """How sure the eye is of the surest subject, 0..1."""
    return max((strength for cue, strength, _ in seen if cue.startswith("sees_")), default=0.0)


def rule_terms(seen: tuple[MatchedRule, ...], column: int, name: str) -> dict[str, float]:
    """What every cue says for `name` in a column of the rules (0 styles, 1 players, 2 metres): weight times strength."""
    terms: dict[str, float] = {}
    for cue, strength, rule in seen:
        weight = (rule.styles, rule.players, rule.meters)[column].get(name, 0.0)
        if weight:
            terms[cue] = terms.get(cue, 0.0) + weight * strength
    return terms


def density_and_height(seen: tuple[MatchedRule, ...]) -> tuple[dict[str, float], dict[str, float]]:
    """What every cue moves of the density and of the height (semitones); cues that move nothing are left out."""
    density: dict[str, float] = {}
    height: dict[str, float] = {}
    for cue, strength, rule in seen:
        for terms, amount in ((density, rule.density), (height, rule.height)):
            if amount:
                terms[cue] = terms.get(cue, 0.0) + amount * strength
    return density, height


def strongest_contour(seen: tuple[MatchedRule, ...]) -> tuple[ContourName, str, float]:
    """The shape of the strongest rule that has one, its cue and its strength; ("own", "", 0) where none is strong enough."""
    best = max((one for one in seen if one.rule.contour != "own"), key=lambda one: one.strength, default=None)
    if best is None or best.strength < _LEAST_FOR_A_CONTOUR:
        return "own", "", 0.0
    return best.rule.contour, best.cue, best.strength
