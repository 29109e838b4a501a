"""Point-in-box accuracy on labelled screens, strict: the point must lie in the target's box."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from .._siblings import grounding
from ..errors import UserError
from .models import Pointing
from .statistics import Share, quantile

PixelBox = tuple[float, float, float, float]
# The name of what is counted over all rows.
OVERALL = "overall"


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
    the picture had been looked at for an earlier row. ``error`` says why a row could not be asked;
    then it is no hit, even where only a refusal is right.
    """

    target: Target
    point: tuple[float, float] | None
    hit: bool
    seconds: float
    further: float | None = None
    tokens: tuple[int, int] | None = None
    error: str | None = None


def load_targets(folder: Path, targets: str | None = None) -> list[Target]:
    """Read the rows of a folder; ``targets`` is a name inside it, else a path."""
    inside = folder / (targets or "targets.jsonl")
    path = inside if targets is None or inside.is_file() else Path(targets)
    if not path.is_file():
        raise UserError(f"{inside} is missing: give a folder with targets.jsonl and images/")
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            try:
                found.append(_target(json.loads(line.decode("utf-8"))))
            except UnicodeDecodeError as error:
                raise UserError(f"{path}, line {number}: not in UTF-8 ({error})") from error
            except (ValueError, RecursionError) as error:
                raise UserError(f"{path}, line {number}: not a target row ({error})") from error
    if not found:
        raise UserError(f"{path} holds no rows")
    return found


def _target(row: Any) -> Target:
    """Return a checked row; a ValueError says what is wrong with it."""
    if not isinstance(row, dict):
        raise ValueError("it must be an object with img_filename, instruction and bbox")
    if "bbox" not in row:
        raise ValueError("bbox is missing; where nothing is meant, it is null")
    for name in ("img_filename", "instruction"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise ValueError(f"{name} must be a text that is not empty")
    box = None if row["bbox"] is None else _box(row["bbox"], "bbox")
    others = row.get("also_ok") or []
    if not isinstance(others, list):
        raise ValueError("also_ok must be a list of boxes")
    kind = row.get("kind") or row.get("data_type") or ("all" if box else "absent")
    if not isinstance(kind, str) or kind == OVERALL:
        raise ValueError(f"kind must be a text other than {OVERALL!r}, which means all kinds")
    return Target(
        row["img_filename"],
        row["instruction"],
        box,
        tuple(_box(sides, "a box of also_ok") for sides in others),
        kind,
        str(row.get("name") or ""),
        str(row.get("role") or ""),
    )


def _box(sides: Any, what: str) -> PixelBox:
    numbers = isinstance(sides, list) and all(
        isinstance(side, int | float) and math.isfinite(side) for side in sides
    )
    if not numbers or len(sides) != 4:
        raise ValueError(f"{what} must be four numbers x1, y1, x2, y2, got {sides!r}")
    x1, y1, x2, y2 = (float(side) for side in sides)
    if x1 > x2 or y1 > y2:
        raise ValueError(f"{what} is reversed: x1, y1 is the top left corner, got {sides!r}")
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
    answered: Callable[[Answer], None] = lambda _: None,
) -> list[Answer]:
    """Ask a model for every row; ``answered`` is told each answer at once.

    A picture is looked at once; its time counts for each row. What cannot be asked is a miss.
    """
    answers: dict[int, Answer] = {}
    by_image: dict[str, list[int]] = {}
    for number, target in enumerate(targets):
        by_image.setdefault(target.image, []).append(number)
    for name, numbers in by_image.items():
        image = open_picture(folder / "images" / name)
        start = time.perf_counter()
        failure, seen = _tried(partial(model.look, image))
        looked = time.perf_counter() - start
        for number in numbers:
            target = targets[number]
            start = time.perf_counter()
            wrong, spot = failure, None
            if failure is None:
                wrong, spot = _tried(partial(model.point, seen, target.instruction))
            alone = time.perf_counter() - start
            _raise_if_gone(wrong, answers.values())
            further = getattr(model, "looks_once", True) and number != numbers[0]
            point = (spot[0] * image.width, spot[1] * image.height) if spot else None
            answers[number] = Answer(
                target,
                point,
                wrong is None and is_hit(point, target),
                looked + alone,
                alone if further else None,
                _tokens(model) if wrong is None else None,
                None if wrong is None else str(wrong),
            )
            answered(answers[number])
    return [answers[number] for number in range(len(targets))]


def _tried(work: Callable[[], Any]) -> tuple[Exception | None, Any]:
    """Return what went wrong, of what models complain of, and what came out."""
    try:
        return None, work()
    except grounding.errors.GroundingError as error:
        return error, None


def _raise_if_gone(wrong: Exception | None, before: Iterable[Answer]) -> None:
    """Raise what a server complains of that has not answered a single row yet."""
    gone = isinstance(wrong, grounding.errors.ServerError)
    if wrong is not None and gone and all(answer.error for answer in before):
        raise wrong


def _tokens(model: Pointing) -> tuple[int, int] | None:
    """Return the visual tokens before and after compression, of models that have them."""
    tokens = getattr(model, "tokens", None)
    return None if tokens is None else (tokens.before, tokens.after)


def open_picture(path: Path) -> Image.Image:
    """Open a picture of a set, or say in one sentence why not."""
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{path} is missing or no picture that can be read: {error}") from error


def summarize(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return accuracy by kind, seconds and tokens as one JSON-ready object."""
    groups = {OVERALL: list(answers)}
    for answer in answers:
        groups.setdefault(answer.target.kind, []).append(answer)
    text = [a for a in answers if a.target.kind == "text" or a.target.kind.startswith("text_")]
    if text:
        groups["text"] = text
    errors = sum(answer.error is not None for answer in answers)
    return {
        "n": len(answers),
        "accuracy": {
            kind: Share.of(sum(a.hit for a in group), len(group)).as_dict()
            for kind, group in groups.items()
        },
        "seconds": summarize_seconds(answers),
        "tokens": _mean_tokens(answers),
        **({"errors": errors} if errors else {}),
    }


def summarize_seconds(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the seconds of an instruction on a screen not seen before; and of further ones."""
    answers = [answer for answer in answers if answer.error is None]
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
