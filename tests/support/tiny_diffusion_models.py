"""Tiny pipelines of diffusers with random weights, made on the spot and saved: the real code, no download, noise for music.

All play 4000 frames a second, 80 to a latent: 50 latents a second. Whoever calls has asked for the extra `diffusers`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

SAMPLE_RATE = 4000
STABLE_AUDIO_SECONDS = 6.0
"""The longest that the tiny Stable Audio plays."""
STABLE_AUDIO_3_SECONDS = 8.0
_ATTENTION: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "rope_theta": 1e4,
    "sliding_window": 16,
}


def tiny_ace_step(folder: Path, *, cover: bool = True) -> Path:
    """ACE-Step 1.5 with two layers; without `cover` it lacks the pair of tokenizers that covers need."""

    def make() -> Any:
        from diffusers import AceStepPipeline, AceStepTransformer1DModel, FlowMatchEulerDiscreteScheduler
        from diffusers.pipelines.ace_step.modeling_ace_step import (
            AceStepAudioTokenDetokenizer,
            AceStepAudioTokenizer,
            AceStepConditionEncoder,
        )
        from transformers import Qwen3Config, Qwen3Model

        text = Qwen3Config(
            vocab_size=320,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            max_position_embeddings=512,
        )
        codes: dict[str, Any] = {"audio_acoustic_hidden_dim": 8, "pool_window_size": 5, "num_attention_pooler_hidden_layers": 1}
        conditions = AceStepConditionEncoder(
            text_hidden_dim=32,
            timbre_hidden_dim=8,
            num_lyric_encoder_hidden_layers=2,
            num_timbre_encoder_hidden_layers=2,
            **_ATTENTION,
        )
        pair = {
            "audio_tokenizer": AceStepAudioTokenizer(fsq_dim=32, fsq_input_levels=[8, 8, 8, 5], **codes, **_ATTENTION),
            "audio_token_detokenizer": AceStepAudioTokenDetokenizer(**codes, **_ATTENTION),
        }
        return AceStepPipeline(
            vae=_oobleck(latents=8),
            text_encoder=Qwen3Model(text).eval(),
            tokenizer=_byte_tokenizer(),
            transformer=AceStepTransformer1DModel(
                num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8, patch_size=2, **_ATTENTION
            ).eval(),
            condition_encoder=conditions.eval(),
            scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
            **(pair if cover else {}),
        )

    return _save(make, folder)


def tiny_stable_audio(folder: Path) -> Path:
    """Stable Audio Open, with the solver of EDM: its own one, the same without noise between the steps, needs torchsde."""

    def make() -> Any:
        from diffusers import EDMDPMSolverMultistepScheduler, StableAudioDiTModel, StableAudioPipeline
        from diffusers.pipelines.stable_audio import StableAudioProjectionModel
        from transformers import T5Config, T5EncoderModel

        text = T5Config(vocab_size=320, d_model=32, d_ff=37, d_kv=8, num_layers=2, num_heads=4)
        return StableAudioPipeline(
            vae=_oobleck(latents=8),
            text_encoder=T5EncoderModel(text).eval(),
            projection_model=StableAudioProjectionModel(
                text_encoder_dim=32, conditioning_dim=4, min_value=0, max_value=32
            ).eval(),
            tokenizer=_byte_tokenizer(),
            transformer=StableAudioDiTModel(
                sample_size=round(STABLE_AUDIO_SECONDS * 50),
                in_channels=8,
                out_channels=8,
                num_layers=2,
                attention_head_dim=4,
                num_key_value_attention_heads=2,
                cross_attention_dim=4,
                time_proj_dim=8,
                global_states_input_dim=8,
                cross_attention_input_dim=4,
            ).eval(),
            scheduler=EDMDPMSolverMultistepScheduler(
                solver_order=2,
                prediction_type="v_prediction",
                sigma_data=1.0,
                sigma_min=0.3,
                sigma_max=500.0,
                sigma_schedule="exponential",
            ),
        )

    return _save(make, folder)


def tiny_stable_audio_3(folder: Path) -> Path:
    """Stable Audio 3, distilled, with two layers; what starts as zeros in it is given random values, so that it hears what it is told."""

    def make() -> Any:
        import torch
        from diffusers import AutoencoderSAME, FlowMatchEulerDiscreteScheduler, StableAudio3DiTModel, StableAudio3Pipeline
        from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
        from transformers import T5GemmaConfig, T5GemmaEncoderModel, T5GemmaModuleConfig

        layers = T5GemmaModuleConfig(
            vocab_size=320,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            max_position_embeddings=512,
            layer_types=["full_attention", "full_attention"],
        )
        text = T5GemmaEncoderModel(T5GemmaConfig(encoder=layers, decoder=layers, is_encoder_decoder=False, vocab_size=320))
        vae = AutoencoderSAME(
            patch_size=16,
            encoder_channels=16,
            encoder_c_mults=(2,),
            encoder_strides=(5,),
            encoder_transformer_depths=(1,),
            latent_dim=8,
            dim_heads=8,
            sampling_rate=SAMPLE_RATE,
        )
        transformer = StableAudio3DiTModel(
            io_channels=8,
            embed_dim=32,
            depth=2,
            num_heads=2,
            cond_token_dim=32,
            global_cond_dim=32,
            local_add_cond_dim=9,
            timestep_features_dim=16,
            num_memory_tokens=4,
        )
        for parameter in (*vae.parameters(), *transformer.parameters()):
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.2)
        return StableAudio3Pipeline(
            vae=vae.eval(),
            text_encoder=text.eval(),
            tokenizer=_byte_tokenizer(),
            duration_embedder=StableAudio3DurationEmbedder(output_dim=32, fourier_dim=16, max_val=STABLE_AUDIO_3_SECONDS).eval(),
            transformer=transformer.eval(),
            scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0, stochastic_sampling=True),
        )

    return _save(make, folder)


def _oobleck(latents: int) -> Any:
    from diffusers import AutoencoderOobleck

    return AutoencoderOobleck(
        encoder_hidden_size=2 * latents,
        downsampling_ratios=[4, 4, 5],
        decoder_channels=4,
        decoder_input_channels=latents,
        audio_channels=2,
        channel_multiples=[1, 2, 4],
        sampling_rate=SAMPLE_RATE,
    ).eval()


def _byte_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<|pad|>", "<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(["a calm piano piece"] * 3, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",  # noqa: S106
        eos_token="<|endoftext|>",  # noqa: S106
        model_max_length=256,
    )


def _save(make: Callable[[], Any], folder: Path) -> Path:
    import torch
    from diffusers.utils import logging

    torch.set_num_threads(1)
    logging.disable_progress_bar()
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        make().save_pretrained(folder)
    return folder
