"""Weights for the package: half precision, with a manifest that says where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from ..errors import BadWeights
from ..reader.line_model import LineNet
from ..reader.model import GlyphNet, parameter_count, state_to_save
from .checkpoints import load_checkpoint


def sha256_of(path: Path) -> str:
    """Return a file's sha256 in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def export_reader(checkpoint: Path, out: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write reader.safetensors and its entry of manifest.json from a training folder."""
    net = GlyphNet()
    return _export(net, net.config.to_dict(), "reader", (checkpoint, out), about)


def export_lines(checkpoint: Path, out: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write lines.safetensors, the line reader, and its entry of manifest.json."""
    net = LineNet()
    return _export(net, net.config.to_dict(), "lines", (checkpoint, out), about)


def _export(
    net: nn.Module,
    widths: Mapping[str, Any],
    name: str,
    folders: tuple[Path, Path],
    about: dict[str, Any],
) -> dict[str, Any]:
    checkpoint, out = folders
    try:
        state = load_checkpoint(checkpoint, net, torch.optim.AdamW(net.parameters()))
    except FileNotFoundError as error:
        raise BadWeights(f"{checkpoint} holds no checkpoint: train first") from error
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.safetensors"
    save_file(state_to_save(net), path)
    path.chmod(0o644)  # it is written as a private file, and a package is read by everyone
    entry = {
        "file": path.name,
        "sha256": sha256_of(path),
        "bytes": path.stat().st_size,
        "parameters": parameter_count(net),
        "network": dict(widths),
        "training": state["config"],
        "steps": state["step"],
        **about,
    }
    manifest = out / "manifest.json"
    whole = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    whole[name] = entry
    manifest.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return entry
