"""Tiny models for sound with random weights, made on the spot: real code of transformers, no download, noise for music."""

from __future__ import annotations

import json
import warnings
from math import log2, prod
from pathlib import Path
from typing import Any

import pytest

from tests.support import extras

__all__ = ["tiny_melody", "tiny_musicgen", "tiny_stereo"]

RATE, UPSAMPLING, CODEBOOK = 800, (4, 4), 64
CHROMA_FRAMES, CHROMA_HOP = 40, 64
"""3.2 s of chroma at 12.5 frames a second."""
_WORDS = (
    "An instrumental piece. It is lo-fi hip hop music. The mood is calm and warm.",
    "Played by piano, drums, bass, strings. bpm: 92. key: D minor. genre: ambient.",
)


@pytest.fixture(scope="session")
def tiny_musicgen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MusicGen of some 30 000 parameters at 800 Hz, 50 frames of tokens a second, text to mono."""
    return _saved("musicgen", tmp_path_factory.mktemp("sound") / "tiny-musicgen", channels=1)


@pytest.fixture(scope="session")
def tiny_stereo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same to stereo."""
    return _saved("musicgen", tmp_path_factory.mktemp("sound") / "tiny-stereo", channels=2)


@pytest.fixture(scope="session")
def tiny_melody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with chroma, `CHROMA_FRAMES` of them."""
    return _saved("musicgen_melody", tmp_path_factory.mktemp("sound") / "tiny-melody", channels=1)


def _saved(model_type: str, folder: Path, *, channels: int) -> Path:
    extras.require("musicgen")
    import torch
    import transformers

    frames_a_second = RATE / prod(UPSAMPLING)
    codec = {
        "model_type": "encodec", "sampling_rate": RATE, "audio_channels": 1, "num_filters": 4, "hidden_size": 16, "codebook_dim": 16,
        "codebook_size": CODEBOOK, "upsampling_ratios": list(UPSAMPLING), "num_lstm_layers": 1, "num_residual_layers": 1, "normalize": False,
        "target_bandwidths": [4 * frames_a_second * log2(CODEBOOK) / 1000],
    }  # fmt: skip
    text = {
        "model_type": "t5", "d_model": 16, "d_ff": 32, "d_kv": 8, "num_layers": 1, "num_heads": 2, "vocab_size": 200,
        "is_encoder_decoder": False, "use_cache": False,
    }  # fmt: skip
    decoder: dict[str, Any] = {
        "model_type": f"{model_type}_decoder", "num_hidden_layers": 2, "hidden_size": 16, "ffn_dim": 32, "num_attention_heads": 2,
        "num_codebooks": 4 * channels, "audio_channels": channels, "vocab_size": CODEBOOK, "pad_token_id": CODEBOOK,
        "bos_token_id": CODEBOOK, "max_position_embeddings": 4096,
    }  # fmt: skip
    more = {"num_chroma": 12, "chroma_length": CHROMA_FRAMES} if model_type == "musicgen_melody" else {}
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(channels)
        torch.set_num_threads(1)
        if model_type == "musicgen":
            config: Any = transformers.MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder)
            model: Any = transformers.MusicgenForConditionalGeneration(config)
        else:
            config = transformers.MusicgenMelodyConfig(text_encoder=text, audio_encoder=codec, decoder=decoder, **more)
            model = transformers.MusicgenMelodyForConditionalGeneration(config)
        for name, buffer in model.named_buffers():
            if name.endswith("embed"):
                buffer.normal_()  # they start as zeros, and then all tokens sound the same
        for name, weight in model.named_parameters():
            if "lm_heads" in name or "enc_to_dec_proj" in name:
                weight.data.normal_(std=0.6)  # untrained ones would draw much the same whatever they are told
        model.generation_config.update(
            decoder_start_token_id=CODEBOOK,
            pad_token_id=CODEBOOK,
            bos_token_id=CODEBOOK,
            max_length=1500,
            guidance_scale=3.0,
            do_sample=True,
        )
        model.save_pretrained(folder)
        _tokenizer().save_pretrained(folder)
    if more:
        about = {"feature_extractor_type": "MusicgenMelodyFeatureExtractor", "hop_length": CHROMA_HOP, "sampling_rate": RATE}
        (folder / "preprocessor_config.json").write_text(json.dumps(about))
    return folder


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    unknown = {"unk_token": "<unk>"}
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False, **unknown)
    made.train_from_iterator(_WORDS * 4, trainer)
    end = made.token_to_id("</s>")
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", end)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=512, **{"pad_token": "<pad>", "eos_token": "</s>", **unknown}
    )
