"""The side of audiocraft: a program of its own in an environment that has it, run by `img2music.renderers.external.worker_protocol`.

Imports nothing of img2music but the protocol beside which it is started; runs on Python 3.9 and later with torch 2.1, the versions that audiocraft
1.4 (commit ed418e4 of facebookresearch/audiocraft) is made for. What is asked is one window of one take:

    model    "jasco", "musicgen", "style"; "debug" is audiocraft's own MusicGen of random numbers
    weights  the name that audiocraft loads; device "auto", "cpu", "cuda"; seed; text; seconds
    chords   jasco: [[labels, best first], begin in seconds]; the first label that is in audiocraft's file is taken
    melody   jasco: the marked row of each frame, -1 for none
    download whether what is not here yet may be fetched: weights, T5, and the Demucs that listens to the drums
    cfg_all, cfg_text  jasco: guidance; style_seconds  style: length of the excerpt
    fetch    whether the model is only to be fetched and loaded, and nothing played

and the sounds "drums" (jasco), "style" (style), "tail" (musicgen: what was played last, which the answer begins with). The answer is the sound
"take" with what it was made by: device, precision, frames a second, labels. Models stay loaded.

What audiocraft loads are pickles, which can run whatever code they name. Here they may name tensors and nothing else, and Demucs, which listens to
the drums, its own class (`ALLOWED`): a file that names more is refused before anything of it runs.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

MODULES = ("torch", "numpy", "audiocraft", "audiocraft.models")
MELODY_BINS, FRAMES_A_SECOND = 53, 50.0
CHORD_FILE = "chord_to_index_mapping.pkl"

KINDS = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool", "ComplexFloat")
DTYPES = ("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64")
ALLOWED = frozenset(
    [
        ("collections", "OrderedDict"),
        ("fractions", "Fraction"),
        ("demucs.htdemucs", "HTDemucs"),
        ("torch", "Size"),
        ("torch", "device"),
    ]
    + [("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter"), ("torch.storage", "UntypedStorage")]
    + [("torch", kind + "Storage") for kind in KINDS]
    + [("torch", name) for name in DTYPES]
)
"""What a file of weights may name, by module and name."""

loaded: dict[tuple[str, str, str], Any] = {}
"""The model that was asked for last, by (model, weights, device)."""


def job(fields: dict[str, Any], sounds: dict[str, Any], tell: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """One window of one take."""
    import numpy as np
    import torch

    kind = fields["model"]
    only_numbers(torch)
    if not fields.get("download"):
        torch.hub.download_url_to_file = refuse_download  # what is on the Hugging Face hub is kept back by HF_HUB_OFFLINE
    model = load(kind, fields["weights"], fields["device"])
    if fields.get("fetch"):
        return {}, {}

    def progress(done: int, total: int) -> None:
        tell(min(done, total), total, "playing")

    model.set_custom_progress_callback(progress)
    torch.manual_seed(int(fields["seed"]))
    told: dict[str, Any] = {}
    if kind == "jasco":
        wave, told["labels"] = play_jasco(model, fields, sounds)
    else:
        wave = play_musicgen(model, fields, sounds, kind)
    take = wave.detach().to("cpu", torch.float32).numpy()[0]
    told.update(device=device_name(model), precision="float32" if str(model.device) == "cpu" else "float16")
    told["versions"] = versions()
    from worker_protocol import Sound  # type: ignore[import-not-found]

    interleaved = np.ascontiguousarray(take.T, dtype="<f4").tobytes()
    return told, {"take": Sound(interleaved, int(take.shape[0]), int(model.sample_rate))}


def play_jasco(model: Any, fields: dict[str, Any], sounds: dict[str, Any]) -> tuple[Any, list[str]]:
    """Sound of shape (1, channels, frames), and the labels that were taken."""
    import torch

    known = getattr(model, "chords_mapping", {})
    chords = [(label_in(known, choices), float(begin)) for choices, begin in fields.get("chords") or ()]
    melody = None
    if fields.get("melody") is not None:
        melody = torch.zeros(MELODY_BINS, len(fields["melody"]))
        for frame, row in enumerate(fields["melody"]):
            if 0 <= row < MELODY_BINS:
                melody[row, frame] = 1.0
    drums = sounds.get("drums")
    model.set_generation_params(cfg_coef_all=float(fields["cfg_all"]), cfg_coef_txt=float(fields["cfg_text"]))
    wave = model.generate_music(
        descriptions=[fields["text"]],
        drums_wav=None if drums is None else tensor(drums),
        drums_sample_rate=32000 if drums is None else drums.sample_rate,
        chords=chords or None,
        melody_salience_matrix=melody,
        segment_duration=10.0,
        frame_rate=FRAMES_A_SECOND,
        melody_bins=MELODY_BINS,
        progress=True,
    )
    return wave, [label for label, _ in chords]


def play_musicgen(model: Any, fields: dict[str, Any], sounds: dict[str, Any], kind: str) -> Any:
    """Sound of shape (1, channels, frames)."""
    model.set_generation_params(duration=min(float(fields["seconds"]), float(model.max_duration)))
    text, style, tail = [fields["text"]], sounds.get("style"), sounds.get("tail")
    if kind == "style" and style is not None:
        model.set_style_conditioner_params(excerpt_length=float(fields["style_seconds"]))
        return model.generate_with_chroma(
            descriptions=text, melody_wavs=tensor(style), melody_sample_rate=style.sample_rate, progress=True
        )
    if tail is not None:
        return model.generate_continuation(
            prompt=tensor(tail), prompt_sample_rate=tail.sample_rate, descriptions=text, progress=True
        )
    return model.generate(descriptions=text, progress=True)


class Numbers(pickle.Unpickler):
    """Reads pickles of numbers."""

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle names, where that is allowed."""
        if (module, name) not in ALLOWED:
            from worker_protocol import WorkerFault

            told = f"{module}.{name}"[:80]
            raise WorkerFault(
                f"a file of its weights names code ({told}), which is never run; remove it from the cache", "weights"
            )
        return super().find_class(module, name)


