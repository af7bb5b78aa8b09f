"""Models for sound with random weights: as small as tests have them, or of the real architecture, without a download.

What they play is noise; what they cost is what trained ones cost.
"""

from __future__ import annotations

import shutil
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ace_step", "musicgen", "stable_audio"]


def musicgen(folder: Path, *, tiny: bool) -> Path:
    """MusicGen: 30 thousand parameters, or MusicGen-small's 300 million beside T5-base and EnCodec at 32 kHz (transformers' defaults)."""
    import torch
    from transformers import MusicgenConfig, MusicgenForConditionalGeneration

    tests = import_module("tests.support.tiny_sound_models")
    small: Path = tests._saved("musicgen", folder / "tiny-musicgen", channels=1)
    if tiny:
        return small
    target = folder / "musicgen-small"
    text = {"model_type": "t5", "d_model": 768, "d_ff": 3072, "d_kv": 64, "num_layers": 12, "num_heads": 12, "vocab_size": 32128}
    codec = {"model_type": "encodec", "sampling_rate": 32_000, "upsampling_ratios": [8, 5, 4, 4], "num_filters": 64, "normalize": False,
             "codebook_size": 2048, "codebook_dim": 128, "hidden_size": 128, "target_bandwidths": [2.2], "use_causal_conv": False}  # fmt: skip
    decoder = {"model_type": "musicgen_decoder", "hidden_size": 1024, "ffn_dim": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
               "vocab_size": 2048, "num_codebooks": 4, "pad_token_id": 2048, "bos_token_id": 2048}  # fmt: skip
    torch.manual_seed(1)
    model: Any = MusicgenForConditionalGeneration(MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder))
    model.generation_config.update(decoder_start_token_id=2048, pad_token_id=2048, bos_token_id=2048, max_length=1503,
                                   guidance_scale=3.0, do_sample=True)  # fmt: skip
    model.save_pretrained(target)
    for file in small.glob("*token*"):
        shutil.copy(file, target / file.name)
    return target


def stable_audio(folder: Path, *, tiny: bool) -> Path:
    """Stable Audio Open as tests have it; its real architecture is not built here."""
    from tests.support.tiny_diffusion_models import tiny_stable_audio

    if not tiny:
        raise ValueError("Stable Audio is measured tiny only")
    return tiny_stable_audio(folder)


def ace_step(folder: Path, *, tiny: bool) -> Path:
    """ACE-Step 1.5 as tests have it, or with a transformer of its real size (24 layers, 2048 wide) between the tests' small ends."""
    from tests.support.tiny_diffusion_models import tiny_ace_step

    small: Path = tiny_ace_step(folder, cover=False)
    if tiny:
        return small
    import json

    import torch
    from diffusers import AceStepTransformer1DModel
    from diffusers.pipelines.ace_step.modeling_ace_step import AceStepConditionEncoder

    wide = {"hidden_size": 2048, "intermediate_size": 6144, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128}
    torch.manual_seed(1)
    for name, made in (("transformer", AceStepTransformer1DModel), ("condition_encoder", AceStepConditionEncoder)):
        config = json.loads((small / name / "config.json").read_text(encoding="utf-8"))
        settings = {key: value for key, value in config.items() if not key.startswith("_")} | wide
        if name == "transformer":
            settings |= {"num_layers" if "num_layers" in settings else "num_hidden_layers": 24}
        made(**settings).save_pretrained(small / name)
    return small
