"""Checkpoints on disk: which files, which kind of model, which names their tensors have."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from .backbones.backbone import FAMILIES
from .errors import BadCheckpoint
from .nano.mixer import EvidenceMixer
from .patch_scorer import PatchScorer
from .pointer import NoneKey, OffsetHead, PointerHead

HEADS = {
    "patch_scorer": PatchScorer,
    "multi_patch_pointer_head": PointerHead,
    "offset_head": OffsetHead,
    "none_key": NoneKey,
    "evidence_mixer": EvidenceMixer,
}
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def read_config(folder: Path) -> dict[str, Any]:
    """Return a checkpoint's config.json, or say why the folder is none."""
    if not folder.is_dir():
        raise BadCheckpoint(f"{folder} is no folder: give the folder of a checkpoint, or a hub id")
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadCheckpoint(f"{folder} has no config.json: it is no checkpoint") from error
    except (OSError, ValueError) as error:
        raise BadCheckpoint(f"{path} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise BadCheckpoint(f"{path} must hold an object with the model's settings")
    return config


def family_of(config: dict[str, Any], folder: Path) -> str:
    """Return the family of a checkpoint whose own classes may have another model_type.

    FocusUI and GUI-Actor name types and classes of their own, built on one of the stock families.
    """
    names = [str(config.get("model_type", "")), *map(str, config.get("architectures") or [])]
    plain = [name.lower().replace("_", "").replace(".", "").replace("-", "") for name in names]
    for mark, family in (
        ("qwen3vl", "qwen3_vl"), ("qwen25vl", "qwen2_5_vl"), ("qwen2vl", "qwen2_vl"),
    ):  # fmt: skip
        if any(mark in name for name in plain):
            return family
    if any("focusui" in name for name in plain):  # focusui_3b, focusui_7b: built on Qwen2.5-VL
        return "qwen2_5_vl"
    raise BadCheckpoint(
        f"{folder} is a model of type {names[0]!r}: only {', '.join(FAMILIES)} and models built on "
        "them can be driven"
    )


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a checkpoint; pickles are refused, they can run code."""
    files = sorted(folder.glob("*.safetensors"))
    if files:
        return files
    if any(next(folder.glob(pattern), None) for pattern in _PICKLES):
        raise BadCheckpoint(
            f"{folder} holds pickled weights, which can run code: convert them to safetensors"
        )
    raise BadCheckpoint(f"{folder} has no safetensors files")


def tensor_names(folder: Path) -> dict[str, Path]:
    """Return the names of all tensors of a checkpoint and the file each is in."""
    names: dict[str, Path] = {}
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                names |= dict.fromkeys(file.keys(), path)
        except (OSError, SafetensorError) as error:
            raise BadCheckpoint(f"{path} cannot be read: {error}") from error
    return names


def load_head(
    folder: Path, names: dict[str, Path], prefix: str, width: int, dtype: torch.dtype
) -> Any | None:
    """Load one of `HEADS` by its prefix; None if the checkpoint has no such tensors."""
    mine = {name: path for name, path in names.items() if f"{prefix}." in name}
    if not mine:
        return None
    head: nn.Module = HEADS[prefix](width)
    state: dict[str, Tensor] = {}
    for name, path in mine.items():
        with safe_open(path, framework="pt") as file:
            state[name.split(f"{prefix}.", 1)[1]] = file.get_tensor(name)
    try:
        missing, unexpected = head.load_state_dict(state, strict=False)
    except RuntimeError as error:
        first = str(error).strip().splitlines()[-1].strip()
        raise BadCheckpoint(f"{folder}: {prefix} does not fit the model: {first}") from error
    complain(folder, missing, unexpected)
    return head.to(dtype).eval()


def complain(folder: Path, missing: Iterable[str], unexpected: Iterable[str]) -> None:
    """Refuse a checkpoint that lacks tensors, or has some that nothing asks for."""
    for names, what in ((sorted(missing), "lacks"), (sorted(unexpected), "has unknown")):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise BadCheckpoint(f"{folder} {what} tensors: {', '.join(names[:3])}{more}")
