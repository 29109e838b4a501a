"""Runs the icon recogniser's network: loading, pictures to vectors, phrases to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import BadWeights
from ..reader.model import fuse
from .model import IconNet, pack
from .words import Vocabulary, content_words

_AT_ONCE = 64


class IconNetwork:
    """A trained network with its words, the names it gives to icons and its confidence."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        words = _unlines(tensors.pop("words"))
        self.names = tuple(_unlines(tensors.pop("names")))
        self._slope, self._offset = tensors.pop("confidence").tolist()
        steps = tensors.pop("text.steps").float()
        state = {name: tensor.float() for name, tensor in tensors.items()}
        state["text.table"] *= steps[:, None]
        net = IconNet(len(words))
        missing = set(net.state_dict()) - set(state)
        if any(not name.endswith("num_batches_tracked") for name in missing):
            raise KeyError(sorted(missing)[0])
        net.load_state_dict(state, strict=False)
        fuse(net)
        self._net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._vocabulary = Vocabulary(words)
        self._scale = float(net.log_scale.detach().exp())
        self.name_vectors = self.read(self.names)[0]

    @torch.inference_mode()
    def see(self, crops: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return unit vectors (N, space) and iconness (N), 0 to 1, of crops (N, 32, 32)."""
        vectors, iconness = [], []
        for start in range(0, len(crops), _AT_ONCE):
            seen = self._net.image(torch.from_numpy(crops[start : start + _AT_ONCE]))
            vectors.append(seen.vectors.numpy())
            iconness.append(seen.iconness.sigmoid().numpy())
        if not vectors:
            return np.zeros((0, self._net.config.space), np.float32), np.zeros(0, np.float32)
        return np.concatenate(vectors), np.concatenate(iconness)

    @torch.inference_mode()
    def read(self, phrases: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return unit vectors (N, space) of phrases, and which have a known word at all."""
        numbers = [self._vocabulary.numbers(content_words(phrase)) for phrase in phrases]
        known = np.array([bool(each) for each in numbers], bool)
        vectors: NDArray[np.float32] = self._net.text(*pack(numbers)).numpy()
        return vectors, known

    def likeness(
        self,
        texts: NDArray[np.float32],
        icons: NDArray[np.float32],
        iconness: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return logits (texts, icons) of a text meaning an icon."""
        logits: NDArray[np.float32] = texts @ icons.T * self._scale + np.log(iconness.clip(1e-6))
        return logits

    def confidence(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the chance that what a text means is there, given its logit."""
        chance: NDArray[np.float32] = 1 / (1 + np.exp(-(self._slope * logits + self._offset)))
        return chance


def load_network(path: Path) -> IconNetwork:
    """Load a network from safetensors, ready to be evaluated."""
    try:
        return IconNetwork(load_file(path))
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise BadWeights(f"{path} is no weights file of the icon recogniser: {error}") from error


def lines_tensor(lines: Sequence[str]) -> Tensor:
    """Return lines of text as a tensor of bytes, as the weights file keeps them."""
    return torch.frombuffer(bytearray("\n".join(lines).encode()), dtype=torch.uint8)


def _unlines(tensor: Tensor) -> list[str]:
    return bytes(tensor.numpy()).decode().split("\n")
