"""Trains a grounder in FocusUI's two stages: the scorer alone, then everything (or LoRA).

Everything that happens at step k follows from (seed, k, process): a killed run goes on along the
same curve. Runs in one process, or in several through `accelerate launch`.
"""

from __future__ import annotations

import math
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from ..errors import BadCheckpoint
from ..grounders.pointer import PointerGrounder
from ..patch_scorer import PatchScorer
from .checkpoints import NAME, load_checkpoint, save_checkpoint
from .reader import Progress
from .records import Record
from .trainee import LossConfig, Trainee, prepare

LORA_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")


@dataclass(frozen=True)
class GrounderConfig:
    """What decides the weights. ``lora`` is a rank; 0 trains everything."""

    steps: int
    seed: int = 0
    batch: int = 4
    rate: float = 1e-4
    warm_up: float = 0.03
    clip: float = 1.0
    lora: int = 0
    loss: LossConfig = field(default_factory=LossConfig)


def make_trainee(grounder: PointerGrounder, config: GrounderConfig) -> Trainee:
    """Take a grounder apart for training; a scorer it lacks is made anew."""
    eyes, heads, prompt = grounder.parts
    scorer = eyes.scorer
    if scorer is None:
        torch.manual_seed(config.seed)
        scorer = PatchScorer(eyes.backbone.width).to(eyes.backbone.device)
    trainee = Trainee(eyes, heads.pointer, scorer, prompt)
    trainee.requires_grad_(True)
    if config.loss.stage == "scorer":
        trainee.requires_grad_(False)
        scorer.requires_grad_(True)
    elif config.lora:
        from peft import LoraConfig, inject_adapter_in_model

        trainee.model.requires_grad_(False)
        torch.manual_seed(config.seed)
        lora = LoraConfig(
            r=config.lora, lora_alpha=2 * config.lora, target_modules=list(LORA_TARGETS)
        )
        inject_adapter_in_model(lora, trainee.model.model.language_model)
    return trainee


def learning_rate(config: GrounderConfig, step: int) -> float:
    """Rise over the first steps, then fall along a cosine."""
    rise = max(1, round(config.warm_up * config.steps))
    if step < rise:
        return config.rate * (step + 1) / rise
    done = (step - rise) / max(1, config.steps - rise)
    return config.rate * 0.5 * (1 + math.cos(math.pi * done))


def train(
    grounder: PointerGrounder,
    records: Sequence[Record],
    config: GrounderConfig,
    out: Path,
    *,
    resume: bool = False,
    every: int = 10,
    cpu: bool = True,
) -> Iterator[Progress]:
    """Train on records; yields the curve every ``every`` steps, checkpoints to ``out``."""
    from accelerate import Accelerator

    out.mkdir(parents=True, exist_ok=True)
    accelerator = Accelerator(cpu=cpu)
    plain = make_trainee(grounder, config)
    learning = [value for value in plain.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(learning, config.rate, weight_decay=0.0)
    first, curve, before = 0, [], 0.0
    if resume and (out / NAME).exists():
        state = load_checkpoint(out, plain, optimizer)
        first, curve, before = state["step"], state["curve"], state["seconds"]
    trainee, stepper = accelerator.prepare(plain, optimizer)
    started = time.monotonic()
    sums: dict[str, float] = {}
    count = 0
    for step in range(first, config.steps):
        parts = _step(accelerator, trainee, stepper, plain, records, (config, step))
        count += 1
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value
        if (step + 1) % every and step + 1 != config.steps:
            continue
        seconds = before + time.monotonic() - started
        point = Progress(
            step + 1, round(seconds, 1), {name: value / count for name, value in sums.items()}
        )
        curve.append(asdict(point))
        sums, count = {}, 0
        if accelerator.is_main_process:
            state = {
                "step": step + 1, "curve": curve, "seconds": seconds, "config": asdict(config),
            }  # fmt: skip
            save_checkpoint(out, plain, optimizer, state)
        yield point


def _step(
    accelerator: Any,
    trainee: nn.Module,
    optimizer: Any,
    plain: Trainee,
    records: Sequence[Record],
    when: tuple[GrounderConfig, int],
) -> dict[str, float]:
    config, step = when
    rng = random.Random(f"{config.seed}/{step}/{accelerator.process_index}")
    torch.manual_seed(rng.getrandbits(40))  # dropout, too, follows from the step
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(config, step)
    trainee.train()
    chosen = [prepare(rng.choice(records), plain.how) for _ in range(config.batch)]
    parts: dict[str, torch.Tensor] = trainee(chosen, config.loss, rng)
    optimizer.zero_grad(set_to_none=True)
    accelerator.backward(torch.stack(list(parts.values())).sum())
    accelerator.clip_grad_norm_(trainee.parameters(), config.clip)
    optimizer.step()
    trainee.eval()  # between steps the grounder can be asked
    return {name: value.item() for name, value in parts.items()}


def export(grounder: PointerGrounder, out: Path, source: Path) -> Path:
    """Write what was trained as a checkpoint that `load_grounder` loads, under published names.

    Settings and tokenizer are those of ``source``. LoRA is folded into the weights; the grounder
    answers with what it learnt, too.
    """
    eyes, heads, _ = grounder.parts
    _fold_lora(eyes.backbone.model)
    parts: dict[str, nn.Module] = {"multi_patch_pointer_head": heads.pointer}
    if eyes.scorer is not None:
        parts["patch_scorer"] = eyes.scorer
    tensors = dict(eyes.backbone.model.state_dict())
    for prefix, part in parts.items():
        tensors |= {f"{prefix}.{name}": value for name, value in part.state_dict().items()}
    out.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.suffix in (".json", ".txt", ".jinja") and "index" not in path.name:
            shutil.copy(path, out / path.name)
    whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    try:
        save_file(whole, out / "model.safetensors", metadata={"format": "pt"})
    except (OSError, RuntimeError) as error:
        raise BadCheckpoint(f"{out} cannot be written: {error}") from error
    return out


def _fold_lora(model: nn.Module) -> None:
    from peft.tuners.lora import LoraLayer

    for name, layer in list(model.named_modules()):
        if isinstance(layer, LoraLayer):
            layer.merge()
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, layer.get_base_layer())
