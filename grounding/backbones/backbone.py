"""A stock Qwen vision-language model with its visual tokens in our hands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

from ..errors import BadCheckpoint, GroundingError
from ..grid import PatchGrid
from ..plan import VisualPlan
from .compact import Compact, Prompt, compact
from .tower import TowerOutput, run_tower
from .windows import WindowMemory, run_windows

FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")


class Backbone:
    """Drives a Qwen2-VL, Qwen2.5-VL or Qwen3-VL model (or one of their descendants).

    ``one_deepstack_layer`` imitates the released FocusUI code, which by mistake gives the language
    model only the first of the DeepStack layers whenever tokens are dropped: for checkpoints that
    were trained so.
    """

    def __init__(self, model: Any, *, one_deepstack_layer: bool = False) -> None:
        family = getattr(model.config, "model_type", None)
        if family not in FAMILIES:
            raise BadCheckpoint(
                f"models of type {family!r} cannot be driven: use one of {', '.join(FAMILIES)}"
            )
        self.model, self._one_layer = model, one_deepstack_layer

    @property
    def width(self) -> int:
        """The size of the language model's states, and of the tower's outputs."""
        return int(self.model.config.text_config.hidden_size)

    @property
    def device(self) -> torch.device:
        """Where the embeddings live: inputs go there."""
        device: torch.device = self.model.get_input_embeddings().weight.device
        return device

    def encode(
        self,
        pixels: Sequence[NDArray[np.float32]],
        grids: Sequence[PatchGrid],
        kept: Sequence[Tensor] | None = None,
        *,
        statistics: bool = False,
    ) -> TowerOutput:
        """Run the vision tower on preprocessed images, all at once; see `run_tower`."""
        if not pixels:
            raise GroundingError("there is no image to look at")
        visual = self.model.model.visual
        device = next(visual.parameters()).device
        whole = torch.from_numpy(np.concatenate(list(pixels))).to(device)
        thw = torch.tensor([grid.thw for grid in grids], device=device)
        return run_tower(visual, whole, thw, kept, statistics=statistics)

    def encode_again(
        self, pixels: NDArray[np.float32], grid: PatchGrid, memory: WindowMemory | None = None
    ) -> tuple[TowerOutput, WindowMemory]:
        """Run the tower on an image that resembles the last one; see `run_windows`."""
        visual = self.model.model.visual
        device = next(visual.parameters()).device
        thw = torch.tensor([grid.thw], device=device)
        return run_windows(visual, torch.from_numpy(pixels).to(device), thw, memory)

    def compact(
        self,
        prompts: Sequence[Prompt],
        encoded: TowerOutput,
        plans: Sequence[VisualPlan],
        marker: int,
    ) -> Compact:
        """Make the shortened batch of prompts; see `compact.compact`."""
        return compact(self.model, prompts, encoded, plans, marker)

    def embed(self, ids: Sequence[int]) -> Tensor:
        """Return the input embeddings (T, D) of token ids."""
        embeddings = self.model.get_input_embeddings()
        found: Tensor = embeddings(torch.tensor(list(ids), device=embeddings.weight.device))
        return found

    def hidden(self, batch: Compact) -> Tensor:
        """Return the last hidden states (B, L', D) of one pass over a batch."""
        out = self.model.model(**self._inputs(batch), use_cache=False)
        states: Tensor = out.last_hidden_state
        return states

    def generate(self, batch: Compact, **options: Any) -> Tensor:
        """Generate on from a batch; returns the new token ids (B, N) only."""
        # generate() asks for text positions; the model adds these to them.
        self.model.model.rope_deltas = batch.rope_deltas
        ids: Tensor = self.model.generate(**self._inputs(batch), **options)
        return ids[:, batch.input_ids.shape[1] :]

    def _inputs(self, batch: Compact) -> dict[str, Any]:
        """Return the arguments of a pass; models write into the encoder's output, so it is new."""
        features: Any
        if batch.deepstack:
            dropped = any(
                len(kept) < grid.count for kept, grid in zip(batch.kept, batch.grids, strict=True)
            )
            layers = batch.deepstack[:1] if self._one_layer and dropped else batch.deepstack
            layered: Any = [list(layer) for layer in layers]
            features = BaseModelOutputWithDeepstackFeatures(
                pooler_output=list(batch.kept),  # type: ignore[arg-type] # a list, as the towers
                deepstack_features=layered,
            )
        else:
            features = BaseModelOutputWithPooling(
                pooler_output=list(batch.kept)  # type: ignore[arg-type] # a list, as the towers
            )
        return {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "position_ids": batch.position_ids,
            "mm_encoder_outputs": {"image": features} if batch.kept else None,
        }
