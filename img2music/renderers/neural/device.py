"""Where a neural renderer computes, and with which numbers: picked by what this machine has, and said.

Conventions: a device is "cpu", "cuda", "cuda:1" or "mps", a precision "float32", "bfloat16" or "float16"; "auto" takes the fastest that is
known to be sound: a CUDA device with bfloat16 (float16 where it is too old for that), else Apple's with float32, else the processor with
float32. Sizes in bytes. Imports torch only when asked.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from img2music.errors import BackendError, MissingPackageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PRECISIONS", "Device", "check_device", "check_memory", "is_memory_fault", "memory_fault", "memory_guard", "pick"]

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,2})?")
_MEMORY_SIGNS = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "cublas_status_alloc_failed",
    "insufficient memory",
)


@dataclass(frozen=True, slots=True)
class Device:
    """Where and how a network computes."""

    name: str
    """"cpu", "cuda:0", "mps"."""
    torch_device: Any
    """A `torch.device`."""
    dtype: Any
    """A `torch.dtype`."""
    label: str
    """For people and the record: "cpu", "cuda: NVIDIA L4"."""

    @property
    def precision(self) -> str:
        """Name of `dtype`: "bfloat16"."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def is_cuda(self) -> bool:
        """Whether it is one of NVIDIA's (or AMD's, by the same name)."""
        return self.name.startswith("cuda")


def check_device(device: object, precision: object) -> None:
    """Looks at the two options by themselves, so that what can be none is told before anything is fetched.

    Raises:
        UsageError: no such device or precision.
    """
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise UsageError(f"no device {str(device)[:40]!r}; there are: auto, cpu, cuda, cuda:1, mps")
    if precision not in PRECISIONS:
        raise UsageError(f"no precision {str(precision)[:40]!r}; there are: {', '.join(PRECISIONS)}")


def pick(device: str = "auto", precision: str = "auto") -> Device:
    """The device to compute on, with its precision.

    Raises:
        UsageError: no such device or precision.
        BackendError: a device that is not here; the message says which is.
        MissingPackageError: torch is not installed.
    """
    check_device(device, precision)
    try:
        import torch
    except ImportError:
        raise MissingPackageError("neural sound needs torch: pip install torch") from None
    has_cuda = torch.cuda.is_available()
    if device == "auto":
        device = "cuda" if has_cuda else "mps" if torch.backends.mps.is_available() else "cpu"
    if device.startswith("cuda"):
        place = int(device.partition(":")[2] or (torch.cuda.current_device() if has_cuda else 0))
        count = torch.cuda.device_count() if has_cuda else 0
        if place >= count:
            here = f"cuda:0 to cuda:{count - 1}" if count > 1 else "cuda:0" if count else "cpu"
            raise BackendError(f"no device {device!r} is here; use device: auto, or {here}")
        device = f"cuda:{place}"
        label = f"cuda: {torch.cuda.get_device_name(place)}"
    elif device == "mps" and not torch.backends.mps.is_available():
        raise BackendError("no device 'mps' is here (Apple's GPUs only); use device: auto, or cpu")
    else:
        label = device
    if precision == "auto":
        precision = ("bfloat16" if torch.cuda.is_bf16_supported() else "float16") if device.startswith("cuda") else "float32"
    return Device(device, torch.device(device), getattr(torch, precision), label)


def is_memory_fault(error: BaseException) -> bool:
    """Whether a library ran out of memory: of the processor's, or of the device's."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _MEMORY_SIGNS)


def memory_fault(error: BaseException, smaller: str) -> BackendError:
    """The error to raise where memory ran out. `smaller` says what needs less: "weights facebook/musicgen-small, or takes: 1"."""
    where = "the GPU's memory" if "cuda" in str(error).lower() or "hip" in str(error).lower() else "memory"
    return BackendError(f"{where} is too small for this model; use {smaller}")


@contextmanager
def memory_guard(smaller: str) -> Iterator[None]:
    """Turns whatever a library raises when memory runs out in the block into one line that names what needs less.

    What the device holds for tensors that are gone is given back, so that whoever steps in has it.

    Raises:
        BackendError: memory ran out.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, BackendError) or not is_memory_fault(error):
            raise
        fault = memory_fault(error, smaller)
    else:
        return
    _give_back()  # after the handler: until then the error holds the frames, and they the tensors
    raise fault


def check_memory(folder: Path, device: Device, smaller: str) -> None:
    """Refuses to load weights that can't fit, before the system ends the program for it.

    As many bytes as the files have are needed at least; where it is not known how many are free, nothing is refused.

    Raises:
        BackendError: fewer are free.
    """
    needed = sum(file.stat().st_size for file in folder.rglob("*.safetensors") if file.is_file())
    free = _free_bytes(device)
    if free is not None and needed > free:
        where = "on the GPU" if device.is_cuda else "in memory"
        raise BackendError(f"the weights have {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free {where}; use {smaller}")


def _free_bytes(device: Device) -> int | None:
    if device.is_cuda:
        import torch

        return int(torch.cuda.mem_get_info(device.torch_device)[0])
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:  # noqa: PTH123  a file of the kernel's
            for line in stream:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _give_back() -> None:
    import gc
    import sys

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
