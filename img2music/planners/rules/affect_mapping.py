"""How feeling becomes music: the whole mapping from valence and arousal to what is played, in one place.

Tempo and mode come first and are settled where the picture is read (`crossmodal.musical_attributes`). What is here works also when both are
given: listeners use tempo, mode, register, dynamics and articulation about additively and linearly (Eerola, Friberg & Bresin, *Frontiers in
Psychology* 4:487, 2013), so every cue is a straight line through the style's own middle, and a neutral feeling changes nothing.

    density       busier with arousal: notes a second .63, .66
    articulation  more detached with arousal (sounding length against the beat -.22, -.22) and a little with valence: sadness and
                  tenderness are played legato, happiness and anger detached (Juslin & Laukka, *Psychological Bulletin* 129, 2003)
    height        higher with valence: height of pitch is heard as happier, depth as more frightening (Eerola and others 2013)
    mode          the style's nearest to the one that valence asks for: r of major against minor .47, .57
    chords        lighter with valence (the brightness of `harmonize`); darker feelings borrow more, tense ones delay more: sharp
                  dissonances (minor seconds, major sevenths) -.22, -.16 with valence
    energy        louder and fuller with arousal: loudness is heard as energy (Ilie & Thompson, *Music Perception* 23, 2006)

Pairs of figures are Pearson's r with people's ratings in EMOPIA and VGMIDI (`evals/studies/music/affect_judge.py` reads the sets;
neither is part of this project, and the signs are all that was taken from them). Slopes are our choice.

Conventions: valence and arousal in [-1, 1], 0 neutral; density 0..1; height in semitones; articulation multiplies the sounding
part of written lengths. Knows nothing of pictures and of notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from img2music.theory import MODES, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from img2music.style import Style, Vocabulary

__all__ = ["DENSITY_SHIFT", "AffectTargets", "adapt_vocabulary", "map_affect", "nearest_mode"]

_DETACHED_BY_AROUSAL, _DETACHED_BY_VALENCE = 0.16, 0.06
_SEMITONES = 4
"""How far full valence moves tune and accompaniment: a third, so that each instrument stays in the register where it sings."""
_OWN_TEMPER = 0.5
"""How much of the energy is the style's own: rock is never as soft as a lullaby."""
DENSITY_SHIFT = 0.3
"""How much of the style's range of density a subject that asks for all of it moves: less than half of what arousal does. Our choice."""
_MORE_BORROWED, _MORE_DELAYS = 0.5, 0.25


@dataclass(frozen=True, slots=True)
class AffectTargets:
    """What a feeling asks of the plan."""

    density: float
    """Inside the style's range, 0..1."""
    articulation: float
    """Factor for the style's articulation, .78 .. 1.22; 1 plays as the style does."""
    height: int
    """Semitones for tune and accompaniment, -4 .. 4."""
    temper: float
    """-1..1: how high the energies of the sections lie."""


def map_affect(valence: float, arousal: float, style: Style) -> AffectTargets:
    """The cues of a feeling inside a style."""
    calmest, busiest = style.density
    return AffectTargets(
        density=calmest + (busiest - calmest) * (arousal + 1) / 2,
        articulation=round(1 - _DETACHED_BY_AROUSAL * arousal - _DETACHED_BY_VALENCE * valence, 3),
        height=round(_SEMITONES * valence),
        temper=_OWN_TEMPER * style.affect.arousal + (1 - _OWN_TEMPER) * arousal,
    )


def nearest_mode(wanted: str, modes: Sequence[str]) -> str:
    """The mode of `modes` that is most like `wanted`: with the same third, then nearest in light, then the most typical.

    Light is the place in the row lydian, major, mixolydian, dorian, minor, phrygian, each one flat darker than the one before; listeners
    call them happier in about that order (lydian, which comes third, aside).
    """
    minor = Key(0, wanted).is_minor

    def distance(mode: str) -> tuple[bool, int]:
        return Key(0, mode).is_minor != minor, abs(MODES[mode] - MODES[wanted])

    return min(modes, key=distance)  # the first of equals: styles name their most typical mode first


def adapt_vocabulary(vocabulary: Vocabulary, valence: float, arousal: float) -> Vocabulary:
    """The style's harmony as this feeling speaks it: darker feelings borrow and delay more, bright ones keep to the scale.

    Shares stay shares of what the style says: a style that never borrows or never delays does not begin to.
    """
    tension = max(-1.0, min(1.0, (arousal - valence) / 2))
    return vocabulary.model_copy(
        update={
            "borrowed": min(1.0, vocabulary.borrowed * (1 - _MORE_BORROWED * valence)),
            "suspensions": min(1.0, vocabulary.suspensions * (1 + 4 * _MORE_DELAYS * tension)),
        }
    )
