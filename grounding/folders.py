"""From the folder of a checkpoint to a grounder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers

from .backbones.backbone import Backbone
from .calibration import Calibration
from .checkpoints import (
    HEADS,
    complain,
    family_of,
    load_head,
    read_config,
    tensor_names,
)
from .compress import Compression
from .errors import BadCheckpoint, BadWeights
from .grid import Preprocessing
from .grounders.eyes import Eyes
from .grounders.pointer import Heads, PointerGrounder
from .grounders.prompts import PointerPrompt
from .types import Grounder

if TYPE_CHECKING:
    from .loading import Options

_CLASSES = {
    "qwen2_vl": ("Qwen2VLConfig", "Qwen2VLForConditionalGeneration"),
    "qwen2_5_vl": ("Qwen2_5_VLConfig", "Qwen2_5_VLForConditionalGeneration"),
    "qwen3_vl": ("Qwen3VLConfig", "Qwen3VLForConditionalGeneration"),
}
# Without one of these, transformers makes an empty tokenizer and says nothing.
_TOKENIZER_FILES = ("tokenizer.json", "vocab.json")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def from_folder(folder: Path, compression: Compression, options: Options) -> Grounder:
    """Load the checkpoint of a folder as the grounder that its heads make it."""
    eyes = load_eyes(folder, compression, options)
    family = eyes.backbone.model.config.model_type

    def head(prefix: str) -> Any:
        return _head(folder, prefix, eyes.backbone)

    pointer = head("multi_patch_pointer_head")
    if pointer is None:
        from .grounders.text import TextGrounder

        return TextGrounder(eyes, options.convention)
    config = read_config(folder)
    system = config.get("pointer_system") if options.system is None else options.system
    prompt = PointerPrompt(family) if system is None else PointerPrompt(family, str(system))
    sure = config.get("pointer_calibration")
    calibration = None if sure is None else Calibration.from_dict(sure)
    heads, mixer = Heads(pointer, head("offset_head"), head("none_key")), head("evidence_mixer")
    if mixer is not None:
        from .loading import load_readers
        from .nano.grounder import NanoGrounder

        own = options.weights
        readers = None if own is None else load_readers(Path(own))
        return NanoGrounder(eyes, heads, prompt, mixer, calibration, readers=readers)
    if options.weights is not None:
        raise BadWeights(
            f"weights are for the default and the nano model: leave them out for {folder}"
        )
    return PointerGrounder(eyes, heads, prompt, calibration)


def load_eyes(folder: Path, compression: Compression, options: Options) -> Eyes:
    """Load the vision-language model of a folder, with what it takes to drop visual tokens."""
    config = read_config(folder)
    family = family_of(config, folder)
    tensor_names(folder)  # says what is wrong with the files better than transformers
    model = _model(folder, config, family, options)
    tokenizer = _tokenizer(folder)
    backbone = Backbone(model, one_deepstack_layer=options.one_deepstack_layer)
    return Eyes(
        backbone=backbone,
        tokenizer=tokenizer,
        how=Preprocessing.from_folder(folder),
        compression=compression,
        marker=_marker(config, tokenizer),
        scorer=_head(folder, "patch_scorer", backbone),
        evidence=options.evidence,
    )


def load_language(folder: Path, options: Options) -> tuple[Any, Any]:
    """Load the language model of a folder, of any stock class, and its tokenizer."""
    read_config(folder)
    tensor_names(folder)
    with quiet(), _one_sentence(folder):
        model = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=_dtype(options),
            attn_implementation=options.attn,
            device_map=options.device_map,
            use_safetensors=True,
            trust_remote_code=False,
        )
    return _placed(model, options), _tokenizer(folder)


def _tokenizer(folder: Path) -> Any:
    if not any((folder / name).exists() for name in _TOKENIZER_FILES):
        raise BadCheckpoint(f"{folder} cannot be loaded: it has no tokenizer.json")
    with _one_sentence(folder):
        return transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False)


def _head(folder: Path, prefix: str, backbone: Backbone) -> Any:
    dtype = backbone.model.get_input_embeddings().weight.dtype
    made = load_head(folder, tensor_names(folder), prefix, backbone.width, dtype)
    return None if made is None else made.to(backbone.device)


def _model(folder: Path, config: dict[str, Any], family: str, options: Options) -> Any:
    """Load the stock class of a family, whatever the checkpoint's own class is called."""
    config_class, model_class = (getattr(transformers, name) for name in _CLASSES[family])
    settings = {key: value for key, value in config.items() if key != "model_type"}
    tied = (config.get("text_config") or {}).get("tie_word_embeddings")
    if tied is not None:  # some say it of the language model alone
        settings.setdefault("tie_word_embeddings", tied)
    with quiet(), _one_sentence(folder):
        model, told = model_class.from_pretrained(
            folder,
            config=config_class.from_dict(settings),
            dtype=_dtype(options),
            attn_implementation=options.attn,
            device_map=options.device_map,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    known = tuple(f"{prefix}." for prefix in HEADS)
    extra = [name for name in told["unexpected_keys"] if not any(head in name for head in known)]
    complain(folder, told["missing_keys"], extra)
    return _placed(model, options)


def _dtype(options: Options) -> Any:
    if options.dtype not in (*DTYPES, "auto"):
        raise BadCheckpoint(f"dtype must be one of {', '.join(DTYPES)} or auto")
    return DTYPES.get(options.dtype, "auto")


def _placed(model: Any, options: Options) -> Any:
    """The model on the device that was asked for, ready to be used."""
    if options.device_map is None:
        try:
            model = model.to(options.device)
        except (RuntimeError, AssertionError) as error:  # the latter: torch without CUDA
            reason = str(error).strip().splitlines()[0]
            raise BadCheckpoint(
                f"the device {options.device!r} cannot be used: {reason}"
            ) from error
    return model.eval()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from printing a report: the heads' tensors are unknown to stock classes."""
    told: Any = transformers.logging
    loudness, shown = told.get_verbosity(), told.is_progress_bar_enabled()
    told.set_verbosity_error()
    told.disable_progress_bar()
    try:
        yield
    finally:
        told.set_verbosity(loudness)
        if shown:
            told.enable_progress_bar()


@contextmanager
def _one_sentence(folder: Path) -> Iterator[None]:
    """Say in one sentence what transformers does not like about a checkpoint."""
    try:
        yield
    except Exception as error:  # whatever a broken file makes it stumble over
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise BadCheckpoint(f"{folder} cannot be loaded: {reason}") from error


def _marker(config: dict[str, Any], tokenizer: Any) -> int:
    """Return the token that stands for a dropped run.

    Checkpoints without one of their own were never trained with markers; their padding token is the
    least misleading choice, as in the released code.
    """
    own = config.get("image_drop_end_token_id")
    if isinstance(own, int):
        return own
    unknown = tokenizer.unk_token_id
    found = tokenizer.convert_tokens_to_ids("<|image_drop_end|>")
    if isinstance(found, int) and found != unknown:
        return found
    return int(tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0)
