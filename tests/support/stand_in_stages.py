"""Tiny stages for tests of whatever runs stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np

from img2music.audio import Audio
from img2music.errors import MissingPackageError
from img2music.stages import Rendering

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from img2music.performance import Performance

RATE = 8000


class Hum:
    """A renderer that holds one soft tone a part for the whole length."""

    def __init__(self, *, level: float = 0.1) -> None:
        self.level = level

    def __call__(self, performance: Performance, /, *, stems: bool = False) -> Rendering:
        times = np.arange(round(performance.seconds * RATE)) / RATE
        voices = {
            part.name: np.tile(self.level * np.sin(2 * np.pi * (220 + 50 * place) * times), (2, 1)).astype(np.float32)
            for place, part in enumerate(performance.parts)
        }
        mix = np.stack(list(voices.values())).mean(axis=0)
        sounds = {name: Audio(samples, RATE) for name, samples in voices.items()} if stems else {}
        return Rendering(Audio(mix.astype(np.float32), RATE), sounds)


class Lacking:
    """Any stage that needs a package which nobody has."""

    def __init__(self) -> None:
        raise MissingPackageError("this stage needs nosuchpackage: pip install nosuchpackage")


class Wrong:
    """Any stage that returns what no protocol allows."""

    def __call__(self, *_: object, **__: object) -> int:
        return 42


class Broken:
    """Any stage that raises what no protocol allows."""

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise KeyError("inner\nfault")


def naming(shares: dict[str, float]) -> Callable[[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
    """A `onnx_networks.run_network` whose recognisers see classes with these shares, whatever the picture; faces are really looked for."""
    from img2music.onnx_networks import run_network
    from img2music.perceivers.image.recognition import image_classes

    names = image_classes().names
    rest = (1 - sum(shares.values())) / (len(names) - len(shares))
    scores = np.log([shares.get(name, rest) for name in names]).astype(np.float32)

    def answer(name: str, pixels: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        if not name.startswith("efficientnet"):
            return run_network(name, pixels)
        cells = np.broadcast_to(scores[:, None, None], (len(names), 4, 4)).copy()
        return {"logits": scores[None], "cells": cells[None], "feat": np.full((1, 1280), 0.2, np.float32)}

    return answer
