"""Tiny models with random weights, made on the spot: real code of transformers, no download, nonsense for answers."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

_TEXTS = (
    '{"tempo_bpm": 96, "mode": "minor", "valence": -0.25, "parts": [{"name": "flute", "role": "melody"}]}',
    '{"title": "Evening at sea", "mood": ["calm", "warm"], "key": "D", "meter": "3/4", "sections": ["A", "B"]}',
    "A picture becomes music. Look at the colours first, then decide.",
    "The quick brown fox jumps over the lazy dog. 0123456789",
    "Answer with one JSON object and nothing else.",
)
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTEXT = 16384


def tiny_llava(folder: Path, *, seed: int = 0) -> Path:
    """A LLaVA of some 70 000 parameters (CLIP that sees 16 patches, Llama with two layers), saved with its processor."""
    import torch
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = tiny_tokenizer("<image>")
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
        projection_dim=32,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=_llama(LlamaConfig, tokenizer),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=16,
    )
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        model = LlavaForConditionalGeneration(config)
        processor = LlavaProcessor(
            image_processor=CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
            tokenizer=tokenizer,
            patch_size=8,
            vision_feature_select_strategy="default",
            num_additional_image_tokens=1,
            chat_template=_TEMPLATE,
        )
        _save(model, processor, tokenizer, folder)
    return folder


def tiny_idefics3(folder: Path, *, seed: int = 0, wide: bool = False) -> Path:
    """An Idefics3, the family of SmolVLM, that cuts pictures into tiles; `wide` makes its heads as wide as vLLM asks for."""
    import torch
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessorPil,
        Idefics3Processor,
        LlamaConfig,
    )
    from transformers.models.idefics3.configuration_idefics3 import Idefics3VisionConfig

    tiles = [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
    tokenizer = tiny_tokenizer("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", *tiles)
    config = Idefics3Config(
        vision_config=Idefics3VisionConfig(
            hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8
        ),
        text_config=_llama(LlamaConfig, tokenizer, wide=wide),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        model = Idefics3ForConditionalGeneration(config)
        images = Idefics3ImageProcessorPil(
            size={"longest_edge": 64}, max_image_size={"longest_edge": 32}, do_image_splitting=True
        )
        processor = Idefics3Processor(image_processor=images, tokenizer=tokenizer, image_seq_len=4, chat_template=_TEMPLATE)
        _save(model, processor, tokenizer, folder)
    return folder


def _llama(kind: Any, tokenizer: Any, *, wide: bool = False) -> Any:
    return kind(
        vocab_size=len(tokenizer),
        hidden_size=64 if wide else 32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2 if wide else 4,
        num_key_value_heads=1 if wide else 2,
        max_position_embeddings=CONTEXT,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def _save(model: Any, processor: Any, tokenizer: Any, folder: Path) -> None:
    from transformers.utils import logging

    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    if bars:
        logging.enable_progress_bar()


def tiny_tokenizer(*images: str) -> Any:
    """A byte-level tokenizer of 600 words, trained on a few sentences; `images` are the tokens that stand for pictures."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<|pad|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", *images],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TEXTS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **dict(zip(("pad_token", "bos_token", "eos_token"), ("<|pad|>", "<|endoftext|>", "<|im_end|>"), strict=True)),
        extra_special_tokens=list(images),
        model_max_length=CONTEXT,
    )
