"""Reading a recorded flow; anything in it that is not expected is refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from ..errors import UserError
from ..planner.errors import IntentError
from ..planner.intents import intent_from_json
from .recording import Look, RecordedStep, Recording

FORMAT = 1


def load(path: str | Path) -> Recording:
    """Read a flow and its pictures; what is wrong is said in one sentence."""
    import yaml

    file = Path(path)
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the flow {file} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise UserError(f"{file} is no recorded flow of format {FORMAT}: see `focusagent record`")
    try:
        return _recording({name: data[name] for name in data if name != "format"}, file.parent)
    except (KeyError, TypeError, ValueError, IntentError) as error:
        raise UserError(f"the flow {file} is damaged: {error}") from error


def _recording(data: dict[str, Any], root: Path) -> Recording:
    """The recording that these plain values describe; anything unknown is refused."""
    names = [each.name for each in dataclasses.fields(Recording)]
    _known(data, names, "a flow")
    values = dict(data)
    values["window"] = _whole(data.get("window", [1280, 800]), 2, "window")
    values["params"] = _texts(data.get("params") or {})
    values["secrets"] = tuple(str(name) for name in data.get("secrets") or ())
    values["steps"] = tuple(
        _step(step, root, f"step {n}") for n, step in enumerate(data.get("steps") or (), 1)
    )
    if data.get("plan", "steps") not in ("instruction", "steps"):
        raise ValueError(f"plan is instruction or steps, not {data['plan']!r}")
    if data.get("screen", "browser") not in ("browser", "desktop"):
        raise ValueError(f"screen is browser or desktop, not {data['screen']!r}")
    for name in ("name", "instruction", "start"):
        if not isinstance(data.get(name, ""), str):
            raise ValueError(f"{name} must be a text (put it in quotes)")
    return Recording(**values)


def _texts(params: Any) -> dict[str, str | None]:
    if not isinstance(params, Mapping):
        raise ValueError("params must map names to texts")
    for name, value in params.items():
        if not isinstance(value, str | None):
            raise ValueError(f"the param {name} must be a text (put it in quotes), not {value!r}")
    return {str(name): value for name, value in params.items()}


def _step(data: Any, root: Path, where: str) -> RecordedStep:
    _known(data, ("step", "intent", "answer", "looks", "proof"), where)
    return RecordedStep(
        text=str(data["step"]),
        intent=intent_from_json(data["intent"]),
        answer=str(data.get("answer", "")),
        looks=tuple(_look(look, root, where) for look in data.get("looks") or ()),
        proof=tuple(str(each) for each in data.get("proof") or ()),
    )


def _look(data: Any, root: Path, where: str) -> Look:
    _known(data, [each.name for each in dataclasses.fields(Look)], f"a look of {where}")
    values = dict(data)
    if not isinstance(data.get("words"), str):
        raise ValueError(f"a look of {where} needs words")
    for name, count in (("point", 2), ("box", 4), ("at", 2)):
        if data.get(name) is not None:
            values[name] = _whole(data[name], count, f"{name} of {where}")
    if "picture" in data:
        if "at" not in data or "box" not in data or "point" not in data:
            raise ValueError(f"a picture of {where} needs point, box and at")
        values["picture"] = _picture(root, str(data["picture"]))
    return Look(**values)


def _picture(root: Path, name: str) -> Image.Image:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ValueError(f"the picture {name} lies outside the folder of the flow")
    try:
        with Image.open(path, formats=("PNG",)) as image:
            return image.convert("RGBA")
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError(f"the picture {name} cannot be read: {error}") from error


def _whole(data: Any, count: int, where: str) -> Any:
    if not isinstance(data, list) or len(data) != count:
        raise ValueError(f"{where} must be {count} numbers, not {data!r}")
    if any(
        isinstance(n, bool) or not isinstance(n, int | float) or not math.isfinite(n) for n in data
    ):
        raise ValueError(f"{where} must be {count} numbers, not {data!r}")
    return tuple(round(n) for n in data)


def _known(data: Any, names: Collection[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise ValueError(f"{where} must be a mapping")
    if unknown := [key for key in data if key not in names]:
        raise ValueError(f"{where} has the unknown key {unknown[0]!r}; keys: {', '.join(names)}")
