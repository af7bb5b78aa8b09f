"""Networks in TensorFlow Lite's format as ONNX graphs.

Maps are (height, width, channels) there and (channels, height, width) here. Only the operators that the networks of
`img2music/assets/networks` use are known; another one is an AttributeError with its name. Needs ai-edge-litert and onnx, which are no
part of this project: scripts import this module after their arguments are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from evals.convert.onnx_graph import Graph

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FromTflite", "interpreter"]


def read_tflite(source: Path) -> tuple[Any, Any, dict[int, NDArray[Any]]]:
    """The only subgraph of a file, the model around it, and its constants as dense 32-bit numbers, by index."""
    model = schema.ModelT.InitFromPackedBuf(source.read_bytes(), 0)
    (subgraph,) = model.subgraphs
    network = interpreter(source)
    network.set_tensor(subgraph.inputs[0], np.zeros(subgraph.tensors[subgraph.inputs[0]].shape, np.float32))
    network.invoke()
    details = {detail["index"]: detail for detail in network.get_tensor_details()}
    constants: dict[int, NDArray[Any]] = {}
    for index, tensor in enumerate(subgraph.tensors):
        if model.buffers[tensor.buffer].data is not None and tensor.sparsity is None:
            values = network.get_tensor(index)
            scales = details[index]["quantization_parameters"]["scales"]
            if values.dtype == np.int8 and len(scales):  # zero points of weights are 0
                along = [1] * values.ndim
                along[details[index]["quantization_parameters"]["quantized_dimension"] if len(scales) > 1 else 0] = len(scales)
                values = values.astype(np.float32) * scales.reshape(along)
            constants[index] = values
    for operator in subgraph.operators:
        if kind_of(model, operator) in {"DENSIFY", "DEQUANTIZE"}:
            constants[operator.outputs[0]] = network.get_tensor(operator.outputs[0]).astype(np.float32)
    return model, subgraph, constants


def kind_of(model: Any, operator: Any) -> str:
    """The name of an operator: "CONV_2D"."""
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return str(next(name for name, value in vars(schema.BuiltinOperator).items() if value == number))


def interpreter(source: Path) -> Any:
    """TensorFlow Lite's own interpreter with its plain kernels, keeping every tensor."""
    network = Interpreter(
        str(source),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    network.allocate_tensors()
    return network


class FromTflite:
    """Turns the operators of a file (height, width, channels last) into nodes (channels first), one method a kind."""

    def __init__(self, source: Path, input_shape: list[Any], outputs: list[tuple[str, list[Any]]]) -> None:
        self.model, self.subgraph, self.constants = read_tflite(source)
        self.graph = Graph()
        self.names: dict[int, str] = {self.subgraph.inputs[0]: "input"}
        self.pads: dict[int, list[int]] = {}
        """Zeros around a tensor (top, left, bottom, right) that the next convolution adds itself."""
        self.shape, self.outputs = input_shape, outputs

    def convert(self, name: str) -> bytes:
        """The finished file."""
        final = dict(zip(self.subgraph.outputs, [name for name, _ in self.outputs], strict=True))
        for operator in self.subgraph.operators:
            kind = kind_of(self.model, operator)
            output = operator.outputs[0]
            if output not in self.constants:
                self.names[output] = final.get(output, f"t{output}")
                getattr(self, kind.lower())(operator, operator.builtinOptions, self.names[output])
        return self.graph.bytes(name, self.shape, dict(self.outputs))

    def activated(self, kind: str, inputs: list[str], output: str, activation: int, **options: Any) -> None:
        """A node and the activation that TensorFlow Lite counts as part of it."""
        if activation == 0:
            self.graph.add(kind, inputs, output, **options)
        elif activation == 1:
            self.graph.add("Relu", [self.graph.add(kind, inputs, f"{output}_raw", **options)], output)
        else:
            raise NotImplementedError(f"activation {activation}")

    def conv_2d(self, operator: Any, options: Any, output: str, groups: int = 1) -> None:
        """Zeros of a PAD before it become its own."""
        source, weight, bias = operator.inputs
        # (out, rows, columns, in), or for one filter a channel (1, rows, columns, channels)
        kernel = self.constants[weight].transpose((0, 3, 1, 2) if groups == 1 else (3, 0, 1, 2))
        place: dict[str, Any] = {"auto_pad": ("SAME_UPPER", "VALID")[options.padding]}
        if source in self.pads:
            place = {"pads": self.pads[source]}
        self.activated(
            "Conv",
            [
                self.names[source],
                self.graph.weight(f"{output}_weight", kernel),
                self.graph.weight(f"{output}_bias", self.constants[bias]),
            ],
            output,
            options.fusedActivationFunction,
            kernel_shape=list(kernel.shape[2:]),
            strides=[options.strideH, options.strideW],
            dilations=[options.dilationHFactor, options.dilationWFactor],
            group=groups,
            **place,
        )

    def depthwise_conv_2d(self, operator: Any, options: Any, output: str) -> None:
        """A convolution with a group for each channel."""
        self.conv_2d(operator, options, output, self.constants[operator.inputs[1]].shape[3])

    def pad(self, operator: Any, options: Any, output: str) -> None:
        """Left to the next convolution, unless channels are added."""
        del options
        source, amounts = operator.inputs
        around = self.constants[amounts]
        if not around[[0, 3]].any():
            self.names[operator.outputs[0]] = self.names[source]
            self.pads[operator.outputs[0]] = [int(around[axis, side]) for side in (0, 1) for axis in (1, 2)]
            return
        order = around[[0, 3, 1, 2]].T.reshape(-1).astype(np.int64)
        self.graph.add("Pad", [self.names[source], self.graph.constant(f"{output}_pads", order)], output)

    def add(self, operator: Any, options: Any, output: str) -> None:
        """A sum of two tensors."""
        self.activated("Add", [self.names[source] for source in operator.inputs], output, options.fusedActivationFunction)

    def concatenation(self, operator: Any, options: Any, output: str) -> None:
        """Tensors side by side."""
        axis = (0, 2, 3, 1)[options.axis]
        self.graph.add("Concat", [self.names[source] for source in operator.inputs], output, axis=axis)

    def resize_bilinear(self, operator: Any, options: Any, output: str) -> None:
        """A larger map."""
        source = operator.inputs[0]
        before, after = (self.subgraph.tensors[index].shape for index in (source, operator.outputs[0]))
        scales = np.array([1, 1, after[1] / before[1], after[2] / before[2]], np.float32)
        mode = "align_corners" if options.alignCorners else "half_pixel" if options.halfPixelCenters else "asymmetric"
        inputs = [self.names[source], "", self.graph.constant(f"{output}_scales", scales)]
        self.graph.add("Resize", inputs, output, mode="linear", coordinate_transformation_mode=mode)

    def depth_to_space(self, operator: Any, options: Any, output: str) -> None:
        """Channels spread over neighbouring cells."""
        self.graph.add("DepthToSpace", [self.names[operator.inputs[0]]], output, blocksize=options.blockSize, mode="DCR")

    def reshape(self, operator: Any, options: Any, output: str) -> None:
        """Rows as TensorFlow Lite lists them: channels last."""
        del options
        last = self.graph.add("Transpose", [self.names[operator.inputs[0]]], f"{output}_last", perm=[0, 2, 3, 1])
        shape = np.array(self.subgraph.tensors[operator.outputs[0]].shape, np.int64)
        self.graph.add("Reshape", [last, self.graph.constant(f"{output}_shape", shape)], output)

    def max_pool_2d(self, operator: Any, options: Any, output: str) -> None:
        """The largest of neighbours."""
        self.activated(
            "MaxPool",
            [self.names[operator.inputs[0]]],
            output,
            options.fusedActivationFunction,
            auto_pad=("SAME_UPPER", "VALID")[options.padding],
            kernel_shape=[options.filterHeight, options.filterWidth],
            strides=[options.strideH, options.strideW],
        )

    def mean(self, operator: Any, options: Any, output: str) -> None:
        """The mean over the map."""
        source, axes = operator.inputs
        if sorted(self.constants[axes].tolist()) != [1, 2]:
            raise NotImplementedError(f"mean over {self.constants[axes]}")
        self.graph.add("ReduceMean", [self.names[source]], output, axes=[2, 3], keepdims=int(options.keepDims))

    def softmax(self, operator: Any, options: Any, output: str) -> None:
        """Probabilities."""
        if options.beta != 1:
            raise NotImplementedError(f"softmax with beta {options.beta}")
        self.graph.add("Softmax", [self.names[operator.inputs[0]]], output, axis=-1)
