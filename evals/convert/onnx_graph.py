"""An ONNX graph as it grows, with weights stored in 16 or 8 bits.

Weights are widened to 32 bits by nodes that onnxruntime folds away when it opens the file. Also what both EfficientNet-Lite
networks answer. Needs onnx, which is no part of this project: scripts import this module after their arguments are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Graph", "lite_outputs", "scores_by_place"]

OPSET, IR_VERSION = 13, 8  # read by every onnxruntime since 1.8


class Graph:
    """An ONNX graph as it grows: nodes, and constants stored small and widened at the start."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def weight(self, name: str, values: NDArray[Any], *, eight_bits: bool = False) -> str:
        """A constant of 16 bits, or of 8 bits with one scale for each first index; its name as 32-bit numbers."""
        if eight_bits:
            scale = np.abs(values).reshape(len(values), -1).max(axis=1).reshape(-1, *[1] * (values.ndim - 1)) / 127
            scale = np.maximum(scale, 1e-12).astype(np.float32)
            small = np.clip(np.rint(values / scale), -127, 127).astype(np.int8)
            self.constants += [numpy_helper.from_array(small, f"{name}_8"), numpy_helper.from_array(scale, f"{name}_scale")]
            self.nodes.append(helper.make_node("Cast", [f"{name}_8"], [f"{name}_wide"], to=TensorProto.FLOAT))
            self.nodes.append(helper.make_node("Mul", [f"{name}_wide", f"{name}_scale"], [name]))
        else:
            self.constants.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_16"))
            self.nodes.append(helper.make_node("Cast", [f"{name}_16"], [name], to=TensorProto.FLOAT))
        return name

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """A constant as it is."""
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, **options: Any) -> str:
        """A node with one output, whose name is given back."""
        self.nodes.append(helper.make_node(kind, inputs, [output], **options))
        return output

    def bytes(self, name: str, input_shape: list[Any], outputs: dict[str, list[Any]]) -> bytes:
        """The finished file."""
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, input_shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape) for output, shape in outputs.items()],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="img2music")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def lite_outputs() -> dict[str, list[Any]]:
    """What each of the two classifiers answers: pooled features, scores of the classes, and the scores place by place."""
    return {"feat": ["n", 1280], "logits": ["n", 1000], "cells": ["n", 1000, "rows", "columns"]}


def scores_by_place(graph: Graph, grid: str, weight: str, bias: str) -> None:
    """The last layer once more as a 1 × 1 convolution over the map before pooling; its mean over all places is `logits`."""
    axes = graph.constant("axes", np.array([2, 3], dtype=np.int64))
    graph.add("Conv", [grid, graph.add("Unsqueeze", [weight, axes], "weight_by_place"), bias], "cells", kernel_shape=[1, 1])
