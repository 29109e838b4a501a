"""Point-in-box accuracy on labelled screens, strict: the point must lie in the target's box."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from ..errors import UserError
from .models import Pointing
from .statistics import Share, quantile


@dataclass(frozen=True)
class Target:
    """One row: an instruction and the boxes (pixels x1, y1, x2, y2) that count as a hit."""

    image: str
    instruction: str
    box: tuple[float, float, float, float]
    also_ok: tuple[tuple[float, float, float, float], ...]
    kind: str


@dataclass(frozen=True)
class Answer:
    """What a model answered to one row; ``point`` in pixels, None for *nothing there*."""

    target: Target
    point: tuple[float, float] | None
    hit: bool
    seconds: float


def load_targets(folder: Path, targets: str | None = None) -> list[Target]:
    """Read the rows of a folder; ``targets`` is a name inside it, else a path."""
    name = targets or "targets.jsonl"
    path = folder / name if (folder / name).is_file() else Path(name)
    if not path.is_file():
        raise UserError(f"{folder / name} is missing: give a folder with targets.jsonl and images/")
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                found.append(_target(json.loads(line)))
            except (KeyError, TypeError, ValueError) as error:
                raise UserError(f"{path}, line {number}: not a target row ({error})") from error
    if not found:
        raise UserError(f"{path} holds no rows")
    return found


def _target(row: dict[str, Any]) -> Target:
    x1, y1, x2, y2 = (float(side) for side in row["bbox"])
    also = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in row.get("also_ok", ()))
    return Target(
        str(row["img_filename"]),
        str(row["instruction"]),
        (x1, y1, x2, y2),
        also,
        str(row.get("kind") or row.get("data_type") or "all"),
    )


def is_hit(point: tuple[float, float] | None, target: Target) -> bool:
    """Tell whether a point lies in one of the target's boxes, borders included."""
    if point is None:
        return False
    x, y = point
    return any(x1 <= x <= x2 and y1 <= y <= y2 for x1, y1, x2, y2 in (target.box, *target.also_ok))


def evaluate(
    model: Pointing,
    folder: Path,
    targets: Sequence[Target],
    progress: Callable[[], None] = lambda: None,
) -> list[Answer]:
    """Ask a model for every row. A picture is looked at once; its time counts for each row."""
    answers: list[Answer | None] = [None] * len(targets)
    by_image: dict[str, list[int]] = {}
    for number, target in enumerate(targets):
        by_image.setdefault(target.image, []).append(number)
    for name, numbers in by_image.items():
        image = _open(folder / "images" / name)
        start = time.perf_counter()
        seen = model.look(image)
        looked = time.perf_counter() - start
        for number in numbers:
            start = time.perf_counter()
            spot = model.point(seen, targets[number].instruction)
            seconds = looked + time.perf_counter() - start
            point = (spot[0] * image.width, spot[1] * image.height) if spot else None
            hit = is_hit(point, targets[number])
            answers[number] = Answer(targets[number], point, hit, seconds)
            progress()
    return [answer for answer in answers if answer is not None]


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise UserError(f"{path} is missing or no picture") from error


def summarize(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return accuracy by kind, seconds and tokens as one JSON-ready object."""
    groups = {"overall": list(answers)}
    for answer in answers:
        groups.setdefault(answer.target.kind, []).append(answer)
    text = [a for a in answers if a.target.kind.startswith("text_")]
    if text:
        groups["text"] = text
    seconds = [answer.seconds for answer in answers]
    return {
        "n": len(answers),
        "accuracy": {
            kind: Share.of(sum(a.hit for a in group), len(group)).as_dict()
            for kind, group in groups.items()
        },
        "seconds": {
            "median": round(quantile(seconds, 0.5), 4),
            "p95": round(quantile(seconds, 0.95), 4),
        },
        "tokens": {"before": None, "after": None},
    }


def write_report(
    out: Path, name: str, folder: Path, answers: Sequence[Answer], worst: int = 12
) -> None:
    """Write each row's prediction as JSONL and pictures of misses: target green, answer red."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
        for answer in answers:
            row = asdict(answer)
            file.write(json.dumps({**row.pop("target"), **row}, ensure_ascii=False) + "\n")
    # The worst misses are those of the plainest rows: a text that stands once on the screen.
    misses = sorted((a for a in answers if not a.hit), key=lambda a: a.target.kind != "text_unique")
    for number, answer in enumerate(misses[:worst]):
        image = _open(folder / "images" / answer.target.image)
        pen = ImageDraw.Draw(image)
        pen.rectangle(answer.target.box, outline=(0, 170, 0), width=3)
        if answer.point:
            x, y = answer.point
            pen.ellipse((x - 7, y - 7, x + 7, y + 7), outline=(230, 0, 0), width=4)
        pen.rectangle((0, 0, 8 * len(answer.target.instruction) + 12, 18), fill=(0, 0, 0))
        pen.text((5, 3), answer.target.instruction, fill=(255, 255, 255))
        image.save(out / f"{name}-miss-{number:02d}.png")
