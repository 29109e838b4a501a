"""Point-in-box accuracy on labelled screens, strict: the point must lie in the target's box."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from ..errors import UserError
from .models import Pointing
from .statistics import Share, quantile

PixelBox = tuple[float, float, float, float]


@dataclass(frozen=True)
class Target:
    """One row: an instruction and the boxes (pixels x1, y1, x2, y2) that count as a hit.

    ``box`` is None where nothing on the screen is meant, and only a refusal is right. ``name`` and
    ``role`` are empty where the row does not tell them.
    """

    image: str
    instruction: str
    box: PixelBox | None
    also_ok: tuple[PixelBox, ...]
    kind: str
    name: str = ""
    role: str = ""


@dataclass(frozen=True)
class Answer:
    """What a model answered to one row; ``point`` in pixels, None for *nothing there*.

    ``seconds`` are those of looking and answering; ``further`` those of answering alone, set where
    the picture had been looked at for an earlier row.
    """

    target: Target
    point: tuple[float, float] | None
    hit: bool
    seconds: float
    further: float | None = None
    tokens: tuple[int, int] | None = None


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
    box = None if row["bbox"] is None else _box(row["bbox"])
    kind = row.get("kind") or row.get("data_type") or ("all" if box else "absent")
    return Target(
        str(row["img_filename"]),
        str(row["instruction"]),
        box,
        tuple(_box(sides) for sides in row.get("also_ok", ())),
        str(kind),
        str(row.get("name") or ""),
        str(row.get("role") or ""),
    )


def _box(sides: Any) -> PixelBox:
    x1, y1, x2, y2 = (float(side) for side in sides)
    return x1, y1, x2, y2


def is_hit(point: tuple[float, float] | None, target: Target) -> bool:
    """Tell whether a point lies in one of the target's boxes, borders included.

    Where nothing is meant, only no point is a hit.
    """
    if target.box is None or point is None:
        return target.box is None and point is None
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
        image = open_picture(folder / "images" / name)
        start = time.perf_counter()
        seen = model.look(image)
        looked = time.perf_counter() - start
        for number in numbers:
            start = time.perf_counter()
            spot = model.point(seen, targets[number].instruction)
            alone = time.perf_counter() - start
            further = getattr(model, "looks_once", True) and number != numbers[0]
            point = (spot[0] * image.width, spot[1] * image.height) if spot else None
            answers[number] = Answer(
                targets[number],
                point,
                is_hit(point, targets[number]),
                looked + alone,
                alone if further else None,
                _tokens(model),
            )
            progress()
    return [answer for answer in answers if answer is not None]


def _tokens(model: Pointing) -> tuple[int, int] | None:
    """Return the visual tokens before and after compression, of models that have them."""
    tokens = getattr(getattr(model, "latest", None), "tokens", None)
    return None if tokens is None else (tokens.before, tokens.after)


def open_picture(path: Path) -> Image.Image:
    """Open a picture of a set, or say in one sentence why not."""
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
    return {
        "n": len(answers),
        "accuracy": {
            kind: Share.of(sum(a.hit for a in group), len(group)).as_dict()
            for kind, group in groups.items()
        },
        "seconds": summarize_seconds(answers),
        "tokens": _mean_tokens(answers),
    }


def summarize_seconds(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the seconds of an instruction on a screen not seen before; and of further ones."""
    times: dict[str, Any] = _quantiles([answer.seconds for answer in answers])
    further = [answer.further for answer in answers if answer.further is not None]
    if further:
        firsts = [answer.seconds for answer in answers if answer.further is None]
        times |= {"first": _quantiles(firsts), "further": _quantiles(further)}
    return times


def _quantiles(seconds: list[float]) -> dict[str, float]:
    return {
        "median": round(quantile(seconds, 0.5), 4),
        "p95": round(quantile(seconds, 0.95), 4),
    }


def _mean_tokens(answers: Sequence[Answer]) -> dict[str, float | None]:
    counts = [answer.tokens for answer in answers if answer.tokens is not None]
    if not counts:
        return {"before": None, "after": None}
    before, after = (round(sum(side) / len(counts), 1) for side in zip(*counts, strict=True))
    return {"before": before, "after": after}


def write_report(
    out: Path, name: str, folder: Path, answers: Sequence[Answer], worst: int = 12
) -> None:
    """Write each row's prediction as JSONL and pictures of misses: target green, answer red."""
    out.mkdir(parents=True, exist_ok=True)
    name = file_name(name)
    with (out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
        for answer in answers:
            row = asdict(answer)
            file.write(json.dumps({**row.pop("target"), **row}, ensure_ascii=False) + "\n")
    # The worst misses are those of the plainest rows: a text that stands once on the screen.
    misses = sorted((a for a in answers if not a.hit), key=lambda a: a.target.kind != "text_unique")
    for number, answer in enumerate(misses[:worst]):
        image = open_picture(folder / "images" / answer.target.image)
        draw_answer(image, answer.target.instruction, answer.target.box, answer.point)
        image.save(out / f"{name}-miss-{number:02d}.png")


def file_name(model: str) -> str:
    """Return a model's name as the beginning of a file's name."""
    return re.sub(r"[^\w.=-]+", "_", model)


def draw_answer(
    image: Image.Image,
    instruction: str,
    box: PixelBox | None,
    point: tuple[float, float] | None,
) -> None:
    """Draw the instruction, the target in green and the answer in red on a picture."""
    pen = ImageDraw.Draw(image)
    if box:
        pen.rectangle(box, outline=(0, 170, 0), width=3)
    if point:
        x, y = point
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), outline=(230, 0, 0), width=4)
    pen.rectangle((0, 0, 8 * len(instruction) + 12, 18), fill=(0, 0, 0))
    pen.text((5, 3), instruction, fill=(255, 255, 255))
