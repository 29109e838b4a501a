"""The PosPad ablation in miniature: does it matter what stands for dropped visual tokens?

    python benchmarks/pospad_ablation.py [--seeds 3] [--keep 1.0 0.5 0.3 0.1] [--steps 300]
                                         [--base-steps 1200] [--out runs/pospad-ablation]

Tiny models of transformers' Qwen3-VL classes point at drawn shapes: "right of red circle", "below
blue cross", on screens of 12 x 12 tokens (`pospad_screens.py`). Their vision tower has no attention
blocks and no position embedding, so a token shows nothing but its own pixels: where shapes stand
to each other is known only from positions in the language model.

For each seed a base model learns the task on whole screens, from small ones to large ones; beside
pointing, every shape must name its neighbours. As in the paper, the base is then fine-tuned for
each treatment of dropped tokens (`pospad_variants.py`) alike: same steps, same screens, same
shares r drawn from 0.1 to 1 for each screen, same choice of tokens; then it is tested at each
share to keep with that treatment. The UI graph chooses the tokens, so every shape is kept at every
share, and treatments differ in positions and markers only. "untrained" is the base, tested with a
treatment it was not fine-tuned for. The pointer's keys are last hidden states here: with input
embeddings, as in the product, pilots of a minute did not learn relations.

A killed run goes on where it was: the bases and the cells (a treatment of a seed) that are done
stay in --out. There, table.txt, results.json and plot.png come at the end.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core: read before numpy is imported

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pospad_report import draw, results, table
from pospad_screens import (
    BELOW,
    END,
    IMAGE,
    MARKER,
    NOBODY,
    PADDING,
    QUESTIONS,
    START,
    VIDEO,
    VOCABULARY,
    Screen,
    draw_screen,
)
from pospad_variants import TREATMENTS, Treatment, markers, states, treated
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

from grounding import VisualPlan
from grounding.backbones.backbone import Backbone
from grounding.plan import plan_all
from grounding.pointer import PointerHead

SIDE, SMALLEST = 12, 5
WIDTH = 64
BATCH = 8
BASE_RATE, RATE = 3e-3, 2e-3
LEAST = 0.1


class Pointing(nn.Module):
    """A tiny model, its pointer head, and (for the base's training) who stands beside a shape."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.model: Any = Qwen3VLForConditionalGeneration(_config())
        self.head = PointerHead(WIDTH, heads=4, dropout=0.0)
        self.neighbours = nn.Linear(WIDTH, 2 * (NOBODY + 1))
        # Where a patch is must not be seen in it.
        self.model.model.visual.pos_embed.weight.requires_grad_(False).zero_()

    def forward(
        self, screens: Sequence[Screen], plans: Sequence[VisualPlan], treatment: Treatment
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Return logits (B, Q, L') over the shortened sequences, the answers (B, Q), the states."""
        grids = [screen.grid for screen in screens]
        encoded = Backbone(self.model).encode([screen.patches for screen in screens], grids)
        prompts = [screen.prompt(number) for number, screen in enumerate(screens)]
        batch = treated(self.model, prompts, encoded, plans, MARKER, treatment)
        seen = states(self.model, batch)
        asked = seen[-1][:, -QUESTIONS:]
        logits = self.head(seen[-1], asked, batch.input_ids != IMAGE)
        goals = torch.tensor([screen.targets for screen in screens])
        found = batch.source[:, None, :] == goals[:, :, None] + 1  # after the token START
        return logits, found.int().argmax(-1), seen

    def name_neighbours(self, screens: Sequence[Screen], seen: tuple[Tensor, ...]) -> Tensor:
        """Return the loss of naming, after the first layer, the shapes to the left and above."""
        rows = torch.tensor([n for n, screen in enumerate(screens) for _ in screen.shapes])
        shapes = torch.from_numpy(np.concatenate([screen.shapes for screen in screens]))
        named = self.neighbours(seen[1][rows, shapes[:, 0] + 1]).view(-1, NOBODY + 1)
        return nn.functional.cross_entropy(named, shapes[:, 1:].flatten())


def _config() -> Qwen3VLConfig:
    text = {
        "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 32,
        "pad_token_id": PADDING, "bos_token_id": START, "eos_token_id": END,
        "max_position_embeddings": 512, "initializer_range": 0.1,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 10.0, "mrope_section": [4, 6, 6],
            "mrope_interleaved": True,
        },
    }  # fmt: skip
    vision = {
        "depth": 0, "hidden_size": 32, "num_heads": 1, "patch_size": 4, "spatial_merge_size": 2,
        "temporal_patch_size": 1, "intermediate_size": 64, "out_hidden_size": WIDTH,
        "num_position_embeddings": 16, "deepstack_visual_indexes": [], "initializer_range": 0.1,
    }  # fmt: skip
    return Qwen3VLConfig(
        text_config=text, vision_config=vision, tie_word_embeddings=False,
        image_token_id=IMAGE, video_token_id=VIDEO, vision_start_token_id=START,
        vision_end_token_id=END,
    )  # fmt: skip


def train(
    pointing: Pointing, steps: int, rate: float, loss_at: Callable[[int], Tensor], name: str
) -> None:
    """Train with a warm-up and a cosine; ``loss_at`` gives each step's loss."""
    weights = [weight for weight in pointing.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
    warm = max(1, min(50, steps // 5))
    for step in range(steps):
        now = rate * min(1, (step + 1) / warm) * (0.51 + 0.49 * math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = now
        loss = loss_at(step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        if (step + 1) % 50 == 0 or step + 1 == steps:
            say(f"{name}: step {step + 1}/{steps}, loss {loss.item():.3f}")


def train_base(pointing: Pointing, seed: int, steps: int) -> None:
    """Teach the task on whole screens; in the first half of the steps they grow.

    Every second step has any of the smaller sizes: these are quick, and keep what was learned.
    """

    def loss_at(step: int) -> Tensor:
        rng = random.Random(f"base {seed} {step}")
        side = round(SMALLEST + (SIDE - SMALLEST) * min(1.0, 2 * step / steps))
        side = rng.randint(SMALLEST, side) if step % 2 else side
        screens = [draw_screen(rng, side) for _ in range(BATCH)]
        plans = [plan_all(screen.grid) for screen in screens]
        logits, answers, seen = pointing(screens, plans, "end")
        return _pointing_loss(logits, answers) + pointing.name_neighbours(screens, seen)

    train(pointing, steps, BASE_RATE, loss_at, f"seed {seed} base")


def fine_tune(pointing: Pointing, seed: int, treatment: Treatment, steps: int) -> None:
    """Train with a treatment, at shares drawn for each screen."""

    def loss_at(step: int) -> Tensor:
        rng = random.Random(f"tune {seed} {step}")
        screens = [draw_screen(rng, SIDE) for _ in range(BATCH)]
        plans = [screen.plan(rng.uniform(LEAST, 1.0), rng) for screen in screens]
        logits, answers, _ = pointing(screens, plans, treatment)
        return _pointing_loss(logits, answers)

    train(pointing, steps, RATE, loss_at, f"seed {seed} {treatment}")


def _pointing_loss(logits: Tensor, answers: Tensor) -> Tensor:
    return nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())


@torch.no_grad()
def test(pointing: Pointing, treatment: Treatment, keep: float, screens: int) -> dict[str, float]:
    """Return the shares of questions answered right, and the visual tokens that entered."""
    rng = random.Random("test")
    hits: list[bool] = []
    below: list[bool] = []
    kept = marked = 0
    for start in range(0, screens, BATCH):
        some = [draw_screen(rng, SIDE) for _ in range(min(BATCH, screens - start))]
        # The same tokens for all treatments, and at 30% some of those at 50%.
        plans = [screen.plan(keep, random.Random(f"{start} {n}")) for n, screen in enumerate(some)]
        logits, answers, _ = pointing(some, plans, treatment)
        hits += (logits.argmax(-1) == answers).flatten().tolist()
        below += [question >= BELOW for screen in some for question in screen.questions]
        kept += sum(int(plan.keep.sum()) for plan in plans)
        marked += sum(len(markers(plan, treatment)) for plan in plans)
    right = np.array(hits)
    return {
        "accuracy": float(right.mean()),
        "right_of": float(right[~np.array(below)].mean()),
        "below": float(right[below].mean()),
        "kept": kept / screens,
        "markers": marked / screens,
    }


def cell(folder: Path, settings: dict[str, Any], seed: int, treatment: Treatment) -> dict[str, Any]:
    """Return the results of one treatment of one seed, measured now or before."""
    path = folder / f"seed{seed}-{treatment}.json"
    if path.exists():
        done: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        say(f"seed {seed} {treatment}: done before")
        return done
    start = time.process_time()
    pointing = base(folder, seed, settings["base_steps"])
    measured: dict[str, Any] = {}
    untrained, tuned = "untrained", "fine-tuned"
    for stage in (untrained, tuned):
        if stage == tuned:
            fine_tune(pointing, seed, treatment, settings["steps"])
        measured[stage] = {
            str(keep): test(pointing, treatment, keep, settings["screens"])
            for keep in settings["keep"]
        }
    measured |= {"seed": seed, "treatment": treatment, "cpu": time.process_time() - start}
    write(path, json.dumps(measured))
    shares = {keep: f"{one['accuracy']:.1%}" for keep, one in measured[tuned].items()}
    say(f"seed {seed} {treatment}: {shares}, {measured['cpu']:.0f} s")
    return measured


def base(folder: Path, seed: int, steps: int) -> Pointing:
    """Return the base model of a seed, trained now or before."""
    pointing = Pointing(seed)
    path = folder / f"seed{seed}-base.safetensors"
    if not path.exists():
        train_base(pointing, seed, steps)
        half = path.with_suffix(".half")
        save_file(pointing.state_dict(), half)
        half.replace(path)
    pointing.load_state_dict(load_file(path))
    embeddings = pointing.model.get_input_embeddings().weight
    with torch.no_grad():  # a new token starts as the mean of the others, as published
        embeddings[MARKER] = embeddings.mean(0)
    return pointing


def write(path: Path, text: str) -> None:
    """Write a file as a whole: one that is there is complete."""
    half = path.with_suffix(".half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def say(line: str) -> None:
    """Report progress beside the table."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, then write the table, the numbers and the plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many base models")
    parser.add_argument("--keep", type=float, nargs="+", default=[1.0, 0.5, 0.3, 0.1])
    parser.add_argument("--steps", type=int, default=300, help="of each fine-tuning")
    parser.add_argument("--base-steps", type=int, default=1200, help="of each base model")
    parser.add_argument("--screens", type=int, default=128, help="tested, 16 questions each")
    parser.add_argument("--out", type=Path, default=Path("runs/pospad-ablation"))
    options = parser.parse_args(arguments)
    if not all(LEAST <= keep <= 1 for keep in options.keep):
        parser.error(f"--keep takes shares from {LEAST} to 1: with less, shapes would be lost.")
    if min(options.seeds, options.steps, options.base_steps, options.screens) < 1:
        parser.error("--seeds, --steps, --base-steps and --screens must be at least 1.")
    settings = {
        "keep": sorted(set(options.keep), reverse=True), "steps": options.steps,
        "base_steps": options.base_steps, "screens": options.screens,
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "settings.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != settings:
        parser.error(f"{options.out} holds a run with other settings: name another folder (--out).")
    write(path, json.dumps(settings))
    torch.set_num_threads(1)
    cells = [
        cell(options.out, settings, seed, treatment)
        for seed in range(options.seeds)
        for treatment in TREATMENTS
    ]
    found = results(cells, settings)
    write(options.out / "results.json", json.dumps(found, indent=1))
    write(options.out / "table.txt", table(found))
    draw(found, options.out / "plot.png")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
