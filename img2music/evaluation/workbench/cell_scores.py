"""The scores of a cell, each with its card: what it means, its range, how it misleads.

"Not measured" is None, never 0: a cell without an answer has no scores at all; a piece that another stage made in place of the
model's says only that its answers were not valid; what came from the cache has no tokens, seconds or costs of its own.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

from img2music.crossmodal.affect import spread_affect
from img2music.measurement import card, cards_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from img2music.evaluation.workbench.cell_record import CellRecord

__all__ = ["DIVERSITY_CARD", "SCORE_CARDS", "affect_agreement", "score_record"]

_EVERY = float("inf")


SCORE_CARDS = cards_by_name(
    card(
        "validity", "0..1", "1 where an answer was accepted, mended or not; 0 where another stage had to step in.",
        "Mending is part of it: a model that is always mended can have 1. A server that can't be reached is a failure, not a 0.",
    ),
    card(
        "first try", "0..1", "1 where the first answer was accepted, without a fault quoted back.",
        "What is mended silently (see mends) counts as accepted.",
    ),
    card(
        "repairs", "times", "How often faults were quoted back to the model.", "Two is the limit, also for hopeless answers.",
        high=2.0, better="lower",
    ),
    card(
        "mends", "faults", "How many faults were put right without the model.", "Counts faults, not how grave they are.",
        high=_EVERY, better="lower",
    ),
    card(
        "compliance", "0..1", "Share of the promises (tempo, metre, key, length, instruments, bars, loop) that the written files keep.",
        "Bound by code, so nearly always 1; a lower value is a fault to be looked at, not a matter of taste.",
    ),
    card(
        "citations", "0..1", "Share of the cues named as reasons that are there at all.",
        "A cue that is there may still be no good reason; naming few is the easy way to 1.",
    ),
    card(
        "affect", "0..1",
        "1 less half the distance between the valence and arousal decided (of a plan: implied by mode and tempo) and the picture's.",
        "Of a plan it hears two of many things. Against the eye it rewards repeating what the prompt was told; ratings.csv is the "
        "fair judge. Saying 'neutral' of everything is never far off.",
    ),
    card(
        "tokens in", "tokens", "Read by the model, all rounds together, as its server counts.", "Servers count pictures each in their way.",
        high=_EVERY, better="lower",
    ),
    card("tokens out", "tokens", "Written by the model, all rounds together.", "Short is cheap, not good.", high=_EVERY, better="lower"),
    card(
        "seconds", "seconds", "Waiting for the model, retries and pauses between them included.",
        "A rate limit and a busy server count too.", high=_EVERY, better="lower",
    ),
    card("cost", "USD", "What the tokens cost at the prices in the model's line.", "None without prices.", high=_EVERY, better="lower"),
)  # fmt: skip
"""What each score of a cell means; the values are None."""
DIVERSITY_CARD = card(
    "diversity", "0..1", "Mean distance between the results for two different pictures at the same seed: 0 is the same for every picture.",
    "Chance makes variety too: a hot model scattering at random scores high. Look at affect beside it.", better="neither",
)  # fmt: skip


def score_record(record: CellRecord, ratings: Mapping[str, tuple[float, float]] | None = None) -> dict[str, float | None]:
    """Every score of a cell by name; `ratings` by the picture's file name where people were asked."""
    scores: dict[str, float | None] = dict.fromkeys(SCORE_CARDS)
    if record.status == "failed":
        return scores
    uses = record.uses
    valid = not record.fell_back and all(use.accepted for use in uses)
    scores["validity"] = float(valid)
    if uses:
        scores["first try"] = float(valid and not any(use.repairs for use in uses))
        scores["repairs"] = float(sum(use.repairs for use in uses))
    if valid:
        scores["mends"] = float(sum(len(use.mended) for use in uses)) if uses else None
        scores["compliance"] = record.promises_kept / record.promises if record.promises else None
        citations = sum(use.citations for use in uses)
        scores["citations"] = 1 - min(citations, sum(use.unfounded for use in uses)) / citations if citations else None
        scores["affect"] = affect_agreement(record, ratings)
    if uses and all(use.asked >= max(1, use.answers) for use in uses):  # else some answers came from the cache
        tokens_in, tokens_out = sum(use.tokens_in for use in uses), sum(use.tokens_out for use in uses)
        costs = [use.cost_usd for use in uses if use.cost_usd is not None]
        scores["tokens in"] = float(tokens_in) if tokens_in else None
        scores["tokens out"] = float(tokens_out) if tokens_out else None
        scores["cost"] = sum(costs) if tokens_in and len(costs) == len(uses) else None
        if not record.model.startswith("replay:"):  # reading a file is no waiting
            scores["seconds"] = sum(use.seconds for use in uses)
    return scores


def affect_agreement(record: CellRecord, ratings: Mapping[str, tuple[float, float]] | None) -> float | None:
    """How near the feeling decided is to the picture's: 1 - distance / 2, 0 at least; None where either is unknown.

    The plane of valence and arousal is 2 by 2 (Russell 1980), so half its side away is 0.5 and opposite corners are 0. Pictures are felt
    near the middle and music from end to end, so what a plan implies is held against the feeling as music spreads it (`crossmodal.affect`).
    """
    aim = record.eye if ratings is None else ratings.get(record.picture)
    if aim is None or record.feeling is None:
        return None
    if record.purpose == "plan":
        aim = spread_affect(*aim)
    return max(0.0, 1 - hypot(record.feeling[0] - aim[0], record.feeling[1] - aim[1]) / 2)
