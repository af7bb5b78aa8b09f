"""The little of JAX that the worker touches itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

__version__ = "0.0-fake"


def devices() -> list[Any]:
    return [SimpleNamespace(platform="cpu", device_kind="cpu")]


def _tree_map(change: Any, tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _tree_map(change, value) for key, value in tree.items()}
    return change(tree)


tree_util = SimpleNamespace(tree_map=_tree_map)
random = SimpleNamespace(
    PRNGKey=lambda seed: np.array([0, seed], np.uint32), split=lambda key, count: np.repeat(key[None], count, axis=0)
)
