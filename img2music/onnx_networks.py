"""Opens the small networks that come with the program (`img2music/assets/networks`), once each, for one thread.

A network is an ONNX file run by onnxruntime on the processor: one thread and no clock, so that the same picture or sound gives the
same numbers again on the same machine; another processor may round the last digits differently. Weights are stored as
half-precision numbers and widened to 32 bits when the file is opened. A session may be used by several threads at once.

Knows nothing of what goes in and what comes out: see the module that asks for a network, and the README beside the files.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from img2music.cancellation import checkpoint, when_cancelled
from img2music.errors import BackendError, MissingPackageError
from img2music.resources import asset_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Numbers", "open_network", "run_network"]

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_opened: dict[str, Any] = {}
_opening = Lock()


def open_network(name: str) -> Any:  # onnxruntime.InferenceSession, which has no type stubs
    """The network `name` ("face_boxes"), opened when it is first asked for and kept.

    Raises:
        MissingPackageError: onnxruntime is not installed or can't be loaded here.
        BackendError: the file is missing or damaged.
    """
    with _opening:
        if name not in _opened:
            _opened[name] = _open(name)
        return _opened[name]


def run_network(name: str, values: NDArray[np.float32]) -> dict[str, Numbers]:
    """What the network `name` says of `values`, by the names of its outputs.

    Raises:
        BackendError: it can't be opened (see `open_network`), or `values` have another shape than it takes.
    """
    checkpoint()
    network = open_network(name)
    checkpoint()
    outputs = [output.name for output in network.get_outputs()]
    import onnxruntime

    limits = onnxruntime.RunOptions()
    try:
        with when_cancelled(lambda: setattr(limits, "terminate", True)):
            results = network.run(outputs, {network.get_inputs()[0].name: values}, limits)
    except Exception as error:  # onnxruntime has an error class for each kind of fault and documents none
        checkpoint()
        raise BackendError(
            f"the network {name!r} failed on values of shape {values.shape} ({_first_line(error)}); install img2music again, or report it"
        ) from None
    checkpoint()
    return dict(zip(outputs, results, strict=True))


def _open(name: str) -> Any:
    try:
        path = asset_path(f"networks/{name}.onnx")
    except FileNotFoundError as error:
        raise BackendError(str(error)) from None
    # Newer releases keep an identity of the machine in its cache folder and call home, unless this is set before they are imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:  # also where a library that it needs is missing
        raise MissingPackageError(f"eyes and ears need onnxruntime ({_first_line(error)}); pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # faults come back as errors; a console is not the place for them
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # see `run_network`
        raise BackendError(
            f"the network at {path} is damaged ({_first_line(error)}); install img2music again: "
            "pip install --force-reinstall img2music"
        ) from None


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
