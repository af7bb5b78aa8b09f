"""Which style, metre and instruments a picture suggests: the few lines that look things up in `genre_tables`.

What is recognised (`subject_rules`, `context_rules`, `seen_instruments`) adds to those tables of colour and form; where nothing is recognised
they decide alone. A style should not hang on how a picture was stored, so what moves least then weighs most: colours move by a hundredth or two
of their spread, the reading of feelings by a tenth, the networks' shares by a fifth (`evals/studies/seeing/reencoding.py`). Hence
a subject has a say once it is certain, and colours choose among the styles of its rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from img2music.crossmodal.attribution import AttributedChoice, sum_terms, supporting_terms
from img2music.crossmodal.context_rules import match_rules, rule_terms, surest_subject
from img2music.crossmodal.genre_tables import GENRE_METERS, GENRES, METERS, PLAYERS, READY, TIMBRES
from img2music.crossmodal.seen_instruments import recognised_instruments
from img2music.crossmodal.subject_rules import WIDE_FAMILIES, wide_family_styles

if TYPE_CHECKING:
    from img2music.crossmodal.context_rules import MatchedRule
    from img2music.crossmodal.cue_evidence import CueEvidence
    from img2music.crossmodal.seen_instruments import RecognisedInstrument

__all__ = ["choose_genre", "choose_instruments", "choose_meter", "player_for", "rank_genres"]

_LEAN_WIDTH = 1.355
"""Deviations at which a sign of a style has its full weight."""
_HOME_WEIGHT = 1.0
"""What a squared unit of distance on the plane costs, in signs: near home next to nothing, as a reading moves by a tenth of its spread when a
picture is stored in another way; far from home enough that a calm picture is not given a wild style."""
_USUAL_METER = 0.05
_FIRST_PLAYER = 0.05
_LEADS, _ACCOMPANIES = 1.0, 0.7
"""What an instrument that is seen says for a style in whose tune, or elsewhere in whose band, it has its place. Our choice."""
_YIELDS = 0.5
"""How far colour and form give way to a subject that is certain, in metre and players: what a picture shows tells more than its colours."""
_FAINT, _CERTAIN, _FAINTLY = 0.67, 0.99, 0.13
"""A subject's share below which it counts only `_FAINTLY` for a style, and from which it counts whole: between, shares move most."""
_SUBJECT = 1.2
"""How much the weights of a certain subject's row count for a style."""
_CIRCUMSTANCE, _WIDE = 0.41, 2.7
"""How much circumstances and the wide families of subjects count for a style."""


def choose_genre(evidence: CueEvidence, valence: float, arousal: float) -> AttributedChoice:
    """The style of `GENRES` that fits best, what speaks for it, and (as the rest) what the feeling says for it."""
    terms, far = _genre_terms(evidence), _from_home(valence, arousal)
    best = max(GENRES, key=lambda name: _fit(name, terms, far))
    # The feeling speaks for a style by how much nearer it lies to its home than to that of styles on average.
    nearer = sum(far.values()) / len(far) - far[best]
    return AttributedChoice(best, supporting_terms(terms[best]), max(0.0, _HOME_WEIGHT * nearer))


def rank_genres(evidence: CueEvidence, valence: float, arousal: float) -> tuple[str, ...]:
    """Every style of `GENRES`, the one that `choose_genre` takes first."""
    terms, far = _genre_terms(evidence), _from_home(valence, arousal)
    return tuple(sorted(GENRES, key=lambda name: -_fit(name, terms, far)))


def _fit(name: str, terms: dict[str, dict[str, float]], far: dict[str, float]) -> float:
    return sum(terms[name].values()) - _HOME_WEIGHT * far[name] + READY[name]


def _from_home(valence: float, arousal: float) -> dict[str, float]:
    return {name: (valence - row[0]) ** 2 + (arousal - row[1]) ** 2 for name, row in GENRES.items()}


