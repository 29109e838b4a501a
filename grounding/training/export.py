"""Weights for the package: half precision, with a manifest that says where they come from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import BadWeights
from ..reader.line_model import LineNet
from ..reader.model import GlyphNet, parameter_count, state_to_save
from .checkpoints import checkpoint_state, load_checkpoint
from .digests import digest_of, sha256_of


def export_reader(checkpoint: Path, out: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write reader.safetensors and its entry of manifest.json from a training folder."""
    net = GlyphNet()
    return _export(net, net.config.to_dict(), "reader", (checkpoint, out), about)


def export_lines(checkpoint: Path, out: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write lines.safetensors, the line reader, and its entry of manifest.json."""
    net = LineNet()
    return _export(net, net.config.to_dict(), "lines", (checkpoint, out), about)


def export_nano(folder: Path, out: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Copy the model of a training folder to OUT/nano, and write its entry of manifest.json."""
    there, state = out / "nano", checkpoint_state(folder)
    shutil.copytree(folder / "model", there, dirs_exist_ok=True)
    files = [path for path in there.iterdir() if path.is_file()]
    entry = {
        "file": there.name,
        "sha256": digest_of(files),
        "bytes": sum(path.stat().st_size for path in files),
        "training": state["config"],
        "steps": state["step"],
        **about,
    }
    return write_entry(out, "nano", entry)


def _export(
    net: nn.Module,
    widths: Mapping[str, Any],
    name: str,
    folders: tuple[Path, Path],
    about: dict[str, Any],
) -> dict[str, Any]:
    checkpoint, out = folders
    state = trained_state(checkpoint, net)
    entry = {"parameters": parameter_count(net), "network": dict(widths), **state, **about}
    return write_weights(out, name, state_to_save(net), entry)


def trained_state(checkpoint: Path, net: nn.Module) -> dict[str, Any]:
    """Fill a network from a training folder; returns its settings and steps, for the manifest."""
    try:
        state = load_checkpoint(checkpoint, net, torch.optim.AdamW(net.parameters()))
    except FileNotFoundError as error:
        raise BadWeights(f"{checkpoint} holds no checkpoint: train first") from error
    return {"training": state["config"], "steps": state["step"]}


def write_weights(
    out: Path, name: str, tensors: dict[str, Tensor], entry: Mapping[str, Any]
) -> dict[str, Any]:
    """Write NAME.safetensors to a folder, and its whole entry to manifest.json there."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.safetensors"
    save_file(tensors, path)
    path.chmod(0o644)  # it is written as a private file, and a package is read by everyone
    size = path.stat().st_size
    file = {"file": path.name, "sha256": sha256_of(path), "bytes": size}
    return write_entry(out, name, {**file, **entry})


def write_entry(out: Path, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Write what is told of some weights to the manifest.json beside them; other entries stay."""
    manifest = out / "manifest.json"
    known = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    known[name] = entry
    manifest.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return entry
