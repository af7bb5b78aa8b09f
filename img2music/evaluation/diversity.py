"""What tells one result of a prompt from another: a handful of traits, and a distance between two sets of them.

Traits are those that the prompt's stage decides: some attributes of a scene, the decisions of a plan, or the notes. What it does not
decide (the rules' own chance, what only the offline eye says) is left out, so that a prompt which says the same of every
picture has a diversity of exactly 0. The tonic is left out too: a transposed piece is the same piece.

Distance of two traits, each in [0, 1], all of the same weight (our choice):
    number    their difference, 1 at most; tempo is a logarithm to base 2, so half or twice the tempo is 1
    name      0 the same, 1 another
    set       1 less the share that both have of what either has (Jaccard)
    curve     mean difference, point by point; for shares that add up to one, half the sum (total variation)
"""

from __future__ import annotations

from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from img2music.crossmodal.musical_attributes import MODE_RULES
from img2music.perceivers.vlm.scene_fusion import AROUSAL_CUE
from img2music.theory import MODES
from img2music.theory.pitch import pitch_class
from img2music.theory.tempo_map import bpm_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from img2music.piece import Piece
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene
    from img2music.score import Score
    from img2music.theory import Key

__all__ = ["ANSWERED_ATTRIBUTES", "Trait", "decided_feeling", "extract_traits", "mean_trait_distance"]

_Word = Annotated[str, Field(max_length=300)]
_Number = Annotated[float, Field(ge=-1e6, le=1e6)]
Trait = (
    _Number | _Word | Annotated[tuple[_Word, ...], Field(max_length=2000)] | Annotated[tuple[_Number, ...], Field(max_length=200)]
)
"""A number, a name, a set of names, or a curve."""

ANSWERED_ATTRIBUTES = ("valence", "arousal", "mood", "tempo_bpm", "key", "mode", "meter", "genre", "instruments")
"""The attributes of a scene that an answer says (schemas "scene/1" and "scene/2"); the others stay the offline eye's."""
_BRIGHT_TO_DARK = sorted(MODES, key=lambda mode: MODES[mode])
_HAPPIER = [row.happier for row in MODE_RULES.values()]
_SLOWEST_BPM, _FASTEST_BPM = 54.0, 168.0
"""The range of tempo that the rules use for arousal from end to end."""
_POINTS = 8
_SHARES = frozenset({"pitch classes", "lengths", "steps"})
"""Traits that are shares of a whole."""
_LENGTHS = (0.25, 0.5, 1.0, 2.0)
"""Upper limits of the bins of lengths, in quarter notes."""
_STEPS = (-5, -3, -1, 0, 2, 4)
"""Upper limits of the bins of melodic steps, in semitones."""


def extract_traits(piece: Piece, purpose: str) -> dict[str, Trait]:
    """The traits that a prompt of this purpose decides."""
    if purpose == "see" and piece.scene is not None:
        return _scene_traits(piece.scene)
    return _score_traits(piece.score) if purpose == "abc" else _plan_traits(piece.plan)


def decided_feeling(piece: Piece, purpose: str) -> tuple[float, float] | None:
    """Valence and arousal that a prompt of this purpose decided; None for notes, of which no one can tell here.

    A scene says them. A plan only implies them: valence by how happy its mode is to listeners (the least happy mode is -1, the happiest 1),
    arousal by its tempo (equal ratios from -1 at 54 to 1 at 168 quarter notes a minute). Its own `valence` and `arousal` are what was asked
    of it, not what it decided.
    """
    if purpose == "see" and piece.scene is not None:
        return piece.scene.attributes.valence.value, _model_arousal(piece.scene)
    if purpose != "plan":
        return None
    plan = piece.plan
    happier = _mean_of_bars(plan, lambda key: MODE_RULES[key.mode].happier)
    valence = 2 * (happier - min(_HAPPIER)) / (max(_HAPPIER) - min(_HAPPIER)) - 1
    arousal = 2 * log2(_mean_bpm(plan) / _SLOWEST_BPM) / log2(_FASTEST_BPM / _SLOWEST_BPM) - 1
    return valence, min(1.0, max(-1.0, arousal))


def _model_arousal(scene: Scene) -> float:
    """The arousal that the model says; the scene holds its mean with the eye's (`perceivers.vlm.scene_fusion`), no prompt's doing."""
    return scene.number(AROUSAL_CUE, scene.attributes.arousal.value)


