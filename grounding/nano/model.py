"""The nano model's sizes, and a checkpoint of it that knows nothing yet."""

from __future__ import annotations

import json
from pathlib import Path

from ..tiny import TinySizes, write_tiny

# 1.3 million weights with all heads; a token is 32 pixels wide, a window of the tower 256.
SIZES = TinySizes(
    hidden=128, layers=3, heads=4, vision=64, vision_layers=3, window=256, temporal=1, patch=16
)
# 1920x1080 has 2040.
MOST_TOKENS = 2100


def write_nano(folder: Path, seed: int = 0) -> Path:
    """Write a seeded nano checkpoint, without evidence or heads: training adds them.

    Every byte of the prompt is a token, so there is no system prompt.
    """
    write_tiny(folder, "qwen2.5", seed, pointer=False, sizes=SIZES, most=MOST_TOKENS)
    note_settings(folder, pointer_system="")
    return folder


def note_settings(folder: Path, **settings: object) -> None:
    """Add settings of ours to a checkpoint's config.json."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config | settings, indent=2) + "\n", encoding="utf-8")
