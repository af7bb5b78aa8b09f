"""Renderers that stand in for neural ones: they tell and are held to the score as those are, and play by the soundfont.

register_neural(monkeypatch, "obedient")            # plays what is written
register_neural(monkeypatch, "wilful", wilful=True)  # another key, another tempo
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from img2music.registry.sound_models import SOUND_MODELS
from img2music.renderers.neural.sound_use import sound_record
from img2music.renderers.neural.take_choice import choose_take
from img2music.renderers.neural.weights import check_licence
from img2music.renderers.soundfont.soundfont_renderer import SoundfontRenderer
from img2music.stages import Rendering
from tests.support.registered import register

if TYPE_CHECKING:
    import pytest

    from img2music.performance import Performance
    from img2music.plan import CompositionPlan
    from img2music.scene import Scene

WEIGHTS = next(name for name, model in SOUND_MODELS.items() if model.licence == "MIT" and not model.conditions)
"""What a stand-in plays unless told otherwise: weights that may be used commercially."""


class Obedient:
    """Plays what is written, as many times as there are takes."""

    wilful = False
    versions: ClassVar[dict[str, object]] = {}
    """What a program in an environment of its own would say that it is made of."""

    def __init__(self, *, weights: str = WEIGHTS, seed: int = 0, takes: int = 1, threshold: float = 0.0) -> None:
        self.weights, self.seed, self.takes, self.threshold = weights, seed, takes, threshold
        self.title = ""

    def for_plan(self, plan: CompositionPlan, scene: Scene | None, /) -> Obedient:
        self.title = f"{plan.title}, a {plan.style}{'' if scene is None else ' from a picture'}"
        return self

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        with sound_record(type(self).__name__.lower(), weights=self.weights) as told:
            told.words(self.title or performance.title, prompt="sound/<script>")
            told.condition(f"bpm {performance.tempo_bpm:g}")
            check_licence(self.weights)
            told.made_with(self.versions)
            played = [self.played(performance, place) for place in range(self.takes)]
            made = [SoundfontRenderer()(one, stems=stems) for one in played]
            seeds = [self.seed + place for place in range(self.takes)]
            kept, told.takes = choose_take([one.mix for one in made], seeds, performance, threshold=self.threshold)
        return made[kept]

    def played(self, performance: Performance, place: int) -> Performance:
        """What a take plays: only the first is wilful, where there are several."""
        if not self.wilful or place:
            return performance
        parts = [
            part if part.is_drums else replace(part, notes=tuple(replace(note, pitch=note.pitch + 6) for note in part.notes))
            for part in performance.parts
        ]
        return replace(performance, parts=tuple(parts), tempo_map=performance.tempo_map.scaled(0.8), rings=False)


class Wilful(Obedient):
    """Plays something else."""

    wilful = True


def register_neural(monkeypatch: pytest.MonkeyPatch, name: str = "obedient", **said: Any) -> None:
    """A renderer of that name for the length of a test: "wilful" plays what it likes."""
    factory = f"tests.support.stand_in_sound:{'Wilful' if name == 'wilful' else 'Obedient'}"
    row = {"deterministic": False, "listened": True, "weights": WEIGHTS, "licence": "that of the weights"}
    register(monkeypatch, "renderer", name, factory, **{**row, **said})
