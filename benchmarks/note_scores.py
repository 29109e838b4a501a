"""Write measured scores into an entry of a manifest of weights; the weights have to be its own.

python benchmarks/reader_quality.py --count 24 --json > scores.json
python benchmarks/note_scores.py grounding/weights/manifest.json lines scores.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grounding.training.digests import sha256_of


def note_scores(manifest: Path, name: str, scores: Path) -> None:
    """Put the JSON of a file under "scores" of an entry; replaces what was there."""
    whole = json.loads(manifest.read_text(encoding="utf-8"))
    if name not in whole:
        sys.exit(f"{manifest} has no entry {name}: choose from {', '.join(whole)}")
    weights = manifest.with_name(whole[name]["file"])
    if sha256_of(weights) != whole[name]["sha256"]:
        sys.exit(f"{weights} are not the weights that {manifest} tells of: export them again")
    whole[name]["scores"] = json.loads(scores.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} MANIFEST NAME SCORES.json")
    note_scores(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