def only_numbers(torch: Any) -> None:
    """Makes torch.load read nothing but numbers, whoever calls it; again does nothing."""
    load = getattr(torch, "load", None)
    if load is None or getattr(load, "only_numbers", False):
        return
    reader = SimpleNamespace(Unpickler=Numbers, load=lambda file, **more: Numbers(file, **more).load(), __name__="pickle")

    def load_numbers(file: Any, map_location: Any = None, *_: Any, **__: Any) -> Any:
        return load(file, map_location=map_location, pickle_module=reader, weights_only=False)

    load_numbers.only_numbers = True  # type: ignore[attr-defined]
    torch.load = load_numbers
    if hasattr(torch, "serialization"):
        torch.serialization.load = load_numbers


def refuse_download(url: str, *_: Any, **__: Any) -> None:
    """In place of what would fetch a file."""
    from worker_protocol import WorkerFault

    raise WorkerFault(f"{url.rpartition('/')[2][:80]} is not here yet, and downloading is not allowed", "weights")


def load(kind: str, weights: str, device: str) -> Any:
    """The model, as it was left by the last window."""
    from worker_protocol import WorkerFault

    wanted = (kind, weights, device)
    if wanted in loaded:
        return loaded[wanted]
    loaded.clear()
    import torch
    from audiocraft import models  # type: ignore[import-not-found]

    torch.manual_seed(0)  # audiocraft's own debug model draws its weights, and is to be the same one in each process

    if kind == "jasco" and not hasattr(models, "JASCO"):
        raise WorkerFault("audiocraft there is too old for JASCO; install it from its git repository", "missing")
    place = None if device == "auto" else device
    try:
        if kind == "jasco":
            loaded[wanted] = models.JASCO.get_pretrained(weights, device=place, chords_mapping_path=chord_file())
        else:
            loaded[wanted] = models.MusicGen.get_pretrained("debug" if kind == "debug" else weights, device=place)
    except Exception as error:
        # Of huggingface_hub, whose versions place it differently: not in the cache, and not to be fetched.
        if type(error).__name__ in ("LocalEntryNotFoundError", "OfflineModeIsEnabled", "EntryNotFoundError"):
            raise WorkerFault(f"weights {weights} are not in its cache, and downloading is not allowed", "weights") from None
        raise
    return loaded[wanted]


def chord_file() -> str:
    """Where audiocraft's file of chords lies: beside the package in a copy of its repository."""
    import audiocraft
    from worker_protocol import WorkerFault

    beside = Path(audiocraft.__file__).resolve().parents[1] / "assets" / CHORD_FILE
    if not beside.is_file():
        raise WorkerFault(
            f"its assets/{CHORD_FILE} is not there; install audiocraft from a copy of its repository (pip install -e)",
            "weights",
        )
    return str(beside)


def label_in(known: dict[str, int], choices: list[str]) -> str:
    """The first of the labels that the model knows."""
    for label in choices:
        if label in known:
            return label
    return "N"


def tensor(sound: Any) -> Any:
    """Sound as a tensor of shape (channels, frames)."""
    import numpy as np
    import torch

    samples = np.frombuffer(sound.interleaved, "<f4").reshape(-1, sound.channels).T
    return torch.from_numpy(np.ascontiguousarray(samples))


def versions() -> dict[str, str]:
    """What it is made of."""
    import audiocraft
    import torch

    found = {"audiocraft": audiocraft, "torch": torch}
    told = {name: str(getattr(module, "__version__", "not known")) for name, module in found.items()}
    return {**told, "python": ".".join(map(str, sys.version_info[:3]))}


def device_name(model: Any) -> str:
    """Where it computes, for people: cpu, or cuda with the name of the card."""
    import torch

    device = str(model.device)
    return "cuda: " + torch.cuda.get_device_name(model.device) if device.startswith("cuda") else device


if __name__ == "worker":  # as `worker_protocol` runs it
    sys.dont_write_bytecode = True
    from worker_protocol import serve

    serve(job, MODULES)
