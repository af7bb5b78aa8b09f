"""A stand-in for magenta-rt 2.0.3 with its names and signatures, whose sound is worked out from what it is told. For tests alone.

Every pitch that sounds is a sine, restarted where it is struck; drums are a burst of noise; the style is a hum whose pitch is the first token. As in
the real one a frame is 1920 samples, and its sound comes one frame late, out of the state.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from magenta_rt import audio, config, paths

__version__ = "2.0.3"
FRAME, RATE = 1920, 48_000


class MagentaRT2Jax:
    def __init__(
        self,
        size: str = "mrt2_base",
        style_model: Any = None,
        checkpoint: str | None = None,
        temperature: float = 1.3,
        top_k: int = 40,
        cfg_scales: dict[str, float] | None = None,
    ) -> None:
        self._params = (paths.checkpoints_dir() / (checkpoint or f"{size}.safetensors")).read_bytes()
        if self._params == b"too large":
            raise RuntimeError("RESOURCE_EXHAUSTED: failed to allocate 12 GB")
        os.write(1, b"what libraries print\n")

    def _jit_init_state(self, params: bytes, constants: dict[str, Any]) -> dict[str, Any]:
        return {
            "key": np.zeros((1, 2), np.uint32),
            "waiting": np.zeros((FRAME, 2), np.float32),
            "age": np.full(128, -1, np.int64),
            "clock": np.array(0),
        }

    def embed_style(
        self, text_or_audio: str | audio.Waveform, pool_across_time: bool = True, use_mapper: bool = False, seed: int = 0
    ) -> np.ndarray:
        if isinstance(text_or_audio, str):
            assert use_mapper
            return np.full(768, len(text_or_audio), np.float32)
        return np.full(768, 500 + 1000 * np.abs(text_or_audio.samples).mean(), np.float32)

    def tokenize_style(self, embedding: np.ndarray) -> np.ndarray:
        return np.full(12, round(float(embedding[0])) % 1024)

    def generate(
        self,
        conditioning: dict[str, Any] | None = None,
        cfg_scales: dict[str, float] | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        frames: int = 25,
        state: dict[str, Any] | None = None,
    ) -> tuple[audio.Waveform, dict[str, Any]]:
        told = conditioning or {}
        pitches, (drums,) = told[config.PIANOROLL_WITH_ONSETS.key], told[config.DRUM_PIANOROLL.key]
        tokens = told[config.MUSICCOCA.key]
        assert (len(pitches), len(tokens)) == (128, 12)
        assert cfg_scales is not None
        assert set(cfg_scales) == {"musiccoca", "notes", "drums"}
        if "FAKE_MAGENTA_RT_DIES" in os.environ:
            os._exit(9)
        state = state or self._jit_init_state(self._params, {})
        pieces = []
        for _ in range(frames):
            pieces.append(state["waiting"])
            state = self._step(pitches, drums, tokens, cfg_scales, dict(state))
        return audio.Waveform(np.concatenate(pieces), sample_rate=RATE), state

    def _step(self, pitches: list[int], drums: int, tokens: list[int], scales: dict[str, float], state: dict[str, Any]) -> Any:
        samples, age = np.arange(FRAME), state["age"].copy()
        sound = np.zeros(FRAME)
        for pitch, value in enumerate(pitches):
            age[pitch] = 0 if value == 2 or (value > 0 and age[pitch] < 0) else age[pitch] if value > 0 else -1
            if age[pitch] >= 0:
                seconds = (age[pitch] + samples) / RATE
                hertz = 440 * 2 ** ((pitch - 69) / 12)
                sound += 0.1 * np.sin(2 * np.pi * hertz * seconds) * np.exp(-3 * seconds)
                age[pitch] += FRAME
        noise = np.random.default_rng([int(state["key"][0, 1]), int(state["clock"])]).normal(size=FRAME)
        sound += (0.2 * np.exp(-samples / 300) if drums else 0.0005) * noise
        sound += 0.002 * scales["musiccoca"] / 3 * np.sin(2 * np.pi * (1000 + tokens[0]) * (int(state["clock"]) + samples) / RATE)
        waiting = np.repeat(sound[:, None], 2, axis=1).astype(np.float32)
        return {"key": state["key"], "waiting": waiting, "age": age, "clock": state["clock"] + FRAME}
