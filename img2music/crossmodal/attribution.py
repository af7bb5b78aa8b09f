"""How strongly each cue made a decision: what every cue said for it, as shares of all that was said.

A *term* is what one cue adds to the fit of what was chosen. What no cue adds (a style's usual metre) is the rest; shares are parts of both
together, so that those of all cues are 1 or less. Knows nothing of pictures and of music.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from img2music.scene import Attribute

__all__ = [
    "AttributedChoice",
    "cite_terms",
    "share_among_cues",
    "sum_terms",
    "supporting_terms",
]

LEAST = 0.04
"""A term of less is not worth a word."""


class AttributedChoice(NamedTuple):
    """What was chosen, what each cue said for it, and what no cue said."""

    value: str
    terms: dict[str, float]
    rest: float = 0.0


def sum_terms(*rows: Mapping[str, float]) -> dict[str, float]:
    """The sums of the rows' terms by cue."""
    total: dict[str, float] = {}
    for row in rows:
        for name, term in row.items():
            total[name] = total.get(name, 0.0) + term
    return total


def supporting_terms(terms: Mapping[str, float]) -> dict[str, float]:
    """The terms that speak for a choice, the strongest first."""
    return {name: terms[name] for name in sorted(terms, key=lambda name: -terms[name]) if terms[name] > LEAST}


def share_among_cues(amount: float, attributes: Iterable[Attribute[Any]]) -> dict[str, float]:
    """`amount` over the cues behind attributes, each attribute having an equal part: by their strengths where they say them, else evenly."""
    causes = [attribute for attribute in attributes if attribute.because]
    shares: list[dict[str, float]] = []
    for attribute in causes:
        weights = {name: attribute.strengths.get(name, 0.0) for name in attribute.because}
        total = sum(weights.values())
        each = amount / len(causes)
        shares.append({name: each * (weight / total if total else 1 / len(weights)) for name, weight in weights.items()})
    return sum_terms(*shares)


def cite_terms(terms: Mapping[str, float], known: frozenset[str], *, rest: float = 0.0, most: int = 4) -> dict[str, Any]:
    """`because` and `strengths` of an attribute: the `most` strongest of the `known` cues, shares rounded down to hundredths."""
    total = sum(abs(term) for term in terms.values()) + max(0.0, rest)
    order = [name for name in sorted(terms, key=lambda name: -abs(terms[name])) if name in known and terms[name]][:most]
    strengths = {name: floor(100 * abs(terms[name]) / total + 1e-9) / 100 for name in order}
    return {"because": tuple(order), "strengths": {name: share for name, share in strengths.items() if share > 0}}
