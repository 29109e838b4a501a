"""Tiny vision-language models with seeded random weights, of the same classes as the big ones.

They know nothing, but everything that can be done with a real checkpoint can be done with them in
milliseconds: tests, examples and documentation use them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

Family = Literal["qwen2", "qwen2.5", "qwen3"]
POINTER_TOKENS = (
    "<|recipient|>", "<|diff_marker|>", "<|pointer_start|>", "<|pointer_end|>", "<|pointer_pad|>",
    "<|image_drop_end|>",
)  # fmt: skip
SPECIAL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|image_pad|>", "<|video_pad|>", *POINTER_TOKENS,
)  # fmt: skip
_CLASSES: dict[str, tuple[Any, Any]] = {
    "qwen2": (Qwen2VLConfig, Qwen2VLForConditionalGeneration),
    "qwen2.5": (Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration),
    "qwen3": (Qwen3VLConfig, Qwen3VLForConditionalGeneration),
}


@dataclass(frozen=True)
class TinySizes:
    """How large a tiny model is."""

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    vision: int = 32
    vision_layers: int = 3
    window: int = 56
    temporal: int = 2
    patch: int = 14


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with a token for each byte, and the special tokens of the big models."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    model = models.BPE(vocab={letter: index for index, letter in enumerate(letters)}, merges=[])
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast: PreTrainedTokenizerFast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="<|endoftext|>", eos_token="<|im_end|>"
    )
    fast.add_special_tokens({"additional_special_tokens": list(SPECIAL_TOKENS)})
    return fast


def tiny_model(
    family: Family = "qwen2.5", seed: int = 0, sizes: TinySizes | None = None
) -> tuple[Any, PreTrainedTokenizerFast]:
    """Return a tiny model for evaluation, and its tokenizer; the same seed, the same weights."""
    tokenizer = tiny_tokenizer()
    config_class, model_class = _CLASSES[family]
    config = config_class(**_settings(family, sizes or TinySizes(), tokenizer))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = model_class(config).eval()
    return model, tokenizer


def _settings(
    family: Family, sizes: TinySizes, tokenizer: PreTrainedTokenizerFast
) -> dict[str, Any]:
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    side = sizes.hidden // sizes.heads // 2  # pairs of each head that are rotated
    across = 3 * side // 8
    sections = [side - 2 * across, across, across]
    rope: dict[str, Any] = {
        "rope_type": "default", "rope_theta": 10000.0, "mrope_section": sections,
    }  # fmt: skip
    text: dict[str, Any] = {
        "vocab_size": len(tokenizer), "hidden_size": sizes.hidden,
        "intermediate_size": 2 * sizes.hidden, "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads, "num_key_value_heads": sizes.heads // 2,
        "max_position_embeddings": 8192, "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"], "pad_token_id": ids["<|endoftext|>"],
        "rope_parameters": rope,
    }  # fmt: skip
    vision: dict[str, Any] = {
        "depth": sizes.vision_layers, "hidden_size": sizes.vision, "num_heads": 2,
        "patch_size": sizes.patch, "spatial_merge_size": 2, "temporal_patch_size": sizes.temporal,
        "intermediate_size": 2 * sizes.vision, "out_hidden_size": sizes.hidden,
    }  # fmt: skip
    if family == "qwen2":
        vision |= {"embed_dim": sizes.vision, "hidden_size": sizes.hidden, "mlp_ratio": 2}
    elif family == "qwen2.5":
        vision |= {
            "window_size": sizes.window, "fullatt_block_indexes": [sizes.vision_layers - 1],
        }  # fmt: skip
    else:
        text["head_dim"] = sizes.hidden // sizes.heads
        rope["mrope_interleaved"] = True
        vision |= {
            "patch_size": 16, "num_position_embeddings": 256, "deepstack_visual_indexes": [0, 1],
        }  # fmt: skip
    return {
        "text_config": text, "vision_config": vision, "tie_word_embeddings": False,
        "image_token_id": ids["<|image_pad|>"], "video_token_id": ids["<|video_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "pointer_start_token_id": ids["<|pointer_start|>"],
        "pointer_end_token_id": ids["<|pointer_end|>"],
        "pointer_pad_token_id": ids["<|pointer_pad|>"],
        "image_drop_end_token_id": ids["<|image_drop_end|>"],
    }  # fmt: skip


def write_tiny(
    folder: Path,
    family: Family = "qwen2.5",
    seed: int = 0,
    *,
    pointer: bool = True,
    sizes: TinySizes | None = None,
    most: int = 256,
) -> Path:
    """Write a tiny checkpoint that `load_grounder` loads; with scorer and pointer head, or plain.

    Pictures are looked at with at most ``most`` tokens, so that it stays quick.
    """
    from .patch_scorer import PatchScorer
    from .pointer import PointerHead

    model, tokenizer = tiny_model(family, seed, sizes)
    folder.mkdir(parents=True, exist_ok=True)
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    tensors = dict(model.state_dict())
    if pointer:
        width = model.config.text_config.hidden_size
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            heads = {
                "patch_scorer": PatchScorer(width),
                "multi_patch_pointer_head": PointerHead(width),
            }
        for prefix, head in heads.items():
            tensors |= {f"{prefix}.{name}": value for name, value in head.state_dict().items()}
    whole = {name: value.contiguous() for name, value in tensors.items()}
    save_file(whole, folder / "model.safetensors", metadata={"format": "pt"})
    vision = model.config.vision_config
    factor = vision.patch_size * vision.spatial_merge_size
    settings: dict[str, Any] = {
        "patch_size": vision.patch_size, "merge_size": vision.spatial_merge_size,
        "temporal_patch_size": vision.temporal_patch_size, "min_pixels": 4 * factor**2,
        "max_pixels": most * factor**2,
    }  # fmt: skip
    if family == "qwen3":
        settings |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return folder
