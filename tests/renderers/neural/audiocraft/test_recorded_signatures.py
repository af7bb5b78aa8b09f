"""Every call of the worker fits the signatures that were read in audiocraft's source at named commits."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from img2music.renderers.neural.audiocraft import audiocraft_environment
from tests.support.fake_audiocraft import SIGNATURES

WORKER = Path(audiocraft_environment.__file__).with_name("audiocraft_worker.py")
RECORDED = json.loads(SIGNATURES.read_text(encoding="utf-8"))["signatures"]
OWNERS = {"play_jasco": ("JASCO",), "play_musicgen": ("MusicGen",), "job": ("JASCO", "MusicGen")}
"""Whose methods a function of the worker calls on `model`."""


def calls() -> list[tuple[str, ast.Call]]:
    """(method with its class, call) of everything that the worker calls in audiocraft."""
    tree = ast.parse(WORKER.read_text(encoding="utf-8"))
    found = []
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if name.startswith("models."):
                found.append((name.removeprefix("models."), call))
            elif name.startswith("model."):
                found += [(f"{owner}.{name.removeprefix('model.')}", call) for owner in OWNERS[function.name]]
    return found


def test_every_call_fits_every_recorded_signature() -> None:
    found = calls()
    assert len(found) == 11
    for method, call in found:
        signatures = [one["signature"] for one in RECORDED if one["of"] == method]
        assert signatures, f"{method} is called, and no signature of it is recorded"
        for signature in signatures:
            held: dict[str, Callable[..., Any]] = {}
            exec(f"def told{signature}: pass", held)  # noqa: S102  a recorded line of this folder
            own = [None] if signature.startswith("(self") else []
            names = {keyword.arg: None for keyword in call.keywords if keyword.arg}
            inspect.signature(held["told"]).bind(*own, *call.args, **names)
            assert set(names) <= set(inspect.signature(held["told"]).parameters), method


def test_signatures_name_commits_and_files() -> None:
    for one in RECORDED:
        assert re.fullmatch(r"[0-9a-f]{40}", one["commit"])
        assert one["file"].startswith("audiocraft/models/")
    assert len({(one["of"], one["commit"]) for one in RECORDED}) == len(RECORDED)
    assert {one["of"] for one in RECORDED} == {method for method, _ in calls()}
