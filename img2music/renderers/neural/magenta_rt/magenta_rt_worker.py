"""Magenta RealTime 2 in an environment of its own: a script of `img2music.renderers.external.worker_protocol`, which runs it.

Imports nothing of img2music. A question has fields

    weights       "mrt2_small" or "mrt2_base", or the path of such a checkpoint beside `size`
    size          which of the two it is
    groups        [how many frames, drums (0, 1), [[pitch, state], ...]] in order: what is told of each run of equal frames, `note_frames`
    style         words; or none, where the sound "style" comes along
    seed          0 and more: the same seed, the same samples, on one machine
    guidance      {"musiccoca": ..., "notes": ..., "drums": ...}, each -1 to 7
    temperature, top_k

and is answered with the sound "mix" (48 kHz, stereo, 1920 frames for each told, no more and no less) and fields that say with what it was made.
The codec gives each frame's sound 1920 frames late (so its decoder says), so one frame more is played and the first sound dropped.
Written against magenta-rt 2.0.3: `MagentaRT2Jax(size, checkpoint)`, `.embed_style`, `.tokenize_style`, `.generate`. The initial state, which
holds the random key, has no public name there; without it the seed can't be set, and "seeded" says so.
"""

from __future__ import annotations

from typing import Any

from worker_protocol import Sound, Tell, WorkerFault, serve  # type: ignore[import-not-found]

LATENCY = 1920
"""In samples: one frame of 40 ms."""
MODULES = ("numpy", "jax", "magenta_rt")
_loaded: dict[Any, Any] = {}


def job(fields: dict[str, Any], sounds: dict[str, Sound], tell: Tell) -> tuple[dict[str, Any], dict[str, Sound]]:
    """Plays what is told."""
    try:
        return _play(fields, sounds, tell)
    except (WorkerFault, ImportError):
        raise
    except FileNotFoundError as error:
        raise WorkerFault(f"weights {fields.get('size')} are not whole: {error}", "weights") from error
    except Exception as error:
        if "RESOURCE_EXHAUSTED" in str(error):
            raise WorkerFault("out of memory", "memory") from error
        raise


def _play(fields: dict[str, Any], sounds: dict[str, Sound], tell: Tell) -> tuple[dict[str, Any], dict[str, Sound]]:
    import numpy as np
    from magenta_rt import config

    groups = fields["groups"]
    groups = [*groups, [1, *groups[-1][1:]]]
    total = sum(count for count, _, _ in groups)
    tell(0, total, "loading Magenta RealTime 2")
    system = _system(fields)
    tokens = _style_tokens(system, fields, sounds)
    state = _seeded_state(system, int(fields["seed"]))
    seeded = state is not None
    pieces, done = [], 0
    for count, drums, states in groups:
        pitches = [0] * 128
        for pitch, value in states:
            pitches[pitch] = value
        conditioning = {
            config.MUSICCOCA.key: tokens,
            config.PIANOROLL_WITH_ONSETS.key: pitches,
            config.DRUM_PIANOROLL.key: [drums],
        }
        wave, state = system.generate(
            conditioning=conditioning,
            cfg_scales=fields["guidance"],
            temperature=fields["temperature"],
            top_k=fields["top_k"],
            frames=count,
            state=state,
        )
        pieces.append(np.asarray(wave.samples, "<f4"))
        done += count
        tell(done, total, "playing")
    mix = np.ascontiguousarray(np.concatenate(pieces)[LATENCY:], "<f4")
    told = {"seeded": seeded, "sample_rate": int(wave.sample_rate), **_device()}
    return told, {"mix": Sound(mix.tobytes(), mix.shape[1], int(wave.sample_rate))}


def _system(fields: dict[str, Any]) -> Any:
    """The model, kept for the next question."""
    from magenta_rt import MagentaRT2Jax

    key = (fields["size"], fields["weights"])
    if key not in _loaded:
        _loaded.clear()
        named = {} if fields["weights"] == fields["size"] else {"checkpoint": fields["weights"]}
        _loaded[key] = MagentaRT2Jax(size=fields["size"], **named)
    return _loaded[key]


def _style_tokens(system: Any, fields: dict[str, Any], sounds: dict[str, Sound]) -> list[int]:
    """The style as twelve numbers; -1 for all of them leaves it to the model."""
    import numpy as np

    if "style" in sounds:
        from magenta_rt.audio import Waveform

        sound = sounds["style"]
        samples = np.frombuffer(sound.interleaved, "<f4").reshape(-1, sound.channels)
        embedding = system.embed_style(Waveform(samples.astype(np.float32), sound.sample_rate))
    elif fields["style"]:
        embedding = system.embed_style(fields["style"], use_mapper=True, seed=int(fields["seed"]) % 2**31)
    else:
        return [-1] * 12
    return [int(token) for token in np.asarray(system.tokenize_style(embedding)).reshape(-1)[:12]]


def _seeded_state(system: Any, seed: int) -> Any:
    """The state to begin with, its random key made from `seed`; None where it can't be had."""
    import jax

    make, parameters = getattr(system, "_jit_init_state", None), getattr(system, "_params", None)
    if make is None or parameters is None:
        return None
    keys = [0]

    def seeded(leaf: Any) -> Any:
        if str(getattr(leaf, "dtype", "")) != "uint32" or tuple(leaf.shape) != (1, 2):
            return leaf
        keys[0] += 1
        return jax.random.split(jax.random.PRNGKey(seed % 2**31), 1)

    state = jax.tree_util.tree_map(seeded, make(parameters, {}))
    return state if keys[0] == 1 else None


def _device() -> dict[str, Any]:
    import sys

    import jax
    import magenta_rt

    device = jax.devices()[0]
    label = "cpu" if device.platform == "cpu" else f"{device.platform}: {device.device_kind}"
    version = getattr(magenta_rt, "__version__", "not known")
    versions = {"magenta-rt": str(version), "jax": str(getattr(jax, "__version__", "not known"))}
    return {"device": label, "versions": {**versions, "python": ".".join(map(str, sys.version_info[:3]))}}


if __name__ == "worker":
    serve(job, MODULES)
