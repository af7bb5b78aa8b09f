"""Our worker against the real class of magenta-rt 2.0.3, with a tiny network of random weights: run by hand, it needs 1.2 GB and a few minutes.

    python3.11 -m venv ENVIRONMENT && ENVIRONMENT/bin/pip install 'magenta-rt[jax]==2.0.3' 'typeguard==2.13.3'
    python -m evals.manual.magenta_rt_random_weights ENVIRONMENT/bin/python

It checks what the stand-in of the tests can't: that the real class takes what we tell it, that its sound has the length that was asked, that
the seed is in its state, that notes reach the network, and by how much the codec is late. The sound itself is noise.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from evals.shared.command_line import ScriptParser

if TYPE_CHECKING:
    from collections.abc import Sequence

TINY = '''"""The worker, after the model of this name was made small and given random weights."""
import jax, jax.numpy as jnp, numpy as np
from magenta_rt.jax import model as M, system as S
import magenta_rt.config as C

spec = C.ModelSpec(num_layers=1, model_dims=32, hidden_dims=64, num_heads=2, dim_per_head=16, ffn_use_gated_activation=False)

class Tiny(M.MagentaRT2ModelSmall):
    encoder_size = decoder_temporal_size = decoder_depth_size = spec

M.MODEL_REGISTRY["mrt2_small"] = Tiny

class Style:
    def embed(self, given, *options):
        return np.full(768, len(given) if isinstance(given, str) else given.samples.mean(), "f4")
    def tokenize(self, embedding):
        return (np.arange(12) + int(embedding[0])) % 1024

def random_weights(path):
    model = Tiny()
    codec = S.spectrostream.stft_spectrostream_40ms_generic_48khz_stereo_config(
        rvq_truncation_level=model.spectrostream.rvq_truncation_level, use_unique_codes=False)
    sampler = S.MagentaRT2Sampler.Config(depthformer=model.depthformer_config(), spectrostream=codec).make()
    channels = sum(one.rvq_truncation_level for one in model.input_configs)
    keys = {"params": jax.random.PRNGKey(0), "random": jax.random.PRNGKey(0)}
    constants = {"temperature": jnp.array([1.0]), "top_k": jnp.array([40], dtype=jnp.int32)}
    block = S.sl.Sequence.from_values(jnp.zeros((1, 1, channels), jnp.int32))

    def step(module, x):
        state = module.get_initial_state(1, jax.ShapeDtypeStruct([channels], jnp.int32), constants={}, training=False)
        return module.step_with_emits(x=x, state=state, constants=constants, training=False)

    shapes = jax.eval_shape(lambda: sampler.init(keys, block, method=step))
    draw = np.random.default_rng(0)
    weights = jax.tree_util.tree_map(lambda leaf: jnp.asarray(draw.normal(0, 0.1, leaf.shape), leaf.dtype), shapes)
    late = sampler.apply(weights, method=lambda module: module.output_latency)
    print("the codec is late by", late, "samples", flush=True)
    assert late == LATENCY, late
    return weights

S._load_jax_weights = random_weights
build = S.MagentaRT2System.__init__
S.MagentaRT2System.__init__ = lambda self, size, **options: build(self, size, style_model=Style(), **options)
'''


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs it, and says what came."""
    parser = ScriptParser(__doc__)
    parser.add_argument("python", type=Path, help="Python of an environment with magenta-rt")
    options = parser.parse_args(arguments)

    import numpy as np

    from img2music.audio import Audio
    from img2music.renderers.external.worker import Worker
    from img2music.renderers.neural.magenta_rt.magenta_rt_files import WORKER
    from img2music.renderers.neural.magenta_rt.note_frames import frame_groups, note_frames
    from tests.support.made_performances import performance_of

    with tempfile.TemporaryDirectory() as folder:
        source = WORKER.read_text("utf-8")
        body, main_line = source.rsplit("\nif __name__", 1)
        script = Path(folder) / "magenta_rt_tiny.py"
        script.write_text(f"{body}\n{TINY}\nif __name__{main_line}", "utf-8")
        frames = note_frames(performance_of([(0, 0.5, 60), (0.5, 0.5, 64)], drums=[(0.25, 0.1, 36)]))
        groups = [list(group) for group in frame_groups(frames)]
        silent = [[len(frames), 0, []]]
        request = {
            "weights": "mrt2_small", "size": "mrt2_small", "groups": groups, "style": "calm strings", "seed": 7,
            "guidance": {"musiccoca": 3.0, "notes": 3.0, "drums": 1.0}, "temperature": 1.3, "top_k": 40,
        }  # fmt: skip
        begin = time.monotonic()
        with Worker(options.python, script, name="magenta-rt", answer_seconds=900) as worker:
            probed = worker.probe()
            print(f"probe: {probed.ok}, Python {probed.python}, {dict(probed.versions)}")
            made = {}
            for name, change, sounds in (
                ("first", {}, {}),
                ("again", {}, {}),
                ("another seed", {"seed": 8}, {}),
                ("other notes", {"groups": silent}, {}),
                ("a sounding style", {}, {"style": Audio(np.full((2, 48_000), 9, np.float32), 48_000)}),
            ):
                answer = worker.ask({**request, **change}, sounds)
                made[name] = answer.audio["mix"].samples
                told = {key: answer.fields[key] for key in sorted(answer.fields)}
                print(
                    f"{name}: {made[name].shape}, peak {np.abs(made[name]).max():.3f}, {time.monotonic() - begin:.0f} s, {told}",
                    flush=True,
                )
        others = [sound for name, sound in made.items() if name not in ("first", "again")]
        lengths = {sound.shape for sound in made.values()}
        alike = [np.array_equal(made["first"], sound) for sound in (made["again"], *others)]
        if lengths != {(2, 25 * 1920)} or alike != [True, *[False] * len(others)]:
            sys.exit(f"not as it should be: shapes {lengths}, like the first {alike}")
        print("the real class takes what it is told; one seed plays one sound; another seed, other notes, another style: another")


if __name__ == "__main__":
    main()
