"""Scores by hand for the metrics, small enough to count on fingers."""

from __future__ import annotations

from dataclasses import replace

from img2music.score import Score
from tests.support.made_notes import band_score, make_part, make_score, score_from_words

__all__ = ["survey_scores", "two_voices"]


def two_voices(upper: str, lower: str, **wishes: str) -> Score:
    """A tune over a bass, each in the words of `scores.tune`."""
    high, low = score_from_words(upper, **wishes), score_from_words(lower, **wishes)  # type: ignore[arg-type]
    parts = [
        make_part("Tune", high.parts[0].notes, plays="violin", role="melody"),
        make_part("Bass", low.parts[0].notes, plays="cello", role="bass"),
    ]
    return make_score(parts, bars=max(high.bars, low.bars), meter=wishes.get("meter", "4/4"), key=wishes.get("key", "C major"))


def survey_scores() -> dict[str, Score]:
    """What an outside program is asked about: a whole band, a chromatic tune with rests, a waltz of two bars."""
    chromatic = "60:1 61:1/2 63:1/2 r:2 66:3/2 67:1/2 68:2 r:4 70:1/4 71:1/4 72:1/2 61:3"
    waltz = two_voices("72:1 71:1/2 69:1/2 67:1 65:2 64:1", "48:3 43:1 r:1 45:1", meter="3/4")
    return {"band": band_score(), "chromatic": score_from_words(chromatic), "waltz": replace(waltz, tempo_bpm=90.0)}
