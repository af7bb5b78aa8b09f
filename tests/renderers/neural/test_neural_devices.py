"""Devices that are here and that are not, memory that runs out, and the record that is kept in any case."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from img2music.errors import BackendError, UsageError
from img2music.provenance import SoundTake, collect_sound_uses
from img2music.renderers.neural.device import check_memory, is_memory_fault, memory_fault, memory_guard, pick
from img2music.renderers.neural.sound_use import sound_record
from img2music.renderers.neural.take_choice import TakesRefusedError
from tests.support import extras

if TYPE_CHECKING:
    from pathlib import Path

extras.require("musicgen")


def test_without_a_gpu_the_processor_is_taken_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    device = pick()
    assert (device.name, device.label, device.precision, device.dtype) == ("cpu", "cpu", "float32", torch.float32)
    assert pick("cpu", "bfloat16").dtype is torch.bfloat16
    with pytest.raises(BackendError, match="no device 'cuda' is here; use device: auto, or cpu"):
        pick("cuda")
    with pytest.raises(BackendError, match="Apple's GPUs only"):
        pick("mps")
    for wrong in ("gpu", "cuda:", "cuda:999", "", 3):
        with pytest.raises(UsageError, match="no device"):
            pick(wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there are: auto, float32, bfloat16, float16"):
        pick("cpu", "int8")


@pytest.mark.parametrize(("can_bf16", "precision"), [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_is_named(can_bf16: bool, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    for name, answer in {
        "is_available": True, "device_count": 2, "current_device": 1, "is_bf16_supported": can_bf16,
        "get_device_name": "NVIDIA L4",
    }.items():  # fmt: skip
        monkeypatch.setattr(torch.cuda, name, lambda *_, answer=answer: answer)
    device = pick()
    assert (device.name, device.label, device.precision) == ("cuda:1", "cuda: NVIDIA L4", precision)
    assert device.is_cuda
    assert pick("cuda:0", "float32").name == "cuda:0"
    with pytest.raises(BackendError, match="use device: auto, or cuda:0 to cuda:1"):
        pick("cuda:2")


def test_memory_that_runs_out_names_what_needs_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    gone = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    for error in (gone, MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")):
        assert is_memory_fault(error)
        with pytest.raises(BackendError, match="too small for this model; use takes: 1"), memory_guard("takes: 1"):
            raise error
    assert "the GPU's memory" in str(memory_fault(gone, "x"))
    with pytest.raises(ValueError, match="other"), memory_guard("x"):
        raise ValueError("other")
    (tmp_path / "vae").mkdir()
    with (tmp_path / "vae" / "model.safetensors").open("wb") as stream:
        stream.truncate(10**13)  # a hole: nothing is written
    with pytest.raises(BackendError, match=r"have 10000.0 GB, and \S+ GB are free in memory; use a smaller one"):
        check_memory(tmp_path, pick("cpu"), "a smaller one")
    on_gpu: Any = SimpleNamespace(is_cuda=True, torch_device="cuda:0")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (24 * 10**9, 24 * 10**9))
    with pytest.raises(BackendError, match=r"and 24.0 GB are free on the GPU"):
        check_memory(tmp_path, on_gpu, "a smaller one")


def test_a_record_is_kept_of_a_call_that_fails_too() -> None:
    take = SoundTake(seed=3, kept=False, mark=0.1, heard=("tempo: asked 92, found 60",))
    with collect_sound_uses() as uses:
        with sound_record("musicgen", weights="facebook/musicgen-small", device=pick("cpu")) as told:
            told.words("a waltz " * 3000, prompt="sound/band")
            told.condition("bpm 92")
            for _ in range(100):
                told.note("x" * 5000)
        with pytest.raises(TakesRefusedError), sound_record("musicgen", weights="facebook/musicgen-small") as told:
            raise TakesRefusedError("too little", (take,))
        with pytest.raises(KeyError), sound_record("mine", weights="own/one", licence="MIT", commercial=True):
            raise KeyError
    good, refused, broken = uses
    assert (good.renderer, good.weights, good.licence, good.commercial) == (
        "musicgen", "facebook/musicgen-small", "CC-BY-NC-4.0", False
    )  # fmt: skip
    assert (good.device, good.precision, good.conditions) == ("cpu", "float32", ("bpm 92",))
    assert (len(good.text), len(good.notes), len(good.notes[0])) == (10_000, 60, 2000)
    assert refused.takes == (take,)
    assert (broken.licence, broken.commercial, broken.device) == ("MIT", True, "not known")


def test_of_a_folder_only_the_last_part_goes_on_record(tmp_path: Path) -> None:
    folder = tmp_path / "secret" / "my-weights"
    folder.mkdir(parents=True)
    with collect_sound_uses() as uses, sound_record("musicgen", weights=str(folder)):
        pass
    assert (uses[0].weights, uses[0].licence, uses[0].commercial) == ("my-weights", "not known", None)
