"""A model that is being trained: loaded from any checkpoint, written as one that loads again."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..backbones.backbone import Backbone
from ..checkpoints import load_head, tensor_names
from ..compress import parse_compress
from ..errors import BadCheckpoint
from ..folders import quiet
from ..fusion import FusionWeights
from ..grid import Preprocessing
from ..grounders.eyes import Eyes, ModelGrounder
from ..grounders.pointer import Heads, PointerGrounder
from ..grounders.prompts import POINTER_SYSTEM, PointerPrompt
from ..loading import load_grounder
from ..nano.grounder import NanoGrounder
from ..nano.mixer import EvidenceMixer
from ..patch_scorer import PatchScorer
from ..plan import Budget
from ..pointer import NoneKey, OffsetHead, PointerHead
from ..tiny import POINTER_TOKENS

# The language model's linear layers; the vision tower stays as it is.
_ADAPTED = r".*language_model.*\.(q|k|v|o|gate|up|down)_proj"


@dataclass(eq=False)
class Trainee:
    """A backbone, what belongs to it, and the heads on top of it."""

    backbone: Backbone
    tokenizer: Any
    how: Preprocessing
    prompt: PointerPrompt
    marker: int
    scorer: PatchScorer
    pointer: PointerHead
    offset: OffsetHead | None = None
    none: NoneKey | None = None
    mixer: EvidenceMixer | None = None
    adapted: Any = None

    def heads(self) -> dict[str, nn.Module]:
        """The modules on top of the backbone, by the names of their tensors."""
        found = {
            "patch_scorer": self.scorer, "multi_patch_pointer_head": self.pointer,
            "offset_head": self.offset, "none_key": self.none, "evidence_mixer": self.mixer,
        }  # fmt: skip
        return {name: head for name, head in found.items() if head is not None}

    def grounder(self, keep: float | Budget | None = None) -> PointerGrounder:
        """Return a grounder that uses the model as it is now."""
        for head in self.heads().values():
            head.eval()
        eyes = Eyes(
            self.backbone,
            self.tokenizer,
            self.how,
            parse_compress(keep=keep),
            self.marker,
            self.scorer,
            weights=FusionWeights(),
        )
        heads = Heads(self.pointer, self.offset, self.none)
        if self.mixer is not None:
            return NanoGrounder(eyes, heads, self.prompt, self.mixer)
        return PointerGrounder(eyes, heads, self.prompt)


def load_trainee(
    folder: Path,
    *,
    seed: int = 0,
    offset: bool = False,
    none: bool = False,
    mixer: bool = False,
    system: str = POINTER_SYSTEM,
    **options: Any,
) -> Trainee:
    """Load a checkpoint for training; ``options`` are those of `load_grounder`.

    Heads and pointer tokens that it lacks are new: the heads seeded, the tokens' embeddings the
    mean of all others, as FocusUI starts them.
    """
    # A plain model answers in text, of which nothing is used here.
    grounder = load_grounder(str(folder), **({"convention": "pixels"} | options))
    if not isinstance(grounder, ModelGrounder):
        raise BadCheckpoint(f"{folder} is no model that can be trained: give a checkpoint's folder")
    eyes, names = grounder.eyes, tensor_names(folder)
    backbone, width = eyes.backbone, eyes.backbone.width

    def head(prefix: str, kind: type[nn.Module]) -> Any:
        found = load_head(folder, names, prefix, width, torch.float32)
        return (kind(width) if found is None else found).to(backbone.device)

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        marker = _add_tokens(backbone, eyes.tokenizer)
        return Trainee(
            backbone,
            eyes.tokenizer,
            eyes.how,
            PointerPrompt(backbone.model.config.model_type, system),
            marker,
            head("patch_scorer", PatchScorer),
            head("multi_patch_pointer_head", PointerHead),
            head("offset_head", OffsetHead) if offset else None,
            head("none_key", NoneKey) if none else None,
            head("evidence_mixer", EvidenceMixer) if mixer else None,
        )


@torch.no_grad()
def _add_tokens(backbone: Backbone, tokenizer: Any) -> int:
    """Give a model the pointer tokens it lacks; returns the marker's id."""
    model = backbone.model
    known = tokenizer.get_vocab()
    missing = [token for token in POINTER_TOKENS if token not in known]
    if missing:
        used = len(tokenizer)
        tokenizer.add_special_tokens({"additional_special_tokens": missing}, False)
        if len(tokenizer) > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        for table in (model.get_input_embeddings(), model.get_output_embeddings()):
            new = tokenizer.convert_tokens_to_ids(missing)
            table.weight[new] = table.weight[:used].float().mean(0).to(table.weight.dtype)
    ids: dict[str, int] = {
        token: int(tokenizer.convert_tokens_to_ids(token)) for token in POINTER_TOKENS
    }
    model.config.pointer_start_token_id = ids["<|pointer_start|>"]
    model.config.pointer_pad_token_id = ids["<|pointer_pad|>"]
    model.config.pointer_end_token_id = ids["<|pointer_end|>"]
    model.config.image_drop_end_token_id = ids["<|image_drop_end|>"]
    return int(ids["<|image_drop_end|>"])


def adapt(trainee: Trainee, rank: int) -> None:
    """Freeze the backbone and add low-rank adapters; the pointer tokens' embeddings stay free."""
    from peft import LoraConfig, get_peft_model

    ids = trainee.tokenizer.convert_tokens_to_ids(list(POINTER_TOKENS))
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules=_ADAPTED,
        trainable_token_indices={"embed_tokens": ids},
    )
    with warnings.catch_warnings():  # peft asks transformers by a name that is going away
        warnings.simplefilter("ignore", FutureWarning)
        trainee.adapted = get_peft_model(trainee.backbone.model, config)


def save_trainee(trainee: Trainee, start: Path, folder: Path) -> None:
    """Write a checkpoint that `load_grounder` loads. Adapters are merged: training has ended."""
    if trainee.adapted is not None:
        trainee.backbone.model = trainee.adapted.merge_and_unload()
        trainee.adapted = None
    folder.mkdir(parents=True, exist_ok=True)
    with quiet():
        trainee.backbone.model.save_pretrained(folder)
    trainee.tokenizer.save_pretrained(folder)
    tensors: dict[str, Tensor] = {}
    for prefix, head in trainee.heads().items():
        tensors |= {f"{prefix}.{name}": value.cpu() for name, value in head.state_dict().items()}
    save_file(tensors, folder / "heads.safetensors", metadata={"format": "pt"})
    for name in ("preprocessor_config.json", "processor_config.json"):
        if (start / name).exists():
            shutil.copyfile(start / name, folder / name)
