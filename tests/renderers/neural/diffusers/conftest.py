"""Tiny pipelines, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.extras import require


@pytest.fixture(scope="session")
def tiny_pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ace`, `stable` and `stable3`."""
    require("diffusers")
    from tests.support.tiny_diffusion_models import tiny_ace_step, tiny_stable_audio, tiny_stable_audio_3

    folder = tmp_path_factory.mktemp("pipelines")
    tiny_ace_step(folder / "ace")
    tiny_stable_audio(folder / "stable")
    tiny_stable_audio_3(folder / "stable3")
    return folder
