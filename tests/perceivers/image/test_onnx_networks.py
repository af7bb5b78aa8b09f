"""The networks that come with the program: they open, take pictures of any size, and say one line when they are damaged."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from img2music import onnx_networks
from img2music.errors import BackendError, MissingPackageError
from img2music.resources import asset_path

WITHOUT = np.zeros((1, 3, 224, 224), np.float32)


def test_a_network_is_opened_once() -> None:
    assert onnx_networks.open_network("efficientnet_lite0") is onnx_networks.open_network("efficientnet_lite0")


def test_recognition_takes_pictures_of_any_size() -> None:
    for height, width in ((224, 224), (160, 288), (33, 65)):
        answer = onnx_networks.run_network("efficientnet_lite0", np.zeros((2, 3, height, width), np.float32))
        assert answer["logits"].shape == (2, 1000)
        assert answer["cells"].shape == (2, 1000, -(-height // 32), -(-width // 32))
        np.testing.assert_allclose(answer["cells"].mean(axis=(2, 3)), answer["logits"], atol=1e-3)


def test_several_threads_get_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_networks, "_opened", {})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: onnx_networks.run_network("efficientnet_lite0", WITHOUT)["logits"].tobytes(), range(8)))
    assert len(set(answers)) == 1


def test_a_damaged_or_missing_file_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = asset_path("networks/efficientnet_lite0.onnx").read_bytes()
    broken = tmp_path / "broken.onnx"
    monkeypatch.setattr(onnx_networks, "_opened", {})
    monkeypatch.setattr(onnx_networks, "asset_path", lambda name: broken)
    for content in (b"", b"no network", whole[: len(whole) // 2]):
        broken.write_bytes(content)
        with pytest.raises(BackendError, match=r"is damaged .*; install img2music again") as caught:
            onnx_networks.open_network("efficientnet_lite0")
        assert "\n" not in str(caught.value)
    monkeypatch.undo()
    with pytest.raises(BackendError, match=r"networks/no_such\.onnx.* install img2music again"):
        onnx_networks.open_network("no_such")


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_networks, "_opened", {})
    missing: Any = None
    monkeypatch.setitem(sys.modules, "onnxruntime", missing)
    with pytest.raises(MissingPackageError, match="pip install onnxruntime"):
        onnx_networks.open_network("efficientnet_lite0")


def test_values_of_another_shape_are_refused() -> None:
    with pytest.raises(BackendError, match=r"failed on values of shape \(1, 4, 8, 8\)"):
        onnx_networks.run_network("efficientnet_lite0", np.zeros((1, 4, 8, 8), np.float32))


def test_nothing_is_kept_or_sent_about_the_machine(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    code = (
        "from img2music.perceivers.offline import OfflinePerceiver; from img2music.io.pictures import open_picture; import sys;"
        "OfflinePerceiver()(open_picture(sys.argv[1]))"
    )
    picture = Path(__file__).parents[3] / "demo" / "examples" / "moon.jpg"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(picture)], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not [path for path in tmp_path.rglob("*") if "microsoft" in path.name.lower() or "onnxruntime" in path.name.lower()]