def _genre_terms(evidence: CueEvidence) -> dict[str, dict[str, float]]:
    """What each cue says for each style."""
    seen, named = match_rules(evidence), recognised_instruments(evidence.values)
    told = tuple(
        one for one in seen if not named or one.cue != "sees_instrument"
    )  # which one it is tells more than that it is one
    wide = {family: _WIDE * evidence.likelier(family) for family in WIDE_FAMILIES}
    rows = wide_family_styles()
    return {
        name: sum_terms(
            _of_rules(told, name),
            {f"likely_{family}": weight * rows[family].get(name, 0.0) for family, weight in wide.items() if weight},
            _of_instruments(named, name),
            {cue: evidence.content * term for cue, term in evidence.terms(row[2], _LEAN_WIDTH).items()},
        )
        for name, row in GENRES.items()
    }


def _of_rules(seen: tuple[MatchedRule, ...], genre: str) -> dict[str, float]:
    """What subjects and circumstances say for a style."""
    terms = {}
    for cue, strength, rule in seen:
        weight = rule.styles.get(genre, 0.0)
        if weight and cue.startswith("sees_"):
            terms[cue] = _SUBJECT * weight * _surely(strength)
        elif weight:
            terms[cue] = terms.get(cue, 0.0) + _CIRCUMSTANCE * weight * strength
    return terms


def _surely(share: float) -> float:
    """A subject's share as it counts for a style, 0..1, never falling: its noise counts where it is certain or faint least."""
    ramp = min(1.0, max(0.0, (share - _FAINT) / (_CERTAIN - _FAINT)))
    return _FAINTLY * share + (1 - _FAINTLY) * ramp


def choose_meter(evidence: CueEvidence, genre: str) -> AttributedChoice:
    """One of the style's metres, what speaks for it, and (as the rest) the style's habit."""
    seen = match_rules(evidence)
    form = _form(seen) * evidence.content
    usual = GENRE_METERS[genre]

    def terms(name: str) -> dict[str, float]:
        return sum_terms(rule_terms(seen, 2, name), {cue: form * term for cue, term in evidence.terms(METERS[name][1]).items()})

    def habit(name: str) -> float:
        return METERS[name][0] + (_USUAL_METER if name == usual[0] else 0)

    best = max(usual, key=lambda name: habit(name) + sum(terms(name).values()))
    return AttributedChoice(best, supporting_terms(terms(best)) if len(usual) > 1 else {}, habit(best))


def player_for(one: RecognisedInstrument, genre: str) -> str:
    """Who plays for an instrument that is seen: of its players the first that the style seats, else the likeliest."""
    seated = [name for seat in PLAYERS[genre] for name in seat] if genre in PLAYERS else []
    return next((name for name in one.rule.players if name in seated), one.rule.players[0])


def _of_instruments(named: tuple[RecognisedInstrument, ...], genre: str) -> dict[str, float]:
    """What the instruments that are seen say for a style: much where one of its players leads, less where it accompanies."""
    terms = {}
    for one in named:
        seats = [place for place, seat in enumerate(PLAYERS[genre]) if set(seat) & set(one.rule.players)]
        if seats:
            terms[one.cue] = (_ACCOMPANIES if seats[0] else _LEADS) * one.share
    return terms


def choose_instruments(evidence: CueEvidence, genre: str) -> tuple[tuple[str, ...], dict[str, float]]:
    """One player for each seat of the style, and what speaks for them."""
    seen = match_rules(evidence)
    form = _form(seen)

    def terms(name: str) -> dict[str, float]:
        colours = {cue: form * term for cue, term in evidence.terms(TIMBRES.get(name, {})).items()}
        return sum_terms(rule_terms(seen, 1, name), colours)

    chosen: list[str] = []
    said: list[dict[str, float]] = []
    for seat in PLAYERS[genre]:
        free = [name for name in seat if name not in chosen] or list(seat)
        first = free[0]
        best = max(free, key=lambda name: sum(terms(name).values()) + (_FIRST_PLAYER if name == first else 0))
        chosen.append(best)
        if len(seat) > 1:
            said.append(dict(list(supporting_terms(terms(best)).items())[:2]))
    return tuple(dict.fromkeys(chosen)), supporting_terms(sum_terms(*said))


def _form(seen: tuple[MatchedRule, ...]) -> float:
    """How loud colour and form speak, 0..1."""
    return 1 - _YIELDS * surest_subject(seen)