def _scene_traits(scene: Scene) -> dict[str, Trait]:
    found = scene.attributes
    return {
        "tempo": log2(found.tempo_bpm.value),
        "mode": _BRIGHT_TO_DARK.index(found.mode.value) / (len(_BRIGHT_TO_DARK) - 1),
        "metre": found.meter.value,
        "style": found.genre.value[:300],
        "valence": found.valence.value / 2,
        "arousal": _model_arousal(scene) / 2,
        "mood": tuple(sorted(word[:300] for word in found.mood.value)),
        "instruments": tuple(sorted(found.instruments.value)),
    }


def _plan_traits(plan: CompositionPlan) -> dict[str, Trait]:
    by_bar = plan.bar_energies
    energies = [by_bar[point * len(by_bar) // _POINTS] for point in range(_POINTS)]
    bars = [bar[:300] for section in plan.sections for bar in section.harmony]
    pairs = sorted({f"{one} > {other}"[:300] for one, other in pairwise([*bars, ""])})
    return {
        "tempo": log2(_mean_bpm(plan)),
        "mode": _mean_of_bars(plan, lambda key: _BRIGHT_TO_DARK.index(key.mode) / (len(_BRIGHT_TO_DARK) - 1)),
        "metre": " ".join(point.meter.name for point in plan.meter_map.points)[:300],
        "style": plan.style[:300],
        "density": plan.density,
        "energies": tuple(energies),
        "form": " ".join(f"{section.material}{section.bars}" for section in plan.sections)[:300],
        "motif": f"{plan.motif.steps} {plan.motif.rhythm}"[:300],
        "harmony": tuple(pairs[:2000]),
        "instruments": tuple(sorted({part.instrument for part in plan.parts})),
    }


def _mean_of_bars(plan: CompositionPlan, of: Callable[[Key], float]) -> float:
    """What a key's mode says, the mean over all bars of a plan that changes it."""
    values = {plan.key_of(section): of(plan.key_of(section)) for section in plan.sections}
    if len(values) == 1:
        return next(iter(values.values()))
    return sum(values[plan.key_of(section)] * section.bars for section in plan.sections) / plan.bars


def _mean_bpm(plan: CompositionPlan) -> float:
    """The one tempo at which the piece would be as long."""
    return plan.tempo_map.bpm if plan.tempo_map.is_constant else bpm_between(plan.duration_quarters, plan.bars_seconds)


def _score_traits(score: Score) -> dict[str, Trait]:
    pitched = [note for part in score.parts if not part.instrument.kit for note in part.notes]
    tune = next((part.notes for part in score.parts if part.role == "melody"), ())
    classes = [(note.pitch - pitch_class(score.key_map.key_at(note.onset_quarters).tonic)) % 12 for note in pitched]
    steps = [later.pitch - note.pitch for note, later in pairwise(tune)]
    lengths = [float(note.duration_quarters) for note in pitched]
    return {
        "pitch classes": _histogram([float(one) for one in classes], tuple(range(11))),
        "lengths": _histogram(lengths, _LENGTHS),
        "steps": _histogram([float(step) for step in steps], _STEPS),
        "notes a bar": min(1.0, len(pitched) / max(1, score.bars) / 40),
    }


def _histogram(values: Sequence[float], limits: Sequence[float]) -> tuple[float, ...]:
    """Share of the values up to each limit, and of those beyond the last."""
    counts = [0] * (len(limits) + 1)
    for value in values:
        counts[next((place for place, limit in enumerate(limits) if value <= limit), len(limits))] += 1
    return tuple(count / max(1, len(values)) for count in counts)


def mean_trait_distance(one: Mapping[str, Trait], other: Mapping[str, Trait]) -> float | None:
    """Mean distance of the traits that both have; None where they share none."""
    apart = [_trait_distance(name, trait, other[name]) for name, trait in one.items() if name in other]
    return sum(apart) / len(apart) if apart else None


def _trait_distance(name: str, one: Trait, other: Trait) -> float:
    if isinstance(one, tuple) and isinstance(other, tuple):
        curves = [[float(item) for item in trait if not isinstance(item, str)] for trait in (one, other)]
        if len(curves[0]) == len(curves[1]) == len(one) == len(other) > 0:
            apart = sum(abs(first - second) for first, second in zip(curves[0], curves[1], strict=True))
            return min(1.0, apart / 2 if name in _SHARES else apart / len(one))
        union = {*one, *other}
        return 1 - len({*one} & {*other}) / len(union) if union else 0.0
    if isinstance(one, float | int) and isinstance(other, float | int):
        return min(1.0, abs(one - other))
    return float(one != other)
