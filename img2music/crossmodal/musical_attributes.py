"""From cues and affect to musical suggestions, each with its reasons and an honest confidence.

What studies say (tempo follows arousal, mode follows valence) is applied as they say it; the rest (which hue is which key,
which picture is which genre) is our choice and says so by its confidence. Genre, metre and instruments are in `genre_rules`.
Conventions: tempo in quarter notes a minute; signs are cues with weights, see `cue_evidence`.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, NamedTuple

from img2music.crossmodal.affect import spread_affect
from img2music.crossmodal.attribution import AttributedChoice, cite_terms, share_among_cues, sum_terms, supporting_terms
from img2music.crossmodal.context_rules import density_and_height, match_rules, strongest_contour
from img2music.crossmodal.genre_rules import choose_genre, choose_instruments, choose_meter, player_for
from img2music.crossmodal.genre_tables import PLAYERS, Signs
from img2music.crossmodal.seen_instruments import recognised_instruments
from img2music.scene import MusicalAttributes
from img2music.theory import MODES, pitch_class_name

if TYPE_CHECKING:
    from img2music.crossmodal.affect import AffectAttribute
    from img2music.crossmodal.cue_evidence import CueEvidence

__all__ = ["CIRCUMPLEX", "MODE_RULES", "mood_words", "suggest_attributes"]

# Words of feeling with valence and arousal. The first three rows stand where the circumplex of Russell 1980 has them (roughly; of
# his 28 words those that a piece of music can be called), the last three are ours and fill the gaps between them.
CIRCUMPLEX: dict[str, tuple[float, float]] = {
    "happy": (0.9, 0.15), "delighted": (0.85, 0.45), "excited": (0.65, 0.75), "tense": (-0.05, 0.85), "angry": (-0.45, 0.8),
    "miserable": (-0.9, -0.05), "sad": (-0.85, -0.4), "gloomy": (-0.8, -0.45), "sleepy": (0.05, -0.95), "calm": (0.7, -0.65),
    "relaxed": (0.7, -0.6), "content": (0.8, -0.5), "serene": (0.75, -0.45), "glad": (0.9, -0.1), "pleased": (0.9, -0.2),
    "playful": (0.5, 0.35), "lively": (0.3, 0.55), "hopeful": (0.35, 0.1), "tender": (0.4, -0.3), "dreamy": (0.3, -0.65),
    "thoughtful": (0.0, -0.2), "quiet": (0.0, -0.65), "restless": (-0.2, 0.35), "dramatic": (-0.45, 0.45), "wild": (0.2, 0.85),
    "wistful": (-0.35, -0.3), "brooding": (-0.5, -0.05), "solemn": (-0.35, -0.6), "desolate": (-0.75, -0.75),
}  # fmt: skip

# Words that the look itself adds: cue, least standard deviations (negative: at most), word. Our choice.
LOOKS: tuple[tuple[str, float, str], ...] = (
    ("lightness", 1.2, "luminous"),
    ("dark_share", 1.5, "dark"),
    ("colourfulness", 1.2, "colourful"),
    ("warmth", 0.9, "warm"),
    ("warmth", -1.3, "cool"),
    ("open_space", 1.4, "spacious"),
    ("edge_density", 1.5, "dense"),
    ("edge_order", 2.5, "strict"),
    ("texture", 1.4, "rough"),
    ("horizon_strength", 1.2, "wide"),
    ("contrast", 1.1, "bold"),
    ("contrast", -1.4, "soft"),
    ("focus", 1.5, "intimate"),
    ("chroma", -1.3, "colourless"),
)
_WORDS_OF_LOOK = 2

_SLOWEST_BPM, _FASTEST_BPM = 54.0, 168.0
# Tempo drives arousal and a little of happiness (Eerola, Friberg & Bresin, Frontiers in Psychology 4:487, 2013; Ramos,
# Bueno & Bigand, Brazilian J. of Medical and Biological Research 44, 2011); the share of visual density is our choice.
_TEMPO = {"arousal": 0.8, "valence": 0.12, "edge_density": 0.25}


class ModeRule(NamedTuple):
    """One mode: how happy it sounds, how readily it is chosen, and what in a picture speaks for it."""

    happier: float
    """Share of comparisons in which listeners called it the happier one (Temperley & Tan, Music Perception 30, 2013)."""
    ready: float
    """Our choice: the two common modes come more easily."""
    signs: Signs
    """Our choice: lydian for light and air, mixolydian for warm and busy, dorian for cool, phrygian for the dark."""


MODE_RULES: dict[str, ModeRule] = {
    "major": ModeRule(0.83, 0.06, {}),
    "mixolydian": ModeRule(0.64, -0.03, {"warmth": 0.05, "edge_density": 0.04}),
    "lydian": ModeRule(0.58, -0.06, {"lightness": 0.08, "top_light": 0.06, "open_space": 0.06}),
    "dorian": ModeRule(0.40, 0.0, {"warmth": -0.06, "texture": 0.04}),
    "minor": ModeRule(0.34, 0.06, {}),
    "phrygian": ModeRule(0.21, -0.03, {"dark_share": 0.05, "contrast": 0.05}),
}
_MIDDLE, _HALF_RANGE = 0.52, 0.36
"""Wanted share of "happier" at valence 0, and how far valence 1 moves it: the modes lie between .21 and .83."""

# Signature (sharps positive) by the leading colour's hue in degrees, each up to a limit and the last again from 320: round
# the circle of fifths from red on the sharp side to blue on the flat one, never more than four accidentals. The limits part
# the 553 photographs behind `TYPICAL` into ninths. Our choice; no study ties hues to keys.
_HUE_SIGNATURES = ((34, 4), (49, 3), (60, 2), (74, 1), (96, 0), (128, -1), (231, -2), (257, -3), (320, -4), (361, 4))
_GREY_CHROMA = 0.028
_GREY_SIGNATURES = ((0.2, -4), (0.32, -3), (0.42, -2), (0.5, -1), (0.56, 0), (0.62, 1), (0.72, 2), (1.1, 3))
"""A picture without colour takes its signature from its lightness: the darker, the more flats. Our choice."""

_MOST_SEMITONES = 6.0
"""A tune is moved by half an octave at most: an instrument has to stay where it sings."""

_MOST_PLAYERS = 12
_OUR_CHOICE = 0.15
"""Confidence in what no study supports."""


def mood_words(valence: float, arousal: float, most: int = 2) -> tuple[str, ...]:
    """The words of feeling nearest to a point of the circumplex, the nearest first."""
    return tuple(sorted(CIRCUMPLEX, key=lambda word: hypot(CIRCUMPLEX[word][0] - valence, CIRCUMPLEX[word][1] - arousal))[:most])


def suggest_attributes(
    evidence: CueEvidence,
    valence: AffectAttribute,
    arousal: AffectAttribute,
    *,
    genre: str | None = None,
    mode: str | None = None,
) -> MusicalAttributes:
    """Everything the picture suggests for music; a `genre` or `mode` that is already settled only moves what depends on it."""
    sure = 0.3 + 0.7 * evidence.content
    choice = round(_OUR_CHOICE * sure, 3)
    known, seen = evidence.known, match_rules(evidence)
    rated = {"valence": valence, "arousal": arousal}
    pleasant, lively = spread_affect(valence.value, arousal.value)
    valence, arousal = valence.model_copy(update={"value": pleasant}), arousal.model_copy(update={"value": lively})
    style = choose_genre(evidence, valence.value, arousal.value)
    genre = genre if genre in PLAYERS else style.value
    genre_cited = cite_terms(sum_terms(style.terms, share_among_cues(style.rest, (valence, arousal))), known)
    meter = choose_meter(evidence, genre)
    players, player_terms = choose_instruments(evidence, genre)
    named = [(one.cue, one.share, player_for(one, genre)) for one in recognised_instruments(evidence.values)]
    players = tuple(dict.fromkeys((*(player for _, _, player in named), *players)))[:_MOST_PLAYERS]
    player_terms = sum_terms({cue: share for cue, share, _ in named}, player_terms)
    wanted = _mode(evidence, valence)
    mode = mode if mode in MODE_RULES else wanted.value
    density, height = density_and_height(seen)
    shape, shape_cue, shape_strength = strongest_contour(seen)
    # What follows from the style alone cites what speaks for the style.
    of_style = {
        "because": genre_cited["because"][:2],
        "strengths": {name: share for name, share in genre_cited["strengths"].items() if name in genre_cited["because"][:2]},
    }
    return MusicalAttributes.model_validate(
        {
            **{
                name: felt.model_dump() | {"because": tuple(cue for cue in felt.because if cue in known)}
                for name, felt in rated.items()
            },
            "mood": _mood(evidence, valence, arousal),
            "tempo_bpm": _tempo(evidence, valence, arousal),
            "key": {**_tonic(evidence, mode), "confidence": round(0.1 * sure, 3)},
            "mode": {"value": mode, "confidence": valence.confidence, **cite_terms(wanted.terms, known)},
            "meter": {
                "value": meter.value,
                "confidence": choice,
                **(cite_terms(meter.terms, known, rest=meter.rest) if meter.terms else of_style),
            },
            "genre": {"value": genre, "confidence": choice, **genre_cited},
            "instruments": {
                "value": players,
                "confidence": max(choice, *(round(share, 3) for _, share, _ in named)) if named else choice,
                **(cite_terms(player_terms, known) if player_terms else of_style),
            },
            "density": _shift(density, known, 1.0, choice),
            "height": _shift(height, known, _MOST_SEMITONES, choice),
            "contour": {
                "value": shape,
                "because": (shape_cue,) if shape_cue else (),
                "confidence": choice if shape_cue else 0.0,
                "strengths": {shape_cue: round(shape_strength, 2)} if shape_cue else {},
            },
        }
    )


def _shift(terms: dict[str, float], known: frozenset[str], most: float, confidence: float) -> dict[str, object]:
    """A sum of what the cues move, cut to -`most`..`most`; it cites those that pull the way it went."""
    total = min(most, max(-most, sum(terms.values())))
    pulling = {name: term for name, term in terms.items() if term * total > 0}
    return {"value": round(total, 3) + 0.0, "confidence": confidence if pulling else 0.0, **cite_terms(pulling, known)}


def _both(valence: AffectAttribute, arousal: AffectAttribute) -> tuple[str, ...]:
    """The leading cues of valence and of arousal."""
    return _first((*valence.because[:2], *arousal.because[:2]), 4)


def _first(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:most]


def _mood(evidence: CueEvidence, valence: AffectAttribute, arousal: AffectAttribute) -> dict[str, object]:
    looks = []
    for cue, least, word in LOOKS:
        beyond = evidence.z(cue) / least
        if beyond >= 1:
            looks.append((-beyond, cue, word))
    strongest = sorted(looks)[:_WORDS_OF_LOOK]
    words = (*mood_words(valence.value, arousal.value), *(word for _, _, word in strongest))
    cues = (*_both(valence, arousal), *(cue for _, cue, _ in strongest))
    because = tuple(name for name in _first(cues, 6) if name in evidence.known)
    return {"value": words, "because": because, "confidence": round((valence.confidence + arousal.confidence) / 2, 3)}


def _tempo(evidence: CueEvidence, valence: AffectAttribute, arousal: AffectAttribute) -> dict[str, object]:
    dense = _TEMPO["edge_density"] * evidence.lean("edge_density") * evidence.content
    parts = (_TEMPO["arousal"] * arousal.value, _TEMPO["valence"] * valence.value)
    drive = min(1.0, max(-1.0, sum(parts) + dense))
    # Equal steps of drive are equal ratios of tempo, as tempo is heard.
    tempo = _SLOWEST_BPM * (_FASTEST_BPM / _SLOWEST_BPM) ** ((drive + 1) / 2)
    # A neutral reading was read from its cues too: none of them is without a word.
    terms = sum_terms(
        share_among_cues(max(0.05, abs(parts[0])), (arousal,)),
        share_among_cues(abs(parts[1]), (valence,)),
        {"edge_density": abs(dense)},
    )
    return {"value": float(round(tempo)), "confidence": arousal.confidence, **cite_terms(terms, evidence.known)}


def _mode(evidence: CueEvidence, valence: AffectAttribute) -> AttributedChoice:
    wanted = _MIDDLE + _HALF_RANGE * valence.value

    def fit(name: str) -> float:
        rule = MODE_RULES[name]
        return rule.ready + evidence.weigh(rule.signs) * evidence.content - abs(rule.happier - wanted)

    best = max(MODE_RULES, key=fit)
    # Valence speaks for a mode by how much nearer it is than modes on average.
    far = [abs(rule.happier - wanted) for rule in MODE_RULES.values()]
    nearer = max(0.05, sum(far) / len(far) - abs(MODE_RULES[best].happier - wanted))
    signs = {name: term * evidence.content for name, term in evidence.terms(MODE_RULES[best].signs).items()}
    return AttributedChoice(best, sum_terms(supporting_terms(signs), share_among_cues(nearer, (valence,))))


def _tonic(evidence: CueEvidence, mode: str) -> dict[str, object]:
    # The leading colour: the one that covers most, counted by how much of a colour it is.
    leading = max(evidence.colours, key=lambda colour: colour.share * (0.01 + colour.chroma), default=None)
    if leading is None or leading.chroma < _GREY_CHROMA:
        lightness = evidence.values["lightness"]
        signature = next((signature for limit, signature in _GREY_SIGNATURES if lightness < limit), _GREY_SIGNATURES[-1][1])
        cited = tuple(name for name in ("lightness", leading.name if leading else "") if name in evidence.known)
    else:
        signature = next(signature for limit, signature in _HUE_SIGNATURES if leading.hue_degrees < limit)
        cited = (leading.name,)
    strengths = {name: round(1 / len(cited), 2) for name in cited}
    return {"value": pitch_class_name(signature + MODES[mode]), "because": cited, "strengths": strengths}
