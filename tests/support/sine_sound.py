"""A renderer of a package of its own that plays sines and is listened to, in place of a neural one, as plug-ins bring them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.registered import installed_package

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pytest

__all__ = ["SINE", "sine_package"]

SINE = "sine-choir"
_CODE = """
import os
import numpy as np
from img2music.audio import Audio
from img2music.cancellation import checkpoint, sleep
from img2music.errors import BackendError
from img2music.provenance import SoundTake, SoundUse, record_sound_use
from img2music.stages import Rendering

RATE = 32_000

def ready(options):
    return "" if options.get("weights", "facebook/musicgen-small") != "facebook/musicgen-large" else "the weights are not here"

class SineChoir:
    registry_entry = {
        "summary": "sines that sing the tune", "listened": True, "leaves_machine": "", "licence": "of the weights",
        "readiness": "sine_choir:ready",
    }
    made = []

    def __init__(self, weights="facebook/musicgen-small", seed=0):
        self.weights, self.seed, self.words = weights, seed, "no plan"
        SineChoir.made.append(weights)

    def for_plan(self, plan, scene):
        told = SineChoir.__new__(SineChoir)
        told.weights, told.seed, told.words = self.weights, self.seed, f"{plan.style} of {scene.picture.file if scene else 'nothing'}"
        return told

    def __call__(self, performance, *, stems=False):
        steps = int(os.environ.get("SINE_STEPS", "4"))
        for step in range(steps):
            checkpoint(step, steps, f"step {step + 1} of {steps}")
            sleep(float(os.environ.get("SINE_SECONDS", "0")) / steps)
        if os.environ.get("SINE_FAILS"):
            raise BackendError("the choir is hoarse; let it rest")
        moment = np.arange(round(performance.seconds * RATE)) / RATE
        sound = np.zeros_like(moment)
        at = performance.seconds_at
        for note in performance.parts[0].notes:
            inside = (moment >= at(note.onset_ticks)) & (moment < at(note.onset_ticks + note.duration_ticks))
            sound[inside] += 0.1 * np.sin(2 * np.pi * 440 * 2 ** ((note.pitch - 69) / 12) * moment[inside])
        take = SoundTake(seed=self.seed, kept=True, mark=0.71, heard=(
            "tempo: asked 92 beats a minute, found 91.6 beats a minute (80% sure)", "key: asked C major, found no key"))
        record_sound_use(SoundUse(
            renderer="sine-choir", weights=self.weights, licence="CC-BY-NC-4.0", commercial=False, device="cpu", precision="float32",
            text=f"A choir of sines, {self.words}", conditions=("every note of the tune",), takes=(take,)))
        return Rendering(Audio(np.stack([sound, sound]).astype(np.float32), RATE))
"""
_POINTS = f"[img2music.renderer]\n{SINE} = sine_choir:SineChoir\n"


def sine_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[Path]:
    """The package, installed while the block runs; give `folder` to a program of its own as PYTHONPATH."""
    return installed_package(folder, monkeypatch, "sine-choir 1.0", modules={"sine_choir": _CODE}, entry_points=_POINTS)
