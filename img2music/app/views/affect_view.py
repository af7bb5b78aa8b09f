"""The plane of valence and arousal as the page draws it: where the picture lies, where the piece does, which words and styles lie around.

Conventions: valence to the right and arousal up, -1..1 each (Russell 1980).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from img2music.crossmodal.musical_attributes import CIRCUMPLEX, mood_words
from img2music.report.cue_words import cue_name
from img2music.report.text_format import join_words

if TYPE_CHECKING:
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

__all__ = ["affect_view"]

_AROUND = 3
"""Words told of a point."""


def affect_view(scene: Scene | None, plan: CompositionPlan | None = None) -> dict[str, Any]:
    """The points of a picture and of a piece.

    Args:
        scene: what was seen; None where a piece was made from a plan alone.
        plan: of the piece, if there is one.

    Returns:
        ``picture`` and ``piece``: {valence, arousal, words [nearest first], text, because [name of a cue]} or None; a feeling that
        a visitor set has no reasons. ``words`` [{word, valence, arousal}] and ``styles`` [{name, valence, arousal}] lie around.
        ``axes``: {valence [low, high], arousal [low, high]} in words.
    """
    picture = piece = None
    if scene is not None:
        told = scene.attributes
        because = tuple(dict.fromkeys((*told.valence.because, *told.arousal.because)))
        picture = _point(told.valence.value, told.arousal.value, "the picture", because)
    if plan is not None:
        piece = _point(plan.valence, plan.arousal, "the music", ())
    return {
        "picture": picture,
        "piece": piece,
        "words": [{"word": word, "valence": valence, "arousal": arousal} for word, valence, arousal in _words()],
        "styles": [{"name": name, "valence": valence, "arousal": arousal} for name, valence, arousal in _styles()],
        "axes": {"valence": ["unpleasant", "pleasant"], "arousal": ["calm", "exciting"]},
    }


def _point(valence: float, arousal: float, what: str, because: tuple[str, ...]) -> dict[str, Any]:
    words = mood_words(valence, arousal, _AROUND)
    return {
        "valence": round(valence, 3),
        "arousal": round(arousal, 3),
        "words": list(words),
        "text": f"{what} feels {join_words(words)} (valence {valence:+.2f}, arousal {arousal:+.2f})",
        "because": [cue_name(name) for name in because],
    }


@cache
def _words() -> tuple[tuple[str, float, float], ...]:
    return tuple((word, float(valence), float(arousal)) for word, (valence, arousal) in CIRCUMPLEX.items())


@cache
def _styles() -> tuple[tuple[str, float, float], ...]:
    from img2music.io.style_files import load_style, style_names

    return tuple((name, (style := load_style(name)).affect.valence, style.affect.arousal) for name in style_names())
