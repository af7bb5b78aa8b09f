"""An audiocraft that sounds like what it is told, for the worker's side: its methods take what the recorded signatures take, and nothing else.

folder = fake_audiocraft(tmp_path)      # to be searched by the worker before its environment

It brings a torch of its own, of the few functions that the worker calls, so that a test costs a tenth of a second. Chords sound as sines of
their roots, the melody as sines of its rows, drums and styles as they are; the seed adds a little noise.
"""

from __future__ import annotations

import json
from pathlib import Path

from img2music.renderers.neural.audiocraft.jasco_vocabulary import LABELS

__all__ = ["SIGNATURES", "fake_audiocraft"]

SIGNATURES = Path(__file__).parents[1] / "renderers/neural/audiocraft/recorded_signatures.json"
_TORCH = """
import numpy
float32 = numpy.float32
__version__ = "0 of the tests"
class Tensor(numpy.ndarray):
    def detach(self): return self
    def to(self, device, kind): return self.astype(kind)
    def numpy(self): return numpy.asarray(self)
def zeros(*shape): return numpy.zeros(shape, numpy.float32).view(Tensor)
def from_numpy(array): return array.view(Tensor)
class hub:
    download_url_to_file = None
drawn = [0]
def manual_seed(seed): drawn[0] = seed
"""
_MODELS = """
import inspect, json, os, sys, time
import numpy, torch
HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECORDED = json.load(open(os.path.join(HERE, "signatures.json")))["signatures"]
NEWEST = {one["of"]: one["signature"] for one in RECORDED}
WAY = open(os.path.join(HERE, "way")).read()
RATE = 32000

def checked(owner):
    def bind(method):
        held = {}
        exec("def told%s: pass" % NEWEST["%s.%s" % (owner, method.__name__)], held)
        signature = inspect.signature(held["told"])
        def call(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            return method(**bound.arguments)
        return call
    return bind

def tone(pitch, frames, level=0.05):
    return level * numpy.sin(numpy.arange(frames) * 2 * numpy.pi * 440 * 2 ** ((pitch - 69) / 12) / RATE)

class Base:
    device, sample_rate, max_duration = "cpu", RATE, 30
    def __init__(self): self.told, self.duration = None, 15.0
    def finish(self, mono, steps=4):
        for step in range(steps):
            self.told(step + 1, steps)
        noise = numpy.random.default_rng(torch.drawn[0]).normal(0, 1e-3, len(mono))
        if WAY == "dies": os._exit(3)
        if WAY == "hangs": time.sleep(600)
        if WAY == "not numbers": mono = mono * numpy.nan
        if WAY == "short": mono, noise = mono[:100], noise[:100]
        if WAY == "raises": raise RuntimeError("the tensors do not fit")
        if WAY == "memory": raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return (mono + noise).astype(numpy.float32)[None, None].view(torch.Tensor)

def loaded(name, kind):
    if WAY == "not here":
        raise type("LocalEntryNotFoundError", (Exception,), {})("offline")
    if WAY == "fetches":
        torch.hub.download_url_to_file("https://example.org/demucs.th", "x")
    return kind()

class JASCO(Base):
    @staticmethod
    @checked("JASCO")
    def get_pretrained(name, device, chords_mapping_path):
        model = loaded(name, JASCO)
        model.chords_mapping = json.load(open(chords_mapping_path))
        return model
    @checked("JASCO")
    def set_custom_progress_callback(self, progress_callback): self.told = progress_callback
    @checked("JASCO")
    def set_generation_params(self, cfg_coef_all, cfg_coef_txt, kwargs=None): self.guidance = cfg_coef_all, cfg_coef_txt
    @checked("JASCO")
    def generate_music(self, descriptions, drums_wav, drums_sample_rate, chords, melody_salience_matrix, iopaint_wav,
                       segment_duration, frame_rate, melody_bins, progress, return_latents):
        assert (segment_duration, frame_rate, melody_bins, progress) == (10.0, 50.0, 53, True)
        frames = 10 * RATE
        mono = numpy.zeros(frames)
        changes = chords or []
        assert not changes or changes[0][1] == 0.0
        for (label, begin), after in zip(changes, [one[1] for one in changes[1:]] + [10.0]):
            self.chords_mapping[label]  # raises as the real one does
            first, last = int(begin * RATE), int(after * RATE)
            if label != "N":
                root = label[:2] if label[1:2] in ("b", "#") else label[:1]
                pitch = 48 + "C C# D Eb E F F# G Ab A Bb B".split().index(root)
                mono[first:last] += tone(pitch, frames)[first:last]
        if melody_salience_matrix is not None:
            matrix = numpy.asarray(melody_salience_matrix)
            assert matrix.shape == (53, 500) and set(numpy.unique(matrix)) <= {0.0, 1.0} and matrix.sum(0).max() <= 1
            for row in numpy.flatnonzero(matrix.any(1)):
                mono += numpy.repeat(matrix[row], RATE // 50) * tone(43 + row, frames)
        if drums_wav is not None:
            assert drums_wav.shape == (1, frames) and drums_sample_rate == RATE
            mono += numpy.asarray(drums_wav)[0]
        return self.finish(mono)

class MusicGen(Base):
    @staticmethod
    @checked("MusicGen")
    def get_pretrained(name, device):
        return loaded(name, MusicGen)
    @checked("MusicGen")
    def set_custom_progress_callback(self, progress_callback): self.told = progress_callback
    @checked("MusicGen")
    def set_generation_params(self, duration, **others): self.duration = duration
    @checked("MusicGen")
    def set_style_conditioner_params(self, eval_q, excerpt_length, ds_factor, encodec_n_q): self.excerpt = excerpt_length
    @checked("MusicGen")
    def generate(self, descriptions, progress, return_tokens):
        return self.finish(tone(60 + len(descriptions[0]) % 12, int(self.duration * RATE), 0.2))
    @checked("MusicGen")
    def generate_continuation(self, prompt, prompt_sample_rate, descriptions, progress, return_tokens):
        mono = tone(72, int(self.duration * RATE), 0.2)
        begun = numpy.asarray(prompt)[0][: len(mono)]
        mono[: len(begun)] = begun
        return self.finish(mono)
    @checked("MusicGen")
    def generate_with_chroma(self, descriptions, melody_wavs, melody_sample_rate, progress, return_tokens):
        mono = numpy.zeros(int(self.duration * RATE))
        given = numpy.asarray(melody_wavs)[0][: len(mono)]
        mono[: len(given)] = given
        return self.finish(mono)
"""


def fake_audiocraft(folder: Path, *, way: str = "", slash_chords: bool = False, chords_file: bool = True) -> Path:
    """A folder of modules that holds it.

    Args:
        folder: where it is written.
        way: what it does wrong: "dies", "hangs", "not numbers", "short", "raises", "memory", "not here", "fetches", "no torch".
        slash_chords: whether its chords hold C/E.
        chords_file: whether the file of chords is beside the package.
    """
    labels = sorted(LABELS | {"UNK"} | ({"C/E"} if slash_chords else set()))
    files = {
        "torch.py": "raise ImportError('libtorch.so is not there')" if way == "no torch" else _TORCH,
        "audiocraft/__init__.py": "__version__ = '0 of the tests'",
        "audiocraft/models/__init__.py": _MODELS,
        "signatures.json": SIGNATURES.read_text(encoding="utf-8"),
        "way": way,
    }
    if chords_file:
        files["assets/chord_to_index_mapping.pkl"] = json.dumps({label: index for index, label in enumerate(labels)})
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder
